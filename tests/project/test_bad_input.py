"""Nothing, a NaN and an empty array in place of an argument: one clear error of the library's form, never one from
inside of it."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.capstone.declaration import Declaration
from helpers.capstone.preparation import prepare
from helpers.evaluation.verdicts import HOLDS

FLOORS = ("data", "models", "training", "evaluation", "experiments", "capstone")
BAD = {"None": None, "NaN": float("nan"), "empty": np.array([])}

# What takes one of these, and why that is right.
TAKES = {
    "capstone.declaration.literal": "writes any value as Python",
    "data.world.return_chance": "no users, no chances",
    "capstone.recommendation.against_today": "where nothing is served today, nothing gains and nothing loses",
    "evaluation.verdicts.weak": "of no findings none is weak",
    "experiments.chosen.shape_name": "a bottom without layers",
    "capstone.recommendation.names": "no tasks",
    "capstone.plan.several": "several numbers may be none: the plan says what it needs",
    "capstone.preparation.orders": "no rows, no lists",
}
# What `fit` was given, piece by piece (`fit` itself is tried), and what walks through inputs of any form.
PRIVATE = ("training.arguments", "data.examples.map_tensors")


def public() -> Iterator[tuple[str, Callable]]:
    """Each function of these floors that has arguments and no underscore, by module and name."""
    for floor in FLOORS:
        package = importlib.import_module(f"helpers.{floor}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                known = callable(value) and inspect.isfunction(inspect.unwrap(value))
                if known and not name.startswith("_") and value.__module__ == module.name and signature(value):
                    yield f"{module.name}.{name}".removeprefix("helpers."), value


def signature(function: Callable) -> dict[str, inspect.Parameter]:
    """The parameters that have a name of their own."""
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {name: one for name, one in inspect.signature(function).parameters.items() if one.kind not in several}


FUNCTIONS = {name: function for name, function in public() if not name.startswith(PRIVATE)}


def refused(function: Callable, arguments: dict) -> str:
    """What it says of these; nothing where it takes them. An error of another form is raised."""
    given = {name: arguments[name] for name in signature(function)}
    first = [given.pop(name) for name, one in signature(function).items() if one.kind != one.KEYWORD_ONLY]
    try:
        function(*first, **given)
    except (ValueError, TypeError, FileNotFoundError) as error:
        if ": got " in str(error) and "; expected " in str(error):
            return str(error)
        raise
    return ""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_refuses_nothing_nan_and_an_empty_array(name):
    function = FUNCTIONS[name]
    for bad in BAD.values():
        assert refused(function, dict.fromkeys(signature(function), bad)) or name in TAKES, bad


ROW = torch.ones(2)
TABLE = pd.DataFrame({"seed": [0, 1, 0, 1], "model": [*"aabb"], "r2": [0.1, 0.2, 0.3, 0.5]})
LOG = pd.DataFrame({"user": [1, 2] * 20, "item": range(40), "click": [0, 1] * 20})
LOG_OF = Declaration({"click": "binary"}, user="user", item="item")
# A call that is right: each of its arguments is then bad alone.
RIGHT = {
    "evaluation.statistics.users_needed": {"effect": 0.1, "sd": 1.0, "power": 0.8, "level": 0.05},
    "evaluation.statistics.holm": {"errors": {"a": 0.01}, "level": 0.05},
    "evaluation.statistics.summarise": {"table": TABLE, "value": "r2", "by": "model"},
    "evaluation.verdicts.agree": {"one": HOLDS, "other": HOLDS},
    "evaluation.counts.by_ids": {"rows": [[1, 2]], "labels": np.array([0.0, 1.0]), "asked": [[1]]},
    "models.esmm.product_logit": {"a": ROW, "b": ROW},
    "models.shared_bottom.parameter_count": {"model": torch.nn.Linear(1, 1)},
    "models.experts.mix": {"weights": torch.ones(2, 1), "outputs": [torch.ones(2, 3)]},
    "training.balancing.uncertainty_weighted": {"losses": ROW, "s": ROW, "factor": ROW},
    "training.balancing.surgery": {"products": torch.eye(2)[None], "order": torch.tensor([[0, 1]])},
    "training.losses.check_task_weights": {"task_weights": {"a": 1.0}, "tasks": ["a"]},
    "training.losses.weighted_sum": {"losses": ROW, "task_weights": ROW},
    "data.synthetic.cross_tasks": {"rows": (9, 9, 9), "crossed": True, "noise": 0.5, "seed": 0},
    "data.synthetic.interest_tasks": {"rows": (99, 9, 9), "matching": True, "noise": 0.5, "seed": 0},
    "experiments.feature_tasks.equal_width": {"width": 4},
    "experiments.feature_tasks.small_batches": {"rows": 500, "lr": 0.01, "steps": 9},
    "capstone.ranker.fuse": {"parts": {"a": np.ones(2)}, "exponents": {"a": 1.0}},
    "capstone.ranker.contribution": {"values": np.ones(2), "scale": (0.0, 1.0)},
    "capstone.plan.duration": {"seconds": 9.0},
    "capstone.preparation.cut_ids": {"column": "a", "values": ["1 2"], "whole": True},
    "capstone.preparation.split": {"declaration": LOG_OF, "frame": prepare(LOG_OF, LOG), "seed": 0},
    "capstone.recommendation.rows_needed": {"gain": 0.1, "low": -0.1, "high": 0.3, "smallest": 0.01, "rows": 99},
}
TAKES_ALONE = {
    ("capstone.preparation.cut_ids", "values", "empty"): "a table without rows",
    ("capstone.ranker.contribution", "scale", "None"): "a probability has none",
    ("capstone.ranker.contribution", "values", "empty"): "no rows",
    ("training.losses.check_task_weights", "task_weights", "None"): "a weight of 1 each",
}


@pytest.mark.parametrize("name", RIGHT)
def test_each_argument_alone_is_refused_by_its_name(name):
    function, right = FUNCTIONS[name], RIGHT[name]
    assert not refused(function, right)
    for argument in right:
        for kind, bad in BAD.items():
            said = refused(function, right | {argument: bad})
            assert said.startswith(argument) or (name, argument, kind) in TAKES_ALONE, (argument, kind, said)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("evaluation.statistics.users_needed", {"sd": -1.0}),
        ("evaluation.statistics.users_needed", {"power": 1.5}),
        ("evaluation.statistics.users_needed", {"level": 1.5}),
        ("evaluation.statistics.users_needed", {"effect": 0.0}),
        ("evaluation.statistics.holm", {"errors": {"a": float("nan"), "b": 0.9}}),
        ("evaluation.statistics.holm", {"errors": {"a": 1.5}}),
        ("data.synthetic.cross_tasks", {"crossed": -1}),
        ("evaluation.verdicts.agree", {"one": "perhaps"}),
        ("capstone.ranker.fuse", {"exponents": {"b": 1.0}}),
        ("capstone.ranker.fuse", {"exponents": {}}),
        ("capstone.plan.duration", {"seconds": -1.0}),
    ],
)
def test_a_number_that_means_nothing_is_refused(name, wrong):
    assert refused(FUNCTIONS[name], RIGHT[name] | wrong).startswith(next(iter(wrong)))


def test_the_exceptions_are_of_functions_that_there_are():
    assert set(TAKES) | set(RIGHT) | {name for name, _, _ in TAKES_ALONE} <= set(FUNCTIONS)

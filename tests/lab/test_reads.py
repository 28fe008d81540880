"""The hash of a kept table sees every constant that its function reaches, and nothing that changes no number."""

import importlib
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.chapters.ch04.studies import heat
from helpers.data import movielens, world
from helpers.experiments.chosen import Chosen
from helpers.lab import TABLES
from helpers.lab.reads import Reads
from helpers.models.shared_bottom import SharedBottom


@pytest.mark.parametrize(
    ("module", "constant", "value", "table"),
    [
        ("chapters.ch04.studies.heat", "STEPS", 40, "04_heat"),
        ("chapters.ch04.studies.census", "MOST_TREES", 2, "04_census"),
        ("chapters.ch06.studies.mmoe", "STEPS", 4, "06_relu"),
        ("chapters.ch04.studies.real_data.ratings", "TOWER", [1], "04_ratings"),
        ("chapters.ch05.studies.more_balancers.toy", "STEPS", 3, "05_toy"),
        ("chapters.ch01.studies.ranking", "BOTTOM", [2], "01_labels"),
        ("chapters.ch00.studies.rankers", "BATCH", 7, "00_board"),
        ("chapters.ch07.studies.clicked_rows.watched", "TEST", 7, "07_watched"),
        ("data.world", "WATCH", 7.0, "02_served"),  # the simulator's
        ("chapters.ch01.studies.ranking", "TUNED", {"shared-bottom": (1, 1)}, "03_exponents"),  # through two modules
    ],
)
def test_a_constant_that_a_table_is_made_with_is_in_its_hash(monkeypatch, module, constant, value, table):
    before = TABLES[table].hash()
    monkeypatch.setattr(importlib.import_module(f"helpers.{module}"), constant, value)
    assert TABLES[table].hash() != before


def test_what_an_error_says_is_not(monkeypatch):
    before = {name: TABLES[name].hash() for name in ("04_ratings", "02_served")}
    monkeypatch.setattr(movielens, "HOW", "in other words")
    assert before == {name: TABLES[name].hash() for name in before}


@pytest.mark.long
def test_a_hash_is_the_same_in_another_process():
    code = "from helpers.lab import TABLES; print(*(table.hash() for table in TABLES.values()))"
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    other = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    assert other.split() == [table.hash() for table in TABLES.values()]


class Pair(NamedTuple):
    first: int


@dataclass(frozen=True)
class Recipe:
    rate: float = 0.1
    sizes: tuple[int, ...] = (4,)

    def steps(self) -> int:
        return STEPS


class Model(SharedBottom):
    width = 3

    @property
    def layers(self) -> int:
        return LAYERS


STEPS, LAYERS, DEEP = 1, 1, {"a": ([1, 2], {"b": None})}
PAIR, RECIPE, ARRAY, TENSOR, TABLE = Pair(1), Recipe(), np.eye(2), torch.ones(2), pd.DataFrame({"a": [1]})
FOUND = Chosen("04_heat_tuning", by=["model"], setting=["rate"], value="r2")


def _enclosing(number):
    return lambda: number


ENCLOSED = _enclosing(1)


def _of_default(steps=STEPS, *, more=LAYERS):
    return steps + more


@cache
def _cached():
    return STEPS


BY_NAME = {"one": _cached, "other": lambda: LAYERS}
PARTIAL = partial(_of_default, 5)


def _changed(monkeypatch, function, **constants) -> bool:
    before = Reads(function, {}).text()
    for name, value in constants.items():
        monkeypatch.setattr(sys.modules[__name__], name, value)
    return Reads(function, {}).text() != before


@pytest.mark.parametrize(
    ("function", "constants"),
    [
        (lambda: STEPS, {"STEPS": 2}),
        (lambda: STEPS, {"STEPS": 1.5}),
        (lambda: [STEPS for _ in range(3)], {"STEPS": 2}),
        (lambda: lambda: STEPS, {"STEPS": 2}),
        (lambda: DEEP, {"DEEP": {"a": ([1, 2], {"b": 0})}}),
        (lambda: _cached(), {"STEPS": 2}),
        (lambda: BY_NAME, {"STEPS": 2}),
        (lambda: BY_NAME["other"], {"LAYERS": 2}),
        (lambda: PARTIAL, {"PARTIAL": partial(_of_default, 6)}),
        (lambda: ENCLOSED(), {"ENCLOSED": _enclosing(2)}),
        (lambda: PAIR, {"PAIR": Pair(2)}),
        (lambda: RECIPE, {"RECIPE": Recipe(0.2)}),
        (lambda: RECIPE.steps(), {"STEPS": 2}),
        (lambda: Recipe, {"STEPS": 2}),
        (lambda: Model, {"LAYERS": 2}),
        (lambda: ARRAY, {"ARRAY": np.ones((2, 2))}),
        (lambda: TABLE, {"TABLE": pd.DataFrame({"a": [2]})}),
        (lambda: TENSOR, {"TENSOR": torch.zeros(2)}),
        (lambda: FOUND, {"FOUND": Chosen("04_heat_tuning", by=["rows"], setting=["rate"], value="r2")}),
    ],
)
def test_it_is_found_wherever_it_lies(monkeypatch, function, constants):
    assert _changed(monkeypatch, function, **constants)


def test_what_belongs_to_a_function_or_a_class_is_found(monkeypatch):
    def changes(function, owner, name, value) -> bool:
        before = Reads(function, {}).text()
        monkeypatch.setattr(owner, name, value)
        return Reads(function, {}).text() != before

    assert changes(lambda: _of_default(), _of_default, "__defaults__", (9,))
    assert changes(lambda: _of_default(), _of_default, "__kwdefaults__", {"more": 9})
    assert changes(lambda: Model, Model, "width", 9)
    assert changes(lambda: heat.STEPS, heat, "STEPS", 9)  # of a module
    assert changes(lambda: heat.HEAT, heat, "STEPS", 10)  # that its options read
    assert changes(lambda: world.World, world, "AGES", (1,))  # what classes of other modules read


def test_the_choices_that_it_reads_are_found_and_its_own_left_out():
    reads = Reads(lambda: FOUND, {"choices": {"a": heat.HEAT.chosen}})
    assert {name for chosen in reads.chosen for name in chosen.searches} == {"04_heat_tuning"} and len(
        reads.chosen
    ) == 2
    assert "0.003" in reads.text() and "0.003" not in reads.text(without="04_heat_tuning")
    assert TABLES["06_tuning"].searches == [] and TABLES["06_figure_4"].searches == ["06_tuning"]


def test_a_change_of_what_it_does_not_reach_is_none(monkeypatch):
    assert not _changed(monkeypatch, lambda: STEPS, LAYERS=2, DEEP={})
    assert Reads(lambda: None, {"a": range(2)}).text() == Reads(lambda: None, {"a": [0, 1]}).text()
    assert Reads(lambda: np.pi, {}).found == {}


def test_a_value_that_cannot_be_told_is_named(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "STEPS", object())
    with pytest.raises(TypeError, match=r"STEPS: got object; expected a constant that the hash"):
        Reads(lambda: STEPS, {})
    with pytest.raises(TypeError, match="seeds: got generator"):
        Reads(lambda: None, {"seeds": (seed for seed in range(2))})

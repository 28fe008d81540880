"""Sweeps: one function trains a model at every point of a table of settings, many at once, and returns a tidy table.

An experiment says only what differs: its points, and the data, the model and the options of `fit` at a point. These
are functions of the columns that their parameters name, as pytest finds fixtures:

    sweep(
        points(condition=CONDITIONS, width=(4, 8), seed=range(20)),
        data=lambda condition, seed: relu_tasks(seed=seed, **CONDITIONS[condition]),
        model=lambda width, seed: SharedBottom(20, TASKS, [width], [8], seed=seed),
        options=lambda: {"epochs": 250, "batch_size": None},
    )

returns columns condition, width, seed, task, r2.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import product

import pandas as pd
from torch import nn

from helpers.data.examples import Examples
from helpers.evaluation.metrics import r2
from helpers.support import validate
from helpers.training.arguments import look
from helpers.training.loop import TOTAL, Run, fit

TRAINED = ("run", "models", "train", "valid", "test")  # what a judge may name besides columns


def points(**settings: Iterable) -> pd.DataFrame:
    """Every combination of the settings, a row each; the first setting changes slowest."""
    for name, values in settings.items():
        if isinstance(values, str) or not isinstance(values, Iterable):
            validate.fail(name, repr(values)[:60], "several values, such as range(5) or ('a', 'b')", TypeError)
    return pd.DataFrame(list(product(*settings.values())), columns=list(settings))


@validate.checked
def by_task(metric: Callable) -> Callable[[Run, Examples], pd.DataFrame]:
    """The judge that takes `metric` of every task on the test rows, each task at its own best epoch.

    metric   function of outputs, labels and the mask of the observed ones, as in `helpers.evaluation.metrics`

    Its table has the columns copy, task, and one named as the metric.
    """

    @validate.checked
    def judge(run: Run, test: Examples) -> pd.DataFrame:
        parts = []
        for task, output in run.predict(test.inputs).items():
            values = metric(output, test.labels[task], test.masks.get(task))
            parts.append(pd.DataFrame({"copy": range(len(output)), "task": task, metric.__name__: values}))
        return pd.concat(parts, ignore_index=True)

    return judge


R2 = by_task(r2)


def sweep(
    at: pd.DataFrame,
    data: Callable[..., Iterable[Examples]],
    model: Callable[..., nn.Module],
    options: Callable[..., dict] = lambda: {},
    judge: Callable[..., pd.DataFrame] = R2,
) -> pd.DataFrame:
    """Train `model` on `data` at every point `at`: the settings of each point with what `judge` says about it.

    at        a row a point; its column seed decides the order of the batches
    data      gives train, validation and test examples; without a parameter, one set for all points
    model     gives a model with its first parameters
    options   gives arguments of `fit`; of these, task_weights may differ between models that train together
    judge     gives a table of the models that trained together, with a column copy (0, 1, … in the order of `at`) that
              says whose the row is. It may name run (of `fit`), models (each at its best total), train, valid and test
              examples (stacked), and columns of `at`, whose values come as a list

    data, model, options and judge are functions of the columns that their parameters name. Models of equal name (a
    column model), structure, options and numbers of rows train together; a model gets the numbers that it would get
    alone, up to float rounding.
    Rows come in the order of the first point of each such group, within it as `judge` gives them.

    Raises ValueError for a table without rows or seeds, and for a parameter that no column has.
    """
    validate.columns("at", at, ["seed"])
    keys, judged = _parameters("data", data, at), _parameters("judge", judge, [*at, *TRAINED])
    sets: dict[tuple, tuple[Examples, ...]] = {}
    groups: dict[tuple, _Group] = {}
    for row, point in enumerate(at.to_dict("records")):
        key = tuple(point[name] for name in keys)
        if key not in sets:
            sets[key] = tuple(at_point("data", data, point))
        built, settings = at_point("model", model, point), dict(at_point("options", options, point))
        weights = settings.pop("task_weights", None) or {}
        sizes = tuple(map(len, sets[key]))
        alike = (point.get("model"), look(built), sizes, tuple(weights), repr(sorted(settings.items())))
        group = groups.setdefault(alike, _Group(settings))
        group.rows.append(row)
        group.sets.append(sets[key])
        group.models.append(built)
        group.weights.append(weights)
    parts = []
    for group in groups.values():
        train, valid, test = map(Examples.stack, zip(*group.sets, strict=True)) if keys else group.sets[0]
        here = at.iloc[group.rows].reset_index(drop=True)
        settings = {"seed": here["seed"].tolist()} | group.settings
        if tasks := list(group.weights[0]):
            settings["task_weights"] = {task: [weights[task] for weights in group.weights] for task in tasks}
        run = fit(group.models, train, valid, **settings)
        known = {name: here[name].tolist() for name in here}
        known |= dict(zip(TRAINED, (run, group.models, train, valid, test), strict=True))
        scores = judge(**{name: known[name] for name in judged}).reset_index(drop=True)
        place = here.iloc[scores["copy"]].reset_index(drop=True)
        parts.append(pd.concat([place, scores.drop(columns="copy")], axis=1))
    return pd.concat(parts, ignore_index=True)


@dataclass
class _Group:
    """Points whose models train together, with equal options of `fit`: their rows in the table, and what trains."""

    settings: dict
    rows: list[int] = field(default_factory=list)
    sets: list[tuple[Examples, ...]] = field(default_factory=list)
    models: list[nn.Module] = field(default_factory=list)
    weights: list[dict[str, float]] = field(default_factory=list)


def search(at: pd.DataFrame, data: Callable, model: Callable, options: Callable) -> pd.DataFrame:
    """`sweep` for a choice of settings: the columns of `at` but seed, and loss, the mean over seeds and tasks of the
    lowest validation loss, in thousandths."""

    def judge(run: Run) -> pd.DataFrame:
        return run.lowest().drop(TOTAL, level="task").rename("loss").reset_index()

    table = sweep(at, data, model, options, judge)
    return table.groupby([name for name in at if name != "seed"], sort=False)["loss"].mean().mul(1000).reset_index()


def _parameters(argument: str, function: Callable, known: Iterable[str]) -> list[str]:
    """Which names of `known` the parameters of a function are; those that have a default need none."""
    known, names = list(known), []
    for name, parameter in inspect.signature(function).parameters.items():
        if name in known:
            names.append(name)
        elif parameter.default is parameter.empty:
            validate.fail(argument, f"a parameter {name!r}", f"parameters among {', '.join(map(repr, known))}")
    return names


@validate.checked
def at_point(argument: str, function: Callable, known: dict) -> object:
    """What a function of columns gives at a point, {column: level}. ValueError as `sweep`."""
    return function(**{name: known[name] for name in _parameters(argument, function, known)})

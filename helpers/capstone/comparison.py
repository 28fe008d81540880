"""Does sharing help on this table? The capstone's comparison: a single-task model for each task against one model.

A pure function of a prepared table, a declaration, a recipe and seeds. Both sides choose among the same learning rates
on the same tuning seeds, by validation loss. A shared model is judged in one state, the best total on validation: that
is what would be served.

The rows are split by time if there is one: one fixed split, in which a seed is the first parameters and the order of
the batches. Otherwise a seed is a random split as well. `helpers.evaluation.intervals` explains the interval.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from helpers.capstone import yardsticks
from helpers.capstone.declaration import Declaration
from helpers.capstone.preparation import Split, dates, prepare, split
from helpers.capstone.ranker import Recipe
from helpers.capstone.reading import READING
from helpers.capstone.table_checks import Problems, must_pass
from helpers.data.examples import Examples
from helpers.data.features import Features
from helpers.evaluation.counts import by_ids
from helpers.evaluation.intervals import auc_influence, gain, half_width, over_users, r2_influence, seeds_needed
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.metrics import auc, gauc, r2
from helpers.evaluation.verdicts import verdict
from helpers.models.copies import predict
from helpers.models.shared_bottom import parameter_count
from helpers.support import validate
from helpers.training.loop import TOTAL, fit

SINGLE = "single-task"
RATES = (0.001, 0.003, 0.01)
TUNING_SEEDS = (900, 901)  # no result uses them
ROWS_TOGETHER = 100_000  # rows of all copies that train at once: more only take memory
METRICS = {"binary": "AUC", "regression": "R²"}
SCORES, INFLUENCES = {"binary": auc, "regression": r2}, {"binary": auc_influence, "regression": r2_influence}
MATTERS = {kind: SMALLEST[metric] for kind, metric in METRICS.items()}  # what counts as a gain, unless told otherwise
COUNTS = (3, 5, 10, 20, 50)  # of seeds, after which the interval is taken as well
WEIGHTS = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the first task in the trade-off curve; the second has the rest
YARDSTICKS, FEWER, CURVE = ALSO = ("yardsticks", "fewer rows", "curve")  # what is measured besides the gains
SHARES = (0.25, 0.5)  # of the training rows, with which an undecided gain is measured as well
FEWEST_LABELS = 20  # that the smallest share of the training rows must have of each task
FEWEST_CLUSTERS = 5  # days or groups among the test rows, from which on their luck can be estimated


@dataclass(frozen=True)
class Comparison:
    """What `compare` measured; a report reads nothing else.

    facts   a row a task: kind, rows with a label and mean of the label in each part, and `by item`: the metric of a
            yardstick that trains nothing, the mean label of each item (NaN without an item)
    tuned   a row a model: the learning rate and the penalty that it chose, of `rates` and `penalties`
    scores  a row a seed, model and task: metric, value, and gauc where there is a user
    growth  a row a number of seeds (the first 3, 5, 10, … and all) and task: single, shared (mean scores), gain, low,
            high, verdict, seeds_needed, and spread, overlap, users, units of `intervals.Gain`; clusters, what the
            units are: users (or rows, without a user), days or groups, whichever make the interval widest
    fewer   the same with `SHARES` of the training rows, drawn by the seed: a row a share and task; empty where it was
            not asked for, or where nothing is undecided
    reading options of `read` with which the table came from its file
    spans   {part: first and last day of its rows}, or time where that is no date; empty without a time
    days    of the test rows; 0 where they are not known
    curve   a row a weight, seed and task: value; empty where there is none
    beaten  a row a task and yardstick, on the rows of the first split: metric, value, ahead (of the better side),
            low and high of that (a 95% interval by the draw of test rows alone); empty where there is none
    cost    a row a model: parameters, and seconds of computing that one training took
    """

    declaration: Declaration
    recipe: Recipe
    seeds: list[int]
    rates: list[float]
    penalties: list[float]
    tuning_seeds: list[int]
    also: tuple[str, ...]
    matters: dict[str, float]
    parts: dict[str, int]
    users: int
    spans: dict[str, tuple[str, str]]
    days: int
    problems: Problems
    reading: dict
    facts: pd.DataFrame
    tuned: pd.DataFrame
    scores: pd.DataFrame
    growth: pd.DataFrame
    fewer: pd.DataFrame
    curve: pd.DataFrame
    beaten: pd.DataFrame
    cost: pd.DataFrame

    @property
    def gains(self) -> pd.DataFrame:
        """The rows of `growth` with all seeds, a row a task."""
        return self.growth[self.growth["seeds"] == len(self.seeds)].reset_index(drop=True)


def compare(frame: pd.DataFrame, declaration: Declaration, recipe: Recipe | None = None, **options) -> Comparison:
    """Train and judge both sides; options as of `steps`. Raises ValueError where the table does not pass `check`."""
    quiet = "TQDM_DISABLE" in os.environ  # tqdm's notebook bar does not heed the variable by itself
    with tqdm(total=100, desc="comparing", unit="%", leave=False, delay=1, disable=quiet) as bar:
        for done, found in steps(frame, declaration, recipe, **options):  # noqa: B007 (the last one is returned)
            bar.update(round(100 * done) - bar.n)
    return found


def steps(
    frame: pd.DataFrame,
    declaration: Declaration,
    recipe: Recipe | None = None,
    *,
    seeds: Sequence[int] = range(5),
    rates: Sequence[float] = RATES,
    penalties: Sequence[float] | None = None,
    tuning_seeds: Sequence[int] = TUNING_SEEDS,
    matters: dict[str, float] = MATTERS,
    also: Sequence[str] = (YARDSTICKS, FEWER),
) -> Iterator[tuple[float, Comparison | None]]:
    """The comparison in small steps: yields (the share that is done, None), and at the end (1, the result).

    frame      as `reading.read` gives it
    seeds      at least two; with a time they vary the training alone
    penalties  values of `l2_embedding` to choose among as well; by default only that of the recipe
    matters    {"binary": smallest gain of AUC that matters, "regression": of R²}
    also       what else to measure: "yardsticks", a linear model and boosted trees for each task; "fewer rows", the
               gains with `SHARES` of the training rows where any task is undecided; "curve", the shared model with
               `WEIGHTS` for the first two tasks
    """
    validate.instance("declaration", declaration, Declaration, "a Declaration")
    recipe = validate.instance("recipe", Recipe() if recipe is None else recipe, Recipe, "a Recipe")
    seeds, tuning_seeds = _several("seeds", seeds, whole=True), _several("tuning_seeds", tuning_seeds, whole=True)
    rates, penalties = _several("rates", rates), _several("penalties", penalties or [recipe.l2_embedding])
    if recipe.structure == "single task":
        validate.fail("recipe", "'single task'", "a structure that shares: single tasks are what it is compared with")
    if len(set(seeds)) < max(2, len(seeds)) or set(seeds) & set(tuning_seeds):
        validate.fail("seeds", str(seeds)[:60], f"two or more, each once, none of {tuning_seeds}, which tune")
    if isinstance(also, str) or not isinstance(also, Iterable):
        validate.fail("also", repr(also)[:60], f"some of {ALSO}, or ()", TypeError)
    also = tuple(validate.choice("also", one, ALSO) for one in also)
    if not rates:
        validate.fail("rates", "none", "at least one learning rate")
    for kind in set(declaration.labels.values()):
        validate.number(f"matters[{kind!r}]", dict(matters).get(kind), low=0)
    problems = must_pass(declaration, frame)
    recipe.check_tasks(declaration.labels, frame)
    table = _Table(prepare(declaration, frame), declaration)
    table.check_splits([*tuning_seeds, *seeds])

    labels, pair = tuple(declaration.labels), list(declaration.labels)[:2]
    alone = replace(recipe, structure="single task", weighting="equal")
    sides = [(SINGLE, (task,), alone) for task in labels] + [(recipe.structure, labels, recipe)]
    choices = [{"lr": rate, "l2_embedding": l2} for rate in rates for l2 in penalties]
    tuning = len(choices) * len(tuning_seeds) if len(choices) > 1 else 0
    measured = list(itertools.product(labels, yardsticks.NAMES)) if YARDSTICKS in also else []
    weights = WEIGHTS if CURVE in also else ()
    shares = SHARES if FEWER in also and table.fewest_labels() * min(SHARES) >= FEWEST_LABELS else ()
    total = len(sides) * (tuning + len(seeds)) + len(measured) + len(weights) * len(seeds)
    total += len(sides) * len(seeds) * sum(shares)
    done, outputs, weighed, fewer, tuned, chosen, cost, beaten = 0, {}, {}, {}, [], [], [], []

    def train(tasks: tuple[str, ...], own: Recipe, some: list[int], share: float = 1) -> Iterator[tuple[float, None]]:
        """Yields the share that is done after each group of seeds; returns their runs."""
        nonlocal done
        runs = []
        for group in table.together(some):
            runs.append(table.train(tasks, own, group, share))
            done += len(group) * share
            yield done / total, None
        return runs

    for name, tasks, own in sides:
        losses = []
        for choice in choices if tuning else ():
            runs = yield from train(tasks, replace(own, **choice), tuning_seeds)
            losses.append(sum(run.loss for run in runs))
        own = replace(own, **choices[int(np.argmin(losses or [0.0]))])
        chosen.append((name, tasks, own))
        tuned.append({"model": name, "tasks": " + ".join(tasks), "lr": own.lr, "l2_embedding": own.l2_embedding})
        for run in (yield from train(tasks, own, seeds)):
            cost.append({"model": name, "tasks": tasks, "parameters": run.parameters, "seconds": run.seconds})
            outputs |= {(name, *key): output for key, output in run.outputs.items()}
    scores = table.judge("model", outputs)
    counts = [count for count in COUNTS if count < len(seeds)] + [len(seeds)]
    growth = [
        table.gain(task, recipe.structure, outputs, scores[scores["seed"].isin(seeds[:count])], matters)
        for count, task in itertools.product(counts, labels)
    ]
    if any(row["verdict"] == "undecided" for row in growth[-len(labels) :]):
        for share, (name, tasks, own) in itertools.product(shares, chosen):
            found = fewer.setdefault(share, {})
            for run in (yield from train(tasks, own, seeds, share)):
                found |= {(name, *key): output for key, output in run.outputs.items()}
    else:
        total -= len(sides) * len(seeds) * sum(shares)
    for task, name in measured:
        beaten.append(table.beaten(name, task, recipe.structure, outputs, seeds))
        done += 1
        yield done / total, None
    for weight in weights:
        both = dict.fromkeys(labels, 1.0) | dict(zip(pair, (2 * weight, 2 - 2 * weight), strict=True))
        for run in (yield from train(labels, replace(own, weighting=both), seeds)):
            weighed |= {(weight, *key): output for key, output in run.outputs.items() if key[0] in pair}

    fewer = [
        {"share": share} | table.gain(task, recipe.structure, found, table.judge("model", found), matters)
        for (share, found), task in itertools.product(fewer.items(), labels)
    ]
    found = Comparison(
        declaration=declaration,
        recipe=recipe,
        seeds=seeds,
        rates=rates,
        penalties=sorted(set(penalties)),
        tuning_seeds=tuning_seeds,
        also=also,
        matters=dict(matters),
        parts=table.parts,
        users=table.users,
        spans=table.spans,
        days=table.days,
        problems=problems,
        reading=frame.attrs.get(READING, {}),
        facts=table.facts(seeds),
        tuned=pd.DataFrame(tuned),
        scores=scores,
        growth=pd.DataFrame(growth),
        fewer=pd.DataFrame(fewer),
        curve=table.judge("weight", weighed),
        beaten=pd.DataFrame(beaten),
        cost=_cost(pd.DataFrame(cost)),
    )
    yield 1.0, found


def _several(name: str, values: Sequence[float], whole: bool = False) -> list:
    if isinstance(values, str) or not isinstance(values, Iterable):
        validate.fail(name, repr(values)[:60], "several numbers, such as range(5) or (0.003, 0.01)", TypeError)
    return [validate.number(name, value, low=0, whole=whole) for value in values]


def _cost(runs: pd.DataFrame) -> pd.DataFrame:
    """Parameters and mean seconds of one training run, all single-task models together."""
    each = runs.groupby(["model", "tasks"], sort=False)[["parameters", "seconds"]].mean()
    return each.groupby("model", sort=False).sum().astype({"parameters": int}).reset_index()


class _Run(NamedTuple):
    """Models that were trained together, one a seed: the sum of their best total validation losses, {(task, seed):
    outputs for the test rows}, the parameters of one model, and the seconds of computing that it took."""

    loss: float
    outputs: dict[tuple[str, int], np.ndarray]
    parameters: int
    seconds: float


class _Table:
    """A prepared table, as examples in splits.

    Features are fitted on the training rows of the split by time; for random splits on all rows, though not on their
    labels, so that all splits have the same embedding tables.
    """

    def __init__(self, frame: pd.DataFrame, declaration: Declaration):
        self.frame, self.declaration = frame, declaration
        self.tasks, self.by_time = declaration.labels, declaration.by_time
        self.parts = {name: len(part) for name, part in self.split(0)._asdict().items()}
        self.users = 0 if declaration.user is None else int(frame[declaration.user].nunique())
        self.features = Features(declaration.layout()).fit(self.split(0).train if self.by_time else frame)
        units = {task: (frame[task].mean(), frame[task].std()) for task, kind in self.tasks.items() if kind != "binary"}
        own = {task: task for task in self.tasks}
        examples = self.features.examples(frame, own, declaration.user, declaration.weight)
        self.examples = examples.scaled(units)  # R² knows no unit; the losses do
        self._tie()

    def _tie(self) -> None:
        """Which rows of a test belong together, and when the rows of each part were."""
        own, first = self.declaration, self.split(0)._asdict()
        time = None if own.time is None else self.frame[own.time]
        moments = None if time is None else dates(time)
        tied = {"rows": self.frame.index} if own.user is None else {"users": self.frame[own.user]}
        if moments is not None:
            tied["days"] = time = moments.dt.floor("D")
        if own.group is not None:
            tied["groups"] = self.frame[own.group]
        self.clusters = {name: pd.factorize(ids)[0] for name, ids in tied.items()}
        ends = {} if time is None else {name: time[part.index].agg(["min", "max"]) for name, part in first.items()}
        cut = None if moments is None else len("2026-05-01")
        self.spans = {name: tuple(str(end)[:cut] for end in pair) for name, pair in ends.items()}
        self.days = 0 if moments is None else time[first["test"].index].nunique()

    def split(self, seed: int) -> Split:
        return split(self.declaration, self.frame, seed)

    @lru_cache(maxsize=8)  # noqa: B019  (a table lives as long as its comparison)
    def sets(self, seed: int, share: float = 1) -> tuple[Examples, ...]:
        """Examples to train, validate and test; of those to train a share that the seed draws."""
        train, valid, test = (np.array(part.index) for part in self.split(0 if self.by_time else seed))
        if share < 1:
            train = np.random.default_rng(seed).permutation(train)[: round(share * len(train))]
        return tuple(self.examples.take(rows) for rows in (train, valid, test))

    def check_splits(self, seeds: Sequence[int]) -> None:
        """Raise ValueError where a random split leaves a label with one value; `check` has seen the first one alone."""
        for seed, task in itertools.product([] if self.by_time else seeds, self.tasks):
            for name, part in self.split(seed)._asdict().items():
                if part[task].nunique() < 2:
                    expected = "two in each part: more rows, or a column that is the time"
                    validate.fail(f"label {task!r}", f"one value in the rows to {name} of seed {seed}", expected)

    def fewest_labels(self) -> int:
        """Of the task with the fewest, among the training rows of the first split."""
        return int(self.split(0).train[list(self.tasks)].notna().sum().min())

    def together(self, seeds: Sequence[int]) -> list[list[int]]:
        """The seeds in groups that train together: of large tables each alone, as where their parts differ in size."""
        size = 1 if self.declaration.new_users else max(1, ROWS_TOGETHER // len(self.frame))
        return [list(seeds[start : start + size]) for start in range(0, len(seeds), size)]

    def train(self, tasks: Sequence[str], recipe: Recipe, seeds: list[int], share: float = 1) -> _Run:
        kinds = {task: self.tasks[task] for task in tasks}
        if self.by_time and share == 1:
            train, valid, test = (part.only(*tasks) for part in self.sets(0))
        else:
            each = zip(*(self.sets(seed, share) for seed in seeds), strict=True)
            train, valid, test = (Examples.stack([one.only(*tasks) for one in part]) for part in each)
        models = [recipe.model(self.features, kinds, seed) for seed in seeds]
        start = time.process_time()  # a busy machine does not count
        run = fit(models, train, valid, seed=seeds, progress=False, **recipe.training())
        seconds = (time.process_time() - start) / len(seeds)
        totals = run.history[run.history["task"] == TOTAL]
        found = predict(models, test.inputs)
        outputs = {(task, seed): found[task][i].numpy() for task in tasks for i, seed in enumerate(seeds)}
        loss = float(totals.groupby("copy")["valid"].min().sum())
        return _Run(loss, outputs, parameter_count(models[0]), seconds)

    def seen(self, task: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where a task's label was observed among the test rows, the labels there, and the numbers of these rows."""
        rows, examples = np.array(self.split(seed).test.index), self.examples
        mask = _observed(examples, task)[rows]
        rows = rows[mask]
        return mask, examples.labels[task][rows].numpy(), rows

    def luck(self, moved: np.ndarray, rows: np.ndarray) -> tuple[float, int, str]:
        """The luck of the test rows: standard error, clusters and what they are, of those with the widest interval."""
        found = []
        for name, ids in self.clusters.items():
            if name in ("days", "groups") and len(np.unique(ids[rows])) < FEWEST_CLUSTERS:
                continue
            found.append((*over_users(moved, ids[rows]), name))
        return max(found, key=lambda luck: half_width(0.0, 2, 0.0, *luck[:2]))

    def judge(self, by: str, outputs: dict[tuple, np.ndarray]) -> pd.DataFrame:
        """A row for each of {(value of the column `by`, task, seed): outputs}: metric, value, and gauc with a user."""
        rows = []
        for (what, task, seed), output in outputs.items():
            mask, label, own = self.seen(task, seed)
            kind = self.tasks[task]
            row = {"seed": seed, by: what, "task": task, "metric": METRICS[kind]}
            row["value"] = SCORES[kind](output[mask], label)
            if kind == "binary" and self.declaration.user is not None:
                row["gauc"] = _gauc(output[mask], label, self.clusters["users"][own])
            rows.append(row)
        return pd.DataFrame(rows)

    def gain(self, task: str, structure: str, outputs: dict, scores: pd.DataFrame, matters: dict[str, float]) -> dict:
        """The gain of one task with its interval and verdict."""
        by_model = scores[scores["task"] == task].pivot(index="seed", columns="model", values="value")
        values = (by_model[structure] - by_model[SINGLE]).to_numpy()
        kind, influence, rows = self.tasks[task], [], []
        for seed in by_model.index:
            mask, label, own = self.seen(task, seed)
            shared, single = (INFLUENCES[kind](outputs[m, task, seed][mask], label) for m in (structure, SINGLE))
            influence.append((shared - single) / len(values))
            rows.append(own)
        *luck, clusters = self.luck(np.concatenate(influence), np.concatenate(rows))
        found = gain(values, self.parts["test"] / self.parts["train"], *luck)
        said = verdict(found.low, found.high, matters[kind])
        needed = 0 if said != "undecided" else seeds_needed(found, matters[kind])
        row = {"task": task, "metric": METRICS[kind], "gain": found.mean, **found._asdict()}
        row |= {"single": by_model[SINGLE].mean(), "shared": by_model[structure].mean()}
        row |= {"verdict": said, "clusters": clusters}
        return row | {"seeds_needed": np.nan if needed is None else needed}

    def beaten(self, name: str, task: str, structure: str, outputs: dict, seeds: Sequence[int]) -> dict:
        """How far one of `yardsticks` is ahead of the better side, on the same rows."""
        kind, first = self.tasks[task], 0 if self.by_time else seeds[0]
        train, valid, test = (part.only(task) for part in self.sets(first))
        mask, label, rows = self.seen(task, first)
        score, influence, tuning = SCORES[kind], INFLUENCES[kind], _observed(valid, task)
        candidates = yardsticks.candidates(name, self.features, train, valid.inputs, test.inputs)
        answers = valid.labels[task].numpy()[tuning]
        output = max(candidates, key=lambda tried: score(tried[0][tuning], answers))[1][mask]
        own = [
            [outputs[model, task, seed][mask] for seed in (seeds if self.by_time else [first])]
            for model in (SINGLE, structure)
        ]
        reached = [np.mean([score(one, label) for one in side]) for side in own]
        better = own[int(np.argmax(reached))]
        moved = influence(output, label) - np.mean([influence(one, label) for one in better], axis=0)
        luck, units, _ = self.luck(moved, rows)
        ahead, half = (value := score(output, label)) - max(reached), half_width(0.0, 2, 0.0, luck, units)
        row = {"task": task, "yardstick": name, "metric": METRICS[kind], "value": value}
        return row | {"ahead": ahead, "low": ahead - half, "high": ahead + half}

    def by_item(self, task: str, seed: int) -> float:
        """The metric of the mean training label of each item (`helpers.evaluation.counts`)."""
        item, (train, _, test) = self.declaration.item, self.split(seed)
        train, test = (part[part[task].notna()] for part in (train, test))
        score = by_ids([train[item]], train[task].to_numpy(float), [test[item]])
        return (auc if self.tasks[task] == "binary" else r2)(score, test[task].to_numpy(float))

    def facts(self, seeds: Sequence[int]) -> pd.DataFrame:
        """A row a task: kind, by part how many labels there are and their mean, and `by_item`, over all splits."""
        parts, splits = self.split(0)._asdict(), [0] if self.by_time else seeds
        rows = []
        for task, kind in self.tasks.items():
            row = {"task": task, "kind": kind}
            for name, part in parts.items():
                row |= {f"{name} labels": int(part[task].notna().sum()), f"{name} mean": float(part[task].mean())}
            own = [] if self.declaration.item is None else [self.by_item(task, seed) for seed in splits]
            rows.append(row | {"by item": np.mean(own) if own else np.nan})
        return pd.DataFrame(rows)


def _observed(examples: Examples, task: str) -> np.ndarray:
    """In which rows the label of a task was observed."""
    return examples.masks[task].numpy() if task in examples.masks else np.ones(len(examples), bool)


def _gauc(scores: np.ndarray, labels: np.ndarray, users: np.ndarray) -> float:
    """GAUC, or NaN where no user has labels of both classes."""
    try:
        return gauc(scores, labels, users).value
    except ValueError:
        return float("nan")

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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from helpers.capstone import yardsticks
from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import FEWER, METRICS, SHARES, SINGLE, YARDSTICKS, Estimate, Plan
from helpers.capstone.preparation import Split, dates, prepare, split
from helpers.capstone.ranker import Ranker, Recipe
from helpers.capstone.reading import READING
from helpers.capstone.table_checks import Problems, must_pass
from helpers.data.examples import Examples
from helpers.data.features import Features
from helpers.evaluation.counts import by_ids
from helpers.evaluation.intervals import auc_influence, gain, half_width, over_users, r2_influence, seeds_needed
from helpers.evaluation.metrics import auc, gauc, r2
from helpers.evaluation.verdicts import UNDECIDED, verdict
from helpers.experiments import jobs
from helpers.models.copies import predict
from helpers.models.shared_bottom import parameter_count
from helpers.support import validate
from helpers.training.loop import TOTAL, fit

ROWS_TOGETHER = 100_000  # rows of all copies that train at once: more only take memory
SCORES, INFLUENCES = {"binary": auc, "regression": r2}, {"binary": auc_influence, "regression": r2_influence}
COUNTS = (3, 5, 10, 20, 50)  # of seeds, after which the interval is taken as well
FEWEST_LABELS = 20  # that the smallest share of the training rows must have of each task
TIMED = 100_000  # training rows: an epoch on so many is timed before all else
SAME = 1e-6  # outputs that lie no further apart are one and the same
FEWEST_CLUSTERS = 5  # days or groups among the test rows, from which on their luck can be estimated


@dataclass(frozen=True)
class Comparison:
    """What `compare` measured; a report reads nothing else. `frame` is the table itself, for `ranker`.

    facts   a row a task: kind, rows with a label and mean of the label in each part, and `by item`: the metric of a
            yardstick that trains nothing, the mean label of each item (NaN without an item)
    tuned   a row a model: the learning rate and the penalty that it chose, of `rates` and `penalties`
    scores  a row a seed, model and task: metric, value, constant (whether all test rows have the same output: nothing
            was learnt), and gauc where there is a user
    growth  a row a number of seeds (the first 3, 5, 10, … and all) and task: single, shared (mean scores), gain, low,
            high, verdict, seeds_needed, dead (how many of the seeds do not count, because one of the two models has
            learnt nothing), and spread, overlap, users, units of `intervals.Gain`; clusters, what the
            units are: users (or rows, without a user), days or groups, whichever make the interval widest
    fewer   the same with `SHARES` of the training rows, drawn by the seed: a row a share and task; empty where it was
            not asked for, or where nothing is undecided
    reading options of `read` with which the table came from its file; None where it came from elsewhere
    spans   {part: first and last day of its rows}, or time where that is no date; empty without a time
    days    of the test rows; 0 where they are not known
    curve   a row a weight, seed and task: value; empty where there is none
    beaten  a row a task and yardstick, on the rows of the first split: metric, value, ahead (of the better side),
            low and high of that (a 95% interval by the draw of test rows alone); empty where there is none
    cost    a row a model: parameters, and seconds of computing that one training took
    """

    declaration: Declaration
    recipe: Recipe
    frame: pd.DataFrame = field(repr=False)
    seeds: list[int]
    rates: list[float]
    penalties: list[float]
    tuning_seeds: list[int]
    mode: str
    also: tuple[str, ...]
    matters: dict[str, float]
    parts: dict[str, int]
    users: int
    spans: dict[str, tuple[str, str]]
    days: int
    problems: Problems
    reading: dict | None
    facts: pd.DataFrame
    tuned: pd.DataFrame
    scores: pd.DataFrame
    growth: pd.DataFrame
    fewer: pd.DataFrame
    curve: pd.DataFrame
    beaten: pd.DataFrame
    cost: pd.DataFrame

    def ranker(self, task: str | None = None) -> Ranker:
        """The shared model to serve, or the single-task model of `task`: with the rate and penalty that its side chose.

        Trained on all rows but the test rows of the first split, which say when to stop: nothing is left to judge it
        by, and the report has judged its kind.
        """
        tasks = self.declaration.labels
        if task is not None:
            tasks = {validate.choice("task", task, tasks): tasks[task]}
        chosen = self.tuned.set_index("tasks").loc[" + ".join(tasks)]
        own = {"lr": float(chosen["lr"]), "l2_embedding": float(chosen["l2_embedding"])}
        own |= {} if task is None else {"structure": "single task", "weighting": "equal"}
        train, valid, test = split(self.declaration, prepare(self.declaration, self.frame), self.seeds[0])
        seen = [rows[rows[list(tasks)].notna().any(axis=1)] for rows in (pd.concat([train, valid]), test)]
        ranker = Ranker(self.declaration.layout(), tasks, replace(self.recipe, **own), self.seeds[0])
        return ranker.fit(*seen, progress=False, weight=self.declaration.weight)

    @property
    def gains(self) -> pd.DataFrame:
        """The rows of `growth` with all seeds, a row a task."""
        return self.growth[self.growth["seeds"] == len(self.seeds)].reset_index(drop=True)


class Step(NamedTuple):
    """What `steps` yields: the share that is done, first with the estimate, last with the result."""

    done: float
    found: Comparison | None = None
    estimate: Estimate | None = None


def compare(
    frame: pd.DataFrame, declaration: Declaration, recipe: Recipe | None = None, cluster: str | None = None, **options
) -> Comparison:
    """Train and judge both sides; arguments as of `steps`. Raises ValueError where the table does not pass `check`."""
    quiet = "TQDM_DISABLE" in os.environ  # tqdm's notebook bar does not heed the variable by itself
    with tqdm(total=100, desc="comparing", unit="%", leave=False, delay=1, disable=quiet) as bar:
        for step in steps(frame, declaration, recipe, cluster, **options):
            bar.update(round(100 * step.done) - bar.n)
            if step.estimate is not None:
                bar.set_description(f"comparing ({step.estimate})")
    return step.found


def steps(
    frame: pd.DataFrame, declaration: Declaration, recipe: Recipe | None = None, cluster: str | None = None, **options
) -> Iterator[Step]:
    """The comparison in small steps.

    frame    as `reading.read` gives it
    cluster  address of a Dask scheduler, as of `helpers.experiments.jobs.run`: its workers train. None: this process
    options  of `plan.Plan`: mode, seeds, rates, penalties, tuning_seeds, matters, also
    """
    plan = Plan(declaration, recipe, **options)
    problems = must_pass(declaration, frame)
    plan.recipe.check_tasks(declaration.labels, frame)
    table = _Table(prepare(declaration, frame), declaration)
    table.check_splits([*plan.tuning_seeds, *plan.seeds])

    labels, structure, seeds = tuple(declaration.labels), plan.recipe.structure, plan.seeds
    measured = list(itertools.product(labels, yardsticks.NAMES)) if YARDSTICKS in plan.also else []
    shares = SHARES if FEWER in plan.also and table.fewest_labels() * min(SHARES) >= FEWEST_LABELS else ()
    again = len(plan.sides) * len(seeds) * sum(shares)
    total = len(plan.sides) * plan.runs + len(measured) + len(plan.weightings) * len(seeds) + again
    done = 0.0
    yield Step(done, estimate=table.estimate(plan))

    def compute(calls: list[tuple[str, tuple, float]]) -> Iterator[Step]:
        """Calls methods of the table, (name, arguments, share of the work) each; returns their results in order."""
        nonlocal done
        results = {}
        for number, result in _results(table, [call[:2] for call in calls], cluster):
            results[number] = result
            done += calls[number][2]
            yield Step(done / total)
        return [results[number] for number in range(len(calls))]

    def train(models: list[tuple[tuple[str, ...], Recipe]], some: list[int], share: float = 1) -> Iterator[Step]:
        """Trains each of the models with each of the seeds; returns for each model its runs, one a group of seeds."""
        groups = table.together(some)
        calls = [("train", (*model, group, share), len(group) * share) for model in models for group in groups]
        runs = yield from compute(calls)
        return [runs[k * len(groups) : (k + 1) * len(groups)] for k in range(len(models))]

    tried = [(side.tasks, replace(side.recipe, **choice)) for side in plan.sides for choice in plan.choices]
    runs = yield from train(tried, plan.to_tune)
    losses = np.array([sum(run.loss for run in own) for own in runs]).reshape(len(plan.sides), -1)
    best = [tried[k * len(plan.choices) + int(np.argmin(own))] for k, own in enumerate(losses)]
    tuned = [
        {"model": side.name, "tasks": " + ".join(tasks), "lr": own.lr, "l2_embedding": own.l2_embedding}
        for side, (tasks, own) in zip(plan.sides, best, strict=True)
    ]
    runs = yield from train(best, seeds)
    cost = [
        {"model": side.name, "tasks": side.tasks, "parameters": run.parameters, "seconds": run.seconds}
        for side, own in zip(plan.sides, runs, strict=True)
        for run in own
    ]
    outputs = _outputs(plan, runs)
    scores = table.judge("model", outputs)
    counts = [count for count in COUNTS if count < len(seeds)] + [len(seeds)]
    growth = [
        table.gain(task, structure, outputs, scores[scores["seed"].isin(seeds[:count])], plan.matters)
        for count, task in itertools.product(counts, labels)
    ]
    fewer = []
    if any(row["verdict"] == UNDECIDED for row in growth[-len(labels) :]):
        for share in shares:
            own = _outputs(plan, (yield from train(best, seeds, share)))
            judged = table.judge("model", own)
            fewer += [{"share": share} | table.gain(task, structure, own, judged, plan.matters) for task in labels]
    else:
        total -= again
    first = 0 if table.by_time else seeds[0]
    fitted = yield from compute([("yardstick", (name, task, first), 1) for task, name in measured])
    beaten = [
        table.beaten(name, task, structure, found, outputs, first, scores)
        for (task, name), found in zip(measured, fitted, strict=True)
    ]
    weighed = [(labels, replace(best[-1][1], weighting=weights)) for _, weights in plan.weightings]
    runs = yield from train(weighed, seeds)
    curve = {
        (weight, *key): output
        for (weight, _), own in zip(plan.weightings, runs, strict=True)
        for run in own
        for key, output in run.outputs.items()
        if key[0] in labels[:2]
    }
    found = Comparison(
        declaration=declaration,
        recipe=plan.recipe,
        frame=frame,
        mode=plan.mode,
        seeds=seeds,
        rates=plan.rates,
        penalties=sorted(set(plan.penalties)),
        tuning_seeds=plan.tuning_seeds,
        also=plan.also,
        matters=plan.matters,
        parts=table.parts,
        users=table.users,
        spans=table.spans,
        days=table.days,
        problems=problems,
        reading=frame.attrs.get(READING),
        facts=table.facts(seeds),
        tuned=pd.DataFrame(tuned),
        scores=scores,
        growth=pd.DataFrame(growth),
        fewer=pd.DataFrame(fewer),
        curve=table.judge("weight", curve),
        beaten=pd.DataFrame(beaten),
        cost=_cost(pd.DataFrame(cost)),
    )
    yield Step(1.0, found)


def _results(table: _Table, calls: list[tuple[str, tuple]], cluster: str | None) -> Iterator[tuple[int, object]]:
    """The number of each call, and what the method of the table returned: one by one here, or as a cluster is done."""
    if cluster is None:
        yield from ((number, getattr(table, name)(*arguments)) for number, (name, arguments) in enumerate(calls))
    elif calls:
        named = {str(number): partial(_call, *call) for number, call in enumerate(calls)}
        yield from ((int(done.name), done.table) for done in jobs.run(named, cluster, table))


def _call(name: str, arguments: tuple, table: _Table):
    return getattr(table, name)(*arguments)


def _outputs(plan: Plan, runs: list[list[_Run]]) -> dict[tuple[str, str, int], np.ndarray]:
    """{(side, task, seed): outputs for the test rows}, from the runs of each model."""
    each = zip(plan.sides, runs, strict=True)
    return {(side.name, *key): output for side, own in each for run in own for key, output in run.outputs.items()}


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
        beside = (declaration.user, declaration.item, declaration.time, declaration.group)
        kept = [*declaration.labels, *(column for column in beside if column is not None)]
        self.frame = frame[kept]  # features are in the examples; lists of ids would take most of the memory here
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
    def sets(self, seed: int) -> tuple[Examples, ...]:
        """Examples to train, validate and test."""
        return tuple(self.examples.take(part.index.to_list()) for part in self.split(seed))

    def drawn(self, seed: int, share: float) -> tuple[Examples, ...]:
        """The same with a share of the examples to train, which the seed draws."""
        train, valid, test = self.sets(0 if self.by_time else seed)
        if share < 1:
            train = train.take(np.random.default_rng(seed).permutation(len(train))[: round(share * len(train))])
        return train, valid, test

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
            each = zip(*(self.drawn(seed, share) for seed in seeds), strict=True)
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

    def estimate(self, plan: Plan) -> Estimate:
        """How long the plan takes: by an epoch of the shared model and of the first task's own, of `TIMED` rows."""
        share, epoch = min(1.0, TIMED / self.parts["train"]), {}
        seeds = self.together(plan.seeds)[0]
        for side in (plan.sides[0], plan.sides[-1]):
            run = self.train(side.tasks, replace(side.recipe, epochs=1), seeds, share)
            epoch[side.name] = run.seconds / share
        return plan.estimate(epoch)

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
            row |= {"value": SCORES[kind](output[mask], label), "constant": bool(np.ptp(output[mask]) < SAME)}
            if kind == "binary" and self.declaration.user is not None:
                row["gauc"] = _gauc(output[mask], label, self.clusters["users"][own])
            rows.append(row)
        return pd.DataFrame(rows)

    def gain(self, task: str, structure: str, outputs: dict, scores: pd.DataFrame, matters: dict[str, float]) -> dict:
        """The gain of one task with its interval and verdict, over the seeds with which both models have learnt.

        Where fewer than two have, over all seeds; it is then undecided, whatever it is.
        """
        own = scores[scores["task"] == task]
        dead, by_model = own.groupby("seed")["constant"].any(), own.pivot(index="seed", columns="model", values="value")
        judged = (~dead).sum() >= 2
        by_model = by_model[~dead] if judged else by_model
        values = (by_model[structure] - by_model[SINGLE]).to_numpy()
        kind, influence, rows = self.tasks[task], [], []
        for seed in by_model.index:
            mask, label, numbers = self.seen(task, seed)
            shared, single = (INFLUENCES[kind](outputs[m, task, seed][mask], label) for m in (structure, SINGLE))
            influence.append((shared - single) / len(values))
            rows.append(numbers)
        *luck, clusters = self.luck(np.concatenate(influence), np.concatenate(rows))
        found = gain(values, self.parts["test"] / self.parts["train"], *luck)
        said = verdict(found.low, found.high, matters[kind]) if judged else UNDECIDED
        needed = seeds_needed(found, matters[kind]) if judged and said == UNDECIDED else 0
        row = {"task": task, "metric": METRICS[kind], "gain": found.mean, **found._asdict()}
        row |= {"single": by_model[SINGLE].mean(), "shared": by_model[structure].mean()}
        row |= {"verdict": said, "clusters": clusters, "seeds": len(dead), "dead": int(dead.sum())}
        return row | {"seeds_needed": np.nan if needed is None else needed}

    def yardstick(self, name: str, task: str, seed: int) -> np.ndarray:
        """What one of `yardsticks` says of the test rows: of all that it tried, the best for the validation rows."""
        train, valid, test = (part.only(task) for part in self.sets(seed))
        tuning, score = _observed(valid, task), SCORES[self.tasks[task]]
        answers = valid.labels[task].numpy()[tuning]
        candidates = yardsticks.candidates(name, self.features, train, valid.inputs, test.inputs)
        return max(candidates, key=lambda tried: score(tried[0][tuning], answers))[1]

    def beaten(
        self, name: str, task: str, structure: str, found: np.ndarray, outputs: dict, first: int, scores: pd.DataFrame
    ) -> dict:
        """How far a yardstick, whose outputs are `found`, is ahead of the better side, on the same rows."""
        kind = self.tasks[task]
        mask, label, rows = self.seen(task, first)
        score, influence, output = SCORES[kind], INFLUENCES[kind], found[mask]
        own = scores[(scores["task"] == task) & (self.by_time | (scores["seed"] == first))]
        live = own.loc[~own.groupby("seed")["constant"].transform("any"), "seed"]
        seeds = (live if len(live) else own["seed"]).unique()
        sides = [[outputs[model, task, seed][mask] for seed in seeds] for model in (SINGLE, structure)]
        reached = [np.mean([score(one, label) for one in side]) for side in sides]
        better = sides[int(np.argmax(reached))]
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

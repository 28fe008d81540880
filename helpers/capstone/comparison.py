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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import FEWER, METRICS, SHARES, SINGLE, YARDSTICKS, Estimate, Plan, Side
from helpers.capstone.preparation import Table, prepare, split
from helpers.capstone.ranker import Ranker, Recipe
from helpers.capstone.reading import READING
from helpers.capstone.table_checks import Problems, must_pass
from helpers.data.examples import Examples
from helpers.evaluation import yardsticks
from helpers.evaluation.counts import by_ids, rates
from helpers.evaluation.intervals import auc_influence, gain, half_width, over_users, r2_influence, seeds_needed
from helpers.evaluation.late_fusion import FUSIONS, MEAN, STACK, late_fusion
from helpers.evaluation.metrics import auc, gauc, r2
from helpers.evaluation.verdicts import UNDECIDED, verdict
from helpers.experiments import jobs
from helpers.models.copies import predict
from helpers.models.shared_bottom import parameter_count
from helpers.support import validate
from helpers.training.loop import TOTAL, fit

COUNTS = (3, 5, 10, 20, 50)  # of seeds, after which the interval is taken as well
BAR = "{desc}: {percentage:3.0f}%|{bar}|"
ROWS_TOGETHER = 100_000  # rows of all copies that train at once: more only take memory
TIMED = 100_000  # training rows: an epoch on so many is timed before all else
SCORES, INFLUENCES = {"binary": auc, "regression": r2}, {"binary": auc_influence, "regression": r2_influence}
SAME = 1e-6  # outputs that lie no further apart are one and the same
COUNTED = {"by item": ("item",), "by user": ("user",), "by user and item": ("user", "item")}  # of these columns
FEWEST_CLUSTERS = 5  # days or groups among the test rows, from which on their luck can be estimated
FEWEST_LABELS = 20  # that the smallest share of the training rows must have of each task


@dataclass(frozen=True)
class Comparison:
    """What `compare` measured; a report reads nothing else. `frame` is the table itself, for `ranker`.

    facts   a row a task: kind, rows with a label and mean of the label in each part, and `by item`: the metric of the
            mean label of each item, over all splits (NaN without an item)
    tuned   a row a model: the learning rate and the penalty that it chose, of `rates` and `penalties`
    scores  a row a seed, model and task: metric, value, constant (whether all test rows have the same output: nothing
            was learnt), and gauc where there is a user
    growth  a row a number of seeds (the first 3, 5, 10, … and all) and task: single, shared (mean scores), gain, low,
            high, verdict, matters (the smallest gain that does), seeds_needed, dead (how many of the seeds do not
            count, because one of the two models has learnt nothing), and spread, overlap, users, units of
            `intervals.Gain`; clusters, what the units are: users (or rows, without a user), days or groups, whichever
            make the interval widest
    fewer   the same with `SHARES` of the training rows, drawn by the seed: a row a share and task; empty where it was
            not asked for, or where nothing is undecided
    reading options of `read` with which the table came from its file; None where it came from elsewhere
    spans   {part: first and last day of its rows}, or time where that is no date; empty without a time
    days    of the test rows; 0 where they are not known
    curve   a row a weight, seed and task: value; empty where there is none
    beaten  a row a task and yardstick that shares nothing (`COUNTED`, `yardsticks.NAMES`, `FUSIONS`), on the rows of
            the first split: metric, value, ahead (of the better side), low and high of that (by the draw of test rows
            alone; intervals that hold for all yardsticks of a task together 95 times in 100, by Bonferroni),
            over_shared (ahead of the shared model), as_good (whether that is more than minus what matters), and gauc
            where there is a user; empty where none is asked for
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


def compare(
    frame: pd.DataFrame, declaration: Declaration, recipe: Recipe | None = None, cluster: str | None = None, **options
) -> Comparison:
    """Train and judge both sides. Raises ValueError where the table does not pass `check`.

    frame    as `reading.read` gives it
    cluster  address of a Dask scheduler, as of `helpers.experiments.jobs.run`: its workers train. None: this process
    options  of `plan.Plan`: mode, seeds, rates, penalties, tuning_seeds, matters, also
    """
    plan = Plan(declaration, recipe, **options)
    problems = must_pass(declaration, frame)
    plan.recipe.check_tasks(declaration.labels, frame)
    table = Table(prepare(declaration, frame), declaration)
    table.check_splits([*plan.tuning_seeds, *plan.seeds])
    shares = SHARES if FEWER in plan.also and table.fewest_labels() * min(SHARES) >= FEWEST_LABELS else ()
    said = f"comparing ({_estimate(table, plan)})"
    quiet = "TQDM_DISABLE" in os.environ  # tqdm's notebook bar does not heed the variable by itself
    options = {"bar_format": BAR, "leave": False, "delay": 1, "disable": quiet}
    with tqdm(total=_calls(plan, shares), desc=said, **options) as bar:
        work = _Work(table, plan, cluster, bar.update)
        best = _tune(work)
        runs = work.train(best, plan.seeds)
        outputs = _outputs(plan, runs)
        scores = _judge(table, "model", outputs)
        growth = _growth(table, plan, outputs, scores)
        undecided = (growth.loc[growth["seeds"] == len(plan.seeds), "verdict"] == UNDECIDED).any()
        fewer = _fewer(work, best, shares if undecided else ())
        beaten = _beaten(work, runs, outputs, scores)
        curve = _curve(work, best[-1].recipe)
    return Comparison(
        declaration=declaration,
        recipe=plan.recipe,
        frame=frame,
        mode=plan.mode,
        seeds=plan.seeds,
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
        facts=_facts(table, plan.seeds),
        tuned=_tuned(best),
        scores=scores,
        growth=growth,
        fewer=fewer,
        curve=curve,
        beaten=beaten,
        cost=_cost(plan, runs),
    )


# --- what is measured -------------------------------------------------------------------------------------------------


class _Work(NamedTuple):
    """What trains: the table, the plan, where, and whom to tell after each call how much of the work it was."""

    table: Table
    plan: Plan
    cluster: str | None
    tick: Callable[[float], object]

    def compute(self, calls: list[tuple[partial, float]]) -> list:
        """The results of calls that need the table alone, each with its share of the work."""
        results = {}
        for number, result in _results(self.table, [call for call, _ in calls], self.cluster):
            results[number] = result
            self.tick(calls[number][1])
        return [results[number] for number in range(len(calls))]

    def train(self, sides: list[Side], seeds: list[int], share: float = 1) -> list[list[_Run]]:
        """Each of the models with each of the seeds: for each model its runs, one a group of seeds."""
        groups = _together(self.table, seeds)
        calls = [
            (partial(_train, tasks=side.tasks, recipe=side.recipe, seeds=group, share=share), len(group) * share)
            for side, group in itertools.product(sides, groups)
        ]
        runs = self.compute(calls)
        return [runs[k * len(groups) : (k + 1) * len(groups)] for k in range(len(sides))]


def _calls(plan: Plan, shares: Sequence[float]) -> float:
    """How much work there is: a training run on all rows, and a yardstick, are one each."""
    fitted = len(plan.declaration.labels) * len(yardsticks.NAMES) * (YARDSTICKS in plan.also)
    again = len(plan.sides) * len(plan.seeds) * sum(shares)
    return len(plan.sides) * plan.runs + len(plan.weightings) * len(plan.seeds) + fitted + again


def _tune(work: _Work) -> list[Side]:
    """Each side with the choice that is best on the tuning seeds, by validation loss."""
    plan, best = work.plan, []
    tried = [side._replace(recipe=replace(side.recipe, **choice)) for side in plan.sides for choice in plan.choices]
    losses = [sum(run.loss for run in own) for own in work.train(tried, plan.to_tune)]
    for start in range(0, len(tried), len(plan.choices)):
        own = slice(start, start + len(plan.choices))
        best.append(tried[own][int(np.argmin(losses[own]))])
    return best


def _tuned(best: list[Side]) -> pd.DataFrame:
    chosen = [(side.name, " + ".join(side.tasks), side.recipe.lr, side.recipe.l2_embedding) for side in best]
    return pd.DataFrame(chosen, columns=["model", "tasks", "lr", "l2_embedding"])


def _growth(table: Table, plan: Plan, outputs: dict, scores: pd.DataFrame) -> pd.DataFrame:
    """The gains of the first seeds, of more, and of all."""
    seeds, counts = plan.seeds, [count for count in COUNTS if count < len(plan.seeds)] + [len(plan.seeds)]
    return pd.DataFrame(
        _sharing_gain(
            table, task, plan.recipe.structure, outputs, scores[scores["seed"].isin(seeds[:count])], plan.matters
        )
        for count, task in itertools.product(counts, table.tasks)
    )


def _fewer(work: _Work, best: list[Side], shares: Sequence[float]) -> pd.DataFrame:
    """The gains with each of these shares of the training rows."""
    table, plan, found = work.table, work.plan, []
    for share in shares:
        outputs = _outputs(plan, work.train(best, plan.seeds, share))
        scores = _judge(table, "model", outputs)
        found += [
            {"share": share} | _sharing_gain(table, task, plan.recipe.structure, outputs, scores, plan.matters)
            for task in table.tasks
        ]
    return pd.DataFrame(found)


def _beaten(work: _Work, runs: list[list[_Run]], outputs: dict, scores: pd.DataFrame) -> pd.DataFrame:
    """The yardsticks of each task, and how far each is ahead; nothing where none is asked for."""
    table, plan, found = work.table, work.plan, []
    if YARDSTICKS not in plan.also:
        return pd.DataFrame()
    first = 0 if table.by_time else plan.seeds[0]
    valid = {key: output for own in runs[:-1] for run in own for key, output in run.valid.items()}
    asked = list(itertools.product(table.tasks, yardsticks.NAMES))
    fitted = work.compute([(partial(_yardstick, name=name, task=task, seed=first), 1) for task, name in asked])
    of = dict(zip(asked, fitted, strict=True))
    for task in table.tasks:
        live = _live(table, task, first, scores)
        own = {name: [output] for name, output in _counts(table, task, first).items()}
        own |= {name: [of[task, name]] for name in yardsticks.NAMES} | _fusions(table, task, live, outputs, valid)
        found += [_yardstick_lead(table, plan, name, task, own[name], outputs, first, live, len(own)) for name in own]
    return pd.DataFrame(found)


def _curve(work: _Work, recipe: Recipe) -> pd.DataFrame:
    """The shared model with each of the plan's weightings: the first two tasks."""
    labels = tuple(work.table.tasks)
    weighed = [Side("", labels, replace(recipe, weighting=weights)) for _, weights in work.plan.weightings]
    outputs = {
        (weight, *key): output
        for (weight, _), own in zip(work.plan.weightings, work.train(weighed, work.plan.seeds), strict=True)
        for run in own
        for key, output in run.outputs.items()
        if key[0] in labels[:2]
    }
    return _judge(work.table, "weight", outputs)


def _results(table: Table, calls: list[partial], cluster: str | None) -> Iterator[tuple[int, object]]:
    """The number of each call, and what it returned for the table: one by one here, or as a cluster is done."""
    if cluster is None:
        yield from ((number, call(table)) for number, call in enumerate(calls))
    elif calls:
        done = jobs.run({str(number): call for number, call in enumerate(calls)}, cluster, table)
        yield from ((int(job.name), job.table) for job in done)


def _outputs(plan: Plan, runs: list[list[_Run]]) -> dict[tuple[str, str, int], np.ndarray]:
    """{(side, task, seed): outputs for the test rows}, from the runs of each model."""
    each = zip(plan.sides, runs, strict=True)
    return {(side.name, *key): output for side, own in each for run in own for key, output in run.outputs.items()}


def _cost(plan: Plan, runs: list[list[_Run]]) -> pd.DataFrame:
    """Parameters and mean seconds of one training run, all single-task models together."""
    each = pd.DataFrame(
        {"model": side.name, "tasks": side.tasks, "parameters": run.parameters, "seconds": run.seconds}
        for side, own in zip(plan.sides, runs, strict=True)
        for run in own
    )
    means = each.groupby(["model", "tasks"], sort=False)[["parameters", "seconds"]].mean()
    return means.groupby("model", sort=False).sum().astype({"parameters": int}).reset_index()


# --- training ---------------------------------------------------------------------------------------------------------


class _Run(NamedTuple):
    """Models that were trained together, one a seed: the sum of their best total validation losses, {(task, seed):
    outputs for the test rows}, the same for the validation rows, the parameters of one model, and the seconds of
    computing that it took."""

    loss: float
    outputs: dict[tuple[str, int], np.ndarray]
    valid: dict[tuple[str, int], np.ndarray]
    parameters: int
    seconds: float


def _together(table: Table, seeds: Sequence[int]) -> list[list[int]]:
    """The seeds in groups that train together: of large tables each alone, as where their parts differ in size."""
    size = 1 if table.declaration.new_users else max(1, ROWS_TOGETHER // len(table.frame))
    return [list(seeds[start : start + size]) for start in range(0, len(seeds), size)]


def _train(table: Table, tasks: Sequence[str], recipe: Recipe, seeds: list[int], share: float = 1) -> _Run:
    """One model of these tasks for each seed, trained together on this share of the training rows."""
    kinds = {task: table.tasks[task] for task in tasks}
    if table.by_time and share == 1:
        train, valid, test = (part.only(*tasks) for part in table.sets(0))
    else:
        each = zip(*(table.drawn(seed, share) for seed in seeds), strict=True)
        train, valid, test = (Examples.stack([one.only(*tasks) for one in part]) for part in each)
    models = [recipe.model(table.features, kinds, seed) for seed in seeds]
    start = time.process_time()  # a busy machine does not count
    run = fit(models, train, valid, seed=seeds, progress=False, **recipe.training())
    seconds = (time.process_time() - start) / len(seeds)
    totals = run.history[run.history["task"] == TOTAL]
    known, outputs = (
        {(task, seed): found[task][i].numpy() for task in tasks for i, seed in enumerate(seeds)}
        for found in (predict(models, part.inputs) for part in (valid, test))
    )
    loss = float(totals.groupby("copy")["valid"].min().sum())
    return _Run(loss, outputs, known, parameter_count(models[0]), seconds)


def _estimate(table: Table, plan: Plan) -> Estimate:
    """How long the plan takes: by an epoch of the shared model and of the first task's own, of `TIMED` rows."""
    share, epoch = min(1.0, TIMED / table.parts["train"]), {}
    seeds = _together(table, plan.seeds)[0]
    for side in (plan.sides[0], plan.sides[-1]):
        run = _train(table, side.tasks, replace(side.recipe, epochs=1), seeds, share)
        epoch[side.name] = run.seconds / share
    return plan.estimate(epoch)


def _yardstick(table: Table, name: str, task: str, seed: int) -> np.ndarray:
    """What one of `yardsticks` says of the test rows: of all that it tried, the best for the validation rows."""
    train, valid, test = (part.only(task) for part in table.sets(seed))
    return yardsticks.best(name, table.features, train, valid, test.inputs)[0]


# --- what the outputs for the test rows say ---------------------------------------------------------------------------


def _judge(table: Table, by: str, outputs: dict[tuple, np.ndarray]) -> pd.DataFrame:
    """A row for each of {(value of the column `by`, task, seed): outputs}: metric, value, and gauc with a user."""
    rows = []
    for (what, task, seed), output in outputs.items():
        mask, label, own = table.seen(task, seed)
        kind = table.tasks[task]
        row = {"seed": seed, by: what, "task": task, "metric": METRICS[kind]}
        row |= {"value": SCORES[kind](output[mask], label), "constant": bool(np.ptp(output[mask]) < SAME)}
        if kind == "binary" and table.declaration.user is not None:
            row["gauc"] = _gauc(output[mask], label, table.clusters["users"][own])
        rows.append(row)
    return pd.DataFrame(rows)


def _sharing_gain(
    table: Table, task: str, structure: str, outputs: dict, scores: pd.DataFrame, matters: dict[str, float]
) -> dict:
    """The gain of one task with its interval and verdict, over the seeds with which both models have learnt.

    Where fewer than two have, over all seeds; it is then undecided, whatever it is.
    """
    own = scores[scores["task"] == task]
    dead, by_model = own.groupby("seed")["constant"].any(), own.pivot(index="seed", columns="model", values="value")
    judged = (~dead).sum() >= 2
    by_model = by_model[~dead] if judged else by_model
    values = (by_model[structure] - by_model[SINGLE]).to_numpy()
    kind, influence, rows = table.tasks[task], [], []
    for seed in by_model.index:
        mask, label, numbers = table.seen(task, seed)
        shared, single = (INFLUENCES[kind](outputs[m, task, seed][mask], label) for m in (structure, SINGLE))
        influence.append((shared - single) / len(values))
        rows.append(numbers)
    error, units, clusters = _luck(table, np.concatenate(influence), np.concatenate(rows))
    found = gain(values, table.parts["test"] / table.parts["train"], error, units)
    said = verdict(found.low, found.high, matters[kind]) if judged else UNDECIDED
    needed = seeds_needed(found, matters[kind]) if judged and said == UNDECIDED else 0
    row = {"task": task, "metric": METRICS[kind], "gain": found.mean, **found._asdict()}
    row |= {"single": by_model[SINGLE].mean(), "shared": by_model[structure].mean()}
    row |= {
        "verdict": said,
        "matters": matters[kind],
        "clusters": clusters,
        "seeds": len(dead),
        "dead": int(dead.sum()),
    }
    return row | {"seeds_needed": np.nan if needed is None else needed}


def _yardstick_lead(
    table: Table,
    plan: Plan,
    name: str,
    task: str,
    found: list[np.ndarray],
    outputs: dict,
    first: int,
    live: list[int],
    looks: int,
) -> dict:
    """How far a yardstick is ahead of the better side, on the same rows, and whether it is as good as the shared one.

    found  its outputs: one that stands for all seeds, or one for each of `live`, whose models are compared with it
    looks  how many yardsticks this task has
    """
    kind = table.tasks[task]
    mask, label, rows = table.seen(task, first)
    score, influence, own = SCORES[kind], INFLUENCES[kind], [output[mask] for output in found]
    sides = [[outputs[model, task, seed][mask] for seed in live] for model in (SINGLE, plan.recipe.structure)]
    value, alone, shared = (np.mean([score(one, label) for one in side]) for side in (own, *sides))
    better = sides[int(shared > alone)]
    moved, less = (np.mean([influence(one, label) for one in side], axis=0) for side in (own, better))
    error, units, _ = _luck(table, moved - less, rows)
    ahead, half = value - max(alone, shared), half_width(0.0, 2, 0.0, error, units, 1 - 0.05 / looks)
    row = {"task": task, "yardstick": name, "metric": METRICS[kind], "value": value}
    row |= {"ahead": ahead, "low": ahead - half, "high": ahead + half, "over_shared": value - shared}
    row["as_good"] = row["over_shared"] > -plan.matters[kind]
    if kind == "binary" and table.declaration.user is not None:
        users = table.clusters["users"][rows]
        row["gauc"] = np.mean([_gauc(one, label, users) for one in own])
    return row


def _live(table: Table, task: str, first: int, scores: pd.DataFrame) -> list[int]:
    """The seeds that are tested on the rows of the first split, and with which both models have learnt the task; all
    of them where there is none."""
    own = scores[(scores["task"] == task) & (table.by_time | (scores["seed"] == first))]
    live = own.loc[~own.groupby("seed")["constant"].transform("any"), "seed"]
    return (live if len(live) else own["seed"]).unique().tolist()


def _counts(table: Table, task: str, seed: int) -> dict[str, np.ndarray]:
    """What each of `COUNTED` that the declaration allows says of the test rows: means over the training rows."""
    train, _, test = table.sets(seed)
    places = {column: place for place, column in enumerate(table.declaration.ids_of_all())}
    of = {name: [getattr(table.declaration, role) for role in roles] for name, roles in COUNTED.items()}
    return {
        name: rates(train, task, test.inputs, [places[column] for column in columns]).numpy()
        for name, columns in of.items()
        if None not in columns
    }


def _fusions(table: Table, task: str, seeds: list[int], outputs: dict, valid: dict) -> dict[str, list[np.ndarray]]:
    """Late fusion of the single-task models of each seed, for the test rows: of a number the stack alone, for product
    and mean are in no unit; the product only where all labels are binary."""
    kinds, names = table.tasks, FUSIONS
    if kinds[task] != "binary":
        names = (STACK,)
    elif set(kinds.values()) != {"binary"}:
        names = (MEAN, STACK)
    found = []
    for seed in seeds:
        rows = table.sets(0 if table.by_time else seed)[1]
        known, asked = ({one: of[*key, one, seed] for one in kinds} for of, key in ((valid, ()), (outputs, (SINGLE,))))
        found.append(late_fusion(known, asked, rows.labels[task], rows.masks.get(task)))
    return {name: [scores[name].numpy() for scores in found] for name in names}


def _luck(table: Table, moved: np.ndarray, rows: np.ndarray) -> tuple[float, int, str]:
    """The luck of the test rows: standard error, clusters and what they are, of those with the widest interval."""
    found = []
    for name, ids in table.clusters.items():
        if name in ("days", "groups") and len(np.unique(ids[rows])) < FEWEST_CLUSTERS:
            continue
        found.append((*over_users(moved, ids[rows]), name))
    return max(found, key=lambda one: half_width(0.0, 2, 0.0, *one[:2]))


def _facts(table: Table, seeds: Sequence[int]) -> pd.DataFrame:
    """A row a task: kind, by part how many labels there are and their mean, and `by item`, over all splits."""
    parts, splits = table.split(0)._asdict(), [0] if table.by_time else seeds
    rows = []
    for task, kind in table.tasks.items():
        row = {"task": task, "kind": kind}
        for name, part in parts.items():
            row |= {f"{name} labels": int(part[task].notna().sum()), f"{name} mean": float(part[task].mean())}
        own = [] if table.declaration.item is None else [_by_item(table, task, seed) for seed in splits]
        rows.append(row | {"by item": np.mean(own) if own else np.nan})
    return pd.DataFrame(rows)


def _by_item(table: Table, task: str, seed: int) -> float:
    """The metric of the mean training label of each item (`helpers.evaluation.counts`)."""
    item, (train, _, test) = table.declaration.item, table.split(seed)
    train, test = (part[part[task].notna()] for part in (train, test))
    score = by_ids([train[item]], train[task].to_numpy(float), [test[item]])
    return SCORES[table.tasks[task]](score, test[task].to_numpy(float))


def _gauc(scores: np.ndarray, labels: np.ndarray, users: np.ndarray) -> float:
    """GAUC, or NaN where no user has labels of both classes."""
    try:
        return gauc(scores, labels, users).value
    except ValueError:
        return float("nan")

"""Does sharing help on this table? The capstone's comparison: a shared model against all that shares nothing.

A pure function of a prepared table, a declaration, a recipe and seeds. A single-task model for each task and the shared
model search their settings with the same budget (`plan.Stage`) on the same tuning seeds, by validation loss. A shared
model is judged in one state, the best total on validation: that is what would be served.

The gain that decides is over the best that shares nothing: the task's own model, counts, a linear model, boosted trees,
late fusion of the single-task models. It is that of the shared model at its best: as it is, or its own outputs fused in
the same ways, for it has them for nothing. What is best, validation rows say on both sides. A control is among the
rivals: the shared model with the other labels shuffled over the training rows. Where that does as well, the other
labels told it nothing.

The rows are split by time if there is one: one fixed split, in which a seed is the first parameters and the order of
the batches. Otherwise a seed is a random split as well. `helpers.evaluation.intervals` explains the interval.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

from ..data.examples import Examples
from ..evaluation import yardsticks
from ..evaluation.counts import by_ids, rates
from ..evaluation.intervals import (
    MOST_SEEDS,
    Gain,
    auc_influence,
    gain,
    half_width,
    over_users,
    r2_influence,
    seeds_needed,
)
from ..evaluation.metrics import auc, gauc, r2
from ..evaluation.pool import AS_IS, FUSIONS, MEAN, STACK, pool
from ..evaluation.verdicts import HOLDS, OPPOSITE, UNDECIDED, verdict
from ..evaluation.within_lists import gauc_influence
from ..models.copies import predict
from ..models.shared_bottom import parameter_count
from ..support import validate
from ..training.loop import TOTAL, fit
from .declaration import Declaration
from .plan import CONTROL, MATTERS, METRICS, QUICK, SINGLE, WITHIN, YARDSTICKS, Plan, Side, Stage
from .preparation import COPY, MANY_ORDERS, Table, prepare, split
from .ranker import Ranker, Recipe, contribution, fuse
from .reading import READING, give_back
from .recommendation import BY_USER, TREES, apart
from .served import COUNTED, NO_UNIT, best, calibration
from .table_checks import FAR_BEHIND, REFRESHED, REVERSED, Problem, Problems, must_pass, settle

COUNTS = (3, 5, 10, 20, 50)  # of seeds, after which the interval is taken as well
BAR = "{desc}: {percentage:3.0f}%|{bar}| about {remaining} left"
ROWS_TOGETHER = 100_000  # rows of all copies that train at once: more only take memory
TIMED = 100_000  # training rows: a quick look tunes on no more
SCORES = {METRICS["binary"]: auc, METRICS["regression"]: r2}
INFLUENCES = {METRICS["binary"]: auc_influence, METRICS["regression"]: r2_influence, WITHIN: gauc_influence}
SAME = 1e-6  # outputs that lie no further apart are one and the same
VALID, TEST = "valid", "test"  # parts of the split
EACH = "each at its best epoch"  # the shared model, of which what is served has one state for all tasks
SHARED = "shared, "  # and the way in which the shared model's own outputs are fused
CHANCE = {"binary": 0.5, "regression": 0.0}  # what a model reaches that knows nothing
FEWEST_CLUSTERS = 5  # days or groups among the test rows, from which on their luck can be estimated
TODAY = ["task", "what", "served", "metric", "value", "was", "most", "gain", "low", "high", "matters", "verdict"]
KINDS = AS_PLANNED, BEST = ("shared", "best")  # of rankers


@dataclass(frozen=True, kw_only=True)
class Comparison(Plan):
    """The plan that was carried out, and what `compare` measured; a report reads nothing else. `frame` is the table
    itself, for `ranker`.

    facts   a row a task: kind, rows with a label and mean of the label in each part, and `by item`: the metric of the
            mean label of each item, over all splits (NaN without an item)
    tried   a row a model and settings that its side tried: lr, l2_embedding, dropout, units, loss (by validation rows)
    tuned   a row a model: the settings that it chose, and edge: those that lie at the end of what was tried
    scores  a row a seed, model and task: metric, value, constant (whether all test rows have the same output: nothing
            was learnt), and gauc where there is a user
    growth  a row a number of seeds (the first 3, 5, 10, … and all) and task: single, shared (mean scores), gain over
            the task's own model, low, high, verdict, matters (the smallest gain that does), seeds_needed, dead (how
            many of the seeds do not count, because one of the two models has learnt nothing), and spread, overlap,
            users, units of `intervals.Gain`; clusters, what the units are: users (or rows, without a user), days or
            groups, whichever make the interval widest
    reading options of `read` with which the table came from its file; None where it came from elsewhere
    spans   {part: first and last day of its rows}, or time where that is no date; empty without a time
    days    of the test rows; 0 where they are not known
    beaten  a row a task and way in which the shared model's outputs are fused (`SHARED`), and one a yardstick that
            shares nothing (`COUNTED`, `yardsticks.NAMES`, `FUSIONS`) and of the control: metric, value, ahead (of the
            better of its own model and the shared one at its best), low and high of that (intervals that hold for all
            yardsticks of a task together 95 times in 100, by Bonferroni), and gauc where there is a user; empty where
            none is asked for
    headline   a row a task, what the answer follows from: form (of the shared model, the best by validation rows:
            `AS_IS` or a way of `FUSIONS`); nearest (of all that shares nothing, of counts and of fusions the best, the
            one that comes nearest to it in the test rows), gain over it, plain_gain (that of the shared model as it
            is), low (the lowest end of the intervals of the gains over all of them: sharing helps only where it beats
            each); rival (the best of them by validation rows, as a loss is one only over what could have been chosen),
            rival_gain over it, high (its upper end); verdict, matters, seeds_needed, dead; hurried, whether it loses in
            the one state that serves all tasks, but not surely, and less than half as much, at its own best epoch
            (then undecided), where its gain over that rival is each_gain; own_gain, own_low, own_high
            and own_verdict, as in `growth`; control_gain, control_low and control_high, over the control (NaN without
            one); measured, whether there was any rival besides its own model; learnt, whether any model can surely be
            told from guessing; level, the metric of the best, surely (the low end of its interval); where it is not
            learnt, between, the AUC over all rows where lists are judged, and today, the metric of the score of today,
            each if that can be told from guessing (else NaN). Where it is not
            learnt, it is undecided, and where no other label is, it does not gain; beside a label that is not, no task
            loses that is behind its own model
    best    a row a task, what to serve: name (the best by the validation rows of all that a ranker can serve, but not
            the shared model where it loses to one of them; by GAUC where validation and test rows have `MANY_ORDERS`,
            and among those that are for the test rows no worse than guessing and than any mean of labels), metric,
            value (for the test rows), learnt (whether it can surely be told from guessing), trees (how far boosted
            trees, which none can serve, are ahead; NaN where the validation rows do not prefer them). A fusion that is
            less than a standard error ahead of the best that is none gives way to it: of few rows luck chooses it
    exponents  those asked for, or equal ones, of the labels that `best` can tell from guessing
    today   a row a label, of the list by what is best and `exponents`, for every label the same one: task, what (the
            label in words: of a number whether it is above its mean, of one with an exponent below 0 whether it did
            not happen), served (in words, what orders lists today), metric, value, was (that of today, at `most`
            so much), gain, low, high, matters, verdict; no row where nothing is served, or nothing has an exponent
    cost    a row a model: parameters, and seconds of computing that one training took
    outputs {(model, task, seed): of both sides, for the test rows; of `BEST`, what it contributes to a score}
    """

    frame: pd.DataFrame = field(repr=False)
    parts: dict[str, int]
    users: int
    spans: dict[str, tuple[str, str]]
    days: int
    problems: Problems
    reading: dict | None
    facts: pd.DataFrame
    tried: pd.DataFrame
    tuned: pd.DataFrame
    scores: pd.DataFrame
    growth: pd.DataFrame
    beaten: pd.DataFrame
    headline: pd.DataFrame
    best: pd.DataFrame
    today: pd.DataFrame
    cost: pd.DataFrame
    outputs: dict[tuple[str, str, int], np.ndarray] = field(repr=False)

    def ranker(self, task: str | None = None, kind: str = AS_PLANNED) -> Ranker:
        """The shared model to serve, or the single-task model of `task`, with the settings that its side chose; of kind
        "best" what `best` names for each task, in one ranker.

        Trained to the last row, for as many epochs as the validation rows of the first split chose. Nothing is left to
        judge it by; `ranker.check` says how good the same is for the test rows if it was trained on the training rows
        alone: metrics as of `Ranker.evaluate`, and `agreement`, the correlation of the ranks of both. Far below 1, the
        last rows have turned the order round, or spoilt it. `leans` is the column that a metric needs most, `without`
        what is left of the metric if its values are shuffled over the test rows.
        """
        own, tasks = self.declaration, self.declaration.labels
        validate.choice("kind", kind, KINDS)
        exponents = self.exponents if task is None else {task: 1.0}
        if task is not None:
            tasks = {validate.choice("task", task, tasks): tasks[task]}
            if kind == BEST:
                validate.fail("task", repr(task), "None: what is best has all tasks")
        every = prepare(own, self.frame)
        parts = split(own, every, self.seeds[0])
        if kind == BEST:
            names = dict(self.best[["task", "name"]].itertuples(index=False))
            first, ranker = best(own, names, parts, every, self.chosen, self.seeds[0])
        else:
            train, valid, rows = (
                some[some[[*tasks]].notna().any(axis=1)] for some in (parts.train, parts.valid, every)
            )
            first = Ranker(own.layout(), tasks, self.chosen[" + ".join(tasks)], self.seeds[0])
            first.fit(train, valid, progress=False, weight=own.weight)
            ranker = first.refit(rows, progress=False, weight=own.weight)
        said, again = (one.predict(parts.test)[[*tasks]] for one in (first, ranker))
        ranker.exponents = {one: exponent for one, exponent in exponents.items() if exponent}
        agreement = said.rank().corrwith(again.rank())
        check = first.evaluate(parts.test, own.group or own.user)
        ranker.check = check.assign(agreement=check["task"].map(agreement)).join(_column_needs(first, own, parts.test))
        return ranker

    @property
    def chosen(self) -> dict[str, Recipe]:
        """What each side chose, {its tasks: recipe}."""
        found = {}
        for row in self.tuned.itertuples():
            settings = {"lr": float(row.lr), "l2_embedding": float(row.l2_embedding), "dropout": float(row.dropout)}
            settings |= {} if row.model != SINGLE else {"structure": "single task", "weighting": "equal"}
            found[row.tasks] = replace(self.recipe, **settings, bottom=row.bottom, units=row.units)
        return found

    @property
    def gains(self) -> pd.DataFrame:
        """The rows of `growth` with all seeds, a row a task."""
        return self.growth[self.growth["seeds"] == len(self.seeds)].reset_index(drop=True)


def compare(frame: pd.DataFrame, declaration: Declaration, recipe: Recipe | None = None, **options) -> Comparison:
    """Compare one shared model with separate models, one per task, and with all else that shares nothing, on a table.

        found = compare(frame, declaration, mode="quick", seeds=range(3))
        found.headline                  # a row a task: gain over the best rival, its interval, the verdict
        report(found).save("report.html")

    frame        your table, a row an impression, as `reading.read` gives it
    declaration  what its columns are; `suggest` drafts one
    recipe       structure, bottom, towers and weighting of the shared model (`Recipe`); None takes the default
    options      of `plan.Plan`: mode, seeds, rates, penalties, tuning_seeds, matters, metric, also

    Both sides choose their settings by validation loss, with equal budgets, on seeds that no result uses. Then each
    trains once a seed, and is judged by AUC (binary labels) or R² (regression) of the test rows. Gains are differences
    on the same rows and seeds, with 95% intervals that hold the luck of training and of the users.

    Returns a `Comparison`: tables of what was tried, scores, gains and verdicts; `report` writes it as one page, and
    `found.ranker()` trains the model to serve. A progress bar says how long it will take.

    Raises ValueError where the table does not pass `check`, or where a part of the split has too few labels, and
    TypeError or ValueError for options of another kind.
    """
    plan = Plan(declaration, recipe, **options)
    problems = must_pass(declaration, frame)
    give_back()
    plan.recipe.check_tasks(declaration.labels, frame)
    table = Table(prepare(declaration, frame), declaration)
    give_back()
    plan = plan.of_rows(table.parts["train"])
    table.check_splits([*plan.tuning_seeds, *plan.seeds])
    table.within = _judged_in_lists(table, plan)
    facts = _facts(table, plan.seeds)  # now: of many rows it takes memory, and there will be less
    quiet = "TQDM_DISABLE" in os.environ  # tqdm's notebook bar does not heed the variable by itself
    options = {"bar_format": BAR, "leave": False, "delay": 1, "smoothing": 0, "disable": quiet}
    with tqdm(total=_calls(plan, table), desc="comparing", **options) as bar:
        work = _Work(table, plan, bar)
        best, tried = _tune(work)
        give_back()
        runs = work.train(best, plan.seeds)
        give_back()
        models = _Models.of(plan.sides, runs)
        scores = _judge(table, models.test)
        growth = _growth(table, plan, models, scores)
        rivals = _rivals(work, best[-1].recipe, models)
        headline = _headline(table, plan, rivals, scores, growth, runs[-1])
        best_of = _best(table, plan, rivals, scores, headline)
        plan, avoided = replace(plan, exponents=_exponents(plan, best_of)), _avoided_labels(plan)
        outputs = models.test | _contributions(table, plan, rivals, best_of)
        beaten = _beaten(table, plan, rivals, scores, headline["form"])
    today = _today(table, plan, outputs, avoided)
    of, coin = today[today["task"].isin(declaration.served)], CHANCE["binary"]
    own, columns = declaration.served, dict.fromkeys(declaration.served.values())
    turned, ahead = (of["was"] < coin).all() and (of["most"] < coin).any(), of[of["high"] < -FAR_BEHIND]
    doubts = [Problem(False, column, REVERSED, doubt=True) for column in columns if turned]
    doubts += [Problem(False, own[row.task], REFRESHED.format(row), asked=True) for row in ahead.itertuples()]
    problems += settle(declaration, doubts)
    return Comparison(
        **{option.name: getattr(plan, option.name) for option in fields(plan) if option.init},
        **{name: getattr(table, name) for name in ("parts", "users", "spans", "days")},
        frame=frame,
        problems=problems,
        reading=frame.attrs.get(READING),
        facts=facts,
        tried=tried,
        tuned=pd.DataFrame(_settings(side, side.recipe) | {"edge": _edge(plan, side.recipe)} for side in best),
        scores=scores,
        growth=growth,
        beaten=beaten,
        headline=headline,
        best=best_of,
        today=today,
        cost=_cost(plan, runs),
        outputs=outputs,
    )


def _column_needs(ranker: Ranker, own: Declaration, rows: pd.DataFrame) -> pd.DataFrame:
    """leans, without: for each row of its `Ranker.evaluate`, which column it needs most, and what is left of the metric
    if that is shuffled over the rows. "" and NaN where more is worse, as of a loss."""
    order = np.random.default_rng(0).permutation(len(rows))
    left = {}
    for column in own.features():
        names = own.places().get(column, [column])
        shuffled = rows.assign(**{name: rows[name].iloc[order].set_axis(rows.index) for name in names})
        found = ranker.evaluate(shuffled, own.group or own.user)
        left[column] = found["value"].where(found["metric"].isin(("auc", "gauc", "r2")), np.inf)
    left = pd.DataFrame(left).fillna(np.inf)
    least = left.min(axis=1).replace(np.inf, np.nan)
    return pd.DataFrame({"leans": left.idxmin(axis=1).where(least.notna(), ""), "without": least})


# --- what is measured -------------------------------------------------------------------------------------------------


class _Work(NamedTuple):
    """What trains: the table, the plan, and the bar that is told after each call how much of the work it was."""

    table: Table
    plan: Plan
    bar: tqdm

    def train(self, sides: list[Side], seeds: list[int], **options) -> list[list[_Run]]:
        """Each of the models with each of the seeds: for each model its runs, one a group of seeds."""
        found = [[] for _ in sides]
        for (side, runs), group in itertools.product(zip(sides, found, strict=True), _together(self.table, seeds)):
            runs.append(_train(self.table, tasks=side.tasks, recipe=side.recipe, seeds=group, **options))
            self.bar.update(len(group) * options.get("share", 1))
        return found


def _calls(plan: Plan, table: Table) -> float:
    """How much work there is at least: a training run on all rows, and a yardstick, are one each."""
    splits, share = 1 if table.by_time else len(plan.seeds), _to_tune(plan, table)
    fitted = len(plan.declaration.labels) * len(yardsticks.NAMES) * splits * (YARDSTICKS in plan.also and share == 1)
    tuned = plan.settings * len(plan.to_tune) * share
    return len(plan.sides) * (tuned + len(plan.seeds)) + len(plan.controls) * len(plan.seeds) + fitted


def _to_tune(plan: Plan, table: Table) -> float:
    """The share of the training rows on which settings are searched: all, but in a quick look at a large table."""
    return min(1.0, TIMED / table.parts["train"]) if plan.mode == QUICK else 1.0


def _tune(work: _Work) -> tuple[list[Side], pd.DataFrame]:
    """Each side with the settings that are best on the tuning seeds, by validation loss; and a row for all it tried."""
    plan, best, losses = work.plan, list(work.plan.sides), {}
    share = _to_tune(plan, work.table)
    for stage in plan.stages:
        new = [[replace(side.recipe, **choice) for choice in stage.choices] for side in best]
        tried = [list(recipes) for recipes in new]
        while any(new):
            asked = [
                (k, recipe) for k, recipes in enumerate(new) for recipe in recipes if (k, repr(recipe)) not in losses
            ]
            sides = [best[place]._replace(recipe=recipe) for place, recipe in asked]
            runs_of = work.train(sides, plan.to_tune, share=share, brief=True)
            for (place, recipe), runs in zip(asked, runs_of, strict=True):
                losses[place, repr(recipe)] = (recipe, sum(run.loss for run in runs) / (len(plan.to_tune) or np.nan))
            for place, recipes in enumerate(tried):
                won = min(recipes, key=lambda recipe, place=place: losses[place, repr(recipe)][1])
                best[place] = best[place]._replace(recipe=won)
                new[place] = _further(stage, recipes, won)
                recipes += new[place]
            work.bar.total += sum(map(len, new)) * len(plan.to_tune) * share
    tried = [_settings(best[place], recipe) | {"loss": loss} for (place, _), (recipe, loss) in losses.items()]
    return best, pd.DataFrame(tried)


def _further(stage: Stage, tried: list[Recipe], won: Recipe) -> list[Recipe]:
    """The next step on the ladder, where the best so far is at the end of what was tried."""
    if not stage.ladder:
        return []
    (name,) = stage.choices[0]
    values, value = [getattr(recipe, name) for recipe in tried], getattr(won, name)
    place = stage.ladder.index(value)
    for step, end in ((1, max), (-1, min)):
        if value == end(values) and 0 <= place + step < len(stage.ladder):
            return [replace(won, **{name: stage.ladder[place + step]})]
    return []


def _settings(side: Side, recipe: Recipe) -> dict:
    """What a search may change."""
    own = {name: getattr(recipe, name) for name in ("bottom", "lr", "l2_embedding", "dropout", "units")}
    return {"model": side.name, "tasks": " + ".join(side.tasks)} | own


def _edge(plan: Plan, recipe: Recipe) -> str:
    """Which settings lie at the end of what could be tried: beyond it may be a better one. Below 0 there is none."""
    found = []
    for stage in plan.stages:
        for name in stage.choices[0]:
            values, value = stage.ladder or sorted({choice[name] for choice in stage.choices}), getattr(recipe, name)
            if len(values) > 1 and value and value in (values[0], values[-1]):
                found.append(name)
    return ", ".join(found)


class _Models(NamedTuple):
    """What models say of the test rows and of the validation rows: {(model, task, seed): outputs} each."""

    test: dict[tuple[str, str, int], np.ndarray]
    valid: dict[tuple[str, str, int], np.ndarray]

    @staticmethod
    def of(sides: Sequence[Side], runs: list[list[_Run]]) -> _Models:
        """From the runs of each side."""
        each = [(side.name, run) for side, own in zip(sides, runs, strict=True) for run in own]
        test = {(name, *key): output for name, run in each for key, output in run.outputs.items()}
        return _Models(test, {(name, *key): output for name, run in each for key, output in run.valid.items()})

    def add(self, name: str, task: str, seed: int, valid: np.ndarray, test: np.ndarray) -> None:
        """Kept with the digits that a network has: of a million rows the double ones would take 100 MB more."""
        key = name, task, seed
        self.valid[key], self.test[key] = (np.asarray(outputs, np.float32) for outputs in (valid, test))

    def sides(self, task: str, shared: str) -> tuple[list[str], list[str]]:
        """The shared model in each form, first as it is, and all other models of a task."""
        names = dict.fromkeys(name for name, own, _ in self.test if own == task)
        ours = [name for name in names if name == shared or name.startswith(SHARED)]
        return ours, [name for name in names if name not in ours]


def _growth(table: Table, plan: Plan, models: _Models, scores: pd.DataFrame) -> pd.DataFrame:
    """The gains of the first seeds, of more, and of all."""
    seeds, counts = plan.seeds, [count for count in COUNTS if count < len(plan.seeds)] + [len(plan.seeds)]
    first = {count: scores[scores["seed"].isin(seeds[:count])] for count in counts}
    return pd.DataFrame(
        _sharing_gain(table, task, plan.recipe.structure, models.test, first[count], plan.matters)
        for count, task in itertools.product(counts, table.tasks)
    )


def _rivals(work: _Work, recipe: Recipe, models: _Models) -> _Models:
    """The models of both sides, and all else that the plan asks to compare the shared one with."""
    table, plan = work.table, work.plan
    models, splits = _Models(dict(models.test), dict(models.valid)), [0] if table.by_time else plan.seeds
    if YARDSTICKS in plan.also:
        names = yardsticks.NAMES if _to_tune(plan, table) == 1 else ()  # a quick look at a large table fits none
        fitted = {}
        for task, name, split in itertools.product(table.tasks, names, splits):
            fitted[task, name, split] = _yardstick(table, name, task, split)
            work.bar.update(1)
        counted = {(task, split): _counts(table, task, split) for task in table.tasks for split in splits}
        for task, seed in itertools.product(table.tasks, plan.seeds):
            split = 0 if table.by_time else seed
            known = counted[task, split] | {name: fitted[task, name, split] for name in names}
            for side, called in ((SINGLE, ""), (plan.recipe.structure, SHARED)):
                known |= {called + way: both for way, both in _fusions(table, task, seed, models, side).items()}
            for name, (valid, test) in known.items():
                models.add(name, task, seed, valid, test)
    for task in plan.controls:
        side = Side(CONTROL, tuple(table.tasks), recipe)
        shuffled = _Models.of([side], work.train([side], plan.seeds, kept=task))
        for key in ((CONTROL, task, seed) for seed in plan.seeds):
            models.add(*key, shuffled.valid[key], shuffled.test[key])
    return models


def _beaten(table: Table, plan: Plan, models: _Models, scores: pd.DataFrame, forms: Sequence[str]) -> pd.DataFrame:
    """How good each yardstick of a task is, and how far ahead of the better side; the shared model's fusions too."""
    found = []
    for (task, kind), form in zip(table.tasks.items(), forms, strict=True):
        seeds, _ = _live(task, scores)
        ours, (_, *names) = models.sides(task, plan.recipe.structure)  # the first of the others is its own model
        values = {name: _values(table, models.test, task, name, seeds).mean() for name in [SINGLE, *ours, *names]}
        better = max((SINGLE, ours[0] if form == AS_IS else SHARED + form), key=values.get)
        for name in [*ours[1:], *names]:
            lead, _ = _lead(table, models.test, task, name, better, seeds, 1 - 0.05 / len(names))
            row = {"task": task, "yardstick": name, "metric": _metric(table, task), "value": values[name]}
            row |= {"ahead": lead.mean, "low": lead.low, "high": lead.high}
            if kind == "binary" and table.declaration.user is not None:
                own = {(name, task, seed): models.test[name, task, seed] for seed in seeds}
                row["gauc"] = _judge(table, own)["gauc"].mean()
            found.append(row)
    return pd.DataFrame(found)


def _headline(
    table: Table, plan: Plan, models: _Models, scores: pd.DataFrame, growth: pd.DataFrame, shared: list[_Run]
) -> pd.DataFrame:
    """For each task the gain of the shared model at its best over the best that shares nothing."""
    rows = []
    for task, kind in table.tasks.items():
        seeds, judged = _live(task, scores)
        (ours, names), matters = models.sides(task, plan.recipe.structure), plan.matters[kind]
        every = [*ours, *names]
        known = {name: _values(table, models.valid, task, name, seeds, VALID).mean() for name in every}
        best, lead = partial(max, key=known.get), partial(_lead, table, models.test, task, seeds=seeds)
        several = [[name for name in names if name in some] for some in (COUNTED, FUSIONS)]  # of each kind the best
        contenders = [name for name in names if not any(name in some for some in several)]
        contenders += [best(some) for some in several if some]
        form, rival = best(ours), best(contenders)
        leads = {name: lead(form, name)[0] for name in contenders}
        nearest = min(contenders, key=lambda name: leads[name].mean)
        learnt = any(_learnt_anything(table, models.test, task, name, seeds, 2) for name in (form, rival))
        low, high = min(one.low for one in leads.values()), leads[rival].high
        said = verdict(low, high, matters) if judged else UNDECIDED
        each_gain, hurried = np.nan, False
        if said == OPPOSITE and rival != CONTROL:  # which has one state for all, too
            at_its_own = _at_its_own(table, plan, models, shared, task, seeds, rival)
            each_gain = at_its_own.mean
            hurried = at_its_own.high >= -matters and each_gain > leads[rival].mean / 2
        said = UNDECIDED if hurried else said
        row = {"task": task, "metric": _metric(table, task), "nearest": nearest, "gain": leads[nearest].mean}
        row |= {"rival": rival, "rival_gain": leads[rival].mean, "low": low, "high": high}
        row |= {"verdict": said, "matters": matters, "hurried": hurried, "each_gain": each_gain}
        row |= {"form": AS_IS if form == ours[0] else form.removeprefix(SHARED)}
        row |= {"plain_gain": lead(ours[0], nearest)[0].mean, "dead": len(plan.seeds) - len(seeds) * judged}
        level, _ = lead(max(every, key=lambda name: _values(table, models.test, task, name, seeds).mean()), None)
        row |= {"measured": len(contenders) > 1, "learnt": learnt, "level": level.mean, "surely": level.low}
        row["between"] = np.nan if learnt or task not in table.within else _between(table, task, models, every, seeds)
        row["today"] = np.nan if learnt or kind != "binary" else _told_today(table, task, seeds)
        row |= {"seeds_needed": _seeds_needed(leads, rival, matters) if judged and said == UNDECIDED else 0}
        control = leads[CONTROL][:3] if CONTROL in leads else (np.nan,) * 3
        row |= dict(zip(("control_gain", "control_low", "control_high"), control, strict=True))
        rows.append(row)
    own = growth[growth["seeds"] == len(plan.seeds)].set_index("task")[["gain", "low", "high", "verdict"]]
    found = pd.DataFrame(rows).join(own.add_prefix("own_"), on="task")
    alone = found["learnt"].sum() - found["learnt"] == 0  # no other label to learn from
    spoilt = (found["verdict"] == OPPOSITE) & (found["own_gain"] < -found["matters"])
    spoilt &= ~found["learnt"].all()  # by the noise of a label that is shared, too
    found.loc[~found["learnt"] | ((found["verdict"] == HOLDS) & alone) | spoilt, "verdict"] = UNDECIDED
    return found


def _at_its_own(
    table: Table, plan: Plan, models: _Models, shared: list[_Run], task: str, seeds: Sequence[int], rival: str
) -> Gain:
    """The gain of the shared model over this rival with each task at its own best epoch, as the separate models have
    it: as it is, or fused, as they may be."""
    each = _Models({}, {})
    for run in shared:
        for key in run.outputs:
            each.add(EACH, *key, *(part[key] for part in run.each))
    for seed in seeds if YARDSTICKS in plan.also else ():
        for way, both in _fusions(table, task, seed, each, EACH).items():
            each.add(f"{EACH}, {way}", task, seed, *both)
    names = dict.fromkeys(name for name, own, _ in each.test if own == task)
    form = max(names, key=lambda name: _values(table, each.valid, task, name, seeds, VALID).mean())
    return _lead(table, models.test | each.test, task, form, rival, seeds=seeds)[0]


def _best(table: Table, plan: Plan, models: _Models, scores: pd.DataFrame, headline: pd.DataFrame) -> pd.DataFrame:
    """For each task what to serve."""
    rows = []
    behind = apart(headline) | headline["hurried"]
    for (task, kind), any_learnt, lost in zip(table.tasks.items(), headline["learnt"], behind, strict=True):
        seeds, _ = _live(task, scores)
        ours, others = models.sides(task, plan.recipe.structure)
        names = [name for name in [*ours * (not lost), *others] if name not in (CONTROL, BY_USER)]
        within = table.in_lists(task, plan.seeds[0])
        known = {name: _values(table, models.valid, task, name, seeds, VALID, within).mean() for name in names}
        values = {name: _values(table, models.test, task, name, seeds, TEST, within).mean() for name in names}
        least = max([CHANCE[kind], *(values[name] for name in names if name in COUNTED)])  # a mean costs nothing
        served = (name for name in names if name != TREES)
        name, *others = sorted(served, key=lambda name: (values[name] >= least, known[name]), reverse=True)
        plain = next(one for one in [name, *others] if one.removeprefix(SHARED) not in FUSIONS)
        if name != plain and values[plain] >= least:
            ahead, _ = _lead(table, models.valid, task, name, plain, seeds, within=within, part=VALID)
            name = name if ahead.mean > ahead.users else plain
        row = {"task": task, "metric": _metric(table, task, within), "name": name, "value": values[name]}
        row["learnt"] = any_learnt and _learnt_anything(table, models.test, task, name, seeds, 1, within)
        row |= {"trees": values[TREES] - values[name] if known.get(TREES, -np.inf) > known[name] else np.nan}
        rows.append(row)
    return pd.DataFrame(rows)


def _exponents(plan: Plan, best: pd.DataFrame) -> dict[str, float]:
    """Of the score that orders a list; none where of all that is wanted nothing is left, and it would only avoid."""
    learnt = best.loc[best["learnt"], "task"].tolist()
    asked = dict.fromkeys(learnt, 1 / max(1, len(learnt))) if plan.exponents is None else plan.exponents
    left = {task: float(asked[task]) for task in learnt if asked.get(task)}
    return left if max(asked.values(), default=0) <= 0 or max(left.values(), default=0) > 0 else {}


def _avoided_labels(plan: Plan) -> set[str]:
    """Labels of what should not happen."""
    return {task for task, exponent in (plan.exponents or {}).items() if exponent < 0}


def _contributions(table: Table, plan: Plan, models: _Models, best: pd.DataFrame) -> dict[tuple, np.ndarray]:
    """{(BEST, task, seed): what the model that is best for a task contributes to a score of the test rows}."""
    found = {}
    for (task, name), seed in itertools.product(best[["task", "name"]].itertuples(index=False), plan.seeds):
        known, output = (of[name, task, seed] for of in (models.valid, models.test))
        if name.removeprefix(SHARED) in NO_UNIT:
            mask, labels, _ = table.seen(task, seed, VALID)
            scores = torch.tensor(known[mask]).double()
            slope, start = calibration(scores, torch.tensor(labels), table.tasks[task], torch.tensor(output).double())
            output = slope * output + start
        found[BEST, task, seed] = contribution(output, (0.0, 1.0))  # a number has mean 0 and deviation 1
    return found


def _today(table: Table, plan: Plan, outputs: dict, avoided: set[str]) -> pd.DataFrame:
    """How far one list, by what is best and these exponents, is ahead of that of today, for each label."""
    own, exponents, matters = table.declaration, plan.exponents, plan.matters.get("binary", MATTERS["binary"])
    judged, lists = table.for_order(avoided), {}
    for seed in plan.seeds if own.served and exponents else ():
        rows = table.frame.iloc[table.rows(seed)[TEST]]
        ours = fuse({task: outputs[BEST, task, seed] for task in exponents}, exponents)
        theirs = fused_today(ranks_today(own, rows), exponents)
        lists |= {("today", task, seed): theirs for task in own.labels}
        lists |= {(BEST, task, seed): ours for task in own.labels}
    found, columns = [], " and ".join(dict.fromkeys(own.served.values()))
    columns += ", fused as ours" * (len(set(own.served.values())) > 1)
    for task in own.labels if lists else ():
        if any(len(np.unique(judged.seen(task, seed)[1])) < 2 for seed in plan.seeds):
            continue  # all test rows are on one side of the mean
        within = judged.in_lists(task, plan.seeds[0])
        lead, _ = _lead(judged, lists, task, BEST, "today", plan.seeds, within=within)
        value = _values(judged, lists, task, BEST, plan.seeds, within=within).mean()
        what = ("no " if task in avoided else "") + task + " above its mean" * (own.labels[task] != "binary")
        most = _lead(judged, lists, task, "today", None, plan.seeds, 1 - 0.05 / len(own.labels), within)[0].high
        found.append([task, what, columns, _metric(judged, task, within), value, value - lead.mean, most, *lead[:3]])
        found[-1] += [matters, verdict(lead.low, lead.high, matters)]
    return pd.DataFrame(found, columns=TODAY)


@validate.checked
def ranks_today(declaration: Declaration, rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """{task: its score of today, as shares in (0, 1]}; of one column that orders all lists, its first task alone."""
    columns = list(declaration.served.items())
    columns = columns[:1] if len({column for _, column in columns}) == 1 else columns
    return {task: rows[column].astype(float).rank(pct=True).to_numpy() for task, column in columns}


@validate.checked
def fused_today(ranks: dict[str, np.ndarray], exponents: dict[str, float]) -> np.ndarray:
    """The score that orders a list today: one column, or several fused as ours, as nothing says how they are."""
    asked = {task: exponents[task] for task in ranks if exponents.get(task)}
    return next(iter(ranks.values())) if len(ranks) == 1 else fuse(ranks, asked or dict.fromkeys(ranks, 1.0))


def _learnt_anything(
    table: Table, outputs: dict, task: str, name: str, seeds: Sequence[int], looks: int, within: bool = False
) -> bool:
    """Whether a model can be told from guessing, by the luck of the test rows: of a coin there is no other."""
    level, _ = _lead(table, outputs, task, name, None, seeds, within=within)
    half = half_width(0.0, 2, 0.0, level.users, level.units, 1 - 0.05 / looks)
    return level.mean - half > CHANCE[table.tasks[task]]


def _between(table: Table, task: str, models: _Models, names: list[str], seeds: Sequence[int]) -> float:
    """The AUC over all rows of the model that is best by that; NaN where it cannot surely be told from guessing."""
    over_all = copy(table)
    over_all.within = frozenset()
    name = max(names, key=lambda one: _values(over_all, models.valid, task, one, seeds, VALID).mean())
    learnt = _learnt_anything(over_all, models.test, task, name, seeds, 1)
    return _values(over_all, models.test, task, name, seeds).mean() if learnt else np.nan


def _told_today(table: Table, task: str, seeds: Sequence[int]) -> float:
    """What today's score reaches; NaN where there is none, or it cannot surely be told from guessing."""
    own, name, scores = table.declaration, "today", {}
    for seed in seeds if own.served else ():
        rows = table.frame.iloc[table.rows(seed)[TEST]]
        scores[name, task, seed] = fused_today(ranks_today(own, rows), {})
    learnt = bool(scores) and _learnt_anything(table, scores, task, name, seeds, 1)
    return _values(table, scores, task, name, seeds).mean() if learnt else np.nan


def _seeds_needed(leads: dict[str, Gain], rival: str, matters: float) -> float:
    """How many seeds would decide, if means and spreads stay as they are; NaN if no number of them would."""
    for seeds in range(leads[rival].seeds, max(leads[rival].seeds, MOST_SEEDS) + 1):
        ends = min(lead.at(seeds)[0] for lead in leads.values()), leads[rival].at(seeds)[1]
        if verdict(*ends, matters) != UNDECIDED:
            return seeds
    return np.nan


def _cost(plan: Plan, runs: list[list[_Run]]) -> pd.DataFrame:
    """Parameters and mean seconds of one training run, all single-task models together."""
    rows = [
        {"model": side.name, "tasks": side.tasks, "parameters": run.parameters, "seconds": run.seconds}
        for side, runs_of in zip(plan.sides, runs, strict=True)
        for run in runs_of
    ]
    means = pd.DataFrame(rows).groupby(["model", "tasks"], sort=False)[["parameters", "seconds"]].mean()
    return means.groupby("model", sort=False).sum().astype({"parameters": int}).reset_index()


# --- training ---------------------------------------------------------------------------------------------------------


class _Run(NamedTuple):
    """Models that were trained together, one a seed: the sum of their best total validation losses, {(task, seed):
    outputs for the test rows}, the same for the validation rows, the parameters of one model, the seconds of computing
    that it took, and, of several tasks, what they say of validation and test rows each at its own best epoch."""

    loss: float
    outputs: dict[tuple[str, int], np.ndarray]
    valid: dict[tuple[str, int], np.ndarray]
    parameters: int
    seconds: float
    each: list[dict[tuple[str, int], np.ndarray]]


def _together(table: Table, seeds: Sequence[int]) -> list[list[int]]:
    """The seeds in groups that train together: of large tables each alone, as where their parts differ in size."""
    size = 1 if table.declaration.new_users or COPY in table.frame else max(1, ROWS_TOGETHER // len(table.frame))
    return [list(seeds[start : start + size]) for start in range(0, len(seeds), size)]


def _train(
    table: Table,
    tasks: Sequence[str],
    recipe: Recipe,
    seeds: list[int],
    share: float = 1,
    kept: str | None = None,
    brief: bool = False,
) -> _Run:
    """One model of these tasks for each seed, trained together on this share of the training rows.

    kept    a task: the labels of all others are shuffled over the training rows, so that they tell it nothing
    brief   as of `Recipe.training`
    """
    kinds = {task: table.tasks[task] for task in tasks}
    sets = [[part.only(*tasks) for part in table.drawn(seed, share)] for seed in seeds]
    if kept is not None:
        sets = [[_shuffled(one[0], kept, seed), *one[1:]] for one, seed in zip(sets, seeds, strict=True)]
    models = [recipe.model(table.features, kinds, seed, one[0]) for seed, one in zip(seeds, sets, strict=True)]
    if len(seeds) == 1 or (table.by_time and share == 1 and kept is None):
        train, valid, test = sets[0]  # for all seeds the same
    else:
        train, valid, test = (Examples.stack(list(part)) for part in zip(*sets, strict=True))
    start = time.process_time()  # a busy machine does not count
    run = fit(models, train, valid, seed=seeds, progress=False, **recipe.training(len(train), brief))
    seconds = (time.process_time() - start) / len(seeds)
    totals = run.history[run.history["task"] == TOTAL]
    several, parts = len(tasks) > 1 and kept is None and not brief, [valid.inputs, test.inputs]
    known, outputs, *each = (
        {(task, seed): found[task][i].numpy() for task in tasks for i, seed in enumerate(seeds)}
        for found in [*(predict(models, part) for part in parts), *(run.predict(part) for part in parts * several)]
    )
    loss = float(totals.groupby("copy")["valid"].min().sum())
    return _Run(loss, outputs, known, parameter_count(models[0]), seconds, each)


def _shuffled(train: Examples, kept: str, seed: int) -> Examples:
    """The labels of all tasks but one go to other rows, with whether they were observed and what they count."""
    order = np.random.default_rng([seed, 25]).permutation(len(train))
    moved = {
        name: {task: values if task == kept else values[order] for task, values in getattr(train, name).items()}
        for name in ("labels", "masks", "weights")
    }
    return replace(train, **moved)


def _yardstick(table: Table, name: str, task: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What one of `yardsticks` says of the validation and of the test rows: of all that it tried, the best for the
    validation rows."""
    train, valid, test = (part.only(task) for part in table.sets(seed))
    return tuple(yardsticks.best(name, table.features, train, valid, valid.inputs, test.inputs))


# --- what the outputs for the test rows say ---------------------------------------------------------------------------


def _judged_in_lists(table: Table, plan: Plan) -> frozenset[str]:
    """The labels of which enough lists have both values in each split; ValueError where that is none."""
    if plan.metric != WITHIN:
        return frozenset()
    seeds = [0] if table.by_time else plan.seeds
    found = frozenset(task for task in table.tasks if all(table.in_lists(task, seed) for seed in seeds))
    if not found:
        came = f"{WITHIN!r}, and no label of which {MANY_ORDERS} lists to validate, and to test, have both values"
        validate.fail("metric", came, "such a label, or 'AUC'")
    return found


def _metric(table: Table, task: str, within: bool = False) -> str:
    return WITHIN if (within or task in table.within) and table.tasks[task] == "binary" else METRICS[table.tasks[task]]


def _score(table: Table, metric: str, output: np.ndarray, labels: np.ndarray, rows: np.ndarray) -> float:
    """AUC or R² of outputs for these rows, or GAUC within lists."""
    return gauc(output, labels, table.lists[rows]).value if metric == WITHIN else SCORES[metric](output, labels)


def _ahead(table: Table, metric: str, ours, other, labels: np.ndarray, rows: np.ndarray) -> tuple[float, np.ndarray]:
    """What one score is ahead of another (None: of nothing, that is, its metric), and how much each row moves that."""
    if other is not None:
        (value, moved), (less, fewer) = (_ahead(table, metric, one, None, labels, rows) for one in (ours, other))
        return value - less, moved - fewer
    lists = (table.lists[rows],) if metric == WITHIN else ()
    return _score(table, metric, ours, labels, rows), INFLUENCES[metric](ours, labels, *lists)


def _judge(table: Table, outputs: dict[tuple, np.ndarray]) -> pd.DataFrame:
    """A row for each of {(model, task, seed): outputs}: metric, value, and gauc with a user."""
    rows = []
    for (model, task, seed), output in outputs.items():
        mask, label, own = table.seen(task, seed)
        row = {"seed": seed, "model": model, "task": task, "metric": _metric(table, task)}
        row["value"] = _score(table, row["metric"], output[mask], label, own)
        row["constant"] = bool(np.ptp(output[mask]) < SAME)
        if table.tasks[task] == "binary" and table.declaration.user is not None:
            row["gauc"] = np.nan
            with suppress(ValueError):  # no user has labels of both classes
                row["gauc"] = gauc(output[mask], label, table.clusters["users"][own]).value
        rows.append(row)
    return pd.DataFrame(rows)


def _sharing_gain(
    table: Table, task: str, structure: str, outputs: dict, scores: pd.DataFrame, matters: dict[str, float]
) -> dict:
    """The gain of one task over its own model with its interval and verdict, over the seeds with which both learnt."""
    kind, count = table.tasks[task], scores["seed"].nunique()
    seeds, judged = _live(task, scores)
    found, clusters = _lead(table, outputs, task, structure, SINGLE, seeds)
    single, shared = (_values(table, outputs, task, name, seeds).mean() for name in (SINGLE, structure))
    said = verdict(found.low, found.high, matters[kind]) if judged else UNDECIDED
    needed = seeds_needed(found, matters[kind]) if judged and said == UNDECIDED else 0
    row = {"task": task, "metric": _metric(table, task), "gain": found.mean, **found._asdict()}
    row |= {"single": single, "shared": shared, "verdict": said, "matters": matters[kind], "clusters": clusters}
    row |= {"seeds": count, "dead": count - len(seeds) * judged}
    return row | {"seeds_needed": np.nan if needed is None else needed}


def _lead(
    table: Table,
    outputs: dict,
    task: str,
    name: str,
    other: str | None,
    seeds: Sequence[int],
    level: float = 0.95,
    within: bool = False,
    part: str = TEST,
) -> tuple[Gain, str]:
    """How far one model is ahead of another (`_ahead`) with its interval, and what the test rows were drawn as."""
    values, moved, rows = [], [], []
    for seed in seeds:
        mask, label, numbers = table.seen(task, seed, part)
        scores = (None if of is None else outputs[of, task, seed][mask] for of in (name, other))
        value, moves = _ahead(table, _metric(table, task, within), *scores, label, numbers)
        values.append(value)
        moved.append(moves / len(seeds))
        rows.append(numbers)
    error, units, clusters = _luck(table.clusters, np.concatenate(moved), np.concatenate(rows))
    return gain(np.array(values), table.parts[TEST] / table.parts["train"], error, units, level), clusters


def _values(
    table: Table, outputs: dict, task: str, name: str, seeds: Sequence[int], part: str = TEST, within: bool = False
) -> np.ndarray:
    """The metric of a model of a task, one a seed."""
    metric, of = _metric(table, task, within), [(outputs[name, task, s], *table.seen(task, s, part)) for s in seeds]
    return np.array([_score(table, metric, output[mask], *known) for output, mask, *known in of])


def _live(task: str, scores: pd.DataFrame) -> tuple[list[int], bool]:
    """The seeds with which both sides have learnt a task, and True; all of them, and False, where fewer than two have:
    it is then undecided, whatever it is."""
    dead = scores[scores["task"] == task].groupby("seed", sort=False)["constant"].any()
    live = dead.index[~dead].tolist()
    return (live, True) if len(live) >= 2 else (dead.index.tolist(), False)


def _counts(table: Table, task: str, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What each of `COUNTED` that the declaration allows says of the validation and of the test rows: means over the
    training rows."""
    train, valid, test = table.sets(seed)
    places = {column: place for place, column in enumerate(table.declaration.ids_of_all())}
    of = {name: [getattr(table.declaration, role) for role in roles] for name, roles in COUNTED.items()}
    return {
        name: tuple(
            rates(train, task, part.inputs, [places[c] for c in columns]).numpy().astype(np.float32)
            for part in (valid, test)
        )
        for name, columns in of.items()
        if None not in columns
    }


def _fusions(table: Table, task: str, seed: int, models: _Models, side: str) -> dict[str, tuple]:
    """Late fusion of a side's own outputs of a seed, for the validation and the test rows: of a number the stack
    alone, for product and mean are in no unit; the product only where all labels are binary."""
    kinds = table.tasks
    names = FUSIONS if {*kinds.values()} == {"binary"} else (MEAN, STACK) if kinds[task] == "binary" else (STACK,)
    rows = table.sets(0 if table.by_time else seed)[1]
    known, asked = ({one: of[side, one, seed] for one in kinds} for of in (models.valid, models.test))
    both = {one: np.concatenate([known[one], asked[one]]) for one in kinds}
    ways = pool(known, both, task, rows.labels[task], rows.masks.get(task))
    found = {name: tuple(np.split(ways[name].numpy(), [len(rows)])) for name in names}
    return found | {STACK: (_out_of_fold(known, task, rows), found[STACK][1])}


def _out_of_fold(known: dict[str, np.ndarray], task: str, rows: Examples) -> np.ndarray:
    """What stacks say of validation rows that have not fitted them: each of five is fitted on the others, and scores
    every fifth user (without users, a fifth of the rows as they follow each other). By the rows that it was fitted on a
    stack would be chosen for what it knows of them alone."""
    count, folds = len(rows), yardsticks.FOLDS
    whose = np.arange(count) * folds // count if rows.groups is None else pd.factorize(rows.groups.numpy())[0]
    fitted = whose % folds != np.arange(folds)[:, None]
    copies = {one: np.tile(output, (folds, 1)) for one, output in known.items()}
    labels = rows.labels[task].expand(folds, -1)
    scores = pool(copies, copies, task, labels, fitted & rows.observed(task).numpy())[STACK].numpy()
    if np.isin(rows.labels[task], (0, 1)).all():
        scores -= scores.mean(1, keepdims=True)  # a level tells how many events were among the rows that fitted it
    return np.choose(whose % folds, scores)


def _luck(clusters: dict[str, np.ndarray], moved: np.ndarray, rows: np.ndarray) -> tuple[float, int, str]:
    """The luck of the test rows: standard error, clusters and what they are, of those with the widest interval."""
    drawn = {name: ids[rows] for name, ids in clusters.items()}
    few = [name for name in ("days", "groups") if name in drawn and len(np.unique(drawn[name])) < FEWEST_CLUSTERS]
    lucks = [(*over_users(moved, ids), name) for name, ids in drawn.items() if name not in few]
    return max(lucks, key=lambda luck: half_width(0.0, 2, 0.0, *luck[:2]))


def _facts(table: Table, seeds: Sequence[int]) -> pd.DataFrame:
    """A row a task: kind, by part how many labels there are and their mean, and `by item`, the metric of the mean
    training label of each item, over all splits."""
    item, splits = table.declaration.item, [0] if table.by_time else seeds
    items = None if item is None else pd.factorize(table.frame[item])[0]  # of many rows, words would take much memory
    facts = []
    for task, kind in table.tasks.items():
        row, labels, by_item = {"task": task, "kind": kind}, table.frame[task].to_numpy(float), []
        for name in table.parts:
            rows = table.seen(task, 0, name)[2]
            row |= {f"{name} labels": len(rows), f"{name} mean": float(labels[rows].mean())}
        for seed in () if items is None else splits:
            train, test = (table.seen(task, seed, part)[2] for part in ("train", TEST))
            means = by_ids([items[train]], labels[train], [items[test]])
            by_item.append(_score(table, _metric(table, task), means, labels[test], test))
        facts.append(row | {"by item": np.mean(by_item) if by_item else np.nan})
    return pd.DataFrame(facts)

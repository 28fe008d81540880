"""One list from several predictions: what its first rows bring of two goals, as the exponents of the score change.

    ranked = Lists.of(found, k=3)                    # found: a Comparison; the lists are those of its test rows
    ranked.figure()                                  # one goal against the other, over the weights
    ranked.table({"click": 0.3, "like": 0.7})        # gain over a random order, NDCG and GAUC of each goal
    ranked.most("like", {"click": 0.98})             # exponents of the most likes with at least 98% of the clicks
    ranker = found.ranker(kind="best")               # or the shared model, found.ranker()
    ranker.exponents = {"click": 0.3, "like": 0.7}   # saved, exported and served with it

A list is what competed for one place: the test rows of one user, or of one session or request where the declaration has
a group. Its score is Π part^exponent (`ranker.fuse`). Three sources give the parts: what would be served (the shared
model, or of kind "best" what is best for each task), the separate single-task models, and counts, which train nothing;
and a fourth is what is served today, if that was declared. The gain is over the same list in a random order, so that a
list in which everything was clicked says nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..display import figures
from ..evaluation.counts import rates
from ..evaluation.intervals import gain, over_users
from ..evaluation.metrics import gauc, user_ndcg
from ..evaluation.statistics import users_needed
from ..support import validate
from .comparison import AS_PLANNED, BEST, KINDS, Comparison, fused_today, ranks_today
from .plan import SINGLE
from .preparation import Table, prepare
from .ranker import contribution, fuse

SHARED, SEPARATE, COUNTS, TODAY = ("shared model", "separate models", "counts", "what you serve today")
OURS = {AS_PLANNED: SHARED, BEST: "what is best"}  # what would be served, of each kind
WEIGHTS = tuple(round(0.1 * step, 1) for step in range(11))  # of the first goal; the second has the rest
MODELS = 3  # seeds of each model at most: their mean is judged
LONGEST = 10  # places of a list that count, unless told otherwise
NAMES = dict.fromkeys(OURS.values(), (-1, (9, -4)))  # in the figure
NAMES |= {SEPARATE: (0, (0, -18)), COUNTS: (-1, (9, 4)), TODAY: (0, (9, 4))}
FINE, COARSE = 20, 10  # steps from one task alone to another, where exponents are searched: of two tasks, of more


class Trade(NamedTuple):
    """What `Lists.most` found: exponents; of the goal how much more the first k rows bring than those of `over`, with
    its interval; `kept` {task: (share of it that is left, low, high)}; and how many users an arm an A/B test takes."""

    over: str
    exponents: dict[str, float]
    gain: float
    low: float
    high: float
    kept: dict[str, tuple[float, float, float]]
    users: float


@dataclass(frozen=True)
class Lists:
    """The test rows as lists, with what shared model, separate models and counts predict of each row.

    Make it with `Lists.of(found)`. Its methods answer what a list brings if its score is Π prediction^exponent:
    `figure()` draws one goal against the other, and `table(exponents)` gives the gain of
    each goal over a random order, with a 95% interval, NDCG and GAUC.

    by       the column whose values are the lists: user, session, request
    k        how many places of a list count
    goals    the two tasks that are set against each other
    dropped  how many lists have k rows or fewer: their first k rows are the same in any order, so they count nowhere
    parts    {source: {task: predictions (seeds, rows), in (0, 1]}}
    labels   DataFrame, a row for each test row and a column for each task; NaN where the label was not observed
    kinds    {task: "binary" or "regression"}
    list_of  (rows,): the list that each row is in, numbered from 0
    luck     (rows,): the user, or list, of each row, numbered from 0: their rows vary together, as the interval knows
    words    DataFrame, a row for each test row: the row in words, below what they are, and its list, for the explorer
    overlap  test rows / rows that a seed could have trained on, for the interval
    """

    by: str
    k: int
    goals: tuple[str, str]
    dropped: int
    parts: dict[str, dict[str, np.ndarray]] = field(repr=False)
    labels: pd.DataFrame = field(repr=False)
    kinds: dict[str, str] = field(repr=False)
    list_of: np.ndarray = field(repr=False)
    luck: np.ndarray = field(repr=False)
    words: pd.DataFrame = field(repr=False)
    overlap: float = field(repr=False)

    @staticmethod
    def of(
        found: Comparison, k: int | None = None, goals: Sequence[str] | None = None, kind: str = AS_PLANNED
    ) -> Lists:
        """Form lists of the test rows, those of a group where one is declared, else of a user, by the outputs of the
        comparison's models. Where the rows were split at random, each seed had a split of its own: then by the first
        seed alone, and intervals hold the luck of the users, not that of training.

        k      by default half of the median list, at most `LONGEST`
        goals  two of the tasks, by default the first two
        kind   what would be served, as of `Comparison.ranker`

        Raises ValueError where no list can be formed, and says why.
        """
        own = found.declaration
        if (column := own.group or own.user) is None:
            expected = "the column whose rows compete for one list: a user, session or request"
            validate.fail("declaration", "neither a user nor a group", expected)
        goals = tuple(list(own.labels)[:2] if goals is None else goals)
        for goal in goals:
            validate.choice("goals", goal, own.labels)
        if len(set(goals)) != 2:
            validate.fail("goals", f"{len(set(goals))} label", "two labels: one goal alone needs no fused score")
        prepared = prepare(own, found.frame)
        table = Table(prepared, own)
        split = 0 if table.by_time else found.seeds[0]
        rows = prepared.loc[table.split(split).test.index]
        kept, list_of, k, dropped = _lists(column, rows[column], k)
        parts = _parts(found, table, split, validate.choice("kind", kind, KINDS))
        return Lists(
            by=column,
            k=k,
            goals=goals,
            dropped=dropped,
            parts={one: {t: np.ascontiguousarray(v[:, kept]) for t, v in of.items()} for one, of in parts.items()},
            labels=rows[list(own.labels)][kept].reset_index(drop=True),
            kinds=own.labels,
            list_of=list_of,
            luck=pd.factorize(rows[own.user or column][kept])[0],
            words=_words(rows[kept], own, column),
            overlap=table.parts["test"] / table.parts["train"],
        )

    @property
    def ours(self) -> str:
        """The source that would be served."""
        return next(iter(self.parts))

    @property
    def count(self) -> int:
        return int(self.list_of.max()) + 1

    def table(self, exponents: dict[str, float]) -> pd.DataFrame:
        """What lists by these exponents, and by each goal alone, bring of the goals and of all that have an exponent.

        Columns list, goal, mean (in the first k rows, more than a random order), low, high (95%), ndcg, gauc. `ndcg`
        and `gauc` are NaN where a goal has none.
        """
        asked, goals = [], dict.fromkeys([*self.goals, *exponents])
        for source in self.parts:
            if source != TODAY:
                asked += [(source, f"{source}, {goal} alone", {goal: 1.0}) for goal in self.goals]
            asked.append((source, source if source == TODAY else f"{source}, fused", exponents))
        scores = [(name, self.scores(source, of)) for source, name, of in asked]
        return pd.DataFrame({"list": name, **self._brings(score, goal)} for name, score in scores for goal in goals)

    def curve(self, weights: Sequence[float] = WEIGHTS) -> pd.DataFrame:
        """A row a source, weight of the first goal, and goal: mean, low, high, as of `table`."""
        a, b = self.goals
        return pd.DataFrame(
            {"source": source, "weight": weight, "goal": goal, **self._interval(self._values(score, goal))}
            for source, weight in itertools.product(self.parts, weights)
            for score in [self.scores(source, {a: weight, b: round(1 - weight, 9)})]
            for goal in self.goals
        )

    def test(self, exponents: dict[str, float], goal: str, over: str) -> dict[str, float]:
        """What an A/B test of our list against that of `over`, by the same exponents, has to find.

        mean, low, high   how much more of the goal the first k rows of our list bring
        sd                between users, of what a list brings
        users, least      an arm, with which 80 tests in 100 find the mean, or the end of the interval farther from 0
        """
        score, rival = self.scores(self.ours, exponents), self.scores(over, exponents)
        effect = self._interval(self._values(score, goal) - self._values(rival, goal))
        sd = self._between_users(self._brought(score, goal))
        sizes = {"users": effect["mean"], "least": max(-effect["low"], effect["high"])}
        return effect | {"sd": sd} | {name: _arm(size, sd) for name, size in sizes.items()}

    def most(self, goal: str, keep: dict[str, float], source: str | None = None, over: str | None = None) -> Trade:
        """The exponents with which the first k rows bring the most of a goal, and keep enough of other tasks.

        keep    {task: share of what `over` brings of it, that must be left}, such as {"click": 0.98}
        source  whose predictions; by default ours
        over    a source, with whose list by equal exponents it is compared; by default what is served today, if that
                was declared, else the source's own list by the first task of `keep` alone

        The exponents are chosen on all lists. The numbers are not theirs: each half of the users is judged by what was
        best for the other half, for what was chosen on a list looks a little better there than it is. So the share that
        is left may be a little below what was asked for.

        Raises ValueError where no exponents keep so much, and says how much they keep, or there is nothing to keep.
        """
        validate.instance("keep", keep, dict, '{task: share}, such as {"click": 0.98}')
        for task in (goal, *keep):
            validate.choice("task to search for", task, self.kinds)
        if goal in keep or not keep:
            validate.fail("keep", repr(keep)[:60], f"one task or more, other than {goal!r}")
        keep = {task: validate.number(f"keep[{task!r}]", share, low=0, high=1) for task, share in keep.items()}
        source = source or self.ours
        first, tried = next(iter(keep)), _exponents([goal, *keep])
        if over is None and TODAY in self.parts:
            over = TODAY
        of_rival = {first: 1.0} if over is None else dict.fromkeys([goal, *keep], 1.0)
        rival, scores = self.scores(over or source, of_rival), [self.scores(source, one) for one in tried]
        before = {task: self._brought(rival, task) for task in (goal, *keep)}
        after = {task: np.stack([self._brought(score, task) for score in scores]) for task in (goal, *keep)}
        half = self._lucky() % 2 == 0
        if none := [task for task in keep if min(before[task][:, one].mean() for one in (half, ~half)) == 0]:
            validate.fail("keep", repr(keep)[:60], f"what both halves of the lists bring: one has no {none[0]!r}")

        def chosen(lists: np.ndarray) -> int:
            left = {task: after[task][..., lists].mean((1, 2)) / before[task][:, lists].mean() for task in keep}
            enough = np.all([left[task] >= share for task, share in keep.items()], axis=0)
            if not enough.any():
                at_most = ", ".join(f"{share.max():.0%} of {task!r}" for task, share in left.items())
                expected = f"at most what some exponents keep on a part of these lists: {at_most}"
                validate.fail("keep", repr(keep)[:60], expected)
            return int(np.where(enough, after[goal][..., lists].mean((1, 2)), -np.inf).argmax())

        of_half = np.where(half, chosen(~half), chosen(half))
        now = {task: np.moveaxis(after[task], 0, -1)[:, np.arange(self.count), of_half] for task in after}
        effect, kept = self._interval(now[goal] - before[goal]), {}
        for task in keep:
            share = now[task].mean() / before[task].mean()
            shares = share + (now[task] - share * before[task]) / before[task].mean()
            kept[task] = tuple(self._interval(shares).values())
        users = _arm(effect["mean"], self._between_users(now[goal]))
        return Trade(over or f"{source}, {first} alone", tried[chosen(half | ~half)], *effect.values(), kept, users)

    def scores(self, source: str, exponents: dict[str, float]) -> np.ndarray:
        """Π part^exponent of one source, `(seeds, rows)`."""
        for task in exponents:
            validate.choice("task of an exponent", task, self.kinds)
        parts = self.parts[validate.choice("source", source, self.parts)]
        return fused_today(parts, exponents) if source == TODAY else fuse(parts, exponents)

    def figure(self, names: Sequence[str] | None = None) -> Figure:
        """One goal against the other: a curve for each source, from the list of one goal alone to that of the other,
        with whiskers at equal exponents alone: all others would hide the curves.

        names  of the goals, where they have others in a figure
        """
        (a, b), (short_a, short_b) = self.goals, names or self.goals
        curve = self.curve().rename(columns={"source": "model"})
        for end in ("low", "high"):
            curve[end] = curve[end].where(curve["weight"] == 0.5, curve["mean"])
        title = f"The top {self.k} of {self.count:,} lists, as the exponent of {short_a} rises"
        x_label = f"{short_a}, more than in a random order (95% intervals at equal exponents)"
        words = {"title": title, "x_label": x_label, "y_label": f"{short_b}, more than in a random order"}
        places = {source: place for source, place in NAMES.items() if source in self.parts}
        return figures.paths(curve, "model", "goal", a, b, **words, names=places)

    # --- what a list brings -------------------------------------------------------------------------------------------

    def _values(self, score: np.ndarray, goal: str) -> np.ndarray:
        """The same, more than in a random order."""
        seen, label = self._seen(goal)
        any_order = _ratio(*(np.bincount(self.list_of, values) for values in (label, seen)))
        return self._brought(score, goal, any_order)

    def _brought(self, score: np.ndarray, goal: str, less: np.ndarray | float = 0.0) -> np.ndarray:
        """Of each list what its first k rows bring: `(seeds, lists)`.

        The mean label of those that were observed among them, times k; a list without such a row brings nothing.
        """
        seen, label = self._seen(goal)
        tops = [_first(row, self.list_of, self.k, seed) for seed, row in enumerate(score)]
        sums = [[np.bincount(self.list_of[top], v[top], self.count) for v in (label, seen)] for top in tops]
        return self.k * np.nan_to_num(np.array([_ratio(*both) for both in sums]) - less)

    def _between_users(self, brought: np.ndarray) -> float:
        """The standard deviation between users of what a list brings."""
        return float(pd.Series(brought.mean(0)).groupby(self._lucky()).mean().std())

    def _seen(self, goal: str) -> tuple[np.ndarray, np.ndarray]:
        """Where a label was observed, and the labels, 0 elsewhere."""
        label = self.labels[goal].to_numpy(float)
        return ~np.isnan(label), np.nan_to_num(label)

    def _lucky(self) -> np.ndarray:
        """Whose each list is: that of its first row."""
        return self.luck[np.unique(self.list_of, return_index=True)[1]]

    def _interval(self, values: np.ndarray) -> dict[str, float]:
        """Mean over lists and seeds of `_values`, with an interval for the luck of training and of the test users."""
        each = values.mean(0)
        error, units = over_users((each - each.mean()) / len(each), self._lucky())
        found = gain(values.mean(1), self.overlap, error, units)
        return {"mean": found.mean, "low": found.low, "high": found.high}

    def _brings(self, score: np.ndarray, goal: str) -> dict[str, object]:
        """The gain, and the two metrics of whole lists."""
        seen, label = self._seen(goal)
        row = {"goal": goal, **self._interval(self._values(score, goal)), "ndcg": np.nan, "gauc": np.nan}
        with suppress(ValueError):  # labels for which the metric has no value
            row["ndcg"] = float(np.mean(user_ndcg(score, label, self.list_of, seen, k=self.k).value))
        with suppress(ValueError):
            if self.kinds[goal] == "binary":
                row["gauc"] = float(np.mean(gauc(score, label, self.list_of, seen).value))
        return row


def _lists(column: str, ids: pd.Series, k: int | None) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Which rows are in a list of more than k rows, the list of each of these, k, and how many lists are too short.

    A row without an id is in no list.
    """
    codes, known = pd.factorize(ids)
    each = np.bincount(codes[codes >= 0], minlength=len(known))
    if each.max(initial=0) < 2:
        came = f"{len(ids):,} test rows, each with a value of its own"
        validate.fail(column, came, "values that rows share: one row alone is no list. Declare the session or request")
    if k is None:
        k = max(1, min(LONGEST, int(np.median(each[each > 1])) // 2))
    k = validate.number("k", k, low=1, whole=True)
    if each.max() <= k:
        validate.fail("k", str(k), f"less than {each.max()}, the rows of the longest list: all others leave no choice")
    if (each > k).sum() < 2:
        validate.fail(column, f"one list of more than {k} test rows", "two or more: one alone does not vary")
    kept = np.append(each > k, False)[codes]  # −1, a missing id, is the last
    return kept, pd.factorize(codes[kept])[0], k, int((each <= k).sum())


def _parts(found: Comparison, table: Table, split: int, kind: str) -> dict[str, dict[str, np.ndarray]]:
    """What each source says of the test rows."""
    tasks, seeds = list(table.tasks), found.seeds[:MODELS]
    seeds = seeds if table.by_time else [split] * len(seeds)
    parts = {}  # a logit contributes its probability, and a label that is a number has mean 0 and deviation 1
    for name, model in {SHARED: found.recipe.structure, SEPARATE: SINGLE}.items():
        stacked = {task: np.stack([found.outputs[model, task, seed] for seed in seeds]) for task in tasks}
        parts[name] = {task: contribution(values, (0.0, 1.0)) for task, values in stacked.items()}
    if table.declaration.item is not None:
        train, _, test = table.sets(split)
        item = table.declaration.ids_of_all().index(table.declaration.item)
        scale = {"binary": None, "regression": (0.0, 1.0)}
        parts[COUNTS] = {
            task: np.tile(contribution(rates(train, task, test.inputs, [item]).numpy(), scale[form]), (len(seeds), 1))
            for task, form in table.tasks.items()
        }
    if table.declaration.served:
        ranks = ranks_today(table.declaration, table.frame.iloc[table.rows(split)["test"]])
        parts[TODAY] = {task: np.tile(rank, (len(seeds), 1)) for task, rank in ranks.items()}
    if kind == BEST:
        of_best = {task: np.stack([found.outputs[BEST, task, seed] for seed in seeds]) for task in tasks}
        parts = {OURS[BEST]: of_best} | {name: of for name, of in parts.items() if name != SHARED}
    return parts


def _words(rows: pd.DataFrame, own, column: str) -> pd.DataFrame:
    """Each row in words: its item, or its number, and two of its ids; and its list."""
    names = [own.item or "row", *[name for name in own.ids if name != column][:2]]
    said = rows.assign(row=rows.index)[names].astype(str).fillna("–").agg(" · ".join, axis=1)
    words = {" · ".join(names): said.str.slice(0, 34), "list": rows[column].astype(str)}
    return pd.DataFrame(words).reset_index(drop=True)


def _first(score: np.ndarray, list_of: np.ndarray, k: int, seed: int) -> np.ndarray:
    """The rows that are among the first k of their list; a draw by the seed decides between equal scores."""
    draw = np.random.default_rng(seed).random(len(score))
    order = np.lexsort((draw, -score, list_of))
    ordered = list_of[order]
    start = np.searchsorted(ordered, ordered)
    return order[np.arange(len(order)) - start < k]


def _exponents(tasks: list[str]) -> list[dict[str, float]]:
    """All ways to divide 1 among the tasks, in equal steps."""
    steps = FINE if len(tasks) == 2 else COARSE
    each = itertools.product(range(steps + 1), repeat=len(tasks) - 1)
    every = [(*parts, steps - sum(parts)) for parts in each if sum(parts) <= steps]
    return [{task: part / steps for task, part in zip(tasks, parts, strict=True)} for parts in every]


def _arm(effect: float, sd: float) -> float:
    """Users an arm with which 80 of 100 A/B tests find an effect."""
    return users_needed(effect, sd) if effect and sd >= 0 else np.inf


def _ratio(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)

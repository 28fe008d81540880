"""A shadow week: what a ranker says of the rows that came after it. Did the verdict hold: keep, or retrain?

    week = shadow(Ranker.load("ranker.pt"), declaration, read("log.csv"), read("next.csv"))
    week.report("next.csv").save("next.html")

Four things can happen to a ranker, and each has a number with an interval: its order is worse than it was for the test
rows of its log, something can be learnt that it does not know, it says too much or too little, or something else orders
these rows better. What can be learnt, counts tell at no cost: means of users and items that know the first half of the
new rows, against those that know the log alone, on the second half.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.capstone.comparison import MANY_ORDERS, _luck, _moves, _score
from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import MATTERS, METRICS, WITHIN
from helpers.capstone.preparation import FRACTIONS, dates, prepare, ties
from helpers.capstone.ranker import Ranker
from helpers.capstone.report import Report, _table, _words
from helpers.capstone.table_checks import must_pass
from helpers.evaluation.counts import by_ids
from helpers.evaluation.intervals import half_width
from helpers.support import validate

KEEP, RETRAIN, STOP, SETTLE = WORDS = ("keep it", "retrain", "do not serve it", "to be settled first")
OFF = 0.1  # of a label's mean, or of a number's deviation: no prediction need be nearer
TENTHS, QUESTIONS = 10, 4  # that each task is asked, all together at 95%
NAMES = {WITHIN: "gauc", "AUC": "auc", "R²": "r2"}  # in `Ranker.check`
LEADS = {"today": "what you serve today", "counts": "the mean of users and items"}


@dataclass(frozen=True)
class Shadow:
    """word     one of `WORDS`; `SETTLE` where the new rows themselves are in doubt
    reasons  for it, in sentences
    rows     how many new rows were judged
    quality  a row a task: metric, what it was when the ranker was made, and value, low and high of what it is `now`, of
             the change, of what it is ahead of today's score and of counts, and of what retraining brings to counts
    labels   a row a task: mean in as many of the newest rows of the log and now, and value, low, high of the change
    ids      a row a column: share of rows with an id that the ranker does not know, now and, by its older rows, then
    tenths   a row a task and tenth of the rows, by what was predicted: its rows, predicted, happened
    """

    word: str
    reasons: list[str]
    rows: int
    quality: pd.DataFrame
    labels: pd.DataFrame
    ids: pd.DataFrame
    tenths: pd.DataFrame

    def report(self, file: str) -> Report:
        """The page."""
        kind, said = "answer" if self.word == KEEP else "alarm", _words(" ".join(self.reasons))
        body = f'<p class="head">{_words(file)}, {self.rows:,} rows</p>'
        body += f'<div class="{kind}"><b>{self.word.capitalize()}.</b> {said}</div>'
        for title, words, table in (
            ("How good it is", "± for all numbers of this page together, 95 times in 100.", _short(self.quality)),
            ("Labels", "Their mean in as many of the newest rows of the log, and now.", _short(self.labels)),
            ("Ids", "The share of rows with an id that the ranker does not know.", _short(self.ids)),
            ("What it says and what happens", "Tenths of the rows, by what it says.", _short(self.tenths)),
        ):
            body += f"<h2>{title}</h2><p>{words}</p>{_table(table)}" if len(table) else ""
        return Report(f"{_words(file)}: {self.word}", body)


@validate.checked
def shadow(ranker: Ranker, declaration: Declaration, log: pd.DataFrame, later: pd.DataFrame) -> Shadow:
    """Judge a ranker of `Comparison.ranker` by rows that came after the log that it was trained on.

    log, later   as `reading.read` gives them. Of `later`, rows younger than the declared gap are left out

    Raises ValueError where the new rows do not pass `check`, and for a ranker that was never judged.
    """
    if ranker.check is None:
        validate.fail("ranker", "one that was never judged", "one of `Comparison.ranker`")
    doubts = [problem for problem in must_pass(declaration, later) if problem.doubt]
    past, rows = prepare(declaration, log), prepare(declaration, later)
    if declaration.gap is not None:
        moments = dates(rows[declaration.time])
        rows = rows[moments <= moments.max() - pd.Timedelta(declaration.gap)].reset_index(drop=True)
    count = min(len(rows), len(past) // 2)
    before, newest = past[:-count], past[-count:].reset_index(drop=True)
    week, of_log, said = _Rows(declaration, rows), _Rows(declaration, newest), ranker.predict(rows)
    reasons, bad, quality, labels, tenths = [], False, [], [], []
    for task, kind in declaration.labels.items():
        metric, leads = week.leads(task, said[task], past)
        was = float(ranker.check.set_index(["task", "metric"])["value"].get((task, NAMES[metric]), np.nan))
        now, low, high = leads["now"]
        wide = (high - low) / 2 * (1 + len(rows) / (FRACTIONS[2] * len(past))) ** 0.5  # the test rows were drawn, too
        leads["change"] = (now - was, now - was - wide, now - was + wide)
        quality.append({"task": task, "metric": metric, "was": was} | _ends(leads))
        (then, half), (mean, other) = of_log.mean(task), week.mean(task)
        wide, change = np.hypot(half, other), mean - then
        labels.append(
            {"task": task, "was": then, "now": mean} | _ends({"change": (change, change - wide, change + wide)})
        )
        tenths += _tenths(task, said[task], rows[task])
        off, half = week.mean(task, said[task])
        unit = abs(then) if kind == "binary" else newest[task].std()
        if leads["change"][2] < -MATTERS[kind]:
            reasons.append(f"{task} has {metric} {now:.3f}, and had {was:.3f} when the ranker was made.")
        if leads.get("learnt", (0, 0))[1] > MATTERS[kind]:
            gain = f"{leads['learnt'][0]:+.3f} {metric} by the first half of these rows"
            reasons.append(f"Counts of {task} gain {gain}: there is something new to learn.")
        if abs(off) > max(OFF * unit, half):
            reasons.append(f"{task} is {mean:.3g} on average, and {mean - off:.3g} is predicted.")
        for name, words in LEADS.items():
            if name in leads and leads[name][2] < -MATTERS[kind]:
                reasons, bad = [*reasons, f"{words} orders {task} better, by {-leads[name][0]:.3f} {metric}."], True
    ids = []
    for column in declaration.ids_of_all():
        known = {"now": (rows, ranker.features.vocabularies[column]), "was": (newest, before[column])}
        new = {name: float(1 - some[column].dropna().isin(seen).mean()) for name, (some, seen) in known.items()}
        ids.append({"id": column, "was": new["was"], "now": new["now"]})
        if new["now"] > max(2 * new["was"], new["was"] + OFF):
            reasons.append(
                f"{new['now']:.0%} of the rows have one of {column} that it does not know; {new['was']:.0%} had."
            )
    word = SETTLE if doubts else STOP if bad else RETRAIN if reasons else KEEP
    found = min(MATTERS[declaration.labels[row["task"]]] + row["change"] - row["change low"] for row in quality)
    calm = f"Nothing speaks against it. A fall by {found:.3f} or more would have been found."
    reasons = [*(f"{problem.column}: {problem.sentence}" for problem in doubts), *reasons] or [calm]
    return Shadow(word, reasons, len(rows), *map(pd.DataFrame, (quality, labels, ids, tenths)))


class _Rows:
    """Rows of one period: what is said of them, with intervals that hold for all questions of a page together."""

    def __init__(self, own: Declaration, frame: pd.DataFrame):
        self.own, self.frame, self.tasks, self.clusters = own, frame, own.labels, ties(own, frame)
        self.lists = self.clusters.get("groups", self.clusters.get("users"))
        self.level = 1 - 0.05 / (QUESTIONS * len(own.labels))

    def leads(self, task: str, said: pd.Series, past: pd.DataFrame) -> tuple[str, dict[str, tuple]]:
        """The metric, and (value, low, high) of it and of what the ranker, or counts that were retrained, are ahead."""
        own, kind, late = self.own, self.tasks[task], np.arange(len(self.frame)) >= len(self.frame) // 2
        means = None if self.lists is None else self.frame[task].groupby(self.lists).mean()
        within = kind == "binary" and means is not None and int(((means > 0) & (means < 1)).sum()) >= MANY_ORDERS
        found = {"now": self._lead(task, said, None, within)}
        if columns := [column for column in (own.user, own.item) if column is not None]:
            logs = past, pd.concat([past, self.frame[~late]])
            seen = [rows[rows[task].notna()] for rows in logs]
            asked = [self.frame[column] for column in columns]
            known, more = (by_ids([rows[c] for c in columns], rows[task], asked) for rows in seen)
            found["counts"] = self._lead(task, said, known, within)
            found["learnt"] = self._lead(task, more, known, within, late)
        if kind == "binary" and task in own.served:
            found["today"] = self._lead(task, said, self.frame[own.served[task]], within)
        return WITHIN if within else METRICS[kind], found

    def mean(self, task: str, less: pd.Series | float = 0.0) -> tuple[float, float]:
        """The mean label, less what is predicted, and half of its interval."""
        values = (self.frame[task].astype(float) - less).to_numpy()
        rows = np.flatnonzero(~np.isnan(values))
        mean = float(values[rows].mean())
        return mean, self._half((values[rows] - mean) / len(rows), rows)

    def _lead(self, task: str, ours, other, within: bool, some: np.ndarray | None = None) -> tuple[float, float, float]:
        """What one score is ahead of another (None: of nothing) on some of the rows."""
        labels = self.frame[task].to_numpy(float)
        rows = np.flatnonzero(~np.isnan(labels) & (True if some is None else some))
        value, moved = 0.0, np.zeros(len(rows))
        for sign, score in ((1, ours), (-1, other)):
            if score is not None:
                asked = (self, task, np.asarray(score, float)[rows], labels[rows], rows, within)
                value, moved = value + sign * _score(*asked), moved + sign * _moves(*asked)
        half = self._half(moved, rows)
        return value, value - half, value + half

    def _half(self, moved: np.ndarray, rows: np.ndarray) -> float:
        error, units, _ = _luck(self.clusters, moved, rows)
        return half_width(0.0, 2, 0.0, error, units, self.level)


def _ends(leads: dict[str, tuple]) -> dict[str, float]:
    return {
        f"{name}{end}": value
        for name, all in leads.items()
        for end, value in zip(("", " low", " high"), all, strict=True)
    }


def _tenths(task: str, said: pd.Series, label: pd.Series) -> list[dict]:
    """What is said of each tenth of the rows, and what happened there."""
    said, label = said[label.notna()], label.dropna().astype(float)
    tenth = ((said.rank(method="first") - 1) * TENTHS // len(said) + 1).astype(int).rename("tenth")
    found = pd.DataFrame({"predicted": said, "happened": label}).groupby(tenth).agg(["size", "mean"])
    found = found.drop(columns=("happened", "size")).set_axis(["rows", "predicted", "happened"], axis=1)
    return found.reset_index().assign(task=task)[["task", "tenth", "rows", "predicted", "happened"]].to_dict("records")


def _short(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers of three digits, each with its interval where it has one."""
    shown = table.drop(columns=[name for name in table if name.endswith((" low", " high"))])
    for name in shown.select_dtypes(float):
        shown[name] = table[name].map("{:.3f}".format)
        if f"{name} high" in table:
            shown[name] += (table[f"{name} high"] - table[name]).map(" ± {:.3f}".format)
    return shown.replace(r"^nan.*", "", regex=True)

"""A shadow week: what a ranker says of the rows that came after it. Did the verdict hold: keep, or retrain?

    week = shadow(Ranker.load("ranker.pt"), declaration, read("log.csv"), read("next.csv"))
    week.report("next.csv").save("next.html")

Four things can happen to a ranker, and each has a number with an interval: its order is worse than it was for the test
rows of its log, something can be learnt that it does not know, it says too much or too little, or something else orders
these rows better. What can be learnt, counts tell at no cost: means of users and items over the first half of the new
rows and as many of the log's newest, against those over the log, on the second half.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..evaluation.counts import by_ids
from ..evaluation.intervals import half_width
from ..evaluation.verdicts import OPPOSITE, verdict
from ..support import validate
from .comparison import _ahead, _luck, fused_today, ranks_today
from .declaration import Declaration
from .plan import MATTERS, METRICS, WITHIN
from .preparation import FRACTIONS, MANY_ALIKE, MANY_ORDERS, _hashes, dates, moments, order_label, orders, prepare, ties
from .ranker import Ranker
from .recommendation import TRADE, WORSE, against_today, names
from .report import Report, _table, _words
from .table_checks import Problem, _not_yet, must_pass, settle

KEEP, RETRAIN, STOP, SETTLE = WORDS = ("keep it", "retrain", "do not serve it", "to be settled first")
TOO_MUCH = 1.5  # times what happens, that is predicted where most is: a label that has drifted is not so far off
OFF = 0.1  # of a label's mean, or of a number's deviation: no prediction need be nearer
TENTHS, QUESTIONS = 10, 5  # that each task is asked, all together at 95%
NAMES = {WITHIN: "gauc", "AUC": "auc", "R²": "r2"}  # in `Ranker.check`
CHANGE, TODAY, COUNTED = "change since it was made", "over what you serve today", "over the mean of users and items"
LEARNT, MEAN = "what counts gain by the new rows", "mean"
SHIFT, TOO_LOW = "change of the mean", "mean, less what it says"


@dataclass(frozen=True)
class Shadow:
    """word     one of `WORDS`; `SETTLE` where the new rows themselves are in doubt
    reasons  for it, in sentences
    rows     how many new rows were judged
    numbers  a row a task and what was asked (a metric, `CHANGE` to `TOO_LOW`): value, low, high
    ids      a row a column: share of rows with an id that the ranker does not know, `now`, and what it `was` in as many
             of the newest rows of the log, by those before them
    tenths   a row a task and tenth of the rows, by what was predicted: its rows, predicted, happened
    """

    word: str
    reasons: list[str]
    rows: int
    numbers: pd.DataFrame
    ids: pd.DataFrame
    tenths: pd.DataFrame

    def report(self, file: str) -> Report:
        """The page."""
        kind, said = "answer" if self.word == KEEP else "alarm", _words(" ".join(self.reasons))
        body = f'<p class="head">{_words(file)}, {self.rows:,} rows</p>'
        body += f'<div class="{kind}"><b>{self.word.capitalize()}.</b> {said}</div>'
        for title, words, table in (
            ("How good it is", "The intervals hold for all numbers of this page together.", self.numbers),
            ("Ids", "The share of rows with an id that the ranker does not know.", self.ids),
            ("What it says and what happens", "Tenths of the rows, by what it says.", self.tenths),
        ):
            shown = table.map(lambda cell: f"{cell:.3f}" if isinstance(cell, float) else cell)
            body += f"<h2>{title}</h2><p>{words}</p>{_table(shown)}" if len(table) else ""
        return Report(f"{_words(file)}: {self.word}", body)


@validate.checked
def shadow(ranker: Ranker, declaration: Declaration, log: pd.DataFrame, later: pd.DataFrame) -> Shadow:
    """Judge a ranker of `Comparison.ranker` by rows that came after the log that it was trained on.

    log, later   as `reading.read` gives them. Of `later`, rows younger than the declared gap are left out

    Raises ValueError where the new rows are not newer than the log or do not pass `check`, and for a ranker that was
    never judged.
    """
    if ranker.check is None:
        validate.fail("ranker", "one that was never judged", "one of `Comparison.ranker`")
    later = _newer(declaration, log, later)
    problems = must_pass(declaration, later, divided=False)
    past, rows = prepare(declaration, log), prepare(declaration, later)
    count = min(len(rows), len(past) // 2)
    before, newest = past[:-count], past[-count:].reset_index(drop=True)
    said, reasons, bad, asked, tenths, falls = ranker.predict(rows), [], False, [], [], []
    judged, log_judged, lower = _Rows(declaration, rows), _Rows(declaration, newest), []
    for task, kind in declaration.labels.items():
        metric, found = judged.leads(task, said[task], past)
        was = float(ranker.check.set_index(["task", "metric"])["value"].get((task, NAMES[metric]), np.nan))
        now, low, high = found[metric]
        wide = (high - low) / 2 * (1 + len(rows) / (FRACTIONS[2] * len(past))) ** 0.5  # the test rows were drawn, too
        found[CHANGE] = (now - was, now - was - wide, now - was + wide)
        found |= judged.means(task, said[task], log_judged)
        asked += [(task, what, *ends) for what, ends in found.items()]
        tenths += _tenths(task, said[task], rows[task])
        mean, least = found[MEAN][0], MATTERS[kind]
        falls += [f"{task} by {wide + least:.3f} {metric} or more"] * (was == was)  # NaN: never measured
        lower += [f"{task} ({metric} {was:.3f}, now {now:.3f})"] * (now - was < -least)
        off = OFF * (mean - found[SHIFT][0] if kind == "binary" else newest[task].std())
        if found[CHANGE][2] < -least:
            reasons.append(f"{task} has {metric} {now:.3f}, and had {was:.3f} when the ranker was made.")
        if LEARNT in found and found[LEARNT][1] > least:
            reasons.append(f"{task} has something new to learn: counts gain {found[LEARNT][0]:+.3f} {metric} by it.")
        if found[TOO_LOW][1] > off or found[TOO_LOW][2] < -off:
            reasons.append(f"{task} is {mean:.3g} on average, and {mean - found[TOO_LOW][0]:.3g} is predicted.")
        if kind == "binary" and (told := _broken_promise(judged, ranker, task, metric, said[task])):
            reasons.append(told)
        if COUNTED in found and found[COUNTED][2] < -least:
            reasons, bad = [*reasons, f"{task}: {found[COUNTED][0]:+.3f} {metric} {COUNTED}."], True
    leads = judged.over_today(ranker)
    asked += [(task, TODAY, *ends) for task, (_, *ends) in leads.items()]
    verdicts = {task: verdict(*ends, MATTERS["binary"]) for task, (_, _, *ends) in leads.items()}
    lost = [f"{task} {leads[task][1]:+.3f} {leads[task][0]}" for task, one in verdicts.items() if one == OPPOSITE]
    standing = against_today(verdicts.values())
    beside = [f"Its lists trade one label for another: {', '.join(lost)} {TODAY}."] if standing == TRADE else []
    if standing == WORSE:
        reasons, bad = [*reasons, f"Its lists lose: {', '.join(lost)} {TODAY}."], True
    ids = []
    for column in declaration.ids_of_all():
        known = ((newest, before[column]), (rows, ranker.features.vocabularies[column]))
        was, now = (float(1 - some[column].dropna().isin(seen).mean()) for some, seen in known)
        ids.append({"id": column, "was": was, "now": now})
        if now > max(2 * was, was + OFF):
            reasons.append(f"{now:.0%} of the rows have one of {column} that it does not know; {was:.0%} had.")
    numbers = pd.DataFrame(asked, columns=["task", "what", "value", "low", "high"])
    doubted = {problem.column for problem in problems if problem.doubt}
    problems += [one for one in _not_come(declaration, log, later, count) if one.column not in doubted]
    doubts = [f"{problem.column}: {problem.sentence}" for problem in problems if problem.doubt]
    word = SETTLE if doubts else STOP if bad else RETRAIN if reasons else KEEP
    fell = f"; whether {names(lower)} fell, so few rows cannot tell" * bool(lower)
    calm = f"Nothing surely speaks against it{fell}."
    calm += f" A measured fall of {names(falls)} would have been found." * bool(falls)
    told = [*([*doubts, *reasons] or [calm]), *beside]
    return Shadow(word, told, len(rows), numbers, pd.DataFrame(ids), pd.DataFrame(tenths))


def _newer(own: Declaration, log: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """The new rows whose labels have come, with ids of the kind that the log has; ValueError where some rows are of the
    log, or older than its last."""
    both = pd.concat([validate.columns("next", rows, own.columns())[own.columns()] for rows in (log, later)])
    new, codes = np.arange(len(both)) >= len(log), _hashes(both)
    old = np.isin(codes[new], codes[~new])
    old &= old.mean() > MANY_ALIKE  # of few columns with few values some rows are alike by chance
    if own.time is not None:
        times = moments(own.time, both[own.time])
        old |= (times[new] < times[~new].max()).to_numpy()
    if old.any():
        came = f"{old.sum():,} of {len(later):,} rows that are in the log or older than its last"
        validate.fail("next", came, "rows that are newer than all of the log")
    if own.gap is not None:
        when = dates(times[new])
        later = later[(when <= when.max() - pd.Timedelta(own.gap)).to_numpy()]
        if not len(later):
            validate.fail("next", f"no row that is older than the gap of {own.gap}", "rows whose labels have come")
    for column in own.ids_of_all():
        words = (ids := later[column]).astype(object)
        known, now = (pd.api.types.is_numeric_dtype(rows[column].dtype) for rows in (log, later))
        if known and not now:  # guests among numbers: each has one that is nobody's
            numbers = pd.to_numeric(words, errors="coerce")
            ids = numbers.where(numbers.notna() | ids.isna(), log[column].min() - 1 - pd.factorize(ids)[0])
        elif now and not known:
            ids = words.map("{:.0f}".format, na_action="ignore")
        later = later.assign(**{column: ids})
    return later


def _not_come(own: Declaration, log: pd.DataFrame, later: pd.DataFrame, count: int) -> list[Problem]:
    """Labels that had no time to come in the new rows, seen after as many of the log: of one week most may be too
    young."""
    if own.time is None:
        return []
    newest = np.argsort(moments(own.time, log[own.time]).to_numpy(), kind="stable")[-count:]
    return settle(own, [*_not_yet(own, pd.concat([log.iloc[newest], later])[own.columns()])])


class _Rows:
    """Rows of one period, and intervals that hold for all questions of a page together."""

    def __init__(self, own: Declaration, frame: pd.DataFrame):
        self.own, self.frame, self.clusters = own, frame, ties(own, frame)
        self.lists = self.clusters.get("groups", self.clusters.get("users"))
        self.level = 1 - 0.05 / (QUESTIONS * len(own.labels))

    def leads(self, task: str, said: pd.Series, past: pd.DataFrame) -> tuple[str, dict[str, tuple]]:
        """The metric, and what the ranker and retrained counts are ahead: {what: (value, low, high)}."""
        own, late = self.own, np.arange(len(self.frame)) >= len(self.frame) // 2
        metric = self._metric(self.frame[task]) if own.labels[task] == "binary" else METRICS[own.labels[task]]
        found = {metric: self._lead(task, metric, said, None)}
        if columns := [column for column in (own.user, own.item) if column is not None]:
            newest = pd.concat([past, self.frame[~late]])[-2 * int((~late).sum()) :]  # what is new weighs half
            logs = (rows[rows[task].notna()] for rows in (past, newest))
            asked = [self.frame[column] for column in columns]
            known, more = (by_ids([rows[c] for c in columns], rows[task], asked) for rows in logs)
            found[COUNTED] = self._lead(task, metric, said, known)
            if self.frame[task][late].nunique() > 1:
                found[LEARNT] = self._lead(task, metric, more, known, late)
        return metric, found

    def over_today(self, ranker: Ranker) -> dict[str, tuple]:
        """{label: the metric, and how far its lists are ahead of those of today}; as in `Comparison.today`."""
        found, own = {}, self.own
        if not own.served or not ranker.exponents:
            return found
        ours = ranker.rank(self.frame)["score"].sort_index()
        theirs = fused_today(ranks_today(own, self.frame), ranker.exponents)
        for task, kind in own.labels.items():
            label = order_label(self.frame[task], kind, ranker.exponents.get(task, 0) < 0)
            judged = _Rows(own, self.frame.assign(**{task: label}))
            if label.nunique() == 2:
                found[task] = (metric := self._metric(label), *judged._lead(task, metric, ours, theirs))
        return found

    def _metric(self, label: pd.Series) -> str:
        many = self.lists is not None and orders(label, self.lists) >= MANY_ORDERS
        return WITHIN if many else METRICS["binary"]

    def means(self, task: str, said: pd.Series, log: "_Rows") -> dict[str, tuple]:
        """The mean label, its change, and how far it is above what the ranker says."""
        (was, half), (now, other), (more, third) = log._mean(task), self._mean(task), self._mean(task, said)
        each = {MEAN: (now, other), SHIFT: (now - was, np.hypot(half, other)), TOO_LOW: (more, third)}
        return {what: (value, value - wide, value + wide) for what, (value, wide) in each.items()}

    def _mean(self, task: str, less: pd.Series | float = 0.0) -> tuple[float, float]:
        values = (self.frame[task].astype(float) - less).to_numpy()
        rows = np.flatnonzero(~np.isnan(values))
        mean = float(values[rows].mean())
        return mean, self._half((values[rows] - mean) / len(rows), rows)

    def _lead(self, task: str, metric: str, ours, other, some: np.ndarray | bool = True) -> tuple[float, float, float]:
        """What one score is ahead of another (None: of nothing) on some of the rows."""
        labels = self.frame[task].to_numpy(float)
        rows = np.flatnonzero(~np.isnan(labels) & some)
        scores = (None if score is None else np.asarray(score, float)[rows] for score in (ours, other))
        value, moved = _ahead(self, metric, *scores, labels[rows], rows)
        half = self._half(moved, rows)
        return value, value - half, min(value + half, 1.0)  # no metric, and so no lead, is above 1

    def _half(self, moved: np.ndarray, rows: np.ndarray) -> float:
        error, units, _ = _luck(self.clusters, moved, rows)
        return half_width(0.0, 2, 0.0, error, units, self.level)


def _broken_promise(judged: _Rows, ranker: Ranker, task: str, metric: str, said: pd.Series) -> str:
    """In words, whether what happens in the tenth of the rows of which it says most is far less than that: a feature
    told more in the log than it does now."""
    rows = judged.frame
    most = said[rows[task].notna()].nlargest(max(len(rows) // TENTHS, 1)).index
    top = _Rows(judged.own, rows.loc[most].reset_index(drop=True))
    less, half = top._mean(task, said.loc[most].reset_index(drop=True))
    predicted, happened = float(said.loc[most].mean()), float(rows.loc[most, task].mean())
    if less + half >= 0 or predicted < TOO_MUCH * happened:
        return ""
    told = f"{task}: of a tenth of the rows it says {predicted:.3g}, and {happened:.3g} happens."
    if "leans" in ranker.check:  # a ranker of an older version does not say
        leans = ranker.check.set_index(["task", "metric"]).at[(task, NAMES[metric]), "leans"]
        told += f" It needs {leans} most: does that know as much now, or was it filled in afterwards in the log?"
    return told


def _tenths(task: str, said: pd.Series, label: pd.Series) -> list[dict]:
    """What is said of each tenth of the rows, and what happened there."""
    rows = pd.DataFrame({"predicted": said, "happened": label}).dropna().astype(float)
    tenth = (rows["predicted"].rank(method="first") - 1) * TENTHS // len(rows) + 1
    return [{"task": task, "tenth": int(k), "rows": len(part), **part.mean()} for k, part in rows.groupby(tenth)]

"""The exercises of chapter 08, Capstone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from helpers.capstone.declaration import Declaration
from helpers.capstone.recommendation import WORDS, word
from helpers.display.exercises import Probe, begun, exercise
from helpers.evaluation.verdicts import VERDICTS, verdict

HEADER = "member_id,article_id,section,words,shown_at,opened,seconds_read,shared,scroll_depth,day_of_week"


def _table(leak: str, sign: float, seed: int, label: str) -> pd.DataFrame:
    """Columns of several scales; `visits` says something of the label, `leak` nearly all."""
    rng = np.random.default_rng(seed)
    scales = {"age": 12.0, "length": 0.4, "hour": 5.0, "visits": 1.0}
    frame = pd.DataFrame({name: scale * rng.normal(size=400) for name, scale in scales.items()})
    happened = (rng.random(400) < 1 / (1 + np.exp(1.5 - frame["visits"]))).astype(int)
    frame[leak] = sign * (happened + rng.normal(0, 0.15, 400))
    return frame[sorted(frame.columns, key=lambda name: rng.random())].assign(**{label: happened})


@exercise("the column that tells the label is named, whichever way it points.")
def leak(answer: Callable) -> Iterator[Probe]:
    """`answer(frame, label)` gives the name of the column that gives the label away."""
    for which, sign, seed, label in (
        ("length", 1, 0, "click"),
        ("hour", -1, 1, "click"),
        ("dwell", 100, 2, "click"),
        ("age", 1, 3, "bought"),
    ):
        named = begun(answer(_table(which, sign, seed, label), label))
        yield Probe(
            isinstance(named, str),
            f"what came is a {type(named).__name__}, not the name of a column.",
            "return one of the names in `frame.columns`.",
            "`scores.idxmax()` gives the name of the largest value of a Series.",
        )
        yield Probe(
            named != label,
            f"you name the label itself, {label!r}.",
            "the label tells the label, of course. Look at the other columns alone.",
            "`frame.drop(columns=label)` leaves it out.",
        )
        yield Probe(
            named == which or sign > 0,
            f"here {which!r} is low where the label is 1, and you name {named!r}.",
            "an AUC near 0 tells as much as one near 1.",
            "judge a column by how far its AUC is from a half.",
        )
        yield Probe(
            named == which,
            f"the leak is another column than {named!r}.",
            "`auc(frame[column], frame[label])` says how well one column alone predicts the label.",
            "compute that for each column, and take the one that is farthest from a half.",
        )


@exercise("labels are what happened, features what was known, and the time only orders the rows.")
def declaration(answer: Callable) -> Iterator[Probe]:
    """`answer()` gives the `Declaration` of a log with `HEADER`."""
    found = begun(answer())
    yield Probe(
        isinstance(found, Declaration),
        f"what came is a {type(found).__name__}, not a Declaration.",
        "return Declaration(labels={...}, user=..., ...).",
        "section 1 has one for the feed.",
    )
    features = found.features()
    unknown = [column for column in found.columns() if column not in HEADER.split(",")]
    yield Probe(
        not unknown,
        f"the header has no column {unknown[0]!r}." if unknown else "",
        "names are taken to the letter.",
        f"the header: {HEADER}.",
    )
    late = [column for column in ("opened", "seconds_read", "shared", "scroll_depth") if column in features]
    yield Probe(
        not late,
        f"{late[0]!r} is a feature, and it happens after the article was shown." if late else "",
        "ask of each column: was it known before the article was shown?",
        "what happened afterwards is a label, or is left out.",
    )
    yield Probe(
        found.user == "member_id" and found.item == "article_id",
        f"the user is {found.user!r} and the item {found.item!r}.",
        "who reads, and what is read?",
        "the user is also what GAUC and the interval group by.",
    )
    yield Probe(
        found.labels.get("opened") == "binary" and found.labels.get("shared") == "binary",
        "two labels of this log are yes or no, and not both are declared so.",
        "whether it was opened, and whether it was shared.",
        'labels={"opened": "binary", ...}',
    )
    yield Probe(
        (kind := [c for c in ("seconds_read", "scroll_depth") if found.labels.get(c) == "binary"]) == [],
        f"{kind[0]!r} is declared binary." if kind else "",
        "how long and how far are numbers.",
        'The other kind of label is "regression".',
    )
    yield Probe(
        found.time == "shown_at",
        f"the time is {found.time!r}.",
        "without a time the split is at random, and a user's future is trained on.",
        "one column says when the article was shown.",
    )
    yield Probe(
        "section" in found.ids and "words" in found.numbers,
        "the section of the paper is an id, the number of words a number; yours says otherwise.",
        "does twice the value mean twice as much of something? Then it is a number.",
        "ids=(...), numbers=(...)",
    )


TABLES = (  # (intervals, one a task; the smallest gain that matters)
    ([(0.01, 0.03), (0.012, 0.02)], 0.005),
    ([(0.01, 0.03), (-0.003, 0.002)], 0.005),
    ([(-0.03, -0.01), (-0.002, 0.004)], 0.005),
    ([(-0.03, -0.01), (0.01, 0.03)], 0.005),
    ([(-0.004, 0.003), (-0.001, 0.002)], 0.005),
    ([(-0.02, 0.03), (-0.003, 0.002)], 0.005),
    ([(0.01, 0.03), (-0.02, 0.01)], 0.005),
    ([(-0.03, -0.01), (-0.02, 0.03)], 0.005),
    ([(0.01, 0.03), (0.012, 0.02)], 0.025),
    ([(-0.03, -0.01), (-0.002, 0.004)], 0.05),
    ([(0.01, 0.03), (-0.001, 0.002), (-0.003, 0.002)], 0.005),
    ([(0.01, 0.03), (-0.001, 0.002), (-0.03, -0.01)], 0.005),
)


@exercise("each table gets the word that the report would give it.")
def decision(answer: Callable) -> Iterator[Probe]:
    """`answer(intervals, smallest)` gives one of `WORDS` for intervals (low, high) of gains, one a task."""
    for intervals, smallest in TABLES:
        said = begun(answer(list(intervals), smallest))
        yield Probe(
            said in WORDS,
            f"{said!r} is none of the words.",
            f"the words are {', '.join(map(repr, WORDS))}.",
            "they are to be given as they stand, commas too.",
        )
        verdicts = [verdict(low, high, smallest) for low, high in intervals]
        right = word(verdicts)
        counts = ", ".join(f"{verdicts.count(name)} {name}" for name in VERDICTS if name in verdicts)
        yield Probe(
            said == right,
            f"for the intervals {intervals} and a smallest effect of {smallest} you say {said!r}.",
            f"their verdicts: {counts}.",
            "begin with the losses: is there one? Then ask whether anything gains, then what is undecided.",
        )

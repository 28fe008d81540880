"""The exercises of chapter 08, Capstone."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.capstone.declaration import Declaration
from helpers.capstone.recommendation import WORDS, word
from helpers.display.answers import Wrong, described
from helpers.display.exercises import begun, exercise
from helpers.evaluation.verdicts import VERDICTS, verdict

HEADER = "member_id,article_id,section,words,shown_at,opened,seconds_read,shared,scroll_depth,day_of_week"


def _table(leak: str, sign: float, seed: int, label: str) -> pd.DataFrame:
    """Columns of several scales; `visits` says something of the label, `leak` nearly all."""
    rng = np.random.default_rng(seed)
    scales = {"age": 12.0, "length": 0.4, "hour": 5.0, "visits": 1.0}
    frame = pd.DataFrame({name: scale * rng.normal(size=400) for name, scale in scales.items()})
    happened = (rng.random(400) < 1 / (1 + np.exp(1.5 - frame["visits"]))).astype(int)
    frame[leak] = sign * (happened + rng.normal(0, 0.15, 400))
    frame = frame[sorted(frame.columns, key=lambda name: rng.random())]
    frame.insert(0, label, happened)  # first: where it ties with the leak, an answer that did not leave it out names it
    return frame


@exercise("the column that tells the label is named, whichever way it points.")
def leak(answer: Callable[[pd.DataFrame, str], str]):
    """`answer(frame, label)` gives the name of the column that gives the label away."""
    tables = (("length", 1, 0, "click"), ("hour", -1, 1, "click"), ("dwell", 100, 2, "click"), ("age", 1, 3, "bought"))
    for which, sign, seed, label in tables:
        named = begun(answer(_table(which, sign, seed, label), label))
        if not isinstance(named, str):
            raise Wrong(f"""the function returned {described(named)}, not the name of a column.
                Hint: return one of the names in `frame.columns`.
                Hint: `scores.idxmax()` gives the name of the largest value of a Series.""")
        if named == label:
            raise Wrong(f"""you name the label itself, {label!r}.
                Hint: the label tells the label, of course. Look at the other columns alone.
                Hint: `frame.drop(columns=label)` leaves it out.""")
        if named != which and sign < 0:
            raise Wrong(f"""here {which!r} is low where the label is 1, and you name {named!r}.
                Hint: an AUC near 0 tells as much as one near 1.
                Hint: judge a column by how far its AUC is from a half.""")
        if named != which:
            raise Wrong(f"""the leak is another column than {named!r}.
                Hint: `auc(frame[column], frame[label])` says how well one column alone predicts the label.
                Hint: compute that for each column, and take the one that is farthest from a half.""")


@exercise("labels are what happened, features what was known, and the time only orders the rows.")
def declaration(answer: Callable[[], Declaration]):
    """`answer()` gives the `Declaration` of a log with `HEADER`."""
    declared = answer()
    if not isinstance(declared, Declaration):
        raise Wrong(f"""the function returned {described(declared)}, not a Declaration.
            Hint: return Declaration(labels={{...}}, user=..., ...).
            Hint: section 1 has one for the feed.""")
    for column in declared.columns():
        if column not in HEADER.split(","):
            raise Wrong(f"""the header has no column {column!r}.
                Hint: names are taken literally.
                Hint: the header: {HEADER}.""")
    for column in ("opened", "seconds_read", "shared", "scroll_depth"):
        if column in declared.features():
            raise Wrong(f"""{column!r} is a feature, and it happens after the article was shown.
                Hint: ask of each column: was it known before the article was shown?
                Hint: what happened afterwards is a label, or is left out.""")
    if declared.user != "member_id" or declared.item != "article_id":
        raise Wrong(f"""the user is {declared.user!r} and the item {declared.item!r}.
            Hint: who reads, and what is read?
            Hint: GAUC and the interval group by the user as well.""")
    if not declared.labels.get("opened") == declared.labels.get("shared") == "binary":
        raise Wrong("""two labels of this log are yes or no, and not both are declared so.
            Hint: whether it was opened, and whether it was shared.
            Hint: labels={"opened": "binary", ...}""")
    for column in ("seconds_read", "scroll_depth"):
        if declared.labels.get(column) == "binary":
            raise Wrong(f"""{column!r} is declared binary.
                Hint: how long and how far are numbers.
                Hint: the other kind of label is "regression".""")
    if declared.time != "shown_at":
        raise Wrong(f"""the time is {declared.time!r}.
            Hint: without a time the split is at random, and the model trains on a user's future.
            Hint: one column says when the article was shown.""")
    for column, right, wrong in (
        ("section", "an id", declared.numbers),
        ("day_of_week", "an id", declared.numbers),
        ("words", "a number", declared.ids),
    ):
        if column in wrong:
            raise Wrong(f"""{column!r} is {right}; yours says otherwise.
                Hint: does twice the value mean twice as much of something? Then it is a number.
                Hint: ids=(...), numbers=(...)""")


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
def decision(answer: Callable[[list[tuple[float, float]], float], str]):
    """`answer(intervals, smallest)` gives one of `WORDS` for intervals (low, high) of gains, one a task."""
    for intervals, smallest in TABLES:
        word_given = begun(answer(intervals, smallest))
        if word_given not in WORDS:
            raise Wrong(f"""{word_given!r} is none of the words.
                Hint: the words are {", ".join(map(repr, WORDS))}.
                Hint: return them exactly as they are, commas included.""")
        verdicts = [verdict(low, high, smallest) for low, high in intervals]
        if word_given != word(verdicts):
            counts = ", ".join(f"{verdicts.count(name)} {name}" for name in VERDICTS if name in verdicts)
            raise Wrong(f"""for the intervals {intervals} and a smallest effect of {smallest} you say {word_given!r}.
                Hint: their verdicts: {counts}.
                Hint: begin with the losses: is there one? Then ask whether anything gains, then what is undecided.""")


def _candidates(seed: int) -> pd.DataFrame:
    """Predictions for the candidates of four users; those of the click are ten times those of the like."""
    rng = np.random.default_rng(seed)
    user = rng.permutation(np.repeat([3, 5, 8, 13], [5, 6, 4, 7]))
    like = rng.uniform(0.001, 0.05, len(user))
    columns = {"user": user, "click": rng.uniform(0.05, 0.6, len(user)), "like": like}
    return pd.DataFrame(columns, index=rng.permutation(len(user)) + 100)


def _first(frame: pd.DataFrame, score: pd.Series, k: int) -> set[int]:
    return set(score.groupby(frame["user"]).nlargest(k).index.get_level_values(-1))


@exercise("each user gets the rows with the highest click^w · like^(1 − w).")
def one_list(answer: Callable[[pd.DataFrame, float, int], object]):
    """`answer(frame, w, k)` gives the index of the rows that are among the first k of their user's list."""
    for seed, w, k in ((0, 0.5, 2), (4, 0.2, 3), (5, 0.8, 2), (3, 1.0, 1)):
        frame = _candidates(seed)
        named = begun(answer(frame.copy(), w, k))
        try:
            rows = set(pd.Index(named))
        except TypeError:
            raise Wrong(f"""the function returned {described(named)}, not an index.
                Hint: return the labels of the rows, `frame.index[...]`.
                Hint: with a mask of the rows: `frame.index[mask]`.""") from None
        click, like = frame["click"], frame["like"]
        right = _first(frame, click**w * like ** (1 - w), k)
        if rows == right:
            continue
        if len(rows) == k or not rows <= set(frame.index):
            raise Wrong(f"""{frame["user"].nunique()} users need {k} rows each, by their labels; you give {len(rows)}.
                Hint: each user has a list of their own.
                Hint: `score.groupby(frame["user"]).rank(ascending=False)` gives each row its place there.""")
        if rows == _first(frame, -(click**w) * like ** (1 - w), k):
            raise Wrong("""these are the last rows of each list.
                Hint: the highest score comes first.
                Hint: `rank(ascending=False)`.""")
        if rows == _first(frame, w * click + (1 - w) * like, k):
            raise Wrong("""these are the lists of w · click + (1 − w) · like, in which the rare like hardly counts.
                Hint: w and 1 − w are exponents.
                Hint: click ** w * ...""")
        if rows == _first(frame, like**w * click ** (1 - w), k):
            raise Wrong("""w is the exponent of the like in yours.
                Hint: at w = 1 the list is that of the click alone.
                Hint: swap them.""")
        raise Wrong(f"""for w = {w} and k = {k}, {len(right - rows)} of {len(right)} rows are missing.
            Hint: compute the score of each row first, then its place among the rows of its user.
            Hint: keep the rows whose place is k or less.""")

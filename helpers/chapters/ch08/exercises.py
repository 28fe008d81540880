"""The exercises of chapter 08, Capstone."""

import numpy as np
import pandas as pd

from helpers.capstone.declaration import Declaration
from helpers.capstone.recommendation import WORDS, word
from helpers.display.answers import described
from helpers.display.exercises import Exercise, begun
from helpers.display.mistakes import form, gives, otherwise, when
from helpers.evaluation.metrics import auc
from helpers.evaluation.verdicts import VERDICTS, verdict

HEADER = "member_id,article_id,section,words,shown_at,opened,seconds_read,shared,scroll_depth,day_of_week"


def _table(leak: str, sign: float, seed: int, label: str) -> tuple[pd.DataFrame, str]:
    """Columns of several scales; `visits` says something of the label, `leak` nearly all."""
    rng = np.random.default_rng(seed)
    scales = {"age": 12.0, "length": 0.4, "hour": 5.0, "visits": 1.0}
    frame = pd.DataFrame({name: scale * rng.normal(size=400) for name, scale in scales.items()})
    happened = (rng.random(400) < 1 / (1 + np.exp(1.5 - frame["visits"]))).astype(int)
    frame[leak] = sign * (happened + rng.normal(0, 0.15, 400))
    frame = frame[sorted(frame.columns, key=lambda name: rng.random())]
    frame.insert(0, label, happened)  # first: where it ties with the leak, an answer that did not leave it out names it
    return frame, label


def _areas(frame: pd.DataFrame, label: str) -> pd.Series:
    return frame.drop(columns=label).apply(lambda column: auc(column, frame[label]))


leak = Exercise(
    "the column that tells the label is named, whichever way it points.",
    "`answer(frame, label)` gives the name of the column that gives the label away.",
    right=lambda frame, label: (_areas(frame, label) - 0.5).abs().idxmax(),
    also=[lambda frame, label: frame.drop(columns=label).corrwith(frame[label]).abs().idxmax()],
    cases=lambda: [
        _table("length", 1, 0, "click"),
        _table("hour", -1, 1, "click"),
        _table("dwell", 100, 2, "click"),
        _table("age", 1, 3, "bought"),
    ],
    mistakes={
        form(lambda frame, label: _areas(frame, label).max()): """the function returned {came}, not the name of a
            column.
            Hint: return one of the names in `frame.columns`.
            Hint: `scores.idxmax()` gives the name of the largest value of a Series.""",
        gives(lambda yours, frame, label: yours == label, lambda frame, label: frame.corr()[label].idxmax()): """you
            name the label itself, {1!r}.
            Hint: the label tells the label, of course. Look only at the other columns.
            Hint: `frame.drop(columns=label)` leaves it out.""",
        gives(
            lambda yours, frame, label: "hour" in frame and auc(frame["hour"], frame[label]) < 0.1,
            lambda frame, label: _areas(frame, label).idxmax(),
        ): """here {right!r} is low where the label is 1, and you name {yours!r}.
            Hint: an AUC near 0 tells as much as one near 1.
            Hint: judge a column by how far its AUC is from a half.""",
        otherwise(
            lambda frame, label: "visits", lambda frame, label: (frame.drop(columns=label).std() - 1).abs().idxmax()
        ): """the leak is another column than {yours!r}.
            Hint: `auc(frame[column], frame[label])` says how well one column alone predicts the label.
            Hint: compute that for each column, and take the one that is farthest from a half.""",
    },
)


def _declared(**change):
    """An answer that declares the log as it is but for this change."""
    settings = {
        "labels": {"opened": "binary", "seconds_read": "regression", "shared": "binary"},
        "user": "member_id",
        "item": "article_id",
        "ids": ("section", "day_of_week"),
        "numbers": ("words",),
        "time": "shown_at",
    }
    return lambda: Declaration(**(settings | change))


BINARY = {"opened": "binary", "shared": "binary"}


def _first(columns, fault) -> dict | bool:
    """The first of the columns with this fault."""
    return next(({"column": column} for column in columns if fault(column)), False)


declaration = Exercise(
    "labels are what happened, features what was known, and the time only orders the rows.",
    "`answer()` gives the `Declaration` of a log with `HEADER`.",
    right=_declared(),
    also=[_declared(ids=("section",)), _declared(labels=BINARY)],
    look=lambda answer: answer(),
    mistakes={
        when(
            lambda it: not isinstance(it, Declaration) and {"came": described(it)}, lambda: {"user": "member_id"}
        ): """the function returned {came}, not a Declaration.
            Hint: return Declaration(labels={{...}}, user=..., ...).
            Hint: section 1 has one for the feed.""",
        when(
            lambda it: _first(it.columns(), lambda column: column not in HEADER.split(",")),
            _declared(numbers=("word",)),
        ): f"""the header has no column {{column!r}}.
            Hint: names are taken literally.
            Hint: the header: {HEADER}.""",
        when(
            lambda it: _first(("opened", "seconds_read", "shared", "scroll_depth"), it.features().__contains__),
            _declared(numbers=("words", "scroll_depth")),
            _declared(labels=BINARY, numbers=("words", "seconds_read")),
        ): """{column!r} is a feature, and it happens after the article was shown.
            Hint: ask of each column: was it known before the article was shown?
            Hint: what happened afterwards is a label, or is left out.""",
        when(
            lambda it: (it.user, it.item) != ("member_id", "article_id") and vars(it),
            _declared(user="article_id", item="member_id"),
        ): """the user is {user!r} and the item {item!r}.
            Hint: who reads, and what is read?
            Hint: GAUC and the interval group by the user as well.""",
        when(lambda it: not BINARY.items() <= it.labels.items(), _declared(labels={"opened": "binary"})): """two labels
            of this log are yes or no, and not both are declared so.
            Hint: whether it was opened, and whether it was shared.
            Hint: labels={{"opened": "binary", ...}}""",
        when(
            lambda it: _first(("seconds_read", "scroll_depth"), lambda column: it.labels.get(column) == "binary"),
            _declared(labels=BINARY | {"seconds_read": "binary"}),
            _declared(labels=BINARY | {"scroll_depth": "binary"}),
        ): """{column!r} is declared binary.
            Hint: how long and how far are numbers.
            Hint: the other kind of label is "regression".""",
        when(lambda it: it.time != "shown_at" and vars(it), _declared(time=None)): """the time is {time!r}.
            Hint: without a time the split is at random, and the model trains on a user's future.
            Hint: one column says when the article was shown.""",
        when(
            lambda it: _first(("section", "day_of_week"), it.numbers.__contains__),
            _declared(ids=("section",), numbers=("words", "day_of_week")),
        ): """{column!r} is an id; yours says otherwise.
            Hint: does twice the value mean twice as much of something? Then it is a number.
            Hint: ids=(...), numbers=(...)""",
        when(lambda it: "words" in it.ids, _declared(ids=("words",), numbers=())): """'words' is a number; yours says
            otherwise.
            Hint: does twice the value mean twice as much of something? Then it is a number.
            Hint: ids=(...), numbers=(...)""",
    },
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


def _by_rule(intervals: list[tuple[float, float]], smallest: float) -> str:
    return word(verdict(low, high, smallest) for low, high in intervals)


def _counts(yours: str, intervals: list[tuple[float, float]], smallest: float) -> dict[str, str]:
    verdicts = [verdict(low, high, smallest) for low, high in intervals]
    return {"counts": ", ".join(f"{verdicts.count(name)} {name}" for name in VERDICTS if name in verdicts)}


decision = Exercise(
    "each table gets the word that the report would give it.",
    "`answer(intervals, smallest)` gives one of `WORDS` for intervals (low, high) of gains, one a task.",
    right=_by_rule,
    cases=lambda: TABLES,
    read=lambda given, right: given if begun(given) in WORDS else None,
    fields=_counts,
    mistakes={
        form(lambda intervals, smallest: "yes"): f"""{{given!r}} is none of the words.
            Hint: the words are {", ".join(map(repr, WORDS))}.
            Hint: return them exactly as they are, commas included.""",
        otherwise(
            lambda intervals, smallest: "share",
            lambda intervals, smallest: _by_rule(intervals, 0.0),
            lambda intervals, smallest: _by_rule(intervals, 0.005),
            lambda i, s: "keep apart" if any(high < 0 for _, high in i) else _by_rule(i, s),
        ): """for the intervals {0} and a smallest effect of {1} you say {yours!r}.
            Hint: their verdicts: {counts}.
            Hint: begin with the losses: is there one? Then ask whether anything gains, then what is undecided.""",
    },
)


def _candidates(seed: int, w: float, k: int) -> tuple[pd.DataFrame, float, int]:
    """Predictions for the candidates of four users; those of the click are ten times those of the like."""
    rng = np.random.default_rng(seed)
    user = rng.permutation(np.repeat([3, 5, 8, 13], [5, 6, 4, 7]))
    like = rng.uniform(0.001, 0.05, len(user))
    columns = {"user": user, "click": rng.uniform(0.05, 0.6, len(user)), "like": like}
    return pd.DataFrame(columns, index=rng.permutation(len(user)) + 100), w, k


def _listed(score=lambda frame, w: frame["click"] ** w * frame["like"] ** (1 - w), ascending: bool = False):
    """An answer with another score, or the last rows."""
    return lambda frame, w, k: frame.index[score(frame, w).groupby(frame["user"]).rank(ascending=ascending) <= k]


def _rows(given, right) -> set | None:
    try:
        return set(pd.Index(begun(given)))
    except TypeError:
        return None


one_list = Exercise(
    "each user gets the rows with the highest click^w · like^(1 − w).",
    "`answer(frame, w, k)` gives the index of the rows that are among the first k of their user's list.",
    right=_listed(),
    also=[lambda *case: _listed()(*case).tolist()],
    cases=lambda: [_candidates(*case) for case in ((0, 0.5, 2), (4, 0.2, 3), (5, 0.8, 2), (3, 1.0, 1))],
    read=_rows,
    same=lambda yours, right: yours == set(right),
    fields=lambda yours, *case: {"given": len(yours), "missing": len({*_listed()(*case)} - yours), "of": 4 * case[2]},
    mistakes={
        form(lambda frame, w, k: 7): """the function returned {came}, not an index.
            Hint: return the labels of the rows, `frame.index[...]`.
            Hint: with a mask of the rows: `frame.index[mask]`.""",
        gives(
            lambda yours, frame, w, k: len(yours) == k or not yours <= {*frame.index},
            lambda frame, w, k: (frame["click"] ** w * frame["like"] ** (1 - w)).nlargest(k).index,
            lambda frame, w, k: range(len(frame)),
        ): """4 users need {2} rows each, by their labels; you give {given}.
            Hint: each user has a list of their own.
            Hint: `score.groupby(frame["user"]).rank(ascending=False)` gives each row its place there.""",
        _listed(ascending=True): """these are the last rows of each list.
            Hint: the highest score comes first.
            Hint: `rank(ascending=False)`.""",
        _listed(lambda frame, w: w * frame["click"] + (1 - w) * frame["like"]): """these are the lists of w · click + (1
            − w) · like, in which the rare like hardly counts.
            Hint: w and 1 − w are exponents.
            Hint: click ** w * ...""",
        lambda frame, w, k: _listed()(frame, 1 - w, k): """w is the exponent of the like in yours.
            Hint: at w = 1 the list goes only by the click.
            Hint: swap them.""",
        otherwise(lambda frame, w, k: frame.index[frame.groupby("user").cumcount() < k]): """for w = {1} and k = {2},
            {missing} of {of} rows are missing.
            Hint: compute the score of each row first, then its place among the rows of its user.
            Hint: keep the rows whose place is k or less.""",
    },
)


def _shares(first, above, second, lottery):
    table = np.full((100, 10), lottery / 100)
    table[:first, :above] += (1 - lottery) / first
    table[first : first + second, above:] += (1 - lottery) / second
    return table


shares = Exercise(
    "each place shows some video with probability 1, and each of a group is as likely as the others of the group.",
    "`answer(first, above, second, lottery)` gives an array `(100, 10)`, today's ranks by places.",
    right=_shares,
    cases=lambda: [(6, 3, 24, 0.1), (4, 2, 10, 0.0), (10, 5, 20, 0.5), (3, 1, 9, 1.0)],
    mistakes={
        form(lambda first, above, second, lottery: np.full(10, 0.1)): """the function returned {came}, not an array of
            shape (100, 10).
            Hint: a row is a rank of today's, from 0 on, and a column is a place.
            Hint: start with `np.full((100, 10), …)`, what the lottery gives to each rank at each place.""",
        lambda first, above, second, lottery: _shares(first, above, second, 0.0): """the lottery is missing.
            Hint: in a lottery list each of the hundred videos is as likely at a place as any other.
            Hint: that is `lottery / 100`, in all rows and columns.""",
        lambda first, above, second, lottery: (
            _shares(first, above, second, 0.0) + lottery / 100
        ): """the probabilities of a place add up to more than 1.
            Hint: the groups are drawn only if the list is no lottery list.
            Hint: that has probability `1 - lottery`, and multiplies what the groups give.""",
        lambda first, above, second, lottery: (
            _shares(first, above, second, lottery) * np.where(np.arange(10) < above, above, 10 - above)
        ): """that is the probability to be somewhere in the group's places, not at one of them.
            Hint: how many videos can stand at the first place, if no lottery is held?
            Hint: each video of a group of 6 stands at a given place with probability 1/6, however many places
            the group fills.""",
        otherwise(lambda first, above, second, lottery: np.full((100, 10), 0.01)): """the probabilities are not those of
            this app.
            Hint: print the sum of each column. A place always shows one video.
            Hint: rows `first` to `first + second - 1` are the second group, and fill the places from `above` on.""",
    },
)

"""From verdicts to words: does sharing help here? One rule for all reports.

Each task's gain over its own single-task model has one of the verdicts of `helpers.evaluation.verdicts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from helpers.capstone.table_checks import GIVEN_AWAY
from helpers.evaluation.four_outcomes import UNCLEAR, outcome
from helpers.evaluation.intervals import MOST_SEEDS
from helpers.evaluation.verdicts import HOLDS, NO_EFFECT, OPPOSITE, SMALL, UNDECIDED, VERDICTS
from helpers.support import validate

SHARE, BUT, APART, COST, OPEN = WORDS = ("share", "share, but", "keep apart", "share, for the cost", "undecided")


TOO_GOOD = {"AUC": GIVEN_AWAY["binary"], "R²": GIVEN_AWAY["regression"]}


class Recommendation(NamedTuple):
    """One of `WORDS`, and a few sentences that say why and what to do."""

    word: str
    text: str


def word(verdicts: Iterable[str]) -> str:
    """The recommendation for these verdicts, one a task:

    some lose and none gains            keep apart
    some lose, others gain              share, but (the ones that lose)
    none loses, all others gain or lose nothing      share
    none loses, some gain, some are undecided        share, but (look at those)
    none gains and none loses, all known             share, for the cost
    the rest                            undecided
    """
    found = [validate.choice("verdicts", one, VERDICTS) for one in verdicts]
    if not found:
        validate.fail("verdicts", "none", "one for each task")
    gains, loses, unknown = (one in found for one in ("holds", "opposite", "undecided"))
    if loses:
        return BUT if gains else APART
    if gains:
        return BUT if unknown else SHARE
    return OPEN if unknown else COST


def recommend(gains: pd.DataFrame, beaten: pd.DataFrame) -> Recommendation:
    """The recommendation for a table with a row a task: task, verdict, low and high of its gain, matters (the smallest
    gain that does), and seeds_needed (0 where seeds are not what is missing, NaN where no number of them would do).

    beaten   as `comparison.Comparison` has it: where sharing helps, the text names the best of what shares nothing
    """
    validate.columns("gains", gains, ["task", "verdict", "low", "high", "matters", "seeds_needed"])
    of = {one: [str(t) for t in gains.loc[gains["verdict"] == one, "task"]] for one in VERDICTS}
    won, lost = (names(of[one]) for one in (HOLDS, OPPOSITE))
    unknown = gains[gains["verdict"] == UNDECIDED]
    may_lose = names([str(task) for task in unknown.loc[unknown["low"] <= -unknown["matters"], "task"]])
    equal = names(of[SMALL] + of[NO_EFFECT])
    chosen = word(gains["verdict"])
    texts = {
        SHARE: f"Sharing helps {won}" + (f" and costs {equal} nothing that matters." if equal else "."),
        APART: f"Sharing costs {lost}, and no task clearly gains. Train {lost} alone, or try a wider bottom first.",
        COST: f"Sharing makes no difference that matters to {equal}. One model is cheaper to train and to serve.",
        OPEN: "The measurements do not decide it yet.",
    }
    if chosen != BUT:
        text = texts[chosen]
    elif lost:
        text = f"Sharing helps {won} and costs {lost}. Keep {lost} apart, or give it more weight, then measure."
    elif may_lose:
        text = f"Sharing helps {won}. Whether it costs {may_lose} is not decided."
    else:
        open_ones = names(of[UNDECIDED])
        text = f"Sharing helps {won} and costs {open_ones} nothing that matters; whether it helps {open_ones} is open."
    intervals = gains[["low", "high"]].itertuples(index=False, name=None)
    if (named := outcome(*intervals, smallest=list(gains["matters"]))) != UNCLEAR:
        text = f"{named.capitalize()}: s{text[1:]}"
    return Recommendation(chosen, " ".join([text, *_rivals(of[HOLDS], beaten), *_more(gains)]))


def _rivals(won: list[str], beaten: pd.DataFrame) -> list[str]:
    """Of what shares nothing, the best for each task that gains: whether it is as good as the shared model."""
    if not won:
        return []
    if beaten.empty:
        return [f"Whether anything that shares nothing is as good for {names(won)} was not measured."]
    said = []
    for row in _nearest(won, beaten).itertuples():
        by = f"{row.over_shared:+.3f} {row.metric}"
        if row.as_good:
            said.append(f"For {row.task}, {UNSHARED[row.yardstick]} ({by}), which shares nothing, is as good.")
        else:
            said.append(f"Of all that shares nothing, {UNSHARED[row.yardstick]} comes nearest for {row.task} ({by}).")
    return said


def _nearest(tasks: list[str], beaten: pd.DataFrame) -> pd.DataFrame:
    """The best yardstick of each of these tasks."""
    own = beaten[beaten["task"].isin(tasks)]
    return own.loc[own.groupby("task", sort=False)["over_shared"].idxmax()]


def as_good(gains: pd.DataFrame, beaten: pd.DataFrame) -> str:
    """For which tasks that gain by sharing something that shares nothing does as well; nothing where there is none."""
    if beaten.empty:
        return ""
    validate.columns("beaten", beaten, ["task", "yardstick", "metric", "over_shared", "as_good"])
    won = [str(task) for task in gains.loc[gains["verdict"] == HOLDS, "task"]]
    rows = _nearest(won, beaten)
    named = names([f"{UNSHARED[row.yardstick]} for {row.task}" for row in rows[rows["as_good"]].itertuples()])
    return named and f"As good as the shared model, within what matters, or better: {named}. {NO_REASON}"


NO_REASON = (
    "The gain is then over a weak model of its own, and no reason to share. One model may still be cheaper to serve."
)


def too_good(gains: pd.DataFrame) -> str:
    """A warning where a model predicts a task better than honest features are likely to allow; nothing otherwise."""
    validate.columns("gains", gains, ["task", "metric", "single", "shared"])
    best = gains[["single", "shared"]].max(axis=1)
    rows = gains.assign(best=best)[best > gains["metric"].map(TOO_GOOD)]
    named = names([f"{row.task} ({row.metric} {row.best:.2f})" for row in rows.itertuples()])
    return named and f"{named}: {ALARM}"


ALARM = (
    "hardly anything can be predicted this well before it happens. Most likely one of the features was measured "
    "afterwards, or derived from the label. Find it, leave it out and compare again; until then do not act on the rest."
)


def unlearnt(scores: pd.DataFrame, gains: pd.DataFrame) -> str:
    """Which models have the same output for every test row, and so have learnt nothing; nothing where all have.

    scores, gains   as `comparison.Comparison` has them
    """
    validate.columns("scores", scores, ["seed", "model", "task", "constant"])
    validate.columns("gains", gains, ["task", "seeds", "dead"])
    said = []
    for (task, model), rows in scores[scores["constant"]].groupby(["task", "model"], sort=False):
        seeds = "all seeds" if len(rows) == gains["seeds"].iloc[0] else f"seed {names(map(str, rows['seed']))}"
        said.append(f"{task} ({model}, {seeds})")
    if not said:
        return ""
    lost = names(map(str, gains.loc[gains["seeds"] - gains["dead"] < 2, "task"]))
    judged = f"Nothing can be said of {lost}: fewer than two seeds are left. " if lost else ""
    return f"The same prediction for every test row: {'; '.join(said)}. {DEAD} {judged}{REVIVE}"


DEAD = "Such a seed does not count for its task, on either side."
REVIVE = "More units or a lower learning rate help where the units of a layer have all died."


def alarms(gains: pd.DataFrame, beaten: pd.DataFrame, scores: pd.DataFrame) -> dict[str, str]:
    """All that comes before the recommendation, because it may be worth nothing then: {in a few words: why}."""
    found = {
        "Too good to be true?": too_good(gains),
        "A rival that shares nothing wins.": outdone(beaten),
        "A rival that shares nothing does as well.": as_good(gains, beaten),
        "A model has learnt nothing.": unlearnt(scores, gains),
    }
    return {title: text for title, text in found.items() if text}


def leaning(gain: float, smallest: float) -> str:
    """Which way an undecided gain leans: to a gain, to a loss, or to no difference that matters."""
    return "a gain" if gain > smallest else "a loss" if gain < -smallest else "no difference that matters"


def meanwhile(leanings: Iterable[str]) -> str:
    """What to do until it is decided, in a sentence; of the leanings of all undecided tasks, and of "a loss" for each
    task that surely loses."""
    if "a loss" in (found := list(leanings)):
        return "Until it is decided, keep what you serve today; if that is nothing yet, take a model for each task."
    return (
        f"Until it is decided, keep what you serve today; if that is nothing yet, take the shared model{_since(found)}."
    )


def _since(leanings: list[str]) -> str:
    return ", which is cheaper" if "a gain" not in leanings else ": it is cheaper, and no task leans to a loss"


def rows_needed(gain: float, low: float, high: float, smallest: float, rows: int) -> float:
    """How many rows would decide if the gain stayed as it is and the interval shrank like one over their root.

    A rule of thumb, and rather too low: in worlds of a known law intervals shrink more slowly (a factor of 0.6 for four
    times the rows; chapter 08). Infinite where the gain is what matters, to the last digit.
    """
    short = abs(abs(gain) - smallest)
    return rows * ((high - low) / 2 / short) ** 2 if short else float("inf")


COUNTS = {
    "by item": "the mean label of each item",
    "by user": "the mean label of each user",
    "by user and item": "a sum of user and item means",
}
SIMPLER = COUNTS | {"linear": "a linear model", "trees": "boosted trees"}
FUSED = {
    "product": "the product of the separate models",
    "mean": "the mean of the separate models",
    "stack": "a stack of the separate models",
}
UNSHARED = SIMPLER | FUSED  # all that a shared model is compared with, besides the task's own model


def outdone(beaten: pd.DataFrame) -> str:
    """Which tasks something that shares nothing predicts better than both sides, surely; nothing where there is none.

    beaten   a row a task and yardstick, as `comparison.Comparison` has it; may be empty
    """
    if not len(validate.instance("beaten", beaten, pd.DataFrame, "a pandas DataFrame")):
        return ""
    validate.columns("beaten", beaten, ["task", "yardstick", "metric", "ahead", "low"])
    said = []
    for name, words in UNSHARED.items():
        rows = beaten[(beaten["yardstick"] == name) & (beaten["low"] > 0)]
        named = names([f"{row.task} ({row.ahead:+.3f} {row.metric})" for row in rows.itertuples()])
        said += [f"{words} for {named}"] * bool(named)
    return f"Better than both sides: {'; '.join(said)}. {WEAKER}" if said else ""


WEAKER = (
    "What sharing does is measured among weaker models then. Make them better first (features, rates, penalties), or "
    "take what wins."
)


def _more(gains: pd.DataFrame) -> list[str]:
    """What would decide the tasks that are undecided."""
    rows = gains[gains["verdict"] == "undecided"]
    said = [
        f"For {row.task} about {row.seeds_needed:.0f} seeds would decide, if mean and spread stay as they are."
        for row in rows[rows["seeds_needed"] > 0].itertuples()
    ]
    if stuck := names(map(str, rows.loc[rows["seeds_needed"].isna(), "task"])):
        said.append(f"For {stuck} even {MOST_SEEDS} seeds would not decide it: more rows are needed.")
    return said


def names(tasks: Iterable[str]) -> str:
    """Names as a sentence lists them: a, b and c."""
    tasks = list(tasks)
    return " and ".join([", ".join(tasks[:-1]), tasks[-1]] if len(tasks) > 1 else tasks)

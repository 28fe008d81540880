"""From verdicts to words: does sharing help here? One rule for all reports.

Each task's gain over the best that shares nothing has one of the verdicts of `helpers.evaluation.verdicts`. `recommend`
decides; every other sentence of a page says why, from the same rows of `comparison.Comparison.headline`.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..evaluation.four_outcomes import UNCLEAR, outcome
from ..evaluation.pool import AS_IS, FUSIONS
from ..evaluation.verdicts import HOLDS, NO_EFFECT, OPPOSITE, SMALL, UNDECIDED, VERDICTS, verdict
from ..evaluation.yardsticks import TREES
from ..support import validate
from .declaration import Declaration, literal
from .plan import CONTROL, SINGLE, WITHIN
from .table_checks import GIVEN_AWAY, Problem

SHARE, BUT, APART, COST, OPEN = WORDS = ("share", "share, but", "keep apart", "share, for the cost", "undecided")
TOO_GOOD = {"AUC": GIVEN_AWAY["binary"], WITHIN: GIVEN_AWAY["binary"], "R²": GIVEN_AWAY["regression"]}


class Recommendation(NamedTuple):
    """One of `WORDS`, and a few sentences that say why and what to do."""

    word: str
    text: str


@validate.checked
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


@validate.checked
def apart(headline: pd.DataFrame) -> pd.Series:
    """Where, in the rows of `comparison.Comparison.headline`, the shared model loses to what can be served for it."""
    served = ~headline["rival"].isin([BY_USER, TREES]) | (headline["own_verdict"] == OPPOSITE)
    return (headline["verdict"] == OPPOSITE) & served


@validate.checked
def recommend(headline: pd.DataFrame) -> Recommendation:
    """The recommendation for the rows of `comparison.Comparison.headline`, one a task. A loss to what no ranker serves
    decides nothing: of what can be served, the shared model may be the best."""
    of = {one: [str(t) for t in headline.loc[headline["verdict"] == one, "task"]] for one in VERDICTS}
    unknown = headline[headline["verdict"] == UNDECIDED]
    lost, unserved = headline[kept := apart(headline)], (headline["verdict"] == OPPOSITE) & ~kept
    own = lost["rival"].isin([SINGLE, CONTROL]) | (lost["own_verdict"] == OPPOSITE)
    alone = names(map(str, lost.loc[~own, "task"]))
    won, equal, costs = names(of[HOLDS]), names(of[SMALL] + of[NO_EFFECT]), names(map(str, lost.loc[own, "task"]))
    behind, ahead = (
        names([f"{UNSHARED[row.rival]} for {row.task}" for row in rows.itertuples()])
        for rows in (lost[~own], headline[unserved])
    )
    may_lose = names([str(task) for task in unknown.loc[unknown["low"] <= -unknown["matters"], "task"]])
    chosen, said = word(headline["verdict"].mask(unserved, UNDECIDED)), []
    if won:
        said.append(f"sharing helps {won}" + (f" and costs {costs}" if costs else ""))
    elif costs:
        said.append(f"sharing costs {costs}, and no task clearly gains")
    elif equal and not len(unknown) and not behind:
        said.append(f"sharing makes no difference that matters to {equal}")
    elif not behind and (len(unknown) or not ahead):
        said.append("the measurements do not decide it yet" + f" for {names(of[UNDECIDED])}" * bool(ahead))
    if chosen == SHARE and equal:
        said[0] += f" and costs {equal} nothing that matters"
    if chosen == COST:
        said.append("One model is cheaper to train and to serve")
    if costs:
        said.append(f"Keep {costs} apart" + ", or give it more weight, then measure" * bool(won))
    if behind:
        said.append(f"Keep {alone} apart: better than the shared model, and sharing nothing, is {behind}")
    if ahead:
        said.append(f"Better than the shared model, and sharing nothing, is {ahead}, which no ranker here serves")
    if behind or ahead:
        said.append("Whether better networks would gain by sharing is open: make them better first, or take what wins")
    if won and may_lose:
        said.append(f"Whether it costs {may_lose} is not decided")
    elif won and len(unknown):
        said.append(f"It costs {names(of[UNDECIDED])} nothing that matters; whether it helps is open")
    intervals, margins = headline[["low", "high"]].to_numpy().tolist(), headline["matters"].tolist()
    as_drawn = [verdict(*ends, margin) for ends, margin in zip(intervals, margins, strict=True)]
    named = outcome(*map(tuple, intervals), smallest=margins)
    if named != UNCLEAR and as_drawn == headline["verdict"].tolist() and not (behind or ahead):
        said[0] = f"{named}: {said[0]}"
    text = " ".join(f"{one[0].upper()}{one[1:]}." for one in said)
    said = [text, *_rivals(headline), *_gains_by_fusion(headline)]
    return Recommendation(chosen, " ".join(said))


BETTER, TRADE, WORSE, NEITHER = ("better", "a trade", "worse", "neither")


@validate.checked
def against_today(verdicts: Iterable[str]) -> str:
    """What the lists are, whose labels have these verdicts over those of today: `BETTER` where some gain and none
    loses, `WORSE` where some lose and none gains, `TRADE` where both happens, `NEITHER` where nothing does."""
    gains, loses = (one in [*verdicts] for one in (HOLDS, OPPOSITE))
    return TRADE if gains and loses else BETTER if gains else WORSE if loses else NEITHER


@validate.checked
def today(lists: pd.DataFrame, exponents: dict[str, float]) -> list[str]:
    """First of all, how far the list that could be served is ahead of that of today: what is compared, a line a label,
    and what follows; nothing where that was not declared.

    lists, exponents   `today` and `exponents` of a `comparison.Comparison`
    """
    if lists.empty:
        return []
    said = [
        f"{row.what}: {row.metric} {row.was:.3f} today, {row.value:.3f} then, {row.gain:+.3f} ({row.low:+.3f} to "
        f"{row.high:+.3f}), {INSTEAD[row.verdict]}"
        f"{SMALLEST.format(row) * (row.verdict == UNDECIDED and row.low * row.high > 0)}."
        for row in lists.itertuples(index=False)
    ]
    may_lose = lists["verdict"].eq(UNDECIDED) & (lists["low"] <= -lists["matters"])
    watched = names(lists.loc[may_lose, "what"])
    then = {
        TRADE: "That is a trade: `Lists.most` seeks exponents that keep what it loses; if none do, keep yours.",
        BETTER: f"That is worth an A/B test{f', which must watch {watched}' if watched else ''}.",
        WORSE: "With these exponents it only loses: try others, or keep what you serve.",
        NEITHER: UNTIL_THEN if lists["verdict"].eq(UNDECIDED).any() else "So keep what you serve.",
    }[against_today(lists["verdict"])]
    first = f"Today your lists are ordered by {lists['served'].iloc[0]}. In the test rows, if they were ordered by "
    first += f"{formula(exponents)} of what is best for each task:"
    return [first, *said, f"{then} {INCUMBENT}"]


@validate.checked
def formula(exponents: dict[str, float]) -> str:
    """The score of a list in words: click^0.5 · like^0.5."""
    return " · ".join(f"{task}^{round(exponent, 2):g}" for task, exponent in exponents.items())


UNTIL_THEN = "That decides nothing, for or against what you serve: more rows would, or an A/B test."
INSTEAD = {HOLDS: "a gain", OPPOSITE: "a loss", UNDECIDED: "undecided"}
INSTEAD |= dict.fromkeys((SMALL, NO_EFFECT), "no difference that matters")
SMALLEST = ", as it may be less than {0.matters:g}, the smallest difference that matters"
INCUMBENT = "What you serve has chosen these rows and their places: on top it was clicked more for that alone, and "
INCUMBENT += "what it thought bad is not here. Only an A/B test is fair to both."


@validate.checked
def to_serve(best: pd.DataFrame) -> str:
    """What is best for each task of all that can be served, where boosted trees are better still, and what is left out
    of the score, because it cannot be told from guessing."""
    known, guessed = best[best["learnt"]], names(map(str, best.loc[~best["learnt"], "task"]))
    where = " within lists" * bool((best.loc[~best["learnt"], "metric"] == WITHIN).all())
    left = f" What is predicted of {guessed} cannot be told from guessing{where}, so it does not count in the score."
    if known.empty:
        return NOTHING_TO_SERVE
    said = [
        f"{served_as(row.name)} for {row.task} ({row.metric} {row.value:.3f})" for row in known.itertuples(index=False)
    ]
    trees = _each(known[known["trees"].round(3) > 0], "{row.task} ({row.trees:+.3f})")
    refused = f" Boosted trees are better for {trees}: no ranker here serves them, scikit-learn itself does."
    kept = f"To serve, by the validation rows: {names(said)}; {THE_BEST} has them all."
    return kept + refused * bool(trees) + left * bool(guessed)


NOTHING_TO_SERVE = "As long as nothing surely predicts these labels, there is nothing to serve."


@validate.checked
def served_as(name: str) -> str:
    """In words, a model of `comparison.Comparison.best`."""
    way = name.removeprefix("shared, ")
    shared = f"the shared model with its outputs {FORMS[way]}" if way in FORMS else "the shared model"
    return (UNSHARED | {SINGLE: "a model of its own"}).get(name, shared)


def _rivals(headline: pd.DataFrame) -> list[str]:
    """Of what shares nothing, the best for each task that gains, and how much less shuffled labels bring."""
    said = []
    for row in headline[headline["verdict"] == HOLDS].itertuples():
        if not row.measured:
            said.append(f"Whether anything that shares nothing is as good for {row.task} was not measured.")
            continue
        by = f"{row.gain:+.3f} {row.metric}"
        said.append(f"Of all that shares nothing, {UNSHARED[row.nearest]} comes nearest for {row.task} (gain {by}).")
        if not np.isnan(row.control_gain):
            said.append(f"Over shuffled labels of the other tasks the gain is {row.control_gain:+.3f}.")
    return said


def _gains_by_fusion(headline: pd.DataFrame) -> list[str]:
    """For which tasks the shared model was best with its outputs fused, and what it gains as it is served."""
    rows = headline[(headline["form"] != AS_IS) & headline["learnt"].astype(bool)]
    said = [
        f"{FORMS[row.form]} for {row.task} (as it is, the gain is {row.plain_gain:+.3f} {row.metric})"
        for row in rows.itertuples()
    ]
    return [f"{FUSED_BEST} {names(said)}. {SERVED}"] if said else []


FUSED_BEST = "By the validation rows the shared model is best with its outputs"
THE_BEST = '`found.ranker(kind="best")` (ranker.pt)'
SERVED = f"`found.ranker()` serves it as it is, {THE_BEST} in this form where it is best."
FORMS = {"product": "multiplied", "mean": "averaged", "stack": "stacked"}
BY_USER = "by user"  # which orders nobody's list: no ranker serves it, and none serves trees
UNSHARED = {
    "by item": "the mean label of each item",
    BY_USER: "the mean label of each user",
    "by user and item": "a sum of user and item means",
    "linear": "a linear model",
    TREES: "boosted trees",
    **{way: f"the {way} of the separate models" for way in FUSIONS},
    SINGLE: "its own model",
    CONTROL: "the same with shuffled labels",
}


@validate.checked
def alarms(
    headline: pd.DataFrame,
    gains: pd.DataFrame,
    beaten: pd.DataFrame,
    scores: pd.DataFrame,
    declaration: Declaration,
    problems: list[Problem],
) -> dict[str, str]:
    """All that comes before the recommendation, because it may be worth nothing then: {in a few words: why}.

    headline, gains, beaten, scores, problems   as `comparison.Comparison` has them; beaten may be empty
    """
    held = headline[(headline["own_verdict"] == HOLDS) & (headline["verdict"] != HOLDS) & headline["learnt"]]
    doubted, asked = ([f"{p.column}: {p.sentence}" for p in problems if getattr(p, of)] for of in ("doubt", "asked"))
    rings = {  # {in a few words: the sentences of each task or column, and what follows from them}
        SETTLE: (doubted, DOUBT),
        TOO_WELL: (_too_good(headline[~headline["task"].isin(declaration.settled)]), ALARM),
        "A label that hangs on one column.": (asked, HANGS),
        "One epoch for all labels costs, not sharing?": _lost_to_one_state(headline),
        "A label that nothing surely predicts.": (_unlearnable(headline), UNLEARNABLE),
        "A label that orders no list.": (_orderless(headline), ORDERLESS),
        "A rival that shares nothing wins.": (_outdone(beaten), WEAKER),
        "A rival that shares nothing may do as well.": (_as_good(held), _no_reason(held)),
        "Regularisation, not sharing?": (_gains_of_penalty(held), REGULARISED),
        "A model has learnt nothing.": (_unlearnt(scores, gains), REVIVE),
        "No time was declared.": ([] if declaration.time else [AT_RANDOM], NO_TIME),
    }
    return {title: " ".join([*said, cure]) for title, (said, cure) in rings.items() if said}


UNSETTLED = SETTLE, TOO_WELL = ("To be settled first.", "Too good to be true?")  # alarms with which nothing is exported
DOUBT = "Until that is settled, believe no number below, and serve nothing: correct the table, or the declaration, and "
DOUBT += "compare again."
ALARM = "hardly anything can be predicted this well before it happens. Most likely one of the features was measured "
ALARM += "afterwards, or derived from the label. Find it, leave it out and compare again; until then serve nothing. If "
ALARM += "you know that all is well, declare the label as settled."
HANGS = "No table can tell whether a column is filled in afterwards; where it is, what is said of the label is worth "
HANGS += "nothing. Log it for a day as lists are shown, and compare."
HURRIED = "A label with few rows is learnt by heart soon, one that is hard to learn late: no one state suits both."
LESS = " Compare again with less weight on the first, before you keep anything apart: recipe = Recipe(weighting={})."
UNLEARNABLE = "As much may be luck with few labels in the test rows, or no feature tells of it. Find one, or leave the "
UNLEARNABLE += "label out: it is no reason to share, and its noise may spoil the model for others."
ORDERLESS = "It differs between users, say, and not within one list: for lists leave it out and compare again."
WEAKER = "Sharing is measured among weaker models then: improve them (features, rates, penalties), or take what wins."
NO_REASON = "The gain may then be over a weak model of its own: no reason to share."
NO_NEED = "The other labels may help, but separate models that are fused learn from them as well: no reason to share."
CHEAPER = "One model may still be cheaper."
REGULARISED = "Shuffled labels tell nothing: what helped may be regularisation, which its own model can have as well."
DEAD = "Such a seed does not count for its task, on either side."
REVIVE = "More units or a lower learning rate help where the units of a layer have all died."
AT_RANDOM = "Rows were split at random: models learnt from rows newer than those they are tested on."
NO_TIME = "What holds next week may differ: declare the time if the log has one."


def _too_good(headline: pd.DataFrame) -> list[str]:
    """Tasks that a model surely predicts better than honest features are likely to allow."""
    rows = headline[headline["surely"] > headline["metric"].map(TOO_GOOD)]
    return [f"{named}:"] if (named := _each(rows, "{row.task} ({row.metric} {row.level:.2f})")) else []


def _lost_to_one_state(headline: pd.DataFrame) -> tuple[list[str], str]:
    """Labels that lose in the one state of the shared model that serves all, and not surely at their own best epoch;
    and what to do."""
    rows = headline[headline["hurried"].astype(bool)]
    words = "{row.task} loses {row.loss:.3f} {row.metric} in the state for all, and {row.left:.3f} in its own"
    named = _each(rows.assign(loss=-rows["rival_gain"], left=-rows["each_gain"]), words)
    weights = {str(row.task): 1 if row.hurried else 0.1 for row in headline.itertuples()}
    said = [f"Against the best that shares nothing, {named}, which is not surely a loss."] if named else []
    return said, HURRIED + LESS.format(literal(weights)) * (min(weights.values()) < 1)


def _unlearnable(headline: pd.DataFrame) -> list[str]:
    """Labels that nothing here surely predicts better than guessing would."""
    rows = headline[~headline["learnt"].astype(bool) & headline["between"].isna()]
    named = _each(rows, "{row.task} ({row.metric} {row.level:.2f} at best)")
    said = [f"No model here can surely be told from guessing at {named}."] if named else []
    known = _each(rows[rows["today"].notna()], "{row.task} ({row.metric} {row.today:.2f})")
    return said + [f"The score of today can, at {known}: it knows what no column says."] * bool(known)


def _orderless(headline: pd.DataFrame) -> list[str]:
    """Labels of which rows of different lists can be told apart, and those of one list cannot."""
    rows = headline[headline["between"].notna()]
    named = _each(rows, "{row.task} ({row.metric} {row.level:.2f} at best; AUC over all rows {row.between:.2f})")
    return [f"No model here surely orders the rows of one list by {named}."] if named else []


def _outdone(beaten: pd.DataFrame) -> list[str]:
    """Tasks that something that shares nothing predicts better than both sides, surely."""
    said, surely = [], beaten[beaten["low"] > 0] if len(beaten) else beaten
    for name, words in UNSHARED.items() if len(surely) else ():
        rows = surely[(surely["yardstick"] == name) & (name != CONTROL)]
        said += [f"{words} for {named}"] if (named := _each(rows, "{row.task} ({row.ahead:+.3f} {row.metric})")) else []
    return [f"Better than both sides: {'; '.join(said)}."] if said else []


def _no_reason(held: pd.DataFrame) -> str:
    """What follows where something that shares nothing may do as well: a fusion learns from the other labels, too."""
    fused = held["nearest"].isin(FUSIONS)
    return " ".join([NO_NEED] * bool(fused.any()) + [NO_REASON] * (not fused.all()) + [CHEAPER])


def _as_good(held: pd.DataFrame) -> list[str]:
    """Of the tasks that gain over their own model alone, those that something that shares nothing may predict as
    well."""
    return [
        f"{_gains_alone(row)}, but not surely over all that shares nothing (nearest: {UNSHARED[row.nearest]})."
        for row in held[~held["nearest"].isin([SINGLE, CONTROL])].itertuples()
    ]


def _gains_of_penalty(held: pd.DataFrame) -> list[str]:
    """Of the same, those that gain as much with the labels of the others shuffled."""
    return [
        f"{_gains_alone(row)}; over the same shared model with the other labels shuffled, {row.control_gain:+.3f} is "
        f"left ({row.control_low:+.3f} to {row.control_high:+.3f})."
        for row in held.query("control_low <= matters and control_gain < own_gain").itertuples()
    ]


def _gains_alone(row) -> str:
    return f"{row.task} gains {row.own_gain:+.3f} {row.metric} over its own model"


def _unlearnt(scores: pd.DataFrame, gains: pd.DataFrame) -> list[str]:
    """Models that have the same output for every test row, and so have learnt nothing."""
    said = []
    for (task, model), rows in scores[scores["constant"]].groupby(["task", "model"], sort=False):
        seeds = "all seeds" if len(rows) == gains["seeds"].iloc[0] else f"seed {names(map(str, rows['seed']))}"
        said.append(f"{task} ({model}, {seeds})")
    lost = names(map(str, gains.loc[gains["seeds"] - gains["dead"] < 2, "task"]))
    judged = f" Nothing can be said of {lost}: fewer than two seeds are left." if lost else ""
    return [f"The same prediction for every test row: {'; '.join(said)}. {DEAD}{judged}"] if said else []


@validate.checked
def leaning(gain: float, smallest: float) -> str:
    """Which way an undecided gain leans: to a gain, to a loss, or to no difference that matters."""
    return "a gain" if gain > smallest else "a loss" if gain < -smallest else "no difference that matters"


@validate.checked
def rows_needed(gain: float, low: float, high: float, smallest: float, rows: int) -> float:
    """How many rows would decide if the gain stayed as it is and the interval shrank like one over their root: its end
    on the side of what the gain leans away from, which need not be as far as the other; of a gain within the margin,
    both ends.

    A rule of thumb, and rather too low: in worlds of a known law intervals shrink more slowly (a factor of 0.6 for four
    times the rows; chapter 08). Infinite where the gain is what matters, to the last digit.
    """
    if abs(gain) > smallest:
        sides = [(gain - low if gain > 0 else high - gain, abs(gain) - smallest)]
    else:
        sides = [(high - gain, smallest - gain), (gain - low, smallest + gain)]
    return max(rows * (width / short) ** 2 if short else float("inf") for width, short in sides)


@validate.checked
def names(tasks: Iterable[str]) -> str:
    """Names as a sentence lists them: a, b and c."""
    tasks = list(tasks)
    return " and ".join([", ".join(tasks[:-1]), tasks[-1]] if len(tasks) > 1 else tasks)


def _each(rows: pd.DataFrame, words: str) -> str:
    """Each of these rows in these words, as a sentence lists them."""
    return names([words.format(row=row) for row in rows.itertuples(index=False)])

"""The map of the four outcomes: every experiment of the course that trains two tasks together is one dot.

A dot says what each task gains over its own single-task model (or, where its experiment has more that shares nothing,
over the best of that, with the model's outputs fused in the same ways), with the 95% interval over paired seeds (where
seeds share a log, that of chapter 08). It is read out of a kept table. A chapter adds its dots to `DOTS`; `table` gives
them to the figure (`helpers.display.outcome_map`). What counts as a gain or a loss is more than `SMALLEST`, as in
chapter 08.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from helpers.course import kept_table
from helpers.display.runs import LUCK
from helpers.evaluation.four_outcomes import outcome
from helpers.evaluation.intervals import gain
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.statistics import difference, interval
from helpers.support import validate

ALONE = "single-task"


@dataclass(frozen=True)
class Dot:
    """One experiment on the map.

    name     a few words next to the dot; unique
    chapter  where it comes from
    kept     name of the kept table, which has a row a setting, seed, model and task
    model    the model that was trained on both tasks; or several scores by its outputs: for each task the best, by mean
    where    {column: value}: the setting
    value    column of the score, and its unit on the map
    tasks    the values of column `task` that are tasks A and B
    over     what it is compared with, which shares nothing: for each task the one of these with the highest mean
    overlap  test rows / rows to train on, where all seeds share a log and the table does not say so itself
    """

    name: str
    chapter: int
    kept: str
    model: str | tuple[str, ...]
    where: dict[str, object] = field(default_factory=dict)
    value: str = "r2"
    unit: str = "R²"
    tasks: tuple[str, str] = ("a", "b")
    over: tuple[str, ...] = (ALONE,)
    overlap: float | None = None


EQUAL, QUARTER = "shared-bottom", "shared-bottom, b weighs 1/4"
MIX, HALF, DISJOINT = (
    {"condition": name} for name in ("same features, other mix", "half the features shared", "disjoint features")
)
NARROW = {"situation": "narrow bottom"}
FOLLOWED, UNRELATED = ({"kind": "seen", "strength": strength, "chosen": "the sum"} for strength in (1.0, 0.0))
MADE_OF_TWO = ("by CTR", "CTR × CVR", "mean of CTR and CVR", "stack of CTR and CVR", "numbers and CTR")
LINEAR, ESMM, MASKED = (
    (own, *(f"{way}, {pool}" for way in MADE_OF_TWO))
    for own, pool in {
        f"{ALONE}, linear": "linear",
        "ESMM": "ESMM",
        "masked shared-bottom": "masked shared-bottom",
    }.items()
)
UNSHARED = (ALONE, *MADE_OF_TWO, *LINEAR, "by item", "by item's clicks", "by history")
FUNNEL = {"value": "auc", "unit": "AUC", "tasks": ("click", "click and like"), "over": UNSHARED}
LOVE = {"value": "auc", "unit": "AUC", "tasks": ("like", "love")}
RATINGS = LOVE | {"where": {"pair": "like + love"}, "overlap": 10_000 / 80_000}

DOTS = [
    Dot("B has few labels", 1, "01_eavesdrop", EQUAL, MIX),
    Dot("B few, weight ¼", 1, "01_eavesdrop", QUARTER, MIX),
    Dot("B few, half shared", 1, "01_eavesdrop", EQUAL, HALF),
    Dot("B few, half shared, weight ¼", 1, "01_eavesdrop", QUARTER, HALF),
    Dot("B few, disjoint features", 1, "01_eavesdrop", EQUAL, DISJOINT),
    Dot("same features", 4, "04_conditions", "shared-bottom", MIX),
    Dot("opposed labels", 4, "04_conditions", "shared-bottom", {"condition": "same features, opposite sign"}),
    Dot("disjoint features", 4, "04_conditions", "shared-bottom", DISJOINT),
    Dot("narrow, sum", 5, "05_alike", "equal weights", NARROW),
    Dot("narrow, UWL", 5, "05_alike", "UWL", NARROW),
    Dot("narrow, GradNorm", 5, "05_alike", "GradNorm", NARROW),
    Dot("MovieLens, like and love", 4, "04_ratings_80", "shared-bottom", **RATINGS),
    Dot("MMoE, same", 6, "06_relu", "MMoE", MIX | {"rows": 500}),
    Dot("MMoE, disjoint", 6, "06_relu", "MMoE", DISJOINT | {"rows": 500}),
    Dot("wide bottom, same", 6, "06_relu", "shared-bottom, equal size", MIX | {"rows": 500}),
    Dot("wide bottom, disjoint", 6, "06_relu", "shared-bottom, equal size", DISJOINT | {"rows": 500}),
    Dot("ESMM at 1", 7, "07_funnel", ESMM, FOLLOWED, **FUNNEL),
    Dot("ESMM at 0", 7, "07_funnel", ESMM, UNRELATED, **FUNNEL),
    Dot("masked at 1", 7, "07_funnel", MASKED, FOLLOWED, **FUNNEL),
    Dot("masked at 0", 7, "07_funnel", MASKED, UNRELATED, **FUNNEL),
    Dot("report on the feed", 8, "08_feed", "Shared-Bottom", value="auc", unit="AUC", tasks=("click", "like")),
    Dot("report on MovieLens", 8, "08_movielens", "Shared-Bottom", **LOVE),
]


def table(chapters: Sequence[int]) -> pd.DataFrame:
    """A row a dot of these chapters: name, chapter, unit, over (a word for what it is compared with), a, a_low, a_high,
    b, b_low, b_high, seeds, outcome."""
    dots = [dot for dot in DOTS if dot.chapter in chapters]
    if not dots:
        validate.fail("chapters", str(list(chapters)), f"some of {sorted({dot.chapter for dot in DOTS})}")
    tables = {name: kept_table(name) for name in dict.fromkeys(dot.kept for dot in dots)}
    return pd.DataFrame([_row(dot, tables[dot.kept]) for dot in dots])


def _row(dot: Dot, table: pd.DataFrame) -> dict:
    for column, value in dot.where.items():
        table = table[table[column] == validate.choice(column, value, set(table[column]))]
    luck = LUCK if dot.overlap is None and LUCK[0] in table else []
    scores = table[[*dot.where, "seed", "model", "task", dot.value, *luck]]  # a table may hold other scores, too
    by_task = {task: _gains(dot, scores[scores["task"] == task]) for task in dot.tasks}
    over = ALONE if dot.over == (ALONE,) else "best unshared"
    row = {"name": dot.name, "chapter": dot.chapter, "unit": dot.unit, "over": over}
    for side, values in zip("ab", by_task.values(), strict=True):
        row |= dict(zip((side, f"{side}_low", f"{side}_high"), _interval(values, dot.overlap), strict=True))
    row["seeds"] = len(values)
    intervals = ((row[f"{side}_low"], row[f"{side}_high"]) for side in "ab")
    return row | {"outcome": outcome(*intervals, smallest=SMALLEST[dot.unit])}


def _gains(dot: Dot, scores: pd.DataFrame) -> pd.DataFrame:
    """What the model gains in one task over the best of its rivals."""
    means = scores.groupby("model")[dot.value].mean()
    of = [dot.model] if isinstance(dot.model, str) else dot.model
    return difference(scores, dot.value, *(means[list(side)].idxmax() for side in (of, dot.over)))


def _interval(gains: pd.DataFrame, overlap: float | None) -> tuple[float, float, float]:
    """Mean and 95% interval of the gains of one task. Where seeds share a log, dot or table say what else is needed."""
    if LUCK[0] in gains:
        return gain(gains["difference"].to_numpy(), *gains[LUCK].iloc[0])[:3]
    return interval(gains["difference"]) if overlap is None else gain(gains["difference"].to_numpy(), overlap)[:3]

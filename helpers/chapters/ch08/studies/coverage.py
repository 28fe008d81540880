"""Does the capstone's report say the right thing? Tables whose relation is known, put through its own procedure.

A seed is a table: two tasks on twenty columns (`relu_tasks`, as in chapter 04), with as many rows as a reader might
have. What the report says about it is one row.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pandas as pd

from helpers.capstone.comparison import Comparison, compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.ranker import Recipe
from helpers.capstone.recommendation import word
from helpers.chapters.ch06.studies.mmoe import RELU_RATE
from helpers.chapters.ch08.coverage import DISJOINT, REPEATS, RIGHT, ROWS, SAME, WRONG
from helpers.data.synthetic import CONDITIONS, relu_tasks
from helpers.evaluation.statistics import interval
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, equal

# A narrow bottom, in which chapter 04 tells what the report should say; the rate is that of chapter 06, tuned for
# all models on seeds that no result uses.
RECIPE = Recipe(units=(4,), towers=(8,), epochs=40, patience=10, fewest_steps=0, batch_size=256)


def known_table(condition: str, rows: int, seed: int) -> tuple[pd.DataFrame, Declaration]:
    """A table that obeys the law of a condition, and what its columns are: numbers x0 … x19, regression labels a, b."""
    pair = relu_tasks((rows, 1, 1), seed=seed, **CONDITIONS[condition]).train
    names = [f"x{i}" for i in range(pair.inputs.shape[1])]
    frame = pd.DataFrame(pair.inputs.numpy(), columns=names)
    labels = {task: values.numpy() for task, values in pair.labels.items()}
    return frame.assign(**labels), Declaration(dict.fromkeys(labels, "regression"), numbers=tuple(names))


def reports(
    seeds: Sequence[int],
    conditions: Sequence[str] = tuple(RIGHT),
    rows: Sequence[int] = (ROWS,),
    repeats: int = REPEATS,
    by_time: bool = False,
) -> pd.DataFrame:
    """What the report says about each table: condition, rows, seed, repeats, task, gain, low, high, naive_low,
    naive_high, verdict, word.

    repeats  the report's own seeds; the table has what it would have said after the first 3, 5 and 10 of them as well
    by_time  the rows get a time, so that there is one fixed split; without it each report seed has a random one
    naive_*  the t-interval over the report's seeds, as if each had a log of its own
    """
    tables = []
    for condition, count, seed in product(conditions, rows, seeds):
        options = {"seeds": range(repeats), "rates": [RELU_RATE], "also": ()}
        frame, declaration = known_table(condition, count, seed)
        if by_time:
            frame, declaration = frame.assign(time=range(count)), replace(declaration, time="time")
        comparison = compare(frame, declaration, RECIPE, **options)
        for after, growth in comparison.growth.groupby("seeds"):
            table = growth[["task", "gain", "low", "high", "verdict"]].assign(word=word(growth["verdict"]))
            table[["naive_low", "naive_high"]] = [_naive(comparison, task, after) for task in growth["task"]]
            tables.append(table.assign(condition=condition, rows=count, seed=seed, repeats=after))
    columns = ["condition", "rows", "seed", "repeats", "task", "gain", "low", "high", "naive_low", "naive_high"]
    return pd.concat(tables, ignore_index=True)[[*columns, "verdict", "word"]]


def _naive(comparison: Comparison, task: str, seeds: int) -> tuple[float, float]:
    scores, first = comparison.scores, comparison.seeds[:seeds]
    scores = scores[(scores["task"] == task) & scores["seed"].isin(first)]
    by_model = scores.pivot(index="seed", columns="model", values="value")
    return interval(by_model[comparison.recipe.structure] - by_model["single-task"])[1:]


def said_right(table: pd.DataFrame, condition: str) -> pd.Series:
    """For each table of a condition +1 where the recommendation is right, −1 where it is wrong, 0 where it is open."""
    words = table[table["condition"] == condition].groupby("seed")["word"].first()
    return words.isin(RIGHT[condition]).astype(int) - words.isin(WRONG[condition]).astype(int)


WITHIN = dict.fromkeys(("gain", "low", "high", "naive_low", "naive_high"), 0.02) | dict.fromkeys(
    ("verdict", "word"), equal(0.7)
)
TWO = {"conditions": [SAME, DISJOINT]}
ONE = {"seeds": [3], "conditions": [DISJOINT]}
FEW_ROWS = {"seeds": [103], "conditions": [DISJOINT], "rows": [500]}
TABLES = kept_tables(
    KeptTable("08_worlds", reports, {"seeds": range(32)}, [Recheck(ONE, WITHIN)]),
    KeptTable("08_by_time", reports, {"seeds": range(40), "by_time": True} | TWO, [Recheck(ONE, WITHIN)]),
    KeptTable(
        "08_rows",
        reports,
        {"seeds": range(100, 120), "rows": [500, 1_000, 2_000, 4_000]} | TWO,
        [Recheck(FEW_ROWS, WITHIN)],
    ),
)

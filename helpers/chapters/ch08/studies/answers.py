"""What the report answers on the logs of `ch08.answers`, a seed a log."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import RATES
from helpers.capstone.ranker import Recipe
from helpers.capstone.recommendation import word
from helpers.chapters.ch08.answers import LOGS, NEW_OTHER, NEW_SAME, OLD_SAME, SHUFFLED
from helpers.data.synthetic import CONDITIONS, relu_tasks
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, equal

NOISE = 0.6  # of labels of variance 1: no model can reach an R² above 0.74
RARE = {"a": 1.0, "b": 0.1}  # weights where 600 rows to train on have B: else it stops the training before A is learnt
SEEDS = range(500, 520)
KEPT = ["task", "rival", "gain", "low", "high", "verdict"]


def make_log(log: str, seed: int) -> tuple[pd.DataFrame, Declaration, Recipe]:
    """A log, what its columns are, and what to train on it."""
    rows, labelled, needs = LOGS[log]
    pair = relu_tasks((rows, 1, 1), noise=NOISE, seed=seed, **CONDITIONS[needs]).train
    numbers = tuple(f"x{i}" for i in range(pair.inputs.shape[1]))
    a, b = (pair.labels[task].numpy() for task in "ab")
    if log == SHUFFLED:
        b = np.random.default_rng([8, seed]).permutation(b)
    frame = pd.DataFrame(pair.inputs.numpy(), columns=list(numbers)).assign(time=range(rows), a=a)
    frame["b"] = np.where(frame["time"] >= rows - labelled, b, np.nan)
    declaration = Declaration(dict.fromkeys("ab", "regression"), numbers=numbers, time="time")
    weighting = RARE if labelled < rows else "equal"
    return frame, declaration, Recipe(weighting=weighting, epochs=40, patience=4, batch_size=rows // 40)


def answer_words(seeds: Sequence[int], log: str) -> pd.DataFrame:
    """A row a table of this log and task: log, seed, the word of the report, and of its headline `KEPT`.

    Both sides choose among three learning rates. The rivals are all that the report has; counts need ids, so there are
    none.
    """
    tables = []
    for seed in seeds:
        headline = compare(*make_log(log, seed), rates=RATES).headline
        headline["gain"] = headline["rival_gain"]  # over the rival that is named
        tables.append(headline[KEPT].assign(log=log, seed=seed, word=word(headline["verdict"])))
    return pd.concat(tables, ignore_index=True)


WITHIN = dict.fromkeys(("gain", "low", "high"), 0.03) | dict.fromkeys(("rival", "verdict", "word"), equal(0.5))
NAMES = {"08_new_other": NEW_OTHER, "08_new_same": NEW_SAME, "08_old_same": OLD_SAME, "08_new_shuffled": SHUFFLED}
TABLES = kept_tables(
    *(
        KeptTable(name, answer_words, {"seeds": SEEDS, "log": log}, [Recheck({"seeds": [500]}, WITHIN)])
        for name, log in NAMES.items()
    )
)

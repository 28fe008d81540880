"""From verdicts to words: every combination of three verdicts has the word that the rule gives it."""

import itertools

import numpy as np
import pandas as pd
import pytest

from helpers.recommendation import APART, BUT, COST, OPEN, SHARE, WORDS, recommend, word
from helpers.verdicts import VERDICTS


@pytest.mark.parametrize("verdicts", list(itertools.product(VERDICTS, repeat=3)), ids="-".join)
def test_every_combination_has_its_word(verdicts):
    gains, loses, equal, unknown = (verdicts.count(one) for one in VERDICTS)
    found = word(verdicts)
    assert found in WORDS
    assert (found == APART) == (loses > 0 and gains == 0)
    assert (found == SHARE) == (gains > 0 and loses == 0 and unknown == 0)
    assert (found == BUT) == (gains > 0 and (loses > 0 or unknown > 0))
    assert (found == COST) == (equal == 3)
    assert (found == OPEN) == (gains == 0 and loses == 0 and unknown > 0)
    assert word(reversed(verdicts)) == found


def table(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["task", "verdict", "seeds_needed"])


@pytest.mark.parametrize(
    ("gains", "expected", "words"),
    [
        (table(("click", "holds", 0), ("like", "holds", 0)), SHARE, "helps click and like."),
        (table(("click", "holds", 0), ("like", "no effect", 0)), SHARE, "costs like nothing that matters"),
        (table(("click", "opposite", 0), ("like", "no effect", 0)), APART, "costs click, and no task clearly gains"),
        (table(("click", "opposite", 0), ("like", "holds", 0)), BUT, "helps like and costs click: a seesaw"),
        (
            table(("click", "undecided", 9), ("like", "holds", 0)),
            BUT,
            "Whether it costs click is not decided. For click about 9",
        ),
        (table(("click", "no effect", 0), ("like", "no effect", 0)), COST, "cheaper to train and to serve"),
        (table(("click", "undecided", 40), ("like", "undecided", np.nan)), OPEN, "For like even 200 seeds would not"),
        (
            table(("click", "undecided", 40), ("like", "undecided", np.nan)),
            OPEN,
            "Not enough data to tell. For click about 40 seeds would decide",
        ),
        (table(("click", "undecided", 40), ("like", "no effect", 0)), OPEN, "do not decide it yet. For click about 40"),
        (
            table(("a", "opposite", 0), ("b", "opposite", 0), ("c", "opposite", 0)),
            APART,
            "Train a, b and c alone",
        ),
    ],
)
def test_the_text_names_the_tasks(gains, expected, words):
    found = recommend(gains)
    assert found.word == expected and words in found.text


def test_no_task_and_an_unknown_verdict_are_named():
    with pytest.raises(ValueError, match="verdicts: got none"):
        word([])
    with pytest.raises(ValueError, match="verdicts: got 'maybe'"):
        word(["maybe"])

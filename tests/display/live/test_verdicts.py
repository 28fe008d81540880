"""`verdicts.js` says of the reader's own seeds what helpers/evaluation would say."""

import json
from functools import partial

import numpy as np
import pytest

from helpers.evaluation import four_outcomes, statistics, verdicts
from helpers.support.environment import ROOT
from tests.display.live.test_live import asked, needs_node

WORDS = dict(zip(verdicts.VERDICTS, ("a gain", "a loss", "too small to matter", "no effect", "undecided"), strict=True))


found = partial(asked, ROOT / "helpers/display/live/verdicts.js")


@needs_node
def test_intervals_are_those_of_statistics():
    rng = np.random.default_rng(0)
    samples = [rng.normal(size=n).tolist() for n in (*range(2, 34), 48, 100, 1000)]
    for got, values in zip(found(f"{json.dumps(samples)}.map(interval)"), samples, strict=True):
        assert got == pytest.approx(statistics.interval(values), abs=1e-3)


@needs_node
def test_one_seed_has_no_interval_and_decides_nothing():
    assert found("[verdict(interval([0.5]), 0.01), outcome(interval([0.5]), interval([0.5]), 0.01)]") == [
        "undecided",
        "",
    ]


@needs_node
def test_words_are_those_of_verdicts_and_outcomes():
    ends = (-0.03, -0.02, -0.005, 0.0, 0.004, 0.02, 0.03)
    intervals = [(low, high) for low in ends for high in ends if low <= high]
    every = [[(0, *a), (0, *b)] for a in intervals for b in intervals]
    said = found(f"{json.dumps(every)}.map(([a, b]) => [verdict(a, 0.01), outcome(a, b, 0.01)])")
    for ((_, *a), (_, *b)), (word, both) in zip(every, said, strict=True):
        assert word == WORDS[verdicts.verdict(*a, 0.01)]
        assert (both or four_outcomes.UNCLEAR) == four_outcomes.outcome(a, b, smallest=0.01)

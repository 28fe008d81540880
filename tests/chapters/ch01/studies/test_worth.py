import numpy as np
import pandas as pd
import pytest

from helpers.chapters.ch01.studies import worth
from helpers.data.feed import USERS, Feed, Offer


def test_the_best_score_of_a_label_promises_what_happens():
    feed = Feed.make(1, days=1)
    offer = Offer.make(feed, users=USERS)
    best = worth.best_scores(feed, offer)
    for label, promised in (("click", 1 / (1 + np.exp(-best["click"]))), ("like", np.exp(best["like"]))):
        tenth = pd.qcut(promised, 5, labels=False)
        happened = offer.outcomes[label].groupby(tenth).mean()
        assert np.allclose(pd.Series(promised).groupby(tenth).mean(), happened, rtol=0.25, atol=0.01)


def test_what_is_needed_is_read_off_the_slope():
    """0.05 AUC more bring back 1% of the users, give or take: one in 400 for 0.0125."""
    rows = [
        ("like", noise, seed, 0.8 - 0.05 * noise, 0.5, 0.6 - (0.01 + 0.001 * (-1) ** seed) * noise)
        for noise in (0, 1)
        for seed in range(20)
    ]
    table = pd.DataFrame(rows, columns=["label", "noise", "seed", "auc", "satisfaction", "returns"])
    (row,) = worth.worth(table).to_dict("records")
    assert (row["worse"], row["better"]) == pytest.approx((0.75, 0.8))
    assert row["users"] == pytest.approx(0.002) and row["needed"] == pytest.approx(0.0125)
    assert 0.0018 < row["low"] < 0.002 < row["high"] < 0.0022

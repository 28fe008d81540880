"""The experiments of chapter 02: the constant in closed form, labels and weights, what is served."""

import numpy as np
import pytest
import torch

from helpers.chapters.ch02 import watch_time
from helpers.chapters.ch02.studies import watch_time as lab_watch_time
from helpers.data.feed import Feed
from helpers.training.losses import binary_cross_entropy, weighted_cross_entropy


@pytest.mark.parametrize("rate", [0.066, 0.232, 0.5])
def test_the_constant_is_off_by_1_over_1_minus_the_click_rate(rate):
    found = watch_time.constant(rate, 8.0, 200_000, 1.6, draws=200, seed=0).mean()
    assert found["corrected"] == pytest.approx(8 * rate, rel=0.01)
    assert found["plain"] == pytest.approx(8 * rate / (1 - rate), rel=0.01)


@pytest.fixture(scope="module")
def feed():
    return Feed.make(900)


@pytest.fixture
def short(monkeypatch):
    """Logs of 2,000 rows, to be quick; nothing that was trained on them is kept."""
    monkeypatch.setattr(watch_time, "ROWS", 2000)
    lab_watch_time._tuned_run.cache_clear()
    yield
    lab_watch_time._tuned_run.cache_clear()


def test_the_weighted_rows_are_youtube_s_loss(feed):
    """A click model with one more column is the loss of the paper, row by row."""
    log = watch_time.with_labels(feed.log)[:500]
    click, seconds, weight = (
        torch.tensor(log[name].to_numpy(), dtype=torch.float32) for name in ("click", "watch_seconds", "seconds_or_1")
    )
    logit = torch.linspace(-3, 3, 500)
    rows = weight * binary_cross_entropy(logit, click)
    torch.testing.assert_close(rows, weighted_cross_entropy(logit, click, seconds))
    np.testing.assert_allclose(log["minutes_or_1"], log["seconds_or_1"] / np.where(log["click"] == 1, 60, 1))


def test_a_quantile_is_0_without_a_click_and_knows_nothing_of_the_length(feed):
    log = watch_time.with_labels(feed.log)
    clicked = log[log["click"] == 1]
    assert (log.loc[log["click"] == 0, "quantile"] == 0).all()
    assert clicked["quantile"].between(0, 1).all() and clicked["quantile"].mean() == pytest.approx(0.5, abs=0.01)
    assert abs(clicked["quantile"].corr(clicked["duration"], method="spearman")) < 0.03
    assert clicked["watch_seconds"].corr(clicked["duration"], method="spearman") > 0.3


@pytest.mark.slow
def test_an_own_t_that_is_the_seconds_changes_nothing_and_may_come_in_another_order(short):
    own = watch_time.own_time(lambda clicks: clicks.sort_values("duration")["watch_seconds"], [900])
    served = lab_watch_time.outcomes_served([900], ["weighted CE"])
    both = own.merge(served[served["model"] == "weighted CE"], on=["seed", "outcome"])
    assert len(both) == len(watch_time.SERVED)
    np.testing.assert_allclose(both["value_x"], both["value_y"], rtol=1e-5)


NO_TIMES = {
    "T: got": lambda clicks: clicks["watch_seconds"] * np.nan,
    "T: got -": lambda clicks: -clicks["watch_seconds"],
    r"T: got shape \(6,\)": lambda clicks: clicks["watch_seconds"].to_numpy()[:6],
}


@pytest.mark.parametrize("message", NO_TIMES)
def test_an_own_t_that_is_no_time_is_named(message):
    with pytest.raises(ValueError, match=message):
        watch_time.own_time(NO_TIMES[message], [900])

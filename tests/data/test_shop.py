"""The shop: a chain of steps, each with reasons of its own, at the rates that the module promises."""

import numpy as np
import pandas as pd
import pytest

from helpers.data.shop import NOISE, PRICE, SPREAD, STEPS, Shop
from helpers.data.world import TOPICS
from helpers.evaluation.metrics import auc

ROWS = 60_000


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop.make(seed=3)


@pytest.fixture(scope="module")
def tables(shop) -> tuple[pd.DataFrame, pd.DataFrame]:
    return shop.impressions(ROWS)


def test_no_step_without_the_one_before(tables):
    log, hidden = tables
    assert (log["cart"] <= log["click"]).all() and (log["purchase"] <= log["cart"]).all()
    bought_if_clicked = log["click"] & hidden["would_buy"]
    assert (log["purchase"] == bought_if_clicked).all()


def test_the_rates_are_those_of_the_module_over_shops():
    logs = pd.concat([Shop.make(seed=seed).impressions(20_000)[0] for seed in range(12)])
    clicks, carts, bought = logs[list(STEPS)].sum()
    assert clicks / len(logs) == pytest.approx(0.08, abs=0.01)
    assert carts / clicks == pytest.approx(0.18, abs=0.03)
    assert bought / carts == pytest.approx(0.45, abs=0.05)
    assert bought / len(logs) == pytest.approx(0.007, abs=0.001)


def test_what_happens_has_the_chances_that_are_told(tables):
    log, hidden = tables
    for chance, happened in (("ctr", log["click"]), ("cvr", hidden["would_buy"])):
        tenths = pd.qcut(hidden[chance], 10, labels=False)
        gap = happened.groupby(tenths).mean() - hidden[chance].groupby(tenths).mean()
        error = np.sqrt(hidden[chance].groupby(tenths).mean() / (ROWS / 10))
        assert (gap.abs() < 4 * error).all()


def test_given_the_truth_a_click_says_nothing_of_a_purchase(tables):
    log, hidden = tables
    clicked = log["click"] == 1
    error = np.sqrt(hidden["cvr"][clicked].mean() / clicked.sum())
    assert hidden["would_buy"][clicked].mean() == pytest.approx(hidden["cvr"][clicked].mean(), abs=4 * error)


def test_bait_moves_clicks_and_the_price_moves_purchases(shop, tables):
    log, hidden = tables
    bait = shop.world.video_traits["bait"].to_numpy()[log["item"]]
    cheap = np.log(log["usual_price"] / log["price"]).to_numpy()
    assert auc(bait, log["click"].to_numpy()) > 0.6 > 0.52 > auc(bait, hidden["would_buy"].to_numpy())
    assert auc(cheap, hidden["would_buy"].to_numpy()) > 0.65 > 0.58 > auc(cheap, log["click"].to_numpy())


def test_the_past_of_a_user_is_a_taste_and_a_purse_with_noise_drawn_once(shop, tables):
    log, _ = tables
    noise = log["category_history"] - shop.world.affinity(log["user"].to_numpy(), log["item"].to_numpy())
    of_pairs = noise.groupby([log["user"], log["category"]])
    assert of_pairs.std(ddof=0).max() < 0.001 and of_pairs.ngroups == len(shop.purse) * len(TOPICS)
    assert of_pairs.first().std() == pytest.approx(NOISE, abs=0.05)
    usual = log.groupby("user")["usual_price"].agg(["nunique", "first"])
    assert (usual["nunique"] == 1).all()
    missed = np.log(usual["first"] / PRICE) / SPREAD - shop.purse
    assert missed.std() == pytest.approx(NOISE, abs=0.1)


def test_equal_seeds_give_equal_tables_and_other_seeds_do_not():
    one, two, other = (Shop.make(seed=seed).impressions(500) for seed in (1, 1, 2))
    for a, b, c in zip(one, two, other, strict=True):
        assert a.equals(b) and not a.equals(c)

"""What a search is given, and what it may spend."""

import numpy as np
import pytest

from helpers.chapters.ch03.studies.exponents import market, searches
from helpers.chapters.ch03.studies.exponents.market import GOALS, Days, Market
from helpers.data.feed import CANDIDATES

SLOPES = np.array([-1.0, 0.5, 0.0, 0.3, 0.8, 1.0])


@pytest.fixture(scope="module")
def days() -> Days:
    """3,000 user-days. Seconds are a line through the logs, and noise: what a regression on them has to find."""
    rng = np.random.default_rng(3)
    logs = rng.standard_normal((3000, CANDIDATES, len(GOALS))).astype(np.float32)
    seconds = logs @ SLOPES + rng.standard_normal(logs.shape[:2])
    brings = {"plays": np.ones_like(seconds), "seconds": seconds, "satisfaction": rng.random(seconds.shape)}
    return Days(logs, brings, rng.standard_normal(3000), rng.random(3000) < 0.6)


def test_exponents_twice_as_large_serve_the_same_ten(days):
    once, twice = (np.sort(days.ten(times * SLOPES)) for times in (1, 2))
    assert (once == twice).all()


def test_each_user_can_have_exponents_of_their_own(days):
    other = -SLOPES
    both = np.where(days.young[:, None], SLOPES, other)
    right = np.where(days.young[:, None], days.ten(SLOPES), days.ten(other))
    assert (np.sort(days.ten(both)) == np.sort(right)).all()


def test_a_trial_serves_users_who_were_not_served_before(days):
    tried = Market(days, users=1000)
    habits = np.concatenate([tried.serve(SLOPES)[0].habit for _ in range(3)])
    assert len(set(habits)) == 3000
    assert set(tried.serve(SLOPES)[-1]) == {0.0, 1.0}


def test_without_noise_a_trial_sees_the_chance_itself(days):
    exact = Market(days, users=market.EXACT)
    assert exact(SLOPES) == exact(SLOPES) == pytest.approx(days[: market.BLOCK].value(SLOPES)["returns"])


@pytest.mark.parametrize("way", searches.SEARCHES)
def test_a_search_has_its_trials_and_no_more(days, way):
    counted = []

    class Counting(Market):
        def serve(self, exponents):
            counted.append(exponents)
            return super().serve(exponents)

    for setting in searches.SETTINGS[way]:
        searches.SEARCHES[way](Counting(days, users=20), setting, 0)
        assert len(counted) == searches.TRIALS
        counted.clear()


@pytest.fixture(scope="module")
def mixed() -> Days:
    """1,000 user-days. A user's finishes are spread the more widely the more of them are on offer, and what is on offer
    decides the seconds of her whole list."""
    rng = np.random.default_rng(4)
    logs = rng.standard_normal((1000, CANDIDATES, len(GOALS))).astype(np.float32)
    offered, finish = rng.standard_normal((1000, 1)), GOALS.index("finish")
    logs[..., finish] = np.exp(offered) * logs[..., finish] + offered
    seconds = logs @ SLOPES + 30 * logs.mean(1)[:, [finish]]
    brings = {"plays": np.ones_like(seconds), "seconds": seconds, "satisfaction": np.ones_like(seconds)}
    return Days(logs, brings, np.zeros(1000), np.zeros(1000, bool))


def test_a_line_that_is_told_what_was_on_offer_does_not_take_users_for_lists(mixed):
    untold, told = (searches._line(Market(mixed, 500, "seconds"), 1.0, 0, told)[0] for told in (False, True))
    np.testing.assert_allclose(told, SLOPES, atol=0.01)
    assert untold[GOALS.index("finish")] > 1  # it is 0


def test_a_market_that_allows_for_its_users_is_quieter_and_as_right(mixed):
    spread, means = {}, {}
    for kind in (Market, searches.Told):
        market = kind(mixed, 100, "seconds")
        rewards = [market(SLOPES) for _ in range(10)]  # every user once
        spread[kind], means[kind] = np.std(rewards), np.mean(rewards)
    assert spread[searches.Told] < spread[Market] / 3
    assert means[searches.Told] == pytest.approx(means[Market], abs=spread[Market] / 3)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["cross-entropy", "regression"])
def test_without_noise_to_speak_of_a_search_comes_near_the_best_exponents(days, way):
    exponents, _ = searches.SEARCHES[way](Market(days, 1000, "seconds"), searches.SETTINGS[way][1], 0)
    cosine = exponents @ SLOPES / np.linalg.norm(exponents) / np.linalg.norm(SLOPES)
    assert cosine > (0.99 if way == "regression" else 0.8)


@pytest.mark.slow
def test_bait_catches_the_young_alone_where_it_should():
    feed = market.make(3, market.YOUNG_BAITED)
    log = feed.log.assign(bait=feed.world.video_traits["bait"].to_numpy()[feed.log["video"]])
    clicks = log.groupby([log["age_group"].isin(market.YOUNG), log["bait"] > 0])["click"].mean().unstack()
    lift = clicks[True] / clicks[False]
    assert lift[True] > 2 and abs(lift[False] - 1) < 0.1

"""The app whose truth is computed, and estimates that must find it in its log."""

import numpy as np
import pytest

from helpers.chapters.ch08.studies.unserved_lists import app, estimators
from helpers.data.world import World

COUNT = 10_000
pytestmark = pytest.mark.slow


def made(leave: float = 0.0) -> app.App:
    """An app of random chances and two rankers, of which the app knows half of one's reasons."""
    rng = np.random.default_rng(3)
    click = rng.uniform(0.05, 0.6, (app.USERS, app.VIDEOS))
    like = click * rng.uniform(0.1, 0.9, click.shape)
    scores = {app.TODAY: click + 0.3 * rng.random(click.shape), app.STRANGER: like + 0.3 * rng.random(click.shape)}
    return app.App(5, click, like, scores, leave)


def test_chances_are_those_of_the_feed():
    world, rng = World.make(6, 5, seed=4), np.random.default_rng(0)
    user, video = (part.ravel() for part in np.indices((6, 5)))
    labels, _ = world.respond(np.tile(user, 3000), np.tile(video, 3000), rng)
    drawn = labels["click"], labels[list(app.LIKED)].max(axis=1)
    for happened, chance in zip(drawn, app.chances(world), strict=True):
        rates = happened.to_numpy().reshape(3000, 30).mean(axis=0)
        assert np.abs(rates - chance.ravel()).max() < 4 * (0.25 / 3000) ** 0.5
        assert abs(rates.mean() - chance.mean()) < 4 * (0.25 / 90_000) ** 0.5


@pytest.mark.parametrize("lottery", [0.0, 0.1, 1.0])
def test_ranks_are_shown_as_often_as_their_shares_say(lottery):
    shop, shares = made(), app.shares(lottery)
    log = shop.log(shop.visits(COUNT), lottery)
    counted = np.stack([np.bincount(ranks, minlength=100) for ranks in log.rank.T], axis=1) / COUNT
    assert np.allclose(shares.sum(axis=0), 1) and np.abs(counted - shares).max() < 4 * (0.25 / COUNT) ** 0.5
    assert (counted[shares == 0] == 0).all()


@pytest.mark.parametrize("leave", [0.0, 0.5])
def test_the_truth_is_what_served_lists_bring_on_average(leave):
    shop = made(leave)
    visits = shop.visits(COUNT)
    lists = shop.lists(app.STRANGER, visits)
    liked = shop.respond(visits.user, lists, np.random.default_rng(1))[1].sum(axis=1)
    assert abs(liked.mean() - shop.truth(visits, lists)) < 4 * liked.std() / COUNT**0.5


def test_position_based_estimates_find_the_truth_where_replay_does_not():
    shop = made()
    log = shop.log(shop.visits(COUNT))
    chance = app.shares()[log.rank]
    for ranker in shop.scores:
        new = shop.lists(ranker, log.visits)
        said, true = estimators.said(log, new, app.LOOK, chance), shop.truth(log.visits, new)
        _, weight = estimators.weights(log, new, app.LOOK, chance)
        error = (weight * log.liked).sum(axis=1).std() / COUNT**0.5
        for name in (estimators.BY_PLACE, estimators.NORMALISED, estimators.ROBUST):
            assert abs(said[name] - true) < 4 * error, name
        assert (said[estimators.REPLAY] / true > 1.2) == (ranker == app.TODAY)


def test_a_false_look_curve_and_leaving_users_are_not_corrected():
    shop, leaving = made(), made(leave=0.5)
    for each, look in ((shop, np.ones(10)), (leaving, app.LOOK)):
        log = each.log(each.visits(COUNT))
        new = each.lists(app.TODAY, log.visits)
        said = estimators.said(log, new, look, app.shares()[log.rank])[estimators.NORMALISED]
        assert abs(said / each.truth(log.visits, new) - 1) > 0.1


def test_an_interval_contains_its_estimate():
    shop = made()
    log = shop.log(shop.visits(2_000))
    new, chance = shop.lists(app.STRANGER, log.visits), app.shares()[log.rank]
    said = estimators.said(log, new, app.LOOK, chance)
    for name, (low, high) in estimators.intervals(log, new, chance, np.random.default_rng(0)).items():
        assert low < said[name] < high


def test_wrong_calls_are_told():
    with pytest.raises(ValueError, match=r"ranker: got 'nobody'; expected one of 'today, not shuffled'"):
        made().lists("nobody", made().visits(3))
    with pytest.raises(ValueError, match=r"lottery: got 1\.2; expected a number from 0 to 1"):
        app.shares(1.2)

"""The list of ten: who is on it, and which videos of the front no weight puts first, against numpy."""

import json
from functools import partial

import numpy as np
import pytest

from helpers.chapters.ch00.studies.primer import TABLES
from helpers.support.environment import ROOT
from tests.display.live.test_live import asked, needs_node

CHANCES = TABLES["00_chances"].read()
USERS = [rows[["click", "finish"]].to_numpy() for _, rows in CHANCES.groupby("user")]
WEIGHTS = np.linspace(0, 1, 2001)
BENDS = (0, 0.5, 1)


GIVEN = f"const users = {json.dumps([videos.tolist() for videos in USERS])};"
computed = partial(asked, ROOT / "helpers/chapters/ch00/tiles.js", before=GIVEN)


def scores(videos: np.ndarray, w: float, corner: bool) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return (videos / [w, 1 - w]).min(1) if corner else videos @ [w, 1 - w]


@needs_node
@pytest.mark.parametrize("corner", [False, True])
def test_the_ten_are_those_with_the_highest_scores(corner):
    weights = [0, 0.3, 0.5, 1]
    call = f"ranked(videos, w, {str(corner).lower()})"
    lists_of_users = computed(f"users.map((videos) => {weights}.map((w) => {call}))")
    for videos, lists in zip(USERS, lists_of_users, strict=True):
        for w, order in zip(weights, lists, strict=True):
            assert order == np.argsort(-scores(videos, w, corner), kind="stable").tolist()


@pytest.mark.slow
@needs_node
def test_those_that_no_weight_puts_first_are_found():
    by_user = computed(f"users.map((v) => {list(BENDS)}.map((bend) => [bent(v, bend), front(bent(v, bend), false)]))")
    seen = 0
    for videos, front in (at for user in by_user for at in user):
        videos = np.array(videos)
        beaten = [((videos >= one).all(1) & (videos > one).any(1)).any() for one in videos]
        assert front["edge"] == np.flatnonzero(~np.array(beaten)).tolist()
        first = {int(scores(videos, w, False).argmax()) for w in WEIGHTS}
        assert front["missed"] == [i for i in front["edge"] if i not in first]
        seen += len(front["missed"])
    assert seen > 50


@needs_node
def test_a_corner_puts_each_of_the_front_first_at_some_weight():
    by_user = computed(f"users.map((v) => {list(BENDS)}.map((bend) => [bent(v, bend), front(bent(v, bend), true)]))")
    for videos, front in (at for user in by_user for at in user):
        videos = np.array(videos)
        assert front["missed"] == []
        for i in front["edge"]:
            w = videos[i, 0] / videos[i].sum()
            assert scores(videos, w, True).argmax() == i


@needs_node
@pytest.mark.parametrize("corner", [False, True])
def test_those_that_stay_at_every_weight_do(corner):
    stay = computed(f"users.map((videos) => always(lists(videos, {str(corner).lower()})))")
    for videos, kept in zip(USERS, stay, strict=True):
        lists = [set(np.argsort(-scores(videos, w, corner), kind="stable")[:10]) for w in WEIGHTS[::10]]
        assert set(kept) == set.intersection(*lists)


@needs_node
def test_bending_takes_most_from_those_that_are_good_at_both():
    straight, hollow = computed("[0, 1].map((bend) => users.map((videos) => bent(videos, bend)))")
    for videos, was, now in zip(USERS, straight, hollow, strict=True):
        assert np.array(was) == pytest.approx(videos)
        share = np.array(now) / videos
        assert np.array(now).max(0) == pytest.approx(videos.max(0))  # the plane stays full
        assert np.ptp(share[:, 0] / share[:, 1]) == pytest.approx(0)
        evenness = videos.min(1) / videos.max(1)
        assert (np.diff(share[np.argsort(evenness), 0]) <= 1e-12).all()

"""The list of ten with a fader for each label: who is on it, what it pleases, and what is said of it, by node."""

import json

import numpy as np
import pytest

from helpers.chapters.ch01 import ranking
from helpers.chapters.ch01.explorer import fusion_list
from helpers.chapters.ch01.studies import ranking as lab_ranking
from helpers.data.feed import TOP
from helpers.support.environment import ROOT
from tests.display.live.test_live import asked, needs_node

FEED = lab_ranking.TABLES["01_list"].read()
LIVE = fusion_list(FEED)
LABELS = list(ranking.LEVELS)
FORMS = dict(zip(("add", "rates", "multiply"), ranking.FORMS.values(), strict=True))


def computed(expression: str, **state):
    stage = {"state": LIVE.start | state, "start": LIVE.start, "data": LIVE.data, "ghost": None}
    return asked(ROOT / "helpers/chapters/ch01/fusion.js", expression, f"const stage = {json.dumps(stage)};")


def top(form: str, weights: dict) -> np.ndarray:
    """The places of the ten of each user, by the course's own fusion."""
    scores = FORMS[form]({label: FEED[label].to_numpy() for label in LABELS}, weights)
    return np.argsort(-scores.reshape(FEED["user"].nunique(), -1).round(12), axis=1, kind="stable")[:, :TOP]


@needs_node
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weights", [(0, 0, 0, 0, 1), (1, 1, 1, 1, 1), (-1, -0.5, 0.5, 1, 1)])
def test_the_list_is_that_of_the_fusion_and_so_is_its_satisfaction(form, weights):
    weights = dict(zip(LABELS, weights, strict=True))
    at, best = top(form, weights), top("add", dict.fromkeys(LABELS, 0) | {"share": 1})
    found = computed("seen(stage)", form=form, **weights)
    same = np.mean([len(set(one) & set(other)) for one, other in zip(found["lists"], at.tolist(), strict=True)])
    assert same > 9.9  # a tie in the last decimal may fall either way
    truth = FEED["satisfaction"].to_numpy().reshape(len(at), -1)
    satisfied, alone = (np.take_along_axis(truth, places, axis=1).mean(1) for places in (at, best))
    assert found["satisfaction"] == pytest.approx(satisfied.mean(), abs=0.002)
    assert found["gain"][0] == pytest.approx((satisfied - alone).mean(), abs=0.002)


@needs_node
def test_the_truth_is_said_only_when_the_card_is_turned_over():
    assert "satisfaction" not in computed("sentence(stage)").lower()
    assert "True satisfaction (★) is 0.5" in computed("sentence(stage)", open=True)


@needs_node
def test_its_questions_are_answered_by_what_was_set():
    stages = computed("QUESTIONS.map((one) => one.set)")
    moves = [{"open": True}, {"share": 1}, {"like": 1, "click": -1, "open": True}]
    said = "By share a list pleases most (0.655), by click least", "9.0 of its ten are in", "With click at −1.00: +0.0"
    for number, (stage, move) in enumerate(zip(stages, moves, strict=True)):
        asked = f"(({{ when, then }}) => when(stage) && then(stage))(QUESTIONS[{number}])"
        assert computed(asked, **stage) is False
        assert computed(asked, **stage | move).startswith(said[number])
    assert computed("QUESTIONS[2].when(stage)", **stages[2], open=True, like=1, click=1) is False

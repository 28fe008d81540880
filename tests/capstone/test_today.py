"""What is served today: a rival, a list, and the first sentence of the page; and what orders a list decides."""

import html
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.lists import TODAY, Lists
from helpers.capstone.report import report
from helpers.capstone.table_checks import check
from helpers.evaluation.metrics import auc, gauc
from tests.capstone.logs import RECIPE

pytestmark = pytest.mark.slow  # they train

OWN = Declaration(
    dict.fromkeys(("click", "like"), "binary"), "user", "item", time="time", served={"click": "good", "like": "poor"}
)
FEW = {"seeds": range(3), "rates": [0.01]}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Users and items of many tastes. Of today's scores one is near the truth, one hardly knows more than a coin."""
    rng = np.random.default_rng(0)
    user, item = rng.integers(0, 100, 5_000), rng.integers(0, 50, 5_000)
    appeal = rng.normal(size=50)[item]
    wish = rng.normal(size=100)[user] + appeal + rng.normal(size=5_000)
    frame = pd.DataFrame({"user": user, "item": item, "time": range(5_000)})
    for label in OWN.labels:
        frame[label] = (rng.random(5_000) < 1 / (1 + np.exp(-2 * wish))).astype(int)
    return frame.assign(good=3 * wish + rng.normal(size=5_000), poor=appeal + 9 * rng.normal(size=5_000))


@pytest.fixture(scope="module")
def found(frame):
    return compare(frame, OWN, RECIPE, **FEW, also=["yardsticks"])


def test_today_is_a_rival_of_each_task_and_no_feature(found, frame):
    test = frame[-found.parts["test"] :]
    best = found.best.set_index("task")
    for task, score, said in (("click", "good", "opposite"), ("like", "poor", "holds")):
        assert best.loc[task, ["column", "verdict", "metric"]].tolist() == [score, said, "GAUC"]
        assert best.loc[task, "today"] == pytest.approx(gauc(test[score], test[task], test["user"]).value, abs=1e-6)
        row = found.beaten.set_index(["task", "yardstick"]).loc[(task, "served")]
        assert row["value"] == pytest.approx(auc(test[score], test[task]), abs=1e-6)
    assert not set(OWN.features()) & {"good", "poor"} and "served" not in set(found.headline["rival"])


def test_it_is_the_first_sentence_of_the_page(found):
    page = html.unescape(report(found).page())
    answer = page[page.index('<div class="answer">') :]
    row = found.best.iloc[0]
    first = f"What you serve today: For click, good has GAUC {row['today']:.3f} for the test rows"
    assert answer.startswith(f'<div class="answer"><p>{first}')
    assert f"{row['gain']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}), so keep what you serve." in answer
    assert "a gain worth an A/B test. What you serve has chosen these rows" in answer and "serve today</td>" in answer
    assert "keep what you serve today; if" not in page  # for like something is surely ahead of it
    assert "What you serve today" not in report(replace(found, best=found.best.assign(column=""))).page()


def test_it_is_a_source_of_lists(found, frame):
    lists = Lists.of(found, k=3)
    brings = lists.table({"click": 1.0}).set_index(["list", "goal"])["mean"]
    assert brings[TODAY, "click"] > brings["shared model, fused", "click"]
    (order,) = {tuple(np.argsort(row)) for row in lists.parts[TODAY]["click"]}
    test = frame[-found.parts["test"] :]
    test = test[test["user"].map(test["user"].value_counts()) > 3]
    assert order == tuple(np.argsort(test["good"].to_numpy()))


def test_what_orders_nobodys_list_is_not_offered_and_decides_nothing_within_lists():
    """The mean of each user has the AUC of the network, and the GAUC of a coin."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"user": rng.integers(0, 80, 6_000), "item": rng.integers(0, 400, 6_000)})
    frame["time"] = range(6_000)
    wish = 2 * rng.normal(size=80)[frame["user"]] + 0.6 * rng.normal(size=400)[frame["item"]]
    for label in OWN.labels:
        frame[label] = (rng.random(6_000) < 1 / (1 + np.exp(-wish))).astype(int)
    own = replace(OWN, served={})
    found = compare(frame, own, RECIPE, **FEW, also=["yardsticks"])
    of_users = found.beaten[found.beaten["yardstick"] == "by user"]
    assert (of_users["value"] > 0.75).all() and (of_users["gauc"] == 0.5).all()
    assert not set(found.best["name"]) & {"by user"} and (found.best["metric"] == "GAUC").all()
    found = compare(frame, own, RECIPE, **FEW, also=["yardsticks"], metric="GAUC")
    assert (found.headline["metric"] == "GAUC").all() and "by user" not in set(found.headline["rival"])
    assert (found.beaten.set_index("yardstick").loc["by user", "value"] == 0.5).all()
    assert found.scores["value"].to_numpy() == pytest.approx(found.scores["gauc"].to_numpy())
    page = report(found).page()
    assert "metric=&quot;GAUC&quot;" in page and "click GAUC" in page and "0.005 GAUC" in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"good": "high"}, "not all of its values are numbers"),
        ({"good": np.nan}, "5,000 rows have no such score: leave them out"),
        ({"good": 1}, "it orders nothing"),
    ],
)
def test_a_score_that_cannot_order_stops(frame, change, words):
    assert any(p.stops and p.column == "good" and words in p.sentence for p in check(OWN, frame.assign(**change)))


def test_within_lists_there_must_be_lists(frame):
    with pytest.raises(ValueError, match="metric: got 'GAUC' without a user or a group"):
        compare(frame, replace(OWN, user=None), metric="GAUC")
    with pytest.raises(ValueError, match="got 'GAUC', and 0 lists with both values of 'click' in the valid rows"):
        compare(frame.assign(user=range(5_000)), OWN, metric="GAUC")
    with pytest.raises(ValueError, match="served: got 'share'; expected one of 'click', 'like'"):
        replace(OWN, served={"share": "good"})
    with pytest.raises(ValueError, match="'item' in two roles"):
        replace(OWN, served={"click": "item"})

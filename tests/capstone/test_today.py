"""What is served today: a rival, a list, and the first sentence of the page; and what orders a list decides."""

import html
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from helpers.capstone.__main__ import _metric
from helpers.capstone.comparison import _exponents, compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.lists import TODAY, Lists
from helpers.capstone.plan import Plan
from helpers.capstone.preparation import prepare, split
from helpers.capstone.ranker import fuse
from helpers.capstone.recommendation import INCUMBENT, today
from helpers.capstone.report import report, rings
from helpers.capstone.served import best
from helpers.capstone.table_checks import check
from helpers.evaluation.metrics import gauc
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


def test_what_only_the_score_of_today_knows_is_said(frame):
    """A like that follows a score, of which no column tells, and nobody is told to leave the label out for that."""
    rng = np.random.default_rng(0)
    frame = frame.assign(good=rng.normal(size=5_000), like=0)
    frame["like"] = (rng.random(5_000) < 1 / (1 + np.exp(-frame["good"]))).astype(int)
    for score, known in (("good", True), ("poor", False)):
        own = replace(OWN, served=dict.fromkeys(OWN.labels, score))
        headline = (found := compare(frame, own, RECIPE, **FEW, also=[])).headline.set_index("task")
        assert not headline.loc["like", "learnt"] and np.isnan(headline.loc["click", "today"])
        assert (headline.loc["like", "today"] > 0.6) == known
        assert any("The score of today can, at like" in said for said in rings(found).values()) == known


def test_lists_are_judged_for_every_label_as_they_would_be_served(found, frame):
    """Of each label the model may be far ahead of its score of today; the list is one, and that is what is judged."""
    test, own = frame[-found.parts["test"] :], found.today.set_index("task")
    theirs = fuse({task: test[score].rank(pct=True) for task, score in OWN.served.items()}, found.exponents)
    ours = [
        fuse({task: found.outputs["best", task, seed] for task in OWN.labels}, found.exponents) for seed in range(3)
    ]
    for task in OWN.labels:
        was, *then = (gauc(score, test[task], test["user"]).value for score in (theirs, *ours))
        assert own.loc[task, ["metric", "served"]].tolist() == ["GAUC", "good and poor, fused as ours"]
        assert own.loc[task, ["was", "value"]].tolist() == pytest.approx([was, np.mean(then)], abs=1e-6)
        assert own.loc[task, "gain"] == pytest.approx(np.mean(then) - was)
        assert own.loc[task, "low"] < own.loc[task, "gain"] < own.loc[task, "high"]
    assert not set(OWN.features()) & {"good", "poor"} and "served" not in set(found.headline["rival"])


def test_a_list_that_loses_is_called_so_whatever_the_models_of_single_labels_gain(frame):
    """Today orders by what is near the truth of the click; the like is its opposite, and equal exponents of both make a
    list that knows neither. Judged alone, the model of the like is ahead of today's score by half of all there is."""
    rng = np.random.default_rng(2)
    frame = frame.assign(like=(rng.random(5_000) < 1 / (1 + np.exp(frame["good"] - 1))).astype(int))
    own = replace(OWN, served={"click": "good"})
    found = compare(frame, own, RECIPE, **FEW, also=[], exponents={"click": 1, "like": 3})
    rows = found.today.set_index("task")
    assert rows["verdict"].to_dict() == {"click": "opposite", "like": "holds"}
    assert rows.loc["click", "was"] > 0.8 > 0.55 > rows.loc["click", "value"]
    first, *_, last = today(found.today, found.exponents)
    assert first.startswith("Today your lists are ordered by good.") and "click^1 · like^3 of what is best" in first
    assert last.startswith("That is a trade") and "A/B test" not in last.replace(INCUMBENT, "")
    avoided = compare(frame, own, RECIPE, **FEW, also=[], exponents={"click": 1, "like": -1})
    assert avoided.today["what"].tolist() == ["click", "no like"] and (avoided.today["was"] > 0.8).all()
    assert avoided.ranker(kind="best").exponents == {"click": 1, "like": -1}


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        (("holds", "no effect"), "That is worth an A/B test. What"),
        (("holds", "undecided"), "That is worth an A/B test, which must watch b. What"),
        (
            ("undecided", "no effect"),
            "That decides nothing, for or against what you serve: more rows would, or an A/B test. ",
        ),
        (("too small to matter", "no effect"), "So keep what you serve. What"),
        (("opposite", "undecided"), "With these exponents it only loses: try others, or keep what you serve. What"),
    ],
)
def test_what_follows(found, verdicts, words):
    rows = found.today.assign(verdict=verdicts, what=["a", "b"], low=-0.1)
    assert words in today(rows, {"a": 1.0})[-1] and today(rows[:0], {}) == []


def test_what_is_open_though_it_is_not_nothing_says_why(found):
    rows = found.today.assign(verdict="undecided", matters=0.005, gain=-0.053, low=-0.106, high=[-0.001, 0.001])
    _, surely, perhaps, _ = today(rows, {"a": 1.0})
    assert surely.endswith("-0.001), undecided, as it may be less than 0.005, the smallest difference that matters.")
    assert perhaps.endswith("+0.001), undecided.")


def test_it_is_the_first_sentence_of_the_page(found):
    page = html.unescape(report(found).page())
    answer = page[page.index('<div class="answer">') :]
    first, *lines, last = today(found.today, found.exponents)
    assert answer.startswith(f'<div class="answer"><p>{first}</p><ul><li>{lines[0]}</li>') and last in answer
    row = found.today.iloc[0]
    assert f"click: GAUC {row['was']:.3f} today, {row['value']:.3f} then, {row['gain']:+.3f} (" in lines[0]
    assert "Today" not in report(replace(found, today=found.today[:0])).page().partition("<h2>")[0]


def test_what_is_exported_is_what_was_compared(found, frame):
    """The ranker's own score of the test rows, before it is trained on them, orders them as the comparison's list."""
    first, _ = best(
        OWN,
        dict(zip(found.best["task"], found.best["name"], strict=True)),
        split(OWN, rows := prepare(OWN, frame)),
        rows,
        found.chosen,
        0,
    )
    first.exponents = found.exponents
    test = rows[-found.parts["test"] :]
    score = first.rank(test)["score"].loc[test.index]
    ours = fuse({task: found.outputs["best", task, 0] for task in OWN.labels}, found.exponents)
    assert spearmanr(score, ours).statistic > 0.98
    assert found.ranker(kind="best").exponents == found.exponents == {"click": 0.5, "like": 0.5}


def test_it_is_a_source_of_lists(found, frame):
    lists = Lists.of(replace(found, declaration=replace(OWN, served={"like": "good"})), k=3, kind="best")
    brings = lists.table({"click": 1.0}).set_index(["list", "goal"])["mean"]
    assert brings[TODAY, "click"] > brings["what is best, fused", "click"] and "shared model" not in lists.parts
    test = frame[-found.parts["test"] :]
    test = test[test["user"].map(test["user"].value_counts()) > 3]
    for exponents in ({"click": 1.0}, {"click": -1.0, "like": 1.0}):  # today's order is what it is
        (order,) = {tuple(np.argsort(row)) for row in lists.scores(TODAY, exponents)}
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


def test_a_score_that_was_refreshed_after_the_outcome_is_asked_about(found, frame):
    """It would win against all that can be learnt. An honest one that is a little ahead is no wonder."""
    assert not any("One that is written again later" in problem.sentence for problem in found.problems)
    seen = frame.assign(good=frame["good"] + 4 * frame["click"])
    later = compare(seen, replace(OWN, served={"click": "good"}), RECIPE, **FEW, also=[])
    (asked,) = [problem for problem in later.problems if problem.asked]
    assert asked.column == "good" and asked.sentence.startswith("it orders click far better than all that is learnt")
    assert "A label that hangs on one column." in rings(later)


def test_a_list_that_would_only_avoid_is_not_served():
    """All that is wanted cannot be told from guessing, so what is left orders by what should not happen alone."""
    plan = Plan(replace(OWN, served={}), exponents={"click": 1.0, "like": -1.0})
    known = pd.DataFrame({"task": ["click", "like"], "learnt": [False, True]})
    assert _exponents(plan, known) == {}
    assert _exponents(plan, known.assign(learnt=True)) == {"click": 1.0, "like": -1.0}
    assert _exponents(replace(plan, exponents={"like": -1.0}), known) == {"like": -1.0}  # it was asked for


@pytest.mark.parametrize("low", ["cost", "place"])
def test_a_score_that_is_low_on_top_is_asked_about_and_nothing_is_decided_by_it(frame, low):
    """Its opposite is what orders the lists, and the gain over it would be a triumph."""
    scores = {"cost": np.exp(-frame["good"] / 9), "place": frame.groupby("user")["good"].rank(ascending=False)}
    bad = frame.assign(good=scores[low], hide=1 - frame["click"])
    own = replace(OWN, labels={"click": "binary", "hide": "binary"}, served={"click": "good", "hide": "good"})
    found = compare(bad, own, RECIPE, **FEW, also=[], exponents={"click": 1, "hide": -1})
    assert (found.today["verdict"] == "holds").all()
    page = report(found).page()
    assert "good: its lists are surely worse than a coin&#x27;s: is low on top" in page
    assert "A/B test" not in page.partition("<h2>")[0]
    turned = compare(frame.assign(good=-scores[low]), replace(OWN, served={"click": "good"}), RECIPE, **FEW, also=[])
    assert not any(problem.doubt for problem in turned.problems)


def test_a_label_with_too_few_lists_does_not_decide_how_others_are_judged(frame):
    """Users who click whatever they see, as programs do, are told apart by AUC; within a list all is a coin."""
    rng = np.random.default_rng(3)
    clicks = rng.random(5_000) < np.where(frame["user"] < 30, 0.85, 0.15)
    logged = frame.assign(click=clicks.astype(int), like=frame["like"].where(frame["time"] % 40 == 0, 0))
    metric, but = _metric(own := replace(OWN, served={}), logged)
    assert metric == "GAUC" and but.endswith("also tells users apart, like: too few lists have both values")
    rows = compare(logged, own, RECIPE, **FEW, also=[], metric=metric).headline.set_index("task")
    assert rows["metric"].to_dict() == {"click": "GAUC", "like": "AUC"} and not rows.loc["click", "learnt"]


def test_within_lists_there_must_be_lists(frame):
    with pytest.raises(ValueError, match="metric: got 'GAUC' without a user or a group"):
        compare(frame, replace(OWN, user=None), metric="GAUC")
    with pytest.raises(ValueError, match="got 'GAUC', and no label of which 50 lists"):
        compare(frame.assign(user=range(5_000)), OWN, metric="GAUC")
    with pytest.raises(ValueError, match="served: got 'share'; expected one of 'click', 'like'"):
        replace(OWN, served={"share": "good"})
    with pytest.raises(ValueError, match="'item' in two roles"):
        replace(OWN, served={"click": "item"})

"""Lists: what the first rows bring is what a loop over the lists counts, and where there are no lists, it says why."""

import html
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.capstone import list_section
from helpers.capstone.comparison import compare
from helpers.capstone.lists import COUNTS, SEPARATE, SHARED, WEIGHTS, Lists, _lists
from helpers.capstone.report import report
from helpers.chapters.ch08.explorer import lists_explorer
from helpers.evaluation.counts import by_ids
from helpers.evaluation.statistics import users_needed
from tests.capstone.logs import BY_TIME, RECIPE, tastes

OPTIONS = {"seeds": range(2), "rates": [0.01], "also": ()}
GOALS = ("click", "like")


@pytest.fixture(scope="module")
def found():
    return compare(tastes(), replace(BY_TIME, labels=dict.fromkeys(GOALS, "binary")), RECIPE, **OPTIONS)


@pytest.fixture(scope="module")
def ranked(found):
    return Lists.of(found, k=2)


def test_a_gain_is_what_a_loop_over_the_lists_counts(ranked):
    """The first k of each list less the mean of the list, k times; a mean over lists and seeds."""
    exponents, rng = {"click": 0.3, "like": 0.7}, np.random.default_rng(0)
    parts = {goal: rng.random((2, len(ranked.labels))) for goal in GOALS}
    ranked = replace(ranked, parts={SHARED: parts})
    scores = ranked.scores(SHARED, exponents)
    np.testing.assert_allclose(scores, parts["click"] ** 0.3 * parts["like"] ** 0.7)
    brought = []
    for seed in range(len(scores)):
        rows = ranked.labels.assign(score=scores[seed], place=ranked.list_of)
        for _, own in rows.groupby("place"):
            first = own.sort_values("score", ascending=False)[: ranked.k]
            brought.append(ranked.k * (first["like"].mean() - own["like"].mean()))
    table = ranked.table(exponents).set_index(["list", "goal"])
    assert table.loc[(f"{SHARED}, fused", "like"), "mean"] == pytest.approx(np.mean(brought))


def test_the_table_says_how_much_of_what_should_not_happen_is_left(ranked):
    """The goals are two; a return that the score avoids is in no curve, and its owner asks for it first."""
    label = np.random.default_rng(0).integers(0, 2, len(ranked.labels))
    parts = ranked.parts[SHARED] | {"return": np.tile(0.1 + 0.8 * label, (len(ranked.parts[SHARED]["click"]), 1))}
    ranked = replace(ranked, parts={SHARED: parts}, labels=ranked.labels.assign(**{"return": label}))
    ranked = replace(ranked, kinds=ranked.kinds | {"return": "binary"})
    shown = list_section.table(ranked, {"click": 1, "return": -9}).set_index("list")["return, less is better"]
    assert float(shown[f"{SHARED}, fused"].split()[0]) < -0.2 < float(shown[f"{SHARED}, click alone"].split()[0])


def test_the_ends_of_a_curve_are_the_lists_of_one_goal(ranked):
    curve = ranked.curve().set_index(["source", "weight", "goal"])["mean"]
    table = ranked.table({"click": 0.5, "like": 0.5}).set_index(["list", "goal"])["mean"]
    for source in (SHARED, SEPARATE, COUNTS):
        for weight, name in ((1.0, "click alone"), (0.5, "fused"), (0.0, "like alone")):
            assert curve[source, weight, "like"] == table[f"{source}, {name}", "like"]
    assert set(curve.index.get_level_values("weight")) == set(WEIGHTS)


def test_of_equal_scores_a_draw_decides_and_not_the_order_of_the_log(ranked):
    """A log is often written as it was shown: its first rows are those that were clicked."""
    place = ranked.labels.groupby(ranked.list_of).cumcount().to_numpy()
    labels = ranked.labels.assign(click=(place < ranked.k).astype(float))
    brought = []
    for score in (np.full(len(labels), 0.5), np.exp(-place)):  # all the same, and the order of the log
        parts = {SHARED: {goal: np.tile(score, (2, 1)) for goal in GOALS}}
        table = replace(ranked, parts=parts, labels=labels).table({"click": 1.0}).set_index(["list", "goal"])
        brought.append(table.loc[(f"{SHARED}, fused", "click"), "mean"])
    assert abs(brought[0]) < 0.2 * brought[1]


def test_what_ranks_perfectly_gains_most_and_chance_gains_nothing(ranked):
    """With the labels for predictions every metric is 1; by one draw for all rows the gain's interval holds 0."""
    label = np.tile(ranked.labels["like"].to_numpy(), (2, 1))
    seer = replace(ranked, parts={SHARED: {"like": 0.1 + 0.8 * label, "click": 0.5 + 0 * label}})
    row = seer.table({"like": 1.0}).set_index(["list", "goal"]).loc[(f"{SHARED}, fused", "like")]
    assert row["ndcg"] == row["gauc"] == 1 and row["low"] > 0
    draw = np.random.default_rng(3).random(label.shape)
    blind = replace(ranked, parts={SHARED: {"like": draw, "click": draw}})
    row = blind.table({"like": 1.0}).set_index(["list", "goal"]).loc[(f"{SHARED}, fused", "like")]
    assert row["low"] < 0 < row["high"]


def test_counts_are_the_means_of_items_in_the_training_rows(ranked, found):
    frame = found.frame.sort_values("time", kind="stable", ignore_index=True)
    train, test = frame[: found.parts["train"]], frame[-found.parts["test"] :]
    expected = by_ids([train["item"]], train["click"], [test["item"]])
    sizes = test["user"].map(test["user"].value_counts())
    np.testing.assert_allclose(ranked.parts[COUNTS]["click"][0], expected[sizes > 2], rtol=1e-6)
    assert ranked.dropped == (test["user"].value_counts() <= 2).sum()


def test_intervals_hold_the_truth_of_lists_that_are_drawn(ranked):
    """Users of known tastes: 200 draws of 60 users; the interval holds the mean of all nearly as often as it says."""
    rng, held = np.random.default_rng(0), 0
    for _ in range(200):
        list_of = np.repeat(np.arange(60), 6)
        taste = np.repeat(rng.normal(size=60), 6)
        score = rng.normal(size=360)
        label = (rng.random(360) < 1 / (1 + np.exp(-taste * score))).astype(float)
        labels = pd.DataFrame({"click": label, "like": label})
        drawn = replace(ranked, list_of=list_of, luck=list_of, labels=labels, parts={SHARED: {}})
        found = drawn._interval(drawn._values(np.tile(1 / (1 + np.exp(-score)), (2, 1)), "click"))
        held += found["low"] <= 0 <= found["high"]  # half of them like what the other half does not
    assert 180 <= held <= 199


def test_a_label_that_was_not_observed_counts_nowhere(ranked):
    label = ranked.labels["like"].where(np.arange(len(ranked.labels)) % 3 > 0)
    masked = replace(ranked, labels=ranked.labels.assign(like=label))
    filled = replace(ranked, labels=ranked.labels.assign(like=label.fillna(0)))
    one, other = (lists.table({"like": 1.0})["mean"].iloc[-1] for lists in (masked, filled))
    assert np.isfinite(one) and one != other


def test_a_row_without_an_id_is_in_no_list():
    ids = pd.Series(["a", None, "b", "a", "b", "b", "c", None, None], dtype="category")
    kept, list_of, k, dropped = _lists("user", ids, 1)
    assert kept.tolist() == [True, False, True, True, True, True, False, False, False]
    assert list_of.tolist() == [0, 1, 0, 1, 1] and (k, dropped) == (1, 1)


def test_a_row_whose_item_has_no_id_is_shown_with_a_dash(found):
    item = found.declaration.item
    frame = found.frame.assign(**{item: found.frame[item].astype(str).where(found.frame.index % 3 > 0)})
    assert Lists.of(replace(found, frame=frame), k=2).words.iloc[:, 0].str.startswith("–").mean() > 0.2


def test_an_ab_test_takes_chapter_03s_number_of_users(ranked):
    found = ranked.test({"click": 0.5, "like": 0.5}, "click", COUNTS)
    assert found["low"] <= found["mean"] <= found["high"]
    assert found["users"] == pytest.approx(users_needed(found["mean"], found["sd"]))
    assert found["least"] <= found["users"]


def test_the_most_likes_with_nearly_all_clicks_are_those_of_a_loop_over_exponents(ranked):
    rng = np.random.default_rng(0)
    label = {goal: np.tile(ranked.labels[goal].to_numpy(float), (2, 1)) for goal in GOALS}
    parts = {goal: np.clip(0.3 * label[goal] + rng.random((2, len(ranked.labels))), 0.01, None) / 2 for goal in GOALS}
    parts["share"] = parts["like"]
    more = {
        "kinds": dict.fromkeys((*GOALS, "share"), "binary"),
        "labels": ranked.labels.assign(share=ranked.labels["like"]),
    }
    lists = replace(ranked, **more, parts={SHARED: parts, COUNTS: {goal: 0.9 - 0.5 * label[goal] for goal in GOALS}})

    def brings(score, goal):
        frame = pd.DataFrame({"list": lists.list_of, "score": score, "label": lists.labels[goal]})
        first = frame.sort_values("score", ascending=False).groupby("list")["label"].head(lists.k)
        return first.sum() / lists.count

    found, best = lists.most("like", {"click": 0.9}), None
    assert found.over == f"{SHARED}, click alone"
    clicks = np.mean([brings(parts["click"][seed], "click") for seed in range(2)])
    for step in range(21):
        scores = parts["like"] ** (step / 20) * parts["click"] ** (1 - step / 20)
        kept, liked = (np.mean([brings(score, goal) for score in scores]) for goal in ("click", "like"))
        if kept >= 0.9 * clicks and (best is None or liked > best[1]):
            best = {"like": step / 20, "click": 1 - step / 20}, liked
    assert found.exponents == pytest.approx(best[0]) and 0 < found.exponents["like"] < 1
    assert found.low < found.gain < found.high and found.users > 0
    share, low, high = found.kept["click"]
    assert low < share < high and share > 0.85
    both = lists.most("like", {"click": 0.9, "share": 0.0})
    assert sum(both.exponents.values()) == pytest.approx(1) and set(both.kept) == {"click", "share"}
    with pytest.raises(ValueError, match=r"keep: got .*; expected at most what some exponents keep on a part"):
        lists.most("like", {"click": 1.0}, source=COUNTS, over=SHARED)
    none = replace(ranked, labels=ranked.labels.assign(click=0.0))
    with pytest.raises(ValueError, match="what both halves of the lists bring: one has no 'click'"):
        none.most("like", {"click": 0.9})
    with pytest.raises(ValueError, match=r"keep: got {'like': 0\.9}; expected one task or more, other than 'like'"):
        lists.most("like", {"like": 0.9})


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"user": None}, {}, "got neither a user nor a group; expected the column whose rows compete"),
        ({"group": "time"}, {}, r"time: got 250 test rows, each with a value of its own; expected values that rows"),
        ({}, {"k": 400}, "k: got 400; expected less than"),
        ({}, {"goals": ("click", "click")}, "goals: got 1 label; expected two labels"),
        ({}, {"goals": ("click", "bought")}, "goals: got 'bought'; expected one of 'click', 'like'"),
    ],
)
def test_where_no_list_can_be_formed_it_says_why(found, change, options, words):
    own, frame = found.declaration, found.frame
    if "group" in change:  # every row in a session of its own
        change, frame = {"group": "session"}, frame.assign(session=np.arange(len(frame)))
        words = words.replace("time:", "session:")
    other = replace(found, declaration=replace(own, **change), frame=frame)
    with pytest.raises(ValueError, match=words):
        Lists.of(other, **options)


@pytest.mark.long
def test_any_kind_of_label_and_lists_by_session():
    """A number as a goal; sessions as lists, whose users still say what varies together."""
    frame = tastes().assign(seconds=lambda rows: rows["seconds"].fillna(0))
    frame["session"] = frame["user"] * 1000 + frame["time"] // 50
    found = compare(frame, replace(BY_TIME, group="session"), RECIPE, **OPTIONS)
    lists = Lists.of(found, k=1, goals=("click", "seconds"))
    assert lists.by == "session" and len(np.unique(lists.luck)) < lists.count
    table = lists.table({"click": 1.0, "seconds": 1.0})
    assert table.loc[table["goal"] == "seconds", "gauc"].isna().all() and table["mean"].notna().all()
    assert all("seconds" in said for said in lists_explorer(lists).data["sentences"]["texts"])


def test_the_report_has_the_section_and_the_code_for_it(found, ranked):
    page = report(found, "log.csv", ranked, {"click": 0.2, "like": 0.8}).page()
    again = html.unescape(re.search(r"To do it again</h2><pre>(.*?)</pre>", page, re.S)[1])
    exec(again[again.index("from helpers.capstone.lists") :].partition("report(")[0], names := {"found": found})
    pd.testing.assert_frame_equal(names["lists"].curve(), ranked.curve())
    assert "<h2>One list</h2>" in page and "click^0.2 · like^0.8" in page and "users an arm" in page
    assert list_section.TESTS in page and "The most of like with at least 98% of click" in page
    assert "<h2>One list</h2>" not in report(found, "log.csv").page()

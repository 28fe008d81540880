"""The report: one page that stands alone, says what was found and what was not tested, and is written whole."""

import html
import re
import warnings
from dataclasses import replace
from importlib import metadata

import numpy as np
import pandas as pd
import pytest

from helpers.capstone import plan
from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.ranker import Recipe
from helpers.capstone.reading import read
from helpers.capstone.recommendation import served_as
from helpers.capstone.report import HELD, SEARCHED, _levels, report
from helpers.capstone.table_checks import Problem, Problems
from helpers.chapters.ch08 import coverage
from helpers.chapters.ch08.studies import coverage as lab_coverage
from helpers.course import kept_table

pytestmark = pytest.mark.slow  # most of them train

EVIL = "<script>alert('$x$')</script>"


@pytest.fixture
def painted():
    """Asked for by the tests of what is painted."""


@pytest.fixture(autouse=True)
def words_alone(request, monkeypatch):
    """Painting takes most of a page's time."""
    if "painted" not in request.fixturenames:
        monkeypatch.setattr("helpers.capstone.report._pictures", lambda found: "")


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": rng.integers(0, 50, 600), EVIL: rng.normal(size=600)})
    for task in ("click & like", "$seconds$"):
        frame[task] = (rng.random(600) < 1 / (1 + np.exp(-frame[EVIL]))).astype(int)
    labels = {"click & like": "binary", "$seconds$": "regression"}
    recipe = Recipe(units=(8,), towers=(4,), epochs=2)
    options = {"seeds": range(2), "rates": [0.01], "also": plan.ALSO}
    return compare(frame, Declaration(labels, "user", numbers=(EVIL,)), recipe, **options)


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A comparison of three tasks with a time, read from a file, with options of all kinds: the file, and what came."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"user": rng.integers(0, 50, 600), "x": rng.normal(size=600).round(4), "time": range(600)})
    for task in ("a label with a name of many words", "b", "c"):
        frame[task] = (rng.random(600) < 1 / (1 + np.exp(-frame["x"]))).astype(int)
    path = tmp_path_factory.mktemp("three") / "log.csv"
    frame.to_csv(path, index=False)
    labels = dict.fromkeys(("a label with a name of many words", "b", "c"), "binary")
    own = Declaration(labels, "user", numbers=("x",), time="time")
    recipe = Recipe("PLE", units=(8,), towers=(4,), experts=2, epochs=2, weighting=dict.fromkeys(labels, 2.0), lr=0.004)
    options = {"seeds": [3, 5], "rates": [0.02, 0.01], "penalties": [1e-3], "tuning_seeds": [7], "also": ()}
    return path, compare(read(path), own, recipe, matters={"binary": 0.02}, **options)


def test_the_code_to_do_it_again_does_it_again(three, tmp_path, monkeypatch):
    path, first = three
    page = report(first, path).page()
    code = html.unescape(re.search(r"To do it again</h2><pre>(.*?)</pre>", page, re.S)[1])
    monkeypatch.chdir(tmp_path)
    exec(code, names := {})
    again = names["found"]
    for name in (
        "declaration",
        "recipe",
        "mode",
        "seeds",
        "rates",
        "penalties",
        "tuning_seeds",
        "matters",
        "also",
        "parts",
    ):
        assert getattr(again, name) == getattr(first, name), name
    for name in ("tried", "tuned", "scores", "growth", "beaten", "headline"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(first, name))
    assert "All have penalty on embeddings 0.001 and units 8." in page and first.penalties == [1e-3]
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    words = re.compile(r"Training them took [\d.]+ times")  # a measured time
    assert words.sub("", written) == words.sub("", page)


@pytest.mark.parametrize(
    ("task", "value", "alarm"),
    [
        ("click & like", 0.96, True),
        ("$seconds$", 0.81, True),
        ("click & like", 0.94, False),
        ("$seconds$", 0.79, False),
    ],
)
def test_a_model_that_knows_too_much_raises_an_alarm(found, task, value, alarm):
    """Surely above .95 AUC or .8 R²; first of all."""
    headline = found.headline.copy()
    headline.loc[headline["task"] == task, ["level", "surely"]] = value
    page = report(replace(found, headline=headline)).page()
    assert ("Too good to be true?" in page) == alarm
    if alarm:
        assert f"{html.escape(task)} (" in page and f"{value:.2f}): hardly anything" in page
        assert page.index('class="alarm"') < page.index('class="answer"')


def test_what_is_to_be_settled_first_stands_above_the_answer(found):
    sign = Problem(False, "basket", "where it is not 0, 'cart' is 1 in all of 90 rows: a leak?", doubt=True)
    page = html.unescape(report(replace(found, problems=Problems([sign, *found.problems]))).page())
    assert f"To be settled first.</b> basket: {sign.sentence}" in page[: page.index('class="answer"')]
    assert "To serve, by" not in page and "To serve, by" in report(found).page()
    assert "To be settled first." not in report(found).page()


def test_the_page_stands_alone(found, painted):
    page = report(found).page()
    assert page.startswith("<!DOCTYPE html>") and page.count("data:image/png;base64,") == 1
    assert not re.search(r"(src|href)=\"(?!data:)|https?://|@import|<link|<script", page)
    assert len(page) < 200_000


def test_what_the_table_says_is_escaped(found):
    page = report(found).page()
    assert EVIL not in page and "&lt;script&gt;" in page and "click &amp; like" in page


def test_it_says_what_was_found_and_what_was_not_tested(found):
    page = report(found).page()
    for row in found.headline.itertuples():
        assert f"<td class=n>{row.gain:+.3f}</td><td class=n>{row.low:+.3f} to {row.high:+.3f}</td>" in page
        for of in ("own", "control"):
            gain, low, high = (getattr(row, f"{of}_{name}") for name in ("gain", "low", "high"))
            assert f"{gain:+.3f} ± {(high - low) / 2:.3f}" in page
    assert page.split("What was not tested</h2>")[1].split("</ul>")[0].count("<li>") == 4 and "an A/B test" in page
    for words in ("2 seeds", "480 rows to train", "at random, anew for each seed", "50 users", "AUC", "R²", "Nadeau"):
        assert words in page, words
    assert found.problems and all(
        f"<li>{html.escape(f'{problem.column}: {problem.sentence}')}</li>" in page for problem in found.problems
    )
    assert f"{found.cost['parameters'].iloc[0]:,}" in page
    assert "All have learning rate 0.01 and units 8." in page and "0.5 is guessing" in page


def test_it_says_when_the_shared_model_is_best_fused_and_what_is_served(found):
    fused = spoiled(found, form=["mean", "as it is"], plain_gain=[-0.012, 0.0])
    page = html.unescape(report(fused).page())
    said = "its outputs averaged for click & like (as it is, the gain is -0.012 AUC). "
    assert f"{said}<code>found.ranker()</code> serves it" in page.split('class="answer"')[1].split("</div>")[0]
    assert page.count(">averaged, over ") == page.count(">as it is, over ") == 1
    assert "<code>found.ranker()</code> serves" not in report(spoiled(found, form="as it is")).page()
    guessed = found.best.assign(learnt=False)
    coins, open_ones = (  # where nothing predicts, nothing is to be served
        html.unescape(report(replace(spoiled(fused, learnt=False, **how), best=guessed)).page())
        for how in ({}, {"verdict": "undecided"})
    )
    assert "there is nothing to serve" in open_ones
    assert "To serve, by" in page and "To serve, by" not in coins and "<code>found.ranker()</code> serves" not in coins


def test_each_picture_says_what_it_shows(found, painted):
    page = report(found).page()
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    assert len(captions) == 1 and captions == re.findall(r'<img alt="(.*?)"', page)
    assert all("click &amp; like" in caption and "$seconds$" in caption for caption in captions)


def test_names_that_the_font_does_not_have_stand_below_the_picture(found, painted):
    names = {"click & like": "点击", "$seconds$": "时长"}
    declaration = replace(
        found.declaration, labels={names[task]: kind for task, kind in found.declaration.labels.items()}
    )
    tables = {name: getattr(found, name).replace(names) for name in ("facts", "scores", "growth", "beaten", "headline")}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns where it draws a box for a letter
        page = report(replace(found, declaration=declaration, exponents={}, **tables)).page()
    assert "What 点击 (task 1) and 时长 (task 2) gain by sharing, from top to bottom" in page


@pytest.mark.parametrize(("how", "table"), [("at random", "08_worlds"), ("by time", "08_by_time")])
def test_how_often_intervals_hold_is_what_was_measured(how, table):
    held = coverage.held(lab_coverage.TABLES[table].read())
    assert round(100 * held.loc[held["repeats"] == coverage.REPEATS, "report"].mean()) == HELD[how]


def test_where_the_intervals_are_too_narrow_the_page_says_so_beside_them(found, three):
    """Not only where it explains them, at its end."""
    path, by_time = three
    said = f"too narrow: of 100 like them, {HELD['by time']} held the truth where rows were split by time."
    above = report(by_time, path).page().partition("How good the models are</h2>")[0]
    assert said in above and HELD["by time"] < 93 < HELD["at random"] and "too narrow" not in report(found).page()


def test_how_often_intervals_hold_after_a_search_is_what_was_counted():
    study = coverage.interval_coverage(kept_table("08_calibration"))
    held = {"headline": study["held"], "own": study["own_held"]}
    assert {name: round(100 * share.mean()) for name, share in held.items()} == SEARCHED


def test_it_says_what_was_searched_what_was_fixed_and_what_lies_at_an_edge(found):
    ids = replace(found, declaration=replace(found.declaration, ids=("k",)))
    page = report(ids).page()
    assert "All have learning rate 0.01 and units 8. No penalty was searched: a gain may then be regular" in page
    tried = pd.concat([found.tried, found.tried.assign(l2_embedding=0.1, units=[(16, 4)] * len(found.tried))])
    tuned = found.tuned.assign(edge=["l2_embedding, lr", *[""] * (len(found.tuned) - 1)])
    page = html.unescape(report(replace(ids, tried=tried, tuned=tuned)).page())
    assert "with the same budget: penalty on embeddings (0, 0.1) and units (8, 16×4). All have learning" in page
    assert "chose the last penalty on embeddings and learning rate that it could" in page and "No penalty" not in page


def test_what_both_sides_and_all_yardsticks_reach_is_in_one_table(found):
    """With GAUC next to AUC; a number has none."""
    levels = _levels(found).set_index("model")
    assert list(levels.columns) == ["click & like AUC", "click & like GAUC", "$seconds$ R²"]
    gauc = found.scores.query("task == 'click & like'").groupby("model")["gauc"].mean()
    gains, beaten = found.gains.set_index("task"), found.beaten.set_index(["task", "yardstick"])
    alone, shared = "a model of its own", "the shared model"
    for model, side, name in ((alone, "single", "single-task"), (shared, "shared", "Shared-Bottom")):
        expected = [gains.loc["click & like", side], gauc[name], gains.loc["$seconds$", side]]
        assert levels.loc[model].tolist() == [f"{value:.3f}" for value in expected]
    for name in ("by user", "linear", "trees", "stack"):
        own = [*beaten.loc[("click & like", name), ["value", "gauc"]], beaten.loc[("$seconds$", name), "value"]]
        assert levels.loc[served_as(name)].tolist() == [f"{value:.3f}" for value in own]
    assert levels.loc["the mean of the separate models", "$seconds$ R²"] == ""  # it is in no unit
    ours = [served_as(f"shared, {way}") for way in ("mean", "stack")]
    assert list(levels.index[:5]) == [alone, shared, *ours, "the mean label of each user"]
    own = beaten.loc[("click & like", "shared, mean"), ["value", "gauc"]]
    assert levels.loc["the shared model with its outputs averaged"].tolist() == [*(f"{value:.3f}" for value in own), ""]
    page = report(found).page()
    assert (
        "GAUC: the AUC within each list" in page
        and "from scikit-learn" in page
        and "A stack weights all outputs" in page
    )


@pytest.fixture(scope="module")
def funnel():
    """A purchase needs a click and is otherwise a coin: it has the order of the click, and few rows to show it."""
    rng = np.random.default_rng(3)
    user, item, x = rng.integers(0, 800, 12_000), rng.integers(0, 300, 12_000), rng.normal(size=(12_000, 3))
    logit = rng.normal(size=300)[item] + x @ [0.8, -0.6, 0.4] - 0.3
    click = rng.random(12_000) < 1 / (1 + np.exp(-logit))
    frame = pd.DataFrame(x, columns=["x0", "x1", "x2"]).assign(user=user, item=item, time=range(12_000))
    frame["click"], frame["buy"] = click.astype(int), (click & (rng.random(12_000) < 0.1)).astype(int)
    labels = {"click": "binary", "buy": "binary"}
    own = Declaration(labels, "user", "item", numbers=("x0", "x1", "x2"), time="time")
    recipe = Recipe(epochs=6, patience=2, batch_size=256)
    return compare(frame, own, recipe, seeds=range(3), rates=[0.01], also=["yardsticks"])


@pytest.mark.long
def test_a_gain_over_a_weak_model_alone_is_not_called_one(funnel):
    """In a funnel whose rare label has the order of the common one, as the separate models put together have it."""
    buy = funnel.gains.set_index("task").loc["buy"]
    assert buy["verdict"] == "holds"
    rivals = funnel.beaten[funnel.beaten["task"] == "buy"].set_index("yardstick")
    assert rivals.loc["stack", "value"] > buy["shared"] - 0.005
    page = report(funnel).page()
    assert "Sharing helps buy" not in page and "A rival that shares nothing" in page.split('class="answer"')[0]


def test_it_is_written_whole_or_not_at_all(found, tmp_path, monkeypatch):
    path = report(found).save(tmp_path / "new" / "report.html")
    before = path.read_text(encoding="utf-8")
    assert before == report(found).page()
    monkeypatch.setattr("helpers.capstone.report.Report.page", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        report(found).save(path)
    assert path.read_text(encoding="utf-8") == before and len(list(path.parent.iterdir())) == 1


def test_the_head_says_which_file_of_when_and_made_with_what(found):
    spans = {"train": ("2026-03-01", "2026-05-10"), "valid": ("2026-05-11",) * 2, "test": ("2026-05-12", "2026-05-20")}
    dated = replace(found, spans=spans, declaration=replace(found.declaration, time="shown at"))
    head = re.search(r'<p class="head">(.*?)</p>', report(dated, "some/where/my log.csv").page())[1].split("<br>")
    assert head[0] == "my log.csv, 600 rows"
    expected = "train 2026-03-01 to 2026-05-10, validate 2026-05-11 to 2026-05-11, test 2026-05-12 to 2026-05-20"
    assert head[1] == f"shown at: {expected}"
    for package in ("torch", "scikit-learn", "multitask-ranking-course"):
        assert metadata.version(package).split("+")[0] in head[2]
    assert len(re.search(r'<p class="head">(.*?)</p>', report(found).page())[1].split("<br>")) == 2  # without a time


def test_the_head_says_at_what_rate_users_were_sampled(found):
    page = report(replace(found, reading={"share": 0.025, "by": "user"}), "log.parquet").page()
    assert "log.parquet, 600 rows, all that have one of 2.50% of the values of user<br>" in page
    assert "read(&quot;log.parquet&quot;, share=0.025, by=&quot;user&quot;)" in page


def spoiled(found, **columns):
    return replace(found, headline=found.headline.assign(**columns))


def test_what_is_undecided_leans_costs_and_needs_rows(found):
    """Also, what to do until then; nothing of it where all is decided."""
    undecided = ["undecided", "no effect"]
    gains = {"gain": [0.02, 0], "rival_gain": [0.03, 0], "low": [-0.01, 0], "high": [0.05, 0]}
    one = spoiled(found, verdict=undecided, learnt=True, **gains, seeds_needed=np.nan)
    page = html.unescape(report(one).page().split("While it is undecided</h2>")[1].split("<h2>")[0])
    assert "click & like leans to a gain: sharing may cost up to 0.010 and bring up to 0.050 AUC. Should its" in page
    assert "at +0.020, it would take about 2,400 rows or more to decide. A gain of" in page and page.count("<li>") == 1
    assert "A gain of 0.035 or more, and a loss of" in page
    cheap = replace(spoiled(one, seeds_needed=12), cost=found.cost.assign(seconds=[30.0, 20.0]), also=())
    page = html.unescape(report(cheap).page())
    assert "it would take about 12 seeds (10 minutes of training) to decide" in page and "rows or more" not in page
    page = report(replace(cheap, also=("control",))).page()  # two more of the shared model a seed
    assert "about 12 seeds (18 minutes of training)" in page
    lost = {"gain": [-0.03, 0], "rival_gain": [-0.02, 0], "low": [-0.05, 0]}
    loss = report(spoiled(one, **lost, high=[-0.001, 0])).page()
    both = "It is -0.030 over the nearest rival and {} over the chosen one."
    assert f"leans to a loss: sharing costs 0.001 to 0.050 AUC. {both.format('-0.020')} Should it be -0.020" in loss
    lucky = report(spoiled(one, **lost | {"rival_gain": [0.03, 0]})).page()  # of all rivals one, in the test rows
    assert "leans to no difference that matters: sharing may cost up to 0.050 and bring up to 0.050 AUC" in lucky
    assert f"{both.format('+0.030')} Should it be +0.000, it would" in lucky
    assert "take what is best, <code>found.ranker(kind=" in loss
    even = report(spoiled(one, gain=[0.0049999, 0])).page()
    assert "leans to no difference that matters" in even and "it would take over 10,000,000 rows, more than" in even
    coin = html.unescape(report(spoiled(one, learnt=[False, True])).page())
    assert "leans to" not in coin
    assert "While it is undecided" not in report(spoiled(found, verdict="no effect")).page()


@pytest.mark.parametrize(
    ("clusters", "days", "words"),
    [
        (["users", "users"], 0, "in the test rows (other users, column user (50) for click & like and $seconds$), and"),
        (["users", "days"], 11, "other users, column user (50) for click & like; other days (50) for $seconds$"),
        (["users", "days"], 11, "The test covers 11 days; intervals were made over users and over days, and the"),
        (["rows", "rows"], 1, "other rows, as no user was declared for click & like and $seconds$"),
        (["users", "users"], 1, "The test covers 1 day: too few to say how much days differ"),
        (["groups", "groups"], 4, "other groups, column day (50) for click & like and $seconds$"),
    ],
)
def test_it_says_over_what_the_intervals_are(found, clusters, days, words):
    own = replace(found.declaration, group="day")
    growth = found.growth.assign(clusters=clusters, units=50)
    one = replace(found, growth=growth, days=days, declaration=own)
    assert words in html.unescape(report(one).page())


def test_weights_are_told(found):
    assert "Rows count in training by" not in report(found).page()
    page = report(replace(found, declaration=replace(found.declaration, weight="w"))).page()
    assert "Rows count in training by w, in that of the yardsticks too; in the scores each row counts once." in page


def test_what_has_learnt_nothing_is_named_first_and_has_no_advice(found):
    """One dead seed of ten: the task is judged by the others. One alive: it is not judged."""
    scores = found.scores.copy()
    spoilt = (scores["seed"] == 1) & (scores["model"] == "single-task") & (scores["metric"] == "R²")
    scores.loc[spoilt, "constant"] = True
    growth, headline = (of.assign(verdict="undecided", dead=[0, 1]) for of in (found.growth, found.headline))
    one = replace(found, scores=scores, growth=growth, headline=headline.assign(seeds_needed=0, learnt=True))
    page = html.unescape(report(one).page())
    assert "A model has learnt nothing." in page and page.index('class="alarm"') < page.index('class="answer"')
    assert "every test row: $seconds$ (single-task, seed 1). Such a seed does not count" in page
    assert "Nothing can be said of $seconds$: fewer than two seeds are left." in page
    assert "click & like leans to" in page and "$seconds$ leans to" not in page
    ten = replace(one, seeds=list(range(10)), growth=growth.assign(seeds=10))
    page = html.unescape(report(ten).page())
    assert "$seconds$ leans to" in page and "Nothing can be said" not in page
    assert "learnt nothing" not in report(found).page()


def test_a_quick_look_is_called_one(found):
    assert "quick look" not in report(found).page()
    page = report(replace(found, mode="quick")).page()
    assert "This was a quick look (few epochs" in page and "mode=&quot;quick&quot;" in page


def test_a_table_from_elsewhere_is_not_said_to_be_read_from_a_file(found, three):
    assert "# log.csv must hold the table, which came from elsewhere." in report(found).page()
    path, read_in = three
    assert "came from elsewhere" not in report(read_in, path).page()

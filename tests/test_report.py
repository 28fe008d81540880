"""The report: one page that stands alone, says what was found and what was not tested, and is written whole."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from helpers.experiments import own_worlds
from helpers.experiments.own import compare
from helpers.own_data import Declaration
from helpers.ranker import Recipe
from helpers.report import HELD, NOT_TESTED, report

EVIL = "<script>alert('$x$')</script>"


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": rng.integers(0, 50, 600), EVIL: rng.normal(size=600)})
    for task in ("click & like", "$seconds$"):
        frame[task] = (rng.random(600) < 1 / (1 + np.exp(-frame[EVIL]))).astype(int)
    labels = {"click & like": "binary", "$seconds$": "regression"}
    recipe = Recipe(units=(8,), towers=(4,), epochs=2)
    return compare(frame, Declaration(labels, "user", numbers=(EVIL,)), recipe, seeds=range(2), rates=[0.01])


def test_the_page_stands_alone(found):
    page = report(found).page()
    assert page.startswith("<!DOCTYPE html>") and page.count("data:image/png;base64,") == 2
    assert not re.search(r"(src|href)=\"(?!data:)|https?://|@import|<link|<script", page)
    assert len(page) < 200_000


def test_what_the_table_says_is_escaped(found):
    page = report(found).page()
    assert EVIL not in page and "&lt;script&gt;" in page and "click &amp; like" in page


def test_it_says_what_was_found_and_what_was_not_tested(found):
    page = report(found).page()
    for row in found.gains.itertuples():
        assert f"{row.gain:+.3f}" in page and f"{row.low:+.3f} to {row.high:+.3f}" in page
    for line in NOT_TESTED:
        assert line in page
    for words in ("2 seeds", "480 rows to train", "at random, anew for each seed", "50 users", "AUC", "R²", "Nadeau"):
        assert words in page, words
    assert all(f"{problem.column}: "[:4] in page for problem in found.problems)
    assert f"{found.cost['parameters'].iloc[0]:,}" in page
    assert "All have learning rate 0.01." in page and "0.5 is guessing" in page


def test_each_picture_says_what_it_shows(found):
    page = report(found).page()
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    assert len(captions) == 2 and captions == re.findall(r'<img alt="(.*?)"', page)
    assert all("click &amp; like" in caption and "$seconds$" in caption for caption in captions)


def test_names_that_the_font_does_not_have_stand_below_the_picture(found):
    from dataclasses import replace

    names = {"click & like": "点击", "$seconds$": "时长"}
    own = replace(found.declaration, labels={names[task]: kind for task, kind in found.declaration.labels.items()})
    tables = {name: getattr(found, name).replace(names) for name in ("facts", "scores", "growth", "curve")}
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns where it draws a box for a letter
        page = report(replace(found, declaration=own, **tables)).page()
    assert "What 点击 (task A) and 时长 (task B) gain by sharing" in page


@pytest.mark.parametrize(("how", "grid"), [("at random", "08_worlds"), ("by time", "08_by_time")])
def test_how_often_intervals_hold_is_what_was_measured(how, grid):
    held = own_worlds.coverage(own_worlds.GRIDS[grid].read())
    assert round(100 * held.loc[held["repeats"] == own_worlds.REPEATS, "report"].mean()) == HELD[how]


def test_the_page_says_how_often_such_intervals_hold(found):
    from dataclasses import replace

    assert "split at random, 96 of 100 such intervals held it." in report(found).page()
    by_time = replace(found, declaration=replace(found.declaration, time="time"))
    assert "89 of 100 such intervals held it. Take them for a little too narrow." in report(by_time).page()


def test_models_that_a_mean_beats_are_called_weak(found):
    from dataclasses import replace

    assert "Weak models" not in report(found).page()
    page = report(replace(found, facts=found.facts.assign(**{"by item": 0.99}))).page()
    assert "Weak models.</b> click &amp; like, $seconds$: the item's mean" in page.replace("&#x27;", "'")
    assert "0.990" in page and "Item's mean: a yardstick" in page


def test_equal_comparisons_give_equal_pages(found):
    assert report(found).page() == report(found).page()
    assert "mtl-report" in report(found)._repr_html_() and repr(report(found)).startswith(
        "Report: Does sharing help here?"
    )


def test_it_is_written_whole_or_not_at_all(found, tmp_path, monkeypatch):
    path = report(found).save(tmp_path / "new" / "report.html")
    before = path.read_text(encoding="utf-8")
    assert before == report(found).page()
    monkeypatch.setattr("helpers.report.Report.page", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        report(found).save(path)
    assert path.read_text(encoding="utf-8") == before and len(list(path.parent.iterdir())) == 1


def test_without_a_curve_there_is_one_picture(found):
    from dataclasses import replace

    assert report(replace(found, curve=pd.DataFrame())).page().count("data:image/png") == 1

"""The ranker: one recipe for all models, and files that bring back what was trained."""

import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.capstone.ranker import BOTTOMS, STRUCTURES, WEIGHTINGS, Ranker, Recipe
from helpers.chapters.ch03.studies.fusion import fused_score
from helpers.data.features import Dense, Features, Sequence, Sparse
from helpers.models.esmm import ESMM
from helpers.models.shared_bottom import SingleTasks
from helpers.training.losses import TOTAL
from tests.capstone.services import SERVE, as_logged, says_the_same, service

pytestmark = pytest.mark.slow  # most of them train

COLUMNS = [Sparse("user", 4), Sparse("video", 4), Dense("duration"), Sequence("history", of="video", length=3)]
TASKS = {"click": "binary", "seconds": "regression"}
SMALL = {"units": [8], "towers": [4], "epochs": 2}


def rows(count: int = 300, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"user": [f"u{i}" for i in rng.integers(0, 9, count)], "video": rng.integers(0, 7, count)})
    frame["duration"] = np.where(rng.random(count) < 0.1, np.nan, rng.lognormal(3, 1, count))
    frame["history"] = [rng.integers(0, 7, length).tolist() for length in rng.integers(0, 5, count)]
    frame["click"] = (rng.random(count) < 0.2 + 0.5 * (frame["video"] > 3)).astype(int)
    frame["seconds"] = 1000 + 100 * frame["click"] + rng.standard_normal(count)
    return frame


@pytest.fixture(scope="module")
def trained() -> Ranker:
    return Ranker(COLUMNS, TASKS, Recipe(lr=0.03, epochs=8)).fit(rows(), rows(100, 1), progress=False)


VALID = [
    (structure, bottom, weighting)
    for structure in STRUCTURES
    for bottom in BOTTOMS
    for weighting in [*WEIGHTINGS, {"click": 1, "seconds": 2.5}]
    if not (structure in ("MMoE", "PLE") and bottom in ("DCN", "DeepFM", "NeuMF"))
    and not (structure == "single task" and weighting != "equal")
    and structure != "ESMM"  # not for these tasks
]


@pytest.mark.parametrize(("structure", "bottom", "weighting"), VALID)
def test_every_recipe_trains_and_comes_back_from_its_file(structure, bottom, weighting, tmp_path):
    recipe = Recipe(structure, bottom, weighting, **SMALL)
    ranker = Ranker(COLUMNS, TASKS, recipe).fit(rows(), rows(60, 1), progress=False)
    ranker.save(tmp_path / "ranker.pt")
    again = Ranker.load(tmp_path / "ranker.pt")
    assert again.recipe == recipe and again.tasks == TASKS
    pd.testing.assert_frame_equal(again.predict(rows(40, 2)), ranker.predict(rows(40, 2)))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_rare_label_is_rare_from_the_first_step_on(structure):
    """No training goes to finding the share of a label, through what the tasks share: it would use up few rows."""
    frame = rows(2_000)
    frame["like"] = frame["click"] * (np.arange(2_000) % 10 == 0)
    frame["share"] = frame["like"].where(frame["click"] == 1)  # observed where it was clicked
    tasks = {"click": "binary", "share" if structure != "ESMM" else "like": "binary"}
    ranker = Ranker(COLUMNS, tasks, Recipe(structure, lr=0.0, epochs=1)).fit(frame, frame, progress=False)
    shares = ranker.predict(frame).mean()
    assert np.allclose(shares, frame[list(tasks)].mean(), rtol=0.25), shares


def test_predictions_are_probabilities_and_seconds(trained):
    test = rows(400, 2).set_index(np.arange(400) + 7)
    predicted = trained.predict(test)
    assert list(predicted) == ["click", "seconds"] and predicted.index.equals(test.index)
    assert predicted["click"].between(0, 1).all()
    assert predicted["seconds"].mean() == pytest.approx(test["seconds"].mean(), abs=20)
    assert predicted["seconds"].corr(predicted["click"]) > 0.8
    quality = trained.evaluate(test, groups="user").set_index(["task", "metric"])["value"]
    assert quality["click", "auc"] > 0.65 and quality["seconds", "r2"] > 0.1
    assert "gauc" in quality["click"]


def test_single_tasks_share_nothing_and_are_what_they_are_alone(trained):
    recipe = Recipe("single task", **SMALL)
    both = Ranker(COLUMNS, TASKS, recipe).fit(rows(), rows(60, 1), progress=False)
    assert isinstance(both.model, SingleTasks) and len(both.histories) == 2
    for task, kind in TASKS.items():
        alone = Ranker(COLUMNS, {task: kind}, recipe).fit(rows(), rows(60, 1), progress=False)
        pd.testing.assert_series_equal(alone.predict(rows(40, 2))[task], both.predict(rows(40, 2))[task])


def test_the_unit_of_a_label_changes_nothing():
    milli = [frame.assign(seconds=frame["seconds"] * 1000) for frame in (rows(), rows(60, 1))]
    recipe = Recipe(**SMALL)
    one = Ranker(COLUMNS, TASKS, recipe).fit(rows(), rows(60, 1), progress=False).predict(rows(40, 2))
    other = Ranker(COLUMNS, TASKS, recipe).fit(*milli, progress=False).predict(rows(40, 2))
    np.testing.assert_allclose(other["seconds"] / 1000, one["seconds"], rtol=1e-3)
    np.testing.assert_allclose(other["click"], one["click"], atol=1e-3)


OTHERS = [
    *(Recipe(bottom=bottom, **SMALL) for bottom in BOTTOMS),
    *(Recipe(s, **SMALL) for s in ("PLE", "single task")),
]


@pytest.mark.parametrize(
    "recipe", [Recipe("MMoE", **SMALL), *(pytest.param(recipe, marks=pytest.mark.long) for recipe in OTHERS)]
)
def test_what_is_exported_says_the_same_of_any_number_of_rows(recipe, tmp_path):
    ranker = Ranker(COLUMNS, TASKS, recipe).fit(rows(), rows(60, 1), progress=False)
    ranker.exponents = {"click": 1.0, "seconds": -0.5}
    for count in (1, 5, 700):
        says_the_same(ranker, rows(count, 3), tmp_path)


FUNNEL = {"click": "binary", "like": "binary"}


def funnel_rows(count: int = 300, seed: int = 0) -> pd.DataFrame:
    frame = rows(count, seed)
    return frame.assign(like=frame["click"] * (np.random.default_rng(seed).random(count) < 0.4))


def esmms() -> list:
    """Each bottom with each weighting; an export takes half a second, so each bottom once in the short run."""
    every = enumerate(itertools.product([*WEIGHTINGS, {"click": 1, "like": 2.5}], BOTTOMS))
    return [
        pytest.param(weighting, bottom, marks=() if number % (len(BOTTOMS) + 1) == 0 else pytest.mark.long)
        for number, (weighting, bottom) in every
    ]


@pytest.mark.parametrize(("weighting", "bottom"), esmms())
def test_esmm_says_a_conversion_by_a_click_and_comes_back_from_its_file(bottom, weighting, tmp_path):
    recipe = Recipe("ESMM", bottom, weighting, **SMALL)
    ranker = Ranker(COLUMNS, FUNNEL, recipe).fit(funnel_rows(), funnel_rows(60, 1), progress=False)
    predicted = ranker.predict(funnel_rows(40, 2))
    assert (predicted["like"] < predicted["click"]).all()  # a conversion needs a click
    ranker.exponents = {"like": 1.0}
    says_the_same(ranker, funnel_rows(40, 2), tmp_path)


def test_esmm_is_the_model_of_chapter_07():
    features = Features(COLUMNS).fit(funnel_rows())
    inputs = features.transform(funnel_rows(50, 1))
    ours = Recipe("ESMM", **SMALL).model(features, FUNNEL, seed=3).eval()
    names = ("click", "like given a click", "like")
    theirs = ESMM(features, names, bottom=(8,), towers=(4,), seed=3).eval()
    theirs.load_state_dict(ours.state_dict())
    for task in FUNNEL:
        torch.testing.assert_close(ours(inputs)[task], theirs(inputs)[task])


def fitted(tasks: dict) -> Ranker:
    return Ranker(COLUMNS, tasks, Recipe("ESMM", **SMALL)).fit(funnel_rows(), funnel_rows(60, 1), progress=False)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Recipe("MMoE", "DCN"), "bottom: got 'DCN' with MMoE; expected 'MLP' or 'DIN'"),
        (lambda: Recipe("single task", weighting="UWL"), "weighting: got 'UWL' with single tasks; expected 'equal'"),
        (lambda: Recipe(weighting={"click": -1}), r"weighting\['click'\]: got -1; expected a number of at least 0"),
        (lambda: Recipe("shared"), "structure: got 'shared'; expected one of"),
        (lambda: Recipe(units="64"), "units: got .*; expected a tuple of sizes"),
        (lambda: Ranker(COLUMNS, TASKS, recipe="MMoE"), "recipe: got str; expected a Recipe, or None"),
        (lambda: Ranker(COLUMNS, "click"), r"tasks: got str; expected \{column of the label:"),
        (lambda: Ranker.load(None), "path: got NoneType; expected the name of a file"),
        (lambda: fitted(TASKS), ".*expected two binary tasks for ESMM: the click, and what needs a click"),
        (lambda: fitted({"click": "binary"}), ".*expected two binary tasks"),
        (lambda: fitted({"like": "binary", "click": "binary"}), ".*rows with 'click' = 1 and 'like' = 0; expected for"),
    ],
)
def test_what_does_not_go_together_is_named(call, words):
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        call()


def test_a_fit_that_fails_leaves_the_ranker_as_it_was(trained):
    before = trained.predict(rows(20, 4))
    others = rows().assign(seconds=1.0, user=lambda t: t["user"] + "?", duration=lambda t: 9 * t["duration"])
    with pytest.raises(ValueError, match="label 'seconds': got 300 training rows with one value"):
        trained.fit(others, rows(60, 1), progress=False)
    pd.testing.assert_frame_equal(trained.predict(rows(20, 4)), before)


def test_what_is_served_is_trained_on_all_rows_for_as_many_epochs_as_were_best():
    recipe = Recipe("single task", lr=0.1, epochs=12)
    first = Ranker(COLUMNS, TASKS, recipe).fit(rows(), rows(100, 1), progress=False)
    best = [run[run["task"] == TOTAL].set_index("epoch")["valid"].idxmin() for run in first.histories]
    assert max(best) < recipe.epochs
    served = first.refit(rows(400, 3), progress=False)
    assert [run["epoch"].max() for run in served.histories] == best


def test_files_that_are_no_rankers_are_named(trained, tmp_path):
    with pytest.raises(ValueError, match="ranker: got one that is not trained"):
        Ranker(COLUMNS, TASKS).save(tmp_path / "ranker.pt")
    with pytest.raises(FileNotFoundError, match=r"path: got gone\.pt, which does not exist"):
        Ranker.load(tmp_path / "gone.pt")
    trained.save(tmp_path / "ranker.pt")
    whole = (tmp_path / "ranker.pt").read_bytes()
    torch.save({"parameters": trained.model.state_dict()}, tmp_path / "other.pt")
    for name, content in (("half.pt", whole[: len(whole) // 2]), ("other.pt", None)):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"path: got {name}, which holds no ranker"):
            Ranker.load(tmp_path / name)
    with pytest.raises(ValueError, match=r"path: got 'ranker.pt'; expected a name that ends in \.pt2"):
        trained.export("ranker.pt")


def test_a_pickle_with_code_in_it_does_not_run(trained, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    trained.save(tmp_path / "ranker.pt")
    content = torch.load(tmp_path / "ranker.pt", weights_only=True)
    for part in ("ranker", "parameters"):
        torch.save(content | {part: Evil()}, tmp_path / "evil.pt")
        with pytest.raises(ValueError, match=r"path: got evil\.pt, which holds no ranker"):
            Ranker.load(tmp_path / "evil.pt")
        assert not (tmp_path / "ran").exists()


def test_no_candidates_give_no_predictions(trained):
    empty = trained.predict(rows(5)[:0])
    assert list(empty) == list(TASKS) and len(empty) == 0 and empty.dtypes.eq(np.float32).all()
    with pytest.raises(ValueError, match="ranker: got one that is not trained"):
        Ranker(COLUMNS, TASKS).predict(rows(5)[:0])


ALONE = """
import importlib.util, json, sys
sys.modules["helpers"] = sys.modules["pandas"] = None  # neither can be imported
spec = importlib.util.spec_from_file_location("serve", sys.argv[1])
serve = importlib.util.module_from_spec(spec)
spec.loader.exec_module(serve)
service = serve.Service(sys.argv[2])
print(json.dumps([service.predict(rows) for rows in json.loads(sys.stdin.read())]))
"""


@pytest.mark.long
@pytest.mark.parametrize("columns", [COLUMNS, COLUMNS[:2], COLUMNS[2:3]], ids=["all", "ids", "a number"])
def test_what_is_exported_serves_where_the_course_is_not(columns, tmp_path):
    """Ids that are known, unknown and missing, numbers with gaps, lists of every length; one row, many, none."""
    ranker = Ranker(columns, TASKS, Recipe(**SMALL)).fit(rows(), rows(60, 1), progress=False)
    ranker.export(tmp_path / "ranker.pt2")
    test = rows(60, 2)
    test.loc[:5, "user"], test.loc[3:9, "video"] = None, 99
    asked = as_logged(test[[column.name for column in columns]])
    command = [sys.executable, "-I", "-c", ALONE, str(SERVE), str(tmp_path / "ranker.pt2")]
    text = json.dumps([asked, asked[:1], []])
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    many, one, none = json.loads(done.stdout)
    expected = ranker.predict(test)
    np.testing.assert_allclose(pd.DataFrame(many["predictions"])[list(TASKS)], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose([list(one["predictions"][0].values())], expected[:1], rtol=1e-6, atol=1e-6)
    assert none["predictions"] == none["order"] == []


def test_models_of_single_tasks_serve_together(tmp_path):
    """They answer as one, each with its own exponent; a model of other columns is refused."""
    expected, rows_to_ask, paths = {}, rows(20, 2)[["user", "video"]], []
    for task, kind in TASKS.items():
        ranker = Ranker(COLUMNS[:2], {task: kind}, Recipe(**SMALL)).fit(rows(), rows(60, 1), progress=False)
        ranker.exponents = {task: 0.5}
        paths.append(tmp_path / f"{task}.pt2")
        ranker.export(paths[-1])
        ranked = ranker.rank(rows_to_ask).sort_index()
        expected[task], expected["score"] = ranked[task], expected.get("score", 1) * ranked["score"]
    answer = service(*paths).predict(as_logged(rows_to_ask))
    np.testing.assert_allclose(pd.DataFrame(answer["predictions"])[list(expected)], pd.DataFrame(expected), rtol=1e-5)
    Ranker(COLUMNS[:1], TASKS, Recipe(**SMALL)).fit(rows(), rows(60, 1), progress=False).export(tmp_path / "other.pt2")
    with pytest.raises(ValueError, match="got models of different columns"):
        service(paths[0], tmp_path / "other.pt2")


@st.composite
def tables(draw) -> tuple[pd.DataFrame, list]:
    """A log with numbers, ids that are words or whole numbers, a list of ids, and gaps anywhere."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, known = 120, draw(st.integers(2, 30))
    text, gaps, size = draw(st.booleans()), draw(st.sampled_from([0.0, 0.2])), draw(st.sampled_from([1e-3, 1.0, 1e6]))
    offset = draw(st.sampled_from([0, -5, 2**40]))
    ids = [f"id {k}" if text else k + offset for k in range(known)]
    frame = pd.DataFrame({"item": pd.Series(rng.integers(0, known, count)).map(dict(enumerate(ids)))})
    frame["size"] = size * rng.normal(3, 1, count)
    frame["seen"] = [[ids[k] for k in rng.integers(0, known, length)] for length in rng.integers(0, 4, count)]
    frame["click"], frame["seconds"] = rng.integers(0, 2, count), rng.normal(10, 5, count)
    holes = rng.random((count, 2)) < gaps
    frame["item"] = frame["item"].mask(holes[:, 0], None if text else np.nan)
    return frame.assign(size=frame["size"].mask(holes[:, 1])), [
        Sparse("item"),
        Dense("size"),
        Sequence("seen", of="item"),
    ]


@settings(max_examples=6, deadline=None)
@given(tables(), st.floats(-2, 2), st.floats(0.1, 2))
def test_a_row_as_logged_is_served_with_the_notebooks_numbers(table, one, other):
    """Predictions, score and order, whatever the table; and unknown ids are counted."""
    frame, columns = table
    train = frame[:90].assign(item=lambda rows: rows["item"].where(rows["item"] != frame["item"].dropna().iloc[0]))
    ranker = Ranker(columns, TASKS, Recipe(**SMALL)).fit(train, frame[60:90], progress=False)
    ranker.exponents = {"click": one, "seconds": other}
    with tempfile.TemporaryDirectory() as folder:
        answer = says_the_same(ranker, frame, Path(folder))
    known = ranker.features.vocabularies["item"]
    assert answer["unknown"].get("item", 0) == int((~frame["item"].dropna().isin(known)).sum())


def test_one_list_is_sorted_by_chapter_03s_fusion(trained, tmp_path):
    """The exponents are saved, and a task that should not happen counts against a row."""
    candidates = rows(50, 3)
    with pytest.raises(ValueError, match=r"exponents: got \{\}; expected one that is not 0"):
        Ranker.rank(trained, candidates)
    with pytest.raises(ValueError, match="task of an exponent: got 'clicks'; expected one of 'click', 'seconds'"):
        trained.exponents = {"clicks": 1.0}
    trained.exponents = {"click": 0.25, "seconds": 0.75}
    trained.save(tmp_path / "ranker.pt")
    ranked = Ranker.load(tmp_path / "ranker.pt").rank(candidates)
    seconds = 1 / (1 + np.exp(-(ranked["seconds"] - trained.scales["seconds"][0]) / trained.scales["seconds"][1]))
    by_hand = fused_score(ranked["click"], seconds, 0.25, "geometric fusion")
    np.testing.assert_allclose(ranked["score"], by_hand, rtol=1e-6)
    assert ranked["score"].is_monotonic_decreasing and set(ranked.index) == set(candidates.index)
    trained.exponents = {"click": -1.0}
    assert trained.rank(candidates)["click"].is_monotonic_increasing
    trained.exponents = {}

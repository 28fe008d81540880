"""A study trains each arm as it chose, each model once where it may, and refuses what nobody has searched for."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from helpers import lab
from helpers.chapters.ch04.studies import heat
from helpers.data.examples import Examples
from helpers.experiments.sweep import points, search
from helpers.lab import study_of
from helpers.lab.recheck import mean
from helpers.lab.study import Search, Study
from helpers.models.shared_bottom import SharedBottom
from helpers.support import environment

TASKS, STEPS = {"a": "regression", "b": "regression"}, 1
asked, built = [], []


def data(kind: str, seed: int) -> list[Examples]:
    inputs = torch.randn(9, 2, generator=torch.Generator().manual_seed(seed + (kind == "y")))
    return [Examples(inputs, {"a": inputs[:, 0], "b": inputs[:, 1]})] * 3


def model(model: str, width: int, kind: str, seed: int) -> SharedBottom:
    built.append((model, width, kind, seed))
    return SharedBottom(2, TASKS, [width], [2], seed=seed)


def options(model: str, width: int, rate: float) -> dict:
    asked.append((model, width, rate))
    return {"epochs": STEPS, "batch_size": None, "lr": rate}


def rates(model: str) -> list[float]:
    return [0.01, 0.1] if model == "one" else [0.1, 0.2]


STUDY = Study(
    "04_x",
    axes={"model": ("one", "two"), "width": (1, 2), "kind": ("x", "y"), "seed": range(3)},
    data=data,
    model=model,
    options=options,
    near={"r2": 0.1},
    again={"seed": [0]},
    search=Search(
        "04_x_tuning", {"rate": rates}, ["model", "width"], (900, 901), near={"r2": 0.1}, again={"width": [1]}
    ),
)


@pytest.fixture
def study(tmp_path, monkeypatch) -> Study:
    """Its search is kept: "one" chose 0.01 for a width of 1 and 0.1 for 2, "two" chose 0.2."""
    monkeypatch.setattr("helpers.experiments.kept.FOLDER", tmp_path)
    environment.threads()
    study = replace(STUDY)
    found = points(model=["one", "two"], width=[1, 2], rate=[0.01, 0.1, 0.2])
    chosen = {("one", 1): 0.01, ("one", 2): 0.1, ("two", 1): 0.2, ("two", 2): 0.2}
    best = [rate == chosen[model, width] for model, width, rate in found.to_numpy()]
    study.tables["04_x_tuning"].write(found.assign(r2=pd.Series(best).astype(float)))
    asked.clear(), built.clear()
    return study


def test_each_arm_is_trained_as_it_chose_and_the_table_has_the_columns_of_the_axes(study):
    table = study.run(seed=[0, 7])
    assert set(asked) == {("one", 1, 0.01), ("one", 2, 0.1), ("two", 1, 0.2), ("two", 2, 0.2)}
    assert list(table) == ["model", "width", "kind", "seed", "task", "r2"] and len(table) == 2 * 2 * 2 * 2 * 2
    assert set(table["seed"]) == {0, 7} and study.table.searches == ["04_x_tuning"]


def test_it_says_where_its_numbers_come_from_and_trains_some_of_them_again_beside_the_kept_ones(study):
    assert repr(study) == "04_x.csv: 24 runs, seeds 0 to 2, with what was chosen in 04_x_tuning"
    study.table.write(study.run())
    both = study.beside(seed=1, width=2)
    assert both.index.names == ["model", "width", "kind", "seed", "task"] and len(both) == 8
    assert (both["r2"] - both["r2 again"]).abs().max() < 1e-3
    with pytest.raises(ValueError, match=r"sample: got 16 rows, 0 of them kept"):
        study.beside(seed=3)
    assert study_of("04_heat") is heat.HEAT is study_of("04_heat_tuning")
    with pytest.raises(ValueError, match="name: got '04_nothing'"):
        study_of("04_nothing")


def test_a_search_tries_what_an_arm_may_choose_and_no_more(study):
    table = study.searched()
    assert list(table) == ["model", "width", "kind", "seed", "rate", "r2"] and set(table["seed"]) == {900, 901}
    assert table.groupby("model")["rate"].unique().map(list).to_dict() == {"one": [0.01, 0.1], "two": [0.1, 0.2]}
    again = study.searched(model=["one"], rate=[0.01], kind=["x"])
    assert len(again) == 4
    half = replace(study.search, only={"kind": ["x"]})
    assert set(replace(study, search=half).searched()["kind"]) == {"x"}


def test_a_search_by_loss_is_the_mean_of_seeds_and_tasks(study):
    lowest = replace(study.search, near={"loss": 5}, tried={"rate": (0.01,)})
    by_loss = replace(study, search=lowest, axes=study.axes | {"model": ["one"]})
    at = points(model=["one"], width=[1, 2], kind=["x", "y"], seed=[900, 901], rate=[0.01])
    pd.testing.assert_frame_equal(by_loss.searched(), search(at, data, model, options))
    assert by_loss.chosen.lowest and not study.chosen.lowest


def test_what_does_not_concern_a_model_is_trained_once_and_told_of_all(study):
    table = replace(study, once={"one": {"kind": "x"}}).run(width=1)
    assert [kind for model, _, kind, _ in built if model == "one"] == ["x"] * 3
    assert [kind for model, _, kind, _ in built if model == "two"] == ["x"] * 3 + ["y"] * 3
    assert list(table) == ["model", "width", "kind", "seed", "task", "r2"] and len(table) == 2 * 2 * 3 * 2
    one = table[table["model"] == "one"].pivot(index=["seed", "task"], columns="kind", values="r2")
    assert (one["x"] == one["y"]).all()
    keys = list(table)[:-1]
    two = table[table["model"] == "two"].set_index(keys).sort_index()
    pd.testing.assert_frame_equal(two, study.run(width=1, model="two").set_index(keys).sort_index())


def test_what_nobody_has_searched_for_is_refused(study):
    for levels, said in (
        ({"size": [1]}, r"levels: got 'size'; expected one of 'model', 'width', 'kind', 'seed'"),
        ({"width": [1, 3]}, r"width: got 3; expected one of 1, 2"),
        ({"model": "three"}, r"model: got 'three'; expected one of 'one', 'two'"),
        ({"kind": ["z"]}, r"kind: got 'z'"),
    ):
        with pytest.raises(ValueError, match=said):
            study.run(**levels)
    untuned = replace(study, search=None, options=lambda: {"epochs": 1})
    assert set(untuned.run(width=3, seed=0, kind="x")["width"]) == {3}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"again": {"size": [1]}}, "04_x, again: got 'size'; expected one of 'model', 'width'"),
        ({"again": {"width": [3]}}, "04_x, again, width: got 3; expected one of 1, 2"),
        ({"near": {}}, "04_x, near: got nothing"),
    ],
)
def test_a_study_that_cannot_be_checked_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        replace(STUDY, **change)


def test_a_study_that_is_named_after_another_chapter_is_refused(monkeypatch):
    monkeypatch.setattr(lab, "_modules", lambda chapter: [SimpleNamespace(study=replace(STUDY, name="05_x"))])
    with pytest.raises(ValueError, match="name: got '05_x' in ch04/studies; expected one that begins with 04_"):
        lab._tables_of.__wrapped__("ch04")


def test_a_hash_is_of_what_a_table_is_made_from_and_of_what_the_search_found(study, monkeypatch):
    def hashes(study: Study) -> list[str]:
        return [table.hash() for table in study.tables.values()]

    before = hashes(study)
    assert hashes(replace(study, near={"r2": mean(3)}, again={"seed": [2]})) == before
    other = replace(study.search, near={"r2": 3}, again={}, seeds=(902,))
    assert [a == b for a, b in zip(hashes(replace(study, search=other)), before, strict=True)] == [False, True]
    for change in ({"axes": study.axes | {"width": (1,)}}, {"once": {"one": {"kind": "y"}}}, {"judge": mean(1)}):
        assert all(a != b for a, b in zip(hashes(replace(study, **change)), before, strict=True)), change
    tuning = study.tables["04_x_tuning"]
    tuning.write(tuning.read().assign(r2=lambda table: -table["r2"]))
    assert [a == b for a, b in zip(hashes(replace(study)), before, strict=True)] == [True, False]

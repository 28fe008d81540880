"""Census-Income: what a model may read, how rows are drawn, and that networks and trees are judged alike.

The rows are of our own, in the format of the data.
"""

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.chapters.ch04.studies import census
from helpers.chapters.ch04.studies.census import COLLEGE, INCOME, MODELS, PAIRS, SHAPES, TASKS, TREES
from helpers.data import census as data
from helpers.evaluation.statistics import interval
from helpers.experiments.sweep import points
from helpers.support.downloads import CENSUS


@pytest.fixture
def survey(monkeypatch):
    """400 people, of whom the last hundred repeat the first; marriage is a matter of age, and a degree of industry."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.integers(0, 3, 300).astype(str) for name in data.COLUMNS})
    for name in data.NUMBERS:
        frame[name] = rng.normal(size=300).round(3)
    frame["marital status"] = np.where(frame["age"] + rng.normal(0, 0.3, 300) < 0, "Never married", "Divorced")
    frame["education"] = np.where(frame["industry"] == "1", data.DEGREES[2], "10th grade")
    frame["income"] = rng.choice(["50000+.", "- 50000."], 300)
    frame = pd.concat([frame, frame[:100].assign(**{"instance weight": 7.0})], ignore_index=True)
    labels = {label: frame[column].isin(words).astype(int) for label, (column, words) in data.LABELS.items()}
    monkeypatch.setattr(data, "load", lambda: frame.assign(**labels))
    monkeypatch.setattr(census, "VALID", 80)
    monkeypatch.setattr(census, "TEST", 100)
    caches = census.examples, census.features_of
    for cache in caches:
        cache.cache_clear()
    yield frame
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize("pair", PAIRS)
def test_a_model_reads_neither_the_income_nor_the_weight_nor_what_its_labels_are_made_of(survey, pair):
    read = {column.name for column in census.features_of(pair).columns}
    made_of = {data.LABELS[task][0] for task in TASKS[pair]}
    assert read == set(data.COLUMNS) - made_of - {"income", "instance weight"}
    assert ("education" in read) == (pair == INCOME)


def test_rows_are_drawn_apart_and_more_rows_add_to_fewer(survey):
    everyone = census.examples(INCOME).inputs["dense"]
    few, valid, test = (part.inputs["dense"] for part in census.parts(50, INCOME, 3))
    many, same_valid, same_test = (part.inputs["dense"] for part in census.parts(220, INCOME, 3))
    assert torch.equal(many[:50], few) and torch.equal(valid, same_valid) and torch.equal(test, same_test)
    assert sorted(torch.cat([many, valid, test]).tolist()) == sorted(everyone.tolist())
    assert not torch.equal(census.parts(50, INCOME, 4)[2].inputs["dense"], test)


def test_people_with_equal_inputs_are_twins_whatever_their_weight(survey):
    groups = census.examples(INCOME).groups
    assert torch.equal(groups[:100], groups[300:]) and len(groups.unique()) == 300
    assert census._without_twin(torch.tensor([4, 5, 5]), torch.tensor([5, 6, 4, 7])).tolist() == [
        False,
        True,
        False,
        True,
    ]


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_every_model_learns_both_tasks_and_is_judged_on_the_same_rows(survey, model):
    at = points(rows=[200], pair=[COLLEGE], model=[model], shape=[SHAPES[model][0]], rate=[0.05], seed=[0, 1])
    found = census.train_points(at)
    assert found[["seed", "task"]].value_counts().to_dict() == {(s, task): 1 for s in (0, 1) for task in TASKS[COLLEGE]}
    assert (found["auc"] > 0.8).all() and (found["auc_new"] > 0.8).all() and (found["auc_new"] != found["auc"]).any()
    assert (found["loss"] < 600).all(), "thousandths of a nat; a constant has about 650"


def test_gains_are_paired_and_their_intervals_are_those_of_one_log():
    rng = np.random.default_rng(1)
    table = points(rows=[10, 20], pair=[INCOME], model=["single-task", "MMoE"], seed=range(20), task=["a"])
    luck = table["seed"].map(dict(enumerate(rng.normal(size=20))))
    table["auc"] = 0.8 + luck + np.where(table["model"] == "MMoE", 0.01 + rng.normal(0, 0.002, len(table)), 0.0)
    found = census.gains(table)
    assert found[["rows", "model"]].to_numpy().tolist() == [[10, "MMoE"], [20, "MMoE"]]
    assert found["mean"].tolist() == pytest.approx([0.01, 0.01], abs=0.002)
    one = table[table["rows"] == 10].pivot(index="seed", columns="model", values="auc")
    mean, low, high = interval((one["MMoE"] - one["single-task"]).to_numpy())
    wider = np.sqrt((1 / 20 + census.OVERLAP) / (1 / 20))
    assert found.loc[0, ["mean", "low", "high"]].tolist() == pytest.approx(
        [mean, mean - wider * (mean - low), mean + wider * (high - mean)]
    )


@pytest.mark.long
@pytest.mark.skipif(not CENSUS.present(), reason=CENSUS.absent)
@pytest.mark.parametrize("pair", PAIRS)
def test_networks_have_about_as_many_parameters(pair):
    sizes = [census.size(model, shape, pair) for model in MODELS if model != TREES for shape in SHAPES[model]]
    assert max(sizes) < 1.1 * min(sizes)

"""Sweeps: the numbers of models trained alone, and clear errors."""

import pandas as pd
import pytest
import torch

from helpers.data.examples import Examples
from helpers.data.synthetic import relu_tasks
from helpers.evaluation.metrics import auc, r2
from helpers.experiments import sweep as module
from helpers.experiments.sweep import by_task, points, search, sweep
from helpers.models.shared_bottom import SharedBottom
from helpers.training.loop import fit

TASKS = {"a": "regression", "b": "regression"}
ROWS = (60, 40, 50)
OPTIONS = {"epochs": 3, "batch_size": 20, "lr": 0.03}


def data(shared, seed):
    return relu_tasks(ROWS, shared=shared, seed=seed)


def model(width, seed):
    return SharedBottom(20, TASKS, [width], [4], seed=seed)


@pytest.fixture
def fits(monkeypatch):
    """The arguments of each call of `fit` that a sweep makes."""
    calls = []

    def spy(models, train, valid, **options):
        calls.append({"models": len(models), "train": train, **options})
        return fit(models, train, valid, **options)

    monkeypatch.setattr(module, "fit", spy)
    return calls


def test_points_are_every_combination_and_the_first_setting_changes_slowest():
    at = points(width=(4, 8), seed=range(3))
    assert list(at.itertuples(index=False, name=None)) == [(4, 0), (4, 1), (4, 2), (8, 0), (8, 1), (8, 2)]


@pytest.mark.slow
def test_each_model_gets_the_numbers_that_it_gets_alone():
    table = sweep(points(width=(4, 6), shared=(0, 4), seed=(3, 5)), data, model, lambda: OPTIONS)
    assert list(table) == ["width", "shared", "seed", "task", "r2"]
    assert len(table) == 16
    for (width, shared, seed), rows in table.groupby(["width", "shared", "seed"]):
        train, valid, test = data(shared, seed)
        outputs = fit(model(width, seed), train, valid, seed=seed, **OPTIONS).predict(test.inputs)
        alone = [r2(outputs[task], test.labels[task]) for task in rows["task"]]
        assert list(rows["task"]) == list(TASKS)
        assert rows["r2"].tolist() == pytest.approx(alone, abs=1e-5)


def test_task_weights_may_differ_between_models_that_train_together(fits):
    options = OPTIONS | {"batch_size": None}

    def weighted(weight):
        return options | {"task_weights": {"a": weight, "b": 2 - weight}}

    table = sweep(points(weight=(0.2, 1.5), shared=[0], seed=[1]), data, lambda seed: model(6, seed), weighted)
    assert [call["task_weights"] for call in fits] == [{"a": [0.2, 1.5], "b": [1.8, 0.5]}]
    for weight, rows in table.groupby("weight"):
        train, valid, test = data(0, 1)
        outputs = fit(model(6, 1), train, valid, task_weights={"a": weight, "b": 2 - weight}, **options)
        alone = [r2(outputs.predict(test.inputs)[task], test.labels[task]) for task in TASKS]
        assert rows["r2"].tolist() == pytest.approx(alone, abs=1e-5)


def test_data_without_a_parameter_are_made_once_and_shared(fits):
    made = []

    def same():
        made.append(1)
        return data(4, 0)

    sweep(points(width=(4, 6), seed=(0, 1)), same, model, lambda: OPTIONS)
    assert len(made) == 1
    assert all(call["train"].copies is None for call in fits)


def test_a_judge_names_what_it_needs_and_its_rows_get_the_settings_of_their_model():
    def judge(run, models, train, valid, test, shared):
        assert (train.copies, valid.copies, test.copies) == (4, 4, 4)
        assert not models[0].training
        assert {len(epochs) for epochs, _ in run.best.values()} == {4}
        return pd.DataFrame({"copy": [3, 0], "shared_says": [shared[3], shared[0]]})

    table = sweep(points(shared=(0, 4), seed=(5, 6)), data, lambda seed: model(4, seed), lambda: OPTIONS, judge)
    assert table.to_dict("list") == {"shared": [4, 0], "seed": [6, 5], "shared_says": [4, 0]}


def test_the_metric_of_a_task_counts_observed_rows_alone():
    inputs = torch.randn(30, 2, generator=torch.Generator().manual_seed(0))
    label = (inputs[:, 0] > 0).float()
    seen = torch.arange(30) < 20
    rows = Examples(inputs, {"a": label}, {"a": seen})
    small = SharedBottom(2, {"a": "binary"}, [4], [])
    run = fit([small], rows, rows, epochs=2)
    table = by_task(auc)(run, Examples.stack([rows]))
    expected = auc(run.predict(inputs)["a"][0][seen], label[seen])
    assert table.to_dict("list") == {"copy": [0], "task": ["a"], "auc": [pytest.approx(expected)]}


def test_a_search_gives_the_mean_of_the_lowest_validation_losses_of_each_setting():
    at = points(lr=(0.001, 0.1), shared=[2], seed=(3, 4))
    table = search(at, data, lambda seed: model(4, seed), lambda lr: OPTIONS | {"lr": lr})
    assert list(table) == ["lr", "shared", "loss"] and table["lr"].tolist() == [0.001, 0.1]
    lowest = []
    for seed in (3, 4):
        train, valid, _ = data(2, seed)
        history = fit(model(4, seed), train, valid, seed=seed, **OPTIONS | {"lr": 0.1}).history
        lowest += [history[history["task"] == task]["valid"].min() for task in TASKS]
    assert table["loss"][1] == pytest.approx(1000 * sum(lowest) / 4, rel=1e-5)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"data": lambda depth: None}, "data: got a parameter 'depth'; expected parameters among 'shared', 'seed'."),
        ({"model": lambda widht: None}, "model: got a parameter 'widht'; expected"),
        ({"options": lambda lr: {}}, "options: got a parameter 'lr'; expected"),
        ({"judge": lambda out: None}, "judge: got a parameter 'out'; expected parameters among 'shared', 'seed', "),
        ({"at": points(shared=[0])}, "at: got no column 'seed'"),
        ({"at": points(shared=[0], seed=[])}, "at: got a table without rows"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_named_before_anything_is_trained(changed, message, fits):
    settings = {"at": points(shared=[0], seed=[0]), "data": data, "model": lambda seed: model(4, seed)}
    with pytest.raises(ValueError, match="^" + message.replace(".", r"\.")):
        sweep(**settings | {"options": lambda: OPTIONS} | changed)
    assert not fits

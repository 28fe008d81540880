"""One score for two goals: what the maths says of its losses, and of fronts that a weighted sum cannot reach."""

import numpy as np
import pytest
import torch

from helpers.chapters.ch03 import tradeoff
from helpers.chapters.ch03.studies import tradeoff as lab_tradeoff
from helpers.experiments.feature_tasks import INPUTS, TASKS, TOWER, full_batches
from helpers.models.one_head import OneHead
from helpers.training.loop import fit


@pytest.mark.parametrize("correlation", [-1.0, -0.5, 0.0, 0.75, 1.0])
def test_correlated_pairs_have_the_correlation_they_say(correlation):
    pair = tradeoff.correlated_pair(correlation, seed=1)
    found = torch.corrcoef(torch.stack([pair.test.labels["a"], pair.test.labels["b"]]))[0, 1].item()
    assert pair.label_correlation == correlation
    assert found == pytest.approx(correlation, abs=0.08)


@pytest.mark.parametrize("correlation", [-1.0, 0.0, 0.5])
def test_the_best_losses_are_those_of_the_mixed_target(correlation):
    labels = tradeoff.correlated_pair(correlation, seed=2).test.labels
    found = tradeoff.best_losses(correlation, [0.2, 0.5]).pivot(index="weight", columns="task", values="loss")
    for weight, row in found.iterrows():
        score = weight * labels["a"] + (1 - weight) * labels["b"]
        for task in "ab":
            loss = ((score - labels[task]) ** 2).mean() / labels[task].var()
            assert row[task] == pytest.approx(loss.item(), abs=0.15)


def test_one_state_is_deployed_for_both_tasks():
    pair = tradeoff.correlated_pair(-0.5, seed=0)
    score = OneHead(INPUTS, TASKS, [4], [TOWER], seed=0)
    run = fit(score, pair.train, pair.valid, **full_batches() | {"epochs": 40, "task_weights": {"a": 0.8, "b": 0.2}})
    both, each = tradeoff.predict_deployed(run, pair.test.inputs), run.predict(pair.test.inputs)
    assert torch.equal(both["a"], both["b"]) and not torch.equal(each["a"], each["b"])


@pytest.mark.slow
def test_mixed_labels_train_the_same_score():
    auc = lab_tradeoff.mixed_label_auc(range(2)).pivot(index=["seed", "task"], columns="labels", values="auc")
    np.testing.assert_allclose(auc["two"], auc["one, mixed"], atol=1e-3)


def relu_correlation(angle: float) -> float:
    """Of relu(u·x) and relu(v·x) with this angle between u and v (Cho and Saul, 2009)."""
    product = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    return (product - 1 / (2 * np.pi)) / (1 / 2 - 1 / (2 * np.pi))


@pytest.mark.parametrize("degrees", [0, 30, 45, 90])
def test_the_front_of_one_unit_is_as_in_closed_form(degrees):
    """What the notebook states of one relu unit against the tasks of `unit_pair`."""
    examples, angle = lab_tradeoff.unit_pair(200_000, seed=0), np.deg2rad(degrees)
    hidden = torch.relu(examples.inputs @ torch.tensor([np.cos(angle), np.sin(angle)], dtype=torch.float32))
    for task, between in (("a", angle), ("b", np.pi / 2 - angle)):
        found = torch.corrcoef(torch.stack([hidden, examples.labels[task]]))[0, 1].item()
        assert found == pytest.approx(relu_correlation(between), abs=0.01)

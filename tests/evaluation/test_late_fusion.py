"""Late fusion: each score is what it is called, a copy is fused alone, and it joins what separate models know."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge

from helpers.evaluation.late_fusion import FUSIONS, MEAN, PRODUCT, STACK, late_fusion
from helpers.evaluation.metrics import auc

M, N = 3_000, 4_000


@pytest.fixture(scope="module")
def models():
    """Two models that each know one of two causes of a rare label: logits and labels of validation and of test rows."""
    rng = np.random.default_rng(0)
    logits = {task: 2 * rng.standard_normal(M + N) for task in ("click", "own")}
    label = (rng.random(M + N) < 1 / (1 + np.exp(3 - sum(logits.values())))).astype(float)
    halves = (slice(M), slice(M, None))
    parts = [{task: torch.from_numpy(values[part]) for task, values in logits.items()} for part in halves]
    return (*parts, torch.from_numpy(label[:M]), torch.from_numpy(label[M:]))


def test_each_is_ahead_of_each_model_alone(models):
    valid, test, label, truth = models
    fused = late_fusion(valid, test, label)
    assert set(fused) == set(FUSIONS)
    for scores in fused.values():
        assert auc(scores, truth) > max(auc(logits, truth) for logits in test.values()) + 0.05


def test_the_product_is_the_product_of_the_chances(models):
    valid, test, label, _ = models
    product = torch.sigmoid(test["click"]) * torch.sigmoid(test["own"])
    assert torch.allclose(late_fusion(valid, test, label)[PRODUCT].exp(), product)


def test_the_mean_does_not_heed_a_models_unit(models):
    valid, test, label, _ = models
    other = [{"click": 5 * table["click"] - 3, "own": table["own"]} for table in (valid, test)]
    assert torch.allclose(late_fusion(valid, test, label)[MEAN], late_fusion(*other, label)[MEAN])


@pytest.mark.parametrize("kind", ["binary", "numbers"])
def test_the_stack_is_scikit_learns_on_the_observed_validation_rows(models, kind):
    valid, test, label, _ = models
    label = label if kind == "binary" else label + 0.5 * valid["own"]
    mask = torch.arange(M) % 3 > 0
    table, rows = (torch.stack([one["click"], one["own"]], 1).numpy() for one in (valid, test))
    known, asked = ((one - table.mean(0)) / table.std(0, ddof=1) for one in (table, rows))
    model = (LogisticRegression() if kind == "binary" else Ridge()).fit(known[mask], label[mask])
    expected = model.decision_function(asked) if kind == "binary" else model.predict(asked)
    np.testing.assert_allclose(late_fusion(valid, test, label, mask)[STACK], expected, atol=1e-6)


def test_a_copy_is_fused_as_if_it_were_alone(models):
    valid, test, label, _ = models
    both = [{task: torch.stack([logits, -2 * logits]) for task, logits in table.items()} for table in (valid, test)]
    together = late_fusion(*both, torch.stack([label, 1 - label]))
    for name, scores in late_fusion(valid, test, label).items():
        assert torch.allclose(together[name][0], scores)


def test_a_copy_without_a_positive_is_stacked_by_the_mean(models):
    """One world of many may have not one follow among its validation rows: the others need not suffer for it."""
    valid, test, label, _ = models
    both = [{task: torch.stack([logits, logits]) for task, logits in table.items()} for table in (valid, test)]
    fused = late_fusion(*both, torch.stack([label, torch.zeros(M)]))
    assert torch.equal(fused[STACK][1], fused[MEAN][1])
    assert torch.allclose(fused[STACK][0], late_fusion(valid, test, label)[STACK])


def test_a_model_that_says_the_same_of_all_rows_changes_nothing(models):
    valid, test, label, _ = models
    constant = [table | {"like": torch.zeros_like(table["click"])} for table in (valid, test)]
    without, fused = late_fusion(valid, test, label), late_fusion(*constant, label)
    for name in FUSIONS:
        assert auc(without[name], models[3]) == pytest.approx(auc(fused[name], models[3]), abs=1e-4)


def test_bad_input_is_named(models):
    valid, test, label, _ = models
    for wrong, message in (
        (({}, {}, label), "rows: got the tasks"),
        ((valid, {"click": test["click"]}, label), r"rows: got the tasks \['click'\]; expected \['click', 'own'\]"),
        ((valid | {"own": valid["own"] * torch.nan}, test, label), "valid.*own"),
        ((valid, test, label[:-1]), r"labels: got shape \(2999,\)"),
        ((valid, test, label, torch.ones(4)), r"mask: got shape \(4,\)"),
        ((valid, test, torch.zeros(M)), "labels: got 3000 observed validation labels, all alike"),
        ((valid, {task: one[None] for task, one in test.items()}, label), "rows: got copies"),
    ):
        with pytest.raises(ValueError, match=message):
            late_fusion(*wrong)

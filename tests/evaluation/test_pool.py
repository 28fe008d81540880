"""Pools: each score is what it is called, a copy is fused alone, both sides have the same ways, and none is chosen by
what judges it."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge

from helpers.evaluation.metrics import auc
from helpers.evaluation.pool import AS_IS, MEAN, OF_THREE, PRODUCT, STACK, best_elsewhere, names, pool
from helpers.lab.claim import fused

M, N = 3_000, 4_000


@pytest.fixture(scope="module")
def models():
    """Two outputs that each know one of two causes of a rare label: of validation and of test rows, with labels."""
    rng = np.random.default_rng(0)
    logits = {task: 2 * rng.standard_normal(M + N) for task in ("click", "own")}
    label = (rng.random(M + N) < 1 / (1 + np.exp(3 - sum(logits.values())))).astype(float)
    halves = (slice(M), slice(M, None))
    parts = [{task: torch.from_numpy(values[part]) for task, values in logits.items()} for part in halves]
    return (*parts, torch.from_numpy(label[:M]), torch.from_numpy(label[M:]))


def test_fused_scores_are_ahead_of_each_output(models):
    valid, test, label, truth = models
    ways = pool(valid, test, "own", label)
    assert list(ways) == names(frequent=False)
    for way in set(ways) - {AS_IS}:
        assert auc(ways[way], truth) > max(auc(logits, truth) for logits in test.values()) + 0.05


def test_as_it_is_product_and_mean_of_three_are_what_they_are_called(models):
    valid, test, label, _ = models
    more = [table | {"share": table["own"] ** 2, "like": -table["click"]} for table in (valid, test)]
    ways = pool(*more, "share", label, frequent=["click", "own"])
    assert torch.equal(ways[AS_IS], more[1]["share"])
    chances = torch.stack([torch.sigmoid(logits) for logits in more[1].values()]).prod(0)
    assert torch.allclose(ways[PRODUCT].exp(), chances)
    standard = [(test - valid.mean()) / valid.std() for valid, test in zip(*(t.values() for t in more), strict=True)]
    assert torch.allclose(ways[OF_THREE], sum(standard[:3]) / 3)
    assert torch.allclose(ways[MEAN], sum(standard) / 4)


def test_a_count_joins_in_its_own_unit(models):
    valid, test, label, _ = models
    known, asked = torch.arange(M).double(), 1000 - torch.arange(N).double()
    several = [{"by item": both} for both in ((known, asked), (5 * known - 3, 5 * asked - 3))]
    ways, scaled = (pool(valid, test, "own", label, counts=counts) for counts in several)
    assert list(ways) == names(frequent=False, counts=["by item"])
    count = (asked - known.mean()) / known.std()
    for way, base in (("as it is", (test["own"] - valid["own"].mean()) / valid["own"].std()), (MEAN, ways[MEAN])):
        assert torch.allclose(ways[f"{way} + by item"], base + count)
        assert torch.allclose(ways[f"{way} + by item"], scaled[f"{way} + by item"])


def test_the_mean_does_not_heed_a_models_unit(models):
    valid, test, label, _ = models
    other = [{"click": 5 * table["click"] - 3, "own": table["own"]} for table in (valid, test)]
    assert torch.allclose(pool(valid, test, "own", label)[MEAN], pool(*other, "own", label)[MEAN])


@pytest.mark.parametrize("kind", ["binary", "numbers"])
def test_the_stack_is_scikit_learns_on_the_observed_validation_rows(models, kind):
    valid, test, label, _ = models
    label = label if kind == "binary" else label + 0.5 * valid["own"]
    mask = torch.arange(M) % 3 > 0
    table, rows = (torch.stack([one["click"], one["own"]], 1).numpy() for one in (valid, test))
    known, asked = ((one - table.mean(0)) / table.std(0, ddof=1) for one in (table, rows))
    model = (LogisticRegression() if kind == "binary" else Ridge()).fit(known[mask], label[mask])
    expected = model.decision_function(asked) if kind == "binary" else model.predict(asked)
    ways = pool(valid, test, "own", label, mask)
    np.testing.assert_allclose(ways[STACK], expected, atol=1e-6)
    assert set(ways) == ({*names(frequent=False)} if kind == "binary" else {AS_IS, STACK})


def test_several_models_are_fused_as_the_outputs_of_one(models):
    """So that one more model is one more voice, whoever trained it; as they are, they are the mean for the label."""
    valid, test, label, _ = models
    apart = [[{"own": table["own"]}, {"own": -table["click"], "click": table["click"]}] for table in (valid, test)]
    one = [{"own": table["own"], "also own": -table["click"], "click": table["click"]} for table in (valid, test)]
    together, single = pool(*apart, "own", label), pool(*one, "own", label)
    for way in (PRODUCT, MEAN, STACK):
        assert torch.allclose(together[way], single[way])
    assert torch.allclose(
        together[AS_IS], pool(*([{"own": t["own"], "x": -t["click"]}] for t in (valid, test)), "own", label)[MEAN]
    )


def test_a_copy_is_fused_as_if_it_were_alone(models):
    valid, test, label, _ = models
    both = [{task: torch.stack([logits, -2 * logits]) for task, logits in table.items()} for table in (valid, test)]
    together = pool(*both, "own", torch.stack([label, 1 - label]))
    for name, scores in pool(valid, test, "own", label).items():
        assert torch.allclose(together[name][0], scores)


def test_a_copy_without_a_positive_is_stacked_by_the_mean(models):
    """One world of many may have not one follow among its validation rows: the others need not suffer for it."""
    valid, test, label, _ = models
    both = [{task: torch.stack([logits, logits]) for task, logits in table.items()} for table in (valid, test)]
    ways = pool(*both, "own", torch.stack([label, torch.zeros(M)]))
    assert torch.equal(ways[STACK][1], ways[MEAN][1])
    assert torch.allclose(ways[STACK][0], pool(valid, test, "own", label)[STACK])


def test_an_output_that_says_the_same_of_all_rows_changes_no_order(models):
    valid, test, label, truth = models
    constant = [table | {"like": torch.zeros_like(table["click"])} for table in (valid, test)]
    without, ways = pool(valid, test, "own", label), pool(*constant, "own", label)
    for name in without:
        assert auc(without[name], truth) == pytest.approx(auc(ways[name], truth), abs=1e-4)


def test_bad_input_is_named(models):
    valid, test, label, _ = models
    for wrong, message in (
        (({}, {}, "own", label), "task: got 'own'"),
        (([], [], "own", label), "rows: got .*; expected a model"),
        ((valid, {"click": test["click"]}, "own", label), r"rows: got the tasks \[\['click'\]\]; expected .*'own'"),
        ((valid, test, "buy", label), "task: got 'buy'"),
        ((valid | {"own": valid["own"] * torch.nan}, test, "own", label), "valid.*own"),
        ((valid, test, "own", label[:-1]), r"labels: got shape \(2999,\)"),
        ((valid, test, "own", label, torch.ones(4)), r"mask: got shape \(4,\)"),
        ((valid, test, "own", torch.zeros(M)), "labels: got 3000 observed validation labels, all alike"),
        ((valid, {task: one[None] for task, one in test.items()}, "own", label), "rows: got copies"),
    ):
        with pytest.raises(ValueError, match=message):
            pool(*wrong)


# --- which way is best ----------------------------------------------------------------------------------------------


def _table(rng, sides):
    """A score a seed and a way of each side."""
    rows = [(seed, name, rng.normal()) for seed in range(24) for side in sides for name in side]
    return pd.DataFrame(rows, columns=["seed", "model", "auc"])


def test_a_model_and_its_copy_on_the_other_side_give_a_difference_of_exactly_0():
    table = _table(np.random.default_rng(0), [["a", "b", "c"]])
    copy = table.assign(model=table["model"] + " copy")
    effect = fused("auc", ["a", "b", "c"], over=["a copy", "b copy", "c copy"])
    assert (effect(pd.concat([table, copy])) == 0).all()


def test_more_ways_of_the_same_worth_are_no_advantage():
    """The best of forty would be far ahead of one, were it chosen by what judges it."""
    rng, forty = np.random.default_rng(1), [f"way {k}" for k in range(40)]
    leads = [fused("auc", forty, over=["one"])(_table(rng, [forty, ["one"]])).mean() for _ in range(60)]
    assert abs(np.mean(leads)) < 3 * np.std(leads) / len(leads) ** 0.5
    best = _table(rng, [forty]).groupby("model")["auc"].mean().max()
    assert best > 0.3  # what the choice on the same seeds would have promised


def test_the_other_half_of_the_seeds_chooses():
    scores = pd.DataFrame({"a": [1.0, 0, 1, 0], "b": [0.0, 2, 0, 2]}, index=[4, 5, 6, 7])
    assert best_elsewhere(scores).tolist() == [0, 0, 0, 0]  # the odd choose b for the even, the even a for the odd
    with pytest.raises(ValueError, match="even and odd"):
        best_elsewhere(scores.loc[[4, 6]])

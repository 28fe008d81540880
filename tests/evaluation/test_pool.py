"""Pools: each score is what it is called, a copy is fused alone, both sides have the same ways, and none is chosen by
what judges it."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge

from helpers.evaluation.metrics import auc
from helpers.evaluation.pool import AS_IS, MEAN, OF_THREE, PRODUCT, STACK, best_elsewhere, names, pool
from helpers.lab.claim import fused_gain

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


@pytest.mark.parametrize("kind", ["binary", "numbers"])
def test_each_way_is_what_it_is_called(models, kind):
    valid, test, label, truth = models
    label = label if kind == "binary" else label + 0.5 * valid["own"]
    more = [table | {"like": 0.1 * table["own"] ** 2} for table in (valid, test)]
    counts = {"by item": (torch.arange(M), 1000 - torch.arange(N))}
    mask = torch.arange(M) % 3 > 0
    ways = pool(*more, "own", label, mask, frequent=["click"], counts=counts)
    table, rows = (torch.stack([*one.values(), by], 1) for one, by in zip(more, counts["by item"], strict=True))
    known, asked = ((one - table.mean(0)) / table.std(0) for one in (table, rows))  # in units of the validation rows
    model = (LogisticRegression() if kind == "binary" else Ridge()).fit(known[mask, :3], label[mask])
    stack = torch.from_numpy((model.decision_function if kind == "binary" else model.predict)(asked[:, :3]))
    wanted = {AS_IS: test["own"], STACK: stack}
    if kind == "binary":
        chances = torch.stack([torch.sigmoid(logits) for logits in more[1].values()]).prod(0)
        mean = asked[:, :3].mean(1)
        wanted |= {PRODUCT: chances.log(), MEAN: mean, OF_THREE: asked[:, :2].mean(1)}
        wanted |= {f"{AS_IS} + by item": asked[:, 1] + asked[:, 3], f"{MEAN} + by item": mean + asked[:, 3]}
        assert list(ways) == names(counts=["by item"])
        for way in (PRODUCT, MEAN, OF_THREE, STACK):
            assert auc(ways[way], truth) > max(auc(logits, truth) for logits in test.values()) + 0.03
    assert set(ways) == set(wanted)
    for way, scores in wanted.items():
        np.testing.assert_allclose(ways[way], scores, atol=1e-6)


def test_several_models_are_fused_as_the_outputs_of_one(models):
    valid, test, label, _ = models
    apart = [[{"own": table["own"]}, {"own": -table["click"], "click": table["click"]}] for table in (valid, test)]
    one = [{"own": table["own"], "also own": -table["click"], "click": table["click"]} for table in (valid, test)]
    together, single = pool(*apart, "own", label), pool(*one, "own", label)
    for way in (PRODUCT, MEAN, STACK):
        assert torch.allclose(together[way], single[way])
    own = [{name: table[name] for name in ("own", "also own")} for table in one]
    assert torch.allclose(together[AS_IS], pool(*own, "own", label)[MEAN])


def test_a_copy_is_fused_alone_and_one_without_a_positive_by_the_mean(models):
    """One world of many may have not one follow among its validation rows: the others need not suffer for it. And an
    output that says the same of all rows breaks nothing."""
    valid, test, label, _ = models
    sides = [table | {"like": torch.zeros_like(table["own"])} for table in (valid, test)]
    both = [{task: torch.stack([logits, -2 * logits]) for task, logits in table.items()} for table in sides]
    together = pool(*both, "own", torch.stack([label, torch.zeros(M)]))
    for name, scores in pool(*sides, "own", label).items():
        assert torch.allclose(together[name][0], scores)
    assert torch.equal(together[STACK][1], together[MEAN][1])


def test_a_model_and_its_copy_on_the_other_side_give_a_difference_of_exactly_0():
    ways = [f"way {k}" for k in range(40)]
    table = pd.DataFrame([(seed, way) for seed in range(24) for way in ways], columns=["seed", "model"])
    table["auc"] = np.random.default_rng(0).normal(size=len(table))
    every = pd.concat([table, table.assign(model=table["model"] + " copy")])
    effect = fused_gain("auc", ways, over=[f"{way} copy" for way in ways])
    assert (effect(every) == 0).all()


def test_more_ways_of_the_same_worth_are_no_advantage():
    """The best of forty would be far ahead of 0, were it chosen by what judges it."""
    rng, best = np.random.default_rng(1), []
    for _ in range(60):
        scores = pd.DataFrame(rng.normal(size=(24, 40)))
        best.append(best_elsewhere(scores).mean())
    assert abs(np.mean(best)) < 3 * np.std(best) / len(best) ** 0.5 and scores.mean().max() > 0.3
    scores = pd.DataFrame({"a": [1.0, 0, 1, 0], "b": [0.0, 2, 0, 2]}, index=[4, 5, 6, 7])
    assert best_elsewhere(scores).tolist() == [0, 0, 0, 0]  # the odd choose b for the even, the even a for the odd


ROWS = {"a": torch.ones(4), "own": torch.arange(4.0)}
LABEL = torch.tensor([0.0, 1.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pool({}, {}, "own", LABEL), "task: got 'own'"),
        (lambda: pool([], [], "own", LABEL), "rows: got .*a model"),
        (lambda: pool(ROWS, {"a": ROWS["a"]}, "own", LABEL), r"rows: got the tasks \[\['a'\]\]"),
        (lambda: pool(ROWS, ROWS, "buy", LABEL), "task: got 'buy'"),
        (lambda: pool(ROWS | {"own": ROWS["own"] * torch.nan}, ROWS, "own", LABEL), r"valid\['own'\]: got 4 NaN"),
        (lambda: pool(ROWS, ROWS, "own", LABEL[:3]), "labels: got shape"),
        (lambda: pool(ROWS, ROWS, "own", LABEL, torch.ones(3)), "mask: got shape"),
        (lambda: pool(ROWS, ROWS, "own", torch.zeros(4)), "labels: got 4 observed validation labels, all alike"),
        (lambda: pool(ROWS, {task: one[None] for task, one in ROWS.items()}, "own", LABEL), "rows: got copies"),
        (lambda: best_elsewhere(pd.DataFrame({"a": [1.0, 2.0]}, index=[4, 6])), "scores: got .*even and odd"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        call()

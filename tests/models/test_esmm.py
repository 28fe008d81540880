"""ESMM: a product of probabilities on logits, and where its losses stand."""

import pandas as pd
import pytest
import torch

from helpers.data.examples import Examples
from helpers.data.features import Features, Sparse
from helpers.models.esmm import ESMM, TASKS, chain, funnel, product_logit
from helpers.models.shared_bottom import parameter_count
from helpers.training.loop import fit

CLICK, LIKE, BOTH = TASKS
X = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))


def test_the_product_logit_is_the_logit_of_the_product():
    a, b = (10 * torch.randn(500, generator=torch.Generator().manual_seed(s), dtype=torch.float64) for s in (1, 2))
    product = torch.sigmoid(a) * torch.sigmoid(b)
    torch.testing.assert_close(torch.sigmoid(product_logit(a, b)), product, rtol=1e-12, atol=0)
    torch.testing.assert_close(product_logit(a, b), product_logit(b, a))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_product_is_never_likelier_than_its_factors_at_extreme_logits_too(dtype):
    ends = torch.tensor([-1e4, -500.0, -90.0, -20.0, -1.0, 0.0, 1.0, 20.0, 90.0, 500.0, 1e4], dtype=dtype)
    a, b = torch.cartesian_prod(ends, ends).T
    found = product_logit(a, b)
    assert bool(torch.isfinite(found).all()) and bool((found <= torch.minimum(a, b)).all())
    # Where one factor is sure, the other is the product; where both are rare, the logits add up.
    torch.testing.assert_close(product_logit(torch.full_like(ends[:8], 200.0), ends[:8]), ends[:8])
    torch.testing.assert_close(product_logit(ends[:3], ends[:3]), 2 * ends[:3])


def test_embeddings_alone_are_shared_unless_a_bottom_is_asked_for():
    features = Features([Sparse("user", 4)]).fit(pd.DataFrame({"user": range(9)}))
    plain, deep = ESMM(features, towers=[6]), ESMM(features, bottom=[7], towers=[6])
    table, tower = (9 + 3) * 4, lambda width: width * 6 + 6 + 7
    assert parameter_count(plain) == table + 2 * tower(4)
    assert parameter_count(deep) == table + 4 * 7 + 7 + 2 * tower(7)


def test_no_loss_stands_on_the_cvr_and_its_tower_learns_from_ctcvr_alone():
    click = (X[:, 0] > 0).float()
    rows = Examples(X, {CLICK: click, BOTH: click * (X[:, 1] > 0)})  # no label of the conversion is asked for
    model = ESMM(5, towers=[6])
    model(X)[CLICK].sum().backward()
    own, like = model.towers
    assert all(p.grad is not None for p in own.parameters()) and all(p.grad is None for p in like.parameters())
    run = fit(model, rows, rows, epochs=3, progress=False)
    assert set(run.history["task"]) == {CLICK, BOTH, "total"} and set(run.predict(X)) == {CLICK, BOTH}
    logits = chain(model, X)
    torch.testing.assert_close([logits[CLICK], logits[LIKE]], [tower(X).squeeze(-1) for tower in model.towers])
    torch.testing.assert_close(logits[BOTH], product_logit(logits[CLICK], logits[LIKE]))


def some(click, like, masks=None) -> Examples:
    labels = {CLICK: torch.tensor(click), LIKE: torch.tensor(like)}
    masks = {name: torch.tensor(mask) for name, mask in (masks or {}).items()}
    return Examples(torch.zeros(len(click), 1), labels, masks)


def test_one_funnel_serves_esmm_and_a_masked_cvr_and_what_is_not_known_yet_is_masked_in_both():
    rows = funnel(some([1.0, 1.0, 0.0], [1.0, 0.0, 0.0]))
    assert rows.masks[LIKE].tolist() == [True, True, False] and BOTH not in rows.masks
    assert rows.labels[BOTH].tolist() == [1, 0, 0]
    rows = funnel(some([1.0, 1.0, 0.0], [1.0, 0.0, 0.0], {LIKE: [True, False, False]}))
    assert rows.masks[LIKE].tolist() == [True, False, False]
    assert rows.masks[BOTH].tolist() == [True, False, True]  # without a click there is no conversion, known or not


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: funnel(some([1.0, 0.0], [1.0, 1.0])), r"labels\['like'\]: got 1 rows with 'like' = 1 and 'click' = 0"),
        (lambda: funnel(some([1.0, 0.5], [1.0, 0.0])), r"labels\['click'\]: got 1 labels outside \{0, 1\}"),
        (lambda: funnel(some([1.0, 1.0], [2.0, 0.0])), r"labels\['like'\]: got 1 labels outside"),
        (lambda: funnel(some([1.0, 0.0], [1.0, 0.0], {CLICK: [True, False]})), r"masks\['click'\]: got a mask"),
        (lambda: funnel(Examples(X, {CLICK: torch.zeros(40)})), "tasks: got 'like'"),
        (lambda: ESMM(5, "click"), "tasks: got .*; expected three names"),
        (lambda: ESMM(5, ("a", "a", "b")), "tasks: got .*; expected three names"),
        (lambda: ESMM(5, ("total", "b", "c")), "tasks: got 'total'"),
        (lambda: ESMM(5, towers=[[4], [4], [4]]), "towers: got 3 lists"),
    ],
)
def test_labels_that_are_no_funnel_and_names_that_are_none_are_named(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()

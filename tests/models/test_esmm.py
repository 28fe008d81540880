"""ESMM: a product of probabilities on logits, and where its losses stand."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from helpers.data.examples import Examples
from helpers.data.features import Features, Sparse
from helpers.models.esmm import ESMM, TASKS, chain, funnel, product_logit
from helpers.models.shared_bottom import parameter_count
from helpers.training.balancing import UWL
from helpers.training.loop import fit
from helpers.training.losses import binary_cross_entropy

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


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_the_gradient_on_the_cvr_logit_by_hand(label):
    """(CTCVR − y)(1 − CVR) / (1 − CTCVR): a row that was liked pulls as in any CVR model, and one that was not pushes
    as much as a click without a like would, times the chance that there was a click."""
    a = torch.linspace(-3, 3, 7, dtype=torch.float64)
    b = torch.linspace(2, -2, 7, dtype=torch.float64, requires_grad=True)
    binary_cross_entropy(product_logit(a, b), torch.full((7,), label, dtype=torch.float64)).sum().backward()
    ctr, cvr = torch.sigmoid(a), torch.sigmoid(b.detach())
    ctcvr = ctr * cvr
    torch.testing.assert_close(b.grad, (ctcvr - label) * (1 - cvr) / (1 - ctcvr))
    clicked = ctr * (1 - cvr) / (1 - ctcvr)  # P(click | no click with a like)
    torch.testing.assert_close(b.grad, -(1 - cvr) if label else clicked * cvr)


def make_tower(width, units):
    return nn.Sequential(nn.Linear(width, units), nn.ReLU(), nn.Linear(units, 1))


class ESMMByHand(nn.Module):
    """The notebook's version."""

    def __init__(self, ids, columns, width, units):
        super().__init__()
        self.table = nn.Embedding(ids, width)
        self.click, self.like = (make_tower(columns * width, units) for _ in range(2))

    def forward(self, ids):
        row = self.table(ids).flatten(1)
        ctr = torch.sigmoid(self.click(row).squeeze(-1))
        cvr = torch.sigmoid(self.like(row).squeeze(-1))
        return ctr, cvr, ctr * cvr


def test_it_is_the_version_by_hand():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": rng.integers(0, 9, 40), "video": rng.integers(0, 20, 40)})
    features = Features([Sparse("user", 4), Sparse("video", 4)]).fit(frame)
    inputs = features.transform(frame)
    model, by_hand = ESMM(features, towers=[6]), ESMMByHand(features.tables[4], 2, 4, 6)
    by_hand.load_state_dict(dict(zip(by_hand.state_dict(), model.state_dict().values(), strict=True)))
    click, both = (torch.rand(40, generator=torch.Generator().manual_seed(s)).round() for s in (1, 2))
    ctr, cvr, ctcvr = by_hand(inputs["sparse"])
    out = model(inputs)
    for task, chance in zip(TASKS, (ctr, cvr, ctcvr), strict=True):
        torch.testing.assert_close(torch.sigmoid(out[task]), chance)
    ours = binary_cross_entropy(out[CLICK], click).mean() + binary_cross_entropy(out[BOTH], both).mean()
    theirs = nn.functional.binary_cross_entropy(ctr, click) + nn.functional.binary_cross_entropy(ctcvr, both)
    torch.testing.assert_close(ours, theirs)
    ours.backward()
    theirs.backward()
    for one, other in zip(model.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-6, rtol=1e-4)


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
    found = chain(model, X)
    assert list(found) == list(TASKS)
    torch.testing.assert_close(found[BOTH], product_logit(found[CLICK], found[LIKE]))


@pytest.fixture
def logged(features, frame):
    return features, funnel(features.examples(frame, {CLICK: "click", LIKE: "like"}))


@pytest.mark.parametrize("options", [{}, {"task_weights": {CLICK: 1.0, BOTH: 5.0}}, {"balance": UWL()}])
def test_copies_on_every_kind_of_column_train_as_they_would_alone(logged, options):
    features, rows = logged
    options = {"epochs": 3, "batch_size": 20, "progress": False, **options}
    copies = [ESMM(features, towers=[6], seed=seed) for seed in range(3)]
    together = fit(copies, rows, rows, seed=[5, 6, 7], **options)
    alone = ESMM(features, towers=[6], seed=1)
    one = fit(alone, rows, rows, seed=6, **options)
    for task, value in one.predict(rows.inputs).items():
        torch.testing.assert_close(together.predict(rows.inputs)[task][1], value, atol=1e-4, rtol=1e-4)
    for task, value in chain(alone, rows.inputs).items():
        torch.testing.assert_close(chain(copies, rows.inputs)[task][1], value, atol=1e-4, rtol=1e-4)


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

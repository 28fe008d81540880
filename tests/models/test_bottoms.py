from functools import partial

import numpy as np
import pytest
import torch

from helpers.data.features import Features, Sparse
from helpers.models.bottoms import DCN, DIN, DeepFM
from helpers.models.shared_bottom import Encoder, SharedBottom
from helpers.training.loop import fit

TASKS = {"click": "binary", "watch": "regression"}
N = 60


def large(encoder: Encoder) -> Encoder:
    """Embeddings of about 1, so that products of them are not lost in a tolerance."""
    for table in encoder.tables.values():
        torch.nn.init.normal_(table.weight)
    return encoder


def test_dcn_is_its_formula(features, frame):
    encoder = large(Encoder(features))
    bottom, row = DCN(encoder, layers=3, units=[5]), encoder(features.transform(frame)).detach()
    x0 = row[11].double().numpy()
    x = x0
    for layer in bottom.cross:
        w, b = layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()
        x = np.array([x0[i] * (sum(w[i, j] * x[j] for j in range(len(x))) + b[i]) + x[i] for i in range(len(x))])
    out = bottom(row)[11].detach().numpy()
    np.testing.assert_allclose(out[: encoder.width], x, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(out[encoder.width :], bottom.deep(row)[11].detach().numpy(), rtol=1e-5)
    assert out.shape == (bottom.width,)


def test_deepfm_s_second_order_sums_to_the_inner_products_of_all_pairs(features, frame):
    encoder = large(Encoder(features))
    bottom, row = DeepFM(encoder, units=[5]), encoder(features.transform(frame))
    out = bottom(row)[3].detach().numpy()
    vectors = [row[3, part].detach().numpy() for part in encoder.vectors.values()]
    pairs = sum(float(vectors[i] @ vectors[j]) for i in range(3) for j in range(i + 1, 3))
    assert out[1:5].sum() == pytest.approx(pairs, rel=1e-4)
    assert out[0] == pytest.approx(float(bottom.first.weight.detach()[0] @ row[3].detach()), rel=1e-4)
    np.testing.assert_allclose(out[5:], bottom.deep(row)[3].detach().numpy(), rtol=1e-5)
    assert out.shape == (bottom.width,)


@pytest.mark.parametrize("softmax", [False, True])
def test_din_is_its_formula(features, frame, softmax):
    encoder, inputs = large(DIN(features, softmax=softmax)), features.transform(frame)
    rows, table = encoder(inputs).detach(), encoder.tables["4"].weight.detach()
    for n in range(12):
        target = table[inputs["sparse"][n, 1]]
        items = [table[i] for i in inputs["history"][n] if i != features.sequences[0].padding]
        score = [encoder.scores[0](torch.cat([h, target, h - target, h * target])).item() for h in items]
        weight = np.exp(score) / np.exp(score).sum() if softmax else score
        expected = sum((w * h for w, h in zip(weight, items, strict=True)), torch.zeros(4))
        torch.testing.assert_close(rows[n, encoder.vectors["history"]], expected.float(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("softmax", [False, True])
def test_din_does_not_see_padding(features, frame, softmax):
    encoder, inputs = DIN(features, softmax=softmax), features.transform(frame)
    before = encoder(inputs).detach()
    with torch.no_grad():
        encoder.tables["4"].weight[features.sequences[0].padding] = 100.0
    assert torch.equal(encoder(inputs), before)
    empty = features.transform(frame.assign(history=[[] for _ in range(N)]))
    assert encoder(empty)[:, encoder.vectors["history"]].abs().max() == 0


@pytest.mark.parametrize(
    "shape",
    [
        {"bottom": partial(DCN, units=[6])},
        {"bottom": partial(DeepFM, units=[6])},
        {"bottom": [6], "encoder": DIN},
        {"bottom": partial(DeepFM, units=[6]), "encoder": partial(DIN, softmax=True)},
    ],
    ids=["DCN", "DeepFM", "DIN", "DIN with softmax under DeepFM"],
)
def test_each_shape_trains_alone_and_in_copies_with_masks(features, frame, shape):
    examples = features.examples(frame, {task: task for task in TASKS})
    assert examples.masks
    make = lambda seed: SharedBottom(features, TASKS, towers=[4], seed=seed, **shape)  # noqa: E731
    options = {"epochs": 3, "batch_size": 30}
    copies = fit([make(seed) for seed in range(9)], examples, examples, seed=list(range(9)), **options)
    alone = fit(make(3), examples, examples, seed=3, **options)
    for task, output in alone.predict(examples.inputs).items():
        assert output.shape == (N,) and bool(output.isfinite().all())
        torch.testing.assert_close(copies.predict(examples.inputs)[task][3], output, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("columns", "shape", "message"),
    [
        ([Sparse("user")], {"encoder": DIN}, "features: got no Sequence"),
        ([Sparse("user", 4), Sparse("video", 8)], {"bottom": DeepFM}, "features: got 2 ids .* widths .4, 8."),
        ([Sparse("user")], {"bottom": partial(DCN, layers=0)}, "layers: got 0"),
        ([Sparse("user")], {"bottom": lambda encoder: DCN(3)}, "encoder: got 3"),
        ([Sparse("user")], {"bottom": lambda encoder: DeepFM(3)}, "encoder: got 3"),
    ],
)
def test_what_does_not_fit_is_named(frame, columns, shape, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}.*; expected"):
        SharedBottom(Features(columns).fit(frame), TASKS, towers=[4], **shape)

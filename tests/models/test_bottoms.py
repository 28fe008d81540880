"""Bottoms of other shapes: each is the formula of its paper."""

from functools import partial

import numpy as np
import pytest
import torch

from helpers.data.features import Features, Sparse
from helpers.models.bottoms import DCN, DIN, DeepFM, NeuMF
from helpers.models.shared_bottom import Encoder, SharedBottom

TASKS = {"click": "binary", "watch": "regression"}


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


def test_neumf_is_the_product_of_the_first_two_ids_next_to_a_deep_part(features, frame):
    encoder = Encoder(features)
    bottom, row = NeuMF(encoder, units=[5]), encoder(features.transform(frame))
    user, video = (row[3, encoder.vectors[name]].detach().numpy() for name in encoder.names[:2])
    out = bottom(row)[3].detach().numpy()
    np.testing.assert_allclose(out[:4], 200 * user * video, rtol=1e-5)
    np.testing.assert_allclose(out[4:], bottom.deep(row)[3].detach().numpy(), rtol=1e-5)
    assert out.shape == (bottom.width,)


@pytest.mark.parametrize("softmax", [False, True])
def test_din_is_its_formula(features, frame, softmax):
    """Padding counts nothing, whatever is in its row of the table; a list with nothing in it is 0."""
    encoder, inputs = large(DIN(features, softmax=softmax)), features.transform(frame)
    table, padding = encoder.tables["4"].weight.detach(), features.sequences[0].padding
    table[padding] = 100.0
    rows = encoder(inputs).detach()
    for n in range(12):
        target = table[inputs["sparse"][n, 1]]
        items = [table[i] for i in inputs["history"][n] if i != padding]
        score = [encoder.scores[0](torch.cat([h, target, h - target, h * target])).item() for h in items]
        weight = np.exp(score) / np.exp(score).sum() if softmax else score
        expected = sum((w * h for w, h in zip(weight, items, strict=True)), torch.zeros(4))
        torch.testing.assert_close(rows[n, encoder.vectors["history"]], expected.float(), rtol=1e-4, atol=1e-4)
    assert bool((inputs["history"][:12] == padding).all(-1).any())


@pytest.mark.parametrize(
    ("columns", "shape", "message"),
    [
        ([Sparse("user")], {"encoder": DIN}, "features: got no Sequence"),
        ([Sparse("user", 4), Sparse("video", 8)], {"bottom": DeepFM}, "features: got 2 ids .* widths .4, 8."),
        ([Sparse("user")], {"bottom": NeuMF}, "features: got embeddings of widths .8."),
        ([Sparse("user", 4), Sparse("video", 8)], {"bottom": NeuMF}, "features: got embeddings of widths .4, 8."),
        ([Sparse("user")], {"bottom": lambda encoder: NeuMF(3)}, "encoder: got 3"),
        ([Sparse("user")], {"bottom": partial(DCN, layers=0)}, "layers: got 0"),
        ([Sparse("user")], {"bottom": lambda encoder: DCN(3)}, "encoder: got 3"),
        ([Sparse("user")], {"bottom": lambda encoder: DeepFM(3)}, "encoder: got 3"),
    ],
)
def test_what_does_not_fit_is_named(frame, columns, shape, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}.*; expected"):
        SharedBottom(Features(columns).fit(frame), TASKS, towers=[4], **shape)

"""What holds for every model: copies train as alone, its parts start different, and penalties are on its weights."""

from functools import partial
from itertools import combinations

import pytest
import torch
from torch import nn

from helpers.models.bottoms import DCN, DIN, DeepFM
from helpers.models.copies import predict
from helpers.models.esmm import ESMM, chain, funnel
from helpers.models.experts import PLE, Gated, MMoE, gate_weights
from helpers.models.shared_bottom import SharedBottom, SingleTasks
from helpers.training.loop import fit

TASKS = {"click": "binary", "watch": "regression"}
SHARED, MIXED = partial(SharedBottom, tasks=TASKS), partial(MMoE, tasks=TASKS, experts=3, units=[4])
DEEP_FM = partial(DeepFM, units=[6])
MODELS = {
    "shared bottom": partial(SHARED, bottom=[6]),
    "separate models": partial(SingleTasks, tasks=TASKS, bottom=[6]),
    "MMoE": MIXED,
    "one gate": partial(MIXED, one_gate=True),
    "fixed gates": partial(MIXED, fixed_gates=True),
    "PLE": partial(PLE, tasks=TASKS, units=[4]),
    "PLE of two levels": partial(PLE, tasks=TASKS, units=[4], levels=2),
    "DCN": partial(SHARED, bottom=partial(DCN, units=[6])),
    "DeepFM": partial(SHARED, bottom=DEEP_FM),
    "DIN": partial(SHARED, bottom=[6], encoder=DIN),
    "DIN with softmax under DeepFM": partial(SHARED, bottom=DEEP_FM, encoder=partial(DIN, softmax=True)),
    "ESMM": ESMM,
}
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


@every_model
def test_copies_train_as_they_would_alone_on_every_kind_of_column_and_with_masks(features, frame, make):
    rows = features.examples(frame, {task: task for task in TASKS})
    if make is ESMM:
        rows = funnel(features.examples(frame, {task: task for task in ("click", "like")}))
    assert rows.masks
    options = {"epochs": 3, "batch_size": 20, "progress": False}
    copies, alone = [make(features, towers=[4], seed=seed) for seed in range(3)], make(features, towers=[4], seed=1)
    together, apart = fit(copies, rows, rows, seed=[5, 6, 7], **options), fit(alone, rows, rows, seed=6, **options)
    readings = [lambda models: (together if models is copies else apart).predict(rows.inputs)]
    readings.append(partial(chain if make is ESMM else predict, inputs=rows.inputs))
    readings += [partial(gate_weights, inputs=rows.inputs)] * isinstance(alone, Gated)
    for reading in readings:
        for task, values in reading(alone).items():
            assert values.shape[0] == len(frame) and bool(values.isfinite().all())
            torch.testing.assert_close(reading(copies)[task][1], values, atol=1e-4, rtol=1e-4)


@every_model
def test_parts_start_different_by_the_seed_and_the_global_generator_is_left_alone(features, make):
    """Two separate models start alike: each is what it would be alone."""
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, two, other = (make(features, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    weights = [
        [part.weight for part in model.modules() if isinstance(part, nn.Linear | nn.Embedding)]
        for model in (one, two, other)
    ]
    assert [(torch.equal(a, b), torch.equal(a, c)) for a, b, c in zip(*weights, strict=True)] == [(True, False)] * len(
        weights[0]
    )
    if not isinstance(one, SingleTasks):
        assert not any(a.shape == b.shape and torch.equal(a, b) for a, b in combinations(weights[0], 2))


@every_model
def test_penalties_are_on_embeddings_and_weights_of_layers_and_on_nothing_else(features, make):
    model = make(features, batch_norm=True, l2_embedding=0.1, l2_layers=0.2)
    kinds = {nn.Embedding: 0.1, nn.Linear: 0.2}
    expected = {
        f"{name}.weight": l2
        for name, part in model.named_modules()
        for kind, l2 in kinds.items()
        if isinstance(part, kind)
    }
    assert model.l2() == expected and expected.keys() <= dict(model.named_parameters()).keys()

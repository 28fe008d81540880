"""What holds for every model: copies train as alone, its parts start different, and penalties are on its weights."""

from functools import partial
from itertools import combinations

import pytest
import torch
from torch import nn

from helpers.models.bottoms import DCN, DIN, DeepFM
from helpers.models.copies import predict
from helpers.models.esmm import ESMM, chain, funnel
from helpers.models.experts import PLE, Gated, MMoE
from helpers.models.gates import gate_weights
from helpers.models.shared_bottom import SharedBottom, SingleTasks
from helpers.training.loop import Run, fit

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


def said(run: Run, models: nn.Module | list[nn.Module], inputs: dict) -> dict[str, torch.Tensor]:
    """What a run predicts, what its models say at their best total, and their gates."""
    first = models[0] if isinstance(models, list) else models
    every = {"run": run.predict(inputs), "models": (chain if isinstance(first, ESMM) else predict)(models, inputs)}
    every["gates"] = gate_weights(models, inputs) if isinstance(first, Gated) else {}
    return {f"{what}, {task}": values for what, by_task in every.items() for task, values in by_task.items()}


@every_model
def test_copies_train_as_they_would_alone_on_every_kind_of_column_and_with_masks(features, frame, make):
    tasks = {task: task for task in (("click", "like") if make is ESMM else TASKS)}
    rows = features.examples(frame, tasks)
    rows = funnel(rows) if make is ESMM else rows
    assert rows.masks
    options = {"epochs": 3, "batch_size": 20, "progress": False}
    copies, alone = [make(features, towers=[4], seed=seed) for seed in range(3)], make(features, towers=[4], seed=1)
    together, apart = fit(copies, rows, rows, seed=[5, 6, 7], **options), fit(alone, rows, rows, seed=6, **options)
    of_copies = said(together, copies, rows.inputs)
    for what, values in said(apart, alone, rows.inputs).items():
        assert len(values) == len(frame) and bool(values.isfinite().all())
        torch.testing.assert_close(of_copies[what][1], values, atol=1e-4, rtol=1e-4)


@every_model
def test_parts_start_different_by_the_seed_and_the_global_generator_is_left_alone(features, make):
    """Two separate models start alike: each is what it would be alone."""
    torch.manual_seed(3)
    before = torch.get_rng_state()
    models = [make(features, seed=seed) for seed in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), before)
    parts = [[part for part in model.modules() if isinstance(part, nn.Linear | nn.Embedding)] for model in models]
    for one, again, other in zip(*parts, strict=True):
        assert torch.equal(one.weight, again.weight) and not torch.equal(one.weight, other.weight)
    for one, other in combinations([part.weight for part in parts[0]], 2):
        assert one.shape != other.shape or not torch.equal(one, other) or isinstance(models[0], SingleTasks)


@every_model
def test_penalties_are_on_embeddings_and_weights_of_layers_and_on_nothing_else(features, make):
    model = make(features, batch_norm=True, l2_embedding=0.1, l2_layers=0.2)
    tables, layers = (
        {f"{name}.weight" for name, part in model.named_modules() if isinstance(part, kind)}
        for kind in (nn.Embedding, nn.Linear)
    )
    assert model.l2() == dict.fromkeys(tables, 0.1) | dict.fromkeys(layers, 0.2)
    assert tables | layers <= dict(model.named_parameters()).keys()

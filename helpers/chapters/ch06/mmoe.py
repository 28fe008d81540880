"""MMoE, one-gate MoE and PLE beside models of as many parameters that have no gates.

All models have about the parameters of an MMoE of four experts of four units, gates counted: a Shared-Bottom with one
wide bottom, and two single-task models together. Two are smaller, on purpose. "one expert" is what is left of the MMoE
with one of its experts: a Shared-Bottom of four units, with less than a third of the parameters. "fixed gates" has
several experts and a mixture for each task, but gates that do not look at the row: what it lacks, the gates' matrices
bring.
"""

import pandas as pd
import torch
from torch import nn

from helpers.experiments.chosen import shape_name  # noqa: F401 (the notebook uses it)
from helpers.experiments.feature_tasks import INPUTS, TASKS, TOWER
from helpers.models.experts import PLE, MMoE
from helpers.models.shared_bottom import SharedBottom, SingleTasks, parameter_count
from helpers.support import validate

Shape = tuple[int, ...]

MODELS = (
    "single-task",
    "one expert",
    "shared-bottom, equal size",
    "fixed gates",
    "one-gate MoE",
    "MMoE",
    "PLE",
)
NAMES = {  # of the controls, in the chapter's words
    "single-task": "separate models",
    "one expert": "narrow bottom",
    "shared-bottom, equal size": "wide bottom",
}
SHAPES: dict[str, tuple[Shape, ...]] = {
    "single-task": ((10,), (10, 4), (9, 5)),  # units of the bottom, of each of the two models
    "one expert": ((4,),),
    "shared-bottom, equal size": ((15,), (16, 7), (19, 4)),
    "fixed gates": ((4, 4), (3, 7), (8, 3)),  # experts, units of each; the first has just the experts of the MMoE
    "one-gate MoE": ((4, 5), (2, 9), (8, 2)),
    "MMoE": ((4, 4), (2, 8), (6, 2)),
    "PLE": ((2, 1, 4), (1, 1, 6), (3, 1, 3)),  # shared experts, own ones of each task, units of each
}  # the first is the one of the sections that do not tune


def build(
    model: str, seed: int, tasks: dict[str, str] = TASKS, inputs: int = INPUTS, shape: Shape | None = None
) -> nn.Module:
    """One of `MODELS` with its first parameters; of "single-task" a model for each of the tasks."""
    shape = SHAPES[validate.choice("model", model, MODELS)][0] if shape is None else tuple(shape)
    options = {"towers": [TOWER], "seed": seed}
    if model == "single-task":
        return SingleTasks(inputs, tasks, list(shape), **options)
    if model in ("one expert", "shared-bottom, equal size"):
        return SharedBottom(inputs, tasks, list(shape), **options)
    if model == "PLE":
        shared, own, units = shape
        return PLE(inputs, tasks, shared=shared, own=own, units=[units], **options)
    experts, units = shape
    kind = {"one_gate": model == "one-gate MoE", "fixed_gates": model == "fixed gates"}
    return MMoE(inputs, tasks, experts=experts, units=[units], **options, **kind)


def size(model: str, shape: Shape | None = None) -> int:
    """How many parameters it takes for both tasks."""
    return parameter_count(build(model, 0, shape=shape))


def in_common(a: torch.Tensor, b: torch.Tensor, seed: int = 0) -> tuple[float, float]:
    """How much of the experts two gates take in common row by row, Σᵢ min(gA(x)ᵢ, gB(x)ᵢ), its mean over the rows; and
    the same where gate B is read on other rows, drawn by `seed`: what gates as sharp and with the same favourites have
    in common if they do not agree on the row. 1 is the same mixture, 0 are mixtures without a common expert.

    a, b   weights of both gates on the same rows, `(n, experts)` each
    """
    order = torch.randperm(len(b), generator=torch.Generator().manual_seed(seed))
    return tuple(float(torch.minimum(a, other).sum(-1).mean()) for other in (b, b[order]))


RUN = ["model", "p", "seed"]


def aligned(table: pd.DataFrame) -> pd.DataFrame:
    """`usage` with the experts of each run numbered anew, from the one that task A takes most of, compared with B.

    Experts have no names: the third of one run is not the third of another. Of PLE only the shared ones change places.
    """
    by_task = table.pivot(index=[*RUN, "expert"], columns="task", values="weight")
    more = (by_task["a"] - by_task["b"]).rename("more").reset_index()
    ends = (more["model"] == "PLE") * more["expert"].map({1: 2, 2: 0, 3: 0, 4: -2})  # own experts keep the ends
    more["more"] += ends
    place = more.groupby(RUN)["more"].rank(ascending=False, method="first").astype(int)
    return table.merge(more.assign(place=place), on=[*RUN, "expert"]).assign(expert=lambda t: t["place"])[table.columns]


# Expert collapse

COLUMNS = {"scaled": (0.0, 1.0), "30 ± 10": (30.0, 10.0), "100 ± 30": (100.0, 30.0)}

"""Do an MMoE's experts fall silent, and does it help to wake them? ReLU or Swish, plain or normalised.

HoME (Wang et al., 2024, arXiv:2408.05430) found experts of which more than 90% of the outputs were 0. It normalises
each unit over the rows of a batch, and puts Swish, z · sigmoid(z), in the place of ReLU. Here each of the two is tried
alone as well, on the tasks of `mmoe.collapse`: the same features, 2,000 rows, and one more input column that no task
needs, scaled or raw. All four have the same first parameters; each chose its rate for each column, on seeds that serve
no result.
"""

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from helpers.chapters.ch06 import mmoe
from helpers.chapters.ch06.studies.mmoe import RELU_RATES, SAME, STEPS, USED, with_column
from helpers.data.examples import Examples, Inputs
from helpers.data.synthetic import TaskPair
from helpers.experiments import feature_tasks
from helpers.experiments.feature_tasks import INPUTS, mean_r2, small_batches
from helpers.lab.study import Search, Study
from helpers.models.copies import Copies
from helpers.models.experts import MMoE
from helpers.models.gates import gate_weights
from helpers.training.loop import Run

ROWS = 2000
ADDED = ("scaled", "30 ± 10")
SILENT = 0.9  # a unit is silent if it is 0 on more than this share of the rows
EXPERTS: dict[str, tuple[type[nn.Module], ...]] = {  # what follows the linear layer of an expert
    "ReLU": (nn.ReLU,),
    "Swish": (nn.SiLU,),
    "normalised, ReLU": (nn.BatchNorm1d, nn.ReLU),
    "normalised, Swish": (nn.BatchNorm1d, nn.SiLU),
}


def build(expert: str, seed: int) -> MMoE:
    """The chapter's MMoE of four experts of four units, with one of `EXPERTS`; all start from the same parameters."""
    model = mmoe.build("MMoE", seed, inputs=INPUTS + 1)
    for mlp in model.bottom.experts:
        linear = mlp.layers[0]
        then = (make(mlp.width) if make is nn.BatchNorm1d else make() for make in EXPERTS[expert])
        mlp.layers = nn.Sequential(linear, *then)
    return model


class _Outputs(nn.Module):
    """The experts of a model and nothing else: {number: `(n, units)`}."""

    def __init__(self, model: MMoE):
        super().__init__()
        self.experts = model.bottom.experts

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        return {str(number): expert(inputs) for number, expert in enumerate(self.experts)}


def looked_into(run: Run, models: list[MMoE], test: Examples) -> pd.DataFrame:
    """copy, r2, the mean of both tasks; silent, the share of silent units; zeros, the share of zeros among the outputs
    of the expert that has most; used, how many experts a gate uses, the mean of both gates."""
    for model in models:
        model.eval()
    with torch.no_grad():
        outputs = torch.stack([*Copies([_Outputs(model) for model in models])(test.inputs).values()], dim=1)
    zero = (outputs == 0).float().mean(dim=2)  # (copies, experts, units)
    gates = gate_weights(models, test.inputs).values()
    return mean_r2(run, test).assign(
        silent=(zero > SILENT).float().mean(dim=(1, 2)),
        zeros=zero.mean(dim=2).amax(dim=1),
        used=np.mean([(gate.mean(1) > USED).sum(1) for gate in gates], axis=0),
    )


def task_pair(added: str, seed: int) -> TaskPair:
    return with_column(feature_tasks.task_pair(SAME, seed, ROWS), *mmoe.COLUMNS[added], seed)


SILENT_EXPERTS = Study(
    "06_silent",
    axes={"added": ADDED, "expert": tuple(EXPERTS), "seed": range(60)},
    data=task_pair,
    model=build,
    options=lambda rate: small_batches(ROWS, rate, STEPS),
    judge=looked_into,
    near={"r2": 0.03, "silent": 0.1, "zeros": 0.1, "used": 0.5},
    again={"seed": [7], "added": ["scaled"], "expert": ["ReLU", "normalised, Swish"]},
    search=Search(
        "06_tuning_silent",
        {"rate": (0.0025, *RELU_RATES)},
        by=["added", "expert"],
        seeds=range(900, 908),
        near={"r2": 0.03},
        again={"seed": [901], "added": ["scaled"], "rate": [0.01]},
    ),
)

"""Must the loss of a task train all that its tower reads? Bottoms of equal forward passes, and who may train them.

A bottom of 16 units is cut into parts, of 8 units each in most models, one for each task. Both towers read all 16
units, so that these models compute the same numbers from the same parameters. What differs is which parts the loss of a
task trains: `MAY_TRAIN`. The rivals share nothing: a bottom of 8 or of 16 units for each task, and late fusion of both
tasks' models.

The tasks are the five pairs of chapter 04, 500 rows. Each model chose its learning rate for each pair, on seeds that
serve no result.
"""

from collections.abc import Collection, Mapping

import pandas as pd
import torch
from torch import Tensor, nn

from helpers.data.examples import Examples, Inputs
from helpers.data.features import Features
from helpers.data.synthetic import CONDITIONS
from helpers.evaluation.metrics import r2
from helpers.evaluation.pool import STACK, pool
from helpers.experiments.feature_tasks import INPUTS, TASKS, TOWER, full_batches, task_pair
from helpers.lab.study import Search, Study
from helpers.models.shared_bottom import Encoder, SingleTasks
from helpers.training.loop import Run

UNITS = 16  # that each tower reads
ALONE = {"single-task": 8, "single-task, 16 units": UNITS}  # {model: units of each of its bottoms}

# {model: {part of the bottom: its units, and the tasks whose losses train it}}
MAY_TRAIN: dict[str, dict[str, tuple[int, str]]] = {
    "train all": {"of a": (8, "ab"), "of b": (8, "ab")},
    "train own": {"of a": (8, "a"), "of b": (8, "b")},
    "A trains all": {"of a": (8, "a"), "of b": (8, "ab")},
    "half shared": {"of a": (4, "a"), "of both": (8, "ab"), "of b": (4, "b")},
}
MODELS = (*ALONE, *MAY_TRAIN)
OUTPUTS = ("as it is", "fused")

# What figures and texts call them
WORDS = {
    "model": {
        "train own": "read all, train own",
        "half shared": "half trained by both",
        "A trains all": "A trains all, B its own",
        "train all": "shared-bottom",
    },
    "condition": {
        "same features, same sign": "same sign",
        "same features, opposite sign": "opposite sign",
        "same features, other mix": "other mix",
        "half the features shared": "half the features",
        "disjoint features": "disjoint",
    },
}


class ReadAll(nn.Module):
    """Towers that read every part of a bottom, while each part is trained by the losses of some tasks only.

    features   fitted `Features`, or a number of plain dense columns; each part has embeddings of its own
    tasks      {name: "binary" or "regression"}
    parts      {name: (units, the tasks whose losses train it)}
    tower      units of the one hidden layer of every tower
    """

    def __init__(
        self,
        features: Features | int,
        tasks: Mapping[str, str],
        parts: Mapping[str, tuple[int, Collection[str]]],
        tower: int,
        l2_embedding: float = 0.0,
        seed: int = 0,
    ):
        super().__init__()
        self.tasks, self.trainers = dict(tasks), [trainers for _, trainers in parts.values()]
        self.l2_embedding = l2_embedding
        width = sum(units for units, _ in parts.values())
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.parts = nn.ModuleList()
            for units, _ in parts.values():
                encoder = Encoder(features)
                self.parts.append(nn.Sequential(encoder, nn.Linear(encoder.width, units), nn.ReLU()))
            self.towers = nn.ModuleList(
                nn.Sequential(nn.Linear(width, tower), nn.ReLU(), nn.Linear(tower, 1)) for _ in tasks
            )

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        parts = [part(inputs) for part in self.parts]  # (n, units) each
        outputs = {}
        for task, tower in zip(self.tasks, self.towers, strict=True):
            read = [
                part if task in trainers else part.detach() for part, trainers in zip(parts, self.trainers, strict=True)
            ]
            outputs[task] = tower(torch.cat(read, dim=-1)).squeeze(-1)
        return outputs

    def extra_repr(self) -> str:
        return f"trainers={self.trainers}"  # or models that differ in them would look like copies of one model

    def check_inputs(self, inputs: Inputs) -> None:
        self.parts[0][0].check_inputs(inputs)  # all have the same columns

    def l2(self) -> dict[str, float]:
        tables = (name for name, module in self.named_modules() if isinstance(module, nn.Embedding))
        return {f"{name}.weight": self.l2_embedding for name in tables}


def build(model: str, seed: int) -> nn.Module:
    """One of `MODELS` with its first parameters; those with two parts of 8 units start alike."""
    if model in ALONE:
        return SingleTasks(INPUTS, TASKS, [ALONE[model]], [TOWER], seed=seed)
    return ReadAll(INPUTS, TASKS, MAY_TRAIN[model], TOWER, seed=seed)


def r2_table(run: Run, valid: Examples, test: Examples) -> pd.DataFrame:
    """R² of each task, as the model gives it and by late fusion: copy, task, r2, output.

    Late fusion is a stack of both tasks' outputs: a ridge regression, fitted on the validation rows.
    """
    known, asked = run.predict(valid.inputs), run.predict(test.inputs)
    parts = []
    for task in TASKS:
        fused = pool(known, asked, task, valid.labels[task])[STACK]
        for output, values in zip(OUTPUTS, (asked[task], fused), strict=True):
            scores = r2(values, test.labels[task])
            parts.append(pd.DataFrame({"copy": range(len(scores)), "task": task, "r2": scores, "output": output}))
    return pd.concat(parts, ignore_index=True)


CUTS = Study(
    "06_cuts",
    axes={"condition": tuple(CONDITIONS), "seed": range(80), "model": MODELS},
    data=task_pair,
    model=build,
    options=lambda rate: full_batches(rate),
    judge=r2_table,
    near={"r2": 0.02},
    again={"seed": [77], "condition": ["disjoint features"], "model": ["single-task", "train own", "A trains all"]},
    search=Search(
        "06_tuning_cuts",
        {"rate": (0.005, 0.01, 0.02, 0.04)},
        by=["condition", "model"],
        seeds=range(900, 920),
        near={"r2": 0.02},
        again={"seed": [903], "condition": ["disjoint features"], "rate": [0.01]},
    ),
)

"""When does sharing help? Widths, weights, heads and gradients on the relu-feature tasks."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd
import torch
from torch import Tensor, nn

from helpers.chapters.ch04.sharing import conditions
from helpers.data.examples import Examples, Inputs
from helpers.data.synthetic import CONDITIONS, relu_tasks
from helpers.experiments.feature_tasks import (
    EXTREMES,
    INPUTS,
    LEARNING_RATE,
    LEARNING_RATES,
    MODELS,
    TASKS,
    TOWER,
    WIDTH,
    build,
    full_batches,
    task_pair,
)
from helpers.experiments.sweep import points, sweep
from helpers.lab.fused import pooled_r2
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.lab.study import Study
from helpers.models.copies import Copies
from helpers.models.one_head import OneHead
from helpers.models.shared_bottom import SharedBottom
from helpers.training.adam import Adam
from helpers.training.loop import fit
from helpers.training.losses import masked_mean, squared_error

WITHIN = {"r2": 0.02}


def tune(seeds: Sequence[int] = range(900, 920)) -> pd.DataFrame:
    """Mean R² of each model at each of `LEARNING_RATES`, in two conditions: a row a model, a column a rate."""
    parts = [conditions(seeds, EXTREMES, rate).assign(rate=rate) for rate in LEARNING_RATES]
    return pd.concat(parts).pivot_table("r2", "model", "rate")


BOTH, TWICE = "both", "single-task twice"  # pools: the second tells what one more set of separate models would bring
AGAIN = 500  # added to a seed, for other first parameters on the same rows


def fused_conditions(seeds: Sequence[int], conditions: Sequence[str] = tuple(CONDITIONS)) -> pd.DataFrame:
    """`conditions`, and late fusion of the outputs of either model, of both, and of the separate models trained twice:
    condition, seed, model, output, r2 (mean of both tasks)."""
    single, shared = MODELS[:2]
    parts = []
    for name in conditions:
        sets = zip(*(task_pair(name, seed) for seed in seeds), strict=True)
        train, valid, test = (Examples.stack(list(several)) for several in sets)
        apart, again, both = (
            fit([build(model, seed + more) for seed in seeds], train, valid, seed=list(seeds), **full_batches())
            for model, more in ((single, 0), (single, AGAIN), (shared, 0))
        )
        for model, runs in {single: [apart], shared: [both], BOTH: [apart, both], TWICE: [apart, again]}.items():
            table = pooled_r2(runs, valid, test)
            parts.append(table.assign(condition=name, seed=[seeds[copy] for copy in table["copy"]], model=model))
    return pd.concat(parts, ignore_index=True)[["condition", "seed", "model", "output", "r2"]]


WIDTHS = Study(
    "04_widths",
    axes={"width": (4, 8, 16, 32), "model": MODELS[:2], "condition": EXTREMES, "seed": range(100)},
    data=task_pair,
    model=build,
    options=full_batches,
    near=WITHIN,
    again={"seed": [50], "width": [4, 32]},
)


def weights(
    seeds: Sequence[int],
    shared: Sequence[int] = (0, 1, 2, 3, 4),
    widths: Sequence[int] = (4, 8, 16, 32),
    weights: Sequence[float] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
) -> pd.DataFrame:
    """Transfer of both tasks for the loss w·L(a) + (1−w)·L(b): shared, width, weight, seed, task, single, transfer.

    single is the R² of the single-task model of the same width, transfer is Shared-Bottom's R² minus that.
    """
    at, parts = points(shared=shared, seed=seeds), []
    for width in widths:
        single = _weighted_r2(at, "single-task", width)["r2"]
        for weight in weights:
            both = _weighted_r2(at, "shared-bottom", width, weight)
            parts.append(both.assign(width=width, weight=weight, single=single, transfer=both["r2"] - single))
    return pd.concat(parts, ignore_index=True)[["shared", "width", "weight", "seed", "task", "single", "transfer"]]


def _weighted_r2(at: pd.DataFrame, model: str, width: int, weight: float = 0.5, **options) -> pd.DataFrame:
    """R² of a model trained on w·L(a) + (1−w)·L(b) at the numbers of shared features and the seeds `at`."""
    task_weights = {"a": 2 * weight, "b": 2 * (1 - weight)}
    return sweep(
        at,
        data=lambda shared, seed: relu_tasks(shared=shared, seed=seed),
        model=lambda seed: build(model, seed, width),
        options=lambda: full_batches() | {"task_weights": task_weights} | options,
    )


RELATED = ("same features, same sign", "same features, other mix", "same features, opposite sign")
HEADS = replace(  # one head for both tasks against a tower each, on the same bottom
    WIDTHS,
    name="04_heads",
    axes={"condition": RELATED, "seed": range(120), "model": ("one head", "two towers")},
    model=lambda model, seed: KINDS[model](INPUTS, TASKS, [WIDTH], [TOWER], seed=seed),
    again={"seed": [100]},
)
KINDS = {"one head": OneHead, "two towers": SharedBottom}


class HalfEach(SharedBottom):
    """A Shared-Bottom that is divided by hand: task a is to have the first half of the bottom's units, b the others.

    reads   tower a sees its own half alone ("half"); or all units, of which it trains its own half ("all")
    """

    def __init__(self, reads: str, *arguments, **options):
        super().__init__(*arguments, **options)
        self.reads = reads

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        shared = self.bottom(self.encoder(inputs))
        first = torch.arange(shared.shape[-1]) < shared.shape[-1] // 2
        others = shared.detach() if self.reads == "all" else torch.zeros_like(shared)
        seen = {"a": torch.where(first, shared, others), "b": torch.where(first, others, shared)}
        return {task: tower(seen[task]).squeeze(-1) for task, tower in zip(self.tasks, self.towers, strict=True)}


DIVIDED = {"half each": "half", "half each, reads all": "all"}


def _build_divided(model: str, seed: int) -> nn.Module:
    if model not in DIVIDED:
        return build(model, seed)
    return HalfEach(DIVIDED[model], INPUTS, TASKS, [WIDTH], [TOWER], seed=seed)


HALVES = Study(  # what the disjoint pair loses besides units
    "04_halves",
    axes={"rows": (500, 2000), "model": (*MODELS[:2], *DIVIDED), "seed": range(100)},
    data=lambda rows, seed: task_pair("disjoint features", seed, rows),
    model=_build_divided,
    options=full_batches,
    near=WITHIN,
    again={"seed": [50], "rows": [500]},
)


# The pairs whose gradients we watch. The first is the control: two copies of one task, with noises of their own; the
# second is the same without any noise.
GRADIENT_PAIRS = {
    "same sign": {"shared": 4, "relation": "same"},
    "same sign, no noise": {"shared": 4, "relation": "same", "noise": 0.0},
    "opposite sign": {"shared": 4, "relation": "opposite"},
    "other mix": {"shared": 4, "relation": "other mix"},
    "disjoint": {"shared": 0},
}


def cosines(
    seeds: Sequence[int], pairs: Sequence[str] = tuple(GRADIENT_PAIRS), steps: int = 200, every: int = 10
) -> pd.DataFrame:
    """Cosine of the tasks' gradients on the shared bottom while it trains, full batches: pair, seed, step, cosine."""
    at = points(pair=pairs, seed=seeds)
    train = [relu_tasks(seed=seed, **GRADIENT_PAIRS[pair]).train for pair, seed in at.itertuples(index=False)]
    copies = Copies([build("shared-bottom", seed) for seed in at["seed"]])
    parts = []
    for step, cosine in enumerate(cosines_of(copies, Examples.stack(train), steps)):
        if step % every == 0:
            parts.append(at.assign(step=step, cosine=cosine.numpy()))
    return pd.concat(parts, ignore_index=True)


def cosines_of(copies: Copies, train: Examples, steps: int) -> Iterator[Tensor]:
    """Cosine of both tasks' gradients on the bottom, `(copies,)`, before each of `steps` full-batch steps and after."""
    optimizer = Adam(copies.groups(), lr=LEARNING_RATE)
    shared = [tensor for name, tensor in copies.parameters.items() if name.startswith("bottom")]
    for _ in range(steps + 1):
        outputs = copies(train.inputs)
        loss = {task: squared_error(outputs[task], train.labels[task]) for task in TASKS}
        loss = {task: masked_mean(rows, train.masks.get(task)).sum() for task, rows in loss.items()}
        a, b = (
            torch.cat([g.flatten(1) for g in torch.autograd.grad(loss[task], shared, retain_graph=True)], dim=1)
            for task in TASKS
        )
        yield torch.cosine_similarity(a, b, dim=1)
        optimizer.zero_grad()
        sum(loss.values()).backward()
        optimizer.step()


TWO_WEIGHTS = {"seeds": [7], "shared": [1], "widths": [16], "weights": [0.2, 0.9]}
TABLES = kept_tables(
    KeptTable("04_cosines", cosines, {"seeds": range(40)}, [Recheck({"seeds": [3]}, {"cosine": 0.05})]),
    KeptTable("04_conditions", conditions, {"seeds": range(120)}, [Recheck({"seeds": [3, 77, 119]}, WITHIN)]),
    KeptTable("04_fused", fused_conditions, {"seeds": range(240)}, [Recheck({"seeds": [3, 25]}, WITHIN)]),
    KeptTable("04_weights", weights, {"seeds": range(20)}, [Recheck(TWO_WEIGHTS, {"single": 0.02, "transfer": 0.02})]),
)

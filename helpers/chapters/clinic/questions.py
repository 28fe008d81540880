"""The questions of the clinic: what a look at the right place shows."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from helpers.display.questions import answers
from helpers.evaluation.metrics import auc


@answers("Clinic.P1")
def tensors(optimiser: torch.optim.Optimizer) -> str:
    shapes = [tuple(tensor.shape) for group in optimiser.param_groups for tensor in group["params"]]
    return f"The optimiser has {len(shapes)} tensors, of shapes {' and '.join(map(str, shapes))}. None of them is s."


@answers("Clinic.P2")
def parameters(towers: Sequence[nn.Module], one: nn.Module) -> str:
    both, own = (sum(tensor.numel() for tensor in module.parameters()) for module in (nn.ModuleList(towers), one))
    return f"One tower has {own} parameters. The two have {both}."


@answers("Clinic.P3")
def each_alone(features: np.ndarray, label: np.ndarray) -> str:
    found = ", ".join(f"{auc(column, label):.3f}" for column in features.T)
    return f"The AUC of each feature alone: {found}."


@answers("Clinic.P4")
def rows(meters: Sequence) -> str:
    return f"On the evening of day 2 the meters hold {' and '.join(f'{len(meter.labels):,}' for meter in meters)} rows."


@answers("Clinic.P5")
def one_kind(user: np.ndarray, label: np.ndarray) -> str:
    clicks = np.bincount(user, label)
    return f"{(clicks == 0).sum()} of {len(clicks)} users click nothing, and each of them counts as 0."


@answers("Clinic.P6")
def one_task(combine: Callable) -> str:
    losses, ones = torch.tensor([1.0, 3.0]), torch.ones(2)
    once, thrice = (combine(losses, ones, weight).item() for weight in (1.0, 3.0))
    return f"With a weight of 1 the loss of a task is {once:.2f}, with a weight of 3 it is {thrice:.2f}."


@answers("Clinic.P7")
def resting(weights: Sequence[Tensor]) -> str:
    said = "; ".join(f"{', '.join(f'{weight:.4f}' for weight in pair)}" for pair in weights)
    return f"The weights, from one look to the next: {said}."


@answers("Clinic.P8")
def one_row(gate: Callable, logits: Tensor) -> str:
    alone, among = (gate(part)[0, 0].tolist() for part in (logits[:1], logits))
    said = (", ".join(f"{weight:.2f}" for weight in weights) for weights in (alone, among))
    return "The first row's four experts weigh {} alone, and {} among others.".format(*said)


@answers("Clinic.P9")
def among(click: Tensor, buy: Tensor) -> str:
    return f"Bought: {buy[click > 0].mean():.2f} of the clicked rows, {buy.mean():.2f} of all."


@answers("Clinic.P10")
def kept_rows(click: np.ndarray, buy: np.ndarray, kept: np.ndarray) -> str:
    clicks = (click.mean(), click[kept].mean())
    buys = (buy[click].mean(), buy[click & kept].mean())
    return (
        f"Clicked: {clicks[0]:.3f} of the full log, {clicks[1]:.3f} of the rows that were kept. "
        f"Of the clicks bought: {buys[0]:.3f} and {buys[1]:.3f}."
    )


@answers("Clinic.P11")
def weights(as_found: Tensor, as_in_the_paper: Tensor) -> str:
    said = (", ".join(f"{weight:.2f}" for weight in pair) for pair in (as_found, as_in_the_paper))
    return "The weights of the two losses come to rest at {} as found, and at {} with the paper's total.".format(*said)

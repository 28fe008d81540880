"""The exercises of chapter 01 on cost and on controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from helpers.display.exercises import Probe, begun, exercise


@exercise("N bottoms and all towers on one side, one bottom and all towers on the other.")
def saving(answer: Callable[[float, Sequence[float]], float]) -> Iterator[Probe]:
    """`answer(bottom, towers)`: costs of the bottom and of each task's tower become a ratio, N models to one shared."""
    bottom, towers = 900.0, [100.0, 100.0, 100.0, 100.0]
    found = begun(answer(bottom, towers))
    yield Probe(
        isinstance(found, int | float | np.floating) or (isinstance(found, Tensor) and found.dim() == 0),
        f"the function gave back a {type(found).__name__}, not a number.",
        "the answer is one number: how many times as much N models cost.",
        "divide the cost of the N models by the cost of the shared one, and return that.",
    )
    found, right = float(found), 4000 / 1300
    yield Probe(
        not np.isclose(found, 4),
        "the ratio is the number of tasks: as if the towers cost nothing, or were shared too.",
        "the shared model still needs a tower for each task.",
        "its cost is one bottom plus the sum of all towers.",
    )
    yield Probe(
        not np.isclose(found, 1),
        "the ratio is 1: both sides have the same number of bottoms.",
        "how many bottoms do four single-task models have?",
        "in the N models each tower comes with a bottom of its own; in the shared model there is one for all.",
    )
    yield Probe(
        not np.isclose(found, 1 / right),
        "the ratio is turned round: it says what part of the cost the shared model has.",
        "what is asked for is how many times as much the N models cost, a number above 1.",
        "the cost of the N models stands above the line.",
    )
    yield Probe(
        np.isclose(found, right, rtol=1e-6),
        f"for a bottom of 900 and four towers of 100 the ratio is {found:.2f}; it should be {right:.2f}.",
        "write down both costs first: what do four whole models need, and what does one bottom with four towers need?",
        "four times 900 + 100 on one side, 900 + four times 100 on the other.",
    )
    found = float(answer(900.0, [100.0, 500.0]))
    yield Probe(
        np.isclose(found, 2400 / 1500, rtol=1e-6),
        f"for towers of 100 and 500 the ratio is {found:.2f}, as if all towers were alike; it should be 1.60.",
        "each task has a tower of its own size.",
        "`sum(towers)` adds them up, however different they are.",
    )


@exercise("the same values, handed to other rows, and a seed that repeats it.")
def uninformative(answer: Callable[[Tensor, int], Tensor]) -> Iterator[Probe]:
    """`answer(labels, seed)`: `(n,)` labels become a control that looks like them and tells nothing of the inputs."""
    rows = 2000
    labels = 1 + 2 * torch.randn(rows, generator=torch.Generator().manual_seed(5)) ** 2
    found = begun(answer(labels, 1))
    yield Probe(
        isinstance(found, Tensor) and found.shape == (rows,),
        f"{rows} labels came back as {_kind(found)}, not as a tensor of shape ({rows},).",
        "the control must fit where the labels stood: one value per row.",
        "index the labels with an order of the row numbers.",
    )
    yield Probe(
        not torch.equal(found, labels),
        "the labels came back as they were.",
        "as long as each label stays at its row, it tells of that row's inputs.",
        "hand the labels to other rows, in a random order.",
    )
    kept = torch.isin(found.to(labels.dtype), labels)
    yield Probe(
        bool(kept.all()),
        f"the values are others: {int((~kept).sum())} of {rows} are none of the labels.",
        "a control differs in one thing only. New draws differ in shape, even with the same mean and spread.",
        "keep all values and change nothing but which row has which.",
    )
    yield Probe(
        bool(torch.isclose(found.sort().values, labels.sort().values).all()),
        f"only {len(found.unique())} of the {rows} labels are used, some of them more than once.",
        "drawing with replacement gives other values in all.",
        "`torch.randperm(n)` names every row exactly once; `torch.randint` does not.",
    )
    correlation = float(torch.corrcoef(torch.stack([found, labels]))[0, 1])
    yield Probe(
        abs(correlation) < 0.1,
        f"the control still correlates with the labels: {correlation:+.2f}.",
        "most labels should stand at a row that has nothing to do with them.",
        "`torch.randperm(n)` gives all row numbers in a random order.",
    )
    yield Probe(
        torch.equal(found, answer(labels, 1)),
        "the same seed gave two different controls.",
        "an experiment that cannot be repeated cannot be checked.",
        "pass a generator: `torch.Generator().manual_seed(seed)`.",
    )
    other = answer(labels, 2)
    yield Probe(
        not any(torch.equal(found, other.roll(by)) for by in (-1, 1)) and not _rotated(found, labels),
        "the labels were only moved along: each still has the neighbours that it had.",
        "an order by chance is drawn anew by each seed.",
        "`torch.randperm(n, generator=...)` draws one.",
    )
    yield Probe(
        not torch.equal(found, other),
        "two seeds gave the same control.",
        "each seed of an experiment needs a draw of its own.",
        "use `seed` in the generator that draws the order.",
    )


def _rotated(found: Tensor, labels: Tensor) -> bool:
    """Whether one is the other, moved along by some number of rows (all labels are different)."""
    start = int((found == labels[0]).nonzero()[0])
    return torch.equal(found, labels.roll(start))


def _kind(value) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"

"""The exercises of chapter 06, Soft sharing: MMoE."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from helpers.display.exercises import Probe, begun, described, exercise, slopes


@exercise("positive weights with sum 1 in each row, and with them the experts are added up.")
def mixture(answer: Callable[[Tensor, Tensor], Tensor]) -> Iterator[Probe]:
    """`answer(logits, outputs)`: `(n, experts)` and `(n, experts, width)` become Σᵢ softmax(logits)ᵢ outputsᵢ."""
    draw = torch.Generator().manual_seed(4)
    logits = torch.randn(5, 3, generator=draw, requires_grad=True)
    outputs = torch.randn(5, 3, 4, generator=draw, requires_grad=True)
    found = begun(answer(logits, outputs))
    yield _shape_of_mixture(found, logits, outputs)
    value = found.detach()
    for wrong, words, hint, second in _mixtures(logits.detach(), outputs.detach()):
        yield Probe(not torch.allclose(value, wrong, atol=1e-5), words, hint, second)
    right = _mixed(logits, outputs)
    yield Probe(
        torch.allclose(value, right, atol=1e-5),
        f"the first row should begin with {right[0, 0]:.3f}, yours begins with {value[0, 0]:.3f}.",
        "three steps: a softmax over the experts, each expert times its weight, the sum over experts.",
        "`logits.softmax(dim=1)`, `unsqueeze(-1)`, times `outputs`, `.sum(1)`.",
    )
    expected = torch.autograd.grad(right.square().sum(), (logits, outputs))
    for what, given, gradient in zip(("gate", "experts"), (logits, outputs), expected, strict=True):
        (own,) = slopes(found.square(), given)
        yield Probe(
            torch.allclose(own, gradient, atol=1e-4),
            f"{'a wrong' if own.any() else 'no'} gradient reaches the {what}.",
            "something cut the graph: `.detach()`, `.item()`, `.data` or numpy.",
            "stay with torch operations from the logits and the outputs to the mixture.",
        )
    for rows, experts, width in ((1, 6, 2), (7, 1, 3), (3, 2, 1)):
        logits = torch.randn(rows, experts, generator=draw)
        outputs = torch.randn(rows, experts, width, generator=draw)
        found = answer(logits, outputs)
        yield _shape_of_mixture(found, logits, outputs)
        yield Probe(
            torch.allclose(found, _mixed(logits, outputs), atol=1e-5),
            f"for {rows} rows and {experts} experts of width {width} the numbers are wrong.",
            "the numbers of rows and of experts and the width may be any.",
            "take all sizes from the arguments, and write none of them into your code.",
        )
    logits, outputs = torch.tensor([[500.0, 499.0, -500.0]]), torch.tensor([[[1.0, 2.0], [0.0, 5.0], [7.0, 7.0]]])
    found = answer(logits, outputs)
    yield Probe(
        bool(torch.isfinite(found).all()) and torch.allclose(found, _mixed(logits, outputs), atol=1e-4),
        f"for logits of 500, 499 and −500 the mixture is {[round(x, 3) for x in found.flatten().tolist()]}, and should "
        f"be {[round(x, 3) for x in _mixed(logits, outputs).flatten().tolist()]}.",
        "e to the power of 500 is no float.",
        "torch's own `softmax` takes the largest logit away first.",
    )


def _mixed(logits: Tensor, outputs: Tensor) -> Tensor:
    return torch.einsum("ne,new->nw", logits.softmax(1), outputs)


def _shape_of_mixture(found, logits: Tensor, outputs: Tensor) -> Probe:
    rows, experts, width = outputs.shape
    came = f"{described(found)} and {found.dtype}" if isinstance(found, Tensor) else described(found)
    return Probe(
        isinstance(found, Tensor) and tuple(found.shape) == (rows, width) and found.dtype == outputs.dtype,
        f"for {rows} rows and {experts} experts of width {width} the result is {came}, not a tensor of shape "
        f"({rows}, {width}) and {outputs.dtype}.",
        "the mixture is as wide as one expert: the axis of the experts is summed away.",
        "`weights.unsqueeze(-1)` has shape (n, experts, 1) and multiplies every number of an expert; then `.sum(1)`.",
    )


def _mixtures(logits: Tensor, outputs: Tensor) -> Iterator[tuple[Tensor, str, str, str]]:
    """Typical wrong mixtures: result, what is wrong, two hints."""

    def mixed(weights: Tensor) -> Tensor:
        return (weights.unsqueeze(-1) * outputs).sum(1)

    yield (
        mixed(logits),
        "the raw logits are the weights: some are negative, and they do not sum to 1.",
        "a mixture needs positive weights with sum 1.",
        "a softmax turns any numbers into such weights.",
    )
    yield (
        mixed(logits.softmax(0)),
        "the softmax runs over the rows: the weights of one expert sum to 1, not those of one row.",
        "each row has a mixture of its own.",
        "the experts stand on axis 1.",
    )
    yield (
        mixed(logits.sigmoid()),
        "each weight is between 0 and 1, but together they do not sum to 1.",
        "a sigmoid looks at one expert at a time.",
        "a softmax makes the experts compete for a total of 1.",
    )
    yield (
        outputs.mean(1),
        "all experts count alike: the gate is not used.",
        "the first argument says how much of each expert to take.",
        "replace the mean by a weighted sum.",
    )
    yield (
        mixed(logits.softmax(1)) / logits.shape[1],
        "the mixture is a third of what it should be: a mean was taken where a sum belongs.",
        "the weights sum to 1 already.",
        "`.sum(1)` in place of `.mean(1)`.",
    )


@exercise("experts, gates and towers counted, and the bottom that has as many parameters.")
def fair_width(answer: Callable[[int, int, int, int, int], float]) -> Iterator[Probe]:
    """`answer(inputs, tasks, experts, units, tower)`: the width of a Shared-Bottom with the parameters of the MMoE,
    rounded to a whole number. One layer in each expert and tower, biases everywhere but in the gates."""
    case = (20, 2, 4, 4, 8)
    found = begun(answer(*case))
    yield _whole(found, case)
    yield Probe(
        found != 16,
        "16 is the width of all experts together: then the Shared-Bottom is larger than the MMoE.",
        "each tower reads the whole wide bottom, but only one mixture of width 4.",
        "count all parameters of both models, and set them equal.",
    )
    # the last two tell apart what the others round to the same width: biases forgotten, or two tasks taken for granted
    for case in ((20, 2, 4, 4, 8), (100, 2, 8, 16, 8), (50, 3, 6, 10, 4), (5, 3, 6, 40, 3), (4, 3, 6, 32, 2)):
        inputs, tasks, experts, units, tower = case
        settings = f"{inputs} inputs, {tasks} tasks, {experts} experts of {units} units, towers of {tower}"
        found = answer(*case)
        yield _whole(found, case)
        size = {gates: _mmoe_size(*case, gates) for gates in (0, 1, tasks)}
        right = {gates: _nearest(inputs, tasks, tower, count) for gates, count in size.items()}
        yield Probe(
            found != right[0] or right[0] == right[tasks],
            f"for {settings} you get {found:g}: the gates are not counted.",
            "a gate is a matrix from the inputs to the experts, and it is trained like everything else.",
            "each task has a gate of inputs × experts weights.",
        )
        yield Probe(
            found != right[1] or right[1] == right[tasks],
            f"for {settings} you get {found:g}: one gate is counted, not one a task.",
            "that would be the one-gate MoE.",
            "multiply the gate's weights by the number of tasks.",
        )
        unbiased = experts * inputs * units + tasks * (inputs * experts + units * tower)
        unbiased = round(unbiased / (inputs + tasks * tower))
        yield Probe(
            found != unbiased or unbiased == right[tasks],
            f"for {settings} you get {found:g}: the biases of experts and bottom are not counted.",
            "a layer from 5 inputs to 40 units has 5 · 40 weights and 40 biases.",
            "each expert has (inputs + 1) · units parameters, and the bottom (inputs + 1) · width.",
        )
        yield Probe(
            found == right[tasks],
            f"for {settings} the width should be {right[tasks]}, yours is {found:g}.",
            "write both sizes down: experts + gates + towers on the left, bottom + towers on the right.",
            "the towers on the right read the whole bottom: each costs width · tower + tower, and its last layer "
            "tower + 1, on both sides.",
        )


def _whole(found, case: tuple[int, ...]) -> Probe:
    number = np.ndim(found) == 0 and isinstance(found, int | float | np.number) and not isinstance(found, bool)
    return Probe(
        number and float(found).is_integer(),
        f"for {case} the function gave back {found!r}, not a whole number.",
        "the width of a layer is a number of units.",
        "solve the equation for the width, then `round` it.",
    )


def _mmoe_size(inputs: int, tasks: int, experts: int, units: int, tower: int, gates: int) -> int:
    towers = tasks * ((units + 1) * tower + tower + 1)
    return experts * (inputs + 1) * units + gates * inputs * experts + towers


def _nearest(inputs: int, tasks: int, tower: int, size: int) -> int:
    fixed = tasks * (2 * tower + 1)
    return round((size - fixed) / (inputs + 1 + tasks * tower))


@exercise("each run keeps its pairs of weights, and its experts stand in one order for all runs.")
def aligned(answer: Callable[[np.ndarray, np.ndarray], tuple]) -> Iterator[Probe]:
    """`answer(a, b)`: mean gate weights of both tasks, `(runs, experts)` each, become the same with the experts of each
    run in the order of a − b, the largest first."""
    a = np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.2, 0.35, 0.45]])
    b = np.array([[0.5, 0.2, 0.3], [0.1, 0.5, 0.4], [0.6, 0.05, 0.35]])
    yield from _aligned(begun(answer(a.copy(), b.copy())), a, b)
    rng = np.random.default_rng(6)
    for runs, experts in ((7, 4), (1, 5), (3, 2)):  # other sizes, in which no other order gives the same
        a, b = rng.dirichlet(np.ones(experts), (2, runs))
        yield from _aligned(answer(a.copy(), b.copy()), a, b)


def _aligned(found, a: np.ndarray, b: np.ndarray) -> Iterator[Probe]:
    yield Probe(
        isinstance(found, tuple | list) and len(found) == 2 and all(np.shape(part) == a.shape for part in found),
        f"for arrays of shape {a.shape} the function gave back {_shapes(found)}, not two arrays of shape {a.shape}.",
        "both tasks' weights, with the experts in their new order.",
        "`return a_sorted, b_sorted`.",
    )
    new_a, new_b = (np.asarray(part, dtype=float) for part in found)
    order = np.argsort(b - a, axis=1)
    right_a, right_b = np.take_along_axis(a, order, axis=1), np.take_along_axis(b, order, axis=1)
    yield Probe(
        not (np.allclose(new_a, a) and np.allclose(new_b, b)) or np.allclose(right_a, a),
        "the experts still stand as they were drawn.",
        "the second run's third expert has nothing to do with the first run's third.",
        "find an order for each run, from a − b.",
    )
    pairs = [sorted(tuple(np.round(pair, 6)) for pair in zip(*run, strict=True)) for run in zip(a, b, strict=True)]
    kept = [
        sorted(tuple(np.round(pair, 6)) for pair in zip(*run, strict=True)) for run in zip(new_a, new_b, strict=True)
    ]
    yield Probe(
        pairs == kept,
        "an expert's weight in gate A is now next to another expert's weight in gate B.",
        "both tasks' weights of one expert belong together.",
        "one order a run, used for both arrays: `np.take_along_axis(a, order, axis=1)`, and the same for b.",
    )
    yield Probe(
        not (np.allclose(new_a, right_a[:, ::-1]) and np.allclose(new_b, right_b[:, ::-1])),
        "the experts stand from the one that B prefers to the one that A prefers.",
        "`argsort` begins with the smallest.",
        "sort by b − a, or turn the order round.",
    )
    yield Probe(
        np.allclose(new_a, right_a) and np.allclose(new_b, right_b),
        "the differences a − b do not fall from expert to expert in every run.",
        "sorting by a alone, by b alone, by their ratio, or in the same order for all runs, is not enough.",
        "`order = np.argsort(b - a, axis=1)`.",
    )


def _shapes(found) -> str:
    if isinstance(found, tuple | list):
        return f"{len(found)} parts of shapes {[np.shape(part) for part in found]}"
    return f"an array of shape {found.shape}" if isinstance(found, np.ndarray) else f"a {type(found).__name__}"


@exercise("1 for a collapsed gate, all of them for an even one.")
def effective_experts(answer: Callable[[Tensor], float]) -> Iterator[Probe]:
    """`answer(gate)`: weights `(n, experts)` become exp(entropy of the mean weights), between 1 and experts."""
    even = torch.full((6, 4), 0.25)
    value = begun(answer(even))
    yield _one_number(value)
    yield Probe(
        not np.isclose(float(value), np.log(4), atol=1e-4),
        "an even gate over 4 experts came out as 1.39: that is the entropy itself.",
        "the entropy of n equal shares is log n.",
        "return e to the power of the entropy.",
    )
    yield Probe(
        not np.isclose(float(value), 0.25, atol=1e-4),
        "an even gate over 4 experts came out as 0.25: the sign of the entropy is wrong.",
        "the logarithm of a share is negative.",
        "entropy is −Σ w log w.",
    )
    yield Probe(
        bool(np.isclose(float(value), 4, atol=1e-3)),
        f"an even gate over 4 experts uses 4, yours says {float(value):.2f}.",
        "with w the mean weights: exp(−Σ w log w), natural logarithm.",
        "`w = gate.mean(0)`, then `torch.exp(-(w * w.log()).sum())`.",
    )
    turns = torch.eye(4).repeat(2, 1) * 0.96 + 0.01  # each row takes one expert, each expert has its rows
    value = answer(turns)
    yield _one_number(value)
    yield Probe(
        bool(np.isclose(float(value), 4, atol=1e-3)),
        f"each row takes one expert, but together the rows use all 4; yours says {float(value):.2f}.",
        "a gate that sends rows to different experts has not collapsed.",
        "mean over the rows first, entropy then.",
    )
    one = torch.tensor([[1.0, 0.0, 0.0, 0.0]]).repeat(5, 1)
    value = answer(one)
    yield _one_number(value)
    yield Probe(
        bool(np.isclose(float(value), 1, atol=1e-3)),
        f"a gate that gives everything to one expert came out as {float(value):.2f}; it uses 1.",
        "0 · log 0 is NaN for a computer, and 0 here.",
        "`torch.special.entr(w)` is −w log w with 0 at 0; or clamp the weights from below.",
    )
    drawn = torch.tensor([0.5, 0.25, 0.15, 0.07, 0.03])
    uneven = torch.stack([drawn, drawn.flip(0), drawn.roll(1), drawn, drawn, drawn.roll(2)]).double()
    for gate in (uneven, uneven[:, :3] / uneven[:, :3].sum(1, keepdim=True)):
        value, right = answer(gate), float(torch.special.entr(gate.mean(0)).sum().exp())
        shares = gate.mean(0)
        said = ", ".join(f"{share:.3f}" for share in shares)
        yield _one_number(value)
        yield Probe(
            not np.isclose(float(value), float((shares > 0.05).sum())) or np.isclose(right, float(value), atol=1e-3),
            f"a gate with mean weights {said} came out as {float(value):g}: experts above a bound were counted.",
            "a bound does not see how uneven the weights above it are.",
            "exp(−Σ w log w) is a smooth count: it lies between 1 and the number of experts.",
        )
        yield Probe(
            not np.isclose(float(value), float(1 / shares.square().sum()), atol=1e-3),
            f"a gate with mean weights {said} came out as {float(value):.2f}: that is 1/Σw², another smooth count.",
            "the squares count the large weights more than the entropy does.",
            "the entropy is −Σ w log w.",
        )
        yield Probe(
            bool(np.isclose(float(value), right, atol=1e-3)),
            f"a gate with mean weights {said} uses {right:.2f} experts, yours says {float(value):.2f}.",
            "with w the mean weights: exp(−Σ w log w), natural logarithm.",
            "`w = gate.mean(0)`, then `torch.special.entr(w).sum().exp()`.",
        )


def _one_number(value) -> Probe:
    if isinstance(value, Tensor):
        number = value.numel() == 1
    else:
        number = np.size(value) == 1 and not isinstance(value, str | bytes)
    return Probe(
        number,
        f"the function gave back {described(value)}, not one number.",
        "one number for the whole gate.",
        "take the mean over the rows before the entropy.",
    )

"""The exercises of chapter 06, Soft sharing: MMoE."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from helpers.display.answers import Wrong, close, described, is_number, is_tensor, numbers, slopes, unboxed
from helpers.display.exercises import exercise


@exercise("the two best experts of each row, with weights that sum to 1; all others are left out.")
def best_two(answer: Callable[[Tensor, Tensor], Tensor]):
    """`answer(logits, outputs)`: `(n, experts)` and `(n, experts, width)` become Σᵢ wᵢ outputsᵢ over the two experts
    with the largest logits of a row, w the softmax of these two logits. There are two experts or more."""
    draw = torch.Generator().manual_seed(4)
    logits = torch.randn(5, 4, generator=draw, requires_grad=True)
    outputs = torch.randn(5, 4, 3, generator=draw, requires_grad=True)
    mixture, right = answer(logits, outputs), _mixed(_of_two(logits), outputs)
    _check_shape(mixture, logits, outputs)
    if close(mixture, _mixed(logits.softmax(1), outputs)):
        raise Wrong("""every expert is in the mixture, as in the chapter.
            Hint: only the two with the largest logits of a row may count.
            Hint: `logits.topk(2, dim=1)` gives their logits and their numbers.""")
    if close(mixture, _mixed(logits.softmax(1) * (_of_two(logits) > 0), outputs)):
        raise Wrong("""the weights of the two do not sum to 1: the others had a part of the softmax before they left.
            Hint: choose the two first, then take the softmax of their logits alone.
            Hint: or divide the two weights by their sum.""")
    if close(mixture, _mixed((_of_two(logits) > 0).float() / 2, outputs)):
        raise Wrong("""the two count alike, each by a half.
            Hint: the larger logit has the larger weight.
            Hint: a softmax of the two logits.""")
    if close(mixture, _mixed(_of_two(logits.T).T, outputs)):
        raise Wrong("""the two were chosen among the rows, not among the experts.
            Hint: each row has experts of its own.
            Hint: the experts are on axis 1.""")
    if close(mixture, right / 2):
        raise Wrong("""the mixture is half of what it should be: a mean was taken where a sum belongs.
            Hint: the weights sum to 1 already.
            Hint: `.sum(1)` in place of `.mean(1)`.""")
    if not close(mixture, right):
        raise Wrong(f"""the first row should begin with {right[0, 0]:.3f}, yours begins with {mixture[0, 0]:.3f}.
            Hint: three steps: the two largest logits of a row, their softmax, the experts times their weights.
            Hint: `torch.zeros_like(logits).scatter(1, numbers, weights)` puts two weights in a row of zeros.""")
    for what, given in (("gate", logits), ("experts", outputs)):
        (yours,), (wanted,) = slopes(mixture.square(), given), slopes(right.square(), given)
        if not close(yours, wanted):
            raise Wrong(f"""{"a wrong" if yours.any() else "no"} gradient reaches the {what}.
                Hint: something cut the graph: `.detach()`, `.item()`, `.data` or NumPy.
                Hint: use torch operations all the way from the logits and the outputs to the mixture.""")
    for rows, experts, width in ((1, 6, 2), (7, 2, 3), (3, 3, 1)):
        logits = torch.randn(rows, experts, generator=draw)
        outputs = torch.randn(rows, experts, width, generator=draw)
        mixture = answer(logits, outputs)
        _check_shape(mixture, logits, outputs)
        if not close(mixture, _mixed(_of_two(logits), outputs)):
            raise Wrong(f"""for {rows} rows and {experts} experts of width {width} the numbers are wrong.
                Hint: the numbers of rows and of experts and the width may be any.
                Hint: take all sizes from the arguments, and write none of them into your code.""")
    logits, outputs = torch.tensor([[500.0, 499.0, -500.0]]), torch.tensor([[[1.0, 2.0], [0.0, 5.0], [7.0, 7.0]]])
    mixture, right = answer(logits, outputs), _mixed(_of_two(logits), outputs)
    if not close(mixture, right):
        raise Wrong(f"""for logits of 500, 499 and −500 the mixture is {_numbers(mixture)}, and should be
            {_numbers(right)}.
            Hint: e to the power of 500 is too large for a float.
            Hint: torch's own `softmax` subtracts the largest logit first.""")


def _mixed(weights: Tensor, outputs: Tensor) -> Tensor:
    return (weights.unsqueeze(-1) * outputs).sum(1)


def _of_two(logits: Tensor) -> Tensor:
    """Weights of the two largest of each row, 0 for the others."""
    largest = logits.topk(2, dim=1)
    return torch.zeros_like(logits).scatter(1, largest.indices, largest.values.softmax(1))


def _check_shape(mixture, logits: Tensor, outputs: Tensor):
    rows, experts, width = outputs.shape
    if not is_tensor(mixture, rows, width) or mixture.dtype != outputs.dtype:
        came = f"{described(mixture)} and {mixture.dtype}" if isinstance(mixture, Tensor) else described(mixture)
        raise Wrong(f"""for {rows} rows and {experts} experts of width {width} the result is {came}, not a tensor of
            shape ({rows}, {width}) and {outputs.dtype}.
            Hint: the mixture is as wide as one expert: the axis of the experts is summed away.
            Hint: `weights.unsqueeze(-1)` has shape (n, experts, 1) and multiplies every number of an expert; then
            `.sum(1)`.""")


def _numbers(values: Tensor) -> list[float]:
    return [round(value, 3) for value in values.flatten().tolist()]


@exercise("experts, gates and towers counted, and the bottom that has as many parameters.")
def fair_width(answer: Callable[[int, int, int, int, int], float]):
    """`answer(inputs, tasks, experts, units, tower)`: the width of a Shared-Bottom with the parameters of the MMoE,
    rounded to a whole number. One layer in each expert and tower, biases everywhere but in the gates."""
    # the last two tell apart what the others round to the same width: biases forgotten, or two tasks taken for granted
    for case in ((20, 2, 4, 4, 8), (100, 2, 8, 16, 8), (50, 3, 6, 10, 4), (5, 3, 6, 40, 3), (4, 3, 6, 32, 2)):
        inputs, tasks, experts, units, tower = case
        width = unboxed(answer(*case))
        if not is_number(width) or not float(width).is_integer():
            raise Wrong(f"""for {case} the function returned {width!r}, not a whole number.
                Hint: the width of a layer is a number of units.
                Hint: solve the equation for the width, then `round` it.""")
        without_gates, with_one, right = (
            _nearest(inputs, tasks, tower, _mmoe_size(*case, gates)) for gates in (0, 1, tasks)
        )
        if width == experts * units != right:
            raise Wrong(f"""{width:g} is the width of all experts together: the Shared-Bottom is then larger than the
                MMoE.
                Hint: each tower reads the whole wide bottom, but only one mixture of width {units}.
                Hint: count all parameters of both models, and set them equal.""")
        size = experts * inputs * units + tasks * (inputs * experts + units * tower)
        without_biases = round(size / (inputs + tasks * tower))
        settings = f"{inputs} inputs, {tasks} tasks, {experts} experts of {units} units, towers of {tower}"
        you_get = f"for {settings} you get {width:g}"
        if width == without_gates != right:
            raise Wrong(f"""{you_get}: the gates are not counted.
                Hint: a gate is a matrix from the inputs to the experts, and it is trained like everything else.
                Hint: each task has a gate of inputs × experts weights.""")
        if width == with_one != right:
            raise Wrong(f"""{you_get}: one gate is counted, not one a task.
                Hint: that would be the one-gate MoE.
                Hint: multiply the gate's weights by the number of tasks.""")
        if width == without_biases != right:
            raise Wrong(f"""{you_get}: the biases of experts and bottom are not counted.
                Hint: a layer from 5 inputs to 40 units has 5 · 40 weights and 40 biases.
                Hint: each expert has (inputs + 1) · units parameters, and the bottom (inputs + 1) · width.""")
        if width != right:
            raise Wrong(f"""{you_get}; the width should be {right}.
                Hint: write both sizes down: experts + gates + towers on the left, bottom + towers on the right.
                Hint: the towers on the right read the whole bottom: each costs width · tower + tower, and its last
                layer tower + 1, on both sides.""")


def _mmoe_size(inputs: int, tasks: int, experts: int, units: int, tower: int, gates: int) -> int:
    towers = tasks * ((units + 1) * tower + tower + 1)
    return experts * (inputs + 1) * units + gates * inputs * experts + towers


def _nearest(inputs: int, tasks: int, tower: int, size: int) -> int:
    fixed = tasks * (2 * tower + 1)
    return round((size - fixed) / (inputs + 1 + tasks * tower))


@exercise("each run keeps its pairs of weights, and its experts are in one order for all runs.")
def aligned(answer: Callable[[np.ndarray, np.ndarray], tuple]):
    """`answer(a, b)`: mean gate weights of both tasks, `(runs, experts)` each, become the same with the experts of each
    run in the order of a − b, the largest first."""
    first = (
        np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.2, 0.35, 0.45]]),
        np.array([[0.5, 0.2, 0.3], [0.1, 0.5, 0.4], [0.6, 0.05, 0.35]]),
    )
    rng = np.random.default_rng(6)  # for other sizes, in which no other order gives the same
    for a, b in (first, *(rng.dirichlet(np.ones(experts), (2, runs)) for runs, experts in ((7, 4), (1, 5), (3, 2)))):
        in_order = answer(a, b)
        shapes = [np.shape(part) for part in in_order] if isinstance(in_order, tuple | list) else None
        if shapes != [a.shape, a.shape]:
            came = described(in_order) if shapes is None else f"{len(in_order)} parts of shapes {shapes}"
            raise Wrong(f"""for arrays of shape {a.shape} the function returned {came}, not two arrays of shape
                {a.shape}.
                Hint: both tasks' weights, with the experts in their new order.
                Hint: `return a_sorted, b_sorted`.""")
        order = np.argsort(b - a, axis=1)
        right = np.take_along_axis(np.stack([a, b]), order[None], axis=2)
        if close(in_order, [a, b]) and not close(right, [a, b]):
            raise Wrong("""the experts are still in the order in which they were drawn.
                Hint: the second run's third expert has nothing to do with the first run's third.
                Hint: find an order for each run, from a − b.""")
        if _pairs(*in_order) != _pairs(a, b):
            raise Wrong("""an expert's weight in gate A is now next to another expert's weight in gate B.
                Hint: both tasks' weights of one expert belong together.
                Hint: one order a run, used for both arrays: `np.take_along_axis(a, order, axis=1)`, and the same for
                b.""")
        if close(in_order, right[:, :, ::-1]) and not close(in_order, right):
            raise Wrong("""the experts run from the one that B prefers to the one that A prefers.
                Hint: `argsort` begins with the smallest.
                Hint: sort by b − a, or reverse the order.""")
        if not close(in_order, right):
            raise Wrong("""the differences a − b do not fall from expert to expert in every run.
                Hint: sorting by a alone, by b alone, by their ratio, or in the same order for all runs, is not enough.
                Hint: `order = np.argsort(b - a, axis=1)`.""")


def _pairs(a, b) -> list[list[tuple]]:
    """Each run's pairs of weights, without their order."""
    rounded = np.stack([a, b], axis=-1).astype(float).round(6)
    return [sorted(map(tuple, run)) for run in rounded]


@exercise("1 for a collapsed gate, all of them for an even one.")
def effective_experts(answer: Callable[[Tensor], float]):
    """`answer(gate)`: weights `(n, experts)` become exp(entropy of the mean weights), between 1 and experts."""
    count = unboxed(answer(torch.full((6, 4), 0.25)))
    if not is_number(count):
        raise Wrong(f"""the function returned {described(count)}, not one number.
            Hint: one number for the whole gate.
            Hint: take the mean over the rows before the entropy.""")
    if close(count, np.log(4)):
        raise Wrong("""an even gate over 4 experts gives 1.39: that is the entropy itself.
            Hint: the entropy of n equal shares is log n.
            Hint: return e to the power of the entropy.""")
    if close(count, 0.25):
        raise Wrong("""an even gate over 4 experts gives 0.25: the sign of the entropy is wrong.
            Hint: the logarithm of a share is negative.
            Hint: entropy is −Σ w log w.""")
    if not close(count, 4):
        raise Wrong(f"""an even gate over 4 experts uses 4, yours says {count:.2f}.
            Hint: with w the mean weights: exp(−Σ w log w), natural logarithm.
            Hint: `w = gate.mean(0)`, then `torch.exp(-(w * w.log()).sum())`.""")
    count = unboxed(answer(torch.eye(4).repeat(2, 1) * 0.96 + 0.01))  # each row takes one expert, each expert has rows
    if not close(count, 4):
        raise Wrong(f"""each row takes one expert, but together the rows use all 4; yours says {count:.2f}.
            Hint: a gate that sends rows to different experts has not collapsed.
            Hint: mean over the rows first, entropy then.""")
    count = unboxed(answer(torch.tensor([[1.0, 0.0, 0.0, 0.0]]).repeat(5, 1)))
    if not close(count, 1):
        raise Wrong(f"""a gate with all its weight on one expert gives {count:.2f}; it uses 1.
            Hint: 0 · log 0 is NaN for a computer, and 0 here.
            Hint: `torch.special.entr(w)` is −w log w with 0 at 0; or clamp the weights from below.""")
    drawn = torch.tensor([0.5, 0.25, 0.15, 0.07, 0.03])
    uneven = torch.stack([drawn, drawn.flip(0), drawn.roll(1), drawn, drawn, drawn.roll(2)]).double()
    for gate in (uneven, uneven[:, :3] / uneven[:, :3].sum(1, keepdim=True)):
        shares = gate.mean(0)
        count, right = unboxed(answer(gate)), float(torch.special.entr(shares).sum().exp())
        a_gate = f"a gate with mean weights {', '.join(f'{share:.3f}' for share in shares)}"
        if close(count, (shares > 0.05).sum()):
            raise Wrong(f"""{a_gate} gives {count:g}: experts above a bound were counted.
                Hint: a bound does not see how uneven the weights above it are.
                Hint: exp(−Σ w log w) is a smooth count: it lies between 1 and the number of experts.""")
        if close(count, 1 / shares.square().sum()):
            raise Wrong(f"""{a_gate} gives {count:.2f}: that is 1/Σw², another smooth count.
                Hint: the squares count the large weights more than the entropy does.
                Hint: the entropy is −Σ w log w.""")
        if not close(count, right):
            raise Wrong(f"""{a_gate} uses {right:.2f} experts, yours says {count:.2f}.
                Hint: with w the mean weights: exp(−Σ w log w), natural logarithm.
                Hint: `w = gate.mean(0)`, then `torch.special.entr(w).sum().exp()`.""")


@exercise("a tower reads every part, and its loss reaches those that it may train.")
def read_all(answer: Callable[[list[Tensor], list[str], str], Tensor]):
    """`answer(parts, trainers, task)`: parts of a bottom, `(n, units)` each, become what the tower of a task reads,
    `(n, all units)`, in their order. `trainers` says for each part the tasks whose losses train it, such as "ab"."""
    draw = torch.Generator().manual_seed(6)
    for trainers in (["a", "ab", "b"], ["ab", "a"], ["b", "a", "c", "abc"]):
        parts = [torch.randn(5, 2 + i, generator=draw, requires_grad=True) for i in range(len(trainers))]
        for task in sorted(set("".join(trainers))):
            _check_read(answer(parts, trainers, task), parts, trainers, task)


def _check_read(reading, parts: list[Tensor], trainers: list[str], task: str) -> None:
    right = torch.cat(parts, dim=1)
    if not is_tensor(reading, *right.shape):
        raise Wrong(f"""{described(reading)} came, not a tensor of shape {tuple(right.shape)}.
            Hint: the rows of all parts, side by side.
            Hint: `torch.cat(several, dim=1)`.""")
    if not close(reading, right):
        raise Wrong("""the tower does not read the numbers of the parts, in their order.
            Hint: what a loss may train changes nothing of what its tower reads.
            Hint: `part.detach()` has the numbers of the part.""")
    reached = [bool(gradient.any()) for gradient in slopes(reading.square(), *parts)]
    wanted = [task in names for names in trainers]
    if reached == wanted:
        return
    if all(reached):
        raise Wrong(f"""the loss of {task} reaches every part, those of {trainers} that it may not train, too.
            Hint: a part that the task may not train is read through `.detach()`.
            Hint: ask of each part whether the task is among its trainers.""")
    if not any(reached):
        raise Wrong(f"""the loss of {task} reaches no part at all.
            Hint: only parts that the task may not train are detached.
            Hint: detach part by part, before they are put together.""")
    if reached == [not may for may in wanted]:
        raise Wrong(f"""the loss of {task} reaches the parts that it may not train, and no other.
            Hint: turn the condition round.
            Hint: `part if task in names else part.detach()`, part by part.""")
    raise Wrong(f"""for trainers {trainers} the loss of {task} reaches the parts {reached}, and should reach {wanted}.
        Hint: a part may have several trainers.
        Hint: `task in names`, for a text or a list of names.""")


@exercise("the silent units of each expert, and the mean weight that each gate gives to each expert.")
def health(answer: Callable[[Tensor, Tensor], tuple]):
    """`answer(outputs, gates)`: what experts put out, `(rows, experts, units)`, and gates' weights, `(tasks, rows,
    experts)`, become two: of each expert the share of units that are 0 on more than 90% of the rows, `(experts,)`, and
    the mean weight of each expert in each gate, `(tasks, experts)`."""
    draw = torch.Generator().manual_seed(7)
    for rows, experts, units, tasks in ((40, 3, 5, 2), (60, 4, 6, 3), (20, 2, 4, 1)):
        asleep = torch.tensor([0.0, 0.5, 0.8, 0.95, 1.0])[torch.randint(5, (experts, units), generator=draw)]
        asleep[0, 0], asleep[-1, 0] = 0.95, 1.0  # some are silent, whatever was drawn
        awake = torch.rand(rows, experts, units, generator=draw) + 0.1
        place = torch.rand(rows, experts, units, generator=draw).argsort(0)  # which rows: other ones for each unit
        outputs = awake * (place >= asleep * rows - 0.5)
        gates = torch.randn(tasks, rows, experts, generator=draw).mul(2).softmax(-1)
        _check_health(answer(outputs, gates), outputs, gates)


def _check_health(given, outputs: Tensor, gates: Tensor) -> None:
    tasks, rows, experts = gates.shape
    parts = [numbers(part) for part in given] if isinstance(given, tuple | list) else []
    if [np.shape(part) for part in parts] != [(experts,), (tasks, experts)]:
        shapes = f"{len(parts)} parts of shapes {[np.shape(part) for part in parts]}" if parts else described(given)
        raise Wrong(f"""for {rows} rows, {experts} experts of {outputs.shape[2]} units and {tasks} tasks the function
            returned {shapes}, not two of shapes ({experts},) and ({tasks}, {experts}).
            Hint: first a number for each expert, then for each task a number for each expert.
            Hint: `return silent, shares`.""")
    zero = (outputs == 0).double()
    silent, by_unit = parts[0], zero.mean(0)
    right = (by_unit > 0.9).double().mean(1)
    if close(silent, 1 - right) and not close(1 - right, right):
        raise Wrong("""these are the shares of the units that are *not* silent.
            Hint: count where the output is 0, not where it is above.
            Hint: `outputs == 0`.""")
    if close(silent, by_unit.mean(1)):
        raise Wrong("""these are the shares of zeros. Each healthy ReLU has some, and nobody minds.
            Hint: first ask of each unit on how many rows it is 0, then which units are so on more than 90%.
            Hint: the mean over the rows, then `> 0.9`, then the mean over the units.""")
    if close(silent, right * outputs.shape[2]) and not close(right, 0):
        raise Wrong("""these are numbers of units, not shares.
            Hint: experts may have any number of units.
            Hint: take the mean over the units, not the sum.""")
    if close(silent, (by_unit == 1).double().mean(1)):
        raise Wrong("""only units that are 0 on every row are counted.
            Hint: a unit that speaks on one row in twenty is silent, too.
            Hint: more than 90% of the rows.""")
    if close(silent, (zero.mean(2) > 0.9).double().mean(0)):
        raise Wrong("""these are the shares of *rows* on which an expert is silent.
            Hint: of each unit we want to know on how many rows it is 0.
            Hint: the rows are on axis 0: their mean comes first.""")
    if not close(silent, right):
        raise Wrong(f"""of {outputs.shape[2]} units in each expert, the shares that are 0 on more than 90% of the rows
            are {[round(share, 2) for share in right.tolist()]}, yours are {silent.round(2).tolist()}.
            Hint: three steps: where it is 0; on what share of the rows; is that more than 0.9?
            Hint: `(outputs == 0).float().mean(0)` has a share for each unit of each expert.""")
    shares, right = parts[1], gates.mean(1)
    if close(shares, gates.sum(1)):
        raise Wrong("""the weights of a gate are added up over the rows.
            Hint: a gate's shares sum to 1, however many rows there are.
            Hint: `mean` in place of `sum`.""")
    if close(shares, torch.nn.functional.one_hot(gates.argmax(2), experts).double().mean(1)):
        raise Wrong("""this is how often an expert has the largest weight.
            Hint: an expert that always comes second would seem to be unused.
            Hint: take the mean of the weights themselves.""")
    if not close(shares, right):
        raise Wrong(f"""the first gate gives its experts {[round(share, 2) for share in right[0].tolist()]} on average,
            yours says {shares[0].round(2).tolist()}.
            Hint: the mean over the rows, for each task and each expert.
            Hint: the rows are on axis 1 of the gates.""")


@exercise("each unit is normalised over the rows, and Swish follows.")
def woken(answer: Callable[[Tensor], Tensor]):
    """`answer(z)`: what the linear layer of an expert gives, `(rows, units)`, becomes what the expert puts out: each
    unit with mean 0 and variance 1 over the rows, and then z · sigmoid(z)."""
    draw = torch.Generator().manual_seed(9)
    for rows, units in ((200, 3), (150, 7)):
        z = torch.randn(rows, units, generator=draw) * torch.linspace(1, 9, units) + torch.linspace(-4, 5, units)
        z.requires_grad_()
        _check_woken(answer(z), z)
    constant = torch.cat([torch.full((50, 1), 3.0), torch.randn(50, 1, generator=draw)], dim=1)
    if not torch.isfinite(answer(constant)).all():
        raise Wrong("""a unit that gives the same for all rows becomes NaN: its variance is 0.
            Hint: batch norm adds a small number to the variance before it divides.
            Hint: `(variance + 1e-5).sqrt()`.""")


def _check_woken(output, z: Tensor) -> None:
    if not is_tensor(output, *z.shape):
        raise Wrong(f"""{described(output)} came, not a tensor of shape {tuple(z.shape)}.
            Hint: one number for each row and unit, as before.
            Hint: `dim=0` is the axis of the rows.""")
    swish = torch.nn.functional.silu
    rights = [swish((z - z.mean(0)) / z.std(0, correction=correction)) for correction in (0, 1)]
    if not any(close(output, right, 2e-3) for right in rights):
        _name_mistake(output, z)
    (yours,) = slopes(output.square(), z)
    if not any(close(yours, slopes(right.square(), z)[0], 5e-3) for right in rights):
        raise Wrong(f"""the numbers are right, but {"a wrong" if yours.any() else "no"} gradient reaches the layer.
            Hint: something cut the graph: `.detach()`, `.item()`, `.data` or NumPy.
            Hint: mean and variance depend on z, too: the gradient goes through them.""")


def _name_mistake(output: Tensor, z: Tensor) -> None:
    def near(right: Tensor) -> bool:
        return close(output, right, 5e-3)

    swish, normal = torch.nn.functional.silu, (z - z.mean(0)) / z.std(0)
    if near(normal):
        raise Wrong("""it is normalised, but no Swish follows.
            Hint: Swish multiplies a number by its own sigmoid.
            Hint: `n * n.sigmoid()`, with n the normalised numbers.""")
    if near(swish(z)):
        raise Wrong("""Swish is right, but nothing is normalised: units still have other means and other spreads.
            Hint: subtract from each unit its mean over the rows, and divide by its standard deviation.
            Hint: `z.mean(0)` and `z.var(0)` have one number for each unit.""")
    if near(normal.relu()):
        raise Wrong("""it is normalised, and then a ReLU follows: half of the numbers are 0 again.
            Hint: Swish is no ReLU: it lets a little of what is below 0 through.
            Hint: `n * n.sigmoid()`, with n the normalised numbers.""")
    if near(normal.sigmoid()):
        raise Wrong("""this is the sigmoid alone, between 0 and 1.
            Hint: Swish is z · sigmoid(z).
            Hint: multiply by the normalised numbers.""")
    if near((swish(z) - swish(z).mean(0)) / swish(z).std(0)):
        raise Wrong("""the order is reversed: Swish first, the normalisation after it.
            Hint: normalise what the linear layer gives, so that Swish sees numbers around 0.
            Hint: two lines: first `n = …` from z, then Swish of n.""")
    if near(z * normal.sigmoid()) or near(normal * z.sigmoid()):
        raise Wrong("""one of the two factors of Swish is not normalised.
            Hint: Swish takes one number, and uses it twice.
            Hint: give the normalised numbers a name, and use it in both places.""")
    by_row = z - z.mean(1, keepdim=True)
    if any(near(swish(by_row / z.std(1, correction=correction, keepdim=True))) for correction in (0, 1)):
        raise Wrong("""each row is normalised over its units: that is layer norm.
            Hint: a unit is to have mean 0 over the *rows*.
            Hint: the rows are on axis 0.""")
    if near(swish((z - z.mean()) / z.std())):
        raise Wrong("""all numbers have one mean and one variance together.
            Hint: each unit has its own: units that are far from 0 are those that fall silent.
            Hint: `z.mean(0)`, not `z.mean()`.""")
    if near(swish(z - z.mean(0))):
        raise Wrong("""each unit has mean 0, but still its own spread.
            Hint: divide by the standard deviation of the unit over the rows.
            Hint: its variance becomes 1.""")
    if near(swish((z - z.mean(0)) / z.var(0))):
        raise Wrong("""it is divided by the variance.
            Hint: the variance of z / c is that of z divided by c².
            Hint: divide by its square root.""")
    raise Wrong("""the numbers are not Swish of normalised units.
        Hint: for each unit: minus its mean over the rows, divided by its standard deviation over the rows.
        Hint: then multiply each number by its own sigmoid.""")

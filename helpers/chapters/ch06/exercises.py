"""The exercises of chapter 06, Soft sharing: MMoE."""

from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot, silu

from helpers.display.answers import close, is_number, numbers, slopes, unboxed
from helpers.display.exercises import Exercise
from helpers.display.mistakes import at, cut, form, gives, otherwise, when


def _mixed(weigh):
    """An answer that mixes the experts by these weights."""
    return lambda logits, outputs: (weigh(logits).unsqueeze(-1) * outputs).sum(1)


def _two(logits: Tensor, weigh=lambda values: values.softmax(1), most: int = 2, axis: int = 1) -> Tensor:
    """Weights of the two largest of each row, 0 for the others."""
    best = logits.topk(most, dim=axis)
    return torch.zeros_like(logits).scatter(axis, best.indices, weigh(best.values))


def _by_exp(values: Tensor) -> Tensor:
    return values.exp() / values.exp().sum(1, keepdim=True)


def _experts(rows: int, experts: int, width: int) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(4)
    shapes = (rows, experts), (rows, experts, width)
    return tuple(torch.randn(shape, generator=draw, requires_grad=True) for shape in shapes)


best_two = Exercise(
    "the two best experts of each row, with weights that sum to 1; all others are left out.",
    """`answer(logits, outputs)`: `(n, experts)` and `(n, experts, width)` become Σᵢ wᵢ outputsᵢ over the two experts
    with the largest logits of a row, w the softmax of these two logits. There are two experts or more.""",
    right=_mixed(_two),
    also=[
        _mixed(lambda z: z.masked_fill(z.argsort(1, descending=True).argsort(1) > 1, -torch.inf).softmax(1)),
        lambda z, f: torch.einsum("ne,new->nw", _two(z), f),
    ],
    cases=lambda: [_experts(5, 4, 3)],
    mistakes={
        form(lambda z, f: (_two(z).unsqueeze(-1) * f).sum(2), lambda z, f: _two(z).unsqueeze(-1) * f): """for outputs of
            shape {1.shape} the result is {came}, not {wanted}.
            Hint: the mixture is as wide as one expert: the axis of the experts is summed away.
            Hint: `weights.unsqueeze(-1)` has shape (n, experts, 1) and multiplies every number of an expert; then
            `.sum(1)`.""",
        _mixed(lambda z: z.softmax(1)): """every expert is in the mixture, as in the chapter.
            Hint: only the two with the largest logits of a row may count.
            Hint: `logits.topk(2, dim=1)` gives their logits and their numbers.""",
        _mixed(lambda z: z.softmax(1) * (_two(z) > 0)): """the weights of the two do not sum to 1: the others had a part
            of the softmax before they left.
            Hint: choose the two first, then take the softmax of only their logits.
            Hint: or divide the two weights by their sum.""",
        _mixed(lambda z: (_two(z) > 0) / 2): """the two count alike, each by a half.
            Hint: the larger logit has the larger weight.
            Hint: a softmax of the two logits.""",
        _mixed(lambda z: _two(z.T).T): """the two were chosen among the rows, not among the experts.
            Hint: each row has experts of its own.
            Hint: the experts are on axis 1.""",
        lambda z, f: _mixed(_two)(z, f) / 2: """the mixture is half of what it should be: a mean was taken where a sum
            belongs.
            Hint: the weights sum to 1 already.
            Hint: `.sum(1)` in place of `.mean(1)`.""",
        otherwise(_mixed(lambda z: _two(z, most=1))): """the first row should begin with {right[0][0]:.3f}, yours begins
            with {yours[0][0]:.3f}.
            Hint: three steps: the two largest logits of a row, their softmax, the experts times their weights.
            Hint: `torch.zeros_like(logits).scatter(1, numbers, weights)` puts two weights in a row of zeros.""",
        cut(
            {"gate": 0, "experts": 1},
            _mixed(lambda z: _two(z.detach())),
            lambda z, f: _mixed(_two)(z, f.detach()),
            lambda z, f: _mixed(_two)(z, f) + z.sum() - z.detach().sum(),
        ): """{a} gradient reaches the {name}.
            Hint: something cut the graph: `.detach()`, `.item()`, `.data` or NumPy.
            Hint: use torch operations all the way from the logits and the outputs to the mixture.""",
        at(
            [_experts(1, 6, 2), _experts(7, 2, 3), _experts(3, 3, 1)],
            lambda z, f: sum(_two(z)[:, [i]] * f[:, i] for i in range(min(4, z.shape[1]))),
        ): """for outputs of shape {1.shape} the numbers are wrong.
            Hint: the numbers of rows and of experts and the width may be any.
            Hint: take all sizes from the arguments, and write none of them into your code.""",
        at(
            (torch.tensor([[500.0, 499.0, -500.0]]), torch.tensor([[[1.0, 2.0], [0.0, 5.0], [7.0, 7.0]]])),
            _mixed(lambda z: _two(z.clamp(max=80), _by_exp)),
            _mixed(lambda z: _two(z, _by_exp)),
        ): """for logits of 500, 499 and −500 the mixture is {yours:.3f}, and should be {right:.3f}.
            Hint: e to the power of 500 is too large for a float.
            Hint: torch's own `softmax` subtracts the largest logit first.""",
    },
)


def _fair_width(
    inputs: int, tasks: int, experts: int, units: int, tower: int, gates: int | None = None, biases: int = 1
) -> int:
    """The width that makes both sizes equal; the last layers of the towers cost the same on both sides."""
    size = experts * (inputs + biases) * units + (tasks if gates is None else gates) * inputs * experts
    return round((size + tasks * units * tower) / (inputs + biases + tasks * tower))


def _whole(given, right) -> float | None:
    number = unboxed(given)
    return number if is_number(number) and float(number).is_integer() else None


SIZES = "with {0} inputs, {1} tasks, {2} experts of {3} units, towers of {4}"

fair_width = Exercise(
    "experts, gates and towers counted, and the bottom that has as many parameters.",
    """`answer(inputs, tasks, experts, units, tower)`: the width of a Shared-Bottom with the parameters of the MMoE,
    rounded to a whole number. One layer in each expert and tower, biases everywhere but in the gates.""",
    right=_fair_width,
    # the last two tell apart what the others round to the same width: biases forgotten, or two tasks taken for granted
    cases=lambda: [(20, 2, 4, 4, 8), (100, 2, 8, 16, 8), (50, 3, 6, 10, 4), (5, 3, 6, 40, 3), (4, 3, 6, 32, 2)],
    read=_whole,
    mistakes={
        form(lambda *case: 15.08, lambda *case: {20: 15}.get(case[0])): f"""{SIZES} the function returned {{given!r}},
            not a whole number.
            Hint: the width of a layer is a number of units.
            Hint: solve the equation for the width, then `round` it.""",
        lambda inputs, tasks, experts, units, tower: experts * units: """{yours:g} is the width of all experts together:
            the Shared-Bottom is then larger than the MMoE.
            Hint: each tower reads the whole wide bottom, but only one mixture of width {3}.
            Hint: count all parameters of both models, and set them equal.""",
        partial(_fair_width, gates=0): f"""{SIZES} you get {{yours:g}}: the gates are not counted.
            Hint: a gate is a matrix from the inputs to the experts, and it is trained like everything else.
            Hint: each task has a gate of inputs × experts weights.""",
        partial(_fair_width, gates=1): f"""{SIZES} you get {{yours:g}}: one gate is counted, not one a task.
            Hint: that would be the one-gate MoE.
            Hint: multiply the gate's weights by the number of tasks.""",
        partial(_fair_width, biases=0): f"""{SIZES} you get {{yours:g}}: the biases of experts and bottom are not
            counted.
            Hint: a layer from 5 inputs to 40 units has 5 · 40 weights and 40 biases.
            Hint: each expert has (inputs + 1) · units parameters, and the bottom (inputs + 1) · width.""",
        otherwise(lambda *case: 15): f"""{SIZES} you get {{yours:g}}; the width should be {{right}}.
            Hint: write both sizes down: experts + gates + towers on the left, bottom + towers on the right.
            Hint: the towers on the right read the whole bottom: each costs width · tower + tower, and its last layer
            tower + 1, on both sides.""",
    },
)


def _ordered(order):
    """An answer that puts both gates' weights into this order."""
    return lambda a, b: tuple(np.take_along_axis(part, order(a, b), 1) for part in (a, b))


def _pairs(a, b) -> list[list[tuple]]:
    """Each run's pairs of weights, without their order."""
    rounded = np.stack([a, b], axis=-1).round(6)
    return [sorted(map(tuple, run)) for run in rounded]


def _gates():
    """Mean gate weights; after the first, of sizes in which no other order gives the same."""
    yield (
        np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.2, 0.35, 0.45]]),
        np.array([[0.5, 0.2, 0.3], [0.1, 0.5, 0.4], [0.6, 0.05, 0.35]]),
    )
    rng = np.random.default_rng(6)
    for runs, experts in ((7, 4), (1, 5), (3, 2)):
        yield tuple(rng.dirichlet(np.ones(experts), (2, runs)))


aligned = Exercise(
    "each run keeps its pairs of weights, and its experts are in one order for all runs.",
    """`answer(a, b)`: mean gate weights of both tasks, `(runs, experts)` each, become the same with the experts of each
    run in the order of a − b, the largest first.""",
    right=_ordered(lambda a, b: np.argsort(b - a, axis=1)),
    cases=_gates,
    mistakes={
        form(
            lambda a, b: np.argsort(b - a, axis=1),
            lambda a, b: _ordered(lambda a, b: np.argsort(b - a, axis=1))(a[:3, :3], b[:3, :3]),
        ): """for arrays of shape {0.shape} the function returned {came}, not {wanted}.
            Hint: both tasks' weights, with the experts in their new order.
            Hint: `return a_sorted, b_sorted`.""",
        lambda a, b: (a, b): """the experts are still in the order in which they were drawn.
            Hint: the second run's third expert has nothing to do with the first run's third.
            Hint: find an order for each run, from a − b.""",
        gives(
            lambda yours, a, b: _pairs(*yours) != _pairs(a, b),
            lambda a, b: (-np.sort(-a, axis=1), -np.sort(-b, axis=1)),
        ): """an expert's weight in gate A is now next to another expert's weight in gate B.
            Hint: both tasks' weights of one expert belong together.
            Hint: one order a run, used for both arrays: `np.take_along_axis(a, order, axis=1)`, and the same for b.""",
        _ordered(lambda a, b: np.argsort(a - b, axis=1)): """the experts run from the one that B prefers to the one that
            A prefers.
            Hint: `argsort` begins with the smallest.
            Hint: sort by b − a, or reverse the order.""",
        otherwise(_ordered(lambda a, b: np.argsort(-a, axis=1))): """the differences a − b do not fall from expert to
            expert in every run.
            Hint: sorting by only a, by only b, by their ratio, or in the same order for all runs, is not enough.
            Hint: `order = np.argsort(b - a, axis=1)`.""",
    },
)


def _entropy(weights: Tensor) -> Tensor:
    return torch.special.entr(weights).sum(-1)


def _whole_gates() -> list[tuple[Tensor]]:
    drawn = torch.tensor([0.5, 0.25, 0.15, 0.07, 0.03])
    uneven = torch.stack([drawn, drawn.flip(0), drawn.roll(1), drawn, drawn, drawn.roll(2)]).double()
    rows_apart = torch.eye(4).repeat(2, 1) * 0.96 + 0.01  # each row takes one expert, each expert has rows
    collapsed = torch.tensor([[1.0, 0.0, 0.0, 0.0]]).repeat(5, 1)
    three = uneven[:, :3] / uneven[:, :3].sum(1, keepdim=True)
    return [(gate,) for gate in (torch.full((6, 4), 0.25), rows_apart, collapsed, uneven, three)]


effective_experts = Exercise(
    "1 for a collapsed gate, all of them for an even one.",
    "`answer(gate)`: weights `(n, experts)` become exp(entropy of the mean weights), between 1 and experts.",
    right=lambda gate: _entropy(gate.mean(0)).exp().item(),
    also=[lambda gate: 2 ** (_entropy(gate.mean(0)) / np.log(2))],
    cases=_whole_gates,
    fields=lambda yours, gate: {"weights": gate.mean(0)},
    mistakes={
        form(lambda gate: _entropy(gate).exp()): """the function returned {came}, not one number.
            Hint: one number for the whole gate.
            Hint: take the mean over the rows before the entropy.""",
        lambda gate: _entropy(gate.mean(0)): """an even gate over 4 experts gives 1.39: that is the entropy itself.
            Hint: the entropy of n equal shares is log n.
            Hint: return e to the power of the entropy.""",
        lambda gate: (-_entropy(gate.mean(0))).exp(): """an even gate over 4 experts gives 0.25: the sign of the entropy
            is wrong.
            Hint: the logarithm of a share is negative.
            Hint: entropy is −Σ w log w.""",
        (lambda gate: _entropy(gate).mean().exp(), lambda gate: _entropy(gate).exp().mean()): """each row takes one
            expert, but together the rows use all {right:.0f}; yours says {yours:.2f}.
            Hint: a gate that sends rows to different experts has not collapsed.
            Hint: mean over the rows first, entropy then.""",
        gives(
            lambda yours, gate: not np.isfinite(yours),
            lambda gate: torch.exp(-(gate.mean(0) * gate.mean(0).log()).sum()),
        ): """a gate with all its weight on one expert gives {yours:.2f}; it uses 1.
            Hint: 0 · log 0 is NaN for a computer, and 0 here.
            Hint: `torch.special.entr(w)` is −w log w with 0 at 0; or clamp the weights from below.""",
        lambda gate: (gate.mean(0) > 0.05).sum(): """a gate with mean weights {weights:.3f} gives {yours:g}: experts
            above a bound were counted.
            Hint: a bound does not see how uneven the weights above it are.
            Hint: exp(−Σ w log w) is a smooth count: it lies between 1 and the number of experts.""",
        lambda gate: 1 / gate.mean(0).square().sum(): """a gate with mean weights {weights:.3f} gives {yours:.2f}: that
            is 1/Σw², another smooth count.
            Hint: the squares count the large weights more than the entropy does.
            Hint: the entropy is −Σ w log w.""",
        otherwise(lambda gate: 4.0 if gate.mean(0).min() > 0.1 else 1.0, lambda gate: (gate.mean(0) > 0.3).sum()): """a
            gate with mean weights {weights:.3f} uses {right:.2f} experts, yours says {yours:.2f}.
            Hint: with w the mean weights: exp(−Σ w log w), natural logarithm.
            Hint: `w = gate.mean(0)`, then `torch.special.entr(w).sum().exp()`.""",
    },
)


def _reading(may):
    """An answer that lets a task train the parts that it `may(task, names)`."""

    def answer(parts, trainers, task):
        read = [part if may(task, names) else part.detach() for part, names in zip(parts, trainers, strict=True)]
        return torch.cat(read, dim=1)

    return answer


def _bottoms():
    draw = torch.Generator().manual_seed(6)
    for trainers in (["a", "ab", "b"], ["ab", "a"], ["b", "a", "c", "abc"]):
        parts = [torch.randn(5, 2 + i, generator=draw, requires_grad=True) for i in range(len(trainers))]
        for task in sorted(set("".join(trainers))):
            yield parts, trainers, task


def _reached(answer) -> dict | None:
    """The first task whose loss reaches other parts than it should: which are reached, which are wanted."""
    for parts, trainers, task in _bottoms():
        reached = [bool(gradient.any()) for gradient in slopes(answer(parts, trainers, task).square(), *parts)]
        wanted = [task in names for names in trainers]
        if reached != wanted:
            return {"reached": reached, "wanted": wanted, "task": task, "trainers": trainers}
    return None


read_all = Exercise(
    "a tower reads every part, and its loss reaches those that it may train.",
    """`answer(parts, trainers, task)`: parts of a bottom, `(n, units)` each, become what the tower of a task reads,
    `(n, all units)`, in their order. `trainers` says for each part the tasks whose losses train it, such as "ab".""",
    right=_reading(lambda task, names: task in names),
    cases=_bottoms,
    look=_reached,
    mistakes={
        form(lambda parts, trainers, task: torch.cat(parts[1:], 1)): """{came} came, not {wanted}.
            Hint: the rows of all parts, side by side.
            Hint: `torch.cat(several, dim=1)`.""",
        otherwise(lambda parts, trainers, task: torch.cat(parts[::-1], 1)): """the tower does not read the numbers of
            the parts, in their order.
            Hint: what a loss may train changes nothing of what its tower reads.
            Hint: `part.detach()` has the numbers of the part.""",
        when(lambda seen: seen and all(seen["reached"]) and seen, _reading(lambda task, names: True)): """the loss of
            {task} reaches every part, those of {trainers} that it may not train, too.
            Hint: a part that the task may not train is read through `.detach()`.
            Hint: ask of each part whether the task is among its trainers.""",
        when(lambda seen: seen and not any(seen["reached"]) and seen, _reading(lambda task, names: False)): """the loss
            of {task} reaches no part at all.
            Hint: only parts that the task may not train are detached.
            Hint: detach part by part, before they are put together.""",
        when(
            lambda seen: seen and seen["reached"] == [not may for may in seen["wanted"]] and seen,
            _reading(lambda task, names: task not in names),
        ): """the loss of {task} reaches the parts that it may not train, and no other.
            Hint: turn the condition round.
            Hint: `part if task in names else part.detach()`, part by part.""",
        when(lambda seen: seen, _reading(lambda task, names: task == names)): """for trainers {trainers} the loss of
            {task} reaches the parts {reached}, and should reach {wanted}.
            Hint: a part may have several trainers.
            Hint: `task in names`, for a text or a list of names.""",
    },
)


def _silent(outputs: Tensor, most: float = 0.9, rows: int = 0) -> Tensor:
    """The share of units of each expert that are 0 on more than `most` of the rows."""
    by_unit = (outputs == 0).double().mean(rows)
    return (by_unit > most).double().mean(1 - rows // 2)


def _health(silent=_silent, shares=lambda gates: gates.mean(1)):
    return lambda outputs, gates: (numbers(silent(outputs)), numbers(shares(gates)))


def _outputs():
    """What experts of several sizes put out, and gates' weights."""
    draw = torch.Generator().manual_seed(7)
    for rows, experts, units, tasks in ((40, 3, 5, 2), (60, 4, 6, 3), (20, 2, 4, 1)):
        asleep = torch.tensor([0.0, 0.5, 0.8, 0.95, 1.0])[torch.randint(5, (experts, units), generator=draw)]
        asleep[0, 0], asleep[-1, 0] = 0.95, 1.0  # some are silent, whatever was drawn
        awake = torch.rand(rows, experts, units, generator=draw) + 0.1
        place = torch.rand(rows, experts, units, generator=draw).argsort(0)  # which rows: other ones for each unit
        yield (
            awake * (place >= asleep * rows - 0.5),
            torch.randn(tasks, rows, experts, generator=draw).mul(2).softmax(-1),
        )


health = Exercise(
    "the silent units of each expert, and the mean weight that each gate gives to each expert.",
    """`answer(outputs, gates)`: what experts put out, `(rows, experts, units)`, and gates' weights, `(tasks, rows,
    experts)`, become two: of each expert the share of units that are 0 on more than 90% of the rows, `(experts,)`, and
    the mean weight of each expert in each gate, `(tasks, experts)`.""",
    right=_health(),
    also=[lambda f, g: [_silent(f).tolist(), g.numpy().mean(1)]],
    cases=_outputs,
    mistakes={
        form(lambda f, g: _silent(f), lambda f, g: (_silent(f), g.mean((0, 1)))): """for outputs of shape {0.shape} and
            gates of shape {1.shape} the function returned {came}, not {wanted}.
            Hint: first a number for each expert, then for each task a number for each expert.
            Hint: `return silent, shares`.""",
        _health(lambda f: 1 - _silent(f)): """these are the shares of the units that are *not* silent.
            Hint: count where the output is 0, not where it is above.
            Hint: `outputs == 0`.""",
        _health(lambda f: (f == 0).float().mean((0, 2))): """these are the shares of zeros. Each healthy ReLU has some,
            and nobody minds.
            Hint: first ask of each unit on how many rows it is 0, then which units are so on more than 90%.
            Hint: the mean over the rows, then `> 0.9`, then the mean over the units.""",
        _health(lambda f: _silent(f) * f.shape[2]): """these are numbers of units, not shares.
            Hint: experts may have any number of units.
            Hint: take the mean over the units, not the sum.""",
        _health(lambda f: _silent(f, most=0.999)): """only units that are 0 on every row are counted.
            Hint: a unit that speaks on one row in twenty is silent, too.
            Hint: more than 90% of the rows.""",
        _health(lambda f: _silent(f, rows=2)): """these are the shares of *rows* on which an expert is silent.
            Hint: of each unit we want to know on how many rows it is 0.
            Hint: the rows are on axis 0: their mean comes first.""",
        gives(lambda yours, f, g: not close(yours[0], _silent(f)), _health(lambda f: _silent(f, most=0.5))): """of the
            units in each expert, the shares that are 0 on more than 90% of the rows are {right[0]:.2f}, yours are
            {yours[0]:.2f}.
            Hint: three steps: where it is 0; on what share of the rows; is that more than 0.9?
            Hint: `(outputs == 0).float().mean(0)` has a share for each unit of each expert.""",
        _health(shares=lambda g: g.sum(1)): """the weights of a gate are added up over the rows.
            Hint: a gate's shares sum to 1, however many rows there are.
            Hint: `mean` in place of `sum`.""",
        _health(shares=lambda g: one_hot(g.argmax(2), g.shape[2]).double().mean(1)): """this is how often an expert has
            the largest weight.
            Hint: an expert that always comes second would seem to be unused.
            Hint: take the mean of the weights themselves.""",
        otherwise(_health(shares=lambda g: g.amax(1))): """the first gate gives its experts {right[1][0]:.2f} on
            average, yours says {yours[1][0]:.2f}.
            Hint: the mean over the rows, for each task and each expert.
            Hint: the rows are on axis 1 of the gates.""",
    },
)


def _normal(z: Tensor, axis: int = 0, correction: int = 0) -> Tensor:
    return (z - z.mean(axis, keepdim=True)) / (z.var(axis, keepdim=True, correction=correction) + 1e-5).sqrt()


def _units():
    draw = torch.Generator().manual_seed(9)
    for rows, units in ((200, 3), (150, 7)):
        z = torch.randn(rows, units, generator=draw) * torch.linspace(1, 9, units) + torch.linspace(-4, 5, units)
        yield (z.requires_grad_(),)


CONSTANT = torch.stack([torch.full((50,), 3.0), torch.linspace(-2, 2, 50)], dim=1)

woken = Exercise(
    "each unit is normalised over the rows, and Swish follows.",
    """`answer(z)`: what the linear layer of an expert gives, `(rows, units)`, becomes what the expert puts out: each
    unit with mean 0 and variance 1 over the rows, and then z · sigmoid(z).""",
    right=lambda z: silu(_normal(z)),
    also=[
        lambda z: silu(torch.nn.BatchNorm1d(z.shape[1])(z)),
        lambda z: silu((z - z.mean(0)) / (z.std(0) + 1e-6)),
    ],
    cases=_units,
    same=partial(close, part=5e-3),  # the variance may be that of the rows, or estimated from them
    mistakes={
        form(lambda z: silu(_normal(z)).sum(1)): """{came} came, not {wanted}.
            Hint: one number for each row and unit, as before.
            Hint: `dim=0` is the axis of the rows.""",
        _normal: """it is normalised, but no Swish follows.
            Hint: Swish multiplies a number by its own sigmoid.
            Hint: `n * n.sigmoid()`, with n the normalised numbers.""",
        silu: """Swish is right, but nothing is normalised: units still have other means and other spreads.
            Hint: subtract from each unit its mean over the rows, and divide by its standard deviation.
            Hint: `z.mean(0)` and `z.var(0)` have one number for each unit.""",
        lambda z: _normal(z).relu(): """it is normalised, and then a ReLU follows: half of the numbers are 0 again.
            Hint: Swish is no ReLU: it lets a little of what is below 0 through.
            Hint: `n * n.sigmoid()`, with n the normalised numbers.""",
        lambda z: _normal(z).sigmoid(): """this is only the sigmoid, between 0 and 1.
            Hint: Swish is z · sigmoid(z).
            Hint: multiply by the normalised numbers.""",
        lambda z: _normal(silu(z)): """the order is reversed: Swish first, the normalisation after it.
            Hint: normalise what the linear layer gives, so that Swish sees numbers around 0.
            Hint: two lines: first `n = …` from z, then Swish of n.""",
        (lambda z: z * _normal(z).sigmoid(), lambda z: _normal(z) * z.sigmoid()): """one of the two factors of Swish is
            not normalised.
            Hint: Swish takes one number, and uses it twice.
            Hint: give the normalised numbers a name, and use it in both places.""",
        (lambda z: silu(_normal(z, 1)), lambda z: silu(_normal(z, 1, correction=1))): """each row is normalised over its
            units: that is layer norm.
            Hint: a unit is to have mean 0 over the *rows*.
            Hint: the rows are on axis 0.""",
        lambda z: silu((z - z.mean()) / z.std()): """all numbers have one mean and one variance together.
            Hint: each unit has its own: units that are far from 0 are those that fall silent.
            Hint: `z.mean(0)`, not `z.mean()`.""",
        lambda z: silu(z - z.mean(0)): """each unit has mean 0, but still its own spread.
            Hint: divide by the standard deviation of the unit over the rows.
            Hint: its variance becomes 1.""",
        lambda z: silu((z - z.mean(0)) / z.var(0)): """it is divided by the variance.
            Hint: the variance of z / c is that of z divided by c².
            Hint: divide by its square root.""",
        otherwise(lambda z: silu(2 * _normal(z))): """the numbers are not Swish of normalised units.
            Hint: for each unit: minus its mean over the rows, divided by its standard deviation over the rows.
            Hint: then multiply each number by its own sigmoid.""",
        cut(
            {"layer": 0},
            lambda z: silu(_normal(z.detach())),
            lambda z: silu((z - z.mean(0).detach()) / z.std(0).detach()),
        ): """the numbers are right, but {a} gradient reaches the {name}.
            Hint: something cut the graph: `.detach()`, `.item()`, `.data` or NumPy.
            Hint: mean and variance depend on z, too: the gradient goes through them.""",
        when(
            lambda answer: not torch.isfinite(answer(CONSTANT)).all(), lambda z: silu((z - z.mean(0)) / z.std(0))
        ): """a unit that gives the same for all rows becomes NaN: its variance is 0.
            Hint: batch norm adds a small number to the variance before it divides.
            Hint: `(variance + 1e-5).sqrt()`.""",
    },
)

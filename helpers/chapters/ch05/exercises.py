"""The exercises of chapter 05, Balancing losses. The first five are its clinic: each begins with a mistake."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from helpers.display.answers import close, described, slopes
from helpers.display.exercises import Exercise
from helpers.display.mistakes import at, cut, form, gives, otherwise, when
from helpers.evaluation.metrics import auc


def _leaf(*values: float) -> Tensor:
    return torch.tensor(values, requires_grad=True)


def _uwl(losses: Tensor, s: Tensor) -> Tensor:
    return (0.5 * torch.exp(-s) * losses + 0.5 * s).sum()


LOW = _leaf(2.0, 0.05), _leaf(0.7, -3.0)

uncertainty = Exercise(
    "every variance is allowed, and the weight of a task follows its loss all the way down.",
    "`answer(losses, s)`: Σ ½·e^(−s)·L + ½·s for regression tasks, s = log σ², both `(tasks,)`; a scalar.",
    right=_uwl,
    also=[lambda losses, s: _uwl(losses.double(), s.double())],
    cases=lambda: [(_leaf(2.0, 0.05, 300.0), _leaf(0.7, 0.2, 6.0))],
    mistakes={
        form(lambda losses, s: 0.5 * torch.exp(-s) * losses + 0.5 * s): """the function gave back {came}, not one number
            in a tensor.
            Hint: the optimiser needs one number for all tasks.
            Hint: end with `.sum()`.""",
        otherwise(lambda losses, s: (torch.exp(-s) * losses + 0.5 * s).sum()): """for s above 0 the total should be
            {right:.3f}, yours is {yours:.3f}.
            Hint: ½·e^(−s)·L + ½·s, summed over the tasks.
            Hint: s is log σ² here: the precision 1/σ² is `torch.exp(-s)`.""",
        cut({"losses": 0}, lambda losses, s: _uwl(losses.detach(), s)): """{a} gradient reaches the {name}: the network
            would not be trained.
            Hint: the total has to stay connected to the arguments.
            Hint: look for `.detach()`, `.item()`, `.data`, or `float(...)` around the losses.""",
        when(
            lambda answer: slopes(answer(*LOW), LOW[1])[0][1] == 0,
            lambda losses, s: _uwl(losses, s.clamp(min=0)),
            lambda losses, s: _uwl(losses, s).clamp(min=0),
        ): """where s is below 0 it gets no gradient: the task's weight is stuck there.
            Hint: a loss of 0.05 asks for σ² = 0.05, and what is s then?
            Hint: nothing has to keep s above 0: e^(−s) is positive for any s, and a total below 0 is no error. Look for
            what cuts it off.""",
        at(LOW, lambda losses, s: _uwl(losses, s.abs())): """for s = −3 the total should be {right:.3f}, yours is
            {yours:.3f}.
            Hint: the formula is the same on both sides of 0.
            Hint: no clamp, no abs, no relu and no softplus on s.""",
        at((_leaf(2e-9, 1e7), _leaf(-20.0, 16.0)), lambda losses, s: _uwl(losses, s.clamp(min=-10))): """for s = −20 or
            s = 16 the total is not that of the formula: there is still an end to what s may be.
            Hint: a loss of a billionth is a loss; units decide how small it is.
            Hint: no clamp at all, neither below nor above.""",
        cut(
            {"losses": 0, "s": 1},
            lambda losses, s: (0.5 * torch.exp(-s.detach()) * losses + 0.5 * s).sum(),
            cases=[LOW],
        ): """the total is right, and its gradient is not that of the formula.
            Hint: some part of it was cut off from the arguments.
            Hint: neither the losses nor s are detached, in either of the two terms.""",
    },
)


def _aim(norms: Tensor, losses: Tensor, first: Tensor, alpha: float) -> Tensor:
    progress = losses / first
    return norms.detach().mean() * (progress / progress.mean()) ** alpha


def _norms() -> list[tuple]:
    return [(_leaf(8.0, 2.0, 2.0), torch.tensor([50.0, 0.9, 0.3]), torch.tensor([100.0, 1.0, 1.0]), 1.5)]


target = Exercise(
    "each task has a target of its own, and nothing but the weights will follow it.",
    """`answer(norms, losses, first, alpha)`: the gradient norms G that GradNorm aims at, `(tasks,)`.

    norms are G of now, losses are L(t) and first L(0), `(tasks,)` each.""",
    right=_aim,
    also=[lambda norms, losses, first, alpha: _aim(norms.double(), losses, first, alpha)],
    cases=_norms,
    mistakes={
        form(lambda norms, *_: norms.mean()): """the function gave back {came}, not one target a task.
            Hint: three tasks, three targets.
            Hint: a tensor of shape (tasks,).""",
        gives(lambda yours, *_: close(yours, yours[0].expand(3)), lambda norms, *_: norms.mean().expand(3)): """all
            tasks have the same target: how fast a task learns has no say in it.
            Hint: two of the arguments and α are not used yet.
            Hint: multiply the mean norm by r^α, where r is the task's own relative rate.""",
        lambda norms, losses, first, alpha: _aim(norms, losses, torch.ones(3), alpha): """the losses themselves are
            compared: a task in another unit looks slow.
            Hint: what counts is which part of its first loss a task still has.
            Hint: L̃ = L(t) / L(0), for each task.""",
        lambda norms, losses, first, alpha: norms.mean() * (losses / first) ** alpha: """L̃ was not compared with the
            other tasks: when all have learnt, all targets shrink.
            Hint: a task is slow or fast *in relation to the mean*.
            Hint: r = L̃ / mean of the L̃.""",
        lambda norms, losses, first, alpha: _aim(norms, losses, first, -alpha): """the fast task gets the large target.
            Hint: a task that is behind, with a large L̃, should get more.
            Hint: r^α, not r^(−α).""",
        lambda norms, *rest: _aim(norms, *rest) / norms.mean() * norms: """each task aims at its own norm: the large
            one stays large.
            Hint: the norms should become similar, so they share a starting point.
            Hint: take the mean of the norms.""",
        otherwise(lambda norms, losses, first, alpha: _aim(norms, losses, first, 1.0)): """the targets should be
            {right:.2f}, yours are {yours:.2f}.
            Hint: target = (mean of G) · r^α.
            Hint: L̃ = L(t)/L(0), r = L̃ / mean L̃.""",
        when(
            lambda answer: answer(*_norms()[0]).requires_grad,
            lambda norms, *rest: _aim(norms, *rest) / norms.mean().item() * norms.mean(),
        ): """a gradient flows into the target: the loss could be lowered by moving the target.
            Hint: the paper holds it constant while the weights take their step.
            Hint: `.detach()` it.""",
        at(
            [
                (torch.tensor([3.0, 1.0]), torch.tensor([0.2, 6.0]), torch.tensor([0.8, 8.0]), 0.5),
                (torch.tensor([1.0, 5.0, 2.0, 4.0]), torch.ones(4), torch.tensor([2.0, 4.0, 1.0, 8.0]), 0.0),
            ],
            lambda norms, losses, first, alpha: _aim(norms, losses, first, 1.5),
            lambda norms, *rest: _aim(norms, *rest) * len(norms) / 3,
        ): """for norms of {0:g} and α = {3:g} the targets should be {right:.2f}, yours are {yours:.2f}.
            Hint: it should be right for any number of tasks and any α.
            Hint: use `alpha` as it comes, and `.mean()`, which counts the tasks by itself.""",
    },
)


def _binary_tasks(rates: dict[str, float]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Logits and labels by task; the later a task, the better it is predicted."""
    draw = torch.Generator().manual_seed(5)
    labels = {task: (torch.rand(400, generator=draw) < rate).float() for task, rate in rates.items()}
    logits = [y * 0.8 * place + torch.randn(400, generator=draw) for place, y in enumerate(labels.values())]
    return dict(zip(labels, logits, strict=True)), labels


def _areas(outputs: dict[str, Tensor], labels: dict[str, Tensor]) -> dict[str, float]:
    return {task: auc(outputs[task], label) for task, label in labels.items()}


def _wrong(areas: dict, right: dict[str, float]) -> list[str]:
    """The tasks whose AUC is not right; two decimals are enough."""
    return [task for task, area in right.items() if not abs(float(areas[task]) - area) < 0.0051]


OTHERS, OTHER_LABELS = _binary_tasks({"open": 0.3, "save": 0.15})

report = Exercise(
    "every task is in the report, each with its own number.",
    "`answer(outputs, labels)`: {task: logits} and {task: binary labels} become {task: AUC}.",
    right=_areas,
    also=[lambda outputs, labels: {task: round(area, 2) for task, area in _areas(outputs, labels).items()}],
    cases=lambda: [_binary_tasks({"click": 0.4, "like": 0.2, "share": 0.1})],
    read=lambda given, right: given if isinstance(given, dict) else None,
    same=lambda yours, right: yours.keys() == right.keys() and not _wrong(yours, right),
    mistakes={
        form(lambda outputs, labels: 0.7): """the function gave back {came}, not a dict.
            Hint: one number a task, under the task's name.
            Hint: {{task: AUC}}.""",
        gives(
            lambda yours, outputs, labels: (
                {"missing": " and ".join(task for task in labels if task not in yours)}
                if labels.keys() - yours
                else False
            ),
            lambda outputs, labels: dict([*_areas(outputs, labels).items()][:1]),
        ): """{missing}: trained, and not in the report.
            Hint: a model for three tasks has three results; a loss can hide in any of them.
            Hint: go through all names in `labels`.""",
        gives(
            lambda yours, outputs, labels: len({round(float(yours[task]), 4) for task in labels}) == 1,
            lambda outputs, labels: dict.fromkeys(
                labels, auc(*(torch.cat([*part.values()]) for part in (outputs, labels)))
            ),
        ): """all tasks have the same number: they were pooled or averaged.
            Hint: pooled, a rate that differs from task to task passes for a good order.
            Hint: an AUC of its own for each task.""",
        otherwise(lambda outputs, labels: _areas(dict.fromkeys(labels, outputs["like"]), labels)): """the AUC of {wrong}
            is not that of its own outputs and labels.
            Hint: each task's outputs belong to its own labels.
            Hint: `auc(outputs[task], labels[task])`.""",
        at(
            (dict(reversed(OTHERS.items())), OTHER_LABELS),
            lambda outputs, labels: {
                task: auc(outputs[task], labels[task]) for task in ("click", "like", "share") if task in labels
            },
        ): """with two tasks of other names, open and save, the report is not right.
            Hint: tomorrow's model has other tasks, and its outputs may come in another order.
            Hint: write no task's name and no number of tasks; find each output by its name.""",
    },
    fields=lambda yours, *case: (
        {"wrong": " and ".join(_wrong(yours, _areas(*case)))} if yours.keys() >= case[1].keys() else {}
    ),
)

ROWS, HALF_WIDTH = 20_000, 0.03  # of the 95% interval of an AUC near 0.75, at a rate of 20%


def auc_error(rows: int, area: float = 0.75, rate: float = 0.2) -> float:
    """Standard error of an AUC from so many rows (Hanley and McNeil, Radiology 143, 1982)."""
    ones = max(1, round(rate * rows))
    zeros = max(1, rows - ones)
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (ones - 1) * (one - area**2) + (zeros - 1) * (two - area**2)
    return math.sqrt(spread / (ones * zeros))


@dataclass
class _Split:
    answer: Callable

    @cached_property
    def given(self):
        return self.answer(ROWS, 0)

    @cached_property
    def parts(self) -> list[np.ndarray]:
        return [np.asarray(part) for part in self.given]

    @cached_property
    def every(self) -> np.ndarray:
        return np.concatenate(self.parts)

    @property
    def half(self) -> float:
        return 1.96 * auc_error(len(self.parts[2]))

    @property
    def too_few(self) -> bool:
        train, valid, _ = self.parts
        return len(train) < ROWS / 2 or 1.96 * auc_error(len(valid)) > 2 * HALF_WIDTH

    @cached_property
    def other(self) -> np.ndarray:
        """The test part of another seed, in order."""
        return np.sort(self.answer(ROWS, 1)[2])

    @property
    def seedless(self) -> bool:
        return not all(map(np.array_equal, self.answer(ROWS, 0), self.parts)) or np.array_equal(
            self.other, np.sort(self.parts[2])
        )

    @property
    def in_line(self) -> bool:
        """Whether rows of the test part are more often neighbours, or in the test part of two seeds, than at random."""
        test = self.parts[2]
        shares = np.isin(self.other, test).mean(), (np.diff(np.sort(test)) == 1).mean()
        return max(abs(share - len(test) / ROWS) for share in shares) >= 0.1

    @property
    def wrong_for_more(self) -> bool:
        parts = self.answer(30_000, 2)
        return (
            not np.array_equal(np.sort(np.concatenate(parts)), np.arange(30_000))
            or 1.96 * auc_error(len(parts[2])) > HALF_WIDTH
        )


def _cut(*ends: float, seeded: bool = True):
    """An answer that cuts a permutation at these shares."""

    def answer(rows, seed):
        order = np.random.default_rng(seed if seeded else 0).permutation(rows)
        return tuple(np.split(order, [round(end * rows) for end in ends]))

    return answer


def _masks(rows, seed):
    return tuple(np.isin(np.arange(rows), part) for part in _cut(0.6, 0.8)(rows, seed))


def _fixed_sizes(rows, seed):
    order = np.random.default_rng(seed).permutation(rows)
    return order[:12_000], order[12_000:16_000], order[16_000:20_000]


split = Exercise(
    "no row is in two parts, and the test part is large enough to tell an AUC from another.",
    "`answer(rows, seed)`: the numbers 0 … rows − 1 in three arrays, train, valid and test, drawn by `seed`.",
    right=_cut(0.6, 0.8),
    also=[_cut(0.8, 0.9), lambda rows, seed: [part.tolist() for part in _cut(0.6, 0.8)(rows, seed)]],
    look=_Split,
    mistakes={
        when(
            lambda seen: (
                (not isinstance(seen.given, tuple | list) or len(seen.given) != 3) and {"came": described(seen.given)}
            ),
            _cut(0.5),
            lambda rows, seed: np.arange(rows),
        ): """the function gave back {came}, not three parts.
            Hint: train, valid, test.
            Hint: a tuple of three arrays of row numbers.""",
        when(
            lambda seen: seen.every.dtype.kind not in "iu",
            _masks,
            lambda rows, seed: [part.astype(float) for part in _cut(0.6, 0.8)(rows, seed)],
        ): """the parts are not row numbers, which are whole numbers.
            Hint: an array of true and false is a mask; a row number says which row it is.
            Hint: `np.flatnonzero(mask)` makes row numbers of a mask.""",
        when(
            lambda seen: len(np.unique(seen.every)) < len(seen.every),
            lambda rows, seed: (np.arange(rows), np.arange(5000), np.arange(5000)),
        ): """some rows are in two parts.
            Hint: what a model was trained on says nothing about what it has learnt.
            Hint: cut one permutation in three.""",
        when(
            lambda seen: not np.array_equal(np.sort(seen.every), np.arange(ROWS)) and {"count": len(seen.every)},
            lambda rows, seed: np.split(np.arange(15_000), [9_000, 12_000]),
        ): f"""{{count}} row numbers for {ROWS} rows.
            Hint: each row belongs to exactly one part.
            Hint: the three parts together are the numbers 0 … rows − 1.""",
        when(
            lambda seen: seen.half > HALF_WIDTH and {"rows": len(seen.parts[2]), "half": seen.half}, _cut(0.995, 0.9975)
        ): f"""the test part has {{rows}} rows: an AUC from it is known to ±{{half:.2f}} only.
            Hint: the differences that we look for are a few hundredths; ask for ±{HALF_WIDTH:g} at most.
            Hint: a fifth of the rows is usual. The error shrinks with the root of their number.""",
        when(
            lambda seen: seen.too_few and {"train": len(seen.parts[0]), "valid": len(seen.parts[1])},
            _cut(0.1, 0.2),
            _cut(0.8, 0.81),
        ): """{train} rows to train and {valid} to validate: one of the two is too small.
            Hint: the validation part chooses the epoch and the weights: it too needs rows.
            Hint: 60% to 80% to train, the rest in two parts.""",
        when(
            lambda seen: seen.seedless, _cut(0.6, 0.8, seeded=False), lambda rows, seed: _cut(0.6, 0.8)(rows, None)
        ): """the test part does not follow the seed.
            Hint: equal seeds, equal rows; another seed, other rows.
            Hint: `np.random.default_rng(seed).permutation(rows)`.""",
        when(
            lambda seen: seen.in_line, lambda rows, seed: np.split(np.roll(np.arange(rows), 7 * seed), [12_000, 16_000])
        ): """the test part is not a random draw: its rows are adjacent, or move with the seed by a step.
            Hint: logs are sorted by time or by user, so neighbours are alike.
            Hint: `np.random.default_rng(seed).permutation(rows)`, then cut.""",
        when(lambda seen: seen.wrong_for_more, _fixed_sizes): """for 30000 rows the parts are not right.
            Hint: it should cut any number of rows, each into exactly one part.
            Hint: cut at shares of `rows`, not at fixed numbers.""",
    },
)


def _published(shared):
    """The released code's loop, in which entry number −0 is the first."""
    weights = [module.weight for module in shared if hasattr(module, "weight")]
    return next(weights[-i] for i in range(len(weights)) if weights[-i].ndim == 2)


def _linear(shared: list[nn.Module]) -> list[nn.Linear]:
    return [module for module in shared if isinstance(module, nn.Linear)]


def _last(shared: list[nn.Module]) -> Tensor:
    return _linear(shared)[-1].weight


def _misses(answer: Callable, *shared: nn.Module) -> bool:
    return answer([*shared]) is not _last(shared)


last_shared = Exercise(
    "the norms are those of the layer on which all tasks meet last, whatever tables and scales surround it.",
    """`answer(shared)`: of the modules that all tasks share, in the order in which a row passes them, the weight matrix
    of the last fully connected layer.""",
    right=_last,
    cases=lambda: [
        ([nn.Embedding(50, 4), nn.Embedding(6, 4), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU()],)
    ],
    read=lambda given, right: given if isinstance(given, Tensor | nn.Linear) else None,
    same=lambda yours, right: yours is right,
    mistakes={
        form(lambda shared: shared): """the function gave back {came}, not a weight matrix.
            Hint: one matrix, of one of the modules.
            Hint: `module.weight`.""",
        lambda shared: _linear(shared)[-1]: """the function gave back the layer, not its weights.
            Hint: GradNorm takes gradients on a tensor.
            Hint: `.weight`.""",
        (_published, lambda shared: shared[1].weight): """this is an embedding table. A batch reaches only the rows that
            it looks up, so the norms depend on which ids were drawn.
            Hint: which entry of a list is number −0?
            Hint: go through the modules from the back.""",
        lambda shared: _linear(shared)[0].weight: """this is the first shared layer, not the last.
            Hint: a row passes the modules in the order of the list.
            Hint: go through the modules from the back.""",
        otherwise(lambda shared: _linear(shared)[-1].bias, lambda shared: _last(shared).clone()): """of two tables and
            two layers the last layer's weights have the shape (4, 8), yours are of shape {yours.shape}.
            Hint: the matrix itself, not a copy, a part or a bias.
            Hint: `.weight` of the last `nn.Linear`.""",
        when(
            lambda answer: _misses(answer, nn.Embedding(50, 4), nn.Linear(4, 4), nn.LayerNorm(4)),
            lambda shared: [m.weight for m in shared if hasattr(m, "weight")][-1],
        ): """with a `LayerNorm` behind the last layer the answer is not right.
            Hint: its weights are one number a unit, not a matrix.
            Hint: ask for a fully connected layer.""",
        when(
            lambda answer: _misses(answer, nn.Embedding(50, 4), nn.Linear(4, 4), nn.ReLU(), nn.Embedding(9, 4)),
            lambda shared: [m.weight for m in shared if hasattr(m, "weight") and m.weight.ndim == 2][-1],
        ): """with a table that joins above the layers, for the hour of the day say, the answer is not right.
            Hint: a table has two dimensions, as a layer's weights have.
            Hint: ask what a module is: `isinstance(module, nn.Linear)`.""",
    },
)


def _half(loss: float) -> float:
    return 1 / (2 * loss)


def _one(loss: float) -> float:
    return 1 / loss


def _resting(regression=_half, binary=_half, absolute=_one):
    """An answer with a rule for each kind."""
    rules = {"regression": regression, "binary": binary, "absolute": absolute}
    return lambda losses, kinds: {task: rules[kinds[task]](loss) for task, loss in losses.items()}


resting_weights = Exercise(
    "a Gaussian and a binary task end at 1/(2L), one with Laplace noise at 1/L: the form of the noise matters.",
    """`answer(losses, kinds)`: where UWL's weights come to rest, {task: weight}, for losses that stay as they are.

    kinds are "regression", "binary" or "absolute", whose part of the total is e^(−s)·L + s; a weight is the factor of
    the loss.""",
    right=_resting(),
    cases=lambda: [
        (
            {"seconds": 8.0, "click": 0.25, "delay": 5.0},
            {"seconds": "regression", "click": "binary", "delay": "absolute"},
        )
    ],
    mistakes={
        form(lambda losses, kinds: [1, 2]): """the function gave back {came}, not a weight for each task.
            Hint: one weight a task, under the task's name.
            Hint: {{task: weight}}.""",
        _resting(lambda loss: loss, lambda loss: 2 * loss): """this is σ², not the weight.
            Hint: a large variance makes a small weight.
            Hint: regression: ½·e^(−s); classification: e^(−s).""",
        _resting(_one, _one): """this is 1/L: a factor of 2 is missing for regression and classification.
            Hint: set the derivative of each form to 0. What does ½·s become?
            Hint: the derivative of ½·s is ½.""",
        (_resting(binary=_one), _resting(regression=_one)): """one of the two kinds, regression and classification, is
            off by a factor of 2.
            Hint: the 2 in the denominator of one form is cancelled by its σ² at rest.
            Hint: regression rests at σ² = L, classification at σ² = 2L; then put it into ½·e^(−s) and e^(−s).""",
        _resting(absolute=_half): """the absolute error is weighted like the squared one.
            Hint: its form has s where the others have ½·s.
            Hint: set the derivative of e^(−s)·L + s to 0; the weight is e^(−s).""",
        otherwise(_resting(lambda loss: 1.0, lambda loss: 1.0)): """for losses of 8, 0.25 and 5 the weights should be
            0.0625, 2.0000, 0.2000, yours are {yours[seconds]:.4f}, {yours[click]:.4f}, {yours[delay]:.4f}.
            Hint: find the s at which the derivative of each form is 0.
            Hint: e^(−s)·L is 1 for regression, ½ for classification and 1 for the absolute error.""",
        at(
            (
                {"price": 0.5, "late": 4.0, "return": 0.1, "stars": 2.0},
                {"price": "absolute", "late": "regression", "return": "binary", "stars": "regression"},
            ),
            lambda losses, kinds: {task: (1 if task == "delay" else 0.5) / loss for task, loss in losses.items()},
        ): """for four other tasks the weights are not right.
            Hint: names, losses and their order change from model to model.
            Hint: go through `losses`, and look each task's kind up in `kinds`.""",
    },
)


def _pcgrad(gradients: Tensor, square=lambda gradient: gradient @ gradient) -> Tensor:
    """Algorithm 1 of Yu et al. (2020), the others in the order of the rows."""
    parts = []
    for i, changed in enumerate(gradients):
        for j, other in enumerate(gradients):
            if i != j and changed @ other < 0:
                changed = changed - (changed @ other) / square(other) * other
        parts.append(changed)
    return torch.stack(parts).sum(0)


def _project(a: Tensor, b: Tensor) -> Tensor:
    return a - min(float(a @ b), 0.0) / (b @ b) * b


def _always(gradients: Tensor) -> Tensor:
    a, b = gradients[:2]
    return a - (a @ b) / (b @ b) * b + b - (a @ b) / (a @ a) * a


surgery = Exercise(
    "each gradient gives up what points against another's original, one after the other, and no more.",
    """`answer(gradients)`: one gradient a task, `(tasks, n)`, becomes PCGrad's one, `(n,)`; the others are looked at in
    the order of the rows.""",
    right=_pcgrad,
    also=[lambda gradients: _pcgrad(gradients.double())],
    # two that agree, two that do not: their product is −2, and their squares 2 and 5
    cases=lambda: [
        (torch.tensor([[1.0, 0.0, 1.0], [1.0, 2.0, 0.0]]),),
        (torch.tensor([[1.0, 0.0, 1.0], [-2.0, 1.0, 0.0]]),),
    ],
    mistakes={
        form(lambda g: float(g[0] @ g[1]), lambda g: g): """the function gave back {came}, not one gradient.
            Hint: one step for all tasks, of as many numbers as a gradient has.
            Hint: add them up after the surgery.""",
        (lambda g: g.mean(0), lambda g: _pcgrad(g) / len(g)): """the parts are averaged, not added up: the step is as
            many times too short as there are tasks.
            Hint: two gradients that agree leave their plain sum.
            Hint: `.sum(0)` of what is left of all.""",
        gives(lambda yours, g: g[0] @ g[1] > 0, _always): """these two gradients do not point against each other, and
            were changed.
            Hint: surgery is for conflicts: a product below 0.
            Hint: without a conflict it is the plain sum.""",
        lambda g: g.sum(0): """a conflict was left as it is.
            Hint: the product of these two is −2.
            Hint: a loses (a·b / ‖b‖²)·b, and b likewise.""",
        (lambda g: _project(g[0], g[1]) + g[1], lambda g: g[0] + _project(g[1], g[0])): """one of the two was projected,
            the other was not.
            Hint: all give up their part against the others.
            Hint: project each against the *original* of the other, then add.""",
        otherwise(lambda g: _pcgrad(g, square=torch.norm)): """for (1, 0, 1) and (−2, 1, 0) it should be {right:.2f},
            yours is {yours:.2f}.
            Hint: a − (a·b / ‖b‖²)·b, and b − (a·b / ‖a‖²)·a, each with the originals of both.
            Hint: ‖b‖² is `b @ b`, without a root.""",
        at(
            (torch.tensor([[3.0, 1.0], [-1.0, 2.0], [-1.0, -1.0]]),),
            lambda g: _project(g[0], g[1]) + _project(g[1], g[0]),
        ): """with three tasks it should be {right:.2f}, yours is {yours:.2f}.
            Hint: when a gradient has lost its part against the second, its product with the third has changed, too.
            Hint: take each product from what is left of the gradient so far, and from the *original* of the other.""",
        at(
            (torch.randn(4, 5, generator=torch.Generator().manual_seed(7)),),
            lambda g: _pcgrad(g[:3]) if len(g) > 3 else _pcgrad(g),
        ): """with four tasks it is not right.
            Hint: any number of tasks, gradients of any length.
            Hint: two loops over the rows: over the gradient that changes, and over the others.""",
        at(
            (torch.tensor([[1.0, -2.0], [0.0, 0.0], [-1.0, 1.0]]),), lambda g: _pcgrad(g) + 0 / g.square().sum(1).min()
        ): """with a gradient of zeros, as of a task without a label in the batch, it is not right.
            Hint: what is 0 divided by 0?
            Hint: divide only where the product is below 0.""",
    },
)

"""Balances: what the papers say of each step, where they rest, and copies that train together."""

import math
from collections.abc import Iterator
from itertools import cycle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from helpers.models.copies import Copies
from helpers.models.experts import PLE, MMoE
from helpers.training.balancing import SMALLEST, UWL, GradNorm, PCGrad, SumOfLogs, gradient_norms, last_shared
from helpers.training.loop import fit
from helpers.training.losses import task_losses
from tests.training.small import BALANCES, OPTIONS, SQUARES, TASKS, Student, examples, model

NAMES = list(TASKS)
SHORT = OPTIONS | {"epochs": 8}


def each(*names: str):
    return pytest.mark.parametrize("balance", [BALANCES[name] for name in names], ids=names)


# --- in training ------------------------------------------------------------------------------------------------------


@each(*BALANCES)
def test_a_plain_module_can_be_balanced(balance):
    run = fit(Student(), examples(0), examples(1), losses=SQUARES, balance=balance, **SHORT)
    total = run.history[run.history["task"] == "total"]["valid"]
    assert total.iloc[-1] < total.iloc[0]


def test_the_weights_of_a_run_are_tidy_and_those_of_a_sum_are_the_task_weights():
    run = fit(model(), examples(0), examples(1), task_weights={"a": 3, "b": 0.5}, **SHORT)
    assert list(run.weights.columns) == ["epoch", "task", "weight"]
    assert run.weights.groupby("task")["weight"].agg(["min", "max"]).to_numpy().tolist() == [[3, 3], [0.5, 0.5]]


# --- step after step --------------------------------------------------------------------------------------------------


class Linear(nn.Module):
    """Numbers that all tasks share, and one that each has for itself; every second task is of regression."""

    def __init__(self, tasks: int, width: int):
        super().__init__()
        self.tasks = dict(zip("abcd"[:tasks], cycle(["binary", "regression"]), strict=False))
        self.shared = nn.Parameter(torch.zeros(1, width))
        self.own = nn.ParameterList(torch.zeros(1) for _ in range(tasks))


def losses_of(copies: Copies, values: Tensor, gradients: Tensor) -> Tensor:
    """Losses `(copies, tasks)` of these values, and with these gradients on what the tasks share."""
    shared = copies.parameters["shared"].view(copies.count, 1, -1)
    own = torch.stack([copies.parameters[f"own.{task}"].view(-1) for task in range(values.shape[-1])], -1)
    moves = (shared * gradients).sum(-1) + own * (values != 0)
    return values + moves - moves.detach()


def walk(balance, seed: int, tasks: int, count: int, width: int) -> Iterator[tuple[Tensor, ...]]:
    """For each copy of each step: the values and gradients of its losses, the weights before and after, and what came
    as the gradient of what is shared and of what each task has for itself.

    After the first step a task may have no label in the batch: its loss is 0.
    """
    generator = torch.Generator().manual_seed(seed)
    models = [Linear(tasks, width) for _ in range(count)]
    copies = Copies(models[0] if count == 1 else models)
    balance.begin(copies, list(models[0].tasks), [seed + copy for copy in range(count)])
    for step in range(8):
        seen = torch.rand(count, tasks, generator=generator) > 0.2 * (step > 0)
        values = seen * (0.1 + torch.rand(count, tasks, generator=generator))
        gradients = seen[..., None] * torch.randn(count, tasks, width, generator=generator)
        for parameter in copies.parameters.values():
            parameter.grad = None
        before = balance.weights.clone()
        balance.backward(losses_of(copies, values, gradients))
        shared, *own = [parameter.grad.view(count, -1) for parameter in copies.parameters.values()]
        yield from zip(
            range(count), values, gradients, before, balance.weights.clone(), shared, torch.cat(own, -1), strict=True
        )


WALKS = {"seed": st.integers(0, 999), "tasks": st.integers(2, 4), "count": st.integers(1, 3)}
WALKS |= {"width": st.sampled_from([2, 6])}
quick = settings(max_examples=20, deadline=None)


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected.detach(), atol=1e-5, rtol=1e-5)


def moved(weights: Tensor, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@quick
@given(**WALKS)
def test_uwl_is_gradient_descent_on_its_formula(seed, tasks, count, width):
    """Σ factor·e^(−s)·L + ½·s, where a task without a label adds nothing, and keeps its weight."""
    factor = torch.tensor([1.0, 0.5, 1.0, 0.5])[:tasks]
    s = [torch.zeros(tasks, requires_grad=True) for _ in range(count)]
    optimizers = [torch.optim.Adam([each], lr=0.1) for each in s]
    for copy, values, gradients, before, after, shared, own in walk(UWL(lr=0.1), seed, tasks, count, width):
        close(shared, before @ gradients)
        close(own, before * (values != 0))
        old = s[copy].detach().clone()
        moved(s[copy], optimizers[copy], (factor * torch.exp(-s[copy]) * values + s[copy] / 2)[values != 0].sum())
        s[copy].data = torch.where(values == 0, old, s[copy])
        close(after, factor * torch.exp(-s[copy]))


@quick
@given(**WALKS)
def test_the_sum_of_logs_has_the_gradient_of_its_name(seed, tasks, count, width):
    """So no unit of a loss moves it."""
    for _, values, gradients, before, after, shared, own in walk(SumOfLogs(), seed, tasks, count, width):
        close(after, torch.where(values == 0, before, 1 / values))
        close(shared, after @ gradients)
        close(own, after * (values != 0))


@quick
@given(**WALKS, alpha=st.sampled_from([0.0, 1.5]), lr=st.sampled_from([0.05, 0.5]))
def test_gradnorm_is_algorithm_1(seed, tasks, count, width, alpha, lr):
    """L(0) is the loss of the first step for good; means are over the tasks with a label, and the others keep their
    weights; weights stay positive and sum to the number of tasks."""
    weights = [torch.ones(tasks, requires_grad=True) for _ in range(count)]
    optimizers, first = [torch.optim.Adam([each], lr=lr) for each in weights], {}
    for copy, values, gradients, before, after, shared, own in walk(GradNorm(alpha, lr), seed, tasks, count, width):
        close(shared, before @ gradients)
        close(own, before * (values != 0))
        w, seen = weights[copy], values != 0
        progress = (values / first.setdefault(copy, values))[seen]
        norms = (w * gradients.norm(dim=-1))[seen]
        target = (norms.mean() * (progress / progress.mean()) ** alpha).detach()
        moved(w, optimizers[copy], (norms - target).abs().sum())
        with torch.no_grad():
            w[~seen] = before[~seen]
            w[seen] = w[seen].clamp(min=SMALLEST)
            w[seen] *= (tasks - w[~seen].sum()) / w[seen].sum()
        close(after, w)
        assert after.min() > 0 and after.sum().item() == pytest.approx(tasks)


@quick
@given(**WALKS)
def test_pcgrad_is_algorithm_1(seed, tasks, count, width):
    """On what is shared alone, in an order that each copy draws anew in every step. In a plane, one of four gradients
    can end up opposed to what it was."""
    generators = [torch.Generator().manual_seed(seed + copy) for copy in range(count)]
    for copy, values, gradients, _, after, shared, own in walk(PCGrad(), seed, tasks, count, width):
        order, parts = torch.randperm(tasks, generator=generators[copy]).tolist(), []
        for i, projected in enumerate(gradients):
            for j in order:
                if j != i and projected @ gradients[j] < 0:
                    projected = projected - (projected @ gradients[j]) / gradients[j].square().sum() * gradients[j]
            parts.append(projected)
        close(shared, torch.stack(parts).sum(0))
        close(after @ gradients, shared)
        close(own, (values != 0).float())


@each("GradNorm", "PCGrad")
def test_until_each_task_was_seen_the_losses_are_added_up(balance):
    """What a task shares cannot be told from a loss of 0."""
    copies, gradients = Copies(Linear(2, 3)), torch.tensor([[[1.0, 0, 2], [0, 0, 0]]])
    balance.begin(copies, NAMES, [0])
    balance.backward(losses_of(copies, torch.tensor([[1.0, 0]]), gradients))
    assert balance.weights.tolist() == [[1, 1]] and torch.equal(copies.parameters["shared"].grad, gradients[0, :1])


@pytest.mark.parametrize("count", [None, 2])
def test_pcgrad_leaves_gradients_in_memory_as_the_parameters_are(count):
    """Or Adam's fused step would mix them up."""
    copies, rows = Copies(model() if count is None else [model(s) for s in range(count)]), examples(0)
    (balance := PCGrad()).begin(copies, NAMES, list(range(count or 1)))
    balance.backward(task_losses(copies(rows.inputs), rows.labels, SQUARES))
    assert all(parameter.grad.is_contiguous() for parameter in copies.parameters.values())


# --- where they rest, and what they read ------------------------------------------------------------------------------


def test_uwl_walks_to_one_over_twice_the_loss_and_may_start_there():
    """For both kinds, also where the losses are far apart."""
    rest, at = torch.tensor([[25.0, 1 / 60]]), {"a": 0.02, "b": 30.0}
    (uwl := UWL(lr=0.1)).begin(Copies(model()), NAMES, [0])
    for _ in range(800):
        uwl.backward(torch.tensor([list(at.values())], requires_grad=True))
    torch.testing.assert_close(uwl.weights, rest, rtol=0.02, atol=0)
    (uwl := UWL(start=at)).begin(Copies([model(0), model(1)]), NAMES, [0, 1])
    torch.testing.assert_close(uwl.weights, rest.expand(2, 2))


def of_experts(part: str, count: int) -> list[str]:
    return [f"bottom.{part}.{i}.layers.0.weight" for i in range(count)]


LAST = [
    (Student, ["above.weight"]),
    (lambda: MMoE(6, TASKS, 3, [5, 4], [4]), [f"bottom.experts.{i}.layers.2.weight" for i in range(3)]),
    (lambda: MMoE(6, TASKS, 2, [4], [4], one_gate=True), of_experts("experts", 2)),
    (lambda: MMoE(6, TASKS, 2, [4], [4], fixed_gates=True), of_experts("experts", 2)),
    (lambda: PLE(6, TASKS, 2, 1, [4], [4], levels=2), of_experts("levels.1.shared", 2)),
]


@pytest.mark.parametrize(("make", "expected"), LAST)
def test_gradnorm_reads_the_last_shared_layer_of_experts_that_of_all_of_them(make, expected):
    """Not the last that was registered: that would be one expert of several, or the one gate."""
    for copies in (Copies(make()), Copies([make(), make()])):
        losses = task_losses(copies(examples(0).inputs), examples(0).labels, SQUARES)
        layers = last_shared(copies, losses)
        assert [id(tensor) for tensor in layers] == [id(copies.parameters[name]) for name in expected]
    squares = [torch.autograd.grad(losses[1, 0], t, retain_graph=True)[0][1].square().sum() for t in layers]
    torch.testing.assert_close(gradient_norms(losses, layers)[1, 0], sum(squares).sqrt())


# --- wrong calls ------------------------------------------------------------------------------------------------------


def backward(balance, losses, models=None):
    balance.begin(Copies(models or model()), NAMES, list(range(len(models or [0]))))
    balance.backward(losses)


def apart(balance):
    return fit(PLE(6, TASKS, 0, 1, [4], [4]), examples(0), examples(1), balance=balance, **SHORT)


def with_gradient(*losses: float) -> Tensor:
    return torch.tensor([losses], dtype=torch.float32, requires_grad=True)


ALONE, NEGATIVE = Copies(model()), r"losses: got -1 for 'a'; expected losses of at least 0"
WRONG = [
    (lambda: UWL(lr=-1), "lr: got -1; expected a number of at least 0"),
    (lambda: GradNorm(alpha=math.nan), "alpha: got nan"),
    (lambda: GradNorm(lr=-1), "lr: got -1; expected a number of at least 0"),
    (lambda: UWL().begin(model(), NAMES, [0]), r"copies: got SharedBottom; expected Copies\(model\)"),
    (lambda: GradNorm().begin(ALONE, ["a", "a"], [0]), "tasks: got .* expected a list of different names"),
    (lambda: UWL().begin(ALONE, ["a", "c"], [0]), "tasks: got 'c'; expected one of 'a', 'b'"),
    (lambda: UWL(start={"a": 1.0}).begin(ALONE, NAMES, [0]), "tasks: got 'b'; expected one of 'a'"),
    (lambda: PCGrad().begin(Copies([model(0), model(1)]), NAMES, [0]), "seeds: got 1 seeds for 2 models; exp"),
    (lambda: GradNorm().backward(torch.ones(1, 2)), r"balance: got backward\(\) before begin\(\)"),
    (lambda: backward(UWL(), [0.1, 0.2]), "losses: got list; expected a tensor"),
    (lambda: backward(GradNorm(), torch.ones(1, 3)), r"losses: got shape \(1, 3\); expected shape \(1, 2\): .* a task"),
    (lambda: backward(PCGrad(), torch.ones(2)), r"losses: got shape \(2,\); expected shape \(1, 2\): a row a model"),
    (lambda: backward(SumOfLogs(), torch.ones(1, 2)), "losses: got numbers without a gradient"),
    *((lambda b=b: backward(b, with_gradient(-1, 1)), NEGATIVE) for b in (UWL(), SumOfLogs(), GradNorm())),
    (lambda: apart(GradNorm()), "model: got no layer that all tasks reach"),
    (lambda: apart(PCGrad()), "model: got no parameter that two tasks reach"),
]


@pytest.mark.parametrize(("call", "words"), WRONG)
def test_what_cannot_be_balanced_is_named(call, words):
    with pytest.raises((TypeError, ValueError, RuntimeError), match=f"^{words}"):
        call()


@each("UWL", "sum of logs", "GradNorm", "PCGrad")
def test_a_loss_that_is_not_finite_spoils_no_weight_and_stops_one_model_and_not_one_copy_of_two(balance):
    with pytest.raises(FloatingPointError, match="losses: got nan for 'b'; expected finite losses: try a smaller lr"):
        backward(balance, with_gradient(1, math.nan))
    assert bool(torch.isfinite(balance.weights).all())
    balance.begin(Copies([model(0), model(1)]), NAMES, [0, 1])
    balance.check(torch.full((2, 2), torch.nan, requires_grad=True), low=0)  # the others go on

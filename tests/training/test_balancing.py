"""Balances: what the formulas say of one step, of where they rest, and of copies that train together."""

import math
from itertools import permutations

import pandas as pd
import pytest
import torch
from torch import nn

from helpers.data.examples import Examples
from helpers.models.copies import Copies
from helpers.models.experts import PLE, MMoE
from helpers.models.shared_bottom import SharedBottom
from helpers.training.balancing import (
    SMALLEST,
    UWL,
    Balance,
    GradNorm,
    PCGrad,
    SumOfLogs,
    gradient_norms,
    gradnorm_gradient,
    last_shared,
    surgery,
    uncertainty_weighted,
)
from helpers.training.loop import fit
from helpers.training.losses import squared_error, task_losses

TASKS = {"a": "regression", "b": "binary"}
EVERY = [None, UWL(), SumOfLogs(), GradNorm(), PCGrad()]
ids = ["sum", "UWL", "sum of logs", "GradNorm", "PCGrad"]


def examples(seed: int, n: int = 60) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 6, generator=generator)
    noise = torch.randn(n, 2, generator=generator)
    return Examples(x, {"a": x[:, 0].relu() + 0.3 * noise[:, 0], "b": (x[:, 1] + noise[:, 1] > 0).float()})


def model(seed: int = 0) -> SharedBottom:
    return SharedBottom(6, TASKS, [8], [4], seed=seed)


OPTIONS = {"epochs": 8, "batch_size": 20, "progress": False}


def losses_of(copies: Copies, rows: Examples) -> torch.Tensor:
    return task_losses(copies(rows.inputs), rows.labels, dict.fromkeys(TASKS, squared_error))


# --- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("balance", EVERY, ids=ids)
def test_copies_get_the_numbers_they_would_get_alone(balance):
    many = fit(
        [model(s) for s in range(3)],
        Examples.stack([examples(s) for s in range(3)]),
        examples(9),
        task_weights={"a": [1, 10, 100], "b": 1},
        balance=balance,
        seed=[0, 1, 2],
        **OPTIONS,
    )
    for s in range(3):
        weights = {"a": [1, 10, 100][s], "b": 1}
        alone = fit(model(s), examples(s), examples(9), task_weights=weights, balance=balance, seed=s, **OPTIONS)
        of_copy = many.history[many.history["copy"] == s]
        assert of_copy["valid"].tolist() == pytest.approx(alone.history["valid"].tolist(), rel=2e-3, abs=1e-4)
        of_copy = many.weights[many.weights["copy"] == s]
        assert of_copy["weight"].tolist() == pytest.approx(alone.weights["weight"].tolist(), rel=5e-3)


def test_the_weights_of_a_run_are_tidy_and_those_of_a_sum_are_the_task_weights():
    run = fit(model(), examples(0), examples(1), task_weights={"a": 3, "b": 0.5}, **OPTIONS)
    assert list(run.weights.columns) == ["epoch", "task", "weight"]
    assert run.weights.groupby("task")["weight"].agg(["min", "max"]).to_numpy().tolist() == [[3, 3], [0.5, 0.5]]
    run = fit([model(s) for s in range(40)], examples(0), examples(1), balance=UWL(), **OPTIONS | {"epochs": 2})
    assert len(run.weights) == 40 * 2 * 2 and set(run.weights["copy"]) == set(range(40))


@pytest.mark.parametrize("balance", EVERY, ids=ids)
def test_equal_seeds_give_equal_bits_and_one_object_serves_twice(balance):
    one, two = (fit(model(), examples(0), examples(1), balance=balance, **OPTIONS) for _ in range(2))
    pd.testing.assert_frame_equal(one.history, two.history)
    pd.testing.assert_frame_equal(one.weights, two.weights)


@pytest.mark.parametrize("balance", EVERY, ids=ids)
def test_the_order_of_the_tasks_does_not_matter_to_the_first_weights(balance):
    parts = {}
    for order in (("a", "b"), ("b", "a")):
        losses = dict.fromkeys(order, squared_error)
        run = fit(
            model(), examples(0), None, losses=losses, balance=balance, **OPTIONS | {"epochs": 1, "batch_size": None}
        )
        parts[order] = run.weights.set_index("task")["weight"].sort_index().tolist()
    assert parts["a", "b"] == pytest.approx(parts["b", "a"], rel=1e-4)


@pytest.mark.parametrize("count", [None, 2])
@pytest.mark.parametrize("balance", [UWL(), SumOfLogs(), GradNorm()], ids=ids[1:4])
def test_a_task_without_a_label_in_the_batch_keeps_its_weight(balance, count):
    """Also when Adam is still on its way: its averages would move the weight on."""
    names = {"a": "regression", "b": "regression", "c": "regression"}
    models = [SharedBottom(6, names, [8], [4], seed=s) for s in range(count or 1)]
    copies, rows = Copies(models[0] if count is None else models), examples(0)
    labels = rows.labels | {"c": rows.labels["a"] * 3}
    balance.begin(copies, list(names), list(range(count or 1)))

    def losses(times: list[float]) -> torch.Tensor:
        own = task_losses(copies(rows.inputs), labels, dict.fromkeys(names, squared_error))
        return own * torch.tensor([100.0, 1.0, 1.0]) * torch.tensor(times)

    for _ in range(5):
        balance.backward(losses([1, 1, 1]))
    before = balance.weights.clone()
    for _ in range(5):
        balance.backward(losses([2, 0, 1]))
    after = balance.weights
    torch.testing.assert_close(after[..., 1], before[..., 1])
    assert bool((after[..., 0] != before[..., 0]).all())
    if isinstance(balance, GradNorm):
        torch.testing.assert_close(after.sum(-1), torch.full(after.shape[:-1], 3.0))


def test_the_sum_of_logs_has_the_gradient_of_its_name_and_no_unit_of_a_loss_moves_it():
    steps = {}
    for name, factor in (("by hand", 1.0), ("ours", 1.0), ("another unit", 1000.0)):
        copies = Copies(model())
        losses = losses_of(copies, examples(0)) * torch.tensor([factor, 1.0])
        balance = SumOfLogs()
        balance.begin(copies, list(TASKS), [0])
        losses.log().sum().backward() if name == "by hand" else balance.backward(losses)
        steps[name] = torch.cat([parameter.grad.flatten() for parameter in copies.parameters.values()])
    assert steps["by hand"].norm() > 0
    torch.testing.assert_close(steps["ours"], steps["by hand"])
    torch.testing.assert_close(steps["another unit"], steps["by hand"])


def test_the_means_of_gradnorm_are_over_the_tasks_that_were_seen():
    weights, norms, progress = torch.ones(3), torch.tensor([10.0, 0.0, 6.0]), torch.tensor([1.0, 9.0, 1.0])
    seen = torch.tensor([True, False, True])
    two = gradnorm_gradient(weights[[0, 2]], norms[[0, 2]], progress[[0, 2]], 1.0)
    one = gradnorm_gradient(weights, norms, progress, 1.0, seen)
    assert one[[0, 2]].tolist() == two.tolist() == [10.0, -6.0]
    many = [(progress, seen), (progress, ~seen), (progress.flip(0), seen.flip(0)), (progress, seen & ~seen)]
    together = (torch.stack(part) for part in zip(*many, strict=True))
    gradients = gradnorm_gradient(weights.expand(4, 3), norms.expand(4, 3), next(together), 0.5, next(together))
    for gradient, (rate, which) in zip(gradients, many, strict=True):
        assert gradient.tolist() == gradnorm_gradient(weights, norms, rate, 0.5, which).tolist()


@pytest.mark.parametrize("balance", [GradNorm(), PCGrad()], ids=ids[3:])
def test_until_each_task_was_seen_the_losses_are_added_up(balance):
    """What a task shares cannot be told from a loss of 0."""
    copies, rows = Copies(model()), examples(0)
    balance.begin(copies, list(TASKS), [0])
    losses_of(copies, rows)[0, 0].backward()
    alone = [parameter.grad for parameter in copies.parameters.values()]
    copies.module.zero_grad()
    balance.backward(losses_of(copies, rows) * torch.tensor([1.0, 0.0]))
    assert balance.weights.tolist() == [[1, 1]]
    for parameter, gradient in zip(copies.parameters.values(), alone, strict=True):
        assert gradient is None or torch.allclose(parameter.grad, gradient)


@pytest.mark.parametrize("balance", [GradNorm(), PCGrad()], ids=ids[3:])
def test_a_layer_that_no_task_uses_does_no_harm(balance):
    module = model()
    module.unused = nn.Linear(3, 3)
    copies = Copies(module)
    balance.begin(copies, list(TASKS), [0])
    balance.backward(losses_of(copies, examples(0)))
    assert bool(torch.isfinite(balance.weights).all())


class Student(nn.Module):
    """A plain module: heads registered first, no `tasks`."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.heads = nn.ModuleList([nn.Linear(5, 1), nn.Linear(5, 1)])
        self.below, self.above = nn.Linear(6, 7), nn.Linear(7, 5)

    def forward(self, x):
        h = self.above(self.below(x).tanh()).tanh()
        return {"a": self.heads[0](h).flatten(), "b": self.heads[1](h).flatten()}


@pytest.mark.parametrize("balance", EVERY, ids=ids)
def test_a_plain_module_can_be_balanced(balance):
    losses = dict.fromkeys(TASKS, squared_error)
    run = fit(Student(), examples(0), examples(1), losses=losses, balance=balance, **OPTIONS)
    total = run.history[run.history["task"] == "total"]["valid"]
    assert total.iloc[-1] < total.iloc[0]


@pytest.mark.parametrize("count", [1, 2])
def test_a_loss_that_is_nan_stops_one_model_and_not_one_copy_of_two(count):
    copies, balance = Copies([model(s) for s in range(count)]), Balance()
    balance.begin(copies, list(TASKS), list(range(count)))
    losses = torch.full((count, 2), torch.nan, requires_grad=True)
    if count == 1:
        with pytest.raises(FloatingPointError, match="losses: got nan for 'a'"):
            balance.check(losses, low=0)
    else:
        balance.check(losses, low=0)  # the others go on


@pytest.mark.parametrize("balance", [Balance(), *EVERY[1:]], ids=ids)
@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ([0.1, 0.2], "losses: got list; expected a tensor"),
        (torch.ones(1, 3), r"losses: got shape \(1, 3\); expected shape \(1, 2\): .* one loss a task \('a', 'b'\)"),
        (torch.ones(2), r"losses: got shape \(2,\); expected shape \(1, 2\): a row a model"),
        (torch.ones(1, 2), "losses: got numbers without a gradient"),
    ],
)
def test_losses_that_cannot_be_balanced_are_named(balance, losses, words):
    with pytest.raises(RuntimeError, match=r"balance: got backward\(\) before begin\(\)"):
        type(balance)().backward(losses)
    balance.begin(Copies(model()), list(TASKS), [0])
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        balance.backward(losses)


NAMES, ALONE = list(TASKS), Copies(model())
NO_BEGIN = [
    (lambda: UWL(lr=-1), "lr: got -1; expected a number of at least 0"),
    (lambda: GradNorm(alpha=math.nan), "alpha: got nan"),
    (lambda: GradNorm(lr=-1), "lr: got -1; expected a number of at least 0"),
    (lambda: UWL().begin(model(), NAMES, [0]), r"copies: got SharedBottom; expected Copies\(model\)"),
    (lambda: GradNorm().begin(ALONE, ["a", "a"], [0]), "tasks: got .* expected a list of different names"),
    (lambda: UWL().begin(ALONE, ["a", "c"], [0]), "tasks: got 'c'; expected one of 'a', 'b'"),
    (lambda: PCGrad().begin(Copies([model(0), model(1)]), NAMES, [0]), "seeds: got 1 seeds for 2 models; exp"),
]


@pytest.mark.parametrize(("call", "words"), NO_BEGIN)
def test_a_balance_that_cannot_begin_is_named(call, words):
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        call()


@pytest.mark.parametrize("balance", EVERY[1:], ids=ids[1:])
def test_a_loss_that_is_not_finite_spoils_no_weight_and_is_named(balance):
    copies = Copies(model())
    balance.begin(copies, list(TASKS), [0])
    losses = losses_of(copies, examples(0))
    with pytest.raises(FloatingPointError, match="losses: got nan for 'b'; expected finite losses: try a smaller lr"):
        balance.backward(losses * torch.tensor([1.0, math.nan]))
    assert bool(torch.isfinite(balance.weights).all())
    if not isinstance(balance, PCGrad):
        with pytest.raises(ValueError, match=r"losses: got -\S+ for 'a'; expected losses of at least 0"):
            balance.backward(losses * torch.tensor([-1.0, 1.0]))


# --- UWL --------------------------------------------------------------------------------------------------------------


def test_the_profiled_total_of_uwl_is_half_the_sum_of_the_logs():
    """With s optimised out: ½ Σ (1 + log L) for regression, ½ Σ (1 + log 2L) for classification."""
    losses, factor = torch.tensor([0.003, 4.0, 70.0]), torch.tensor([0.5, 1.0, 0.5])
    best = torch.log(2 * factor * losses)
    expected = 0.5 * (1 + torch.log(2 * factor * losses)).sum()
    torch.testing.assert_close(uncertainty_weighted(losses, best, factor), expected)
    for move in (-0.1, 0.1):
        assert uncertainty_weighted(losses, best + move, factor) > expected
    torch.testing.assert_close(factor * torch.exp(-best), 1 / (2 * losses))  # both forms: the weight 1/(2L)


def test_a_task_without_a_label_adds_nothing_to_the_total_of_uwl():
    factor, s = torch.tensor([0.5, 1.0]), torch.tensor([3.0, 2.0])
    losses = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    expected = [math.exp(-2) + 1, 0.5 * math.exp(-3) + 1.5, 0]
    torch.testing.assert_close(uncertainty_weighted(losses, s, factor), torch.tensor(expected))


def test_the_gaussian_form_of_uwl_is_a_log_likelihood():
    residual, sigma = torch.tensor([0.3, -1.2, 0.7]), torch.tensor(0.8)
    likelihood = -torch.distributions.Normal(0.0, sigma).log_prob(residual).mean() - math.log(2 * math.pi) / 2
    loss = uncertainty_weighted((residual**2).mean()[None], 2 * sigma.log()[None], torch.tensor([0.5]))
    torch.testing.assert_close(loss, likelihood)


def test_uwl_walks_to_one_over_twice_the_loss_and_knows_the_kinds():
    uwl, copies = UWL(lr=0.1), Copies(model())
    uwl.begin(copies, list(TASKS), [0])
    assert uwl.weights.tolist() == [[0.5, 1.0]]
    for _ in range(800):
        uwl.backward(torch.tensor([[0.02, 30.0]], requires_grad=True))
    torch.testing.assert_close(uwl.weights, torch.tensor([[25.0, 1 / 60]]), rtol=0.02, atol=0)


def test_uwl_may_start_where_it_rests_at_a_known_loss():
    uwl = UWL(start={"a": 0.02, "b": 30.0})
    uwl.begin(Copies([model(0), model(1)]), list(TASKS), [0, 1])
    torch.testing.assert_close(uwl.weights, torch.tensor([[25.0, 1 / 60]] * 2))  # 1/(2L), for both kinds
    with pytest.raises(ValueError, match="tasks: got 'b'; expected one of 'a'"):
        UWL(start={"a": 1.0}).begin(Copies(model()), list(TASKS), [0])


def test_the_model_s_gradient_under_uwl_is_that_of_the_weighted_losses():
    rows, copies = examples(0), Copies(model())
    uwl = UWL()
    uwl.begin(copies, list(TASKS), [0])
    weights = uwl.weights
    uwl.backward(losses_of(copies, rows))
    gradient = copies.module.bottom.layers[0].weight.grad.clone()
    copies.module.zero_grad()
    (weights * losses_of(copies, rows)).sum().backward()
    torch.testing.assert_close(gradient, copies.module.bottom.layers[0].weight.grad)


# --- GradNorm ---------------------------------------------------------------------------------------------------------


def test_the_weights_of_gradnorm_stay_positive_and_sum_to_the_number_of_tasks():
    run = fit(
        model(), examples(0), task_weights={"a": 1e4, "b": 1}, balance=GradNorm(lr=0.5), **OPTIONS | {"epochs": 50}
    )
    weights = run.weights.assign(weight=run.weights["weight"] / run.weights["task"].map({"a": 1e4, "b": 1}))
    assert weights.groupby("epoch")["weight"].sum().to_numpy() == pytest.approx(2)
    assert weights["weight"].min() >= SMALLEST / 2


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
        layers = last_shared(copies, losses_of(copies, examples(0)))
        assert [id(tensor) for tensor in layers] == [id(copies.parameters[name]) for name in expected]
    losses = losses_of(copies, examples(0))
    squares = [torch.autograd.grad(losses[1, 0], t, retain_graph=True)[0][1].square().sum() for t in layers]
    torch.testing.assert_close(gradient_norms(losses, layers)[1, 0], sum(squares).sqrt())


@pytest.mark.parametrize("balance", [GradNorm(), PCGrad()], ids=ids[3:])
def test_a_model_that_shares_nothing_is_named(balance):
    apart = PLE(6, TASKS, 0, 1, [4], [4])
    with pytest.raises(ValueError, match=r"model: got no (layer that all|parameter that two) tasks reach"):
        fit(apart, examples(0), examples(1), balance=balance, **OPTIONS)


# --- PCGrad -----------------------------------------------------------------------------------------------------------


def by_the_paper(gradients: torch.Tensor, order: list[int]) -> torch.Tensor:
    """Algorithm 1 of the paper, on the vectors themselves."""
    parts = []
    for i, projected in enumerate(gradients):
        for j in order:
            if j != i and projected @ gradients[j] < 0:
                projected = projected - (projected @ gradients[j]) / gradients[j].square().sum() * gradients[j]
        parts.append(projected)
    return torch.stack(parts).sum(0)


@pytest.mark.parametrize("width", [2, 6])  # of four gradients in a plane one can end up opposed to what it was
@pytest.mark.parametrize("seed", range(8))
def test_surgery_on_products_is_the_paper_s_on_vectors(seed, width):
    gradients = torch.randn(4, width, generator=torch.Generator().manual_seed(seed))
    order = torch.randperm(4, generator=torch.Generator().manual_seed(seed))
    weights = surgery(gradients @ gradients.T, order)
    torch.testing.assert_close(weights @ gradients, by_the_paper(gradients, order.tolist()), atol=1e-5, rtol=1e-5)
    both = surgery((gradients @ gradients.T).expand(2, 4, 4), order.expand(2, 4))
    torch.testing.assert_close(both, weights.expand(2, 4))
    small = gradients * 1e-4  # of another unit: the same sum
    torch.testing.assert_close(surgery(small @ small.T, order), weights, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("count", [None, 3])
def test_pcgrad_leaves_towers_alone_and_projects_the_bottom(count):
    """Also: the gradient lies in memory as the parameter does, or Adam's fused step would mix it up."""
    models = model() if count is None else [model(s) for s in range(count)]
    copies, rows = Copies(models), examples(0)
    gradients = {}
    for name, balance in (("sum", Balance()), ("pcgrad", PCGrad())):
        for parameter in copies.parameters.values():
            parameter.grad = None
        balance.begin(copies, list(TASKS), list(range(count or 1)))
        balance.backward(losses_of(copies, rows))
        gradients[name] = {key: parameter.grad.clone() for key, parameter in copies.parameters.items()}
        assert all(p.grad.is_contiguous() for p in copies.parameters.values())
    for key in copies.parameters:
        same = torch.allclose(gradients["sum"][key], gradients["pcgrad"][key])
        assert same or (key.startswith("bottom") and not bool((balance.weights == 1).all()))


def shared_losses(values: torch.Tensor, gradients: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """One loss a task, `(1, tasks)`, of these values and with these gradients on a shared weight."""
    moves = torch.stack([(weight * gradient).sum() for gradient in gradients])
    return (values + moves - moves.detach())[None]


class Shared(nn.Module):
    """One matrix that all tasks share."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2, bias=False)


@pytest.mark.parametrize("seed", range(3))
def test_gradnorm_is_algorithm_1_step_after_step(seed):
    """L(0) is the loss of the first step for good, so a rate is that of all training so far."""
    generator = torch.Generator().manual_seed(seed)
    copies, gradnorm, alpha = Copies(Shared()), GradNorm(alpha=1.5, lr=0.05), 1.5
    gradnorm.begin(copies, ["a", "b", "c"], [0])
    weights = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.05)
    losses = torch.tensor([1.0, 2.0, 3.0])
    for step in range(8):
        now = losses * torch.tensor([0.9, 0.6, 0.99]) ** step
        gradients = torch.randn(3, 2, 3, generator=generator)
        gradnorm.backward(shared_losses(now, gradients, copies.module.layer.weight))

        norms = weights * gradients.flatten(1).norm(dim=1)
        progress = now / losses
        target = (norms.mean() * (progress / progress.mean()) ** alpha).detach()
        optimizer.zero_grad()
        (norms - target).abs().sum().backward()
        optimizer.step()
        with torch.no_grad():
            weights *= 3 / weights.sum()
        torch.testing.assert_close(gradnorm.weights[0], weights.detach(), atol=1e-5, rtol=1e-5)


def test_pcgrad_draws_its_order_anew_in_every_step():
    copies, pcgrad = Copies(Shared()), PCGrad()
    gradients = torch.tensor([[1.0, 0.2, 0, 0, 0, 0], [-1.0, 1, 0.3, 0, 0, 0], [0.2, -1.5, 1, 0, 0, 0]])
    pcgrad.begin(copies, ["a", "b", "c"], [3])
    drawn = []
    for _ in range(60):
        pcgrad.backward(shared_losses(torch.ones(3), gradients.view(3, 2, 3), copies.module.layer.weight))
        drawn.append(tuple(pcgrad.weights[0].numpy().round(4)))
        by_hand = pcgrad.weights[0] @ gradients
        torch.testing.assert_close(copies.module.layer.weight.grad.flatten(), by_hand)
    products = gradients @ gradients.T
    possible = [surgery(products, torch.tensor(order)) for order in permutations(range(3))]
    assert set(drawn) == {tuple(weights.numpy().round(4)) for weights in possible} and len(set(drawn)) > 2
    again = PCGrad()
    again.begin(copies, ["a", "b", "c"], [3])
    again.backward(shared_losses(torch.ones(3), gradients.view(3, 2, 3), copies.module.layer.weight))
    assert tuple(again.weights[0].numpy().round(4)) == drawn[0]  # by its seed


def test_every_copy_looks_at_the_tasks_in_an_order_of_its_own():
    g = torch.tensor([[1.0, 0.0], [-0.6, 0.8], [-0.5, -0.9]])  # each against both others
    products, seeds, pcgrad = torch.stack([g @ g.mT] * 2), [0, 1], PCGrad()
    pcgrad.begin(Copies([model(0), model(1)]), ["a", "b", "c"], seeds)
    orders = [torch.randperm(3, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    expected = torch.stack([surgery(products[0], order) for order in orders])
    assert not torch.allclose(expected[0], expected[1])
    torch.testing.assert_close(pcgrad.weigh(products), expected)

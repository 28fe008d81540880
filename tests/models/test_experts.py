"""Experts and gates: what softmax promises, and the limits in which one model is another."""

import pytest
import torch

from helpers.data.examples import Examples
from helpers.models.experts import PLE, MMoE, gate_weights
from helpers.models.shared_bottom import SharedBottom, SingleTask, parameter_count
from helpers.training.loop import fit

TASKS = {"click": "binary", "watch": "regression"}
X = torch.randn(30, 5, generator=torch.Generator().manual_seed(0))


def models(**options) -> dict:
    return {
        "MMoE": MMoE(5, TASKS, 3, [4], [6], **options),
        "one gate": MMoE(5, TASKS, 3, [4], [6], one_gate=True, **options),
        "PLE": PLE(5, TASKS, 2, 1, [4], [6], **options),
        "PLE, 2 levels": PLE(5, TASKS, 2, 1, [4], [6], levels=2, **options),
    }


every_model = pytest.mark.parametrize("name", models())


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[task], other[task]) for task in one)


@pytest.mark.slow
@every_model
def test_gates_are_positive_sum_to_1_and_see_the_input(name):
    gates = models()[name].gates(X)
    assert list(gates) == ["click", "watch"]
    for weights in gates.values():
        assert weights.shape == (30, 3) and bool((weights > 0).all())
        torch.testing.assert_close(weights.sum(-1), torch.ones(30))
        assert float(weights.detach().std(0).min()) > 0.01  # another row, other weights


def test_fixed_gates_start_even_and_are_the_same_for_every_row_but_not_for_every_task():
    model = MMoE(5, TASKS, 3, [4], [6], fixed_gates=True)
    assert torch.equal(model.gates(X)["click"], torch.full((30, 3), 1 / 3))
    start = {task: value.detach() for task, value in model(X).items()}
    assert parameter_count(model) == parameter_count(MMoE(5, TASKS, 3, [4], [6])) - 2 * 5 * 3 + 2 * 3
    rows = Examples(X, {"click": (X[:, 0] > 0).float(), "watch": X[:, 1]})
    fit(model, rows, rows, epochs=5, lr=0.1, progress=False)
    gates = model.gates(X)
    for weights in gates.values():
        assert torch.equal(weights, weights[:1].expand(30, -1)) and float(weights.detach().std(1).min()) > 1e-3
    assert not torch.equal(gates["click"], gates["watch"]) and not torch.equal(start["click"], model(X)["click"])
    one = MMoE(5, TASKS, 3, [4], [6], fixed_gates=True, one_gate=True).gates(X)
    assert torch.equal(one["click"], one["watch"]) and one["click"].shape == (30, 3)
    assert gate_weights([MMoE(5, TASKS, 3, [4], [6], fixed_gates=True)] * 2, X)["watch"].shape == (2, 30, 3)


def test_mmoe_is_the_formula_of_the_paper():
    """Equations 6 and 8, row by row and expert by expert."""
    model = MMoE(5, TASKS, 3, [4], [6], seed=2)
    for number, task in enumerate(TASKS):
        for row in X[:4]:
            weights = torch.softmax(model.bottom.gates[number].weight @ row, dim=0)
            mixed = sum(g * expert(row) for g, expert in zip(weights, model.bottom.experts, strict=True))
            torch.testing.assert_close(model(row[None])[task], model.towers[number](mixed))


@every_model
def test_experts_and_towers_start_different_by_the_seed_and_leave_the_global_generator_alone(name):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, two, other = (models(seed=seed)[name] for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert same(one(X), two(X)) and not same(one(X), other(X))
    first_layers = [tensor for key, tensor in one.named_parameters() if key.endswith("layers.0.weight")]
    assert len(first_layers) >= 5
    for number, layer in enumerate(first_layers):
        assert not any(layer.shape == also.shape and torch.equal(layer, also) for also in first_layers[:number])


def as_shared_bottom(model: MMoE, units: list[int]) -> SharedBottom:
    """A Shared-Bottom with the parameters of a mixture of one expert."""
    shared = SharedBottom(5, TASKS, units, [6])
    state = {name.replace("bottom.experts.0", "bottom"): tensor for name, tensor in model.state_dict().items()}
    shared.load_state_dict({name: tensor for name, tensor in state.items() if "gates" not in name})
    return shared


@pytest.mark.parametrize("one_gate", [False, True])
def test_one_expert_is_shared_bottom_exactly(one_gate):
    model = MMoE(5, TASKS, 1, [4, 3], [6], one_gate=one_gate, seed=4)
    shared = as_shared_bottom(model, [4, 3])
    assert same(model(X), shared(X))
    gates = (1 if one_gate else 2) * 5
    assert parameter_count(model) == parameter_count(shared) + gates
    for network in (model, shared):
        sum(value.sum() for value in network(X).values()).backward()
    assert torch.equal(model.bottom.experts[0].layers[0].weight.grad, shared.bottom.layers[0].weight.grad)
    assert all(float(gate.weight.grad.abs().max()) < 1e-6 for gate in model.bottom.gates)


def test_ple_without_own_experts_is_mmoe_exactly():
    ple, mmoe = PLE(5, TASKS, 3, 0, [4], [6]), MMoE(5, TASKS, 3, [4], [6])
    names = {"bottom.levels.0.shared": "bottom.experts", "bottom.levels.0.gates": "bottom.gates"}
    state = {}
    for name, tensor in ple.state_dict().items():
        old = next((old for old in names if name.startswith(old)), None)
        state[name.replace(old, names[old]) if old else name] = tensor
    mmoe.load_state_dict(state)
    assert same(mmoe(X), ple(X)) and same(mmoe.gates(X), ple.gates(X))


def test_ple_without_shared_experts_keeps_the_tasks_apart():
    ple = PLE(5, TASKS, 0, 1, [4], [6])
    alone = SingleTask(5, "click", "binary", [4], [6])
    own = "bottom.levels.0.own.0.0"
    state = {name.replace(own, "bottom"): tensor for name, tensor in ple.state_dict().items()}
    alone.load_state_dict({name: state[name] for name in alone.state_dict()})
    assert torch.equal(ple(X)["click"], alone(X)["click"])


@pytest.mark.parametrize("levels", [1, 2])
def test_an_own_expert_learns_from_its_own_task_alone_unless_a_level_above_mixes_it(levels):
    ple = PLE(5, TASKS, 2, 1, [4], [6], levels=levels)
    ple(X)["click"].sum().backward()
    top = ple.bottom.levels[-1]
    reached = [any(p.grad is not None for p in experts.parameters()) for experts in (*top.own, top.shared)]
    assert reached == [True, False, True]
    below = ple.bottom.levels[0].own[1]
    assert any(p.grad is not None for p in below.parameters()) == (levels == 2)


def test_two_levels_of_ple_are_the_formula_of_the_paper():
    """The gate of a task mixes its own experts, which come first, with the shared ones; that of the shared row all."""
    ple = PLE(5, TASKS, 2, 1, [4], [6], levels=2, seed=1)
    below, top = ple.bottom.levels
    assert below.shared_gate is not None and top.shared_gate is None
    rows = [X] * 3
    for level in (below, top):
        shared = [expert(rows[2]) for expert in level.shared]
        own = [[expert(row) for expert in experts] for experts, row in zip(level.own, rows, strict=False)]
        mixed = [
            (torch.softmax(row @ gate.weight.T, -1)[..., None] * torch.stack([*mine, *shared], 1)).sum(1)
            for gate, row, mine in zip(level.gates, rows, own, strict=False)
        ]
        if level is below:
            weights = torch.softmax(rows[2] @ level.shared_gate.weight.T, -1)[..., None]
            mixed.append((weights * torch.stack([*own[0], *own[1], *shared], 1)).sum(1))
        rows = mixed
    for task, tower, row in zip(TASKS, ple.towers, rows, strict=True):
        torch.testing.assert_close(ple(X)[task], tower(row).squeeze(-1))


def test_l2_reaches_experts_and_gates():
    l2 = MMoE(5, TASKS, 3, [4], [6], l2_layers=0.2).l2()
    assert sum("gates" in name for name in l2) == 2 and sum("experts" in name for name in l2) == 3
    assert set(l2.values()) == {0.2}


@pytest.fixture
def logged(features, frame):
    return features, features.examples(frame, {task: task for task in TASKS})


@pytest.mark.parametrize("make", [lambda f, s: MMoE(f, TASKS, 3, [4], [6], seed=s), lambda f, s: PLE(f, TASKS, seed=s)])
def test_copies_on_every_kind_of_column_and_with_masks_train_as_they_would_alone(logged, make):
    features, rows = logged
    options = {"epochs": 3, "batch_size": 20, "progress": False}
    copies = [make(features, seed) for seed in range(3)]
    together = fit(copies, rows, rows, seed=[5, 6, 7], **options).predict(rows.inputs)
    alone = make(features, 1)
    for task, value in fit(alone, rows, rows, seed=6, **options).predict(rows.inputs).items():
        torch.testing.assert_close(together[task][1], value, atol=1e-4, rtol=1e-4)
    gates = gate_weights(copies, rows.inputs)
    assert gates["click"].shape[:2] == (3, 60)
    torch.testing.assert_close(gates["click"][1], copies[1].gates(rows.inputs)["click"].detach())


def test_gates_of_copies_that_have_inputs_of_their_own():
    copies = [MMoE(5, TASKS, 3, [4], [6], seed=seed) for seed in range(2)]
    gates = gate_weights(copies, torch.stack([X, -X]))
    torch.testing.assert_close(gates["watch"][1], copies[1].gates(-X)["watch"].detach())
    assert torch.equal(gate_weights(copies[0], X)["watch"], copies[0].gates(X)["watch"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MMoE(5, TASKS, 0), "experts: got 0"),
        (lambda: MMoE(5, TASKS, 2, []), r"units: got \[\]"),
        (lambda: MMoE(5, TASKS, 2, 8), "units: got 8"),
        (lambda: MMoE(5, TASKS, 2, [4], [[4]]), "towers: got 1 lists"),
        (lambda: PLE(5, TASKS, 0, 0), "shared, own: got no expert at all"),
        (lambda: PLE(5, TASKS, 2, -1), "own: got -1"),
        (lambda: PLE(5, TASKS, levels=0), "levels: got 0"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises((ValueError, TypeError), match=f"^{message}.*; expected"):
        make()

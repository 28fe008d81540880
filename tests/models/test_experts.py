"""Experts and gates: the formulas of the papers, and gates to look at."""

import pytest
import torch
from torch import Tensor, nn

from helpers.models.experts import PLE, MMoE
from helpers.models.gates import gate_weights

TASKS = {"click": "binary", "watch": "regression"}
X = torch.randn(30, 5, generator=torch.Generator().manual_seed(0))


def weights(gate: nn.Module, row: Tensor) -> Tensor:
    """Positive, with sum 1; those of a gate that does not look at the row are the same for each."""
    return torch.softmax(gate.logits.expand(len(row), -1) if hasattr(gate, "logits") else row @ gate.weight.T, -1)


def mixed(gate: nn.Module, row: Tensor, outputs: list[Tensor]) -> Tensor:
    return (weights(gate, row)[..., None] * torch.stack(outputs, 1)).sum(1)


@pytest.mark.parametrize("experts", [1, 3])
@pytest.mark.parametrize("fixed_gates", [False, True])
@pytest.mark.parametrize("one_gate", [False, True])
def test_mmoe_is_the_formula_of_the_paper(experts, one_gate, fixed_gates):
    """Equations 6 and 8. With one expert it is a Shared-Bottom; fixed gates start even."""
    model = MMoE(5, TASKS, experts, [4], [6], one_gate=one_gate, fixed_gates=fixed_gates)
    gates = list(model.bottom.gates)
    assert len(gates) == (1 if one_gate else 2)
    if fixed_gates:
        assert torch.equal(model.gates(X)["click"], torch.full((30, experts), 1 / experts))
    for gate in gates:
        nn.init.normal_(gate.logits if fixed_gates else gate.weight)
    outputs = [expert(X) for expert in model.bottom.experts]
    for task, tower, gate in zip(TASKS, model.towers, gates * (2 if one_gate else 1), strict=True):
        torch.testing.assert_close(model(X)[task], tower(mixed(gate, X, outputs)).squeeze(-1))
        torch.testing.assert_close(model.gates(X)[task], weights(gate, X))


@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize(("shared", "own"), [(2, 1), (1, 2), (2, 0), (0, 1)])
def test_ple_is_the_formula_of_the_paper(shared, own, levels):
    """The gate of a task mixes its own experts, which come first, with the shared ones; that of the shared row all.
    Without own experts one level is MMoE, and without shared ones nothing but the row is shared."""
    ple = PLE(5, TASKS, shared, own, [4], [6], levels=levels)
    rows = [X] * 3
    for level in ple.bottom.levels:
        of_all = [expert(rows[2]) for expert in level.shared]
        of_one = [[expert(row) for expert in experts] for experts, row in zip(level.own, rows, strict=False)]
        at_gates = [weights(gate, row) for gate, row in zip(level.gates, rows, strict=False)]
        above = [mixed(gate, row, mine + of_all) for gate, row, mine in zip(level.gates, rows, of_one, strict=False)]
        if level.shared_gate is not None:
            above.append(mixed(level.shared_gate, rows[2], of_one[0] + of_one[1] + of_all))
        rows = above
    assert level.shared_gate is None, "nothing would read it"
    for task, tower, row, gate in zip(TASKS, ple.towers, rows, at_gates, strict=True):
        torch.testing.assert_close(ple(X)[task], tower(row).squeeze(-1))
        torch.testing.assert_close(ple.gates(X)[task], gate)


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

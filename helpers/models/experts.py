"""Soft sharing: several small bottoms, the experts, and gates that say how much each task takes of each.

    inputs → Encoder → experts → mixed by the task's gate → the task's tower → {task: logit or value}

MMoE (Ma et al., KDD 2018) has a gate for each task, the one-gate MoE one for all, and PLE (Tang et al., RecSys 2020)
has experts of one task alone besides the shared ones (with a single level, as in chapter 06, it is the paper's CGC).
Each is a `SharedBottom` whose bottom holds experts and gates, and gives every tower a mixture of its own; columns,
towers, penalties and copies are as there.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from ..data.examples import Inputs
from ..data.features import Features
from ..support import validate
from .shared_bottom import MLP, SharedBottom


class Gate(nn.Linear):
    """softmax(W x), `(n, width)` → `(n, experts)`: positive weights with sum 1 (Ma et al., 2018, equation 8)."""

    def __init__(self, width: int, experts: int):
        super().__init__(width, experts, bias=False)

    def forward(self, row: Tensor) -> Tensor:
        return super().forward(row).softmax(-1)


class FixedGate(nn.Module):
    """A gate that does not look at the row: one learnt mixture, the same for all rows. `(n, width)` → `(n, experts)`.

    What is left of a gate that is a softmax of learnt numbers alone; it starts even.
    """

    def __init__(self, experts: int):
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(experts))

    def forward(self, row: Tensor) -> Tensor:
        return self.logits.softmax(-1).expand(*row.shape[:-1], -1)


def mix(weights: Tensor, outputs: list[Tensor]) -> Tensor:
    """Σᵢ gᵢ fᵢ: weights `(n, experts)` and an output `(n, width)` of each expert → `(n, width)`."""
    validate.instance("weights", weights, Tensor, "a tensor (n, experts)")  # by hand, for what is exported
    if not isinstance(outputs, list) or len(outputs) != weights.shape[-1]:
        validate.fail("outputs", repr(outputs)[:60], f"{weights.shape[-1]} tensors (n, width), one of each expert")
    return sum(weight * output for weight, output in zip(weights.split(1, dim=-1), outputs, strict=True))


def _last_layers(experts: nn.ModuleList) -> list[nn.Linear]:
    return [[layer for layer in expert.layers if isinstance(layer, nn.Linear)][-1] for expert in experts]


class Gated(SharedBottom):
    """What MMoE and PLE have in common: experts and gates for a bottom, whose layers take the options of the towers."""

    def _make_bottom(self, bottom: Callable[[int, dict], nn.Module], options: dict) -> nn.Module:
        return bottom(self.encoder.width, options)

    def gates(self, inputs: Inputs) -> dict[str, Tensor]:
        """How much each task takes of each expert, row by row: {task: `(n, experts)`}, every row with sum 1."""
        raise NotImplementedError


class Mixture(nn.Module):
    """What MMoE has for a bottom: experts for all tasks, and the gates that mix them."""

    def __init__(self, experts: list[MLP], gates: list[nn.Module]):
        super().__init__()
        self.experts, self.gates = nn.ModuleList(experts), nn.ModuleList(gates)
        self.width = experts[0].width

    def last_shared_layers(self) -> list[nn.Linear]:
        """What all tasks share last, side by side: where GradNorm reads the tasks' gradients."""
        return _last_layers(self.experts)


class MMoE(Gated):
    """Multi-gate Mixture-of-Experts: a tower reads Σᵢ gᵢ(x) fᵢ(x) with weights g of its task (Ma et al., 2018, §4.2).

    experts    how many
    units      of each expert's layers
    one_gate   one gate for all tasks, so that all towers read the same: the paper's OMoE
    fixed_gates   gates that do not read the row: each task has one learnt mixture for all rows. Not in the paper; it
               tells apart what the experts bring and what it brings that a gate looks at the row
    features, tasks, towers and all other options as of `SharedBottom`; activation, dropout and batch norm also hold in
    the experts, and `l2_layers` also for the gates

    One expert is a Shared-Bottom: a softmax over one number is 1. Experts draw their first parameters one after the
    other, so they start different from each other.
    """

    def __init__(
        self,
        features: Features | int,
        tasks: dict[str, str],
        experts: int = 4,
        units: Sequence[int] = (64,),
        towers: Sequence[int] | Sequence[Sequence[int]] = (64, 32),
        *,
        one_gate: bool = False,
        fixed_gates: bool = False,
        **options,
    ):
        experts = validate.number("experts", experts, low=1, whole=True)
        units = _expert_units(units)

        def bottom(width: int, options: dict) -> Mixture:
            mlps = [MLP(width, units, **options) for _ in range(experts)]
            gates = range(1 if one_gate else len(tasks))
            return Mixture(mlps, [FixedGate(experts) if fixed_gates else Gate(width, experts) for _ in gates])

        super().__init__(features, tasks, bottom, towers, **options)

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        row = self.encoder(inputs)  # (n, width)
        outputs = [expert(row) for expert in self.bottom.experts]  # (n, units[-1]) each
        mixtures = self._for_tasks([mix(gate(row), outputs) for gate in self.bottom.gates])  # (n, units[-1]) each
        by_task = zip(self.tasks, self.towers, mixtures, strict=True)
        return {task: tower(mixture).squeeze(-1) for task, tower, mixture in by_task}

    def gates(self, inputs: Inputs) -> dict[str, Tensor]:
        row = self.encoder(inputs)
        return dict(zip(self.tasks, self._for_tasks([gate(row) for gate in self.bottom.gates]), strict=True))

    def _for_tasks(self, by_gate: list[Tensor]) -> list[Tensor]:
        """A single gate serves every task."""
        return by_gate if len(by_gate) == len(self.tasks) else by_gate * len(self.tasks)


class Extraction(nn.Module):
    """One level of PLE: each task has experts of its own besides the shared ones, and a gate that mixes both.

    It takes a row for each task and one for the shared experts, `(n, width)` each, and gives as many: the gate of the
    shared row mixes all experts of the level. The last level has no shared gate: nothing reads its output.
    """

    def __init__(self, width: int, tasks: int, shared: int, own: int, units: Sequence[int], last: bool, options: dict):
        super().__init__()
        self.shared = nn.ModuleList(MLP(width, units, **options) for _ in range(shared))
        self.own = nn.ModuleList(nn.ModuleList(MLP(width, units, **options) for _ in range(own)) for _ in range(tasks))
        self.gates = nn.ModuleList(Gate(width, own + shared) for _ in range(tasks))
        self.shared_gate = None if last else Gate(width, tasks * own + shared)

    def forward(self, rows: list[Tensor]) -> list[Tensor]:
        *of_tasks, of_shared = rows
        shared = [expert(of_shared) for expert in self.shared]  # (n, units[-1]) each
        own = [[expert(row) for expert in experts] for experts, row in zip(self.own, of_tasks, strict=True)]
        mixed = [mix(gate(row), [*mine, *shared]) for gate, row, mine in zip(self.gates, of_tasks, own, strict=True)]
        if self.shared_gate is not None:
            every = [output for mine in own for output in mine] + shared
            mixed.append(mix(self.shared_gate(of_shared), every))
        return mixed


class Levels(nn.Module):
    """Levels of `Extraction`, one on the other: what PLE has for a bottom."""

    def __init__(self, width: int, tasks: int, shared: int, own: int, units: Sequence[int], levels: int, options: dict):
        super().__init__()
        self.tasks, self.width = tasks, MLP(width, units).width  # its draws are part of what a seed gives
        widths = [width] + [self.width] * (levels - 1)
        self.levels = nn.ModuleList(
            Extraction(below, tasks, shared, own, units, number == levels, options)
            for number, below in enumerate(widths, start=1)
        )

    def weights(self, row: Tensor) -> list[Tensor]:
        """The gate weights of each task on the last level, `(n, own + shared)` each: its own experts come first."""
        *below, last = self.levels
        return [gate(row) for gate, row in zip(last.gates, self._through(below, row)[: self.tasks], strict=True)]

    def forward(self, row: Tensor) -> list[Tensor]:
        return self._through(self.levels, row)

    def last_shared_layers(self) -> list[nn.Linear]:
        """The last layers of the last level's shared experts, as of `Mixture`; none without shared experts."""
        return _last_layers(self.levels[-1].shared)

    def _through(self, levels: Sequence[Extraction], row: Tensor) -> list[Tensor]:
        rows = [row] * (self.tasks + 1)
        for level in levels:
            rows = level(rows)
        return rows


class PLE(Gated):
    """Progressive Layered Extraction: experts that only one task uses, besides shared ones (Tang et al., 2020, §4).

    shared, own   how many experts all tasks share, and how many each task has for itself
    units         of each expert's layers
    levels        of experts and gates, one on the other; 1 is the paper's CGC (customized gate control)
    features, tasks, towers and all other options as of `MMoE`

    Without own experts one level is an MMoE; without shared ones the tasks share the embeddings alone.
    """

    def __init__(
        self,
        features: Features | int,
        tasks: dict[str, str],
        shared: int = 2,
        own: int = 1,
        units: Sequence[int] = (64,),
        towers: Sequence[int] | Sequence[Sequence[int]] = (64, 32),
        *,
        levels: int = 1,
        **options,
    ):
        shared, own = (validate.number(name, n, low=0, whole=True) for name, n in (("shared", shared), ("own", own)))
        if shared + own == 0:
            validate.fail("shared, own", "no expert at all", "at least one of either kind")
        levels, units = validate.number("levels", levels, low=1, whole=True), _expert_units(units)

        def bottom(width: int, options: dict) -> Levels:
            return Levels(width, len(tasks), shared, own, units, levels, options)

        super().__init__(features, tasks, bottom, towers, **options)

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        mixtures = self.bottom(self.encoder(inputs))  # (n, units[-1]) for each task
        by_task = zip(self.tasks, self.towers, mixtures, strict=True)
        return {task: tower(mixture).squeeze(-1) for task, tower, mixture in by_task}

    def gates(self, inputs: Inputs) -> dict[str, Tensor]:
        return dict(zip(self.tasks, self.bottom.weights(self.encoder(inputs)), strict=True))


def _expert_units(units) -> list[int]:
    if not isinstance(units, list | tuple) or not units:
        validate.fail("units", repr(units)[:60], "a list of units for each expert, such as [64]")
    return list(units)

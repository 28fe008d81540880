"""Members: the model, or the many copies of one model, that training treats alike.

Copies of a model (other seeds, other task weights, other data) have their parameters stacked on a leading axis. They
cost one call a step instead of one each.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.optim.adam import adam

from helpers.data.examples import Inputs, map_inputs

CACHE_BYTES = 1 << 20  # what the activations of the widest layer may take; rows or copies beyond it cost up to double

State = dict[str, Tensor]


class Members:
    """The model, or the copies of one model, that a loop trains: their parameters and how to call them.

    Copies have their parameters stacked on a leading axis, and `torch.func.vmap` runs the model's own `forward` over
    it: what was written for one batch `(n, columns)` works unchanged for many copies `(copies, n, columns)`.
    """

    def __init__(self, models: nn.Module | Sequence[nn.Module]):
        self.copies = None if isinstance(models, nn.Module) else len(models)
        if self.copies is None:
            self.module = models
            self.parameters, self.buffers = dict(models.named_parameters()), dict(models.named_buffers())
        else:
            self.module = copy.deepcopy(models[0])  # its own parameters are never used, but say which are tied
            self.parameters, self.buffers = stack_module_state(list(models))
        kinds = self.module.named_parameters, self.module.named_buffers
        names = sum(len(list(named(remove_duplicate=False))) for named in kinds)
        self.tied = names > len(self.parameters) + len(self.buffers)  # looked up once: in each step it takes a while

    def state(self) -> State:
        return {name: tensor.detach() for name, tensor in (self.parameters | self.buffers).items()}

    def optimizer(self, lr: float) -> Adam:
        """Adam. An L2 penalty λ‖w‖² has the gradient 2λw, which is Adam's own `weight_decay` of 2λ."""
        l2 = self.module.l2() if hasattr(self.module, "l2") else {}
        by_decay: dict[float, list[Tensor]] = {}
        for name, tensor in self.parameters.items():
            by_decay.setdefault(2 * l2.get(name, 0.0), []).append(tensor)
        return Adam(by_decay, lr)

    def __call__(self, inputs: Inputs, state: State | None = None) -> dict[str, Tensor]:
        """Outputs by task, `(n,)` or `(copies, n)`. Copies may share inputs that have no leading axis."""
        if self.copies is None:
            return self.module(inputs) if state is None else functional_call(self.module, state, (inputs,))
        state = self.parameters | self.buffers if state is None else state
        tensors = inputs.values() if isinstance(inputs, dict) else [inputs]
        shared = all(tensor.dim() == 2 for tensor in tensors)
        call = vmap(self._call, in_dims=(0, None if shared else 0), randomness="different")
        try:
            return call(state, inputs)
        except Exception:  # in the words of vmap, or of a check that could not see the values: one copy alone says more
            for one in range(self.copies):
                own = inputs if shared else map_inputs(lambda tensor, i=one: tensor[i], inputs)
                self._call({name: tensor[one].detach().clone() for name, tensor in state.items()}, own)
            raise

    def _call(self, state: State, inputs: Inputs) -> dict[str, Tensor]:
        return functional_call(self.module, state, (inputs,), tie_weights=self.tied)

    @torch.no_grad()
    def predict(self, inputs: Inputs, state: State | None = None) -> dict[str, Tensor]:
        """Outputs in evaluation mode, as many rows at a time as the cache holds; of no rows, no outputs."""
        self.module.eval()
        first = next(iter(inputs.values())) if isinstance(inputs, dict) else inputs
        rows, most = first.shape[-2], max(512, _rows_in_cache(self.module) // (self.copies or 1))
        chunks = []
        for start in range(0, max(rows, 1), most):
            size = min(most, rows - start)
            chunks.append(self(map_inputs(lambda t, s=start, k=size: t.narrow(-2, s, k), inputs), state))
        return {task: torch.cat([chunk[task] for chunk in chunks], dim=-1) for task in chunks[0]}


@torch.no_grad()
def restore(model: nn.Module, state: State) -> None:
    """Put a state into the model in place. As its names are those of `Members`, tied parameters and buffers that
    `state_dict` leaves out are no obstacle."""
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        tensor.copy_(state[name])


class Adam:
    """Adam (Kingma and Ba, ICLR 2015): what `torch.optim.Adam(…, fused=True)` does, by the same function.

    That class first loads torch's compiler, which takes a second and 70 MB of memory and is not needed here.

    by_decay   {weight decay: the tensors that it holds for}
    """

    def __init__(self, by_decay: dict[float, list[Tensor]], lr: float):
        self.lr = lr
        self.slots = {  # each tensor with the averages of its gradients and of their squares, and its number of steps
            decay: [(tensor, torch.zeros_like(tensor), torch.zeros_like(tensor), torch.zeros(())) for tensor in tensors]
            for decay, tensors in by_decay.items()
        }

    @torch.no_grad()
    def step(self) -> None:
        for decay, slots in self.slots.items():
            if used := [slot for slot in slots if slot[0].grad is not None]:
                tensors, averages, squares, steps = map(list, zip(*used, strict=True))
                gradients = [tensor.grad for tensor in tensors]
                constants = {"lr": self.lr, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": decay}
                options = {"amsgrad": False, "maximize": False, "fused": True}
                adam(tensors, gradients, averages, squares, [], steps, **constants, **options)

    def zero_grad(self) -> None:
        for slots in self.slots.values():
            for tensor, *_ in slots:
                tensor.grad = None


def _rows_in_cache(model: nn.Module) -> int:
    """How many rows of the widest layer's activations, 4 bytes a number, the cache holds."""
    widths = [module.out_features for module in model.modules() if isinstance(module, nn.Linear)]
    return CACHE_BYTES // (4 * max(widths, default=64))


def group_size(model: nn.Module, rows: int) -> int:
    """How many copies to train together: enough to fill matrix kernels, few enough for the cache."""
    return max(8, min(32, _rows_in_cache(model) // rows))

"""Copies: one model, or many copies of it that run as one.

Copies of a model (other seeds, other task weights, other data) have their parameters stacked on a leading axis. They
cost one call a step instead of one each. A single model is treated alike: its outputs have a leading axis of 1.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from ..data.examples import Inputs, check_inputs, map_tensors
from ..support import validate

CACHE_BYTES = 1 << 20  # what the activations of the widest layer may take; rows or copies beyond it cost up to double

State = dict[str, Tensor]


class Copies:
    """The parameters of one model, or of the copies of one, and how to call them.

    `torch.func.vmap` runs the model's own `forward` over the leading axis: what was written for one batch
    `(n, columns)` works unchanged for many copies `(copies, n, columns)`. A single model is called directly, which is
    faster than `vmap` over one.

    parameters, buffers   {name: the model's own tensor}, or for a list {name: a tensor `(copies, …)`}
    """

    def __init__(self, models: nn.Module | Sequence[nn.Module]):
        self.single = isinstance(models, nn.Module)
        if self.single:
            self.count, self.module = 1, models
            self.parameters, self.buffers = dict(models.named_parameters()), dict(models.named_buffers())
        else:
            self.count, self.module = len(models), copy.deepcopy(models[0])  # a template, whose values are not used
            self.parameters, self.buffers = stack_module_state(list(models))
        kinds = self.module.named_parameters, self.module.named_buffers
        names = sum(len(list(named(remove_duplicate=False))) for named in kinds)
        self.tied = names > len(self.parameters) + len(self.buffers)  # found once: it takes too long for each step

    def state(self) -> State:
        """Parameters and buffers, `(copies, …)` each, without a gradient."""
        tensors = {name: tensor.detach() for name, tensor in (self.parameters | self.buffers).items()}
        return {name: tensor[None] for name, tensor in tensors.items()} if self.single else tensors

    def groups(self) -> list[dict]:
        """The parameters in groups for `Adam`, one for each weight decay.

        An L2 penalty λ‖w‖² has the gradient 2λw, which is Adam's own `weight_decay` of 2λ; with the model's `l2_rows`
        of "looked up", that of embeddings is for the rows that a step looks up.
        """
        l2 = self.module.l2() if hasattr(self.module, "l2") else {}
        tables = {f"{name}.weight" for name, part in self.module.named_modules() if isinstance(part, nn.Embedding)}
        some = getattr(self.module, "l2_rows", "all") == "looked up"
        groups: dict[tuple[float, bool], list[Tensor]] = {}
        for name, tensor in self.parameters.items():
            decay = 2 * l2.get(name, 0.0)
            groups.setdefault((decay, decay > 0 and some and name in tables), []).append(tensor)
        return [
            {"params": members, "weight_decay": decay, "looked_up": rows} for (decay, rows), members in groups.items()
        ]

    def __call__(self, inputs: Inputs, state: State | None = None) -> dict[str, Tensor]:
        """Outputs by task, `(copies, n)`. Inputs are `(copies, n, columns)`, or `(n, columns)` for all copies."""
        if self.single:
            inputs = map_tensors(lambda tensor: tensor.flatten(0, -2), inputs)  # without the leading axis of 1
            outputs = self._call(None if state is None else {name: tensor[0] for name, tensor in state.items()}, inputs)
            return {task: output[None] for task, output in outputs.items()}
        shared = all(tensor.dim() == 2 for tensor in (inputs.values() if isinstance(inputs, dict) else [inputs]))
        call = vmap(self._call, in_dims=(0, None if shared else 0), randomness="different")
        return call(self.parameters | self.buffers if state is None else state, inputs)

    def _call(self, state: State | None, inputs: Inputs) -> dict[str, Tensor]:
        if state is None:
            outputs = self.module(inputs)
        else:
            outputs = functional_call(self.module, state, (inputs,), tie_weights=self.tied)
        if not isinstance(outputs, dict):
            came = f"an output that is a {type(outputs).__name__}"
            validate.fail("model", came, "{task: tensor of shape (rows,)}", TypeError)
        return outputs

    @torch.no_grad()
    def predict(self, inputs: Inputs, state: State | None = None) -> dict[str, Tensor]:
        """Outputs in evaluation mode, as many rows at a time as the cache holds; of no rows, no outputs."""
        self.module.eval()
        first = next(iter(inputs.values())) if isinstance(inputs, dict) else inputs
        rows, most = first.shape[-2], max(512, _rows_in_cache(self.module) // self.count)
        chunks = []
        for start in range(0, max(rows, 1), most):
            size = min(most, rows - start)
            chunks.append(self(map_tensors(lambda t, s=start, k=size: t.narrow(-2, s, k), inputs), state))
        return {task: torch.cat([chunk[task] for chunk in chunks], dim=-1) for task in chunks[0]}

    def squeeze(self, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """The outputs of a single model without their leading axis, `(n,)`; those of copies as they are."""
        return {task: output[0] for task, output in outputs.items()} if self.single else outputs

    def check_inputs(self, inputs: Inputs) -> None:
        """Raise ValueError or TypeError that names what in `inputs` a call would fail on, in words of its columns."""
        check_inputs(inputs, None if self.single else self.count, shared=True)
        if hasattr(self.module, "check_inputs"):
            self.module.check_inputs(inputs)


@validate.checked
def predict(models: nn.Module | Sequence[nn.Module], inputs: Inputs) -> dict[str, Tensor]:
    """Outputs of a model in evaluation mode, `(n,)` each, or of copies, `(copies, n)`, which may share the inputs."""
    copies = Copies(models)
    copies.check_inputs(inputs)
    return copies.squeeze(copies.predict(inputs))


@validate.checked
@torch.no_grad()
def restore(model: nn.Module, state: State) -> None:
    """Put a state into the model in place. As its names are those of `Copies`, tied parameters and buffers that
    `state_dict` leaves out are no obstacle."""
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        tensor.copy_(state[name])


def _rows_in_cache(model: nn.Module) -> int:
    """How many rows of the widest layer's activations, 4 bytes a number, the cache holds."""
    widths = [module.out_features for module in model.modules() if isinstance(module, nn.Linear)]
    return CACHE_BYTES // (4 * max(widths, default=64))


@validate.checked
def group_size(model: nn.Module, rows: int) -> int:
    """How many copies to train together: enough to fill matrix kernels, few enough for the cache."""
    return max(8, min(32, _rows_in_cache(model) // rows))

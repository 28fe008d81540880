"""Adam, called as `torch.optim.Adam` is, without what that loads.

Either can take the other's place: Adam(model.parameters(), lr=0.01, weight_decay=1e-4), with parameter groups, too.
"""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim.adam import adam


class Adam:
    """Adam (Kingma and Ba, ICLR 2015): what `torch.optim.Adam(…, fused=True)` does, by the same function.

    That class first loads torch's compiler, which takes a second and 70 MB of memory and is not needed here.

    params   tensors, or groups of them: [{"params": tensors, "lr": …, "weight_decay": …}, …]
    lr, weight_decay   of the groups that have none of their own
    looked_up          in a group: the decay is for numbers whose gradient is not 0, such as those of an embedding that
                       the batch looks up. What one step in k looks up gets k times the decay, k as counted so far.

    The decay of a group is added to its gradients (torch calls that coupled), so Adam normalises it with them: where
    the gradient is otherwise 0, the step has the size of lr, however small the decay.
    """

    def __init__(self, params: Iterable[Tensor] | Iterable[dict], lr: float = 1e-3, weight_decay: float = 0.0):
        params = list(params)
        groups = params if params and isinstance(params[0], dict) else [{"params": params}]
        defaults = {"lr": lr, "weight_decay": weight_decay, "looked_up": False}
        self.param_groups = [defaults | group for group in groups]
        for group in self.param_groups:
            group["params"] = [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"])
        self.state = {  # of each tensor: the averages of its gradients and of their squares, and its number of steps
            tensor: (torch.zeros_like(tensor), torch.zeros_like(tensor), torch.zeros(()))
            for group in self.param_groups
            for tensor in group["params"]
        }
        self.seen = {  # in how many steps each number had a gradient, and a trace more: 0 / 0 would be no number
            tensor: torch.full_like(tensor, 1e-9)
            for group in self.param_groups
            for tensor in group["params"]
            if group["looked_up"]
        }

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            if used := [tensor for tensor in group["params"] if tensor.grad is not None]:
                averages, squares, steps = map(list, zip(*(self.state[tensor] for tensor in used), strict=True))
                gradients, decay = [tensor.grad for tensor in used], group["weight_decay"]
                if group["looked_up"]:
                    for tensor, gradient, step in zip(used, gradients, steps, strict=True):
                        now = gradient.sign().square_()
                        share = now / self.seen[tensor].add_(now)  # 1 / seen where it is looked up now, else 0
                        gradient.addcmul_(tensor, share, value=decay * (float(step) + 1))
                    decay = 0.0
                constants = {"lr": group["lr"], "weight_decay": decay, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
                constants |= {"amsgrad": False, "maximize": False}
                adam(used, gradients, averages, squares, [], steps, **constants, fused=True)

    def zero_grad(self) -> None:
        for tensor in self.state:
            tensor.grad = None

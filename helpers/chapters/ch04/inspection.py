"""What can be found out about a model that somebody else wrote, without reading its code.

The exercise on the Shared-Bottom asks which parameters an output depends on, what the layers read, and whether a
function is linear or bounded.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from helpers.display.answers import slopes


def reaches(model: nn.Module, output: Tensor) -> set[str]:
    """Names of the parameters that the output's gradient reaches."""
    behind = {id(parameter) for parameter in _parameters_behind(output)}
    return {name for name, parameter in model.named_parameters() if id(parameter) in behind}


def has_unregistered(model: nn.Module, output: Tensor) -> bool:
    """Whether the output depends on parameters that are not among those of the model."""
    registered = {id(parameter) for parameter in model.parameters()}
    return any(id(parameter) not in registered for parameter in _parameters_behind(output))


def _parameters_behind(output: Tensor) -> list[Tensor]:
    """The parameters that autograd reaches from the output, registered with a module or not."""
    parameters, seen, waiting = [], set(), [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):  # where a gradient is accumulated
            parameters.append(node.variable)
        waiting += [following for following, _ in node.next_functions]
    return parameters


def bends(function: Callable[[Tensor], list[Tensor]], x: Tensor) -> list[bool]:
    """Whether each result of the function is not linear in x: f(x + y) + f(0) differs from f(x) + f(y)."""
    y = x.flip(0)
    with torch.no_grad():
        results = zip(*(function(inputs) for inputs in (x + y, 0 * x, x, y)), strict=True)
    return [
        bool((both + nothing - one - other).abs().max() > 1e-4 * one.abs().max())
        for both, nothing, one, other in results
    ]


def is_unbounded(model: nn.Module, x: Tensor) -> bool:
    """Whether each output gets well above and well below 0, for some of twelve draws of all parameters."""
    model, outputs = copy.deepcopy(model), []
    for _ in range(12):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(std=2)
            outputs.append(torch.stack(list(model(x).values())))
    every = torch.cat(outputs, dim=1)
    return bool(((every > 1.5).any(1) & (every < -1.5).any(1)).all())


def same_layer(model: nn.Module, a: Tensor, b: Tensor) -> bool:
    """Whether some parameter serves one output with some of its numbers and the other with the rest."""
    parameters = list(model.parameters())
    both = zip(slopes(a, *parameters), slopes(b, *parameters), strict=True)
    return any(bool(p.any() and q.any() and not (p * q).any()) for p, q in both)


def readings(model: nn.Module, x: Tensor, own: set[str]) -> list[Tensor]:
    """What the layers with matrices among the parameters `own` read when the model is called with x."""
    readings, hooks = [], []
    for place, layer in model.named_modules():
        names = {
            f"{place}.{name}" if place else name for name, p in layer.named_parameters(recurse=False) if p.dim() > 1
        }
        if place and names & own:
            hooks.append(layer.register_forward_pre_hook(lambda _, inputs: readings.append(inputs[0])))
    model(x)
    for hook in hooks:
        hook.remove()
    return readings

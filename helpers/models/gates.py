"""What the gates of a trained model say, of one model or of copies of it: to be looked at (chapter 06)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..data.examples import Inputs
from ..support import validate
from .copies import Copies
from .experts import Gated


@validate.checked
def gate_weights(models: Gated | Sequence[Gated], inputs: Inputs) -> dict[str, Tensor]:
    """The gates of one model, {task: `(n, experts)`}, or of copies of one, {task: `(copies, n, experts)`}.

    Copies may share the inputs, or have each their own, as in `fit`. The weights are to be looked at: no gradient goes
    through them.
    """
    with torch.no_grad():
        if isinstance(models, Gated):
            return models.gates(inputs)
        return Copies([_Gates(model) for model in models])(inputs)


class _Gates(nn.Module):
    """A model whose outputs are the gates of another, so that copies of it run at once."""

    def __init__(self, model: Gated):
        super().__init__()
        self.model = model

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        return self.model.gates(inputs)

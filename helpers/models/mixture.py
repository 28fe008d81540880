"""What wins, task by task, in one module: networks as they are or fused, a linear model, counts.

`helpers.capstone.served` puts the numbers in; every part is one that a program of `torch.export` can hold.
"""

import torch
from torch import Tensor, nn

from ..data.examples import Inputs
from ..data.features import Features
from ..support import validate

SHARED, ALONE, SUM = SIDES = ("shared", "alone", "sum")  # whose outputs a task takes


class Sum(nn.Module):
    """A constant, and a weight for each number, for each id, and for each id of a list: `(n,)`. Means of items and
    users are such sums, and so is a linear model.

    numbers  `(numbers,)`
    ids      `(1 + lists, rows of the embedding table)`: for the ids of a row, and for those of each list
    """

    def __init__(self, features: Features):
        super().__init__()
        features.check_fitted()
        if len(features.tables) > 1:
            validate.fail("features", f"embeddings of widths {[*features.tables]}", "one width for all")
        self.lists = [layout.name for layout in features.sequences]
        self.constant, self.numbers = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(len(features.dense)))
        self.ids = nn.Parameter(torch.zeros(1 + len(self.lists), max(features.tables.values(), default=1)))

    def forward(self, inputs: Inputs) -> Tensor:
        total = self.constant
        if "dense" in inputs:
            total = total + inputs["dense"] @ self.numbers
        if "sparse" in inputs:
            total = total + self.ids[0][inputs["sparse"]].sum(-1)
        for place, name in enumerate(self.lists, 1):  # to unbind no rows at all, an exported program cannot be loaded
            total = total + self.ids[place][inputs[name]].sum(-1)
        return total


class Mixture(nn.Module):
    """Each task by outputs of its side: Σ weight · output + constant, or of log σ(output) where it is a product.

    forms    {task: (side of `SIDES`, whether it is a product)}
    shared   a model of all tasks; None where no task takes it
    alone    {task: model of it alone}, of those tasks that are needed
    sums     {task: `Sum`}, of the tasks that are one

    weights `(tasks, tasks)`: of each task, those of its side's outputs; constants `(tasks,)`.
    """

    def __init__(
        self,
        forms: dict[str, tuple[str, bool]],
        shared: nn.Module | None,
        alone: dict[str, nn.Module],
        sums: dict[str, Sum],
    ):
        super().__init__()
        self.forms, self.tasks, self.names = forms, [*forms], {ALONE: [*alone], SUM: [*sums]}
        for side, _ in forms.values():
            validate.choice("side of a task", side, SIDES)
        self.shared, self.alone = shared, nn.ModuleList(alone.values())
        self.sums = nn.ModuleList(sums.values())
        self.weights = nn.Parameter(torch.eye(len(forms)))
        self.constants = nn.Parameter(torch.zeros(len(forms)))

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        """`(n,)` by task: a logit, or a value."""
        sides = {SHARED: {} if self.shared is None else self.shared(inputs)}
        pairs = zip(self.names[ALONE], self.alone, strict=True)
        sides[ALONE] = {task: model(inputs)[task] for task, model in pairs}
        sides[SUM] = {task: model(inputs) for task, model in zip(self.names[SUM], self.sums, strict=True)}
        return {task: self._form(place, task, sides) for place, task in enumerate(self.forms)}

    def _form(self, place: int, task: str, sides: dict[str, dict[str, Tensor]]) -> Tensor:
        side, product = self.forms[task]
        total = self.constants[place]
        for column, other in enumerate(self.forms):
            if other == task or (side != SUM and other in sides[side]):
                output = sides[side][other]
                total = total + self.weights[place, column] * (nn.functional.logsigmoid(output) if product else output)
        return total

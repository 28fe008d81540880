"""Models: Shared-Bottom, and the single-task model that it must beat.

    inputs → Encoder → bottom → one tower a task → {task: logit or value}

A model is an ordinary `nn.Module` that takes the inputs of `Examples` and returns a dict by task name: a logit for a
binary task, a value for a regression task. Nothing here knows about losses or training.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from ..data.examples import Inputs
from ..data.features import Features, SequenceLayout
from ..support import validate

TASK_KINDS = ("binary", "regression")
L2_ROWS = ("looked up", "all")
ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "leaky relu": nn.LeakyReLU,
}


class Encoder(nn.Module):
    """Inputs → one row of numbers: dense columns as they are, ids by their embeddings, sequences by the mean of theirs.

    Columns whose embeddings are equally wide share one table, so that a batch costs one look-up a width, not one a
    column. `features` is a fitted `Features`, or a number of plain dense columns.

    width    how many numbers a row has
    vectors  {column: slice of the row}, where the embedding of each id and the mean of each sequence stand; the dense
             columns come before them
    """

    def __init__(self, features: Features | int):
        super().__init__()
        if isinstance(features, int):
            validate.number("features", features, low=1, whole=True)
            self.names, self.fields, self.sequences, self.dense, tables = [], {}, [], features, {}
        elif isinstance(features, Features):
            features.check_fitted()
            tables, self.sequences, self.dense = features.tables, features.sequences, len(features.dense)
            self.names = [layout.name for layout in features.sparse]
            widths = [layout.width for layout in features.sparse]
            self.fields = {w: [i for i, width in enumerate(widths) if width == w] for w in dict.fromkeys(widths)}
        else:
            validate.fail("features", type(features).__name__, "fitted Features, or a number of columns", TypeError)
        self.tables = nn.ModuleDict({str(width): nn.Embedding(rows, width) for width, rows in tables.items()})
        for table in self.tables.values():
            nn.init.normal_(table.weight, std=0.05)
        widths = {self.names[i]: width for width, columns in self.fields.items() for i in columns}
        widths |= {sequence.name: sequence.width for sequence in self.sequences}
        self.width, self.vectors = self.dense, {}
        for name, width in widths.items():
            self.vectors[name] = slice(self.width, self.width + width)
            self.width += width

    def forward(self, inputs: Inputs) -> Tensor:
        """`(n, columns)` or a dict of tensors → `(n, width)`."""
        if isinstance(inputs, Tensor):
            return inputs
        parts = [inputs["dense"]] if self.dense else []
        for width, columns in self.fields.items():
            ids = inputs["sparse"] if len(columns) == len(self.names) else inputs["sparse"][:, columns]
            parts.append(self._look_up(width, ids).flatten(-2))  # (n, columns, width) → (n, columns · width)
        for sequence in self.sequences:
            ids = inputs[sequence.name]
            real = (ids != sequence.padding).unsqueeze(-1)  # (n, length, 1)
            vectors = self._look_up(sequence.width, ids) * real
            parts.append(self._pool(sequence, vectors, real, inputs))
        return torch.cat(parts, dim=-1)

    def _pool(self, sequence: SequenceLayout, vectors: Tensor, real: Tensor, inputs: dict[str, Tensor]) -> Tensor:
        """The vectors of a list, `(n, length, width)`, as one, `(n, width)`: their mean, without padding."""
        return vectors.sum(-2) / real.sum(-2).clamp(min=1)

    def _look_up(self, width: int, ids: Tensor) -> Tensor:
        """`(n, columns)` → `(n, columns, width)`, as `self.tables[…](ids)`, with a gradient that costs a third."""
        return self.tables[str(width)].weight.index_select(0, ids.flatten()).unflatten(0, ids.shape)

    def check_inputs(self, inputs: Inputs) -> None:
        """Raise ValueError or TypeError that names what in `inputs` is not as `Features.transform` would make it.

        Too slow for each batch, so `fit` and `predict` call it once, with inputs of one model or of copies.
        """
        if isinstance(inputs, Tensor):
            if self.tables or inputs.shape[-1] != self.width:
                expected = "a dict made by `Features.transform`" if self.tables else f"{self.width} columns"
                validate.fail("inputs", f"a tensor with {inputs.shape[-1]} columns", expected)
            return
        columns = {"dense": self.dense, "sparse": len(self.names)} | {s.name: s.length for s in self.sequences}
        columns = {name: count for name, count in columns.items() if count}
        if missing := [name for name in columns if name not in inputs]:
            expected = f"a dict with {', '.join(map(repr, columns))}"
            validate.fail("inputs", f"no {', '.join(map(repr, missing))}", expected)
        for name, count in columns.items():
            tensor, where = inputs[name], f"inputs[{name!r}]"
            if tensor.shape[-1] != count and name in ("dense", "sparse"):
                validate.fail(where, f"shape {tuple(tensor.shape)}", f"shape (n, {count})")
            if name != "dense" and tensor.dtype not in (torch.int32, torch.int64):
                validate.fail(where, f"dtype {tensor.dtype}", "integers, rows of an embedding table", TypeError)
        ids = [("sparse", width, inputs["sparse"][..., fields]) for width, fields in self.fields.items()]
        ids += [(sequence.name, sequence.width, inputs[sequence.name]) for sequence in self.sequences]
        for name, width, rows in ids:
            last = self.tables[str(width)].num_embeddings - 1
            if rows.numel() and not 0 <= int(rows.min()) <= int(rows.max()) <= last:
                came, expected = f"ids from {int(rows.min())} to {int(rows.max())}", f"rows 0 to {last} of the table"
                validate.fail(f"inputs[{name!r}]", came, f"{expected}, as `Features.transform` gives them")


class MLP(nn.Module):
    """Linear → (batch norm) → activation → (dropout), once for each of `units`: `(n, width)` → `(n, units[-1])`."""

    def __init__(
        self, width: int, units: Sequence[int], activation: str = "relu", dropout: float = 0.0, batch_norm: bool = False
    ):
        super().__init__()
        layers: list[nn.Module] = []
        for size in _units("units", units):
            size = validate.number("units", size, low=1, whole=True)
            layers.append(nn.Linear(width, size, bias=not batch_norm))  # batch norm subtracts any bias again
            if batch_norm:
                layers.append(nn.BatchNorm1d(size))
            layers.append(ACTIVATIONS[validate.choice("activation", activation, ACTIVATIONS)]())
            if dropout:
                layers.append(nn.Dropout(dropout))
            width = size
        self.layers = nn.Sequential(*layers)
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class SharedBottom(nn.Module):
    """Shared-Bottom: all tasks share the embeddings and the bottom; each has a tower of its own (Caruana, 1997).

    features     fitted `Features`, or a number of plain dense columns
    tasks        {name: "binary" or "regression"}; the output is a logit or a value
    bottom       units of the shared layers; or a function `Encoder → nn.Module` with an attribute `width`, the numbers
                 that it makes of a row (`bottoms` has some)
    towers       units of every tower, or one list of units for each task: [64, 32] or [[64, 32], [16]]
    encoder      how the inputs become a row of numbers: a subclass of `Encoder` (`helpers.models.bottoms.DIN`)
    l2_embedding, l2_layers   λ of the penalty λ‖w‖² on embeddings and on the weights of linear layers
    l2_rows      on which rows of the embeddings: those that a step has "looked up", the rarer a row the more, so that
                 over an epoch it is λ‖w‖² for each (the mini-batch aware regularisation of Zhou et al., KDD 2018,
                 §5.1); or "all" in each step, which moves a row that is never looked up by the learning rate each time
    seed         of the initial parameters; the towers draw one after the other, so they start different from each other

    Raises ValueError when there are more or fewer towers than tasks, or for an unknown kind of task or activation.
    """

    def __init__(
        self,
        features: Features | int,
        tasks: dict[str, str],
        bottom: Sequence[int] | Callable[[Encoder], nn.Module] = (128, 128),
        towers: Sequence[int] | Sequence[Sequence[int]] = (64, 32),
        *,
        encoder: Callable[[Features | int], Encoder] = Encoder,
        activation: str = "relu",
        dropout: float = 0.0,
        batch_norm: bool = False,
        l2_embedding: float = 0.0,
        l2_layers: float = 0.0,
        l2_rows: str = "all",
        seed: int = 0,
    ):
        super().__init__()
        self.tasks = _check_tasks(tasks)
        units = _tower_units(towers, len(tasks))
        validate.number("dropout", dropout, low=0, high=0.99)
        self.l2_embedding = validate.number("l2_embedding", l2_embedding, low=0)
        self.l2_layers = validate.number("l2_layers", l2_layers, low=0)
        self.l2_rows = validate.choice("l2_rows", l2_rows, L2_ROWS)
        options = {"activation": activation, "dropout": dropout, "batch_norm": batch_norm}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(validate.number("seed", seed, low=0, whole=True))
            self.encoder = encoder(features)
            self.bottom = self._make_bottom(bottom, options)
            self.towers = nn.ModuleList(_tower(self.bottom.width, tower, options) for tower in units)

    def _make_bottom(self, bottom: Sequence[int] | Callable[[Encoder], nn.Module], options: dict) -> nn.Module:
        if callable(bottom):
            return _check_bottom(bottom(self.encoder), self.encoder.width)
        return MLP(self.encoder.width, _units("bottom", bottom), **options)

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        shared = self.bottom(self.encoder(inputs))  # (n, bottom width)
        return {task: tower(shared).squeeze(-1) for task, tower in zip(self.tasks, self.towers, strict=True)}  # (n,)

    def check_inputs(self, inputs: Inputs) -> None:
        """Raise ValueError or TypeError that names what in `inputs` does not fit; `fit` and `predict` call it once."""
        self.encoder.check_inputs(inputs)
        numbers, dtype = inputs if isinstance(inputs, Tensor) else inputs.get("dense"), self.towers[0][-1].weight.dtype
        if numbers is not None and numbers.dtype != dtype:
            validate.fail("inputs", f"dtype {numbers.dtype}", f"{dtype}, as `Examples` makes them", TypeError)

    def l2(self) -> dict[str, float]:
        """λ by parameter name: embeddings and the weights of linear layers; biases and batch norm are left alone."""
        by_name = {}
        for name, module in self.named_modules():
            if isinstance(module, nn.Embedding):
                by_name[f"{name}.weight"] = self.l2_embedding
            elif isinstance(module, nn.Linear):
                by_name[f"{name}.weight"] = self.l2_layers
        return by_name


class SingleTask(SharedBottom):
    """One task with a bottom and a tower of its own: what a Shared-Bottom must beat. Arguments as there."""

    def __init__(self, features: Features | int, task: str, kind: str, bottom=(128, 128), tower=(64, 32), **options):
        super().__init__(features, {task: kind}, bottom, [_units("tower", tower)], **options)


class SingleTasks(nn.Module):
    """A single-task model for each task, side by side: nothing is shared. Arguments as of `SharedBottom`."""

    def __init__(self, features: Features | int, tasks: dict[str, str], bottom=(128, 128), towers=(64, 32), **options):
        super().__init__()
        self.tasks = _check_tasks(tasks)
        each = zip(self.tasks.items(), _tower_units(towers, len(tasks)), strict=True)
        self.models = nn.ModuleList(SingleTask(features, *task, bottom, tower, **options) for task, tower in each)
        self.l2_rows = self.models[0].l2_rows

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        return {task: output for model in self.models for task, output in model(inputs).items()}

    def check_inputs(self, inputs: Inputs) -> None:
        self.models[0].check_inputs(inputs)  # all have the same columns

    def l2(self) -> dict[str, float]:
        return {f"models.{i}.{name}": l2 for i, model in enumerate(self.models) for name, l2 in model.l2().items()}


@validate.checked
def parameter_count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _check_tasks(tasks: dict[str, str]) -> dict[str, str]:
    if not isinstance(tasks, dict) or not tasks:
        validate.fail("tasks", repr(tasks), '{name: "binary" or "regression"}, at least one')
    for name, kind in tasks.items():
        if not isinstance(name, str) or name in ("", "total"):
            validate.fail("tasks", repr(name), "names other than '' and 'total'")
        validate.choice(f"tasks[{name!r}]", kind, TASK_KINDS)
    return dict(tasks)


def _check_bottom(bottom: nn.Module, width: int) -> nn.Module:
    """Is it a module that makes of a row of `width` numbers as many as it says?"""
    if not isinstance(bottom, nn.Module):
        came = f"a function that gives {bottom!r}"[:80]
        validate.fail("bottom", came, "a function that gives an nn.Module", TypeError)
    stated = validate.number("width of the bottom", getattr(bottom, "width", None), low=1, whole=True)
    with torch.no_grad():
        shape = tuple(bottom.eval()(torch.zeros(1, width)).shape)
    if shape != (1, stated):
        validate.fail("bottom", f"an output of shape {shape}", f"{(1, stated)}, the `width` that it says it has")
    return bottom.train()


def _units(name: str, units) -> list[int]:
    if not isinstance(units, list | tuple | range):
        validate.fail(name, repr(units)[:60], "a list of units, such as [64, 32]")
    return list(units)


def _tower_units(towers, count: int) -> list[list[int]]:
    """One list of units for each task; a single list is meant for all."""
    towers = _units("towers", towers)
    if all(isinstance(units, int) for units in towers):
        return [towers] * count
    if len(towers) != count:
        validate.fail("towers", f"{len(towers)} lists of units", f"one for each of the {count} tasks")
    return [_units("towers", units) for units in towers]


def _tower(width: int, units: list[int], options: dict) -> nn.Module:
    hidden = MLP(width, units, **options)
    return nn.Sequential(hidden, nn.Linear(hidden.width, 1))

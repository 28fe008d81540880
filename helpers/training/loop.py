"""Training: one model, or dozens of copies at once, by the same loop.

`fit(model, train, valid)` trains one `nn.Module`. `fit([model, model, ...], train, valid)` trains copies that differ
in their seed, their task weights or their data, stacked on a leading axis, and gives each the numbers it would have
got alone. That is what makes error bars and sliders affordable on a laptop.

Batches are taken by index from tensors in memory. There is no DataLoader: for rows of a few hundred bytes it costs
more time than the model.
"""

from __future__ import annotations

import copy
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from helpers.data.examples import Examples, Inputs, map_inputs
from helpers.models.copies import Members, State, group_size, restore
from helpers.support import validate
from helpers.support.files import whole
from helpers.training.arguments import TOTAL, Loss, Settings, check, check_inputs, check_models
from helpers.training.balancing import Balance
from helpers.training.losses import task_losses, weighted_sum


@dataclass
class Run:
    """What `fit` gives back.

    history      DataFrame, a row an evaluation and task (and "total"): epoch, task, train, valid; for copies also copy
    best         {task or "total": (epoch, {parameter: tensor})}, the state at the lowest validation loss of that task
    weights      DataFrame, a row an evaluation and task: epoch, task, weight by which its loss is multiplied then; for
                 copies also copy
    interrupted  True where it was stopped by hand
    """

    members: Members
    history: pd.DataFrame
    best: dict[str, tuple[Tensor, State]]
    weights: pd.DataFrame
    interrupted: bool = False

    def predict(self, inputs: Inputs) -> dict[str, Tensor]:
        """Logit or value of each task, each at that task's own best epoch: `(n,)`, or `(copies, n)` for copies."""
        check_inputs(inputs, self.members.copies)
        states = {task: state for task, (_, state) in self.best.items() if task != TOTAL}
        return {task: self.members.predict(inputs, state)[task] for task, state in states.items()}

    def best_epochs(self) -> pd.DataFrame:
        """The epoch at which each task, and the total, was best: a row a copy, a column a task."""
        return pd.DataFrame({task: torch.atleast_1d(epoch).tolist() for task, (epoch, _) in self.best.items()})


def fit(
    model: nn.Module | Sequence[nn.Module],
    train: Examples,
    valid: Examples | None = None,
    *,
    losses: dict[str, Loss] | None = None,
    task_weights: dict[str, float | Sequence[float]] | None = None,
    balance: Balance | None = None,
    epochs: int = 20,
    batch_size: int | None = 1024,
    lr: float = 1e-2,
    patience: int | None = None,
    evaluate_every: int = 1,
    seed: int | Sequence[int] = 0,
    progress: bool = True,
) -> Run:
    """Train one model, or a list of copies of one model, with Adam on the weighted sum of its task losses.

    model           a module whose forward takes inputs and returns {task: (n,)}; or a list of such of equal shape
    train, valid    examples; for a list either shared by all, or `Examples.stack`ed, one set for each
    losses          {task: loss of a row}; None takes those of `model.tasks`, {task: "binary" or "regression"}
    task_weights    {task: weight ≥ 0}, for a list also {task: one weight a copy}; None is 1 each
    balance         how the losses, times `task_weights`, become one step: `UWL()`, `GradNorm()`, `PCGrad()` of
                    `helpers.training.balancing`; None adds them up
    batch_size      rows a step at most; the batches of an epoch are of nearly equal size. None: all rows in one step
    patience        stop when neither a task nor the total has improved for so many evaluations; None: never stop early
    evaluate_every  epochs between two evaluations on `valid`
    seed            order of the batches and dropout; for a list also one a copy

    The best state on `valid` is kept for each task and for the total, and the model (each copy) is left at the best
    total, in evaluation mode. Without `valid` the last state is kept. A copy gets the numbers that it would get alone,
    up to float rounding (dropout excepted: copies draw their masks together). Ctrl-C, or the stop button, ends the
    training of one model early and keeps the best so far; of copies nothing is kept, for half an experiment would look
    like a whole one.

    Raises ValueError for bad arguments, and FloatingPointError when a loss becomes NaN or infinite.
    """
    copies = list(model) if isinstance(model, Iterable) and not isinstance(model, nn.Module) else None
    check_models([model] if copies is None else copies)
    one, count = (model, None) if copies is None else (copies[0], len(copies))
    numbers = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "patience": patience}
    settings = check(
        one, count, train, valid, losses, task_weights, balance, seed, evaluate_every=evaluate_every, **numbers
    )
    size = group_size(one, min(batch_size or len(train), len(train)))
    groups = [slice(start, start + size) for start in range(0, count or 1, size)]
    total = settings.epochs * len(groups)
    quiet = not progress or "TQDM_DISABLE" in os.environ  # tqdm's notebook bar does not heed the variable by itself
    with tqdm(total=total, desc="training", unit="epoch", leave=False, delay=1, disable=quiet) as bar:
        if copies is None:
            runs = [_fit(Members(model), train, valid, settings, bar)]
        else:
            runs = []
            for group in groups:
                part = _part(train, group), _part(valid, group)
                runs.append(_fit(Members(copies[group]), *part, settings.part(group), bar))
        bar.total = bar.n  # a bar that stops short of its total would stay behind
    if copies is None:
        restore(model, runs[0].best[TOTAL][1])
        model.eval()
        return runs[0]
    run = _join(runs, copies)
    for index, member in enumerate(copies):
        restore(member, {name: tensor[index] for name, tensor in run.best[TOTAL][1].items()})
        member.eval()
    return run


def _part(examples: Examples | None, part: slice) -> Examples | None:
    """The sets of examples of some of the copies; shared examples are everyone's."""
    if examples is None or examples.copies is None:
        return examples

    def pick(by_name: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: tensor[part] for name, tensor in by_name.items()}

    return Examples(
        map_inputs(lambda tensor: tensor[part], examples.inputs),
        pick(examples.labels),
        pick(examples.masks),
        pick(examples.weights),
        copies=len(range(examples.copies)[part]),
    )


def _fit(members: Members, train: Examples, valid: Examples | None, settings: Settings, bar: tqdm) -> Run:
    tasks = [*settings.losses, TOTAL]
    stopping = _Stopping(tasks, float("inf") if settings.patience is None else settings.patience)
    batches = _Batches(train, members.copies, settings)
    records, weights, interrupted, epoch = [], [], False, 0
    balance = copy.copy(settings.balance)
    balance.begin(members, list(settings.losses), settings.seeds)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seeds[0])
        optimizer = members.optimizer(settings.lr)
        try:
            sums, counts = 0.0, 0.0
            members.module.train()
            for epoch in range(1, settings.epochs + 1):
                for batch in batches.epoch():
                    task_loss = _losses(members(batch.inputs), batch, settings)
                    balance.backward(task_loss * settings.task_weights)
                    optimizer.step()
                    optimizer.zero_grad()
                    count = _observed(batch, settings)
                    sums, counts = sums + task_loss.detach() * count, counts + count
                bar.update()
                if epoch % settings.evaluate_every and epoch != settings.epochs:
                    continue
                trained, sums, counts = _with_total(sums / counts, settings), 0.0, 0.0
                tested = trained if valid is None else _evaluate(members, valid, settings)
                going = stopping.going(tested)
                _stop_at_nan(trained, tested, going, tasks, epoch)
                records.append((epoch, trained, tested, going))
                weights.append((balance.weights * settings.task_weights).tolist())
                stopping.update(epoch, members.state(), tested, keep_last=valid is None)
                if stopping.exhausted():
                    break
                members.module.train()  # `_evaluate` has left it in evaluation mode
        except KeyboardInterrupt:
            if members.copies is not None:
                raise
            interrupted = True
            if not records:
                stopping.update(0, members.state(), torch.zeros(_shape(settings, tasks)), keep_last=True)
            print(f"Stopped by hand in epoch {epoch} of {settings.epochs}; the best so far is kept.")
    history = _history(records, tasks, members.copies)
    return Run(members, history, stopping.best, _weights(history, weights, tasks), interrupted)


def _shape(settings: Settings, tasks: list[str]) -> tuple[int, ...]:
    return (*settings.task_weights.shape[:-1], len(tasks))


def _losses(outputs: dict[str, Tensor], batch: Examples, settings: Settings) -> Tensor:
    if not isinstance(outputs, dict):
        validate.fail(
            "model", f"an output that is a {type(outputs).__name__}", "{task: tensor of shape (rows,)}", TypeError
        )
    if missing := [task for task in settings.losses if task not in outputs]:
        validate.fail("model", f"no output for {missing}", f"outputs for each task of {list(settings.losses)}")
    rows = next(iter(batch.labels.values())).shape[-1]
    for task in settings.losses:
        shape = tuple(outputs[task].shape)
        if shape != (*settings.task_weights.shape[:-1], rows):
            own = shape if settings.task_weights.dim() == 1 else shape[1:]
            validate.fail(f"model's output {task!r}", f"shape {own} for {rows} rows", f"({rows},), one value a row")
    return task_losses(outputs, batch.labels, settings.losses, batch.masks, batch.weights)


def _with_total(task_loss: Tensor, settings: Settings) -> Tensor:
    return torch.cat([task_loss, weighted_sum(task_loss, settings.task_weights)[..., None]], dim=-1)


def _evaluate(members: Members, valid: Examples, settings: Settings) -> Tensor:
    return _with_total(_losses(members.predict(valid.inputs), valid, settings), settings)


def _observed(batch: _Rows, settings: Settings) -> Tensor | float:
    """How many labels of each task the batch has: its mean loss counts that much in the mean of the epoch."""
    if not batch.masks:
        return 1.0  # batches are of nearly equal size
    rows = next(iter(batch.labels.values())).shape[-1]
    counts = [batch.masks[task].sum(-1) if task in batch.masks else torch.tensor(rows) for task in settings.losses]
    return torch.stack(torch.broadcast_tensors(*counts), dim=-1).float()


def _stop_at_nan(trained: Tensor, tested: Tensor, going: Tensor, tasks: list[str], epoch: int) -> None:
    bad = ~(torch.isfinite(trained) & torch.isfinite(tested)) & going
    if bool(bad.any()):
        task = tasks[int(bad.reshape(-1, len(tasks)).any(0).nonzero()[0])]
        raise FloatingPointError(
            f"The loss of {task!r} is not finite at epoch {epoch}: try a smaller lr than the one given."
        )


@dataclass
class _Rows:
    """Rows of checked examples, to take batches from."""

    inputs: Inputs
    labels: dict[str, Tensor]
    masks: dict[str, Tensor]
    weights: dict[str, Tensor]

    def map(self, function: Callable[[Tensor], Tensor]) -> _Rows:
        by_task = ({task: function(t) for task, t in d.items()} for d in (self.labels, self.masks, self.weights))
        return _Rows(map_inputs(function, self.inputs), *by_task)

    def take(self, index: Tensor) -> _Rows:
        """The rows at `index`, `(batch,)` or `(copies, batch)`."""
        flat = index.reshape(-1)
        return self.map(lambda tensor: tensor.index_select(0, flat).view(*index.shape, *tensor.shape[1:]))


class _Batches:
    """Batches of rows by index; each copy has an order of its own, from a generator of its own."""

    def __init__(self, train: Examples, copies: int | None, settings: Settings):
        self.whole = self.rows = _Rows(train.inputs, train.labels, train.masks, train.weights)
        self.size, self.copies, self.offset = len(train), copies, 0
        self.count = 1 if settings.batch_size is None else -(-self.size // settings.batch_size)
        self.generators = [torch.Generator().manual_seed(seed) for seed in settings.seeds]
        if train.copies is not None:  # (copies, n, …) → (copies · n, …), so that one index picks from all
            self.rows = self.whole.map(lambda tensor: tensor.flatten(0, 1))
            self.offset = torch.arange(train.copies)[:, None] * self.size

    def epoch(self) -> Iterator[_Rows]:
        if self.count == 1:
            yield self.whole
            return
        order = torch.stack([torch.randperm(self.size, generator=generator) for generator in self.generators])
        for index in (order + self.offset).tensor_split(self.count, dim=1):
            yield self.rows.take(index[0] if self.copies is None else index)


class _Stopping:
    """Early stopping per task: keeps the state at the lowest validation loss of each task and of the total."""

    def __init__(self, tasks: list[str], patience: float):
        self.tasks, self.patience = tasks, patience
        self.best: dict[str, tuple[Tensor, State]] = {}

    def going(self, loss: Tensor) -> Tensor:
        """Which model has not run out of patience yet, `(1,)` or `(copies, 1)`."""
        if not self.best:
            self.lowest, self.since = torch.full_like(loss, float("inf")), torch.zeros_like(loss)
        return (self.since < self.patience).any(-1, keepdim=True)

    def update(self, epoch: int, state: State, loss: Tensor, keep_last: bool) -> None:
        """`loss` is `(tasks,)` or `(copies, tasks)`; a copy whose patience has run out is left as it was."""
        going = self.going(loss)
        better = (loss < self.lowest) & going if not keep_last else torch.ones_like(loss, dtype=torch.bool)
        self.lowest = torch.where(better, loss, self.lowest)
        self.since = torch.where(better, 0.0, self.since + 1)
        for column, task in enumerate(self.tasks):
            self._keep(task, epoch, state, better[..., column])

    def _keep(self, task: str, epoch: int, state: State, better: Tensor) -> None:
        if task not in self.best:
            self.best[task] = (
                torch.full(better.shape, epoch),
                {name: tensor.clone() for name, tensor in state.items()},
            )
        elif bool(better.any()):
            old_epoch, old = self.best[task]

            def pick(new: Tensor, kept: Tensor) -> Tensor:
                return torch.where(better.view(better.shape + (1,) * (new.dim() - better.dim())), new, kept)

            self.best[task] = (
                pick(torch.full(better.shape, epoch), old_epoch),
                {name: pick(tensor, old[name]) for name, tensor in state.items()},
            )

    def exhausted(self) -> bool:
        return bool((self.since >= self.patience).all())


def _history(records: list[tuple], tasks: list[str], copies: int | None) -> pd.DataFrame:
    if not records:
        return pd.DataFrame(columns=["epoch", "task", "train", "valid"])
    epochs, *parts = zip(*records, strict=True)
    trained, tested, going = map(torch.stack, parts)  # (epochs, tasks) or (epochs, copies, tasks)
    trained, tested = trained.movedim(-1, 1), tested.movedim(-1, 1)
    epoch, task, *copy_of = np.indices(trained.shape).reshape(trained.dim(), -1)
    columns = {"epoch": np.array(epochs)[epoch], "task": [tasks[number] for number in task]}
    columns |= {"train": trained.flatten().double().numpy(), "valid": tested.flatten().double().numpy()}
    if copies is None:
        return pd.DataFrame(columns)
    history = pd.DataFrame(columns | {"copy": copy_of[0]})
    return history[going[epoch, copy_of[0], 0].numpy()].reset_index(drop=True)  # what has stopped has no more history


def _weights(history: pd.DataFrame, weights: list, tasks: list[str]) -> pd.DataFrame:
    """The weight beside each row of the history that is of a task."""
    rows = history[history["task"] != TOTAL]
    keys = ["epoch", "task", *(["copy"] if "copy" in rows else [])]
    epochs = {epoch: number for number, epoch in enumerate(dict.fromkeys(rows["epoch"]))}
    place = [rows["epoch"].map(epochs), *([rows["copy"]] if "copy" in rows else []), rows["task"].map(tasks.index)]
    found = np.asarray(weights)[tuple(part.to_numpy() for part in place)] if weights else []
    return rows[keys].assign(weight=found).reset_index(drop=True)


def _join(runs: list[Run], copies: list[nn.Module]) -> Run:
    """The runs of the groups as one."""
    done = sum(run.members.copies for run in runs)
    members = Members(copies[:done])
    start, histories, weights = 0, [], []
    for run in runs:
        histories.append(run.history.assign(copy=run.history["copy"] + start))
        weights.append(run.weights.assign(copy=run.weights["copy"] + start))
        start += run.members.copies
    best = {
        task: (
            torch.cat([run.best[task][0] for run in runs]),
            {name: torch.cat([run.best[task][1][name] for run in runs]) for name in members.state()},
        )
        for task in runs[0].best
    }
    history, weights = (pd.concat(tables, ignore_index=True) for tables in (histories, weights))
    return Run(members, history, best, weights, runs[-1].interrupted)


def save(model: nn.Module, path: str | Path) -> None:
    """Write the model's parameters to `path`, whole or not at all; a folder that is missing is made."""
    validate.instance("model", model, nn.Module, "an nn.Module")
    parameters = io.BytesIO()
    torch.save(model.state_dict(), parameters)
    with whole(path) as part:
        part.write_bytes(parameters.getbuffer())


def load(model: nn.Module, path: str | Path) -> nn.Module:
    """Read parameters written by `save` into a model of the same shape, and return it.

    Only tensors are read (`weights_only=True`): a file from a stranger cannot run code. Raises FileNotFoundError, or
    ValueError when the file belongs to a model of another shape.
    """
    validate.instance("model", model, nn.Module, "an nn.Module")
    path = Path(validate.instance("path", path, str | os.PathLike, "the name of a file"))
    if not path.exists():
        validate.fail("path", f"{path.name}, which does not exist", "a file written by `save`", FileNotFoundError)
    try:
        state = torch.load(path, weights_only=True)
        readable = all(isinstance(tensor, Tensor) for tensor in state.values())
    except Exception:  # truncated, another format, or a pickle with code in it: torch raises many kinds
        readable = False
    if not readable:
        validate.fail("path", f"{path.name}, which does not hold parameters", "a file written by `save`")
    own = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    came = {name: tuple(tensor.shape) for name, tensor in state.items()}
    if own != came:
        differ = sorted(name for name in own.keys() | came.keys() if own.get(name) != came.get(name))
        validate.fail("path", f"a file that differs in {differ[0]!r} ({came.get(differ[0])})", f"{own.get(differ[0])}")
    model.load_state_dict(state)
    return model

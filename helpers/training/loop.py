"""Training: one model, or dozens of copies at once, by the same loop.

`fit(model, train, valid)` trains one `nn.Module`. `fit([model, model, ...], train, valid)` trains copies that differ
in their seed, their task weights or their data, stacked on a leading axis, and gives each the numbers it would have
got alone. That is what makes error bars and sliders affordable on a laptop.

Batches are taken by index from tensors in memory. There is no DataLoader: for rows of a few hundred bytes it costs
more time than the model.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from ..data.examples import Examples, Inputs
from ..models.copies import Copies, State, group_size, restore
from ..support import validate
from . import arguments
from .adam import Adam
from .balance import Balance
from .losses import TOTAL, Loss, task_losses, weighted_sum


@dataclass
class Run:
    """What `fit` returns.

    history      DataFrame, a row an evaluation and task (and "total"): epoch, task, train, valid; for copies also copy
    best         {task or "total": (epoch `(copies,)`, {parameter: tensor `(copies, …)`})}, the state at the lowest
                 validation loss of that task; of a single model, too, with a leading axis of 1
    weights      DataFrame, a row an evaluation and task: epoch, task, weight by which its loss is multiplied then; for
                 copies also copy
    interrupted  True where it was stopped by hand
    """

    copies: Copies
    history: pd.DataFrame
    best: dict[str, tuple[Tensor, State]]
    weights: pd.DataFrame
    interrupted: bool = False

    def predict(self, inputs: Inputs) -> dict[str, Tensor]:
        """Logit or value of each task, each at that task's own best epoch: `(n,)`, or `(copies, n)` for copies."""
        self.copies.check_inputs(inputs)
        states = {task: state for task, (_, state) in self.best.items() if task != TOTAL}
        return self.copies.squeeze({task: self.copies.predict(inputs, state)[task] for task, state in states.items()})

    def lowest(self) -> pd.Series:
        """The lowest validation loss of each of the copies, by copy and task, the total among them."""
        return self.history.groupby(["copy", "task"])["valid"].min()


@dataclass
class Settings:
    """What `fit` was asked for, with an entry a model where models may differ."""

    losses: dict[str, Loss]
    task_weights: Tensor  # (copies, tasks)
    balance: Balance
    seeds: list[int]
    epochs: int
    batch_size: int | None
    lr: float
    patience: float
    fewest_steps: int
    evaluate_every: int

    @property
    def tasks(self) -> list[str]:
        return list(self.losses)

    def of_group(self, group: slice) -> Settings:
        return replace(self, task_weights=self.task_weights[group], seeds=self.seeds[group])


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
    fewest_steps: int = 0,
    evaluate_every: int = 1,
    seed: int | Sequence[int] = 0,
    progress: bool = True,
    device: str = "cpu",
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
    fewest_steps    patience counts only after so many steps: on few rows a penalised model may stay where it began for
                    several epochs, and learn after them
    evaluate_every  epochs between two evaluations on `valid`
    seed            order of the batches and dropout; for a list also one a copy
    device          "cpu"; "cuda"; or "auto", the GPU where PyTorch finds one, else the CPU. Models of the course's size
                    train no faster on a GPU, and their last decimals differ there. Afterwards all is on the CPU again.

    The best state on `valid` is kept for each task and for the total, and the model (each copy) is left at the best
    total, in evaluation mode. Without `valid` the last state is kept. A copy gets the numbers that it would get alone,
    up to float rounding (dropout excepted: copies draw their masks together). Ctrl-C, or the stop button, ends the
    training of one model early and keeps the best so far; for copies nothing is kept, because a partial result
    would look like a full one.

    Raises ValueError for bad arguments, and FloatingPointError when a loss becomes NaN or infinite.
    """
    models, single = arguments.check_models(model), isinstance(model, nn.Module)
    losses = arguments.check_losses(losses, models[0])
    count = None if single else len(models)
    arguments.check_examples("train", train, models[0], losses, count)
    if valid is not None:
        arguments.check_examples("valid", valid, models[0], losses, count)
    number = validate.number
    settings = Settings(
        losses=losses,
        task_weights=arguments.check_weights(task_weights, list(losses), len(models)),
        balance=arguments.check_balance(balance),
        seeds=arguments.check_seeds(seed, len(models)),
        epochs=number("epochs", epochs, low=1, whole=True),
        batch_size=None if batch_size is None else number("batch_size", batch_size, low=1, whole=True),
        lr=number("lr", lr, low=0),
        patience=np.inf if patience is None else number("patience", patience, low=1, whole=True),
        fewest_steps=number("fewest_steps", fewest_steps, low=0, whole=True),
        evaluate_every=number("evaluate_every", evaluate_every, low=1, whole=True),
    )
    arguments.check_batch_norm(models[0], len(train), settings.batch_size)
    device = arguments.check_device(device)
    size = group_size(models[0], min(settings.batch_size or len(train), len(train)))
    groups = [slice(start, start + size) for start in range(0, len(models), size)]
    total = settings.epochs * len(groups)
    quiet = not progress or "TQDM_DISABLE" in os.environ  # tqdm's notebook bar does not heed the variable by itself
    with tqdm(total=total, desc="training", unit="epoch", leave=False, delay=1, disable=quiet) as bar:
        runs = []
        for group in groups:
            parts = [_of_group(examples, group, single) for examples in (train, valid)]
            runs.append(_on_device(device, model if single else models[group], *parts, settings.of_group(group), bar))
        bar.total = bar.n  # a bar that stops short of its total would stay behind
    run = runs[0] if len(runs) == 1 else _join(runs)
    for index, trained in enumerate(models):
        restore(trained, {name: tensor[index] for name, tensor in run.best[TOTAL][1].items()})
        trained.eval()
    if single:
        return replace(run, history=run.history.drop(columns="copy"), weights=run.weights.drop(columns="copy"))
    return replace(run, copies=Copies(models))


def _on_device(
    device: torch.device,
    models: nn.Module | list[nn.Module],
    train: Examples,
    valid: Examples | None,
    settings: Settings,
    bar: tqdm,
) -> Run:
    """Train the copies of one group on a device, and bring all back to the CPU."""
    if device.type == "cpu":
        return _fit(Copies(models), train, valid, settings, bar)
    each = [models] if isinstance(models, nn.Module) else models
    for member in each:
        member.to(device)
    parts = [examples and examples.map(lambda t: t.to(device), copies=examples.copies) for examples in (train, valid)]
    settings = replace(settings, task_weights=settings.task_weights.to(device))
    try:
        with device:  # new tensors are made there; on the CPU this would slow down every call
            run = _fit(Copies(models), *parts, settings, bar)
    finally:
        for member in each:
            member.cpu()
    best = {task: (epoch.cpu(), {n: t.cpu() for n, t in state.items()}) for task, (epoch, state) in run.best.items()}
    return replace(run, copies=Copies(models), best=best)


def _of_group(examples: Examples | None, group: slice, single: bool) -> Examples | None:
    """The examples of some of the copies: a leading axis of 1 for a single model; shared examples are everyone's."""
    if single and examples is not None:
        return examples.map(lambda tensor: tensor[None], copies=1)
    if examples is None or examples.copies is None:
        return examples
    return examples.map(lambda tensor: tensor[group], copies=len(range(examples.copies)[group]))


def _fit(copies: Copies, train: Examples, valid: Examples | None, settings: Settings, bar: tqdm) -> Run:
    """Train the copies of one group."""
    tasks, every = settings.tasks, settings.evaluate_every
    stopping = Stopping([*tasks, TOTAL], copies.count, settings.patience)
    batches = Batches(train, settings.batch_size, settings.seeds)
    records, interrupted, epoch = [], False, 0
    balance = copy.deepcopy(settings.balance)
    balance.begin(copies, tasks, settings.seeds)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seeds[0])
        optimizer = Adam(copies.groups(), lr=settings.lr)
        try:
            sums, counts = 0.0, 0.0
            copies.module.train()
            for epoch in range(1, settings.epochs + 1):
                for batch in batches.epoch():
                    losses = _losses(copies(batch.inputs), batch, settings)  # (copies, tasks)
                    balance.backward(losses * settings.task_weights)
                    optimizer.step()
                    optimizer.zero_grad()
                    count = _label_counts(batch, tasks)
                    sums, counts = sums + losses.detach() * count, counts + count
                bar.update()
                if epoch % every and epoch != settings.epochs:
                    continue
                trained, sums, counts = _with_total(sums / counts, settings), 0.0, 0.0
                if valid is None:
                    tested = trained
                else:
                    tested = _with_total(_losses(copies.predict(valid.inputs), valid, settings), settings)
                going = stopping.going()
                _stop_at_nan(trained, tested, going, tasks, epoch)
                measured = (going, trained, tested, balance.weights * settings.task_weights)
                records.append((epoch, *(tensor.cpu() for tensor in measured)))
                begun = epoch * batches.count > settings.fewest_steps
                stopping.update(epoch, copies.state(), tested, keep_last=valid is None, begun=begun)
                if not bool(stopping.going().any()):
                    break
                copies.module.train()  # `predict` has left it in evaluation mode
        except KeyboardInterrupt:
            if not copies.single:
                raise
            interrupted = True
            if not records:
                stopping.update(0, copies.state(), torch.zeros(copies.count, len(tasks) + 1), keep_last=True)
            print(f"Stopped by hand in epoch {epoch} of {settings.epochs}; the best so far is kept.")
    epochs, going, trained, tested, weights = zip(*records, strict=True) if records else [()] * 5
    history = _table(epochs, going, [*tasks, TOTAL], train=trained, valid=tested)
    return Run(copies, history, stopping.best, _table(epochs, going, tasks, weight=weights), interrupted)


def _losses(outputs: dict[str, Tensor], batch: Examples, settings: Settings) -> Tensor:
    """The loss of each task, `(copies, tasks)`."""
    arguments.check_outputs(outputs, settings.tasks, (len(settings.seeds), len(batch)))
    return task_losses(outputs, batch.labels, settings.losses, batch.masks, batch.weights)


def _with_total(task_loss: Tensor, settings: Settings) -> Tensor:
    return torch.cat([task_loss, weighted_sum(task_loss, settings.task_weights)[..., None]], dim=-1)


def _label_counts(batch: Examples, tasks: list[str]) -> Tensor | float:
    """How many labels of each task the batch has: its mean loss counts that much in the mean of the epoch."""
    if not batch.masks:
        return 1.0  # batches are of nearly equal size
    counts = [batch.masks[task].sum(-1) if task in batch.masks else torch.tensor(len(batch)) for task in tasks]
    return torch.stack(torch.broadcast_tensors(*counts), dim=-1).float()


def _stop_at_nan(trained: Tensor, tested: Tensor, going: Tensor, tasks: list[str], epoch: int) -> None:
    bad = (~(torch.isfinite(trained) & torch.isfinite(tested)) & going).any(0)  # by task
    if bool(bad.any()):
        task = [*tasks, TOTAL][int(bad.nonzero()[0])]
        raise FloatingPointError(
            f"The loss of {task!r} is not finite at epoch {epoch}: try a smaller lr than the one given."
        )


class Batches:
    """Batches of rows by index; each copy has an order of its own, from a generator of its own."""

    def __init__(self, train: Examples, batch_size: int | None, seeds: list[int]):
        self.whole = self.rows = train
        self.size, self.offset = len(train), 0
        self.count = 1 if batch_size is None else -(-self.size // batch_size)
        self.generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]  # equal numbers on every device
        self.device = next(iter(train.labels.values())).device
        if train.copies is not None:  # (copies, n, …) → (copies · n, …), so that one index picks from all
            self.rows = train.map(lambda tensor: tensor.flatten(0, 1))
            self.offset = torch.arange(train.copies)[:, None] * self.size

    def epoch(self) -> Iterator[Examples]:
        if self.count == 1:
            yield self.whole
            return
        order = torch.stack([torch.randperm(self.size, generator=g, device="cpu") for g in self.generators])
        order = order.to(self.device)
        for index in (order + self.offset).tensor_split(self.count, dim=1):  # (copies, batch)
            yield self.rows.map(partial(_rows, flat=index.flatten(), shape=index.shape))


def _rows(tensor: Tensor, flat: Tensor, shape: tuple[int, int]) -> Tensor:
    """The rows `flat` of a tensor `(rows, …)`, as `(copies, batch, …)`: much faster than by an index of two axes."""
    return tensor.index_select(0, flat).view(*shape, *tensor.shape[1:])


class Stopping:
    """Early stopping per task: keeps the state at the lowest validation loss of each task and of the total."""

    def __init__(self, tasks: list[str], copies: int, patience: float):
        self.tasks, self.patience = tasks, patience
        self.lowest, self.since = torch.full((copies, len(tasks)), torch.inf), torch.zeros(copies, len(tasks))
        self.best: dict[str, tuple[Tensor, State]] = {}

    def going(self) -> Tensor:
        """Which copy has not run out of patience yet, `(copies, 1)`."""
        return (self.since < self.patience).any(-1, keepdim=True)

    def update(self, epoch: int, state: State, loss: Tensor, keep_last: bool, begun: bool = True) -> None:
        """`loss` is `(copies, tasks)`; a copy whose patience has run out is left as it was. Before it has `begun`,
        patience does not count."""
        better = (loss < self.lowest) & self.going() if not keep_last else torch.ones_like(loss, dtype=torch.bool)
        self.lowest = torch.where(better, loss, self.lowest)
        self.since = torch.where(better, 0.0, self.since + begun)
        for task, won in zip(self.tasks, better.unbind(-1), strict=True):
            if bool(won.all()):  # so it is the first time
                self.best[task] = torch.full(won.shape, epoch), {name: new.clone() for name, new in state.items()}
            elif bool(won.any()):
                old_epoch, old = self.best[task]
                merged = {name: _where(won, new, old[name]) for name, new in state.items()}
                self.best[task] = torch.where(won, epoch, old_epoch), merged


def _where(won: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """The new values of the copies that have `won`, `(copies,)`, the old values of the others."""
    return torch.where(won.view(-1, *[1] * (new.dim() - 1)), new, old)


def _table(epochs: Sequence[int], going: Sequence[Tensor], tasks: list[str], **values) -> pd.DataFrame:
    """A row an evaluation, task and copy of what was recorded; a copy that has stopped has no more rows."""
    if not epochs:
        return pd.DataFrame(columns=["epoch", "task", *values, "copy"])
    epoch, task, member = torch.stack(going).mT.expand(-1, len(tasks), -1).nonzero(as_tuple=True)
    columns = {"epoch": np.array(epochs)[epoch], "task": [tasks[number] for number in task]}
    columns |= {name: torch.stack(recorded)[epoch, member, task].double().numpy() for name, recorded in values.items()}
    return pd.DataFrame(columns | {"copy": member.numpy()})


def _join(runs: list[Run]) -> Run:
    """The runs of the groups as one."""
    starts = np.cumsum([0, *(run.copies.count for run in runs[:-1])])

    def join(tables: list[pd.DataFrame]) -> pd.DataFrame:
        numbered = zip(tables, starts, strict=True)
        return pd.concat([table.assign(copy=table["copy"] + start) for table, start in numbered], ignore_index=True)

    best = {}
    for task in runs[0].best:
        epochs, states = zip(*(run.best[task] for run in runs), strict=True)
        best[task] = torch.cat(epochs), {name: torch.cat([state[name] for state in states]) for name in states[0]}
    return Run(runs[0].copies, join([run.history for run in runs]), best, join([run.weights for run in runs]))

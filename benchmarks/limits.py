"""Our training against the limits of the processor and a loop over models, from few rows to many. One thread."""

import time
from collections.abc import Callable, Iterator
from statistics import median

import torch
from torch import Tensor, nn

from benchmarks.libraries import Ours
from benchmarks.task import BATCH, BOTTOM, DENSE, LR, TASKS, TOWERS, make
from helpers.data.examples import Examples
from helpers.models.shared_bottom import SharedBottom, SingleTask
from helpers.support import environment
from helpers.training.loop import fit

MODELS = 64
CANDIDATES = 500


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleaved(rounds: int, **works: Callable[[], object]) -> dict[str, float]:
    """Median seconds of each piece of work; they take turns, and the first turn only warms up."""
    turns = [{name: seconds(work) for name, work in works.items()} for _ in range(rounds + 1)]
    return {name: median(turn[name] for turn in turns[1:]) for name in works}


def lines(short: bool) -> Iterator[tuple[str, float]]:
    environment.threads()
    yield "train_share_of_sgemm_peak", share_of_peak(rows=10_000 if short else 100_000, rounds=1 if short else 7)
    for batch in (64, 256, 1024):
        yield f"sweep64_over_loop_{batch}", sweep(batch, rows=1024 if short else 4096, rounds=1 if short else 3)
    for count in (2, 4, 8):
        yield f"latency_{count}_models_over_one", latency(count, rounds=20 if short else 300)
    sizes = [10_000, 100_000] if short else [10_000, 100_000, 1_000_000, 10_000_000]
    rates = rows_per_s(sizes, rounds=1 if short else 3, least=1 if short else 200_000)
    for rows, rate in rates.items():
        yield f"rows_per_s_1e{len(str(rows)) - 1}", rate
    yield "rows_per_s_slowest_over_fastest", min(rates.values()) / max(rates.values())


def share_of_peak(rows: int, rounds: int) -> float:
    """Floating point operations a second in the linear layers during `fit` ÷ those of torch.mm on large squares.

    A linear layer takes 2 · inputs · outputs operations a row forwards, and backwards once more for the gradient of
    its inputs and once more for that of its weights.
    """
    data = make(rows)
    ours = Ours(data, seed=0)
    examples = ours.prepare(data)
    side, repeats = 1024, 20
    left, right, product = torch.randn(3, side, side)

    def multiply():
        for _ in range(repeats):
            torch.mm(left, right, out=product)

    took = interleaved(rounds, train=lambda: ours.train(examples, 1), multiply=multiply)
    layers = [module for module in ours.model.modules() if isinstance(module, nn.Linear)]
    operations = rows * sum(3 * 2 * layer.in_features * layer.out_features for layer in layers)
    return (operations / took["train"]) / (repeats * 2 * side**3 / took["multiply"])


def sweep(batch: int, rows: int, rounds: int) -> float:
    """How many times faster `fit([64 models])` is than a loop of `fit(model)` over the same work."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(rows, 20, generator=generator)
    examples = Examples(x, {"a": (x[:, 0] > 0).float(), "b": x[:, 1]})
    options = {"epochs": max(1, batch // 128), "batch_size": batch, "progress": False}

    def models() -> list[SharedBottom]:
        return [SharedBottom(20, {"a": "binary", "b": "regression"}, [64], [32], seed=s) for s in range(MODELS)]

    def loop():
        for seed, model in enumerate(models()):
            fit(model, examples, seed=seed, **options)

    took = interleaved(rounds, loop=loop, sweep=lambda: fit(models(), examples, seed=range(MODELS), **options))
    return took["loop"] / took["sweep"]


def latency(count: int, rounds: int) -> float:
    """Time to score 500 candidates by `count` single-task models ÷ by one Shared-Bottom with as many towers."""
    data = make(CANDIDATES)
    ours = Ours(data, seed=0)
    inputs = ours.prepare(data).inputs
    tasks = {f"task {number}": "binary" for number in range(count)}
    shared = SharedBottom(ours.features, tasks, BOTTOM, TOWERS).eval()
    single = [SingleTask(ours.features, task, "binary", BOTTOM, TOWERS).eval() for task in tasks]
    with torch.no_grad():
        took = interleaved(rounds, many=lambda: [model(inputs) for model in single], one=lambda: shared(inputs))
    return took["many"] / took["one"]


def rows_per_s(sizes: list[int], rounds: int, least: int) -> dict[int, float]:
    """Rows trained a second by number of rows, in whole epochs of `least` rows or more together; beyond a million rows
    one round has to do."""
    ours = Ours(make(10_000), seed=0)
    generator = torch.Generator().manual_seed(0)

    def examples(rows: int) -> Examples:
        columns = [layout.offset + torch.randint(layout.rows, (rows,), generator=generator) for layout in layouts]
        inputs = {"sparse": torch.stack(columns, dim=1), "dense": torch.randn(rows, DENSE, generator=generator)}
        labels: dict[str, Tensor] = {task: torch.randint(2, (rows,), generator=generator).float() for task in TASKS}
        return Examples(inputs, labels)

    def work(rows: int) -> Callable[[], object]:
        data, epochs = examples(rows), epochs_of(rows)
        return lambda: fit(ours.model, data, epochs=epochs, batch_size=BATCH, lr=LR, progress=False)

    def epochs_of(rows: int) -> int:
        return max(1, least // rows)

    layouts = ours.features.sparse
    took = interleaved(rounds, **{str(rows): work(rows) for rows in sizes if rows <= 1_000_000})
    took |= {str(rows): seconds(work(rows)) for rows in sizes if rows > 1_000_000}
    return {rows: rows * epochs_of(rows) / took[str(rows)] for rows in sizes}

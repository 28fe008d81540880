"""A ranker as a service: `examples/serve.py` on this machine alone, asked by several clients at a time.

A request has 500 candidates, an answer five predictions for each. Beside one model with five towers: five models, one a
task, in the same process, for which the columns are made once. A client sends its next request when the answer to the
last is there. Clients and service share the cores. One model alone also answers for few candidates, one client.
"""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.capstone.ranker import Ranker, Recipe
from helpers.data.features import Dense, Sparse

SERVE = Path(__file__).resolve().parents[1] / "examples" / "serve.py"
CANDIDATES, TASKS = 500, ("click", "finish", "like", "share", "follow")
IDS = {"user": 5_000, "video": 5_000, "author": 500, "topic": 20, "age_group": 6, "device": 4}
NUMBERS = ("duration", "age")
RECIPE = Recipe(units=(128, 128), towers=(64,), epochs=1)
CLIENTS = (1, 4)
FEW = (1, 100)  # candidates of one client


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    columns = {name: rng.integers(0, size, rows) for name, size in IDS.items()}
    columns |= {name: rng.lognormal(size=rows) for name in NUMBERS}
    return pd.DataFrame(columns | {task: rng.integers(0, 2, rows) for task in TASKS})


def exported(folder: Path, rows: int) -> tuple[list[Path], list[Path]]:
    """The files of one model for all tasks, and of one for each."""
    columns = [*map(Sparse, IDS), *map(Dense, NUMBERS)]
    train, valid = table(rows), table(rows // 10, 1)
    for name, tasks in (("together", TASKS), *((task, (task,)) for task in TASKS)):
        ranker = Ranker(columns, dict.fromkeys(tasks, "binary"), RECIPE).fit(train, valid, progress=False)
        ranker.export(folder / f"{name}.pt2")
    return [folder / "together.pt2"], [folder / f"{task}.pt2" for task in TASKS]


@contextlib.contextmanager
def served(paths: list[Path]) -> Iterator[int]:
    """The port at which these models answer together, as long as the block lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, SERVE, *paths, "--port", str(port)], env=os.environ)
    try:
        deadline = time.monotonic() + 300  # a busy machine takes a minute to import torch
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{SERVE.name} does not answer") from error
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def milliseconds(port: int, clients: int, requests: int, candidates: int = CANDIDATES) -> np.ndarray:
    """How long each of `requests` requests took; the first of each client only warms up."""
    body = table(candidates, 2)[[*IDS, *NUMBERS]].to_json(orient="records")

    def client(count: int) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        took = []
        for _ in range(count + 1):
            start = time.perf_counter()
            connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())["predictions"]
            took.append(1000 * (time.perf_counter() - start))
            if len(answer) != candidates or set(answer[0]) != set(TASKS):
                raise RuntimeError(f"expected {candidates} rows of {TASKS}, got {str(answer)[:200]}")
        connection.close()
        return took[1:]

    with ThreadPoolExecutor(clients) as pool:
        return np.concatenate(list(pool.map(client, [requests // clients] * clients)))


def lines(short: bool) -> Iterator[tuple[str, float]]:
    requests, rounds = (8, 1) if short else (200, 3)
    with tempfile.TemporaryDirectory() as folder:
        together, each = exported(Path(folder), 2_000 if short else 20_000)
        with served(together) as one, served(each) as five:
            for clients in CLIENTS:
                took = {"together": [], "each": []}
                for _ in range(rounds):  # in turns: a busy minute hits both
                    took["together"].append(milliseconds(one, clients, requests))
                    took["each"].append(milliseconds(five, clients, requests))
                found = {name: np.percentile(np.concatenate(parts), (50, 95)) for name, parts in took.items()}
                for name, (half, most) in zip(("service", "service_each"), found.values(), strict=True):
                    yield f"{name}_{clients}_ms_p50", half
                    yield f"{name}_{clients}_ms_p95", most
                yield f"service_{clients}_each_over_one", found["each"][0] / found["together"][0]
            for candidates in FEW:
                half, most = np.percentile(milliseconds(one, 1, rounds * requests, candidates), (50, 99))
                yield f"service_of_{candidates}_ms_p50", half
                yield f"service_of_{candidates}_ms_p99", most

"""Our library compared with others: deepctr-torch, torch-rechub and funrec, on the task of `task.py`.

funrec 1.0.10, as pip installs it, is nearly a copy of deepctr-torch, and not the package of the book *fun-rec*: these
are two families, not three.

    python -m benchmarks.peers      installs them with pip into .peers/, an environment of their own

Each library runs in a process of its own. The processes take turns, so that a busy minute of the machine hits all of
them: that is a round. Rows per second are medians over rounds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import torch

from benchmarks.libraries import LIBRARIES, PEERS

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".peers"
PYTHON = HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
PACKAGES = [
    "deepctr-torch==0.3.0",
    "torch-rechub==0.9.0",
    "funrec==1.0.10",
    f"torch=={torch.__version__.split('+')[0]}",
]
READY = HOME / "ready"
SEEDS = 3


def installed() -> bool:
    return READY.exists() and READY.read_text() == "\n".join(PACKAGES)


def install() -> str:
    """Make `.peers/` if it is not there yet. Returns what went wrong, or an empty string."""
    if installed():
        return ""
    print("Installing other libraries into .peers/ ...", file=sys.stderr, flush=True)
    venv.create(HOME, with_pip=True, clear=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        return f"pip cannot install them (offline?): {(done.stderr.strip().splitlines() or ['no word from pip'])[-1]}"
    READY.write_text("\n".join(PACKAGES))
    return ""


class Worker:
    """A library in a process of its own, ready to be asked: see `libraries.py` for the commands."""

    def __init__(self, name: str, threads: int, rows: int):
        self.name, self.folder = name, tempfile.TemporaryDirectory()
        self.log = Path(self.folder.name) / "log"
        command = [sys.executable if name == "ours" else str(PYTHON), "-m", "benchmarks.libraries"]
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "HTTPS_PROXY": "http://127.0.0.1:9",  # deepctr-torch asks PyPI for a newer version: not now
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, name, str(threads), str(rows)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
                cwd=self.folder.name,  # funrec writes logs where it runs
            )
        self._read()

    def _read(self) -> str:
        if not (line := self.process.stdout.readline()):
            raise RuntimeError(f"{self.name} failed:\n{self.log.read_text()[-2000:]}")
        return line

    def ask(self, command: str) -> float:
        print(command, file=self.process.stdin, flush=True)
        return float(self._read())

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)
        self.folder.cleanup()


def lines(short: bool) -> Iterator[tuple[str, float]]:
    """Lines on our library alone where the others cannot be installed; standard error then says why."""
    problem = install()
    if problem:
        missing = "train_over_*, infer_over_*, auc_peer_*"
        print(f"skipped {missing}: {problem}", file=sys.stderr)
    names = ["ours"] if problem else list(LIBRARIES)
    rows, rounds, seeds = (2_000, 1, 1) if short else (100_000, 7, SEEDS)
    for threads in (1, 2):
        with ExitStack() as stack:
            workers = [stack.enter_context(Worker(name, threads, rows)) for name in names]
            yield from speed(workers, rows, rounds, threads)
            if threads == 1:
                yield from auc(workers, seeds)


def speed(workers: list[Worker], rows: int, rounds: int, threads: int) -> Iterator[tuple[str, float]]:
    for work in ("train", "infer"):
        rates = {worker.name: [] for worker in workers}
        for turn in range(rounds + 1):
            for worker in workers:
                rate = rows / worker.ask(work)
                if turn:  # the first only warms up
                    rates[worker.name].append(rate)
        for name, values in rates.items():
            rates_in_words = (
                f"{work}, threads {threads}: {median(values):,.0f} rows/s, {min(values):,.0f} to {max(values):,.0f}"
            )
            print(f"{name} {rates_in_words}", file=sys.stderr, flush=True)
        ours = median(rates.pop("ours"))
        yield f"{work}_rows_per_s" + ("" if threads == 1 else f"_{threads}"), ours
        for name, values in rates.items():
            yield f"{work}_over_{name}_{threads}", ours / median(values)
        if rates:
            ratio = ours / max(map(median, rates.values()))
            yield f"{work}_over_fastest_peer_{threads}", ratio
            if threads == 1:  # the one that the course is about
                yield f"{work}_over_fastest_peer", ratio


def auc(workers: list[Worker], seeds: int) -> Iterator[tuple[str, float]]:
    """The mean over seeds for each library, and the standard deviation of ours between seeds."""
    for worker in workers:
        values = torch.tensor([worker.ask(f"auc {seed}") for seed in range(seeds)])
        yield "auc_ours" if worker.name == "ours" else f"auc_peer_{worker.name}", values.mean().item()
        if worker.name == "ours" and seeds > 1:
            yield "auc_ours_sd", values.std().item()


def main() -> int:
    if problem := install():
        print(f"{', '.join(PEERS)}: {problem}", file=sys.stderr)
        return 1
    print(f"{', '.join(PEERS)}: ready in {HOME.name}/", file=sys.stderr)
    return 0


if __name__ == "__main__":
    about = "Install the other libraries with pip into .peers/."
    argparse.ArgumentParser(prog="python -m benchmarks.peers", description=about).parse_args()
    sys.exit(main())

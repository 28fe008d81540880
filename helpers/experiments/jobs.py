"""Independent jobs, such as the kept tables of the course, on all cores of this machine.

A table is one job, not one for each of its seeds: copies trained in smaller groups have other last digits (in a chaotic
run, other first ones), and take up to twice the time in all.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

import joblib
import pandas as pd

from helpers.support import environment, validate

Job = Callable[..., pd.DataFrame]
SHOWN = 5  # names in an error


class Done(NamedTuple):
    """A job's name, its table (or whatever it returned), and the seconds that it took."""

    name: str
    table: pd.DataFrame
    seconds: float


class Undone(RuntimeError):
    """A job failed or its worker died: which, why, and what else is not done."""


@validate.checked
def run(jobs: dict[str, Job]) -> Iterator[Done]:
    """Tables of the jobs, each as soon as it is there; a single job runs in this process.

    jobs      {name: job}

    The first job that fails ends the others. Raises `Undone`.
    """
    left = list(jobs)
    try:
        for done in _on_cores(jobs):
            left.remove(done.name)
            yield done
    except Undone as error:
        more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        raise Undone(f"{error}\nNot done: {', '.join(left[:SHOWN])}{more}.") from error


def _on_cores(jobs: dict[str, Job]) -> Iterator[Done]:
    if len(jobs) == 1:
        yield from (_done(name, job) for name, job in jobs.items())
        return
    calls = (joblib.delayed(_in_worker)(name, job) for name, job in jobs.items())
    try:
        yield from joblib.Parallel(min(len(jobs), joblib.cpu_count()), return_as="generator_unordered")(calls)
    except BrokenProcessPool as error:
        raise Undone("A worker process was killed, perhaps because memory ran out.") from error


def _in_worker(name: str, job: Job) -> Done:
    os.environ["TQDM_DISABLE"] = "1"  # the bars of several processes would overwrite each other
    return _done(name, job)


def _done(name: str, job: Job) -> Done:
    environment.threads()
    start = time.perf_counter()
    try:
        return Done(name, job(), time.perf_counter() - start)
    except Exception as error:
        raise Undone(f"{name}: {type(error).__name__}: {error}") from error

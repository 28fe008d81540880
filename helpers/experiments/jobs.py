"""Independent jobs, such as the kept tables of the course, on all cores of this machine or on a Dask cluster.

On the cores they run through joblib. Its Dask backend is not used: it waits forever for a job whose workers all died.
Dask's own client reports such a job, and gives the jobs of a worker that died to another.

A table is one job, not one for each of its seeds: copies trained in smaller groups have other last digits (in a chaotic
run, other first ones), and take up to twice the time in all.
"""

import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import joblib
import pandas as pd

from helpers.support import environment, validate

Job = Callable[..., pd.DataFrame]
HELPERS = Path(__file__).parents[1]
SHOWN = 5  # names in an error

_busy = threading.Lock()


class Done(NamedTuple):
    """A job's name, its table (or whatever it returned), and the seconds that it took."""

    name: str
    table: pd.DataFrame
    seconds: float


class Undone(RuntimeError):
    """A job failed or its worker died: which, why, and what else is not done."""


@validate.checked
def run(jobs: dict[str, Job], cluster: str | None = None, given: object = None) -> Iterator[Done]:
    """Tables of the jobs, each as soon as it is there; a single job runs in this process.

    jobs      {name: job}
    cluster   address of a Dask scheduler, "tcp://host:8786". Its workers have one thread each and run the same code as
              this process.
    given     what all jobs take as their argument, unless it is None; each worker of a cluster gets it once

    The first job that fails ends the others. Raises `Undone`, and OSError when there is no such cluster.
    """
    left = list(jobs)
    try:
        for done in _on_cluster(jobs, cluster, given) if cluster else _on_cores(jobs, given):
            left.remove(done.name)
            yield done
    except Undone as error:
        more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        raise Undone(f"{error}\nNot done: {', '.join(left[:SHOWN])}{more}.") from error


def _on_cores(jobs: dict[str, Job], given: object) -> Iterator[Done]:
    if given is not None:
        jobs = {name: partial(job, given) for name, job in jobs.items()}
    if len(jobs) == 1:
        yield from (_done(name, job) for name, job in jobs.items())
        return
    calls = (joblib.delayed(_in_worker)(name, job, code()) for name, job in jobs.items())
    try:
        yield from joblib.Parallel(min(len(jobs), joblib.cpu_count()), return_as="generator_unordered")(calls)
    except BrokenProcessPool as error:
        raise Undone("A worker process was killed, perhaps because memory ran out.") from error


def _on_cluster(jobs: dict[str, Job], address: str, given: object) -> Iterator[Done]:
    from distributed import Client, as_completed
    from distributed.protocol import pickle

    def unpacked(call: bytes, *given: bytes) -> Done:
        """Knows nothing of the course: a worker that cannot import it stops without a word, unless a job says so."""
        return pickle.loads(call)(*map(pickle.loads, given))

    scheduler = "the address of a Dask scheduler, tcp://host:8786"
    if not re.fullmatch(r"\w+://\S+:\d+", address):
        validate.fail("cluster", repr(address), scheduler)
    try:
        client = Client(address, set_as_default=False)
    except OSError as error:
        validate.fail("cluster", f"{address} ({error})", scheduler, OSError)
    with client:
        calls = {name: pickle.dumps(partial(_in_worker, name, job, code())) for name, job in jobs.items()}
        shared = [] if given is None else [client.scatter(pickle.dumps(given), broadcast=True)]
        names = {client.submit(unpacked, call, *shared, pure=False): name for name, call in calls.items()}
        for future, result in as_completed([*names], loop=client.loop, with_results=True, raise_errors=False):
            name, finished, failed = names.pop(future), future.status == "finished", future.status == "error"
            future.release()  # it is here: when its worker dies now, it need not be computed again
            if not finished:
                error = result[1] if failed else result
                raise error if isinstance(error, Undone) else Undone(f"{name}: {error}") from error
            yield result


def _in_worker(name: str, job: Job, expected: str, *given: object) -> Done:
    """What a worker does. Of each error it makes one that can be sent back."""
    if not _busy.acquire(blocking=False):  # its seeds and its threads are those of the process
        raise Undone(f"{name}: its worker runs several jobs at a time; give it one thread (dask worker --nthreads 1).")
    try:
        if code() != expected:
            raise Undone(f"{name}: its worker has other code; bring it up to date and start it again.")
        os.environ["TQDM_DISABLE"] = "1"  # the bars of several processes would overwrite each other
        return _done(name, partial(job, *given))
    finally:
        _busy.release()


def _done(name: str, job: Job) -> Done:
    environment.threads()
    start = time.perf_counter()
    try:
        return Done(name, job(), time.perf_counter() - start)
    except Exception as error:
        raise Undone(f"{name}: {type(error).__name__}: {error}") from error


@cache
def code() -> str:
    """What tells the library's code from any other; in a worker, as it was when it did its first job."""
    digest = hashlib.sha256()
    for path in sorted(HELPERS.rglob("*.py")):
        digest.update(path.relative_to(HELPERS).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()

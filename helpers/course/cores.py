"""Claims measured on all cores of the processor, an experiment at a time on each.

In a module of its own: what a new process shall run cannot stand in `__main__`, which it does not import.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from helpers.course import all_claims, fresh
from helpers.support import environment

Job = tuple[list[str], int, int]  # ids of claims with one experiment, and its seeds: from, up to


def measured(jobs: list[Job]) -> Iterator[tuple[str, str, str]]:
    """Id, verdict and card of each claim, in order, as soon as it is there."""
    if len(jobs) == 1:
        yield from _measure(jobs[0])
        return
    spawn = multiprocessing.get_context("spawn")  # a forked PyTorch may hang
    with ProcessPoolExecutor(os.cpu_count(), spawn, initializer=_start) as pool:
        for found in pool.map(_measure, jobs):
            yield from found


def _start() -> None:
    os.environ["TQDM_DISABLE"] = "1"  # the bars of several processes would overwrite each other
    environment.threads()


def _measure(job: Job) -> list[tuple[str, str, str]]:
    ids, start, stop = job
    claims = {id: all_claims()[id] for id in ids}
    table = fresh(claims[ids[0]], range(start, stop))
    findings = [claim.judge(id, table) for id, claim in claims.items()]
    return [(finding.id, finding.verdict, repr(finding)) for finding in findings]

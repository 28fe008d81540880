"""Jobs on the cores: what comes back, what an error says, and that nothing is lost."""

import os
import time
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

import pandas as pd
import psutil
import pytest
import torch

from helpers.experiments import jobs
from helpers.experiments.jobs import Undone


def one(value: int) -> pd.DataFrame:
    state = {"value": value, "process": os.getpid(), "threads": torch.get_num_threads()}
    return pd.DataFrame([state | {"bars": "TQDM_DISABLE" not in os.environ}])


def wait(path: Path) -> pd.DataFrame:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return one(0)


def fail() -> pd.DataFrame:
    raise KeyError("rows")


def die() -> pd.DataFrame:
    psutil.Process().kill()


@pytest.mark.long
def test_a_killed_worker_gives_one_clear_error():
    with pytest.raises(Undone, match=r"^A worker process was killed, .*\nNot done: .*deadly.*\.$") as found:
        list(jobs.run({"deadly": die, "other": partial(wait, Path("never"))}))
    assert isinstance(found.value.__cause__.__cause__, BrokenProcessPool)


def test_jobs_run_in_workers_of_one_thread_without_bars(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    found = {done.name: done.table.loc[0] for done in jobs.run({str(value): partial(one, value) for value in range(5)})}
    assert {name: row["value"] for name, row in found.items()} == {str(value): value for value in range(5)}
    assert os.getpid() not in {row["process"] for row in found.values()}
    assert {(row["threads"], row["bars"]) for row in found.values()} == {(1, False)}


@pytest.mark.long
def test_an_error_names_its_job_and_what_is_not_done():
    waiting = {str(number): partial(wait, Path("never")) for number in range(7)}
    with pytest.raises(Undone, match=r"^bad: KeyError: 'rows'\nNot done: bad, 0, 1, 2, 3 and 3 more\.$") as found:
        list(jobs.run({"bad": fail} | waiting))
    assert "in fail" in str(found.value.__cause__.__cause__), "where it happened"

"""Jobs on the cores and on a Dask cluster: what comes back, what an error says, and that nothing is lost."""

import os
import re
import shutil
import time
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from importlib import import_module
from pathlib import Path

import pandas as pd
import psutil
import pytest
import torch
from distributed import LocalCluster

from helpers.chapters.ch04 import sharing
from helpers.chapters.ch04.studies import sharing as lab_sharing
from helpers.chapters.ch05.studies import balancers
from helpers.experiments import jobs, kept
from helpers.experiments.jobs import Undone
from helpers.lab import measure_claims, train_tables


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


class Elsewhere:
    """A job that a worker cannot load."""

    def __reduce__(self):
        return import_module, ("no_such_module",)

    def __call__(self) -> pd.DataFrame:
        return one(0)


def heads() -> pd.DataFrame:
    return lab_sharing.HEADS.run(seed=range(2))


def die_first(mark: Path, job: jobs.Job) -> pd.DataFrame:
    """The job in a worker that is killed the first time that it tries."""
    if not mark.exists():
        mark.touch()
        die()
    return job()


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


def test_a_worker_refuses_a_second_job_at_a_time_and_other_code():
    with jobs._busy, pytest.raises(Undone, match=r"^b: its worker runs several jobs at a time; .*--nthreads 1"):
        jobs._in_worker("b", fail, jobs.code())
    with pytest.raises(Undone, match=r"^c: its worker has other code"):
        jobs._in_worker("c", fail, "other")


def test_what_is_no_address_of_a_scheduler_is_named():
    with pytest.raises(ValueError, match=r"cluster: got 'localhost'; expected .*tcp://host:8786"):
        list(jobs.run({"a": fail}, "localhost"))


# On a cluster of two worker processes


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0") as running:
        yield running.scheduler_address


@pytest.mark.long
def test_a_cluster_computes_what_the_cores_do_although_a_worker_is_killed(cluster, tmp_path):
    """Samples of three tables; the worker of one is killed with what it holds."""
    tables = {
        "conditions": partial(sharing.conditions, range(2), ["disjoint features"]),
        "heads": heads,
        "conflicts": partial(balancers.conflicts, range(4)),
    }
    here = {done.name: done.table for done in jobs.run(tables)}
    killed = tables | {"heads": partial(die_first, tmp_path / "killed", tables["heads"])}
    there = [(done.name, done.table) for done in jobs.run(killed, cluster)]
    assert (tmp_path / "killed").exists()
    assert sorted(name for name, _ in there) == sorted(tables), "each once"
    for name, table in there:
        pd.testing.assert_frame_equal(table, here[name], check_exact=True)


@pytest.mark.long
def test_a_job_that_no_worker_can_do_gives_one_clear_error(cluster):
    with pytest.raises(Undone, match=r"^deadly: .*4 different workers.*(?s:.*)Not done: deadly"):
        list(jobs.run({"deadly": die}, cluster))
    with pytest.raises(Undone, match=r"^bad: KeyError: 'rows'\nNot done: bad\.$"):
        list(jobs.run({"bad": fail}, cluster))
    with pytest.raises(Undone, match=r"^strange: No module named 'no_such_module'\nNot done: strange\.$"):
        list(jobs.run({"strange": Elsewhere()}, cluster))


@pytest.mark.long
def test_make_tables_and_make_claims_give_the_same_on_a_cluster(cluster, tmp_path, monkeypatch, capsys):
    names, written = ["01_days", "03_week"], {}
    monkeypatch.setattr(train_tables.keep_findings, "write", lambda: None)  # the findings are those of data/tables
    for place in ([], ["--cluster", cluster]):
        folder = tmp_path / str(len(place))
        shutil.copytree(kept.FOLDER, folder)  # what the tables read is there
        for name in names:
            (folder / f"{name}.csv").unlink()
        with monkeypatch.context() as patch:
            patch.setattr(kept, "FOLDER", folder)
            assert train_tables.main([*names, *place]) == 0
        written[len(place)] = {name: (folder / f"{name}.csv").read_bytes() for name in names}
    assert written[0] == written[2]
    capsys.readouterr()
    cards = set()
    for place in ([], ["--cluster", cluster]):
        assert measure_claims.main(["C0.7", *place]) == 0
        printed, times = re.subn(r"(?m)^In \d+ s:$", "", capsys.readouterr().out)
        assert times == 1
        cards.add(tuple(sorted(printed.splitlines())))
    assert len(cards) == 1


@pytest.mark.long
def test_a_cluster_of_workers_with_several_threads_is_refused():
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, host="127.0.0.1", dashboard_address=":0") as running,
        pytest.raises(Undone, match="its worker runs several jobs at a time"),
    ):
        list(jobs.run({str(value): partial(time.sleep, 5) for value in range(2)}, running.scheduler_address))

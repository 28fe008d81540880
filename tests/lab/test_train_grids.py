"""`make grids`: what is written, in which order, and what a failure leaves as it was."""

import re

import pandas as pd
import pytest

from helpers.experiments.chosen import Chosen
from helpers.experiments.jobs import Undone
from helpers.lab import train_grids
from helpers.lab.kept_table import KeptTable
from helpers.support.downloads import Download

TABLE = pd.DataFrame({"seed": [1, 2], "r2": [0.5, 0.25]})


def stopped() -> pd.DataFrame:
    raise KeyboardInterrupt


def failing() -> pd.DataFrame:
    raise FloatingPointError("The loss of 'a' is not finite.")


def best() -> Chosen:
    return Chosen("search", by=["seed"], setting=["r2"], value=lambda table: table["r2"])


@pytest.fixture
def grids(tmp_path, monkeypatch) -> dict[str, KeptTable]:
    """The grids that there are; they are kept in a folder of their own."""
    monkeypatch.setattr("helpers.experiments.kept.FOLDER", tmp_path)
    monkeypatch.setattr(train_grids, "TABLES", {})
    monkeypatch.setattr(train_grids.keep_findings, "write", lambda: None)
    return train_grids.TABLES


@pytest.mark.parametrize(("make", "error"), [(stopped, KeyboardInterrupt), (failing, Undone)])
def test_a_grid_that_is_stopped_or_fails_leaves_the_old_file(grids, tmp_path, make, error):
    grids["x"] = KeptTable("x", make, {})
    grids["x"].write(TABLE)
    with pytest.raises(error):
        train_grids.main(["x"])
    assert len(grids["x"].read()) == len(TABLE) and [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_a_grid_is_trained_after_those_that_it_reads_and_each_is_kept(grids, capsys):
    grids["reader"] = KeptTable("reader", lambda best: grids["search"].read().assign(r2=1.0), {"best": best()})
    grids["search"] = KeptTable("search", TABLE.copy, {})
    assert train_grids.main([]) == 0
    assert list(grids["reader"].read()["r2"]) == [1, 1]
    printed = capsys.readouterr().out.splitlines()
    assert [re.sub(r"\d+ s$", "0 s", line) for line in printed[2:]] == [
        "[1/2] search: 2 rows in 0 s",
        "[2/2] reader: 2 rows in 0 s",
    ]
    assert train_grids.main(["reader"]) == 0, "alone, it takes the kept search"


def test_only_what_is_stale_is_trained_and_what_reads_a_search_that_found_something_else(grids, capsys):
    found = [TABLE]
    grids["reader"] = KeptTable("reader", lambda best: TABLE, {"best": best()})
    grids["search"] = KeptTable("search", lambda steps: found[-1], {"steps": 1})

    def trained(*arguments: str) -> list[str]:
        assert train_grids.main([*arguments]) == 0
        return re.findall(r"(?m)^\[\d/\d\] (\w+)", capsys.readouterr().out)

    assert trained() == ["search", "reader"] and trained() == []
    grids["search"] = KeptTable("search", lambda steps: found[-1], {"steps": 2})
    assert trained() == ["search"], "it found the same"
    grids["search"] = KeptTable("search", lambda steps: found[-1], {"steps": 3})
    found.append(TABLE.assign(r2=[0.75, 0.5]))
    assert trained() == ["search", "reader"] and trained() == []
    assert trained("--all") == ["search", "reader"]


def test_a_search_alone_says_which_grid_it_leaves_behind(grids, monkeypatch, capsys):
    grids["search"] = KeptTable("search", lambda: TABLE.assign(r2=[0.25, 0.5]), {})
    grids["search"].write(TABLE)
    KeptTable("reader", lambda best: TABLE, {"best": best()}).write(TABLE)
    grids["reader"] = KeptTable("reader", lambda best: TABLE, {"best": best()})  # as another process reads the search
    monkeypatch.setattr(train_grids.keep_findings, "write", lambda: grids["reader"].read())
    assert train_grids.main(["search"]) == 1
    assert "the claims are not judged: grid: got reader.csv made from other settings" in capsys.readouterr().out
    assert len(grids["search"].read()) == len(TABLE)


def test_a_worker_with_other_tuned_settings_is_refused(grids):
    grids["x"] = KeptTable("x", TABLE.copy, {})
    with pytest.raises(
        ValueError, match=r"grid: got other settings of x in a worker than here; expected the same searches"
    ):
        train_grids._train("x", "a hash of other settings")


def test_an_unknown_grid_is_named(grids, capsys):
    with pytest.raises(SystemExit):
        train_grids.main(["y"])
    assert "no grid y" in capsys.readouterr().err


def test_a_grid_whose_data_are_absent_stays_as_it_is_kept(grids, tmp_path, capsys):
    elsewhere = Download("Stones", tmp_path / "nowhere", (("stones.csv",),), "helpers.data.stones")
    grids |= {"stones": KeptTable("stones", failing, {}, needs=elsewhere), "other": KeptTable("other", TABLE.copy, {})}
    grids["stones"].write(TABLE)
    assert train_grids.main(["--all"]) == 0
    assert "stones stays as it is kept: Stones is absent: python -m helpers.data.stones" in capsys.readouterr().out
    assert len(grids["stones"].read()) == len(grids["other"].read()) == len(TABLE)

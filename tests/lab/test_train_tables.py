"""`make tables`: what is written, in which order, and what a failure leaves as it was."""

import re

import pandas as pd
import pytest

from helpers.experiments.chosen import Chosen
from helpers.experiments.jobs import Undone
from helpers.lab import train_tables
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
def tables(tmp_path, monkeypatch) -> dict[str, KeptTable]:
    """The tables that there are; they are kept in a folder of their own."""
    monkeypatch.setattr("helpers.experiments.kept.FOLDER", tmp_path)
    monkeypatch.setattr(train_tables, "TABLES", {})
    monkeypatch.setattr(train_tables.keep_findings, "write", lambda: None)
    return train_tables.TABLES


@pytest.mark.parametrize(("make", "error"), [(stopped, KeyboardInterrupt), (failing, Undone)])
def test_a_table_that_is_stopped_or_fails_leaves_the_old_file(tables, tmp_path, make, error):
    tables["x"] = KeptTable("x", make, {})
    tables["x"].write(TABLE)
    with pytest.raises(error):
        train_tables.main(["x"])
    assert len(tables["x"].read()) == len(TABLE) and [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_a_table_is_trained_after_those_that_it_reads_and_each_is_kept(tables, capsys):
    tables["reader"] = KeptTable("reader", lambda best: tables["search"].read().assign(r2=1.0), {"best": best()})
    tables["search"] = KeptTable("search", TABLE.copy, {})
    assert train_tables.main([]) == 0
    assert list(tables["reader"].read()["r2"]) == [1, 1]
    printed = capsys.readouterr().out.splitlines()
    assert [re.sub(r"\d+ s$", "0 s", line) for line in printed[2:]] == [
        "[1/2] search: 2 rows in 0 s",
        "[2/2] reader: 2 rows in 0 s",
    ]
    assert train_tables.main(["reader"]) == 0, "alone, it takes the kept search"


def test_only_what_is_stale_is_trained_and_what_reads_a_search_that_found_something_else(tables, capsys):
    found = [TABLE]
    tables["reader"] = KeptTable("reader", lambda best: TABLE, {"best": best()})
    tables["search"] = KeptTable("search", lambda steps: found[-1], {"steps": 1})

    def trained(*arguments: str) -> list[str]:
        assert train_tables.main([*arguments]) == 0
        return re.findall(r"(?m)^\[\d/\d\] (\w+)", capsys.readouterr().out)

    assert trained() == ["search", "reader"] and trained() == []
    tables["search"] = KeptTable("search", lambda steps: found[-1], {"steps": 2})
    assert trained() == ["search"], "it found the same"
    tables["search"] = KeptTable("search", lambda steps: found[-1], {"steps": 3})
    found.append(TABLE.assign(r2=[0.75, 0.5]))
    assert trained() == ["search", "reader"] and trained() == []
    assert trained("--all") == ["search", "reader"]


def test_a_search_alone_says_which_table_it_leaves_behind(tables, monkeypatch, capsys):
    tables["search"] = KeptTable("search", lambda: TABLE.assign(r2=[0.25, 0.5]), {})
    tables["search"].write(TABLE)
    KeptTable("reader", lambda best: TABLE, {"best": best()}).write(TABLE)
    tables["reader"] = KeptTable("reader", lambda best: TABLE, {"best": best()})  # as another process reads the search
    monkeypatch.setattr(train_tables.keep_findings, "write", lambda: tables["reader"].read())
    assert train_tables.main(["search"]) == 1
    assert "the claims are not judged: kept table: got reader.csv made from other settings" in capsys.readouterr().out
    assert len(tables["search"].read()) == len(TABLE)


def test_a_worker_with_other_tuned_settings_is_refused(tables):
    tables["x"] = KeptTable("x", TABLE.copy, {})
    with pytest.raises(
        ValueError, match=r"kept table: got other settings of x in a worker than here; expected the same searches"
    ):
        train_tables._train("x", "a hash of other settings")


def test_an_unknown_table_is_named(tables, capsys):
    with pytest.raises(SystemExit):
        train_tables.main(["y"])
    assert "no table y" in capsys.readouterr().err


def test_a_table_whose_data_are_absent_stays_as_it_is_kept(tables, tmp_path, capsys):
    elsewhere = Download("Stones", tmp_path / "nowhere", (("stones.csv",),), "helpers.data.stones")
    tables |= {"stones": KeptTable("stones", failing, {}, needs=elsewhere), "other": KeptTable("other", TABLE.copy, {})}
    tables["stones"].write(TABLE)
    assert train_tables.main(["--all"]) == 0
    assert "stones stays as it is kept: Stones is absent: python -m helpers.data.stones" in capsys.readouterr().out
    assert len(tables["stones"].read()) == len(tables["other"].read()) == len(TABLE)

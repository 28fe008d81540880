import numpy as np
import pandas as pd
import pytest

from helpers.lab import TABLES
from helpers.lab.kept_table import KeptTable


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    keys = [(seed, task, model) for seed in range(5) for task in "ab" for model in ("one", "two")]
    return pd.DataFrame(keys, columns=["seed", "task", "model"]).assign(r2=rng.normal(size=len(keys)))


def test_a_table_knows_what_it_was_made_from(tmp_path, monkeypatch, table):
    monkeypatch.setattr("helpers.experiments.kept.FOLDER", tmp_path)
    kept = KeptTable("x", lambda seeds: table, {"seeds": [1]})
    with pytest.raises(FileNotFoundError, match=r"got no file x\.csv; expected it in data/tables: `make tables`"):
        kept.read()
    kept.write(table)
    pd.testing.assert_frame_equal(kept.read(), table.round(4))
    with pytest.raises(ValueError, match="made from other settings; expected today's: `make tables` trains it"):
        KeptTable("x", lambda seeds: table, {"seeds": [2]}).read()


def _never_made(seeds, width=8):
    raise AssertionError("a table is read, not made")


def test_a_table_depends_on_the_defaults_too(tmp_path, monkeypatch, table):
    monkeypatch.setattr("helpers.experiments.kept.FOLDER", tmp_path)
    named, default = (KeptTable("x", _never_made, {"seeds": [1]} | given) for given in ({"width": 8}, {}))
    assert named.settings == default.settings == {"seeds": [1], "width": 8} and named.hash() == default.hash()
    named.write(table)
    assert len(default.read()) == len(table)
    with pytest.raises(ValueError, match="made from other settings"):
        KeptTable("x", lambda seeds, width=16: None, {"seeds": [1]}).read()


@pytest.mark.slow
def test_the_kept_tables_are_of_today_s_settings():
    for kept in TABLES.values():
        assert len(kept.read()) > 0


@pytest.mark.parametrize("damage", [lambda text: text[: len(text) // 2], lambda text: "", lambda text: "\x00" + text])
def test_a_damaged_table_is_named(tmp_path, monkeypatch, table, damage):
    monkeypatch.setattr("helpers.experiments.kept.FOLDER", tmp_path)
    kept = KeptTable("x", lambda seeds: table, {"seeds": [1]})
    kept.write(table)
    kept.path.write_text(damage(kept.path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(ValueError, match=r"kept table: got a damaged x.csv"):
        kept.read()


def test_a_packed_table_is_small_the_same_twice_and_named_when_damaged(tmp_path, monkeypatch, table):
    monkeypatch.setattr("helpers.experiments.kept.FOLDER", tmp_path)
    long = pd.concat([table] * 50, ignore_index=True)
    kept = KeptTable("x", lambda seeds: long, {"seeds": [1]}, packed=True)
    kept.write(long)
    written = kept.path.read_bytes()
    pd.testing.assert_frame_equal(kept.read(), long.round(4))
    assert kept.path.name == "x.csv.gz" and len(written) < len(long.to_csv(index=False)) / 4
    kept.write(long)
    assert kept.path.read_bytes() == written
    middle = len(written) // 2
    flipped = written[:middle] + bytes([written[middle] ^ 255]) + written[middle + 1 :]
    for damaged in (written[:middle], flipped, b"", b"no archive"):
        kept.path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"kept table: got a damaged x.csv.gz"):
            kept.read()

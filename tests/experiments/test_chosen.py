"""What a search found best is read from its kept table, and a table that uses it depends on it."""

import pandas as pd
import pytest

from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable

ROWS = [
    ("m", "width 4", 0.1, 1.0),
    ("m", "width 4", 0.1, 3.0),
    ("m", "width 5", 0.1, 2.1),
    ("m", "width 5", 0.1, 2.1),
    ("n", "width 4", 0.2, 0.0),
]


@pytest.fixture
def search(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.experiments.kept.FOLDER", tmp_path)

    def keep(rows=ROWS, name="x") -> None:
        table = pd.DataFrame(rows, columns=["model", "shape", "rate", "r2"])
        KeptTable(name, lambda: table, {}).write(table)

    keep()
    return keep


def chosen(*searches, **options) -> Chosen:
    return Chosen(*(searches or ["x"]), by=["model"], **{"setting": ["shape", "rate"], "value": "r2"} | options)


def test_the_best_is_the_mean_over_whatever_is_no_setting(search):
    assert chosen() == {"m": ("width 5", 0.1), "n": ("width 4", 0.2)}
    assert chosen(lowest=True) == {"m": ("width 4", 0.1), "n": ("width 4", 0.2)}
    assert chosen().table["r2"].tolist() == pytest.approx([2.1, 0.0])


def test_of_equal_means_the_smaller_rate_is_taken_and_then_the_first_tried(search):
    search([("m", "width 5", 0.2, 1.0), ("m", "width 4", 0.1, 1.0), ("m", "width 3", 0.1, 1.0)])
    assert chosen()["m"] == ("width 4", 0.1)


def test_several_columns_nest_and_several_searches_are_one(search):
    search([("o", "width 6", 0.3, 5.0)], "y")
    both = Chosen("x", "y", by=["model", "shape"], setting=["rate"], value=lambda table: -table["r2"])
    assert both == {"m": {"width 4": 0.1, "width 5": 0.1}, "n": {"width 4": 0.2}, "o": {"width 6": 0.3}}
    assert repr(both) == repr(dict(both))


@pytest.mark.parametrize("default", [False, True])
def test_a_table_depends_on_what_was_chosen_for_it(search, default):
    def kept() -> KeptTable:
        if default:
            return KeptTable("z", lambda rates=chosen(): pd.DataFrame({"r2": [1.0]}), {})  # noqa: B008
        rates = chosen()
        return KeptTable("z", lambda: pd.DataFrame({"r2": [1.0 for _ in [rates]]}), {})

    kept().write(kept().make())
    assert kept().searches == ["x"]
    search([*ROWS, ("n", "width 4", 0.2, 9.0)])  # the same setting is best
    assert len(kept().read()) == 1
    search([*ROWS, ("n", "width 4", 0.1, 9.0)])
    with pytest.raises(ValueError, match=r"z.csv made from other settings"):
        kept().read()

"""A sample of a kept table is found out when a value, a mean or a row is not what is kept."""

import pandas as pd
import pytest

from helpers.lab.kept_table import KeptTable
from helpers.lab.recheck import Recheck, each, equal, mean, median, ratio


def column(*values) -> pd.Series:
    return pd.Series(values, pd.MultiIndex.from_product([["m", "n"], range(len(values) // 2)], names=["model", "seed"]))


KEPT = column(0.0, 1.0, 2.0, 4.0)


@pytest.mark.parametrize(
    ("rule", "same", "other"),
    [
        (each(0.1), column(0.1, 1.0, 2.0, 4.0), column(0.11, 1.0, 2.0, 4.0)),
        (each(0, rtol=0.1), column(0.0, 1.0, 2.0, 4.4), column(0.1, 1.0, 2.0, 4.0)),
        (each(0.1), column(0.0, 1.0, 2.0, 4.0), column(0.0, 1.0, 2.0, float("nan"))),
        (mean(0.1), column(1.0, 0.0, 4.0, 2.0), column(1.0, 1.0, 1.0, 4.0)),  # the second moves a mean up, one down
        (median(0.2, shift=0.1), column(0.1, 0.9, 2.0, 90.0), column(0.15, 1.15, 2.15, 4.15)),
        (median(0.2, shift=0.1), column(0.0, 1.0, 2.0, 4.0), column(0.3, 0.7, 2.3, 3.7)),
        (equal(), column(0.0, 1.0, 2.0, 4.0), column(0.0, 1.0, 2.0, 4.1)),
        (equal(0.75), column(0.0, 1.0, 2.0, 9.0), column(0.0, 1.0, 9.0, 9.0)),
        (ratio(2), column(0.0, 1.0, 2.0, 4.0) + 0.1, column(0.1, 1.0, 2.0, 9.0)),
    ],
)
def test_a_rule_tells_what_is_kept_from_what_is_not(rule, same, other):
    kept = KEPT + 0.1 if rule.__qualname__.startswith("ratio") else KEPT
    assert rule(kept, same) and not rule(kept, other)


@pytest.fixture
def kept(tmp_path, monkeypatch) -> KeptTable:
    monkeypatch.setattr("helpers.experiments.kept.FOLDER", tmp_path)

    def make(seeds, off=0.0):
        rows = [(seed, task, seed + off) for seed in seeds for task in "ab"]
        return pd.DataFrame(rows, columns=["seed", "task", "r2"])

    one = KeptTable("x", make, {"seeds": [1, 2, 3]})
    one.write(one.make(**one.settings))
    return one


def test_retrained_rows_stand_beside_the_kept_ones_and_columns_that_differ_are_named(kept):
    sample = Recheck({"seeds": [2], "off": 0.5}, {"r2": 0.4})
    both = kept.retrained(sample)
    assert sample.differing(both) == ["r2"] and Recheck({}, {"r2": 0.6}).differing(both) == []
    assert both["r2"].tolist() == [2, 2] and both["r2 again"].tolist() == [2.5, 2.5]
    assert both.index.get_level_values("task").tolist() == ["a", "b"]


def test_rows_that_are_not_asked_for_are_not_compared(kept):
    both = kept.retrained(Recheck({"seeds": [2, 3], "off": 0.0}, {"r2": 0.4}))
    both.loc[3, "r2 again"] = 9.0
    assert Recheck({}, {"r2": 0.4}, rows="seed == 2").differing(both) == []
    assert Recheck({}, {"r2": 0.4}, rows="seed == 3").differing(both) == ["r2"]
    with pytest.raises(ValueError, match="rows: got none with seed == 4"):
        Recheck({}, {"r2": 0.4}, rows="seed == 4").differing(both)


def test_a_point_that_is_not_kept_is_named(kept):
    with pytest.raises(
        ValueError, match=r"sample: got 4 rows, 2 of them kept; expected some, and all of them in x.csv"
    ):
        kept.retrained(Recheck({"seeds": [3, 4]}, {"r2": 0.1}))
    with pytest.raises(ValueError, match="sample: got 0 rows"):
        kept.retrained(Recheck({"seeds": []}, {"r2": 0.1}))

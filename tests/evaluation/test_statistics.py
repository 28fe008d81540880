import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.evaluation.statistics import difference, interval, summarise


def test_interval_agrees_with_scipy():
    values = np.random.default_rng(0).normal(3, 2, 20)
    mean, low, high = interval(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (mean, low, high) == pytest.approx((values.mean(), expected.low, expected.high))


@pytest.mark.parametrize("values", [[1.0], [], [1.0, float("nan")], [[1.0, 2.0]]])
def test_interval_refuses_what_it_cannot_judge(values):
    with pytest.raises(ValueError, match="values: got"):
        interval(values)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    keys = [(seed, task, model) for seed in range(5) for task in "ab" for model in ("one", "two")]
    return pd.DataFrame(keys, columns=["seed", "task", "model"]).assign(r2=rng.normal(size=len(keys)))


def test_difference_is_paired_whatever_the_order_of_rows(table):
    shuffled = table.sample(frac=1, random_state=0)
    found = difference(shuffled, "r2", "one", "two").set_index(["seed", "task"])["difference"]
    for (seed, task), value in found.items():
        rows = table[(table["seed"] == seed) & (table["task"] == task)].set_index("model")["r2"]
        assert value == pytest.approx(rows["one"] - rows["two"])


def test_difference_refuses_unpaired_rows(table):
    with pytest.raises(ValueError, match="table: got 10 rows of 'one' and 9 of 'two'"):
        difference(table.drop(index=1), "r2", "one", "two")


def test_summarise_averages_within_a_seed_first(table):
    row = summarise(table, "r2", "model").set_index("model").loc["one"]
    a_seed = table[table["model"] == "one"].groupby("seed")["r2"].mean()
    assert (row["mean"], row["low"], row["high"]) == pytest.approx(interval(a_seed))
    assert row["seeds"] == 5


def test_a_nan_or_a_row_twice_is_refused(table):
    with pytest.raises(ValueError, match=r"table\['r2'\]: got 1 NaN"):
        summarise(table.assign(r2=table["r2"].where(table.index != 3)), "r2", "model")
    with pytest.raises(ValueError, match="table: got a row twice"):
        difference(pd.concat([table, table.iloc[:1]]), "r2", "one", "two")

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.evaluation.statistics import contrast, difference, holm, interval, share, summarise


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
    differences = difference(shuffled, "r2", "one", "two").set_index(["seed", "task"])["difference"]
    for (seed, task), value in differences.items():
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


def runs() -> pd.DataFrame:
    """Two models on two tasks at two widths, three seeds."""
    rng = np.random.default_rng(0)
    points = itertools.product(["MMoE", "PLE"], ["a", "b"], [4, 8], [7, 8, 9])
    return pd.DataFrame(points, columns=["model", "task", "width", "seed"]).assign(r2=rng.normal(size=24))


def by_hand(table: pd.DataFrame, index: str | list[str]) -> pd.DataFrame:
    return table.pivot_table("r2", "seed", index)


def test_a_contrast_of_two_models_is_the_difference_of_their_means_over_all_else():
    by = by_hand(runs(), "model")
    ours = contrast(runs(), "r2", {"MMoE": 1, "PLE": -1}, "model")
    pd.testing.assert_series_equal(ours, by["MMoE"] - by["PLE"], check_names=False)
    assert list(ours.index) == [7, 8, 9]


def test_filters_keep_one_level_or_several():
    by = by_hand(runs().query("width == 8 and task in ['a', 'b']"), "model")
    ours = contrast(runs(), "r2", {"MMoE": 1, "PLE": -1}, "model", width=8, task=["a", "b"])
    np.testing.assert_allclose(ours, by["MMoE"] - by["PLE"])
    assert not np.allclose(ours, contrast(runs(), "r2", {"MMoE": 1, "PLE": -1}, "model", width=8, task=["a"]))


def test_cells_of_several_columns_have_their_coefficients():
    by = by_hand(runs(), ["task", "width"])
    terms = {("a", 4): 0.5, ("a", 8): 0.5, ("b", 8): -2}
    expected = 0.5 * by["a", 4] + 0.5 * by["a", 8] - 2 * by["b", 8]
    np.testing.assert_allclose(contrast(runs(), "r2", terms, ["task", "width"]), expected)


def test_seeds_pair_whatever_the_order_of_rows():
    shuffled = runs().sample(frac=1, random_state=1)
    terms = {"MMoE": 1, "PLE": -1}
    np.testing.assert_allclose(contrast(shuffled, "r2", terms, "model"), contrast(runs(), "r2", terms, "model"))


@pytest.mark.parametrize(
    ("terms", "columns", "where", "message"),
    [
        ({"MMoE": 1, "ESMM": -1}, "model", {}, r"model: got 'ESMM'; expected one of 'MMoE', 'PLE'"),
        ({("a", 4): 1, ("a", 5): -1}, ["task", "width"], {}, r"width: got 5; expected one of 4, 8"),
        ({"MMoE": 1}, "model", {"width": 16}, r"width: got 16; expected one of 4, 8"),
        ({"MMoE": 1}, "model", {"task": ["a", "c"]}, r"task: got 'c'; expected one of 'a', 'b'"),
        ({"MMoE": 1}, "architecture", {}, r"table: got no column 'architecture'"),
        ({"MMoE": 1}, "model", {"rows": 500}, r"table: got no column 'rows'"),
        ({}, "model", {}, r"terms: got none; expected \{cell: coefficient\}"),
        ({("a", 4): 1, ("a",): -1}, ["task", "width"], {}, r"terms: got the cell \('a',\); expected 2 levels"),
        ({"a": 1}, ["task", "width"], {}, r"terms: got the cell 'a'; expected 2 levels"),
    ],
)
def test_what_is_not_in_the_table_is_named(terms, columns, where, message):
    with pytest.raises(ValueError, match=message):
        contrast(runs(), "r2", terms, columns, **where)


@pytest.mark.parametrize(("lost", "left"), [("seed == 9", 8), ("seed == 9 and width == 8", 10)])
def test_cells_with_other_seeds_or_fewer_rows_do_not_compare(lost, left):
    table = runs().query(f"not (model == 'PLE' and {lost})")
    with pytest.raises(ValueError, match=f"table: got 12 rows of 'MMoE' and {left} of 'PLE'; expected the same seeds"):
        contrast(table, "r2", {"MMoE": 1, "PLE": -1}, "model")


@pytest.mark.parametrize(("successes", "trials"), [(0, 24), (24, 24), (23, 24), (7, 30)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_a_share_has_the_interval_of_clopper_and_pearson(successes, trials, level):
    ours = share([1] * successes + [0] * (trials - successes), level)
    exact = stats.binomtest(successes, trials).proportion_ci(level, method="exact")
    assert ours == pytest.approx((successes / trials, exact.low, exact.high))


@pytest.mark.parametrize("values", [[1.0], [0.5, 1.0], [[1.0, 0.0]]])
def test_what_is_no_count_of_successes_is_refused(values):
    with pytest.raises(ValueError, match="values: got"):
        share(values)


def test_holm_stops_at_the_first_that_fails():
    assert holm({"a": 0.012, "b": 0.04, "c": 0.03, "d": 0.001}) == ["d", "a"]
    assert holm({"a": 0.06}) == [] and holm({}) == []


def test_holm_lets_luck_pass_in_one_family_of_twenty():
    rng = np.random.default_rng(0)
    families = rng.uniform(size=(4000, 10))
    lucky = np.mean([bool(holm(dict(enumerate(one)))) for one in families])
    assert lucky == pytest.approx(0.05, abs=0.012)

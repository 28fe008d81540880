"""Over seeds: intervals are scipy's, contrasts and differences are those of a pivot table, Holm's test is Holm's."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.evaluation.statistics import contrast, difference, holm, interval, share, summarise, users_needed


def test_intervals_are_scipys():
    a, b = np.random.default_rng(0).normal(3, 2, (2, 20))
    wanted = stats.ttest_rel(a, b).confidence_interval(0.9)
    assert interval(a - b, 0.9) == pytest.approx(((a - b).mean(), wanted.low, wanted.high), rel=1e-12)
    for won, level in itertools.product((0, 7, 23, 24), (0.9, 0.95)):
        exact = stats.binomtest(won, 24).proportion_ci(level, method="exact")
        assert share([1] * won + [0] * (24 - won), level) == pytest.approx((won / 24, exact.low, exact.high))


def test_so_many_users_find_the_effect_with_the_power():
    effect, sd = 0.3, 2.0
    error = sd * np.sqrt(2 / users_needed(effect, sd, power=0.9, level=0.1))
    assert stats.norm.sf(stats.norm.ppf(1 - 0.1 / 2) - effect / error) == pytest.approx(0.9)


@pytest.fixture
def runs() -> pd.DataFrame:
    """Two models on two tasks at two widths, three seeds, in no order."""
    points = itertools.product(["MMoE", "PLE"], ["a", "b"], [4, 8], [7, 8, 9])
    table = pd.DataFrame(points, columns=["model", "task", "width", "seed"])
    return table.assign(r2=np.random.default_rng(0).normal(size=24)).sample(frac=1, random_state=1, ignore_index=True)


TWO = {"MMoE": 1, "PLE": -1}


def test_contrasts_and_differences_are_those_of_a_pivot_table(runs):
    by = runs.pivot_table("r2", "seed", "model")
    pd.testing.assert_series_equal(contrast(runs, "r2", TWO, "model"), by["MMoE"] - by["PLE"], check_names=False)
    by = runs.query("width == 8 and task == 'a'").pivot_table("r2", "seed", "model")
    np.testing.assert_allclose(contrast(runs, "r2", TWO, "model", width=8, task=["a"]), by["MMoE"] - by["PLE"])
    by = runs.pivot_table("r2", "seed", ["task", "width"])
    terms = {("a", 4): 0.5, ("a", 8): 0.5, ("b", 8): -2}
    wanted = 0.5 * by["a", 4] + 0.5 * by["a", 8] - 2 * by["b", 8]
    np.testing.assert_allclose(contrast(runs, "r2", terms, ["task", "width"]), wanted)
    by = runs.pivot_table("r2", ["seed", "task", "width"], "model")
    ours = difference(runs, "r2", "MMoE", "PLE").set_index(["seed", "task", "width"])["difference"]
    pd.testing.assert_series_equal(ours.sort_index(), by["MMoE"] - by["PLE"], check_names=False)


def test_summarise_averages_within_a_seed_first(runs):
    row = summarise(runs, "r2", "model").set_index("model").loc["MMoE"]
    a_seed = runs[runs["model"] == "MMoE"].groupby("seed")["r2"].mean()
    assert (row["mean"], row["low"], row["high"], row["seeds"]) == pytest.approx((*interval(a_seed), 3))


def test_holm_stops_at_the_first_that_fails():
    errors = {
        "a": 0.015,
        "b": 0.04,
        "c": 0.03,
        "d": 0.001,
    }  # a passes 0.05 / 3 and not 0.05 / 4, c fails, b is not asked
    assert holm(errors) == ["d", "a"]
    assert holm({"a": 0.06}) == [] and holm({}) == []
    lucky = [bool(holm(dict(enumerate(one)))) for one in np.random.default_rng(0).uniform(size=(4000, 10))]
    assert np.mean(lucky) == pytest.approx(0.05, abs=0.012)  # in one family of twenty


def without(runs: pd.DataFrame, rows: str) -> pd.DataFrame:
    return runs.query(f"not ({rows})")


NAN = float("nan")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        *((lambda runs, v=v: interval(v), "values: got") for v in ([1.0], [1.0, NAN], [[1.0, 2.0]])),
        *((lambda runs, v=v: share(v), "values: got") for v in ([1.0], [0.5, 1.0], [[1.0, 0.0]])),
        (lambda runs: contrast(runs, "r2", {"ESMM": 1}, "model"), "model: got 'ESMM'"),
        (lambda runs: contrast(runs, "r2", TWO, "model", task=["a", "c"]), "task: got 'c'"),
        (lambda runs: contrast(runs, "r2", TWO, "kind"), "table: got no column 'kind'"),
        (lambda runs: contrast(runs, "r2", TWO, "model", rows=5), "table: got no column 'rows'"),
        (lambda runs: contrast(runs, "r2", {}, "model"), "terms: got none"),
        (lambda runs: contrast(runs, "r2", {"a": 1}, ["task", "width"]), "terms: got the cell 'a'"),
        (
            lambda runs: contrast(without(runs, "model == 'PLE' and seed == 9"), "r2", TWO, "model"),
            "table: got 12 rows of 'MMoE' and 8 of 'PLE'",
        ),
        (  # as many rows, of other seeds
            lambda runs: contrast(runs.assign(seed=runs["seed"] + (runs["model"] == "PLE")), "r2", TWO, "model"),
            "table: got 12 rows of 'MMoE' and 12 of 'PLE'",
        ),
        (lambda runs: difference(without(runs, "index == 0"), "r2", "MMoE", "PLE"), "table: got 1[12] rows of"),
        (lambda runs: difference(pd.concat([runs, runs[:1]]), "r2", "MMoE", "PLE"), "table: got a row twice"),
        (lambda runs: summarise(runs, "r2", ["model", "model"]), r"by: got \['model', 'model'\]"),
        (lambda runs: summarise(runs.replace(runs["r2"][3], NAN), "r2", "model"), r"table\['r2'\]: got 1 NaN"),
    ],
)
def test_what_is_not_in_the_table_is_named(runs, call, words):
    with pytest.raises(ValueError, match=f"^{words}.*; expected"):
        call(runs)

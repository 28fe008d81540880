"""The simulated A/B test: its statistics obey textbook values, its population what `feed` says."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.chapters.ch03.studies.ab_tests import abtest


@pytest.fixture
def three():
    """Three users under two policies."""
    keys = [(weight, user) for weight in (0.0, 1.0) for user in range(3)]
    table = pd.DataFrame(keys, columns=["weight", "user"])
    return table.assign(clicks=[1, 2, 3, 2, 3, 4], finishes=1.0, seconds=9.0, chance=[0.2, 0.5, 0.8] * 2)


def test_the_population_is_what_endless_visitors_show(three):
    found = abtest.population(three).set_index(["weight", "metric"])
    rng = np.random.default_rng(0)
    for metric in abtest.METRICS:
        seen = abtest.visitors(three, 0.0, metric, 400_000, rng)
        assert found.loc[(0.0, metric), "mean"] == pytest.approx(seen.mean(), abs=0.01)
        assert found.loc[(0.0, metric), "sd"] == pytest.approx(seen.std(), abs=0.01)


def test_the_last_z_is_that_of_all_visitors():
    one, other = np.random.default_rng(0).normal([[0.0], [0.2]], 1, (2, 700))
    expected = stats.ttest_ind(other, one, equal_var=False).statistic
    z = abtest.z_values(one, other, looks=7)
    assert z.shape == (7,)
    assert z[-1] == pytest.approx(expected, rel=2e-3)
    first = stats.ttest_ind(other[:100], one[:100], equal_var=False).statistic
    assert z[0] == pytest.approx(first, rel=2e-2)


@pytest.mark.parametrize(("looks", "pocock"), [(1, 1.960), (2, 2.178), (5, 2.413)])
def test_the_threshold_is_pocock_s(looks, pocock):
    assert abtest.threshold(looks) == pytest.approx(pocock, abs=0.015)


def worlds() -> pd.DataFrame:
    """One world in which clicks and returns want opposite policies."""
    rows = []
    for weight, clicks, returns in ((0.0, 5.0, 0.63), (0.5, 5.5, 0.62), (1.0, 6.0, 0.60)):
        rows += [(7, weight, "clicks", clicks, 0.6), (7, weight, "finishes", 2 - weight, 0.5)]
        rows += [(7, weight, "seconds", 200.0, 60.0), (7, weight, "returns", returns, 0.2)]
    return pd.DataFrame(rows, columns=["seed", "weight", "metric", "mean", "sd"])


def test_decisions_cost_what_the_wrong_metric_costs():
    cost = abtest.decisions(worlds(), budgets=[100, 1_000_000]).set_index(["metric", "users"])["cost"]
    assert cost["clicks", 100] == pytest.approx(0.03, abs=1e-3)
    assert cost["clicks", 1_000_000] == pytest.approx(0.03)
    assert cost["finishes", 100] == pytest.approx(0, abs=1e-3)
    assert cost["returns", 1_000_000] == pytest.approx(0, abs=1e-6)
    assert cost["returns", 100] > 0.003

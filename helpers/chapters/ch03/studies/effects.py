"""Effects of the claims of chapter 03 that are functions of a table, and no contrasts."""

from collections.abc import Callable

import pandas as pd

from helpers.chapters.ch03.studies import fusion, tradeoff
from helpers.chapters.ch03.studies.ab_tests import abtest
from helpers.lab.claim import gain, mean

Effect = Callable[[pd.DataFrame], pd.Series]


def compromises(name: str) -> Effect:
    """The share of the weights from 0.3 to 0.7 at which both tasks are served."""
    share = mean("share", sum=name)
    return lambda table: share(tradeoff.compromises(table[table["weight"].between(0.29, 0.71)]))


def ahead(way: str, weights: list[float]) -> Effect:
    """Finish rate minus that of linear fusion at as many clicks, mean over these weights."""
    return lambda table: mean("ahead", weight=weights)(fusion.ahead(table, way, "linear fusion"))


def bulge(table: pd.DataFrame) -> pd.Series:
    """Linear fusion: the finish rate at 0.4 minus that of the mix of weights 0 and 1 with as many clicks.

    The mix is one for all seeds, from their mean clicks: in a single log both ends can have as many clicks.
    """
    by = table[table["way"] == "linear fusion"].pivot(index="seed", columns="weight", values=["click", "finish"])
    low, middle, high = (by["click", weight].mean() for weight in (0.0, 0.4, 1.0))
    share = (middle - low) / (high - low)
    return by["finish", 0.4] - (1 - share) * by["finish", 0.0] - share * by["finish", 1.0]


def metric_shift(metric: str) -> Effect:
    """How far a metric moves from weight 0.5 to 1, in standard deviations of a user."""
    return lambda table: mean("effect", metric=metric)(abtest.effects(table))


def cost(of: tuple[str, int], over: tuple[str, int]) -> Effect:
    """Cost of deciding by a metric with so many users per arm, minus that of another metric and number."""
    users = sorted({of[1], over[1]})
    more = gain("cost", tuple(of), over=tuple(over), column=("metric", "users"))
    return lambda table: more(abtest.decisions(table, users))


def too_high(way: str, users: int) -> Effect:
    """The reward that a search saw for its choice of exponents, minus what the choice brings on other days."""
    seen, true = (mean(value, way=way, users=users, reward="returns") for value in ("seen", "returns"))
    return lambda table: seen(table) - true(table)

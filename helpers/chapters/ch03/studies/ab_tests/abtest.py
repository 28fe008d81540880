"""A simulated A/B test of serving weights: what a week of each policy brings, and what a test of many users can tell.

`weeks` plays the feed: every user has the same seven days under each policy, which ranks by
weight·p(click) + (1−weight)·p(finish). Its rows are the population from which a test draws its visitors: each arm has
visitors of its own, and the company gets one number from each. True is the mean over the population.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
import torch
from scipy.special import ndtri  # quantile of the normal distribution
from torch import nn

from helpers.chapters.ch03.fusion import train
from helpers.chapters.ch03.studies.fusion import fused_score
from helpers.data.feed import CANDIDATES, TOP, USERS, VIDEOS, Feed, described, features
from helpers.data.world import return_chance
from helpers.evaluation.statistics import users_needed  # noqa: F401 (with what is below, the sums of a test)
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, each, mean
from helpers.support import validate

POLICIES = (0.0, 0.25, 0.5, 0.75, 1.0)
DAYS = 7
METRICS = ("clicks", "finishes", "seconds", "returns")  # what a company can measure
LOOKS, A_DAY = 14, 200  # looks of a test that runs two weeks, new visitors a day and arm


def weeks(seeds: Sequence[int], policies: Sequence[float] = POLICIES) -> pd.DataFrame:
    """A week of each user under each policy, in the world of each seed: a row a seed, policy (weight) and user.

    clicks, finishes, seconds  means a day, of the ten videos served
    chance        the mean chance to come back the next day; a test sees draws of it (`visitors`)
    satisfaction  mean true satisfaction with what was served, which no test sees
    """
    feeds = [Feed.make(seed) for seed in seeds]
    models, _ = train(feeds)
    parts = [_week(feed, model, policies).assign(seed=feed.seed) for feed, model in zip(feeds, models, strict=True)]
    table = pd.concat(parts, ignore_index=True)
    return table[["seed", "weight", "user", "clicks", "finishes", "seconds", "chance", "satisfaction"]]


def _week(feed: Feed, model: nn.Module, policies: Sequence[float]) -> pd.DataFrame:
    world, habit = feed.world, feed.world.user_traits["habit"].to_numpy()
    catalogue = pd.DataFrame({"user": np.repeat(np.arange(USERS), VIDEOS), "video": np.tile(np.arange(VIDEOS), USERS)})
    with torch.no_grad():
        logits = model(features().transform(described(world, catalogue)))
    chances = {
        task: torch.sigmoid(logit).numpy().astype(float).reshape(USERS, VIDEOS) for task, logit in logits.items()
    }
    parts = []
    for day in range(DAYS):
        rng = np.random.default_rng([feed.seed, 4, day])
        offered = rng.permuted(np.tile(np.arange(VIDEOS), (USERS, 1)), axis=1)[:, :CANDIDATES]
        labels, truth = world.respond(np.repeat(np.arange(USERS), CANDIDATES), offered.ravel(), rng, feed.biases)
        click, finish = (np.take_along_axis(chances[task], offered, axis=1) for task in ("click", "finish"))
        columns = {"clicks": labels["click"], "finishes": labels["finish"], "seconds": labels["watch_seconds"]}
        columns |= {"satisfaction": truth["satisfaction"], "plays": labels["watch_seconds"] > 0}
        columns = {name: column.to_numpy(float).reshape(USERS, CANDIDATES) for name, column in columns.items()}
        for weight in policies:
            top = np.argsort(-fused_score(click, finish, weight), axis=1, kind="stable")[:, :TOP]
            got = {name: np.take_along_axis(column, top, axis=1) for name, column in columns.items()}
            total = (got["plays"] * got["satisfaction"]).sum(1)
            part = {name: got[name].sum(1) for name in ("clicks", "finishes", "seconds")}
            part |= {"chance": return_chance(habit, total, got["plays"].sum(1))}
            part |= {"satisfaction": got["satisfaction"].mean(1)}
            parts.append(pd.DataFrame({"weight": weight, "user": np.arange(USERS)} | part))
    return pd.concat(parts).groupby(["weight", "user"], as_index=False).mean()


def week(seed: int) -> pd.DataFrame:
    """`weeks` of one world."""
    return weeks([seed]).drop(columns="seed")


def visitors(table: pd.DataFrame, weight: float, metric: str, size: tuple[int, ...] | int, rng) -> np.ndarray:
    """One number from each visitor of an arm: users drawn with replacement from one world's population.

    returns: on how many of the seven days the user came back, as a share; each visitor draws that anew.
    """
    rows = table[table["weight"] == validate.choice("weight", weight, set(table["weight"]))]
    if validate.choice("metric", metric, METRICS) == "returns":
        return rng.binomial(DAYS, rng.choice(rows["chance"].to_numpy(), size)) / DAYS
    return rng.choice(rows[metric].to_numpy(), size)


def population(table: pd.DataFrame) -> pd.DataFrame:
    """What a test with endless users would find in one world: a row a weight and metric, columns mean and sd."""
    rows = []
    for weight, metric in product(sorted(set(table["weight"])), METRICS):
        values = table[table["weight"] == weight]["chance" if metric == "returns" else metric]
        # Of DAYS draws at each user's own chance: the spread of the chances, and that of the draws.
        draws = (values * (1 - values)).mean() / DAYS if metric == "returns" else 0.0
        rows.append((weight, metric, values.mean(), np.sqrt(values.var(ddof=0) + draws)))
    return pd.DataFrame(rows, columns=["weight", "metric", "mean", "sd"])


def populations(seeds: Sequence[int], policies: Sequence[float] = POLICIES) -> pd.DataFrame:
    """`population` of the world of each seed: seed, weight, metric, mean, sd."""
    parts = [population(world).assign(seed=seed) for seed, world in weeks(seeds, policies).groupby("seed")]
    return pd.concat(parts, ignore_index=True)[["seed", "weight", "metric", "mean", "sd"]]


def z_values(one: np.ndarray, other: np.ndarray, looks: int) -> np.ndarray:
    """z of the difference of two arms at each look, with all visitors so far: `(…, looks · a day)` → `(…, looks)`."""
    sums = []
    for arm in (one, other):
        days = arm.reshape(*arm.shape[:-1], looks, -1)
        count = days.shape[-1] * np.arange(1, looks + 1)
        mean = days.sum(-1).cumsum(-1) / count
        sums.append((mean, ((days**2).sum(-1).cumsum(-1) / count - mean**2) / count))
    (mean, variance), (other_mean, other_variance) = sums
    return (other_mean - mean) / np.sqrt(variance + other_variance)


def threshold(looks: int, level: float = 0.05, paths: int = 200_000, seed: int = 0) -> float:
    """The |z| that is passed at any of `looks` equally spaced looks with probability `level` if nothing differs.

    Pocock's constant (Biometrika 1977), here by simulation: the z of look k is a random walk's S_k / √k.
    """
    looks = validate.number("looks", looks, low=1, whole=True)
    walk = np.random.default_rng(seed).standard_normal((paths, looks)).cumsum(1) / np.sqrt(np.arange(1, looks + 1))
    return float(np.quantile(np.abs(walk).max(1), 1 - level))


RULES = ("one look at the end", "a look a day, p < 0.05", "a look a day, corrected")


def peeking(seeds: Sequence[int], tests: int = 200) -> pd.DataFrame:
    """A/A tests on returns: both arms get one policy. How often each rule calls a winner: seed, rule, alarms.

    A seed is a batch of `tests` tests, with visitors from the population of the world of seed 0. The last
    column, found, is the same where the arms do differ, weight 0.5 against 1: the tests that rightly say so.
    """
    table = week(0)
    limits = (ndtri(0.975), ndtri(0.975), threshold(LOOKS))
    rows = []
    for seed in seeds:
        rng = np.random.default_rng([seed, 5])
        size = (tests, LOOKS * A_DAY)
        same, as_well, better = (visitors(table, weight, "returns", size, rng) for weight in (0.5, 0.5, 1.0))
        nothing, something = z_values(same, as_well, LOOKS), z_values(same, better, LOOKS)
        for rule, limit in zip(RULES, limits, strict=True):
            seen = slice(-1, None) if rule == RULES[0] else slice(None)
            alarms = (np.abs(nothing[:, seen]) > limit).any(1).mean()
            rows.append((seed, rule, alarms, _first(something[:, seen], limit)))
    return pd.DataFrame(rows, columns=["seed", "rule", "alarms", "found"])


def _first(z: np.ndarray, limit: float) -> float:
    """The share of tests whose first z beyond the limit says that the second arm is worse, as is true."""
    beyond = np.abs(z) > limit
    first = np.take_along_axis(z, beyond.argmax(1)[:, None], axis=1)[:, 0]
    return float((beyond.any(1) & (first < 0)).mean())


BUDGETS = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)


def decisions(table: pd.DataFrame, budgets: Sequence[int] = BUDGETS, tests: int = 500) -> pd.DataFrame:
    """Five arms, one a policy; the one with the highest mean of a metric is shipped. What does it cost?

    table: of `populations`. A row a seed (a world), metric and number of users an arm: `cost`, how much lower the true
    chance to come back is under the shipped policy than under the best one, mean over `tests` tests. An arm's mean is
    drawn as normal, as it is for hundreds of users.
    """
    rows = []
    for seed, world in table.groupby("seed"):
        rng = np.random.default_rng([seed, 6])
        truth = world[world["metric"] == "returns"]["mean"].to_numpy()
        for metric, users in product(METRICS, budgets):
            arms = world[world["metric"] == metric]
            means = rng.normal(arms["mean"], arms["sd"] / np.sqrt(users), (tests, len(arms)))
            rows.append((seed, metric, users, truth.max() - truth[means.argmax(1)].mean()))
    return pd.DataFrame(rows, columns=["seed", "metric", "users", "cost"])


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """How far each metric moves from weight 0.5 to 1, in standard deviations of a user: seed, metric, effect.

    table: of `populations`.
    """
    wide = table.pivot(index=["seed", "metric"], columns="weight")
    effect = (wide["mean", 1.0] - wide["mean", 0.5]) / wide["sd", 0.5]
    return effect.rename("effect").reset_index()


# Nearly equal scores may change places, so single users may differ, the means hardly.
BROUGHT = dict.fromkeys(("clicks", "finishes", "seconds", "chance", "satisfaction"), mean(0, 0.02, over="user"))
NEAR = each(0, 0.02)
TABLES = kept_tables(
    KeptTable("03_week", week, {"seed": 0}, [Recheck({}, BROUGHT)]),
    KeptTable("03_peeking", peeking, {"seeds": range(60)}, [Recheck({"seeds": [3]}, {"alarms": 0.02, "found": 0.02})]),
    KeptTable(
        "03_populations",
        populations,
        {"seeds": range(40)},
        [Recheck({"seeds": [3], "policies": [0.0, 1.0]}, {"mean": NEAR, "sd": NEAR})],
    ),
)

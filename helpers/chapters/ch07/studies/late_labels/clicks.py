"""Clicks of a shop that are followed by a purchase at once, days later or never, in a world that drifts.

A row is a click. Users, items and what the log tells of them are those of `helpers.data.shop`, and so is the chance of
a purchase given the click; who clicks is drawn at random, because selection is another question. To it come

    a season   each category has a wave of its own, `SEASON` · sin 2π(day / period + phase), added to the log-odds of
               the purchase. The period says how fast the world drifts; without one, the waves stand still.
    a delay    what is bought comes after an exponential delay. Its mean depends on the category, every other of which
               is slow, and on how dear the item is for the user: `mean_delay`. By the law "two speeds" half of all
               purchases come in the same session, after an hour on average, whatever is bought.

The inputs tell all of this, up to the noise of the shop, but for the day: a model has no clock. The delay does not
drift.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.data.shop import PRICE, SPREAD, Shop
from helpers.data.world import TOPICS

DAYS, A_DAY, TEST = 28, 2000, 10_000  # days of the log, clicks a day, clicks of the day after
SEASON = 1.2  # log-odds, at the top of a wave
FAST, SLOW, DEARER = 0.25, 6.0, 0.4  # mean delay in days by category; its logarithm a standard deviation of dearness
SESSION = 1 / 24  # days
EXPONENTIAL, TWO_SPEEDS = "exponential", "two speeds"
INPUTS = len(TOPICS) + 3


@dataclass(frozen=True, eq=False)
class Clicks:
    """Rows of some shops, `(shops, n)` each.

    inputs   `(shops, n, INPUTS)`: the category as zeros and a one, the history with it, the logarithms of both prices
    day      of the click, from 0
    bought   whether it ends in a purchase, however late
    delay    from the click to the purchase, in days; infinite where nothing is bought
    chance   the true one of a purchase
    user, category
    """

    inputs: Tensor
    day: Tensor
    bought: Tensor
    delay: Tensor
    chance: Tensor
    user: Tensor
    category: Tensor

    @property
    def age(self) -> Tensor:
        """Of the clicks when the log ends, in days."""
        return DAYS - self.day

    @property
    def came(self) -> Tensor:
        """Whether the purchase has come when the log ends."""
        return self.delay <= self.age


def mean_delay(category: np.ndarray, dear: np.ndarray) -> np.ndarray:
    """In days. category: its number; dear: logarithm of price / usual price, in standard deviations of a price's."""
    return np.where(category % 2, SLOW, FAST) * np.exp(DEARER * dear)


def make(seeds: Sequence[int], period: float, law: str = EXPONENTIAL) -> tuple[Clicks, Clicks]:
    """The log of each shop, in the order of its days, and clicks of the day after. period: days, or infinite."""
    shops = [_shop(seed, period, law) for seed in seeds]
    both = Clicks(*(torch.stack(column) for column in zip(*map(astuple, shops), strict=True)))
    parts = slice(None, DAYS * A_DAY), slice(DAYS * A_DAY, None)
    return tuple(Clicks(*(column[:, part] for column in astuple(both))) for part in parts)


def _shop(seed: int, period: float, law: str) -> Clicks:
    log, hidden = Shop.make(seed=seed).impressions(DAYS * A_DAY + TEST)
    rng = np.random.default_rng([seed, 84])
    day = np.concatenate([np.sort(rng.uniform(0, DAYS, DAYS * A_DAY)), rng.uniform(DAYS, DAYS + 1, TEST)])
    category = np.array([TOPICS.index(name) for name in log["category"]])
    price, usual = (np.log(log[name].to_numpy() / PRICE) / SPREAD for name in ("price", "usual_price"))
    wave = SEASON * np.sin(2 * np.pi * (day / period + rng.random(len(TOPICS))[category]))
    odds = hidden["cvr"].to_numpy() / (1 - hidden["cvr"].to_numpy()) * np.exp(wave)
    chance = odds / (1 + odds)
    bought = rng.random(len(log)) < chance
    mean = mean_delay(category, price - usual)
    if law == TWO_SPEEDS:
        mean = np.where(rng.random(len(log)) < 0.5, SESSION, mean)
    delay = np.where(bought, rng.exponential(mean), np.inf)
    inputs = np.column_stack([np.eye(len(TOPICS))[category], log["category_history"], price, usual])
    numbers = (torch.tensor(column, dtype=torch.float32) for column in (inputs, day, delay, chance))
    inputs, day, delay, chance = numbers
    user, category, bought = map(torch.tensor, (log["user"].to_numpy(), category, bought))
    return Clicks(inputs, day, bought, delay, chance, user, category)


def come_by_age(log: Clicks, seeds: Sequence[int]) -> pd.DataFrame:
    """Of the purchases of clicks of each day, the share that has come: seed, age (whole days), categories, share."""
    parts = []
    for shop, seed in enumerate(seeds):
        rows = log.bought[shop]
        columns = log.age[shop, rows].floor().int(), log.category[shop, rows] % 2, log.came[shop, rows]
        table = pd.DataFrame(dict(zip(("age", "categories", "share"), (c.numpy() for c in columns), strict=True)))
        parts.append(table.groupby(["age", "categories"], as_index=False)["share"].mean().assign(seed=seed))
    return pd.concat(parts, ignore_index=True).replace({"categories": {0: "fast categories", 1: "slow categories"}})

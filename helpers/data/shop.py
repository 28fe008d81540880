"""A shop in a world of the simulator: an impression may be clicked, what is clicked put into the cart, that be bought.

Users, tastes, categories (`topic`), quality and bait are those of `helpers.data.world`; its videos are items here, with
a price. What a user finds dear is relative to a purse that nobody logs; of it, and of the tastes, the past of a user
tells something. Every step has reasons of its own:

    click      appeal, the picture (bait), a little the price      8% of the impressions
    cart       appeal, the price                                  18% of the clicks
    purchase   the price above all, a little the appeal           45% of the carts

So about 8% of the clicks and 0.7% of the impressions are bought. Real shops have fewer still: in the public log of the
ESMM paper 4% are clicked and 0.5% of these bought (Ma et al., SIGIR 2018, table 1), for which our logs are too short.

Given what the ids can tell, no step depends on the luck of another: the selection is by what is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..support import validate
from .world import TOPICS, World

STEPS = ("click", "cart", "purchase")
PRICE, SPREAD = 20.0, 0.8  # the median price, and the standard deviation of its logarithm
NOISE = 0.7  # by how much the past of a user misses a taste, or the purse, in standard deviations of it

# Log-odds of each step: at average appeal, bait and price; then a standard deviation of each.
LOG_ODDS = {
    "click": (-2.9, {"appeal": 0.8, "bait": 0.8, "dear": -0.2}),
    "cart": (-2.3, {"appeal": 0.8, "dear": -0.5}),
    "purchase": (-1.2, {"appeal": 0.3, "dear": -1.2}),
}


@dataclass(frozen=True)
class Shop:
    """A world whose videos are items.

    dear    `(items,)`, the logarithm of the price in standard deviations from its mean
    purse   `(users,)`, from N(0, 1): the price, so measured, that the user finds usual
    """

    world: World
    dear: np.ndarray
    purse: np.ndarray
    seed: int

    @staticmethod
    def make(users: int = 300, items: int = 200, seed: int = 0) -> Shop:
        world = World.make(users, items, seed)
        rng = np.random.default_rng([seed, 81])
        return Shop(world, rng.standard_normal(items), rng.standard_normal(users), seed)

    def appeal(self, user: np.ndarray, item: np.ndarray) -> np.ndarray:
        """How much each item appeals to the user next to it, about N(0, 1)."""
        quality = self.world.video_traits["quality"].to_numpy()[item]
        return (0.65 * self.world.affinity(user, item) + 0.6 * quality) / np.hypot(0.65, 0.6)

    def impressions(self, rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Random items shown to random users, a row each: what is logged, and what nobody logs.

        The first table has user, item, category, age_group, price; category_history and usual_price, what the user's
        past says of the taste for the category and of the purse; and the steps, 0 or 1, each only after the one before.
        The second has the true chances of a click (`ctr`), of a purchase if it were clicked (`cvr`), and
        whether it would then be bought (`would_buy`).
        """
        rows = validate.number("rows", rows, low=1, whole=True)
        rng = np.random.default_rng([self.seed, 82])
        user, item = (rng.integers(0, count, rows) for count in (len(self.purse), len(self.dear)))
        reasons = {
            "appeal": self.appeal(user, item),
            "bait": self.world.video_traits["bait"].to_numpy()[item],
            "dear": (self.dear[item] - self.purse[user]) / np.sqrt(2),
        }
        chance, would = {}, {}
        for step, (base, slopes) in LOG_ODDS.items():
            log_odds = base + sum(slope * reasons[reason] for reason, slope in slopes.items())
            chance[step] = 1 / (1 + np.exp(-log_odds))
            would[step] = rng.random(rows) < chance[step]
        cart = would["click"] & would["cart"]
        happened = {"click": would["click"], "cart": cart, "purchase": cart & would["purchase"]}
        known = {
            "user": user,
            "item": item,
            "category": self.world.videos["topic"].to_numpy()[item],
            "age_group": self.world.users["age_group"].to_numpy()[user],
            "price": _price(self.dear)[item],
        }
        known |= self._past(user, item)
        hidden = {
            "ctr": chance["click"],
            "cvr": chance["cart"] * chance["purchase"],
            "would_buy": would["cart"] & would["purchase"],
        }
        log = pd.DataFrame(known | {step: values.astype(np.int8) for step, values in happened.items()})
        return log, pd.DataFrame(hidden).astype({"would_buy": np.int8})

    def _past(self, user: np.ndarray, item: np.ndarray) -> dict[str, np.ndarray]:
        """Noise is drawn once for each user and category, and once for each user."""
        rng, users = np.random.default_rng([self.seed, 83]), len(self.purse)
        of_taste, of_purse = NOISE * rng.standard_normal((users, len(TOPICS))), NOISE * rng.standard_normal(users)
        topic = pd.Index(TOPICS).get_indexer(self.world.videos["topic"])[item]
        return {
            "category_history": np.round(self.world.affinity(user, item) + of_taste[user, topic], 3),
            "usual_price": _price(self.purse + of_purse)[user],
        }


def _price(dear: np.ndarray) -> np.ndarray:
    return np.round(PRICE * np.exp(SPREAD * dear), 2)

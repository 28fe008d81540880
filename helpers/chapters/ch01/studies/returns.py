"""Can a return order a list? Lists by a mere count: how many of those who were shown a video came back the next day.

Nothing is trained. The worlds, their offers and the rows of their logs are those of `ranking`, so that a count stands
beside what the network of the same world predicts.
"""

from collections.abc import Sequence

import pandas as pd

from helpers.chapters.ch01.ranking import SIZE
from helpers.chapters.ch01.studies import ranking
from helpers.data.feed import CANDIDATES, Feed, Offer
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck

LABEL = "return_next_day"


def counted(seeds: Sequence[int]) -> pd.DataFrame:
    """True satisfaction with the ten candidates of each user that have the highest rate: seed, score, satisfaction."""
    rows = []
    for seed in seeds:
        feed = Feed.make(seed, **SIZE)
        offer = Offer.make(feed)
        rate = feed.log.head(ranking.ROWS).groupby("video")[LABEL].mean()
        score, true = (
            values.to_numpy(float).reshape(-1, CANDIDATES)
            for values in (offer.rows["video"].map(rate).fillna(rate.mean()), offer.outcomes["satisfaction"])
        )
        rows.append((seed, f"{LABEL}, counted", ranking.top(score, true)[0].mean()))
    return pd.DataFrame(rows, columns=["seed", "score", "satisfaction"])


RECHECK = Recheck({"seeds": [3, 11]}, {"satisfaction": 0.001})
TABLES = kept_tables(KeptTable("01_returns", counted, {"seeds": range(64)}, [RECHECK]))

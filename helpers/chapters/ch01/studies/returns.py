"""Can a return order a list? Lists by a mere count, how many of those who were shown a video came back the next day
(and, beside it, clicked or liked), and by a network whose only label is the return.

The worlds, their offers, the rows of their logs and the settings of the network are those of `ranking`, so that both
stand beside what the network of ten labels predicts.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch01.ranking import SIZE
from helpers.chapters.ch01.studies import ranking
from helpers.data.examples import stack_inputs
from helpers.data.features import Features
from helpers.data.feed import CANDIDATES, COLUMNS, Feed, Offer, catalogue
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck

LABEL = "return_next_day"
INPUTS = {"alone": [column.name for column in COLUMNS]}  # {how the label is learnt: what the network reads}
INPUTS |= {"alone, no user id": INPUTS["alone"][1:], "alone, only the video id": ["video"]}


def satisfaction_by_rate(seeds: Sequence[int], labels: Sequence[str] = ("click", "like", LABEL)) -> pd.DataFrame:
    """True satisfaction with the ten candidates of each user that have the highest rate of a label: seed, score,
    satisfaction."""
    rows = []
    for seed in seeds:
        feed = Feed.make(seed, **SIZE)
        offer = Offer.make(feed)
        true = offer.outcomes["satisfaction"].to_numpy(float).reshape(-1, CANDIDATES)
        for label in labels:
            rate = feed.log.head(ranking.ROWS).groupby("video")[label].mean()
            score = offer.rows["video"].map(rate).fillna(rate.mean()).to_numpy(float).reshape(true.shape)
            rows.append((seed, f"{label}, counted", ranking.top(score, true)[0].mean()))
    return pd.DataFrame(rows, columns=["seed", "score", "satisfaction"])


def alone(seeds: Sequence[int], inputs: Mapping[str, Sequence[str]] = INPUTS) -> pd.DataFrame:
    """The same, where a network that learns nothing but the return predicts it, for each of `inputs`."""
    feeds = [Feed.make(seed, **SIZE) for seed in seeds]
    offers = [Offer.make(feed) for feed in feeds]
    true = np.stack([offer.outcomes["satisfaction"].to_numpy(float).reshape(-1, CANDIDATES) for offer in offers])
    parts = []
    for name, columns in inputs.items():
        encoded = Features([column for column in COLUMNS if column.name in columns]).fit(
            catalogue(SIZE["users"], SIZE["videos"])
        )
        run = ranking.train(feeds, encoded, *ranking.TUNED["shared-bottom"], [LABEL])
        logits = run.predict(stack_inputs([offer.inputs(encoded) for offer in offers]))[LABEL]
        satisfaction = ranking.top(logits.double().numpy().reshape(true.shape), true)[0].mean((-2, -1))
        parts.append(pd.DataFrame({"seed": seeds, "score": f"{LABEL} {name}", "satisfaction": satisfaction}))
    return pd.concat(parts, ignore_index=True)


SEEDS = {"seeds": range(64)}
TABLES = kept_tables(
    KeptTable("01_returns", satisfaction_by_rate, SEEDS, [Recheck({"seeds": [3, 11]}, {"satisfaction": 0.001})]),
    KeptTable("01_returns_alone", alone, SEEDS, [Recheck({"seeds": [3, 11]}, {"satisfaction": 0.02})]),
)

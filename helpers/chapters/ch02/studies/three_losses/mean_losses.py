"""Three losses whose optimum is the mean watch time: the corrected cross-entropy, Poisson's, and squared error.

With m = exp(logit) the gradients on the logit are (m − T) / (1 + m), m − T, and for squared error, whose output is the
time itself, 2 (m − T): all are 0 where m is the mean of T. What differs is how much a row counts. Settings of
the first and the last are those of `watch_time`; Poisson's are chosen among as many, on the same worlds (`tune`).

Poisson's loss and squared error take minutes, so that targets are near 1 in size, as rates and penalties expect.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch02.studies import watch_time
from helpers.chapters.ch02.studies.watch_time import LEARNING_RATES, PENALTIES, second_log
from helpers.chapters.ch02.watch_time import OBJECTIVES, Objective, predictions
from helpers.data.feed import Feed, Offer
from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, each
from helpers.training.losses import poisson

CORRECTED, POISSON, SQUARED = MODELS = ("corrected CE", "Poisson", "squared error")
MINUTES = Objective("minutes", poisson)
CHOSEN = Chosen("02_poisson_tuning", by=["model"], setting=["lr", "l2"], value="loss", lowest=True)
SERVED = ("watch_seconds", "duration", "click", "bait", "satisfaction")


def tune(
    seeds: Sequence[int], rates: Sequence[float] = LEARNING_RATES, penalties: Sequence[float] = PENALTIES
) -> pd.DataFrame:
    """Poisson's lowest validation loss at each setting, in thousandths: model, lr, l2, seed, loss."""
    return watch_time.searched({POISSON: MINUTES}, seeds, rates, penalties)


def compared(seeds: Sequence[int], models: Sequence[str] = MODELS, bins: int = 10) -> pd.DataFrame:
    """What each loss serves, and how its reading compares with what is watched: seed, model, outcome, value.

    The outcomes of `SERVED` are means over the top 10. "reading" is the mean reading of the impressions of a second log
    divided by their mean watch time; "reading, lowest tenth" and "reading, highest tenth" the same of the tenths of the
    log that the model itself reads lowest and highest.
    """
    feeds = [Feed.make(seed) for seed in seeds]
    offers, logs = [Offer.make(feed) for feed in feeds], [second_log(feed) for feed in feeds]
    rows = []
    for model in models:
        lr, l2 = CHOSEN[model] if model == POISSON else watch_time.CHOSEN[model]
        run = watch_time.train(feeds, MINUTES if model == POISSON else OBJECTIVES[model], lr, l2)
        scores = zip(*(predictions(run, each_rows) for each_rows in ([o.rows for o in offers], logs)), strict=True)
        for seed, offer, log, (offered, logged) in zip(seeds, offers, logs, scores, strict=True):
            readings = dict(offer.served(offered)[list(SERVED)]) | _readings(seconds(model, logged), log, bins)
            rows += [(seed, model, outcome, value) for outcome, value in readings.items()]
    return pd.DataFrame(rows, columns=["seed", "model", "outcome", "value"])


def seconds(model: str, score: np.ndarray) -> np.ndarray:
    """What the output of a model says in seconds."""
    return {CORRECTED: np.exp(score), POISSON: 60 * np.exp(score), SQUARED: 60 * score}[model]


def _readings(read: np.ndarray, log: pd.DataFrame, bins: int) -> dict[str, float]:
    order, watched = np.argsort(read, kind="stable"), log["watch_seconds"].to_numpy()
    tenth = len(order) // bins
    parts = {"reading": order, "reading, lowest tenth": order[:tenth], "reading, highest tenth": order[-tenth:]}
    return {name: read[part].mean() / watched[part].mean() for name, part in parts.items()}


TABLES = kept_tables(
    KeptTable(
        "02_poisson_tuning",
        tune,
        {"seeds": range(900, 908)},
        [Recheck({"seeds": [901], "rates": [0.003], "penalties": [0.03]}, {"loss": 5})],
    ),
    KeptTable(
        "02_poisson",
        compared,
        {"seeds": range(24)},
        [Recheck({"seeds": [3], "models": [POISSON]}, {"value": each(0.05, 0.05)})],
    ),
)

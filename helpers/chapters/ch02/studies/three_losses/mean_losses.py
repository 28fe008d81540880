"""Three losses whose optimum is the mean watch time: the corrected cross-entropy, Poisson's, and squared error.

With m = exp(logit) the gradients on the logit are (m − T) / (1 + m), m − T, and for squared error, whose output is the
time itself, 2 (m − T): all are 0 where m is the mean of T. What differs is how much a row counts. The corrected loss
takes seconds. Poisson's loss and squared error take minutes, so that targets are near 1 in size, as rates and penalties
expect. Two controls take this apart: the corrected loss in minutes, and squared error with m = exp(logit).

Settings of the corrected loss and of squared error are those of `watch_time`; the others choose among as many, on the
same worlds (`tune`).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.chapters.ch02.studies import watch_time
from helpers.chapters.ch02.studies.watch_time import FRESH, LEARNING_RATES, PENALTIES, second_log
from helpers.chapters.ch02.watch_time import OBJECTIVES, Objective, predictions
from helpers.data.feed import Feed, Offer
from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, each
from helpers.training.losses import corrected_cross_entropy, poisson, squared_error

CORRECTED, POISSON, SQUARED = "corrected CE", "Poisson", "squared error"
IN_MINUTES, OF_EXP = "corrected CE, minutes", "squared error, e^logit"
SEARCHED = {
    POISSON: Objective("minutes", poisson),
    IN_MINUTES: Objective("minutes", corrected_cross_entropy),
    OF_EXP: Objective("minutes", lambda logit, minutes: squared_error(logit.exp(), minutes)),
}
MODELS = (CORRECTED, POISSON, SQUARED, IN_MINUTES, OF_EXP)
CHOSEN = Chosen("02_poisson_tuning", by=["model"], setting=["lr", "l2"], value="loss", lowest=True)
SERVED = ("watch_seconds", "duration", "click", "bait", "satisfaction")


def tune(
    seeds: Sequence[int],
    models: Sequence[str] = tuple(SEARCHED),
    rates: Sequence[float] = LEARNING_RATES,
    penalties: Sequence[float] = PENALTIES,
) -> pd.DataFrame:
    """The lowest validation loss at each setting, in thousandths: model, lr, l2, seed, loss."""
    return watch_time.search_objectives({model: SEARCHED[model] for model in models}, seeds, rates, penalties)


def loss_outcomes(seeds: Sequence[int], models: Sequence[str] = MODELS, bins: int = 10) -> pd.DataFrame:
    """What each loss serves, and how its reading compares with what is watched: seed, model, outcome, value.

    The outcomes of `SERVED` are means over the top 10. "reading" is the mean reading of the impressions of a second log
    divided by their mean watch time; "reading, lowest tenth" and "reading, highest tenth" the same of the tenths of the
    log that the model itself reads lowest and highest; "error" is the mean over all tenths of |read − watched|, in
    seconds; "error, counted" is that of readings which a count on a third log has shifted (`recalibrate`).
    """
    feeds = [Feed.make(seed) for seed in seeds]
    offers, logs = [Offer.make(feed) for feed in feeds], [second_log(feed) for feed in feeds]
    others = [second_log(replace(feed, seed=feed.seed + FRESH)) for feed in feeds]
    rows = []
    for model in models:
        objective = SEARCHED.get(model) or OBJECTIVES[model]
        run = watch_time.train(feeds, objective, *(CHOSEN if model in SEARCHED else watch_time.CHOSEN)[model])
        each_rows = ([offer.rows for offer in offers], logs, others)
        scores = zip(*(predictions(run, part) for part in each_rows), strict=True)
        for seed, offer, log, other, (offered, *logged) in zip(seeds, offers, logs, others, scores, strict=True):
            read, before = (seconds(model, score) for score in logged)
            found = dict(offer.served(offered)[list(SERVED)]) | _readings(read, log, bins)
            shifted = recalibrate(read, before, other["watch_seconds"].to_numpy(), bins)
            found["error, counted"] = _readings(shifted, log, bins)["error"]
            rows += [(seed, model, outcome, value) for outcome, value in found.items()]
    return pd.DataFrame(rows, columns=["seed", "model", "outcome", "value"])


def seconds(model: str, score: np.ndarray) -> np.ndarray:
    """What the output of a model says in seconds."""
    if model == SQUARED:
        return 60 * score
    return np.exp(score) * (60 if model in SEARCHED else 1)


def recalibrate(read: np.ndarray, before: np.ndarray, watched: np.ndarray, bins: int) -> np.ndarray:
    """`read`, each shifted by watched − read as it was, on average, in its tenth of another log.

    before, watched  of each impression of the other log: what the same model reads, and what was watched
    """
    edges = np.quantile(before, np.arange(1, bins) / bins)
    off = pd.Series(watched - before).groupby(np.digitize(before, edges)).mean()
    return read + off[np.digitize(read, edges)].to_numpy()


def _readings(read: np.ndarray, log: pd.DataFrame, bins: int) -> dict[str, float]:
    order, watched = np.argsort(read, kind="stable"), log["watch_seconds"].to_numpy()
    tenth = len(order) // bins
    parts = {"reading": order, "reading, lowest tenth": order[:tenth], "reading, highest tenth": order[-tenth:]}
    found = {name: read[part].mean() / watched[part].mean() for name, part in parts.items()}
    off = [abs((read - watched)[part].mean()) for part in np.array_split(order, bins)]
    return found | {"error": np.mean(off)}


TABLES = kept_tables(
    KeptTable(
        "02_poisson_tuning",
        tune,
        {"seeds": range(900, 908)},
        [Recheck({"seeds": [901], "models": [POISSON], "rates": [0.003], "penalties": [0.03]}, {"loss": 5})],
    ),
    KeptTable(
        "02_poisson",
        loss_outcomes,
        {"seeds": range(24)},
        [Recheck({"seeds": [3], "models": [POISSON]}, {"value": each(0.05, 0.05)})],
    ),
)

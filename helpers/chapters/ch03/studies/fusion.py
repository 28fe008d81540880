"""Two towers and one formula against one score, on the feed: the fronts of both, and what scales and rare goals do."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
import torch

from helpers.chapters.ch03.fusion import ROWS, SCALES, constant_loss, probabilities, train
from helpers.chapters.ch03.tradeoff import WEIGHTS
from helpers.data.feed import Feed, Offer, features
from helpers.evaluation.counts import BIASES, ITEM, ITEM_COUNTS, USER, item_count, rates
from helpers.evaluation.metrics import auc
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, each
from helpers.models.one_head import OneHead
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate

LEARNING_RATES = (0.003, 0.01, 0.03)
PENALTIES = (0.0003, 0.001, 0.003, 0.01)
WAYS = ("one score", "linear fusion", "geometric fusion")
TRAINED = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
SERVED = ("click", "finish", "watch_seconds", "satisfaction")


def tune(
    seeds: Sequence[int], rates: Sequence[float] = LEARNING_RATES, penalties: Sequence[float] = PENALTIES
) -> pd.DataFrame:
    """Validation loss of click + finish of both models at each setting, in thousandths: model, lr, penalty, loss."""
    feeds, rows = [Feed.make(seed) for seed in seeds], []
    for model, lr, penalty in product((OneHead, SharedBottom), rates, penalties):
        history = train(feeds, model=model, lr=lr, penalty=penalty)[1]
        loss = history[history["task"] == "total"].groupby("copy")["valid"].min().mean()
        rows.append((model.__name__, lr, penalty, 1000 * loss))
    return pd.DataFrame(rows, columns=["model", "lr", "penalty", "loss"])


def fused_score(click: np.ndarray, finish: np.ndarray, weight: float, way: str = "linear fusion") -> np.ndarray:
    """One score of two probabilities: weight·click + (1−weight)·finish, or click^weight · finish^(1−weight)."""
    if validate.choice("way", way, WAYS[1:]) == "linear fusion":
        return weight * click + (1 - weight) * finish
    return click**weight * finish ** (1 - weight)


def fronts(seeds: Sequence[int], weights: Sequence[float] = WEIGHTS) -> pd.DataFrame:
    """Ranking by click and finish, weighted at training or at serving: a row a way, weight (of the click) and seed.

    weights   of the two fusions, at no cost; one score is trained anew for each that is in `TRAINED`

    Columns auc_click and auc_finish on all candidates; click, finish, watch_seconds and satisfaction, means over the
    served top 10.
    """
    feeds = [Feed.make(seed) for seed in seeds]
    offers = [Offer.make(feed) for feed in feeds]
    rows = []
    models, _ = train(feeds)
    for seed, offer, model in zip(seeds, offers, models, strict=True):
        chances = probabilities(model, offer)
        for way, weight in product(WAYS[1:], weights):
            rows.append(
                (way, weight, seed, *_measures(offer, fused_score(chances["click"], chances["finish"], weight, way)))
            )
    for weight in (weight for weight in weights if weight in TRAINED):
        models, _ = train(feeds, model=OneHead, weights=(weight, 1 - weight))
        for seed, offer, model in zip(seeds, offers, models, strict=True):
            rows.append((WAYS[0], weight, seed, *_measures(offer, probabilities(model, offer)["click"])))
    return pd.DataFrame(rows, columns=["way", "weight", "seed", "auc_click", "auc_finish", *SERVED])


def _measures(offer: Offer, score: np.ndarray) -> list[float]:
    outcomes, served = offer.outcomes, offer.served(score)
    return [auc(score, outcomes["click"]), auc(score, outcomes["finish"]), *served[list(SERVED)]]


def ahead(table: pd.DataFrame, way: str, other: str) -> pd.DataFrame:
    """How far one way's curve lies above another's: columns seed, weight, ahead.

    The finish rate that `way` serves at a weight, minus that of `other` where it serves as many clicks (interpolated
    between its weights). Points beyond the ends of the other curve are compared with its end.
    """
    rows = []
    for seed, part in table.groupby("seed"):
        curve = part[part["way"] == other].sort_values("click")
        for _, point in part[part["way"] == way].iterrows():
            equal = np.interp(point["click"], curve["click"], curve["finish"])
            rows.append((seed, point["weight"], point["finish"] - equal))
    return pd.DataFrame(rows, columns=["seed", "weight", "ahead"])


# A frequent label and a rare one under the same weights.

RARE = ("click", "like")
COUNTS = (*ITEM_COUNTS, BIASES)  # the last knows the user, as the networks do


def rare(seeds: Sequence[int], scales: Sequence[str] = (*SCALES, *COUNTS)) -> pd.DataFrame:
    """One score for click and like, with weights as they are and with losses divided by those of a constant, and what
    counts rank: scale, seed, task, auc."""
    feeds = [Feed.make(seed) for seed in seeds]
    offers = [Offer.make(feed) for feed in feeds]
    click, like = (
        np.array([constant_loss(torch.tensor(feed.log[label].to_numpy())) for feed in feeds]) for label in RARE
    )
    ones = np.ones(len(feeds))
    # The weight of the click, for each feed; the like has the rest.
    share = dict(zip(SCALES, (ones, ones / 2, like / (click + like), 0 * ones), strict=True))
    rows = []
    for scale in scales:
        if scale in COUNTS:
            rows += [
                (scale, *row) for feed, offer in zip(feeds, offers, strict=True) for row in _aucs(feed, offer, scale)
            ]
            continue
        models, _ = train(feeds, RARE, OneHead, (share[scale], 1 - share[scale]))
        for seed, offer, model in zip(seeds, offers, models, strict=True):
            score = probabilities(model, offer)["click"]
            rows += [(scale, seed, task, auc(score, offer.outcomes[task])) for task in RARE]
    return pd.DataFrame(rows, columns=["scale", "seed", "task", "auc"])


def _aucs(feed: Feed, offer: Offer, count: str) -> list[tuple[int, str, float]]:
    """Seed, task and AUC of one of `COUNTS` of the rows that train the models of this feed."""
    spec = features()
    rows, inputs = feed.examples(spec, {label: label for label in RARE}, ROWS)[0], offer.inputs(spec)
    if count == BIASES:
        scores = {task: rates(rows, task, inputs, (USER, ITEM)) for task in RARE}
    else:
        scores = {task: item_count(count, rows, task, "click", inputs) for task in RARE}
    return [(feed.seed, task, auc(score, offer.outcomes[task])) for task, score in scores.items()]


BROUGHT = dict.fromkeys(("auc_click", "auc_finish"), 0.01) | dict.fromkeys(("click", "finish", "satisfaction"), 0.02)
BROUGHT |= {"watch_seconds": each(0, 0.05)}
TABLES = kept_tables(
    KeptTable(
        "03_tuning", tune, {"seeds": range(900, 908)}, [Recheck({"rates": [0.01], "penalties": [0.003]}, {"loss": 5})]
    ),
    KeptTable(
        "03_fronts", fronts, {"seeds": range(40)}, [Recheck({"seeds": [5, 23], "weights": [0.1, 0.4, 0.9]}, BROUGHT)]
    ),
    KeptTable("03_rare", rare, {"seeds": range(40)}, [Recheck({"seeds": [5, 23]}, {"auc": 0.01})]),
)

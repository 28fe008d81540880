"""What weighted cross-entropy and its rivals serve on the simulated feed, and what their outputs say in seconds.

`outcomes_served` judges what each objective ranks on top; `calibration` and `same_score` read its output as seconds.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product

import numpy as np
import pandas as pd

from helpers.chapters.ch02.watch_time import CHOSEN, OBJECTIVES, Objective, _means, _outcomes_served, predictions, train
from helpers.data.feed import DAYS, Feed, Offer, described
from helpers.data.world import simulate
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, each, mean
from helpers.training.loop import Run

FRESH = 1_000_000  # added to a seed for a second log of the same world
LEARNING_RATES = (0.001, 0.003, 0.01)
PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3)


@lru_cache(maxsize=len(OBJECTIVES))
def _tuned_run(seeds: tuple[int, ...], model: str) -> Run:
    """`train` with the tuned setting, kept: the three experiments on the same worlds read the same models."""
    return train([Feed.make(seed) for seed in seeds], OBJECTIVES[model], *CHOSEN[model])


def tune(
    seeds: Sequence[int],
    models: Sequence[str] = tuple(OBJECTIVES),
    rates: Sequence[float] = LEARNING_RATES,
    penalties: Sequence[float] = PENALTIES,
) -> pd.DataFrame:
    """The lowest validation loss at each setting, each in its own unit, in thousandths: model, lr, l2, seed, loss."""
    return search_objectives({model: OBJECTIVES[model] for model in models}, seeds, rates, penalties)


def search_objectives(
    objectives: Mapping[str, Objective], seeds: Sequence[int], rates: Sequence[float], penalties: Sequence[float]
) -> pd.DataFrame:
    """`tune` for objectives by name, of this module or others."""
    feeds, parts = [Feed.make(seed) for seed in seeds], []
    for model, lr, l2 in product(objectives, rates, penalties):
        losses = train(feeds, objectives[model], lr, l2).lowest().xs("score", level="task")
        setting = {"model": model, "lr": lr, "l2": l2}
        parts.append(pd.DataFrame(setting | {"seed": seeds, "loss": 1000 * losses.to_numpy()}))
    return pd.concat(parts, ignore_index=True)


def outcomes_served(seeds: Sequence[int], models: Sequence[str] = tuple(OBJECTIVES)) -> pd.DataFrame:
    """Means over the served top 10 of each ranking: seed, model, outcome, value.

    Two further models frame them: "at random" is the mean of all candidates, "true satisfaction" a ranking that
    nobody can make.
    """
    offers = [Offer.make(Feed.make(seed)) for seed in seeds]
    parts = [_means("at random", seeds, [offer.outcomes.mean() for offer in offers])]
    best = [offer.served(offer.outcomes["satisfaction"]) for offer in offers]
    parts.append(_means("true satisfaction", seeds, best))
    parts += [_outcomes_served(model, _tuned_run(tuple(seeds), model), offers, seeds) for model in models]
    return pd.concat(parts, ignore_index=True)


def second_log(feed: Feed) -> pd.DataFrame:
    """Impressions of the same world that no model was trained on, with what the company knows of users and videos."""
    log, _ = simulate(feed.world, days=DAYS, biases=feed.biases, seed=feed.seed + FRESH)
    return described(feed.world, log)


def calibration(seeds: Sequence[int], bins: int = 10) -> pd.DataFrame:
    """exp(score) against seconds watched, on a second log of each world.

    The impressions are sorted into `bins` of equal size, once by the model's own prediction and once by the predicted
    click rate: columns seed, model, by, bin, click_rate (observed), predicted and actual (mean seconds an impression).
    """
    logs = [second_log(Feed.make(seed)) for seed in seeds]
    clicks, plain, corrected = (
        predictions(_tuned_run(tuple(seeds), model), logs) for model in ("clicks", "weighted CE", "corrected CE")
    )
    parts = []
    for number, (seed, log) in enumerate(zip(seeds, logs, strict=True)):
        for model, scores in (("weighted CE", plain), ("corrected CE", corrected)):
            for by, order in (("prediction", scores), ("click rate", clicks)):
                rows = log.assign(predicted=np.exp(scores[number]), bin=_bins(order[number], bins))
                means = rows.groupby("bin").agg(
                    click_rate=("click", "mean"), predicted=("predicted", "mean"), actual=("watch_seconds", "mean")
                )
                parts.append(means.reset_index().assign(seed=seed, model=model, by=by))
    return pd.concat(parts, ignore_index=True)[["seed", "model", "by", "bin", "click_rate", "predicted", "actual"]]


def _bins(order: np.ndarray, bins: int) -> np.ndarray:
    """The bin, from 0, of each value in `bins` bins of equal size."""
    return np.argsort(np.argsort(order, kind="stable"), kind="stable") * bins // len(order)


def same_score(seeds: Sequence[int], bands: int = 5) -> pd.DataFrame:
    """What hides behind one score: in bands of equal exp(score) of corrected CE, short videos against long ones.

    On a second log of each world, each band cut at its median duration: columns seed, band, videos ("short", "long"),
    predicted, actual (seconds an impression), click_rate, seconds_a_click.
    """
    logs = [second_log(Feed.make(seed)) for seed in seeds]
    parts = []
    for seed, log, score in zip(seeds, logs, predictions(_tuned_run(tuple(seeds), "corrected CE"), logs), strict=True):
        rows = log.assign(predicted=np.exp(score), band=_bins(score, bands))
        median = rows.groupby("band")["duration"].transform("median")
        rows["videos"] = np.where(rows["duration"] > median, "long", "short")
        means = rows.groupby(["band", "videos"]).agg(
            predicted=("predicted", "mean"), actual=("watch_seconds", "mean"), click_rate=("click", "mean")
        )
        parts.append(means.reset_index().assign(seed=seed, seconds_a_click=lambda t: t["actual"] / t["click_rate"]))
    return pd.concat(parts, ignore_index=True)[["seed", "band", "videos", *parts[0].columns[2:5], "seconds_a_click"]]


NEAR = each(0.05, 0.05)
MEANS = {"click_rate": 0.02, "predicted": NEAR, "actual": NEAR}
RECHECKS = [
    Recheck({"seeds": [3, 17], "models": ["corrected CE", "squared error"]}, {"value": NEAR}),
    # At the learning rate of the click model a rounding error moves the end of a run.
    Recheck({"seeds": range(8), "models": ["clicks"]}, {"value": mean(0.05, 0.05)}),
]
ONE = {"models": ["squared error"], "rates": [0.001], "penalties": [0.01]}
TABLES = kept_tables(
    KeptTable("02_tuning", tune, {"seeds": range(900, 908)}, [Recheck(ONE, {"loss": 5})]),
    KeptTable("02_served", outcomes_served, {"seeds": range(40)}, RECHECKS),
    KeptTable("02_calibration", calibration, {"seeds": range(40)}, [Recheck({"seeds": [7]}, MEANS)]),
    KeptTable(
        "02_same_score",
        same_score,
        {"seeds": range(40)},
        [Recheck({"seeds": [11]}, MEANS | {"seconds_a_click": NEAR})],
    ),
)

"""Watch time inside a click model: what weighted cross-entropy learns, alone and on the simulated feed.

`constant` is the smallest case, one logit for all rows, where everything is known in closed form. On the feed, each
`Objective` trains one network with one output on the log of a world; `own_time` serves what a reader's T ranks
on top.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from torch import Tensor

from helpers.data.examples import Examples, stack_inputs
from helpers.data.feed import Feed, Offer, features, plain
from helpers.experiments.chosen import Chosen
from helpers.models.shared_bottom import SingleTask
from helpers.support import validate
from helpers.training.loop import Run, fit
from helpers.training.losses import binary_cross_entropy, corrected_cross_entropy, squared_error

ROWS = 18_000  # of each log, so that all worlds can train together
BOTTOM, TOWER = [64], [16]
SERVED = ("click", "watch_seconds", "completion", "finish", "bait", "hook", "duration", "satisfaction")


def constant(rate: float, mean: float, rows: int, spread: float, draws: int, seed: int) -> pd.DataFrame:
    """`draws` logs of `rows` impressions, and what the best constant logit says about each: columns plain, corrected.

    rate    click rate P, from 0 to 1
    mean    mean watch time of a click, in any unit
    spread  standard deviation of the watch time divided by its mean

    Watch times are gamma-distributed, so that the sum over k clicks can be drawn exactly, at once. plain is ΣT / N−
    (infinite if everything was clicked), corrected is ΣT / N; both estimate rate · mean.
    """
    validate.number("rate", rate, low=0, high=1)
    validate.number("mean", mean, low=0)
    validate.number("spread", spread, low=1e-6)
    rows, draws = (validate.number(n, v, low=1, whole=True) for n, v in (("rows", rows), ("draws", draws)))
    rng = np.random.default_rng(validate.number("seed", seed, low=0, whole=True))
    clicks = rng.binomial(rows, rate, draws)
    total = rng.gamma(clicks / spread**2, mean * spread**2)  # 0 where there is no click
    with np.errstate(divide="ignore"):
        return pd.DataFrame({"plain": total / (rows - clicks), "corrected": total / rows})


@dataclass(frozen=True)
class Objective:
    """What a score is trained on: the column of its labels, the loss, and the weight of a row."""

    label: str
    loss: Callable[[Tensor, Tensor], Tensor]
    weight: str = ""


OBJECTIVES = {
    "clicks": Objective("click", binary_cross_entropy),
    "weighted CE": Objective("click", binary_cross_entropy, weight="seconds_or_1"),
    "weighted CE, minutes": Objective("click", binary_cross_entropy, weight="minutes_or_1"),
    "corrected CE": Objective("watch_seconds", corrected_cross_entropy),
    "squared error": Objective("minutes", squared_error),
    "squared error, log": Objective("log_seconds", squared_error),
    "corrected CE, completion": Objective("completion", corrected_cross_entropy),
    "corrected CE, quantile": Objective("quantile", corrected_cross_entropy),
}
# {model: (lr, l2)}: what `tune` found best.
CHOSEN = Chosen("02_tuning", by=["model"], setting=["lr", "l2"], value="loss", lowest=True)


def with_labels(log: pd.DataFrame, groups: int = 20) -> pd.DataFrame:
    """The log with a column for each objective.

    quantile: the rank of a click's watch time among the clicks on videos of like duration (`groups` of equal size),
    from 0 to 1 (Zhan et al., KDD 2022, train on this); 0 where nothing was clicked.
    """
    seconds, clicked = log["watch_seconds"].astype(float), log["click"] == 1
    length = pd.qcut(log.loc[clicked, "duration"].rank(method="first"), groups, labels=False)
    return log.assign(
        minutes=seconds / 60,  # near 1 in size, as learning rates and penalties expect of a target
        log_seconds=np.log1p(seconds),
        seconds_or_1=np.where(clicked, seconds, 1.0),
        minutes_or_1=np.where(clicked, seconds / 60, 1.0),
        quantile=seconds[clicked].groupby(length).rank(pct=True).reindex(log.index, fill_value=0.0),
    )


def train(feeds: Sequence[Feed], objective: Objective, lr: float, l2: float, progress: bool = True) -> Run:
    """One network a feed, all trained at once; the output is called score."""
    columns = {"score": objective.label} | ({"weight": objective.weight} if objective.weight else {})
    spec = features()
    parts = [replace(feed, log=with_labels(feed.log)).examples(spec, columns, ROWS) for feed in feeds]
    rows, valid = (Examples.stack([_weighted(part) for part in side]) for side in zip(*parts, strict=True))
    seeds = [feed.seed for feed in feeds]
    models = [SingleTask(spec, "score", "regression", BOTTOM, TOWER, l2_embedding=l2, seed=s) for s in seeds]
    options = {"epochs": 20, "batch_size": 512, "lr": lr, "seed": seeds, "progress": progress}
    return fit(models, rows, valid, losses={"score": objective.loss}, **options)


def _weighted(part: Examples) -> Examples:
    """The labels named weight become the weights of the rows."""
    weights = {"score": part.labels["weight"]} if "weight" in part.labels else {}
    return Examples(part.inputs, {"score": part.labels["score"]}, weights=weights)


def predictions(run: Run, rows: Sequence[pd.DataFrame]) -> list[np.ndarray]:
    """The score of each row, world by world; the worlds may differ in their number of rows."""
    spec, longest = features(), max(map(len, rows))
    padded = [spec.transform(part.iloc[np.arange(longest) % len(part)]) for part in rows]
    scores = run.predict(stack_inputs(padded))["score"].numpy().astype(float)
    return [score[: len(part)] for score, part in zip(scores, rows, strict=True)]


def own_time(time: Callable[[pd.DataFrame], pd.Series], seeds: Sequence[int]) -> pd.DataFrame:
    """`outcomes_served` for weighted CE with a T of one's own, as model "own".

    time: the clicked rows of a log (made `plain`) become one T ≥ 0 a row; a Series is taken by its index. ValueError
    for other T.
    """
    feeds = [Feed.make(seed) for seed in seeds]
    offers = [Offer.make(feed) for feed in feeds]
    for number, feed in enumerate(feeds):
        clicked = feed.log["click"] == 1
        weight = np.ones(len(feed.log))
        times = time(plain(feed.log[clicked]))
        times = times.reindex(feed.log.index[clicked]) if isinstance(times, pd.Series) else np.asarray(times)
        if np.shape(times) != (clicked.sum(),):
            validate.fail("T", f"shape {np.shape(times)}", f"({clicked.sum()},), one for each click")
        times = np.asarray(validate.finite("T", times), dtype=float)
        if (times < 0).any():
            validate.fail("T", f"{times.min():g}", "no negative time")
        weight[clicked] = times
        feeds[number] = replace(feed, log=feed.log.assign(own=weight))
    objective = replace(OBJECTIVES["weighted CE"], weight="own")
    return _outcomes_served("own", train(feeds, objective, *CHOSEN["weighted CE"]), offers, seeds)


def _outcomes_served(model: str, run: Run, offers: Sequence[Offer], seeds: Sequence[int]) -> pd.DataFrame:
    scores_by_world = predictions(run, [offer.rows for offer in offers])
    return _means(model, seeds, [offer.served(scores) for offer, scores in zip(offers, scores_by_world, strict=True)])


def _means(model: str, seeds: Sequence[int], means: Sequence[pd.Series]) -> pd.DataFrame:
    table = pd.DataFrame(means)[list(SERVED)].reset_index(drop=True).assign(seed=list(seeds), model=model)
    return table.melt(["seed", "model"], list(SERVED), "outcome", "value")

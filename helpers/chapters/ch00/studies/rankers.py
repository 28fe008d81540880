"""The board's rankers: what lists of ten bring that random lists, counts, and the models of all chapters rank.

A seed is a world: 2,000 users, 150 videos, the log of eight days. Every ranker learns from the same rows of the log and
then ranks the same candidates (`feed.Offer`); the board holds what its lists bring, true satisfaction included, and
the cost of a score. Networks have the same embeddings and layers, and chose their learning rate and penalty among the
same settings, by validation loss on worlds that serve no result. Those with several outputs rank by one formula, which
was chosen by true satisfaction on practice worlds (chapter 01), as a company would by A/B tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from helpers.chapters.ch00.board import CHOSEN, FUSION
from helpers.chapters.ch00.race import BOARD
from helpers.chapters.ch00.steps import CLIMB, age_topic, own, returned
from helpers.chapters.ch00.studies import ceilings
from helpers.chapters.ch00.worlds import (
    BEST,
    BY_COUNT,
    CHAPTERS,
    CLICK,
    LABELS,
    LOG_TELLS,
    RANDOM,
    ROWS,
    SIZE,
    TASTE_TELLS,
    Ranker,
    Score,
    log_of,
    scored,
    tensors,
    world,
)
from helpers.data.examples import Examples, Inputs, stack_inputs
from helpers.data.features import Dense, Features, Sparse
from helpers.data.feed import COLUMNS, Feed, Offer, catalogue, features
from helpers.data.world import AGES, TOPICS
from helpers.evaluation.counts import rates
from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, each
from helpers.models.esmm import product_logit
from helpers.models.experts import MMoE
from helpers.models.shared_bottom import OneHead, SharedBottom, SingleTask, SingleTasks
from helpers.training.balancing import UWL, Balance, GradNorm
from helpers.training.loop import TOTAL, Run, fit

BOTTOM, TOWER = [32], [16]
EPOCHS, PATIENCE, BATCH = 16, 2, 2048
OUTCOMES = ("satisfaction", "click", "watch_seconds", "like", "bait")


def fused(logits: Mapping[str, Tensor]) -> Tensor:
    """Σ exponent · log p: the logarithm of the product of the probabilities, each to its exponent."""
    return sum(exponent * logsigmoid(logits[label]) for label, exponent in CHOSEN[FUSION].items())


class Chain(SharedBottom):
    """ESMM with several things that only a click makes possible: their towers predict what happens given a click, and
    the outputs are logits of P(click) and, for the others, of P(click) · P(label | click), in all rows."""

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        (click, a), *others = super().forward(inputs).items()
        return {click: a} | {label: product_logit(a, b) for label, b in others}


@dataclass(frozen=True)
class Network:
    """A trained ranker: its model and how it is trained, its score.

    build     features, penalty and seed → a model
    labels    what it learns
    seconds   whether a click counts as often as it has seconds watched
    score     of the logits by label
    fed       whether it knows what the counts know: the pair of age and topic, and how often a topic was shown to the
              user, are two columns more; all but the click is learnt from clicked rows
    returned  whether counted returns join the score, which no training needs
    """

    build: Callable[[Features, float, int], nn.Module]
    labels: tuple[str, ...] = LABELS
    task_weights: Mapping[str, float] | None = None
    balance: Balance | None = None
    seconds: bool = False
    score: Callable[[Mapping[str, Tensor]], Tensor] = fused
    fed: bool = False
    returned: bool = False


def given_click(logits: Mapping[str, Tensor]) -> Tensor:
    """Σ log p of what a click makes possible: `steps.given_click`, of predictions."""
    return sum(logsigmoid(logits[label]) for label in LABELS if label != "click")


def _several(model: type[nn.Module], *layers, labels: Sequence[str] = LABELS) -> Callable[..., nn.Module]:
    """A builder of a model with an output for each label."""
    kinds = dict.fromkeys(labels, "binary")
    return lambda encoded, l2, seed: model(encoded, kinds, *layers, TOWER, l2_embedding=l2, seed=seed)


def _of_click(encoded: Features, l2: float, seed: int) -> nn.Module:
    return SingleTask(encoded, "click", "binary", BOTTOM, TOWER, l2_embedding=l2, seed=seed)


def _click(logits: Mapping[str, Tensor]) -> Tensor:
    return logits["click"]


CEILINGS = {
    LOG_TELLS: ceilings.log_tells,
    TASTE_TELLS: ceilings.taste_tells,
    BEST: lambda feed, offer: offer.outcomes["satisfaction"],
}
TWO = ("click", "finish")
NETWORKS = {
    CLICK: Network(_of_click, ("click",), score=_click),
    "weighted CE": Network(_of_click, ("click",), seconds=True, score=_click),
    "0.3/0.7": Network(
        _several(OneHead, BOTTOM, labels=TWO), TWO, dict(zip(TWO, (0.3, 0.7), strict=True)), score=_click
    ),
    "fused towers": Network(_several(SingleTasks, BOTTOM)),
    "Shared-Bottom": Network(_several(SharedBottom, BOTTOM)),
    "UWL": Network(_several(SharedBottom, BOTTOM), balance=UWL(0.1)),
    "GradNorm": Network(_several(SharedBottom, BOTTOM), balance=GradNorm(0.12, 0.1)),
    "MMoE": Network(_several(MMoE, 4, [16])),
    "ESMM": Network(_several(Chain, BOTTOM)),
}
# In the worlds of the finish alone. What a count adds for nothing must be told apart from what feeding adds.
RETURNED_TOO = {"Shared-Bottom + return": Network(_several(SharedBottom, BOTTOM), returned=True)}
FED = {
    "Shared-Bottom, fed": Network(_several(SharedBottom, BOTTOM), score=given_click, fed=True, returned=True),
    "separate, fed": Network(_several(SingleTasks, BOTTOM), score=given_click, fed=True, returned=True),
}
# What each network may choose from, by validation loss on worlds that serve no result.
LEARNING_RATES, PENALTIES = (0.003, 0.01), (0.001, 0.003, 0.01, 0.03, 0.1)
TUNED = Chosen("00_board_tuning", "00_fed_tuning", by=["ranker"], setting=["lr", "l2"], value="loss", lowest=True)


@dataclass(frozen=True)
class Worlds:
    """Worlds to train on together: the rows of each log, `Examples.stack`ed, and what is offered in each."""

    seeds: list[int]
    feeds: list[Feed]
    train: Examples
    valid: Examples
    offers: list[Offer]
    inputs: Inputs  # of the offers, with a leading axis

    @staticmethod
    def make(seeds: Sequence[int]) -> Worlds:
        feeds = [world(seed) for seed in seeds]
        return Worlds._of(seeds, feeds, [Offer.make(feed) for feed in feeds], encoding())

    @staticmethod
    def _of(seeds: Sequence[int], feeds: list[Feed], offers: list[Offer], encoded: Features) -> Worlds:
        parts = [[replace(part, groups=None) for part in examples(feed, encoded)] for feed in feeds]
        train, valid = map(Examples.stack, zip(*parts, strict=True))
        return Worlds(list(seeds), feeds, train, valid, offers, stack_inputs(offer.inputs(encoded) for offer in offers))

    def fed(self) -> Worlds:
        """The same, with the columns that a network that is `fed` has more."""
        shown = [own(log_of(feed)) for feed in self.feeds]
        feeds = [replace(feed, log=_fed(score, feed.log)) for score, feed in zip(shown, self.feeds, strict=True)]
        offers = [replace(offer, rows=_fed(score, offer.rows)) for score, offer in zip(shown, self.offers, strict=True)]
        return Worlds._of(self.seeds, feeds, offers, encoding(fed=True))


def _fed(shown: Score, rows: pd.DataFrame) -> pd.DataFrame:
    known = tensors(rows)
    return rows.assign(age_topic=age_topic(known).numpy(), shown=shown(known).numpy())


def encoding(fed: bool = False) -> Features:
    if not fed:
        return features(SIZE["users"], SIZE["videos"])
    rows = catalogue(SIZE["users"], SIZE["videos"])
    pairs = np.arange(len(rows)) % (len(AGES) * len(TOPICS))
    rows = rows.assign(age_topic=pairs, shown=np.log(rows["duration"] / 25))  # a normal number, as its mean is 0
    return Features([*COLUMNS, Sparse("age_topic"), Dense("shown")]).fit(rows)


def examples(feed: Feed, encoded: Features) -> tuple[Examples, Examples]:
    """The rows that train and those that validate, with all labels and the seconds watched."""
    return feed.examples(encoded, {label: label for label in (*LABELS, "watch_seconds")}, ROWS)


def train(network: Network, worlds: Worlds, lr: float, l2: float) -> tuple[Run, Tensor]:
    """One model a world, all trained at once: the run, and the score of each candidate, `(worlds, candidates)`.

    A model is served as it was at its lowest total validation loss; networks side by side each at their own.
    """
    worlds = worlds.fed() if network.fed else worlds
    models = [network.build(encoding(network.fed), l2, seed) for seed in worlds.seeds]
    rows, valid = (_of(network, part) for part in (worlds.train, worlds.valid))
    options = {"epochs": EPOCHS, "patience": PATIENCE, "batch_size": BATCH, "lr": lr, "seed": worlds.seeds}
    run = fit(models, rows, valid, task_weights=network.task_weights, balance=network.balance, **options)
    apart = isinstance(models[0], SingleTasks)
    logits = run.predict(worlds.inputs) if apart else run.copies.predict(worlds.inputs, run.best[TOTAL][1])
    score = network.score(logits)
    if network.returned:
        pairs = zip(worlds.feeds, worlds.offers, strict=True)
        score = score + torch.stack([returned(log_of(feed))(tensors(offer.rows)) for feed, offer in pairs])
    return run, score


def _of(network: Network, part: Examples) -> Examples:
    """What a network trains on: its labels, and its weights of the rows."""
    rows = part.only(*network.labels)
    if network.fed:
        clicked = rows.labels["click"] == 1
        return replace(rows, masks={label: clicked for label in LABELS if label != "click"})
    if not network.seconds:
        return rows
    return replace(rows, weights={"click": torch.where(rows.labels["click"] == 1, part.labels["watch_seconds"], 1.0)})


def tune(
    seeds: Sequence[int],
    rankers: Sequence[str] = tuple(NETWORKS),
    rates: Sequence[float] = LEARNING_RATES,
    penalties: Sequence[float] = PENALTIES,
) -> pd.DataFrame:
    """The lowest validation loss at each setting, in thousandths, mean over worlds: ranker, lr, l2, loss."""
    worlds, rows = Worlds.make(seeds), []
    for ranker, lr, l2 in product(rankers, rates, penalties):
        run, _ = train((NETWORKS | FED)[ranker], worlds, lr, l2)
        rows.append((ranker, lr, l2, 1000 * run.lowest().xs(TOTAL, level="task").mean()))
    return pd.DataFrame(rows, columns=["ranker", "lr", "l2", "loss"])


def board(seeds: Sequence[int], rankers: Sequence[str] = tuple(CHAPTERS)) -> pd.DataFrame:
    """What each ranker's lists bring: a row a seed and ranker, means of `OUTCOMES` over the served, and `cost`.

    random is the mean of all candidates, which a random list brings on average; cost is in multiply-adds a score.
    """
    worlds, parts = Worlds.make(seeds), []
    for ranker in rankers:
        if ranker == RANDOM:
            served, cost = [offer.outcomes.mean() for offer in worlds.offers], 0
        else:
            scores, cost = _scores(ranker, worlds)
            served = [offer.served(score) for offer, score in zip(worlds.offers, scores, strict=True)]
        table = pd.DataFrame([means[list(OUTCOMES)] for means in served]).reset_index(drop=True)
        parts.append(table.assign(seed=worlds.seeds, ranker=ranker, cost=cost))
    return pd.concat(parts, ignore_index=True)[["seed", "ranker", *OUTCOMES, "cost"]]


def _scores(ranker: str, worlds: Worlds) -> tuple[Sequence, int]:
    """A score for each candidate of each world, and the multiply-adds of one."""
    if ranker in CEILINGS or ranker in CLIMB:
        score = CEILINGS.get(ranker) or partial(_climbs, CLIMB[ranker])
        return [score(feed, offer) for feed, offer in zip(worlds.feeds, worlds.offers, strict=True)], 0
    if ranker == BY_COUNT:
        return rates(worlds.train, "click", worlds.inputs).numpy(), 0
    network = (NETWORKS | RETURNED_TOO | FED)[ranker]
    model, tuned = network.build(encoding(network.fed), 0.0, 0), ranker.removesuffix(" + return")
    return train(network, worlds, *TUNED[tuned])[1].numpy(), multiply_adds(model)


def _climbs(ranker: Ranker, feed: Feed, offer: Offer) -> np.ndarray:
    return scored(ranker(log_of(feed)), tensors(offer.rows))


def multiply_adds(model: nn.Module) -> int:
    """Of the linear layers, for one row: what is looked up costs none."""
    return sum(layer.weight.numel() for layer in model.modules() if isinstance(layer, nn.Linear))


UNTRAINED = (RANDOM, BY_COUNT, *CLIMB, *CEILINGS)
BROUGHT = dict.fromkeys(("satisfaction", "click", "like"), 0.02)
BROUGHT |= {"watch_seconds": each(0, 0.1), "bait": 0.2, "cost": 0}
TABLES = kept_tables(
    KeptTable(
        "00_board_tuning",
        tune,
        {"seeds": range(900, 904)},
        [Recheck({"rankers": [CLICK, "Shared-Bottom"], "rates": [0.01], "penalties": [0.003]}, {"loss": 5})],
    ),
    KeptTable(
        "00_fed_tuning",
        tune,
        {"seeds": [900, 901], "rankers": tuple(FED), "rates": [0.01], "penalties": (0.0003, 0.001, 0.003, 0.01, 0.03)},
        [Recheck({"rankers": ["Shared-Bottom, fed"], "penalties": [0.01]}, {"loss": 5})],
    ),
    KeptTable(
        "00_board",
        board,
        {"seeds": range(24)},
        [Recheck({"seeds": [3, 11], "rankers": [*UNTRAINED, CLICK, "ESMM"]}, BROUGHT)],
    ),
    KeptTable(
        "00_finish",
        board,
        {"seeds": BOARD.finishing, "rankers": (*UNTRAINED, "Shared-Bottom", "ESMM", *RETURNED_TOO, *FED)},
        [Recheck({"seeds": BOARD.finishing[:1], "rankers": UNTRAINED}, BROUGHT)],
    ),
)

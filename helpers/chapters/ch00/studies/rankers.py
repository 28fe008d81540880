"""The board's rankers: what lists of ten bring that random lists, counts, and the models of all chapters rank.

A seed is a world: 2,000 users, 150 videos, the log of eight days. Every ranker learns from the same rows of the log and
then ranks the same candidates (`feed.Offer`); the board holds what its lists bring, true satisfaction included, and
the cost of a score. Networks have the same embeddings and layers, and chose learning rate, penalty and passes over the
log among the same settings. All is chosen by one goal, true satisfaction on practice worlds, as a company would by A/B
tests: these settings, the formula by which a network with several outputs ranks (chapter 01), and what the counts have
of their own. The log loss would choose other settings, and worse lists.
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
    scores_of,
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
from helpers.models.one_head import OneHead
from helpers.models.shared_bottom import SharedBottom, SingleTask, SingleTasks
from helpers.training.balancing import UWL, Balance, GradNorm
from helpers.training.loop import fit

BOTTOM, TOWER = [32], [16]
BATCH = 2048
OUTCOMES = ("satisfaction", "click", "watch_seconds", "like", "bait")


def fused_score(logits: Mapping[str, Tensor]) -> Tensor:
    """Σ exponent · log p: the logarithm of the product of the probabilities, each to its exponent."""
    return sum(exponent * logsigmoid(logits[label]) for label, exponent in CHOSEN[FUSION].items())


class Chain(SharedBottom):
    """ESMM with several things that only a click makes possible: their towers predict what happens given a click, and
    the outputs are logits of P(click) and, for the others, of P(click) · P(label | click), in all rows."""

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        (click, a), *others = super().forward(inputs).items()
        return {click: a} | {label: product_logit(a, b) for label, b in others}


class WideAndDeep(SharedBottom):
    """What each id and number adds to each label by itself, beside the bottom; an id may be a pair of two others, a
    cross (Wide & Deep, Cheng et al., DLRS 2016)."""

    def __init__(self, encoded: Features, tasks: dict[str, str], *layers: Sequence[int], **options):
        super().__init__(encoded, tasks, *layers, **options)
        (table,) = self.encoder.tables.values()
        self.wide = nn.Embedding.from_pretrained(torch.zeros(table.num_embeddings, len(tasks)), freeze=False)
        self.numbers = nn.Linear(self.encoder.dense, len(tasks), bias=False)
        nn.init.zeros_(self.numbers.weight)

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        wide = self.wide(inputs["sparse"]).sum(-2) + self.numbers(inputs["dense"])  # (n, labels)
        return {label: deep + wide[..., i] for i, (label, deep) in enumerate(super().forward(inputs).items())}


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
    score: Callable[[Mapping[str, Tensor]], Tensor] = fused_score
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
# What a count adds for nothing must be told apart from what feeding adds.
RETURNED_TOO = {"Shared-Bottom + return": Network(_several(SharedBottom, BOTTOM), returned=True)}
FED = {
    "Shared-Bottom, fed": Network(_several(SharedBottom, BOTTOM), score=given_click, fed=True, returned=True),
    "separate, fed": Network(_several(SingleTasks, BOTTOM), score=given_click, fed=True, returned=True),
    "Wide & Deep, fed": Network(_several(WideAndDeep, BOTTOM), score=given_click, fed=True, returned=True),
}
# What each network may choose from.
LEARNING_RATES, PENALTIES, PASSES = (0.01, 0.02), (0.001, 0.003, 0.01), (8, 16, 24)
TUNED = Chosen("00_board_tuning", by=["ranker"], setting=["lr", "l2", "passes"], value="satisfaction")


@dataclass(frozen=True)
class Worlds:
    """Worlds to train on together: the rows of each log, `Examples.stack`ed, and what is offered in each."""

    seeds: list[int]
    feeds: list[Feed]
    train: Examples
    offers: list[Offer]
    inputs: Inputs  # of the offers, with a leading axis

    @staticmethod
    def make(seeds: Sequence[int]) -> Worlds:
        feeds = [world(seed) for seed in seeds]
        return Worlds._of(seeds, feeds, [Offer.make(feed) for feed in feeds], encoding())

    @staticmethod
    def _of(seeds: Sequence[int], feeds: list[Feed], offers: list[Offer], encoded: Features) -> Worlds:
        train = Examples.stack([examples(feed, encoded) for feed in feeds])
        return Worlds(list(seeds), feeds, train, offers, stack_inputs(offer.inputs(encoded) for offer in offers))

    def fed(self) -> Worlds:
        """The same, with the columns that a network that is `fed` has more."""
        shown = [own(log_of(feed)) for feed in self.feeds]
        feeds = [
            replace(feed, log=_with_counts(score, feed.log)) for score, feed in zip(shown, self.feeds, strict=True)
        ]
        offers = [
            replace(offer, rows=_with_counts(score, offer.rows))
            for score, offer in zip(shown, self.offers, strict=True)
        ]
        return Worlds._of(self.seeds, feeds, offers, encoding(fed=True))


def _with_counts(shown: Score, rows: pd.DataFrame) -> pd.DataFrame:
    known = tensors(rows)
    return rows.assign(age_topic=age_topic(known).numpy(), shown=shown(known).numpy())


def encoding(fed: bool = False) -> Features:
    if not fed:
        return features(SIZE["users"], SIZE["videos"])
    rows = catalogue(SIZE["users"], SIZE["videos"])
    pairs = np.arange(len(rows)) % (len(AGES) * len(TOPICS))
    rows = rows.assign(age_topic=pairs, shown=np.log(rows["duration"] / 25))  # a normal number, as its mean is 0
    return Features([*COLUMNS, Sparse("age_topic"), Dense("shown")]).fit(rows)


def examples(feed: Feed, encoded: Features) -> Examples:
    """The rows of `log_of`, with all labels and the seconds watched."""
    return feed.examples(encoded, {label: label for label in (*LABELS, "watch_seconds")}, ROWS)[0]


def train(network: Network, worlds: Worlds, lr: float, l2: float, passes: int) -> np.ndarray:
    """One model a world, all trained at once: the score of each candidate, `(worlds, candidates)`."""
    worlds = worlds.fed() if network.fed else worlds
    models = [network.build(encoding(network.fed), l2, seed) for seed in worlds.seeds]
    how = {"task_weights": network.task_weights, "balance": network.balance, "batch_size": BATCH, "lr": lr}
    run = fit(models, _of(network, worlds.train), epochs=passes, seed=worlds.seeds, **how)
    score = network.score(run.copies.predict(worlds.inputs))
    if network.returned:
        pairs = zip(worlds.feeds, worlds.offers, strict=True)
        score = score + torch.stack([returned(log_of(feed))(tensors(offer.rows)) for feed, offer in pairs])
    return score.numpy()


def serve(worlds: Worlds, scores: Sequence[np.ndarray]) -> pd.DataFrame:
    """What the lists bring that these scores make: a row a world, `OUTCOMES`."""
    served = [offer.served(score) for offer, score in zip(worlds.offers, scores, strict=True)]
    return pd.DataFrame([brought[list(OUTCOMES)] for brought in served]).reset_index(drop=True)


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
    passes: Sequence[int] = PASSES,
) -> pd.DataFrame:
    """What the lists bring at each setting, mean over worlds: ranker, lr, l2, passes, satisfaction."""
    worlds, rows = Worlds.make(seeds), []
    for ranker, *setting in product(rankers, rates, penalties, passes):
        scores = train((NETWORKS | FED)[ranker], worlds, *setting)
        rows.append((ranker, *setting, serve(worlds, scores)["satisfaction"].mean()))
    return pd.DataFrame(rows, columns=["ranker", "lr", "l2", "passes", "satisfaction"])


def board(seeds: Sequence[int], rankers: Sequence[str] = tuple(CHAPTERS)) -> pd.DataFrame:
    """What each ranker's lists bring: a row a seed and ranker, means of `OUTCOMES` over the served, and `cost`.

    random is the mean of all candidates, which a random list brings on average; cost is in multiply-adds a score.
    """
    worlds, parts = Worlds.make(seeds), []
    for ranker in rankers:
        if ranker == RANDOM:
            table, cost = pd.DataFrame([offer.outcomes[list(OUTCOMES)].mean() for offer in worlds.offers]), 0
        else:
            scores, cost = _scores(ranker, worlds)
            table = serve(worlds, scores)
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
    return train(network, worlds, *TUNED[tuned]), multiply_adds(model)


def _climbs(ranker: Ranker, feed: Feed, offer: Offer) -> np.ndarray:
    return scores_of(ranker(log_of(feed)), tensors(offer.rows))


def multiply_adds(model: nn.Module) -> int:
    """Of the linear layers, for one row: what is looked up costs none."""
    return sum(layer.weight.numel() for layer in model.modules() if isinstance(layer, nn.Linear))


UNTRAINED = (RANDOM, BY_COUNT, *CLIMB, *CEILINGS)
BROUGHT = dict.fromkeys(("satisfaction", "click", "like"), 0.02)
ONE = {"rankers": [CLICK, "Shared-Bottom, fed"], "rates": [0.01], "penalties": [0.003], "passes": [8]}
BROUGHT |= {"watch_seconds": each(0, 0.1), "bait": 0.2, "cost": 0}
TABLES = kept_tables(
    KeptTable(
        "00_board_tuning",
        tune,
        {"seeds": range(900, 906), "rankers": (*NETWORKS, *FED)},
        [Recheck(ONE, {"satisfaction": 0.02})],
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

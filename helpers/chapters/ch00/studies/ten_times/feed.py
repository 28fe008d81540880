"""Click, like and share in a feed of ten times the size, and in one whose videos are mostly new to it.

The world is that of `helpers.data.world`, in three `SIZES`. A user has as many impressions in each. In the first two
a video has as many as another; in the last there are 100,000, shown by a power law, and about half of all
impressions are of videos that training shows at most `RARE` times.

Every model makes its passes over the rows with Adagrad on the tables of embeddings, which moves only the rows that a
batch looks up, and pays for the squares of what it looks up. It chooses its learning rate, that penalty and, in the
first size, its number of passes (one in the others), for each label by itself, on worlds that serve no result.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, embedding

from helpers.data.examples import Examples, Inputs
from helpers.data.features import Features
from helpers.data.feed import CANDIDATES, described, features
from helpers.data.world import World
from helpers.evaluation.counts import ITEM_COUNTS, item_count
from helpers.evaluation.metrics import auc, gauc, log_loss
from helpers.evaluation.pool import names, pool
from helpers.experiments.chosen import Chosen
from helpers.lab.claim import score_name
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.copies import predict
from helpers.models.shared_bottom import Encoder, SharedBottom
from helpers.training.adam import Adam


class Size(NamedTuple):
    """rows    of training; a ninth as many more validate
    power   a video's impressions fall with its place as place ** −power
    passes  over the rows, of which a model chooses"""

    users: int
    videos: int
    rows: int
    power: float
    passes: Sequence[int]


SMALL, TEN_TIMES, IDS = "as in chapter 04", "ten times", "100,000 videos"
SIZES = {
    SMALL: Size(600, 400, 16_200, 0.0, (1, 2, 4)),
    TEN_TIMES: Size(6_000, 4_000, 162_000, 0.0, (1,)),
    IDS: Size(6_000, 100_000, 162_000, 0.8, (1,)),
}
LABELS = ("click", "like", "share")
RARE = 5  # impressions in training, at most
JUDGES = 1_000  # users to whom `CANDIDATES` videos each are offered, or all
BATCH, BOTTOM, TOWER, RATE = 512, 64, 16, 0.003  # the last is that of all but the tables

OWN, LINEAR, SHARED = MODELS = ("single-task", "linear", "shared-bottom")

# What is in a pool, as in chapter 04, {pool: its models}; and all scores that pools make, by pool and way.
POOLS_APART = {OWN: (OWN,), LINEAR: (LINEAR,), "networks and linear": (OWN, LINEAR)}
POOLS_SHARED = {SHARED: (SHARED,)}
POOLS_JOINED = {"linear and shared": (LINEAR, SHARED), "networks and shared": (OWN, SHARED)}
POOLS = POOLS_APART | POOLS_SHARED | POOLS_JOINED
WAYS = names(frequent=False, counts=ITEM_COUNTS)
UNSHARED, FUSED, POOLED = (
    (*(score_name(kind, models, way) for kind, models in pools.items() for way in WAYS), *ITEM_COUNTS)
    for pools in (POOLS_APART, POOLS_SHARED, POOLS)
)

# What every model may choose from, besides passes, by validation loss.
RATES, PENALTIES = (0.1, 0.2, 0.4, 0.8, 1.6), (0.0, 0.001, 0.01)


class Log(NamedTuple):
    """A world's rows, and what is offered: its examples, whose they are, and which are of rare videos."""

    columns: Features
    train: Examples
    valid: Examples
    offers: Examples
    users: Tensor
    rare: Tensor


def make(size: str, seed: int) -> Log:
    """As in the feed, half of the videos are drawn at random, by their popularity, and half are the better liked topic
    of two; what is offered is drawn at random."""
    users, videos, rows, power, _ = SIZES[size]
    world, rng = World.make(users, videos, seed), np.random.default_rng([seed, 29])
    count = rows * 10 // 9
    user = rng.permutation(np.resize(np.arange(users), count))
    popular = (1.0 + np.arange(videos)) ** -power
    one, other = rng.choice(videos, (2, count), p=popular / popular.sum())
    prefers = world.affinity(user, other) > world.affinity(user, one)
    video = np.where(prefers & (rng.random(count) < 0.5), other, one)
    judge = np.repeat(rng.permutation(users)[:JUDGES], CANDIDATES)
    offered = rng.choice(videos, len(judge), p=popular / popular.sum())
    columns, tasks = features(users, videos), {label: label for label in LABELS}
    log, offers = (
        columns.examples(_log_rows(world, user, video, rng), tasks) for user, video in ((user, video), (judge, offered))
    )
    seen = np.bincount(video[:rows], minlength=videos)[offered]
    train, valid = (log.take(part) for part in torch.arange(count).split([rows, count - rows]))
    return Log(columns, train, valid, offers, torch.from_numpy(judge), torch.from_numpy(seen <= RARE))


def _log_rows(world: World, user: np.ndarray, video: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    labels, _ = world.respond(user, video, rng)
    return described(world, pd.DataFrame({"user": user, "video": video})).join(labels)


class SparseEncoder(Encoder):
    """Its tables have gradients for the rows that a batch looks up alone."""

    def _look_up(self, width: int, ids: Tensor) -> Tensor:
        return embedding(ids, self.tables[str(width)].weight, sparse=True)


class Linear(nn.Module):
    """A number for each id and label, and a line through the number: nothing is shared."""

    def __init__(self, columns: Features, labels: Sequence[str]):
        super().__init__()
        self.tasks = dict.fromkeys(labels, "binary")
        self.table = nn.Embedding(max(columns.tables.values()), len(labels), sparse=True)
        self.numbers = nn.Linear(len(columns.dense), len(labels))
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        logits = self.table(inputs["sparse"]).sum(1) + self.numbers(inputs["dense"])
        return dict(zip(self.tasks, logits.unbind(1), strict=True))


@torch.no_grad()
def build(model: str, log: Log, labels: Sequence[str], seed: int) -> nn.Module:
    """One of `MODELS` with its first parameters: it begins by giving each row the log-odds of the label."""
    rates = torch.stack([log.train.labels[label].mean() for label in labels]).logit()
    if model == LINEAR:
        net = Linear(log.columns, labels)
        net.numbers.bias.copy_(rates)
        return net
    tasks = dict.fromkeys(labels, "binary")
    net = SharedBottom(log.columns, tasks, [BOTTOM], [TOWER], encoder=SparseEncoder, seed=seed)
    for tower, rate in zip(net.towers, rates, strict=True):
        tower[-1].bias.fill_(rate)
    return net


def train_passes(net: nn.Module, train: Examples, rate: float, l2: float, seed: int) -> Iterator[nn.Module]:
    """The model after each pass over the rows, for ever."""
    (table,) = (part for part in net.modules() if isinstance(part, nn.Embedding))
    others = [parameter for parameter in net.parameters() if parameter is not table.weight]
    optimizers = torch.optim.Adagrad([table.weight], lr=rate), Adam(others, lr=RATE)
    draw, labels = torch.Generator().manual_seed(seed), torch.stack([train.labels[task] for task in net.tasks], 1)
    inputs = train.inputs
    torch.sparse.check_sparse_tensor_invariants.disable()  # or torch warns that it is
    while True:
        for rows in torch.randperm(len(train), generator=draw).split(BATCH):
            ids = inputs["sparse"][rows]
            outputs = net({"sparse": ids, "dense": inputs["dense"][rows]})
            losses = binary_cross_entropy_with_logits(
                torch.stack([*outputs.values()], 1), labels[rows], reduction="none"
            )
            looked_up = embedding(ids, table.weight, sparse=True) if l2 else torch.zeros(1, 1, 1)
            loss = losses.sum(1).mean() + l2 * looked_up.square().sum((1, 2)).mean()
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
        yield net


def after_passes(
    log: Log, model: str, labels: Sequence[str], rate: float, l2: float, passes: Sequence[int], seed: int
) -> Iterator[tuple[int, nn.Module]]:
    """One of `MODELS` after each of so many passes."""
    training = train_passes(build(model, log, labels, seed), log.train, rate, l2, seed)
    for count, net in zip(range(1, max(passes) + 1), training, strict=False):
        if count in passes:
            yield count, net


def together(model: str) -> list[tuple[str, ...]]:
    """The labels that are trained together; those of a linear model share nothing all the same."""
    return [(label,) for label in LABELS] if model == OWN else [LABELS]


def tune(
    seeds: Sequence[int],
    sizes: Sequence[str] = tuple(SIZES),
    models: Sequence[str] = MODELS,
    rates: Sequence[float] = RATES,
    penalties: Sequence[float] = PENALTIES,
) -> pd.DataFrame:
    """Validation loss of each label, in thousandths: size, model, label, rate, l2, passes, seed, loss."""
    rows = []
    for size, seed in product(sizes, seeds):
        log = make(size, seed)
        for model, rate, l2 in product(models, rates, penalties):
            for labels in together(model):
                for passes, net in after_passes(log, model, labels, rate, l2, SIZES[size].passes, seed):
                    for label, logits in predict(net, log.valid.inputs).items():
                        loss = 1000 * log_loss(logits, log.valid.labels[label])
                        rows.append((size, model, label, rate, l2, passes, seed, loss))
    return pd.DataFrame(rows, columns=["size", "model", "label", "rate", "l2", "passes", "seed", "loss"])


# {size: {model: {label: (rate, l2, passes)}}}
CHOSEN = Chosen(
    "00_ten_feed_tuning",
    by=["size", "model", "label"],
    setting=["rate", "l2", "passes"],
    value="loss",
    lowest=True,
)


def logits_of(log: Log, size: str, model: str, seed: int) -> dict[str, dict[str, Tensor]]:
    """{"valid" or "offers": {label: logits}} of one of `MODELS`, each label with its own setting."""
    logits: dict[str, dict[str, Tensor]] = {"valid": {}, "offers": {}}
    for labels in together(model):
        for setting in dict.fromkeys(CHOSEN[size][model][label] for label in labels):
            rate, l2, passes = setting
            ((_, net),) = after_passes(log, model, labels, rate, l2, [int(passes)], seed)
            here = [label for label in labels if CHOSEN[size][model][label] == setting]
            for name, part in logits.items():
                outputs = predict(net, getattr(log, name).inputs)
                part |= {label: outputs[label] for label in here}
    return logits


def compare(seeds: Sequence[int], sizes: Sequence[str] = tuple(SIZES), models: Sequence[str] = POOLED) -> pd.DataFrame:
    """size, seed, model, label, videos (all, or the rare ones where there are any), auc, gauc (of `MODELS` as they
    are), rare (share of the offers)."""
    parts = []
    for size, seed in product(sizes, seeds):
        log = make(size, seed)
        scores = _scores(log, size, seed)
        of = {model: label_metrics(log, scores[model], within=model in MODELS) for model in models}
        parts += [table.assign(size=size, seed=seed, model=model) for model, table in of.items()]
    table = pd.concat(parts, ignore_index=True)
    return table[["size", "seed", "model", "label", "videos", "auc", "gauc", "rare"]]


def _scores(log: Log, size: str, seed: int) -> dict[str, dict[str, Tensor]]:
    """{one of `POOLED`: {label: its scores of the offers}}"""
    scores: dict[str, dict[str, Tensor]] = {}
    outputs = {model: tuple(logits_of(log, size, model, seed).values()) for model in MODELS}
    for label in LABELS:
        counts = {
            count: tuple(item_count(count, log.train, label, "click", part.inputs) for part in (log.valid, log.offers))
            for count in ITEM_COUNTS
        }
        for count, (_, offers) in counts.items():
            scores.setdefault(count, {})[label] = offers
        for kind, members in POOLS.items():
            valid, offers = zip(*(outputs[model] for model in members), strict=True)
            for way, fused in pool(valid, offers, label, log.valid.labels[label], counts=counts).items():
                scores.setdefault(score_name(kind, members, way), {})[label] = fused
    return scores


def label_metrics(log: Log, scores: Mapping[str, Tensor], within: bool = True) -> pd.DataFrame:
    """label, videos, auc, gauc, rare; without `within` no GAUC, which takes as long as training."""
    rows, share = [], log.rare.double().mean().item()
    for label, score in scores.items():
        for videos, chosen in {"all": torch.ones_like(log.rare), "rare": log.rare}.items():
            truth = log.offers.labels[label][chosen]
            if chosen.any():
                in_lists = _gauc(score[chosen], truth, log.users[chosen]) if within else np.nan
                rows.append((label, videos, auc(score[chosen], truth), in_lists, share))
    return pd.DataFrame(rows, columns=["label", "videos", "auc", "gauc", "rare"])


def _gauc(scores: Tensor, truth: Tensor, users: Tensor) -> float:
    """Of the users who have both classes; the rows of the others count nowhere, and they are many."""
    some = torch.zeros(int(users.max()) + 1).index_add(0, users, truth) > 0
    return gauc(scores[some[users]], truth[some[users]], users[some[users]]).value


ONE = {"seeds": [900], "sizes": [SMALL], "models": [SHARED], "rates": [0.2], "penalties": [0.0]}
FEW = {"seeds": [3], "sizes": [SMALL]}
TABLES = kept_tables(
    KeptTable("00_ten_feed_tuning", tune, {"seeds": range(900, 905)}, [Recheck(ONE, {"loss": 3})]),
    KeptTable(
        "00_ten_feed",
        compare,
        {"seeds": range(40)},
        [Recheck(FEW, {"auc": 0.03, "gauc": 0.03, "rare": 0.01})],
        packed=True,
    ),
)

"""A loss that ranks, beside the log loss or in its place: what it does to the order of a list, to the level of the
predictions, and to exponents and weights that were chosen for calibrated ones.

Worlds are those of chapter 01, and one Shared-Bottom a world learns five labels. Rows come in pairs of one user, paired
anew in each epoch; the pair term is the log loss of which of two rows has the label, where just one has it (RankNet,
Burges and others, ICML 2005). Without it the same batches train the log loss alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.chapters.ch01.ranking import CHOSEN, LEVELS, PRACTICE, SIZE
from helpers.chapters.ch01.studies import ranking
from helpers.data.examples import Inputs, map_tensors, stack_inputs
from helpers.data.feed import CANDIDATES, Feed, Offer, features
from helpers.evaluation.calibration import platt
from helpers.evaluation.metrics import gauc
from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, each
from helpers.models.copies import Copies
from helpers.models.shared_bottom import SharedBottom
from helpers.training.adam import Adam

GOALS = tuple(LEVELS)
PAIRS = 1024  # a step
TOGETHER = 4  # worlds that train at once
EPOCHS = 20  # at most
FUSED = {"multiplicative": "product", "linear": "sum"}
RATES, PENALTIES = (0.01, 0.015, 0.02, 0.03, 0.04, 0.06), (0.0001, 0.0003, 0.001, 0.003)
# How much the log loss counts, and how much the pairs. With two ways each tries every other rate: 24 settings a loss.
LOSSES = {"log loss": [(1, 0)], "log loss and pairs": [(1, 1), (1, 4)], "pairs": [(0, 1)]}


@dataclass(frozen=True)
class Worlds:
    """Rows of some worlds, stacked: inputs `(worlds, n, columns)`, labels `(worlds, n, goals)`; users of each world."""

    seeds: list[int]
    inputs: Inputs
    labels: Tensor
    users: list[Tensor]
    valid: tuple[Inputs, Tensor]
    offers: list[Offer]
    offered: tuple[Inputs, Tensor]

    @staticmethod
    def make(seeds: Sequence[int]) -> "Worlds":
        encoded, feeds = features(SIZE["users"], SIZE["videos"]), [Feed.make(seed, **SIZE) for seed in seeds]
        logs = [feed.log.sort_values("time", kind="stable")[: ranking.ROWS] for feed in feeds]
        cut = ranking.ROWS * 9 // 10

        def packed(parts: Sequence[pd.DataFrame]) -> tuple[Inputs, Tensor]:
            labels = [torch.tensor(part[list(GOALS)].to_numpy(np.float32)) for part in parts]
            return stack_inputs(encoded.transform(part) for part in parts), torch.stack(labels)

        users = [torch.tensor(log["user"][:cut].to_numpy()) for log in logs]
        offers = [Offer.make(feed) for feed in feeds]
        rows = [offer.rows.assign(**offer.outcomes[list(GOALS)]) for offer in offers]
        valid, offered = packed([log[cut:] for log in logs]), packed(rows)
        return Worlds(list(seeds), *packed([log[:cut] for log in logs]), users, valid, offers, offered)


def in_pairs(user: Tensor, generator: torch.Generator) -> Tensor:
    """Row numbers `(pairs, 2)` in random order, each pair of one user; who has an odd row left pairs it with itself."""
    order = (user.double() + torch.rand(len(user), generator=generator, dtype=torch.double)).argsort()
    user, place = user[order], torch.arange(len(order))
    begins = torch.cat([torch.tensor([True]), user[1:] != user[:-1]])
    first = place[(place - place.where(begins, torch.tensor(0)).cummax(0).values) % 2 == 0]
    lone = (first + 1 == len(order)) | (user[first] != user[(first + 1).clamp(max=len(order) - 1)])
    pairs = torch.stack([order[first], order[first + (~lone).long()]], dim=1)
    return pairs[torch.randperm(len(pairs), generator=generator)]


def pair_loss(logit: Tensor, label: Tensor) -> Tensor:
    """−log p that the row with the label is ahead, `(…, pairs, 2)` → `(…, pairs)`; 0 where both or none has it."""
    ahead = label[..., 0] - label[..., 1]
    return ahead.abs() * F.softplus(-ahead * (logit[..., 0] - logit[..., 1]))


def train_epochs(
    worlds: Worlds, share: tuple[float, float], lr: float, l2: float, epochs: int = EPOCHS
) -> Iterator[Copies]:
    """The models, one a world, after each epoch. share: how much log loss and pairs count."""
    encoded, kinds = features(SIZE["users"], SIZE["videos"]), dict.fromkeys(GOALS, "binary")
    models = [
        SharedBottom(encoded, kinds, ranking.BOTTOM, ranking.TOWER, l2_embedding=l2, seed=seed) for seed in worlds.seeds
    ]
    copies, count, rows = Copies(models), len(models), worlds.labels.shape[1]
    adam, generators = Adam(copies.groups(), lr=lr), [torch.Generator().manual_seed(seed) for seed in worlds.seeds]
    inputs, labels = map_tensors(lambda tensor: tensor.flatten(0, 1), worlds.inputs), worlds.labels.flatten(0, 1)
    for _ in range(epochs):
        pairs = [in_pairs(*both) for both in zip(worlds.users, generators, strict=True)]
        fewest = min(map(len, pairs))
        index = torch.stack([rows * world + each[:fewest] for world, each in enumerate(pairs)])
        for batch in index.split(PAIRS, dim=1):
            flat = batch.flatten()
            outputs = copies(map_tensors(lambda t, flat=flat: t[flat].view(count, -1, t.shape[-1]), inputs))
            logit, label = (
                torch.stack([outputs[goal] for goal in GOALS], 1),
                labels[flat].view(count, -1, len(GOALS)).mT,
            )
            logs = (F.softplus(logit) - label * logit).mean(-1).sum()
            ranked = pair_loss(logit.unflatten(-1, (-1, 2)), label.unflatten(-1, (-1, 2))).mean(-1).sum()
            (share[0] * logs + share[1] * ranked).backward()
            adam.step()
            adam.zero_grad()
        yield copies


def _logits(copies: Copies, inputs: Inputs) -> Tensor:
    """`(worlds, goals, rows)`."""
    outputs = copies.predict(inputs)
    return torch.stack([outputs[goal] for goal in GOALS], dim=1)


def _gauc(worlds: Worlds, logits: Tensor) -> np.ndarray:
    """Of each world and goal, over the users on offer."""
    users = torch.arange(logits.shape[-1]) // CANDIDATES
    both = zip(logits, worlds.offered[1].mT, strict=True)
    return np.array([[gauc(z, y, users)[0] for z, y in zip(*world, strict=True)] for world in both])


def tune(
    seeds: Sequence[int],
    losses: Sequence[str] = tuple(LOSSES),
    rates: Sequence[float] = RATES,
    penalties: Sequence[float] = PENALTIES,
) -> pd.DataFrame:
    """Each setting after each epoch: loss, log, pairs, lr, l2, epochs, and GAUC in hundredths, the mean over worlds and
    labels of the rows on offer."""
    rows, every = [], [Worlds.make(seeds[start : start + TOGETHER]) for start in range(0, len(seeds), TOGETHER)]
    for loss in losses:
        for share, lr, l2 in product(LOSSES[loss], rates[:: len(LOSSES[loss])], penalties):
            scores = [
                [
                    _gauc(worlds, _logits(copies, worlds.offered[0])).mean(1)
                    for copies in train_epochs(worlds, share, lr, l2)
                ]
                for worlds in every
            ]
            for epoch, score in enumerate(np.concatenate(scores, axis=1).mean(1), 1):
                rows.append((loss, *share, lr, l2, epoch, 100 * score))
    return pd.DataFrame(rows, columns=["loss", "log", "pairs", "lr", "l2", "epochs", "gauc"])


CHOICE = Chosen("03_ranking_terms_tuning", by=["loss"], setting=["log", "pairs", "lr", "l2", "epochs"], value="gauc")
RAW, CALIBRATED = "as trained", "calibrated"
AS_BEFORE = ", settings of chapter 01"  # twelve epochs at its rate and penalty


def settings() -> dict[str, tuple]:
    """{loss: (log, pairs, lr, l2, epochs)}: as chosen for each, and the first two at chapter 01's settings."""
    kept = (*ranking.TUNED["shared-bottom"], 12)
    before = {f"log loss{AS_BEFORE}": (1, 0, *kept), f"log loss and pairs{AS_BEFORE}": (1, 1, *kept)}
    return {loss: CHOICE[loss] for loss in LOSSES} | before


def logits_by_group(seeds: Sequence[int], loss: str) -> Iterator[tuple[Worlds, dict[str, Tensor]]]:
    """Of each group of worlds: {correction: logits on offer}, as they are and after `platt` on the validation rows}."""
    *share, lr, l2, epochs = settings()[loss]
    for start in range(0, len(seeds), TOGETHER):
        worlds = Worlds.make(seeds[start : start + TOGETHER])
        *_, copies = train_epochs(worlds, tuple(share), lr, l2, int(epochs))
        logits, (inputs, labels) = _logits(copies, worlds.offered[0]), worlds.valid
        slope, shift = platt(_logits(copies, inputs), labels.mT).unbind(-1)
        yield worlds, {RAW: logits, CALIBRATED: slope[..., None] * logits + shift[..., None]}


def satisfaction_shown(offer: Offer, logit: Tensor, form: str, weights: Mapping[str, float]) -> float:
    """True satisfaction with the ten that each user is shown, by a form of chapter 01. logit: `(goals, rows)`.

    `Offer.served` says the same and more; `weigh` asks 150,000 times.
    """
    scores = dict(zip(GOALS, logit.double().sigmoid().numpy(), strict=True))
    fused = ranking.FORMS[form](scores, weights).reshape(-1, CANDIDATES)
    (satisfaction,) = ranking.top(fused, offer.outcomes["satisfaction"].to_numpy().reshape(-1, CANDIDATES))
    return float(satisfaction.mean())


def weigh(
    seeds: Sequence[int],
    losses: Sequence[str] = tuple(LOSSES),
    levels: Mapping[str, Sequence[float]] = LEVELS,
) -> pd.DataFrame:
    """Every set of exponents or weights: loss, correction, form, a column a label, and the mean satisfaction in
    hundredths."""
    brought: dict[tuple, list[float]] = {}
    for loss in losses:
        for worlds, by_correction in logits_by_group(seeds, loss):
            for (correction, logits), form, weights in product(by_correction.items(), FUSED, product(*levels.values())):
                of = dict(zip(GOALS, weights, strict=True))
                both = zip(worlds.offers, logits, strict=True)
                brought.setdefault((loss, correction, form, *weights), []).extend(
                    satisfaction_shown(*day, form, of) for day in both
                )
    rows = [(*key, 100 * np.mean(values)) for key, values in brought.items()]
    return pd.DataFrame(rows, columns=["loss", "correction", "form", *GOALS, "satisfaction"])


WEIGHTS = Chosen(
    "03_ranking_terms_weights",
    by=["loss", "correction", "form"],
    setting=list(GOALS),
    value="satisfaction",
    make=lambda *weights: dict(zip(GOALS, weights, strict=True)),
)


def compare(seeds: Sequence[int], losses: Sequence[str] | None = None) -> pd.DataFrame:
    """What each loss gives in each world: loss, correction, seed, gauc, log_loss (means over labels, of the rows on
    offer), level (sum of what is predicted over what happened, mean over labels), and satisfaction with lists by the
    exponents of chapter 01 (`product`), by its weights (`sum`), and by those chosen for this loss (`own product`,
    `own sum`)."""
    rows = []
    for loss in losses or settings():
        for worlds, by_correction in logits_by_group(seeds, loss):
            for correction, logits in by_correction.items():
                label, p = worlds.offered[1].mT, logits.sigmoid()
                table = pd.DataFrame({"seed": worlds.seeds, "loss": loss, "correction": correction})
                table["gauc"] = _gauc(worlds, logits).mean(1)
                table["log_loss"] = (F.softplus(logits) - label * logits).mean((1, 2)).numpy()
                table["level"] = (p.mean(-1) / label.mean(-1)).mean(1).numpy()
                for form, name in FUSED.items():
                    chosen = WEIGHTS[loss.removesuffix(AS_BEFORE)][correction][form]
                    for column, weights in ((name, CHOSEN[form]), (f"own {name}", chosen)):
                        both = zip(worlds.offers, logits, strict=True)
                        table[column] = [satisfaction_shown(offer, logit, form, weights) for offer, logit in both]
                rows.append(table)
    return pd.concat(rows, ignore_index=True)


WITHIN = {"gauc": 0.01, "log_loss": 0.01, "level": each(0.1, 0.2)}
WITHIN |= dict.fromkeys(("product", "own product", "sum", "own sum"), 0.03)
ONE = {"losses": ["pairs"], "rates": [0.02], "penalties": [0.001]}
FIRST = {"seeds": [3], "losses": ["log loss"]}
HIGHEST = {"losses": ["log loss"], "levels": ranking.HIGHEST}
TABLES = kept_tables(
    KeptTable("03_ranking_terms_tuning", tune, {"seeds": PRACTICE[:8]}, [Recheck(ONE, {"gauc": 0.5})]),
    KeptTable("03_ranking_terms_weights", weigh, {"seeds": PRACTICE}, [Recheck(HIGHEST, {"satisfaction": 1})]),
    KeptTable("03_ranking_terms", compare, {"seeds": range(24)}, [Recheck(FIRST, WITHIN)]),
)

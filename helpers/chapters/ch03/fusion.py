"""Click and finish on the simulated feed: weights at training against weights at serving.

At training: one logit, trained on w·L(click) + (1−w)·L(finish), a network a weight. At serving: two towers, trained
once, whose probabilities are fused with any weight. Finish is a label of every impression, as what is not clicked is
not finished. Judged by AUC on the candidates of `worlds.Offer`, and by what the served top 10 bring.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from helpers.data.examples import Examples
from helpers.data.feed import Feed, Offer, features
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.training.loop import fit

ROWS = 18_000  # of each log, so that all worlds can train together
BOTTOM, TOWER = [32], [16]
# One setting for both models. In 03_tuning, on worlds that no result uses, each has a slightly better one: one score a
# validation loss 0.1% lower at (0.003, 0.01), two towers 0.6% lower at (0.03, 0.001).
LEARNING_RATE, PENALTY = 0.01, 0.003


def kinds(*labels: str) -> dict[str, str]:
    return dict.fromkeys(labels, "binary")


def train(
    feeds: Sequence[Feed],
    labels: Sequence[str] = ("click", "finish"),
    model: type[nn.Module] = SharedBottom,
    weights: Sequence[float | Sequence[float]] = (1, 1),
    lr: float = LEARNING_RATE,
    penalty: float = PENALTY,
) -> tuple[list[nn.Module], pd.DataFrame]:
    """One model a feed, all trained at once on Σ weight·L(label): the models, each in its best state, and the history.

    model    `SharedBottom` (a tower for each label) or `OneHead` (one output for all)
    weights  one a label; or for a label one a feed
    """
    spec = features()
    parts = [feed.examples(spec, {label: label for label in labels}, ROWS) for feed in feeds]
    rows, valid = map(Examples.stack, zip(*parts, strict=True))
    seeds = [feed.seed for feed in feeds]
    models = [model(spec, kinds(*labels), BOTTOM, TOWER, l2_embedding=penalty, seed=seed) for seed in seeds]
    options = {"epochs": 15, "batch_size": 500, "lr": lr, "seed": seeds}
    run = fit(models, rows, valid, task_weights=dict(zip(labels, weights, strict=True)), **options)
    return models, run.history


@torch.no_grad()
def probabilities(model: nn.Module, offer: Offer) -> dict[str, np.ndarray]:
    """The probability of each label for each candidate."""
    return {task: torch.sigmoid(logit).numpy().astype(float) for task, logit in model(offer.inputs(features())).items()}


SCALES = ("click alone", "0.5 and 0.5", "0.5 and 0.5, each divided by its constant's loss", "like alone")


def constant_loss(labels: Tensor) -> float:
    """The log loss of the best constant guess, the rate itself: the entropy of the label, in nats.

    ValueError for labels other than 0 and 1, and where all are the same: then a constant guess is never wrong.
    """
    rate = validate.binary("labels", labels).float().mean().item()
    if rate in (0, 1):
        validate.fail("labels", f"only {rate:g}", "both 0 and 1")
    return float(-(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)))

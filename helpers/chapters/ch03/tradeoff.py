"""One score for two goals: the whole trade-off curve by task weight, and a front that no weighted sum can walk along.

Losses here are *relative*: divided by that of the best constant guess, so 1 is no better than a constant and, for
squared errors, 1 − R². A run is judged as it would be deployed: one state, that of the best weighted validation loss.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from torch import Tensor

from helpers.data.examples import Examples, Inputs
from helpers.data.synthetic import TaskPair, relu_tasks
from helpers.evaluation.metrics import auc, r2
from helpers.experiments.feature_tasks import INPUTS, TASKS, TOWER, full_batches
from helpers.experiments.sweep import points, sweep
from helpers.models.one_head import OneHead
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.training.loop import TOTAL, Run

WIDTH = 8
CORRELATIONS = tuple(quarters / 4 for quarters in range(-4, 5))
WEIGHTS = tuple(tenths / 10 for tenths in range(11))
MODELS = ("one score", "two towers")


def predict_deployed(run: Run, inputs: Inputs) -> dict[str, Tensor]:
    """What one state predicts for all tasks, that of the lowest weighted validation loss: `(n,)` or `(copies, n)`."""
    return run.copies.squeeze(run.copies.predict(inputs, run.best[TOTAL][1]))


def correlated_pair(correlation: float, seed: int) -> TaskPair:
    """Two tasks whose noise-free targets have this correlation: that many of four features in common, with its sign."""
    shared = round(4 * abs(validate.choice("correlation", correlation, CORRELATIONS)))
    return relu_tasks(shared=shared, relation="opposite" if correlation < 0 else "same", seed=seed)


def trade_off(
    seeds: Sequence[int],
    model: str = "one score",
    correlations: Sequence[float] = CORRELATIONS,
    weights: Sequence[float] = WEIGHTS,
) -> pd.DataFrame:
    """A model trained on w·L(a) + (1−w)·L(b): a row a correlation, weight, seed and task, columns loss and auc.

    loss is relative, against the noise-free target; auc is that of "above average", target > 0. Copies of one seed
    differ in their weight and in the pair of tasks alone, so they are paired.
    """
    kind = {"one score": OneHead, "two towers": SharedBottom}[validate.choice("model", model, MODELS)]
    parts = [
        sweep(
            points(correlation=[correlation], weight=weights, seed=seeds),
            data=correlated_pair,
            model=lambda seed: kind(INPUTS, TASKS, [WIDTH], [TOWER], seed=seed),
            options=lambda weight: full_batches() | {"task_weights": {"a": weight, "b": 1 - weight}},
            judge=lambda run, test: _loss_and_auc(predict_deployed(run, test.inputs), test),
        )
        for correlation in correlations  # one after the other, as all of them would take half a gigabyte
    ]
    return pd.concat(parts, ignore_index=True)


def _loss_and_auc(outputs: dict[str, Tensor], test: Examples) -> pd.DataFrame:
    """The relative loss and the AUC of each copy and task: copy, task, loss, auc."""
    parts = []
    for task, value in outputs.items():
        target = test.labels[task]
        scores = {"loss": 1 - r2(value, target), "auc": auc(value, (target > 0).float())}
        parts.append(pd.DataFrame({"copy": range(len(value)), "task": task} | scores))
    return pd.concat(parts, ignore_index=True)


def best_losses(correlation: float, weights: Sequence[float]) -> pd.DataFrame:
    """The relative losses of the best possible single score, w·a + (1−w)·b: a row a weight and task.

    For standardised targets: loss of a = (1−w)²·2(1−correlation), loss of b = w²·2(1−correlation).
    """
    w, gap = np.asarray(weights, dtype=float), 2 * (1 - correlation)
    parts = [pd.DataFrame({"weight": w, "task": t, "loss": gap * v**2}) for t, v in (("a", 1 - w), ("b", w))]
    return pd.concat(parts, ignore_index=True)

"""The luck of the test rows where orders are judged within lists."""

import numpy as np
import pandas as pd
import torch

from ..support import validate
from .intervals import _row
from .metrics import NO_USER, Array, ranks


def gauc_influence(scores: Array, labels: Array, groups: Array) -> np.ndarray:
    """How much each row moves the GAUC, `(rows,)` with sum 0, as `intervals.auc_influence` does of the AUC: by what it
    moves the AUC of its user, and by how far that is from the mean. Where a user has labels of one class, by nothing.

    groups  `(rows,)`: the user, or list, of each row
    """
    score, label = torch.as_tensor(_row("scores", scores)), _row("labels", labels)
    validate.same_length(scores=score, labels=label, groups=groups)
    positive, codes = validate.binary("labels", label) == 1, pd.factorize(np.asarray(groups))[0]
    if (codes < 0).any():
        validate.fail("groups", f"{(codes < 0).sum()} missing", "the user of each row")
    key = torch.as_tensor(codes) * len(score) + torch.searchsorted(score.sort().values, score)  # ordered by user, score
    counts = {side: np.bincount(codes[positive == side], minlength=codes.max() + 1) for side in (True, False)}
    size = counts[True] + counts[False]
    every, within = ranks(key).numpy() - (np.cumsum(size) - size)[codes], np.empty(len(codes))
    for side, count in counts.items():
        rows = positive == side
        within[rows] = ranks(key[rows]).numpy() - (np.cumsum(count) - count)[codes[rows]]
    both = (counts[True] > 0) & (counts[False] > 0)
    if not both.any():
        validate.fail("labels", NO_USER, "at least one such user")
    positives, negatives = (np.maximum(counts[side], 1)[codes] for side in (True, False))
    share = np.where(positive, (every - within) / negatives, 1 - (every - within) / positives)
    area = np.bincount(codes, share * positive) / np.maximum(counts[True], 1)
    mean = np.average(area, weights=size * both)
    moves = (share - area[codes]) / np.where(positive, positives, negatives) * size[codes] + area[codes] - mean
    return np.where(both[codes], moves, 0) / size[both].sum()

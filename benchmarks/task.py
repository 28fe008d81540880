"""The task on which libraries are compared, as plain arrays: 16 columns of ids, 8 numbers, two binary labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SPARSE, VOCABULARY, WIDTH, DENSE = 16, 1000, 8, 8
TASKS = ("click", "like")
BOTTOM, TOWERS = (128, 128), (64, 32)
BATCH, LR, EPOCHS = 1024, 3e-3, 4  # after so many epochs the AUC has nearly stopped rising


@dataclass(frozen=True)
class Data:
    """sparse `(n, 16)` int64 from 0 to 999, dense `(n, 8)` float32, labels `(n, 2)` float32 of 0 and 1."""

    sparse: np.ndarray
    dense: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, start: int, stop: int) -> Data:
        return Data(self.sparse[start:stop], self.dense[start:stop], self.labels[start:stop])


def make(rows: int, seed: int = 0) -> Data:
    """Rows whose labels depend on every column; the sum over half of the id columns also meets that over the others.

    Equal seeds give equal bytes.
    """
    rng = np.random.default_rng(seed)
    effect = rng.normal(0, 0.35, (SPARSE, VOCABULARY, len(TASKS)))
    slope = rng.normal(0, 0.25, (DENSE, len(TASKS)))
    sparse = rng.integers(0, VOCABULARY, (rows, SPARSE))
    dense = rng.normal(0, 1, (rows, DENSE)).astype(np.float32)
    each = effect[np.arange(SPARSE), sparse]  # (rows, columns, tasks)
    logit = each.sum(1) + dense @ slope + each[:, : SPARSE // 2].sum(1) * each[:, SPARSE // 2 :].sum(1)
    chance = 1 / (1 + np.exp(np.array([1.0, 2.2]) - logit))
    return Data(sparse, dense, (rng.random(chance.shape) < chance).astype(np.float32))

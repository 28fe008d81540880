"""The clinic: what its exercises take from statistics, and what their text must say."""

import nbformat
import numpy as np
import pytest
import torch

from helpers.chapters.clinic import exercises
from helpers.evaluation.metrics import auc
from tools.notebooks import ROOT


def test_the_task_says_that_the_target_is_detached():
    """The check fails for a target that is not; the published one has another mistake."""
    cells = nbformat.read(ROOT / "notebooks" / "clinic.ipynb", as_version=4).cells
    place = next(number for number, cell in enumerate(cells) if "def my_target(" in cell.source)
    task = next(cell for cell in reversed(cells[:place]) if cell.cell_type == "markdown")
    assert "detached" in task.source


def test_the_error_of_an_auc_is_that_of_simulated_test_sets():
    rng, found = np.random.default_rng(0), []
    shift = 0.954  # two normals that far apart: AUC 0.75
    for _ in range(400):
        label = torch.from_numpy(rng.permutation(np.arange(500) < 100).astype(np.float32))
        found.append(auc(torch.from_numpy(rng.standard_normal(500)).float() + shift * label, label))
    assert np.std(found) == pytest.approx(exercises.auc_error(500), rel=0.12)
    assert np.mean(found) == pytest.approx(0.75, abs=0.01)

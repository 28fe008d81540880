"""Rows that only one task has seen: each has its labels, and as many in common as were asked for."""

import pytest

from helpers.chapters.ch04.studies.which_tasks_together.overlap import APART, LABELS, LOGS, partly_observed


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("overlap", [0.0, 0.4, 1.0])
def test_each_task_has_its_labels_and_some_in_common(log, overlap):
    rows = partly_observed("same sign", 3, overlap, log)
    a, b = rows.masks.values()
    assert a.sum() == b.sum() == LABELS and (a & b).sum() == round(LABELS * overlap)
    if log == APART and not overlap:
        total = rows.inputs.sum(1)
        assert total[a].max() < total[b].min()

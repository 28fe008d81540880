"""Groups of tasks: every grouping there is, models that cost the same, and what is read off them."""

import numpy as np
import pandas as pd
import pytest

from helpers.evaluation.counts import BY_CLICKS
from helpers.lab.ch04.which_tasks_together import grouping
from helpers.lab.ch04.which_tasks_together.grouping import (
    APART,
    COST,
    GROUPINGS,
    GROUPS,
    MMOE,
    PAIR,
    TASKS,
    TOGETHER,
    partitions,
)


def test_there_are_as_many_groupings_as_bell_numbers_say():
    assert [len(list(partitions(TASKS[:count]))) for count in range(6)] == [1, 1, 2, 5, 15, 52]
    assert len(GROUPINGS) == 52 and len(GROUPS) == 2**5 - 1
    for groups in GROUPINGS.values():
        assert sorted(task for group in groups for task in group) == sorted(TASKS)
        assert all(grouping.name_of(group) in GROUPS for group in groups)
    assert GROUPINGS[TOGETHER] == [TASKS] and GROUPINGS[APART] == [(task,) for task in TASKS]


def multiply_adds(model) -> int:
    """Of one row, by the weights of its layers; gates mix four experts for two tasks."""
    layers = sum(p.numel() for name, p in model.named_parameters() if p.dim() == 2 and "table" not in name)
    return layers + (2 * 4 * grouping.units_of_experts() if hasattr(model.bottom, "experts") else 0)


@pytest.mark.long
def test_every_grouping_costs_as_much_within_two_per_cent():
    cost = {name: multiply_adds(grouping.build(name, 0.0, 0)) for name in GROUPS}
    assert cost["like"] == COST
    for groups in GROUPINGS.values():
        assert sum(cost[grouping.name_of(group)] for group in groups) == pytest.approx(5 * COST, rel=0.02)


def test_the_mmoe_of_the_pair_costs_as_much_as_its_shared_bottom():
    model = grouping.build(MMOE, 0.0, 0)
    assert list(model.tasks) == list(PAIR) and len(model.bottom.experts) == 4 and len(model.bottom.gates) == 2
    assert multiply_adds(model) == pytest.approx(2 * COST, rel=0.06)  # units are whole


@pytest.fixture
def table() -> pd.DataFrame:
    """Two worlds in which a task gains 0.01 for each partner, but the click loses 0.02 for each."""
    rows = [
        {"seed": seed, "model": name, "task": task, "auc": 0.6 + 0.1 * seed + worth(task) * (len(group) - 1)}
        for seed in (0, 1)
        for name, group in GROUPS.items()
        for task in group
    ]
    return pd.DataFrame(rows)


def worth(task: str) -> float:
    return -0.02 if task == "click" else 0.01


def test_a_grouping_is_chosen_on_the_other_half_of_the_worlds():
    """Even worlds favour `x`, odd ones `y`: each half is given what the other half favours."""
    rows = [(name, seed, float((name == "x") == (seed % 2 == 0)), 0.0) for name in "xyz" for seed in range(6)]
    found = pd.DataFrame(rows, columns=["grouping", "seed", "auc", "from_pairs"])
    picked = grouping.chosen(found)
    assert picked["seed"].tolist() == list(range(6))
    assert picked["grouping"].tolist() == ["y", "x"] * 3 and (picked["auc"] == 0).all()
    predicted = found.assign(from_pairs=(found["grouping"] == "z").astype(float))
    assert set(grouping.chosen(predicted, by="from_pairs")["grouping"]) == {"z"}


def test_each_task_is_compared_with_the_best_for_it(table):
    """The share alone is worse than its count, all others are better alone."""
    counted = table[table["model"] == table["task"]].copy()
    counted["auc"] += np.where(counted["task"] == "share", 0.05, -0.05)
    both = pd.concat([table, counted.assign(model=BY_CLICKS)])
    assert grouping.best_unshared(both).tolist() == pytest.approx([0.6 + 0.05 / 5, 0.7 + 0.05 / 5])

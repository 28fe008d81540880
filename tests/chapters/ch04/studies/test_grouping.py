"""Groups of tasks: every grouping there is, models that cost the same, and what is read off them."""

import pandas as pd
import pytest

from helpers.chapters.ch04.studies.which_tasks_together import grouping
from helpers.chapters.ch04.studies.which_tasks_together.grouping import (
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


def test_a_grouping_is_chosen_on_the_other_half_of_the_worlds():
    """Even worlds favour `x`, odd ones `y`: each half is given what the other half favours."""
    rows = [(name, seed, float((name == "x") == (seed % 2 == 0)), 0.0) for name in "xyz" for seed in range(6)]
    found = pd.DataFrame(rows, columns=["grouping", "seed", "auc", "from_pairs"])
    picked = grouping.chosen(found)
    assert picked["seed"].tolist() == list(range(6))
    assert picked["grouping"].tolist() == ["y", "x"] * 3 and (picked["auc"] == 0).all()
    predicted = found.assign(from_pairs=(found["grouping"] == "z").astype(float))
    assert set(grouping.chosen(predicted, by="from_pairs")["grouping"]) == {"z"}


def test_both_sides_are_fused_by_what_the_other_half_of_the_worlds_says():
    """A label of a pool is scored by the way that is best for it there; the pool by the mean of its labels."""
    even = {("x", "a", "p"): 0.9, ("x", "a", "q"): 0.1, ("x", "b", "p"): 0.1, ("x", "b", "q"): 0.9}
    even |= {("y", "a", "p"): 0.8, ("y", "b", "p"): 0.8}  # better than x as it is, and not where x is fused
    odd = {key: 1 - value for key, value in even.items()}
    rows = [(seed, *key, auc) for seed in range(4) for key, auc in (odd if seed % 2 else even).items()]
    table = pd.DataFrame(rows, columns=["seed", "pool", "task", "way", "auc"])
    found = grouping.chosen_fused(table, ["x", "y"])
    assert found["pool"].tolist() == ["x"] * 4 and found["auc"].tolist() == pytest.approx([0.1] * 4)
    assert grouping.chosen_fused(table, ["y"])["auc"].tolist() == pytest.approx([0.8, 0.2, 0.8, 0.2])

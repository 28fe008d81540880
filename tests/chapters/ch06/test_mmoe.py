"""Do gates help? What the experiments of chapter 06 count, measure and sort."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from helpers.chapters.ch06 import exercises, mmoe
from helpers.chapters.ch06.studies import mmoe as lab_mmoe
from helpers.course import kept_table
from helpers.evaluation.statistics import difference, interval
from helpers.models.shared_bottom import parameter_count


def test_opponents_have_the_parameters_of_the_mmoe_gates_counted():
    count = mmoe.size("MMoE")
    assert count == parameter_count(mmoe.build("MMoE", 0)) == 4 * 21 * 4 + 2 * 20 * 4 + 2 * (5 * 8 + 9)
    for model, shapes in mmoe.SHAPES.items():
        for shape in shapes:
            if model != "one expert" and (model, shape) != ("fixed gates", (4, 4)):
                assert 0.93 * count < mmoe.size(model, shape) < 1.05 * count, (model, shape)
    assert mmoe.SHAPES["shared-bottom, equal size"][0][0] == exercises.fair_width.right(20, 2, 4, 4, 8)
    assert mmoe.size("single-task") == 2 * parameter_count(mmoe.build("single-task", 0, {"a": "regression"}))
    assert (
        mmoe.size("fixed gates") == count - 2 * 20 * 4 + 2 * 4
    )  # the MMoE's own experts, and 4 numbers in place of a matrix


def test_experts_are_aligned_within_each_run_and_keep_their_pairs():
    weights = {"a": [[0.1, 0.6, 0.2, 0.1], [0.2, 0.1, 0.4, 0.3]], "b": [[0.4, 0.1, 0.2, 0.3], [0.2, 0.5, 0.1, 0.2]]}
    rows = [
        {"model": "MMoE", "p": 0.0, "seed": seed, "task": task, "expert": expert + 1, "weight": weight, "common": seed}
        for task, runs in weights.items()
        for seed, run in enumerate(runs)
        for expert, weight in enumerate(run)
    ]
    table = pd.DataFrame(rows)
    found = mmoe.aligned(table).pivot(index="seed", columns=["task", "expert"], values="weight").sort_index(axis=1)
    assert found.loc[0, "a"].tolist() == [0.6, 0.2, 0.1, 0.1] and found.loc[0, "b"].tolist() == [0.1, 0.2, 0.3, 0.4]
    assert found.loc[1, "a"].tolist() == [0.4, 0.3, 0.2, 0.1] and found.loc[1, "b"].tolist() == [0.1, 0.2, 0.2, 0.5]
    assert mmoe.aligned(table).groupby("seed")["common"].unique().tolist() == [[0], [1]]  # that of the run
    ple = table[table["seed"] == 0].assign(model="PLE", weight=[0.1, 0.6, 0.3, 0.0, 0.0, 0.1, 0.8, 0.1])
    aligned = mmoe.aligned(ple).sort_values(["task", "expert"])
    assert aligned["weight"].tolist() == ple["weight"].tolist()  # own experts stay at the ends


def test_what_gates_have_in_common_is_counted_row_by_row_and_set_against_other_rows():
    one = torch.eye(4).repeat(500, 1)  # each row takes one expert
    assert mmoe.in_common(one, one) == (1.0, pytest.approx(0.25, abs=0.04))
    assert mmoe.in_common(one, one.roll(1, 0))[0] == 0  # never the same, though the mean weights are equal
    even = torch.full((8, 4), 0.25)
    assert mmoe.in_common(even, even) == (1.0, 1.0)
    a, b = torch.tensor([[0.7, 0.3], [0.2, 0.8]]), torch.tensor([[0.6, 0.4], [0.9, 0.1]])
    assert mmoe.in_common(a, b)[0] == pytest.approx((0.9 + 0.3) / 2)
    assert mmoe.in_common(one, one, seed=1) == mmoe.in_common(one, one, seed=1)


def test_the_seesaw_is_what_a_task_wins_and_the_other_loses():
    r2 = {("a", 0.1): 0.5, ("a", 0.9): 0.9, ("b", 0.1): 0.8, ("b", 0.9): 0.6}
    table = pd.DataFrame([(w, 0, "m", task, value) for (task, w), value in r2.items()])
    table.columns = ["weight", "seed", "model", "task", "r2"]
    assert lab_mmoe.seesaw(table)["seesaw"].tolist() == pytest.approx([0.3])


def test_what_looking_is_worth_with_one_shape_is_what_the_chapter_says():
    """Numbers of its text that no cell shows: MMoE minus fixed gates, with four experts of four units on both sides."""
    text = (Path(__file__).parents[3] / "notebooks" / "06_mmoe.ipynb").read_text(encoding="utf-8")
    gains = {
        name: difference(kept_table(name), "r2", "MMoE", "fixed gates")
        for name in ("06_kinds_one_shape", "06_relu_one_shape")
    }
    kinds = interval(gains["06_kinds_one_shape"].groupby("seed")["difference"].mean())
    assert "{:.3f} [{:.3f}, {:.3f}]".format(*kinds) in text
    costs = -gains["06_relu_one_shape"].groupby(["condition", "rows"])["difference"].mean()
    assert f"looking costs even more, {costs.max():.3f} to {costs.min():.3f} in the four settings" in text

"""Do gates help? What the experiments of chapter 06 count, measure and sort."""

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.experiments import mmoe
from helpers.experiments.mmoe import LAYERED, MODELS, MULTI, ONE_EXPERT, ONE_GATE, OTHER, SINGLE, WIDE
from helpers.models import SharedBottom, parameter_count
from helpers.simulation import relu_tasks


def test_opponents_have_the_parameters_of_the_mmoe_gates_counted():
    size = parameter_count(mmoe.build(MULTI, 0))
    assert size == 4 * 21 * 4 + 2 * 20 * 4 + 2 * (5 * 8 + 9)
    assert abs(parameter_count(mmoe.build(WIDE, 0)) - size) <= 18  # a unit more would be 37 parameters
    assert abs(2 * parameter_count(mmoe.build(SINGLE, 0, {"a": "regression"})) - size) <= 29
    assert parameter_count(mmoe.build(ONE_GATE, 0)) == size - 80
    assert parameter_count(mmoe.build(LAYERED, 0)) < size


def test_every_model_starts_from_its_seed():
    x = torch.ones(2, 20)
    for model in MODELS:
        one, same, other = (mmoe.build(model, seed)(x)["a"] for seed in (1, 1, 2))
        assert torch.equal(one, same) and not torch.equal(one, other)
    assert isinstance(mmoe.build(ONE_EXPERT, 0), SharedBottom)


def test_an_unknown_model_is_named():
    with pytest.raises(ValueError, match="model: got 'MMMoE'"):
        mmoe.build("MMMoE", 0)


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(mmoe, "EPOCHS", 5)
    monkeypatch.setattr(mmoe, "STEPS", 8)


def test_losses_are_tidy_with_the_single_task_loss_at_every_p(short):
    table = mmoe.figure_4(range(2), [0.0, 1.0])
    assert list(table.columns) == ["p", "seed", "model", "log2_mse"]
    assert len(table) == 2 * 2 * 5 and not table.duplicated(["p", "seed", "model"]).any()
    by_p = table.pivot(index=["model", "seed"], columns="p", values="log2_mse")
    assert (by_p[0.0] == by_p[1.0]).groupby("model").all().to_dict() == {m: m == SINGLE for m in mmoe.PAPER}


def test_scores_are_tidy(short):
    table = mmoe.scores(range(2), rows=[500])
    assert list(table.columns) == ["condition", "rows", "seed", "model", "task", "r2"]
    assert len(table) == 2 * 2 * 6 * 2 and not table.isna().any(axis=None)
    assert not table.duplicated(["condition", "seed", "model", "task"]).any()


def test_gate_weights_sum_to_1_and_own_experts_stand_at_the_ends(short):
    table = mmoe.usage(range(2), [0.0])
    assert np.allclose(table.groupby([*mmoe.RUN, "task"])["weight"].sum(), 1, atol=1e-5)
    weight = table[table["model"] == LAYERED].pivot_table("weight", "task", "expert")
    assert weight.loc["a", 4] == weight.loc["b", 1] == 0 and (weight.loc["a", :3] > 0).all()


def test_experts_are_aligned_within_each_run_and_keep_their_pairs():
    weights = {"a": [[0.1, 0.6, 0.2, 0.1], [0.2, 0.1, 0.4, 0.3]], "b": [[0.4, 0.1, 0.2, 0.3], [0.2, 0.5, 0.1, 0.2]]}
    rows = [
        {"model": MULTI, "p": 0.0, "seed": seed, "task": task, "expert": expert + 1, "weight": weight}
        for task, runs in weights.items()
        for seed, run in enumerate(runs)
        for expert, weight in enumerate(run)
    ]
    table = pd.DataFrame(rows)
    found = mmoe.aligned(table).pivot(index="seed", columns=["task", "expert"], values="weight").sort_index(axis=1)
    assert found.loc[0, "a"].tolist() == [0.6, 0.2, 0.1, 0.1] and found.loc[0, "b"].tolist() == [0.1, 0.2, 0.3, 0.4]
    assert found.loc[1, "a"].tolist() == [0.4, 0.3, 0.2, 0.1] and found.loc[1, "b"].tolist() == [0.1, 0.2, 0.2, 0.5]
    assert mmoe.overlap(table)["overlap"].tolist() == pytest.approx([0.5, 0.6])
    assert mmoe.overlap(mmoe.aligned(table))["overlap"].tolist() == pytest.approx([0.5, 0.6])


def test_the_own_experts_of_ple_are_not_moved():
    table = mmoe.GRIDS["06_usage"].read()
    weight = mmoe.aligned(table[table["model"] == LAYERED]).pivot_table("weight", "task", "expert")
    assert weight.loc["a", 4] == weight.loc["b", 1] == 0
    assert weight.loc["a", 2] - weight.loc["b", 2] > weight.loc["a", 3] - weight.loc["b", 3]


def test_the_seesaw_is_what_a_task_wins_and_the_other_loses():
    r2 = {("a", 0.1): 0.5, ("a", 0.9): 0.9, ("b", 0.1): 0.8, ("b", 0.9): 0.6}
    table = pd.DataFrame([(w, 0, "m", task, value) for (task, w), value in r2.items()])
    table.columns = ["weight", "seed", "model", "task", "r2"]
    assert mmoe.seesaw(table)["seesaw"].tolist() == pytest.approx([0.3])


def test_the_extra_column_is_the_same_draw_at_every_scale():
    pair = relu_tasks((50, 20, 30), seed=1)
    scaled, raw = (mmoe.with_column(pair, *mmoe.COLUMNS[name], seed=1) for name in ("scaled", "30 ± 10"))
    for part in ("train", "valid", "test"):
        one, other = getattr(scaled, part), getattr(raw, part)
        assert torch.equal(one.inputs[:, :-1], getattr(pair, part).inputs) and one.inputs.shape[1] == 21
        torch.testing.assert_close(30 + 10 * one.inputs[:, -1], other.inputs[:, -1], atol=1e-4, rtol=1e-5)
    assert not torch.equal(scaled.train.inputs[:20, -1], scaled.valid.inputs[:, -1])


def test_a_model_without_gates_uses_no_number_of_experts(short):
    table = mmoe.collapse(range(2), ["scaled"])
    assert table[table["model"] == WIDE]["used"].isna().all()
    assert table[table["model"] == MULTI]["used"].between(1, 4).all()


@pytest.mark.long
def test_a_sample_of_the_grids_trains_to_the_kept_numbers():
    new = mmoe.scores([3, 11], [OTHER], [500], [WIDE, MULTI])
    both = mmoe.GRIDS["06_relu"].read().merge(new, on=["condition", "rows", "seed", "model", "task"])
    assert len(both) == len(new) == 8
    np.testing.assert_allclose(both["r2_x"], both["r2_y"], atol=0.03)
    new = mmoe.weighted([5], [0.1], [LAYERED])
    both = mmoe.GRIDS["06_seesaw"].read().merge(new, on=["weight", "seed", "model", "task"])
    np.testing.assert_allclose(both["r2_x"], both["r2_y"], atol=0.03)
    new = mmoe.collapse([7], ["scaled"], [MULTI])
    both = mmoe.GRIDS["06_collapse"].read().merge(new, on=["column", "seed", "model"])
    np.testing.assert_allclose(both["r2_x"], both["r2_y"], atol=0.03)


@pytest.mark.long
def test_a_sample_of_the_paper_s_tasks_trains_to_the_kept_numbers():
    """As in `test_recipe`: at this rate a rounding error moves a run, so the median is what must come out again."""
    new = mmoe.figure_4(range(8), [0.0], models=[MULTI])
    both = mmoe.GRIDS["06_figure_4"].read().merge(new, on=["p", "seed", "model"])
    off = both["log2_mse_x"] - both["log2_mse_y"]
    assert len(both) == 8 and off.abs().median() < 0.2 and abs(off.median()) < 0.1

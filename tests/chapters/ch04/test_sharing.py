import numpy as np
import pandas as pd
import pytest

from helpers.chapters.ch04 import sharing
from helpers.data.synthetic import relu_tasks
from helpers.experiments.feature_tasks import full_batches


@pytest.mark.slow
def test_conditions_are_a_tidy_table_and_equal_for_equal_seeds(monkeypatch):
    monkeypatch.setattr(sharing, "full_batches", lambda lr: full_batches(lr, epochs=25))
    one, two = (sharing.conditions(range(2), ["disjoint features"]) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    assert list(one.columns) == ["condition", "seed", "model", "task", "r2"]
    assert len(one) == 2 * 3 * 2
    assert not one.duplicated(["condition", "seed", "model", "task"]).any()


@pytest.mark.long
def test_a_seed_gives_the_same_row_alone_and_among_others():
    among, alone = (sharing.conditions(seeds, ["disjoint features"]) for seeds in (range(3), [2]))
    merged = among[among["seed"] == 2].merge(alone, on=["condition", "seed", "model", "task"])
    np.testing.assert_allclose(merged["r2_x"], merged["r2_y"], atol=1e-3)


@pytest.mark.slow
def test_flipped_labels_give_the_same_scores():
    by = sharing.flip(range(2)).pivot(index=["seed", "task"], columns="condition", values="r2")
    np.testing.assert_allclose(by.iloc[:, 0], by.iloc[:, 1], atol=1e-5)


def test_negated_flips_task_b_alone():
    pair = relu_tasks((10, 10, 10))
    other = sharing.negated(pair)
    assert (other.train.labels["b"] == -pair.train.labels["b"]).all()
    assert (other.test.labels["a"] == pair.test.labels["a"]).all()
    assert other.label_correlation == -pair.label_correlation


def test_cosines_lie_between_minus_1_and_1_and_start_before_training():
    table = sharing.cosines(range(2), steps=10, every=5)
    assert table["cosine"].abs().max() <= 1 + 1e-6
    assert sorted(table["step"].unique()) == [0, 5, 10]


@pytest.mark.long
def test_equal_starts_differ_from_own_starts_and_are_paired():
    table = sharing.starts([2], ["disjoint features"])
    assert list(table.columns) == ["condition", "seed", "model", "task", "r2"]
    r2 = table.pivot(index="task", columns="model", values="r2")
    assert (r2["equal start"] != r2["own start"]).all() and (abs(r2["equal start"] - r2["own start"]) < 0.3).all()

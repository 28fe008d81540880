import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.chapters.ch04 import ratings, sharing
from helpers.course import GRIDS
from helpers.data.synthetic import relu_tasks
from helpers.evaluation.statistics import difference, interval, summarise
from helpers.experiments.grid import Grid
from helpers.models.shared_bottom import SharedBottom, SingleTask, parameter_count


def test_interval_is_scipy_s():
    values = np.random.default_rng(0).normal(3, 2, 20)
    mean, low, high = interval(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (mean, low, high) == pytest.approx((values.mean(), expected.low, expected.high))


@pytest.mark.parametrize("values", [[1.0], [], [1.0, float("nan")], [[1.0, 2.0]]])
def test_interval_refuses_what_it_cannot_judge(values):
    with pytest.raises(ValueError, match="values: got"):
        interval(values)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    keys = [(seed, task, model) for seed in range(5) for task in "ab" for model in ("one", "two")]
    return pd.DataFrame(keys, columns=["seed", "task", "model"]).assign(r2=rng.normal(size=len(keys)))


def test_difference_is_paired_whatever_the_order_of_rows(table):
    shuffled = table.sample(frac=1, random_state=0)
    found = difference(shuffled, "r2", "one", "two").set_index(["seed", "task"])["difference"]
    for (seed, task), value in found.items():
        rows = table[(table["seed"] == seed) & (table["task"] == task)].set_index("model")["r2"]
        assert value == pytest.approx(rows["one"] - rows["two"])


def test_difference_refuses_unpaired_rows(table):
    with pytest.raises(ValueError, match="table: got 10 rows of 'one' and 9 of 'two'"):
        difference(table.drop(index=1), "r2", "one", "two")


def test_summarise_averages_within_a_seed_first(table):
    row = summarise(table, "r2", "model").set_index("model").loc["one"]
    a_seed = table[table["model"] == "one"].groupby("seed")["r2"].mean()
    assert (row["mean"], row["low"], row["high"]) == pytest.approx(interval(a_seed))
    assert row["seeds"] == 5


def test_a_grid_knows_what_it_was_made_from(tmp_path, monkeypatch, table):
    monkeypatch.setattr("helpers.experiments.grid.GRIDS", tmp_path)
    grid = Grid("x", lambda seeds: table, {"seeds": [1]})
    with pytest.raises(
        FileNotFoundError, match=r"grid: got no file x.csv; expected it in data/grids, as git has it; `make"
    ):
        grid.read()
    grid.write()
    pd.testing.assert_frame_equal(grid.read(), table.round(4))
    with pytest.raises(ValueError, match="made from other settings"):
        Grid("x", lambda seeds: table, {"seeds": [2]}).read()


def test_the_kept_grids_are_of_today_s_settings():
    for grid in GRIDS.values():
        assert len(grid.read()) > 0


def test_equal_width_is_equal_in_parameters():
    budget = 2 * parameter_count(SingleTask(20, "a", "regression", [8], [8]))
    count = parameter_count(SharedBottom(20, sharing.TASKS, [sharing.equal_width(8)], [8]))
    assert abs(count - budget) / budget < 0.04


def test_conditions_are_a_tidy_table_and_equal_for_equal_seeds(monkeypatch):
    monkeypatch.setattr(sharing, "EPOCHS", 25)
    one, two = (sharing.conditions(range(2), ["disjoint features"], rows=50) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    assert list(one.columns) == ["condition", "seed", "model", "task", "r2"]
    assert len(one) == 2 * 3 * 2
    assert not one.duplicated(["condition", "seed", "model", "task"]).any()


def test_a_seed_gives_the_same_row_alone_and_among_others():
    among, alone = (sharing.conditions(seeds, ["disjoint features"]) for seeds in (range(3), [2]))
    merged = among[among["seed"] == 2].merge(alone, on=["condition", "seed", "model", "task"])
    np.testing.assert_allclose(merged["r2_x"], merged["r2_y"], atol=1e-3)


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


def test_live_ends_at_1_and_gives_both_tasks():
    steps = list(sharing.live({"shared": 4, "width": 4, "weight": 0.5}, seeds=range(2)))
    assert steps[-1][0] == 1 and steps[0][1:] == (None, "")
    assert [part for _, found, part in steps if found] == ["1 of 2 seeds", "2 of 2 seeds"]
    assert sorted(steps[-1][1]) == ["task A", "task B"]
    mean, low, high = steps[-1][1]["task A"]
    assert low < mean < high


def test_splits_of_the_ratings_do_not_overlap():
    parts = ratings.split(0.08, seed=1)
    rows = np.concatenate(parts)
    assert [len(part) for part in parts] == [8_000, 10_000, 10_000]
    assert len(set(rows.tolist())) == 28_000


def test_splits_of_two_fractions_have_the_same_test_rows():
    assert (ratings.split(0.08, 1)[2] == ratings.split(0.8, 1)[2]).all()


def test_a_nan_or_a_row_twice_is_refused(table):
    with pytest.raises(ValueError, match=r"table\['r2'\]: got 1 NaN"):
        summarise(table.assign(r2=table["r2"].where(table.index != 3)), "r2", "model")
    with pytest.raises(ValueError, match="table: got a row twice"):
        difference(pd.concat([table, table.iloc[:1]]), "r2", "one", "two")


@pytest.mark.parametrize("damage", [lambda text: text[: len(text) // 2], lambda text: "", lambda text: "\x00" + text])
def test_a_damaged_grid_is_named(tmp_path, monkeypatch, table, damage):
    monkeypatch.setattr("helpers.experiments.grid.GRIDS", tmp_path)
    grid = Grid("x", lambda seeds: table, {"seeds": [1]})
    grid.write()
    grid.path.write_text(damage(grid.path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(ValueError, match=r"grid: got a damaged x.csv"):
        grid.read()


def test_a_packed_grid_is_small_the_same_twice_and_named_when_damaged(tmp_path, monkeypatch, table):
    monkeypatch.setattr("helpers.experiments.grid.GRIDS", tmp_path)
    long = pd.concat([table] * 50, ignore_index=True)
    grid = Grid("x", lambda seeds: long, {"seeds": [1]}, packed=True)
    grid.write()
    written = grid.path.read_bytes()
    pd.testing.assert_frame_equal(grid.read(), long.round(4))
    assert grid.path.name == "x.csv.gz" and len(written) < len(long.to_csv(index=False)) / 4
    grid.write()
    assert grid.path.read_bytes() == written
    middle = len(written) // 2
    flipped = written[:middle] + bytes([written[middle] ^ 255]) + written[middle + 1 :]
    for damaged in (written[:middle], flipped, b"", b"no archive"):
        grid.path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"grid: got a damaged x.csv.gz"):
            grid.read()


def test_an_interrupted_grid_leaves_the_old_file(tmp_path, monkeypatch, table):
    monkeypatch.setattr("helpers.experiments.grid.GRIDS", tmp_path)
    Grid("x", lambda seeds: table, {"seeds": [1]}).write()

    def stopped(seeds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Grid("x", stopped, {"seeds": [1]}).write()
    assert len(Grid("x", stopped, {"seeds": [1]}).read()) == len(table)

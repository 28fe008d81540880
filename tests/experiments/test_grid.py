import numpy as np
import pandas as pd
import pytest

from helpers.chapters.ch04 import ratings, sharing
from helpers.course import GRIDS
from helpers.experiments.grid import Grid
from helpers.support.movielens_files import present


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    keys = [(seed, task, model) for seed in range(5) for task in "ab" for model in ("one", "two")]
    return pd.DataFrame(keys, columns=["seed", "task", "model"]).assign(r2=rng.normal(size=len(keys)))


def test_a_grid_knows_what_it_was_made_from(tmp_path, monkeypatch, table):
    monkeypatch.setattr("helpers.experiments.grid.GRIDS", tmp_path)
    grid = Grid("x", lambda seeds: table, {"seeds": [1]})
    with pytest.raises(
        FileNotFoundError, match=r"grid: got no file x.csv; expected it in data/grids, as git has it; `make"
    ):
        grid.read()
    grid.write(table)
    pd.testing.assert_frame_equal(grid.read(), table.round(4))
    with pytest.raises(ValueError, match="made from other settings"):
        Grid("x", lambda seeds: table, {"seeds": [2]}).read()


def test_the_kept_grids_are_of_today_s_settings():
    for grid in GRIDS.values():
        assert len(grid.read()) > 0


@pytest.mark.long
def test_a_sample_of_the_grids_trains_to_the_kept_numbers():
    """The same code on the same data: a different number means that the grid is not what it says."""
    keys = ["condition", "seed", "model", "task"]
    new = sharing.conditions([3, 77, 119])
    both = GRIDS["04_conditions"].read().merge(new, on=keys)
    assert len(both) == len(new)
    np.testing.assert_allclose(both["r2_x"], both["r2_y"], atol=0.02)
    new = sharing.weights([7], shared=[1], widths=[16], task_weights=[0.2, 0.9])
    both = GRIDS["04_weights"].read().merge(new, on=["shared", "width", "weight", "seed", "task"])
    assert len(both) == len(new)
    np.testing.assert_allclose(both["transfer_x"], both["transfer_y"], atol=0.02)
    new = sharing.widths([50], sizes=[4, 32])
    both = GRIDS["04_widths"].read().merge(new, on=[*keys, "width"])
    np.testing.assert_allclose(both["r2_x"], both["r2_y"], atol=0.02)
    new = sharing.heads([100])
    both = GRIDS["04_heads"].read().merge(new, on=keys)
    np.testing.assert_allclose(both["r2_x"], both["r2_y"], atol=0.02)


@pytest.mark.long
@pytest.mark.skipif(not present(), reason="MovieLens-100K is absent: python -m helpers.data.movielens")
def test_a_sample_of_the_ratings_grids_trains_to_the_kept_numbers():
    keys = ["fraction", "tuned", "pair", "seed", "model", "task"]
    for name, options in (("04_ratings", {}), ("04_ratings_untuned", {"pairs": [("dislike", "love")], "tuned": False})):
        new = ratings.transfer([5, 11], **options)
        both = GRIDS[name].read().merge(new, on=keys)
        assert len(both) == len(new)
        np.testing.assert_allclose(both["auc_x"], both["auc_y"], atol=0.01)


@pytest.mark.parametrize("damage", [lambda text: text[: len(text) // 2], lambda text: "", lambda text: "\x00" + text])
def test_a_damaged_grid_is_named(tmp_path, monkeypatch, table, damage):
    monkeypatch.setattr("helpers.experiments.grid.GRIDS", tmp_path)
    grid = Grid("x", lambda seeds: table, {"seeds": [1]})
    grid.write(table)
    grid.path.write_text(damage(grid.path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(ValueError, match=r"grid: got a damaged x.csv"):
        grid.read()


def test_a_packed_grid_is_small_the_same_twice_and_named_when_damaged(tmp_path, monkeypatch, table):
    monkeypatch.setattr("helpers.experiments.grid.GRIDS", tmp_path)
    long = pd.concat([table] * 50, ignore_index=True)
    grid = Grid("x", lambda seeds: long, {"seeds": [1]}, packed=True)
    grid.write(long)
    written = grid.path.read_bytes()
    pd.testing.assert_frame_equal(grid.read(), long.round(4))
    assert grid.path.name == "x.csv.gz" and len(written) < len(long.to_csv(index=False)) / 4
    grid.write(long)
    assert grid.path.read_bytes() == written
    middle = len(written) // 2
    flipped = written[:middle] + bytes([written[middle] ^ 255]) + written[middle + 1 :]
    for damaged in (written[:middle], flipped, b"", b"no archive"):
        grid.path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"grid: got a damaged x.csv.gz"):
            grid.read()

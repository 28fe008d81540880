import numpy as np

from helpers.experiments import sharing, tradeoff
from helpers.explorers import chapter_03
from helpers.explorers.chapter_02 import odds_explorer, sampling
from helpers.explorers.chapter_04 import transfer_explorer


def test_the_transfer_explorer_says_what_the_grid_holds():
    grid = sharing.GRIDS["04_weights"].read()
    explorer = transfer_explorer(grid)
    assert explorer.settings == {"shared": 0, "width": 4, "weight": 0.5}
    at = grid[(grid["shared"] == 0) & (grid["width"] == 4) & np.isclose(grid["weight"], 0.5)]
    mean = at[at["task"] == "a"]["transfer"].mean()
    sentences = explorer.figure.drawing["sentences"]
    options = [grid["shared"].nunique(), grid["width"].nunique(), grid["weight"].nunique()]
    place = (0 * options[1] + 0) * options[2] + 4  # features 0, width 4, the fifth weight
    assert f"task A {mean:+.3f}".replace("-", "−") in sentences["texts"][sentences["of"][place]]


def test_the_weight_explorer_says_what_the_grids_hold():
    tables = [tradeoff.GRIDS[name].read() for name in ("03_one_score", "03_two_towers")]
    explorer = chapter_03.weight_explorer(*tables)
    assert explorer.settings == {"model": "one score", "correlation": -0.5, "weight": 0.3}
    sentences = explorer.figure.drawing["sentences"]
    assert len(sentences["of"]) == 2 * 9 * 11
    one = tables[0][(tables[0]["correlation"] == 0) & (tables[0]["weight"] == 0.1)].groupby("task").mean()
    said = sentences["texts"][sentences["of"][4 * 11 + 1]]
    assert said.startswith("One score, correlation 0, weight 0.1 on task A")
    assert f"task A has loss {one['loss']['a']:.2f} and AUC {one['auc']['a']:.2f}" in said
    assert said.endswith("Task A is worse off than with a constant.")
    towers = sentences["texts"][sentences["of"][9 * 11 + 5]]
    assert towers.startswith("Two towers, correlation −1, weight 0.5") and "worse" not in towers


def test_the_odds_explorer_says_the_formula_where_luck_hardly_counts():
    explorer = odds_explorer()
    assert explorer.settings == {"rate": 0.3, "mean": 20, "rows": 10_000, "spread": 1.6}
    texts, of = (explorer.figure.drawing["sentences"][key] for key in ("texts", "of"))
    places = [len(options) for options in explorer.options.values()]
    at = [explorer.options["rate"].index(0.3), explorer.options["mean"].index(20), 3, 0]  # a million, the least spread
    said = texts[of[int(np.ravel_multi_index(at, places))]]
    assert said.startswith("An impression brings 6.00 s. From 1,000,000 of them: weighted CE 8.57 s (+43%)")
    assert "mended CE 6.00 s (+0%)" in said or "mended CE 6.00 s (−0%)" in said


def test_the_sampling_band_narrows_with_the_sample_and_holds_the_formula():
    table = sampling(draws=500).set_index(["rate", "rows", "spread", "loss"])
    for (rate, rows, _, loss), row in table.iterrows():
        expected = rate / (1 - rate) if loss == "weighted CE" else rate
        assert row["low"] <= expected <= row["high"], (rate, rows, loss)
    wide, narrow = (table.loc[(0.3, rows, 1.6, "mended CE")] for rows in (1_000, 1_000_000))
    assert narrow["high"] - narrow["low"] < 0.1 * (wide["high"] - wide["low"])

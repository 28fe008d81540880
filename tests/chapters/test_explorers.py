import numpy as np
import pandas as pd

from helpers.chapters.ch01 import biases, ranking
from helpers.chapters.ch01.explorer import bias_explorer, fusion_explorer
from helpers.chapters.ch02.explorer import odds_explorer, sampling
from helpers.chapters.ch03 import explorer as chapter_03
from helpers.chapters.ch03 import tradeoff
from helpers.chapters.ch04 import sharing
from helpers.chapters.ch04.explorer import transfer_explorer
from helpers.chapters.ch05 import balancers
from helpers.chapters.ch05.explorer import balance_explorer
from helpers.chapters.ch06 import mmoe
from helpers.chapters.ch06.explorer import usage_explorer
from helpers.chapters.ch07 import explorer as chapter_07
from helpers.chapters.ch07 import funnel
from helpers.chapters.ch08 import worlds
from helpers.chapters.ch08.explorer import rows_explorer


def test_the_transfer_explorer_says_what_the_grid_holds():
    grid = sharing.GRIDS["04_weights"].read()
    explorer = transfer_explorer(grid)
    assert explorer.settings == {"shared": 0, "width": 4, "weight": 0.5}
    at = grid[(grid["shared"] == 0) & (grid["width"] == 4) & np.isclose(grid["weight"], 0.5)]
    mean = at[at["task"] == "a"]["transfer"].mean()
    sentences = explorer.figure.drawing["sentences"]
    options = [grid["shared"].nunique(), grid["width"].nunique(), grid["weight"].nunique()]
    place = (0 * options[1] + 0) * options[2] + 4  # features 0, width 4, the fifth weight
    said = sentences["texts"][sentences["of"][place]]
    assert f"task A {mean:+.3f}".replace("-", "−") in said
    assert said.count(", a loss") == 2 and said.endswith(" Together: both lose.")
    for text in sentences["texts"]:
        assert text.endswith("Together: both gain.") == (text.count(", a gain") == 2)
    plane = explorer.figure.drawing["panels"][1]
    assert plane["quadrants"] == ["seesaw", "both gain", "seesaw", "both lose"]
    assert f"within ±{plane['matters']:g} R²" in explorer.figure.drawing["note"]


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


def said_at(explorer, **settings) -> str:
    """The explorer's sentence at these settings."""
    options = explorer.options
    at = [options[name].index(settings[name]) for name in options]
    place = int(np.ravel_multi_index(at, [len(found) for found in options.values()]))
    return explorer.figure.drawing["sentences"]["texts"][explorer.figure.drawing["sentences"]["of"][place]]


def test_the_bias_explorers_say_what_the_grid_holds():
    tenths, dials = (biases.GRIDS[name].read() for name in ("01_tenths", "01_dials"))
    mean = dials.groupby(["bias", "trait", "label", "strength"])["value"].mean()
    words = {bias: bias_explorer(bias, tenths, dials) for bias in ("target", "item", "user")}
    liked = mean["target", biases.TRUTH, "like", 0.5]
    assert f"like {liked:+.2f}" in said_at(words["target"], strength=0.5)
    clicks = mean["item", "bait", "click", 1.0]
    assert f"clicks {clicks:+.2f} averages" in said_at(words["item"], trait="bait", strength=1.0)
    likes = mean["user", "proneness", "like", 1.0]
    assert f"likes change by {likes:+.2f}" in said_at(words["user"], strength=1.0)


def test_the_fusion_explorer_says_what_the_grid_holds():
    grid = ranking.GRIDS["01_fusion"].read()
    explorer = fusion_explorer(grid)
    settings = {"form": "multiplicative", "finish": -0.5} | ranking.CHOSEN["multiplicative"]
    row = grid[(grid[list(settings)] == pd.Series(settings)).all(axis=1)].squeeze()
    said = said_at(explorer, **settings)
    assert said.startswith(f"True satisfaction {row['satisfaction']:.2f}, {row['plays']:.0%} clicked")
    assert "clearly better than the best single label" in said
    assert "clearly worse" in said_at(explorer, form="linear", **dict.fromkeys(ranking.LEVELS, 1.0))


def test_the_balance_explorer_says_what_the_grid_holds():
    grid = balancers.GRIDS["05_scales"].read()
    explorer = balance_explorer(grid)
    assert explorer.settings == {"method": "GradNorm", "pair": "disjoint features", "scale": 100}
    at = grid[(grid["method"] == "UWL") & (grid["pair"] == "same features") & (grid["scale"] == 30)]
    a, b = at.groupby("task")["r2"].mean()
    said = said_at(explorer, method="UWL", pair="same features", scale=30)
    assert said.startswith("UWL, same features, loss of A times 30: the weights end at")
    assert said.endswith(f"R² is {a:.2f} for A and {b:.2f} for B.")
    equal = said_at(explorer, method="equal weights", pair="disjoint features", scale=1)
    assert "the weights end at 1 on A and 1 on B" in equal


def test_the_usage_explorer_says_what_the_grid_holds():
    grid = mmoe.GRIDS["06_usage"].read()
    explorer = usage_explorer(grid)
    assert explorer.settings == {"model": "MMoE, as drawn", "p": 0.0}
    at_one = grid[(grid["model"] == "MMoE") & (grid["p"] == 1)]
    means = mmoe.overlap(at_one)[["common", "permuted"]].mean()
    common = f"On the same row {means['common']:.0%} of the gates' weight is in common, on rows drawn apart "
    common += f"{means['permuted']:.0%}."
    for model in ("MMoE, as drawn", "MMoE, aligned"):  # what is common does not depend on the numbering
        said = said_at(explorer, model=model, p=1.0)
        assert said.startswith(f"{model}, p = 1: weights of experts 1 to 4 for task A 0.") and said.endswith(common)
    drawn = at_one[at_one["task"] == "a"].groupby("expert")["weight"].mean()
    assert ", ".join(f"{weight:.2f}" for weight in drawn) in said_at(explorer, model="MMoE, as drawn", p=1.0)
    assert "for task B 0.00, " in said_at(explorer, model="PLE", p=0.0)


def test_the_selection_explorer_says_what_the_grid_holds():
    grid = funnel.GRIDS["07_funnel"].read()
    explorer = chapter_07.selection_explorer(grid)
    assert explorer.settings == {"kind": "seen", "rows": "all rows", "strength": 1.0}
    like = grid[(grid["task"] == "like") & (grid["strength"] == 2)].set_index(["kind", "model"]).sort_index()
    for kind, rows, column in (("seen", "rows not clicked", "unclicked"), ("unseen", "clicked rows", "clicked")):
        said = said_at(explorer, kind=kind, rows=rows, strength=2.0)
        assert said.startswith(f"Selection by what is {kind}, strength 2, {rows}: too high or too low by single-task")
        for model, short in chapter_07.SHORT.items():
            assert f"{short} {like.loc[(kind, model), column].mean() - 1:+.0%}".replace(" -", " −") in said
            assert f"{short} {like.loc[(kind, model), 'auc'].mean():.3f}" in said


def test_the_rows_explorer_says_what_the_grid_holds():
    grid = worlds.GRIDS["08_rows"].read()
    explorer = rows_explorer(grid)
    assert explorer.settings == {"condition": worlds.DISJOINT, "rows": 1_000, "repeats": 5}
    at = grid[(grid["condition"] == worlds.DISJOINT) & (grid["rows"] == 2_000) & (grid["repeats"] == 20)]
    said = said_at(explorer, condition=worlds.DISJOINT, rows=2_000, repeats=20)
    half = ((at["high"] - at["low"]) / 2).mean()
    assert f"the interval is ±{half:.3f}" in said
    right = worlds.said_right(at, worlds.DISJOINT).eq(1).mean()
    assert f"right in {right:.0%}" in said and "wrong in 0%" in said
    assert f"decided below ±{abs(at['gain'].mean()) - 0.01:.3f}" in said

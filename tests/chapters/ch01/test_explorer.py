import pandas as pd
import pytest

from helpers.chapters.ch01 import ranking
from helpers.chapters.ch01.explorer import bias_explorer, fusion_explorer
from helpers.lab.ch01 import biases
from helpers.lab.ch01 import ranking as lab_ranking
from tests.chapters.shared import said_at


@pytest.mark.slow
def test_the_bias_explorers_say_what_the_grid_holds():
    tenths, dials = (biases.TABLES[name].read() for name in ("01_tenths", "01_dials"))
    mean = dials.groupby(["bias", "trait", "label", "strength"])["value"].mean()
    words = {bias: bias_explorer(bias, tenths, dials) for bias in ("target", "item", "user")}
    liked = mean["target", biases.TRUTH, "like", 0.5]
    assert f"like {liked:+.2f}" in said_at(words["target"], strength=0.5)
    clicks = mean["item", "bait", "click", 1.0]
    assert f"clicks {clicks:+.2f} averages" in said_at(words["item"], trait="bait", strength=1.0)
    likes = mean["user", "proneness", "like", 1.0]
    assert f"likes change by {likes:+.2f}" in said_at(words["user"], strength=1.0)


@pytest.mark.slow
def test_the_fusion_explorer_says_what_the_grid_holds():
    grid = lab_ranking.TABLES["01_fusion"].read()
    explorer = fusion_explorer(grid)
    settings = {"form": "multiplicative", "finish": -0.5} | ranking.CHOSEN["multiplicative"]
    row = grid[(grid[list(settings)] == pd.Series(settings)).all(axis=1)].squeeze()
    said = said_at(explorer, **settings)
    assert said.startswith(f"True satisfaction {row['satisfaction']:.2f}, {row['plays']:.0%} clicked")
    assert "clearly better than the best single label" in said
    assert "clearly worse" in said_at(explorer, form="linear", **dict.fromkeys(ranking.LEVELS, 1.0))

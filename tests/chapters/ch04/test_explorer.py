import numpy as np

from helpers.chapters.ch04 import sharing
from helpers.chapters.ch04.explorer import transfer_explorer


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

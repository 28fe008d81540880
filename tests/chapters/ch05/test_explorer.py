from helpers.chapters.ch05 import balancers
from helpers.chapters.ch05.explorer import balance_explorer
from tests.chapters.shared import said_at


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

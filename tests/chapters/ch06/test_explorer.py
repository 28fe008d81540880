from helpers.chapters.ch06 import mmoe
from helpers.chapters.ch06.explorer import usage_explorer
from tests.chapters.shared import said_at


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

import pytest

from helpers.chapters.ch03.explorer import weight_explorer
from helpers.chapters.ch03.studies import tradeoff


@pytest.mark.slow
def test_the_weight_explorer_says_what_the_grids_hold():
    tables = [tradeoff.TABLES[name].read() for name in ("03_one_score", "03_two_towers")]
    explorer = weight_explorer(*tables)
    assert explorer.start == {"model": "one score", "correlation": 2, "weight": 3}
    sentences = explorer.data["sentences"]
    assert len(sentences["of"]) == 2 * 9 * 11
    one = tables[0][(tables[0]["correlation"] == 0) & (tables[0]["weight"] == 0.1)].groupby("task").mean()
    said = sentences["texts"][sentences["of"][4 * 11 + 1]]
    assert said.startswith("One score, correlation 0, weight 0.1 on task A")
    assert f"task A has loss {one['loss']['a']:.2f} and AUC {one['auc']['a']:.2f}" in said
    assert said.endswith("Task A is worse off than with a constant.")
    towers = sentences["texts"][sentences["of"][9 * 11 + 5]]
    assert towers.startswith("Two towers, correlation −1, weight 0.5") and "worse" not in towers

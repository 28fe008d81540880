import pytest

from helpers.chapters.ch08 import coverage
from helpers.chapters.ch08.explorer import rows_explorer
from helpers.chapters.ch08.studies import coverage as lab_coverage
from tests.chapters.shared import said_at


@pytest.mark.slow
def test_the_rows_explorer_says_what_the_grid_holds():
    grid = lab_coverage.TABLES["08_rows"].read()
    explorer = rows_explorer(grid)
    assert explorer.start["condition"] == coverage.DISJOINT
    at = grid[(grid["condition"] == coverage.DISJOINT) & (grid["rows"] == 2_000) & (grid["repeats"] == 20)]
    said = said_at(explorer, condition=coverage.DISJOINT, rows=2_000, repeats=20)
    half = ((at["high"] - at["low"]) / 2).mean()
    assert f"the interval is ±{half:.3f}" in said
    right = lab_coverage.said_right(at, coverage.DISJOINT).eq(1).mean()
    assert f"right in {right:.0%}" in said and "wrong in 0%" in said
    assert f"decided below ±{abs(at['gain'].mean()) - 0.01:.3f}" in said

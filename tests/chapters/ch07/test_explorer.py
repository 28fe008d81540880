from helpers.chapters.ch07 import funnel
from helpers.chapters.ch07.explorer import SHORT, SIMPLE, selection_explorer
from tests.chapters.shared import said_at


def test_the_selection_explorer_says_what_the_grid_holds():
    grid = funnel.GRIDS["07_funnel"].read()
    explorer = selection_explorer(grid)
    assert explorer.settings == {"kind": "seen", "rows": "all rows", "strength": 1.0}
    like = (
        grid[(grid["task"] == "like") & (grid["chosen"] == funnel.SUM) & (grid["strength"] == 2)]
        .set_index(["kind", "model"])
        .sort_index()
    )
    for kind, rows, column in (("seen", "rows not clicked", "unclicked"), ("unseen", "clicked rows", "clicked")):
        said = said_at(explorer, kind=kind, rows=rows, strength=2.0)
        assert said.startswith(f"Selection by what is {kind}, strength 2, {rows}: too high or too low by single-task")
        for model, short in SHORT.items():
            assert f"{short} {like.loc[(kind, model), column].mean() - 1:+.0%}".replace(" -", " −") in said
            assert f"{short} {like.loc[(kind, model), 'auc'].mean():.3f}" in said
        for score, short in SIMPLE.items():
            assert f"{short} {like.loc[(kind, score), 'auc'].mean():.3f}" in said
            assert f"{short} +" not in said and f"{short} −" not in said

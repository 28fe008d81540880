import numpy as np

from helpers.chapters.ch02.explorer import odds_explorer, sampling


def test_the_odds_explorer_says_the_formula_where_luck_hardly_counts():
    explorer = odds_explorer()
    assert explorer.settings == {"rate": 0.3, "mean": 20, "rows": 10_000, "spread": 1.6}
    texts, of = (explorer.figure.drawing["sentences"][key] for key in ("texts", "of"))
    places = [len(options) for options in explorer.options.values()]
    at = [explorer.options["rate"].index(0.3), explorer.options["mean"].index(20), 3, 0]  # a million, the least spread
    said = texts[of[int(np.ravel_multi_index(at, places))]]
    assert said.startswith("An impression brings 6.00 s. From 1,000,000 of them: weighted CE 8.57 s (+43%)")
    assert "corrected CE 6.00 s (+0%)" in said or "corrected CE 6.00 s (−0%)" in said


def test_the_sampling_band_narrows_with_the_sample_and_holds_the_formula():
    table = sampling(draws=500).set_index(["rate", "rows", "spread", "loss"])
    for (rate, rows, _, loss), row in table.iterrows():
        expected = rate / (1 - rate) if loss == "weighted CE" else rate
        assert row["low"] <= expected <= row["high"], (rate, rows, loss)
    wide, narrow = (table.loc[(0.3, rows, 1.6, "corrected CE")] for rows in (1_000, 1_000_000))
    assert narrow["high"] - narrow["low"] < 0.1 * (wide["high"] - wide["low"])

from helpers.chapters.ch02.explorer import sampling


def test_the_sampling_band_narrows_with_the_sample_and_holds_the_formula():
    table = sampling(draws=500).set_index(["rate", "rows", "spread", "loss"])
    for (rate, rows, _, loss), row in table.iterrows():
        expected = rate / (1 - rate) if loss == "weighted CE" else rate
        assert row["low"] <= expected <= row["high"], (rate, rows, loss)
    wide, narrow = (table.loc[(0.3, rows, 1.6, "corrected CE")] for rows in (1_000, 1_000_000))
    assert narrow["high"] - narrow["low"] < 0.1 * (wide["high"] - wide["low"])

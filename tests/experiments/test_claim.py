import numpy as np
import pandas as pd
import pytest

from helpers.evaluation.statistics import contrast
from helpers.experiments.claim import Claim, Contrast, Findings, gain, lead, mean, verdict


def table(seeds) -> pd.DataFrame:
    return pd.DataFrame({"seed": list(seeds), "effect": np.random.default_rng(0).normal(0.05, 0.01, len(seeds))})


def claim(**changes) -> Claim:
    settings = {"grid": "00_x", "effect": mean("effect"), "smallest": 0.01, "unit": "R²"}
    return Claim("A second task helps.", **(settings | changes))


@pytest.mark.parametrize(
    ("low", "high", "sign", "expected"),
    [
        (0.02, 0.04, 1, "holds"),
        (0.005, 0.04, 1, "undecided"),
        (-0.04, -0.02, 1, "opposite"),
        (-0.04, -0.02, -1, "holds"),
        (0.02, 0.04, -1, "opposite"),
        (-0.009, 0.009, 1, "no effect"),
        (-0.009, 0.009, -1, "no effect"),
        (-0.02, 0.02, 1, "undecided"),
    ],
)
def test_verdict_is_a_rule_on_the_interval(low, high, sign, expected):
    assert verdict(low, high, 0.01, sign) == expected


def test_verdict_does_not_depend_on_the_unit():
    for scale in (1e-3, 1, 1e3):
        assert verdict(0.02 * scale, 0.04 * scale, 0.01 * scale) == "holds"


def test_a_finding_says_effect_interval_seeds_and_margin():
    finding = claim().judge("C0.1", table(range(20)))
    text = repr(finding)
    assert text.startswith("C0.1 · holds · +0.0")
    assert "R² [+0.0" in text and "20 seeds, smallest effect that matters 0.01" in text
    assert "A second task helps." in finding._repr_html_()


def test_shut_findings_are_folded():
    finding = claim().judge("C0.1", table(range(20)))
    assert "<details>" in Findings([finding], shut=True)._repr_html_()
    assert "<details>" not in Findings([finding])._repr_html_()


def runs() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    points = [(model, p, seed) for model in ("MMoE", "PLE") for p in (0.0, 1.0) for seed in range(5)]
    return pd.DataFrame(points, columns=["model", "p", "seed"]).assign(r2=rng.normal(size=20))


def test_effects_are_data_for_a_contrast():
    terms = {("MMoE", 1.0): 1, ("PLE", 1.0): -1}
    effect = Contrast("r2", terms, ["model", "p"], constant=0.5)
    pd.testing.assert_series_equal(effect(runs()), contrast(runs(), "r2", terms, ["model", "p"]) + 0.5)
    pd.testing.assert_series_equal(gain("r2", "MMoE", over="PLE", p=1.0)(runs()), effect(runs()) - 0.5)
    assert gain("r2", "MMoE", over="PLE", p=1.0) == gain("r2", "MMoE", over="PLE", p=1.0)


def test_a_gain_is_of_any_column_and_a_mean_may_have_a_constant_taken_off():
    by = runs().query("model == 'PLE'").pivot(index="seed", columns="p", values="r2")
    np.testing.assert_allclose(gain("r2", 1.0, over=0.0, column="p", model="PLE")(runs()), by[1.0] - by[0.0])
    np.testing.assert_allclose(mean("r2", minus=0.05, model="PLE", p=0.0)(runs()), by[0.0] - 0.05)


def test_a_lead_is_over_the_rival_whose_mean_is_highest():
    table = runs().query("p == 0").replace({"model": {"PLE": "weak"}})
    best = table[table["model"] == "weak"].assign(model="by item", r2=lambda rows: rows["r2"] + 0.1)
    wild = best.assign(model="by luck", r2=lambda rows: rows["r2"] - 0.01 + np.where(rows["seed"] == 0, 0.04, 0))
    table = pd.concat([table, best, wild])  # ahead in one seed, behind on average
    effect = lead("r2", "MMoE", over=["weak", "by luck", "by item"])(table)
    pd.testing.assert_series_equal(effect, gain("r2", "MMoE", over="by item")(table))


def test_a_claim_may_have_a_function_as_effect():
    found = claim(effect=lambda t: t["effect"].to_numpy() * 2).judge("C0.1", table(range(20)))
    assert found.mean == pytest.approx(2 * claim().judge("C0.1", table(range(20))).mean)

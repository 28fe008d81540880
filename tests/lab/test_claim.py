import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.evaluation.intervals import gain as on_one_log
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.statistics import contrast
from helpers.evaluation.verdicts import FAR, LEFT
from helpers.lab import claim as module
from helpers.lab.claim import SHARES, Claim, Contrast, gain, lead, mean, one_log, read


def table(seeds) -> pd.DataFrame:
    return pd.DataFrame({"seed": list(seeds), "effect": np.random.default_rng(0).normal(0.05, 0.01, len(seeds))})


def claim(**changes) -> Claim:
    settings = {"source": "00_x", "effect": mean("effect"), "unit": "R²"}
    return Claim("A second task helps.", **(settings | changes))


def test_a_claim_that_was_extended_after_a_look_has_a_wider_interval_and_says_so():
    plain, later = (claim(extended=extended).judge("C0.1", table(range(20))) for extended in (False, True))
    half = (later.high - later.low) / (plain.high - plain.low)
    assert half == pytest.approx(stats.t.ppf(0.995, 19) / stats.t.ppf(0.975, 19))
    assert "20 seeds (more after a look: a 99% interval)," in repr(later) and "99%" not in repr(plain)
    assert later.error == plain.error


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


def test_a_claim_has_the_margin_of_its_unit_and_ten_times_it_where_the_sentence_says_far():
    for unit, smallest in SMALLEST.items():
        assert claim(unit=unit).smallest == smallest and claim(unit=unit, far=True).smallest == FAR * smallest


def test_the_margin_of_the_error_left_is_that_of_r2_where_the_two_meet_at_point_nine():
    assert SMALLEST["R²"] == pytest.approx(0.1 * (1 - 0.9))
    assert SMALLEST[LEFT] == pytest.approx(np.log2(1.1), abs=1e-4)


def test_a_unit_without_a_margin_and_a_margin_without_a_reason_are_named():
    with pytest.raises(ValueError, match=r"unit: got 'miles'"):
        claim(unit="miles")
    assert claim(unit="miles", smallest=2.0, because="the sentence says two").smallest == 2.0
    with pytest.raises(ValueError, match="smallest, because: got smallest=2 alone"):
        claim(unit="miles", smallest=2.0)


def test_on_one_log_more_seeds_do_not_shrink_the_interval_to_nothing():
    values = np.random.default_rng(0).normal(0.05, 0.01, 400)
    rows = pd.DataFrame({"seed": range(400), "effect": values})
    judged = claim(interval=one_log(train=80_000, test=10_000)).judge("C0.1", rows)
    assert (judged.effect, judged.low, judged.high) == on_one_log(values, 10_000 / 80_000)[:3]
    assert judged.high - judged.low > 6 * (claim().judge("C0.1", rows).high - claim().judge("C0.1", rows).low)
    assert "400 seeds on one log" in repr(judged)


def test_the_draw_of_test_users_widens_an_interval_by_the_largest_of_the_rows_that_are_named():
    values = np.random.default_rng(0).normal(0.05, 0.01, 20)
    rows = pd.DataFrame({"seed": range(20), "effect": values, "units": 900})
    rows["pair"] = ["a", "b"] * 10
    rows["users"] = np.where(rows["pair"] == "a", [0.001, 0, 0.004, 0] * 5, 0.1)
    judged = claim(interval=one_log(train=8_000, test=1_000, users={"pair": "a"})).judge("C0.1", rows)
    assert (judged.effect, judged.low, judged.high) == on_one_log(values, 1 / 8, 0.004, 900)[:3]
    assert judged.high - judged.low > 1.05 * (on_one_log(values, 1 / 8).high - on_one_log(values, 1 / 8).low)
    assert "20 seeds on one log and its users" in repr(judged)


def test_a_share_of_worlds_has_an_exact_interval():
    rows = pd.DataFrame({"seed": range(24), "effect": np.ones(24)})
    judged = claim(unit="of the worlds", interval=SHARES).judge("C0.1", rows)
    assert (judged.effect, judged.high) == (1.0, 1.0) and judged.low == pytest.approx(0.025 ** (1 / 24))


def test_the_error_of_a_finding_is_where_its_interval_touches_the_margin():
    values = np.random.default_rng(0).normal(0.02, 0.01, 20)
    judged = claim().judge("C0.1", pd.DataFrame({"seed": range(20), "effect": values}))
    _, low, _ = module.WORLDS.of(values, 1 - judged.error, pd.DataFrame())
    assert low == pytest.approx(0.01, abs=1e-6)


TOML = """
[00_x]
unit = "R²"
seeds = 30
[00_x."C0.1"]
sentence = "One helps."
effect = { gain = "r2", of = "MMoE", over = "PLE", where = { p = 1.0 } }
[00_x."C0.2"]
sentence = "It is ahead of the best."
sign = -1
effect = { gain = "r2", of = "MMoE", over = ["PLE", "MMoE"], weakest = { p = [0.0, 1.0] } }
["00_x + 00_y"."C0.3"]
sentence = "Twice."
unit = "of the worlds"
interval = "shares"
effect = { call = "twice", with = { times = 2 } }
[00_y."C0.4"]
sentence = "A sum."
unit = "AUC"
interval = { train = 800, test = 100 }
effect = { contrast = "r2", columns = ["model", "p"], terms = [["MMoE", 1.0, 1], ["PLE", 0.0, -2]], plus = 0.5 }
[00_y."C0.5"]
sentence = "A mean."
unit = "AUC"
effect = { mean = "r2", minus = 0.1, where = { model = "PLE" } }
[live."C0.6"]
sentence = "Now."
unit = "AUC"
experiment = "table"
effect = { call = "twice", with = { times = 3 } }
"""
FUNCTIONS = {"twice": lambda times: lambda rows: rows["r2"] * times, "table": table}


def written(tmp_path, text):
    path = tmp_path / "claims.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_claims_are_data(tmp_path):
    claims = read(written(tmp_path, TOML), FUNCTIONS)
    assert list(claims) == [f"C0.{number}" for number in range(1, 7)]
    assert {claims[id].seeds for id in ("C0.1", "C0.2")} == {30} and claims["C0.3"].seeds == 20
    assert [claims[id].source for id in ("C0.1", "C0.3", "C0.6")] == ["00_x", ("00_x", "00_y"), table]
    assert claims["C0.1"].effect == gain("r2", "MMoE", over="PLE", p=1.0)
    each = [lead("r2", "MMoE", over=["PLE", "MMoE"], p=p)(runs()) for p in (0.0, 1.0)]
    pd.testing.assert_series_equal(claims["C0.2"].effect(runs()), min(each, key=lambda gains: -gains.mean()))
    assert claims["C0.3"].interval is SHARES and claims["C0.4"].interval.words == "seeds on one log"
    pd.testing.assert_series_equal(claims["C0.3"].effect(runs()), runs()["r2"] * 2)
    expected = Contrast("r2", {("MMoE", 1.0): 1, ("PLE", 0.0): -2}, ["model", "p"], {}, 0.5)
    pd.testing.assert_series_equal(claims["C0.4"].effect(runs()), expected(runs()))
    assert claims["C0.5"].effect == mean("r2", minus=0.1, model="PLE")


def test_in_the_unit_of_the_error_left_an_effect_is_the_log_of_a_ratio_of_errors(tmp_path):
    text = TOML.replace('unit = "R²"', f'unit = "{LEFT}"')
    claims = read(written(tmp_path, text), FUNCTIONS)
    table = runs().assign(r2=lambda rows: 0.95 + rows["r2"] / 100)
    by = 1 - table[table["p"] == 1.0].pivot(index="seed", columns="model", values="r2")
    assert claims["C0.1"].smallest == SMALLEST[LEFT]
    np.testing.assert_allclose(claims["C0.1"].effect(table), np.log2(by["PLE"] / by["MMoE"]))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"C0.5"', '"C0.1"', r"/claims\.toml: got C0\.1 twice; expected .*C0\.\d\d is free"),
        ('call = "twice", with = { times = 2 }', 'call = "thrice"', r"claims\.toml, C0\.3: got KeyError\('thrice'\)"),
        ('interval = "shares"', 'intervall = "shares"', r"C0\.3: got TypeError.*intervall"),
        ('unit = "of the worlds"', 'unit = "miles"', r"C0\.3: got ValueError.*miles"),
    ],
)
def test_a_mistake_in_the_claims_is_named_with_the_id(tmp_path, old, new, message):
    with pytest.raises(ValueError, match=message):
        read(written(tmp_path, TOML.replace(old, new)), FUNCTIONS)

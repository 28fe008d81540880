import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.course import GRIDS, all_claims, claims
from helpers.course.measure_claims import NOTEBOOKS, main, stated
from helpers.experiments.claim import Claim, Findings, verdict


def table(seeds) -> pd.DataFrame:
    return pd.DataFrame({"seed": list(seeds), "effect": np.random.default_rng(0).normal(0.05, 0.01, len(seeds))})


def claim(**changes) -> Claim:
    settings = {
        "id": "C0.1",
        "sentence": "It helps.",
        "measure": table,
        "effects": lambda t: t["effect"].to_numpy(),
        "smallest": 0.01,
        "unit": "R²",
    }
    return Claim(**(settings | changes))


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
    finding = claim().judge(table(range(20)))
    text = repr(finding)
    assert text.startswith("C0.1 · holds · +0.0")
    assert "R² [+0.0" in text and "20 seeds, smallest effect that matters 0.01" in text
    assert "It helps." in finding._repr_html_()


def test_shut_findings_are_folded():
    finding = claim().judge(table(range(20)))
    assert "<details>" in Findings([finding], shut=True)._repr_html_()
    assert "<details>" not in Findings([finding])._repr_html_()


def test_an_unknown_claim_is_named():
    with pytest.raises(ValueError, match=r"ids: got 'C99\.1'; expected one of 'C0\.1'"):
        claims(table(range(3)), "C99.1")


def test_every_claim_is_stated_in_a_notebook_with_the_verdict_it_expects():
    verdicts = stated(NOTEBOOKS)
    assert verdicts == {claim.id: claim.expected for claim in all_claims()}


def test_ids_are_unique_and_every_claim_has_a_margin_and_enough_seeds():
    assert len({claim.id for claim in all_claims()}) == len(all_claims())
    assert all(claim.smallest > 0 and claim.seeds >= 20 and claim.sentence.endswith(".") for claim in all_claims())


def notebook(folder, said: str):
    cell = {"cell_type": "code", "outputs": [{"data": {"text/plain": [said]}}]}
    (folder / "00_x.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")


@pytest.mark.parametrize(("said", "code"), [("holds", 0), ("no effect", 1)])
def test_make_claims_fails_when_a_verdict_is_not_reproduced(monkeypatch, tmp_path, capsys, said, code):
    notebook(tmp_path, f"C0.1 · {said} · +0.05 R²")
    monkeypatch.setattr("helpers.course.measure_claims.NOTEBOOKS", tmp_path)
    monkeypatch.setattr("helpers.course.measure_claims.all_claims", lambda: [claim()])
    assert main(["--seeds", "7000:7020"]) == code
    assert (
        capsys.readouterr().out.splitlines()[-1].startswith(f"1 claims measured with new seeds: {1 - code} reproduced")
    )


def test_make_claims_takes_as_many_seeds_as_a_claim_needs(monkeypatch, tmp_path):
    asked = []

    def measure(seeds):
        asked.append(seeds)
        return table(seeds)

    monkeypatch.setattr("helpers.course.measure_claims.NOTEBOOKS", tmp_path)
    monkeypatch.setattr("helpers.course.measure_claims.all_claims", lambda: [claim(measure=measure, seeds=50)])
    main(["--seeds", "100:120"])
    assert asked == [range(100, 150)]


def test_several_experiments_run_in_processes_of_their_own(capsys):
    """The quickest two."""
    assert main(["C3.1", "C4.6"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert sorted(line.split(" · ")[0] for line in printed[-3:-1]) == ["C3.1", "C4.6"]
    assert printed[-1].startswith("2 claims measured with new seeds: 2 reproduced")


# How often would a verdict fail to come out again? CONTRIBUTING allows 1 in 1000.


def flip(distance: float, deviation: float, seeds: int) -> float:
    """The probability that a 95% interval over `seeds` seeds does not clear the margin, effects being normal.

    distance   of the true mean from the margin, on the side where the verdict is right
    deviation  of one seed's effect
    It does not clear it when Student's t of that distance stays below the 97.5% quantile; then t is noncentral.
    """
    steps = min(distance / max(deviation / np.sqrt(seeds), 1e-12), 30.0)  # beyond 30 the probability is 0 to any digit
    return float(stats.nct.cdf(stats.t.ppf(0.975, seeds - 1), seeds - 1, steps))


def test_flip_is_what_simulated_runs_do():
    rng = np.random.default_rng(0)
    for distance, seeds in ((2.0, 20), (3.0, 20), (3.5, 40)):
        runs = rng.normal(distance / np.sqrt(seeds), 1, (20_000, seeds))
        half = stats.t.ppf(0.975, seeds - 1) * runs.std(axis=1, ddof=1) / np.sqrt(seeds)
        assert flip(distance / np.sqrt(seeds), 1, seeds) == pytest.approx(
            (runs.mean(axis=1) - half <= 0).mean(), abs=0.01
        )
    assert flip(1.0, 0.0, 20) < 1e-12 < 0.5 < flip(0.0, 1.0, 20)


def cards() -> dict[str, str]:
    """{claim id: what its card says}, from the outputs of the committed notebooks."""
    outputs = [
        "".join(output.get("data", {}).get("text/plain", output.get("text", "")))
        for path in sorted(NOTEBOOKS.glob("*.ipynb"))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        for output in cell.get("outputs", [])
    ]
    found = re.findall(r"^((C\d+\.\d+) · .*, \d+ seeds, smallest effect that matters \S+)$", "\n".join(outputs), re.M)
    return {name: card for card, name in found}


def measured(claim: Claim, card: str, tables: dict[str, pd.DataFrame]) -> tuple[float, float]:
    """Mean and deviation of the effects: of the grid that gives this very card, else as the card rounds them."""
    for table in tables.values():
        try:
            values = np.asarray(claim.effects(table), dtype=float)
            if repr(claim.judge(table)) == card:
                return values.mean(), values.std(ddof=1)
        except (ValueError, TypeError, KeyError, AttributeError):  # a grid of another experiment
            continue
    mean, low, high = (float(x) for x in re.search(r"· ([-+.\d]+) .+? \[([-+.\d]+), ([-+.\d]+)\]", card).groups())
    seeds = int(re.search(r"(\d+) seeds", card)[1])
    return mean, (high - low) / 2 / stats.t.ppf(0.975, seeds - 1) * np.sqrt(seeds)


def test_a_verdict_fails_to_come_out_again_in_fewer_than_1_of_1000_runs():
    """If the effects are as the notebooks measured them. Where this fails, the claim needs more seeds."""
    stated_cards, often = cards(), {}
    tables = {name: grid.read() for name, grid in GRIDS.items() if grid.path.exists()}
    for claim in all_claims():
        if claim.id not in stated_cards:
            continue
        chapter = claim.id[1:].split(".")[0].zfill(2)
        own = {name: table for name, table in tables.items() if name.startswith(chapter)}
        mean, deviation = measured(claim, stated_cards[claim.id], own)
        if claim.expected == "no effect":  # it may leave on either side
            chance = sum(flip(claim.smallest + side * mean, deviation, claim.seeds) for side in (-1, 1))
        else:
            chance = flip(claim.sign * mean - claim.smallest, deviation, claim.seeds)
        if chance > 1e-3:
            often[claim.id] = round(chance, 4)
    assert stated_cards.keys() == stated(NOTEBOOKS).keys()
    assert often == {}

import json

import numpy as np
import pandas as pd
import pytest

from helpers.claims import Claim, Findings, verdict
from helpers.claims.__main__ import NOTEBOOKS, main, stated
from helpers.claims.register import CLAIMS, claims


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
    assert verdicts == {claim.id: claim.expected for claim in CLAIMS}


def test_ids_are_unique_and_every_claim_has_a_margin_and_enough_seeds():
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    assert all(claim.smallest > 0 and claim.seeds >= 20 and claim.sentence.endswith(".") for claim in CLAIMS)


def notebook(folder, said: str):
    cell = {"cell_type": "code", "outputs": [{"data": {"text/plain": [said]}}]}
    (folder / "00_x.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")


@pytest.mark.parametrize(("said", "code"), [("holds", 0), ("no effect", 1)])
def test_make_claims_fails_when_a_verdict_is_not_reproduced(monkeypatch, tmp_path, capsys, said, code):
    notebook(tmp_path, f"C0.1 · {said} · +0.05 R²")
    monkeypatch.setattr("helpers.claims.__main__.NOTEBOOKS", tmp_path)
    monkeypatch.setattr("helpers.claims.__main__.CLAIMS", [claim()])
    assert main(["--seeds", "7000:7020"]) == code
    assert (
        capsys.readouterr().out.splitlines()[-1].startswith(f"1 claims measured with new seeds: {1 - code} reproduced")
    )


def test_make_claims_takes_as_many_seeds_as_a_claim_needs(monkeypatch, tmp_path):
    asked = []

    def measure(seeds):
        asked.append(seeds)
        return table(seeds)

    monkeypatch.setattr("helpers.claims.__main__.NOTEBOOKS", tmp_path)
    monkeypatch.setattr("helpers.claims.__main__.CLAIMS", [claim(measure=measure, seeds=50)])
    main(["--seeds", "100:120"])
    assert asked == [range(100, 150)]

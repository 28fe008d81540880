"""A search that is repeated on other seeds decides what its claims' table is made with, and nothing of it stays."""

from collections.abc import Sequence

import pandas as pd
import pytest

from helpers.experiments import kept
from helpers.experiments.chosen import Chosen
from helpers.lab import tuning_luck
from helpers.lab.claim import Claim, gain
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.measure_claims import Experiment


def tune(seeds: Sequence[int]) -> pd.DataFrame:
    """Rate 1 is best on the kept seeds and on those below 2200, rate 2 on the others."""
    rows = [(seed, rate, float((rate == 1) != (seed < 2_200))) for seed in seeds for rate in (1, 2)]
    return pd.DataFrame(rows, columns=["seed", "rate", "loss"]).assign(model="ours")


CHOSEN = Chosen("99_tuning", by=["model"], setting=["rate"], value="loss", lowest=True)


def compare(seeds: Sequence[int]) -> pd.DataFrame:
    """Our model is as good as its rate is high."""
    rows = [(seed, model, score) for seed in seeds for model, score in (("ours", CHOSEN["ours"] / 10), ("rival", 0.0))]
    return pd.DataFrame(rows, columns=["seed", "model", "r2"])


AHEAD = Claim("Ours is ahead.", gain("r2", "ours", over="rival"), "99_table", "R²")


@pytest.fixture
def tables(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    tables = kept_tables(
        KeptTable("99_tuning", tune, {"seeds": range(3)}), KeptTable("99_table", compare, {"seeds": range(4)})
    )
    for table in tables.values():
        table.write(table.make(**table.settings))
    for module in ("helpers.lab", "helpers.lab.tuning_luck"):
        monkeypatch.setattr(f"{module}.TABLES", tables)
    monkeypatch.setattr(tuning_luck, "all_claims", lambda: {"C99.1": AHEAD})
    return tables


def test_each_block_has_the_effect_of_its_own_choice_and_the_kept_one_comes_back(tables):
    found = tuning_luck.measured(Experiment(["C99.1"], "99_table", {}, 2))
    assert found["block"].tolist() == [*tuning_luck.BLOCKS]
    assert found["effect"].tolist() == pytest.approx([0.1, 0.1, 0.2, 0.2, 0.2])
    assert CHOSEN["ours"] == 1 and tables["99_table"].read()["r2"].max() == 0.1


def test_a_claim_for_which_nothing_is_searched_is_refused(tables):
    with pytest.raises(ValueError, match=r"^ids: got C99\.1, for which nothing is searched; expected claims whose"):
        tuning_luck.measured(Experiment(["C99.1"], "99_tuning", {}, 2))

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


def tune_seed(seed: Sequence[int]) -> pd.DataFrame:
    """As a study's table names its seeds."""
    return tune(seed)


def compare_seed(seed: Sequence[int]) -> pd.DataFrame:
    return compare(seed)


AHEAD = Claim("Ours is ahead.", gain("r2", "ours", over="rival"), "99_table", "R²")


@pytest.fixture(params=["seeds", "seed"], ids=["an experiment", "a study"])
def tables(tmp_path, monkeypatch, request):
    monkeypatch.setattr(kept, "FOLDER", tmp_path)
    seeds, (search, table) = request.param, (tune, compare) if request.param == "seeds" else (tune_seed, compare_seed)
    tables = kept_tables(
        KeptTable("99_tuning", search, {seeds: range(3)}, seeds=seeds),
        KeptTable("99_table", table, {seeds: range(4)}, seeds=seeds),
    )
    for table in tables.values():
        table.write(table.make(**table.settings))
    for module in ("helpers.lab", "helpers.lab.tuning_luck"):
        monkeypatch.setattr(f"{module}.TABLES", tables)
    monkeypatch.setattr(tuning_luck, "all_claims", lambda: {"C99.1": AHEAD})
    return tables


def test_each_block_has_the_effect_of_its_own_choice_and_the_kept_one_comes_back(tables):
    found = pd.concat(tuning_luck.measure_blocks(Experiment(["C99.1"], "99_table", {}, 2)))
    assert found["block"].tolist() == [*tuning_luck.BLOCKS]
    assert found["effect"].tolist() == pytest.approx([0.1, 0.1, 0.2, 0.2, 0.2])
    assert CHOSEN["ours"] == 1 and tables["99_table"].read()["r2"].max() == 0.1


def test_a_claim_for_which_nothing_is_searched_is_refused(tables):
    with pytest.raises(ValueError, match=r"^ids: got C99\.1, for which nothing is searched; expected claims whose"):
        next(tuning_luck.measure_blocks(Experiment(["C99.1"], "99_tuning", {}, 2)))


def test_what_was_stopped_goes_on_with_the_blocks_that_it_lacks(tables, tmp_path, monkeypatch):
    asked, stopped = ["C99.1"], iter([False, False, True])
    monkeypatch.setattr(tuning_luck, "TUNING", tmp_path / "tuning.csv")
    monkeypatch.setattr(tuning_luck.keep_findings, "write", lambda: None)
    (tmp_path / "tuning.csv").write_text("id,block,effect\nC1.1,2000,0.5000\n")
    fresh = tuning_luck.fresh

    def until_stopped(*given):
        if next(stopped, False):
            raise KeyboardInterrupt
        return fresh(*given)

    monkeypatch.setattr(tuning_luck, "fresh", until_stopped)
    with pytest.raises(KeyboardInterrupt):
        tuning_luck.main(asked)
    experiment = Experiment(asked, "99_table", {}, 2)
    assert tuning_luck.lacking(experiment) == [2200, 2300, 2400]
    tuning_luck.main(asked)
    kept = pd.read_csv(tmp_path / "tuning.csv")
    assert kept["effect"].tolist() == [0.5, 0.1, 0.1, 0.2, 0.2, 0.2]
    assert tuning_luck.lacking(experiment) == [*tuning_luck.BLOCKS]

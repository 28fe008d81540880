import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers import lab
from helpers.course import chapter_names
from helpers.evaluation import verdicts
from helpers.evaluation.verdicts import LEFT, UNDECIDED, Finding
from helpers.experiments.sweep import points
from helpers.lab import (
    all_claims,
    claims_of,
    fresh,
    judge_claims,
    keep_findings,
    needs,
    replication,
    seeds,
    table_of,
    tables_of,
)
from helpers.lab.claim import MARGINS, Claim, Contrast, gain, lead, levels_read, mean, of_error_left
from helpers.lab.measure_claims import by_experiment, main, trained_together
from helpers.lab.recheck import Recheck
from tools import notebooks

ROOT = Path(__file__).parents[2]


def experiment(seeds, shift=0.0) -> pd.DataFrame:
    effects = np.random.default_rng(0).normal(0.05, 0.01, len(seeds)) + shift
    return pd.DataFrame({"seed": list(seeds), "effect": effects})


def claim(**changes) -> Claim:
    settings = {"source": experiment, "effect": mean("effect"), "unit": "R²"}
    return Claim("A second task helps.", **(settings | changes))


def test_every_claim_is_shown_in_a_notebook_and_no_other():
    sources = "\n".join(
        cell.source
        for path in notebooks.find([ROOT / "notebooks"])
        for cell in notebooks.code_cells(notebooks.read(path))
    )
    assert set(re.findall(r'"(C\d+\.\d+)"', sources)) == set(all_claims())


@pytest.mark.slow
def test_the_findings_are_what_the_kept_tables_say():
    """Where this fails: `python -m helpers.lab.keep_findings`."""
    claims = {id: claim for id, claim in all_claims().items() if not callable(claim.source)}
    assert list(verdicts.findings()) == list(claims) and len(claims) > 200
    for finding in keep_findings.with_logs(judge_claims(claims)):
        kept_finding = verdicts.findings()[finding.id]
        assert repr(finding) == repr(kept_finding) and finding.error == pytest.approx(kept_finding.error, rel=1e-4)
        for fact in ("expected", "far", "because", "before", "tuned", "block"):
            assert getattr(finding, fact) == getattr(kept_finding, fact), finding.id


@pytest.fixture
def kept_files(monkeypatch, tmp_path):
    """No findings yet, and one claim with two margins, in a folder of their own."""
    for file, path in (("verdicts.FINDINGS", verdicts.FINDINGS), ("claim.MARGINS", MARGINS)):
        monkeypatch.setattr(f"helpers.lab.keep_findings.{file}", tmp_path / path.name)
    (tmp_path / verdicts.FINDINGS.name).touch()
    (tmp_path / MARGINS.name).write_text("claim,date,smallest\nC0.1,2026-01-01,0.2\nC0.1,2026-01-02,0.05\n")
    monkeypatch.setattr(lab, "TABLES", {"00_x": kept()})
    caches = verdicts.findings, keep_findings.claim.margins_before
    for cached in caches:
        cached.cache_clear()
    yield tmp_path
    for cached in caches:
        cached.cache_clear()


def test_a_finding_comes_back_from_its_file_with_every_fact_and_is_printed_once(monkeypatch, kept_files, capsys):
    reason = 'the sentence says "a third"; and, moved: no more'
    claims = {
        "C0.1": claim(source="00_x", smallest=0.03, because=reason, close=True),
        "C0.2": claim(source="00_x", extended=True, far=True),
    }
    monkeypatch.setattr(keep_findings, "all_claims", lambda: claims)
    keep_findings.write()
    one, other = verdicts.findings().values()
    first, promise, second, *_ = capsys.readouterr().out.splitlines()
    assert (first, second) == (repr(one), repr(other)) and re.search(r"needs \d+ seeds; claims.toml says 20", promise)
    keep_findings.write()
    assert capsys.readouterr().out == "0 of 2 rows of data/findings.csv are new or have changed.\n"
    assert (one.over, one.close, one.extended, one.far, one.because) == ("seeds", True, False, False, reason)
    assert (one.before, other.before, other.because) == ((0.2, 0.05), (), "")
    assert (other.over, other.close, other.extended, other.far) == ("seeds", False, True, True)


def test_a_claim_that_cannot_be_judged_is_named_and_nothing_is_logged(monkeypatch, kept_files):
    wrong = gain("effect", "shared bottom", over="MMoE", column="seed")
    monkeypatch.setattr(keep_findings, "all_claims", lambda: {"C0.2": claim(source="00_x", effect=wrong)})
    before = [path.read_bytes() for path in kept_files.iterdir()]
    with pytest.raises(ValueError, match=r"got 'shared bottom'(?s:.*)This is claim C0\.2\."):
        keep_findings.write()
    assert [path.read_bytes() for path in kept_files.iterdir()] == before


def test_every_verdict_is_the_one_that_the_sentence_states():
    assert [finding for finding in verdicts.findings().values() if not finding.as_claimed] == []


def test_ids_name_their_chapter_and_every_claim_has_a_margin_and_enough_seeds():
    chapters = {id: f"C{int(name[2:])}." for name in chapter_names() for id in claims_of(name)}
    assert len(chapters) > 200 and all(id.startswith(start) for id, start in chapters.items())
    for claim in all_claims().values():
        assert claim.smallest > 0 and 20 <= claim.seeds <= seeds.BLOCK and claim.sentence.endswith(".")


DROPPED = {"C1.48", "C3.1", "C3.14", "C4.6", "C4.19", "C4.49", "C4.50", "C7.8"}


def test_the_history_of_the_margins_is_complete():
    """`keep_findings` writes a row in data/margins.csv for each; the evidence shows what moved, and what a dropped
    claim was judged by stays."""
    history = pd.read_csv(MARGINS)
    assert history["date"].tolist() == sorted(history["date"])
    assert set(history["claim"]) - set(all_claims()) >= DROPPED
    last = history.groupby("claim")["smallest"].last()
    assert {id: last.get(id) for id, claim in all_claims().items()} == {
        id: claim.smallest for id, claim in all_claims().items()
    }


def test_a_new_margin_and_one_that_moved_get_a_row_and_drafts_of_a_day_one(monkeypatch, tmp_path):
    monkeypatch.setattr("helpers.lab.claim.MARGINS", tmp_path / "margins.csv")
    (tmp_path / "margins.csv").write_text("claim,date,smallest\nC0.1,2026-01-01,0.1\nC0.2,2026-01-01,0.01\n")
    claims = {"C0.1": claim(), "C0.2": claim(), "C0.3": claim(far=True)}
    keep_findings.log_margins(claims)
    keep_findings.log_margins(claims)
    rows = pd.read_csv(tmp_path / "margins.csv")[["claim", "smallest"]].to_numpy().tolist()
    assert rows == [["C0.1", 0.1], ["C0.2", 0.01], ["C0.1", 0.01], ["C0.3", 0.1]]
    claims |= {"C0.1": claim(smallest=0.1, because="as before"), "C0.3": claim()}
    keep_findings.log_margins(claims)  # drafts of today
    rows = pd.read_csv(tmp_path / "margins.csv")[["claim", "smallest"]].to_numpy().tolist()
    assert rows == [["C0.1", 0.1], ["C0.2", 0.01], ["C0.3", 0.01]]


FAR = re.compile(r"\b(far|many more|much from|anywhere near)\b")


def test_a_sentence_that_says_far_is_judged_by_ten_times_the_margin():
    said = {id for id, claim in all_claims().items() if FAR.search(claim.sentence)}
    assert said == {id for id, claim in all_claims().items() if claim.far}


def levels(claim: Claim) -> list[float]:
    """The mean R² of what its effect adds, and of what it takes off: each cell of its table (a mean over seeds) as
    heavy as the effect moves when that cell does. The moved tables are passed as the seeds of one."""
    table, step = table_of(claim), 1e-5
    measured = {column for table in tables_of(claim.source) for sample in table.samples for column in sample.near}
    keys = [column for column in table if column not in measured | {"seed"}]
    cells = table.groupby(keys, sort=False, as_index=False, dropna=False)["r2"].mean()
    moved = [cells.assign(seed=seed, r2=cells["r2"] + step * (cells.index == seed)) for seed in (-1, *cells.index)]
    effects = np.asarray(claim.effect(pd.concat(moved, ignore_index=True)))
    moves = (effects[1:] - effects[0]) / step
    sides = (np.where(sign * moves > 1e-4, abs(moves), 0) for sign in (1, -1))
    return [np.average(cells["r2"], weights=side) for side in sides if side.any()]


@pytest.mark.long
def test_where_all_that_is_compared_has_an_r2_above_point_nine_the_margin_is_of_the_error_left():
    """There 0.01 of R² is more than a tenth of all that can still be gained, and a ceiling looks like "no effect"."""
    of_r2 = {
        id: claim
        for id, claim in all_claims().items()
        if claim.unit in ("R²", LEFT) and not callable(claim.source) and "r2" in table_of(claim)
    }
    assert len(of_r2) > 50
    high = {id for id, claim in of_r2.items() if min(levels(claim)) > 0.9}
    assert high == {id for id, claim in of_r2.items() if claim.unit == LEFT}


def test_what_lies_on_one_log_is_judged_by_an_interval_for_one_log():
    for id, claim in all_claims().items():
        if re.search("MovieLens|Census-Income", claim.sentence):
            assert claim.interval.words.startswith("seeds on one log"), id


def test_no_two_claims_have_the_same_sentence():
    sentences = [claim.sentence for claim in all_claims().values()]
    assert sorted(set(sentences)) == sorted(sentences)


def kept(make=experiment, absent="", **settings) -> SimpleNamespace:
    """A kept table of `experiment`, kept with seeds 0 to 19."""
    settings = {"seeds": range(20), **settings}
    words = {"seeds": "seeds", "absent": absent, "samples": [Recheck({}, {"effect": 0, "r2": 0})]}
    return SimpleNamespace(make=make, settings=settings, read=lambda: make(**settings), **words)


def test_a_claim_is_judged_on_its_table_and_measured_anew_with_its_settings(monkeypatch):
    monkeypatch.setattr(lab, "TABLES", {"00_x": kept(shift=1.0)})
    pd.testing.assert_frame_equal(table_of(claim(source="00_x")), experiment(range(20), 1.0))
    pd.testing.assert_frame_equal(fresh("00_x", {}, range(50, 53)), experiment(range(50, 53), 1.0))
    narrowed = fresh("00_x", {"shift": 2.0}, range(50, 53))
    pd.testing.assert_frame_equal(narrowed, experiment(range(50, 53), 2.0))


def test_rows_of_several_tables_are_told_apart(monkeypatch):
    monkeypatch.setattr(lab, "TABLES", {"00_low": kept(), "00_high": kept(shift=1.0)})
    both = claim(source=("00_low", "00_high"), effect=gain("effect", "00_high", over="00_low", column="table"))
    assert len(table_of(both)) == 40
    assert both.judge("C0.1", table_of(both)).effect == pytest.approx(1.0)
    assert both.judge("C0.1", fresh(both.source, {}, range(30, 60))).effect == pytest.approx(1.0)


def only(monkeypatch, tmp_path, chosen: dict[str, Claim], **stated):
    """Let `make claims` know these claims alone; a verdict is kept of those that `stated` names ("C0_1")."""
    findings = {
        id: Finding(id, said, said, 0, 0, 0, 20, "", "", 0, 0)
        for id, said in ((name.replace("_", "."), said) for name, said in stated.items())
    }
    monkeypatch.setattr("helpers.lab.measure_claims.findings", lambda: findings)
    monkeypatch.setattr("helpers.lab.measure_claims.all_claims", lambda: chosen)
    monkeypatch.setattr(keep_findings, "write", lambda: None)
    monkeypatch.setattr(seeds, "LOG", tmp_path / "seeds.csv")
    (tmp_path / "seeds.csv").write_text("release,date,start,stop,claims,not_reproduced,written,ids\n", encoding="utf-8")


@pytest.mark.parametrize(("said", "code"), [("holds", 0), ("no effect", 1)])
def test_make_claims_fails_when_a_verdict_is_not_reproduced(monkeypatch, tmp_path, capsys, said, code):
    only(monkeypatch, tmp_path, {"C0.1": claim()}, C0_1=said)
    assert main(["--seeds", "7000:7020"]) == code
    _, card, sentence, holm, logged, count = capsys.readouterr().out.splitlines()[-6:]
    assert card.startswith("C0.1 · holds · +0.048 R²") and sentence == "    A second task helps."
    assert holm == "1 of 1 pass Holm's test at 5%, each against its own margin."
    assert count.startswith(f"1 claims measured with new seeds: {1 - code} reproduced")
    assert "seeds 7000 to 7019 are used up" in logged
    assert seeds.read_log().iloc[-1].tolist()[2:] == [7000, 7020, 1, "C0.1" if code else "", seeds.TOOL, "C0.1"]


def test_make_claims_again_measures_where_most_claims_were_measured_and_only_those(monkeypatch, tmp_path, capsys):
    only(monkeypatch, tmp_path, {"C0.1": claim(), "C0.2": claim(seeds=30)}, C0_1="holds", C0_2="holds")
    seeds.append("0.1", "2026-01-01", 6000, 6020, ["C0.1"], [])
    seeds.append("0.1", "2026-01-02", 8000, 8020, [], [])  # a row of which no ids are known
    assert seeds.last_block() == (6000, ["C0.1"])
    log = seeds.read_log()
    assert main(["--again", "--log"]) == 0
    printed = capsys.readouterr().out
    assert "Seeds from 6000 on." in printed and "Not measured: C0.2. Not among the claims of block 6000." in printed
    assert seeds.read_log().equals(log)  # a block is used up once
    assert main([]) == 0 and seeds.last_block() == (5000, ["C0.1", "C0.2"])


def test_make_claims_takes_a_block_that_is_not_used_up_and_logs_it_when_all_were_measured(monkeypatch, tmp_path):
    asked = []

    def measure(seeds):
        asked.append(seeds)
        return experiment(seeds)

    claims = {"C0.1": claim(source=measure), "C0.2": claim(source=measure, seeds=30)}
    only(monkeypatch, tmp_path, claims, C0_1="holds", C0_2="opposite")
    seeds.append("0.1", "2026-01-01", seeds.FIRST, seeds.FIRST + 20, ["C0.1", "C0.2"], [])
    main(["C0.1"])
    assert len(seeds.read_log()) == 1, "a part of the claims uses nothing up"
    start = seeds.FIRST + seeds.BLOCK
    main([])
    assert asked == [range(start, start + 20), range(start, start + 30)]
    assert seeds.read_log().iloc[-1].tolist()[2:6] == [start, start + 30, 2, "C0.2"] and seeds.next_block() > start


def test_a_block_is_used_up_as_soon_as_a_run_has_taken_it(monkeypatch, tmp_path):
    taken = []

    def killed(fresh):
        taken.append((fresh[0], seeds.next_block()))
        raise KeyboardInterrupt

    only(monkeypatch, tmp_path, {"C0.1": claim(source=killed)})
    for arguments in ([], [], ["--seeds", "9000:9020"]):
        with pytest.raises(KeyboardInterrupt):
            main(arguments)
    assert taken == [(5000, 6000), (6000, 7000), (9000, 7000)]
    assert seeds.read_log()[["start", "stop", "claims"]].to_numpy().tolist() == [
        [5000, 5020, 0],
        [6000, 6020, 0],
        [9000, 9020, 0],
    ]


RUN = """
import sys
from pathlib import Path
from helpers.lab import seeds
seeds.LOG, mine = Path(sys.argv[1]), []
print("ready", flush=True)
sys.stdin.readline()
for k in range(10):
    mine.append(seeds.reserve("0.1", "2026-01-01", 20))
    seeds.append("0.1", "2026-01-01", mine[-1], mine[-1] + 20, [f"C0.{k}"], [])
print(*mine)
"""


@pytest.mark.long
def test_of_runs_side_by_side_no_row_is_lost_and_each_has_blocks_of_its_own(tmp_path):
    log = tmp_path / "seeds.csv"
    log.write_text("release,date,start,stop,claims,not_reproduced,written,ids\n", encoding="utf-8")
    command, pipes = [sys.executable, "-c", RUN, str(log)], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    runs = [subprocess.Popen(command, text=True, **pipes) for _ in range(4)]
    assert [run.stdout.readline() for run in runs] == ["ready\n"] * 4
    for run in runs:  # all at once
        run.stdin.write("\n")
        run.stdin.flush()
    blocks = [int(start) for run in runs for start in run.communicate()[0].split()]
    rows = pd.read_csv(log)
    assert sorted(blocks) == sorted(rows["start"]) == list(range(5000, 45000, 1000))
    assert sorted(rows["ids"]) == sorted(f"C0.{k}" for k in range(10) for _ in runs)


def test_make_claims_trains_a_rival_of_several_claims_once_unless_its_seeds_would_cost_more(monkeypatch):
    monkeypatch.setattr(lab, "TABLES", {"00_x": kept(by_model, models=["rival", "a", "b", "c"])})
    rivals = {"C0.1": ("a", 20), "C0.2": ("b", 30), "C0.3": ("c", 200)}
    chosen = {
        id: claim(source="00_x", seeds=count, effect=gain("r2", model, over="rival"))
        for id, (model, count) in rivals.items()
    }
    shared, alone = trained_together(by_experiment(chosen))
    assert shared == (["C0.1", "C0.2"], "00_x", {"models": ["rival", "a", "b"]}, 30)
    assert alone == (["C0.3"], "00_x", {"models": ["rival", "c"]}, 200)


def by_model(seeds, models, width=(1, 2)) -> pd.DataFrame:
    """And one model that is always there."""
    at = points(seed=seeds, model=[*models, "at random"], width=width)
    return at.assign(r2=np.random.default_rng(0).normal(size=len(at)))


def test_fresh_seeds_are_narrowed_to_the_levels_that_an_effect_reads(monkeypatch):
    tables = {"00_x": kept(by_model, models=["a", "b"], width=(1, 2)), "00_y": kept(by_model, models=["c"])}
    monkeypatch.setattr(lab, "TABLES", tables)
    of_one = gain("r2", "a", over="at random", width=2)
    assert needs(claim(source="00_x", effect=of_one)) == {"models": ["a"], "width": [2]}
    assert needs(claim(source="00_x", effect=mean("r2", model="at random"))) == {"models": []}
    terms, both = {("c", "00_y"): 1, ("b", "00_x"): -1}, ("00_x", "00_y")
    assert needs(claim(source=both, effect=Contrast("r2", terms, ["model", "table"]))) == {"models": ["b", "c"]}
    assert needs(claim()) == {}


@pytest.mark.long
def test_what_is_trained_together_serves_each_claim_as_its_own_experiment_would():
    claims, experiments = all_claims(), by_experiment(all_claims())
    alone = {id: experiment.only for experiment in experiments for id in experiment.ids}
    for experiment in trained_together(experiments):
        for id in experiment.ids:
            assert claims[id].source == experiment.source and claims[id].seeds <= experiment.seeds
            for name, levels in experiment.only.items():  # what it does not narrow is whole
                wanted = alone[id][name]
                assert wanted == levels or all(level in levels for level in wanted)
    found = [id for id, claim in claims.items() if alone[id]]
    assert len(found) > 100
    for id in found:
        table = narrowed = table_of(claims[id])
        for name, levels in alone[id].items():
            column = name if name in table else name.removesuffix("s")
            whole = {level for table in tables_of(claims[id].source) for level in table.settings[name]}
            assert {*levels} < whole <= {*table[column]}, id
            narrowed = narrowed[~narrowed[column].isin(whole - {*levels})]
        assert np.array_equal(*(np.asarray(claims[id].effect(rows)) for rows in (table, narrowed))), id


def test_an_effect_that_takes_the_best_reads_those_that_are_worse_today():
    rows = [(seed, model, seed + value) for seed in range(3) for value, model in enumerate("abc")]
    table = pd.DataFrame(rows, columns=["seed", "model", "r2"])

    def read(effect) -> dict:
        return levels_read(effect, table, {"model": list("abc")}, ["r2"])

    assert read(lead("r2", "c", over=["a", "b"])) == {}  # all
    assert read(gain("r2", "c", over="a")) == {"model": ["a", "c"]}
    assert read(mean("r2", model="b")) == {"model": ["b"]}
    assert read(lambda table: table[table["model"] < "c"].groupby("seed")["r2"].max()) == {"model": ["a", "b"]}
    table["r2"] /= 10  # below 1, as an R² is
    assert read(of_error_left(gain("r2", "c", over="a"))) == {"model": ["a", "c"]}


def test_a_block_is_fresh_only_if_none_of_its_seeds_is_used_up(monkeypatch, tmp_path):
    only(monkeypatch, tmp_path, {})
    assert seeds.next_block() == seeds.FIRST
    seeds.append(
        "0.1", "2026-01-01", seeds.FIRST + seeds.BLOCK + 5, seeds.FIRST + seeds.BLOCK + 6, ["C0.1", "C0.2"], ["C0.2"]
    )
    assert seeds.next_block() == seeds.FIRST
    seeds.append("0.1", "2026-01-01", seeds.FIRST + 999, seeds.FIRST + 1000, ["C0.1"], [])
    assert seeds.next_block() == seeds.FIRST + 2 * seeds.BLOCK
    assert seeds.read_log()["not_reproduced"].tolist() == ["C0.2", ""]


def test_make_claims_names_and_leaves_out_what_needs_absent_data(monkeypatch, tmp_path, capsys):
    absent = "Stones are absent: python -m stones"
    monkeypatch.setattr(lab, "TABLES", {"00_x": kept(), "00_y": kept(absent=absent)})
    only(
        monkeypatch,
        tmp_path,
        {"C0.1": claim(source="00_x"), "C0.2": claim(source="00_y"), "C0.3": claim(source="00_y")},
        C0_1="holds",
    )
    assert main(["--seeds", "7000:7020"]) == 0
    said = capsys.readouterr().out
    assert "Not measured: C0.2, C0.3. Stones are absent: python -m stones" in said
    assert "1 claims measured with new seeds: 1 reproduced" in said
    assert seeds.read_log()["ids"].tolist() == ["C0.1"], "the log has what was measured"


MOST = seeds.BLOCK // 4  # seeds that a promise may take


@pytest.mark.slow
def test_every_claim_takes_enough_seeds_if_its_effect_is_at_the_near_end_of_its_interval():
    """Where this fails, the claim takes more seeds, in `make claims` or in its table, or is restated. One that needs
    more than `MOST` is close to its margin, and says so."""
    wrong = {}
    for id, claim in all_claims().items():
        if claim.expected == UNDECIDED or callable(claim.source):  # promises nothing; is measured where it is shown
            continue
        numbers = replication.effect_moments(claim, table_of(claim))
        if not claim.close and replication.fails(claim, *numbers, claim.seeds) > 1 - replication.POWER:
            wrong[id] = f"{claim.seeds}, needs {replication.seeds_enough(claim, *numbers)}"
        elif claim.close and replication.fails(claim, *numbers, MOST) <= 1 - replication.POWER:
            wrong[id] = f"said to be close, needs {replication.seeds_enough(claim, *numbers)}"
    assert not wrong, str(wrong)  # all of them

"""From a stranger's file to a served order in two calls, without a notebook."""

import gzip
import html
import json
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.capstone import __main__ as road
from helpers.capstone.ranker import Ranker
from helpers.capstone.suggestion import suggest
from helpers.capstone.table_checks import check
from helpers.evaluation.metrics import gauc
from helpers.support import environment


def stranger(rows: int = 5_000) -> pd.DataFrame:
    """A log as a Chinese office writes it; what users wish for is known, and the score of today knows little of it."""
    rng = np.random.default_rng(7)
    user, video = rng.integers(0, 120, rows), rng.integers(0, 60, rows)
    wish = rng.normal(size=120)[user] + 1.5 * rng.normal(size=60)[video] - 0.02 * (length := rng.uniform(5, 90, rows))
    frame = pd.DataFrame({"用户编号": [f"U{k:03}" for k in user], "视频编号": video + 5_000})
    frame["曝光时间"] = pd.Timestamp("2026-05-01") + pd.to_timedelta(
        np.sort(rng.integers(0, 10 * 86_400, rows)), unit="s"
    )
    frame["时长"], frame["主题"] = length.round(2), rng.choice(["音乐", "新闻", "体育"], rows)
    frame["预估分数"] = (0.2 * wish + rng.normal(size=rows)).round(4)
    for name, much in (("点击", 1.0), ("点赞", 0.6)):
        frame[name] = (rng.random(rows) < much / (1 + np.exp(-2 * wish))).astype(int)
    return frame.assign(愿望=wish)


def unwrapped(text: str) -> str:
    return re.sub(r"\n#\s+", " ", text)


def tick(folder: Path, questions: str = r"\d+", mark: str = "x") -> None:
    """Write [x] before these questions of the draft, where there is no [x]."""
    (plan,) = folder.glob("*_report/declaration.py")
    text = re.sub(rf"^# \[[ y]\] (?=({questions})\.)", f"# [{mark}] ", plan.read_text(encoding="utf-8"), flags=re.M)
    plan.write_text(text, encoding="utf-8")


@pytest.mark.long
def test_a_strangers_file_goes_to_a_page_and_a_served_order(tmp_path, monkeypatch, capsys):
    """GBK, semicolons, decimal commas, Chinese names; the draft asks for the score of today, which begins the page."""
    frame, log = stranger(), str(tmp_path / "日志.csv")  # the report is beside it, whatever the folder is
    frame[:-1_000].drop(columns="愿望").to_csv(log, sep=";", decimal=",", encoding="gbk", index=False)
    monkeypatch.setattr(sys, "argv", ["capstone", log, "--encoding", "gbk"])
    assert road.main() == 0 and "answer its 7 questions" in capsys.readouterr().out
    folder = tmp_path / "日志_report"
    text = (plan := folder / "declaration.py").read_text(encoding="utf-8")
    assert 'Perhaps "预估分数". It must be the score as it was when' in unwrapped(text) and 'user="用户编号"' in text
    corrected = text.replace('numbers=("时长", "预估分数"),', 'numbers=("时长",),\n    served={"点击": "预估分数"},')
    corrected = corrected.replace("exponents = None", 'exponents = {"点击": 1, "点赞": 0.5}')
    cleaned = 'frame["长"] = (frame["时长"] > 60) * 1\n    return frame[frame["时长"] > 6]'
    corrected = corrected.replace("return frame", cleaned).replace('("时长",)', '("时长", "长")')
    assert corrected.count("预估分数") == text.count("预估分数") and "点赞: 0.5" not in text
    plan.write_text(corrected, encoding="utf-8")
    tick(tmp_path)
    assert road.main() == 0
    said = capsys.readouterr().out
    assert "the service orders a list as the ranker does" in said and "judged by GAUC" in said
    assert f"read 4,000 rows of 日志.csv, of which clean keeps {(frame[:-1_000]['时长'] > 6).sum():,}\n" in said
    first = "ordered by 预估分数. In the test rows, if they were ordered by 点击^1 · 点赞^0.5 of what is best"
    assert first in said and "That is worth an A/B test. What you serve has chosen these rows" in said
    for one in json.loads((folder / "ranker.json").read_text(encoding="utf-8"))["fusion"]:
        metric = {"点击": "GAUC", "点赞": "AUC"}[one["task"]]  # few lists have both values of the rarer label
        assert re.search(
            rf"  {one['task']}: {one['model']}, {metric} 0\.\d+ \(0\.\d+ without \w+\), exponent {one['exponent']:g}\n",
            said,
        )
        assert one["exponent"] == {"点击": 1, "点赞": 0.5}[one["task"]]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert first in page and "<li>点击: GAUC 0." in page and "a gain.</li>" in page
    code = html.unescape(page.split("<pre>")[1].split("</pre>")[0])
    assert cleaned in code and 'frame = clean(read("日志.csv"' in re.sub(r'read\(".*日志.csv"', 'read("日志.csv"', code)
    assert {"ranker.pt", "ranker.pt2", "ranker.json", "serve.py", "candidates.json"} <= {
        p.name for p in folder.iterdir()
    }
    candidates = json.loads((folder / "candidates.json").read_text(encoding="utf-8"))
    answer = runpy.run_path(str(folder / "serve.py"))["Service"](folder / "ranker.pt2").predict(candidates)
    assert sorted(answer["order"]) == list(range(len(candidates))) and not answer["unknown"]
    ranker = Ranker.load(folder / "ranker.pt")
    tail = frame[-1_000:].assign(长=lambda rows: (rows["时长"] > 60) * 1)
    score = ranker.rank(tail).sort_index()["score"]
    users = pd.factorize(tail["用户编号"])[0]
    assert gauc(score, tail["愿望"] > tail["愿望"].median(), users).value > 0.75  # the truth, which no label has
    tail.drop(columns=["愿望", "长"]).to_csv(tmp_path / "下周.csv", sep=";", decimal=",", encoding="gbk", index=False)
    monkeypatch.setattr(sys, "argv", ["capstone", log, "--next", str(tmp_path / "下周.csv")])
    assert road.main() == 0 and "keep it: " in capsys.readouterr().out
    page = (folder / "next_下周.html").read_text(encoding="utf-8")
    assert f"下周.csv, {(tail['时长'] > 6).sum():,} rows" in page and "over what you serve today" in page
    few = tail.drop(columns="愿望")[:60]
    few.to_csv(tmp_path / "下周.csv", sep=";", decimal=",", encoding="gbk", index=False)
    assert road.main() == 1 and "Stopped. 下周.csv: got all columns: 58 rows are too few" in capsys.readouterr().err


@pytest.mark.long
def test_a_list_that_loses_to_that_of_today_is_not_exported(tmp_path, monkeypatch, capsys):
    """Today's score knows of each row what no column does."""
    frame, rng = stranger(3_000), np.random.default_rng(1)
    frame["预估分数"] = 3 * rng.normal(size=3_000)
    for label in ("点击", "点赞"):
        frame[label] = (frame["愿望"] + frame["预估分数"] + rng.normal(size=3_000) > 0).astype(int)
    del frame["愿望"]
    frame.to_csv(tmp_path / "log.csv", index=False)
    monkeypatch.setattr(sys, "argv", ["capstone", str(tmp_path / "log.csv")])
    assert road.main() == 0
    plan = tmp_path / "log_report" / "declaration.py"
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace(', "预估分数"),', ',), served={"点击": "预估分数"},'), encoding="utf-8")
    tick(tmp_path)
    assert road.main() == 0
    said = capsys.readouterr().out
    assert (
        "it only loses: try others" in said
        and "exported no ranker: with these exponents today's lists are better" in said
    )
    assert not [*plan.parent.glob("ranker*")]
    assert "frame = read(" in html.unescape(
        (plan.parent / "report.html").read_text(encoding="utf-8")
    )  # clean as drafted
    assert f'.save("{(plan.parent / "ranker.pt").as_posix()}")' in said  # which is what `--next` reads
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--next", "next.csv"])
    assert road.main() == 1 and "if it exported no ranker, what it said then" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("return frame['such']", "Stopped. clean: got KeyError: 'such'; expected a function that takes a table and"),
        ("frame['x'] = 1", "Stopped. clean: got TypeError: clean: got NoneType; expected a function that returns the"),
        ("return frame[['u', 'i', 't', 'p', 'b']]", "must fix · c: there is no such column"),
        ("return frame.drop_duplicates([*declaration.features(), *declaration.labels])", "settle reply first"),
        ("return frame", "settle all columns and reply first"),
    ],
)
def test_clean_may_change_the_table_and_says_what_is_wrong_with_it(tmp_path, monkeypatch, capsys, lines, said):
    frame = stranger(1_500).drop(columns="愿望").set_axis(list("uitpsabc")[:8], axis=1)
    frame["reply"] = np.where(frame["c"] == 1, 1.5 * frame["p"], np.nan)
    pd.concat([frame, frame[:300]]).to_csv(tmp_path / "log.csv", index=False)
    (folder := tmp_path / "log_report").mkdir()
    own = 'declaration = Declaration({"b": "binary", "c": "binary"}, "u", "i", numbers=("p", "reply"), time="t")'
    code = f"from helpers.capstone.declaration import *\n{own}\ndef clean(frame):\n    {lines}\n"
    (folder / "declaration.py").write_text(code)
    monkeypatch.setattr(sys, "argv", ["capstone", str(tmp_path / "log.csv")])
    assert road.main() == 1 and said in "".join(capsys.readouterr())


def test_what_is_in_doubt_is_settled_before_anything_is_trained(tmp_path, monkeypatch, capsys):
    """A column that is filled in after the outcome."""
    frame = stranger(1_500).drop(columns="愿望").set_axis(list("uitpsabc")[:8], axis=1)
    frame["reply"] = np.where(frame["c"] == 1, 1.5 * frame["p"], np.nan)
    frame.to_csv(tmp_path / "log.csv", index=False)
    (folder := tmp_path / "log_report").mkdir()
    own = 'Declaration({"b": "binary", "c": "binary"}, "u", "i", numbers=("p", "reply"), time="t")'
    plan = folder / "declaration.py"
    plan.write_text(f"from helpers.capstone.declaration import *\ndeclaration = {own}")
    monkeypatch.setattr(sys, "argv", ["capstone", str(tmp_path / "log.csv")])
    assert road.main() == 1
    said = capsys.readouterr().out
    assert "settle first · reply: " in said and "stopped before training: settle reply first, in" in said
    assert [*folder.iterdir()] == [plan]
    monkeypatch.setattr(road, "compare", lambda *_, **__: 1 / 0)
    plan.write_text(plan.read_text().replace('time="t"', 'time="t", settled=("reply",)'))
    with pytest.raises(ZeroDivisionError):  # who knows that all is well says so, and it is compared
        road.main()


def test_what_cannot_be_read_is_one_sentence_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    stranger(50).to_csv("log.csv", encoding="gbk", index=False)
    for file in ("gone.csv", "log.csv"):
        monkeypatch.setattr(sys, "argv", ["capstone", file])
        assert road.main() == 1 and capsys.readouterr().err.startswith("Stopped. path: got ")
    assert [one.name for one in tmp_path.iterdir()] == ["log.csv"]


def test_each_log_has_a_folder_of_its_own(tmp_path, monkeypatch):
    for file in ("log.2026-03.csv", "log.2026-04.csv.gz", "日志.csv"):
        stranger(50).to_csv(tmp_path / file, index=False)
        monkeypatch.setattr(sys, "argv", ["capstone", str(tmp_path / file)])
        assert road.main() == 0
    folders = {path.name for path in tmp_path.glob("*_report")}
    assert folders == {"log.2026-03_report", "log.2026-04_report", "日志_report"}


def test_without_a_label_the_draft_asks_for_one():
    frame = stranger(200).drop(columns=["点击", "点赞"])
    text = road.first_draft(frame, "log.csv", {})
    assert "# No column is surely a label" in text and 'labels={"…": "binary"},' in text
    exec(text, answers := {})
    assert any(problem.column == "…" and problem.stops for problem in check(answers["declaration"], frame))


def test_as_long_as_a_question_is_open_nothing_is_compared(tmp_path, monkeypatch, capsys):
    stranger(300).drop(columns="愿望").to_csv(tmp_path / "log.csv", index=False)
    monkeypatch.setattr(sys, "argv", ["capstone", str(tmp_path / "log.csv")])
    assert road.main() == 0
    for mark, done, left in (
        ("x", "none", "1. labels; 2. features; 3. features; 4. served;"),
        (" X", "[1-35-9]", "4. served\n"),
        ("y", "4", "4. served\n"),
    ):
        tick(tmp_path, done, mark)
        said = f"these questions have no [x] yet, and nothing else counts: {left}"
        assert road.main() == 1 and said in capsys.readouterr().out
    monkeypatch.setattr(road, "compare", lambda *_, **__: 1 / 0)
    tick(tmp_path)
    with pytest.raises(ZeroDivisionError):
        road.main()


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("numbers=", "nunbers=", "Declaration: got 'nunbers' (is it 'numbers'?); expected one of labels, user, item,"),
        ("reading = {}", 'reading = {"sep": ";"}', "read: got 'sep'; expected one of path, columns, header, names,"),
    ],
)
def test_a_keyword_that_there_is_none_of_is_named_with_those_that_are(
    tmp_path, monkeypatch, capsys, right, wrong, said
):
    stranger(300).to_csv(tmp_path / "log.csv", index=False)
    monkeypatch.setattr(sys, "argv", ["capstone", str(tmp_path / "log.csv")])
    assert road.main() == 0
    tick(tmp_path)
    plan = tmp_path / "log_report" / "declaration.py"
    plan.write_text(plan.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")
    assert road.main() == 1 and capsys.readouterr().err.startswith(f"Stopped. {said}")


def test_what_the_draft_declares_is_what_it_says_of_each_column():
    """Where no name is that of a label, all that may be one is: nowhere is it left out, too."""
    frame = stranger(300).rename(columns={"点击": "a", "点赞": "b"}).assign(watch_time=lambda f: f["时长"])
    text = road.first_draft(frame, "log.csv", {})
    assert 'labels={"a": "binary", "b": "binary", "watch_time": "regression"}' in text
    assert 'is it to be predicted? "a", "b", "watch_time".' in unwrapped(text)
    for name, kind in (("a", "binary"), ("b", "binary"), ("watch_time", "regression")):
        assert re.search(rf"^# {name} +{kind} label: ", text, re.M)


def test_traces_of_todays_ranker_are_asked_for():
    """Its score, for all labels; its version, and the part of an experiment that had it."""
    traces = {"ranker_score": (0.5, 9), "model_version": ("v7", "v8"), "engine": "ab", "exp_group": "AB"}
    traces |= {"bucket": (3, 4), "anios_exp": (7, 8)}
    frame = stranger(300).assign(**{name: np.resize([*values], 300) for name, values in traces.items()})
    asked = road.questions(suggest(frame.drop(columns="预估分数")))
    traces, scores = (next(one for one in asked if word in one) for word in ("which model", "served"))
    assert 'Perhaps "model_version", "engine", "exp_group", "bucket". Nobody' in traces
    assert 'Perhaps "ranker_score".' in scores and 'served={"点击": "ranker_score", "点赞": "ranker_score"}.' in scores


def test_make_takes_a_file_as_offices_name_it():
    command = ["make", "--dry-run", "report", f"LOG={(name := 'Q2 (final) & v3.csv')}", f"NEXT={name}"]
    text = subprocess.run(command, cwd=environment.ROOT, capture_output=True, text=True, check=True).stdout
    (line,) = (line for line in text.splitlines() if "helpers.capstone" in line)
    assert shlex.split(line)[-3:] == [name, "--next", name]


def test_a_second_date_is_asked_for_as_an_age():
    frame = stranger(900)
    since = pd.Timestamp("2025-01-01") + pd.to_timedelta(frame["用户编号"].str[1:].astype(int), unit="D")
    asked = road.questions(suggest(frame.assign(signup=since)))
    said = ' Of "signup" no date can be learnt from, but how many days ago it was. `clean` is the place for such'
    assert said in asked[1] and "days ago" not in road.questions(suggest(frame))[1]


def test_what_no_name_says_is_asked():
    frame = stranger(900).set_axis(["Gast_Nr", "Zimmer_Nr", "am", "Preis", "Art", "Position", "a", "b", "c"], axis=1)
    text = road.first_draft(frame.assign(Position=frame["Zimmer_Nr"].sample(frac=1).array), "log.csv", {})
    assert 'user, item: Is "Gast_Nr" the user and "Zimmer_Nr" the item?' in text
    assert 'in which experiment? Perhaps "Position".' in unwrapped(text)
    assert 'high on top? "Position" is none: a place is clicked because it is on top.' in unwrapped(text)


# A road without notebooks: `python ROAD FILE` walks it where neither Jupyter nor the chapters can be imported.
ROAD = f"""
import sys
sys.path.insert(0, {str(environment.ROOT)!r})
NOTEBOOKS = ("IPython", "ipywidgets", "ipykernel", "jupyterlab", "notebook", "nbformat", "anywidget", "traitlets")
COURSE = ("helpers.chapters", "helpers.course", "helpers.lab", "helpers.experiments")
DRAWING = ("helpers.display.figures", "helpers.display.pictures", "helpers.display.palette")

class Closed:
    def find_spec(self, name, *_):
        shown = name.startswith("helpers.display.") and name not in DRAWING
        if name.split(".")[0] in NOTEBOOKS or name.startswith(COURSE) or shown:
            raise ImportError(name + " is closed")

sys.meta_path.insert(0, Closed())
from helpers.capstone.__main__ import main
sys.exit(main())
"""


def walk(folder, file: str, content: bytes) -> subprocess.CompletedProcess:
    (folder / file).write_bytes(content)
    return subprocess.run([sys.executable, "-c", ROAD, file], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_road_leads_through_no_notebook_and_no_chapter(tmp_path):
    found = walk(tmp_path, "log.csv", stranger(300).to_csv(index=False).encode())
    assert found.returncode == 0 and "answer its" in found.stdout, found.stderr


def american(frame: pd.DataFrame) -> tuple[str, bytes]:
    """Tabs, ids that are words, and dates that may be either."""
    frame["曝光时间"] = frame["曝光时间"].dt.strftime("%m/%d/%Y %I:%M %p")
    names = ["visitor", "sku", "shown_at", "price", "department", "clicked", "purchased"]
    return "events.tsv", frame.set_axis(names, axis=1).to_csv(index=False, sep="\t").encode()


def german(frame: pd.DataFrame) -> tuple[str, bytes]:
    """Packed, decimal commas, yes and no, and names that tell this course nothing: the draft asks, and can be used."""
    frame["曝光时间"] = frame["曝光时间"].dt.strftime("%d.%m.%Y %H:%M")
    frame = frame.replace({"点击": {0: "nein", 1: "ja"}, "点赞": {0: "nein", 1: "ja"}})
    names = ["Kunde", "Artikel", "Zeitpunkt", "Preis", "Gruppe", "geklickt", "gekauft"]
    return "Log.csv.gz", gzip.compress(frame.set_axis(names, axis=1).to_csv(index=False, sep=";", decimal=",").encode())


def survey(frame: pd.DataFrame) -> tuple[str, bytes]:
    """JSON lines without a user, an item or a time."""
    frame = frame.drop(columns=["用户编号", "视频编号", "曝光时间"])
    frame = frame.set_axis(["hours", "field", "applied", "returned"], axis=1)
    return "survey.jsonl", frame.to_json(orient="records", lines=True).encode()


@pytest.mark.long
@pytest.mark.parametrize("made", [american, german, survey])
def test_an_honest_table_is_walked_to_its_end_without_an_answer(tmp_path, made):
    """From the file to the served order by the draft alone, as the ranker orders, and without a false alarm."""
    file, content = made(stranger(1_500).drop(columns=["预估分数", "愿望"]))
    for said in ("answer its", "the service orders a list as the ranker does"):
        found = walk(tmp_path, file, content)
        tick(tmp_path)
        assert found.returncode == 0 and said in found.stdout, found.stderr
        assert not re.search("must fix|a leak|Copies|stopped", found.stdout)
    (page,) = tmp_path.glob("*_report/report.html")
    alarms = set(re.findall(r'class="alarm"><b>(.*?)</b>', page.read_text(encoding="utf-8")))
    assert not alarms & {"To be settled first.", "Too good to be true?", "A label that nothing surely predicts."}

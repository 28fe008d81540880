"""From a stranger's file to a served order in two calls, without a notebook."""

import json
import runpy
import sys

import numpy as np
import pandas as pd
import pytest

from helpers.capstone import __main__ as road
from helpers.capstone.ranker import Ranker
from helpers.evaluation.metrics import gauc


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


@pytest.mark.long
def test_a_strangers_file_goes_to_a_page_and_a_served_order(tmp_path, monkeypatch, capsys):
    """GBK, semicolons, decimal commas, Chinese names; the draft asks for the score of today, which begins the page."""
    monkeypatch.chdir(tmp_path)
    frame = stranger()
    frame.drop(columns="愿望").to_csv("日志.csv", sep=";", decimal=",", encoding="gbk", index=False)
    monkeypatch.setattr(sys, "argv", ["capstone", "日志.csv", "--encoding", "gbk"])
    assert road.main() == 0 and "answer its 5 questions" in capsys.readouterr().out
    folder = tmp_path / "日志_report"
    text = (plan := folder / "declaration.py").read_text(encoding="utf-8")
    assert (
        'Is it "预估分数"? Then it is no feature.' in text and 'user="用户编号"' in text and 'time="曝光时间"' in text
    )
    answered = text.replace('numbers=("时长", "预估分数"),', 'numbers=("时长",),\n    served={"点击": "预估分数"},')
    assert answered != text
    plan.write_text(answered, encoding="utf-8")
    assert road.main() == 0
    said = capsys.readouterr().out
    assert "the service orders a list as the ranker does" in said and "judged by GAUC" in said
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "What you serve today: For 点击, 预估分数 has GAUC" in page and "a gain worth an A/B test" in page
    assert {"ranker.pt", "ranker.pt2", "ranker.json", "serve.py", "candidates.json"} <= {
        p.name for p in folder.iterdir()
    }
    candidates = json.loads((folder / "candidates.json").read_text(encoding="utf-8"))
    answer = runpy.run_path(str(folder / "serve.py"))["Service"](folder / "ranker.pt2").predict(candidates)
    assert sorted(answer["order"]) == list(range(len(candidates))) and not answer["unknown"]
    ranker = Ranker.load(folder / "ranker.pt")
    tail = frame[-1_000:]
    score = ranker.rank(tail).sort_index()["score"]
    users = pd.factorize(tail["用户编号"])[0]
    assert gauc(score, tail["愿望"] > tail["愿望"].median(), users).value > 0.75  # the truth, which no label has
    tail.drop(columns="愿望").to_csv("下周.csv", sep=";", decimal=",", encoding="gbk", index=False)
    monkeypatch.setattr(sys, "argv", ["capstone", "日志.csv", "--next", "下周.csv"])
    assert road.main() == 0 and "keep it: " in capsys.readouterr().out
    page = (folder / "next.html").read_text(encoding="utf-8")
    assert "下周.csv, 1,000 rows" in page and "over what you serve today" in page


def test_what_cannot_be_read_is_one_sentence_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    stranger(50).to_csv("log.csv", encoding="gbk", index=False)
    for file in ("gone.csv", "log.csv"):
        monkeypatch.setattr(sys, "argv", ["capstone", file])
        assert road.main() == 1 and capsys.readouterr().err.startswith("Stopped. path: got ")
    assert [one.name for one in tmp_path.iterdir()] == ["log.csv"]


def test_without_a_label_the_draft_asks_for_one():
    frame = stranger(200).drop(columns=["点击", "点赞"])
    text = road.first_draft(frame, "log.csv", {})
    assert "# guesses: got no label" in text and "# declaration = Declaration(labels={" in text
    compile(text, "declaration.py", "exec")

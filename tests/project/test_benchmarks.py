"""The benchmarks run and give the lines that they promise. Of speed, no test asks more than an order of magnitude."""

import shutil
from contextlib import ExitStack
from pathlib import Path

import nbformat
import numpy as np
import pytest

from benchmarks import chapters, limits, million, pages, peers, task
from benchmarks.libraries import PEERS
from helpers.capstone.reading import read
from helpers.capstone.table_checks import check

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
INSTALLED = ["ours", *(PEERS if peers.installed() else [])]


def test_equal_seeds_give_equal_data_that_can_be_learned_from():
    one, two, other = task.make(2000), task.make(2000), task.make(2000, seed=1)
    for name in ("sparse", "dense", "labels"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert not np.array_equal(one.labels, other.labels)
    assert set(np.unique(one.labels)) == {0, 1}
    assert one.sparse.min() >= 0 and one.sparse.max() < task.VOCABULARY
    assert all(0.1 < rate < 0.5 for rate in one.labels.mean(0))


def test_libraries_side_by_side(capsys):
    """The other libraries are there where `python -m benchmarks.peers` has installed them."""
    with ExitStack() as stack:
        workers = [stack.enter_context(peers.Worker(name, threads=1, rows=5000)) for name in INSTALLED]
        speed = dict(peers.speed(workers, rows=5000, rounds=1, threads=1))
        scores = dict(peers.auc(workers, seeds=1))
    ratios = [f"{name}_1" for name in INSTALLED[1:]] + (["fastest_peer_1", "fastest_peer"] if INSTALLED[1:] else [])
    for work in ("train", "infer"):
        assert 100 < speed.pop(f"{work}_rows_per_s") < 1e8
        assert all(0.01 < speed.pop(f"{work}_over_{name}") < 1000 for name in ratios)
    assert not speed
    assert "ours train, threads 1: " in capsys.readouterr().err
    assert set(scores) == {"auc_ours", *(f"auc_peer_{name}" for name in INSTALLED[1:])}
    assert all(0.52 < score < 0.9 for score in scores.values())  # so few rows teach little, but more than nothing


def test_without_peer_libraries_our_own_benchmark_lines_remain(monkeypatch, capsys):
    monkeypatch.setattr(peers, "install", lambda: "pip cannot install them (offline?): no route to host")
    found = dict(peers.lines(short=True))
    assert list(found) == [
        "train_rows_per_s",
        "infer_rows_per_s",
        "auc_ours",
        "train_rows_per_s_2",
        "infer_rows_per_s_2",
    ]
    assert "skipped train_over_*, infer_over_*, auc_peer_*: pip cannot install them" in capsys.readouterr().err


def test_limits(monkeypatch):
    monkeypatch.setattr(limits, "MODELS", 8)
    found = dict(limits.lines(short=True))
    ratios = ["train_share_of_sgemm_peak", "rows_per_s_slowest_over_fastest"]
    ratios += [f"sweep64_over_loop_{batch}" for batch in (64, 256, 1024)]
    ratios += [f"latency_{count}_models_over_one" for count in (2, 4, 8)]
    assert set(found) == {*ratios, "rows_per_s_1e4", "rows_per_s_1e5"}
    assert all(0.01 < found[name] < 100 for name in ratios)
    assert all(100 < found[f"rows_per_s_1e{power}"] < 1e8 for power in (4, 5))


def test_a_chapter_in_the_browser(tmp_path, capsys):
    if not (chapters.CHROMIUM and chapters.sync_playwright):
        pytest.skip("needs Chromium and playwright")
    code = ["from ipywidgets import HTML, IntSlider, VBox", "slider, text = IntSlider(value=50), HTML('50')"]
    code += ["slider.observe(lambda change: setattr(text, 'value', str(change.new)), 'value')", "VBox([slider, text])"]
    cells = [nbformat.v4.new_code_cell(source) for source in code]
    cells[0].metadata["tags"] = ["setup"]
    folder = tmp_path / "notebooks"
    folder.mkdir()
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "01_small.ipynb")
    found = dict(chapters.lines(short=True, notebooks=folder))
    every = ["kernel_mb", "slider_ms_p50", "slider_ms_p95"]
    assert list(found) == ["imports_seconds", "chapter_01_seconds", *(f"chapter_01_{name}" for name in every), *every]
    assert 0 < found["slider_ms_p50"] <= found["slider_ms_p95"] < 3000
    assert 10 < found["kernel_mb"] < 1000
    assert "slider 1 of 1, 50 of 50 presses moved" in capsys.readouterr().err


def test_a_page_in_the_browser(tmp_path, capsys):
    """The fixture of the browser tests has two explorables, chapter 04 has the playground."""
    if not (chapters.CHROMIUM and chapters.sync_playwright):
        pytest.skip("needs Chromium and playwright")
    shutil.copy(ROOT / "tests" / "browser" / "fixtures" / "widgets.ipynb", tmp_path)
    shutil.copy(ROOT / "notebooks" / "04_shared_bottom.ipynb", tmp_path)
    found = dict(pages.lines(short=True, notebooks=tmp_path))
    moves = ["explorable_move_ms_p50", "explorable_move_ms_p95"]
    assert list(found) == ["page_first_paint_ms", "explorable_ready_ms", *moves, "playground_frames_per_s"]
    assert 0 < found["page_first_paint_ms"] < 20_000 and 0 < found["explorable_ready_ms"] < 20_000
    assert 0 < found["explorable_move_ms_p50"] <= found["explorable_move_ms_p95"] < 1000
    assert 1 < found["playground_frames_per_s"] < 500
    assert "widgets: 2 explorables, 16 of 16 moves seen" in capsys.readouterr().err


def test_a_million_rows_from_a_few(tmp_path, capsys):
    """The file is as it is declared, in pieces that follow each other in time; each stage is told."""
    million.write(path := tmp_path / "log.csv", 3_000)
    frame = read(path)
    assert len(frame) == 3_000 and not check(million.OWN, frame).stopping
    assert frame["shown_at"].is_monotonic_increasing and (frame["carted"] >= frame["purchased"]).all()
    capsys.readouterr()
    million.main(str(path))
    stages = [line.split(",") for line in capsys.readouterr().out.splitlines()]
    assert [stage for stage, *_ in stages] == ["read", "compare", "report"]
    peaks, seconds = ([float(stage[k]) for stage in stages] for k in (1, 2))
    assert peaks == sorted(peaks) and peaks[0] > 50 and seconds == sorted(seconds) and seconds[-1] > 0
    assert "quick look" in path.with_suffix(".html").read_text(encoding="utf-8")

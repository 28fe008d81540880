"""The benchmarks run and give the lines that they promise. Of speed, no test asks more than an order of magnitude."""

import importlib.util
import json
import shutil
import sys
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import numpy as np
import pytest

from benchmarks import __main__ as bench
from benchmarks import chapters, limits, million, pages, peers, service, task
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


def test_a_library_that_fails_says_why(monkeypatch):
    monkeypatch.setattr(peers, "PYTHON", Path(sys.executable))  # the others' own environment may not be there
    with pytest.raises(RuntimeError, match=r"no library failed:\n(.|\n)*KeyError: 'no library'"):
        peers.Worker("no library", threads=1, rows=10)


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


def test_interleaved_benchmarks_alternate():
    turns = []
    took = limits.interleaved(2, one=lambda: turns.append("one"), two=lambda: turns.append("two"))
    assert turns == ["one", "two"] * 3
    assert set(took) == {"one", "two"}


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


@contextmanager
def answering(rows: int):
    """The port of a server that answers every request with so many rows, as the service does."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert len(asked) == service.CANDIDATES and set(asked[0]) == {*service.IDS, *service.NUMBERS}
            body = json.dumps([dict.fromkeys(service.TASKS, 0.5)] * rows).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_every_request_to_the_service_is_timed_and_looked_at():
    with answering(service.CANDIDATES) as port:
        took = service.milliseconds(port, clients=2, requests=6)
    assert took.shape == (6,) and (took > 0).all() and (took < 60_000).all()
    with answering(3) as port, pytest.raises(RuntimeError, match="expected 500 rows"):
        service.milliseconds(port, clients=1, requests=1)


SERVED = all(importlib.util.find_spec(name) for name in ("fastapi", "uvicorn"))


@pytest.mark.parametrize("real", [False, *([True] if SERVED else [])])
def test_the_service_beside_one_model_a_task(monkeypatch, capsys, real):
    """Where FastAPI is installed, the service itself; elsewhere a server in its place, or a word that it is missing."""
    if not real:
        monkeypatch.setattr(service.importlib.util, "find_spec", lambda name: None)
        assert list(service.lines(short=True)) == []
        assert "skipped service_*: pip install fastapi uvicorn" in capsys.readouterr().err
        monkeypatch.setattr(service.importlib.util, "find_spec", lambda name: name)
        monkeypatch.setattr(service, "exported", lambda folder, rows: (None, None))
        monkeypatch.setattr(service, "served", lambda paths: answering(service.CANDIDATES))
    found = dict(service.lines(short=True))
    kinds = [f"{which}_{clients}" for clients in (1, 4) for which in ("", "_each")]
    every = [f"service{kind}_ms_{percentile}" for kind in kinds for percentile in ("p50", "p95")]
    assert set(found) == {*every, "service_1_each_over_one", "service_4_each_over_one"}
    assert all(0 < found[name] < 60_000 for name in every)
    assert all(found[f"service{kind}_ms_p50"] <= found[f"service{kind}_ms_p95"] for kind in kinds)


def test_lines_are_a_name_and_a_number(monkeypatch, capsys):
    values = {"rows": 123456.7, "ratio": 2.34567, "share": 0.0123456}
    monkeypatch.setattr(bench, "PARTS", {"one": lambda short: iter(values.items())})
    bench.main(["--short"])
    assert capsys.readouterr().out == "rows 123457\nratio 2.346\nshare 0.01235\n"


def test_an_unknown_part_is_named(capsys):
    with pytest.raises(SystemExit):
        bench.main(["chapter"])
    assert "no part chapter" in capsys.readouterr().err

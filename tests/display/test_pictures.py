"""What a figure says in words: its titles, its axes and the numbers that are drawn."""

import base64
import html
import io
import re
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from helpers.chapters.ch03 import diagrams
from helpers.display import figures, pictures
from helpers.display.explorer import Curves, Explorer
from tools import notebooks

ROOT = Path(__file__).parents[2]


def table(**columns) -> pd.DataFrame:
    means = pd.DataFrame(columns)
    return means.assign(low=means["mean"] - 0.051, high=means["mean"] + 0.051)


def test_dots_are_said_row_by_row_with_their_intervals():
    rows = table(row=["first", "first", "second"], name=["a", "b", "a"], mean=[0.123, -0.4561, 0.3])
    figure = figures.dots(rows, "row", "name", title="What to see", x_label="gain (95% intervals)")
    assert pictures.describe(figure) == (
        "What to see. gain (95% intervals). "
        "first: a +0.123 [+0.072, +0.174], b −0.456 [−0.507, −0.405]; second: a +0.300 [+0.249, +0.351]."
    )


def test_lines_are_said_by_their_ends_and_what_lies_beyond_them():
    steps = table(step=[0, 10, 20] * 2, name=["up"] * 3 + ["hump"] * 3, mean=[0.111, 0.2, 0.333, 0.0, 0.9, 0.111])
    figure = figures.lines(steps, "step", "name", title="T", x_label="step", y_label="loss")
    lines = "up 0.111 at 0, 0.333 at 20; hump 0.000 at 0, up to 0.900 between, 0.111 at 20."
    assert pictures.describe(figure) == f"T. loss against step. {lines}"


def test_paths_clouds_readings_and_cells_are_said():
    way = table(way=["one"] * 4, goal=["x", "y"] * 2, mean=[0.2, 0.811, 0.6, 0.411])
    paths = figures.paths(way, "way", "goal", "x", "y", title="T", x_label="clicks", y_label="finishes")
    assert pictures.describe(paths) == "T. finishes against clicks. one 0.811 at 0.2, 0.411 at 0.6."
    dots = pd.DataFrame({"sum": "a", "A": [0.0, 1.0, 0.5], "B": [1.0, 0.0, 0.625]})
    clouds = diagrams.clouds(dots, "sum", "A", "B", pd.DataFrame({"x": [0, 1], "y": [1, 0]}), title="T")
    assert "a: 3 runs" in pictures.describe(clouds)
    assert "quartiles 0.25, 0.50, 0.75 across and 0.31, 0.62, 0.81 up" in pictures.describe(clouds)
    curve = pd.DataFrame({"x": [0, 5.0], "y": [0, 5.0]})
    points = table(model=["m", "m"], says=[1.2511, 5.0], mean=[1.0, 3.333])
    words = {"x_label": "x", "y_label": "y", "truth_label": "as predicted"}
    read = figures.readings(points, "says", "model", curve, title="T", **words)
    assert (
        pictures.describe(read)
        == "T. y against x. as predicted 0.00 at 0.00, 5.00 at 5.00; m 1.00 at 1.25, 3.33 at 5.00."
    )
    heat = table(rows=[500, 1000], width=[4, 4], task="task A", mean=[0.1, -0.3])
    words = {"title": "T", "x_label": "width", "y_label": "rows", "matters": 0.01}
    assert "500, 4 +0.100 ±0.051; 1000, 4 −0.300 ±0.051" in pictures.describe(
        figures.heatmap(heat, "rows", "width", "task", **words)
    )
    lift = pd.DataFrame([[None, 2.0], [0.5, None]], index=["a", "b"], columns=["a", "b"], dtype=float)
    assert pictures.describe(figures.matrix(lift, title="T", note="lift")) == "T. lift. a, b 2.00; b, a 0.50."
    symmetric = lift.where(lift != 0.5, 2.0)
    assert pictures.describe(figures.matrix(symmetric, title="T", note="lift")) == "T. lift. a, b 2.00."


def wild(name: str):
    """Figures as a reader may draw them."""
    figure, axes = plt.subplots(subplot_kw={"projection": "polar"} if name == "polar" else {})
    if name == "cells":
        axes.imshow(np.eye(3))
        axes.text(9, 9, "far out")
    if name == "dates":
        axes.plot(np.array(["2026-01-01", "2026-01-02"], dtype="datetime64"), [1, 2], label="days")
    if name == "words":
        axes.plot(["a", "b"], ["c", "d"], label="letters")
    if name == "nothing":
        axes.plot([], [], label="empty")
    if name == "ticks":
        axes.plot([0, 2.5], [1, 2.25], label="line")
        axes.set_xticks([0, 1, 2])
    if name == "log":
        axes.loglog([1, 100], [0.012, 10], label="line")
    axes.set_title("Mine")
    return figure


@pytest.mark.parametrize("name", ["cells", "dates", "words", "nothing", "polar", "ticks", "log"])
def test_any_figure_of_the_readers_own_is_said(name):
    figure = wild(name)
    with warnings.catch_warnings(action="error"):  # here alone: what another test left may end meanwhile, and warn
        words = pictures.describe(figure)
    assert words.startswith("Mine.")
    assert {"ticks": "line 1.00 at 0, 2.25 at 2.5.", "log": "line 0.01 at 1, 10.00 at 100."}.get(name, "") in words


def test_where_intervals_do_not_fit_the_numbers_are_all_said():
    rows = table(row=[f"row {n}" for n in range(24)], name=["a"] * 24, mean=[0.25] * 24)
    words = pictures.describe(figures.dots(rows, "row", "name", title="T", x_label="AUC"))
    assert "row 0:" in words and "row 23:" in words and "more" not in words, words


def test_the_words_of_a_picture_may_have_quotes_and_have_an_end():
    figure, axes = plt.subplots()
    assert '<img alt="a &lt; &quot;b&quot;" ' in pictures.image(pictures.png(figure), 'a < "b"')
    for number in range(200):
        axes.plot([0, 1], [number, 0], label=f"line {number}")
    assert 100 < len(pictures.describe(figure)) <= pictures.LENGTH + 100


def test_a_picture_is_sharp_on_a_projector_and_shown_as_large_as_it_was_drawn():
    with plt.rc_context({"figure.dpi": 90}):
        figure, _ = plt.subplots(figsize=(8, 4.5), layout="constrained")
    picture = pictures.png(figure)
    pixels = Image.open(io.BytesIO(base64.b64decode(picture))).width
    (width,) = map(int, re.findall(r' width="(\d+)" ', pictures.image(picture, "Empty.")))
    assert (pixels, width) == (pytest.approx(2 * 720, abs=40), pixels // 2)


def test_the_picture_of_an_explorer_says_what_the_explorer_says():
    curve = pd.DataFrame({"x": [0, 1] * 2, "k": [1, 1, 2, 2], "y": [0.0, 1.0, 0.0, 2.0], "s": "line"})
    panel = Curves(curve, x="x", y="y", series="s", title="Steeper", x_label="x", y_label="y")
    shown = Explorer(
        "one", {"k": "slope"}, [panel], lambda settings, _: f"It rises to {settings['k']}.", start={"k": 2}
    )
    data = shown._repr_mimebundle_()[0]
    assert '<img alt="Steeper. It rises to 2. Drawn at: slope 2." ' in data["text/html"]
    assert data["image/png"] in data["text/html"]


SHOWN = """
import matplotlib.pyplot as plt
from helpers.display import figures
figures.use_style()
figure, axes = plt.subplots()
_ = axes.set(title='a < "b"', xlabel="x")
"""


@pytest.mark.long
def test_a_notebook_shows_a_figure_as_html_with_its_words(tmp_path):
    book = tmp_path / "97_shown.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(SHOWN)]), book)
    notebooks.regenerate(book)
    (output,) = nbformat.read(book, as_version=4).cells[0].outputs
    ((alt, source),) = re.findall(
        r'^<img alt="([^"]*)" width="[0-9]+" src="data:image/png;base64,([^"]*)">$', output.data["text/html"]
    )
    assert html.unescape(alt) == 'a < "b". x.'
    assert list(output.data) == ["text/html"] and base64.b64decode(source).startswith(b"\x89PNG")
    assert len(notebooks.output_texts(notebooks.read(book).cells[0])[0]) < 100  # pictures are not compared


@pytest.mark.parametrize(("axis", "scale"), [("x", 1.0), ("y", 1.0), ("x", 0.01)])
def test_a_number_lies_where_the_picture_has_it(axis, scale):
    """A line of one colour, drawn at the number, is found at the place that is told, and reaches from edge to edge."""
    rows = table(step=[0.0, 10.0, 20.0], name=["a long name"] * 3, mean=[0.1, 0.2, 0.3])
    figure = figures.lines(rows, "step", "name", title="A title", x_label="step", y_label="loss")
    number = {"x": 15.0, "y": 0.25}[axis]
    draw = {"x": figure.axes[0].axvline, "y": figure.axes[0].axhline}[axis]
    draw(number, color="#ff0000", linewidth=1)
    place = pictures.place_on(figure, axis, scale)
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(pictures.png(figure)))).convert("RGB")).astype(int)
    red = (pixels[..., 0] > 200) & (pixels[..., 1:].max(-1) < 80)
    along = red.any(axis=0 if axis == "x" else 1).nonzero()[0] + 0.5
    other = red.any(axis=1 if axis == "x" else 0).nonzero()[0]
    size = dict(zip("yx", red.shape, strict=True))
    share = (number / scale - place["low"]) / (place["high"] - place["low"])
    expected = place["start"] + (place["end"] - place["start"]) * share
    assert abs(along.mean() - expected * size[axis]) < 1.5 * pictures.SHARP
    ends = sorted((place["first"], place["last"]))
    reach = other.min(), other.max() + 1
    assert np.allclose(reach, np.multiply(ends, size["y" if axis == "x" else "x"]), rtol=0, atol=2)

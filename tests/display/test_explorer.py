"""What the interactive figure sends to the browser, and *train it now*. Its drawing is tested in tests/browser."""

import asyncio
import base64
import time

import ipywidgets as widgets
import pytest

from helpers.display.explorer import Explorer
from tests.display.test_panels import curves, plane, table

CONTROLS = {"shared": "shared features", "weight": "weight of A"}
INTERVALS = "95% intervals over 20 seeds"


def say(settings, *_) -> str:
    return f"{settings['shared']} shared, weight {settings['weight']}"


def explorer(frame=None, **other) -> Explorer:
    frame = table() if frame is None else frame
    named = {"controls": CONTROLS, "panels": [curves(frame), plane(frame)], "sentence": say, "intervals": INTERVALS}
    return Explorer(**(named | other))


@pytest.mark.slow
def test_the_controls_hold_the_options_in_order_and_the_start():
    figure = explorer(start={"weight": 0.5}, dropdown={"shared"})
    assert [option for option, _ in figure.controls["shared"].options] == ["0", "2", "4"]
    assert figure.settings == {"shared": 0, "weight": 0.5}
    assert isinstance(figure.controls["shared"], widgets.Dropdown)
    assert isinstance(figure.controls["weight"], widgets.SelectionSlider)
    assert figure.figure.controls == list(figure.controls.values())


def test_each_combination_has_its_own_words():
    frame = table()
    panel = curves(frame)
    object.__setattr__(panel, "title", lambda settings: f"title of {settings['shared']}")
    drawing = explorer(panels=[panel]).figure.drawing
    assert len(drawing["sentences"]["of"]) == 9 and len(drawing["panels"][0]["titles"]["texts"]) == 3
    state = 2 * 3 + 1  # shared = 4, weight = 0.5
    assert drawing["sentences"]["texts"][drawing["sentences"]["of"][state]] == "4 shared, weight 0.5"
    titles = drawing["panels"][0]["titles"]
    assert titles["texts"][titles["of"][state]] == "title of 4"


def test_a_sentence_is_of_the_rows_of_each_panel_at_the_settings():
    frame = table()

    def both(settings, *panels):
        return "; ".join(f"{rows['mean']['A']:.4f}, {rows['low']['B']:.4f}" for rows in panels)

    said = explorer(sentence=both).figure.drawing["sentences"]
    at = frame[(frame["shared"] == 4) & (frame["weight"] == 0.5)].set_index("task")
    words = f"{at['mean']['A']:.4f}, {at['low']['B']:.4f}".replace("-", "−")
    assert said["texts"][said["of"][2 * 3 + 1]] == f"{words}; {words}"


@pytest.mark.slow
def test_without_widgets_an_explorer_shows_text_and_a_picture():
    first, second = (explorer()._repr_mimebundle_() for _ in range(2))
    assert first["text/plain"] == second["text/plain"] and first["image/png"] == second["image/png"]
    assert "shared features, weight of A" in first["text/plain"] and "0x" not in first["text/plain"]
    png = base64.b64decode(first["image/png"])
    assert png.startswith(b"\x89PNG") and len(png) < 120_000
    moved = explorer(start={"shared": 4})._repr_mimebundle_()["image/png"]
    assert moved != first["image/png"]
    assert "application/vnd.jupyter.widget-view+json" in first


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"start": {"shared": 3}}, "start['shared']: got 3; expected one of 0, 2, 4"),
        ({"start": {"width": 3}}, "start: got 'width'; expected one of 'shared', 'weight'"),
        ({"dropdown": {"width"}}, "dropdown: got 'width'; expected one of 'shared', 'weight'"),
        ({"controls": {}}, "controls: got none"),
        ({"controls": CONTROLS | {"width": "width"}}, "controls: got 'width', a column of no panel's table"),
        ({"panels": []}, "panels: got 0 panels; expected one or two"),
        (
            {"panels": [curves(table()), plane(table(shared=(0, 1)))]},
            "table['shared']: got the values [0, 1]; expected [0, 2, 4]",
        ),
        ({"intervals": ""}, "intervals: got ''; expected what the bands are"),
    ],
)
def test_a_wrong_argument_is_named(other, message):
    with pytest.raises(ValueError) as error:
        explorer(**other)
    assert message in str(error.value)


def test_a_run_is_drawn_at_its_settings_and_can_move():
    figure = explorer()
    first = figure.show_run({"shared": 2, "weight": 0.9}, {"A": 0.1})
    assert figure.show_run({"shared": 0, "weight": 0.1}, {"A": (0.0, -0.1, 0.1), "B": 0.2}) == 1
    figure.show_run({"shared": 2, "weight": 0.9}, {"A": 0.3}, first)
    assert figure.figure.runs == [
        {"at": [1, 2], "values": {"A": [0.3, 0.3, 0.3]}, "part": ""},
        {"at": [0, 0], "values": {"A": [0.0, -0.1, 0.1], "B": [0.2, 0.2, 0.2]}, "part": ""},
    ]
    with pytest.raises(ValueError, match="shared: got 3"):
        figure.show_run({"shared": 3, "weight": 0.9}, {"A": 0.1})
    with pytest.raises(ValueError, match="series of a run: got 'C'; expected one of 'A', 'B'"):
        figure.show_run({"shared": 2, "weight": 0.9}, {"C": 0.1})
    with pytest.raises(ValueError, match="value of 'A': got"):
        figure.show_run({"shared": 2, "weight": 0.9}, {"A": float("nan")})


def press(figure: Explorer, *later) -> str:
    """Press *Train it now*; after n steps do what `later` has as (n, action). Returns the message."""
    trainer = figure.children[-1]

    async def session():
        trainer.button.click()
        for steps, action in later:
            for _ in range(steps):
                await asyncio.sleep(0)
            action(trainer)
        await trainer.task

    asyncio.run(session())
    return trainer.message.value


def steps(settings):
    yield 0.0, None
    for step in range(1, 11):
        yield step / 10, {"A": 0.01 * step, "B": -0.01 * step}


def test_training_adds_one_run_at_the_settings_of_the_start():
    figure = explorer(train=steps, start={"shared": 2})
    words = press(figure, (3, lambda _: setattr(figure.controls["shared"], "index", 0)))
    assert figure.figure.runs == [{"at": [1, 0], "values": {"A": [0.1] * 3, "B": [-0.1] * 3}, "part": ""}]
    assert words == "Your run at shared features 2, weight of A 0.1: A +0.100, B −0.100."
    trainer = figure.children[-1]
    assert not trainer.button.disabled and trainer.stop.disabled and trainer.bar.layout.display == "none"


@pytest.mark.slow
def test_stop_keeps_the_partial_result_and_says_so():
    figure = explorer(train=steps)
    assert press(figure, (4, lambda trainer: trainer.stop.click())) == "Stopped at 30%: A +0.030, B −0.030."
    assert figure.figure.runs[0]["values"]["A"] == [0.03] * 3
    assert press(explorer(train=steps), (1, lambda trainer: trainer.stop.click())) == "Stopped at 0%: no result yet."


@pytest.mark.slow
def test_an_error_is_said_as_text(capsys):
    def broken(settings):
        yield 0.5, {"A": 0.1}
        raise ValueError("got <b>nothing</b>")

    figure = explorer(train=broken)
    assert press(figure) == "It ended with an error. ValueError: got &lt;b&gt;nothing&lt;/b&gt;"
    assert figure.figure.runs and not figure.children[-1].button.disabled

    def unknown(settings):
        yield 0.5, {"task": 0.1}

    assert "series of a run: got &#x27;task&#x27;" in press(explorer(train=unknown))
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyboardInterrupt(), "Stopped by hand at 50%: A +0.100."),
        (SystemExit(), "It ended with an error. SystemExit."),
        (SystemExit("no data"), "It ended with an error. SystemExit: no data"),
        (ValueError(), "It ended with an error. ValueError."),
    ],
)
def test_what_stops_the_training_does_not_stop_the_kernel(error, words):
    left = []

    def stopped(settings):
        try:
            yield 0.5, {"A": 0.1}
            raise error
        finally:
            left.append(True)

    figure = explorer(train=stopped)
    assert press(figure) == words and left == [True]
    trainer = figure.children[-1]
    assert not trainer.button.disabled and trainer.stop.disabled and trainer.bar.layout.display == "none"
    assert press(figure) == words  # and can be tried again


def test_the_kernel_answers_between_two_steps():
    """A slow training leaves the loop free at every step: something else gets its turn as often as there are steps."""
    turns = []

    def slow(settings):
        for step in range(1, 6):
            time.sleep(0.001)
            yield step / 5, None

    figure = explorer(train=slow)
    press(figure, *[(1, lambda trainer: turns.append(trainer.bar.value))] * 5)
    assert turns == [0.2, 0.4, 0.6, 0.8, 1.0]

"""What the interactive figure sends to the browser. Its drawing is tested in tests/browser."""

import base64

import pytest

from helpers.display.explorer import Explorer, Question
from tests.display.test_panels import curves, plane, table

CONTROLS = {"shared": "shared features", "weight": "weight of A"}
INTERVALS = "95% intervals over 20 seeds"


def say(settings, *_) -> str:
    return f"{settings['shared']} shared, weight {settings['weight']}"


def explorer(frame=None, **other) -> Explorer:
    frame = table() if frame is None else frame
    named = {
        "name": "one",
        "controls": CONTROLS,
        "panels": [curves(frame), plane(frame)],
        "sentence": say,
        "intervals": INTERVALS,
    }
    return Explorer(**(named | other))


@pytest.mark.slow
def test_the_controls_hold_the_options_in_order_and_the_start():
    figure = explorer(start={"weight": 0.5}, buttons={"shared"})
    shared, weight = figure.data["controls"]
    assert shared["options"] == ["0", "2", "4"] and (shared["buttons"], weight["buttons"]) == (True, False)
    assert figure.start == {"shared": "0", "weight": weight["options"].index("0.5")}


def test_a_question_speaks_of_the_state_that_the_page_has():
    asked = Question("One", "Who?", {"weight": "Drag it"}, [{"weight": 0.5, "shared": 2}], "A -1.", at={"shared": 4})
    (found,) = explorer(buttons={"shared"}, questions=[asked]).data["questions"]
    assert found == {
        **{"name": "One", "ask": "Who?", "moves": {"weight": "Drag it"}, "show": []},
        **{"set": {"shared": "4"}, "pale": None, "seen": [{"weight": 1, "shared": "2"}], "answer": "A −1."},
    }


def test_each_combination_has_its_own_words():
    frame = table()
    panel = curves(frame)
    object.__setattr__(panel, "title", lambda settings: f"title of {settings['shared']}")
    drawing = explorer(panels=[panel]).data
    assert len(drawing["sentences"]["of"]) == 9 and len(drawing["panels"][0]["titles"]["texts"]) == 3
    state = 2 * 3 + 1  # shared = 4, weight = 0.5
    assert drawing["sentences"]["texts"][drawing["sentences"]["of"][state]] == "4 shared, weight 0.5"
    titles = drawing["panels"][0]["titles"]
    assert titles["texts"][titles["of"][state]] == "title of 4"


def test_a_sentence_is_of_the_rows_of_each_panel_at_the_settings():
    frame = table()

    def both(settings, *panels):
        return "; ".join(f"{rows['mean']['A']:.4f}, {rows['low']['B']:.4f}" for rows in panels)

    said = explorer(sentence=both).data["sentences"]
    at = frame[(frame["shared"] == 4) & (frame["weight"] == 0.5)].set_index("task")
    words = f"{at['mean']['A']:.4f}, {at['low']['B']:.4f}".replace("-", "−")
    assert said["texts"][said["of"][2 * 3 + 1]] == f"{words}; {words}"


@pytest.mark.slow
def test_without_widgets_an_explorer_shows_text_and_a_picture():
    first, second = (explorer()._repr_mimebundle_()[0] for _ in range(2))
    assert first["text/plain"] == second["text/plain"] and first["image/png"] == second["image/png"]
    assert "shared features, weight of A" in first["text/plain"] and "0x" not in first["text/plain"]
    png = base64.b64decode(first["image/png"])
    assert png.startswith(b"\x89PNG") and len(png) < 120_000
    moved = explorer(start={"shared": 4})._repr_mimebundle_()[0]["image/png"]
    assert moved != first["image/png"]
    assert "application/vnd.jupyter.widget-view+json" in first


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"start": {"shared": 3}}, "start['shared']: got 3; expected one of 0, 2, 4"),
        ({"start": {"width": 3}}, "start: got 'width'; expected one of 'shared', 'weight'"),
        ({"buttons": {"width"}}, "buttons: got 'width'; expected one of 'shared', 'weight'"),
        ({"questions": [Question("", "?", {"width": ""}, [], "")]}, "question.moves: got 'width'"),
        (
            {"questions": [Question("", "?", {}, [{"shared": 9}], "")]},
            "question['shared']: got 9; expected one of 0, 2, 4",
        ),
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

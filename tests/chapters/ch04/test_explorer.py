"""The playground: what it knows of the kept runs, and what it trains in the browser, by node."""

import json
from pathlib import Path

import numpy as np
import pytest

from helpers.chapters.ch04 import explorer
from helpers.chapters.ch04.studies import sharing
from helpers.display.live.live import Live
from tests.display.live.test_live import asked, needs_node


@pytest.fixture(scope="module")
def playground() -> Live:
    return explorer.playground(sharing.TABLES["04_weights"].read())


def found(playground: Live, expression: str, **state):
    """What an expression of the script gives on a stage at the start, or with another state."""
    state = json.dumps(playground.start | state)
    stage = (
        f"{{ state: {state}, start: {json.dumps(playground.start)}, data: {json.dumps(playground.data)}, ghost: null }}"
    )
    maps = 'done: new Map(), owned: new Map(), last: new Map(), begun: new Set(), guessed: ""'
    setting_up = f"Object.assign(stage, {{ {maps}, run: null, beat: 0, slow: false, pace: 0 }});"
    return asked(Path(explorer.__file__).with_name("playground.js"), expression, f"const stage = {stage};{setting_up}")


@needs_node
@pytest.mark.parametrize(("shared", "width", "weight"), [(0, 4, 0.5), (2, 8, 0.1), (4, 32, 0.9)])
def test_it_shows_the_kept_runs_of_its_setting(playground, shared, width, weight):
    table = sharing.TABLES["04_weights"].read()
    at = table[(table["shared"] == shared) & (table["width"] == width) & np.isclose(table["weight"], weight)]
    b = [0] * (4 - shared) + [1, -1, 1, -1] + [0] * shared
    a = [*[-sign if shared % 2 else sign for sign in (1, -1, 1, -1)], 0, 0, 0, 0]
    kept = found(playground, "keptOf(stage)", a=a, b=b, width=width, weight=weight)
    for task, transfers in zip("ab", kept["now"], strict=True):
        assert transfers == pytest.approx(at[at["task"] == task]["transfer"].tolist(), abs=0.0006)
    assert len(kept["path"]) == table["weight"].nunique()


@needs_node
@pytest.mark.parametrize(
    "other",
    [
        {"width": 5},
        {"rows": 400},
        {"b": [-1, 1, 0, 0, 1, -1, 0, 0]},  # signs turned round
        {"b": [0, 0, 0, 0, 1, 1, 1, 1]},  # of one sign: an easier task than those that drew their signs
        {"b": [0, 0, 0, 0, 1, -1, 1, 0]},
    ],
)
def test_at_a_setting_that_is_not_theirs_it_shows_no_kept_runs(playground, other):
    assert found(playground, "keptOf(stage)", **other) is None


@pytest.mark.long
@needs_node
def test_at_the_start_both_tasks_lose_in_the_browser_as_in_the_kept_runs(playground):
    eight = "(() => { while (advance(stage)); return doneOf(stage); })()"
    a, b = np.array(found(playground, eight)).T
    assert len(a) == 8 and a.mean() < -0.03 and b.mean() < -0.03
    assert "both lose" in playground._words


@needs_node
def test_one_seed_says_nothing_and_two_have_an_interval(playground):
    one = found(playground, "(stage.done.set(settingOf(stage), [[0.1, 0.2]]), sentence(stage))")
    assert "One seed: A +0.100, B +0.200. Train more before you trust it." in one
    two = found(playground, "(stage.done.set(settingOf(stage), [[0.1, 0.2], [0.3, 0.21]]), sentence(stage))")
    assert "You, 2 seeds: A +0.200 [−1.071, +1.471], undecided; B +0.205 [+0.141, +0.269], a gain." in two


def answered(playground, question: int, pairs: list, **state):
    """[asked, settled, said] of a question on its stage after runs with these transfers of both tasks."""
    code = f"""(() => {{
      const asked = QUESTIONS[{question - 1}];
      stage.state = {{ ...stage.start, ...asked.set, ...{json.dumps(state)} }};
      stage.done.set(settingOf(stage), {json.dumps(pairs)});
      stage.owned.set(settingOf(stage), [[1, 2], [3]]);
      return asked.when(stage) ? [asked.settled(stage), asked.then(stage)] : null;
    }})()"""
    return found(playground, code)


def eight(a: float, b: float, noise: float = 0.001) -> list:
    return [[a + sign * noise, b - sign * noise] for sign in (-1, 1) * 4]


@needs_node
def test_answers_are_those_of_the_readers_own_runs(playground):
    loss = "A −0.060, a loss; B −0.070, a loss: both lose."
    owned = " 1.5 of 8 features have a unit of their own, on average."
    assert answered(playground, 1, eight(-0.06, -0.07)) == [True, loss + owned]
    settled, said = answered(playground, 2, eight(0.06, -0.004, 0.1))
    assert not settled and said.startswith("Not yet decided by 8 seeds: A +0.060, undecided; B −0.004, undecided.")
    assert answered(playground, 3, eight(0.02, 0.03)[:7]) is None
    assert answered(playground, 4, eight(-0.06, -0.07)) is None  # the weight is as it was
    assert answered(playground, 4, eight(-0.06, -0.07), weight=0.8) == [True, f"No: {loss}"]


@needs_node
def test_until_it_is_played_the_outcome_of_what_is_guessed_is_not_said(playground):
    runs = "(stage.question = QUESTIONS[0], stage.done.set(settingOf(stage), [[0.1, 0.2], [0.3, 0.21]]), {})"
    assert "seeds" not in found(playground, runs.format("sentence(stage)"))
    begun = "(stage.begun.add(settingOf(stage)), sentence(stage))"
    assert "You, 2 seeds" in found(playground, runs.format(begun))
    guess = "(stage.guessed = settingOf(stage), missedBy(stage, byTask(doneOf(stage))))"
    assert found(playground, runs.format(guess), ga=0.2, gb=-0.1) == pytest.approx(0.305)

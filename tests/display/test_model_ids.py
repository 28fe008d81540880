"""Widgets have the ids of the cell that runs: the same in each run, others in another cell or with other code."""

import IPython
import ipywidgets as widgets
import pytest

from helpers.display.model_ids import stable


class Shell:
    """A kernel's shell while a cell runs: all that is asked of it is the message that came with the cell."""

    def __init__(self):
        self.runs, self.message = 0, {}

    def run(self, cell: str | None, code: str = "show()"):
        self.runs += 1
        metadata = {"cellId": cell} if cell else {}
        self.message = {"header": {"msg_id": str(self.runs)}, "metadata": metadata, "content": {"code": code}}

    def get_parent(self) -> dict:
        return self.message


@pytest.fixture
def shell(monkeypatch):
    shell = Shell()
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    return shell


@stable
def pair() -> list[widgets.Widget]:
    box = widgets.HBox([widgets.IntSlider()])
    return [box, box.layout, box.children[0], box.children[0].layout, box.children[0].style]


def ids(made: list[widgets.Widget]) -> list[str]:
    return [widget.model_id for widget in made]


def test_each_run_of_a_cell_gives_the_same_ids_to_all_its_widgets(shell):
    shell.run("04-play")
    first, second = pair(), pair()
    once, next_to_it = ids(first), ids(second)
    assert len(set(once + next_to_it)) == 10 and all(one.startswith("04-play.") for one in once)
    shell.run("04-play")
    bar = widgets.HBox([widgets.IntSlider()])  # of another kind, such as a progress bar's, which counts for nothing
    again = pair()
    assert not bar.model_id.startswith("04-play")
    assert ids(again) == once
    assert [widget.comm for widget in first] == [None] * 5 and ids(second) == next_to_it  # the former ones are closed
    del first, second
    assert ids(again) == once  # and their end does not close the new ones


@pytest.mark.parametrize("other", [("04-copy", "show()"), ("04-play", "show(2)")])
def test_another_cell_or_other_code_has_other_ids(shell, other):
    shell.run("04-play")
    kept = pair()
    once = ids(kept)
    shell.run(*other)
    assert not set(ids(pair())) & set(once) and ids(kept) == once


def test_without_a_cell_ids_are_random(shell, monkeypatch):
    shell.run(None)
    assert not set(ids(pair())) & set(ids(pair()))
    monkeypatch.setattr(IPython, "get_ipython", lambda: None)
    assert len(set(ids(pair()))) == 5

"""Chapter 02: the worked solutions pass, typical wrong answers meet their own words, nothing yet is "Not yet"."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from helpers.checks import chapter_02
from helpers.exercises import Exercise

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "02_weighted_cross_entropy.ipynb"
NAMES = ("loss", "mended", "weights", "time")


def judge(name: str, answer) -> str:
    """With no mistakes remembered from another test."""
    check = getattr(chapter_02, name)
    return Exercise(check.probes, check.correct).judge(answer)


def solution(name: str):
    """The function of that name in the notebook's worked solutions."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    source = next("".join(cell["source"]) for cell in cells if f"def {name}(" in "".join(cell["source"]))
    space = {"torch": torch, "np": np}
    exec(source.split("\n\n\ncheck.")[0], space)
    return space[name]


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("loss", "solution_loss"),
        ("mended", "solution_mended_loss"),
        ("weights", "solution_weights"),
        ("time", "solution_time"),
    ],
)
def test_the_worked_solution_is_correct(name, function):
    assert judge(name, solution(function)).startswith("Correct")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("nothing", [None, ...])
def test_untouched_is_not_yet(name, nothing):
    assert judge(name, lambda *given: nothing).startswith("Not yet")


def weighted(z, y, t):
    return torch.where(y > 0, t * F.softplus(-z), F.softplus(z))


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (lambda z, y, t: weighted(z, y, t).mean(), "8 rows gave a result of shape ()"),
        (lambda z, y, t: [0.0] * 8, "8 rows gave a list"),
        (lambda z, y, t: F.softplus(z) - y * z, "every row counts once"),
        (lambda z, y, t: -weighted(z, y, t), "the sign is turned round"),
        (lambda z, y, t: t * (F.softplus(z) - y * z), "rows without a click cost nothing"),
        (lambda z, y, t: torch.where(y > 0, t * F.softplus(-z), F.softplus(-z)), "do not cost −log(1 − p)"),
        (lambda z, y, t: torch.where(y > 0, t * F.softplus(z), F.softplus(z)), "do not cost −T log p"),
        (
            lambda z, y, t: -(t * y * torch.sigmoid(z).log() + (1 - y) * (1 - torch.sigmoid(z)).log()),
            "at a logit of ±200 the loss is not finite",
        ),
    ],
)
def test_a_wrong_loss_meets_its_own_words(answer, wrong):
    assert wrong in judge("loss", answer)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (weighted, "this is still YouTube's loss"),
        (lambda z, y, t: weighted(z, y, t) * 0.7, "rows without a click have changed"),
        (lambda z, y, t: weighted(z, y, t + 1), "the best constant says"),
        (lambda z, y, t: weighted(z, y, t).sum(), "8 rows gave a result of shape ()"),
        (
            lambda z, y, t: weighted(z, y, t) + (t == 9) * 3 * F.softplus(z),
            "the best constant is right, but single rows",
        ),
    ],
)
def test_a_wrong_mend_meets_its_own_words(answer, wrong):
    assert wrong in judge("mended", answer)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (lambda y, t, kept: torch.where(y > 0, t, 1 / kept), "clicked rows weigh their seconds"),
        (lambda y, t, kept: torch.where(y > 0, t / 60 * kept, 1.0), "clicked rows do not weigh their minutes"),
        (lambda y, t, kept: t / 60, "rows without a click weigh nothing"),
        (lambda y, t, kept: torch.where(y > 0, t / 60, 1.0), "ten times too large"),
        (lambda y, t, kept: torch.where(y > 0, t / 60, kept), "as much as the rows that they stand for"),
        (lambda y, t, kept: torch.where(y > 0, t / 60, 10.0), "as much as the rows that they stand for"),
        (lambda y, t, kept: 1 / kept, "6 rows gave a result of shape ()"),
    ],
)
def test_wrong_weights_meet_their_own_words(answer, wrong):
    assert wrong in judge("weights", answer)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (lambda clicks: clicks["watch_seconds"].mean(), "gave a result of shape ()"),
        (lambda clicks: clicks["watch_seconds"] / clicks["like"], "some T are NaN or infinite"),
        (lambda clicks: np.log(clicks["watch_seconds"]), "some T are negative"),
        (lambda clicks: 1 + 0 * clicks["duration"], "all T are equal"),
    ],
)
def test_a_t_that_the_loss_cannot_use_meets_its_own_words(answer, wrong):
    assert wrong in judge("time", answer)


def test_a_trial_waits_for_an_answer(capsys):
    assert chapter_02.trial(lambda clicks: None) is None
    assert capsys.readouterr().out == "Not yet: the check above must say Correct first.\n"


def test_a_trial_compares_with_the_kept_worlds(monkeypatch):
    """An own T is trained in the worlds of the grid; here two of them, to be quick."""
    monkeypatch.setattr(chapter_02, "WORLDS", range(2))
    table = chapter_02.trial(lambda clicks: clicks["watch_seconds"].clip(upper=1))
    assert list(table.columns) == ["mean", "low", "high"]
    assert table.loc["duration", "mean"] < 0 < table.loc["bait", "mean"]  # nearly a click model

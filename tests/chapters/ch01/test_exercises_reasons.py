"""The exercises of chapter 01 on cost and controls: solutions pass, typical wrong answers fail with the right hint."""

import pytest
import torch

from helpers.chapters.ch01 import exercises_reasons
from helpers.display.exercises import Exercise


def judge(name: str, answer) -> str:
    check = getattr(exercises_reasons, name)
    return Exercise(check.probes, check.correct).judge(answer)


def solution_saving(bottom, towers):
    return (len(towers) * bottom + sum(towers)) / (bottom + sum(towers))


def solution_uninformative(labels, seed):
    return labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))]


def matched(labels, seed):
    """A normal draw with the labels' mean and standard deviation."""
    drawn = torch.randn(len(labels), generator=torch.Generator().manual_seed(seed))
    return labels.mean() + labels.std() * (drawn - drawn.mean()) / drawn.std()


def with_replacement(labels, seed):
    return labels[torch.randint(len(labels), (len(labels),), generator=torch.Generator().manual_seed(seed))]


def in_place(labels, seed):
    labels.copy_(solution_uninformative(labels, seed))
    return labels


@pytest.mark.parametrize(("name", "answer"), [("saving", solution_saving), ("uninformative", solution_uninformative)])
def test_the_solution_passes(name, answer):
    assert judge(name, answer).startswith("Correct")


@pytest.mark.parametrize("name", ["saving", "uninformative"])
@pytest.mark.parametrize("nothing", [lambda *_: None, lambda *_: ...])
def test_untouched_is_not_yet(name, nothing):
    assert judge(name, nothing).startswith("Not yet")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda b, t: len(t), "the ratio is the number of tasks"),
        (lambda b, t: (b + sum(t)) / (b + sum(t)), "the ratio is 1"),
        (lambda b, t: (b + sum(t)) / (len(t) * b + sum(t)), "turned round"),
        (lambda b, t: 1 + b / t[0], "it should be 3.08"),
        (lambda b, t: len(t) * (b + t[0]) / (b + len(t) * t[0]), "as if all towers were alike"),
        (lambda b, t: [4], "not a number"),
    ],
)
def test_a_wrong_saving_gets_its_hint(answer, words):
    assert words in judge("saving", answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda labels, seed: labels, "came back as they were"),
        (lambda labels, seed: torch.zeros_like(labels), "2000 of 2000 are none of the labels"),
        (
            lambda labels, seed: torch.randn(len(labels), generator=torch.Generator().manual_seed(seed)),
            "the values are others",
        ),
        (lambda labels, seed: -labels, "the values are others"),
        (matched, "of 2000 are none of the labels"),
        (matched, "even with the same mean and spread"),
        (with_replacement, "labels are used, some of them more than once"),
        (lambda labels, seed: labels.roll(1).sort().values, "the same control"),
        (lambda labels, seed: labels[torch.randperm(len(labels))], "two different controls"),
        (lambda labels, seed: labels.flip(0), "two seeds gave the same control"),
        (lambda labels, seed: labels[: len(labels) // 2], "not as a tensor of shape"),
        (in_place, "writes into what it was given"),
        (lambda labels, seed: torch.cat([labels[:2].flip(0), labels[2:]]), "still correlates"),
    ],
)
def test_a_wrong_control_gets_its_hint(answer, words):
    assert words in judge("uninformative", answer)

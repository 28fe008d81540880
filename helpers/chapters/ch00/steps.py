"""The steps by which a reader's ranker climbs: each is a ranker of counts alone, and what it gives adds to the others.

What a chapter builds in its notebook stands here for the chapters after it, and makes rows of the board. Exponents and
imaginary rows were chosen on worlds 900 to 905, by true satisfaction, as a company would by A/B tests.
"""

import torch
from torch import Tensor

from helpers.chapters.ch00.worlds import (
    FUSED_COUNTS,
    HISTORY,
    LABELS,
    RETURN,
    RETURNED,
    SIZE,
    TASTE,
    Ranker,
    Rows,
    Score,
)
from helpers.data.world import AGES, TOPICS

EXPONENTS = {"click": -1, "finish": -0.5, "like": 0.5, "favourite": 1, "share": 1}  # chapter 01's, of its fused score


def rate(ids: Tensor, happened: Tensor, prior: float = 5, of: int = SIZE["videos"]) -> Tensor:
    """How often it happened to each of so many ids, `(of,)`, from so many imaginary rows at the mean of all."""
    shown = torch.bincount(ids, minlength=of)
    return (torch.bincount(ids, happened, minlength=of) + prior * happened.mean()) / (shown + prior)


def lift(ids: Tensor, happened: Tensor, expected: Tensor, prior: float, of: int) -> Tensor:
    """How many times as often as expected it happened to each of so many ids; so many events more on both sides."""
    came, due = (torch.bincount(ids, what, minlength=of) + prior for what in (happened, expected))
    return came / due


def age_topic(rows: Rows) -> Tensor:
    """The pair of a user's age group and a video's topic, as a number from 0 on."""
    return rows["age_group"] * len(TOPICS) + rows["topic"]


def fused(log: Rows) -> Score:
    """Chapter 01: each label's rate, to its exponent."""
    score = sum(power * rate(log["video"], log[label]).log() for label, power in EXPONENTS.items())
    return lambda rows: score[rows["video"]]


def returned(log: Rows) -> Score:
    """Chapter 01: how often users came back the next day, counted for the videos that they played."""
    known = (log["click"] == 1) & (log["day"] < log["day"].max())  # of the last day nobody knows it yet
    back = rate(log["video"][known], log[RETURN][known])
    return lambda rows: 12 * back[rows["video"]].log()


def taste(log: Rows) -> Score:
    """Chapter 04: how much more often than to all others each label happens to an age group in a topic."""
    more = torch.zeros(len(AGES) * len(TOPICS))
    for label in LABELS:
        expected = rate(log["video"], log[label], 20)[log["video"]]
        more += lift(age_topic(log), log[label], expected, 10, len(more)).log()
    return lambda rows: more[age_topic(rows)]


def given_click(log: Rows) -> Score:
    """Chapter 07, in place of `fused`: rates among the rows that were clicked, where the cover has done its work."""
    clicked = log["click"] == 1
    score = sum(rate(log["video"][clicked], log[label][clicked], 30).log() for label in LABELS if label != "click")
    return lambda rows: score[rows["video"]]


def own(log: Rows) -> Score:
    """Chapter 07: how often the feed showed this topic to this user, against how often it shows it. It knew tastes."""
    users, topics = SIZE["users"], len(TOPICS)
    shown = torch.bincount(log["user"] * topics + log["topic"], minlength=users * topics).view(users, topics)
    expected = shown.sum(1, keepdim=True) * shown.sum(0) / shown.sum()
    more = (shown + 4) / (expected + 4)
    return lambda rows: 2 * more[rows["user"], rows["topic"]].log()


def together(*steps: Ranker) -> Ranker:
    """The ranker whose score is the sum of theirs."""

    def ranker(log: Rows) -> Score:
        scores = [step(log) for step in steps]
        return lambda rows: sum(score(rows) for score in scores)

    return ranker


CLIMB = {
    FUSED_COUNTS: fused,
    RETURNED: together(fused, returned),
    TASTE: together(fused, returned, taste),
    HISTORY: together(given_click, own, returned, taste),
}

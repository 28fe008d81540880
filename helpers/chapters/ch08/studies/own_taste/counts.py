"""All that counts find in such a world: five scores that add up, and the columns that networks are fed with."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from helpers.chapters.ch00.steps import age_topic, lift, rate
from helpers.chapters.ch00.worlds import LABELS, RETURN
from helpers.chapters.ch08.studies.own_taste.worlds import GIVEN, USERS, VIDEOS, Rows
from helpers.data.world import AGES, TOPICS

POWERS = {"finish": 0.3, "like": 1.0, "favourite": 1.0, "share": 1.0}
CELLS = len(AGES) * len(TOPICS)
VIDEO, BACK, CELL, HISTORY, SHOWN = PARTS = ("video", "return", "age × topic", "user × topic", "shown")


def parts(log: Rows, asked: Rows) -> dict[str, Tensor]:
    """Each of `PARTS` as a score of the rows `asked`, `(n,)`, in units in which a weight near 1 is usual."""
    by_age, by_user = often_shown(log)
    return {
        VIDEO: sum(POWERS[label] * video_rate(log, label).log() for label in GIVEN)[asked["video"]],
        BACK: 6 * returned(log)[asked["video"]].log(),
        CELL: by_cell(log)[age_topic(asked)],
        HISTORY: history(log, user_topic(log))[user_topic(asked)],
        SHOWN: 4 * by_age[age_topic(asked)] + 3 * by_user[user_topic(asked)],
    }


def total(scores: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """The score of all counts: that of the video, and the others times their weights."""
    return scores[VIDEO] + sum(weight * scores[name] for name, weight in weights.items())


def user_topic(rows: Rows) -> Tensor:
    return rows["user"] * len(TOPICS) + rows["topic"]


def video_rate(log: Rows, label: str) -> Tensor:
    """How often a video was clicked, or had another label if it was: drawn to the rate of its author, `(videos,)`."""
    seen = torch.ones_like(log["click"], dtype=torch.bool) if label == "click" else log["click"] == 1
    video, author, happened = log["video"][seen], log["author"][seen], log[label][seen]
    author_of = torch.zeros(VIDEOS, dtype=torch.int64).scatter(0, log["video"], log["author"])
    mean = rate(author, happened, 60, VIDEOS)[author_of]
    shown = torch.bincount(video, minlength=VIDEOS)
    return (torch.bincount(video, happened, minlength=VIDEOS) + 30 * mean) / (shown + 30)


def returned(log: Rows) -> Tensor:
    """How often users who played a video came back the next day, where a visit counts once, whatever it played."""
    played = (log["click"] == 1) & (log["day"] < log["day"].max())
    visit = (log["user"] * (log["day"].max() + 1) + log["day"])[played]
    weight = 1 / (1 + torch.bincount(visit)[visit])
    video, weight = log["video"][played], weight / weight.mean()
    mean = (weight * log[RETURN][played]).sum() / weight.sum()
    shown, back = (torch.bincount(video, w, minlength=VIDEOS) for w in (weight, weight * log[RETURN][played]))
    return (back + 30 * mean) / (shown + 30)


def by_cell(log: Rows) -> Tensor:
    """How much more than of its videos each label happens to an age group in a topic, all five added: `(cells,)`."""
    more = torch.zeros(CELLS)
    for label in LABELS:
        seen = torch.ones_like(log["click"], dtype=torch.bool) if label == "click" else log["click"] == 1
        expected = video_rate(log, label)[log["video"][seen]]
        prior = 10 if label == "click" else 5
        more += lift(age_topic(log)[seen], log[label][seen], expected, prior, CELLS).log()
    return more


def good(log: Rows) -> tuple[Tensor, Tensor]:
    """Of each row how many of the five labels it has, and how many its video would let expect."""
    labels = sum(log[label] for label in LABELS)
    expected = rate(log["video"], labels, 20, VIDEOS)[log["video"]]
    return labels, expected * lift(age_topic(log), labels, expected, 20, CELLS)[age_topic(log)]


def history(log: Rows, key: Tensor) -> Tensor:
    """How much more than of others a user has of all labels in a topic, `(users · topics,)`."""
    return lift(key, *good(log), 2, USERS * len(TOPICS)).log()


def history_before(log: Rows) -> Tensor:
    """The same of the rows before each row, `(n,)`: a row must not know its own labels."""
    key = user_topic(log)
    order = torch.argsort(key, stable=True)
    starts = torch.searchsorted(key[order], key[order])
    sums = []
    for what in good(log):
        before = torch.cat([torch.zeros(1, dtype=torch.float64), what[order].double().cumsum(0)])
        here = torch.empty(len(key), dtype=torch.float64)
        here[order] = before[:-1] - before[starts]
        sums.append(here)
    return ((sums[0] + 2) / (sums[1] + 2)).log().float()


def often_shown(log: Rows) -> tuple[Tensor, Tensor]:
    """How much more often than in the catalogue the feed showed a topic to an age group, `(cells,)`, and to a user than
    to her age group, `(users · topics,)`: it knew what they like."""
    topics = len(TOPICS)
    topic_of = torch.zeros(VIDEOS, dtype=torch.int64).scatter(0, log["video"], log["topic"])
    age_of = torch.zeros(USERS, dtype=torch.int64).scatter(0, log["user"], log["age_group"])
    stock = torch.bincount(topic_of, minlength=topics) / VIDEOS
    of_age = torch.bincount(log["age_group"], minlength=len(AGES))
    shown = torch.bincount(age_topic(log), minlength=CELLS) + 50
    by_age = shown / ((of_age[:, None] * stock).flatten() + 50)
    share = stock * by_age.view(-1, topics)[age_of]
    share = share / share.sum(1, keepdim=True)
    shown = torch.bincount(user_topic(log), minlength=USERS * topics).view(USERS, topics)
    imagined = 4 * topics * share
    by_user = (shown + imagined) / (shown.sum(1, keepdim=True) * share + imagined)
    return by_age.log(), by_user.log().flatten()

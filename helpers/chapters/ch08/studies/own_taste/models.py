"""Factors, and a ranker that is fed with them: one model for all labels, or one for each. The notebook types them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import logsigmoid

from helpers.chapters.ch00.steps import age_topic
from helpers.chapters.ch00.worlds import LABELS
from helpers.chapters.ch08.studies.own_taste import counts
from helpers.chapters.ch08.studies.own_taste.worlds import GIVEN, USERS, VIDEOS, Rows

FACTORS, KNOWN = 4, 3
STEPS, BATCH, RATE, PENALTY = 600, 2048, 0.01, 1e-4  # of a network; the factors have a rate and a penalty of their own
ROUNDS, ROUND_RATE, SPREAD = 150, 0.05, 0.3  # of factors alone, all rows at once


def left_over(log: Rows, label: str) -> Tensor:
    """What the rate of its video leaves of a label in clicked rows, in units of the label's spread: `(clicked,)`."""
    clicked = log["click"] == 1
    happened = log[label][clicked]
    return (happened - counts.video_rate(log, label)[log["video"][clicked]]) / happened.std()


def factors(log: Rows, left: Tensor, asked: Rows, penalty: float) -> Tensor:
    """Σ user's factor · video's factor for the rows `asked`, `(n,)`, fitted to what is `left`, `(clicked,)`. What a
    user has more of in all her rows is taken out first."""
    user, video = (log[name][log["click"] == 1] for name in ("user", "video"))
    left = left / left.std()
    left = left - (torch.bincount(user, left, USERS) / (torch.bincount(user, minlength=USERS) + 5)).float()[user]
    of_user, of_video = fit(user, video, left, penalty, (USERS, VIDEOS, FACTORS))
    return (of_user[asked["user"]] * of_video[asked["video"]]).sum(1)


def fit(user: Tensor, item: Tensor, left: Tensor, penalty: float, size: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """Factors of users and items, `(users, width)` and `(items, width)`, whose products fit what is `left` of each row,
    `(n,)`: least squares, with a penalty on the squared factors. size: users, items, width."""
    users, items, width = size
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        of_user, of_item = (nn.Parameter(SPREAD * torch.randn(many, width)) for many in (users, items))
    adam = torch.optim.Adam([of_user, of_item], lr=ROUND_RATE)
    for _ in range(ROUNDS):
        error = (left - (of_user[user] * of_item[item]).sum(1)).square().sum()
        loss = error + penalty * (of_user.square().sum() + of_item.square().sum())
        adam.zero_grad()
        loss.backward()
        adam.step()
    return of_user.detach(), of_item.detach()


def with_counts(log: Rows, asked: Rows) -> tuple[Rows, Rows]:
    """Both with what counts know of each row: `cell`, of age and topic; `known`, what was shown to the age group and to
    the user, and her history, `(n, 3)`; and `counted`, the log-odds of each label by its video, less their mean,
    `(n, labels)`. A row of the log does not know its own labels in the history."""
    by_age, by_user = counts.often_shown(log)
    key, counted = counts.user_topic(asked), []
    for label in LABELS:
        base = log[label].mean() if label == "click" else log[label][log["click"] == 1].mean()
        counted.append(counts.video_rate(log, label).logit() - base.logit())
    counted, sides = torch.stack(counted, 1).float(), []
    past = counts.history_before(log), counts.history(log, counts.user_topic(log))[key]
    for rows, history in zip((log, asked), past, strict=True):
        cell = age_topic(rows)
        more = torch.stack([by_age[cell], by_user[counts.user_topic(rows)], history], 1).float()
        sides.append(rows | {"cell": cell, "known": more, "counted": counted[rows["video"]]})
    spread = sides[0]["known"].std(0)
    log, asked = (side | {"known": side["known"] / spread} for side in sides)
    return log, asked


class Fed(nn.Module):
    """What counts know and the products of factors go into a bottom, with an output for each label: shared, if there
    are several. Products also go to the outputs directly.

    forward   rows of `fed` → logits, `(n, labels)`: of a click, and of the others given one
    """

    def __init__(self, labels: Sequence[str], width: int = FACTORS):
        super().__init__()
        self.columns, count = [LABELS.index(label) for label in labels], len(labels)
        self.user_bias, self.video_bias = nn.Embedding(USERS, count), nn.Embedding(VIDEOS, count)
        self.of_user, self.of_video = nn.Embedding(USERS, width), nn.Embedding(VIDEOS, width)
        self.cell = nn.Embedding(counts.CELLS, 8)
        self.bottom = nn.Sequential(nn.Linear(8 + KNOWN + width, 32), nn.ReLU())
        self.towers, self.direct = nn.Linear(32, count), nn.Linear(KNOWN + width, count)
        nn.init.zeros_(self.user_bias.weight)
        nn.init.zeros_(self.video_bias.weight)
        nn.init.normal_(self.of_user.weight, std=0.2)
        nn.init.normal_(self.of_video.weight, std=0.2)
        nn.init.ones_(self.direct.weight[:, KNOWN:])

    def forward(self, rows: Rows) -> Tensor:
        product = self.of_user(rows["user"]) * self.of_video(rows["video"])
        told = torch.cat([rows["known"], product], 1)
        bottom = self.bottom(torch.cat([self.cell(rows["cell"]), told], 1))
        bias = rows["counted"][:, self.columns] + self.user_bias(rows["user"]) + self.video_bias(rows["video"])
        return bias + self.towers(bottom) + self.direct(told)


def train(rows: Rows, labels: Sequence[str], penalty: float, rate: float, width: int = FACTORS) -> Fed:
    """A `Fed` for these labels, from rows of `fed`. Penalty, in millionths, and learning rate are the factors'."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model, order = Fed(labels, width), torch.randint(len(rows["click"]), (STEPS, BATCH))
    happened = torch.stack([rows[label] for label in labels], 1)
    always = torch.ones_like(rows["click"])
    counts_in = torch.stack([always if label == "click" else rows["click"] for label in labels], 1)
    model.towers.bias.data = ((happened * counts_in).sum(0) / counts_in.sum(0)).logit()
    rest = [values for name, values in model.named_parameters() if not name.startswith("of_")]
    groups = [{"params": rest, "lr": RATE, "weight_decay": PENALTY}]
    factors = [model.of_user.weight, model.of_video.weight] if width else []
    adam = torch.optim.Adam([*groups, {"params": factors, "lr": rate, "weight_decay": 1e-6 * penalty}])
    falls = torch.optim.lr_scheduler.LinearLR(adam, 1, 0.02, STEPS)
    for batch in order:
        logits = model({name: rows[name][batch] for name in ("user", "video", "cell", "known", "counted")})
        loss = cross_entropy(logits, happened[batch], reduction="none") * counts_in[batch]
        adam.zero_grad()
        loss.mean(0).sum().backward()
        adam.step()
        falls.step()
    return model


def logits(models: Sequence[Fed], rows: Rows) -> Tensor:
    """Of all labels, `(n, labels)`, by one model or by one for each."""
    with torch.no_grad():
        return torch.cat([model(rows) for model in models], 1)


def score(outputs: Tensor) -> Tensor:
    """As counts are fused: Σ power · log P(label | click), `(n,)`."""
    return sum(counts.POWERS[label] * logsigmoid(outputs[:, LABELS.index(label)]) for label in GIVEN)

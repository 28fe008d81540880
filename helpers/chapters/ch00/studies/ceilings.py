"""What bounds the board: the lists of who knows tastes and quality, and of who knows the simulator and sees the log.

The second is a fit of all hidden traits, each with its standard normal prior, by the simulator's own
law (`World.respond`, `simulate`): what clicks, finishes, actions, returns and the old feed's choices say of them. It is
the most likely set of traits and no mean over all sets, so a little more may be in the log.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import one_hot, softplus

from helpers.chapters.ch00.worlds import RETURN, ROWS, SIZE, tensors
from helpers.data.feed import Feed, Offer
from helpers.data.world import ACTIONS, AGES, BAIT, CLICK, HOOK, PRONE, SLOPES, SPREAD, STRETCH, TOPICS, USUAL, WATCH

STEPS, RATE = 200, 0.05
TASTE, QUALITY, MOOD = 0.65, 0.6, 0.45  # appeal, as `World.respond` has it
APPEAL, WORTH = 1.2 * 0.75, 1.2 * 0.66 * 0.8  # satisfaction, in log-odds
UNSURE = 0.62  # of the taste for a topic what stays unknown: it smooths which of two topics a user likes better


def taste_tells(feed: Feed, offer: Offer) -> np.ndarray:
    """The part of each candidate's satisfaction that the user's taste and the video's quality make."""
    user, video = (offer.rows[name].to_numpy() for name in ("user", "video"))
    quality = feed.world.video_traits["quality"].to_numpy()[video]
    return TASTE * feed.world.affinity(user, video) + QUALITY * quality


def log_tells(feed: Feed, offer: Offer) -> np.ndarray:
    """The satisfaction with each candidate, in log-odds, by the most likely traits."""
    log = feed.log.sort_values("time", kind="stable")[: ROWS * 9 // 10]
    known = tensors(log) | {
        name: torch.tensor(log[name].to_numpy(np.float32))
        for name in ("click", "watch_seconds", "day", RETURN, *ACTIONS)
    }
    traits, rows = _traits(known, feed), tensors(offer.rows)
    with torch.no_grad():
        likes = traits.taste()[rows["user"], rows["topic"]]
        quality = traits.quality()[rows["video"]]
        return (APPEAL * (TASTE * likes + QUALITY * quality) + WORTH * traits.worth[rows["video"]]).numpy()


class _Traits(torch.nn.Module):
    """The hidden traits, all 0 at the start."""

    def __init__(self, feed: Feed):
        super().__init__()
        self.age = torch.tensor(feed.world.users["age_group"].map(AGES.index).to_numpy())
        self.author = torch.tensor(feed.world.videos["author"].to_numpy(np.int64))
        users, videos = SIZE["users"], SIZE["videos"]
        shapes = {"age_taste": (len(AGES), len(TOPICS)), "user_taste": (users, len(TOPICS))}
        shapes |= dict.fromkeys(("like", "favourite", "habit"), (users,))
        shapes |= dict.fromkeys(("video_quality", "bait", "hook", "worth"), (videos,)) | {
            "author_quality": (videos // 8,)
        }
        for name, shape in shapes.items():
            setattr(self, name, torch.nn.Parameter(torch.zeros(shape)))

    def taste(self) -> Tensor:
        return 0.6 * self.age_taste[self.age] + 0.8 * self.user_taste

    def quality(self) -> Tensor:
        return 0.6 * self.author_quality[self.author] + 0.8 * self.video_quality


def _traits(log: dict[str, Tensor], feed: Feed) -> _Traits:
    traits = _Traits(feed)
    adam = torch.optim.Adam(traits.parameters(), lr=RATE)
    loss = _unlikely(log, feed)
    for _ in range(STEPS):
        prior = sum((trait**2).sum() for trait in traits.parameters()) / 2
        total = prior + loss(traits)
        adam.zero_grad(), total.backward(), adam.step()
    return traits


def _unlikely(log: dict[str, Tensor], feed: Feed):
    """−log likelihood of a log as a function of the traits, up to a constant."""
    user, video, topic = (log[name] for name in ("user", "video", "topic"))
    played = log["click"] == 1
    of, on = user[played], video[played]
    drive = (log["watch_seconds"][played].clamp(min=0.1) / WATCH).log()
    drive = (drive - STRETCH * (log["duration"][played] / USUAL).log()) / SPREAD
    judged = played & (log["day"] < log["day"].max())  # the return after the last day is not known yet
    visits, visit = torch.unique(user[judged] * SIZE["days"] + log["day"][judged].long(), return_inverse=True)
    count, visitor = torch.bincount(visit).float(), visits // SIZE["days"]
    returned = torch.zeros(len(visits)).index_copy(0, visit, log[RETURN][judged])
    shown = torch.zeros(SIZE["users"], len(TOPICS)).index_put((user, topic), torch.ones(len(user)), accumulate=True)
    topics = torch.tensor(feed.world.videos["topic"].map(TOPICS.index).to_numpy())
    stock = one_hot(topics, len(TOPICS)).float().mean(0)

    def loss(traits: _Traits) -> Tensor:
        taste = traits.taste()
        appeal = TASTE * taste[user, topic] + QUALITY * traits.quality()[video]
        total = bce(CLICK + SLOPES["click"] * appeal + BAIT * traits.bait[video], log["click"], reduction="sum")
        liked = appeal[played]
        noise = drive - SLOPES["finish"] * liked - HOOK * traits.hook[on]  # logistic
        total = total + (noise + 2 * softplus(-noise)).sum()
        prone = {"like": traits.like, "favourite": -0.6 * traits.like + 0.8 * traits.favourite}
        for action, base in ACTIONS.items():
            slope = SLOPES[action]
            chance = base + slope * liked + (slope * MOOD) ** 2 / 2  # of a rare action the mood raises the mean
            chance = chance + (PRONE * prone[action][of] if action in prone else 0)
            total = total + bce(chance, log[action][played], reduction="sum")
        prefers = torch.sigmoid((taste[:, :, None] - taste[:, None, :]) / UNSURE)
        total = total - (shown * (1 + (2 * prefers - 1) @ stock / 2).log()).sum()  # half are the better liked of two
        satisfied = torch.sigmoid(APPEAL * appeal[judged] + WORTH * traits.worth[video[judged]])
        enjoyed = (torch.zeros(len(visits)).index_add(0, visit, satisfied) + 0.4) / (count + 1)
        back = 0.4 + 0.5 * traits.habit[visitor] + 4 * (enjoyed - 0.5)  # `return_chance`
        return total + bce(back, returned, reduction="sum")

    return loss

"""Worlds in which a user's own part of taste is as large as on MovieLens-100K, and as nameless.

Beside topics, taste is a product of two hidden numbers of a user and two of a video (`helpers.data.world.Kind`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.chapters.ch00.worlds import LABELS, RETURN
from helpers.data.feed import Feed, Offer
from helpers.data.world import AGES, TOPICS, Kind
from helpers.support import validate

Rows = dict[str, Tensor]

USERS, VIDEOS, DAYS = 1000, 400, 10
SERVED = 300  # users whose lists are judged, with 100 candidates each
GIVEN = LABELS[1:]  # what only a click makes possible

# Weights of taste, sessions and actions with which the order within a user has the shares of MovieLens-100K.
OWN, MORE, RARE = "own taste", "four numbers", "rare actions"
_KIND = Kind(style=0.8, numbers=2, age=0.2, session=30, click=1.0, action=1.5)
KINDS = {OWN: _KIND, MORE: replace(_KIND, numbers=4), RARE: replace(_KIND, click=0.0, action=0.0)}


@dataclass(frozen=True)
class World:
    """A world's log and what is offered after it, as a ranker sees both, and the truth about the offer.

    log     tensors by name, a row an impression, `(n,)`: user, video, author, topic, age_group, numbers from 0 on;
            click, finish, like, favourite, share and return_next_day, 0. or 1.; day, from 0 on
    asked   the candidates, 100 after each other for each of `SERVED` users: the first five of these
    offer   the same rows with what each would bring
    truth   appeal without the mood of the moment, which nobody can rank by, `(n,)`
    """

    log: Rows
    asked: Rows
    offer: Offer
    truth: np.ndarray

    @staticmethod
    def make(seed: int, kind: str = OWN) -> World:
        how = KINDS[validate.choice("kind", kind, KINDS)]
        feed = Feed.make(seed, users=USERS, videos=VIDEOS, days=DAYS, kind=how)
        rows, offer = feed.log.sort_values("time", kind="stable"), Offer.make(feed, SERVED)
        happened = {name: torch.tensor(rows[name].to_numpy(np.float32)) for name in (*LABELS, RETURN)}
        log = known_columns(rows) | happened | {"day": torch.tensor(rows["day"].to_numpy(np.int64))}
        return World(log, known_columns(offer.rows), offer, _appeal(feed, offer))

    def satisfies(self, score: Tensor | np.ndarray) -> float:
        """Mean true satisfaction with the ten candidates of each user that a score, `(n,)`, puts first."""
        return self.offer.served(score)["satisfaction"]


def known_columns(rows: pd.DataFrame) -> Rows:
    """What is known of rows before they are shown, as numbers from 0 on, `(n,)` each."""
    columns = {name: rows[name].to_numpy(np.int64) for name in ("user", "video", "author")}
    columns |= {"topic": pd.Index(TOPICS).get_indexer(rows["topic"])}
    columns |= {"age_group": pd.Index(AGES).get_indexer(rows["age_group"])}
    return {name: torch.from_numpy(values.astype(np.int64)) for name, values in columns.items()}


def _appeal(feed: Feed, offer: Offer) -> np.ndarray:
    user, video = (offer.rows[name].to_numpy() for name in ("user", "video"))
    taste = feed.world.affinity(user, video) + feed.world.style(user, video)
    return 0.65 * taste + 0.6 * feed.world.video_traits["quality"].to_numpy()[video]

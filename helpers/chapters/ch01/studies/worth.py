"""What is an AUC worth? Lists ranked by scores of differing AUC, and how many users come back after them.

A seed is a feed of the usual size, 600 users and 400 videos. A score is the log-odds of a label that who knew the
feed's law would predict for a user and a video, before the moment's mood, with noise on top: the more noise, the lower
the AUC. Each user is served the ten best of a hundred videos, and the feed's law says who comes back the next day.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.special import log_expit

from helpers.chapters.ch01.studies.ranking import Predicted, outcomes_served
from helpers.data.feed import CANDIDATES, USERS, Feed, Offer
from helpers.data.world import ACTIONS, BAIT, CLICK, PRONE, SLOPES
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.metrics import auc
from helpers.evaluation.statistics import interval
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck

LABELS = ("click", "like")
NOISE = (0.0, 0.5, 1.0, 2.0, 4.0)  # in standard deviations of the score


def best_scores(feed: Feed, offer: Offer) -> dict[str, np.ndarray]:
    """{label: the logarithm of its odds or chance}, for each candidate: as well as it can be known in advance."""
    user, video = (offer.rows[name].to_numpy() for name in ("user", "video"))
    videos, users = feed.world.video_traits, feed.world.user_traits
    appeal = 0.65 * feed.world.affinity(user, video) + 0.6 * videos["quality"].to_numpy()[video]
    click = CLICK + SLOPES["click"] * appeal + BAIT * videos["bait"].to_numpy()[video]
    like = ACTIONS["like"] + SLOPES["like"] * appeal + PRONE * users["like_proneness"].to_numpy()[user]
    return {"click": click, "like": log_expit(click) + log_expit(like)}  # only what was clicked is liked


def lists(seeds: Sequence[int], labels: Sequence[str] = LABELS, noise: Sequence[float] = NOISE) -> pd.DataFrame:
    """How well each score ranks its label, and what its lists bring: label, noise, seed, auc, satisfaction, returns."""
    rows = []
    for seed in seeds:
        feed = Feed.make(seed, days=1)
        offer = Offer.make(feed, users=USERS)
        outcomes = offer.outcomes.assign(plays=offer.outcomes["watch_seconds"] > 0)
        shape = (1, -1, CANDIDATES)
        brought = {name: outcomes[name].to_numpy(float).reshape(shape) for name in ("plays", "satisfaction")}
        habit = feed.world.user_traits["habit"].to_numpy()[offer.rows["user"][::CANDIDATES]]
        shown = Predicted((seed,), {}, brought, habit[None])
        luck = np.random.default_rng([seed, 5]).standard_normal(len(outcomes))
        best = best_scores(feed, offer)
        for label in labels:
            for amount in noise:
                score = best[label] + amount * best[label].std() * luck
                of = outcomes_served(shown, score.reshape(shape))
                row = (label, amount, seed, auc(score, outcomes[label]))
                rows.append((*row, of["satisfaction"].item(), of["returns"].item()))
    return pd.DataFrame(rows, columns=["label", "noise", "seed", "auc", "satisfaction", "returns"])


def worth(table: pd.DataFrame) -> pd.DataFrame:
    """What a rise of the AUC brings, between one score of `lists` and the next.

    A row a label and step: label, worse and better (AUCs); users, low, high: of all users, how many more come back for
    0.01 AUC more, with the 95% interval over seeds; needed: the rise that brings one user in 400 back.
    """
    rows = []
    for label, of_label in table.groupby("label", sort=False):
        ranked, back = (of_label.pivot(index="seed", columns="noise", values=name) for name in ("auc", "returns"))
        for less, more in pairwise(ranked.columns):
            worse, better = ranked[more].mean(), ranked[less].mean()
            users = 0.01 * np.array(interval(back[less] - back[more])) / (better - worse)
            rows.append((label, worse, better, *users, 0.01 * SMALLEST["of the users"] / users[0]))
    return pd.DataFrame(rows, columns=["label", "worse", "better", "users", "low", "high", "needed"])


WITHIN = {"auc": 0.001, "satisfaction": 0.001, "returns": 0.001}
TABLES = kept_tables(KeptTable("01_worth", lists, {"seeds": range(120)}, [Recheck({"seeds": [3, 11]}, WITHIN)]))

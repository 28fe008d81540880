"""The labels of the feed as tasks: worlds to train on, and linear models of each label.

A seed is a world: users, videos and a log of their own. Models train on the first 16,200 impressions of a log and stop
by the next 1,800. They are judged on what a company never sees: what 100 random videos would bring to every user.

A video that is not clicked does not play: it gets 0 in every other label, so each label contains the click. Seconds
watched are another matter. Where nothing played there is nothing to time, and the row is masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.data.examples import Examples, Inputs, map_tensors, stack_inputs
from helpers.data.feed import USERS, Feed, Offer, features
from helpers.data.world import WATCH
from helpers.evaluation.yardsticks import LINEAR, candidates

LABELS = ("click", "finish", "like", "profile_visit", "favourite", "comment", "share", "follow")  # the frequent first
SECONDS = "seconds"  # log(watch_seconds / WATCH) of a video that played, about N(0, 1)
TASKS = dict.fromkeys(LABELS, "binary") | {SECONDS: "regression"}
ROWS, TOWER = 18_000, 16

# Where the paths of the labels part: the units of the layers that all share, and of those that each has for itself.
# With embeddings of 8 the three that share have 19,850 ± 150 parameters; nothing shared has five times as many.
PLACES: dict[str, tuple[list[int], list[int]]] = {
    "nothing": ([64], [TOWER]),  # a single-task model for each label
    "embeddings": ([], [24, TOWER]),
    "embeddings, 1 layer": ([64], [TOWER]),
    "embeddings, 2 layers": ([148, 32], []),
}
OWN, HALFWAY = "nothing", "embeddings, 1 layer"

NETWORKS = "networks"  # the single-task models, where a score is made of several


@dataclass(frozen=True)
class Worlds:
    """Worlds to train on together: what was logged in each, and what other videos would have brought.

    train, valid  `Examples.stack`ed, a set a world
    inputs        of the offers, with a leading axis
    outcomes      of the offers, a DataFrame a world, as `observed` gives them
    """

    seeds: list[int]
    train: Examples
    valid: Examples
    inputs: Inputs
    outcomes: list[pd.DataFrame]

    @staticmethod
    def make(seeds: Sequence[int], clicked: bool = False, users: int = USERS) -> Worlds:
        """users: to how many of them something is offered, all if not told"""
        columns, train, valid, inputs, outcomes = features(), [], [], [], []
        for seed in seeds:
            feed = Feed.make(seed)
            log = replace(feed, log=feed.log.assign(**observed(feed.log, clicked)))
            for part, examples in zip((train, valid), log.examples(columns, {k: k for k in TASKS}, ROWS), strict=True):
                part.append(replace(examples, groups=None))
            offer = Offer.make(feed, users)
            inputs.append(offer.inputs(columns))
            outcomes.append(observed(offer.outcomes, clicked))
        return Worlds(list(seeds), Examples.stack(train), Examples.stack(valid), stack_inputs(inputs), outcomes)


def observed(table: pd.DataFrame, clicked: bool = False) -> pd.DataFrame:
    """The labels and the seconds, NaN where they are not observed: the seconds where nothing played and, with
    `clicked`, all labels but the click there.
    """
    plays = table["click"] == 1
    labels = table[list(LABELS)].astype(float)
    if clicked:
        labels = labels.where(plays).assign(click=table["click"])
    return labels.assign(**{SECONDS: np.log(table["watch_seconds"].where(plays) / WATCH)})


class Outputs(NamedTuple):
    """Logits of each label, `(worlds, n)`: for the validation rows, and for the offers."""

    valid: dict[str, Tensor]
    offers: dict[str, Tensor]


def linear_models(worlds: Worlds, penalties: Mapping[str, float]) -> Outputs:
    """Those of linear models on ids and numbers; penalties: {label: on its squared weights}."""
    logits = {label: next(_lines(worlds, label, [penalty])) for label, penalty in penalties.items()}
    return Outputs(*({label: both[part] for label, both in logits.items()} for part in (0, 1)))


def _lines(worlds: Worlds, label: str, penalties: Sequence[float]) -> Iterator[list[Tensor]]:
    """Logits of a label by linear models with one penalty after the other: of validation rows, and of offers."""
    in_worlds = []
    for k in range(len(worlds.seeds)):
        rows = worlds.train.only(label).map(lambda tensor, k=k: tensor[k])
        tables = [map_tensors(lambda tensor, k=k: tensor[k], part) for part in (worlds.valid.inputs, worlds.inputs)]
        in_worlds.append(candidates(LINEAR, features(), rows, *tables, penalties=penalties))
    for several in zip(*in_worlds, strict=True):
        yield [torch.from_numpy(np.stack(parts)) for parts in zip(*several, strict=True)]

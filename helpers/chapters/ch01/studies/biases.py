"""What the labels of the simulated feed say about satisfaction and what else moves them: the three biases, each with a
dial, and what the labels of a day tell of the next day.

A seed is a world of its own. For the dials, videos are drawn at random for random users, so that nothing but the bias
stands between a label and satisfaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from helpers.data.world import ACTIONS, COURSE, World, simulate
from helpers.evaluation.metrics import auc
from helpers.evaluation.statistics import summarise
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck

ROWS = 40_000
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
TRUTH = "true satisfaction"
MARK = "true satisfaction above 0.8, yes or no"  # as coarse as a like, and without a bias

# {bias: {trait: labels}}: what sorts the impressions, and the labels whose rates are shown along it.
PICTURES = {
    "target": {TRUTH: ("comment", "finish", "like", "favourite")},
    "item": {"bait": ("click", TRUTH), "hook": ("finish", TRUTH), "duration": ("watch_seconds", TRUTH)},
    "user": {"proneness": ("like", "favourite", TRUTH)},
}


def shown_rows(seed: int, bias: str = "target", strength: float = 1.0, rows: int = ROWS) -> pd.DataFrame:
    """Random videos shown to random users, one bias at `strength` and the others at 1: labels, truth, hidden traits.

    Videos play by themselves, so that no click comes before the other labels; `click` is what a cover would have got.
    """
    world = World.make(seed=seed)
    biases = replace(COURSE, **{bias: strength})
    rng = np.random.default_rng([seed, 5])
    user, video = rng.integers(0, len(world.users), rows), rng.integers(0, len(world.videos), rows)
    labels, truth = world.respond(user, video, rng, biases, autoplay=True)
    covers, _ = world.respond(user, video, rng, biases)
    traits = world.video_traits[["bait", "hook"]].iloc[video].reset_index(drop=True)
    traits["duration"] = world.videos["duration"].to_numpy()[video]
    traits["proneness"] = world.user_traits["like_proneness"].to_numpy()[user]
    return pd.concat([labels.assign(click=covers["click"]), truth, traits], axis=1).rename(
        columns={"satisfaction": TRUTH}
    )


def by_tenth(table: pd.DataFrame, trait: str, labels: Sequence[str]) -> pd.DataFrame:
    """Rows cut into ten equal parts by `trait`, lowest (1) first: each label's mean in a part, over that in all."""
    tenth = np.ceil(10 * table[trait].rank(method="first", pct=True)).astype(int).rename("tenth")
    columns = table[[*labels]].astype(float)
    return columns.groupby(tenth).mean() / columns.mean()


def _settings(seeds: Sequence[int], strengths: Sequence[float]) -> Iterator[tuple[dict, pd.DataFrame, dict]]:
    for bias, strength, seed in product(PICTURES, strengths, seeds):
        yield {"bias": bias, "strength": strength, "seed": seed}, shown_rows(seed, bias, strength), PICTURES[bias]


def tenths(seeds: Sequence[int], strengths: Sequence[float] = STRENGTHS) -> pd.DataFrame:
    """`by_tenth` of every bias at every strength, over seeds: bias, strength, trait, tenth, label, mean, low, high."""
    parts = []
    for settings, table, traits in _settings(seeds, strengths):
        for trait, labels in traits.items():
            part = by_tenth(table, trait, labels).reset_index().melt("tenth", var_name="label", value_name="relative")
            parts.append(part.assign(trait=trait, **settings))
    keys = ["bias", "strength", "trait", "tenth", "label"]
    return summarise(pd.concat(parts, ignore_index=True), "relative", keys)


def dials(seeds: Sequence[int], strengths: Sequence[float] = STRENGTHS) -> pd.DataFrame:
    """One number for each bias, strength, trait, label and seed.

    target  mean true satisfaction of the impressions that have the label, minus that of all
    others  the label's rate in the highest tenth of the trait minus that in the lowest, in multiples of its mean rate
    """
    rows = []
    for settings, table, traits in _settings(seeds, strengths):
        for trait, labels in traits.items():
            if trait == TRUTH:
                values = {label: table.loc[table[label] == 1, TRUTH].mean() - table[TRUTH].mean() for label in labels}
            else:
                part = by_tenth(table, trait, labels)
                values = part.loc[10] - part.loc[1]
            rows += [settings | {"trait": trait, "label": label, "value": values[label]} for label in labels]
    return pd.DataFrame(rows)


def user_days(log: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """A row a user and day on which something played: sums of its labels and of `MARK`, mean true satisfaction with
    what played, and `return_next_day`."""
    played = log.assign(**{TRUTH: truth["satisfaction"].to_numpy()})[log["watch_seconds"] > 0]
    new = {"any of six actions": played[list(ACTIONS)].sum(axis=1), MARK: played[TRUTH] > 0.8}
    days = played.assign(**new).groupby(["user", "day"])
    sums = days[["click", "watch_seconds", "finish", *ACTIONS, *new]].sum()
    return sums.join(days[[TRUTH, "return_next_day"]].mean())


def days(seeds: Sequence[int]) -> pd.DataFrame:
    """How well one number of a user's day tells who comes back (AUC): a row a signal and seed."""
    parts = []
    for seed in seeds:
        table = user_days(*simulate(World.make(seed=seed, users=1000, videos=1000), seed=seed))
        back = table.pop("return_next_day")
        aucs = {signal: auc(table[signal].to_numpy(float), back.to_numpy()) for signal in table}
        parts.append(pd.DataFrame({"seed": seed, "signal": aucs.keys(), "auc": aucs.values()}))
    return pd.concat(parts, ignore_index=True)


INTERVAL = {"mean": 0.001, "low": 0.001, "high": 0.001}
TABLES = kept_tables(
    KeptTable("01_tenths", tenths, {"seeds": range(24)}, [Recheck({"strengths": [1.0]}, INTERVAL)]),
    KeptTable(
        "01_dials", dials, {"seeds": range(24)}, [Recheck({"seeds": [5], "strengths": [0.25, 1.0]}, {"value": 0.001})]
    ),
    KeptTable("01_days", days, {"seeds": range(24)}, [Recheck({"seeds": [7]}, {"auc": 0.001})]),
)

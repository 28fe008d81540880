"""Who chooses the exponents: three searches, a regression, and choices that cost nothing.

A trial serves some users a day by one set of exponents, and sees one reward: the share of them who come back. Each way
has `TRIALS` of them, and one setting out of six, chosen on worlds that serve no result. (A product with all exponents
doubled ranks as before. So of a low and a high value, or of a centre and a spread, only the ratio counts: the second is
always 1.)
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd

from helpers.chapters.ch03.studies.exponents.market import ALIKE, EXACT, GOALS, REWARDS, SORTS, Days, Market, markets
from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, each, mean

TRIALS = 64
FLOOR = 0.1  # of the spread of the cross-entropy method, which would else shrink too soon
USERS = 1_000  # of a trial
SIZES = (100, 1_000, EXACT)

# Choices that cost nothing, in the order of GOALS: all goals alike; one goal; what people do on purpose, against bait;
# and what chapter 01 chose on worlds whose satisfaction it was told.
EQUAL, HAND = (1, 1, 1, 1, 1, 1), (-1, 0, 0, 1, 1, 1)
OTHER_WORLDS = (-1, 0, -0.5, 0.5, 1, 1)
FREE = {"equal": EQUAL, "by hand": HAND, "other worlds": OTHER_WORLDS}
FREE |= {f"{goal} alone": tuple(map(float, row)) for goal, row in zip(GOALS, np.eye(len(GOALS)), strict=True)}

# What is returned: the exponents, and the reward that the search saw for them.
Choice = tuple[np.ndarray, float]


def grid(market: Market, low: float, seed: int) -> Choice:
    """`low` or 1 for each of six exponents are 64 combinations: the one with the highest reward."""
    tried = list(product((low, 1.0), repeat=len(GOALS)))
    return _best(market, np.random.default_rng([seed, 9]).permutation(tried))


def random_search(market: Market, centre: float, seed: int) -> Choice:
    """Exponents drawn around `centre`: those with the highest reward."""
    return _best(market, drawn(centre, seed))


def drawn(centre: float, seed: int) -> np.ndarray:
    return centre + np.random.default_rng([seed, 9]).standard_normal((TRIALS, len(GOALS)))


def _best(market: Market, tried: np.ndarray) -> Choice:
    rewards = np.array([market(exponents) for exponents in tried])
    return tried[rewards.argmax()], float(rewards.max())


def cross_entropy(market: Market, start: tuple[float, int], seed: int) -> Choice:
    """The cross-entropy method: draw around a mean, move it to the best quarter of the draws, and draw again.

    start  the first mean, and the number of rounds

    It ends with its mean, which no trial has served: as its reward counts that of the last quarter.
    """
    rng, (centre, rounds) = np.random.default_rng([seed, 9]), start
    mean, sd, tries = np.full(len(GOALS), centre), np.ones(len(GOALS)), TRIALS // rounds
    for _ in range(rounds):
        tried = mean + sd * rng.standard_normal((tries, len(GOALS)))
        rewards = np.array([market(exponents) for exponents in tried])
        best = np.argsort(-rewards)[: tries // 4]
        mean, sd = tried[best].mean(0), tried[best].std(0) + FLOOR
    return mean, float(rewards[best].mean())


def regression(market: Market, centre: float, seed: int) -> Choice:
    """The trials of a random search, read user by user: the reward of each by how far the predictions of the list lay
    above those of what was on offer. The slopes of this line are the exponents."""
    return _line(market, centre, seed, told=False)


def _line(market: Market, centre: float, seed: int, told: bool) -> Choice:
    """told  what was on offer: the means of its predictions are columns, too"""
    columns, rewards = [], []
    for exponents in drawn(centre, seed):
        part, ten, values = market.serve(exponents)
        offered = [part.logs.mean(1)] if told else []
        columns.append(np.column_stack([part.shown(ten), *offered, np.ones(len(part))]))
        rewards.append(values)
    slopes = np.linalg.lstsq(np.concatenate(columns), np.concatenate(rewards), rcond=None)[0]
    return slopes[: len(GOALS)], float("nan")  # it has seen no reward for them


SEARCHES: dict[str, Callable[..., Choice]]
SEARCHES = {"grid": grid, "random": random_search, "cross-entropy": cross_entropy, "regression": regression}
BY_KIND = ("cross-entropy", "regression")
CENTRES = (-0.5, 0.0, 0.25, 0.5, 1.0, 2.0)
SETTINGS = {
    "grid": (-2.0, -1.0, -0.75, -0.5, -0.25, 0.0),
    "random": CENTRES,
    "cross-entropy": tuple(product((0.0, 0.5, 1.0), (4, 8))),
    "regression": CENTRES,
}


def tune(seeds: Sequence[int], ways: Sequence[str] = tuple(SEARCHES)) -> pd.DataFrame:
    """What each search finds with each of its settings, by their number: seed, way, setting, returns."""
    rows = []
    for seed, tried, judged in markets(seeds):
        for way in ways:
            for number, setting in enumerate(SETTINGS[way]):
                exponents, _ = SEARCHES[way](Market(tried, USERS, seed=seed), setting, seed)
                rows.append((seed, way, number, judged.value(exponents)["returns"]))
    return pd.DataFrame(rows, columns=["seed", "way", "setting", "returns"])


TUNED = Chosen("03_exponents_tuning", by=["way"], setting=["setting"], value="returns")


def search(way: str, days: Days, users: int, reward: str, seed: int) -> Choice:
    """One of `SEARCHES`, tuned, on these days."""
    return SEARCHES[way](Market(days, users, reward, seed), SETTINGS[way][TUNED[way]], seed)


def compare(seeds: Sequence[int], users: Sequence[int] = SIZES, rewards: Sequence[str] = REWARDS) -> pd.DataFrame:
    """What each way to choose exponents finds, and what it brings on days that judge.

    A row a seed, way, users of a trial (`EXACT`: no noise; the free choices: none) and reward that was sought:

    seen         the reward that the search saw for its choice
    returns, satisfaction, seconds, clicks
    and the exponents, one a goal, of length 1 together

    Each way seeks returns, by trials of each size; the cross-entropy method seeks each other reward, by `USERS`.
    """
    rows = []
    sought = [(way, size, "returns") for way, size in product(SEARCHES, users)]
    sought += [("cross-entropy", USERS, reward) for reward in rewards if reward != "returns"]
    for seed, tried, judged in markets(seeds):
        chosen = {(way, EXACT, "none"): (np.array(exponents, float), float("nan")) for way, exponents in FREE.items()}
        chosen |= {(way, size, reward): search(way, tried, size, reward, seed) for way, size, reward in sought}
        for key, (exponents, seen) in chosen.items():
            length = exponents / np.linalg.norm(exponents)
            rows.append((seed, *key, seen, *judged.value(exponents).values(), *length))
    return pd.DataFrame(rows, columns=["seed", "way", "users", "reward", "seen", *REWARDS, *GOALS])


def kinds(seeds: Sequence[int], sorts: Sequence[str] = SORTS, ways: Sequence[str] = BY_KIND) -> pd.DataFrame:
    """One set of exponents for all, or one for each kind of user, found on as many users.

    A row a seed, sort of world, way and number of sets, column returns. Each set is sought on the days of its kind, in
    `TRIALS` trials of the kind's share of `USERS`.
    """
    rows = []
    for sort in sorts:
        for seed, tried, judged in markets(seeds, sort):
            for way in ways:
                exponents, _ = search(way, tried, USERS, "returns", seed)
                rows.append((seed, sort, way, "one for all", judged.value(exponents)["returns"]))
                mine = np.empty((len(judged), len(GOALS)))
                for kind in (False, True):
                    size = round(USERS * (tried.young == kind).mean())
                    mine[judged.young == kind], _ = search(way, tried[tried.young == kind], size, "returns", seed)
                rows.append((seed, sort, way, "one a kind", judged.value(mine)["returns"]))
            rows.append((seed, sort, "other worlds", "one for all", judged.value(OTHER_WORLDS)["returns"]))
    return pd.DataFrame(rows, columns=["seed", "sort", "way", "sets", "returns"])


class Told(Market):
    """A market that allows for its users: it takes from the mean reward of a trial what a line through the means of the
    predictions on offer expects of these users, beyond what it expects of all."""

    def __call__(self, exponents: np.ndarray) -> float:
        part, _, values = self.serve(exponents)
        if self.users == EXACT:  # the same users in each trial
            return float(values.mean())
        offered = part.logs.mean(1) - self._of_all
        slopes = np.linalg.lstsq(offered - offered.mean(0), values - values.mean(), rcond=None)[0]
        return float(values.mean() - offered.mean(0) @ slopes)

    @cached_property
    def _of_all(self) -> np.ndarray:
        return self.days.logs.mean((0, 1))


def tell(seeds: Sequence[int], users: Sequence[int] = SIZES) -> pd.DataFrame:
    """What a search and the line find if both are told what each user was offered, and if not: seed, way, told, users,
    returns. Each has the setting that it chose untold. `by hand` is told nothing, and has no trials (`EXACT`)."""
    rows = []
    for seed, tried, judged in markets(seeds):
        rows.append((seed, "by hand", False, EXACT, judged.value(HAND)["returns"]))
        for way, told, size in product(BY_KIND, (False, True), users):
            setting = SETTINGS[way][TUNED[way]]
            if way == "regression":
                exponents, _ = _line(Market(tried, size, seed=seed), setting, seed, told)
            else:
                exponents, _ = cross_entropy((Told if told else Market)(tried, size, seed=seed), setting, seed)
            rows.append((seed, way, told, size, judged.value(exponents)["returns"]))
    return pd.DataFrame(rows, columns=["seed", "way", "told", "users", "returns"])


# On another CPU a few lists differ, so that a search may keep another set. A free choice stays, and the line nearly so.
BROUGHT = dict.fromkeys(("returns", "satisfaction", "clicks"), mean(0.02)) | {"seconds": mean(0, 0.1)}
BROUGHT |= {"seen": mean(0.05)} | dict.fromkeys(GOALS, each(0.3))
TABLES = kept_tables(
    KeptTable(
        "03_exponents_tuning",
        tune,
        {"seeds": range(930, 938)},
        [Recheck({"seeds": [930], "ways": ["grid"]}, {"returns": mean(0.02)})],
    ),
    KeptTable(
        "03_exponents",
        compare,
        {"seeds": range(24)},
        [Recheck({"seeds": [3], "users": [1000], "rewards": []}, BROUGHT, "way == 'regression' or reward == 'none'")],
    ),
    KeptTable(
        "03_exponents_told",
        tell,
        {"seeds": range(48)},
        [Recheck({"seeds": [3], "users": [1000]}, {"returns": mean(0.02)})],
    ),
    KeptTable(
        "03_kinds",
        kinds,
        {"seeds": range(20)},
        [Recheck({"seeds": [3], "sorts": [ALIKE], "ways": ["regression"]}, {"returns": mean(0.02)})],
    ),
)

"""The race in worlds of `worlds.KINDS`: what counts, factors, one shared model and a model for each label bring.

Each side chose by true satisfaction, as a company would by A/B tests, on the same four worlds, which serve no result:
weights of counts, mixes of factors, learning rate and penalty of a network's factors. Readers race in these worlds as
well (`OWN_TASTE`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.chapters.ch00.race import Track
from helpers.chapters.ch00.steps import CLIMB
from helpers.chapters.ch00.worlds import BEST, FUSED_COUNTS, HISTORY, LABELS
from helpers.chapters.ch08.studies.own_taste import counts, models
from helpers.chapters.ch08.studies.own_taste.counts import BACK, CELL, SHOWN, VIDEO
from helpers.chapters.ch08.studies.own_taste.counts import HISTORY as OWN_HISTORY
from helpers.chapters.ch08.studies.own_taste.worlds import GIVEN, KINDS, OWN, Rows, World
from helpers.data.feed import Offer
from helpers.evaluation.metrics import gauc
from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck

ONE, EACH = "one for all labels", "one for each label"
ALL_COUNTS, TASTE_TELLS = "all counts", "taste and quality"
ONE_SET, SETS = "counts + one set of factors", "counts + a set for each label"
PLAIN, SHARED, SEPARATE = "Shared-Bottom", "Shared-Bottom + factors", "separate + factors"
NETWORKS = (PLAIN, SHARED, SEPARATE)
LEARNS = {SHARED: [LABELS], SEPARATE: [[label] for label in LABELS]}  # the labels of each of its models
WAYS = ("", WITH_RETURN := ", + return", WITH_COUNTS := ", + counts")  # how a network's score is fused with counts
UNTRAINED = (FUSED_COUNTS, HISTORY, VIDEO, ALL_COUNTS, ONE_SET, SETS, TASTE_TELLS, BEST)
RANKERS = (*UNTRAINED, *(name + way for name in NETWORKS for way in WAYS))

WEIGHTS = {BACK: (0, 0.5, 1, 2, 4), CELL: (0, 0.5, 1), OWN_HISTORY: (0, 1, 2, 3), SHOWN: (0, 0.5, 1, 2, 4)}
MIXES = {  # powers of the labels: in what one set of factors fits, or of the products of several sets
    "as counts": counts.POWERS,
    "without finish": counts.POWERS | {"finish": 0.0},
    "likes first": {"finish": 0.0, "like": 2.0, "favourite": 1.0, "share": 0.5},
    "likes and favourites": {"finish": 0.0, "like": 1.0, "favourite": 1.0, "share": 0.0},
    "likes": {"finish": 0.0, "like": 1.0, "favourite": 0.0, "share": 0.0},
}
RIDGES, TIMES = (4, 7, 10, 15, 20), (0, 0.5, 1, 2, 3, 4)
PENALTIES, RATES = (3, 10, 20, 40, 70, 100, 140, 200), (0.03, 0.1, 0.3)  # penalties in millionths

OF_COUNTS = Chosen("08_own_taste_counts", by=["kind"], setting=list(WEIGHTS), value="satisfaction")
OF_FACTORS = Chosen(
    "08_own_taste_factors", by=["kind", "sets"], setting=["ridge", "mix", "times"], value="satisfaction"
)
OF_NETWORKS = Chosen("08_own_taste_tuning", by=["model"], setting=["penalty", "rate"], value="satisfaction")


def tune_counts(seeds: Sequence[int], kinds: Sequence[str] = tuple(KINDS)) -> pd.DataFrame:
    """Satisfaction with each choice of the weights of counts, mean over worlds: kind, the parts, satisfaction."""
    rows = []
    for kind in kinds:
        worlds = [World.make(seed, kind) for seed in seeds]
        scores = [counts.parts(world.log, world.asked) for world in worlds]
        for weights in product(*WEIGHTS.values()):
            chosen, both = dict(zip(WEIGHTS, weights, strict=True)), zip(worlds, scores, strict=True)
            brought = np.mean([world.satisfies(counts.total(score, chosen)) for world, score in both])
            rows.append({"kind": kind} | chosen | {"satisfaction": brought})
    return pd.DataFrame(rows)


def all_counts(world: World, kind: str) -> tuple[Tensor, dict[str, Tensor]]:
    """The score of all counts, with the weights of this kind of world, and its parts."""
    scores = counts.parts(world.log, world.asked)
    return counts.total(scores, dict(zip(WEIGHTS, OF_COUNTS[kind], strict=True))), scores


def products(world: World, sets: str, ridge: float, mixes: Sequence[str]) -> dict[str, Tensor]:
    """The products of one set of factors, or of one for each label, `(n,)`, by the mix of labels."""
    left = {label: models.left_over(world.log, label) for label in GIVEN}
    if sets == ONE:
        whole = {mix: sum(power * left[label] for label, power in MIXES[mix].items()) for mix in mixes}
        return {mix: models.factors(world.log, what, world.asked, ridge) for mix, what in whole.items()}
    used = [label for label in GIVEN if any(MIXES[mix][label] for mix in mixes)]
    each = {label: models.factors(world.log, left[label], world.asked, ridge) for label in used}
    return {mix: sum(MIXES[mix][label] * each[label] for label in used) for mix in mixes}


def tune_factors(
    seeds: Sequence[int], kinds: Sequence[str] = tuple(KINDS), ridges: Sequence[float] = RIDGES
) -> pd.DataFrame:
    """Satisfaction with all counts and so many times the products: kind, sets, ridge, mix, times, satisfaction."""
    parts = []
    for kind, seed in product(kinds, seeds):
        world = World.make(seed, kind)
        base, _ = all_counts(world, kind)
        for sets, ridge in product((ONE, EACH), ridges):
            for mix, more in products(world, sets, ridge, tuple(MIXES)).items():
                for times in TIMES:
                    row = {"kind": kind, "sets": sets, "ridge": ridge, "mix": mix, "times": times}
                    parts.append(row | {"satisfaction": world.satisfies(base + times * more)})
    table = pd.DataFrame(parts)
    return table.groupby([*table][:-1], sort=False)["satisfaction"].mean().reset_index()


def tune_networks(
    seeds: Sequence[int], penalties: Sequence[float] = PENALTIES, rates: Sequence[float] = RATES
) -> pd.DataFrame:
    """Satisfaction, mean over worlds: model, penalty, rate, way, satisfaction. All separate models have one setting; a
    setting counts by the mean of its ways."""
    rows = []
    for seed in seeds:
        world = World.make(seed)
        (log, asked), (base, parts) = models.with_counts(world.log, world.asked), all_counts(world, OWN)
        for (model, groups), penalty, rate in product(LEARNS.items(), penalties, rates):
            score = _trained_score(log, asked, groups, penalty, rate)
            for way, fused in _ways(score, base, parts).items():
                rows.append((model, penalty, rate, way, world.satisfies(fused)))
    table = pd.DataFrame(rows, columns=["model", "penalty", "rate", "way", "satisfaction"])
    return table.groupby([*table][:-1], sort=False)["satisfaction"].mean().reset_index()


def _trained_score(log: Rows, asked: Rows, groups: Sequence[Sequence[str]], *setting: float, **size: int) -> Tensor:
    """The score of what is `asked`, `(n,)`, by a model for each group of labels."""
    return models.score(models.logits([models.train(log, labels, *setting, **size) for labels in groups], asked))


def _ways(score: Tensor, base: Tensor, parts: dict[str, Tensor]) -> dict[str, Tensor]:
    """A network's score as it is, with the counted return, with all counts: by `WAYS`."""
    return dict(zip(WAYS, (score, score + parts[BACK], score / score.std() + base / base.std()), strict=True))


def list_outcomes(
    seeds: Sequence[int], kinds: Sequence[str] = (OWN,), rankers: Sequence[str] = RANKERS
) -> pd.DataFrame:
    """What each ranker's lists bring, a row a seed, kind and ranker: true satisfaction, and the GAUC of a like among
    what would be clicked. Networks are trained in the first of `KINDS` alone."""
    rows = []
    for kind, seed in product(kinds, seeds):
        world = World.make(seed, kind)
        for ranker, score in scores(world, kind, rankers).items():
            row = {"seed": seed, "kind": kind, "ranker": ranker}
            rows.append(row | {"satisfaction": world.satisfies(score), "gauc": _gauc(world, score)})
    return pd.DataFrame(rows)


def _gauc(world: World, score: Tensor) -> float:
    clicked = world.offer.outcomes["click"].to_numpy() == 1
    liked, user = world.offer.outcomes["like"].to_numpy(), world.asked["user"].numpy()
    return gauc(np.asarray(score)[clicked], liked[clicked], user[clicked]).value


def scores(world: World, kind: str, rankers: Sequence[str]) -> dict[str, Tensor]:
    """{ranker: the score of each candidate}; of networks in the first of `KINDS` alone."""
    base, parts = all_counts(world, kind)
    by_name = {name: CLIMB[name](world.log)(world.asked) for name in (FUSED_COUNTS, HISTORY)}
    by_name |= {VIDEO: parts[VIDEO], ALL_COUNTS: base}
    for name, sets in ((ONE_SET, ONE), (SETS, EACH)):
        if name in rankers:
            ridge, mix, times = OF_FACTORS[kind][sets]
            by_name[name] = base + times * products(world, sets, ridge, [mix])[mix]
    trained = [name for name in NETWORKS if kind == OWN and any(name + way in rankers for way in WAYS)]
    for name, score in networks(world, trained).items():
        by_name |= {name + way: fused for way, fused in _ways(score, base, parts).items()}
    by_name[TASTE_TELLS] = torch.tensor(world.truth)
    by_name[BEST] = torch.tensor(world.offer.outcomes["satisfaction"].to_numpy())
    return {name: score for name, score in by_name.items() if name in rankers}


def networks(world: World, names: Sequence[str] = NETWORKS) -> dict[str, Tensor]:
    """The scores of some of the three networks, each with what it chose."""
    log, asked = models.with_counts(world.log, world.asked)
    found = {name: _trained_score(log, asked, LEARNS[name], *OF_NETWORKS[name]) for name in names if name in LEARNS}
    if PLAIN in names:
        found[PLAIN] = _trained_score(log, asked, LEARNS[SHARED], *OF_NETWORKS[SHARED], width=0)
    return found


def _enter(seed: int) -> tuple[Rows, Rows, Offer]:
    world = World.make(seed)
    return world.log, world.asked, world.offer


# The table has the rows in 24 worlds, and no setting was chosen on any of them.
OWN_TASTE = Track(_enter, range(12), range(12, 24), "08_own_taste", "08_own_taste", (TASTE_TELLS, BEST))

BROUGHT = {"satisfaction": 0.01, "gauc": 0.02}
TABLES = kept_tables(
    KeptTable(
        "08_own_taste_counts",
        tune_counts,
        {"seeds": range(940, 944)},
        [Recheck({"kinds": [OWN]}, {"satisfaction": 0.002})],
    ),
    KeptTable(
        "08_own_taste_factors",
        tune_factors,
        {"seeds": range(940, 944)},
        [Recheck({"kinds": [OWN], "ridges": [10]}, {"satisfaction": 0.005})],
    ),
    KeptTable(
        "08_own_taste_tuning",
        tune_networks,
        {"seeds": range(940, 944)},
        [Recheck({"penalties": [100], "rates": [0.1]}, {"satisfaction": 0.01})],
    ),
    KeptTable("08_own_taste", list_outcomes, {"seeds": range(24)}, [Recheck({"seeds": [3]}, BROUGHT)]),
    KeptTable(
        "08_own_taste_limits",
        list_outcomes,
        {"seeds": range(24), "kinds": tuple(KINDS)[1:], "rankers": UNTRAINED},
        [Recheck({"seeds": [3]}, BROUGHT)],
    ),
)

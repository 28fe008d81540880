"""Which tasks to put together: five labels of the feed in every grouping there is, at one budget of multiply-adds.

A grouping divides the tasks into groups, and each group is a Shared-Bottom of its own. Five tasks have 52 groupings,
made of 31 groups, so 31 models a world tell what every grouping is worth: a search over all of them, as in Standley et
al. (ICML 2020), without a short cut.

The budget is what one row costs on its way through all models (`COST` a task). A task brings its share into its group:
the more tasks a group has, the wider its bottom. Embeddings are not counted: to look a vector up costs no
multiplication. (They cost memory, and five models have five times the tables.)

Worlds, rows and scores are those of `feed_tasks`. What a search chooses, it chooses on half of the worlds, and it is
reported on the other half; and the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

import pandas as pd

from helpers.chapters.ch04.feed_tasks import CHOSEN, HALFWAY, TOWER, Worlds, scored, train_models
from helpers.data.feed import features
from helpers.evaluation.counts import ITEM_COUNTS, item_count
from helpers.experiments.grid import Grid, grids
from helpers.experiments.sample import Sample
from helpers.models.experts import MMoE
from helpers.models.shared_bottom import Encoder, SharedBottom
from helpers.support import validate

TASKS = ("click", "finish", "like", "favourite", "share")
WIDTH = 16  # of the bottom of a task alone
PAIR = ("favourite", "share")  # the text's example of targets without a relation, for which it proposes MMoE
EXPERTS = 4
JUDGES = 200  # users to whom 100 videos each are offered: a third of all, for the time that it takes
SETTINGS = {"width": WIDTH, "experts": EXPERTS, "users": JUDGES}


def name_of(group: Sequence[str]) -> str:
    """A group by its tasks: "favourite + share"."""
    return " + ".join(group)


GROUPS = {name_of(group): group for size in range(1, len(TASKS) + 1) for group in combinations(TASKS, size)}
MMOE = f"MMoE: {name_of(PAIR)}"
MODELS = (*GROUPS, MMOE)


def partitions(tasks: Sequence[str] = TASKS) -> Iterator[list[tuple[str, ...]]]:
    """Every way to divide tasks into groups; the group of the first task comes first."""
    if not tasks:
        yield []
        return
    first, *others = tasks
    for size in range(len(others) + 1):
        for partners in combinations(others, size):
            left = [task for task in others if task not in partners]
            yield from ([(first, *partners), *more] for more in partitions(left))


def grouping_of(groups: Sequence[Sequence[str]]) -> str:
    """A grouping by its groups: "click + finish | like | favourite + share"."""
    return " | ".join(map(name_of, groups))


GROUPINGS = {grouping_of(groups): groups for groups in partitions()}
TOGETHER, APART = name_of(TASKS), grouping_of([[task] for task in TASKS])


def multiply_adds(width: int, tasks: int) -> int:
    """What one row costs on its way through a bottom of `width` and so many towers."""
    return Encoder(features()).width * width + tasks * (width * TOWER + TOWER)


COST = multiply_adds(WIDTH, 1)


def width_of(tasks: int) -> int:
    """Units of the bottom of so many tasks, which cost as much together as each of them alone."""
    return min(range(WIDTH, 5 * WIDTH), key=lambda width: abs(multiply_adds(width, tasks) - tasks * COST))


def units_of_experts() -> int:
    """Units of each of the `EXPERTS` of a MMoE that costs as much as a Shared-Bottom of the pair: with its gates, and
    with what it takes to mix."""
    row = Encoder(features()).width

    def cost(units: int) -> int:
        gates = len(PAIR) * EXPERTS * (row + units)
        return EXPERTS * row * units + gates + len(PAIR) * (units * TOWER + TOWER)

    return min(range(1, WIDTH), key=lambda units: abs(cost(units) - len(PAIR) * COST))


def build(model: str, l2: float, seed: int) -> SharedBottom:
    """One of `MODELS` with its first parameters."""
    options = {"l2_embedding": l2, "seed": seed, "towers": [TOWER]}
    if validate.choice("model", model, MODELS) == MMOE:
        tasks = dict.fromkeys(PAIR, "binary")
        return MMoE(features(), tasks, experts=EXPERTS, units=[units_of_experts()], **options)
    tasks = dict.fromkeys(GROUPS[model], "binary")
    return SharedBottom(features(), tasks, [width_of(len(tasks))], **options)


def setting(model: str) -> tuple[float, float]:
    """Learning rate and penalty of one of `MODELS`: for a task alone what chapter 04's search found for it, for several
    what it found for all eight labels together. (No group was tuned by itself.)"""
    key = f"nothing: {model}" if model in TASKS else f"{HALFWAY}: all"
    return CHOSEN[False][key]


def groups(seeds: Sequence[int], models: Sequence[str] = (*MODELS, *ITEM_COUNTS)) -> pd.DataFrame:
    """Every group trained, and counts: seed, model (of `MODELS`, or a count), task, auc."""
    worlds, parts = Worlds.make(seeds, users=JUDGES), []
    for model in models:
        if model in ITEM_COUNTS:
            counted = {task: item_count(model, worlds.train, task, "click", worlds.inputs) for task in TASKS}
            table = scored(worlds, counted)
        else:
            lr, l2 = setting(model)
            table, _ = train_models(worlds, [build(model, l2, seed) for seed in worlds.seeds], lr)
        parts.append(table.assign(model=model))
    return pd.concat(parts, ignore_index=True).rename(columns={"score": "auc"})[["seed", "model", "task", "auc"]]


def of_grouping(table: pd.DataFrame, grouping: str) -> pd.Series:
    """The mean AUC of the five tasks in one grouping, a number a seed. table: of `groups`"""
    return _worth(_of_groups(table), GROUPINGS[grouping])


def _of_groups(table: pd.DataFrame) -> pd.DataFrame:
    """The sum of a group's AUCs: a row a seed, a column a group."""
    return table.groupby(["seed", "model"])["auc"].sum().unstack("model")


def _worth(of_groups: pd.DataFrame, parted: Sequence[Sequence[str]]) -> pd.Series:
    return of_groups[[*map(name_of, parted)]].sum(axis=1) / len(TASKS)


def pair_map(table: pd.DataFrame) -> pd.DataFrame:
    """What a task gains next to one other over being alone: seed, task, partner, gain. table: of `groups`"""
    by_task = table.set_index(["model", "task", "seed"])["auc"].sort_index()
    parts = []
    for pair in combinations(TASKS, 2):
        for task, partner in (pair, pair[::-1]):
            gain = by_task[name_of(pair), task] - by_task[task, task]
            parts.append(gain.rename("gain").reset_index().assign(task=task, partner=partner))
    order = pd.concat(parts, ignore_index=True)[["seed", "task", "partner", "gain"]]
    return order.sort_values(["task", "partner"], key=lambda names: names.map(TASKS.index), kind="stable")


def groupings(table: pd.DataFrame) -> pd.DataFrame:
    """Every grouping: grouping, seed, auc (mean of the five tasks), and from_pairs. table: of `groups`

    from_pairs   what the map of pairs predicts: in a group a task gains the mean of what it gains next to each of the
                 others (the *higher-order approximation* of Standley et al.)
    """
    gains = pair_map(table).set_index(["task", "partner", "seed"])["gain"].sort_index()
    of_groups, parts = _of_groups(table), []
    for grouping, parted in GROUPINGS.items():
        predicted = _worth(of_groups, GROUPINGS[APART])
        for group in parted:
            for task, partner in permutations(group, 2):
                predicted = predicted + gains[task, partner] / (len(group) - 1) / len(TASKS)
        found = pd.DataFrame({"auc": _worth(of_groups, parted), "from_pairs": predicted})
        parts.append(found.reset_index().assign(grouping=grouping))
    return pd.concat(parts, ignore_index=True)[["grouping", "seed", "auc", "from_pairs"]]


def chosen(found: pd.DataFrame, by: str = "auc") -> pd.DataFrame:
    """For each seed the grouping that is best on the seeds of the other half, even or odd, and what it is worth here: a
    row a seed of `found`, which is of `groupings`.

    by   the column that says what is best: auc, or what the pairs predict
    """
    parts = []
    odd = found["seed"] % 2 == 1
    for here in (odd, ~odd):
        best = found[~here].groupby("grouping", sort=False)[by].mean().idxmax()
        parts.append(found[here & (found["grouping"] == best)])
    return pd.concat(parts).sort_values("seed", ignore_index=True)


FEW, CLOSE = {"models": ["share", name_of(PAIR), MMOE, *ITEM_COUNTS]}, {"auc": 0.02}
GRIDS = grids(
    Grid("04_groups", groups, {"seeds": range(20)}, [Sample({"seeds": [4]} | FEW, CLOSE)], [SETTINGS, CHOSEN]),
)

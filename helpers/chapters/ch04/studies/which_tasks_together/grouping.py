"""Which tasks to put together: five labels of the feed in every grouping there is, at one budget of multiply-adds.

A grouping divides the tasks into groups, and each group is a Shared-Bottom of its own. Five tasks have 52 groupings,
made of 31 groups: 31 models a world tell what every grouping is worth, as in Standley et al. (ICML 2020).

The budget is what one row costs on its way through all models (`COST` a task), look-ups of embeddings not counted: the
more tasks a group has, the wider its bottom.

Worlds, rows and scores are those of `feed_tasks`. What a search chooses, it chooses on half of the worlds, and it is
reported on the other half; and the other way round.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations, product

import pandas as pd

from helpers.chapters.ch04.feed_tasks import HALFWAY, NETWORKS, OWN, TOWER, Outputs, Worlds, linear_models
from helpers.chapters.ch04.studies.feed_tasks import (
    CHOSEN,
    LEARNING_RATES,
    PENALTIES,
    POOLS,
    RIDGE,
    TUNING_SEEDS,
    best_outputs,
    fit_together,
    lowest_losses,
    outputs,
    pooled_scores,
    score_table,
)
from helpers.data.feed import features
from helpers.evaluation.counts import ITEM_COUNTS
from helpers.evaluation.pool import FUSIONS, OF_THREE, best_elsewhere
from helpers.evaluation.yardsticks import LINEAR
from helpers.experiments.chosen import Chosen
from helpers.lab.claim import score_name
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.experts import MMoE
from helpers.models.shared_bottom import Encoder, SharedBottom
from helpers.support import validate
from helpers.training.loop import Run

TASKS = ("click", "finish", "like", "favourite", "share")
WIDTH = 16  # of the bottom of a task alone
PAIR = ("favourite", "share")  # the text's example of targets without a relation, for which it proposes MMoE
EXPERTS = 4
JUDGES = 200  # users to whom 100 videos each are offered: a third of all, for the time that it takes


def name_of(group: Sequence[str]) -> str:
    """A group by its tasks: "favourite + share"."""
    return " + ".join(group)


GROUPS = {name_of(group): group for size in range(1, len(TASKS) + 1) for group in combinations(TASKS, size)}
MMOE = f"MMoE: {name_of(PAIR)}"
TASKS_OF = GROUPS | {MMOE: PAIR}
MODELS = tuple(TASKS_OF)
TUNED = (*PAIR, name_of(PAIR), MMOE)  # each by itself
# What shares nothing, besides a network for each task.
RIVALS = (LINEAR, *(f"{kind}, {way}" for kind in (NETWORKS, LINEAR) for way in (*FUSIONS, OF_THREE)), *ITEM_COUNTS)


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
MERGED = next(name for name, groups in GROUPINGS.items() if PAIR in groups and len(groups) == len(TASKS) - 1)

# Pools that share nothing, and with one shared model more: {name: what is in it, of `GROUPINGS` or linear models}.
POOLS_APART = {APART: [APART], LINEAR: [LINEAR], "networks and linear": [APART, LINEAR]}
POOLS_JOINED = {
    "linear and all in one": [LINEAR, TOGETHER],
    "networks and all in one": [APART, TOGETHER],
    "networks, linear and all in one": [APART, LINEAR, TOGETHER],
}
FUSED = {name: [name] for name in GROUPINGS} | POOLS_APART | POOLS_JOINED


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
    tasks = dict.fromkeys(TASKS_OF[validate.choice("model", model, MODELS)], "binary")
    options = {"l2_embedding": l2, "seed": seed, "towers": [TOWER]}
    if model == MMOE:
        return MMoE(features(), tasks, experts=EXPERTS, units=[units_of_experts()], **options)
    return SharedBottom(features(), tasks, [width_of(len(tasks))], **options)


def setting(model: str) -> tuple[float, float]:
    """Learning rate and penalty of one of `MODELS`: of those in `TUNED` what `tune` found (it is what they would have
    here), of another task alone what chapter 04's search found for it, of another group what it found for all eight
    labels together."""
    if model in TUNED:
        return CHOSEN_HERE[model]
    return CHOSEN[False][f"{OWN}: {model}" if model in TASKS else f"{HALFWAY}: all"]


def train_tuned(worlds: Worlds, model: str) -> Run:
    """One of `MODELS` with its `setting`, one copy a world."""
    return _train(worlds, model, *setting(model))


def _train(worlds: Worlds, model: str, lr: float, l2: float) -> Run:
    return fit_together(worlds, [build(model, l2, seed) for seed in worlds.seeds], lr)


def tune(
    seeds: Sequence[int],
    models: Sequence[str] = TUNED,
    rates: Sequence[float] = LEARNING_RATES,
    penalties: Sequence[float] = PENALTIES,
) -> pd.DataFrame:
    """Validation loss of each model at each setting, in thousandths, summed over tasks: model, lr, l2, seed, loss."""
    worlds, parts = Worlds.make(seeds, users=1), []
    for model, lr, l2 in product(models, rates, penalties):
        losses = 1000 * lowest_losses(_train(worlds, model, lr, l2))
        parts.append(pd.DataFrame({"model": model, "lr": lr, "l2": l2, "seed": worlds.seeds, "loss": losses}))
    return pd.concat(parts, ignore_index=True)


# {one of `TUNED`: (lr, l2)}
CHOSEN_HERE = Chosen("04_groups_tuning", by=["model"], setting=["lr", "l2"], value="loss", lowest=True)


def groups(seeds: Sequence[int], models: Sequence[str] = (*MODELS, *RIVALS)) -> pd.DataFrame:
    """Every group trained, and what shares nothing: seed, model (of `MODELS`, or of `RIVALS`), task, auc."""
    worlds, parts, of_one_task = Worlds.make(seeds, users=JUDGES), [], {}
    rivals = [model for model in models if model in RIVALS]
    shared = [model for model in models if model not in RIVALS]
    for model in dict.fromkeys([*shared, *(TASKS if rivals else ())]):
        run = train_tuned(worlds, model)
        if model in shared:
            parts.append(score_table(worlds, best_outputs(run, worlds.inputs, TASKS_OF[model])).assign(model=model))
        if model in TASKS:
            of_one_task[model] = run
    if rivals:
        linear = linear_models(worlds, {task: RIDGE[False][task] for task in TASKS})
        pools = {kind: POOLS[kind] for kind in (NETWORKS, LINEAR)}
        ways = pooled_scores(worlds, {OWN: outputs(worlds, of_one_task), LINEAR: linear}, pools, TASKS)
        scores = {score_name(kind, pools[kind], way): fused for (kind, way), fused in ways.items()}
        parts += [score_table(worlds, scores[model]).assign(model=model) for model in rivals]
    return pd.concat(parts, ignore_index=True).rename(columns={"score": "auc"})[["seed", "model", "task", "auc"]]


def fused_groupings(
    seeds: Sequence[int], labels: Sequence[str] = TASKS, pools: Sequence[str] = tuple(FUSED)
) -> pd.DataFrame:
    """The scores that the outputs of each grouping make (`helpers.evaluation.pool`), and those of `POOLS_APART` and
    `POOLS_JOINED`: seed, pool (of `FUSED`), way (or a count), task, auc."""
    worlds, parts = Worlds.make(seeds, users=JUDGES), []
    models = {LINEAR: linear_models(worlds, {task: RIDGE[False][task] for task in TASKS})}
    needed = {group for name in pools for model in FUSED[name] for group in GROUPINGS.get(model, ())}
    of_groups = {group: outputs(worlds, dict.fromkeys(group, train_tuned(worlds, name_of(group)))) for group in needed}
    for name in pools:
        for model in FUSED[name]:
            if model not in models:
                both = zip(*(of_groups[group] for group in GROUPINGS[model]), strict=True)
                models[model] = Outputs(*({task: part[task] for part in side for task in part} for side in both))
        ways = pooled_scores(worlds, models, {name: FUSED[name]}, labels)
        parts += [score_table(worlds, scores).assign(pool=name, way=way) for (_, way), scores in ways.items()]
    table = pd.concat(parts, ignore_index=True).rename(columns={"score": "auc"})
    return table[["seed", "pool", "way", "task", "auc"]]


def of_grouping(table: pd.DataFrame, grouping: str) -> pd.Series:
    """The mean AUC of the five tasks in one grouping, a number a seed. table: of `groups`"""
    return _worth(_of_groups(table), GROUPINGS[grouping])


def chosen_fused(table: pd.DataFrame, pools: Sequence[str] = tuple(GROUPINGS)) -> pd.DataFrame:
    """`chosen` with all outputs fused: for each seed the pool that is best on the seeds of the other half, each label
    at the way that is best for it there, and what it is worth here: seed, pool, auc. table: of `fused_groupings`"""
    scores = table[table["pool"].isin(pools)].pivot(index="seed", columns=["pool", "task", "way"], values="auc")
    parts, odd = [], scores.index % 2 == 1
    for here in (odd, ~odd):
        best = scores[~here].mean().groupby(level=["pool", "task"], sort=False)
        pool = best.max().groupby(level="pool", sort=False).mean().idxmax()
        auc = scores.loc[here, list(best.idxmax()[pool])].mean(axis=1)
        parts.append(auc.rename("auc").reset_index().assign(pool=pool))
    return pd.concat(parts).sort_values("seed", ignore_index=True)[["seed", "pool", "auc"]]


def best_fused(
    table: pd.DataFrame, pools: Sequence[str] = tuple(POOLS_APART), tasks: Sequence[str] = TASKS
) -> pd.Series:
    """The mean AUC of these tasks, each by the pool and the way that are best for it on the other half of the seeds: a
    number a seed. table: of `fused_groupings`"""
    rows = table[table["pool"].isin(pools)]
    scores = (rows[rows["task"] == task].pivot(index="seed", columns=["pool", "way"], values="auc") for task in tasks)
    return sum(map(best_elsewhere, scores)) / len(tasks)


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
        worth = pd.DataFrame({"auc": _worth(of_groups, parted), "from_pairs": predicted})
        parts.append(worth.reset_index().assign(grouping=grouping))
    return pd.concat(parts, ignore_index=True)[["grouping", "seed", "auc", "from_pairs"]]


def chosen(table: pd.DataFrame, by: str = "auc") -> pd.DataFrame:
    """For each seed the grouping that is best on the seeds of the other half, even or odd, and what it is worth here: a
    row a seed. table: of `groupings`

    by   the column that says what is best: auc, or what the pairs predict
    """
    parts = []
    odd = table["seed"] % 2 == 1
    for here in (odd, ~odd):
        best = table[~here].groupby("grouping", sort=False)[by].mean().idxmax()
        parts.append(table[here & (table["grouping"] == best)])
    return pd.concat(parts).sort_values("seed", ignore_index=True)


ONE = {"seeds": [900], "models": ["share", MMOE], "rates": [0.003], "penalties": [0.03]}
FEW = {"seeds": [4], "models": ["share", name_of(PAIR), MMOE, *RIVALS]}
PART = {"seeds": [4], "labels": ["share"], "pools": [*POOLS_APART, *POOLS_JOINED, MERGED]}
TABLES = kept_tables(
    KeptTable("04_groups_tuning", tune, {"seeds": TUNING_SEEDS}, [Recheck(ONE, {"loss": 5})]),
    KeptTable("04_groups", groups, {"seeds": range(20)}, [Recheck(FEW, {"auc": 0.02})]),
    KeptTable("04_groups_fused", fused_groupings, {"seeds": range(24)}, [Recheck(PART, {"auc": 0.02})], packed=True),
)

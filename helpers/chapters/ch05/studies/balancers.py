"""Does a balancer help? UWL, GradNorm, PCGrad and six `candidates` against equal weights, and against a manual weight
that had as many runs to be tuned, in the `SITUATIONS` of chapter 05 and on further scales.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from helpers.chapters.ch05.balancers import LOOKS, SITUATIONS, Situation, disjoint_pair, same_pair, train
from helpers.chapters.ch05.desk import BALANCES
from helpers.chapters.ch05.studies.more_balancers.candidates import CANDIDATES
from helpers.data.examples import Examples
from helpers.data.synthetic import CONDITIONS, TaskPair, relu_tasks
from helpers.experiments.chosen import Chosen
from helpers.experiments.feature_tasks import LEARNING_RATE
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, mean
from helpers.models.shared_bottom import SharedBottom, SingleTasks
from helpers.support import validate
from helpers.training.balancing import UWL, Balance, GradNorm, PCGrad
from helpers.training.loop import Run

SCALES = (1, 3, 10, 30, 100, 1000)


def clean_pair(seed: int) -> TaskPair:
    """`disjoint_pair`, in which the labels of task B have no noise: its loss can go to 0."""
    noisy, clean = disjoint_pair(seed), relu_tasks(noise=0.0, seed=seed, **CONDITIONS["disjoint features"])

    def mixed(of_a: Examples, of_b: Examples) -> Examples:
        return replace(of_a, labels={"a": of_a.labels["a"], "b": of_b.labels["b"]})

    return TaskPair(*map(mixed, noisy, clean), noisy.label_correlation)  # the test labels of both have no noise


@dataclass(frozen=True)
class Setting:
    """What a method is tuned in: the learning rate of the network, and what is its own.

    share    of task A in a sum of losses that were divided by their scale, as chapter 03 does: the scale is known
             before training. 0: the losses stay as they are
    balance  adds up these losses; or a function that makes it of what a constant guess loses, {task: loss}
    """

    lr: float = LEARNING_RATE
    share: float = 0.0
    balance: Balance | Callable[[Mapping[str, float]], Balance] | None = None


RATES = (0.003, 0.01, 0.03)  # of the network
SHARES = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75)
UWL_RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
GRADNORM = ((0.12, 0.03), (0.12, 0.1), (1.5, 0.1), (1.5, 0.3), (3.0, 0.1), (3.0, 0.3))  # α, rate


def _at_each_rate(balances: Mapping[str, Balance | Callable | None], share: float = 0.0) -> dict[str, Setting]:
    """A method's settings: each of its balances at each rate of the network."""
    return {
        f"{name}, network {lr:g}".removeprefix(", "): Setting(lr, share, balance)
        for name, balance in balances.items()
        for lr in RATES
    }


NO_BALANCE = {"": None}
ALL_UWL = {f"lr {lr:g}": UWL(lr) for lr in UWL_RATES}
ALL_GRADNORM = {f"alpha {alpha:g}, lr {lr:g}": GradNorm(alpha, lr) for alpha, lr in GRADNORM}
SHARED_OUT = [_at_each_rate({f"share {share:g}": None}, share) for share in SHARES]
# These are told the sizes, as the tuned weights are.
TOLD = {
    "divided sum": _at_each_rate(NO_BALANCE, 0.5),
    "UWL from log L": _at_each_rate({f"lr {lr:g}": partial(UWL, lr) for lr in UWL_RATES}),
    "UWL, divided": _at_each_rate(ALL_UWL, 0.5),
    "GradNorm, divided": _at_each_rate(ALL_GRADNORM, 0.5),
    "DWA, divided": _at_each_rate(CANDIDATES["DWA"], 0.5),
    "MGDA, divided": _at_each_rate(CANDIDATES["MGDA"], 0.5),
}
COMMON = {
    "single-task": _at_each_rate(NO_BALANCE),
    "equal weights": _at_each_rate(NO_BALANCE),
    "tuned weights": {name: setting for settings in SHARED_OUT for name, setting in settings.items()},
    "UWL": _at_each_rate(ALL_UWL),
    "GradNorm": _at_each_rate(ALL_GRADNORM),
    "PCGrad": _at_each_rate({"": PCGrad()}),
}
METHODS = tuple(COMMON)
# 18 settings to choose from for each method that has something of its own to tune: 6 of these at 3 network rates.
BUDGET: dict[str, dict[str, Setting]] = {
    **COMMON,
    **{method: _at_each_rate(balances) for method, balances in CANDIDATES.items()},
    **TOLD,
}


def tune(
    seeds: Sequence[int], situations: Sequence[str] = tuple(SITUATIONS), methods: Sequence[str] = METHODS
) -> pd.DataFrame:
    """Mean R² of both tasks for every setting of `BUDGET`: situation, method, setting, r2 (mean of the seeds)."""
    rows = []
    for name in situations:
        for method in methods:
            for setting in BUDGET[validate.choice("methods", method, BUDGET)]:
                scores = _run_and_r2(name, method, setting, seeds)[1]
                rows.append((name, method, setting, scores["r2"].mean()))
    return pd.DataFrame(rows, columns=["situation", "method", "setting", "r2"])


BY = {"by": ["situation", "method"], "setting": ["setting"], "value": "r2"}
CHOSEN = Chosen("05_tuning", **BY)  # {situation: {method: name}}
CHOSEN_CANDIDATES = Chosen("05_candidates_tuning", **BY)
CHOSEN_TOLD = Chosen("05_told_tuning", **BY)


def verdict(
    seeds: Sequence[int],
    situations: Sequence[str] = tuple(SITUATIONS),
    models: Sequence[str] = METHODS,
) -> pd.DataFrame:
    """Each method at its `CHOSEN` setting: situation, seed, model, task, r2.

    "single-task" is a model of the same width for each task.
    """
    parts = []
    for name in situations:
        validate.choice("situations", name, SITUATIONS)
        for model in models:
            setting = _setting(name, validate.choice("models", model, BUDGET))
            parts.append(_run_and_r2(name, model, setting, seeds)[1].assign(situation=name, model=model))
    return pd.concat(parts, ignore_index=True)[["situation", "seed", "model", "task", "r2"]]


def _setting(situation: str, method: str) -> str:
    """The name of the setting that the method's search chose."""
    chosen = CHOSEN_CANDIDATES if method in CANDIDATES else CHOSEN_TOLD if method in TOLD else CHOSEN
    return chosen[situation][method]


def _run_and_r2(situation: str, method: str, setting: str, seeds: Sequence[int]) -> tuple[Run, pd.DataFrame]:
    """A method at a setting: a model a seed, and R², a row a seed and task."""
    at, how = SITUATIONS[validate.choice("situations", situation, SITUATIONS)], BUDGET[method][setting]
    kind = SingleTasks if method == "single-task" else SharedBottom
    return train(at, seeds, how.share, how.balance, kind, lr=how.lr)


# Size alone: the loss of task A is multiplied by more and more.

PAIRS = {"disjoint features": disjoint_pair, "same features": same_pair}


def scales(
    seeds: Sequence[int],
    pairs: Sequence[str] = tuple(PAIRS),
    scales: Sequence[float] = SCALES,
    methods: Sequence[str] = tuple(BALANCES),
) -> pd.DataFrame:
    """One setting for each method and all scales: pair, scale, method, seed, task, r2, and the weights as they move.

    A column for each epoch of `LOOKS` has the weight by which the task's loss was multiplied then, without the scale,
    and such that the weights of both tasks have the sum 2.
    """
    parts = []
    for pair in pairs:
        for scale in scales:
            for method in methods:
                run, scores = train(Situation(PAIRS[pair], scale), seeds, balance=BALANCES[method])
                weights = _relative(run.weights, {"a": scale, "b": 1.0}, seeds)
                part = scores.merge(weights, on=["seed", "task"])
                parts.append(part.assign(pair=pair, scale=scale, method=method))
    table = pd.concat(parts, ignore_index=True)
    return table[["pair", "scale", "method", "seed", "task", "r2", *map(str, LOOKS)]]


def _relative(weights: pd.DataFrame, scale: dict[str, float], seeds: Sequence[int]) -> pd.DataFrame:
    """The weights of a run without the scale, the sum of both tasks' being 2: seed, task, a column for each look."""
    weights = weights[weights["epoch"].isin(LOOKS)].assign(seed=lambda t: t["copy"].map(list(seeds).__getitem__))
    unscaled = weights["weight"] / weights["task"].map(scale)
    total = unscaled.groupby([weights["seed"], weights["epoch"]]).transform("sum")
    wide = weights.assign(weight=2 * unscaled / total).pivot(index=["seed", "task"], columns="epoch", values="weight")
    return wide.rename(columns=str).reset_index()


CLEAN = Situation(clean_pair)


def near_zero(seeds: Sequence[int], epochs: int = 600) -> pd.DataFrame:
    """`CLEAN`, whose task B has labels without noise, under equal weights and UWL: seed, model, task, r2."""
    parts = []
    for method in ("equal weights", "UWL"):
        balance = UWL(0.1) if method == "UWL" else None
        parts.append(train(CLEAN, seeds, balance=balance, epochs=epochs)[1].assign(model=method))
    return pd.concat(parts, ignore_index=True)[["seed", "model", "task", "r2"]]


def clean_weights(seeds: Sequence[int], epochs: int = 600) -> pd.DataFrame:
    """The weights that UWL learns on `CLEAN`: epoch (every fifth), task, weight, seed."""
    weights = train(CLEAN, seeds, balance=UWL(0.1), epochs=epochs)[0].weights
    weights = weights[weights["epoch"] % 5 == 0]
    return weights.assign(seed=np.array(seeds)[weights["copy"]])[["epoch", "task", "weight", "seed"]]


TWINS = {"twins": Situation(lambda seed: relu_tasks(seed=seed)), "disjoint features": Situation(disjoint_pair)}


def conflicts(seeds: Sequence[int]) -> pd.DataFrame:
    """How often PCGrad found the two gradients opposed, a look every five epochs: pair, seed, share.

    Twins are the control: two noisy copies of one task.
    """
    parts = []
    for name, at in TWINS.items():
        weights = train(at, seeds, balance=PCGrad())[0].weights
        opposed = weights.assign(opposed=weights["weight"] != 1).groupby("copy")["opposed"].mean()
        parts.append(pd.DataFrame({"pair": name, "seed": list(seeds), "share": opposed.to_numpy()}))
    return pd.concat(parts, ignore_index=True)


WITHIN = {"r2": 0.03}
WEIGHTS = WITHIN | dict.fromkeys(map(str, LOOKS), 0.05)
ALIKE = {"seeds": range(160), "situations": ("narrow bottom", "fast and slow")}
UNEQUAL = ("100 : 1", "100 : 1, same features")
SIZES = {"seeds": range(160), "situations": UNEQUAL, "models": (*METHODS, *TOLD)}
UNITS = {"seeds": range(60), "scales": [1, 100], "methods": ["equal weights"]}
FAST = {"seeds": [3, 17], "situations": ["fast and slow"], "models": ["single-task", "tuned weights", "UWL"]}
LARGE = {"seeds": [3, 17], "situations": ["100 : 1"], "models": ["tuned weights", "GradNorm", "UWL from log L"]}
COMPARED = ("single-task", "equal weights", "tuned weights", *CANDIDATES)
FEW = {"seeds": [3, 17], "situations": ["narrow bottom"], "models": ["single-task", "DWA", "CAGrad"]}
TEN = {"seeds": [5], "pairs": ["same features"], "scales": [10], "methods": ["equal weights", "UWL"]}
TABLES = kept_tables(
    KeptTable(
        "05_tuning",
        tune,
        {"seeds": range(900, 920)},
        [Recheck({"situations": ["narrow bottom"], "methods": ["PCGrad"]}, WITHIN)],
    ),
    KeptTable("05_alike", verdict, ALIKE, [Recheck(FAST, WITHIN)]),
    KeptTable("05_sizes", verdict, SIZES, [Recheck(LARGE, WITHIN)]),
    KeptTable(
        "05_told_tuning",
        tune,
        {"seeds": range(900, 920), "situations": UNEQUAL, "methods": tuple(TOLD)},
        [Recheck({"situations": ["100 : 1"], "methods": ["divided sum"]}, WITHIN)],
    ),
    KeptTable(
        "05_candidates_tuning",
        tune,
        {"seeds": range(900, 920), "methods": tuple(CANDIDATES)},
        [Recheck({"situations": ["narrow bottom"], "methods": ["MGDA", "normed gradients"]}, WITHIN)],
    ),
    KeptTable(
        "05_candidates",
        verdict,
        {"seeds": range(160), "models": COMPARED},
        [Recheck(FEW, WITHIN)],
    ),
    KeptTable("05_scales", scales, {"seeds": range(20)}, [Recheck(TEN, WEIGHTS)]),
    KeptTable("05_units", scales, UNITS, [Recheck({"seeds": [5, 40]}, WEIGHTS)]),
    KeptTable("05_near_zero", near_zero, {"seeds": range(32)}, [Recheck({"seeds": [3, 17]}, WITHIN)]),
    KeptTable(
        "05_clean_weights", clean_weights, {"seeds": range(16)}, [Recheck({"epochs": 50}, {"weight": mean(0.05)})]
    ),
    KeptTable("05_conflicts", conflicts, {"seeds": range(20)}, [Recheck({"seeds": [3, 11]}, {"share": 0.05})]),
)

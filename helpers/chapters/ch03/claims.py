"""The claims of chapter 03, Manual weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers.chapters.ch03 import abtest, fusion, tradeoff
from helpers.experiments.claim import Claim

Effects = Callable[[pd.DataFrame], np.ndarray]
DIVIDED = fusion.SCALES[2]


def _mixed(table: pd.DataFrame) -> np.ndarray:
    """AUC of the network trained on two labels minus that of the one trained on their mixture, mean of both goals."""
    auc = table.groupby(["seed", "labels"])["auc"].mean().unstack()
    return (auc["two"] - auc["one, mixed"]).to_numpy()


def _rare(task: str, of: str, against: str) -> Effects:
    """AUC of one goal at one way of weighting minus that at another."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        auc = table[table["task"] == task].pivot(index="seed", columns="scale", values="auc")
        return (auc[of] - auc[against]).to_numpy()

    return effects


def _losses(table: pd.DataFrame, correlation: float) -> pd.DataFrame:
    """Relative loss at one correlation: a row a seed, columns (task, weight)."""
    rows = table[np.isclose(table["correlation"], correlation)]
    return rows.pivot(index="seed", columns=["task", "weight"], values="loss")


def _in_the_middle(table: pd.DataFrame) -> np.ndarray:
    """Loss of one score at weight 0.5 on exact opposites, minus 1, the loss of a constant; mean of both tasks."""
    loss = _losses(table, -1)
    return ((loss["a", 0.5] + loss["b", 0.5]) / 2 - 1).to_numpy()


def _towers(correlation: float) -> Effects:
    """Loss of one score minus that of two towers at weight 0.5, mean of both tasks."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        rows = table[np.isclose(table["correlation"], correlation) & np.isclose(table["weight"], 0.5)]
        loss = rows.groupby(["seed", "model"])["loss"].mean().unstack()
        return (loss["one score"] - loss["two towers"]).to_numpy()

    return effects


def _moves(table: pd.DataFrame) -> np.ndarray:
    """Equal goals: how much the loss of a goal changes when the weight goes from 0.1 to 0.9."""
    loss = _losses(table, 1)
    return (loss["a", 0.9] - loss["a", 0.1]).to_numpy()


def _averages(table: pd.DataFrame) -> np.ndarray:
    """Equal goals: how much lower the loss is at weight 0.5 than at 0.1 and 0.9."""
    loss = _losses(table, 1)
    return ((loss["a", 0.1] + loss["a", 0.9]) / 2 - loss["a", 0.5]).to_numpy()


def _convex(table: pd.DataFrame) -> np.ndarray:
    """Unrelated goals: how far the losses at 0.5 lie below the straight line between those at 0 and 1."""
    loss = _losses(table, 0)
    line = [(loss[task, 0.0] + loss[task, 1.0]) / 2 - loss[task, 0.5] for task in ("a", "b")]
    return ((line[0] + line[1]) / 2).to_numpy()


def _compromises(name: str) -> Effects:
    """The share of the weights from 0.3 to 0.7 at which both tasks are served."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        share = tradeoff.compromises(table[table["weight"].between(0.29, 0.71)])
        return share[share["sum"] == name]["share"].to_numpy()

    return effects


def _span(outcome: str) -> Effects:
    """What moving the weight of linear fusion from 0 (finish alone) to 1 (click alone) does to an outcome."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        by = table[table["way"] == "linear fusion"].pivot(index="seed", columns="weight", values=outcome)
        return (by[1.0] - by[0.0]).to_numpy()

    return effects


def _ahead(way: str) -> Effects:
    """Finish rate minus that of linear fusion at as many clicks, mean over the weights 0.4 and 0.6."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        ahead = fusion.ahead(table, way, "linear fusion")
        return ahead[ahead["weight"].between(0.39, 0.61)].groupby("seed")["ahead"].mean().to_numpy()

    return effects


def _bulge(table: pd.DataFrame) -> np.ndarray:
    """Linear fusion: how far the finish rate at 0.4 lies above the straight line between the ends of the curve."""
    by = table[table["way"] == "linear fusion"].pivot(index="seed", columns="weight", values=["click", "finish"])
    share = (by["click", 0.4] - by["click", 0.0]) / (by["click", 1.0] - by["click", 0.0])
    line = by["finish", 0.0] + share * (by["finish", 1.0] - by["finish", 0.0])
    return (by["finish", 0.4] - line).to_numpy()


def _alarms(rule: str) -> Effects:
    """The share of A/A tests in which a rule calls a winner, minus the 5% that were agreed on."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        return table[table["rule"] == rule]["alarms"].to_numpy() - 0.05

    return effects


def _found(table: pd.DataFrame) -> np.ndarray:
    """The share of tests that find a true difference: a look a day with the stricter threshold, minus one look."""
    found = table.pivot(index="seed", columns="rule", values="found")
    return (found[abtest.RULES[2]] - found[abtest.RULES[0]]).to_numpy()


def _moved(metric: str) -> Effects:
    """How far a metric moves from weight 0.5 to 1, in standard deviations of a user."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        found = abtest.effects(table)
        return found[found["metric"] == metric]["effect"].to_numpy()

    return effects


def _cost(metric: str, users: int, minus: tuple[str, int]) -> Effects:
    """Cost of deciding by a metric with so many users per arm, minus that of another metric and number."""

    def effects(table: pd.DataFrame) -> np.ndarray:
        by = abtest.decisions(table, sorted({users, minus[1]})).pivot(
            index="seed", columns=["metric", "users"], values="cost"
        )
        return (by[metric, users] - by[minus]).to_numpy()

    return effects


def _few_points(seeds: Sequence[int]) -> pd.DataFrame:
    return tradeoff.trade_off(seeds, correlations=[-1, 0, 1], weights=[0, 0.1, 0.5, 0.9, 1])


def _both_models(seeds: Sequence[int]) -> pd.DataFrame:
    settings = {"correlations": [-1, 0], "weights": [0.5]}
    return pd.concat(tradeoff.trade_off(seeds, model, **settings).assign(model=model) for model in tradeoff.MODELS)


def _one_unit(seeds: Sequence[int]) -> pd.DataFrame:
    return tradeoff.one_unit(seeds, weights=[0.3, 0.4, 0.5, 0.6, 0.7])


def _rare_scales(seeds: Sequence[int]) -> pd.DataFrame:
    return fusion.rare(seeds, fusion.SCALES[:3])


def _fronts(seeds: Sequence[int]) -> pd.DataFrame:
    return fusion.fronts(seeds, trained=[0.4, 0.6])


CLAIMS = [
    Claim(
        "C3.1",
        "One score trained on two weighted losses, or on the one mixed label: the same score.",
        tradeoff.mixed,
        _mixed,
        0.001,
        "AUC",
        expected="no effect",
        seeds=20,
    ),
    Claim(
        "C3.2",
        "With the weights 0.5 and 0.5 the score ranks clicks as well as a pure click model.",
        _rare_scales,
        _rare("click", "0.5 and 0.5", "click alone"),
        0.01,
        "AUC",
        expected="no effect",
        seeds=24,
    ),
    Claim(
        "C3.3",
        "Divided by the losses of a constant, the same weights rank likes better.",
        _rare_scales,
        _rare("like", DIVIDED, "0.5 and 0.5"),
        0.01,
        "AUC",
        seeds=24,
    ),
    Claim(
        "C3.4",
        "The clicks pay for it: they are ranked worse than with undivided losses.",
        _rare_scales,
        _rare("click", DIVIDED, "0.5 and 0.5"),
        0.01,
        "AUC",
        sign=-1,
        seeds=24,
    ),
    Claim(
        "C3.5",
        "Exact opposites, one score, equal weights: both losses are those of a constant (R² 0).",
        _few_points,
        _in_the_middle,
        0.03,
        "loss",
        expected="no effect",
        seeds=20,
    ),
    Claim(
        "C3.6",
        "On the same pair two towers have a far lower loss than one score.",
        _both_models,
        _towers(-1),
        0.5,
        "loss",
        seeds=20,
    ),
    Claim(
        "C3.7",
        "On unrelated goals, too, two towers have a lower loss than one score.",
        _both_models,
        _towers(0),
        0.1,
        "loss",
        seeds=20,
    ),
    Claim(
        "C3.8",
        "The same goal twice: moving the weight from 0.1 to 0.9 takes from neither task to give to the other.",
        _few_points,
        _moves,
        0.05,
        "loss",
        expected="no effect",
        seeds=20,
    ),
    Claim(
        "C3.9",
        "The same goal twice: the loss is lower at equal weights than at 0.1 and 0.9, as the noise averages out.",
        _few_points,
        _averages,
        0.01,
        "loss",
        seeds=20,
    ),
    Claim(
        "C3.10",
        "One hidden unit: hardly any weighted sum ends at a compromise (both losses below 0.9).",
        _one_unit,
        _compromises("weighted sum"),
        0.1,
        "of the runs",
        expected="no effect",
        seeds=24,
    ),
    Claim(
        "C3.11",
        "One hidden unit: with Chebyshev sums more than a third of the runs end at one.",
        _one_unit,
        _compromises("Chebyshev sum"),
        0.33,
        "of the runs",
        seeds=24,
    ),
    Claim(
        "C3.12",
        "Unrelated goals, one score: the front of the losses is convex; at weight 0.5 they lie below the line between "
        "its ends.",
        _few_points,
        _convex,
        0.1,
        "loss",
        seeds=20,
    ),
    Claim(
        "C3.13",
        "What the feed serves: the curve bulges outwards; in the middle, more is finished than on the line between its "
        "ends.",
        _fronts,
        _bulge,
        0.005,
        "finish rate",
        seeds=28,
    ),
    Claim(
        "C3.14",
        "Trained at 0.4 and 0.6, one score serves as many finishes at equal clicks as linear fusion.",
        _fronts,
        _ahead("one score"),
        0.015,
        "finish rate",
        expected="no effect",
        seeds=28,
    ),
    Claim(
        "C3.15",
        "Geometric fusion serves as many finishes at equal clicks as linear fusion.",
        _fronts,
        _ahead("geometric fusion"),
        0.005,
        "finish rate",
        expected="no effect",
        seeds=28,
    ),
    Claim(
        "C3.16",
        "Moving the weight from the finish to the click, fewer served videos are finished.",
        _fronts,
        _span("finish"),
        0.03,
        "finish rate",
        sign=-1,
        seeds=28,
    ),
    Claim(
        "C3.17",
        "Moving the weight from the finish to the click, true satisfaction falls.",
        _fronts,
        _span("satisfaction"),
        0.003,
        "satisfaction",
        sign=-1,
        seeds=28,
    ),
    Claim(
        "C3.18",
        "From weight 0.5 to 1, clicks rise by more than 0.15 of their spread from user to user.",
        abtest.populations,
        _moved("clicks"),
        0.15,
        "sd",
        seeds=32,
    ),
    Claim(
        "C3.19",
        "From weight 0.5 to 1, returns move by less than a tenth of their spread.",
        abtest.populations,
        _moved("returns"),
        0.1,
        "sd",
        expected="no effect",
        seeds=32,
    ),
    Claim(
        "C3.20",
        "A look a day at p < 0.05 raises the false alarms of two weeks by more than ten points, to over 15%.",
        abtest.peeking,
        _alarms(abtest.RULES[1]),
        0.1,
        "of the tests",
        seeds=60,
    ),
    Claim(
        "C3.21",
        "One look at the end keeps the false alarms at 5%.",
        abtest.peeking,
        _alarms(abtest.RULES[0]),
        0.015,
        "of the tests",
        expected="no effect",
        seeds=60,
    ),
    Claim(
        "C3.22",
        "So does a look a day with the stricter threshold.",
        abtest.peeking,
        _alarms(abtest.RULES[2]),
        0.015,
        "of the tests",
        expected="no effect",
        seeds=60,
    ),
    Claim(
        "C3.23",
        "Deciding by clicks costs as much with 100,000 users per arm as with 100.",
        abtest.populations,
        _cost("clicks", 100_000, ("clicks", 100)),
        0.003,
        "chance to return",
        expected="no effect",
        seeds=32,
    ),
    Claim(
        "C3.24",
        "With 100 users per arm, deciding by clicks costs more than deciding by finishes.",
        abtest.populations,
        _cost("clicks", 100, ("finishes", 100)),
        0.002,
        "chance to return",
        seeds=32,
    ),
    Claim(
        "C3.25",
        "Deciding by returns costs less with 10,000 users per arm than with 100.",
        abtest.populations,
        _cost("returns", 10_000, ("returns", 100)),
        0.002,
        "chance to return",
        sign=-1,
        seeds=32,
    ),
    Claim(
        "C3.26",
        "With the same users, the stricter threshold finds fewer true differences than one look at the end.",
        abtest.peeking,
        _found,
        0.02,
        "of the tests",
        sign=-1,
        seeds=60,
    ),
]

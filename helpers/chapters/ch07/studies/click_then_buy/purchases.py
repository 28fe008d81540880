"""Clicked, then bought: ESMM in its own case, a shop, where purchases are few and the price decides them.

A seed is a shop with users, items and a log of its own (`helpers.data.shop`). CVR is the chance of a purchase once an
item is clicked, judged on all rows by who would buy; CTCVR that of click and purchase, judged by who bought. Models and
their two choices are those of `funnel`, without *ESMM, not shared*: they see ids, the price, and what the past of a
user says of his tastes and of his usual price.

What shares nothing (`UNSHARED`): an item's rate of the label, of the clicks and of the carts; the user's history with
the category; how far the price is below the usual one; and what can be made of models that were trained apart. The same
is made of models that share (`pools`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.chapters.ch07.funnel import CVR, GOALS, SUM, Choice
from helpers.chapters.ch07.studies.funnel import BY_HISTORY, logged_loss
from helpers.chapters.ch07.studies.pools import (
    LINEAR,
    OF_ONE,
    POOLS_APART,
    chances,
    kinds_of,
    linear,
    models_of,
    over_sets,
    pooled_scores,
)
from helpers.data.examples import Examples, Inputs
from helpers.data.features import Dense, Features, Sparse
from helpers.data.shop import PRICE, SPREAD, Shop
from helpers.data.world import AGES, TOPICS
from helpers.evaluation.counts import BY_CLICKS, BY_ITEM, ITEM_COUNTS, rates
from helpers.evaluation.metrics import auc
from helpers.experiments.chosen import Chosen
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck, mean
from helpers.models.esmm import ESMM, chain, funnel, product_logit
from helpers.models.shared_bottom import SharedBottom
from helpers.support import validate
from helpers.training.loop import fit

USERS, ITEMS = 300, 200
ROWS, VALID, TEST = 24_000, 8_000, 30_000
CLICKS = 0.08  # of the rows: so much counts the loss of what clicked rows alone know
TOWERS = [32, 16]
EPOCHS = 60  # at most: a model stops three epochs after its lowest validation loss
CLICK, BUY, BOTH = TASKS = ("click", "buy", "click and buy")
CART = "cart"

MODELS = ("single-task", "masked shared-bottom", "ESMM")
BY_CARTS, BY_PRICE = "by item's carts", "by price"
COUNTS = (BY_ITEM, BY_CLICKS, BY_CARTS, BY_HISTORY, BY_PRICE)
TOGETHER = MODELS[1:]  # what is trained on two tasks
KINDS_OF = kinds_of()
UNSHARED = (*kinds_of(kinds=POOLS_APART), *COUNTS)
COMPARED = tuple(dict.fromkeys([*TOGETHER, *UNSHARED, *KINDS_OF]))
SHOWN = (*kinds_of((), OF_ONE), *COUNTS)  # by one model, without a count in the sum


@cache
def features() -> Features:
    """Fitted on the catalogue, so that all shops have the same tables."""
    ids = np.arange(USERS)
    columns = {"user": ids, "item": ids % ITEMS}
    columns |= {"category": np.array(TOPICS)[ids % len(TOPICS)], "age_group": np.array(AGES)[ids % len(AGES)]}
    usual = np.where(ids % 2, 1.0, -1.0)  # mean 0, deviation 1
    numbers = {"category_history": 1.2 * usual} | dict.fromkeys(PRICES, np.log(PRICE) + SPREAD * usual)
    return Features([*map(Sparse, columns), *map(Dense, numbers)]).fit(pd.DataFrame(columns | numbers))


PRICES = ("price", "usual_price")  # seen by their logarithms


@dataclass(frozen=True)
class Logs:
    """What was logged in some shops, and the truth in rows that no model has seen.

    train, valid, test   `Examples.stack`ed, a set a shop, with the labels of `helpers.models.esmm.funnel` and the cart
    truth                of the test rows, a table a shop: ctr, cvr, would_buy
    """

    seeds: list[int]
    train: Examples
    valid: Examples
    test: Examples
    truth: list[pd.DataFrame]

    @staticmethod
    def make(seeds: Sequence[int]) -> Logs:
        sizes, parts, truth = (ROWS, VALID, TEST), ([], [], []), []
        for seed in seeds:
            log, hidden = Shop.make(USERS, ITEMS, seed).impressions(sum(sizes))
            inputs = features().transform(log.assign(**{name: np.log(log[name]) for name in PRICES}))
            labels = {CLICK: log["click"], BUY: log["purchase"], CART: log["cart"]}
            labels = {task: torch.from_numpy(label.to_numpy(np.float32)) for task, label in labels.items()}
            examples = funnel(Examples(inputs, labels), TASKS)
            for part, index in zip(parts, torch.arange(len(log)).split(sizes), strict=True):
                part.append(examples.take(index))
            truth.append(hidden[-TEST:].reset_index(drop=True))
        return Logs(list(seeds), *map(Examples.stack, parts), truth)


def together(model: str) -> list[tuple[str, ...]]:
    """The tasks that are trained together: one by one, or all that have a loss."""
    return {
        "single-task": [(CLICK,), (BUY,), (BOTH,)],
        "masked shared-bottom": [(CLICK, BUY)],
        "ESMM": [(CLICK, BOTH)],
    }[model]


def build(model: str, tasks: Sequence[str], l2: float, seed: int) -> SharedBottom:
    """One of `MODELS` with its first parameters; a single-task model of the one task in `tasks`."""
    options = {"towers": TOWERS, "l2_embedding": l2, "seed": seed}
    if validate.choice("model", model, MODELS) == "ESMM":
        return ESMM(features(), TASKS, **options)
    return SharedBottom(features(), dict.fromkeys(tasks, "binary"), [], **options)


def train(logs: Logs, model: str, tasks: Sequence[str], choice: Choice, inputs: Inputs) -> dict[str, Tensor]:
    """A model a shop, trained: its logits of the rows of `inputs`, `(shops, n)` each."""
    models = [build(model, tasks, choice.l2, seed) for seed in logs.seeds]
    weights = dict(zip(models[0].tasks, (1.0, choice.weight), strict=False))
    options = {"epochs": EPOCHS, "patience": 3, "batch_size": 512, "lr": choice.lr, "seed": logs.seeds}
    fit(models, logs.train, logs.valid, task_weights=weights, **options)
    return chain(models, inputs)


def settings(model: str, goal: str) -> list[Choice]:
    """What a model chose for `goal`, for each group of tasks that `together` names."""
    return [CHOSEN[goal][model][" + ".join(tasks)] for tasks in together(model)]


def predict(logs: Logs, model: str, inputs: Inputs, goal: str = SUM) -> dict[str, Tensor]:
    """Logits of all tasks, of newly trained models, their settings chosen for `goal`."""
    logits = {}
    for tasks, choice in zip(together(model), settings(model, goal), strict=True):
        logits |= train(logs, model, tasks, choice, inputs)
    if model == "masked shared-bottom":
        logits[BOTH] = product_logit(logits[CLICK], logits[BUY])
    return logits


def count(logs: Logs, score: str, inputs: Inputs) -> dict[str, Tensor]:
    """One of `COUNTS` for the rows of `inputs`."""
    counted = {BY_CLICKS: CLICK, BY_CARTS: CART}
    if validate.choice("score", score, COUNTS) == BY_ITEM or score in counted:
        return {task: rates(logs.train, counted.get(score, task), inputs) for task in TASKS}
    history, price, usual = inputs["dense"].unbind(-1)
    return dict.fromkeys(TASKS, history if score == BY_HISTORY else usual - price)


def compare(seeds: Sequence[int], models: Sequence[str] = COMPARED) -> pd.DataFrame:
    """seed, model, chosen (for which of `GOALS`), task, auc on all rows: of the buy by who would buy if he clicked, of
    the others by what happened; and ratio, mean prediction / mean true chance, of what is a chance.

    What has no choice to make has the same rows for both goals.
    """
    logs = Logs.make(seeds)
    sets, outputs, by_goal = (logs.train, logs.valid, logs.test), {}, {SUM: {}}
    counts = {name: [count(logs, name, part.inputs) for part in sets[1:]] for name in ITEM_COUNTS}
    for goal in GOALS:
        kinds = dict.fromkeys(KINDS_OF[name] for name in models if name in KINDS_OF)
        anew = [model for model in models_of(kinds) if goal == SUM or _chooses(model)]
        for model in anew:
            outputs[model] = (
                linear(features(), sets, TASKS)
                if model == LINEAR
                else over_sets(partial(predict, logs, model, goal=goal), sets)
            )
        kinds = [kind for kind in kinds if {*models_of([kind])} & {*anew}]
        scores = pooled_scores(kinds, outputs, TASKS, TASKS, sets, counts)
        judged = {name: judge(logs, scores[name], chances(name, TASKS)) for name in models if name in scores}
        by_goal[goal] = by_goal[SUM] | judged
    by_count = {name: judge(logs, count(logs, name, logs.test.inputs), ()) for name in models if name in COUNTS}
    parts = [
        (by_goal[goal] | by_count)[model].assign(model=model, chosen=goal) for model, goal in product(models, GOALS)
    ]
    return pd.concat(parts, ignore_index=True)[["seed", "model", "chosen", "task", "auc", "ratio"]]


def _chooses(model: str) -> bool:
    """Whether its settings for the CVR are others than for the sum."""
    return model in TOGETHER and settings(model, CVR) != settings(model, SUM)


def judge(logs: Logs, scores: dict[str, Tensor], chances: Sequence[str]) -> pd.DataFrame:
    """Scores of the test rows against what happened there: seed, task, auc, and ratio where they are the logits of
    `chances`."""
    rows = []
    for place, (seed, truth) in enumerate(zip(logs.seeds, logs.truth, strict=True)):
        happened = {task: logs.test.labels[task][place] for task in (CLICK, BOTH)}
        happened[BUY] = torch.tensor(truth["would_buy"].to_numpy())
        true = {CLICK: truth["ctr"], BUY: truth["cvr"], BOTH: truth["ctr"] * truth["cvr"]}
        for task in TASKS:
            score, label = scores[task][place], happened[task]
            ratio = torch.sigmoid(score).mean().item() / true[task].mean() if task in chances else np.nan
            rows.append((seed, task, auc(score, label), ratio))
    return pd.DataFrame(rows, columns=["seed", "task", "auc", "ratio"])


# What every model may choose from, by the log loss of what was logged in the test rows of shops that serve no result.
RATES, PENALTIES, WEIGHTS = (0.0003, 0.001, 0.003), (0.01, 0.03, 0.1, 0.3), (1.0, 5.0)


def tune(
    seeds: Sequence[int],
    models: Sequence[str] = MODELS,
    rates: Sequence[float] = RATES,
    penalties: Sequence[float] = PENALTIES,
    weights: Sequence[float] = WEIGHTS,
) -> pd.DataFrame:
    """Every choice: model, tasks (trained together), lr, l2, weight, loss, buy.

    loss   of what was logged, mean over rows and shops, in thousandths of a nat: chosen for the sum, by this
    buy    the part of it that is the buy's, 0 for a model without one: chosen for the CVR, by this
    """
    parts = []
    for model in models:
        of_second = [1.0] if model == "single-task" else list(weights)
        if model == "masked shared-bottom":
            of_second = [CLICKS * weight for weight in weights]
        logs = Logs.make([*seeds] * len(of_second))  # what differs in weights trains together
        for tasks, lr, l2 in product(together(model), rates, penalties):
            choice = Choice(lr, l2, np.repeat(of_second, len(seeds)))
            logits = train(logs, model, tasks, choice, logs.test.inputs)
            loss = logged_loss(logits, logs.test, TASKS, CLICKS)
            bought = logged_loss({BUY: logits[BUY]}, logs.test, TASKS, CLICKS) if BUY in logits else 0 * loss
            at = {"model": model, "tasks": " + ".join(tasks), "lr": lr, "l2": l2, "weight": of_second}
            means = {"loss": loss, "buy": bought}
            means = {name: 1000 * values.reshape(len(of_second), -1).mean(1) for name, values in means.items()}
            parts.append(pd.DataFrame(at | means))
    return pd.concat(parts, ignore_index=True)


CHOSEN = {
    goal: Chosen(
        "07_purchases_tuning",
        by=["model", "tasks"],
        setting=["lr", "l2", "weight"],
        value=value,
        lowest=True,
        make=Choice,
    )
    for goal, value in {SUM: "loss", CVR: "buy"}.items()
}

FAST = {"models": ["single-task"], "rates": [0.003], "penalties": [0.1]}
TABLES = kept_tables(
    KeptTable(
        "07_purchases_tuning",
        tune,
        {"seeds": range(900, 905)},
        [Recheck(FAST, {"loss": 2, "buy": 2})],
    ),
    KeptTable(
        "07_purchases",
        compare,
        {"seeds": range(20)},
        # A run may stop an epoch sooner or later by a rounding error, and its mean prediction with it.
        [Recheck({"seeds": [3, 11], "models": ["ESMM", *UNSHARED]}, {"auc": 0.02, "ratio": mean(0.1)})],
        packed=True,
    ),
)

"""Which part of ESMM does the work? The models of chapter 07, judged where the truth is known.

What shares nothing (`UNSHARED`) are three counts, namely a video's rate of the label and of the click in the training
rows (`helpers.evaluation.counts`) and the user's history with the video's topic, and what can be made of models that
were trained apart. The same is made of ESMM's outputs, of the masked model's, and of these with linear ones (`pools`).
Settings are chosen in a search (`tuning`) at strengths 0 and 1 of what is seen.
"""

from collections.abc import Sequence
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.chapters.ch07.funnel import (
    BOTH,
    CLICK,
    CVR,
    GOALS,
    LIKE,
    ROWS,
    SITUATIONS,
    SUM,
    TOGETHER,
    TRUTH,
    Choice,
    Logs,
    _name,
    chosen,
    features,
    parts,
    predict,
    train,
)
from helpers.chapters.ch07.selection import CLICKS, KINDS, SEEN, UNSEEN
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
from helpers.evaluation.counts import BY_CLICKS, ITEM_COUNTS, item_count
from helpers.evaluation.metrics import auc, log_loss
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.esmm import TASKS, chain
from helpers.support import validate

DIAL = (0.0, 1.0, 2.0)  # strengths of the selection
BY_HISTORY = "by history"
COUNTS = (*ITEM_COUNTS, BY_HISTORY)
KINDS_OF = kinds_of()
UNSHARED = (*kinds_of(kinds=POOLS_APART), *COUNTS)  # where nothing is shared
COMPARED = tuple(dict.fromkeys([*TOGETHER, *UNSHARED, *KINDS_OF]))
SHOWN = (*kinds_of((), OF_ONE), *COUNTS)  # by one model, without a count in the sum
RATIOS = ("ratio", "clicked", "unclicked", "logged_ratio")


def count(logs: Logs, score: str, inputs: Inputs, tasks: Sequence[str] = TASKS) -> dict[str, Tensor]:
    """One of `COUNTS` for the rows of `inputs`, `(worlds, n)` each."""
    if validate.choice("score", score, COUNTS) == BY_HISTORY:
        return dict.fromkeys(tasks, inputs["dense"][..., 0])
    return {task: item_count(score, logs.train, task, CLICK, inputs).logit() for task in tasks}


def judge(logs: Logs, logits: dict[str, Tensor]) -> pd.DataFrame:
    """The logits of the test rows against what happened there: seed, task, auc, ratio, clicked, unclicked, and what a
    company can know of it, logged_auc and logged_ratio.

    auc      on all rows, with the likes as they would be if everybody clicked
    ratio    mean prediction / mean true chance on all rows; clicked, unclicked: on these rows
    logged_  on the rows where the label is logged (for the like the clicked ones), against the label
    """
    rows = []
    for place, (seed, truth) in enumerate(zip(logs.seeds, logs.truth, strict=True)):
        happened = {CLICK: truth.click, LIKE: truth.would_like, BOTH: truth.like}
        chances = {CLICK: truth.ctr, LIKE: truth.cvr, BOTH: truth.ctcvr}
        clicked, every = truth.click == 1, np.ones(len(truth.click), dtype=bool)
        for task, logit in logits.items():
            predicted, chance, label = torch.sigmoid(logit[place]).numpy(), chances[task], happened[task]
            row = {"seed": seed, "task": task, "auc": auc(predicted, label)}
            for name, part in {"ratio": every, "clicked": clicked, "unclicked": ~clicked}.items():
                row[name] = predicted[part].mean() / chance[part].mean()
            logged = clicked if task == LIKE else every
            row["logged_auc"] = auc(predicted, label, logged)
            rows.append(row | {"logged_ratio": predicted[logged].mean() / label[logged].mean()})
    return pd.DataFrame(rows)


def compare(
    seeds: Sequence[int],
    kinds: Sequence[str] = KINDS,
    strengths: Sequence[float] = DIAL,
    models: Sequence[str] = COMPARED,
    rows: int = ROWS,
    tasks: Sequence[str] = TASKS,
) -> pd.DataFrame:
    """Models and scores of `COMPARED` on logs of both kinds: kind, strength, rows, model, chosen (for which of
    `GOALS`), and the columns of `judge`.

    Where nothing selects, at strength 0, the two kinds are one: the same logs. What has no choice to make has the same
    rows for both goals. `TRUTH` is among the models. A click rate is no chance of a like, and a history no chance at
    all: as scores they have no ratios.
    """
    blocks = []
    for strength in strengths:
        for kind in kinds if strength else kinds[:1]:
            logs = Logs.make(seeds, kind, strength, rows)
            ideal = torch.from_numpy(np.stack([truth.cvr_of_clickers for truth in logs.truth])).logit()
            outputs, by_goal = {}, {SUM: {TRUTH: _judge(logs, TRUTH, {LIKE: ideal})}}
            for goal in GOALS:
                anew = [model for model in models if goal == SUM or _chooses(logs, model)]
                logits = _scores(logs, anew, tasks, goal, outputs)
                judged = {model: _judge(logs, model, scores) for model, scores in logits.items()}
                by_goal[goal] = by_goal[SUM] | judged
            for place, (goal, tables) in product(kinds if not strength else [kind], by_goal.items()):
                at = {"kind": place, "strength": strength, "rows": rows, "chosen": goal}
                blocks += [table.assign(**at, model=model) for model, table in tables.items()]
    first = ["kind", "strength", "rows", "model", "chosen"]
    table = pd.concat(blocks, ignore_index=True)
    return table[[*first, *(name for name in table.columns if name not in first)]]


def _chooses(logs: Logs, score: str) -> bool:
    """Whether the settings of a model, or of one in a pool, are others for the CVR than for the sum."""
    of = [score] if score in TOGETHER else models_of([KINDS_OF[score]]) if score in KINDS_OF else []
    goals = ([chosen(logs, model, *parts(model), goal) for goal in GOALS] for model in of if model in TOGETHER)
    return any(first != second for first, second in goals)


def _scores(
    logs: Logs, scores: Sequence[str], tasks: Sequence[str], goal: str, outputs: dict[str, list[dict[str, Tensor]]]
) -> dict[str, dict[str, Tensor]]:
    """{score: the tasks of the test rows by it}.

    outputs  of models in pools, as `pooled_scores` takes them: what is there is not trained again, but what chooses
    """
    sets, kinds = (logs.train, logs.valid, logs.test), list(dict.fromkeys(KINDS_OF[s] for s in scores if s in KINDS_OF))
    needed = [task for task in TASKS if task in (CLICK, LIKE, *tasks)]
    for model in models_of(kinds):
        if model == LINEAR and LINEAR not in outputs:
            outputs[LINEAR] = linear(features(), sets, needed)
        elif model not in outputs or (goal == CVR and _chooses(logs, model)):
            outputs[model] = over_sets(partial(predict, logs, model, tasks=needed, goal=goal), sets)
    counts = {name: [count(logs, name, part.inputs, tasks) for part in sets[1:]] for name in ITEM_COUNTS}
    by_name = pooled_scores(kinds, outputs, TASKS, tasks, sets, counts)
    by_name |= {score: count(logs, score, logs.inputs, tasks) for score in scores if score in COUNTS}
    by_name |= {model: predict(logs, model, logs.inputs, tasks, goal) for model in scores if model not in by_name}
    return {score: by_name[score] for score in scores}


def _judge(logs: Logs, model: str, scores: dict[str, Tensor]) -> pd.DataFrame:
    """`judge`, without ratios of what is no chance."""
    table = judge(logs, scores)
    known = {BY_CLICKS: [CLICK], BY_HISTORY: []}.get(model, chances(model, TASKS) if model in KINDS_OF else TASKS)
    table.loc[~table["task"].isin(known), list(RATIOS)] = np.nan
    return table


# What every model may choose from in each situation, by the log loss of what was logged (`logged_loss`) in the test
# rows of five worlds that serve no result: a box of rates, penalties and weights of the second loss, and beyond its
# rates one slower and one faster.
RATES, BEYOND = (0.001, 0.003, 0.01), (0.0003, 0.03)
SHARED_CHOICES = [
    *(Choice(*values) for values in product(RATES, (0.01, 0.03, 0.1), (1.0, 5.0, 20.0))),
    *(Choice(*values) for values in product(BEYOND, (0.03,), (1.0, 5.0))),
]
CHOICES = {
    "single-task": [Choice(*values) for values in (*product(RATES, (0.01, 0.03, 0.1, 0.3)), *product(BEYOND, (0.03,)))],
    # Of the rows, the share `CLICKS` is clicked: so much less weighs the loss that counts these alone.
    "masked shared-bottom": [Choice(c.lr, c.l2, CLICKS * c.weight) for c in SHARED_CHOICES],
    "ESMM": SHARED_CHOICES,  # without the sharing it has the same settings
}
TUNING_SEEDS = (900, 901, 902, 903, 904)


def tuning(
    seeds: Sequence[int],
    situations: Sequence[tuple[str, float]] = SITUATIONS,
    models: Sequence[str] = tuple(CHOICES),
    tasks: Sequence[str] = TASKS,
) -> pd.DataFrame:
    """Every choice in every situation: kind, strength, model, tasks (trained together), lr, l2, weight, loss, like.

    loss   of what was logged, mean over rows and worlds, in thousandths of a nat: chosen for the sum, by this
    like   the part of it that is the like's, 0 for a model without one: chosen for the CVR, by this
    """
    every = ((model, together) for model in models for together in parts(model))
    trained = [(model, together) for model, together in every if model != "single-task" or together[0] in tasks]
    tables = []
    for kind, strength in situations:
        for model, together in trained:
            at = {"kind": kind, "strength": strength, "model": model, "tasks": _name(together)}
            for lr, l2 in dict.fromkeys((choice.lr, choice.l2) for choice in CHOICES[model]):
                weights = [choice.weight for choice in CHOICES[model] if (choice.lr, choice.l2) == (lr, l2)]
                logs = Logs.make([*seeds] * len(weights), kind, strength)  # what differs in weights trains together
                choice = Choice(lr, l2, np.repeat(weights, len(seeds)))
                logits = chain(train(logs, model, together, choice), logs.inputs)
                losses = {"loss": logged_loss(logits, logs.test)}
                losses["like"] = logged_loss({LIKE: logits[LIKE]}, logs.test) if LIKE in logits else 0 * losses["loss"]
                means = {name: 1000 * loss.reshape(len(weights), -1).mean(1) for name, loss in losses.items()}
                tables.append(pd.DataFrame(at | {"lr": lr, "l2": l2, "weight": weights} | means))
    return pd.concat(tables, ignore_index=True)


def logged_loss(
    logits: dict[str, Tensor], rows: Examples, tasks: Sequence[str] = TASKS, share: float = CLICKS
) -> np.ndarray:
    """Mean log loss a row, `(worlds,)`: of the click, and of the conversion where a click made it known; or of both
    alone.

    share   of the rows that are clicked: as much does the loss of the conversion count
    """
    click, conversion, both = tasks
    counts = {both: 1.0} if list(logits) == [both] else {click: 1.0, conversion: share}
    return sum(
        weight * log_loss(logits[task], rows.labels[task], rows.masks.get(task))
        for task, weight in counts.items()
        if task in logits
    )


LOSSES = {"loss": 2, "like": 2}
JUDGED = dict.fromkeys(("auc", "logged_auc"), 0.02) | dict.fromkeys(RATIOS, 0.1)
MAIN = {"situations": [(SEEN, 1.0)], "models": ["single-task"], "tasks": [LIKE]}
UNSEEN_LIKES = {"kinds": [UNSEEN], "strengths": [1.0], "models": ["ESMM", *UNSHARED], "tasks": [LIKE]}
TABLES = kept_tables(
    KeptTable("07_tuning", tuning, {"seeds": TUNING_SEEDS}, [Recheck(MAIN, LOSSES)]),
    KeptTable(
        "07_funnel",
        compare,
        {"seeds": range(20)},
        [Recheck({"seeds": [3, 11]} | UNSEEN_LIKES, JUDGED)],
        packed=True,
    ),
)

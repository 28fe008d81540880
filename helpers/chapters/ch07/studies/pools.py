"""Scores of a funnel by pools of models: two that were trained apart, one that shares, or both together.

What is said to gain by sharing is judged with the same ways on both sides (`helpers.evaluation.pool`). A pool has two
outputs of each model, of the click and of the conversion, and makes of them a score of click, conversion or both:

    as it is               the output for what is judged; of two separate networks *single-task*, of ESMM *ESMM*
    by CTR                 the click's output, as a score of whatever is judged
    CTR × CVR              the product: the chance of both, and a score of each
    mean of CTR and CVR    of the standardised logits
    stack of CTR and CVR   a logistic regression on the logits, fitted on the validation rows where the label was
                           observed: for a conversion, the clicked ones
    numbers and CTR        a logistic regression on the numbers and the CTR's logit, fitted on the clicked training
                           rows, as a CVR; times that CTR, for both
    … + by item            the first or the mean, plus a count
    …, linear              the same of linear models on ids and numbers (`helpers.evaluation.yardsticks`)
    …, ESMM                the same of ESMM's own outputs
    …, linear and ESMM     of both: one shared model more; and so on, for each of `POOLS`

Which is best, other seeds say (`helpers.lab.claim.fused_gain`).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from helpers.data.examples import Examples, Inputs
from helpers.data.features import Features
from helpers.evaluation import pool, yardsticks
from helpers.evaluation.counts import ITEM_COUNTS
from helpers.evaluation.pool import AS_IS
from helpers.evaluation.yardsticks import LINEAR
from helpers.models.esmm import product_logit

OWN, NETWORKS = "single-task", "networks"
MASKED, ESMM = SHARED = "masked shared-bottom", "ESMM"
BY_CTR, BY_PRODUCT, BY_NUMBERS = "by CTR", "CTR × CVR", "numbers and CTR"
BY_MEAN, BY_STACK = "mean of CTR and CVR", "stack of CTR and CVR"

# {pool: its models}
POOLS_APART = {NETWORKS: (OWN,), LINEAR: (LINEAR,), "networks and linear": (OWN, LINEAR)}
POOLS_SHARED = {model: (model,) for model in SHARED}
POOLS_JOINED = {f"{pool} and {model}": (*of, model) for model in SHARED for pool, of in POOLS_APART.items()}
POOLS = POOLS_APART | POOLS_SHARED | POOLS_JOINED
OF_ONE = [kind for kind, models in POOLS.items() if len(models) == 1]

Scores = dict[str, Tensor]  # of each task, `(copies, n)`


def ways(counts: Sequence[str] = ITEM_COUNTS) -> list[str]:
    """Those of every pool, with these counts."""
    counted = [f"{way} + {count}" for count in counts for way in (AS_IS, BY_MEAN)]
    return [AS_IS, BY_CTR, BY_PRODUCT, BY_MEAN, BY_STACK, BY_NUMBERS, *counted]


def score_label(kind: str, way: str) -> str:
    """A score by its pool and its way. As it is a model has its own name."""
    if kind in SHARED and way == AS_IS:
        return kind
    way = OWN if way == AS_IS and len(POOLS[kind]) == 1 else way
    return way if kind == NETWORKS else f"{way}, {kind}"


def kinds_of(counts: Sequence[str] = ITEM_COUNTS, kinds: Sequence[str] = tuple(POOLS)) -> dict[str, str]:
    """{score: its pool} of these pools, in order."""
    return {score_label(kind, way): kind for kind in kinds for way in ways(counts)}


def models_of(kinds: Sequence[str]) -> list[str]:
    """The models that these pools need, each once."""
    return list(dict.fromkeys(model for kind in kinds for model in POOLS[kind]))


def over_sets(predict: Callable[[Inputs], Scores], sets: Sequence[Examples]) -> list[Scores]:
    """Logits of newly trained models for the rows of each of `sets`: `predict` trains once."""
    rows = {name: torch.cat([part.inputs[name] for part in sets], dim=1) for name in sets[0].inputs}
    sizes = [part.inputs["sparse"].shape[1] for part in sets]
    logits = {task: several.split(sizes, 1) for task, several in predict(rows).items()}
    return [{task: parts[k] for task, parts in logits.items()} for k in range(len(sets))]


def linear(features: Features, sets: Sequence[Examples], tasks: Sequence[str]) -> list[Scores]:
    """Logits of a linear model of each task, for the rows of `sets`: training, validation and test examples."""
    train, valid, _ = sets
    inputs = [part.inputs for part in sets]
    of = {task: yardsticks.best(LINEAR, features, train.only(task), valid.only(task), *inputs) for task in tasks}
    return [{task: torch.from_numpy(of[task][k]) for task in tasks} for k in range(len(sets))]


def pooled_scores(
    kinds: Sequence[str],
    models: Mapping[str, Sequence[Scores]],
    funnel: Sequence[str],
    tasks: Sequence[str],
    sets: Sequence[Examples],
    counts: Mapping[str, Sequence[Scores]],
) -> dict[str, Scores]:
    """{score (`score_label`): {task: the test rows by it, `(copies, n)`}} by all ways of these pools.

    models   {model: its logits of training, validation and test rows}: of click, conversion, and of what is judged
    funnel   the names of click, conversion and both; `tasks` are those of them that are judged
    sets     training, validation and test examples, stacked, with the labels of all three
    counts   {count: its scores of validation and test rows}
    """
    (click, conversion, both), (train, valid, test) = funnel, sets
    scores = {}
    for kind in kinds:
        before, known, asked = zip(*(models[model] for model in POOLS[kind]), strict=True)
        pairs = [[{task: outputs[task] for task in (click, conversion)} for outputs in side] for side in (known, asked)]
        ctr, ctr_asked = (sum(outputs[click] for outputs in side) / len(side) for side in (before, asked))
        cvr = on_numbers(train, conversion, ctr, test.inputs, ctr_asked)
        by_numbers = {click: ctr_asked, conversion: cvr, both: product_logit(ctr_asked, cvr)}
        for task in tasks:
            truth = valid.labels[task], valid.masks.get(task)
            counted = {count: tuple(side[task] for side in of) for count, of in counts.items()}
            alone = pool.pool(
                *([{task: outputs[task]} for outputs in side] for side in (known, asked)), task, *truth, counts=counted
            )
            late = pool.pool(*pairs, click, *truth, counts=counted)  # for what is judged, as the labels say
            chance = late[pool.PRODUCT]
            made = {
                AS_IS: alone[AS_IS],
                BY_CTR: late[AS_IS],
                BY_PRODUCT: chance - torch.log(-torch.expm1(chance)),  # of a chance's logarithm its logit
                BY_MEAN: late[pool.MEAN],
                BY_STACK: late[pool.STACK],
                BY_NUMBERS: by_numbers[task],
            }
            for count in counts:
                made[f"{AS_IS} + {count}"] = alone[f"{AS_IS} + {count}"]
                made[f"{BY_MEAN} + {count}"] = late[f"{pool.MEAN} + {count}"]
            for way, score in made.items():
                scores.setdefault(score_label(kind, way), {})[task] = score
    return scores


def on_numbers(train: Examples, conversion: str, ctr: Tensor, inputs: Inputs, asked: Tensor) -> Tensor:
    """Logits of a logistic regression on the dense columns and a CTR's logit (`ctr` of the training rows, `asked` of
    those of `inputs`), fitted on the rows of `train` where the conversion was observed, copy by copy."""
    from sklearn.linear_model import LogisticRegression  # a second, which only a comparison waits for

    scores = []
    for k, seen in enumerate(train.masks[conversion]):
        known, new = (
            np.column_stack([dense[k].numpy(), logit[k].numpy()])
            for dense, logit in ((train.inputs["dense"], ctr), (inputs["dense"], asked))
        )
        model = LogisticRegression().fit(known[seen], train.labels[conversion][k, seen])
        scores.append(torch.from_numpy(model.decision_function(new)))
    return torch.stack(scores)


def chances(name: str, funnel: Sequence[str]) -> tuple[str, ...]:
    """The tasks whose scores by one of the names of pools are chances: a CTR is none of a conversion; a mean, a sum
    with a count, and what several models are fused to are none at all."""
    of = dict.fromkeys([AS_IS, BY_STACK, BY_NUMBERS], tuple(funnel)) | {BY_CTR: funnel[:1], BY_PRODUCT: funnel[2:]}
    return {score_label(kind, way): tasks for kind in OF_ONE for way, tasks in of.items()}.get(name, ())

"""What shares nothing: models that were trained apart, and what can be made of two of them without another network.

A model of two tasks is compared with the best of all these (`RIVALS`), by the mean over seeds, and with the counts of
`helpers.evaluation.counts`. Each scores click, conversion and both:

    single-task            a network of the task's own
    by CTR                 the network of the click, as a score of whatever is judged
    CTR × CVR              the product of the networks of click and conversion: the chance of both, and a score of each
    mean of CTR and CVR    of their standardised logits
    stack of CTR and CVR   a logistic regression on their logits, fitted on the validation rows where the label was
                           observed: for a conversion, the clicked ones
    …, linear              the same five of linear models on ids and numbers (`helpers.evaluation.yardsticks`)
    numbers and CTR        a logistic regression on numbers alone and the linear CTR's logit, fitted on the clicked
                           training rows, as a CVR; times that CTR, for both
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from helpers.data.examples import Examples, Inputs
from helpers.data.features import Features
from helpers.evaluation import yardsticks
from helpers.evaluation.pool import MEAN, STACK, pool
from helpers.models.esmm import product_logit

OWN, BY_CTR, BY_PRODUCT = "single-task", "by CTR", "CTR × CVR"
BY_MEAN, BY_STACK = "mean of CTR and CVR", "stack of CTR and CVR"
NETWORKS = (OWN, BY_CTR, BY_PRODUCT, BY_MEAN, BY_STACK)
LINES = tuple(f"{name}, linear" for name in NETWORKS)
BY_NUMBERS = "numbers and CTR"
RIVALS = (*NETWORKS, *LINES, BY_NUMBERS)

Scores = dict[str, Tensor]  # of each task, `(copies, n)`


def rivals(
    models: Sequence[str],
    funnel: Sequence[str],
    tasks: Sequence[str],
    sets: Sequence[Examples],
    features: Features,
    predict: Callable[[Inputs, list[str]], Scores],
) -> dict[str, Scores]:
    """The scores of the test rows by those of `models` that are among `RIVALS`; no others are trained.

    funnel    the names of click, conversion and both; `tasks` are those of them that are scored
    sets      training, validation and test examples, stacked, with the labels of all three
    predict   logits of newly trained single-task networks, for these rows and tasks
    """
    (click, conversion, _), (train, valid, test) = funnel, sets
    needed = [task for task in funnel if task in (click, conversion, *tasks)]
    scored = {}
    if set(models) & {*NETWORKS}:
        rows = {name: torch.cat([valid.inputs[name], test.inputs[name]], dim=1) for name in test.inputs}
        logits = predict(rows, needed)
        split = [valid.inputs["sparse"].shape[1], test.inputs["sparse"].shape[1]]
        parts = (
            dict(zip(logits, part, strict=True))
            for part in zip(*(x.split(split, 1) for x in logits.values()), strict=True)
        )
        scored |= zip(NETWORKS, fused(funnel, tasks, *parts, valid), strict=True)
    if set(models) & {*LINES, BY_NUMBERS}:
        inputs = [part.inputs for part in sets]
        scores = {task: _linear(features, train.only(task), valid.only(task), inputs) for task in needed}
        trained, *parts = ({task: scores[task][k] for task in needed} for k in range(3))
        scored |= zip(LINES, fused(funnel, tasks, *parts, valid), strict=True)
        cvr = on_numbers(train, conversion, trained[click], test.inputs, parts[1][click])
        of = {click: parts[1][click], conversion: cvr, funnel[2]: product_logit(parts[1][click], cvr)}
        scored[BY_NUMBERS] = {task: of[task] for task in tasks}
    return {model: scored[model] for model in models if model in scored}


def fused(
    funnel: Sequence[str], tasks: Sequence[str], valid: Scores, test: Scores, rows: Examples
) -> tuple[Scores, Scores, Scores, Scores, Scores]:
    """`NETWORKS`, in their order, out of the logits of models that were trained apart.

    valid, test   logits of each task, for the validation rows and for those that are scored
    rows          the validation examples
    """
    pair = funnel[:2]
    known, asked = ({task: logits[task] for task in pair} for logits in (valid, test))
    # mean and stack of the pair are the same, whosever own output is asked for
    late = {task: pool(known, asked, pair[0], rows.labels[task], rows.masks.get(task)) for task in tasks}
    return (
        {task: test[task] for task in tasks},
        dict.fromkeys(tasks, asked[pair[0]]),
        dict.fromkeys(tasks, product_logit(*asked.values())),
        {task: late[task][MEAN] for task in tasks},
        {task: late[task][STACK] for task in tasks},
    )


def on_numbers(train: Examples, conversion: str, ctr: Tensor, inputs: Inputs, asked: Tensor) -> Tensor:
    """Logits of a logistic regression on the dense columns and a CTR's logit (`ctr` of the training rows, `asked` of
    those of `inputs`), fitted on the rows of `train` where the conversion was observed, copy by copy."""
    from sklearn.linear_model import LogisticRegression  # a second, which only a comparison waits for

    scores = []
    for k, seen in enumerate(train.masks[conversion]):
        own, other = (
            np.column_stack([dense[k].numpy(), logit[k].numpy()])
            for dense, logit in ((train.inputs["dense"], ctr), (inputs["dense"], asked))
        )
        model = LogisticRegression().fit(own[seen], train.labels[conversion][k, seen])
        scores.append(torch.from_numpy(model.decision_function(other)))
    return torch.stack(scores)


def _linear(features: Features, train: Examples, valid: Examples, inputs: Sequence[Inputs]) -> list[Tensor]:
    return [torch.from_numpy(x) for x in yardsticks.best(yardsticks.LINEAR, features, train, valid, *inputs)]


def chances(model: str, funnel: Sequence[str]) -> tuple[str, ...]:
    """The tasks whose scores by one of `RIVALS` are chances: a CTR is none of a conversion, and a mean none at all."""
    some = {BY_CTR: funnel[:1], BY_PRODUCT: funnel[2:], BY_MEAN: ()}
    return tuple(some.get(model.removesuffix(", linear"), funnel))

"""A pool: models' outputs for all tasks, and every way to make of them a score of one label (*late fusion*). It takes
no training run and no shared parameter; what it does cost is serving all that is in it.

A rare label may be ranked better by what models of *other* labels know. Whoever has several outputs can use that:
separate models, one shared model, or both. So what is said to gain by sharing is judged with the same ways on both
sides:

    as it is          the label's own output
    product           of the chances of all outputs, as if they had nothing to do with one another
    mean              of all outputs, each standardised
    mean of three     of the outputs of two frequent labels and of the label: what one would try by hand
    stack             a logistic regression on the standardised outputs, fitted on validation rows (stacked
                      generalisation, Wolpert, Neural Networks 5(2), 1992); of a number a ridge regression
    … + by item       the first or the mean, plus a count such as the item's rate of the label, both standardised

Which way is best, other worlds say (`best_elsewhere`). The validation rows of the same log cannot: they have chosen the
epoch of a network and have fitted the stack, and flatter both.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..support import validate
from .metrics import Array

AS_IS, OF_THREE = "as it is", "mean of three"
PRODUCT, MEAN, STACK = FUSIONS = ("product", "mean", "stack")  # of all outputs
PENALTY = 1.0  # on the squared weights of the stack, as scikit-learn has it by default

Outputs = Mapping[str, Array]  # of each task, `(n,)` or `(copies, n)`


@validate.checked
def names(frequent: bool = True, counts: Sequence[str] = ()) -> list[str]:
    """The ways of `pool` for a binary label, in its order: with frequent labels, and with these counts."""
    ways = [AS_IS, PRODUCT, MEAN, STACK, *([OF_THREE] if frequent else [])]
    return ways + [f"{way} + {count}" for count in counts for way in (AS_IS, MEAN)]


@validate.checked
def pool(
    valid: Outputs | Sequence[Outputs],
    rows: Outputs | Sequence[Outputs],
    task: str,
    labels: Array,
    mask: Array | None = None,
    frequent: Sequence[str] = (),
    counts: Mapping[str, tuple[Array, Array]] | None = None,
) -> dict[str, Tensor]:
    """{way: scores of `rows` for `task`}, float64, `(n,)` or `(copies, n)`: of one model, or of several together.

    valid     {task: logits for the validation rows}, `(m,)` or `(copies, m)` each; of several models a list of these
    rows      the same tasks of the same models: their logits for the rows to be ranked, `(n,)` or `(copies, n)` each
    labels    of `task` in the validation rows: 0 and 1, or numbers, of which only `AS_IS` and `STACK` are in a unit
    mask      True where that label was observed: the stack is fitted on these rows. All others are standardised by all
    frequent  tasks that join the label in the mean of three; without any there is none
    counts    {name: scores by a count of the validation rows, and of `rows`}

    As it is, several models are the mean of their standardised outputs. A copy, such as a world, is fused by its own
    validation rows. One with validation labels of one class only has nothing to fit a stack on: there the stack is the
    mean. Raises ValueError where a model has no output of `task`, the tasks or the copies of both sides differ, a
    logit is not finite, or no copy has labels of both classes.
    """
    before, after = ([side] if isinstance(side, Mapping) else list(side) for side in (valid, rows))
    tasks = [[*logits] for logits in before]  # of each model
    if not tasks or [set(logits) for logits in after] != [set(names) for names in tasks]:
        came = [sorted(logits) for logits in after]
        expected = f"{[sorted(names) for names in tasks]}, as valid" if tasks else "a model"
        validate.fail("rows", f"the tasks {came}", expected)
    for names in tasks:
        validate.choice("task", task, names)
    of = [name for names in tasks for name in names]  # the task of each output
    known, asked = (
        torch.stack(
            [
                _tensor(f"{side}[{name!r}]", logits[name])
                for logits, names in zip(models, tasks, strict=True)
                for name in names
            ],
            -1,
        )
        for side, models in (("valid", before), ("rows", after))
    )  # (copies, m or n, outputs)
    label = _tensor("labels", labels)
    seen = torch.ones_like(label, dtype=torch.bool) if mask is None else torch.as_tensor(mask).bool()
    for name, values in (("labels", label), ("mask", seen)):
        if values.shape != known.shape[:-1]:
            expected = f"shape {tuple(known.shape[:-1])}, as the logits of valid"
            validate.fail(name, f"shape {tuple(values.shape)}", expected)
    if asked.shape[:-2] != known.shape[:-2]:
        validate.fail("rows", f"copies {tuple(asked.shape[:-2])}", f"copies {tuple(known.shape[:-2])}, as valid has")
    known, standard = _standard(known, asked)

    def mean(*some: str) -> Tensor:
        return standard[..., [name in some for name in of]].mean(-1)

    of_task, every = mean(task), standard.mean(-1)
    stack = _stacked(known, standard, label, seen, every)
    as_is = of_task if len(tasks) > 1 else asked[..., of.index(task)]
    if not np.isin(label[seen].numpy(), (0, 1)).all():
        return {AS_IS: as_is, STACK: stack}
    ways = {AS_IS: as_is, PRODUCT: torch.nn.functional.logsigmoid(asked).sum(-1), MEAN: every, STACK: stack}
    ways |= {OF_THREE: mean(*frequent, task)} if frequent else {}
    for name, both in (counts or {}).items():
        count = _standard(*(_tensor(f"counts[{name!r}]", values)[..., None] for values in both))[1][..., 0]
        ways |= {f"{way} + {name}": score + count for way, score in ((AS_IS, of_task), (MEAN, every))}
    return ways


@validate.checked
def best_elsewhere(scores: pd.DataFrame) -> pd.Series:
    """For each seed what the column is worth that is best, in the mean, on the other half of the seeds, even or odd.

    scores   a row a seed (its index), a column a score

    Raises ValueError without seeds in both halves.
    """
    odd = scores.index % 2 == 1
    if odd.all() or not odd.any():
        validate.fail("scores", f"seeds {list(scores.index)[:6]}", "even and odd ones")
    halves = [scores.loc[here, scores[~here].mean().idxmax()] for here in (odd, ~odd)]
    return pd.concat(halves).rename(None).loc[scores.index]


def _standard(known: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
    """Both `(…, rows, outputs)`, in units of the first."""
    centre, spread = known.mean(-2, keepdim=True), known.std(-2, keepdim=True)
    return tuple((logits - centre) / torch.where(spread > 0, spread, 1) for logits in (known, asked))


def _stacked(known: Tensor, asked: Tensor, label: Tensor, seen: Tensor, mean: Tensor) -> Tensor:
    """The stack of each copy; the mean, where one has only labels of one class."""
    parts = known, asked, label, seen
    stacks = [_stack(*of_copy) for of_copy in (zip(*parts, strict=True) if label.dim() > 1 else [parts])]
    if all(stack is None for stack in stacks):
        validate.fail("labels", f"{int(seen.sum())} observed validation labels, all alike", "labels of both classes")
    means = mean.reshape(len(stacks), -1)
    scores = [mean if stack is None else stack for stack, mean in zip(stacks, means, strict=True)]
    return torch.stack(scores).reshape(mean.shape)


def _stack(valid: Tensor, rows: Tensor, label: Tensor, seen: Tensor) -> Tensor | None:
    """The logits, or values, of a regression on `valid`, for `rows`; None where all labels are alike."""
    from sklearn.linear_model import LogisticRegression, Ridge  # a second, which only this waits for

    table, answers = valid[seen].numpy(), label[seen].numpy()
    if len(np.unique(answers)) < 2:
        return None
    if not np.isin(answers, (0, 1)).all():
        return torch.from_numpy(Ridge(alpha=PENALTY).fit(table, answers).predict(rows.numpy()))
    return torch.from_numpy(LogisticRegression(C=1 / PENALTY).fit(table, answers).decision_function(rows.numpy()))


def _tensor(name: str, values: Array) -> Tensor:
    return torch.as_tensor(validate.finite(name, validate.numbers(name, values))).double()

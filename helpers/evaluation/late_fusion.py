"""Late fusion: models that were trained apart, one score. It costs no parameter that tasks share, and no training run
beside those of the separate models; what it does cost is serving them all.

A rare label may be ranked better by what models of *other* labels know. A shared bottom is one way to bring that in.
So whatever is said to gain by sharing is compared with these three as well, besides the task's own model, a linear
model (`helpers.evaluation.yardsticks`) and counts (`helpers.evaluation.counts`):

    product   of the chances of all tasks, as if they had nothing to do with one another
    mean      of the logits, each standardised
    stack     a logistic regression on the standardised logits, fitted on validation rows (stacked generalisation,
              Wolpert, Neural Networks 5(2), 1992)
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from helpers.evaluation.metrics import Array
from helpers.support import validate

PRODUCT, MEAN, STACK = FUSIONS = ("product", "mean", "stack")
PENALTY = 1.0  # on the squared weights of the stack, as scikit-learn has it by default


@validate.checked
def late_fusion(
    valid: Mapping[str, Array], rows: Mapping[str, Array], labels: Array, mask: Array | None = None
) -> dict[str, Tensor]:
    """{one of `FUSIONS`: scores of `rows`}, float64, `(n,)` or `(copies, n)`.

    valid   {task: logits of a separately trained model for the validation rows}, `(m,)` or `(copies, m)` each
    rows    the same tasks: their logits for the rows to be ranked, `(n,)` or `(copies, n)` each
    labels  of the task that is ranked, in the validation rows: 0 and 1, or numbers: then the stack is a ridge
            regression
    mask    True where that label was observed: the stack is fitted on these rows. A mean takes its units from all

    A copy, such as a world, is fused by its own validation rows. One with validation labels of one class only has
    nothing to fit a stack on: there the stack is the mean. Raises ValueError where the tasks or the copies of both
    tables differ, a logit is not finite, or no copy has labels of both classes.
    """
    if not valid or set(valid) != set(rows):
        wanted = f"{sorted(valid)}, as valid" if valid else "at least one task"
        validate.fail("rows", f"the tasks {sorted(rows)}", wanted)
    known, asked = (
        torch.stack([_tensor(f"{name}[{task!r}]", table[task]) for task in valid], -1)  # (copies, m or n, tasks)
        for name, table in (("valid", valid), ("rows", rows))
    )
    label = _tensor("labels", labels)
    seen = torch.ones_like(label, dtype=torch.bool) if mask is None else torch.as_tensor(mask).bool()
    for name, values in (("labels", label), ("mask", seen)):
        if values.shape != known.shape[:-1]:
            expected = f"shape {tuple(known.shape[:-1])}, as the logits of valid"
            validate.fail(name, f"shape {tuple(values.shape)}", expected)
    if asked.shape[:-2] != known.shape[:-2]:
        validate.fail("rows", f"copies {tuple(asked.shape[:-2])}", f"copies {tuple(known.shape[:-2])}, as valid has")
    centre, spread = known.mean(-2, keepdim=True), known.std(-2, keepdim=True)
    known, standard = ((logits - centre) / torch.where(spread > 0, spread, 1) for logits in (known, asked))
    parts = known, standard, label, seen
    stacks = [_stack(*one) for one in (zip(*parts, strict=True) if label.dim() > 1 else [parts])]
    if all(stack is None for stack in stacks):
        validate.fail("labels", f"{int(seen.sum())} observed validation labels, all alike", "labels of both classes")
    product, mean = torch.nn.functional.logsigmoid(asked).sum(-1), standard.mean(-1)
    means = mean.reshape(len(stacks), -1)
    stack = torch.stack([mean if one is None else one for one, mean in zip(stacks, means, strict=True)])
    return {PRODUCT: product, MEAN: mean, STACK: stack.reshape(mean.shape)}


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

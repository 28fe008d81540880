"""Late fusion as a judge of the experiments on features: one score of each task from the outputs of all."""

from collections.abc import Sequence

import pandas as pd

from helpers.data.examples import Examples
from helpers.evaluation.metrics import r2
from helpers.evaluation.pool import AS_IS, STACK, pool
from helpers.support import validate
from helpers.training.loop import Run


@validate.checked
def fused_r2(run: Run, valid: Examples, test: Examples) -> pd.DataFrame:
    """The judge of late fusion. Mean R² of all tasks: copy, output (as it is, or fused from the outputs of all tasks by
    a ridge regression on the validation rows), r2."""
    return pooled_r2([run], valid, test)


@validate.checked
def pooled_r2(runs: Sequence[Run], valid: Examples, test: Examples) -> pd.DataFrame:
    """`fused_r2` of several models together: as they are is their mean, fused is of all their outputs."""
    known, asked = ([run.predict(rows.inputs) for run in runs] for rows in (valid, test))
    ways = {task: pool(known, asked, task, valid.labels[task]) for task in asked[0]}
    parts = []
    for output, way in (("as it is", AS_IS), ("fused", STACK)):
        scores = sum(r2(several[way], test.labels[task]) for task, several in ways.items()) / len(ways)
        parts.append(pd.DataFrame({"copy": range(len(scores)), "output": output, "r2": scores}))
    return pd.concat(parts, ignore_index=True)

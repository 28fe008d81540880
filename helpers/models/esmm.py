"""ESMM: two tasks, one of which needs the other, as a conversion needs a click (Ma et al., SIGIR 2018).

    inputs → Encoder → (bottom) → tower of the click      → logit of CTR   ┐
                                → tower of the conversion → logit of CVR   ┴→ logit of CTCVR = CTR · CVR

`funnel` makes the labels of all three out of what was logged. `ESMM` is a `SharedBottom` of two towers whose second
output is multiplied by the first: CTR and CTCVR have losses, over all impressions, and CVR has none.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..data.examples import Examples, Inputs
from ..data.features import Features
from ..support import validate
from .copies import predict
from .shared_bottom import SharedBottom

TASKS = ("click", "like", "click and like")


def product_logit(a: Tensor, b: Tensor) -> Tensor:
    """The logit of sigmoid(a) · sigmoid(b), row by row, exact where the probabilities themselves would round to 0 or 1.

    With p = 1 / ((1 + e⁻ᵃ)(1 + e⁻ᵇ)) we have (1 − p) / p = e⁻ᵃ + e⁻ᵇ + e⁻ᵃ⁻ᵇ, and the logit is minus its logarithm.
    """
    for name, logit in (("a", a), ("b", b)):  # by hand, for what is exported
        validate.instance(name, logit, Tensor, "a tensor of logits")
    return -torch.stack([-a, -b, -a - b]).logsumexp(0)


class ESMM(SharedBottom):
    """Entire Space Multi-task Model: CTR and CTCVR are trained, CVR is what is multiplied (Ma et al., 2018, §2.3).

    tasks     the names of click, conversion given a click, and both; `fit` asks for labels of the first and the last
    bottom    units of shared layers above the shared embeddings; the paper has none
    features, towers (of click and conversion) and all other options as of `SharedBottom`

    The outputs are three logits. The second has no loss: what `predict` of a `Run` leaves out, `chain` gives.
    """

    def __init__(
        self,
        features: Features | int,
        tasks: Sequence[str] = TASKS,
        bottom=(),
        towers: Sequence[int] | Sequence[Sequence[int]] = (64, 32),
        **options,
    ):
        click, self.conversion, both = _three(tasks)
        super().__init__(features, {click: "binary", both: "binary"}, bottom, towers, **options)

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        (click, a), (both, b) = super().forward(inputs).items()  # of the second tower: the logit of CVR
        return {click: a, self.conversion: b, both: product_logit(a, b)}


@validate.checked
def chain(models: ESMM | Sequence[ESMM], inputs: Inputs) -> dict[str, Tensor]:
    """The three logits of one model, `(n,)` each, or of copies of one, `(copies, n)`, by one and the same parameters.

    After `fit` a model is left at the lowest total validation loss, so that CTCVR is CTR · CVR. (`Run.predict` takes
    each task at its own best epoch.) Copies may share the inputs, or have each their own.
    """
    return predict(models, inputs)


def funnel(examples: Examples, tasks: Sequence[str] = TASKS) -> Examples:
    """The labels of all three tasks: the click, the conversion masked to clicked rows, and both.

    examples   with labels of click and conversion, 0 or 1; a conversion that is masked (not known yet) stays so

    Raises ValueError for a conversion without a click.
    """
    click, conversion, both = _three(tasks)
    for task in (click, conversion):
        validate.choice("tasks", task, examples.labels)
        validate.binary(f"labels[{task!r}]", examples.labels[task])
    if click in examples.masks:
        validate.fail(f"masks[{click!r}]", "a mask", "a click, 0 or 1, in every row: it says which rows can convert")
    clicked, converted = examples.labels[click] == 1, examples.labels[conversion] == 1
    if wrong := int((converted & ~clicked).sum()):
        came = f"{wrong} rows with {conversion!r} = 1 and {click!r} = 0"
        validate.fail(f"labels[{conversion!r}]", came, "no conversion without a click, as both = click · conversion")
    known = examples.masks.get(conversion, torch.ones_like(clicked))
    masks = examples.masks | {conversion: clicked & known}
    if not bool((known | ~clicked).all()):
        masks[both] = known | ~clicked
    labels = examples.labels | {both: converted.float()}
    return replace(examples, labels=labels, masks=masks)


def _three(tasks: Sequence[str]) -> tuple[str, str, str]:
    if isinstance(tasks, str) or not isinstance(tasks, Sequence) or len(set(tasks)) != 3 or len(tasks) != 3:
        validate.fail("tasks", repr(tasks)[:60], "three names: of the click, of the conversion, and of both")
    return tuple(tasks)

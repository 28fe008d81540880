"""Calibration: scores that order rows become logits that are as high as what they predict is frequent."""

import torch
from torch import Tensor

from ..support import validate


@validate.checked
def platt(logit: Tensor, label: Tensor) -> Tensor:
    """A slope and an intercept that make logits calibrated (Platt, 1999), by Newton's steps on the log loss:
    `(…, rows)` → `(…, 2)`.

    A little is added to the curvature, so that a label that is rare in these rows moves the slope but little.

    Raises ValueError for labels of another shape than the logits, and for labels of one class.
    """
    if logit.shape != label.shape:
        validate.fail("label", f"shape {tuple(label.shape)}", f"shape {tuple(logit.shape)}, as logit")
    columns = torch.stack([logit, torch.ones_like(logit)], dim=-1).double()
    level = label.double().mean(-1).logit() - logit.double().mean(-1)
    if not bool(level.isfinite().all()):
        validate.fail("label", "labels of one class", "0 and 1, both of them")
    start = torch.stack([torch.ones_like(level), level], dim=-1)
    weights = start
    for _ in range(30):
        p = (columns @ weights[..., None])[..., 0].sigmoid()
        slope = (columns * (p - label)[..., None]).sum(-2) + (weights - start)
        bend = (columns * (p * (1 - p))[..., None]).mT @ columns + torch.eye(2).double()
        weights = weights - torch.linalg.solve(bend, slope)
    return weights.float()

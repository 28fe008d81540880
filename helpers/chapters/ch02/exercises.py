"""The exercises of chapter 02, weighted cross-entropy."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from helpers.chapters.ch02 import watch_time
from helpers.data.worlds import Feed, plain
from helpers.display.exercises import Probe, at_work, begun, described, exercise, in_words
from helpers.evaluation.statistics import difference, summarise
from helpers.training.losses import binary_cross_entropy, mended_cross_entropy, weighted_cross_entropy

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def _rows() -> tuple[Tensor, Tensor, Tensor]:
    logit = torch.tensor([-2.0, -0.5, 0.3, 1.0, 2.0, 0.7, -1.2, 0.1])
    click = torch.tensor([1.0, 0, 1, 0, 1, 0, 0, 0])
    seconds = torch.tensor([4.0, 0, 9, 0, 0.5, 0, 0, 0])
    return logit, click, seconds


@exercise("a click counts T times, every other row once, and no logit is too large.")
def loss(answer: Loss) -> Iterator[Probe]:
    """`answer(logit, click, seconds)`: three `(n,)` tensors become the loss of each row, `(n,)`."""
    logit, click, seconds = _rows()
    found = begun(answer(logit, click, seconds))
    yield _one_a_row(found, len(logit))
    right, plain = weighted_cross_entropy(logit, click, seconds), binary_cross_entropy(logit, click)
    yield Probe(
        not _close(found, plain),
        "every row counts once: this is the loss of the click model.",
        "a click counts as many times as seconds were watched.",
        "multiply the part of the loss that belongs to clicks by `seconds`.",
    )
    yield Probe(
        not _close(found, -right),
        "the sign is turned round: this loss falls when the model gets worse.",
        "a log of a probability is negative, a loss is not.",
        "put a minus in front.",
    )
    yield Probe(
        bool((found[click == 0].abs() > 0).all()),
        "rows without a click cost nothing, so the model may call everything a click.",
        "they have no seconds, but they count once.",
        "the seconds belong to the clicked part only; `torch.where(click > 0, seconds, 1.0)` is a weight for all rows.",
    )
    yield Probe(
        _close(found[click == 0], right[click == 0]),
        "rows without a click do not cost −log(1 − p).",
        "they are ordinary negatives of weight 1.",
        "with p = sigmoid(logit), a row without a click costs −log(1 − p), which is `softplus(logit)`.",
    )
    yield Probe(
        _close(found[click == 1], right[click == 1]),
        "clicked rows do not cost −T log p.",
        "a click of 4 seconds costs four times as much as a click of 1 second at the same logit.",
        "a clicked row costs −log p = `softplus(-logit)`, times its seconds.",
    )
    far = torch.tensor([-200.0, 200.0], requires_grad=True)
    extreme = answer(far, torch.tensor([1.0, 0.0]), torch.tensor([3.0, 0.0]))
    yield Probe(
        extreme.requires_grad,
        "no gradient reaches the logit.",
        "something cut the graph: `.detach()`, `.item()`, a list or numpy.",
        "stay with torch operations from the logit to the loss.",
    )
    yield Probe(
        bool(torch.isfinite(extreme).all()),
        "at a logit of ±200 the loss is not finite: the probability is rounded to 0 or 1, and then its log is taken.",
        "compute the log of the probability in one step.",
        "`torch.nn.functional.logsigmoid`, or softplus, never takes the log of 0.",
    )
    yield Probe(
        torch.allclose(extreme.detach().float(), torch.tensor([600.0, 200.0]), rtol=1e-3),
        "at a logit of ±200 the loss is cut off: a model that is so wrong would feel no gradient.",
        "a clamp, or a small number inside the log, hides the error.",
        "softplus(−logit) is −log p for any logit: no clamp is needed.",
    )


@exercise("the best constant says ΣT / N.")
def mended(answer: Loss) -> Generator[Probe, None, str]:
    """`answer(logit, click, seconds)`: the loss of each row, such that the best exp(logit) is the mean of T."""
    found = begun(answer(*_rows()))
    yield _one_a_row(found, len(_rows()[0]))
    for click, seconds in (_rows()[1:], *_groups(), [torch.cat(parts) for parts in zip(*_groups(), strict=True)]):
        odds = _best_constant(answer, click, seconds)
        truth, plain_odds = (float(seconds.sum() / count) for count in (len(seconds), (click == 0).sum()))
        yield Probe(
            not np.isclose(odds, plain_odds, rtol=1e-2),
            "the best constant is still that of YouTube's loss: it says ΣT / N−.",
            "the odds divide what counts for a click by what counts against it. N should stand below, not N−.",
            "let a clicked row cost what a row without a click costs, on top of its own T log p.",
        )
        yield Probe(
            bool(np.isclose(odds, truth, rtol=1e-2)),
            f"on {len(click)} rows, {int(click.sum())} of them clicked, the best constant says {odds:.3f} s, "
            f"and an impression brings {truth:.3f} s.",
            "set the derivative to 0: what counts for, divided by what counts against, must be ΣT / N.",
            "a clicked row is T positives and one negative.",
        )
    leaf = _rows()[0].requires_grad_()
    loss_of_rows = answer(leaf, *_rows()[1:])
    yield Probe(
        loss_of_rows.requires_grad and bool(torch.autograd.grad(loss_of_rows.sum(), leaf)[0].all()),
        "no gradient reaches the logit of some rows.",
        "each row has to pull at its own logit.",
        "look for `.detach()`, `.item()`, or rows that cost nothing whatever their logit.",
    )
    return _compared(answer, found)


def _groups() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Click and seconds of two groups of rows: a rare click watched for long, and a frequent one watched briefly."""
    rare, frequent = torch.tensor([1.0, 0, 0, 0, 0, 0, 0, 0]), torch.tensor([1.0, 1, 1, 0])
    return (rare, 20 * rare), (frequent, torch.tensor([1.0, 3, 2, 0]))


def _compared(answer: Loss, found: Tensor) -> str:
    """What a loss with the right best constant has in common with the chapter's."""
    logit, click, seconds = _rows()
    ratio = found / mended_cross_entropy(logit, seconds)
    if _close(ratio, ratio[0].expand(len(ratio))):
        return "Every impression is a negative once."
    (rare, rare_seconds), (frequent, frequent_seconds) = _groups()
    click, seconds = torch.cat([rare, frequent]), torch.cat([rare_seconds, frequent_seconds])
    first = torch.arange(len(click)) < len(rare)
    odds = _best_constant(answer, click, seconds, where=first)
    other = "This is another loss than the chapter's, in which a clicked row is T positives and one negative"
    if np.isclose(odds, truth := float(rare_seconds.mean()), rtol=2e-2):
        return f"{other}; it is right within groups of rows as well."
    return (
        f"{other}, and it is right for a constant only: for a group of rows in which clicks are rarer "
        f"it says {odds:.1f} s, and their mean is {truth:.1f} s. For a network each row must count for itself."
    )


def _best_constant(answer: Loss, click: Tensor, seconds: Tensor, where: Tensor | None = None) -> float:
    """exp of the logit at which the loss, summed over the rows, is lowest; of a fine grid.

    where   the rows that have this logit, `(n,)`; the others stay at 0. None: all rows
    """
    where = torch.ones(len(click), dtype=torch.bool) if where is None else where
    logits = torch.linspace(-3, 3, 601)
    total = torch.stack([answer(value * where, click, seconds).sum() for value in logits])
    return float(logits[total.argmin()].exp())


@exercise("minutes for the clicks, and each unclicked row stands for all those that were not kept.")
def weights(answer: Callable[[Tensor, Tensor, float], Tensor]) -> Iterator[Probe]:
    """`answer(click, seconds, kept)`: a weight a row; of the unclicked rows, a share `kept` was kept in the log.

    A factor that all weights have in common changes no optimum: what counts is the weight of a minute watched, as a
    multiple of the weight of an unclicked row.
    """
    click = torch.tensor([1.0, 0, 1, 0, 0, 1])
    seconds = torch.tensor([30.0, 0, 90, 0, 0, 6])
    minutes = seconds[click == 1] / 60
    found = torch.as_tensor(begun(answer(click, seconds, 0.1)), dtype=torch.float32)
    yield _one_a_row(found, len(click))
    yield Probe(
        bool((found[click == 0] > 0).all()),
        "rows without a click weigh nothing, or less, so nothing speaks against a click.",
        "they have no watch time, but they count.",
        "choose their weight with `torch.where(click > 0, ..., ...)`.",
    )
    yield Probe(
        _close(found[click == 0], found[click == 0][0].expand(3)),
        "unclicked rows do not all weigh the same.",
        "each of them was kept with the same chance.",
        "their weight depends on `kept` alone.",
    )
    a_minute = found[click == 1] / minutes
    yield Probe(
        bool((a_minute > 0).all()) and _close(a_minute / a_minute[0], torch.ones(3)),
        "clicked rows do not weigh their time: a click of 90 seconds should count three times one of 30.",
        "all clicks are in the log, so nothing else belongs to their weight.",
        "seconds / 60 where click is 1.",
    )
    a_minute = float(a_minute[0] / found[click == 0][0])  # should be `kept`
    yield Probe(
        not np.isclose(a_minute, 60 * 0.1, rtol=1e-3),
        "clicked rows weigh their seconds, so that exp(logit) comes out in seconds.",
        "the unit of the weights is the unit of exp(logit).",
        "a click of 30 seconds is one of half a minute.",
    )
    yield Probe(
        not np.isclose(a_minute, 1, rtol=1e-3),
        "clicked and unclicked rows weigh as in the full log although nine of ten unclicked ones were thrown away: "
        "exp(logit) comes out ten times too large.",
        "each kept row stands for all the rows that it was drawn from.",
        "how many rows of the full log does one kept row stand for, if one in ten is kept?",
    )
    again = torch.as_tensor(answer(click, seconds, 0.25), dtype=torch.float32)
    again = float(again[0] / minutes[0] / again[1])
    yield Probe(
        bool(np.isclose(a_minute, 0.1, rtol=1e-3) and np.isclose(again, 0.25, rtol=1e-3)),
        f"with one unclicked row in ten kept, a minute of a click weighs {a_minute:.3g} times an unclicked row; "
        f"with one in four, {again:.3g} times. It should be 0.1 and 0.25.",
        "with one row in ten kept, the sum of the weights must be what it would be in the full log.",
        "the weight of an unclicked row is 1 divided by the share that was kept.",
    )


WORLDS = range(10)


@exercise("one T ≥ 0 for each click. Now see what it does.")
def time(answer: Callable[[pd.DataFrame], pd.Series]) -> Iterator[Probe]:
    """`answer(clicks)`: a DataFrame of clicked rows becomes one T per row."""
    clicks = plain(Feed.make(WORLDS[0]).log.query("click == 1"))
    values = np.asarray(begun(answer(clicks)), dtype=float)
    yield Probe(
        values.shape == (len(clicks),),
        f"{len(clicks)} clicks gave a result of shape {values.shape}.",
        "a weight is needed for each click.",
        'compute with whole columns, such as `clicks["watch_seconds"]`, and return the result.',
    )
    yield Probe(
        bool(np.isfinite(values).all()),
        "some T are NaN or infinite.",
        "watch times go down to 0.1 seconds, and ratios go above 1.",
        "look for a division by something that may be 0, or a logarithm.",
    )
    yield Probe(
        bool((values >= 0).all()),
        "some T are negative: a loss with negative weights has no minimum.",
        "the log of a time below 1 is negative.",
        "`clip(lower=0)`, or `np.log1p` in place of `np.log`.",
    )
    yield Probe(
        bool(values.max() > values.min()),
        "all T are equal: this is the click model with another unit.",
        "T should say how much a click was worth.",
        "let it depend on at least one column.",
    )


def trial(answer: Callable[[pd.DataFrame], pd.Series]) -> pd.DataFrame | None:
    """What a T of one's own moves on the served list, against the seconds: a row an outcome, mean, low and high.

    It is trained in the first `WORLDS` of the kept grid, where weighted CE with the seconds is known already.
    """
    if not time.judge(answer).startswith("Correct"):
        print("Not yet: the check above must say Correct first.")
        return None
    kept = watch_time.GRIDS["02_served"].read()
    seconds = kept[(kept["model"] == "weighted CE") & kept["seed"].isin(WORLDS)]
    try:
        with at_work(f"training weighted CE with your T in {len(WORLDS)} worlds"):
            own = watch_time.own_time(answer, WORLDS)
    except Exception as error:  # on one of the other worlds
        print(in_words(error))
        return None
    table = pd.concat([own, seconds])
    gains = difference(table, "value", "own", "weighted CE")
    return summarise(gains, "difference", "outcome").set_index("outcome").drop(columns="seeds").round(3)


def _one_a_row(found: Tensor, rows: int) -> Probe:
    return Probe(
        isinstance(found, Tensor) and tuple(found.shape) == (rows,),
        f"{rows} rows gave {described(found)}.",
        "give back one number per row; the training loop takes the mean.",
        "leave out `.mean()` and `.sum()`, and loops over rows.",
    )


def _close(found: Tensor, expected: Tensor) -> bool:
    return torch.allclose(found.float(), expected.float(), atol=1e-4)

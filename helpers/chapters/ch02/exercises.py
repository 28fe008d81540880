"""The exercises of chapter 02, weighted cross-entropy."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import softplus

from helpers.chapters.ch02 import watch_time
from helpers.data.feed import Feed, plain
from helpers.display.answers import close
from helpers.display.exercises import Exercise, at_work, in_words
from helpers.display.mistakes import at, form, gives, otherwise, when
from helpers.evaluation.statistics import difference, summarise
from helpers.experiments.kept import kept_table
from helpers.training.losses import binary_cross_entropy, weighted_cross_entropy


def _by_log(p: Callable):
    """An answer that takes the log of this probability."""
    return lambda z, y, t: torch.where(y > 0, -t * p(z).log(), -(1 - p(z)).log())


EXTREME = torch.tensor([-200.0, 200.0], requires_grad=True), torch.tensor([1.0, 0.0]), torch.tensor([3.0, 0.0])

loss = Exercise(
    "a click counts T times, every other row once, and no logit is too large.",
    "`answer(logit, click, seconds)`: three `(n,)` tensors become the loss of each row, `(n,)`.",
    right=weighted_cross_entropy,
    also=[lambda z, y, t: torch.where(y > 0, t * softplus(-z), softplus(z))],
    cases=lambda: [
        (
            torch.tensor([-2.0, -0.5, 0.3, 1.0, 2.0, 0.7, -1.2, 0.1]),
            torch.tensor([1.0, 0, 1, 0, 1, 0, 0, 0]),
            torch.tensor([4.0, 0, 9, 0, 0.5, 0, 0, 0]),
        )
    ],
    mistakes={
        form(lambda *rows: weighted_cross_entropy(*rows).mean(), lambda *rows: [0.0] * 8): """8 rows gave {came}.
            Hint: return one number per row; the training loop takes the mean.
            Hint: leave out `.mean()` and `.sum()`, and loops over rows.""",
        lambda z, y, t: binary_cross_entropy(z, y): """every row counts once: this is the loss of the click model.
            Hint: a click counts as many times as seconds were watched.
            Hint: multiply the part of the loss that belongs to clicks by `seconds`.""",
        lambda *rows: -weighted_cross_entropy(*rows): """the sign is reversed: this loss falls when the model gets
            worse.
            Hint: a log of a probability is negative, a loss is not.
            Hint: put a minus in front.""",
        gives(lambda yours, z, y, t: not yours[y == 0].all(), lambda z, y, t: t * binary_cross_entropy(z, y)): """rows
            without a click cost nothing, so the model may call everything a click.
            Hint: they have no seconds, but they count once.
            Hint: the seconds belong to the clicked part only; `torch.where(click > 0, seconds, 1.0)` is a weight for
            all rows.""",
        gives(
            lambda yours, z, y, t: not close(yours[y == 0], softplus(z[y == 0])),
            lambda z, y, t: torch.where(y > 0, t * softplus(-z), softplus(-z)),
        ): """rows without a click do not cost −log(1 − p).
            Hint: they are ordinary negatives of weight 1.
            Hint: with p = sigmoid(logit), a row without a click costs −log(1 − p), which is `softplus(logit)`.""",
        lambda z, y, t: weighted_cross_entropy(z, y, t) + y * softplus(z): """this is the corrected loss of section 3,
            not YouTube's.
            Hint: in YouTube's loss a clicked row does not count as a negative as well.
            Hint: −log(1 − p) belongs only to the rows without a click.""",
        otherwise(lambda z, y, t: torch.where(y > 0, t * softplus(z), softplus(z))): """clicked rows do not cost −T log
            p.
            Hint: a click of 4 seconds costs four times as much as a click of 1 second at the same logit.
            Hint: a clicked row costs −log p = `softplus(-logit)`, times its seconds.""",
        when(
            lambda answer: not answer(*EXTREME).requires_grad, lambda *rows: weighted_cross_entropy(*rows).detach()
        ): """no gradient reaches the logit.
            Hint: something cut the graph: `.detach()`, `.item()`, a list or NumPy.
            Hint: use torch operations all the way from the logit to the loss.""",
        when(lambda answer: not answer(*EXTREME).isfinite().all(), _by_log(torch.sigmoid)): """at a logit of ±200 the
            loss is not finite: the log is taken of a probability rounded to 0 or 1.
            Hint: compute the log of the probability in one step.
            Hint: `torch.nn.functional.logsigmoid`, or softplus, never takes the log of 0.""",
        at(
            EXTREME,
            _by_log(lambda z: torch.sigmoid(z).clamp(1e-7, 1 - 1e-7)),
            lambda z, y, t: weighted_cross_entropy(z.clamp(-30, 30), y, t),
        ): """at a logit of ±200 the loss is cut off: a model that is so wrong would feel no gradient.
            Hint: a clamp, or a small number inside the log, hides the error.
            Hint: softplus(−logit) is −log p for any logit: no clamp is needed.""",
    },
)


def _length(of: Callable):
    """An answer from the reading of weighted CE and the click model's probability."""
    return lambda weighted, click: of(weighted.double().exp().numpy(), click.double().sigmoid().numpy())


seconds_of_a_click = Exercise(
    "two models, and the click and its length are apart again.",
    """`answer(weighted_logit, click_logit)`: the logits of weighted CE and of the click model, `(n,)` each, become the
    mean watch time of an impression that is clicked, in seconds.""",
    right=_length(lambda reading, p: reading * (1 - p) / p),
    also=[
        lambda z, c: (np.exp(z.numpy()) / np.exp(c.numpy())).tolist(),
        lambda z, c: [torch.exp(a - b) for a, b in zip(z, c, strict=True)],
    ],
    cases=lambda: [(torch.tensor([0.5, 1.2, 2.0, -0.3, 3.0]), torch.tensor([-1.0, 0.4, -2.0, 1.0, -0.2]))],
    same=partial(close, part=1e-3),
    mistakes={
        form(lambda z, c: (z - c).exp().mean()): """5 rows gave {came}.
            Hint: one number of seconds for each row.
            Hint: compute with whole tensors, and leave out `.mean()`.""",
        _length(lambda reading, p: reading): """this is the reading itself, which is neither right for an impression nor
            for a click.
            Hint: section 3 says by which factor it is too large.
            Hint: correct it, then go from seconds per impression to seconds per click.""",
        _length(lambda reading, p: reading * (1 - p)): """these are the seconds of an impression, with those that nobody
            clicks in the mean.
            Hint: impressions without a click bring 0 seconds.
            Hint: if one impression in five is clicked, a click has five times the mean.""",
        _length(lambda reading, p: reading / p): """the reading was not corrected: it is too large by 1 / (1 − P).
            Hint: section 3 has the factor, for the click rate of the row.
            Hint: multiply by 1 − P, with P from the click model's logit.""",
        (_length(lambda reading, p: reading * p), _length(lambda reading, p: reading * (1 - p) * p)): """you multiplied
            by the click rate; the seconds of a click are more than those of an impression.
            Hint: seconds per impression = click rate × seconds per click.
            Hint: solve that for the seconds per click.""",
        _length(lambda reading, p: reading / (1 + p) / p): """1 + P is the paper's approximation, for rare clicks; these
            are not rare.
            Hint: section 3 has the factor without approximation.
            Hint: 1 / (1 − P), from the click model's logit.""",
        (_length(lambda reading, p: reading / (1 - p)), _length(lambda reading, p: reading / (1 - p) / p)): """the
            correction goes the wrong way: the readings are too large already.
            Hint: the reading is E[T] / (1 − P).
            Hint: multiply by 1 − P.""",
        _length(lambda reading, p: p / (1 - p) / reading): """this is one divided by the seconds of a click.
            Hint: a larger reading should give more seconds.
            Hint: which of the two logits counts seconds?""",
        lambda z, c: z - c: """these are logarithms of seconds.
            Hint: the reading of a logit is its exponential.
            Hint: `torch.exp`.""",
        otherwise(lambda z, c: z.sigmoid() / c.sigmoid()): """with logits of {0[0]:g} and {1[0]:g} a click is watched
            for {right[0]:.2f} seconds, not for {yours[0]:.2f}.
            Hint: seconds per impression = exp(weighted logit) · (1 − P), by section 3.
            Hint: divide that by P, the sigmoid of the other logit.""",
    },
)


def _slices(edges: Tensor) -> Tensor:
    return torch.diff(edges, prepend=torch.zeros(1))


restored = Exercise(
    "each slice of time counts for as many as outlast it.",
    """`answer(chances, edges)`: `(rows, K)` chances that a row is watched for longer than each of the edges `(K,)`, in
    seconds from the first above 0 on, become the seconds of each row, `(rows,)`: slice times chance to outlast it.""",
    right=lambda p, edges: (p @ _slices(edges)).numpy(),
    also=[lambda p, edges: (p.numpy() * np.diff([0, *edges.tolist()])).sum(1).tolist()],
    cases=lambda: [
        (
            torch.tensor([[0.9, 0.7, 0.3, 0.1], [0.5, 0.2, 0.1, 0.0], [1.0, 1.0, 1.0, 0.0], [0.3, 0.3, 0.2, 0.2]]),
            torch.tensor([2.0, 5.0, 12.0, 30.0]),
        )
    ],
    mistakes={
        form(lambda p, edges: p * _slices(edges)): """4 rows and 4 edges gave {came}.
            Hint: one number of seconds for each row. There are as many slices as edges: the first begins at 0.
            Hint: `torch.diff(edges, prepend=torch.zeros(1))` has the lengths of all slices.""",
        lambda p, edges: p @ edges: """each chance is multiplied by its edge, so that the first seconds count again in
            every slice.
            Hint: who outlasts 5 seconds has outlasted 2 already; from 2 to 5 are 3 more.
            Hint: multiply each chance by the length of its own slice.""",
        lambda p, edges: p[:, 1:] @ torch.diff(edges): """the first slice, from 0 to the first edge, is missing.
            Hint: the differences of K edges are K − 1; with the 0 before them they are K.
            Hint: `prepend` is an option of `torch.diff`.""",
        lambda p, edges: torch.cat([torch.ones(4, 1), p[:, :-1]], 1) @ _slices(edges): """a slice counts here for
            those who enter it; many of them leave before its end.
            Hint: that is too long for everybody. CREAD's counts those who outlast the slice, which is too short.
            Hint: the chance of a slice is that of the edge at its end.""",
        lambda p, edges: p.sum(1): """these are slices, not seconds.
            Hint: the slices have different lengths.
            Hint: multiply each chance by the seconds of its slice before you add them up.""",
        otherwise(lambda p, edges: 2 * (p @ _slices(edges))): """chances of {0[0]:g} at the edges {1:g} are
            {right[0]:.1f} seconds, not {yours[0]:.1f}.
            Hint: the slices are 2, 3, 7 and 18 seconds long.
            Hint: add up length times chance, slice by slice.""",
    },
)


def _weights(clicked: Callable = lambda t, kept: t / 60, unclicked: Callable = lambda kept: 1 / kept):
    """An answer with a weight of clicked rows and one of the others."""
    return lambda y, t, kept: torch.where(y > 0, clicked(t, kept), unclicked(kept))


def _unequal(values: Tensor) -> bool:
    return not (values > 0).all() or not close(values / values[0], torch.ones(len(values)))


def _minutes(yours: Tensor, click: Tensor, seconds: Tensor, kept: float) -> Tensor:
    """The weight of a minute of each click, as a multiple of that of an unclicked row; it should be `kept`."""
    return yours[click == 1] / (seconds[click == 1] / 60) / yours[click == 0][0]


def _as_weights(given, right: Tensor) -> Tensor | None:
    given = torch.as_tensor(given, dtype=torch.float32)
    return given if given.shape == right.shape else None


LOG = torch.tensor([1.0, 0, 1, 0, 0, 1]), torch.tensor([30.0, 0, 90, 0, 0, 6])

weights = Exercise(
    "minutes for the clicks, and each unclicked row stands for all those that were not kept.",
    """`answer(click, seconds, kept)`: a weight a row; of the unclicked rows, a share `kept` was kept in the log.

    A factor that all weights have in common changes no optimum: what counts is the weight of a minute watched, as a
    multiple of the weight of an unclicked row.""",
    right=_weights(),
    also=[
        _weights(lambda t, kept: t / 60 * kept, lambda kept: 1.0),
        lambda y, t, kept: y * t * kept / 60 + (1 - y),
        _weights(lambda t, kept: t, lambda kept: 60 / kept),
    ],
    cases=lambda: [(*LOG, 0.1), (*LOG, 0.25)],
    read=_as_weights,
    same=lambda yours, right: bool(yours[1] > 0) and close(yours / yours[1], right / right[1]),
    fields=lambda yours, *case: {"minute": float(_minutes(yours, *case)[0])},
    mistakes={
        form(lambda y, t, kept: 1 / kept): """6 rows gave {came}.
            Hint: return one number per row; the training loop takes the mean.
            Hint: leave out `.mean()` and `.sum()`, and loops over rows.""",
        gives(lambda yours, y, *_: not (yours[y == 0] > 0).all(), lambda y, t, kept: t / 60): """rows without a click
            weigh nothing, or less, so nothing speaks against a click.
            Hint: they have no watch time, but they count.
            Hint: choose their weight with `torch.where(click > 0, ..., ...)`.""",
        gives(
            lambda yours, y, *_: _unequal(yours[y == 0]), _weights(unclicked=lambda kept: torch.arange(6.0))
        ): """unclicked rows do not all weigh the same.
            Hint: each of them was kept with the same probability.
            Hint: their weight depends only on `kept`.""",
        gives(lambda yours, *case: _unequal(_minutes(yours, *case)), _weights(lambda t, kept: 1.0)): """clicked rows do
            not weigh their time: a click of 90 seconds should count three times one of 30.
            Hint: all clicks are in the log, so nothing else belongs to their weight.
            Hint: seconds / 60 where click is 1.""",
        _weights(lambda t, kept: t): """clicked rows weigh their seconds, so exp(logit) is in seconds.
            Hint: the unit of the weights is the unit of exp(logit).
            Hint: a click of 30 seconds is one of half a minute.""",
        _weights(unclicked=lambda kept: 1.0): """clicked and unclicked rows weigh as in the full log although nine of
            ten unclicked ones were thrown away: exp(logit) is ten times too large.
            Hint: each kept row represents all the rows from which it was drawn.
            Hint: how many rows of the full log does one kept row stand for, if one in ten is kept?""",
        otherwise(
            _weights(lambda t, kept: 60 * t),
            _weights(unclicked=lambda kept: kept),
            _weights(unclicked=lambda kept: 10.0),
        ): """with a share of {2:g} of the unclicked rows kept, a minute of a click weighs {minute:.3g} times an
            unclicked row. It should be {2:g}.
            Hint: with one row in ten kept, the sum of the weights must be what it would be in the full log.
            Hint: the weight of an unclicked row is 1 divided by the share that was kept.""",
    },
)


def _rest(weight: Tensor, seconds: Tensor) -> float:
    """Where e^logit rests with the label T / (1 + T) and these weights of rows."""
    return float((weight * seconds / (1 + seconds)).sum() / (weight / (1 + seconds)).sum())


row_weights = Exercise(
    "each row is back at its full weight, and e^logit rests at the mean.",
    "`answer(seconds)`: a weight for each row `(n,)`; the label is T / (1 + T), and a common factor does not matter.",
    right=lambda seconds: 1 + seconds,
    also=[lambda seconds: (10 * (1 + seconds)).tolist()],
    cases=lambda: [(torch.tensor([0.0, 0, 4, 9, 60]),), (torch.tensor([2.0, 6, 4]),)],
    read=_as_weights,
    same=lambda yours, right: bool(yours[-1]) and close(yours / yours[-1], right / right[-1]),
    fields=lambda yours, seconds: {"rest": _rest(yours, seconds), "mean": float(seconds.mean())},
    mistakes={
        form(lambda seconds: 1 + seconds.mean()): """5 rows gave {came}.
            Hint: a weight for each row.
            Hint: compute with whole tensors, and leave out `.mean()`.""",
        torch.ones_like: """all rows weigh the same, as they did: it rests at {rest:.1f}, the mean is {mean:.1f}.
            Hint: section 4 says by what each row of corrected CE was divided.
            Hint: multiply by it.""",
        lambda seconds: seconds: """a row of 0 seconds weighs nothing: it rests at {rest:.1f}, the mean is {mean:.1f}.
            Hint: rows without a click belong to the mean, too.
            Hint: which number, divided by 1 + T, makes 1?""",
        lambda seconds: 1 / (1 + seconds): """long views weigh less still: it rests at {rest:.1f}, not at {mean:.1f}.
            Hint: they weigh too little already.
            Hint: multiply in place of dividing.""",
        otherwise(lambda seconds: (1 + seconds) ** 2): """with your weights e^logit rests at {rest:.1f}, the mean is
            {mean:.1f}.
            Hint: p = T / (1 + T) on average over rows, each with its weight. When is that the mean of T?
            Hint: Σ w·T/(1 + T) over Σ w/(1 + T) should be Σ T over the number of rows.""",
    },
)

WORLDS = range(10)


def _times(answer: Callable) -> dict:
    clicks = plain(Feed.make(WORLDS[0]).log.query("click == 1"))
    values = np.asarray(answer(clicks), dtype=float)
    return {"clicks": len(clicks), "values": values, "shape": values.shape}


time = Exercise(
    "one T ≥ 0 for each click. Now see what it does.",
    "`answer(clicks)`: a DataFrame of clicked rows becomes one T per row.",
    right=lambda clicks: clicks["watch_seconds"],
    # the flags of the log are bytes, which hold no more than 127: 100 and 100 would not be 200
    also=[lambda clicks: 1 + 100 * clicks["like"] + 100 * clicks["finish"]],
    look=_times,
    mistakes={
        when(
            lambda seen: seen["shape"] != (seen["clicks"],) and seen, lambda clicks: clicks["watch_seconds"].mean()
        ): """{clicks} clicks gave a result of shape {shape}.
            Hint: a weight is needed for each click.
            Hint: compute with whole columns, such as `clicks["watch_seconds"]`, and return the result.""",
        when(
            lambda seen: not np.isfinite(seen["values"]).all(), lambda clicks: clicks["watch_seconds"] / clicks["like"]
        ): """some T are NaN or infinite.
            Hint: watch times go down to 0.1 seconds, and ratios go above 1.
            Hint: look for a division by something that may be 0, or a logarithm.""",
        when(lambda seen: seen["values"].min() < 0, lambda clicks: np.log(clicks["watch_seconds"])): """some T are
            negative: a loss with negative weights has no minimum.
            Hint: the log of a time below 1 is negative.
            Hint: `clip(lower=0)`, or `np.log1p` in place of `np.log`.""",
        when(
            lambda seen: seen["values"].max() == seen["values"].min(), lambda clicks: 1 + 0 * clicks["duration"]
        ): """all T are equal: this is the click model with another unit.
            Hint: T should say how much a click was worth.
            Hint: let it depend on at least one column.""",
    },
)


def trial(answer: Callable[[pd.DataFrame], pd.Series]) -> pd.DataFrame | None:
    """What a T of one's own moves on the served list, against the seconds: a row an outcome, mean, low and high.

    It is trained in the first `WORLDS` of the kept grid, where weighted CE with the seconds is known already.
    """
    if not time.judge(answer).startswith("Correct"):
        print("Not yet: the check above must say Correct first.")
        return None
    served = kept_table("02_served")
    seconds = served[(served["model"] == "weighted CE") & served["seed"].isin(WORLDS)]
    try:
        with at_work(f"training weighted CE with your T in {len(WORLDS)} worlds"):
            with_own_time = watch_time.own_time(answer, WORLDS)
    except Exception as error:  # on one of the other worlds
        print(in_words(error))
        return None
    table = pd.concat([with_own_time, seconds])
    gains = difference(table, "value", "own", "weighted CE")
    return summarise(gains, "difference", "outcome").set_index("outcome").drop(columns="seeds").round(3)

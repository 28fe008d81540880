"""The exercises of chapter 02, weighted cross-entropy."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import softplus

from helpers.chapters.ch02 import watch_time
from helpers.data.feed import Feed, plain
from helpers.display.answers import Wrong, close, described, is_tensor, numbers
from helpers.display.exercises import at_work, exercise, in_words
from helpers.evaluation.statistics import difference, summarise
from helpers.experiments.kept import kept_table
from helpers.training.losses import binary_cross_entropy, weighted_cross_entropy

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def _rows() -> tuple[Tensor, Tensor, Tensor]:
    logit = torch.tensor([-2.0, -0.5, 0.3, 1.0, 2.0, 0.7, -1.2, 0.1])
    click = torch.tensor([1.0, 0, 1, 0, 1, 0, 0, 0])
    seconds = torch.tensor([4.0, 0, 9, 0, 0.5, 0, 0, 0])
    return logit, click, seconds


def _one_a_row(returned, rows: int):
    if not is_tensor(returned, rows):
        raise Wrong(f"""{rows} rows gave {described(returned)}.
            Hint: return one number per row; the training loop takes the mean.
            Hint: leave out `.mean()` and `.sum()`, and loops over rows.""")


@exercise("a click counts T times, every other row once, and no logit is too large.")
def loss(answer: Loss):
    """`answer(logit, click, seconds)`: three `(n,)` tensors become the loss of each row, `(n,)`."""
    logit, click, seconds = _rows()
    losses, right = answer(logit, click, seconds), weighted_cross_entropy(logit, click, seconds)
    _one_a_row(losses, len(logit))
    if close(losses, binary_cross_entropy(logit, click)):
        raise Wrong("""every row counts once: this is the loss of the click model.
            Hint: a click counts as many times as seconds were watched.
            Hint: multiply the part of the loss that belongs to clicks by `seconds`.""")
    if close(losses, -right):
        raise Wrong("""the sign is reversed: this loss falls when the model gets worse.
            Hint: a log of a probability is negative, a loss is not.
            Hint: put a minus in front.""")
    if not losses[click == 0].all():
        raise Wrong("""rows without a click cost nothing, so the model may call everything a click.
            Hint: they have no seconds, but they count once.
            Hint: the seconds belong to the clicked part only; `torch.where(click > 0, seconds, 1.0)` is a weight for
            all rows.""")
    if not close(losses[click == 0], right[click == 0]):
        raise Wrong("""rows without a click do not cost −log(1 − p).
            Hint: they are ordinary negatives of weight 1.
            Hint: with p = sigmoid(logit), a row without a click costs −log(1 − p), which is `softplus(logit)`.""")
    if close(losses, right + click * softplus(logit)):
        raise Wrong("""this is the corrected loss of section 3, not YouTube's.
            Hint: in YouTube's loss a clicked row does not count as a negative as well.
            Hint: −log(1 − p) belongs to the rows without a click alone.""")
    if not close(losses[click == 1], right[click == 1]):
        raise Wrong("""clicked rows do not cost −T log p.
            Hint: a click of 4 seconds costs four times as much as a click of 1 second at the same logit.
            Hint: a clicked row costs −log p = `softplus(-logit)`, times its seconds.""")
    far = torch.tensor([-200.0, 200.0], requires_grad=True)
    extreme = answer(far, torch.tensor([1.0, 0.0]), torch.tensor([3.0, 0.0]))
    if not extreme.requires_grad:
        raise Wrong("""no gradient reaches the logit.
            Hint: something cut the graph: `.detach()`, `.item()`, a list or NumPy.
            Hint: use torch operations all the way from the logit to the loss.""")
    if not extreme.isfinite().all():
        raise Wrong("""at a logit of ±200 the loss is not finite: the log is taken of a probability rounded to 0 or 1.
            Hint: compute the log of the probability in one step.
            Hint: `torch.nn.functional.logsigmoid`, or softplus, never takes the log of 0.""")
    if not close(extreme, [600, 200]):
        raise Wrong("""at a logit of ±200 the loss is cut off: a model that is so wrong would feel no gradient.
            Hint: a clamp, or a small number inside the log, hides the error.
            Hint: softplus(−logit) is −log p for any logit: no clamp is needed.""")


@exercise("two models, and the click and its length are apart again.")
def seconds_of_a_click(answer: Callable[[Tensor, Tensor], Tensor]):
    """`answer(weighted_logit, click_logit)`: the logits of weighted CE and of the click model, `(n,)` each, become the
    mean watch time of an impression that is clicked, in seconds."""
    weighted, clicks = torch.tensor([0.5, 1.2, 2.0, -0.3, 3.0]), torch.tensor([-1.0, 0.4, -2.0, 1.0, -0.2])
    length = numbers(given := answer(weighted, clicks))
    if length is None or length.shape != (5,):
        raise Wrong(f"""5 rows gave {described(given)}.
            Hint: one number of seconds for each row.
            Hint: compute with whole tensors, and leave out `.mean()`.""")
    reading, p = weighted.double().exp().numpy(), clicks.double().sigmoid().numpy()
    right = reading * (1 - p) / p

    def is_(*others: np.ndarray) -> bool:
        return any(close(length, other, 1e-3) for other in others)

    if is_(right):
        return
    if is_(reading):
        raise Wrong("""this is the reading itself, which is neither right for an impression nor for a click.
            Hint: section 3 says by which factor it is too large.
            Hint: correct it, then go from seconds per impression to seconds per click.""")
    if is_(reading * (1 - p)):
        raise Wrong("""these are the seconds of an impression, with those that nobody clicks in the mean.
            Hint: impressions without a click bring 0 seconds.
            Hint: if one impression in five is clicked, a click has five times the mean.""")
    if is_(reading / p):
        raise Wrong("""the reading was not corrected: it is too large by 1 / (1 − P).
            Hint: section 3 has the factor, for the click rate of the row.
            Hint: multiply by 1 − P, with P from the click model's logit.""")
    if is_(reading * p, reading * (1 - p) * p):
        raise Wrong("""you multiplied by the click rate; the seconds of a click are more than those of an impression.
            Hint: seconds per impression = click rate × seconds per click.
            Hint: solve that for the seconds per click.""")
    if is_(reading / (1 + p) / p):
        raise Wrong("""1 + P is the paper's approximation, for rare clicks; these are not rare.
            Hint: section 3 has the factor without approximation.
            Hint: 1 / (1 − P), from the click model's logit.""")
    if is_(reading / (1 - p), reading / (1 - p) / p):
        raise Wrong("""the correction goes the wrong way: the readings are too large already.
            Hint: the reading is E[T] / (1 − P).
            Hint: multiply by 1 − P.""")
    if is_(1 / right):
        raise Wrong("""this is one divided by the seconds of a click.
            Hint: a larger reading should give more seconds.
            Hint: which of the two logits counts seconds?""")
    if is_(weighted.numpy() - clicks.numpy()):
        raise Wrong("""these are logarithms of seconds.
            Hint: the reading of a logit is its exponential.
            Hint: `torch.exp`.""")
    raise Wrong(f"""with logits of {weighted[0]:g} and {clicks[0]:g} a click is watched for {right[0]:.2f} seconds, not
        for {length[0]:.2f}.
        Hint: seconds per impression = exp(weighted logit) · (1 − P), by section 3.
        Hint: divide that by P, the sigmoid of the other logit.""")


@exercise("each slice of time counts for as many as outlast it.")
def restored(answer: Callable[[Tensor, Tensor], Tensor]):
    """`answer(chances, edges)`: `(rows, K)` chances that a row is watched for longer than each of the edges `(K,)`, in
    seconds from the first above 0 on, become the seconds of each row, `(rows,)`: slice times chance to outlast it."""
    edges = torch.tensor([2.0, 5.0, 12.0, 30.0])
    chances = torch.tensor([[0.9, 0.7, 0.3, 0.1], [0.5, 0.2, 0.1, 0.0], [1.0, 1.0, 1.0, 0.0], [0.3, 0.3, 0.2, 0.2]])
    found = numbers(given := answer(chances.clone(), edges.clone()))
    if found is None or found.shape != (4,):
        raise Wrong(f"""4 rows and 4 edges gave {described(given)}.
            Hint: one number of seconds for each row. There are as many slices as edges: the first begins at 0.
            Hint: `torch.diff(edges, prepend=torch.zeros(1))` has the lengths of all slices.""")
    lengths = np.diff(edges.numpy(), prepend=0)
    right = chances.numpy() @ lengths
    if close(found, right):
        return
    if close(found, chances.numpy() @ edges.numpy()):
        raise Wrong("""each chance is multiplied by its edge, so that the first seconds count again in every slice.
            Hint: who outlasts 5 seconds has outlasted 2 already; from 2 to 5 are 3 more.
            Hint: multiply each chance by the length of its own slice.""")
    if close(found, chances.numpy()[:, 1:] @ lengths[1:]):
        raise Wrong("""the first slice, from 0 to the first edge, is missing.
            Hint: the differences of K edges are K − 1; with the 0 before them they are K.
            Hint: `prepend` is an option of `torch.diff`.""")
    entered = np.concatenate([np.ones((4, 1)), chances.numpy()[:, :-1]], axis=1)
    if close(found, entered @ lengths):
        raise Wrong("""a slice counts here for those who enter it; many of them leave before its end.
            Hint: that is too long for everybody. CREAD's counts those who outlast the slice, which is too short.
            Hint: the chance of a slice is that of the edge at its end.""")
    if close(found, chances.numpy().sum(1)):
        raise Wrong("""these are slices, not seconds.
            Hint: the slices have different lengths.
            Hint: multiply each chance by the seconds of its slice before you add them up.""")
    raise Wrong(f"""chances of {chances[0].tolist()} at the edges {edges.tolist()} are {right[0]:.1f} seconds, not
        {found[0]:.1f}.
        Hint: the slices are 2, 3, 7 and 18 seconds long.
        Hint: add up length times chance, slice by slice.""")


@exercise("minutes for the clicks, and each unclicked row stands for all those that were not kept.")
def weights(answer: Callable[[Tensor, Tensor, float], Tensor]):
    """`answer(click, seconds, kept)`: a weight a row; of the unclicked rows, a share `kept` was kept in the log.

    A factor that all weights have in common changes no optimum: what counts is the weight of a minute watched, as a
    multiple of the weight of an unclicked row.
    """
    click = torch.tensor([1.0, 0, 1, 0, 0, 1])
    seconds = torch.tensor([30.0, 0, 90, 0, 0, 6])
    weight = torch.as_tensor(answer(click, seconds, 0.1), dtype=torch.float32)
    _one_a_row(weight, len(click))
    unclicked, a_minute = weight[click == 0], weight[click == 1] / (seconds[click == 1] / 60)
    if not (unclicked > 0).all():
        raise Wrong("""rows without a click weigh nothing, or less, so nothing speaks against a click.
            Hint: they have no watch time, but they count.
            Hint: choose their weight with `torch.where(click > 0, ..., ...)`.""")
    if not close(unclicked / unclicked[0], [1, 1, 1]):
        raise Wrong("""unclicked rows do not all weigh the same.
            Hint: each of them was kept with the same chance.
            Hint: their weight depends on `kept` alone.""")
    if not (a_minute > 0).all() or not close(a_minute / a_minute[0], [1, 1, 1]):
        raise Wrong("""clicked rows do not weigh their time: a click of 90 seconds should count three times one of 30.
            Hint: all clicks are in the log, so nothing else belongs to their weight.
            Hint: seconds / 60 where click is 1.""")
    a_minute = float(a_minute[0] / unclicked[0])  # should be `kept`
    if close(a_minute, 60 * 0.1):
        raise Wrong("""clicked rows weigh their seconds, so exp(logit) is in seconds.
            Hint: the unit of the weights is the unit of exp(logit).
            Hint: a click of 30 seconds is one of half a minute.""")
    if close(a_minute, 1):
        raise Wrong("""clicked and unclicked rows weigh as in the full log although nine of ten unclicked ones were
            thrown away: exp(logit) is ten times too large.
            Hint: each kept row represents all the rows from which it was drawn.
            Hint: how many rows of the full log does one kept row stand for, if one in ten is kept?""")
    again = torch.as_tensor(answer(click, seconds, 0.25), dtype=torch.float32)
    again = float(again[0] / 0.5 / again[1])
    if not close([a_minute, again], [0.1, 0.25]):
        raise Wrong(f"""with one unclicked row in ten kept, a minute of a click weighs {a_minute:.3g} times an unclicked
            row; with one in four, {again:.3g} times. It should be 0.1 and 0.25.
            Hint: with one row in ten kept, the sum of the weights must be what it would be in the full log.
            Hint: the weight of an unclicked row is 1 divided by the share that was kept.""")


WORLDS = range(10)


@exercise("one T ≥ 0 for each click. Now see what it does.")
def time(answer: Callable[[pd.DataFrame], pd.Series]):
    """`answer(clicks)`: a DataFrame of clicked rows becomes one T per row."""
    clicks = plain(Feed.make(WORLDS[0]).log.query("click == 1"))
    values = np.asarray(answer(clicks), dtype=float)
    if values.shape != (len(clicks),):
        raise Wrong(f"""{len(clicks)} clicks gave a result of shape {values.shape}.
            Hint: a weight is needed for each click.
            Hint: compute with whole columns, such as `clicks["watch_seconds"]`, and return the result.""")
    if not np.isfinite(values).all():
        raise Wrong("""some T are NaN or infinite.
            Hint: watch times go down to 0.1 seconds, and ratios go above 1.
            Hint: look for a division by something that may be 0, or a logarithm.""")
    if values.min() < 0:
        raise Wrong("""some T are negative: a loss with negative weights has no minimum.
            Hint: the log of a time below 1 is negative.
            Hint: `clip(lower=0)`, or `np.log1p` in place of `np.log`.""")
    if values.max() == values.min():
        raise Wrong("""all T are equal: this is the click model with another unit.
            Hint: T should say how much a click was worth.
            Hint: let it depend on at least one column.""")


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

"""More exercises of chapter 04, Shared-Bottom: reading training histories and tables of transfer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from helpers.display.exercises import Probe, begun, exercise


@exercise("the first step at the target, and infinity for a run that never gets there.")
def first_step(answer: Callable[[np.ndarray, np.ndarray, float], float]) -> Iterator[Probe]:
    """`answer(steps, losses, target)`: two `(evaluations,)` arrays become the first step at the target, or inf."""
    steps = np.array([10, 20, 30, 40, 50, 60])
    losses = np.array([0.9, 0.7, 0.52, 0.44, 0.41, 0.4])
    found = _plain(begun(answer(steps, losses, 0.5)))
    yield Probe(
        np.ndim(found) == 0 and isinstance(found, int | float | np.number),
        f"the function gave back {_kind(found)}, not one number.",
        "what is asked for is a single step.",
        "take the first of the steps that you picked, or the smallest.",
    )
    yield Probe(
        found not in (3, 4),
        f"{found:g} is the place of the evaluation in the history, not the step.",
        "the model was looked at every ten steps.",
        "use the place to look into `steps`.",
    )
    yield Probe(
        found not in (10, 60),
        f"the loss first gets to 0.5 at step 40, not at {found:g}: the run had started, or ended, there.",
        "compare each loss with the target.",
        "`losses <= target` is a row of True and False; the first True is what counts.",
    )
    yield Probe(found == 40, f"the loss first gets to 0.5 at step 40, not at {found:g}.", *_COMPARE)
    wobbly = np.array([0.9, 0.48, 0.55, 0.49, 0.6, 0.47])
    found = _plain(answer(steps, wobbly, 0.5))
    yield Probe(
        found == 20,
        f"this loss gets to the target at step 20 and rises again; the function says {_said(found)}.",
        "the first time counts, whatever comes later.",
        "do not search from the end, and do not ask where the loss is lowest or closest to the target.",
    )
    found = _plain(answer(steps, losses, 0.44))
    yield Probe(
        found == 40,
        f"a loss equal to the target is there; the function says {_said(found)} instead of 40.",
        "at the target counts as arrived.",
        "`<=` instead of `<`.",
    )
    uneven, jumpy = np.array([5, 7, 50, 51, 300]), np.array([0.8, 0.9, 0.6, 0.45, 0.7])
    found = _plain(answer(uneven, jumpy, 0.5))
    yield Probe(
        found == 51,
        f"looked at in steps 5, 7, 50, 51 and 300, this loss is at the target at 51; the function says {_said(found)}.",
        "losses may rise in between, and nobody looks at even distances.",
        "find the first place by `losses <= target` alone, and read the step there from `steps`.",
    )
    found = _plain(answer(steps, losses, 0.1))
    yield Probe(
        isinstance(found, int | float | np.number) and found == np.inf,
        f"a run that never gets to the target came out as {_said(found)}.",
        "it is later than every run that arrives; leaving it out, or giving it a step, would flatter it.",
        "return `np.inf` when no loss is at the target. `argmax` of a row of False is 0: ask `any()` first.",
    )


def _plain(value):
    """A number that came as an array or tensor without axes, as the number itself."""
    return value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value


_COMPARE = (
    "look for the first loss that is at the target or below.",
    "`losses <= target` is a row of True and False; `steps` at its True places holds the candidates.",
)


def _kind(value) -> str:
    return f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"


def _said(value) -> str:
    if isinstance(value, int | float | np.number):
        return f"{value:g}"
    return repr(value[:40]) if isinstance(value, str) else _kind(value)


@exercise("what is clear, what is clearly small, and what nobody can tell yet.")
def read_cell(answer: Callable[[float, float, float], str]) -> Iterator[Probe]:
    """`answer(low, high, matters)`: an interval of a transfer becomes "gain", "loss", "no effect" or "undecided"."""
    words = ("gain", "loss", "no effect", "undecided")
    given = begun(answer(0.02, 0.04, 0.01))
    yield Probe(
        isinstance(given, str) and given in words,
        f"the function gave back {_said(given)}.",
        "the heat map knows four words.",
        'return one of "gain", "loss", "no effect", "undecided", spelt like that.',
    )
    for low, high, word, wrong, hint, second in _CELLS:
        given = answer(low, high, 0.01)
        yield Probe(given == word, f"[{low:+.3f}, {high:+.3f}] came out as {given!r}: {wrong}", hint, second)
    given = answer(0.012, 0.019, 0.02)
    yield Probe(
        given == "no effect",
        f"[+0.012, +0.019] with a smallest effect of 0.02 came out as {given!r}.",
        "another question may have another smallest effect.",
        "use `matters`, not 0.01.",
    )


# Intervals of transfer with what they are at a smallest effect of 0.01, what is wrong otherwise, and two hints.
_CELLS = (
    (
        0.02,
        0.04,
        "gain",
        "all of it is above +0.01.",
        "compare the low end with the smallest effect.",
        "`low > matters` is a gain.",
    ),
    (
        -0.05,
        -0.02,
        "loss",
        "all of it is below −0.01.",
        "a loss is a gain in the mirror: it is the high end that counts.",
        "`high < -matters` is a loss.",
    ),
    (
        0.004,
        0.03,
        "undecided",
        "it leaves out 0, but may be too small to matter.",
        "leaving out 0 is not enough; the smallest effect that matters is 0.01.",
        "compare the ends with ±`matters` instead of 0.",
    ),
    (
        -0.006,
        0.007,
        "no effect",
        "whatever the truth in it is, it is too small to matter.",
        "an interval that holds 0 can still say a lot, if it is narrow.",
        "`-matters < low and high < matters` is no effect.",
    ),
    (
        -0.03,
        0.03,
        "undecided",
        "it holds clear gains as well as clear losses.",
        "holding 0 does not prove that there is no effect.",
        "what is neither a gain, nor a loss, nor within ±`matters` is undecided.",
    ),
    (
        0.002,
        0.008,
        "no effect",
        "it leaves out 0, yet all of it is too small to matter.",
        "a difference can be there and not matter.",
        "ask first whether the whole interval is within ±`matters`.",
    ),
    (
        -0.03,
        0.005,
        "undecided",
        "it may be a clear loss, or too small to matter.",
        "that the high end is small is not enough.",
        "no effect needs both ends within ±`matters`.",
    ),
    (
        -0.03,
        -0.004,
        "undecided",
        "it leaves out 0, and may still be too small to matter.",
        "a loss, too, has to be large enough.",
        "compare the high end with −`matters`.",
    ),
    (
        0.003,
        0.015,
        "undecided",
        "it is narrow, and yet reaches beyond +0.01.",
        "what counts is where the ends lie, not how far apart they are.",
        "compare each end with ±`matters`.",
    ),
)

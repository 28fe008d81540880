"""The exercises of chapter 04, Shared-Bottom."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import numpy as np
import torch
from torch import nn

from helpers.chapters.ch04 import sharing
from helpers.chapters.ch04.inspection import bends, parameters_behind, reached, readings, same_layer, unbounded
from helpers.data.synthetic import relu_tasks
from helpers.display.exercises import Probe, at_work, begun, described, exercise
from helpers.evaluation.statistics import interval
from helpers.evaluation.verdicts import verdict
from helpers.experiments.sweep import points, sweep
from helpers.models.shared_bottom import SharedBottom


@exercise("one bottom learns from both tasks, each task has a tower of its own, and the outputs are logits.")
def shared_bottom(answer: Callable[[int], nn.Module]) -> Iterator[Probe]:
    """`answer(inputs)` is a Shared-Bottom for two binary tasks: an `(n, inputs)` tensor becomes {task: (n,) logits}."""
    rows = 64
    model = begun(answer(6))
    x = torch.randn(rows, 6, generator=torch.Generator().manual_seed(1))
    outputs = begun(model(x))
    yield Probe(
        isinstance(outputs, dict) and len(outputs) == 2,
        f"calling the model gave {described(outputs)}, not a dict of two tasks.",
        "give each task's output back under its name.",
        "end `forward` with a dict: one entry a task, its tower applied to what the bottom made of the inputs.",
    )
    for task, output in outputs.items():
        shape = tuple(begun(output).shape)
        yield Probe(
            shape == (rows,),
            f"{rows} rows gave {task!r} an output of shape {shape}, not ({rows},).",
            "one logit a row has no second axis.",
            "a last layer of width 1 gives (n, 1); `squeeze(-1)` takes the last axis away.",
        )
    yield Probe(
        all(bool(torch.isfinite(output).all()) for output in outputs.values()),
        "some outputs are NaN or infinite.",
        "nothing in a small network should overflow.",
        "look for a division, a logarithm or a power of a number that may be 0 or large.",
    )
    first, second = (reached(model, output) for output in outputs.values())
    model.eval()  # from here on without dropout and batch statistics, which would hide what the layers do
    a, b = model(x).values()
    for task, output in begun(model(x[:1])).items():
        shape = tuple(output.shape)
        yield Probe(
            shape == (1,),
            f"one row gave {task!r} an output of shape {shape}, not (1,).",
            "`squeeze()` takes away every axis of length 1, that of a single row as well.",
            "`squeeze(-1)` takes the last axis away and no other.",
        )
    yield Probe(
        bool(first & second),
        "no parameter gets a gradient from both tasks: nothing is shared.",
        "make one bottom, and let both towers read its output.",
        "call the bottom once in `forward`, keep the result, and pass that same result to each tower.",
    )
    matrices = {name for name, parameter in model.named_parameters() if parameter.dim() > 1}
    yield Probe(
        bool(first & second & matrices),
        "no layer gets a gradient from both tasks: what they share are single numbers.",
        "a bottom makes features, with weights of its own; let both tasks have them in common.",
        "make one layer that reads the inputs, call it once in `forward`, and pass its result to each tower.",
    )
    yield Probe(
        all(reached(model, read) & first & second & matrices for read in readings(model, x, first ^ second)),
        "a layer of one task alone reads the inputs: it is a bottom of its own.",
        "below the towers there is nothing that belongs to one task.",
        "in `forward` the inputs go into the shared bottom alone; the towers read what it gives back.",
    )
    yield Probe(
        not same_layer(model, a, b),
        "both outputs are columns of one and the same last layer.",
        "it computes what two linear towers would; but a tower of more layers has to be a module of its own.",
        "give each task a last layer of its own, with one output, and call each on the shared result.",
    )
    registered = {id(parameter) for parameter in model.parameters()}
    yield Probe(
        {id(leaf) for output in (a, b) for leaf in parameters_behind(output)} <= registered,
        "a layer has parameters that an optimiser would not find.",
        "layers kept in a plain list or dict are invisible to `model.parameters()`.",
        "`nn.ModuleList` and `nn.ModuleDict` register what they hold.",
    )
    yield Probe(
        bool(first - second and second - first) or torch.equal(a, b),
        "the output of a task depends on the tower of the other task, too.",
        "a tower is what belongs to one task alone; the other task neither reads nor trains it.",
        "in `forward` each tower gets the result of the bottom and nothing else, and gives the output of its task.",
    )
    yield Probe(
        bool(first - second and second - first),
        "both tasks use one and the same tower.",
        "each task needs parameters of its own above the bottom.",
        "make the tower anew for each task: two calls of `nn.Linear` (or `nn.Sequential`), not one used twice.",
    )
    yield Probe(
        not torch.equal(a, b),
        "both tasks give the same outputs before any training: the towers start identical.",
        "towers that start alike and see alike gradients stay alike.",
        "do not copy a tower or set a seed before each; let each draw its own first weights.",
    )
    yield Probe(
        unbounded(model, x),
        "whatever the weights, an output stays within bounds: these are probabilities, not logits.",
        "the loss of the chapter takes logits, which may be any number.",
        "nothing comes after the last layer; the loss applies the sigmoid, in a numerically safe form.",
    )
    yield Probe(
        bends(lambda inputs: torch.stack(list(model(inputs).values())), x),
        "the whole model is linear in its inputs.",
        "two linear layers in a row are one linear layer.",
        "put a nonlinearity such as `nn.ReLU()` after the bottom's layer.",
    )
    towers = first ^ second
    yield Probe(
        all(
            bends(lambda inputs, place=place: readings(model, inputs, towers)[place], x)
            for place in range(len(readings(model, x, towers)))
        ),
        "what a tower reads is linear in the inputs: the bottom makes no features that a tower could not make itself.",
        "a bottom of linear layers alone can only mix the inputs.",
        "put a nonlinearity such as `nn.ReLU()` after the bottom's layer, besides those of the towers.",
    )


@exercise("paired by seed and centred on the mean difference.")
def transfer(
    answer: Callable[[np.ndarray, np.ndarray], tuple[float, float, float]],
) -> Generator[Probe, None, str]:
    """`answer(shared, single)`: two `(seeds,)` arrays of scores become (mean, low, high) of their difference."""
    # Student's t, 97.5%, 19 degrees of freedom; the normal's 1.96 and a bootstrap pass, and are told that they are less
    seeds, quantile = 20, 2.093
    rng = np.random.default_rng(4)
    luck = rng.normal(0, 0.1, seeds)  # what a seed does to both models
    single = 0.80 + luck
    shared = single - 0.05 + rng.normal(0, 0.03, seeds)
    difference = shared - single
    found = begun(answer(shared, single))
    yield Probe(
        not (isinstance(found, tuple | list) and [np.size(part) for part in found] == [1, 2]),
        "the ends of the interval came as a pair of their own.",
        "what is asked for are three numbers in a row.",
        "end with `return mean, low, high`, without inner brackets.",
    )
    values = np.asarray(found, dtype=float)
    yield Probe(
        values.shape == (3,),
        f"the function gave back {described(values)}, not the three numbers mean, low, high.",
        "the difference is taken seed by seed; what is asked for are its mean and the two ends of its interval.",
        "end with `return mean, low, high`.",
    )
    mean, low, high = values
    yield Probe(
        not (np.isclose(low, difference.mean()) and mean < low < high),
        "the three numbers come as low, mean, high.",
        "the order that is asked for is another.",
        "the mean comes first: `return mean, low, high`.",
    )
    yield Probe(
        not np.isclose(mean, -difference.mean()),
        "the sign is turned round: a loss comes out as a gain.",
        "transfer is what sharing adds to the single-task score.",
        "subtract the single-task scores from the shared ones, not the other way.",
    )
    yield Probe(
        bool(np.isclose(mean, difference.mean())),
        "the first number is not the mean of the differences.",
        "each seed gives one difference; average those.",
        "`(shared - single).mean()`, before anything is squared or made positive.",
    )
    # A bootstrap is right as well: its two sides differ a little, and it is a little narrower.
    yield Probe(
        bool(low < mean < high and abs((high - mean) - (mean - low)) < 0.4 * (high - low) / 2),
        "the interval does not lie evenly around the mean.",
        "the low end is as far below the mean as the high end is above it.",
        "low = mean − half the width, high = mean + the same half.",
    )
    half, error = (high - low) / 2, difference.std(ddof=1) / np.sqrt(seeds)
    yield Probe(
        not np.isclose(half, np.sqrt((shared.var(ddof=1) + single.var(ddof=1)) / seeds) * quantile, rtol=0.1),
        "the interval is that of two unrelated groups of runs, far wider than it need be.",
        "the same seed stands behind both scores of a place: what it does to both cancels in their difference.",
        "take the standard deviation of the differences, not those of the two arrays.",
    )
    yield Probe(
        half < 2 * quantile * error,
        "the interval is too wide: it holds single runs, not their mean.",
        "the mean of 20 runs varies less than one run.",
        "divide the standard deviation by the square root of the number of seeds.",
    )
    yield Probe(
        not _of_all(low, mean, high, difference),
        "the interval is a little too narrow: its standard deviation divides by 20, not by 19.",
        "the mean was estimated from the same 20 differences; NumPy's `std` does not know that unless you say so.",
        "`std(ddof=1)`.",
    )
    yield Probe(
        1.74 * error < half < 2.3 * error,  # 90% would be 1.73, 99% 2.86
        f"the interval's half width is {half / error:.1f} standard errors; for 95% of 20 seeds it is about 2.",
        "the standard error is not yet a 95% interval.",
        "multiply the standard error by the 97.5% quantile: 2.09 for 20 seeds, or 1.96 if there were many.",
    )
    alone = np.linspace(0.7, 0.9, seeds)
    low, high = np.asarray(answer(1.55 - alone, alone), dtype=float)[1:]
    yield Probe(
        0.04 < (high - low) / 2 < 0.075,  # 0.058 by Student's t; a bootstrap is narrower; sorted arrays give 0
        "the scores were sorted, or paired in another way than seed by seed.",
        "entry 3 of the one array belongs to entry 3 of the other.",
        "subtract the arrays as they come.",
    )
    if np.isclose(half, quantile * error, rtol=0.005):
        return "It is as wide as 20 seeds ask for."
    return (
        f"Its half width is {half / error:.2f} standard errors; Student's t for 20 seeds is 2.09. "
        "The normal's 1.96 and a bootstrap are a little too narrow for so few."
    )


def _of_all(low: float, mean: float, high: float, difference: np.ndarray) -> bool:
    """Whether the interval is mean ± a quantile · sd / √n with the standard deviation of ddof=0.

    A bootstrap is about as narrow, but never exactly symmetric.
    """
    error = difference.std() / np.sqrt(len(difference))
    usual = any(np.isclose((high - low) / 2, quantile * error, rtol=2e-3) for quantile in (1.96, 2.0, 2.09))
    return usual and bool(np.isclose(high - mean, mean - low, rtol=1e-6))


@exercise("one bottom however many tasks, a tower and a last layer for each, weights and biases.")
def count(answer: Callable[[int, int, int, int], tuple[int, int]]) -> Iterator[Probe]:
    """`answer(inputs, bottom, tower, tasks)`: parameters of one Shared-Bottom, and of as many single-task models."""
    found = begun(answer(7, 5, 3, 4))
    values = np.asarray(found, dtype=float)
    yield Probe(
        values.shape == (2,),
        f"the function gave back {described(values)}, not two numbers.",
        "two counts are asked for: one Shared-Bottom, and the single-task models together.",
        "end with `return shared, singles`.",
    )
    bottom, tower, last = (7 + 1) * 5, (5 + 1) * 3, 3 + 1
    shared, singles = values
    yield Probe(
        shared != 7 * 5 + 4 * (5 * 3 + 3),
        "the biases are missing.",
        "a linear layer has a weight for each pair of input and output, and one more number for each output.",
        "`nn.Linear(n, m)` has (n + 1) · m parameters.",
    )
    yield Probe(
        shared not in (bottom + 4 * tower, bottom + tower),
        "the layer that ends each tower is missing.",
        "what turns the tower's units into one number?",
        "each tower ends in a linear layer to width 1, with a bias of its own.",
    )
    yield Probe(
        shared != bottom + tower + last,
        "the towers are counted once.",
        "each task has a tower of its own.",
        "multiply what a tower has, its last layer included, by the number of tasks.",
    )
    yield Probe(
        shared != 4 * (bottom + tower + last),
        "the Shared-Bottom has as many parameters as the single-task models.",
        "what do four tasks have only one of?",
        "count the bottom once; the towers come once a task.",
    )
    yield Probe(
        shared == bottom + 4 * (tower + last),
        f"7 inputs, a bottom of 5, towers of 3 and 4 tasks gave {shared:g} for the Shared-Bottom, which is not right.",
        "list the layers from the inputs up, and count each by itself.",
        "bottom: inputs to `bottom`; each tower: `bottom` to `tower`, then `tower` to 1.",
    )
    yield Probe(
        singles == 4 * (bottom + tower + last),
        f"the same sizes gave {singles:g} for four single-task models, which is not right.",
        "a single-task model is a Shared-Bottom with one task.",
        "bottom, tower and last layer, all of them once a task.",
    )
    one = np.asarray(answer(7, 5, 3, 1), dtype=float)
    yield Probe(
        one[0] == one[1] == bottom + tower + last,
        "with one task the two counts differ, or are not those of one model.",
        "with one task nothing is left to share.",
        "use the argument `tasks` wherever something comes once a task, and no fixed number.",
    )
    others = np.asarray(answer(4, 6, 2, 3), dtype=float)  # bottom 30, tower 14, last 3
    yield Probe(
        tuple(others) == (81, 141),
        "with 4 inputs, a bottom of 6, towers of 2 and 3 tasks the counts are not right.",
        "the sizes are arguments.",
        "use `inputs`, `bottom` and `tower` in the formula, and no fixed number.",
    )


PAIR_SETTINGS = ("shared", "relation", "features", "noise")
PAIR_SEEDS = range(700, 716)


@exercise("the targets agree, and yet the bottom is too narrow for what the two tasks need.")
def losing_pair(answer: Callable[[], tuple[dict, int]]) -> Generator[Probe, None, str]:
    """`answer()`: settings of `relu_tasks` with targets that correlate by 0.4, and a width at which sharing loses."""
    found = begun(answer())
    good = isinstance(found, tuple | list) and len(found) == 2 and isinstance(found[0], dict)
    yield Probe(
        good and isinstance(found[1], int | np.integer) and found[1] >= 1,
        "the function did not give back a dict of settings and a whole number, the width of the bottom.",
        "two things are asked for, in this order.",
        "end with `return {...}, width`.",
    )
    settings, width = found[0], int(found[1])
    yield Probe(
        set(settings) <= set(PAIR_SETTINGS),
        f"{sorted(set(settings) - set(PAIR_SETTINGS))} cannot be set here.",
        f"what you may set is {', '.join(PAIR_SETTINGS)}.",
        "`help(relu_tasks)` says what each of them means.",
    )
    pairs = [relu_tasks((500, 500, 2000), seed=seed, **settings) for seed in PAIR_SEEDS]
    yield Probe(
        pairs[0].label_correlation >= 0.4,
        f"the targets of this pair correlate by {pairs[0].label_correlation:+.2f}, less than 0.4.",
        "the correlation comes from the features that both tasks need with the same sign.",
        "it is `shared` divided by `features`, if the relation is 'same'.",
    )
    models = {"both tasks in one model": sharing.TASKS} | {
        f"task {task} alone": {task: kind} for task, kind in sharing.TASKS.items()
    }
    scores = []
    bar = at_work(f"training {len(pairs)} pairs", models.items())
    for name, tasks in bar:
        bar.set_description(f"training {len(pairs)} pairs, {name}")
        scores.append(_pair_scores(pairs, width, tasks))
    both, alone = scores[0].mean(axis=1), np.concatenate(scores[1:], axis=1).mean(axis=1)
    yield Probe(
        alone.mean() > 0.2,
        f"the single-task models find almost nothing (R² {alone.mean():.2f}): there is nothing to lose.",
        "a loss means something only where a model alone does well.",
        "less noise, or a bottom that is not quite so narrow.",
    )
    mean, low, high = interval(both - alone)
    words = f"haring gives {mean:+.3f} R² [{low:+.3f}, {high:+.3f}] over {len(pairs)} seeds"
    said = {
        "holds": "a gain",
        "no effect": "no effect, as all of it is within ±0.01",
        "undecided": f"undecided, as the interval reaches across {'−' if low < -0.01 else '+'}0.01",
    }
    yield Probe(
        (found := verdict(low, high, 0.01)) == "opposite",
        f"s{words}: {said.get(found)}.",
        "two tasks lose where they must divide a bottom that each of them would fill alone.",
        "fewer common features, as far as the correlation allows, and a bottom no wider than what one task needs.",
    )
    return f"S{words}."


def _pair_scores(pairs: list, width: int, tasks: dict[str, str]) -> np.ndarray:
    """R² of each task of one model a pair: `(pairs, tasks)`."""
    data = dict(zip(PAIR_SEEDS, pairs, strict=True))
    table = sweep(
        points(seed=PAIR_SEEDS),
        data=lambda seed: data[seed],
        model=lambda seed: SharedBottom(sharing.INPUTS, tasks, [width], [sharing.TOWER], seed=seed),
        options=sharing.full_batches,
    )
    return table.pivot(index="seed", columns="task", values="r2").to_numpy()


@exercise("the first step at the target, and infinity for a run that never gets there.")
def first_step(answer: Callable[[np.ndarray, np.ndarray, float], float]) -> Iterator[Probe]:
    """`answer(steps, losses, target)`: two `(evaluations,)` arrays become the first step at the target, or inf."""
    steps = np.array([10, 20, 30, 40, 50, 60])
    losses = np.array([0.9, 0.7, 0.52, 0.44, 0.41, 0.4])
    found = _plain(begun(answer(steps, losses, 0.5)))
    yield Probe(
        np.ndim(found) == 0 and isinstance(found, int | float | np.number),
        f"the function gave back {described(found)}, not one number.",
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


def _said(value) -> str:
    if isinstance(value, int | float | np.number):
        return f"{value:g}"
    return repr(value[:40]) if isinstance(value, str) else described(value)


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

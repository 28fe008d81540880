"""The exercises of chapter 04, Shared-Bottom."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from helpers.chapters.ch04 import inspection, sharing
from helpers.data.synthetic import relu_tasks
from helpers.display.answers import Wrong, close, described, is_number, unboxed
from helpers.display.exercises import at_work, begun, exercise
from helpers.evaluation.statistics import interval
from helpers.evaluation.verdicts import verdict
from helpers.experiments.sweep import points, sweep
from helpers.models.shared_bottom import SharedBottom


@exercise("one bottom learns from both tasks, each task has a tower of its own, and the outputs are logits.")
def shared_bottom(answer: Callable[[int], nn.Module]):
    """`answer(inputs)` is a Shared-Bottom for two binary tasks: an `(n, inputs)` tensor becomes {task: (n,) logits}."""
    rows = 64
    model = answer(6)
    x = torch.randn(rows, 6, generator=torch.Generator().manual_seed(1))
    outputs = begun(model(x))
    if not isinstance(outputs, dict) or len(outputs) != 2:
        raise Wrong(f"""calling the model gave {described(outputs)}, not a dict of two tasks.
            Hint: return each task's output under its name.
            Hint: end `forward` with a dict: one entry a task, its tower applied to the output of the bottom.""")
    for task, output in outputs.items():
        if begun(output).shape != (rows,):
            raise Wrong(f"""{rows} rows gave {task!r} an output of shape {tuple(output.shape)}, not ({rows},).
                Hint: one logit a row has no second axis.
                Hint: a last layer of width 1 gives (n, 1); `squeeze(-1)` takes the last axis away.""")
        if not output.isfinite().all():
            raise Wrong("""some outputs are NaN or infinite.
                Hint: nothing in a small network should overflow.
                Hint: look for a division, a logarithm or a power of a number that may be 0 or large.""")
    first, second = (inspection.reached(model, output) for output in outputs.values())
    model.eval()  # from here on without dropout and batch statistics, which would hide what the layers do
    for task, output in model(x[:1]).items():
        if output.shape != (1,):
            raise Wrong(f"""one row gave {task!r} an output of shape {tuple(output.shape)}, not (1,).
                Hint: `squeeze()` takes away every axis of length 1, that of a single row as well.
                Hint: `squeeze(-1)` takes the last axis away and no other.""")
    if not first & second:
        raise Wrong("""no parameter gets a gradient from both tasks: nothing is shared.
            Hint: make one bottom, and let both towers read its output.
            Hint: call the bottom once in `forward`, keep the result, and pass that same result to each tower.""")
    shared = first & second & {name for name, parameter in model.named_parameters() if parameter.dim() > 1}
    if not shared:
        raise Wrong("""no layer gets a gradient from both tasks: what they share are single numbers.
            Hint: a bottom makes features, with weights of its own; let both tasks have them in common.
            Hint: let one layer read the inputs, call it once in `forward`, and pass its result to each tower.""")
    read = inspection.readings(model, x, first ^ second)
    if not all(inspection.reached(model, inputs) & shared for inputs in read):
        raise Wrong("""a layer of one task alone reads the inputs: it is a bottom of its own.
            Hint: below the towers there is nothing that belongs to one task.
            Hint: in `forward` the inputs go into the shared bottom alone; the towers read its output.""")
    a, b = model(x).values()
    if inspection.same_layer(model, a, b):
        raise Wrong("""both outputs are columns of one and the same last layer.
            Hint: it computes what two linear towers would; but a tower of more layers has to be a module of its own.
            Hint: give each task a last layer of its own, with one output, and call each on the shared result.""")
    if inspection.unregistered(model, a) or inspection.unregistered(model, b):
        raise Wrong("""a layer has parameters that an optimiser would not find.
            Hint: layers kept in a plain list or dict are invisible to `model.parameters()`.
            Hint: `nn.ModuleList` and `nn.ModuleDict` register what they hold.""")
    if first == second and torch.equal(a, b):
        raise Wrong("""both tasks use one and the same tower.
            Hint: each task needs parameters of its own above the bottom.
            Hint: make a new tower for each task: two calls of `nn.Linear` (or `nn.Sequential`), not one used twice.""")
    if first <= second or second <= first:
        raise Wrong("""the output of a task depends on the tower of the other task, too.
            Hint: a tower is what belongs to one task alone; the other task neither reads nor trains it.
            Hint: in `forward` each tower reads the bottom's result and nothing else, and gives its task's output.""")
    if torch.equal(a, b):
        raise Wrong("""both tasks give the same outputs before any training: the towers start identical.
            Hint: towers that start alike and see alike gradients stay alike.
            Hint: do not copy a tower or set a seed before each; let each draw its own first weights.""")
    if not inspection.unbounded(model, x):
        raise Wrong("""whatever the weights, an output stays within bounds: these are probabilities, not logits.
            Hint: the loss of the chapter takes logits, which may be any number.
            Hint: nothing comes after the last layer; the loss applies the sigmoid, in a numerically safe form.""")
    if not any(inspection.bends(lambda inputs: list(model(inputs).values()), x)):
        raise Wrong("""the whole model is linear in its inputs.
            Hint: two linear layers in a row are one linear layer.
            Hint: put a nonlinearity such as `nn.ReLU()` after the bottom's layer.""")
    if not all(inspection.bends(lambda inputs: inspection.readings(model, inputs, first ^ second), x)):
        raise Wrong("""what a tower reads is linear in the inputs: the bottom makes no features that a tower could not
            make itself.
            Hint: a bottom of linear layers alone can only mix the inputs.
            Hint: put a nonlinearity such as `nn.ReLU()` after the bottom's layer, besides those of the towers.""")


@exercise("paired by seed and centred on the mean difference.")
def transfer(answer: Callable[[np.ndarray, np.ndarray], tuple[float, float, float]]) -> str:
    """`answer(shared, single)`: two `(seeds,)` arrays of scores become (mean, low, high) of their difference."""
    # Student's t, 97.5%, 19 degrees of freedom; the normal's 1.96 and a bootstrap pass, and are told that they are less
    seeds, quantile = 20, 2.093
    rng = np.random.default_rng(4)
    single = 0.80 + rng.normal(0, 0.1, seeds)  # what a seed does to both models
    shared = single - 0.05 + rng.normal(0, 0.03, seeds)
    difference = shared - single
    found = answer(shared, single)
    if isinstance(found, tuple | list) and [np.size(part) for part in found] == [1, 2]:
        raise Wrong("""the ends of the interval came as a pair of their own.
            Hint: the answer is three numbers in a row.
            Hint: end with `return mean, low, high`, without inner brackets.""")
    values = np.asarray(found, dtype=float)
    if values.shape != (3,):
        raise Wrong(f"""the function returned {described(values)}, not the three numbers mean, low, high.
            Hint: take the difference seed by seed; return its mean and the two ends of its interval.
            Hint: end with `return mean, low, high`.""")
    mean, low, high = values
    if close(low, difference.mean()) and mean < low < high:
        raise Wrong("""the three numbers come as low, mean, high.
            Hint: the question asks for another order.
            Hint: the mean comes first: `return mean, low, high`.""")
    if close(mean, -difference.mean()):
        raise Wrong("""the sign is reversed: a loss is reported as a gain.
            Hint: transfer is what sharing adds to the single-task score.
            Hint: subtract the single-task scores from the shared ones, not the other way round.""")
    if not close(mean, difference.mean()):
        raise Wrong("""the first number is not the mean of the differences.
            Hint: each seed gives one difference; average those.
            Hint: `(shared - single).mean()`, before anything is squared or made positive.""")
    half, error = (high - low) / 2, difference.std(ddof=1) / np.sqrt(seeds)
    # a bootstrap is right as well: its two sides differ a little, and it is a little narrower
    if not low < mean < high or abs((high - mean) - (mean - low)) >= 0.4 * half:
        raise Wrong("""the interval does not lie evenly around the mean.
            Hint: the low end is as far below the mean as the high end is above it.
            Hint: low = mean − half the width, high = mean + the same half.""")
    if close(half, np.sqrt((shared.var(ddof=1) + single.var(ddof=1)) / seeds) * quantile, 0.1):
        raise Wrong("""the interval is that of two unrelated groups of runs, far wider than it need be.
            Hint: both scores at one place come from the same seed: its effect on both cancels in their difference.
            Hint: take the standard deviation of the differences, not those of the two arrays.""")
    if half >= 2 * quantile * error:
        raise Wrong("""the interval is too wide: it holds single runs, not their mean.
            Hint: the mean of 20 runs varies less than one run.
            Hint: divide the standard deviation by the square root of the number of seeds.""")
    # mean ± quantile · sd / √n with the sd of ddof=0; a bootstrap is about as narrow, but never exactly symmetric
    of_all = [times * difference.std() / np.sqrt(seeds) for times in (1.96, 2.0, 2.09)]
    if close(high - mean, mean - low, 1e-6) and any(close(half, width, 2e-3) for width in of_all):
        raise Wrong("""the interval is a little too narrow: its standard deviation divides by 20, not by 19.
            Hint: the mean was estimated from the same 20 differences; NumPy's `std` ignores that unless you say so.
            Hint: `std(ddof=1)`.""")
    if not 1.74 < half / error < 2.3:  # 90% would be 1.73, 99% 2.86
        raise Wrong(f"""the interval's half width is {half / error:.1f} standard errors; for 95% of 20 seeds it is
            about 2.
            Hint: the standard error is not yet a 95% interval.
            Hint: multiply the standard error by the 97.5% quantile: 2.09 for 20 seeds, or 1.96 if there were many.""")
    alone = np.linspace(0.7, 0.9, seeds)
    _, low, high = np.asarray(answer(1.55 - alone, alone), dtype=float)
    if not 0.04 < (high - low) / 2 < 0.075:  # 0.058 by Student's t; a bootstrap is narrower; sorted arrays give 0
        raise Wrong("""the scores were sorted, or paired in another way than seed by seed.
            Hint: entry 3 of the one array belongs to entry 3 of the other.
            Hint: subtract the arrays as they come.""")
    if close(half, quantile * error, 0.005):
        return "It is as wide as 20 seeds require."
    return (
        f"Its half width is {half / error:.2f} standard errors; Student's t for 20 seeds is 2.09. "
        "The normal's 1.96 and a bootstrap are a little too narrow for so few."
    )


@exercise("one bottom however many tasks, a tower and a last layer for each, weights and biases.")
def count(answer: Callable[[int, int, int, int], tuple[int, int]]):
    """`answer(inputs, bottom, tower, tasks)`: parameters of one Shared-Bottom, and of as many single-task models."""
    found = np.asarray(answer(7, 5, 3, 4), dtype=float)
    if found.shape != (2,):
        raise Wrong(f"""the function returned {described(found)}, not two numbers.
            Hint: two counts are asked for: one Shared-Bottom, and the single-task models together.
            Hint: end with `return shared, singles`.""")
    shared, singles = found
    bottom, tower, last = (7 + 1) * 5, (5 + 1) * 3, 3 + 1
    if shared == 7 * 5 + 4 * (5 * 3 + 3):
        raise Wrong("""the biases are missing.
            Hint: a linear layer has a weight for each pair of input and output, and one more number for each output.
            Hint: `nn.Linear(n, m)` has (n + 1) · m parameters.""")
    if shared in (bottom + 4 * tower, bottom + tower):
        raise Wrong("""the layer that ends each tower is missing.
            Hint: what turns the tower's units into one number?
            Hint: each tower ends in a linear layer to width 1, with a bias of its own.""")
    if shared == bottom + tower + last:
        raise Wrong("""the towers are counted once.
            Hint: each task has a tower of its own.
            Hint: multiply what a tower has, its last layer included, by the number of tasks.""")
    if shared == 4 * (bottom + tower + last):
        raise Wrong("""the Shared-Bottom has as many parameters as the single-task models.
            Hint: what do four tasks have only one of?
            Hint: count the bottom once; the towers come once a task.""")
    if shared != bottom + 4 * (tower + last):
        raise Wrong(f"""7 inputs, a bottom of 5, towers of 3 and 4 tasks gave {shared:g} for the Shared-Bottom, which
            is not right.
            Hint: list the layers from the inputs up, and count each by itself.
            Hint: bottom: inputs to `bottom`; each tower: `bottom` to `tower`, then `tower` to 1.""")
    if singles != 4 * (bottom + tower + last):
        raise Wrong(f"""the same sizes gave {singles:g} for four single-task models, which is not right.
            Hint: a single-task model is a Shared-Bottom with one task.
            Hint: bottom, tower and last layer, all of them once a task.""")
    if tuple(answer(7, 5, 3, 1)) != (bottom + tower + last,) * 2:
        raise Wrong("""with one task the two counts differ, or are not those of one model.
            Hint: with one task there is nothing to share.
            Hint: use the argument `tasks` wherever something comes once a task, and no fixed number.""")
    if tuple(answer(4, 6, 2, 3)) != (30 + 3 * (14 + 3), 3 * (30 + 14 + 3)):
        raise Wrong("""with 4 inputs, a bottom of 6, towers of 2 and 3 tasks the counts are not right.
            Hint: the sizes are arguments.
            Hint: use `inputs`, `bottom` and `tower` in the formula, and no fixed number.""")


PAIR_SETTINGS = ("shared", "relation", "features", "noise")
PAIR_SEEDS = range(700, 716)


@exercise("the targets agree, and yet the bottom is too narrow for what the two tasks need.")
def losing_pair(answer: Callable[[], tuple[dict, int]]) -> str:
    """`answer()`: settings of `relu_tasks` with targets that correlate by 0.4, and a width at which sharing loses."""
    match answer():
        case (dict() as settings, int() | np.integer() as width) if width >= 1:
            pass
        case _:
            raise Wrong("""the function did not return a dict of settings and a whole number, the bottom's width.
                Hint: two things are asked for, in this order.
                Hint: end with `return {...}, width`.""")
    if unknown := sorted(set(settings) - set(PAIR_SETTINGS)):
        raise Wrong(f"""{unknown} cannot be set here.
            Hint: what you may set is {", ".join(PAIR_SETTINGS)}.
            Hint: `help(relu_tasks)` says what each of them means.""")
    pairs = [relu_tasks((500, 500, 2000), seed=seed, **settings) for seed in PAIR_SEEDS]
    if pairs[0].label_correlation < 0.4:
        raise Wrong(f"""the targets of this pair correlate by {pairs[0].label_correlation:+.2f}, less than 0.4.
            Hint: the correlation comes from the features that both tasks need with the same sign.
            Hint: it is `shared` divided by `features`, if the relation is 'same'.""")
    models = {"both tasks in one model": sharing.TASKS} | {
        f"task {task} alone": {task: kind} for task, kind in sharing.TASKS.items()
    }
    scores = []
    bar = at_work(f"training {len(pairs)} pairs", models.items())
    for name, tasks in bar:
        bar.set_description(f"training {len(pairs)} pairs, {name}")
        scores.append(_pair_scores(pairs, int(width), tasks))
    both, alone = scores[0].mean(axis=1), np.concatenate(scores[1:], axis=1).mean(axis=1)
    if alone.mean() <= 0.2:
        raise Wrong(f"""the single-task models find almost nothing (R² {alone.mean():.2f}): there is nothing to lose.
            Hint: a loss means something only where a model alone does well.
            Hint: less noise, or a bottom that is not quite so narrow.""")
    mean, low, high = interval(both - alone)
    words = f"haring gives {mean:+.3f} R² [{low:+.3f}, {high:+.3f}] over {len(pairs)} seeds"
    said = {
        "holds": "a gain",
        "no effect": "no effect, as all of it is within ±0.01",
        "undecided": f"undecided, as the interval reaches across {'−' if low < -0.01 else '+'}0.01",
    }
    if (judged := verdict(low, high, 0.01)) != "opposite":
        raise Wrong(f"""s{words}: {said[judged]}.
            Hint: two tasks lose where they must divide a bottom that each of them would fill alone.
            Hint: fewer common features, as far as the correlation allows; a bottom no wider than one task needs.""")
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
def first_step(answer: Callable[[np.ndarray, np.ndarray, float], float]):
    """`answer(steps, losses, target)`: two `(evaluations,)` arrays become the first step at the target, or inf."""
    steps = np.array([10, 20, 30, 40, 50, 60])
    losses = np.array([0.9, 0.7, 0.52, 0.44, 0.41, 0.4])
    found = unboxed(answer(steps, losses, 0.5))
    if not is_number(found):
        raise Wrong(f"""the function returned {described(found)}, not one number.
            Hint: the answer is a single step.
            Hint: take the first of the steps that you picked, or the smallest.""")
    if found in (3, 4):
        raise Wrong(f"""{found:g} is the place of the evaluation in the history, not the step.
            Hint: the model was evaluated every ten steps.
            Hint: use the place to look into `steps`.""")
    if found in (10, 60):
        raise Wrong(f"""the loss first gets to 0.5 at step 40, not at {found:g}: the run had started, or ended, there.
            Hint: compare each loss with the target.
            Hint: `losses <= target` is a row of True and False; the first True is what counts.""")
    if found != 40:
        raise Wrong(f"""the loss first gets to 0.5 at step 40, not at {found:g}.
            Hint: look for the first loss that is at the target or below.
            Hint: `losses <= target` is a row of True and False; `steps` at its True places holds the candidates.""")
    found = unboxed(answer(steps, np.array([0.9, 0.48, 0.55, 0.49, 0.6, 0.47]), 0.5))
    if found != 20:
        raise Wrong(f"""this loss gets to the target at step 20 and rises again; the function says {_said(found)}.
            Hint: the first time counts, whatever comes later.
            Hint: do not search from the end, and do not ask where the loss is lowest or closest to the target.""")
    found = unboxed(answer(steps, losses, 0.44))
    if found != 40:
        raise Wrong(f"""a loss equal to the target is there; the function says {_said(found)} instead of 40.
            Hint: at the target counts as arrived.
            Hint: `<=` instead of `<`.""")
    found = unboxed(answer(np.array([5, 7, 50, 51, 300]), np.array([0.8, 0.9, 0.6, 0.45, 0.7]), 0.5))
    if found != 51:
        raise Wrong(f"""evaluated in steps 5, 7, 50, 51 and 300, this loss is at the target at 51; the function says
            {_said(found)}.
            Hint: losses may rise in between, and the distances need not be even.
            Hint: find the first place by `losses <= target` alone, and read the step there from `steps`.""")
    found = unboxed(answer(steps, losses, 0.1))
    if not is_number(found) or found != np.inf:
        raise Wrong(f"""a run that never gets to the target gives {_said(found)}.
            Hint: it is later than every run that arrives; leaving it out, or giving it a step, would flatter it.
            Hint: return `np.inf` when no loss is at the target. `argmax` of a row of False is 0: ask `any()` first.""")


def _said(value) -> str:
    if is_number(value):
        return f"{value:g}"
    return repr(value[:40]) if isinstance(value, str) else described(value)


WORDS = ("gain", "loss", "no effect", "undecided")


@exercise("what is clear, what is clearly small, and what nobody can tell yet.")
def read_cell(answer: Callable[[float, float, float], str]):
    """`answer(low, high, matters)`: an interval of a transfer becomes "gain", "loss", "no effect" or "undecided"."""
    given = answer(0.02, 0.04, 0.01)
    if not isinstance(given, str) or given not in ("gain", "loss", "no effect", "undecided"):
        raise Wrong(f"""the function returned {_said(given)}.
            Hint: the heat map knows four words.
            Hint: return one of "gain", "loss", "no effect", "undecided", spelt like that.""")
    if given != "gain":
        raise Wrong(f"""[+0.020, +0.040] gives {given!r}: all of it is above +0.01.
            Hint: compare the low end with the smallest effect.
            Hint: `low > matters` is a gain.""")
    if (given := answer(-0.05, -0.02, 0.01)) != "loss":
        raise Wrong(f"""[−0.050, −0.020] gives {given!r}: all of it is below −0.01.
            Hint: a loss mirrors a gain: it is the high end that counts.
            Hint: `high < -matters` is a loss.""")
    if (given := answer(0.004, 0.03, 0.01)) != "undecided":
        raise Wrong(f"""[+0.004, +0.030] gives {given!r}: it leaves out 0, but may be too small to matter.
            Hint: leaving out 0 is not enough; the smallest effect that matters is 0.01.
            Hint: compare the ends with ±`matters` instead of 0.""")
    if (given := answer(-0.006, 0.007, 0.01)) != "no effect":
        raise Wrong(f"""[−0.006, +0.007] gives {given!r}: wherever in it the truth is, it is too small to matter.
            Hint: an interval that holds 0 can still say a lot, if it is narrow.
            Hint: `-matters < low and high < matters` is no effect.""")
    if (given := answer(-0.03, 0.03, 0.01)) != "undecided":
        raise Wrong(f"""[−0.030, +0.030] gives {given!r}: it holds clear gains as well as clear losses.
            Hint: holding 0 does not prove that there is no effect.
            Hint: what is neither a gain, nor a loss, nor within ±`matters` is undecided.""")
    if (given := answer(0.002, 0.008, 0.01)) != "no effect":
        raise Wrong(f"""[+0.002, +0.008] gives {given!r}: it leaves out 0, yet all of it is too small to matter.
            Hint: a difference can be there and not matter.
            Hint: ask first whether the whole interval is within ±`matters`.""")
    if (given := answer(-0.03, 0.005, 0.01)) != "undecided":
        raise Wrong(f"""[−0.030, +0.005] gives {given!r}: it may be a clear loss, or too small to matter.
            Hint: that the high end is small is not enough.
            Hint: no effect needs both ends within ±`matters`.""")
    if (given := answer(-0.03, -0.004, 0.01)) != "undecided":
        raise Wrong(f"""[−0.030, −0.004] gives {given!r}: it leaves out 0, and may still be too small to matter.
            Hint: a loss, too, has to be large enough.
            Hint: compare the high end with −`matters`.""")
    if (given := answer(0.003, 0.015, 0.01)) != "undecided":
        raise Wrong(f"""[+0.003, +0.015] gives {given!r}: it is narrow, and yet reaches beyond +0.01.
            Hint: what counts is where the ends lie, not how far apart they are.
            Hint: compare each end with ±`matters`.""")
    if (given := answer(0.012, 0.019, 0.02)) != "no effect":
        raise Wrong(f"""[+0.012, +0.019] with a smallest effect of 0.02 gives {given!r}.
            Hint: another question may have another smallest effect.
            Hint: use `matters`, not 0.01.""")

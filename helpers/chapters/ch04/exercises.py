"""The exercises of chapter 04, Shared-Bottom."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from helpers.chapters.ch04 import inspection
from helpers.data.synthetic import relu_tasks
from helpers.display.answers import Wrong, described, is_number, numbers, unboxed
from helpers.display.exercises import at_work, begun, exercise
from helpers.evaluation.statistics import interval
from helpers.evaluation.verdicts import verdict
from helpers.experiments import feature_tasks
from helpers.experiments.sweep import points, sweep
from helpers.models.shared_bottom import SharedBottom


@exercise("one bottom learns from both tasks, each task has a tower of its own, and the outputs are logits.")
def shared_bottom(answer: Callable[[int], nn.Module]) -> str:
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
    rows_of_one_matrix = inspection.same_layer(model, a, b)  # two linear towers, as on the board
    if inspection.unregistered(model, a) or inspection.unregistered(model, b):
        raise Wrong("""a layer has parameters that an optimiser would not find.
            Hint: layers kept in a plain list or dict are invisible to `model.parameters()`.
            Hint: `nn.ModuleList` and `nn.ModuleDict` register what they hold.""")
    if not rows_of_one_matrix and first == second and torch.equal(a, b):
        raise Wrong("""both tasks use one and the same tower.
            Hint: each task needs parameters of its own above the bottom.
            Hint: make a new tower for each task: two calls of `nn.Linear` (or `nn.Sequential`), not one used twice.""")
    if not rows_of_one_matrix and (first <= second or second <= first):
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
    if rows_of_one_matrix:
        return "Your towers are the rows of one matrix, as on the board. A deeper tower needs a module of its own."
    if not all(inspection.bends(lambda inputs: inspection.readings(model, inputs, first ^ second), x)):
        raise Wrong("""what a tower reads is linear in the inputs: the bottom makes no features that a tower could not
            make itself.
            Hint: a bottom of linear layers alone can only mix the inputs.
            Hint: put a nonlinearity such as `nn.ReLU()` after the bottom's layer, besides those of the towers.""")
    return ""


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
    both, alone = (scores.mean(axis=1) for scores in _scores(pairs, int(width)))
    if alone.mean() <= 0.2:
        raise Wrong(f"""the single-task models find almost nothing (R² {alone.mean():.2f}): there is nothing to lose.
            Hint: a loss means something only where a model alone does well.
            Hint: less noise, or a bottom that is not quite so narrow.""")
    mean, low, high = interval(both - alone)
    words = f"haring gives {mean:+.3f} R² [{low:+.3f}, {high:+.3f}] over {len(pairs)} seeds"
    verdicts = {
        "holds": "a gain",
        "no effect": "no effect, as all of it is within ±0.01",
        "undecided": f"undecided, as the interval reaches across {'−' if low < -0.01 else '+'}0.01",
    }
    if (judged := verdict(low, high, 0.01)) != "opposite":
        raise Wrong(f"""s{words}: {verdicts[judged]}.
            Hint: two tasks lose where they must divide a bottom that each of them would fill alone.
            Hint: fewer common features, as far as the correlation allows; a bottom no wider than one task needs.""")
    return f"S{words}."


def _scores(pairs: list, width: int) -> tuple[np.ndarray, np.ndarray]:
    """R² of each task in one Shared-Bottom a pair, and in single-task models of its width: `(pairs, tasks)` each."""
    models = {"both tasks in one model": feature_tasks.TASKS} | {
        f"task {task} alone": {task: kind} for task, kind in feature_tasks.TASKS.items()
    }
    scores = []
    bar = at_work(f"training {len(pairs)} pairs", models.items())
    for name, tasks in bar:
        bar.set_description(f"training {len(pairs)} pairs, {name}")
        scores.append(_scores_of(tasks, pairs, width))
    return scores[0], np.concatenate(scores[1:], axis=1)


def _scores_of(tasks: dict[str, str], pairs: list, width: int) -> np.ndarray:
    data = dict(zip(PAIR_SEEDS, pairs, strict=True))
    table = sweep(
        points(seed=PAIR_SEEDS),
        data=lambda seed: data[seed],
        model=lambda seed: SharedBottom(feature_tasks.INPUTS, tasks, [width], [feature_tasks.TOWER], seed=seed),
        options=feature_tasks.full_batches,
    )
    return table.pivot(index="seed", columns="task", values="r2").to_numpy()


@cache
def _few_labels() -> tuple[tuple[float, float, float], ...]:
    """(mean, low, high) of what each task gains by sharing where task b has 50 labels and needs a's features."""
    pairs = [relu_tasks((500, 500, 2000), relation="opposite", labelled=50, seed=seed) for seed in PAIR_SEEDS]
    both, alone = _scores(pairs, feature_tasks.WIDTH)
    return tuple(interval(gain) for gain in (both - alone).T)


@exercise("task B learns from task A's labels where the features are, and task A hardly notices.")
def few_labels(answer: Callable[[], tuple[float, float]]) -> str:
    """`answer()`: what tasks a and b gain by sharing, in R², where b has labels on 50 of 500 rows."""
    forecasts = begun(answer())
    several = isinstance(forecasts, tuple | list | np.ndarray)
    if not several or len(forecasts) != 2 or not all(is_number(unboxed(one)) for one in forecasts):
        raise Wrong(f"""the function gave back {described(forecasts)}, not two numbers.
            Hint: one forecast for each task, in R²: task A first.
            Hint: end with `return gain_of_a, gain_of_b`; a loss is a negative number.""")
    a, b = map(unboxed, forecasts)
    (gain_a, *ends_a), (gain_b, *ends_b) = _few_labels()
    if a > gain_a + 0.05:
        raise Wrong(f"""{a:+.2f} R² is more than task A gains.
            Hint: what can task A learn from task B that its own labels do not say?
            Hint: task A has 500 labels of its own; task B adds 50 for the same features.""")
    if a < gain_a - 0.05:
        raise Wrong(f"""{a:+.2f} R² is less than what happens to task A.
            Hint: tasks lose where they must divide the bottom. Must they here?
            Hint: the features that task B needs are those that task A needs anyway.""")
    if b < gain_b / 2:
        raise Wrong(f"""task B gains more than {b:+.2f} R².
            Hint: alone, task B must find four directions among 20 inputs from 50 noisy labels. What does it find here?
            Hint: the bottom learns the directions from task A's 500 labels; the sign is the tower's matter.""")
    if b > gain_b * 2:
        raise Wrong(f"""{b:+.2f} R² is more than task B gains.
            Hint: the directions are one thing that task B must learn. What else?
            Hint: even over a good bottom the tower of task B learns from 50 noisy labels alone.""")
    gains = (f"{gain:+.3f} [{low:+.3f}, {high:+.3f}]" for gain, (low, high) in ((gain_a, ends_a), (gain_b, ends_b)))
    return "Over {} seeds task A gains {} R², and task B {}.".format(len(PAIR_SEEDS), *gains)


@exercise("the first step at the target, and infinity for a run that never gets there.")
def first_step(answer: Callable[[np.ndarray, np.ndarray, float], float]):
    """`answer(steps, losses, target)`: two `(evaluations,)` arrays become the first step at the target, or inf."""
    steps = np.array([10, 20, 30, 40, 50, 60])
    losses = np.array([0.9, 0.7, 0.52, 0.44, 0.41, 0.4])
    step = unboxed(answer(steps, losses, 0.5))
    if not is_number(step):
        raise Wrong(f"""the function returned {described(step)}, not one number.
            Hint: the answer is a single step.
            Hint: take the first of the steps that you picked, or the smallest.""")
    if step in (3, 4):
        raise Wrong(f"""{step:g} is the place of the evaluation in the history, not the step.
            Hint: the model was evaluated every ten steps.
            Hint: use the place to look into `steps`.""")
    if step in (10, 60):
        raise Wrong(f"""the loss first gets to 0.5 at step 40, not at {step:g}: the run had started, or ended, there.
            Hint: compare each loss with the target.
            Hint: `losses <= target` is a row of True and False; the first True is what counts.""")
    if step != 40:
        raise Wrong(f"""the loss first gets to 0.5 at step 40, not at {step:g}.
            Hint: look for the first loss that is at the target or below.
            Hint: `losses <= target` is a row of True and False; `steps` at its True places holds the candidates.""")
    step = unboxed(answer(steps, np.array([0.9, 0.48, 0.55, 0.49, 0.6, 0.47]), 0.5))
    if step != 20:
        raise Wrong(f"""this loss gets to the target at step 20 and rises again; the function says {_said(step)}.
            Hint: the first time counts, whatever comes later.
            Hint: do not search from the end, and do not ask where the loss is lowest or closest to the target.""")
    step = unboxed(answer(steps, losses, 0.44))
    if step != 40:
        raise Wrong(f"""a loss equal to the target is there; the function says {_said(step)} instead of 40.
            Hint: at the target counts as arrived.
            Hint: `<=` instead of `<`.""")
    step = unboxed(answer(np.array([5, 7, 50, 51, 300]), np.array([0.8, 0.9, 0.6, 0.45, 0.7]), 0.5))
    if step != 51:
        raise Wrong(f"""evaluated in steps 5, 7, 50, 51 and 300, this loss is at the target at 51; the function says
            {_said(step)}.
            Hint: losses may rise in between, and the distances need not be even.
            Hint: find the first place by `losses <= target` alone, and read the step there from `steps`.""")
    step = unboxed(answer(steps, losses, 0.1))
    if not is_number(step) or step != np.inf:
        raise Wrong(f"""a run that never gets to the target gives {_said(step)}.
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


@exercise("the bottom runs once, the towers once a task.")
def cost(answer: Callable[[int, list[int], list[int], int], float]) -> str:
    """`answer(inputs, bottom, tower, tasks)`: numbers a row has, widths of the layers of a bottom and of a tower, and
    the number of tasks become the multiplications of a Shared-Bottom as a share of those of single-task models."""
    cases = ((100, [64, 32], [8, 1], 4), (50, [10], [40, 20, 1], 7), (30, [16, 8], [1], 2))
    for inputs, bottom, tower, tasks in cases:
        given = answer(inputs, bottom, tower, tasks)
        share = numbers(given)
        if share is None or share.size != 1:
            raise Wrong(f"""the function returned {described(given)}, not one number.
                Hint: a share: what the shared model costs, divided by what all single-task models cost.
                Hint: return one number.""")
        _cost(float(share.ravel()[0]), inputs, bottom, tower, tasks)
    limit = numbers(answer(1000, [1000, 8], [1], 20)).item()
    return f"With a bottom of a million multiplications and twenty tasks of eight, yours says {limit:.4f}: about 1/20."


def _cost(ratio: float, inputs: int, bottom: list[int], tower: list[int], tasks: int):
    """Compare a share with the right one and with typical wrong ones."""

    def layers(*widths: int) -> int:
        return sum(before * after for before, after in pairwise(widths))

    b, t = layers(inputs, *bottom), layers(bottom[-1], *tower)
    without_link, biased = layers(*tower), (b + sum(bottom), t + sum(tower))

    def is_(*others: float) -> bool:
        return any(abs(ratio - other) < 1e-6 * other for other in others)

    def share(b: float, t: float) -> float:
        return (b + tasks * t) / (tasks * (b + t))

    what = f"with {inputs} inputs, a bottom of {bottom}, towers of {tower} and {tasks} tasks"
    if is_(share(b, t)):
        return
    if is_(1 / share(b, t)):
        raise Wrong("""the fraction is upside down: sharing does not cost more here.
            Hint: the shared model is the part, the single-task models are the whole.
            Hint: shared cost / cost of all single-task models.""")
    if is_(b + tasks * t, (b + tasks * t) / (b + t)):
        raise Wrong("""this is the cost of the shared model, in multiplications or in single-task models.
            Hint: as many single-task models as there are tasks are needed to do the same work.
            Hint: divide by what all of them cost together.""")
    if is_((b + t) / (tasks * (b + t)), (b + t) / (b + tasks * t)):
        raise Wrong("""one tower serves all tasks in your count, or none does.
            Hint: what a Shared-Bottom shares is the bottom alone.
            Hint: as many towers as tasks.""")
    if is_(1.0):
        raise Wrong("""the bottom runs once for each task in your count, so nothing is saved.
            Hint: its output is computed once for a row and read by every tower.
            Hint: count the bottom once, the towers once a task.""")
    if is_(share(b, without_link), share(layers(*bottom), without_link), share(layers(*bottom), t)):
        raise Wrong(f"""a layer is missing: {what}, the first layers are {inputs} → {bottom[0]} in the bottom and
            {bottom[-1]} → {tower[0]} in a tower.
            Hint: each list has what its layers give; the first layer reads what came before.
            Hint: put the width that is read in front of each list, then multiply neighbours.""")
    if is_(share(*biased)):
        raise Wrong("""you counted the biases, which are added, not multiplied.
            Hint: a layer from n numbers to m costs n · m.
            Hint: leave out the m biases.""")
    raise Wrong(f"""{what}, the share is {share(b, t):.4f}; yours is {ratio:.4f}.
        Hint: first the cost of one bottom and of one tower, by n · m for each of its layers.
        Hint: one bottom and a tower a task, against a bottom and a tower a task.""")

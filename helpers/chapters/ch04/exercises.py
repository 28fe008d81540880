"""The exercises of chapter 04, Shared-Bottom."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from operator import eq

import numpy as np
import torch
from torch import Tensor, nn

from helpers.chapters.ch04 import inspection
from helpers.data.synthetic import relu_tasks
from helpers.display.answers import described, is_number, numbers, unboxed
from helpers.display.exercises import Exercise, at_work, begun
from helpers.display.mistakes import at, form, otherwise, when
from helpers.evaluation.statistics import interval
from helpers.evaluation.verdicts import verdict
from helpers.experiments import feature_tasks
from helpers.experiments.sweep import points, sweep
from helpers.models.shared_bottom import SharedBottom


def _bottom(inputs: int, width: int = 8) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, width), nn.ReLU())


def _tower(width: int = 8) -> nn.Module:
    return nn.Sequential(nn.Linear(width, 4), nn.ReLU(), nn.Linear(4, 1))


class _Pair(nn.Module):
    """A Shared-Bottom of two tasks, or with other layers, or with another way through them."""

    def __init__(self, inputs: int, through: Callable, layers: dict):
        super().__init__()
        for name, layer in {
            "bottom": _bottom(inputs),
            "a": _tower(),
            "b": _tower(),
            "through": through,
            **layers,
        }.items():
            setattr(self, name, layer)

    def forward(self, x: Tensor):
        return self.through(self, x)


def _read(model: _Pair, a: Tensor, b: Tensor | None = None) -> dict[str, Tensor]:
    """Logits by task, from what each tower reads: the same, if only one is given."""
    return {"a": model.a(a).squeeze(-1), "b": model.b(a if b is None else b).squeeze(-1)}


def _through(model: _Pair, x: Tensor) -> dict[str, Tensor]:
    return _read(model, model.bottom(x))


def _pair(through: Callable = _through, layers: Callable = lambda inputs: {}) -> Callable[[int], nn.Module]:
    """An answer; the mistakes have other `layers`, or another way `through` them."""
    return lambda inputs: _Pair(inputs, through, layers(inputs))


def _columns(bent=nn.ReLU, last=nn.Identity) -> Callable[[int], nn.Module]:
    """An answer whose towers are the rows of one matrix."""
    return _pair(
        lambda model, x: dict(zip("ab", model.both(x).unbind(-1), strict=True)),
        lambda inputs: {
            "both": nn.Sequential(nn.Linear(inputs, 8), bent(), nn.Linear(8, 2), last()),
            "a": None,
            "b": None,
        },
    )


def _bounded(end: Callable) -> Callable[[int], nn.Module]:
    layers = lambda inputs: {task: nn.Linear(8, 1) for task in "ab"}  # noqa: E731
    return _pair(lambda model, x: {task: end(output) for task, output in _through(model, x).items()}, layers)


def _crossed(model: _Pair, x: Tensor, both: bool = False) -> dict[str, Tensor]:
    a, b = _through(model, x).values()
    return {"a": a + 0.5 * b, "b": b - 0.5 * a if both else b}


def _one_tower(inputs: int) -> dict:
    tower = _tower()
    return {"a": tower, "b": tower}


def _twins(inputs: int) -> dict:
    towers = _one_tower(inputs)
    torch.manual_seed(7)
    towers["a"] = _tower()
    torch.manual_seed(7)
    return towers | {"b": _tower()}


def _hidden(inputs: int) -> dict:
    return {"towers": {"a": _tower(), "b": _tower()}, "a": None, "b": None}


def _second(inputs: int) -> dict:
    return {"second": _bottom(inputs), "middle": nn.Linear(8, 8), "scale": nn.Parameter(torch.ones(1))}


def _faulty(answer: Callable[[int], nn.Module]) -> dict:
    """The first `fault` of the model, with what its words name; `one_matrix` if there is none."""
    model, x = answer(6), torch.randn(64, 6, generator=torch.Generator().manual_seed(1))
    outputs = begun(model(x))
    if not isinstance(outputs, dict) or len(outputs) != 2:
        return {"fault": "no dict", "came": described(outputs)}
    for task, output in outputs.items():
        if begun(output).shape != (64,):
            return {"fault": "shape", "task": task, "shape": output.shape}
        if not output.isfinite().all():
            return {"fault": "not finite"}
    first, second = (inspection.reaches(model, output) for output in outputs.values())
    model.eval()  # from here on without dropout and batch statistics, which would hide what the layers do
    for task, output in model(x[:1]).items():
        if output.shape != (1,):
            return {"fault": "shape of one row", "task": task, "shape": output.shape}
    if not first & second:
        return {"fault": "nothing shared"}
    shared = first & second & {name for name, parameter in model.named_parameters() if parameter.dim() > 1}
    if not shared:
        return {"fault": "single numbers shared"}
    if not all(inspection.reaches(model, inputs) & shared for inputs in inspection.readings(model, x, first ^ second)):
        return {"fault": "bottom of its own"}
    a, b = model(x).values()
    one_matrix = inspection.same_layer(model, a, b)  # two linear towers, as on the board
    faults = {
        "unregistered": lambda: inspection.has_unregistered(model, a) or inspection.has_unregistered(model, b),
        "one tower": lambda: not one_matrix and first == second and torch.equal(a, b),
        "crossed": lambda: not one_matrix and (first <= second or second <= first),
        "twins": lambda: torch.equal(a, b),
        "bounded": lambda: not inspection.is_unbounded(model, x),
        "linear": lambda: not any(inspection.bends(lambda inputs: list(model(inputs).values()), x)),
        "linear bottom": lambda: (
            not one_matrix
            and not all(inspection.bends(lambda inputs: inspection.readings(model, inputs, first ^ second), x))
        ),
    }
    return {"fault": next((fault for fault, has in faults.items() if has()), ""), "one_matrix": one_matrix}


def _fault(name: str, *makes):
    return when(lambda seen: seen["fault"] == name and seen, *makes)


ONE_MATRIX = "Your towers are the rows of one matrix, as on the board. A deeper tower needs a module of its own."

shared_bottom = Exercise(
    "one bottom learns from both tasks, each task has a tower of its own, and the outputs are logits.",
    "`answer(inputs)` is a Shared-Bottom for two binary tasks: an `(n, inputs)` tensor becomes {task: (n,) logits}.",
    right=_pair(),
    also=[
        _columns(),
        lambda inputs: SharedBottom(inputs, {"click": "binary", "like": "binary"}, bottom=[8], towers=[4]),
        # the bottom hands its inputs on as well; matrices in place of layers
        _pair(
            lambda m, x: _read(m, x + m.bottom(x)), lambda n: {"bottom": _bottom(n, n), "a": _tower(n), "b": _tower(n)}
        ),
        _pair(
            lambda m, x: {task: (x @ m.bottom).relu() @ tower for task, tower in (("a", m.a), ("b", m.b))},
            lambda n: {
                "bottom": nn.Parameter(torch.randn(n, 8)),
                **{task: nn.Parameter(torch.randn(8)) for task in "ab"},
            },
        ),
    ],
    look=_faulty,
    note=lambda seen: ONE_MATRIX if seen["one_matrix"] else "",
    mistakes={
        _fault("no dict", _pair(lambda m, x: tuple(_through(m, x).values()))): """calling the model gave {came}, not a
            dict of two tasks.
            Hint: return each task's output under its name.
            Hint: end `forward` with a dict: one entry a task, its tower applied to the output of the bottom.""",
        _fault("shape", _pair(lambda m, x: {task: output[:, None] for task, output in _through(m, x).items()})): """64
            rows gave {task!r} an output of shape {shape}, not (64,).
            Hint: one logit a row has no second axis.
            Hint: a last layer of width 1 gives (n, 1); `squeeze(-1)` takes the last axis away.""",
        _fault("not finite", _pair(lambda m, x: {task: output / 0 for task, output in _through(m, x).items()})): """some
            outputs are NaN or infinite.
            Hint: nothing in a small network should overflow.
            Hint: look for a division, a logarithm or a power of a number that may be 0 or large.""",
        _fault(
            "shape of one row", _pair(lambda m, x: {task: output.squeeze() for task, output in _through(m, x).items()})
        ): """one row gave {task!r} an output of shape {shape}, not (1,).
            Hint: `squeeze()` takes away every axis of length 1, that of a single row as well.
            Hint: `squeeze(-1)` takes the last axis away and no other.""",
        _fault("nothing shared", _pair(lambda m, x: _read(m, m.bottom(x), m.second(x)), _second)): """no parameter gets
            a gradient from both tasks: nothing is shared.
            Hint: make one bottom, and let both towers read its output.
            Hint: call the bottom once in `forward`, keep the result, and pass that same result to each tower.""",
        _fault(
            "single numbers shared", _pair(lambda m, x: _read(m, m.bottom(m.scale * x), m.second(m.scale * x)), _second)
        ): """no layer gets a gradient from both tasks: what they share are single numbers.
            Hint: a bottom makes features, with weights of its own; let both tasks have them in common.
            Hint: let one layer read the inputs, call it once in `forward`, and pass its result to each tower.""",
        _fault(
            "bottom of its own", _pair(lambda m, x: _read(m, m.middle(m.bottom(x)), m.middle(m.second(x))), _second)
        ): """a layer that belongs to one task reads the inputs: that task has a bottom of its own.
            Hint: below the towers there is nothing that belongs to one task.
            Hint: in `forward` the inputs go only into the shared bottom; the towers read its output.""",
        _fault(
            "unregistered",
            _pair(lambda m, x: {task: tower(m.bottom(x)).squeeze(-1) for task, tower in m.towers.items()}, _hidden),
        ): """a layer has parameters that an optimiser would not find.
            Hint: layers kept in a plain list or dict are invisible to `model.parameters()`.
            Hint: `nn.ModuleList` and `nn.ModuleDict` register what they hold.""",
        _fault("one tower", _pair(layers=_one_tower)): """both tasks use one and the same tower.
            Hint: each task needs parameters of its own above the bottom.
            Hint: make a new tower for each task: two calls of `nn.Linear` (or `nn.Sequential`), not one used twice.""",
        _fault("crossed", _pair(_crossed)): """the output of a task depends on the tower of the other task, too.
            Hint: a tower belongs to only one task; the other task neither reads nor trains it.
            Hint: in `forward` each tower reads the bottom's result and nothing else, and gives its task's output.""",
        _fault("twins", _pair(layers=_twins)): """both tasks give the same outputs before any training: the towers start
            identical.
            Hint: towers that start alike and see alike gradients stay alike.
            Hint: do not copy a tower or set a seed before each; let each draw its own first weights.""",
        _fault(
            "bounded", _columns(last=nn.Sigmoid), *map(_bounded, (torch.tanh, torch.relu, nn.functional.logsigmoid))
        ): """whatever the weights, an output stays within bounds: these are probabilities, not logits.
            Hint: the loss of the chapter takes logits, which may be any number.
            Hint: nothing comes after the last layer; the loss applies the sigmoid, in a numerically safe form.""",
        _fault("linear", _columns(nn.Identity)): """the whole model is linear in its inputs.
            Hint: two linear layers in a row are one linear layer.
            Hint: put a nonlinearity such as `nn.ReLU()` after the bottom's layer.""",
        _fault(
            "linear bottom", _pair(layers=lambda n: {"bottom": nn.Sequential(nn.Linear(n, 8), nn.Linear(8, 8))})
        ): """what a tower reads is linear in the inputs: the bottom makes no features that a tower could not make
            itself.
            Hint: a bottom of only linear layers can do no more than mix the inputs.
            Hint: put a nonlinearity such as `nn.ReLU()` after the bottom's layer, besides those of the towers.""",
    },
)

PAIR_SETTINGS = ("shared", "relation", "features", "noise")
PAIR_SEEDS = range(700, 716)


@dataclass
class _Chosen:
    answer: Callable[[], tuple[dict, int]]

    @cached_property
    def given(self):
        return self.answer()

    @property
    def usable(self) -> bool:
        match self.given:
            case (dict(), int() | np.integer() as width):
                return width >= 1
        return False

    @property
    def unknown(self) -> list[str]:
        return sorted(set(self.given[0]) - set(PAIR_SETTINGS))

    @cached_property
    def pairs(self) -> list:
        return [relu_tasks((500, 500, 2000), seed=seed, **self.given[0]) for seed in PAIR_SEEDS]

    @cached_property
    def r2(self) -> tuple[np.ndarray, np.ndarray]:
        return tuple(scores.mean(axis=1) for scores in _scores(self.pairs, int(self.given[1])))

    @cached_property
    def gain(self) -> dict:
        mean, low, high = interval(self.r2[0] - self.r2[1])
        side = "−" if low < -0.01 else "+"
        verdicts = {
            "holds": "a gain",
            "no effect": "no effect, as all of it is within ±0.01",
            "undecided": f"undecided, as the interval reaches across {side}0.01",
            "opposite": "",
        }
        return {"mean": mean, "low": low, "high": high, "verdict": verdicts[verdict(low, high, 0.01)]}


GAIN = f"haring gives {{mean:+.3f}} R² [{{low:+.3f}}, {{high:+.3f}}] over {len(PAIR_SEEDS)} seeds"

losing_pair = Exercise(
    "the targets agree, and yet the bottom is too narrow for what the two tasks need.",
    "`answer()`: settings of `relu_tasks` with targets that correlate by 0.4, and a width at which sharing loses.",
    right=lambda: ({"shared": 2}, 2),
    look=_Chosen,
    note=lambda seen: f"S{GAIN}.".format(**seen.gain),
    mistakes={
        when(lambda seen: not seen.usable, lambda: {"shared": 2}, lambda: ({"shared": 2}, 0)): """the function did not
            return a dict of settings and a whole number, the bottom's width.
            Hint: two things are asked for, in this order.
            Hint: end with `return {{...}}, width`.""",
        when(lambda seen: seen.unknown and {"names": seen.unknown}, lambda: ({"seed": 3}, 2)): f"""{{names}} cannot be
            set here.
            Hint: what you may set is {", ".join(PAIR_SETTINGS)}.
            Hint: `help(relu_tasks)` says what each of them means.""",
        when(
            lambda seen: seen.pairs[0].label_correlation < 0.4 and {"correlation": seen.pairs[0].label_correlation},
            lambda: ({"shared": 0}, 2),
            lambda: ({"shared": 4, "relation": "opposite"}, 2),
        ): """the targets of this pair correlate by {correlation:+.2f}, less than 0.4.
            Hint: the correlation comes from the features that both tasks need with the same sign.
            Hint: it is `shared` divided by `features`, if the relation is 'same'.""",
        when(
            lambda seen: seen.r2[1].mean() <= 0.2 and {"alone": seen.r2[1].mean()},
            lambda: ({"shared": 2, "noise": 60.0}, 2),
        ): """the single-task models find almost nothing (R² {alone:.2f}): there is nothing to lose.
            Hint: a loss means something only where a separate model does well.
            Hint: less noise, or a bottom that is not quite so narrow.""",
        when(
            lambda seen: seen.gain["verdict"] and seen.gain, lambda: ({"shared": 4}, 8), lambda: ({"shared": 3}, 3)
        ): f"""s{GAIN}: {{verdict}}.
            Hint: two tasks lose where they must divide a bottom that each of them would fill alone.
            Hint: fewer common features, as far as the correlation allows; a bottom no wider than one task needs.""",
    },
)


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


def _forecasts(answer: Callable[[], tuple[float, float]]) -> dict:
    given = begun(answer())
    two = (
        isinstance(given, tuple | list | np.ndarray)
        and len(given) == 2
        and all(is_number(unboxed(part)) for part in given)
    )
    if not two:
        return {"came": described(given)}
    (gain_a, *ends_a), (gain_b, *ends_b) = _few_labels()
    a, b = map(unboxed, given)
    return {"a": a, "b": b, "gain_a": gain_a, "ends_a": ends_a, "gain_b": gain_b, "ends_b": ends_b}


few_labels = Exercise(
    "task B learns from task A's labels where the features are, and task A hardly notices.",
    "`answer()`: what tasks a and b gain by sharing, in R², where b has labels on 50 of 500 rows.",
    right=lambda: (0.0, 0.15),
    also=[lambda: [np.float64(-0.02), 0.1], lambda: (torch.tensor(0.0), torch.tensor(0.3))],
    look=_forecasts,
    note=lambda seen: (
        "Over {} seeds task A gains {gain_a:+.3f} [{ends_a[0]:+.3f}, {ends_a[1]:+.3f}] R², and task B {gain_b:+.3f} "
        "[{ends_b[0]:+.3f}, {ends_b[1]:+.3f}]."
    ).format(len(PAIR_SEEDS), **seen),
    mistakes={
        when(lambda seen: "came" in seen and seen, lambda: 0.1, lambda: (0.0, "more")): """the function gave back
            {came}, not two numbers.
            Hint: one forecast for each task, in R²: task A first.
            Hint: end with `return gain_of_a, gain_of_b`; a loss is a negative number.""",
        when(lambda seen: seen["a"] > seen["gain_a"] + 0.05 and seen, lambda: (0.1, 0.15)): """{a:+.2f} R² is more than
            task A gains.
            Hint: what can task A learn from task B that its own labels do not say?
            Hint: task A has 500 labels of its own; task B adds 50 for the same features.""",
        when(lambda seen: seen["a"] < seen["gain_a"] - 0.05 and seen, lambda: (-0.1, 0.15)): """{a:+.2f} R² is less than
            what happens to task A.
            Hint: tasks lose where they must divide the bottom. Must they here?
            Hint: the features that task B needs are those that task A needs anyway.""",
        when(lambda seen: seen["b"] < seen["gain_b"] / 2 and seen, lambda: (0.0, 0.0), lambda: (0.0, -0.2)): """task B
            gains more than {b:+.2f} R².
            Hint: without A, task B must find four directions among 20 inputs from 50 noisy labels. And here?
            Hint: the bottom learns the directions from task A's 500 labels; the sign is the tower's matter.""",
        when(lambda seen: seen["b"] > seen["gain_b"] * 2 and seen, lambda: (0.0, 0.5)): """{b:+.2f} R² is more than task
            B gains.
            Hint: the directions are one thing that task B must learn. What else?
            Hint: even over a good bottom the tower of task B learns from only 50 noisy labels.""",
    },
)


def _arrival(there: Callable = np.less_equal, never: float | None = np.inf, last: bool = False):
    """An answer that is there by another comparison, says something else of a run that never is, or is there later."""

    def answer(steps, losses, target):
        arrived = there(losses, target)
        if last:
            return steps[~arrived][-1] + 10 if arrived.any() else never
        return steps[arrived][0] if arrived.any() else never

    return answer


STEPS, LOSSES = np.array([10, 20, 30, 40, 50, 60]), np.array([0.9, 0.7, 0.52, 0.44, 0.41, 0.4])
UNEVEN = np.array([5, 7, 50, 51, 300]), np.array([0.8, 0.9, 0.6, 0.45, 0.7]), 0.5

first_step = Exercise(
    "the first step at the target, and infinity for a run that never gets there.",
    "`answer(steps, losses, target)`: two `(evaluations,)` arrays become the first step at the target, or inf.",
    right=_arrival(),
    also=[lambda steps, losses, target: min(steps[losses <= target], default=float("inf"))],
    cases=lambda: [(STEPS, LOSSES, 0.5)],
    same=eq,
    mistakes={
        form(lambda s, v, t: s[v <= t]): """the function returned {came}, not one number.
            Hint: the answer is a single step.
            Hint: take the first of the steps that you picked, or the smallest.""",
        (lambda s, v, t: (v <= t).argmax(), lambda s, v, t: (v <= t).argmax() + 1): """{yours:g} is the place of the
            evaluation in the history, not the step.
            Hint: the model was evaluated every ten steps.
            Hint: use the place to look into `steps`.""",
        (lambda s, v, t: s[v.argmin()], lambda s, v, t: s[0]): """the loss first gets to 0.5 at step 40, not at
            {yours:g}: the run had started, or ended, there.
            Hint: compare each loss with the target.
            Hint: `losses <= target` is a row of True and False; the first True is what counts.""",
        otherwise(lambda s, v, t: s[np.abs(v - t).argmin()]): """the loss first gets to 0.5 at step 40, not at
            {yours:g}.
            Hint: look for the first loss that is at the target or below.
            Hint: `losses <= target` is a row of True and False; `steps` at its True places holds the candidates.""",
        at((STEPS, np.array([0.9, 0.48, 0.55, 0.49, 0.6, 0.47]), 0.5), _arrival(last=True)): """this loss gets to the
            target at step 20 and rises again; the function says {yours:g}.
            Hint: the first time counts, whatever comes later.
            Hint: do not search from the end, and do not ask where the loss is lowest or closest to the target.""",
        at((STEPS, LOSSES, 0.44), _arrival(np.less)): """a loss equal to the target has arrived; the function says
            {yours:g} instead of 40.
            Hint: at the target counts as arrived.
            Hint: `<=` instead of `<`.""",
        at(UNEVEN, lambda s, v, t: 10 * ((v <= t).argmax() + 1) if (v <= t).any() else np.inf): """evaluated in steps 5,
            7, 50, 51 and 300, this loss is at the target at 51; the function says {yours:g}.
            Hint: losses may rise in between, and the distances need not be even.
            Hint: find the first place by `losses <= target` alone, and read the step there from `steps`.""",
        when(
            lambda answer: (step := unboxed(answer(STEPS, LOSSES, 0.1))) != np.inf and {"step": step},
            lambda s, v, t: s[(v <= t).argmax()],
            *(_arrival(never=never) for never in (None, 60, np.nan)),
        ): """a run that never gets to the target gives {step}.
            Hint: it is later than every run that arrives; leaving it out, or giving it a step, would flatter it.
            Hint: return `np.inf` when no loss is at the target. `argmax` of a row of False is 0: ask `any()` first.""",
    },
)

WORDS = ("gain", "loss", "no effect", "undecided")


def _reading(no_effect: Callable = lambda low, high, matters: -matters < low and high < matters):
    """An answer with another rule for no effect."""

    def answer(low, high, matters):
        if low > matters or high < -matters:
            return "gain" if low > matters else "loss"
        return "no effect" if no_effect(low, high, matters) else "undecided"

    return answer


def _except(word: str, wrong: Callable):
    """An answer that says this word where `wrong(low, high, matters)`."""
    return lambda *case: word if wrong(*case) else _reading()(*case)


read_cell = Exercise(
    "what is clear, what is clearly small, and what nobody can tell yet.",
    """`answer(low, high, matters)`: an interval of a transfer becomes "gain", "loss", "no effect" or "undecided".""",
    right=_reading(),
    read=lambda given, right: given if isinstance(given, str) and given in WORDS else None,
    mistakes={
        form(lambda low, high, m: "better", lambda low, high, m: low): """the function returned {given!r:.40}.
            Hint: the heat map knows four words.
            Hint: return one of "gain", "loss", "no effect", "undecided", spelt like that.""",
        at((0.02, 0.04, 0.01), lambda low, high, m: _reading()(-high, -low, m)): """[+0.020, +0.040] gives {yours!r}:
            all of it is above +0.01.
            Hint: compare the low end with the smallest effect.
            Hint: `low > matters` is a gain.""",
        at((-0.05, -0.02, 0.01), _except("undecided", lambda low, high, m: high < -m)): """[−0.050, −0.020] gives
            {yours!r}: all of it is below −0.01.
            Hint: a loss mirrors a gain: it is the high end that counts.
            Hint: `high < -matters` is a loss.""",
        at(
            (0.004, 0.03, 0.01),
            lambda low, high, m: "gain" if low > 0 else "loss" if high < 0 else "undecided",
            lambda low, high, m: "gain" if low + high > 2 * m else "loss" if low + high < -2 * m else "no effect",
        ): """[+0.004, +0.030] gives {yours!r}: it leaves out 0, but may be too small to matter.
            Hint: leaving out 0 is not enough; the smallest effect that matters is 0.01.
            Hint: compare the ends with ±`matters` instead of 0.""",
        at((-0.006, 0.007, 0.01), _except("undecided", lambda low, high, m: -m < low < 0)): """[−0.006, +0.007] gives
            {yours!r}: whatever the truth in it is, it is too small to matter.
            Hint: an interval that holds 0 can still say a lot, if it is narrow.
            Hint: `-matters < low and high < matters` is no effect.""",
        at((-0.03, 0.03, 0.01), _except("no effect", lambda low, high, m: low < 0 < high)): """[−0.030, +0.030] gives
            {yours!r}: it holds clear gains as well as clear losses.
            Hint: holding 0 does not prove that there is no effect.
            Hint: what is neither a gain, nor a loss, nor within ±`matters` is undecided.""",
        at((0.002, 0.008, 0.01), _except("undecided", lambda low, high, m: low > 0 and high < m)): """[+0.002, +0.008]
            gives {yours!r}: it leaves out 0, yet all of it is too small to matter.
            Hint: a difference can be there and not matter.
            Hint: ask first whether the whole interval is within ±`matters`.""",
        at((-0.03, 0.005, 0.01), _reading(lambda low, high, m: high < m)): """[−0.030, +0.005] gives {yours!r}: it may
            be a clear loss, or too small to matter.
            Hint: that the high end is small is not enough.
            Hint: no effect needs both ends within ±`matters`.""",
        at((-0.03, -0.004, 0.01), _except("loss", lambda low, high, m: high < 0 and low < -m)): """[−0.030, −0.004]
            gives {yours!r}: it leaves out 0, and may still be too small to matter.
            Hint: a loss, too, has to be large enough.
            Hint: compare the high end with −`matters`.""",
        at((0.003, 0.015, 0.01), _reading(lambda low, high, m: high - low < 2 * m)): """[+0.003, +0.015] gives
            {yours!r}: it is narrow, and yet reaches beyond +0.01.
            Hint: what counts is where the ends lie, not how far apart they are.
            Hint: compare each end with ±`matters`.""",
        at((0.012, 0.019, 0.02), lambda low, high, m: _reading()(low, high, 0.01)): """[+0.012, +0.019] with a smallest
            effect of 0.02 gives {yours!r}.
            Hint: another question may have another smallest effect.
            Hint: use `matters`, not 0.01.""",
    },
)


def _layers(*widths: int, biased: bool = False) -> int:
    return sum((before + biased) * after for before, after in pairwise(widths))


def _counted(of: Callable = lambda b, t, tasks: (b + tasks * t) / (tasks * (b + t)), linked=(True, True), biased=False):
    """An answer from the costs of one bottom and one tower; `linked`: whether their first layers count."""

    def answer(inputs, bottom, tower, tasks):
        b = _layers(*[inputs] * linked[0], *bottom, biased=biased)
        return of(b, _layers(*[bottom[-1]] * linked[1], *tower, biased=biased), tasks)

    return answer


def _one(given, right) -> float | None:
    share = numbers(given)
    return float(share.ravel()[0]) if share is not None and share.size == 1 else None


cost = Exercise(
    "the bottom runs once, the towers once a task.",
    """`answer(inputs, bottom, tower, tasks)`: numbers a row has, widths of the layers of a bottom and of a tower, and
    the number of tasks become the multiplications of a Shared-Bottom as a share of those of single-task models.""",
    right=_counted(),
    also=[lambda *case: torch.tensor([_counted()(*case)], dtype=torch.float64)],
    cases=lambda: [(100, [64, 32], [8, 1], 4), (50, [10], [40, 20, 1], 7), (30, [16, 8], [1], 2)],
    read=_one,
    same=lambda yours, right: abs(yours - right) < 1e-6 * right,
    note=lambda answer: (
        "With a bottom of a million multiplications and twenty tasks of eight, yours says "
        f"{_one(answer(1000, [1000, 8], [1], 20), 0):.4f}: about 1/20."
    ),
    mistakes={
        form(lambda inputs, bottom, tower, tasks: bottom + tower): """the function returned {came}, not one number.
            Hint: a share: what the shared model costs, divided by what all single-task models cost.
            Hint: return one number.""",
        _counted(lambda b, t, tasks: tasks * (b + t) / (b + tasks * t)): """the fraction is upside down: sharing does
            not cost more here.
            Hint: the shared model is the part, the single-task models are the whole.
            Hint: shared cost / cost of all single-task models.""",
        (_counted(lambda b, t, tasks: b + tasks * t), _counted(lambda b, t, tasks: (b + tasks * t) / (b + t))): """this
            is the cost of the shared model, in multiplications or in single-task models.
            Hint: as many single-task models as there are tasks are needed to do the same work.
            Hint: divide by what all of them cost together.""",
        (_counted(lambda b, t, tasks: 1 / tasks), _counted(lambda b, t, tasks: (b + t) / (b + tasks * t))): """one tower
            serves all tasks in your count, or none does.
            Hint: a Shared-Bottom shares only the bottom.
            Hint: as many towers as tasks.""",
        lambda *case: 1.0: """the bottom runs once for each task in your count, so nothing is saved.
            Hint: its output is computed once for a row and read by every tower.
            Hint: count the bottom once, the towers once a task.""",
        tuple(_counted(linked=linked) for linked in ((True, False), (False, False), (False, True))): """a layer is
            missing: with {0} inputs, a bottom of {1}, towers of {2} and {3} tasks, the first layers are {0} → {1[0]} in
            the bottom and the last of these → {2[0]} in a tower.
            Hint: each list has what its layers give; the first layer reads what came before.
            Hint: put the width that is read in front of each list, then multiply neighbours.""",
        _counted(biased=True): """you counted the biases, which are added, not multiplied.
            Hint: a layer from n numbers to m costs n · m.
            Hint: leave out the m biases.""",
        otherwise(_counted(lambda b, t, tasks: t / (b + t))): """with {0} inputs, a bottom of {1}, towers of {2} and {3}
            tasks, the share is {right:.4f}; yours is {yours:.4f}.
            Hint: first the cost of one bottom and of one tower, by n · m for each of its layers.
            Hint: one bottom and a tower a task, against a bottom and a tower a task.""",
    },
)

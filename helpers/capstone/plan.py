"""What a comparison will train: chosen and checked before any row is read.

A plan is made of the options of `comparison.compare`. *Thorough* is for a decision; *quick* is a first look: few
seeds, few epochs of many rows, and of all settings only the penalty on embeddings and the bottom are searched. Of more
than 100,000 training rows it searches on so many, and fits no linear model and no trees.

Both sides search with the same budget, a setting at a time (`Stage`). A side whose best value is the last that was
tried goes on along the `LADDERS`: what ends at an edge was not tuned. Where there is a user and an item, each side may
choose NeuMF for its bottom: a taste that no column shows is a product, for which an MLP takes several times as long.
Separate models learn such a taste more slowly than a shared one, and if all are stopped too soon, that looks like a
gain of sharing. So a training may take `ranker.STEPS`, however few rows make an epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ..evaluation.margins import SMALLEST
from ..support import validate
from .declaration import Declaration
from .ranker import Recipe

SINGLE = "single-task"
RATES = (0.001, 0.003, 0.01)
TUNING_SEEDS = (900, 901)  # no result uses them
METRICS = {"binary": "AUC", "regression": "R²"}
WITHIN = "GAUC"  # in place of the AUC
MATTERS = {kind: SMALLEST[metric] for kind, metric in METRICS.items()}  # what counts as a gain, unless told otherwise
YARDSTICKS, CONTROL = ALSO = ("yardsticks", "control")  # besides the gains
THOROUGH, QUICK = MODES = ("thorough", "quick")
SEEDS = {THOROUGH: 10, QUICK: 5}
FEW_ROWS, MANY_ROWS = 10_000, 100_000  # to train on: of fewer, a quick look takes more seeds, and of more, fewer
FEW_EPOCHS = 3  # of a quick look; of few rows more (`Recipe.epochs`)
LADDERS = {
    "l2_embedding": (0.0, 1e-4, 1e-3, 1e-2, 0.1, 1.0),
    "lr": (1e-4, 3e-4, 0.001, 0.003, 0.01, 0.03, 0.1),
    "dropout": (0.0, 0.2, 0.4, 0.6, 0.8),
    "units": (0.25, 0.5, 1, 2, 4),  # times those of the recipe
}
FIRST = {"l2_embedding": (0.0, 1e-4, 1e-3, 1e-2)}
FIRST |= {"bottom": (3e-3, 1e-2, 3e-2)}  # NeuMF with these penalties; with higher ones it may never leave 0
FIRST |= {"lr": RATES, "dropout": (0.0, 0.2), "units": (0.5, 1, 2)}
SEARCHED = {THOROUGH: tuple(FIRST), QUICK: ("l2_embedding", "bottom")}  # one after the other, unless others are given


class Side(NamedTuple):
    """A model of one of the two sides: its name, the tasks that it learns, and how."""

    name: str
    tasks: tuple[str, ...]
    recipe: Recipe


class Stage(NamedTuple):
    """What a side tries next, from the best so far: each of `choices`, {setting: value}. Of one setting that has a
    `ladder`, it goes on to the next value there while the last that was tried is the best."""

    choices: list[dict]
    ladder: tuple = ()


@dataclass(frozen=True)
class Plan:
    """What to compare.

    recipe        of the shared side; quick trains it for fewer epochs (`of_rows`)
    mode          "thorough" or "quick": what the options are that are not given
    seeds         at least two; with a time they vary the training alone. By default `SEEDS` of them (`of_rows`)
    rates         learning rates to choose among
    penalties     values of `l2_embedding` to choose among. Of rates and penalties, where one is given, the other is
                  that of the recipe; of both, each combination is tried. By default both sides search: `SEARCHED`
    tuning_seeds  on which both sides choose; of more than 10,000 rows to train on quick takes the first alone
    matters       {"binary": smallest gain of AUC that matters, "regression": of R²}
    metric        of binary labels, "AUC" over all rows, or "GAUC" within lists, which are those of a group of the
                  declaration, else of a user: what orders nobody's list, such as the mean of each user, counts for
                  nothing. A label of which too few lists have both values is judged by AUC
    also          what else to measure, by default all: "yardsticks", what shares nothing: counts, a linear model,
                  boosted trees, and late fusion, of the single-task models and of the shared one; "control", for each
                  task the shared model with the labels of all others shuffled over the training rows
    exponents     {task: exponent} of the score Π prediction^exponent that orders a list, below 0 for what should not
                  happen; by default equal ones. A label that cannot be told from guessing gets none

    Raises ValueError or TypeError that names an option which is none.
    """

    declaration: Declaration
    recipe: Recipe | None = None
    mode: str = THOROUGH
    seeds: Sequence[int] | None = None
    rates: Sequence[float] | None = None
    penalties: Sequence[float] | None = None
    tuning_seeds: Sequence[int] = TUNING_SEEDS
    matters: dict[str, float] = field(default_factory=lambda: dict(MATTERS))
    metric: str = METRICS["binary"]
    also: Sequence[str] | None = None
    exponents: dict[str, float] | None = None
    given: bool = field(init=False, default=False)  # whether the seeds were

    def __post_init__(self):
        validate.instance("declaration", self.declaration, Declaration, "a Declaration")
        mode = validate.choice("mode", self.mode, MODES)
        recipe = validate.instance("recipe", Recipe() if self.recipe is None else self.recipe, Recipe, "a Recipe")
        if recipe.structure == "single task":
            expected = "a structure that shares: single tasks are what it is compared with"
            validate.fail("recipe", "'single task'", expected)
        tuning_seeds = several("tuning_seeds", self.tuning_seeds, whole=True)
        seeds = _free(SEEDS[mode], tuning_seeds) if self.seeds is None else several("seeds", self.seeds, whole=True)
        if len(set(seeds)) < max(2, len(seeds)) or set(seeds) & set(tuning_seeds):
            validate.fail("seeds", str(seeds)[:60], f"two or more, each once, none of {tuning_seeds}, which tune")
        own = {name: values for name in ("rates", "penalties") if (values := getattr(self, name)) is not None}
        for name, values in own.items():
            own[name] = several(name, values) or validate.fail(name, "none", "at least one, or None")
        validate.choice("metric", self.metric, (METRICS["binary"], WITHIN))
        if self.metric == WITHIN and self.declaration.user is None and self.declaration.group is None:
            validate.fail("metric", f"{WITHIN!r} without a user or a group", "either in the declaration, or 'AUC'")
        also = ALSO if self.also is None else self.also
        if isinstance(also, str) or not isinstance(also, Iterable):
            validate.fail("also", repr(also)[:60], f"some of {ALSO}, or ()", TypeError)
        for kind in set(self.declaration.labels.values()):
            validate.number(f"matters[{kind!r}]", dict(self.matters).get(kind), low=0)
        for task, exponent in (self.exponents or {}).items():
            validate.choice("task of an exponent", task, self.declaration.labels)
            validate.number(f"exponents[{task!r}]", exponent)
        vars(self).update(
            recipe=recipe,
            given=self.seeds is not None,
            seeds=seeds,
            **own,
            tuning_seeds=tuning_seeds,
            matters=dict(self.matters),
            also=tuple(validate.choice("also", one, ALSO) for one in also),
        )

    def of_rows(self, rows: int) -> Plan:
        """The plan for so many rows to train on: a quick look at many takes few epochs, and fewer seeds. With few
        seeds little is decided (of true losses in known worlds by three a seventh, by five 3 of 10, by ten half), and
        of a small table ten train together nearly as fast as three; of a very large one three are enough for a look.
        On few rows it chooses by two seeds: by one it once chose ten times the penalty, and called that a loss."""
        if self.mode != QUICK:
            return self
        if not self.given:
            count = 10 if rows <= FEW_ROWS else SEEDS[QUICK] if rows <= MANY_ROWS else 3
            return replace(self, seeds=_free(count, self.tuning_seeds)).of_rows(rows)
        tuning = self.tuning_seeds if rows <= FEW_ROWS else self.tuning_seeds[:1]
        return replace(self, tuning_seeds=tuning, recipe=replace(self.recipe, fewest_epochs=FEW_EPOCHS))

    @property
    def sides(self) -> list[Side]:
        """A single-task model for each task, and last the shared one."""
        labels, alone = tuple(self.declaration.labels), replace(self.recipe, structure="single task", weighting="equal")
        return [Side(SINGLE, (task,), alone) for task in labels] + [Side(self.recipe.structure, labels, self.recipe)]

    @property
    def stages(self) -> list[Stage]:
        """What each side tries, one stage after the other."""
        recipe = self.recipe
        if self.rates is not None or self.penalties is not None:
            rates, penalties = self.rates or [recipe.lr], self.penalties or [recipe.l2_embedding]
            return [Stage([{"lr": rate, "l2_embedding": l2} for rate in rates for l2 in penalties])]
        own, stages = self.declaration, []
        plain = recipe.bottom == "MLP" and recipe.structure not in ("MMoE", "PLE")
        needs = {"l2_embedding": bool(own.ids_of_all()), "bottom": plain and None not in (own.user, own.item)}
        for name in (name for name in SEARCHED[self.mode] if needs.get(name, True)):
            if name == "bottom":
                stages.append(Stage([{}, *({name: "NeuMF", "l2_embedding": penalty} for penalty in FIRST[name])]))
                continue
            first, ladder, given = FIRST[name], LADDERS[name], getattr(recipe, name)
            if name == "units":
                first, ladder = (tuple(_times(given, factor) for factor in values) for values in (first, ladder))
            ladder = tuple(sorted({*ladder, given}))
            tried = [value for value in ladder if min(*first, given) <= value <= max(*first, given)]
            stages.append(Stage([{name: value} for value in tried], ladder))
        return stages or [Stage([{}])]

    @property
    def to_tune(self) -> list[int]:
        """The seeds on which to choose; none where there is no choice."""
        return self.tuning_seeds if any(len(stage.choices) > 1 for stage in self.stages) else []

    @property
    def settings(self) -> int:
        """How many settings each side tries at least; the best of a stage is not trained again in the next."""
        counts = [len(stage.choices) for stage in self.stages]
        return sum(counts) - max(0, len(counts) - 1)

    @property
    def controls(self) -> list[str]:
        """Tasks that the shared model learns with the labels of all others shuffled."""
        return list(self.declaration.labels) * (CONTROL in self.also)


def _free(count: int, tuning: Sequence[int]) -> list[int]:
    """The first seeds that none of these is."""
    return [seed for seed in range(count + len(tuning)) if seed not in tuning][:count]


def _times(units: tuple[int, ...], factor: float) -> tuple[int, ...]:
    return tuple(max(1, round(size * factor)) for size in units)


@validate.checked
def duration(seconds: float) -> str:
    """In words, to two digits: 8 seconds, 3.5 minutes, 2 hours."""
    validate.number("seconds", seconds, low=0)
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * size:
            return f"{float(f'{seconds / size:.2g}'):g} {unit}s"
    count = max(1, float(f"{seconds:.2g}"))
    return f"{count:.0f} second{'s' * (count >= 1.5)}"


def several(name: str, values: Sequence[float], whole: bool = False) -> list:
    """Numbers of at least 0, as a list."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        validate.fail(name, repr(values)[:60], "several numbers, such as range(5) or (0.003, 0.01)", TypeError)
    return [validate.number(name, value, low=0, whole=whole) for value in values]

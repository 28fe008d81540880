"""A ranker: columns of a DataFrame in, probabilities and values out; to train, save, load and export in a few lines.

    ranker = Ranker([Sparse("user"), Sparse("video"), Dense("duration")], {"click": "binary", "seconds": "regression"})
    ranker.fit(train, valid).save("ranker.pt")
    Ranker.load("ranker.pt").predict(candidates)     # a DataFrame: click as a probability, seconds in seconds

One list needs one score. With `ranker.exponents = {"click": 0.3, "like": 0.7}` it is Π part^exponent, and
`ranker.rank(candidates)` puts the best first; the exponents are saved, exported and served with the model.

What the chapters keep apart (features, a model, a balance, `fit`) is here behind one `Recipe`.
"""

from __future__ import annotations

import copy
import io
import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ..data.examples import Examples, Inputs
from ..data.features import Features
from ..evaluation.metrics import evaluate
from ..models.bottoms import DCN, DIN, DeepFM, NeuMF
from ..models.copies import predict
from ..models.esmm import product_logit
from ..models.experts import PLE, MMoE
from ..models.mixture import SUM, Mixture, Sum
from ..models.shared_bottom import Encoder, SharedBottom, SingleTasks
from ..support import validate
from ..support.files import whole
from ..training.arguments import DEVICES
from ..training.balancing import UWL, GradNorm, PCGrad
from ..training.loop import TOTAL, fit


class _Product(SharedBottom):
    """ESMM whose two outputs are what is logged on every row: the click, and the conversion as CTR · CVR."""

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        (click, a), (conversion, b) = super().forward(inputs).items()
        return {click: a, conversion: product_logit(a, b)}


STRUCTURES = {"Shared-Bottom": SharedBottom, "single task": SingleTasks, "MMoE": MMoE, "PLE": PLE, "ESMM": _Product}
BOTTOMS = ("MLP", "NeuMF", "DeepFM", "DCN", "DIN")
A_RECIPE = "a Recipe, or None"
STEPS, PATIENT_STEPS = 1_000, 200  # a taste that no column shows is learnt within them, after standing still
BRIEF, PATIENCE = 240, 3  # steps of a training that only helps to choose; epochs without a better one, at least
SMALLEST_PART = 1e-9  # of a fused score: below it the logarithm of a probability says nothing
WEIGHTINGS = {"equal": None, "UWL": UWL, "GradNorm": GradNorm, "PCGrad": PCGrad}


@dataclass(frozen=True)
class Recipe:
    """What to train, and how.

    structure     one of `STRUCTURES`; "single task" is a model for each task, nothing shared; "ESMM" is for two binary
                  tasks, first the click, then what needs one: what it says about the second is CTR · CVR (chapter 07)
    bottom        one of `BOTTOMS`; the experts of MMoE and PLE are MLPs, with DIN's encoder before them if you like
    weighting     one of `WEIGHTINGS`, or {task: weight}
    units         of the bottom, or of each expert
    towers        units of every tower
    experts       of MMoE; of PLE the shared ones, besides one of each task
    epochs        at most; None: `fewest_epochs`, or of few rows as many as make `STEPS` steps, for of few rows an epoch
                  is few steps, in which little is learnt
    patience      as of `fit`; None: 3 epochs, or of few rows as many as make `PATIENT_STEPS`
    l2_embedding, dropout, lr, fewest_steps, batch_size, device   as of `SharedBottom` and `fit`

    Raises ValueError for an unknown choice, and for two that do not go together.
    """

    structure: str = "Shared-Bottom"
    bottom: str = "MLP"
    weighting: str | dict[str, float] = "equal"
    units: tuple[int, ...] = (64,)
    towers: tuple[int, ...] = (32,)
    experts: int = 4
    l2_embedding: float = 0.0
    dropout: float = 0.0
    lr: float = 3e-3
    epochs: int | None = None
    fewest_epochs: int = 20
    patience: int | None = None
    fewest_steps: int = 100
    batch_size: int = 1024
    device: str = "cpu"

    def __post_init__(self):
        validate.choice("structure", self.structure, STRUCTURES)
        validate.choice("bottom", self.bottom, BOTTOMS)
        validate.choice("device", self.device, DEVICES)
        if isinstance(self.weighting, dict):
            for task, weight in self.weighting.items():
                validate.number(f"weighting[{task!r}]", weight, low=0)
        else:
            validate.choice("weighting", self.weighting, WEIGHTINGS)
        if self.structure in ("MMoE", "PLE") and self.bottom not in ("MLP", "DIN"):
            validate.fail("bottom", f"{self.bottom!r} with {self.structure}", "'MLP' or 'DIN': its experts are MLPs")
        if self.structure == "single task" and self.weighting != "equal":
            validate.fail("weighting", f"{self.weighting!r} with single tasks", "'equal': they share nothing to weigh")
        for name in ("units", "towers"):  # lists, as JSON gives them, are welcome
            value = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Iterable):
                validate.fail(name, repr(value)[:60], "a tuple of sizes, such as (64,) or (64, 32)", TypeError)
            object.__setattr__(self, name, tuple(value))

    def model(
        self, features: Features, tasks: dict[str, str], seed: int = 0, train: Examples | None = None
    ) -> nn.Module:
        """An untrained model for these columns and these tasks, {name: "binary" or "regression"}.

        What it says of a binary task is, at the start, the share of its label in `train`. Else the first hundred steps
        go to finding that share, for a rare label through all that is shared: of a few thousand rows that is most of
        the training, and early stopping keeps the state whose mean happens to fit the validation rows.
        """
        structure, options = STRUCTURES[self.structure], {"towers": self.towers, "l2_embedding": self.l2_embedding}
        options |= {"dropout": self.dropout}
        options |= {"encoder": DIN if self.bottom == "DIN" else Encoder, "seed": seed}
        if structure in (MMoE, PLE):
            model = structure(features, tasks, self.experts, units=self.units, **options)
        else:
            crossing = {"DCN": DCN, "DeepFM": DeepFM, "NeuMF": NeuMF}.get(self.bottom)
            bottom = partial(crossing, units=self.units) if crossing else self.units
            model = structure(features, tasks, bottom=bottom, **options)
        if train is not None:
            _begin(model, train)
        return model

    def check_tasks(self, tasks: dict[str, str], frame: pd.DataFrame) -> None:
        """Raise ValueError where this structure is not for these tasks, or not for their labels in `frame`."""
        if self.structure != "ESMM":
            return
        if list(tasks.values()) != ["binary", "binary"]:
            validate.fail("tasks", str(tasks)[:60], "two binary tasks for ESMM: the click, and what needs a click")
        click, conversion = tasks
        validate.columns("frame", frame, tasks)
        if wrong := int(((frame[conversion] == 1) & (frame[click] == 0)).sum()):
            came = f"{wrong:,} rows with {conversion!r} = 1 and {click!r} = 0"
            validate.fail("tasks", came, f"for ESMM no {conversion!r} without {click!r}, which is named first")

    def training(self, rows: int, brief: bool = False) -> dict:
        """The arguments of `fit` that this recipe sets, for so many rows to train on. A `brief` training, by which only
        settings are chosen, stops where it stands still: what starts slowly, a tuning seed may survive and others not.
        """
        settings = {name: getattr(self, name) for name in ("lr", "fewest_steps", "batch_size", "device")}
        steps = math.ceil(rows / self.batch_size)  # of an epoch
        epochs = max(self.fewest_epochs, math.ceil((BRIEF if brief else STEPS) / steps))
        patience = PATIENCE if brief else max(PATIENCE, math.ceil(PATIENT_STEPS / steps))
        settings["epochs"] = epochs if self.epochs is None else self.epochs
        settings["patience"] = patience if self.patience is None else self.patience
        if isinstance(self.weighting, dict):
            return settings | {"task_weights": self.weighting}
        balance = WEIGHTINGS[self.weighting]
        return settings | {"balance": balance and balance()}


@dataclass(frozen=True)
class Mix:
    """What a ranker of several models is made of, in place of a recipe; `helpers.capstone.served` makes them.

    forms   {task: (side, whether it is a product)}, as of `Mixture`
    shared  what trained the shared model; None: no task takes it
    alone   {task: what trained its own model}, of those that are needed
    words   {task: what is served for it}
    """

    forms: dict[str, tuple[str, bool]]
    shared: Recipe | None
    alone: dict[str, Recipe]
    words: dict[str, str]

    def model(self, features: Features, tasks: dict[str, str]) -> Mixture:
        """An untrained one."""
        shared = None if self.shared is None else self.shared.model(features, tasks)
        alone = {task: recipe.model(features, {task: tasks[task]}) for task, recipe in self.alone.items()}
        sums = {task: Sum(features) for task, (side, _) in self.forms.items() if side == SUM}
        return Mixture(self.forms, shared, alone, sums)

    @staticmethod
    def of_state(state: dict) -> Mix:
        """From what `asdict` made of it."""
        shared, forms = state["shared"], {task: tuple(form) for task, form in state["forms"].items()}
        alone = {task: Recipe(**recipe) for task, recipe in state["alone"].items()}
        return Mix(forms, None if shared is None else Recipe(**shared), alone, state["words"])


def _begin(model: nn.Module, train: Examples) -> None:
    """Set the last bias of each binary task to where its output is the share of its label."""
    shares = {task: _share(train, task) for task, kind in model.tasks.items() if kind == "binary"}
    if isinstance(model, _Product):
        click, conversion = shares
        shares[conversion] = min(shares[conversion] / shares[click], 1 - SMALLEST_PART)
    for part in model.models if isinstance(model, SingleTasks) else [model]:
        for task, tower in zip(part.tasks, part.towers, strict=True):
            if task in shares:
                nn.init.constant_(tower[-1].bias, math.log(shares[task] / (1 - shares[task])))


def _share(train: Examples, task: str) -> float:
    """Of the rows with a label those in which it is 1, as if one more of each kind came first: never 0 or 1."""
    labels = train.labels[task][train.observed(task)]
    return (float(labels.sum()) + 1) / (len(labels) + 2)


@validate.checked
def contribution(values: np.ndarray, scale: tuple[float, float] | None = None) -> np.ndarray:
    """What a prediction contributes to a fused score, in (0, 1): a probability as it is; a number, of this mean and
    deviation, as σ((value − mean) / deviation), which keeps its order and is never negative."""
    values = np.asarray(values, dtype=float)
    if scale is not None:
        values = 1 / (1 + np.exp(-(values - scale[0]) / scale[1]))
    return np.clip(values, SMALLEST_PART, 1)


@validate.checked
def fuse(parts: Mapping[str, np.ndarray], exponents: Mapping[str, float]) -> np.ndarray:
    """One score from several parts in (0, 1]: Π part^exponent, chapter 03's geometric fusion of any number of tasks."""
    if not exponents:
        validate.fail("exponents", "none", "{task: exponent}, at least one")
    for task in exponents:
        validate.choice("exponents", task, parts)
    return np.exp(sum(exponent * np.log(parts[task]) for task, exponent in exponents.items()))


class Ranker:
    """Features, a model and what turns its outputs into probabilities, units and one order.

    columns    of the features, or `Features` that are fitted
    tasks      {column of the label: "binary" or "regression"}; a label that is missing in a row is masked there
    recipe     what to train; the default is a small Shared-Bottom. Of what `Comparison.ranker(kind="best")` has put
               together it is a `Mix`, which is trained there
    seed       of the first parameters and of the order of batches

    exponents  {task: exponent} of the score that `rank` sorts by, to be set at any time; no task by default. Negative
               for what should not happen

    After `fit`: `features`, `model`, `scales` {task: (mean, deviation) of a regression label in the training rows}, and
    of each model that was trained `histories`, the losses by epoch, and `epochs`, the best of them. `check`: how good
    it was when `Comparison.ranker` made it; else None.
    """

    def __init__(
        self, columns: list | Features, tasks: dict[str, str], recipe: Recipe | Mix | None = None, seed: int = 0
    ):
        self.features = columns if isinstance(columns, Features) else Features(columns)
        self.tasks = validate.instance("tasks", tasks, dict, '{column of the label: "binary" or "regression"}')
        self.recipe = Recipe() if recipe is None else validate.instance("recipe", recipe, Recipe | Mix, A_RECIPE)
        self.seed = seed
        self.model: nn.Module | None = None
        self.check: pd.DataFrame | None = None
        self.exponents = {}

    @property
    def exponents(self) -> dict[str, float]:
        return self._exponents

    @exponents.setter
    def exponents(self, exponents: dict[str, float]) -> None:
        validate.instance("exponents", exponents, dict, "{task: number}, such as {'click': 0.3, 'like': 0.7}")
        for task, exponent in exponents.items():
            validate.choice("task of an exponent", task, self.tasks)
            validate.number(f"exponents[{task!r}]", exponent)
        self._exponents = dict(exponents)

    def fit(self, train: pd.DataFrame, valid: pd.DataFrame, progress: bool = True, weight: str | None = None) -> Ranker:
        """Train on `train`, keep the best state on `valid`; returns self. `weight` is a column: how much a row counts.

        Regression labels are brought to mean 0 and deviation 1, so that no task is heavy by its unit. Vocabularies,
        means and deviations come from `train` alone.
        """
        return self._fit([train, valid], progress, weight)

    def refit(self, frame: pd.DataFrame, progress: bool = True, weight: str | None = None) -> Ranker:
        """A ranker like this one, trained on all of these rows, for as many epochs as were best in `fit`: to serve,
        once this one was judged on rows that it had not seen. Nothing is left to judge the other by.

        An id that no row has gets the mean vector of its column there, which training would leave at random.
        """
        self._serving()
        again = Ranker(self.features.columns, self.tasks, self.recipe, self.seed)
        again._fit([frame], progress, weight, self.epochs).exponents = self.exponents
        _know_the_unknown(again.model, again.features)
        return again

    def _fit(
        self, frames: list[pd.DataFrame], progress: bool, weight: str | None, epochs: list[int] | None = None
    ) -> Ranker:
        if isinstance(self.recipe, Mix):
            validate.fail("recipe", "a Mix", "a Recipe: what is best is trained by `Comparison.ranker`")
        for frame in frames:
            self.recipe.check_tasks(self.tasks, frame)
        features = Features(self.features.columns).fit(frames[0])
        own = {task: task for task in self.tasks}
        sets = [features.examples(frame, own, weight=weight, narrow=True) for frame in frames]
        scales = {task: _scale(task, sets[0]) for task, kind in self.tasks.items() if kind == "regression"}
        sets = [examples.scaled(scales) for examples in sets]
        model = self.recipe.model(features, self.tasks, self.seed, sets[0])
        parts = model.models if isinstance(model, SingleTasks) else [model]  # single tasks stop each at its own best
        own = [[examples.only(*part.tasks) for examples in sets] for part in parts]
        runs = []
        for place, (part, rows) in enumerate(zip(parts, own, strict=True)):
            settings = self.recipe.training(len(rows[0])) | {"seed": self.seed, "progress": progress}
            settings |= {} if epochs is None else {"epochs": epochs[place], "patience": None}
            runs.append(fit(part, *rows, **settings))
        self.histories, self.epochs = [run.history for run in runs], [max(1, int(run.best[TOTAL][0])) for run in runs]
        self.features, self.scales, self.model = features, scales, model  # only now: a fit that fails changes nothing
        return self

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A column a task, a row a row of `frame`: the probability of a binary label, the value of another.

        A table without rows, such as an empty list of candidates, gives one without rows.
        """
        serving = self._serving()
        if isinstance(frame, pd.DataFrame) and not len(frame):
            return pd.DataFrame(index=frame.index, columns=list(self.tasks), dtype=np.float32)
        outputs = predict(serving, self.features.transform(frame))
        return pd.DataFrame({task: output.numpy() for task, output in outputs.items()}, index=frame.index)

    def rank(self, candidates: pd.DataFrame) -> pd.DataFrame:
        """One list, best first: the predictions, and the `score` that orders them; equal scores stay in their order.

        Raises ValueError where no exponent was set.
        """
        if not any(self.exponents.values()):
            validate.fail("exponents", str(self.exponents), "one that is not 0: ranker.exponents = {task: number}")
        predicted = self.predict(candidates)
        parts = {task: contribution(predicted[task], self.scales.get(task)) for task in self.exponents}
        return predicted.assign(score=fuse(parts, self.exponents)).sort_values("score", ascending=False, kind="stable")

    def evaluate(self, frame: pd.DataFrame, groups: str | None = None) -> pd.DataFrame:
        """`metrics.evaluate` on these rows; `groups` is the column of the user, for GAUC.

        The error of a regression task is in deviations of its training labels.
        """
        self._serving()
        examples = self.features.examples(frame, {task: task for task in self.tasks}, groups).scaled(self.scales)
        return evaluate(predict(self.model, examples.inputs), examples, self.tasks)

    def save(self, path: str | Path) -> None:
        """Write everything that `load` needs into one file, whole or not at all: texts and tensors, no code."""
        self._serving()
        about = {"tasks": self.tasks, "recipe": asdict(self.recipe), "seed": self.seed, "scales": self.scales}
        about |= {"features": self.features.state(), "exponents": self.exponents, "epochs": self.epochs}
        about["check"] = None if self.check is None else self.check.to_dict("list")
        _write(path, torch.save, {"ranker": json.dumps(about), "parameters": self.model.state_dict()})

    @staticmethod
    def load(path: str | Path) -> Ranker:
        """Read what `save` wrote. A file from a stranger cannot run code (`weights_only=True`).

        Raises FileNotFoundError, or ValueError when the file is no ranker.
        """
        path = _path(path)
        if not path.exists():
            validate.fail("path", f"{path.name}, which does not exist", "a file of `Ranker.save`", FileNotFoundError)
        try:
            kept = torch.load(path, weights_only=True)
            about = json.loads(kept["ranker"])
            columns, own = Features.of_state(about["features"]), about["recipe"]
            recipe = Mix.of_state(own) if "forms" in own else Recipe(**own)
            ranker = Ranker(columns, about["tasks"], recipe, about["seed"])
            ranker.exponents, ranker.epochs = about["exponents"], about["epochs"]
            ranker.check = None if about["check"] is None else pd.DataFrame(about["check"])
            ranker.scales = {task: tuple(scale) for task, scale in about["scales"].items()}
            ranker.model = recipe.model(columns, ranker.tasks).eval()
            ranker.model.load_state_dict(kept["parameters"])
        except Exception as error:  # truncated, another format, a pickle with code in it, another version of the course
            came = f"{path.name}, which holds no ranker ({type(error).__name__})"
            validate.fail("path", came, "a file of `Ranker.save`, of this version of the course")
        return ranker

    def export(self, path: str | Path) -> None:
        """Write the model as a program that runs where torch is and this course is not: `torch.export.load(path)`.

        It takes what `features.transform` gives, of any number of rows, and gives {task: probability or value}. How
        rows become that, and how the outputs become an order, is written beside it, as JSON: `served`.
        `examples/serve.py` reads both.

        Where ONNX is wanted, torch makes it of the same file, with onnx and onnxscript installed (120 MB that the
        course does not need): `torch.onnx.export(torch.export.load(path), dynamo=True, output_names=[*ranker.tasks])`
        and of that `.save("ranker.onnx")`. Without the names, outputs are called by what computed them.
        """
        if _path(path).suffix != ".pt2":
            validate.fail("path", repr(str(path)), "a name that ends in .pt2, as torch wants it")
        serving = copy.deepcopy(self._serving()).requires_grad_(False)  # what is served is trained no further
        blank = pd.DataFrame({column.name: [np.nan, np.nan] for column in self.features.columns})
        inputs = self.features.transform(blank)
        rows = torch.export.Dim("rows", min=1)
        program = torch.export.export(serving, (inputs,), dynamic_shapes=({name: {0: rows} for name in inputs},))
        _write(path, torch.export.save, program)
        with whole(_path(path).with_suffix(".json")) as part:
            part.write_text(json.dumps(self.served(), ensure_ascii=False), encoding="utf-8")

    def served(self) -> dict[str, list[dict]]:
        """How rows become inputs, and outputs one score (`fuse`), as texts and numbers:

        numbers   name, mean, deviation, and whether a column with its gaps (0 or 1) follows after all numbers
        ids       name, offset (the row of a missing id; that of an unknown one follows), ids (their rows follow), and
                  text: whether they are words, or whole numbers
        lists     name, of (which ids), length (of the newest that count); filled up with rows 0
        tags      the same as of ids, of lists that have ids of their own
        fusion    task, model (in words) and exponent of each, and of a number its mean and deviation
        """
        features = self.features
        features.check_fitted()
        numbers = [
            {"name": name, "mean": mean, "deviation": deviation, "gaps": f"{name} missing" in features.dense}
            for (name, mean), deviation in zip(features.means.items(), features.deviations.values(), strict=True)
        ]
        known = {
            name: {"name": name, "offset": layout.offset, "ids": ids.tolist(), "text": ids.dtype.kind == "O"}
            for name, layout in features.ids.items()
            for ids in [features.vocabularies[name]]
        }
        ids = [known.pop(layout.name) for layout in features.sparse]
        lists = [{"name": layout.name, "of": layout.of, "length": layout.length} for layout in features.sequences]
        words = self.recipe.words if isinstance(self.recipe, Mix) else dict.fromkeys(self.tasks, self.recipe.structure)
        fusion = [
            {"task": task, "model": words[task], "exponent": self.exponents.get(task, 0)}
            | dict(zip(("mean", "deviation"), self.scales.get(task, ()), strict=False))
            for task in self.tasks
        ]
        return {"numbers": numbers, "ids": ids, "lists": lists, "tags": list(known.values()), "fusion": fusion}

    def _serving(self) -> nn.Module:
        if self.model is None:
            validate.fail("ranker", "one that is not trained", "a call of `fit`, or `Ranker.load`, first")
        return _Serving(self.model, self.scales).eval()


class _Serving(nn.Module):
    """A model whose outputs are probabilities and values in the units of the labels."""

    def __init__(self, model: nn.Module, scales: dict[str, tuple[float, float]]):
        super().__init__()
        self.model, self.scales = model, scales

    def forward(self, inputs: Inputs) -> dict[str, Tensor]:
        outputs = self.model(inputs)
        values = {task: outputs[task] * deviation + mean for task, (mean, deviation) in self.scales.items()}
        return {task: values[task] if task in values else torch.sigmoid(outputs[task]) for task in outputs}


def _know_the_unknown(model: nn.Module, features: Features) -> None:
    """Each column's unknown id gets the mean of the known vectors, in all tables that have a row for it."""
    tables = [part.weight for part in model.modules() if isinstance(part, nn.Embedding)]
    with torch.no_grad():
        for table, layout in itertools.product(tables, features.ids.values()):
            if len(table) == features.tables[layout.width]:
                table[layout.offset + 1] = table[layout.offset + 2 : layout.offset + layout.rows].mean(0)


def _scale(task: str, examples: Examples) -> tuple[float, float]:
    seen = examples.labels[task][examples.observed(task)]
    if len(seen) < 2 or float(seen.std()) == 0:
        came = f"{len(seen)} training rows with one value" if len(seen) else "no training row with a value"
        validate.fail(f"label {task!r}", came, "at least two values to learn from")
    return float(seen.mean()), float(seen.std())


def _path(path: str | Path) -> Path:
    return Path(validate.instance("path", path, str | PathLike, "the name of a file"))


def _write(path: str | Path, save: Callable, what: object) -> None:
    """Write what torch's `save` makes, whole or not at all: its own writer ends the process when a disk is full."""
    content = io.BytesIO()
    save(what, content)
    with whole(path) as part:
        part.write_bytes(content.getbuffer())

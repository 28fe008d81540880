"""What is best for each task, as one ranker: what `Comparison.best` names, trained, calibrated and put together.

A network as it is says a logit. What is in no unit, such as a count, a product or a mean of several outputs, is brought
to one by a slope, which keeps its order: by the validation rows (`calibration.platt`), or of a number by a line. Then
each has the level of all rows that it was trained on: the validation rows are few.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import torch
from scipy.optimize import brentq
from scipy.special import expit, logit
from torch import Tensor, nn

from ..data.examples import Examples
from ..data.features import Features
from ..evaluation import yardsticks
from ..evaluation.calibration import platt
from ..evaluation.counts import by_ids
from ..evaluation.metrics import auc, r2
from ..evaluation.pool import FUSIONS, MEAN, PRODUCT, pool
from ..evaluation.yardsticks import _fit as fitted
from ..evaluation.yardsticks import _one_hot as one_hot
from ..models.copies import predict
from ..models.mixture import ALONE, SHARED, SUM, Mixture, Sum
from ..support import validate
from .declaration import Declaration
from .plan import SINGLE
from .preparation import Split
from .ranker import Mix, Ranker, Recipe, _scale
from .recommendation import served_as

COUNTED = {"by item": ("item",), "by user": ("user",), "by user and item": ("user", "item")}  # means of these columns
NO_UNIT = (*COUNTED, PRODUCT, MEAN)  # what is no logit, nor a value in the units of its label
LEAST = 1e-6  # slope of a calibration: an order is never turned round
NARROW = 0.1  # of the deviation of all scores: rows that vary less tell no slope


@validate.checked
def best(
    own: Declaration, names: dict[str, str], parts: Split, every: pd.DataFrame, recipes: dict[str, Recipe], seed: int
) -> tuple[Ranker, Ranker]:
    """What is best for each task, trained on the training rows, and again on all rows with what the first has chosen.

    names    {task: one of `Comparison.best`}
    parts    of the rows `every`, as `preparation.prepare` and `split` make them
    recipes  {tasks of a side, as in `Comparison.tuned`: what it chose}
    """
    tasks, whole = own.labels, " + ".join(own.labels)
    forms = {task: (_side(names[task]), names[task].endswith(PRODUCT)) for task in tasks}
    fused = any(name in FUSIONS for name in names.values())
    shares = any(side == SHARED for side, _ in forms.values())
    alone = {task: recipes[task] for task, (side, _) in forms.items() if side == ALONE or fused}
    mix = Mix(forms, recipes[whole] if shares else None, alone, {task: served_as(names[task]) for task in tasks})
    asked = {whole: (tasks, mix.shared)} if shares else {}
    asked |= {task: ({task: tasks[task]}, recipe) for task, recipe in alone.items()}
    how = {"progress": False, "weight": own.weight}
    models = {
        name: Ranker(own.layout(), of, recipe, seed).fit(parts.train, parts.valid, **how)
        for name, (of, recipe) in asked.items()
    }
    rows, sums = _Rows(own, parts.train), {task: names[task] for task, (side, _) in forms.items() if side == SUM}
    penalties = {task: rows.penalty(parts.valid, task) for task, name in sums.items() if name == yardsticks.LINEAR}
    first = _ranker(mix, models, rows, {task: rows.sum(task, name, penalties.get(task)) for task, name in sums.items()})
    valid = rows.examples(parts.valid)
    weights = torch.tensor(np.stack([_weights(first, rows.train, valid, task, names[task]) for task in tasks]))
    models, newest = {name: ranker.refit(every, **how) for name, ranker in models.items()}, _Rows(own, every)
    sums = {task: newest.sum(task, name, penalties.get(task)) for task, name in sums.items()}
    last = _ranker(mix, models, newest, sums)
    for ranker, of in ((first, rows), (last, newest)):
        with torch.no_grad():
            ranker.model.weights.copy_(weights)
            said = predict(ranker.model, of.train.inputs)
            levels = [_level(said[task], of.train, task, tasks[task]) for task in tasks]
            ranker.model.constants.copy_(torch.tensor(levels))
    first.seed = last.seed = seed
    return first, last


def _side(name: str) -> str:
    if name in COUNTED or name == yardsticks.LINEAR:
        return SUM
    return ALONE if name == SINGLE or name in FUSIONS else SHARED


def _ranker(mix: Mix, models: dict[str, Ranker], rows: _Rows, sums: dict[str, Sum]) -> Ranker:
    """The parts in one ranker; how they are weighed comes after."""
    tasks = rows.declaration.labels
    shared = models[" + ".join(tasks)].model if mix.shared else None
    ranker = Ranker(rows.features, tasks, mix)
    ranker.model = Mixture(mix.forms, shared, {task: models[task].model for task in mix.alone}, sums).eval()
    ranker.scales = rows.scales
    ranker.histories = [history for one in models.values() for history in one.histories]
    ranker.epochs = [epoch for one in models.values() for epoch in one.epochs]
    return ranker


class _Rows:
    """Rows that are trained on: features and scales as `Ranker.fit` makes them of these, and what is only counted."""

    def __init__(self, own: Declaration, frame: pd.DataFrame):
        self.features, self.declaration = Features(own.layout()).fit(frame), own
        self.tasks, self.scales = own.labels, {}
        plain = self.examples(frame)
        self.scales = {task: _scale(task, plain) for task, kind in own.labels.items() if kind == "regression"}
        self.train = plain.scaled(self.scales)

    def examples(self, frame: pd.DataFrame) -> Examples:
        own = {task: task for task in self.tasks}
        made = self.features.examples(frame, own, weight=self.declaration.weight, narrow=True)
        return made.scaled(self.scales)

    def penalty(self, valid: pd.DataFrame, task: str) -> float:
        """That of the linear model, by the validation rows."""
        rows = self.examples(valid).only(task)
        seen, score = rows.observed(task).numpy(), auc if self.tasks[task] == "binary" else r2
        labels = rows.labels[task].numpy()[seen]
        tried = yardsticks.candidates(yardsticks.LINEAR, self.features, self.train.only(task), rows.inputs)
        values = [score(scores[seen], labels) for (scores,) in tried]
        return yardsticks.PENALTIES[int(np.argmax(values))]

    def sum(self, task: str, name: str, penalty: float | None) -> Sum:
        """A count or a linear model of these rows."""
        found, features = Sum(self.features), self.features
        if name in COUNTED:
            constant, ids = self._offsets(task, [getattr(self.declaration, role) for role in COUNTED[name]])
            numbers, lists = np.zeros(len(features.dense)), []
        else:
            weights, constant = _linear(features, self.train.only(task), penalty)
            layouts = [*features.sparse, *(features.ids[layout.of] for layout in features.sequences)]
            numbers, *parts = np.split(weights, np.cumsum([len(features.dense), *(one.rows for one in layouts)])[:-1])
            each = [(layout, part) for layout, part in zip(layouts, parts, strict=True)]
            ids, lists = each[: len(features.sparse)], each[len(features.sparse) :]
        with torch.no_grad():
            found.constant.fill_(constant)
            found.numbers.copy_(torch.from_numpy(numbers))
            for place, (layout, part) in [*((0, one) for one in ids), *enumerate(lists, 1)]:
                found.ids[place, layout.offset : layout.offset + layout.rows] = torch.from_numpy(part)
        return found

    def _offsets(self, task: str, columns: list[str]) -> tuple[float, list]:
        """The mean of all, and for each id of these columns how far it is from that."""
        places = [self.declaration.ids_of_all().index(column) for column in columns]
        seen = self.train.observed(task).numpy()
        labels, ids = self.train.labels[task].numpy()[seen], self.train.inputs["sparse"].numpy()[seen]
        known, nothing, found = [ids[:, place] for place in places], np.array([-1]), []
        mean = by_ids(known, labels, [nothing] * len(places))[0]
        for turn, place in enumerate(places):
            layout = self.features.sparse[place]
            codes = np.arange(layout.offset, layout.offset + layout.rows)
            asked = [codes if k == turn else np.full(len(codes), -1) for k in range(len(places))]
            found.append((layout, by_ids(known, labels, asked) - mean))
        return float(mean), found


def _linear(features: Features, train: Examples, penalty: float) -> tuple[np.ndarray, float]:
    """The weights of the linear model of one task: of the numbers, of the values of each id, of the ids of each list,
    one after the other; and its constant."""
    (task,) = train.tasks
    seen, labels = train.observed(task).numpy(), train.labels[task].numpy().astype(float)
    weights = train.weights[task].numpy()[seen] if task in train.weights else None
    binary = bool(np.isin(labels[seen], (0, 1)).all())
    model = fitted(penalty, binary, one_hot(features, train.inputs)[seen], labels[seen], weights)
    return np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])


def _weights(ranker: Ranker, train: Examples, valid: Examples, task: str, name: str) -> np.ndarray:
    """The weights of all tasks' outputs for one task, by the validation rows. The constant that goes with them is left
    to `_level`: there are more rows to train on."""
    tasks, seen = list(ranker.tasks), valid.observed(task)
    weights, labels = np.eye(len(tasks))[tasks.index(task)], valid.labels[task]
    side, product = ranker.recipe.forms[task]
    way = name.removeprefix("shared, ")
    if way in FUSIONS and not product:  # what such a score says of zeros and of unit vectors tells its weights
        outputs = predict(_Side(ranker.model, side), valid.inputs)
        units = np.vstack([np.zeros(len(tasks)), np.eye(len(tasks))]).T
        score = pool(outputs, dict(zip(tasks, units, strict=True)), task, labels, seen)[way].numpy()
        weights = score[1:] - score[0]
    if product:
        weights = np.ones(len(tasks))
    if way in NO_UNIT:
        with torch.no_grad():
            ranker.model.weights[tasks.index(task)] = torch.from_numpy(weights)
        scores, every = (predict(ranker.model, rows.inputs)[task].double() for rows in (valid, train))
        weights = weights * calibration(scores[seen], labels[seen], ranker.tasks[task], every)[0]
    return weights


def _level(said: Tensor, rows: Examples, task: str, kind: str) -> float:
    """What to add to logits, or values, so that they have the mean of the label over the rows that have one."""
    seen = rows.observed(task).numpy()
    weights = rows.weights[task].numpy()[seen] if task in rows.weights else None
    mean, said = partial(np.average, weights=weights), said.numpy()[seen].astype(float)
    level = mean(rows.labels[task].numpy()[seen].astype(float))
    if kind == "regression":
        return level - mean(said)
    return brentq(lambda shift: mean(expit(said + shift)) - level, *logit(level) - [said.max() + 1, said.min() - 1])


class _Side(nn.Module):
    """All outputs of one side of a mixture."""

    def __init__(self, mixture: Mixture, side: str):
        super().__init__()
        self.mixture, self.side = mixture, side

    def forward(self, inputs):
        if self.side == SHARED:
            return self.mixture.shared(inputs)
        return {task: output for model in self.mixture.alone for task, output in model(inputs).items()}


@validate.checked
def calibration(scores: Tensor, labels: Tensor, kind: str, every: Tensor) -> tuple[float, float]:
    """Slope and start of the line from scores to logits, or values. Where they hardly vary beside the scores of `every`
    row that the line is for, as of ids that are all new, no slope can be told: then it is next to none."""
    if not scores.std() > NARROW * every.std():
        mean = float(labels.mean())
        return LEAST, (mean if kind == "regression" else float(logit(mean))) - LEAST * float(scores.mean())
    if kind == "regression":
        slope, start = np.polyfit(scores, labels, 1)
    else:  # in units of their spread: what is in no unit may be far smaller or larger than a logit
        centre, spread = float(scores.mean()), float(scores.std())
        steepness, level = platt((scores - centre) / spread, labels).tolist()
        slope, start = steepness / spread, level - steepness * centre / spread
    return max(float(slope), LEAST), float(start)

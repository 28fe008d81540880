"""The exercises of the clinic: bugs that people had, to be found and fixed.

A check knows the code as it was found, right fixes, and the fixes that people try. None of them trains: each asks one
of the five questions of the clinic's last section. `tried` shows which number every fix gives.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from scipy.special import expit
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from helpers.chapters.clinic.loop import fit
from helpers.display.answers import close, described, is_tensor, slopes
from helpers.display.exercises import Exercise, Folded
from helpers.display.mistakes import at, form, gives, otherwise, when
from helpers.evaluation import metrics
from helpers.evaluation.metrics import auc
from helpers.models.esmm import product_logit

SUMMARY = "What people tried, and the number that it gave (open it when the check passes)"


def tried(name: str, show: Callable[[Callable], dict]) -> Folded:
    """What `show` says of the code as it was found, of the fixes that people try and of a right one: a row each, in a
    fold.

    name  the exercise; one of `TRIED`
    show  makes numbers of an answer, {what it is: value}
    """
    return Folded(pd.DataFrame(map(show, TRIED[name].values()), TRIED[name]).round(3), SUMMARY)


def _threads(*places: str) -> Callable:
    """What is said below *Correct*: where it happened."""
    return lambda seen: "\n".join(f"https://github.com/{place}" for place in places)


# --- 1 the weights that stay at 1 ------------------------------------------------------------------------------------

LOSSES = torch.tensor([2.0, 0.05]).double()


class _Balance(nn.Module):
    def __init__(self, s: Tensor):
        super().__init__()
        self.s = nn.Parameter(s.clone())


def _first_step(answer: Callable) -> dict:
    """Whether a step moves s from 0, leaves it where its slope is 0, and moves the model."""
    moved = {}
    for place, s in (("start", torch.zeros(2).double()), ("rest", LOSSES.log())):
        model, balance = nn.Linear(3, 2).double(), _Balance(s)
        optimiser = answer(model, balance)
        if not isinstance(optimiser, torch.optim.Optimizer):
            return {"came": described(optimiser)}
        before = model.weight.detach().clone()
        optimiser.zero_grad()
        losses = LOSSES + (model.weight - before).sum()
        (torch.exp(-balance.s) * losses + balance.s).sum().backward()
        optimiser.step()
        moved[place] = (balance.s.detach() - s).abs().max().item()
        moved["model"] = (model.weight.detach() - before).abs().max().item()
        moved["joined"] = any(tensor is balance.s for tensor in model.parameters())
    return moved


def _model_alone(model, balance):
    return torch.optim.Adam(model.parameters(), 0.05)


def _joined_late(model, balance):
    optimiser = torch.optim.Adam(model.parameters(), 0.05)
    model.balance = balance
    return optimiser


def _decayed(model, balance):
    return torch.optim.AdamW([*model.parameters(), *balance.parameters()], 0.05, weight_decay=1.0)


def _both(model, balance):
    return torch.optim.Adam([*model.parameters(), *balance.parameters()], 0.05)


optimiser = Exercise(
    "the optimiser moves s, and lets it rest.",
    "`answer(model, balance)`: an optimiser for both modules.",
    right=_both,
    also=[
        lambda model, balance: torch.optim.SGD(nn.ModuleList([model, balance]).parameters(), 0.1),
        lambda model, balance: torch.optim.AdamW(
            [{"params": model.parameters()}, {"params": balance.parameters(), "weight_decay": 0.0}], 0.01
        ),
    ],
    look=_first_step,
    note=_threads("Mikoto10032/AutomaticWeightedLoss/issues/3"),
    mistakes={
        when(
            lambda seen: "came" in seen and seen, lambda model, balance: [*balance.parameters()]
        ): """the function gave back {came}, not an optimiser.
            Hint: the training loop calls its `step()`.
            Hint: `torch.optim.Adam(...)`.""",
        when(lambda seen: seen["joined"] and not seen["start"], _joined_late): """s is a tensor of the model now, and a
            step still leaves it at 0.
            Hint: print the optimiser's `param_groups`. Is s in there?
            Hint: an optimiser reads its list when it is made; what the model gets later is not in it.""",
        when(lambda seen: not seen["start"], _model_alone): """a step moves the model, and s stays at 0.
            Hint: a gradient arrives at s. Who takes a step with it?
            Hint: an optimiser moves the tensors in its list, and it reads the list when it is made.""",
        when(
            lambda seen: not seen["model"], lambda model, balance: torch.optim.Adam(balance.parameters(), 0.05)
        ): """s moves, and the model is not trained any more.
            Hint: one optimiser can have the tensors of two modules.
            Hint: `[*model.parameters(), *balance.parameters()]`.""",
        when(lambda seen: seen["rest"] > 1e-6, _decayed): """s moves, and does not rest where its slope is 0: something
            else pulls it.
            Hint: which option of an optimiser pulls every tensor towards 0?
            Hint: weight decay is for the weights of a network; s = 0 says that a loss is 1.""",
    },
)


# --- 2 two heads that agree ------------------------------------------------------------------------------------------


def _tower() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))


def _three(answer: Callable) -> dict:
    """How many tensors the first of three towers has, and how many of them it shares with another one."""
    towers = answer(_tower, 3)
    if not isinstance(towers, list | tuple | nn.ModuleList) or len(towers) != 3:
        return {"came": described(towers)}
    first, *others = ({id(tensor) for tensor in tower.parameters()} for tower in towers)
    return {"boxes": len(set(map(id, towers))), "own": len(first), "shared": len(first & set.union(*others))}


def _times(make, tasks):
    return [make()] * tasks


def _shallow(make, tasks):
    return [copy.copy(tower) for tower in _times(make, tasks)]


def _last_layers(make, tasks):
    body = make()
    return [nn.Sequential(*body[:-1], nn.Linear(8, 1)) for _ in range(tasks)]


def _each(make, tasks):
    return [make() for _ in range(tasks)]


towers = Exercise(
    "each task has a tower. It happened in a transformer and in a synthesiser.",
    "`answer(make, tasks)`: a list with one tower for each task; `make()` makes one.",
    right=_each,
    also=[lambda make, tasks: nn.ModuleList(copy.deepcopy(tower) for tower in _times(make, tasks))],
    look=_three,
    note=_threads("linkedin/Liger-Kernel/issues/269", "acids-ircam/ddsp_pytorch/issues/37"),
    mistakes={
        when(lambda seen: "came" in seen and seen, lambda make, tasks: make()): """three tasks gave {came}.
            Hint: a list with one module for each task.
            Hint: its length is `tasks`.""",
        when(
            lambda seen: seen["shared"] == seen["own"] and seen["boxes"] == 3, _shallow
        ): """three boxes, with one set of
            layers in all of them.
            Hint: `copy.copy` copies the box and keeps what is in it.
            Hint: how often is `make` called?""",
        when(lambda seen: seen["shared"] == seen["own"], _times): """one tower, three times in the list.
            Hint: how many tensors does it have, and how many should three towers have?
            Hint: how often is `make` called?""",
        when(lambda seen: seen["shared"] and seen, _last_layers): """{shared} of {own} tensors of the first tower are in
            another one: that part is a bottom.
            Hint: the scores differ now, and what is below the last layer is still one network.
            Hint: each tower is made by a call of its own.""",
    },
)


# --- 3 an AUC of 1 ---------------------------------------------------------------------------------------------------


def _small_log(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 300))
    click = rng.random(300) < expit(a)
    buy = click & (rng.random(300) < expit(2 * b - 1))
    return {"a": a, "b": b, "click": click, "buy": buy, "ctcvr_label": click & buy}


def _named(answer: Callable) -> dict:
    """Which columns of two logs are among the features of training rows and test rows."""
    logs = _small_log(0), _small_log(1)
    given = answer(*logs)
    if not isinstance(given, tuple | list) or [np.shape(part)[:1] for part in given] != [(300,), (300,)]:
        return {"came": described(given)}
    columns = [np.asarray(part, dtype=float).reshape(300, -1).T for part in given]
    named = [
        {name for name, values in log.items() if any(np.array_equal(values, column) for column in part)}
        for part, log in zip(columns, logs, strict=True)
    ]
    return {"train": named[0], "test": named[1], "lost": " and ".join({"a", "b"} - named[0])}


def _stacked(keep: Callable[[str, np.ndarray, np.ndarray], bool]) -> Callable:
    """An answer that keeps the columns of which this is true: name, values, and what was bought."""

    def answer(train, test):
        names = [name for name, values in train.items() if keep(name, values, train["buy"])]
        return [np.stack([part[name] for name in names], 1) for part in (train, test)]

    return answer


_all_but_labels = _stacked(lambda name, *_: name not in ("click", "buy"))


def _cleared(train, test):
    return _all_but_labels(train, test | {"ctcvr_label": np.zeros(len(test["buy"]))})


_uncorrelated = _stacked(lambda name, values, buy: abs(np.corrcoef(values, buy)[0, 1]) < 0.3)
_allowed = _stacked(lambda name, *_: name in ("a", "b"))

features = Exercise(
    "what is known before the click, and nothing else. It had been fixed once, by a list of what to leave out, which "
    "was too short.",
    "`answer(train, test)`: two logs, dicts of columns, become two arrays of features, `(rows, features)`.",
    right=_allowed,
    also=[lambda train, test: [np.c_[part["b"], part["a"], part["a"] * part["b"]] for part in (train, test)]],
    look=_named,
    note=_threads("datawhalechina/torch-rechub/issues/56"),
    mistakes={
        when(lambda seen: "came" in seen and seen, lambda train, test: _allowed(train, test)[0]): """two logs of 300
            rows gave {came}.
            Hint: features of the training rows, and of the test rows.
            Hint: a list of two arrays, `(rows, features)` each.""",
        when(lambda seen: "buy" in seen["train"] - seen["test"], _cleared): """the label is out of the test rows, so the
            number looks honest. The model has still learnt to read it, in the training rows.
            Hint: what does this model do with the honest columns?
            Hint: a column that goes must go from both logs.""",
        when(lambda seen: "buy" in seen["train"], _all_but_labels): """one feature of the training rows
            orders what was bought with an AUC of 1: it is the label.
            Hint: the model learns from the training rows that this column is all it needs.
            Hint: a third column is made from the other two labels. What is known before the video is shown?""",
        when(
            lambda seen: "click" in seen["train"], _stacked(lambda name, *_: name in ("a", "b", "click"))
        ): """the click is a feature, and nobody has clicked when the videos are ranked.
            Hint: it is no copy of the label, and still it is not known in time.
            Hint: which columns are there before the video is shown?""",
        when(lambda seen: seen["lost"] and seen, _uncorrelated): """{lost}: an honest feature is gone.
            Hint: a column that goes with the label may be a good feature. That is what features are for.
            Hint: the number cannot tell; only what is known before the click can.""",
        when(
            lambda seen: seen["train"] != seen["test"],
            lambda train, test: [_allowed(train, test)[0], _all_but_labels(train, test)[1]],
        ): """training rows and test rows have other features.
            Hint: one list of names for both.
            Hint: the columns must be in the same order, too.""",
    },
)


# --- 4 the second AUC ------------------------------------------------------------------------------------------------


class _Meter:
    def __init__(self):
        self.reset()

    def reset(self):
        self.labels, self.scores = [], []

    def add(self, labels, scores):
        self.labels.extend(labels)
        self.scores.extend(scores)


def _left(answer: Callable) -> dict:
    """Which meters, of two and then of three, still hold rows when a new day begins."""
    for tasks in (2, 3):
        meters = [_Meter() for _ in range(tasks)]
        for meter in meters:
            meter.add([0, 1, 1], [0.2, 0.4, 0.3])
        answer(meters)
        if full := [number for number, meter in enumerate(meters, 1) if meter.labels or meter.scores]:
            return {"tasks": tasks, "full": " and ".join(map(str, full)), "all": len(full) == tasks}
    return {"tasks": 0, "all": False}


def _first(count: int) -> Callable:
    def answer(meters):
        for meter in meters[:count]:
            meter.reset()
        return meters

    return answer


set_back = Exercise(
    "every meter starts empty, however many there are. The number was 1 unless somebody configured another.",
    "`answer(meters)`: sets all meters back, and returns them.",
    right=_first(None),
    also=[lambda meters: [meter.__init__() or meter for meter in meters]],
    look=_left,
    note=_threads("PaddlePaddle/PaddleRec/issues/981"),
    mistakes={
        when(lambda seen: seen["all"], lambda meters: [_Meter() for _ in meters]): """all meters still hold yesterday's
            rows.
            Hint: the training loop goes on with its own meters, not with those that you return.
            Hint: each of them has a `reset()`.""",
        when(lambda seen: seen["tasks"] == 2 and seen, _first(1)): """of two meters number {full} still holds
            yesterday's rows.
            Hint: count the rows in each meter on the second day.
            Hint: how many tasks does the loop think of?""",
        when(lambda seen: seen["tasks"] == 3 and seen, _first(2)): """with two tasks all is well; with three, meter
            number {full} still holds yesterday's rows.
            Hint: somebody will add a task, and will not think of this line.
            Hint: go through all meters, without a number.""",
    },
)


# --- 5 users who click nothing ---------------------------------------------------------------------------------------


def _users() -> list[tuple]:
    """A log of 60 users with four to eight rows each; of twelve no row is clicked, of three all are."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(60), 4 + np.arange(60) % 5)
    score = rng.normal(size=len(user))
    label = (rng.random(len(user)) < expit(2 * score - 0.5)).astype(int)
    label[(user > 2) & (user < 15)] = 0
    label[user < 3] = 1
    return [(user[user > 2], label[user > 2], score[user > 2]), (user, label, score)]


def _mean_over_users(undefined: Callable[[np.ndarray], float | None], weighted: bool = True) -> Callable:
    """An answer that counts a user whose labels are all equal as this; as nobody, if it is None."""

    def answer(user, label, score):
        values = []
        for one in np.unique(user):
            y, s = label[user == one], score[user == one]
            right = s[y == 1][:, None] > s[y == 0]
            values.append((right.mean() if right.size else undefined(y), len(y) if weighted else 1))
        values = [(value, rows) for value, rows in values if value is not None]
        return sum(value * rows for value, rows in values) / sum(rows for _, rows in values)

    return answer


_zero, _half = _mean_over_users(lambda y: 0.0), _mean_over_users(lambda y: 0.5)
_one_side = _mean_over_users(lambda y: 1.0 if y.all() else None)
_skipped = _mean_over_users(lambda y: None)
_each_once = _mean_over_users(lambda y: None, weighted=False)

mean_over_users = Exercise(
    "users without an order are left out, whoever they are. In TensorFlow an AUC of one class is 0, since 2020 at "
    "least, and a mean over users inherits it.",
    "`answer(user, label, score)`: the mean over users of the AUC within each, weighted by rows; `(n,)` arrays.",
    right=lambda user, label, score: metrics.gauc(score, label, user).value,
    also=[_skipped],
    cases=_users,
    note=_threads("tensorflow/tensorflow/issues/41081"),
    mistakes={
        form(lambda user, label, score: metrics.gauc(score, label, user)): """the function gave back {came}, not one
            number.
            Hint: a mean over users.
            Hint: return only the mean.""",
        _zero: """a user who clicked nothing counts as if every pair were in the wrong order: {yours:.3f} for
            {right:.3f}.
            Hint: add users who click nothing. Should the number move?
            Hint: without a click there is no pair, so there is nothing that could be right or wrong.""",
        _half: """a user who clicked nothing counts as a coin: {yours:.3f} for {right:.3f}.
            Hint: add users who click nothing. Should the number move?
            Hint: 0.5 is what an order at random gets, and here there is no order. Leave such users out.""",
        _one_side: """a user who clicked everything counts as a perfect order: {yours:.3f} for {right:.3f}.
            Hint: add users who click everything. Should the number move?
            Hint: no pair, no order; leave out whoever has labels of one kind.""",
        _each_once: """every user counts once: {yours:.3f} for {right:.3f}.
            Hint: a user with eight rows should count twice as much as one with four.
            Hint: sum AUC times rows over the users, and divide by the sum of the rows.""",
        otherwise(lambda user, label, score: metrics.auc(score, label)): """the mean over users is {right:.3f}, yours is
            {yours:.3f}.
            Hint: an AUC within each user who has clicked and unclicked rows.
            Hint: the mean of these, each weighted by the rows of its user.""",
    },
)


# --- 6 the weight that changes nothing -------------------------------------------------------------------------------


def _over_mean(losses, sample_weight, task_weight):
    weight = sample_weight * task_weight
    return (losses * weight / weight.mean()).mean()


def _weighted(losses, sample_weight, task_weight):
    return task_weight * (losses * sample_weight / sample_weight.mean()).mean()


def _raw(losses, sample_weight, task_weight):
    return (losses * sample_weight * task_weight).mean()


def _twice(losses, sample_weight, task_weight):
    return task_weight * _over_mean(losses, sample_weight, task_weight) * task_weight


weighted_loss = Exercise(
    "the weights of rows share out the loss, the weight of the task multiplies it. The review that let the division in "
    "had talked about it.",
    """`answer(losses, sample_weight, task_weight)`: the loss of one task, a number, from those of its rows `(n,)`.

    Sample weights say how much a row counts beside the others; task_weight how much the task does.""",
    right=_weighted,
    also=[lambda losses, weight, task: task * (losses * weight).sum() / weight.sum()],
    cases=lambda: [(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 6.0]), task) for task in (1.0, 3.0)],
    note=_threads("alibaba/TorchEasyRec/pull/171", "alibaba/TorchEasyRec/pull/82"),
    mistakes={
        form(lambda losses, sample_weight, task_weight: task_weight * losses * sample_weight): """the function gave back
            {came}, not one number in a tensor.
            Hint: one loss for the task.
            Hint: end with a mean.""",
        _over_mean: """three times the weight of the task, and the same loss.
            Hint: follow `task_weight` through the formula. Where does it go?
            Hint: what is divided by its own mean has lost its size. Which of the two weights may lose it?""",
        _twice: """three times the weight of the task, and nine times the loss.
            Hint: how often is it multiplied in?
            Hint: once, outside the mean over rows.""",
        _raw: """sample weights that are four times as large make the loss four times as large, although no row counts
            more beside the others: {yours:.1f} for {right:.1f}.
            Hint: rescale all sample weights alike: which number should not move?
            Hint: divide by the mean of the sample weights, and leave the task's weight out of that.""",
        otherwise(lambda losses, sample_weight, task_weight: losses.mean()): """with a task weight of {2:g} the loss is
            {right:.2f}, yours is {yours:.2f}.
            Hint: a mean over rows, weighted by `sample_weight`.
            Hint: then times `task_weight`.""",
    },
)


# --- 7 the negative loss, and 11 half of it --------------------------------------------------------------------------


def _rest(total: Callable[[Tensor, Tensor], Tensor]) -> dict:
    """Where s comes to rest at losses of 2 and 0.05: weight × loss of both, and the weights after many more steps."""
    found, losses = [], torch.tensor([2.0, 0.05], requires_grad=True)
    for steps in (200, 400):
        s = torch.zeros(2, requires_grad=True)
        if not is_tensor(total(losses, s)):
            return {"came": described(total(losses, s))}
        fit([s], lambda s=s: total(losses, s), steps)
        found.append(slopes(total(losses, s), losses)[0])
    half, weights = found
    products, below = (weights * losses).tolist(), torch.full((2,), -1.0, requires_grad=True)
    cut = slopes(total(losses, below), below)[0][1] == 0
    places = torch.tensor([-1.0, 1.0], requires_grad=True)
    deaf = not slopes(total(losses, places), places)[0].any()
    return {
        "cut": cut,
        "deaf": deaf,
        "weights": weights,
        "products": products,
        "fades": bool((weights < 0.7 * half).all()),
    }


def _uwl(losses, s):
    return (0.5 * torch.exp(-s) * losses + 0.5 * s).sum()


def _no_log(losses, s):
    return (0.5 * torch.exp(-s) * losses).sum()


def _absolute(losses, s):
    return (0.5 * torch.exp(-s) * losses + 0.5 * s.abs()).sum()


def _clamped(losses, s):
    return _uwl(losses, s.clamp(min=0))


ONE_NUMBER = """the function gave back {came}, not one number in a tensor.
    Hint: the optimiser needs one number for all tasks.
    Hint: end with `.sum()`."""
FADES = """the longer it trains, the smaller all weights get, {weights:.2g} by now: training switches itself off.
    Hint: what stops s from growing?
    Hint: without its second term the total is smallest where every weight is 0."""

total = Exercise(
    "a total below 0 is no error: it is a negative log-likelihood, and a density may be above 1. The answers that "
    "people get since 2019 are to cut s off at 0 or to take its absolute value.",
    "`answer(losses, s)`: the total of two regression losses `(tasks,)`, with s = log σ², a number.",
    right=_uwl,
    also=[lambda losses, s: 3 + _uwl(losses, s)],
    look=_rest,
    note=_threads("yaringal/multi-task-learning-example/issues/6"),
    mistakes={
        when(lambda seen: "came" in seen and seen, lambda losses, s: torch.exp(-s) * losses + s): ONE_NUMBER,
        when(lambda seen: seen["fades"] and seen, _no_log): FADES,
        when(lambda seen: seen["deaf"], lambda losses, s: losses.log().sum()): """s is not in the total, so nothing
            learns it.
            Hint: the sum of logs is what is left once every s is at its best, as chapter 05 says. Here s has to move.
            Hint: ½·e^(−s)·L + ½·s, summed over the tasks.""",
        when(
            lambda seen: seen["products"][1] < 0.1 and not seen["cut"] and seen, _absolute
        ): """the loss of 0.05 stays at
            the weight {weights[1]:.2f}, and 1/(2·0.05) is 10: s is pushed to 0 from both sides.
            Hint: below 0 the second term has to fall with s, as it does above.
            Hint: nothing has to keep the total above 0. Only its slope moves anything.""",
        when(lambda seen: seen["products"][1] < 0.1 and seen, _clamped): """the loss of 0.05 stays at the weight
            {weights[1]:.2f}, and 1/(2·0.05) is 10: below 0 nothing moves s any more.
            Hint: which s has a loss of 0.05, and is that s allowed?
            Hint: nothing has to keep the total above 0. Only its slope moves anything.""",
        when(
            lambda seen: not close(seen["products"], [0.5, 0.5], 0.02) and seen,
            lambda losses, s: (torch.exp(-s) * losses + s).sum(),
        ): """weight × loss rests at {products:.2f}, not at ½ for both.
            Hint: ½·e^(−s)·L + ½·s, summed over the tasks.
            Hint: both halves of the formula have the same factor.""",
    },
)

half = Exercise(
    "nothing had to be changed. The paper has e^(−s)·L + ½·s for a classification. With s + log 2 for s that is the "
    "total as it stood, but for a constant: both train the same network.",
    "`answer(losses, s)`: the total of two classification losses `(tasks,)`, a number; as found, or as it should be.",
    right=_uwl,
    also=[lambda losses, s: (torch.exp(-s) * losses + 0.5 * s).sum()],
    look=_rest,
    note=_threads("median-research-group/LibMTL/issues/40"),
    mistakes={
        when(lambda seen: "came" in seen and seen, lambda losses, s: torch.exp(-s) * losses + s): ONE_NUMBER,
        when(lambda seen: seen["fades"] and seen, _no_log): FADES,
        when(
            lambda seen: not close(seen["products"], [0.5, 0.5], 0.02) and seen,
            lambda losses, s: (torch.exp(-s) * losses + s).sum(),
        ): """weight × loss rests at {products:.2f}. The paper's total for a classification rests at ½.
            Hint: where does the total as found come to rest, and where the paper's?
            Hint: set the slope of both to 0, and compare weight × loss before you change anything.""",
    },
)


# --- 8 a gate that looks around --------------------------------------------------------------------------------------

gate = Exercise(
    "the weights of a row's experts add up to 1, and no other row has a say. The thread is about such an axis, in a "
    "layer of attention. No number that is computed offline shows it.",
    "`answer(logits)`: `(rows, tasks, experts)` become weights of the experts, in the same shape.",
    right=lambda logits: logits.softmax(-1),
    also=[lambda logits: (e := torch.exp(logits)) / e.sum(2, keepdim=True)],
    cases=lambda: [(torch.randn(5, 2, 4),), (torch.randn(1, 2, 4),)],
    note=_threads("shenweichen/DeepCTR-Torch/issues/63"),
    mistakes={
        form(lambda logits: logits.softmax(-1).sum(-1)): """logits of shape (5, 2, 4) gave {came}.
            Hint: a weight for each expert, of each task, in each row.
            Hint: the shape stays.""",
        lambda logits: logits.softmax(0): """a row's gate changes with the other rows of its batch.
            Hint: what does this gate give for a batch of one row?
            Hint: a softmax adds up to 1 along one axis. Along which of the three should it?""",
        lambda logits: logits.softmax(1): """the tasks share out each expert: what one gate takes, the other lacks.
            Hint: add up the weights of one task's experts.
            Hint: rows, tasks, experts: which number has the axis of the experts?""",
        lambda logits: logits.sigmoid(): """the weights of a task's experts do not add up to 1.
            Hint: it does not look at other rows any more. What else is a gate?
            Hint: a mixture: the weights of the experts have to compete.""",
        otherwise(
            lambda logits: logits
        ): """the weights of the first row's first task should be {right[0][0]:.2f}, yours
            are {yours[0][0]:.2f}.
            Hint: all positive, and their sum is 1.
            Hint: a softmax over the experts.""",
    },
)


# --- 9 clicked rows or all -------------------------------------------------------------------------------------------

CLICKS = torch.tensor([1.0] * 4 + [0.0] * 16 + [1.0] * 12 + [0.0] * 8)  # 20 rows of each of two kinds
BUYS = torch.tensor([1.0] * 2 + [0.0] * 18 + [1.0] * 3 + [0.0] * 17)
TRUE = torch.tensor([[0.2, 0.6], [0.5, 0.25]])  # of both kinds: the share clicked, and the share bought of these


def _rates(loss: Callable) -> dict:
    """Where the predicted rates of both kinds of rows come to rest."""
    logits = torch.zeros(2, 2, requires_grad=True)

    def value():
        click, buy = logits.repeat_interleave(20, dim=1)
        return loss(click, buy, CLICKS, BUYS)

    if not is_tensor(value()):
        return {"came": described(value())}
    fit([logits], value, steps=300, lr=0.1)
    click, buy = torch.sigmoid(logits.detach())
    return {
        "ctr": click,
        "cvr": buy,
        "clicks": close(click, TRUE[0], 0.03),
        "buys": close(buy, TRUE[1], 0.03),
        "raised": bool(buy[0] > 0.12),
        "far": bool(buy[0] > 0.65),
        "level": abs((click * buy).mean() - BUYS.mean()) < 0.02,
    }


def _all_rows(click_logit, buy_logit, click, buy):
    return bce(click_logit, click) + bce(buy_logit, buy)


def _by_the_mean(click_logit, buy_logit, click, buy):
    return bce(click_logit, click) + binary_cross_entropy(torch.sigmoid(buy_logit) * click.mean(), buy)


def _reweighted(click_logit, buy_logit, click, buy):
    return bce(click_logit, click) + bce(buy_logit, buy, pos_weight=(1 - click).sum() / click.sum())


def _product(click_logit, buy_logit, click, buy):
    return bce(click_logit, click) + bce(product_logit(click_logit, buy_logit), buy)


def _masked(click_logit, buy_logit, click, buy):
    return bce(click_logit, click) + (click * bce(buy_logit, buy, reduction="none")).sum() / click.sum()


funnel = Exercise(
    "the CVR is the share of the clicks. The loss on the product over all rows and the loss on clicked rows alone both "
    "rest there; chapter 07 has worlds where they part.",
    """`answer(click_logit, buy_logit, click, buy)`: the loss of both towers, a number, from four `(n,)` tensors.

    sigmoid(buy_logit) is the probability that a click becomes a purchase.""",
    right=_product,
    also=[_masked],
    look=_rates,
    note=_threads("yangxudong/deeplearning/issues/4", "datawhalechina/torch-rechub/issues/33"),
    mistakes={
        when(
            lambda seen: "came" in seen and seen, lambda a, b, click, buy: bce(a, click, reduction="none")
        ): """the function gave back {came}, not one number in a tensor.
            Hint: the optimiser needs one number.
            Hint: the sum of two means.""",
        when(
            lambda seen: not seen["clicks"] and seen, lambda a, b, click, buy: bce(product_logit(a, b), buy)
        ): """of two kinds of rows a fifth and three fifths are clicked, and the CTR rests at {ctr:.2f}.
            Hint: the click has a label in every row.
            Hint: leave its loss as it was.""",
        when(
            lambda seen: not seen["buys"] and seen["far"] and seen,
            lambda a, b, click, buy: bce(a, click) + bce(a * b, buy),
        ): """of the clicks a half and a quarter become purchases, and the CVR rests at {cvr:.2f}: the logits were
            multiplied.
            Hint: a product of probabilities is a probability. What is a product of logits?
            Hint: sigmoid first, then multiply, then the log loss.""",
        when(
            lambda seen: not seen["buys"] and seen["raised"] and not seen["level"] and seen, _reweighted
        ): """of the clicks a half and a quarter become purchases. The CVR rests at {cvr:.2f}, which is nearer, and rows
            without a click are still in it.
            Hint: a weight for the purchases makes up for a mean. Does it for both kinds of rows?
            Hint: what does the label say in a row without a click?""",
        when(lambda seen: not seen["buys"] and not seen["level"] and seen, _all_rows): """of the clicks a
            half and a quarter become purchases, and the CVR rests at {cvr:.2f}: it is asked for a share of the clicks
            and gets rows without one as its zeros.
            Hint: in which rows does the label say anything about what follows a click?
            Hint: either only clicked rows have this loss, or CTR × CVR has it in all rows.""",
        when(lambda seen: not seen["buys"] and seen, _by_the_mean): """the CVR is no longer far too low, and still
            it is wrong: of the clicks a half and a quarter become purchases, and it rests at {cvr:.2f}.
            Hint: look at the rows that are often clicked and at those that seldom are, apart.
            Hint: each row has a click rate of its own, and one tower predicts it.""",
    },
)


# --- 10 one row in ten -----------------------------------------------------------------------------------------------


def _odds(p, rate):
    return p * rate / (p * rate + 1 - p)


def _as_they_are(ctr, cvr, rate):
    return ctr, ctr * cvr


def _times_rate(ctr, cvr, rate):
    return ctr * rate, ctr * cvr * rate


def _both_by_odds(ctr, cvr, rate):
    return _odds(ctr, rate), _odds(ctr * cvr, rate)


def _click_by_odds(ctr, cvr, rate):
    return _odds(ctr, rate), _odds(ctr, rate) * cvr


corrected = Exercise(
    "the odds of a click shrink by the share that was kept, and the CVR needs nothing: all clicks are in the log. The "
    "thread asks when to correct; what to correct is our answer.",
    """`answer(ctr, cvr, rate)`: two arrays `(n,)`, the chance of a click and of a click with a purchase as they are in
    the full log, from CTR and CVR that were trained on all clicks and a share `rate` of the other rows.""",
    right=_click_by_odds,
    also=[lambda ctr, cvr, rate: [p := expit(np.log(ctr / (1 - ctr)) + np.log(rate)), p * cvr]],
    cases=lambda: [(np.array([0.05, 0.3, 0.8]), np.array([0.4, 0.5, 0.2]), rate) for rate in (0.1, 0.25)],
    note=_threads("alibaba/x-deeplearning/issues/328"),
    mistakes={
        form(lambda ctr, cvr, rate: _odds(ctr, rate)): """three rows gave {came}, not two arrays.
            Hint: the probability of a click, and of a click with a purchase.
            Hint: a tuple of two arrays.""",
        _as_they_are: """these are the rates of the thinned log.
            Hint: of ten rows without a click nine are missing. Is a click as frequent as it looks?
            Hint: which of the two towers has seen the thinning?""",
        _times_rate: """a row of 0.8 falls to 0.08. But beside 8 clicks the 2 other rows stand for 20, and 8 of 28 is
            0.29.
            Hint: the clicks were not thinned, the other rows were.
            Hint: clicks to other rows, that is the odds. By what do they change?""",
        _both_by_odds: """the clicks are right, the purchases are not.
            Hint: which rows has the CVR been trained on, and were any of them thrown away?
            Hint: every click is in the log, with or without a purchase. Only one of the two factors has to change.""",
        otherwise(lambda ctr, cvr, rate: (_odds(ctr, 1 / rate), _odds(ctr, 1 / rate) * cvr)): """at a rate of {2:g} the
            click probabilities are {right[0]:.3f}, yours are {yours[0]:.3f}.
            Hint: the odds of a click in the full log are those of the thinned one, times the rate.
            Hint: p·r / (p·r + 1 − p); then times the CVR.""",
    },
)


# --- four without a symptom -------------------------------------------------------------------------------------------


def _leaf(*values: float) -> Tensor:
    return torch.tensor(values, requires_grad=True)


def _aim(norms: Tensor, losses: Tensor, first: Tensor, alpha: float) -> Tensor:
    progress = losses / first
    return norms.detach().mean() * (progress / progress.mean()) ** alpha


def _norms() -> list[tuple]:
    return [(_leaf(8.0, 2.0, 2.0), torch.tensor([50.0, 0.9, 0.3]), torch.tensor([100.0, 1.0, 1.0]), 1.5)]


target = Exercise(
    "each task has a target of its own, and only the weights will follow it.",
    """`answer(norms, losses, first, alpha)`: the gradient norms G that GradNorm aims at, `(tasks,)`.

    norms are G of now, losses are L(t) and first L(0), `(tasks,)` each.""",
    right=_aim,
    note=_threads("datawhalechina/torch-rechub/pull/30"),
    also=[lambda norms, losses, first, alpha: _aim(norms.double(), losses, first, alpha)],
    cases=_norms,
    mistakes={
        form(lambda norms, *_: norms.mean()): """the function gave back {came}, not one target a task.
            Hint: three tasks, three targets.
            Hint: a tensor of shape (tasks,).""",
        gives(lambda yours, *_: close(yours, yours[0].expand(3)), lambda norms, *_: norms.mean().expand(3)): """all
            tasks have the same target: how fast a task learns has no say in it.
            Hint: two of the arguments and α are not used yet.
            Hint: multiply the mean norm by r^α, where r is the task's own relative rate.""",
        lambda norms, losses, first, alpha: _aim(norms, losses, torch.ones(3), alpha): """the losses themselves are
            compared: a task in another unit looks slow.
            Hint: what counts is which part of its first loss a task still has.
            Hint: L̃ = L(t) / L(0), for each task.""",
        lambda norms, losses, first, alpha: norms.mean() * (losses / first) ** alpha: """L̃ was not compared with the
            other tasks: when all have learnt, all targets shrink.
            Hint: a task is slow or fast *in relation to the mean*.
            Hint: r = L̃ / mean of the L̃.""",
        lambda norms, losses, first, alpha: _aim(norms, losses, first, -alpha): """the fast task gets the large target.
            Hint: a task that is behind, with a large L̃, should get more.
            Hint: r^α, not r^(−α).""",
        lambda norms, *rest: _aim(norms, *rest) / norms.mean() * norms: """each task aims at its own norm: the large
            one stays large.
            Hint: the norms should become similar, so they share a starting point.
            Hint: take the mean of the norms.""",
        otherwise(lambda norms, losses, first, alpha: _aim(norms, losses, first, 1.0)): """the targets should be
            {right:.2f}, yours are {yours:.2f}.
            Hint: target = (mean of G) · r^α.
            Hint: L̃ = L(t)/L(0), r = L̃ / mean L̃.""",
        when(
            lambda answer: answer(*_norms()[0]).requires_grad,
            lambda norms, *rest: _aim(norms, *rest) / norms.mean().item() * norms.mean(),
        ): """a gradient flows into the target: the loss could be lowered by moving the target.
            Hint: the paper holds it constant while the weights take their step.
            Hint: `.detach()` it.""",
        at(
            [
                (torch.tensor([3.0, 1.0]), torch.tensor([0.2, 6.0]), torch.tensor([0.8, 8.0]), 0.5),
                (torch.tensor([1.0, 5.0, 2.0, 4.0]), torch.ones(4), torch.tensor([2.0, 4.0, 1.0, 8.0]), 0.0),
            ],
            lambda norms, losses, first, alpha: _aim(norms, losses, first, 1.5),
            lambda norms, *rest: _aim(norms, *rest) * len(norms) / 3,
        ): """for norms of {0:g} and α = {3:g} the targets should be {right:.2f}, yours are {yours:.2f}.
            Hint: it should be right for any number of tasks and any α.
            Hint: use `alpha` as it comes, and `.mean()`, which counts the tasks by itself.""",
    },
)


def _binary_tasks(rates: dict[str, float]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Logits and labels by task; the later a task, the better it is predicted."""
    draw = torch.Generator().manual_seed(5)
    labels = {task: (torch.rand(400, generator=draw) < rate).float() for task, rate in rates.items()}
    logits = [y * 0.8 * place + torch.randn(400, generator=draw) for place, y in enumerate(labels.values())]
    return dict(zip(labels, logits, strict=True)), labels


def _areas(outputs: dict[str, Tensor], labels: dict[str, Tensor]) -> dict[str, float]:
    return {task: auc(outputs[task], label) for task, label in labels.items()}


def _wrong(areas: dict, right: dict[str, float]) -> list[str]:
    """The tasks whose AUC is not right; two decimals are enough."""
    return [task for task, area in right.items() if not abs(float(areas[task]) - area) < 0.0051]


OTHERS, OTHER_LABELS = _binary_tasks({"open": 0.3, "save": 0.15})

report = Exercise(
    "every task is in the report, each with its own number.",
    "`answer(outputs, labels)`: {task: logits} and {task: binary labels} become {task: AUC}.",
    right=_areas,
    note=_threads("shenweichen/DeepCTR-Torch/issues/303", "shenweichen/DeepCTR-Torch/issues/287"),
    also=[lambda outputs, labels: {task: round(area, 2) for task, area in _areas(outputs, labels).items()}],
    cases=lambda: [_binary_tasks({"click": 0.4, "like": 0.2, "share": 0.1})],
    read=lambda given, right: given if isinstance(given, dict) else None,
    same=lambda yours, right: yours.keys() == right.keys() and not _wrong(yours, right),
    mistakes={
        form(lambda outputs, labels: 0.7): """the function gave back {came}, not a dict.
            Hint: one number a task, under the task's name.
            Hint: {{task: AUC}}.""",
        gives(
            lambda yours, outputs, labels: (
                {"missing": " and ".join(task for task in labels if task not in yours)}
                if labels.keys() - yours
                else False
            ),
            lambda outputs, labels: dict([*_areas(outputs, labels).items()][:1]),
        ): """{missing}: trained, and not in the report.
            Hint: a model for three tasks has three results; a loss can hide in any of them.
            Hint: go through all names in `labels`.""",
        gives(
            lambda yours, outputs, labels: (
                {"more": " and ".join(map(str, yours.keys() - labels.keys()))}
                if yours.keys() - labels.keys()
                else False
            ),
            lambda outputs, labels: _areas(outputs, labels) | {"mean": 0.7},
        ): """{more}: in the report, and no task of this model.
            Hint: a mean over tasks hides the one that is lost.
            Hint: one number a task, and nothing else.""",
        gives(
            lambda yours, outputs, labels: len({round(float(yours[task]), 4) for task in labels}) == 1,
            lambda outputs, labels: dict.fromkeys(
                labels, auc(*(torch.cat([*part.values()]) for part in (outputs, labels)))
            ),
        ): """all tasks have the same number: they were pooled or averaged.
            Hint: pooled, a rate that differs from task to task passes for a good order.
            Hint: an AUC of its own for each task.""",
        otherwise(lambda outputs, labels: _areas(dict.fromkeys(labels, outputs["like"]), labels)): """the AUC of {wrong}
            is not that of its own outputs and labels.
            Hint: each task's outputs belong to its own labels.
            Hint: `auc(outputs[task], labels[task])`.""",
        at(
            (dict(reversed(OTHERS.items())), OTHER_LABELS),
            lambda outputs, labels: {
                task: auc(outputs[task], labels[task]) for task in ("click", "like", "share") if task in labels
            },
        ): """with two tasks of other names, open and save, the report is not right.
            Hint: tomorrow's model has other tasks, and its outputs may come in another order.
            Hint: write no task's name and no number of tasks; find each output by its name.""",
    },
    fields=lambda yours, *case: (
        {"wrong": " and ".join(_wrong(yours, _areas(*case)))} if yours.keys() >= case[1].keys() else {}
    ),
)

ROWS, HALF_WIDTH = 20_000, 0.03  # of the 95% interval of an AUC near 0.75, at a rate of 20%


def auc_error(rows: int, area: float = 0.75, rate: float = 0.2) -> float:
    """Standard error of an AUC from so many rows (Hanley and McNeil, Radiology 143, 1982)."""
    ones = max(1, round(rate * rows))
    zeros = max(1, rows - ones)
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (ones - 1) * (one - area**2) + (zeros - 1) * (two - area**2)
    return math.sqrt(spread / (ones * zeros))


@dataclass
class _Split:
    answer: Callable

    @cached_property
    def given(self):
        return self.answer(ROWS, 0)

    @cached_property
    def parts(self) -> list[np.ndarray]:
        return [np.asarray(part) for part in self.given]

    @cached_property
    def every(self) -> np.ndarray:
        return np.concatenate(self.parts)

    @property
    def half(self) -> float:
        return 1.96 * auc_error(len(self.parts[2]))

    @property
    def too_few(self) -> bool:
        train, valid, _ = self.parts
        return len(train) < ROWS / 2 or 1.96 * auc_error(len(valid)) > 2 * HALF_WIDTH

    @cached_property
    def other(self) -> np.ndarray:
        """The test part of another seed, in order."""
        return np.sort(self.answer(ROWS, 1)[2])

    @property
    def seedless(self) -> bool:
        return not all(map(np.array_equal, self.answer(ROWS, 0), self.parts)) or np.array_equal(
            self.other, np.sort(self.parts[2])
        )

    @property
    def in_line(self) -> bool:
        """Whether rows of the test part are more often neighbours, or in the test part of two seeds, than at random."""
        test = self.parts[2]
        shares = np.isin(self.other, test).mean(), (np.diff(np.sort(test)) == 1).mean()
        return max(abs(share - len(test) / ROWS) for share in shares) >= 0.1

    @property
    def wrong_for_more(self) -> bool:
        parts = self.answer(30_000, 2)
        return (
            not np.array_equal(np.sort(np.concatenate(parts)), np.arange(30_000))
            or 1.96 * auc_error(len(parts[2])) > HALF_WIDTH
        )


def _cut(*ends: float, seeded: bool = True):
    """An answer that cuts a permutation at these shares."""

    def answer(rows, seed):
        order = np.random.default_rng(seed if seeded else 0).permutation(rows)
        return tuple(np.split(order, [round(end * rows) for end in ends]))

    return answer


def _masks(rows, seed):
    return tuple(np.isin(np.arange(rows), part) for part in _cut(0.6, 0.8)(rows, seed))


def _fixed_sizes(rows, seed):
    order = np.random.default_rng(seed).permutation(rows)
    return order[:12_000], order[12_000:16_000], order[16_000:20_000]


split = Exercise(
    "no row is in two parts, and the test part is large enough to tell an AUC from another.",
    "`answer(rows, seed)`: the numbers 0 … rows − 1 in three arrays, train, valid and test, drawn by `seed`.",
    right=_cut(0.6, 0.8),
    note=_threads("datawhalechina/torch-rechub/blob/main/tutorials/03_MultiTask_MMOE.ipynb"),
    also=[_cut(0.8, 0.9), lambda rows, seed: [part.tolist() for part in _cut(0.6, 0.8)(rows, seed)]],
    look=_Split,
    mistakes={
        when(
            lambda seen: (
                (not isinstance(seen.given, tuple | list) or len(seen.given) != 3) and {"came": described(seen.given)}
            ),
            _cut(0.5),
            lambda rows, seed: np.arange(rows),
        ): """the function gave back {came}, not three parts.
            Hint: train, valid, test.
            Hint: a tuple of three arrays of row numbers.""",
        when(
            lambda seen: seen.every.dtype.kind not in "iu",
            _masks,
            lambda rows, seed: [part.astype(float) for part in _cut(0.6, 0.8)(rows, seed)],
        ): """the parts are not row numbers, which are whole numbers.
            Hint: an array of true and false is a mask; a row number says which row it is.
            Hint: `np.flatnonzero(mask)` makes row numbers of a mask.""",
        when(
            lambda seen: len(np.unique(seen.every)) < len(seen.every),
            lambda rows, seed: (np.arange(rows), np.arange(5000), np.arange(5000)),
        ): """some rows are in two parts.
            Hint: what a model was trained on says nothing about what it has learnt.
            Hint: cut one permutation in three.""",
        when(
            lambda seen: not np.array_equal(np.sort(seen.every), np.arange(ROWS)) and {"count": len(seen.every)},
            lambda rows, seed: np.split(np.arange(15_000), [9_000, 12_000]),
        ): f"""{{count}} row numbers for {ROWS} rows.
            Hint: each row belongs to exactly one part.
            Hint: the three parts together are the numbers 0 … rows − 1.""",
        when(
            lambda seen: seen.half > HALF_WIDTH and {"rows": len(seen.parts[2]), "half": seen.half}, _cut(0.995, 0.9975)
        ): f"""the test part has {{rows}} rows: an AUC from it is known to ±{{half:.2f}} only.
            Hint: the differences that we look for are a few hundredths; ask for ±{HALF_WIDTH:g} at most.
            Hint: a fifth of the rows is usual. The error shrinks with the root of their number.""",
        when(
            lambda seen: seen.too_few and {"train": len(seen.parts[0]), "valid": len(seen.parts[1])},
            _cut(0.1, 0.2),
            _cut(0.8, 0.81),
        ): """{train} rows to train and {valid} to validate: one of the two is too small.
            Hint: the validation part chooses the epoch and the weights: it too needs rows.
            Hint: 60% to 80% to train, the rest in two parts.""",
        when(
            lambda seen: seen.seedless, _cut(0.6, 0.8, seeded=False), lambda rows, seed: _cut(0.6, 0.8)(rows, None)
        ): """the test part does not follow the seed.
            Hint: equal seeds, equal rows; another seed, other rows.
            Hint: `np.random.default_rng(seed).permutation(rows)`.""",
        when(
            lambda seen: seen.in_line, lambda rows, seed: np.split(np.roll(np.arange(rows), 7 * seed), [12_000, 16_000])
        ): """the test part is not a random draw: its rows are adjacent, or move with the seed by a step.
            Hint: logs are sorted by time or by user, so neighbours are alike.
            Hint: `np.random.default_rng(seed).permutation(rows)`, then cut.""",
        when(lambda seen: seen.wrong_for_more, _fixed_sizes): """for 30000 rows the parts are not right.
            Hint: it should cut any number of rows, each into exactly one part.
            Hint: cut at shares of `rows`, not at fixed numbers.""",
    },
)


def _published(shared):
    """The released code's loop, in which entry number −0 is the first."""
    weights = [module.weight for module in shared if hasattr(module, "weight")]
    return next(weights[-i] for i in range(len(weights)) if weights[-i].ndim == 2)


def _linear(shared: list[nn.Module]) -> list[nn.Linear]:
    return [module for module in shared if isinstance(module, nn.Linear)]


def _last(shared: list[nn.Module]) -> Tensor:
    return _linear(shared)[-1].weight


def _misses(answer: Callable, *shared: nn.Module) -> bool:
    return answer([*shared]) is not _last(shared)


last_shared = Exercise(
    "the norms are those of the layer on which all tasks meet last, whatever tables and scales surround it.",
    """`answer(shared)`: of the modules that all tasks share, in the order in which a row passes them, the weight matrix
    of the last fully connected layer.""",
    right=_last,
    note=_threads("datawhalechina/torch-rechub/pull/30"),
    cases=lambda: [
        ([nn.Embedding(50, 4), nn.Embedding(6, 4), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU()],)
    ],
    read=lambda given, right: given if isinstance(given, Tensor | nn.Linear) else None,
    same=lambda yours, right: yours is right,
    mistakes={
        form(lambda shared: shared): """the function gave back {came}, not a weight matrix.
            Hint: one matrix, of one of the modules.
            Hint: `module.weight`.""",
        lambda shared: _linear(shared)[-1]: """the function gave back the layer, not its weights.
            Hint: GradNorm takes gradients on a tensor.
            Hint: `.weight`.""",
        (_published, lambda shared: shared[1].weight): """this is an embedding table. A batch reaches only the rows that
            it looks up, so the norms depend on which ids were drawn.
            Hint: which entry of a list is number −0?
            Hint: go through the modules from the back.""",
        lambda shared: _linear(shared)[0].weight: """this is the first shared layer, not the last.
            Hint: a row passes the modules in the order of the list.
            Hint: go through the modules from the back.""",
        otherwise(lambda shared: _linear(shared)[-1].bias, lambda shared: _last(shared).clone()): """of two tables and
            two layers the last layer's weights have the shape (4, 8), yours are of shape {yours.shape}.
            Hint: the matrix itself, not a copy, a part or a bias.
            Hint: `.weight` of the last `nn.Linear`.""",
        when(
            lambda answer: _misses(answer, nn.Embedding(50, 4), nn.Linear(4, 4), nn.LayerNorm(4)),
            lambda shared: [m.weight for m in shared if hasattr(m, "weight")][-1],
        ): """with a `LayerNorm` behind the last layer the answer is not right.
            Hint: its weights are one number a unit, not a matrix.
            Hint: ask for a fully connected layer.""",
        when(
            lambda answer: _misses(answer, nn.Embedding(50, 4), nn.Linear(4, 4), nn.ReLU(), nn.Embedding(9, 4)),
            lambda shared: [m.weight for m in shared if hasattr(m, "weight") and m.weight.ndim == 2][-1],
        ): """with a table that joins above the layers, for the hour of the day say, the answer is not right.
            Hint: a table has two dimensions, as a layer's weights have.
            Hint: ask what a module is: `isinstance(module, nn.Linear)`.""",
    },
)


# --- the last: the check, not the fix --------------------------------------------------------------------------------


def _by_batches(labels, scores):
    """The mean of the AUC of each hundred rows."""
    parts = [slice(start, start + 100) for start in range(0, len(labels), 100)]
    values = [metrics.auc(scores[part], labels[part]) for part in parts if 0 < sum(labels[part]) < len(labels[part])]
    return float(np.mean(values)) if values else 0.5


def _by_thresholds(labels, scores):
    """The area below a curve that is drawn through twenty thresholds between 0 and 1."""
    above = scores[:, None] > np.linspace(1, 0, 20)
    hits, alarms = above[labels == 1].mean(0), above[labels == 0].mean(0)
    return float(np.trapezoid(np.r_[0, hits, 1], np.r_[0, alarms, 1]))


def _ties_win(labels, scores):
    """The share of pairs in which the positive has a score as high as the negative's."""
    return float((scores[labels == 1][:, None] >= scores[labels == 0]).mean())


def _whole(labels, scores):
    return metrics.auc(scores, labels)


def _pairs(labels, scores):
    gap = scores[labels == 1][:, None] - scores[labels == 0]
    return float(((gap > 0) + 0.5 * (gap == 0)).mean())


def _audit(order: bool = True, units: bool = True, ties: bool = True) -> Callable:
    """An answer that asks these questions."""

    def answer(evaluate):
        rng = np.random.default_rng(0)
        labels = np.arange(400) < 150
        scores = 0.3 * labels + 0.5 * rng.random(400)
        value, other = evaluate(labels, scores), rng.permutation(400)
        passed = [abs(evaluate(labels[other], scores[other]) - value) < 1e-9] * order
        passed += [abs(evaluate(labels, 100 * scores) - value) < 1e-9] * units
        passed += [evaluate(np.array([True, False]), np.ones(2)) == 0.5] * ties
        return all(passed)

    return answer


def _verdicts(answer: Callable) -> dict:
    given = {
        "ours": [answer(_whole), answer(_pairs)],
        "batches": answer(_by_batches),
        "thresholds": answer(_by_thresholds),
        "ties": answer(_ties_win),
    }
    every = [*given["ours"], *list(given.values())[1:]]
    odd = [value for value in every if not isinstance(value, bool | np.bool_)]
    return {"came": described(odd[0])} if odd else given


audit = Exercise(
    "your check needs no right number, and it refuses three ways to compute an AUC: means of batches, thresholds, and "
    "ties that win.",
    """`answer(evaluate)`: True if `evaluate(labels, scores)` may be an AUC, else False.

    labels and scores are arrays `(n,)` of your choice, labels true and false.""",
    right=_audit(),
    look=_verdicts,
    note=_threads("hwwang55/KGCN/issues/22", "alibaba/EasyRec/issues/76"),
    mistakes={
        when(lambda seen: "came" in seen and seen, lambda evaluate: 0.5): """the function gave back {came}, not True or
            False.
            Hint: the answer is whether `evaluate` is in order.
            Hint: compare, and return the comparison.""",
        when(lambda seen: not all(seen["ours"]), lambda evaluate: False): """it refuses an AUC that is right.
            Hint: try it on `metrics.auc(scores, labels)`, which is in order.
            Hint: compare decimals with a little tolerance, and give it labels of both kinds.""",
        when(
            lambda seen: seen["batches"], lambda evaluate: True, _audit(order=False)
        ): """it lets a mean over batches of 100 rows pass.
            Hint: something must not matter to an AUC that matters to batches.
            Hint: give it more than 100 rows, sorted, and then in another order.""",
        when(lambda seen: seen["thresholds"], _audit(units=False)): """it lets a curve through twenty thresholds between
            0 and 1 pass.
            Hint: an AUC knows the order of the scores. What does it not know?
            Hint: multiply all scores by 100.""",
        when(lambda seen: seen["ties"], _audit(ties=False)): """it lets an AUC pass for which equal scores are a win.
            Hint: take two rows whose answer you know.
            Hint: one row of each class, with one score: half a win.""",
    },
)

TRIED = {
    "optimiser": {
        "as found": _model_alone,
        "balance put into the model afterwards": _joined_late,
        "with the model's weight decay": _decayed,
        "right": _both,
    },
    "towers": {"as found": _times, "copy.copy": _shallow, "a last layer each": _last_layers, "right": _each},
    "features": {
        "as found": _all_but_labels,
        "cleared in the test rows": _cleared,
        "what correlates is dropped": _uncorrelated,
        "right": _allowed,
    },
    "set_back": {"as found": _first(1), "a 2 in the configuration": _first(2), "right": _first(None)},
    "mean_over_users": {
        "as found": _zero,
        "0.5 in place of 0": _half,
        "no clicks left out, all clicks 1": _one_side,
        "right": _skipped,
    },
    "weighted_loss": {"as found": _over_mean, "no division": _raw, "once more outside": _twice, "right": _weighted},
    "total": {"as found": _no_log, "s cut off at 0": _clamped, "absolute s": _absolute, "right": _uwl},
    "gate": {
        "as found": lambda logits: logits.softmax(0),
        "softmax over the tasks": lambda logits: logits.softmax(1),
        "sigmoid": torch.sigmoid,
        "right": lambda logits: logits.softmax(-1),
    },
    "funnel": {
        "as found": _all_rows,
        "times the mean CTR": _by_the_mean,
        "positives weighted up": _reweighted,
        "right": _product,
        "clicked rows alone": _masked,
    },
    "corrected": {
        "as found": _as_they_are,
        "times the rate": _times_rate,
        "odds of both outputs": _both_by_odds,
        "right": _click_by_odds,
    },
}

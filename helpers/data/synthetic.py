"""Synthetic pairs of tasks whose relation we set ourselves: the same features or others, the same sign or the opposite.

Three recipes on plain numbers. `relu_tasks` builds two tasks from features that they share or not; in `kind_tasks` the
kind of row says which features a task needs; `mmoe_tasks` is the recipe of the MMoE paper (Ma et al., KDD 2018, §3.2).
All return a `TaskPair`. Train and validation labels carry noise, test labels are the noise-free targets.
`shaped_tasks` makes as many tasks as are wanted, of products, absolute values or small trees in place of relus.

Two recipes on ids, each with a twin that needs no special model: `cross_tasks`, where it matters which user meets which
video, and `interest_tasks`, where it matters which items of a history are like the one on offer. They return three
DataFrames, train, validation and test, with the targets in columns a and b.

Everything is drawn from one `numpy.random.Generator` made from `seed`, in an order that does not depend on the task
settings: equal seeds give equal bytes, and the same inputs and the same task a in every condition, so that conditions
can be compared in pairs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch

from ..support import validate
from .examples import Examples

# How task b takes the features that it shares with task a: with the same sign, the opposite sign, or half of them with
# each (label correlation 0 although every feature is shared).
RELATIONS = ("same", "opposite", "other mix")

# The five conditions of the course, as settings of `relu_tasks`.
CONDITIONS = {
    "same features, same sign": {"shared": 4, "relation": "same"},
    "same features, opposite sign": {"shared": 4, "relation": "opposite"},
    "same features, other mix": {"shared": 4, "relation": "other mix"},
    "half the features shared": {"shared": 2, "relation": "same"},
    "disjoint features": {"shared": 0, "relation": "same"},
}

# The sines of the MMoE recipe. The paper does not give their values, and the label correlation at p < 0 depends on
# them: we fix ours and show them.
ALPHA = (-0.49, -1.52, -0.66, 0.87)
BETA = (-0.43, -0.56, -0.54, -0.59)

# Mean and standard deviation of relu(z) for z ~ N(0, 1).
RELU_MEAN = 1 / np.sqrt(2 * np.pi)
RELU_SD = np.sqrt(1 / 2 - 1 / (2 * np.pi))


@dataclass(frozen=True)
class TaskPair:
    """Examples of two tasks, 'a' and 'b', and the correlation of their noise-free targets (before any threshold).

    `train, valid, test = pair` takes the examples out.
    """

    train: Examples
    valid: Examples
    test: Examples
    label_correlation: float

    def __iter__(self) -> Iterator[Examples]:
        return iter((self.train, self.valid, self.test))


def relu_tasks(
    rows: tuple[int, int, int] = (500, 500, 2000),
    *,
    shared: int = 4,
    relation: str = "same",
    features: int = 4,
    inputs: int = 20,
    noise: float = 0.5,
    binary: bool = False,
    labelled: int | None = None,
    seed: int = 0,
) -> TaskPair:
    """Two tasks, each a sum of `features` hidden features; `shared` of them are common to both.

    x ~ N(0, I) with `inputs` columns; the features are h_j = relu(v_j · x) along orthonormal directions v_j; a target
    is Σ ±h_j over the task's features, standardised in closed form to mean 0 and variance 1; a label is
    target + noise · N(0, 1).

    rows      numbers of train, validation and test rows; inputs come as float32 tensors `(rows, inputs)`
    relation  the signs of the shared features in task b: one of `RELATIONS`; 'other mix' needs an even `shared`
    noise     standard deviation of the label noise; test labels have none
    binary    labels become 1 where target + noise > 0, else 0
    labelled  task b is observed on this many train rows only (the first ones); the others are masked

    `label_correlation` is exact: shared / features · (+1, −1 or 0 by relation).
    """
    rows = _check_rows(rows)
    features = validate.number("features", features, low=1, whole=True)
    shared = validate.number("shared", shared, low=0, high=features, whole=True)
    inputs = validate.number("inputs", inputs, low=2 * features, whole=True)
    validate.choice("relation", relation, RELATIONS)
    if relation == "other mix" and shared % 2:
        validate.fail("shared", str(shared), "an even number with relation 'other mix'")
    rng = _generator(seed)

    x = rng.standard_normal((sum(rows), inputs))
    directions, _ = np.linalg.qr(rng.standard_normal((inputs, 2 * features)))
    signs = rng.choice([-1.0, 1.0], size=2 * features)
    eps = rng.standard_normal((sum(rows), 2))

    hidden = (np.maximum(x @ directions, 0) - RELU_MEAN) / RELU_SD  # (rows, 2·features), each of mean 0 and variance 1
    same_sign = {"same": shared, "opposite": 0, "other mix": shared // 2}[relation]
    flip = np.where(np.arange(shared) < same_sign, 1.0, -1.0)
    weights = np.zeros((2 * features, 2))  # of each feature in each task
    weights[:features, 0] = signs[:features]
    weights[:shared, 1] = signs[:shared] * flip
    weights[features : 2 * features - shared, 1] = signs[features : 2 * features - shared]
    targets = hidden @ weights / np.sqrt(features)
    return _pair(x, targets, eps, rows, noise, flip.sum() / features, binary, labelled)


SHAPES = ("products", "absolute values", "small trees")  # of the features of `shaped_tasks`


def shaped_tasks(
    rows: tuple[int, int, int] = (1000, 500, 2000),
    *,
    shape: str = "products",
    tasks: int = 2,
    shared: int = 4,
    relation: str = "same",
    features: int = 4,
    inputs: int = 20,
    noise: float = 0.5,
    seed: int = 0,
) -> tuple[Examples, Examples, Examples]:
    """Train, validation and test examples of `tasks` tasks "a", "b", …, each a sum of `features` hidden features.

    x ~ N(0, I) with `inputs` columns. A feature has mean 0 and variance 1 and reads numbers z of x, each N(0, 1):

    products          z · z′, along two orthonormal directions of its own
    absolute values   |z|, along one direction
    small trees       four leaves: one column of x says which of two other columns is looked at, and each leaf has a
                      value of its own; the splits are at 0

    The first `shared` features are common to all tasks. A task takes them with signs as `relation` says: the same as
    task a's, the opposite in every second task, or with another half of them turned round in every task. The others are
    its own; directions are drawn at random, so features of different tasks differ, but not at right angles. A label is
    ± the sum of its features / √features + noise · N(0, 1), a test label without noise.
    """
    rows = _check_rows(rows)
    validate.choice("shape", shape, SHAPES)
    validate.choice("relation", relation, RELATIONS)
    tasks = validate.number("tasks", tasks, low=2, high=26, whole=True)
    features = validate.number("features", features, low=1, whole=True)
    shared = validate.number("shared", shared, low=0, high=features, whole=True)
    inputs = validate.number("inputs", inputs, low=3, whole=True)
    noise = validate.number("noise", noise, low=0)
    if relation == "other mix" and shared % 2:
        validate.fail("shared", str(shared), "an even number with relation 'other mix'")
    of_task = [np.random.default_rng([seed, task]) for task in range(tasks)]  # so that more tasks change no earlier one
    rng = _generator(seed)
    x = rng.standard_normal((sum(rows), inputs))
    labels, common = {}, None
    for task, draw in enumerate(of_task):
        hidden = np.stack([_feature(shape, x, draw) for _ in range(features)], axis=1) * draw.choice([-1, 1], features)
        common = hidden if common is None else common
        signs = np.ones(shared)
        if task and relation == "other mix":
            signs[draw.permutation(shared)[: shared // 2]] = -1
        elif task % 2 and relation == "opposite":
            signs[:] = -1
        hidden[:, :shared] = common[:, :shared] * signs
        label = hidden.sum(1) / np.sqrt(features) + noise * draw.standard_normal(len(x)) * _noisy(rows)
        labels[chr(ord("a") + task)] = torch.from_numpy(label).float()
    parts = zip(torch.from_numpy(x).float().split(rows), *(label.split(rows) for label in labels.values()), strict=True)
    return tuple(Examples(inputs, dict(zip(labels, part, strict=True))) for inputs, *part in parts)


def _noisy(rows: tuple[int, int, int]) -> np.ndarray:
    """1 for each train and validation row, 0 for each test row."""
    return np.repeat([1.0, 1.0, 0.0], rows)


def _feature(shape: str, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One feature of `shaped_tasks`, `(rows,)`."""
    if shape == "small trees":
        root, left, right = rng.permutation(x.shape[1])[:3]
        leaves = rng.standard_normal(4)
        leaves = (leaves - leaves.mean()) / leaves.std()
        looked_at = np.where(x[:, root] > 0, x[:, right], x[:, left])
        return leaves[2 * (x[:, root] > 0) + (looked_at > 0)]
    directions, _ = np.linalg.qr(rng.standard_normal((x.shape[1], 2)))
    first, second = (x @ directions).T
    if shape == "products":
        return first * second
    return (np.abs(first) - np.sqrt(2 / np.pi)) / np.sqrt(1 - 2 / np.pi)


def kind_tasks(
    rows: tuple[int, int, int] = (2000, 500, 2000), *, inputs: int = 20, noise: float = 0.5, seed: int = 0
) -> TaskPair:
    """Two tasks for which the kind of row says which features count, as in no other pair here.

    The last column of the inputs, `(rows, inputs + 1)`, is the kind, +1 or −1, each for half of the rows. As in
    `relu_tasks` a feature is a relu along a direction of its own. There are two groups of four: task a is ± the sum of
    the first group where the kind is +1 and of the second where it is −1, and task b the other way round.
    `rows`, `noise` and `seed` as in `relu_tasks`.
    """
    rows = _check_rows(rows)
    inputs = validate.number("inputs", inputs, low=8, whole=True)
    rng = _generator(seed)
    x = rng.standard_normal((sum(rows), inputs))
    kind = rng.choice([-1.0, 1.0], size=sum(rows))
    directions, _ = np.linalg.qr(rng.standard_normal((inputs, 8)))
    signs = rng.choice([-1.0, 1.0], size=8)
    eps = rng.standard_normal((sum(rows), 2))
    hidden = signs * (np.maximum(x @ directions, 0) - RELU_MEAN) / RELU_SD
    first, second = hidden[:, :4].sum(1) / 2, hidden[:, 4:].sum(1) / 2
    targets = np.column_stack([np.where(kind > 0, first, second), np.where(kind > 0, second, first)])
    return _pair(np.column_stack([x, kind]), targets, eps, rows, noise, 0.0)


def mmoe_tasks(
    rows: tuple[int, int, int] = (1000, 1000, 2000),
    *,
    p: float = 1.0,
    inputs: int = 20,
    noise: float = 0.1,
    sines: tuple[Sequence[float], Sequence[float]] = (ALPHA, BETA),
    seed: int = 0,
) -> TaskPair:
    """The regression tasks of the MMoE paper (KDD 2018, §3.2), with p from −1 to 1.

    u1, u2 orthonormal; w1 = u1, w2 = p·u1 + √(1−p²)·u2 (the paper's scale c is 1); x ~ N(0, I) with `inputs` columns;
    target_k = w_k·x + Σ_i sin(α_i · w_k·x + β_i); label = target + noise · N(0, 1).

    sines   the α and the β, as many of each

    p = cos(w1, w2) is what the paper calls task correlation. It is not the label correlation, which is computed for the
    sines and returned with the examples. `rows`, `noise` and `seed` as in `relu_tasks`.
    """
    rows = _check_rows(rows)
    p = validate.number("p", p, low=-1, high=1)
    inputs = validate.number("inputs", inputs, low=2, whole=True)
    if len(sines[0]) != len(sines[1]):
        validate.fail("sines", f"{len(sines[0])} α and {len(sines[1])} β", "as many of each")
    rng = _generator(seed)

    x = rng.standard_normal((sum(rows), inputs))
    basis, _ = np.linalg.qr(rng.standard_normal((inputs, 2)))
    eps = rng.standard_normal((sum(rows), 2))

    along = x @ basis  # (rows, 2): u1·x and u2·x
    z = np.column_stack([along[:, 0], p * along[:, 0] + np.sqrt(1 - p**2) * along[:, 1]])
    return _pair(x, _add_sines(z, sines), eps, rows, noise, _mmoe_correlation(p, sines))


def _add_sines(z: np.ndarray, sines: tuple[Sequence[float], Sequence[float]]) -> np.ndarray:
    alpha, beta = map(np.array, sines)
    return z + np.sin(z[..., None] * alpha + beta).sum(-1)


def _mmoe_correlation(p: float, sines: tuple[Sequence[float], Sequence[float]]) -> float:
    """Correlation of the two targets: Gauss-Hermite quadrature over u1·x and u2·x, exact for functions this smooth."""
    node, weight = np.polynomial.hermite_e.hermegauss(60)
    weight = np.outer(weight, weight) / weight.sum() ** 2
    first, second = np.meshgrid(node, node, indexing="ij")
    a, b = _add_sines(first, sines), _add_sines(p * first + np.sqrt(1 - p**2) * second, sines)
    a, b = a - (weight * a).sum(), b - (weight * b).sum()
    return float((weight * a * b).sum() / np.sqrt((weight * a**2).sum() * (weight * b**2).sum()))


def cross_tasks(
    rows: tuple[int, int, int] = (2000, 1000, 2000), *, crossed: bool = True, noise: float = 0.5, seed: int = 0
) -> tuple[pd.DataFrame, ...]:
    """Two tasks on 50 users and 50 videos with 4 hidden numbers each, p and q: columns user, video, a, b.

    With `crossed` the four features of a row are h_k = p_k · q_k of its user and its video, which no sum of what the
    user is and what the video is can give; without, they are (p_k + q_k) / √2. Task a is Σ ±h_k / 2, and task b the
    same with half of the signs turned round: same features, targets that do not correlate. A label is target + noise ·
    N(0, 1), on the test rows the target itself.
    """
    rows = _check_rows(rows)
    rng = _generator(seed)
    n = sum(rows)
    validate.instance("crossed", crossed, bool, "True or False")
    p, q = rng.standard_normal((2, 50, 4))
    user, video = rng.integers(0, 50, (2, n))
    hidden = p[user] * q[video] if crossed else (p[user] + q[video]) / np.sqrt(2)
    signs = rng.choice([-1.0, 1.0], size=4)
    targets = np.column_stack([hidden @ signs, hidden @ (signs * [1, 1, -1, -1])]) / 2
    return _frames({"user": user, "video": video}, targets, rows, noise, rng)


def interest_tasks(
    rows: tuple[int, int, int] = (4000, 1000, 2000), *, matching: bool = True, noise: float = 0.5, seed: int = 0
) -> tuple[pd.DataFrame, ...]:
    """Two tasks on an item and a history of 10 items, out of 60 items on 12 topics: columns item, history, a, b.

    A history holds items of 3 topics; five of eight offered items are of one of these. With `matching` both targets
    grow with the share of the history that is of the item's topic; without, with the mean of a hidden value of the
    history's items, whatever the item. Each target has 4/5 of its variance from there, and 1/5 from the item itself.
    Labels and noise as in `cross_tasks`.
    """
    rows = _check_rows(rows)
    rng = _generator(seed)
    n, items, topics, liked, length = sum(rows), 60, 12, 3, 10
    validate.instance("matching", matching, bool, "True or False")
    mine = rng.permuted(np.tile(np.arange(topics), (n, 1)), axis=1)[:, :liked]
    each = np.arange(n)
    topic = np.column_stack([mine[each[:, None], rng.integers(0, liked, (n, length))], mine[each, 0]])
    topic[:, -1] = np.where(rng.random(n) < 0.5, topic[:, -1], rng.integers(0, topics, n))
    shown = topic + topics * rng.integers(0, items // topics, topic.shape)  # the items of the history, then the one
    history, item = shown[:, :-1], shown[:, -1]
    value, taste = rng.standard_normal(items), rng.standard_normal((items, 2))
    relevance = (topic[:, :-1] == topic[:, -1:]).mean(1) if matching else value[history].mean(1)
    relevance = (relevance - relevance.mean()) / relevance.std()
    targets = np.sqrt(0.8) * relevance[:, None] + np.sqrt(0.2) * taste[item]
    return _frames({"item": item, "history": list(history)}, targets, rows, noise, rng)


def _frames(
    columns: dict, targets: np.ndarray, rows: tuple[int, int, int], noise: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, ...]:
    """Train, validation and test rows; noise on the labels of the first two."""
    noise = validate.number("noise", noise, low=0)
    eps = noise * rng.standard_normal(targets.shape)
    eps[rows[0] + rows[1] :] = 0
    a, b = (targets + eps).T
    frame = pd.DataFrame(columns | {"a": a, "b": b})
    ends = np.cumsum(rows)
    return tuple(frame[end - size : end].reset_index(drop=True) for end, size in zip(ends, rows, strict=True))


def _generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(validate.number("seed", seed, low=0, whole=True))


def _check_rows(rows) -> tuple[int, int, int]:
    if not isinstance(rows, tuple | list) or len(rows) != 3:
        validate.fail("rows", repr(rows), "three numbers: train, validation and test rows")
    return tuple(validate.number("rows", count, low=1, whole=True) for count in rows)


def _pair(x, targets, eps, rows, noise, correlation, binary=False, labelled=None) -> TaskPair:
    """Add noise to the train and validation rows, cut the three sets, mask task b."""
    noise = validate.number("noise", noise, low=0)
    train, valid, _ = rows
    noisy = train + valid
    labels = np.concatenate([targets[:noisy] + noise * eps[:noisy], targets[noisy:]])
    if binary:
        labels = labels > 0
    x, labels = torch.from_numpy(x).float(), torch.from_numpy(labels).float()
    sets = [
        Examples(inputs, {"a": label[:, 0].clone(), "b": label[:, 1].clone()})
        for inputs, label in zip(x.split(rows), labels.split(rows), strict=True)
    ]
    if labelled is not None:
        labelled = validate.number("labelled", labelled, low=1, high=train, whole=True)
        sets[0] = replace(sets[0], masks={"b": torch.arange(train) < labelled})
    return TaskPair(*sets, label_correlation=float(correlation))

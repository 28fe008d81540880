"""What two models of today must beat: a linear model and boosted trees, both from scikit-learn, a task at a time.

They see the features of the neural models, as `Features` makes them of the rows: for the linear model each id is a
column of zeros and ones; trees take numbers as they are, ids of few values as categories, any other id as the mean
label of its training rows, and a list as its length. The penalty of the one and the number of trees of the other are
chosen on validation rows (`best`), as the epochs of a neural model are. All else is modest, so that both take
seconds: a yardstick is there to be beaten, not to win.
"""

import warnings
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from scipy import sparse

from ..data.examples import Examples, Inputs, map_tensors
from ..data.features import Features
from ..support import validate
from .counts import by_ids
from .metrics import auc, r2

LINEAR, TREES = NAMES = ("linear", "trees")
PENALTIES = (1.0, 10.0, 100.0)  # on the squared weights of the linear model
STEPS = 200  # of its solver, at most
MOST_TREES, LEAVES = 150, 31
FOLDS = 5  # of the training rows, for the mean labels of ids
CATEGORIES = 255  # the most that scikit-learn's trees take as they are


@validate.checked
def best(name: str, features: Features, train: Examples, valid: Examples, *tables: Inputs) -> list[np.ndarray]:
    """Of all `candidates`, the one that is best for the validation rows, by AUC or R²: its scores of the rows of each
    of `tables`, `(rows,)` each, or `(copies, rows)` of stacked examples, each copy with a choice of its own.

    train, valid   examples of one task
    """
    if train.copies is not None:
        each = range(train.copies)
        sets = [[part.map(lambda tensor, k=k: tensor[k]) for part in (train, valid)] for k in each]
        rows = [[map_tensors(lambda tensor, k=k: tensor[k], inputs) for inputs in tables] for k in each]
        of_copies = [best(name, features, *sets[k], *rows[k]) for k in each]
        return [np.stack(several) for several in zip(*of_copies, strict=True)]
    (task,) = valid.tasks
    seen = valid.observed(task).numpy()
    answers = valid.labels[task].numpy()[seen]
    score = auc if np.isin(answers, (0, 1)).all() else r2
    tried = candidates(name, features, train, valid.inputs, *tables)
    return list(max(tried, key=lambda scores: score(scores[0][seen], answers))[1:])


@validate.checked
def candidates(
    name: str, features: Features, train: Examples, *tables: Inputs, penalties: Sequence[float] = PENALTIES
) -> Iterator[tuple[np.ndarray, ...]]:
    """Scores of the rows of each of `tables`, `(rows,)` each: by one of `NAMES` with its first setting, then with the
    next, and so on, for the caller to choose by validation rows.

    A score is any increasing function of the probability of a binary label, or the value of another.

    train      examples of one task, 0 and 1 or numbers, of these fitted features; masked labels are left out, and rows
               count by their weights (not so in the mean label of an id)
    tables     inputs of the same features
    penalties  that the linear model tries

    Raises ValueError for examples of several tasks.
    """
    validate.choice("name", name, NAMES)
    if len(train.tasks) != 1:
        validate.fail("train", f"the tasks {train.tasks}", "examples of one task")
    (task,) = train.tasks
    seen = train.observed(task).numpy()
    labels = train.labels[task].numpy().astype(float)[seen]
    make, table = {LINEAR: (partial(_linear, penalties), _one_hot), TREES: (_trees, _columns)}[name]
    trained_on, *others = (table(features, inputs) for inputs in (train.inputs, *tables))
    weights = train.weights[task].numpy()[seen] if task in train.weights else None
    if not seen.all():
        trained_on = trained_on[seen]  # a copy, of what may be large
    yield from make(features, bool(np.isin(labels, (0, 1)).all()), trained_on, labels, weights, others)


def _linear(penalties, features, binary, table, labels, weights, others):
    """With one penalty after the other."""
    for penalty in penalties:
        model = _fit(penalty, binary, table, labels, weights)
        yield tuple(map(model.decision_function if binary else model.predict, others))


def _fit(penalty, binary, table, labels, weights):
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge  # a second, which only a comparison waits for

    if not binary:
        return Ridge(alpha=penalty, max_iter=STEPS).fit(table, labels, weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `STEPS` are what it gets
        return LogisticRegression(C=1 / penalty, max_iter=STEPS).fit(table, labels, weights)


def _trees(features, binary, table, labels, weights, others):
    """After one tree, after two, and so on."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    numbers = table.shape[1] - len(features.sparse)
    few = [numbers + k for k, layout in enumerate(features.sparse) if layout.rows <= CATEGORIES]
    many = [numbers + k for k, layout in enumerate(features.sparse) if layout.rows > CATEGORIES]
    for k in many:
        columns = _means(*(ids[:, k].copy() for ids in (table, *others)), labels=labels)
        for ids, means in zip((table, *others), columns, strict=True):
            ids[:, k] = means
    kind = HistGradientBoostingClassifier if binary else HistGradientBoostingRegressor
    options = {"max_iter": MOST_TREES, "max_leaf_nodes": LEAVES, "early_stopping": False, "random_state": 0}
    model = kind(**options, categorical_features=few).fit(table, labels, weights)
    staged = model.staged_decision_function if binary else model.staged_predict
    for logits in zip(*map(staged, others), strict=True):
        yield tuple(map(np.ravel, logits))


def _means(ids: np.ndarray, *others: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """The mean label of each id (`by_ids`). A training row gets that of other rows, or it would read its own label."""
    fold, out_of_fold = np.random.default_rng(0).permutation(len(ids)) % FOLDS, np.empty(len(ids))
    for k in range(FOLDS):
        out_of_fold[fold == k] = by_ids([ids[fold != k]], labels[fold != k], [ids[fold == k]])
    return [out_of_fold, *(by_ids([ids], labels, [other]) for other in others)]


def _codes(features: Features, inputs: Inputs) -> list[np.ndarray]:
    """For each id column a whole number a row: 0 missing, 1 unknown, then the ids."""
    return [inputs["sparse"][:, k].numpy() - layout.offset for k, layout in enumerate(features.sparse)]


def _columns(features: Features, inputs: Inputs) -> np.ndarray:
    """Numbers, lengths of lists, codes of ids: a column each."""
    numbers = [inputs["dense"].numpy()] if features.dense else []
    lengths = [(inputs[layout.name].numpy() != layout.padding).sum(axis=1) for layout in features.sequences]
    return np.column_stack([*numbers, *lengths, *_codes(features, inputs)]).astype(np.float64)


def _one_hot(features: Features, inputs: Inputs) -> sparse.csr_matrix:
    """Numbers as they are, a column for each value of an id, and one for each id of a list: how often it is in it."""
    held = {layout.name: inputs[layout.name].numpy() != layout.padding for layout in features.sequences}
    numbers, lengths = len(features.dense), sum(there.sum(axis=1) for there in held.values())
    lengths = np.broadcast_to(numbers + len(features.sparse) + lengths, len(next(iter(inputs.values()))))
    ends = np.concatenate([[0], np.cumsum(lengths)])
    values, columns, place = np.ones(ends[-1]), np.empty(ends[-1], np.int32), ends[:-1].copy()
    # Each row is filled from left to right, in place: to stack a table for each column would take the memory twice.
    for k in range(numbers):
        values[place], columns[place] = inputs["dense"][:, k].numpy(), k
        place += 1
    width = numbers
    for k, layout in enumerate(features.sparse):
        columns[place] = inputs["sparse"][:, k].numpy() + (width - layout.offset)
        place, width = place + 1, width + layout.rows
    for layout in features.sequences:
        ids = features.ids[layout.of]
        for there, codes in zip(held[layout.name].T, inputs[layout.name].numpy().T, strict=True):
            columns[place[there]] = codes[there] + (width - ids.offset)
            place += there
        width += ids.rows
    table = sparse.csr_matrix((values, columns, ends), shape=(len(place), width))
    table.sum_duplicates()
    return table

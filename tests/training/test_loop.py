import copy
import subprocess
import sys
import weakref
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from helpers.data.examples import Examples
from helpers.data.features import Features, Sparse
from helpers.models.copies import Copies
from helpers.models.shared_bottom import SharedBottom
from helpers.training import arguments
from helpers.training.balancing import PCGrad
from helpers.training.loop import fit
from helpers.training.losses import LOSSES, squared_error

TASKS = {"a": "regression", "b": "binary"}


def examples(seed: int, n: int = 120) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 6, generator=generator)
    noise = torch.randn(n, 2, generator=generator)
    labels = {"a": x[:, :2].relu().sum(-1) + 0.3 * noise[:, 0], "b": (x[:, 2] + noise[:, 1] > 0).float()}
    return Examples(x, labels)


def model(seed: int = 0, **options) -> SharedBottom:
    return SharedBottom(6, TASKS, [8], [4], seed=seed, **options)


OPTIONS = {"epochs": 12, "batch_size": 32, "progress": False}


class Student(nn.Module):
    """A plain module as a student writes it: no `tasks`, no `l2`, nothing of ours."""

    def __init__(self):
        super().__init__()
        self.bottom = nn.Sequential(nn.Linear(6, 8), nn.ReLU())
        self.heads = nn.ModuleList([nn.Linear(8, 1), nn.Linear(8, 1)])

    def forward(self, x):
        h = self.bottom(x)
        return {"a": self.heads[0](h).flatten(), "b": self.heads[1](h).flatten()}


def test_training_lowers_the_loss():
    run = fit(model(), examples(0), examples(1), **OPTIONS)
    total = run.history[run.history["task"] == "total"]
    assert total["valid"].iloc[-1] < 0.9 * total["valid"].iloc[0]


def test_equal_seeds_give_equal_numbers_and_leave_the_global_generator_alone():
    before = torch.get_rng_state()
    one, two = (fit(model(dropout=0.2), examples(0), examples(1), seed=4, **OPTIONS) for _ in range(2))
    pd.testing.assert_frame_equal(one.history, two.history)
    assert torch.equal(torch.get_rng_state(), before)
    other = fit(model(dropout=0.2), examples(0), examples(1), seed=5, **OPTIONS)
    assert not one.history.equals(other.history)


@pytest.mark.parametrize("batch_size", [None, 32])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_copies_get_the_numbers_they_would_get_alone(batch_size, batch_norm):
    seeds, weights = range(4), [0.1, 0.5, 1.0, 2.0]
    options = OPTIONS | {"batch_size": batch_size, "patience": 3}
    train, valid = [examples(s) for s in seeds], [examples(100 + s) for s in seeds]
    many = fit(
        [model(s, batch_norm=batch_norm, l2_layers=1e-3) for s in seeds],
        Examples.stack(train),
        Examples.stack(valid),
        task_weights={"a": weights, "b": 1},
        seed=list(seeds),
        **options,
    )
    together = many.predict(torch.stack([one.inputs for one in valid]))
    for s in seeds:
        single = model(s, batch_norm=batch_norm, l2_layers=1e-3)
        alone = fit(single, train[s], valid[s], task_weights={"a": weights[s], "b": 1}, seed=s, **options)
        for task, value in alone.predict(valid[s].inputs).items():
            torch.testing.assert_close(together[task][s], value, atol=2e-5, rtol=0)
        assert [epoch[s] for epoch, _ in many.best.values()] == [epoch[0] for epoch, _ in alone.best.values()]


def test_copies_may_share_examples_and_come_in_groups():
    """40 copies are more than one group; each still gets what it would get alone, and keeps its own parameters."""
    copies = [model(s) for s in range(40)]
    many = fit(copies, examples(0), examples(1), seed=list(range(40)), **OPTIONS)
    alone = model(37)
    run = fit(alone, examples(0), examples(1), seed=37, **OPTIONS)
    torch.testing.assert_close(many.predict(examples(1).inputs)["a"][37], run.predict(examples(1).inputs)["a"])
    torch.testing.assert_close(copies[37].bottom.layers[0].weight, alone.bottom.layers[0].weight)
    assert set(many.history["copy"]) == set(range(40))


def test_a_plain_module_of_a_student_trains_once_or_in_copies():
    torch.manual_seed(0)
    students = [Student() for _ in range(3)]
    fit(Student(), examples(0), examples(1), losses=SQUARES, **OPTIONS)
    run = fit(students, examples(0), examples(1), losses=SQUARES, **OPTIONS)
    assert run.predict(examples(1).inputs)["a"].shape == (3, 120)


def test_the_best_state_of_each_task_is_kept():
    run = fit(model(), examples(0), examples(1), **OPTIONS)
    for task, (epoch, state) in run.best.items():
        rows = run.history[run.history["task"] == task]
        assert int(epoch) == rows.loc[rows["valid"].idxmin(), "epoch"]
        if task == "a":
            (value,) = Copies(model()).predict(examples(1).inputs, state)["a"]
            error = squared_error(value, examples(1).labels["a"]).mean().item()
            assert error == pytest.approx(rows["valid"].min(), rel=1e-5)


def test_patience_stops_and_the_model_is_left_at_its_best_total():
    shared = model()
    run = fit(shared, examples(0), examples(1), **(OPTIONS | {"epochs": 400, "lr": 0.05}), patience=5)
    assert run.history["epoch"].max() < 400
    for name, tensor in run.best["total"][1].items():
        assert torch.equal(tensor[0], shared.state_dict()[name])


def test_training_mode_is_on_in_every_epoch_and_off_in_validation():
    seen = []

    class Spy(SharedBottom):
        def forward(self, inputs):
            seen.append((self.training, len(inputs)))
            return super().forward(inputs)

    fit(Spy(6, TASKS, [8], [4]), examples(0, 100), examples(1, 77), epochs=3, batch_size=None, progress=False)
    assert seen == [(True, 100), (False, 77)] * 3


def test_weight_zero_leaves_a_tower_untouched():
    shared = model()
    before = [parameter.clone() for parameter in shared.towers[1].parameters()]
    fit(shared, examples(0), examples(1), task_weights={"a": 1, "b": 0}, **OPTIONS)
    assert all(torch.equal(old, new) for old, new in zip(before, shared.towers[1].parameters(), strict=True))


def test_masked_labels_teach_nothing():
    clean = examples(0)
    mask = torch.arange(len(clean)) < 60
    spoilt = torch.where(mask, clean.labels["b"], torch.tensor(float("nan")))
    masked = Examples(clean.inputs, clean.labels | {"b": spoilt}, masks={"b": mask})
    other = Examples(clean.inputs, clean.labels | {"b": torch.where(mask, spoilt, 1.0)}, masks={"b": mask})
    one, two = (fit(model(), train, clean, **OPTIONS).history for train in (masked, other))
    pd.testing.assert_frame_equal(one, two)


def test_training_does_not_load_torch_s_compiler():
    """It would take a second of the first cell that trains, and 70 MB of each student's kernel."""
    code = (
        "import sys, torch; from helpers.data.examples import Examples;"
        "from helpers.models.shared_bottom import SharedBottom;"
        "from helpers.training.loop import fit; x = torch.ones(4, 2); data = Examples(x, {'a': x[:, 0]});"
        "make = lambda: SharedBottom(2, {'a': 'regression'}, [2], [2]);"
        "fit(make(), data, data, epochs=1); fit([make(), make()], data, data, epochs=1);"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_row_weights_count_like_copies_of_the_row():
    base = examples(0)
    double = torch.where(torch.arange(len(base)) < 30, 2.0, 1.0)
    weighted = Examples(base.inputs, base.labels, weights={"a": double, "b": double})
    repeated = base.take(torch.cat([torch.arange(len(base)), torch.arange(30)]))
    options = {"epochs": 5, "batch_size": None, "progress": False}
    one, two = model(), model()
    fit(one, weighted, base, **options)
    # The mean divides by 150 rows instead of 120: Adam does not see a constant factor.
    fit(two, repeated, base, **options)
    torch.testing.assert_close(one(base.inputs)["a"], two(base.inputs)["a"], atol=1e-3, rtol=0)


def test_flipped_labels_train_the_same_bottom():
    """y_b → −y_b with a negated last layer of tower b leaves the bottom bit-identical."""
    tasks = {"a": "regression", "b": "regression"}
    base = examples(0)
    flipped = Examples(base.inputs, {"a": base.labels["a"], "b": -base.labels["b"]})
    one, two = SharedBottom(6, tasks, [8], [4]), SharedBottom(6, tasks, [8], [4])
    for parameter in two.towers[1][-1].parameters():
        parameter.data.neg_()
    for shared, train in ((one, base), (two, flipped)):
        fit(shared, train, train, epochs=50, batch_size=None, progress=False)
    for first, second in zip(one.bottom.parameters(), two.bottom.parameters(), strict=True):
        assert torch.equal(first, second)


def test_scaling_both_weights_changes_nothing_that_adam_sees():
    one, two = model(), model()
    fit(one, examples(0), examples(1), task_weights={"a": 0.3, "b": 0.7}, **OPTIONS)
    fit(two, examples(0), examples(1), task_weights={"a": 3.0, "b": 7.0}, **OPTIONS)
    torch.testing.assert_close(one(examples(1).inputs)["a"], two(examples(1).inputs)["a"], atol=1e-3, rtol=0)


def test_interrupt_keeps_the_best_so_far(capsys):
    class Impatient(SharedBottom):
        calls = 0

        def forward(self, inputs):
            Impatient.calls += 1
            if Impatient.calls == 20:
                raise KeyboardInterrupt
            return super().forward(inputs)

    run = fit(Impatient(6, TASKS, [8], [4]), examples(0), examples(1), **OPTIONS)
    assert run.interrupted
    assert "Stopped by hand in epoch" in capsys.readouterr().out
    assert run.predict(examples(1).inputs)["a"].shape == (120,)
    assert run.history["epoch"].max() < 12


def test_a_loss_that_explodes_says_which_task():
    huge = Examples(torch.full((8, 6), 1e30), {"a": torch.full((8,), 1e30), "b": torch.ones(8)})
    with pytest.raises(FloatingPointError, match="The loss of 'a' is not finite at epoch 1"):
        fit(model(), huge, huge, epochs=2, progress=False)


def test_without_validation_the_last_state_is_kept():
    run = fit(model(), examples(0), **OPTIONS)
    assert {epoch.item() for epoch, _ in run.best.values()} == {12}


def test_batches_have_nearly_equal_sizes_and_cover_each_row_once():
    sizes = []

    class Spy(SharedBottom):
        def forward(self, inputs):
            sizes.append(len(inputs))
            return super().forward(inputs)

    fit(Spy(6, TASKS, [8], [4]), examples(0, 101), epochs=1, batch_size=25, progress=False)
    assert sum(sizes) == 101 and max(sizes) - min(sizes) <= 1 and max(sizes) <= 25


class Answers(Student):
    """Whose answer to a batch is made of the student's."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x):
        return self.answer(super().forward(x))


SQUARES = {"a": squared_error, "b": squared_error}
ROWS, NONE = examples(0), torch.zeros(120, dtype=torch.bool)
UNSEEN = Examples(ROWS.inputs, ROWS.labels, masks={"b": NONE})
OTHER_COLUMNS = Examples(torch.randn(10, 5), {"a": torch.zeros(10), "b": torch.zeros(10)})
TWICE = model()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": []}, "model: got an empty list"),
        ({"model": [Student]}, r"model: got <class .*Student'>; expected an nn.Module, or a list of them"),
        ({"model": [TWICE, TWICE]}, "model: got the same object twice"),
        ({"train": 3}, "train: got int; expected Examples"),
        ({"train": UNSEEN}, r"train.labels\['b'\]: got no observed label that counts"),
        ({"valid": UNSEEN}, r"valid.labels\['b'\]: got no observed label that counts"),
        ({"train": OTHER_COLUMNS}, "inputs: got a tensor with 5 columns; expected 6 columns"),
        (
            {"train": Examples(ROWS.inputs, ROWS.labels | {"b": ROWS.labels["b"] + 1})},
            r"train.labels\['b'\]: got .* labels outside \{0, 1\}",
        ),
        ({"epochs": 0}, "epochs: got 0; expected a whole number of at least 1"),
        ({"lr": float("nan")}, "lr: got nan"),
        ({"lr": -1}, "lr: got -1"),
        ({"batch_size": 0}, "batch_size: got 0"),
        ({"patience": 0}, "patience: got 0"),
        ({"seed": -1}, "seed: got -1"),
        ({"seed": [1, 2]}, "seed: got 2 seeds; expected one, or one for each of 1 models"),
        ({"balance": "uwl"}, r"balance: got 'uwl'; expected None, UWL\(\), GradNorm\(\) or PCGrad\(\)"),
        ({"task_weights": {"a": -1, "b": 1}}, r"task_weights\['a'\]: got -1"),
        ({"task_weights": {"a": 1}}, r"task_weights: got weights for \['a'\]"),
        ({"task_weights": torch.ones(2)}, "task_weights: got Tensor; expected {task: weight}"),
        ({"task_weights": {"a": torch.ones(2), "b": 1}}, r"task_weights\['a'\]: got 2 weights; expected one for each"),
        ({"losses": {"c": squared_error}}, r"train: got no labels for \['c'\]"),
        ({"model": Student()}, "losses: got None for a model without `tasks`"),
        (
            {"model": Student(), "losses": SQUARES | {"a": nn.functional.mse_loss}},
            r"losses\['a'\]: got a result of shape",
        ),
        ({"model": Answers(lambda out: {"a": out["a"]}), "losses": SQUARES}, r"model: got no output for \['b'\]"),
        (
            {"model": Answers(lambda out: {task: value[:, None] for task, value in out.items()}), "losses": SQUARES},
            r"model's output 'a': got shape \(120, 1\) for 120 rows; expected \(120,\)",
        ),
        (
            {"model": Answers(lambda out: out["a"]), "losses": SQUARES},
            "model: got an output that is a Tensor; expected",
        ),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=f"^{message}"):
        fit(**({"model": model(), "train": ROWS, "valid": examples(1), "progress": False} | arguments))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 2**31))
def test_any_size_of_data_and_batch_trains(n, batch_size, seed):
    run = fit(model(), examples(0, n), epochs=1, batch_size=batch_size, seed=seed, progress=False)
    assert np.isfinite(run.history["train"]).all()


def interrupt_at(monkeypatch, call: int) -> None:
    """Ctrl-C at the `call`th epoch of whatever trains next."""
    from helpers.training import loop

    original, calls = loop.Batches.epoch, []

    def epoch(self):
        calls.append(1)
        if len(calls) == call:
            raise KeyboardInterrupt
        return original(self)

    monkeypatch.setattr(loop.Batches, "epoch", epoch)


def test_an_interrupted_experiment_gives_no_result(monkeypatch):
    interrupt_at(monkeypatch, 5)
    with pytest.raises(KeyboardInterrupt):
        fit([model(0), model(1)], examples(0), examples(1), **OPTIONS)


def test_a_copy_that_has_stopped_has_no_more_history():
    options = OPTIONS | {"epochs": 200, "lr": 0.05, "patience": 3}
    train, valid = [examples(s) for s in range(3)], [examples(s + 9) for s in range(3)]
    many = fit([model(s) for s in range(3)], Examples.stack(train), Examples.stack(valid), seed=[0, 1, 2], **options)
    for s in range(3):
        alone = fit(model(s), train[s], valid[s], seed=s, **options)
        assert (many.history["copy"] == s).sum() == len(alone.history)


def test_the_train_loss_of_sparse_labels_does_not_depend_on_the_batches():
    base = examples(0, 200)
    sparse = Examples(base.inputs, base.labels, masks={"a": torch.arange(200) < 10})
    losses = [
        fit(model(), sparse, epochs=1, lr=0.0, batch_size=size, progress=False).history.set_index("task")["train"]["a"]
        for size in (None, 16)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize(
    "copies",
    [
        [model(), model(l2_layers=1.0)],
        [model(), model(activation="tanh")],
        [model(), SharedBottom(6, TASKS, [9], [4])],
        [model(), SharedBottom(6, {"b": "binary", "a": "regression"}, [8], [4])],
    ],
)
def test_copies_differ_in_their_parameters_alone(copies):
    with pytest.raises(ValueError, match="model: got copies of 2 kinds; expected copies that differ in their param"):
        fit(copies, examples(0), progress=False)


@pytest.mark.parametrize("make", [torch.tensor, np.array, list])
def test_weights_and_seeds_may_be_tensors_arrays_or_lists(make):
    weights, seeds = [0.5, 2.0], [3, 4]
    runs = [
        fit([model(0), model(1)], examples(0), task_weights={"a": a, "b": make([1.0])[0]}, seed=s, **OPTIONS).history
        for a, s in ((weights, seeds), (make(weights), make(seeds)))
    ]
    pd.testing.assert_frame_equal(*runs)


class Normed(Student):
    def __init__(self):
        super().__init__()
        self.bottom = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU())


@pytest.mark.parametrize(
    ("rows", "batch_size", "came"),
    [(1, None, "a single row"), (3, 2, "3 rows in 2 batches"), (5, 1, "5 rows in 5 batches")],
)
@pytest.mark.parametrize("copies", [None, 2])
@pytest.mark.parametrize("make", [Normed, lambda: model(batch_norm=True)])
def test_batch_norm_of_a_single_row_is_named_before_training(rows, batch_size, came, copies, make):
    models = make() if copies is None else [make() for _ in range(copies)]
    before = [p.clone() for p in (models if copies is None else models[0]).parameters()]
    with pytest.raises(ValueError, match=rf"^train: got {came}.*; expected 2 rows or more in each batch: batch norm"):
        fit(models, examples(0, rows), losses=SQUARES, batch_size=batch_size, progress=False)
    after = (models if copies is None else models[0]).parameters()
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_batch_norm_with_two_rows_in_each_batch_trains_and_answers_single_rows():
    run = fit(model(batch_norm=True), examples(0, 5), examples(1, 1), epochs=2, batch_size=2 + 1, progress=False)
    assert run.predict(examples(1, 1).inputs)["a"].shape == (1,)


class Tied(Student):
    """The heads share one weight; each has its own bias, and the scale is in no state_dict."""

    def __init__(self):
        super().__init__()
        self.heads[1].weight = self.heads[0].weight
        self.register_buffer("scale", torch.tensor(2.0), persistent=False)

    def forward(self, x):
        return {task: self.scale * value for task, value in super().forward(x).items()}


def test_tied_weights_and_buffers_that_are_not_saved_train_alone_and_in_copies():
    alone = []
    for seed in range(3):
        torch.manual_seed(seed)
        alone.append(Tied())
    copies = [copy.deepcopy(one) for one in alone]
    many = fit(copies, examples(0), examples(1), losses=SQUARES, seed=[0, 1, 2], **OPTIONS)
    together = many.predict(examples(1).inputs)
    for seed, one in enumerate(alone):
        run = fit(one, examples(0), examples(1), losses=SQUARES, seed=seed, **OPTIONS)
        torch.testing.assert_close(together["b"][seed], run.predict(examples(1).inputs)["b"], atol=2e-5, rtol=0)
        for trained in (one, copies[seed]):
            assert trained.heads[1].weight is trained.heads[0].weight
        torch.testing.assert_close(one.heads[0].weight, copies[seed].heads[0].weight, atol=2e-5, rtol=0)


@pytest.fixture(scope="module")
def runs():
    return [fit(one, examples(0), epochs=1, progress=False) for one in (model(), [model(0), model(1)])]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.ones((3, 6), dtype=np.float32), "inputs: got ndarray; expected a torch tensor"),
        (examples(0), "inputs: got Examples"),
        ({}, "inputs: got an empty dict"),
        ({"dense": np.ones((3, 6))}, r"inputs\['dense'\]: got ndarray; expected a torch tensor"),
        (
            {"dense": torch.ones(3, 6), "sparse": torch.ones(2, 1).long()},
            r"inputs: got tensors with \[\(2,\), \(3,\)\] rows",
        ),
        (torch.ones(6), r"inputs: got shape \(6,\); expected shape \(n, columns\)"),
        (torch.ones(4, 3, 6), r"inputs: got shape \(4, 3, 6\); expected shape \(n, columns\)"),
        (torch.ones(3, 5), "inputs: got a tensor with 5 columns; expected 6 columns"),
    ],
)
def test_what_cannot_be_predicted_is_named(runs, inputs, message):
    for run in runs:
        with pytest.raises((ValueError, TypeError), match=f"^{message}"):
            run.predict(inputs)


def test_an_l2_penalty_is_lambda_times_the_squares():
    """Step by step as with λ‖w‖² in the loss, whose gradient is 2λw."""
    shared, rows = model(l2_layers=0.05), examples(0)
    by_hand = copy.deepcopy(shared)
    optimizer = torch.optim.Adam(by_hand.parameters(), lr=0.01)
    for _ in range(6):
        outputs = by_hand(rows.inputs)
        losses = [LOSSES[kind](outputs[task], rows.labels[task]).mean() for task, kind in TASKS.items()]
        named = dict(by_hand.named_parameters())
        penalty = sum(rate * named[name].square().sum() for name, rate in by_hand.l2().items())
        optimizer.zero_grad()
        (sum(losses) + penalty).backward()
        optimizer.step()
    fit(shared, rows, epochs=6, batch_size=None, lr=0.01, progress=False)
    for own, other in zip(shared.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(own, other, atol=1e-5, rtol=1e-4)


def by_ids(seed: int, n: int = 60) -> Examples:
    """Two columns of five ids each; the last of either is never there."""
    generator = torch.Generator().manual_seed(seed)
    rows = examples(seed, n)
    return replace(rows, inputs={"sparse": torch.randint(4, (n, 2), generator=generator) + torch.tensor([3, 10])})


def of_ids(seed: int = 0, **options) -> SharedBottom:
    frame = pd.DataFrame({name: range(5) for name in ("user", "video")})
    features = Features([Sparse("user", width=4), Sparse("video", width=4)]).fit(frame)
    return SharedBottom(features, TASKS, [8], [4], seed=seed, **options)


def table_of(one: SharedBottom) -> torch.Tensor:
    (table,) = one.encoder.tables.values()
    return table.weight.detach()


@pytest.mark.parametrize("models", [1, 3])
def test_a_penalty_on_what_is_looked_up_is_that_on_these_rows(models):
    """Step by step as with λ‖the rows that are looked up‖² in the loss, for one model and for copies."""
    own = [of_ids(seed, l2_embedding=0.3, l2_rows="looked up") for seed in range(models)]
    by_hand, train = copy.deepcopy(own), [by_ids(seed) for seed in range(models)]
    for one, rows in zip(by_hand, train, strict=True):
        optimizer, (table,) = torch.optim.Adam(one.parameters(), lr=0.01), one.encoder.tables.values()
        for _ in range(6):
            outputs = one(rows.inputs)
            losses = [LOSSES[kind](outputs[task], rows.labels[task]).mean() for task, kind in TASKS.items()]
            penalty = 0.3 * table.weight[rows.inputs["sparse"].unique()].square().sum()
            optimizer.zero_grad()
            (sum(losses) + penalty).backward()
            optimizer.step()
    rows = train[0] if models == 1 else Examples.stack(train)
    fit(own[0] if models == 1 else own, rows, epochs=6, batch_size=None, lr=0.01, progress=False)
    for one, other in zip(own, by_hand, strict=True):
        for mine, its in zip(one.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(mine, its, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("balance", [None, PCGrad()])
def test_a_row_that_is_never_looked_up_stays_where_it_was_or_moves_by_the_rate(balance):
    """With the penalty on looked-up rows it stays; on all rows, λ of 0.001 and 1 alike move it by lr in each step."""
    start, never = table_of(of_ids()), [7, 14]
    found = {}
    for rows, l2 in (("looked up", 1.0), ("all", 0.001), ("all", 1.0)):
        one = of_ids(l2_embedding=l2, l2_rows=rows)
        fit(one, by_ids(0), epochs=3, batch_size=None, lr=0.001, balance=balance, progress=False)
        found[rows, l2] = (table_of(one) - start)[never]
    assert not found["looked up", 1.0].any()
    for l2 in (0.001, 1.0):
        far = start[never].abs() > 0.005
        assert ((found["all", l2][far].abs() - 0.003).abs() < 2e-4).all()


def test_a_long_epoch_keeps_no_graph():
    """What autograd saved for one batch is gone before the next: PCGrad asks for the graph again and again."""
    alive, seen = weakref.WeakSet(), []

    class Saved:
        def __init__(self, tensor):
            self.tensor = tensor.detach()  # a node that held its own output would never go
            alive.add(self)

    class Spy(SharedBottom):
        def forward(self, inputs):
            seen.append(len(alive))
            return super().forward(inputs)

    with torch.autograd.graph.saved_tensors_hooks(Saved, lambda saved: saved.tensor):
        fit(Spy(6, TASKS, [8], [4]), examples(0), epochs=1, batch_size=10, balance=PCGrad(), progress=False)
    assert len(seen) == 12 and seen[0] == 0
    assert max(seen) == max(seen[:3])


def test_a_device_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="device: got 'cuda', and PyTorch finds no such GPU here; expected 'cpu'"):
        fit(model(0), examples(0), progress=False, device="cuda")
    with pytest.raises(ValueError, match="device: got 'gpu'; expected one of 'cpu', 'auto', 'cuda'"):
        fit(model(0), examples(0), progress=False, device="gpu")


@pytest.mark.parametrize("count", [None, 2], ids=["single", "copies"])
def test_all_is_moved_to_the_device_and_back(monkeypatch, count):
    """Without a GPU, to the CPU by another name: what is trained there is what is trained here, up to the last bit."""

    class Elsewhere:
        """A device that is not called the CPU, and is it."""

        type = "elsewhere"
        __enter__, __exit__ = lambda self: None, lambda self, *_: None

    moved, to, module_to = [], torch.Tensor.to, nn.Module.to

    def tensor_to(self, where, *more):
        moved.append(self)
        return to(self, "cpu" if isinstance(where, Elsewhere) else where, *more)

    def trained(device: str) -> pd.DataFrame:
        models = model(0) if count is None else [model(seed) for seed in range(count)]
        return fit(models, examples(0), examples(1), epochs=3, batch_size=50, progress=False, device=device).history

    here = trained("cpu")
    monkeypatch.setattr(arguments, "check_device", lambda name: Elsewhere())
    monkeypatch.setattr(torch.Tensor, "to", tensor_to)
    monkeypatch.setattr(nn.Module, "to", lambda self, where: moved.append(self) or module_to(self, "cpu"))
    pd.testing.assert_frame_equal(here, trained("auto"))
    tensors = 2 * 3 + 1  # inputs and two labels of both sets, and the weights of the tasks
    assert len(moved) >= (count or 1) + tensors


def test_patience_counts_only_after_the_fewest_steps():
    """Four of one step each: what does not improve in them is not held against it."""
    options = {"epochs": 20, "lr": 0, "patience": 3, "batch_size": None, "progress": False}
    assert fit(model(), examples(0), examples(1), fewest_steps=4, **options).history["epoch"].max() == 4 + 3
    many = [fit([model(), model(1)], examples(0), examples(1), fewest_steps=k, **options) for k in (0, 4)]
    assert [run.history.groupby("copy")["epoch"].max().tolist() for run in many] == [[4, 4], [7, 7]]

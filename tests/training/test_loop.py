"""`fit`: what it trains, keeps, stops and refuses."""

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
from helpers.models.shared_bottom import SharedBottom
from helpers.training import arguments
from helpers.training.balancing import PCGrad
from helpers.training.loop import Stopping, fit
from helpers.training.losses import LOSSES, squared_error
from tests.training.small import BALANCES, OPTIONS, SQUARES, TASKS, Student, examples, model

each_balance = pytest.mark.parametrize("balance", BALANCES.values(), ids=BALANCES)


@each_balance
def test_equal_seeds_give_equal_bits_and_leave_the_global_generator_alone(balance):
    """One object of a balance serves several runs."""
    before, options = torch.get_rng_state(), OPTIONS | {"epochs": 5, "balance": balance}
    one, two, other = (fit(model(dropout=0.2), examples(0), examples(1), seed=seed, **options) for seed in (4, 4, 5))
    pd.testing.assert_frame_equal(one.history, two.history)
    pd.testing.assert_frame_equal(one.weights, two.weights)
    assert torch.equal(torch.get_rng_state(), before) and not one.history.equals(other.history)


@pytest.mark.parametrize(
    ("balance", "batch_size", "batch_norm"),
    [(name, 32, False) for name in BALANCES] + [("sum", None, False), ("sum", None, True), ("sum", 32, True)],
)
def test_copies_get_the_numbers_they_would_get_alone(balance, batch_size, batch_norm):
    """A balance that compares tasks may round otherwise: of it, runs are near, and may stop at other epochs."""
    seeds, weights, summed = range(4), [0.1, 0.5, 1.0, 20.0], balance == "sum"
    options = OPTIONS | {"batch_size": batch_size, "balance": BALANCES[balance], "patience": 3 if summed else None}
    train, valid = [examples(s) for s in seeds], [examples(100 + s) for s in seeds]
    copies = [model(s, batch_norm=batch_norm, l2_layers=1e-3) for s in seeds]
    stacked = Examples.stack(train), Examples.stack(valid)
    many = fit(copies, *stacked, task_weights={"a": weights, "b": 1}, seed=list(seeds), **options)
    together = many.predict(torch.stack([one.inputs for one in valid]))
    for s in seeds:
        single = model(s, batch_norm=batch_norm, l2_layers=1e-3)
        alone = fit(single, train[s], valid[s], task_weights={"a": weights[s], "b": 1}, seed=s, **options)
        of_copy, of_weights = (table[table["copy"] == s] for table in (many.history, many.weights))
        assert of_copy["valid"].tolist() == pytest.approx(alone.history["valid"].tolist(), rel=2e-3, abs=1e-4)
        assert of_weights["weight"].tolist() == pytest.approx(alone.weights["weight"].tolist(), rel=5e-3)
        if summed:
            for task, value in alone.predict(valid[s].inputs).items():
                torch.testing.assert_close(together[task][s], value, atol=2e-5, rtol=0)
            assert [epoch[s] for epoch, _ in many.best.values()] == [epoch[0] for epoch, _ in alone.best.values()]


def test_copies_may_share_examples_and_come_in_groups():
    """40 copies are more than one group; each still gets what it would get alone, and keeps its own parameters."""
    copies, alone, valid = [model(s) for s in range(40)], model(37), examples(1)
    many = fit(copies, examples(0), valid, seed=list(range(40)), **OPTIONS)
    run = fit(alone, examples(0), valid, seed=37, **OPTIONS)
    torch.testing.assert_close(many.predict(valid.inputs)["a"][37], run.predict(valid.inputs)["a"])
    torch.testing.assert_close(copies[37].bottom.layers[0].weight, alone.bottom.layers[0].weight)
    assert set(many.history["copy"]) == set(many.weights["copy"]) == set(range(40))


def test_the_best_state_of_each_task_is_kept_and_predicts_it():
    valid = replace(examples(1), weights={"b": torch.arange(120) % 7 / 3.0})
    run = fit(model(), examples(0), valid, **OPTIONS | {"lr": 0.1, "epochs": 40})
    predicted, epochs = run.predict(valid.inputs), {task: int(epoch) for task, (epoch, _) in run.best.items()}
    assert len(set(epochs.values())) == 3  # each at its own
    for task, rows in run.history.groupby("task"):
        best = rows.loc[rows["valid"].idxmin()]
        assert best["epoch"] == epochs[task]
        if task != "total":
            loss = LOSSES[TASKS[task]](predicted[task], valid.labels[task]) * valid.weights.get(task, 1)
            assert loss.mean().item() == pytest.approx(best["valid"], rel=1e-5)


def test_training_lowers_the_loss_patience_stops_it_and_the_model_is_left_at_its_best_total():
    """Without validation rows, at its last state."""
    shared = model()
    run = fit(shared, examples(0), examples(1), **(OPTIONS | {"epochs": 400, "lr": 0.05}), patience=5)
    total = run.history[run.history["task"] == "total"]["valid"]
    assert run.history["epoch"].max() < 400 and total.min() < 0.9 * total.iloc[0]
    for name, tensor in run.best["total"][1].items():
        assert torch.equal(tensor[0], shared.state_dict()[name])
    assert {epoch.item() for epoch, _ in fit(model(), examples(0), **OPTIONS).best.values()} == {12}


def test_each_epoch_trains_on_each_row_once_and_validates_in_evaluation_mode():
    seen = []

    class Spy(SharedBottom):
        def forward(self, inputs):
            seen.append((self.training, len(inputs)))
            return super().forward(inputs)

    fit(Spy(6, TASKS, [8], [4]), examples(0, 101), examples(1, 77), epochs=3, batch_size=25, progress=False)
    assert [training for training, _ in seen] == ([True] * 5 + [False]) * 3
    sizes = [rows for training, rows in seen if training]
    assert sum(sizes) == 3 * 101 and max(sizes) - min(sizes) <= 1 and max(sizes) <= 25


def test_weight_zero_leaves_a_tower_untouched():
    shared = model()
    before = [parameter.clone() for parameter in shared.towers[1].parameters()]
    fit(shared, examples(0), examples(1), task_weights={"a": 1, "b": 0}, **OPTIONS)
    assert all(torch.equal(old, new) for old, new in zip(before, shared.towers[1].parameters(), strict=True))


def test_masked_labels_teach_nothing():
    clean, mask = examples(0), torch.arange(120) < 60
    histories = []
    for value in (torch.nan, 1.0):
        labels = clean.labels | {"b": torch.where(mask, clean.labels["b"], value)}
        histories.append(fit(model(), replace(clean, labels=labels, masks={"b": mask}), clean, **OPTIONS).history)
    pd.testing.assert_frame_equal(*histories)


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


ONCE = {"epochs": 5, "batch_size": None}
TWICE = torch.where(torch.arange(120) < 30, 2.0, 1.0)
REPEATED = examples(0).take(torch.cat([torch.arange(120), torch.arange(30)]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"task_weights": {"a": 0.3, "b": 0.7}}, {"task_weights": {"a": 3.0, "b": 7.0}}),
        ({"train": replace(examples(0), weights=dict.fromkeys(TASKS, TWICE))} | ONCE, {"train": REPEATED} | ONCE),
    ],
    ids=["task weights are relative", "a row's weight is so many rows"],
)
def test_a_constant_factor_changes_nothing_that_adam_sees(one, other):
    values = []
    for given_here in (one, other):
        trained = model()
        fit(trained, **{"train": examples(0), "valid": examples(1)} | OPTIONS | given_here)
        values.append(trained(examples(1).inputs)["a"])
    torch.testing.assert_close(*values, atol=1e-3, rtol=0)


def test_a_loss_that_explodes_says_which_task():
    huge = Examples(torch.full((8, 6), 1e30), {"a": torch.full((8,), 1e30), "b": torch.ones(8)})
    with pytest.raises(FloatingPointError, match="The loss of 'a' is not finite at epoch 1"):
        fit(model(), huge, huge, epochs=2, progress=False)


class Answers(Student):
    """Whose answer to a batch is made of the student's."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x):
        return self.answer(super().forward(x))


ROWS, NONE = examples(0), torch.zeros(120, dtype=torch.bool)
UNSEEN = Examples(ROWS.inputs, ROWS.labels, masks={"b": NONE})
OTHER_COLUMNS = Examples(torch.randn(10, 5), {"a": torch.zeros(10), "b": torch.zeros(10)})
ONE = model()
KINDS = [
    model(l2_layers=1.0),
    model(activation="tanh"),
    SharedBottom(6, TASKS, [9], [4]),
    SharedBottom(6, {"b": "binary", "a": "regression"}, [8], [4]),
]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": []}, "model: got an empty list"),
        ({"model": [Student]}, r"model: got <class .*Student'>"),
        ({"model": [ONE, ONE]}, "model: got the same object twice"),
        *(({"model": [ONE, other]}, "model: got copies of 2 kinds") for other in KINDS),
        ({"train": 3}, "train: got int"),
        ({"train": UNSEEN}, r"train.labels\['b'\]: got no observed label that counts"),
        ({"valid": UNSEEN}, r"valid.labels\['b'\]: got no observed label that counts"),
        ({"train": OTHER_COLUMNS}, "inputs: got a tensor with 5 columns"),
        (
            {"train": replace(ROWS, labels=dict.fromkeys(TASKS, torch.full((120,), 2.0)))},
            r"train.labels\['b'\]: got 120",
        ),
        *(
            ({"model": model(batch_norm=True), "train": examples(0, rows), "batch_size": size}, f"train: got {came}")
            for rows, size, came in ((1, None, "a single row"), (3, 2, "3 rows in 2 ba"), (5, 1, "5 rows in 5 ba"))
        ),
        ({"epochs": 0}, "epochs: got 0"),
        ({"lr": float("nan")}, "lr: got nan"),
        ({"seed": [1, 2]}, "seed: got 2 seeds"),
        ({"balance": "uwl"}, r"balance: got 'uwl'"),
        ({"task_weights": {"a": -1, "b": 1}}, r"task_weights\['a'\]: got -1"),
        ({"task_weights": {"a": 1}}, r"task_weights: got weights for \['a'\]"),
        ({"task_weights": torch.ones(2)}, "task_weights: got Tensor"),
        ({"task_weights": {"a": torch.ones(2), "b": 1}}, r"task_weights\['a'\]: got 2 weights"),
        ({"device": "cuda"}, "device: got 'cuda', and PyTorch finds no such GPU here"),
        ({"device": "gpu"}, "device: got 'gpu'"),
        ({"losses": {"c": squared_error}}, r"train: got no labels for \['c'\]"),
        ({"model": Student()}, "losses: got None for a model without `tasks`"),
        *(
            ({"model": answers, "losses": SQUARES | losses}, words)
            for answers, losses, words in (
                (Student(), {"a": nn.functional.mse_loss}, r"losses\['a'\]: got a result of shape"),
                (Answers(lambda out: {"a": out["a"]}), {}, r"model: got no output for \['b'\]"),
                (
                    Answers(lambda out: {t: value[:, None] for t, value in out.items()}),
                    {},
                    r"model's output 'a': got shape",
                ),
                (Answers(lambda out: out["a"]), {}, "model: got an output that is a Tensor"),
            )
        ),
    ],
)
def test_bad_arguments_are_named(arguments, message, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises((ValueError, TypeError), match=f"^{message}.*; expected"):
        fit(**({"model": model(), "train": ROWS, "valid": examples(1), "progress": False} | arguments))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 2**31))
def test_any_size_of_data_and_batch_trains(n, batch_size, seed):
    """With batch norm where each batch has two rows."""
    normed = model(batch_norm=n // -(-n // batch_size) > 1)
    run = fit(normed, examples(0, n), epochs=1, batch_size=batch_size, seed=seed, progress=False)
    assert np.isfinite(run.history["train"]).all() and len(run.predict(examples(0, 1).inputs)["a"]) == 1


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


def test_ctrl_c_keeps_the_best_so_far_and_of_an_experiment_nothing(monkeypatch, capsys):
    interrupt_at(monkeypatch, 5)
    run = fit(model(), examples(0), examples(1), **OPTIONS)
    assert run.interrupted and "Stopped by hand in epoch 5 of 12" in capsys.readouterr().out
    assert run.history["epoch"].max() == 4 and run.predict(examples(1).inputs)["a"].shape == (120,)
    interrupt_at(monkeypatch, 5)
    with pytest.raises(KeyboardInterrupt):
        fit([model(0), model(1)], examples(0), examples(1), **OPTIONS)


def test_the_train_loss_of_sparse_labels_does_not_depend_on_the_batches():
    base = examples(0, 200)
    sparse = Examples(base.inputs, base.labels, masks={"a": torch.arange(200) < 10})
    losses = [
        fit(model(), sparse, epochs=1, lr=0.0, batch_size=size, progress=False).history.set_index("task")["train"]["a"]
        for size in (None, 16)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize("make", [torch.tensor, np.array])
def test_weights_and_seeds_may_be_tensors_or_arrays(make):
    """Of a student's own module as of ours."""
    runs = [
        fit([Student(), Student()], examples(0), losses=SQUARES, task_weights={"a": a, "b": 1}, seed=seeds, **OPTIONS)
        for a, seeds in (([0.5, 2.0], [3, 4]), (make([0.5, 2.0]), make([3, 4])))
    ]
    pd.testing.assert_frame_equal(*(run.history for run in runs))


@pytest.mark.parametrize("inputs", [np.ones((3, 6), dtype=np.float32), torch.ones(6), torch.ones(3, 5)])
@pytest.mark.parametrize("models", [model(), [model(0), model(1)]], ids=["single", "copies"])
def test_what_cannot_be_predicted_is_named(models, inputs):
    with pytest.raises((ValueError, TypeError), match=r"^inputs: got .*; expected"):
        fit(models, examples(0), epochs=1, progress=False).predict(inputs)


def by_ids(seed: int, n: int = 60) -> Examples:
    """Two columns of five ids each; the last of either is never there."""
    generator = torch.Generator().manual_seed(seed)
    rows = examples(seed, n)
    return replace(rows, inputs={"sparse": torch.randint(4, (n, 2), generator=generator) + torch.tensor([3, 10])})


def of_ids(seed: int = 0, **options) -> SharedBottom:
    frame = pd.DataFrame({name: range(5) for name in ("user", "video")})
    features = Features([Sparse("user", width=4), Sparse("video", width=4)]).fit(frame)
    return SharedBottom(features, TASKS, [8], [4], seed=seed, **options)


@pytest.mark.parametrize("models", [1, 3])
@pytest.mark.parametrize("penalty", ["layers", "looked up"])
def test_a_penalty_is_lambda_times_the_squares(models, penalty):
    """Step by step as with λ‖w‖² in the loss: of the layers, or of the rows that are looked up."""
    options = {"l2_layers": 0.05} if penalty == "layers" else {"l2_embedding": 0.3, "l2_rows": "looked up"}
    own, train = [of_ids(seed, **options) for seed in range(models)], [by_ids(seed) for seed in range(models)]
    by_hand = copy.deepcopy(own)
    for one, rows in zip(by_hand, train, strict=True):
        optimizer, (table,) = torch.optim.Adam(one.parameters(), lr=0.01), one.encoder.tables.values()
        weights = [part.weight for part in one.modules() if isinstance(part, nn.Linear)]
        for _ in range(6):
            outputs = one(rows.inputs)
            losses = [LOSSES[kind](outputs[task], rows.labels[task]).mean() for task, kind in TASKS.items()]
            looked_up = 0.3 * table.weight[rows.inputs["sparse"].unique()].square().sum()
            squares = 0.05 * sum(weight.square().sum() for weight in weights)
            optimizer.zero_grad()
            (sum(losses) + (squares if penalty == "layers" else looked_up)).backward()
            optimizer.step()
    rows = train[0] if models == 1 else Examples.stack(train)
    fit(own[0] if models == 1 else own, rows, epochs=6, batch_size=None, lr=0.01, progress=False)
    for one, other in zip(own, by_hand, strict=True):
        for mine, its in zip(one.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(mine, its, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("balance", [None, PCGrad()])
@pytest.mark.parametrize(("rows", "l2", "far"), [("looked up", 1.0, 0), ("all", 0.001, 0.003), ("all", 1.0, 0.003)])
def test_a_row_that_is_never_looked_up_stays_where_it_was_or_moves_by_the_rate(balance, rows, l2, far):
    """With the penalty on looked-up rows it stays; on all rows, λ of 0.001 and 1 alike move it by lr in each step."""
    one = of_ids(l2_embedding=l2, l2_rows=rows)
    (table,) = one.encoder.tables.values()
    start = table.weight.detach()[[7, 14]].clone()
    fit(one, by_ids(0), epochs=3, batch_size=None, lr=0.001, balance=balance, progress=False)
    moves = (table.weight.detach()[[7, 14]] - start)[start.abs() > 0.005]
    assert ((moves.abs() - far).abs() <= 2e-4 * (far > 0)).all()


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


@pytest.mark.parametrize("count", [None, 2], ids=["single", "copies"])
def test_all_is_moved_to_the_device_and_back(monkeypatch, count):
    """Without a GPU, to the CPU by another name: what is trained there is what is trained here, up to the last bit."""

    class Elsewhere:
        """A device that is not called the CPU, and is it."""

        type = "elsewhere"
        __enter__, __exit__ = lambda self: None, lambda self, *_: None

    def trained(device: str) -> pd.DataFrame:
        models = model(0) if count is None else [model(seed) for seed in range(count)]
        return fit(models, examples(0), examples(1), epochs=3, batch_size=50, progress=False, device=device).history

    here, moved, to, module_to = trained("cpu"), [], torch.Tensor.to, nn.Module.to
    monkeypatch.setattr(arguments, "check_device", lambda name: Elsewhere())
    monkeypatch.setattr(torch.Tensor, "to", lambda self, where, *more: moved.append(self) or to(self, "cpu", *more))
    monkeypatch.setattr(nn.Module, "to", lambda self, where: moved.append(self) or module_to(self, "cpu"))
    pd.testing.assert_frame_equal(here, trained("auto"))
    tensors = 2 * 3 + 1  # inputs and two labels of both sets, and the weights of the tasks
    assert len(moved) >= (count or 1) + tensors


def test_patience_counts_only_after_the_fewest_steps():
    """Four of one step each: what does not improve in them is not held against it."""
    options = {"epochs": 20, "lr": 0, "patience": 3, "batch_size": None, "progress": False}
    assert fit(model(), examples(0), examples(1), fewest_steps=4, **options).history["epoch"].max() == 4 + 3
    two = options | {"batch_size": 60}  # of which an epoch has two
    assert fit(model(), examples(0), examples(1), fewest_steps=4, **two).history["epoch"].max() == 2 + 3
    many = [fit([model(), model(1)], examples(0), examples(1), fewest_steps=k, **options) for k in (0, 4)]
    assert [run.history.groupby("copy")["epoch"].max().tolist() for run in many] == [[4, 4], [7, 7]]


def test_training_goes_on_while_any_task_improves():
    stopping, state = Stopping(["a", "b"], copies=1, patience=2), {"w": torch.zeros(1)}
    for epoch in range(1, 8):
        b = 1 / epoch if epoch <= 5 else 1.0  # and a never does
        stopping.update(epoch, state, torch.tensor([[1.0, b]]), keep_last=False)
        assert bool(stopping.going()) == (epoch < 7)
    assert {task: int(epoch) for task, (epoch, _) in stopping.best.items()} == {"a": 1, "b": 5}

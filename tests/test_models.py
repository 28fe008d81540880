import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from helpers.features import Dense, Features, Sequence, Sparse
from helpers.models import MLP, Encoder, SharedBottom, SingleTask, parameter_count

TASKS = {"click": "binary", "watch": "regression"}


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    n = 60
    return pd.DataFrame(
        {
            "duration": rng.normal(30, 5, n),
            "user": rng.integers(0, 9, n),
            "video": rng.integers(0, 20, n),
            "city": rng.choice(["a", "b"], n),
            "history": [list(rng.integers(0, 20, rng.integers(0, 5))) for _ in range(n)],
        }
    )


@pytest.fixture
def features(frame):
    columns = [
        Dense("duration"),
        Sparse("user", width=4),
        Sparse("city", width=3),
        Sparse("video", width=4),
        Sequence("history", of="video", length=3),
    ]
    return Features(columns).fit(frame)


def test_outputs_are_one_number_a_row_and_task(features, frame):
    outputs = SharedBottom(features, TASKS, [8], [4])(features.transform(frame))
    assert list(outputs) == ["click", "watch"]
    assert all(value.shape == (len(frame),) for value in outputs.values())


def test_encoder_is_the_concatenation_of_its_columns(features, frame):
    """Against a slow, plain computation: one table a width, offsets, mean over the real entries of a sequence."""
    encoder, inputs = Encoder(features), features.transform(frame)
    vectors = {layout.name: encoder.tables[str(layout.width)] for layout in features.sparse}
    row = 7
    ids = dict(zip((layout.name for layout in features.sparse), inputs["sparse"][row], strict=True))
    history = [i for i in inputs["history"][row] if i != features.sequences[0].padding]
    mean = vectors["video"](torch.stack(history)).mean(0) if history else torch.zeros(4)
    by_width = [vectors[name](ids[name]) for name in ("user", "video", "city")]
    four_first = [*by_width] if next(iter(features.tables)) == 4 else [by_width[2], *by_width[:2]]
    expected = torch.cat([inputs["dense"][row], *four_first, mean])
    torch.testing.assert_close(encoder(inputs)[row], expected)


def test_an_empty_sequence_is_all_zeros(features, frame):
    frame = frame.assign(history=[[] for _ in range(len(frame))])
    assert Encoder(features)(features.transform(frame))[:, -4:].abs().max() == 0


def test_towers_start_different():
    model = SharedBottom(5, TASKS, [8], [4])
    first, second = (tower[0].layers[0].weight for tower in model.towers)
    assert not torch.equal(first, second)


def test_equal_seeds_give_equal_models_and_leave_the_global_generator_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, two, other = (SharedBottom(5, TASKS, [8], [4], seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    x = torch.ones(2, 5)
    assert torch.equal(one(x)["click"], two(x)["click"])
    assert not torch.equal(one(x)["click"], other(x)["click"])


def test_a_tower_for_each_task_or_an_error_never_a_truncation():
    three = TASKS | {"like": "binary"}
    with pytest.raises(ValueError, match="towers: got 2 lists of units; expected one for each of the 3 tasks"):
        SharedBottom(5, three, [8], [[4], [4]])
    assert len(SharedBottom(5, three, [8], [[4], [6], [2]])(torch.ones(1, 5))) == 3


def test_towers_may_differ():
    model = SharedBottom(5, TASKS, [8], [[16, 4], [2]])
    assert [tower[0].width for tower in model.towers] == [4, 2]


def test_parameter_count_by_hand():
    model = SharedBottom(20, TASKS, [8], [8])
    assert parameter_count(model) == (20 * 8 + 8) + 2 * (8 * 8 + 8 + 8 + 1)


def test_a_bottom_of_another_shape():
    class Cross(nn.Module):
        def __init__(self, encoder):
            super().__init__()
            self.width = encoder.width
            self.mix = nn.Linear(self.width, self.width)

        def forward(self, x):
            return x * self.mix(x) + x

    model = SharedBottom(5, TASKS, Cross, [4])
    assert isinstance(model.bottom, Cross)
    assert model(torch.ones(3, 5))["click"].shape == (3,)


def test_order_of_tasks_does_not_change_which_name_an_output_has():
    model = SharedBottom(5, {"watch": "regression", "click": "binary"}, [8], [4])
    x = torch.randn(4, 5)
    torch.testing.assert_close(model(x)["watch"], model.towers[0](model.bottom(x)).squeeze(-1))


@pytest.mark.parametrize("name", ["items", "type", "a.b", "train", "forward"])
def test_any_column_name_may_be_a_task(name):
    assert list(SharedBottom(5, {name: "binary"}, [8], [4])(torch.ones(1, 5))) == [name]


def test_dropout_and_batch_norm_act_in_training_only():
    model = SharedBottom(5, TASKS, [32], [8], dropout=0.5, batch_norm=True)
    x = torch.randn(16, 5)
    model.train()
    assert not torch.equal(model(x)["click"], model(x)["click"])
    model.eval()
    assert torch.equal(model(x)["click"], model(x)["click"])


def test_l2_names_embeddings_and_linear_weights_only(features):
    model = SharedBottom(features, TASKS, [8], [4], batch_norm=True, l2_embedding=0.1, l2_layers=0.2)
    l2 = model.l2()
    assert l2.keys() <= dict(model.named_parameters()).keys()
    assert {value for name, value in l2.items() if "tables" in name} == {0.1}
    assert all(name.endswith("weight") for name in l2)
    assert len(l2) == 2 + 1 + 2 * 2  # tables of two widths, the bottom, two layers a tower


def test_single_task_is_shared_bottom_with_one_task():
    model = SingleTask(5, "click", "binary", [8], [4], seed=3)
    twin = SharedBottom(5, {"click": "binary"}, [8], [4], seed=3)
    x = torch.randn(4, 5)
    assert torch.equal(model(x)["click"], twin(x)["click"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tasks": {}}, "tasks: got {}"),
        ({"tasks": {"click": "ordinal"}}, "expected one of 'binary', 'regression'"),
        ({"tasks": {"total": "binary"}}, "tasks: got 'total'"),
        ({"bottom": [0]}, "units: got 0"),
        ({"dropout": 1.0}, "dropout: got 1.0"),
        ({"l2_layers": -1}, "l2_layers: got -1"),
        ({"activation": "relux"}, "activation: got 'relux'; expected one of 'relu'"),
        ({"features": 0}, "features: got 0"),
        ({"features": "x"}, "features: got str; expected fitted Features, or a number of columns"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        SharedBottom(**({"features": 5, "tasks": TASKS, "bottom": [8], "towers": [4]} | arguments))


def test_mlp_without_units_is_the_identity():
    x = torch.randn(2, 3)
    assert torch.equal(MLP(3, [])(x), x)

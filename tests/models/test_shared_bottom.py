import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from helpers.data.features import Dense, Features, Sequence, Sparse
from helpers.models.copies import predict
from helpers.models.shared_bottom import Encoder, OneHead, SharedBottom, SingleTask, parameter_count

TASKS = {"click": "binary", "watch": "regression"}


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


def test_parameter_count_by_hand():
    model = SharedBottom(20, TASKS, [8], [8])
    assert parameter_count(model) == (20 * 8 + 8) + 2 * (8 * 8 + 8 + 8 + 1)


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
        ({"l2_rows": "some"}, "l2_rows: got 'some'; expected one of 'looked up', 'all'"),
        ({"activation": "relux"}, "activation: got 'relux'; expected one of 'relu'"),
        ({"features": 0}, "features: got 0"),
        ({"features": "x"}, "features: got str; expected fitted Features, or a number of columns"),
        (
            {"features": Features([Sparse("user")])},
            "features: got columns that are not fitted; expected a call of `fit`",
        ),
        ({"towers": [[4], [4], [4]]}, "towers: got 3 lists of units; expected one for each of the 2 tasks"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        SharedBottom(**({"features": 5, "tasks": TASKS, "bottom": [8], "towers": [4]} | arguments))


# Inputs that do not fit


def spoilt(inputs, name, change):
    return inputs | {name: change(inputs[name])}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda i: {k: v for k, v in i.items() if k != "history"}, r"inputs: got no 'history'; expected"),
        (lambda i: {}, "inputs: got an empty dict; expected at least one tensor"),
        (lambda i: i["dense"], r"inputs: got a tensor with 1 columns; expected a dict made by `Features.transform`"),
        (lambda i: spoilt(i, "sparse", lambda t: t.float()), r"inputs\['sparse'\]: got dtype torch.float32; expected"),
        (
            lambda i: spoilt(i, "history", lambda t: t.double()),
            r"inputs\['history'\]: got dtype torch.float64; expected",
        ),
        (
            lambda i: spoilt(i, "sparse", lambda t: t.numpy()),
            r"inputs\['sparse'\]: got ndarray; expected a torch tensor",
        ),
        (
            lambda i: spoilt(i, "sparse", lambda t: t + 1000),
            r"inputs\['sparse'\]: got ids from 100\d to 10\d\d; expected",
        ),
        (lambda i: spoilt(i, "history", lambda t: t - 1), r"inputs\['history'\]: got ids from -1 to \d+; expected"),
        (lambda i: spoilt(i, "sparse", lambda t: t[:, 0]), r"inputs\['sparse'\]: got shape \(60,\); expected shape"),
        (lambda i: spoilt(i, "sparse", lambda t: t[:, :2]), r"inputs\['sparse'\]: got shape \(60, 2\); expected"),
        (
            lambda i: spoilt(i, "sparse", lambda t: t[:50]),
            r"inputs: got tensors with \[\(50,\), \(60,\)\] rows; expected",
        ),
        (
            lambda i: spoilt(i, "history", lambda t: t[:50]),
            r"inputs: got tensors with \[\(50,\), \(60,\)\] rows; expected",
        ),
        (lambda i: spoilt(i, "dense", lambda t: t[:, [0, 0]]), r"inputs\['dense'\]: got shape \(60, 2\); expected"),
        (lambda i: spoilt(i, "dense", lambda t: t.double()), "inputs: got dtype torch.float64; expected torch.float32"),
    ],
)
def test_inputs_that_do_not_fit_the_columns_are_named(features, frame, change, message):
    bad = change(features.transform(frame))
    with pytest.raises((ValueError, TypeError), match=f"^{message}"):
        predict(SharedBottom(features, TASKS, [8], [4]), bad)


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64, torch.bool, torch.float16])
def test_plain_inputs_of_another_dtype_are_named(dtype):
    with pytest.raises(
        TypeError, match=rf"^inputs: got dtype {dtype}; expected torch.float32, as `Examples` makes them"
    ):
        predict(SharedBottom(5, TASKS, [8], [4]), torch.ones(3, 5).to(dtype))
    doubled = SharedBottom(5, TASKS, [8], [4]).double()
    assert predict(doubled, torch.ones(3, 5, dtype=torch.float64))["click"].dtype == torch.float64


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_inputs_give_finite_outputs_or_a_named_error(data):
    table = pd.DataFrame({"number": [1.0, 2.0], "id": [1, 2], "tag": ["a", "b"], "list": [[1], []]})
    columns = [Dense("number"), Sparse("id", 2), Sparse("tag", 3), Sequence("list", of="id", length=2)]
    model = SharedBottom(Features(columns).fit(table), TASKS, [3], [2])
    shapes = st.tuples(st.integers(0, 3), st.integers(0, 3)) | st.tuples(st.integers(0, 3))
    kinds = st.sampled_from([torch.float32, torch.int64, torch.int32, torch.float64])
    tensors = st.builds(lambda s, v, k: torch.full(s, v).to(k), shapes, st.integers(-1, 6), kinds)
    keys = {"dense": tensors, "sparse": tensors, "list": tensors}
    inputs = data.draw(st.fixed_dictionaries({}, optional=keys) | tensors)
    try:
        outputs = predict(model, inputs)
    except (ValueError, TypeError) as error:
        assert str(error).startswith("inputs") and ": got " in str(error) and "; expected " in str(error)
    else:
        assert all(output.isfinite().all() for output in outputs.values())


class Wide(nn.Linear):
    def __init__(self, encoder, says):
        super().__init__(encoder.width, 8)
        self.width = says


@pytest.mark.parametrize(
    ("bottom", "message"),
    [
        (lambda encoder: nn.Linear(encoder.width, 8), r"width of the bottom: got None; expected a whole number"),
        (lambda encoder: Wide(encoder, says="8"), "width of the bottom: got '8'; expected a whole number"),
        (lambda encoder: Wide(encoder, says=0), "width of the bottom: got 0; expected a whole number"),
        (
            lambda encoder: torch.relu,
            "bottom: got a function that gives .*; expected a function that gives an nn.Module",
        ),
        (lambda encoder: None, "bottom: got a function that gives None; expected"),
        (lambda encoder: [8, 8], r"bottom: got a function that gives \[8, 8\]; expected"),
        ("relu", "bottom: got 'relu'; expected a list of units"),
    ],
)
def test_a_bottom_that_the_towers_cannot_stand_on_is_named(bottom, message):
    with pytest.raises((ValueError, TypeError), match=f"^{message}"):
        SharedBottom(5, TASKS, bottom, [4])


def test_one_head_is_the_output_of_every_task():
    model = OneHead(4, {"click": "binary", "finish": "binary"}, [8], [8])
    outputs = model(torch.randn(5, 4))
    assert outputs["click"] is outputs["finish"] and outputs["click"].shape == (5,)
    assert parameter_count(model) == parameter_count(SingleTask(4, "click", "binary", [8], [8]))

"""The encoder is a plain computation, a model is the sum of its parts, and what does not fit is named."""

import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from helpers.data.features import Dense, Features, Sequence, Sparse
from helpers.models.copies import predict
from helpers.models.one_head import OneHead
from helpers.models.shared_bottom import Encoder, SharedBottom, SingleTask, SingleTasks, parameter_count

TASKS = {"click": "binary", "watch": "regression"}
X = torch.randn(16, 5, generator=torch.Generator().manual_seed(0))


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
    """Against a slow, plain computation: one table a width, offsets; a sequence is PyTorch's `EmbeddingBag`."""
    encoder, inputs = Encoder(features), features.transform(frame)
    vectors = {layout.name: encoder.tables[str(layout.width)] for layout in features.sparse}
    bag = nn.EmbeddingBag.from_pretrained(
        vectors["video"].weight, mode="mean", padding_idx=features.sequences[0].padding
    )
    found, means = encoder(inputs), bag(inputs["history"])
    for row in range(10):
        ids = dict(zip((layout.name for layout in features.sparse), inputs["sparse"][row], strict=True))
        by_width = [vectors[name](ids[name]) for name in ("user", "video", "city")]
        torch.testing.assert_close(found[row], torch.cat([inputs["dense"][row], *by_width, means[row]]))


@pytest.mark.parametrize("name", ["items", "type", "a.b", "train", "forward"])
def test_any_column_name_may_be_a_task(name):
    assert list(SharedBottom(5, {name: "binary"}, [8], [4])(torch.ones(1, 5))) == [name]


def test_dropout_and_batch_norm_act_in_training_only():
    for options in ({"dropout": 0.5}, {"batch_norm": True}):
        model = SharedBottom(5, TASKS, [32], [8], **options).train()
        first, again = model(X)["click"], model(X)["click"]
        assert torch.equal(first, again) == ("batch_norm" in options)
        model.eval()
        whole = model(X)["click"]
        assert torch.equal(whole, model(X)["click"]) and not torch.allclose(whole, first)
        torch.testing.assert_close(model(X[:1])["click"], whole[:1])


def test_each_model_is_the_sum_of_its_parts():
    bottom, tower, kinds = 5 * 8 + 8, 8 * 4 + 4 + 4 + 1, {"click": "binary", "finish": "binary"}
    shared, apart, head = (make(5, kinds, [8], [4], seed=3) for make in (SharedBottom, SingleTasks, OneHead))
    alone = SingleTask(5, "click", "binary", [8], [4], seed=3)
    counts = [parameter_count(model) for model in (shared, apart, head, alone)]
    assert counts == [bottom + 2 * tower, 2 * (bottom + tower), bottom + tower, bottom + tower]
    assert torch.equal(alone(X)["click"], SharedBottom(5, {"click": "binary"}, [8], [4], seed=3)(X)["click"])
    assert torch.equal(apart(X)["click"], alone(X)["click"]) and torch.equal(head(X)["click"], head(X)["finish"])


class Wide(nn.Linear):
    def __init__(self, encoder, says):
        super().__init__(encoder.width, 8)
        self.width = says


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tasks": {}}, "tasks: got {}"),
        ({"tasks": {"click": "ordinal"}}, r"tasks\['click'\]: got 'ordinal'"),
        ({"tasks": {"total": "binary"}}, "tasks: got 'total'"),
        ({"dropout": 1.0}, "dropout: got 1.0"),
        ({"l2_layers": -1}, "l2_layers: got -1"),
        ({"l2_rows": "some"}, "l2_rows: got 'some'"),
        ({"activation": "relux"}, "activation: got 'relux'"),
        ({"features": 0}, "features: got 0"),
        ({"features": "x"}, "features: got str"),
        ({"features": Features([Sparse("user")])}, "features: got columns that are not fitted"),
        ({"towers": [[4], [4], [4]]}, "towers: got 3 lists of units"),
        ({"bottom": [0]}, "units: got 0"),
        ({"bottom": "relu"}, "bottom: got 'relu'"),
        ({"bottom": lambda encoder: nn.Linear(encoder.width, 8)}, "width of the bottom: got None"),
        ({"bottom": lambda encoder: Wide(encoder, says=0)}, "width of the bottom: got 0"),
        ({"bottom": lambda encoder: Wide(encoder, says=7)}, r"bottom: got an output of shape \(1, 8\)"),
        ({"bottom": lambda encoder: [8, 8]}, r"bottom: got a function that gives \[8, 8\]"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=f"^{message}.*; expected"):
        SharedBottom(**({"features": 5, "tasks": TASKS, "bottom": [8], "towers": [4]} | arguments))


def spoilt(name, change):
    return lambda inputs: inputs | {name: change(inputs[name])}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda i: {k: v for k, v in i.items() if k != "history"}, r"inputs: got no 'history'"),
        (lambda i: {}, "inputs: got an empty dict"),
        (lambda i: i["dense"], r"inputs: got a tensor with 1 columns"),
        (spoilt("sparse", lambda t: t.float()), r"inputs\['sparse'\]: got dtype torch.float32"),
        (spoilt("history", lambda t: t.double()), r"inputs\['history'\]: got dtype torch.float64"),
        (spoilt("sparse", lambda t: t.numpy()), r"inputs\['sparse'\]: got ndarray"),
        (spoilt("sparse", lambda t: t + 1000), r"inputs\['sparse'\]: got ids from 100\d to 10\d\d"),
        (spoilt("history", lambda t: t - 1), r"inputs\['history'\]: got ids from -1 to \d+"),
        (spoilt("sparse", lambda t: t[:, 0]), r"inputs\['sparse'\]: got shape \(60,\)"),
        (spoilt("sparse", lambda t: t[:, :2]), r"inputs\['sparse'\]: got shape \(60, 2\)"),
        (spoilt("history", lambda t: t[:50]), r"inputs: got tensors with \[\(50,\), \(60,\)\] rows"),
        (spoilt("dense", lambda t: t[:, [0, 0]]), r"inputs\['dense'\]: got shape \(60, 2\)"),
        (spoilt("dense", lambda t: t.double()), "inputs: got dtype torch.float64"),
    ],
)
def test_inputs_that_do_not_fit_the_columns_are_named(features, frame, change, message):
    model, inputs = SharedBottom(features, TASKS, [8], [4]), features.transform(frame)
    last = {name: torch.full_like(inputs[name], 0) for name in ("sparse", "history")}
    for width, columns in model.encoder.fields.items():
        last["sparse"][:, columns] = features.tables[width] - 1
    last["history"][:] = features.tables[4] - 1
    assert predict(model, inputs | last)["click"].isfinite().all()  # the last row of each table
    for name in last:
        with pytest.raises(ValueError, match=rf"^inputs\['{name}'\]: got ids from"):
            predict(model, inputs | last | {name: last[name] + 1})
    with pytest.raises((ValueError, TypeError), match=f"^{message}.*; expected"):
        predict(model, change(inputs))


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64, torch.bool])
def test_plain_inputs_of_another_dtype_are_named(dtype):
    with pytest.raises(TypeError, match=rf"^inputs: got dtype {dtype}; expected torch.float32, as `Examples` makes"):
        predict(SharedBottom(5, TASKS, [8], [4]), X.to(dtype))
    assert predict(SharedBottom(5, TASKS, [8], [4]).double(), X.double())["click"].dtype == torch.float64


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
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

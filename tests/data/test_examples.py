"""What goes into a model: right tensors pass along as they are, everything else is named."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.examples import Examples


def examples(n=4, **changes) -> Examples:
    named = {"inputs": torch.randn(n, 3), "labels": {"a": torch.ones(n), "b": torch.zeros(n)}}
    return Examples(**(named | changes))


def test_labels_of_any_real_kind_become_float32_and_masked_ones_may_hold_anything():
    for kind in (torch.int64, torch.uint8, torch.bool, torch.float16, torch.float64):
        assert examples(labels={"a": torch.ones(4, dtype=kind)}).labels["a"].dtype == torch.float32
    labels = torch.tensor([1.0, float("nan"), float("inf"), 0.0])
    masked = examples(labels={"a": labels}, masks={"a": torch.tensor([True, False, False, True])})
    assert masked.labels["a"].tolist() == [1, 0, 0, 0]


kinds = st.sampled_from([torch.float32, torch.float64, torch.int64, torch.bool, torch.complex64])
tensors = st.builds(
    lambda shape, kind, value: torch.full(shape, value).to(kind),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    kinds,
    st.sampled_from([0.0, 1.0, -2.0, float("nan"), float("inf")]),
)
anything = tensors | tensors.map(lambda t: t.numpy()) | st.none() | st.integers() | st.lists(st.integers(), max_size=3)
by_name = st.dictionaries(st.sampled_from(["a", "b"]), anything, max_size=2)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    inputs=anything | st.dictionaries(st.sampled_from(["dense", "sparse"]), anything, max_size=2),
    labels=anything | by_name,
    masks=by_name,
    weights=by_name,
    groups=anything,
)
def test_anything_gives_sound_examples_or_a_named_error(inputs, labels, masks, weights, groups):
    try:
        made = Examples(inputs, labels, masks, weights, groups)
    except (ValueError, TypeError) as error:
        name, _, rest = str(error).partition(": got ")
        assert name.split("[")[0] in {"inputs", "labels", "masks", "weights", "groups"}
        assert "; expected " in rest
    else:
        assert all(values.dtype == torch.float32 and values.isfinite().all() for values in made.labels.values())
        assert len(made) > 0 and made.tasks


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": {}}, "labels: got no task"),
        ({"labels": torch.ones(4)}, "labels: got Tensor"),
        ({"labels": {"a": [1, 0, 1, 0]}}, r"labels\['a'\]: got list"),
        ({"labels": {"a": torch.ones(4, dtype=torch.complex64)}}, r"labels\['a'\]: got dtype torch.complex64"),
        ({"labels": {"a": torch.ones(4, 1)}}, r"labels\['a'\]: got shape \(4, 1\)"),
        ({"labels": {"a": torch.tensor([1e39] * 4, dtype=torch.float64)}}, r"labels\['a'\]: got 4 NaN or infinite"),
        ({"masks": {"a": torch.ones(4)}}, r"masks\['a'\]: got dtype torch.float32"),
        ({"masks": {"c": torch.ones(4) > 0}}, r"masks\['c'\]: got a task without labels"),
        ({"weights": {"a": torch.tensor([1, 1, -0.1, 1])}}, r"weights\['a'\]: got a negative weight"),
        ({"groups": torch.arange(4.0)}, "groups: got dtype torch.float32"),
        ({"groups": torch.arange(3)}, r"groups: got shape \(3,\)"),
        ({"inputs": torch.ones(4)}, r"inputs: got shape \(4,\)"),
        ({"inputs": {}}, "inputs: got an empty dict"),
        ({"inputs": {"dense": np.ones((4, 2))}}, r"inputs\['dense'\]: got ndarray"),
        ({"inputs": {"dense": torch.ones(4, 2), "sparse": torch.ones(3, 2).long()}}, "inputs: got tensors with"),
        ({"inputs": torch.ones(0, 2), "labels": {"a": torch.ones(0)}}, "inputs: got no row"),
    ],
)
def test_what_is_no_example_is_named(changes, message):
    with pytest.raises((ValueError, TypeError), match=f"^{message}.*; expected"):
        examples(**changes)


def test_take_keeps_rows_together_and_names_rows_that_are_not_there():
    base = examples(4, groups=torch.arange(4), masks={"a": torch.ones(4, dtype=torch.bool)})
    for rows in (torch.tensor([3, 1]), torch.tensor([False, True, False, True]), np.array([3, 1]), [3, 1]):
        part = base.take(rows)
        assert sorted(part.groups.tolist()) == [1, 3] and part.inputs.shape == (2, 3)
        assert torch.equal(part.inputs, base.inputs[part.groups])
    for rows, message in (
        (torch.tensor([0, 4]), "numbers from 0 to 4"),
        (torch.tensor([-1, 2]), "numbers from -1 to 2"),
        (torch.tensor([0.0, 1.0]), "dtype torch.float32"),
        (torch.tensor([True, False]), r"shape \(2,\)"),
        ("all", "str"),
        ([], "no row"),
        (torch.zeros(4, dtype=torch.bool), "no row"),
    ):
        with pytest.raises((ValueError, TypeError), match=f"^rows: got {message}.*; expected"):
            base.take(rows)


def test_only_keeps_what_is_of_the_task_and_scaled_its_unit_alone():
    labels = {"a": torch.tensor([0.0, 1.0, 1.0, 0.0]), "b": torch.tensor([10.0, 14.0, 6.0, 10.0])}
    weights, seen = dict.fromkeys("ab", torch.ones(4)), torch.tensor([True, True, True, False])
    whole = examples(labels=labels, masks={"b": seen}, weights=weights)
    alone = whole.only("a")
    assert alone.tasks == [*alone.weights] == ["a"] and alone.masks == {} and alone.inputs is whole.inputs
    with pytest.raises(ValueError, match=r"^tasks: got 'c'; expected one of 'a', 'b'"):
        whole.only("c")
    scaled = whole.scaled({"b": (10.0, 4.0)})
    assert scaled.labels["b"][:3].tolist() == [0, 1, -1] and scaled.labels["a"].tolist() == labels["a"].tolist()
    assert scaled.masks == whole.masks and scaled.inputs is whole.inputs and whole.labels["b"][1] == 14


def fields(**tensors) -> Examples:
    return examples(inputs={name: torch.zeros(4, width, dtype=torch.int64) for name, width in tensors.items()})


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ([], "many: got an empty list"),
        ([1, 2], "many: got int"),
        ([Examples.stack([examples()])], "many: got stacked examples"),
        ([examples(4), examples(5)], r"many: got sets of \[4, 5\] rows"),
        ([examples(), examples().only("a")], "labels: got sets with different tasks"),
        ([examples(), fields(sparse=2)], "inputs: got sets with different columns"),
        ([fields(dense=2), fields(sparse=2)], "inputs: got sets with different columns"),
        ([fields(sparse=2), fields(sparse=3)], "inputs: got sets with different columns"),
        ([examples(groups=torch.arange(4)), examples()], "groups: got groups in some sets alone"),
    ],
)
def test_stack_puts_sets_on_a_leading_axis_or_names_those_that_do_not_stack(sets, message):
    three = [examples(groups=torch.arange(4)) for _ in range(3)]
    stacked = Examples.stack(three)
    assert (stacked.copies, len(stacked)) == (3, 4) and torch.equal(stacked.inputs[1], three[1].inputs)
    with pytest.raises((ValueError, TypeError), match=f"^{message}.*; expected"):
        Examples.stack(sets)

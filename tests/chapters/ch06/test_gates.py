"""The explorable of two gates: its tasks are the paper's, and what it says of gates is what the library measures."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.chapters.ch06 import gates, mmoe
from helpers.data.synthetic import ALPHA, BETA
from tests.display.live.test_live import asked, needs_node

CURVES = json.dumps({"alpha": ALPHA, "beta": BETA})
found = partial(asked, Path(gates.__file__).with_suffix(".js"))


def made(**changes) -> str:
    return f"tasks({json.dumps(gates.START | changes)}, {CURVES})"


@needs_node
def test_the_tasks_are_those_of_the_paper():
    parts = "x: [...d.test.x], y: d.test.labels.map((l) => [...l]), directions: d.directions.map((v) => [...v])"
    data = found(f"((d) => ({{ {parts}, inputs: d.inputs }}))({made(p=0.6)})")
    x = np.array(data["x"]).reshape(-1, data["inputs"])
    along = x[:, :-1] @ np.array(data["directions"]).T
    for z, target in zip((along[:, 0], 0.6 * along[:, 0] + 0.8 * along[:, 1]), data["y"], strict=True):
        expected = z + np.sin(np.outer(z, ALPHA) + BETA).sum(1)
        assert np.allclose(target, expected)


@pytest.mark.slow
@needs_node
@pytest.mark.parametrize(("column", "middle", "spread"), [("scaled", 0, 1), ("30±10", 30, 10)])
def test_the_last_column_has_its_scale_and_no_task_needs_it(column, middle, spread):
    part = f"(({{ test, inputs }}) => [...test.x].filter((_, i) => i % inputs === inputs - 1))({made(column=column)})"
    values = np.array(found(part))
    assert values.mean() == pytest.approx(middle, abs=0.2 * spread) and values.std() == pytest.approx(spread, rel=0.1)
    label = f"{made(column=column)}.test.labels[0].slice(0, 5)"
    assert found(f"[...{label}]") == pytest.approx(found(f"[...{made()}.test.labels[0].slice(0, 5)]"))


@needs_node
def test_what_gates_have_in_common_is_what_the_library_says():
    rng = np.random.default_rng(0)
    weights, x = rng.normal(size=(2, 4, 3)), rng.normal(size=(300, 3))
    rows = f"{{ n: 300, x: Float64Array.from({json.dumps(x.ravel().tolist())}) }}"
    means = {name: np.mean(list_) for name, list_ in found(f"measured({json.dumps(weights.tolist())}, {rows})").items()}
    a, b = (torch.from_numpy(x @ gate.T).softmax(1) for gate in weights)
    assert means["same"] == pytest.approx(mmoe.in_common(a, b)[0])
    assert means["apart"] == pytest.approx(mmoe.in_common(a, b)[1], abs=0.05)
    assert means["own"] == pytest.approx(mmoe.in_common(a, a)[1], abs=0.05)
    level = found(f"measured({json.dumps(np.zeros((2, 4, 3)).tolist())}, {rows})")
    assert level["own"] == pytest.approx([1] * 300)  # a gate that ignores the row agrees with itself on all rows


@needs_node
def test_on_the_plane_a_gate_is_what_it_is_on_a_row_there_and_its_favourite_changes_at_the_borders():
    at = {"s": 0.7, "t": -1.2}
    state = json.dumps(gates.START | {"column": "10±3"})
    run = f"const run = new Run({state}, {CURVES}), {{ theta }} = run.training.model, [v, w] = run.data.directions;"
    row = f"Float64Array.from({{ length: 21 }}, (_, i) => (i < 20 ? {at['s']} * v[i] + {at['t']} * w[i] : 10))"
    logits = "run.training.model.gates.map((g) => [0, 1, 2, 3].map((e) => dot(row, theta.slice(g.from + e * g.ins))))"
    plane, there = found(
        f"(() => {{ {run} const row = {row}; return [run.weights({json.dumps(at)}), {logits}.map(shares)]; }})()"
    )
    assert np.allclose(plane, there)
    four = [[1, 0, 0], [-1, 0, 0], [0, 0, -9], [0, 1, -1]]  # the favourite: 1 or 2, by s, but far up 4, and never 3
    lines = found(f"borders({four}, (s) => s, (t) => t)")
    assert sorted(lines[1:].split("M")) == ["-1.5,2.5L0.0,1.0", "0.0,-2.5L0.0,1.0", "0.0,1.0L1.5,2.5"]
    assert found("borders([[1, 0, 9], [-1, 0, 0]], (s) => s, (t) => t)") == ""  # the favourite changes beyond the plane


@pytest.mark.long
@needs_node
def test_one_task_twice_has_gates_alike_and_a_loud_column_makes_a_gate_blind():
    def trained(**changes) -> dict:
        run = f"const run = new Run({json.dumps(gates.START | changes)}, {CURVES}); while (!run.over) run.advance();"
        means = "{ same: mean(run.same), apart: mean(run.apart), own: mean(run.own) }"
        return found(f"(() => {{ {run} return {means}; }})()")

    one = trained(p=1)
    assert one["same"] > one["apart"] + 0.3 and one["own"] < 0.9
    assert trained(column="100±30")["own"] > 0.95

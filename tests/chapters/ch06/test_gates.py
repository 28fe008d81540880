"""The explorable of two gates: its tasks are the paper's, and what it says of gates is what the library measures."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.chapters.ch06 import gates, mmoe
from helpers.data.synthetic import ALPHA, BETA
from helpers.display.scripts import joined
from tests.display.live.test_live import needs_node, node

SCRIPT = Path(gates.__file__).with_suffix(".js")
CURVES = json.dumps({"alpha": ALPHA, "beta": BETA})


def found(expression: str):
    return json.loads(node(f"{joined(SCRIPT)}\nconsole.log(JSON.stringify({expression}))"))


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
    own = found(f"measured({{ gates: {json.dumps(weights.tolist())} }}, {rows})")
    a, b = (torch.from_numpy(x @ gate.T).softmax(1) for gate in weights)
    assert own["same"] == pytest.approx(mmoe.in_common(a, b)[0])
    assert own["apart"] == pytest.approx(mmoe.in_common(a, b)[1], abs=0.05)
    assert np.allclose(own["means"], [a.mean(0), b.mean(0)])
    assert own["own"] == pytest.approx([mmoe.in_common(gate, gate)[1] for gate in (a, b)], abs=0.05)
    level = found(f"measured({{ gates: {json.dumps(np.zeros((2, 4, 3)).tolist())} }}, {rows})")
    assert level["own"] == pytest.approx([1, 1])  # a gate that ignores the row agrees with itself on all rows


@pytest.mark.long
@needs_node
def test_one_task_twice_has_gates_alike_and_an_unscaled_column_collapses_them():
    def trained(**changes) -> dict:
        state = json.dumps({"state": gates.START | changes, "data": json.loads(CURVES), "goal": 300})
        stage = f"Object.assign({state}, {{ set(changes) {{ Object.assign(this.state, changes); }} }})"
        run = f"const stage = {stage}; while (advance(stage)); return shown(stage);"
        return found(f"(() => {{ {run} }})()")

    one = trained(p=1)
    assert one["same"] > one["apart"] + 0.3 and one["used"] == [4, 4]
    assert max(trained(column="100±30")["used"]) == 1

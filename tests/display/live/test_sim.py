"""`sim.js`, the trainer of the figures, against the course's own models, balances and tasks; run by node."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from helpers.data.examples import Examples
from helpers.data.synthetic import RELU_MEAN, RELU_SD, relu_tasks
from helpers.evaluation.metrics import r2
from helpers.models.experts import MMoE
from helpers.models.shared_bottom import SharedBottom, SingleTasks
from helpers.training.balancing import UWL, GradNorm, SumOfLogs
from helpers.training.loop import fit

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no node")

INPUTS, WIDTH, TOWER, EXPERTS = 10, 6, 5, 3
REGRESSION = {"a": "regression", "b": "regression"}
MODELS = {
    "single-task": lambda tasks: SingleTasks(INPUTS, tasks, [WIDTH], [TOWER], seed=1),
    "shared-bottom": lambda tasks: SharedBottom(INPUTS, tasks, [WIDTH], [TOWER], seed=1),
    "mmoe": lambda tasks: MMoE(INPUTS, tasks, EXPERTS, [WIDTH], [TOWER], seed=1),
}
BALANCES = {"Balance": None, "UWL": UWL(), "SumOfLogs": SumOfLogs()}
BALANCES |= {"GradNorm": GradNorm(alpha=0.7)}
PAIRS = [(model, balance) for model in MODELS for balance in BALANCES if model != "single-task" or balance == "Balance"]


def ask(*questions: tuple[str, dict]) -> list:
    """What the functions of run_sim.mjs answer."""
    script = Path(__file__).with_name("run_sim.mjs")
    done = subprocess.run([NODE, script], input=json.dumps(questions), capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows_of(examples: Examples) -> dict:
    labels = [label.tolist() for label in examples.labels.values()]
    return {"n": len(examples), "x": examples.inputs.flatten().tolist(), "labels": labels}


@pytest.mark.slow
@pytest.mark.parametrize(("model", "balance"), PAIRS)
def test_losses_and_weights_are_those_of_torch(model, balance):
    # Opposed signs: the gradients of the tasks differ, so that each balance has something to do.
    parts = list(relu_tasks((120, 80, 90), inputs=INPUTS, shared=2, relation="opposite", seed=4))
    made, weights = MODELS[model](REGRESSION), {"a": 1.4, "b": 0.6}
    question = {
        "data": {"inputs": INPUTS} | dict(zip(("train", "valid", "test"), map(rows_of, parts), strict=True)),
        "state": {name: tensor.flatten().tolist() for name, tensor in made.state_dict().items()},
        "steps": 50,
        "structure": model,
        "width": WIDTH,
        "tower": TOWER,
        "experts": EXPERTS,
        "balance": balance,
        "alpha": 0.7,
        "weights": list(weights.values()),
    }
    [got] = ask(("train", question))
    options = {"batch_size": None, "epochs": 50, "balance": BALANCES[balance], "task_weights": weights}
    every = fit(made, parts[0], **options, progress=False)
    for measured, table, value in (("losses", every.history, "train"), ("weights", every.weights, "weight")):
        expected = table.pivot_table(value, "epoch", "task")[list(REGRESSION)].to_numpy()
        np.testing.assert_allclose(got[measured], expected, rtol=0, atol=1e-4)
    assert np.ptp(got["losses"], axis=0).min() > 0.05  # they were trained

    fresh = MODELS[model](REGRESSION)
    run = fit(fresh, parts[0], parts[1], **options, evaluate_every=5, progress=False)
    assert got["r2"][0] == pytest.approx(r2(run.predict(parts[2].inputs)["a"], parts[2].labels["a"]), abs=1e-4)


def test_a_features_task_is_the_sum_that_it_says():
    needs = [[1, 1, -1, 0, 0], [0, 1, 1, 1, 1]]
    [got] = ask(("featureTasks", {"needs": needs, "rows": [300, 200, 4000], "inputs": 8, "seed": 2}))
    directions = np.array(got["directions"])
    np.testing.assert_allclose(directions @ directions.T, np.eye(5), atol=1e-12)
    for part, n, noise in (("train", 300, 0.5), ("valid", 200, 0.5), ("test", 4000, 0)):
        x, labels = np.array(got[part]["x"]).reshape(n, 8), np.array(got[part]["labels"])
        hidden = (np.maximum(x @ directions.T, 0) - RELU_MEAN) / RELU_SD
        targets = np.array(needs) @ hidden.T / np.sqrt([[3], [4]])
        assert np.std(labels - targets) == pytest.approx(noise, rel=0.1, abs=1e-12)
    assert x.mean() == pytest.approx(0, abs=0.03) and x.std() == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(np.cov(x.T), np.eye(8), atol=0.1)
    assert targets.mean() == pytest.approx(0, abs=0.05) and targets.std() == pytest.approx(1, abs=0.05)
    # Features 1 and 2 are common, with equal and with opposite signs.
    assert np.corrcoef(targets)[0, 1] == pytest.approx(0, abs=0.05)


@pytest.mark.slow
def test_tasks_of_one_seed_are_paired_and_more_rows_begin_with_the_same():
    first, other, more, again = ask(
        ("featureTasks", {"needs": [[1, 1, 0], [0, 1, 1]], "seed": 5}),
        ("featureTasks", {"needs": [[1, 1, 0], [1, 0, -1]], "seed": 5}),
        ("featureTasks", {"needs": [[1, 1, 0], [0, 1, 1]], "rows": [900, 500, 1000], "seed": 5}),
        ("featureTasks", {"needs": [[1, 1, 0], [0, 1, 1]], "seed": 6}),
    )
    assert first["train"]["x"] == other["train"]["x"] == more["train"]["x"][: 500 * 20]
    assert first["train"]["labels"][0] == other["train"]["labels"][0] == more["train"]["labels"][0][:500]
    assert first["train"]["labels"][1] != other["train"]["labels"][1]
    assert first["test"] == more["test"]
    assert abs(np.corrcoef(first["train"]["x"], again["train"]["x"])[0, 1]) < 0.05


def test_first_weights_are_spread_as_torch_spreads_them_and_single_tasks_start_alike():
    size = {"inputs": 20, "tasks": 2, "width": 40, "tower": 30, "experts": 3}
    structures = (("shared-bottom", 3), ("single-task", 3), ("mmoe", 3), ("shared-bottom", 4))
    asked = [("start", {**size, "structure": structure, "seed": seed}) for structure, seed in structures]
    shared, single, mmoe, other = ask(*asked)
    expected = SharedBottom(20, REGRESSION, [40], [30]).state_dict()
    assert {f"{name}.{part}" for name in shared for part in ("weight", "bias")} == set(expected)
    bottom = np.array(shared["bottom.layers.0"])
    assert len(bottom) == 40 * 20 + 40 and np.abs(bottom).max() == pytest.approx(1 / np.sqrt(20), rel=0.02)
    assert bottom.std() == pytest.approx(float(expected["bottom.layers.0.weight"].std()), rel=0.06)
    assert bottom.mean() == pytest.approx(0, abs=0.02)
    for k in (0, 1):
        assert single[f"models.{k}.bottom.layers.0"] == shared["bottom.layers.0"]
        assert single[f"models.{k}.towers.0.1"] == shared["towers.0.1"] != shared["towers.1.1"]
    assert len(mmoe["bottom.gates.1"]) == 3 * 20
    assert mmoe["bottom.experts.0.layers.0"] != mmoe["bottom.experts.1.layers.0"]
    assert abs(np.corrcoef(bottom, other["bottom.layers.0"])[0, 1]) < 0.1

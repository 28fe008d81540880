"""A column of vectors: however it is stored, its numbers are features, to the exported ranker."""

import importlib.util
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.capstone.declaration import Declaration
from helpers.capstone.preparation import prepare, split
from helpers.capstone.ranker import Ranker, Recipe
from helpers.capstone.reading import read
from helpers.capstone.suggestion import draft, suggest
from helpers.capstone.table_checks import check
from tests.capstone.services import says_the_same

OWN = Declaration({"click": "binary", "like": "binary"}, item="item", vectors={"taste": 3})


def log(rows: int = 3_000) -> tuple[pd.DataFrame, np.ndarray]:
    """What the vector of an item says decides; of a tenth of the items there is none."""
    rng = np.random.default_rng(0)
    item, tastes = rng.integers(0, 300, rows), rng.normal(size=(300, 3)).round(3)
    tastes[::10] = np.nan
    labels = {name: (rng.random(rows) < 1 / (1 + np.exp(-4 * tastes[item, 0]))) * 1 for name in ("click", "like")}
    return pd.DataFrame({"item": item} | labels), tastes[item]


AS = {
    "a text": lambda row: " ".join(map(str, row)),
    "json": lambda row: json.dumps(row.tolist()),
    "a list": lambda row: row.tolist(),
    "parquet": lambda row: row,
}


@pytest.mark.parametrize("form", [form for form in AS if form != "parquet" or importlib.util.find_spec("pyarrow")])
def test_vectors_are_read_and_declared_in_whatever_form_they_are(tmp_path, form):
    frame, tastes = log(400)
    stored = frame.assign(taste=[None if np.isnan(row).any() else AS[form](row) for row in tastes])
    if form == "parquet":
        stored.to_parquet(path := tmp_path / "log.parquet")
    elif form == "a list":
        stored.to_json(path := tmp_path / "log.jsonl", orient="records", lines=True)
    else:
        stored.to_csv(path := tmp_path / "log.csv", index=False)
    table = read(path)
    exec(draft(suggest(table)), names := {"Declaration": Declaration})
    assert names["declaration"] == replace(OWN, item="item")
    assert np.allclose(prepare(OWN, table)[OWN.places()["taste"]], tastes, equal_nan=True)


def test_a_vector_that_is_none_is_named_with_its_row():
    frame, tastes = log(400)
    good = [row.tolist() for row in np.nan_to_num(tastes)]
    for wrong, said in (([1.0, 2.0], "[1.0, 2.0]"), ("1 2 nan", "1 2 nan"), ([1, 2, "x"], "[1, 2, 'x']"), (7, "7")):
        (problem,) = check(OWN, frame.assign(taste=[*good[:9], wrong, *good[10:]])).stopping
        assert problem.column == "taste" and f"{said}" in problem.sentence and "in row 9" in problem.sentence


@pytest.mark.slow
def test_a_ranker_learns_from_vectors_and_its_service_says_the_same(tmp_path):
    frame, tastes = log()
    rows = prepare(OWN, frame.assign(taste=[AS["a text"](row) if row[0] == row[0] else None for row in tastes]))
    train, valid, test = split(OWN, rows)
    own = replace(OWN, item=None)
    ranker = Ranker(own.layout(), own.labels, Recipe(epochs=8, batch_size=256)).fit(train, valid, progress=False)
    assert ranker.evaluate(test).set_index(["task", "metric"]).loc[("click", "auc"), "value"] > 0.85
    ranker.exponents = {"click": 1}
    says_the_same(ranker, test[:20], tmp_path)

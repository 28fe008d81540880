"""A ranker as a service, without the course:  python examples/serve.py ranker.pt2 [MORE.pt2 …] [--port 8000]

`Ranker.export` has written the model to ranker.pt2 and what its columns are to ranker.json. This file needs numpy and
torch, and to answer over HTTP `pip install fastapi uvicorn`:

    curl -X POST localhost:8000/predict -H "Content-Type: application/json" \\
         -d '[{"user": 7, "video": 12, "topic": "music", "duration": 31.5}]'

    {"predictions": [{"click": 0.31, "like": 0.02, "score": 0.046}], "order": [0], "unknown": {"user": 1}}

`order` are the candidates from the best score to the worst, if the ranker has exponents. `unknown` are the ids that no
training row had, by column. A candidate has every column of the model and no other; null is a missing value. What is of
another type is refused (status 422), never guessed: "17" is not 17, and "3 7" is no list.

Several models, such as one for each task, answer together; their columns must be the same.
"""

import argparse
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import torch

SMALLEST_PART = 1e-9  # of a score, as in the course
LARGEST_FLOAT = float(np.finfo(np.float32).max)


class Refused(ValueError):
    """A value that the model cannot take: `detail` says in which candidate and column, what came, what is expected."""

    def __init__(self, candidate, column, came, expected):
        self.detail = {"candidate": candidate, "column": column, "got": came, "expected": expected}
        super().__init__(f"candidate {candidate}, column {column!r}: got {came}; expected {expected}.")


class Service:
    """Rows in, a prediction for each task and row out: probabilities, and values in the units of the labels."""

    def __init__(self, *paths):
        self.models = [torch.export.load(path).module() for path in paths]
        about = [json.loads(Path(p).with_suffix(".json").read_text(encoding="utf-8")) for p in paths]
        self.fusion = [task for one in about for task in one.pop("fusion")]
        self.columns, *others = about
        if any(other != self.columns for other in others):
            raise ValueError(f"paths: got models of different columns; expected the same ones in each of {paths}.")
        self.ids = {c["name"]: c for kind in ("ids", "tags") for c in self.columns[kind]}
        self.rows = {name: {v: k for k, v in enumerate(c["ids"], c["offset"] + 2)} for name, c in self.ids.items()}
        self.names = [column["name"] for kind in ("numbers", "ids", "lists") for column in self.columns[kind]]

    def predict(self, candidates):
        """[{column: value}] → predictions, order and unknown ids; raises `Refused` for what the model cannot take."""
        if not candidates:
            return {"predictions": [], "order": [], "unknown": {}}
        for place, candidate in enumerate(candidates):
            if candidate.keys() != set(self.names):
                self.refuse_columns(place, candidate)
        inputs, unknown = {}, Counter()
        if numbers := self.columns["numbers"]:
            raw = np.array([[number(i, n, c[n["name"]]) for n in numbers] for i, c in enumerate(candidates)])
            scaled = (raw - [n["mean"] for n in numbers]) / [n["deviation"] for n in numbers]
            gaps = np.isnan(raw)[:, [n["gaps"] for n in numbers]]
            inputs["dense"] = torch.tensor(np.hstack([np.nan_to_num(scaled), gaps]), dtype=torch.float32)
        if names := [column["name"] for column in self.columns["ids"]]:
            table = [self.ids_of(name, [candidate[name] for candidate in candidates], unknown) for name in names]
            inputs["sparse"] = torch.tensor(table).T.contiguous()
        for column in self.columns["lists"]:
            lists = [self.list(i, column, c[column["name"]], unknown) for i, c in enumerate(candidates)]
            inputs[column["name"]] = torch.tensor([one + [0] * (column["length"] - len(one)) for one in lists])
        with torch.inference_mode():
            outputs = {task: output.numpy() for model in self.models for task, output in model(inputs).items()}
        order = []
        if any(task["exponent"] for task in self.fusion):
            outputs["score"] = self.score(outputs)
            order = np.argsort(-outputs["score"], kind="stable").tolist()
        values = zip(*(output.tolist() for output in outputs.values()), strict=True)
        return {
            "predictions": [dict(zip(outputs, row, strict=True)) for row in values],
            "order": order,
            "unknown": dict(unknown),
        }

    def score(self, outputs):
        """Π part^exponent: a part is a probability, or a number as σ((value − mean) / deviation)."""
        total = 0.0
        for task in self.fusion:
            part = outputs[task["task"]].astype(float)
            if "mean" in task:
                part = 1 / (1 + np.exp(-(part - task["mean"]) / task["deviation"]))
            total = total + task["exponent"] * np.log(np.clip(part, SMALLEST_PART, 1))
        return np.exp(total)

    def ids_of(self, name, values, unknown):
        """The rows of the embedding table for a column; the short way where all values are of the right type."""
        column, known = self.ids[name], self.rows[name]
        if set(map(type, values)) != {str if column["text"] else int}:
            return [self.row(place, name, name, value, unknown) for place, value in enumerate(values)]
        rows = [known.get(value, column["offset"] + 1) for value in values]
        unknown.update({name: missed} if (missed := rows.count(column["offset"] + 1)) else {})
        return rows

    def row(self, candidate, name, of, value, unknown):
        """The row of the embedding table: for what is missing, for what no training row had, or the id's own."""
        column = self.ids[of]
        if value is None or value != value:
            return column["offset"]
        right = isinstance(value, str) if column["text"] else whole(value)
        if not right:
            raise Refused(candidate, name, said(value), "text" if column["text"] else "a whole number")
        row = self.rows[of].get(value)
        unknown.update([name] * (row is None))
        return column["offset"] + 1 if row is None else row

    def list(self, candidate, column, value, unknown):
        if value is None:
            return []
        if not isinstance(value, list):
            kind = "texts" if self.ids[column["of"]]["text"] else "whole numbers"
            raise Refused(candidate, column["name"], said(value), f"a list of {kind}")
        return [self.row(candidate, column["name"], column["of"], one, unknown) for one in value[-column["length"] :]]

    def refuse_columns(self, place, candidate):
        for name in self.names:
            if name not in candidate:
                raise Refused(place, name, "no such column", self.kind(name) + ", or null where it is missing")
        name = next(name for name in candidate if name not in self.names)
        raise Refused(place, name, said(candidate[name]), f"no such column: the model has {', '.join(self.names)}")

    def kind(self, name):
        if name in [column["name"] for column in self.columns["lists"]]:
            return "a list"
        if name in self.ids:
            return "text" if self.ids[name]["text"] else "a whole number"
        return "a number"


def whole(value):
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def number(candidate, column, value):
    if value is None:
        return math.nan
    if not isinstance(value, int | float) or abs(value - column["mean"]) > LARGEST_FLOAT * min(1, column["deviation"]):
        raise Refused(candidate, column["name"], said(value), "a number of the size of those in training")
    return float(value)


def said(value):
    kinds = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", type(None): "null"}
    return f"{kinds.get(type(value), 'an object')} {json.dumps(value, ensure_ascii=False)[:40]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()

    import uvicorn
    from fastapi import Body, FastAPI, HTTPException

    torch.set_num_threads(1)
    app, service = FastAPI(), Service(*options.paths)

    @app.post("/predict")
    def predict(candidates: list[dict] = Body()) -> dict:  # noqa: B008
        try:
            return service.predict(candidates)
        except Refused as refused:
            raise HTTPException(422, refused.detail) from None

    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()

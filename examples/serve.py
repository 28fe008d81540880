"""A ranker as a service, without the course:  python serve.py ranker.pt2 [MORE.pt2 …] [--port 8000]

`Ranker.export` has written the model to ranker.pt2 and what its columns are to ranker.json. This file needs numpy and
torch, and to answer over HTTP `pip install fastapi uvicorn`:

    curl -X POST localhost:8000/predict -H "Content-Type: application/json" \\
         -d '[{"user": 7, "video": 12, "topic": "music", "duration": 31.5}]'

    {"predictions": [{"click": 0.31, "like": 0.02, "score": 0.046}], "order": [0], "unknown": {"user": 1}}

`order` are the candidates from the best score to the worst, if the ranker has exponents. `unknown` are the ids that no
training row had, by column. A candidate has every column of the model and no other; null is a missing value. What is of
another type is refused, never guessed: "17" and true are no numbers, "3 7" is no list; and so is a number over 1,000
deviations from the mean of training, as no row of a log of up to a million is. Where all ids of a column are 0 and 1,
false and true are these. The status says why: 422 with candidate, column, what came and what is expected; 400 for what
is no list of objects; 413 for over 10,000 candidates or 10 MB.

Several models, such as one for each task, answer together; their columns must be the same.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
import torch

SMALLEST_PART = 1e-9  # of a score, as in the course
MOST_CANDIDATES, MOST_BYTES = 10_000, 10_000_000  # of a request
MOST_DEVIATIONS = 1_000  # of a number from the mean of training: n rows have none over √n from theirs


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
        if value is None:
            return column["offset"]
        truth = type(value) is bool and self.rows[of].keys() <= {0, 1}  # true and false are logged as 1 and 0
        right = type(value) is str if column["text"] else truth or whole(value)
        if not right:
            expected = "text" if column["text"] else "a whole number"
            raise Refused(candidate, name, said(value), f"{expected}, or null where it is missing")
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
    return type(value) is int or (type(value) is float and value.is_integer())  # a bool is an int to isinstance


def number(candidate, column, value):
    if value is None:
        return np.nan
    reach = MOST_DEVIATIONS * column["deviation"]
    low, high = column["mean"] - reach, column["mean"] + reach
    if type(value) not in (int, float) or not low <= value <= high:  # which a number of 400 digits is not, nor NaN
        expected = f"a number from {low:g} to {high:g}, or null where it is missing"
        raise Refused(candidate, column["name"], said(value), expected)
    return float(value)


def said(value):
    kinds = {str: "text", bool: "a truth value", int: "a number", float: "a number", list: "a list", type(None): "null"}
    kind = kinds.get(type(value), "an object")
    return kind if isinstance(value, list | dict) else f"{kind} {json.dumps(value)[:40]}"


def answered(service, body):
    """The status and the JSON that answer the body of a request."""
    if len(body) > MOST_BYTES:
        return 413, wrong("more bytes", f"at most {MOST_BYTES:,} bytes a request")
    try:
        candidates = json.loads(body)
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits, and bytes that are no text
        return 400, wrong(f"what is no JSON ({error})"[:200], "a list of objects")
    if not isinstance(candidates, list) or not all(isinstance(candidate, dict) for candidate in candidates):
        return 400, wrong("other JSON", "a list of objects, one for each candidate")
    if len(candidates) > MOST_CANDIDATES:
        expected = f"at most {MOST_CANDIDATES:,} candidates a request"
        return 413, wrong(f"{len(candidates):,}", expected)
    try:
        return 200, service.predict(candidates)
    except Refused as refused:
        return 422, {"detail": refused.detail}


def wrong(came, expected):
    return {"detail": {"got": came, "expected": expected}}


def application(service):
    """The service over HTTP, for uvicorn."""
    from fastapi import FastAPI, Request, Response
    from fastapi.concurrency import run_in_threadpool

    app = FastAPI()

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        body, more = bytearray(), True
        while more:  # to come; no more does when the client has left, who then hears no answer
            message = await request.receive()
            more = message.get("more_body", False)
            if len(body) <= MOST_BYTES:  # the rest is read, not kept: a client hears an answer when it has sent all
                body += message.get("body", b"")
        status, answer = await run_in_threadpool(answered, service, body)
        # ASCII: half a surrogate pair, as in a column's name, has no bytes in UTF-8
        return Response(json.dumps(answer), status, media_type="application/json")

    return app


def main():
    parser = argparse.ArgumentParser(description="Serve exported rankers at 127.0.0.1, without the course.")
    parser.add_argument("paths", nargs="+", metavar="MODEL.pt2", help="Serve these models, each with its .json.")
    parser.add_argument(
        "--port", type=int, default=8000, help="Listen at this port of 127.0.0.1 (default: %(default)s)."
    )
    options = parser.parse_args()

    import uvicorn

    torch.set_num_threads(1)
    app = application(Service(*options.paths))
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()

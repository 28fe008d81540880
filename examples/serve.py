"""A ranker as a service, without the course:  python examples/serve.py ranker.pt2 [MORE.pt2 …] [--port 8000]

`Ranker.export` has written the model to ranker.pt2 and what its columns are to ranker.json. This file needs numpy and
torch, and to answer over HTTP `pip install fastapi uvicorn`:

    curl -X POST localhost:8000/predict -H "Content-Type: application/json" \\
         -d '[{"user": 7, "video": 12, "topic": "music", "duration": 31.5}]'

Several models, such as one for each task, answer together; their columns must be the same.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch


class Service:
    """Rows in, a prediction for each task and row out: probabilities, and values in the units of the labels."""

    def __init__(self, *paths):
        self.models = [torch.export.load(path).module() for path in paths]
        self.columns, *others = (json.loads(Path(p).with_suffix(".json").read_text(encoding="utf-8")) for p in paths)
        if any(other != self.columns for other in others):
            raise ValueError(f"paths: got models of different columns; expected the same ones in each of {paths}.")
        self.rows = {c["name"]: {v: k for k, v in enumerate(c["ids"], c["offset"] + 2)} for c in self.columns["ids"]}

    def row(self, column, value):
        """The row of the embedding table: for what is missing, for what no training row had, or the id's own."""
        missing = value is None or value != value
        return column["offset"] if missing else self.rows[column["name"]].get(value, column["offset"] + 1)

    def predict(self, candidates):
        """[{column: value}] → [{task: prediction}]; a column that is not there is missing."""
        if not candidates:
            return []
        inputs, by_name = {}, {column["name"]: column for column in self.columns["ids"]}
        if numbers := self.columns["numbers"]:
            raw = np.array([[c.get(n["name"]) for n in numbers] for c in candidates], dtype=float)
            scaled = (raw - [n["mean"] for n in numbers]) / [n["deviation"] for n in numbers]
            gaps = np.isnan(raw)[:, [n["gaps"] for n in numbers]]
            inputs["dense"] = torch.tensor(np.hstack([np.nan_to_num(scaled), gaps]), dtype=torch.float32)
        if by_name:
            inputs["sparse"] = torch.tensor(
                [[self.row(c, r.get(c["name"])) for c in by_name.values()] for r in candidates]
            )
        for column in self.columns["lists"]:
            lists = [(c.get(column["name"]) or [])[-column["length"] :] for c in candidates]
            rows = [[self.row(by_name[column["of"]], value) for value in one] for one in lists]
            inputs[column["name"]] = torch.tensor([one + [0] * (column["length"] - len(one)) for one in rows])
        with torch.inference_mode():
            outputs = {task: output for model in self.models for task, output in model(inputs).items()}
        return [dict(zip(outputs, row, strict=True)) for row in torch.stack(list(outputs.values()), 1).tolist()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()

    import uvicorn
    from fastapi import Body, FastAPI

    torch.set_num_threads(1)
    app, service = FastAPI(), Service(*options.paths)

    @app.post("/predict")
    def predict(candidates: list[dict] = Body()) -> list[dict]:  # noqa: B008
        return service.predict(candidates)

    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()

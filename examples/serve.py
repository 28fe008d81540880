"""A ranker as a service, without the course:  python examples/serve.py ranker.pt2

`Ranker.export` has written the model to ranker.pt2 and what its columns are to ranker.json. This file needs numpy and
torch, and to answer over HTTP `pip install fastapi uvicorn`:

    curl -X POST localhost:8000/predict -H "Content-Type: application/json" \\
         -d '[{"user": 7, "video": 12, "topic": "music", "duration": 31.5}]'
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch


class Service:
    """Rows in, a prediction for each task and row out: probabilities, and values in the units of the labels."""

    def __init__(self, path):
        self.model = torch.export.load(path).module()
        self.columns = json.loads(Path(path).with_suffix(".json").read_text(encoding="utf-8"))
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
            outputs = self.model(inputs)
        return [dict(zip(outputs, row, strict=True)) for row in torch.stack(list(outputs.values()), 1).tolist()]


def main(path):
    import uvicorn
    from fastapi import Body, FastAPI

    torch.set_num_threads(1)
    app, service = FastAPI(), Service(path)

    @app.post("/predict")
    def predict(candidates: list[dict] = Body()) -> list[dict]:  # noqa: B008
        return service.predict(candidates)

    uvicorn.run(app, host="127.0.0.1", port=8000)


if __name__ == "__main__":
    main(sys.argv[1])

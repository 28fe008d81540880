"""What a ranker says as it is served: one contract for rankers of all kinds."""

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.capstone.ranker import Ranker
from helpers.support import environment

SERVE = environment.ROOT / "examples" / "serve.py"


def as_logged(frame: pd.DataFrame) -> list[dict]:
    """Rows as JSON has them: null where a value is missing."""
    return json.loads(frame.to_json(orient="records", double_precision=15))


def service(*paths: Path):
    """The `Service` of the example."""
    return runpy.run_path(str(SERVE))["Service"](*paths)


def says_the_same(ranker: Ranker, rows: pd.DataFrame, folder: Path) -> dict:
    """Saved and loaded, and exported and served, it predicts, scores and orders rows as in the notebook. What the
    service answered."""
    expected = ranker.rank(rows).loc[rows.index]
    ranker.save(folder / "ranker.pt")
    pd.testing.assert_frame_equal(Ranker.load(folder / "ranker.pt").rank(rows).loc[rows.index], expected)
    ranker.export(folder / "ranker.pt2")
    answer = service(folder / "ranker.pt2").predict(
        as_logged(rows[[column.name for column in ranker.features.columns]])
    )
    found = pd.DataFrame(answer["predictions"])
    np.testing.assert_allclose(found[list(expected)], expected, rtol=1e-5, atol=1e-6)
    ordered = found["score"].to_numpy()[answer["order"]]
    assert sorted(answer["order"]) == list(range(len(rows))) and (np.diff(ordered) <= 0).all()
    return answer

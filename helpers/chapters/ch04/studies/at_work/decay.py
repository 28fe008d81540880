"""A trap of Adam: an L2 penalty on all rows of an embedding table, against one on the rows that a step looks up.

The model is one of `ratings`, on 8,000 ratings of MovieLens. Its films are of very different frequency, and some of the
films in the test have no rating in training. It chooses learning rate and strength for either penalty, by validation
loss, on seeds that serve no result.
"""

from collections.abc import Sequence

import pandas as pd
import torch

from helpers.chapters.ch04.studies.feed_tasks import TUNING_SEEDS
from helpers.chapters.ch04.studies.real_data import ratings
from helpers.data.examples import Examples
from helpers.data.features import Sparse
from helpers.evaluation.metrics import auc
from helpers.experiments.chosen import Chosen
from helpers.experiments.sweep import points, search, sweep
from helpers.lab.kept_table import KeptTable, kept_tables
from helpers.lab.recheck import Recheck
from helpers.models.copies import predict
from helpers.models.shared_bottom import L2_ROWS, SharedBottom

STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
FILM = [column.name for column in ratings.COLUMNS if isinstance(column, Sparse)].index("item")
FRACTION, PAIR = 0.08, "dislike + love"
FILMS = ("all", "rated in training", "never rated")


def _build(l2: float, penalised: str, seed: int) -> SharedBottom:
    tasks = dict.fromkeys(ratings.tasks_of(PAIR), "binary")
    penalty = {"l2_embedding": l2, "l2_rows": penalised}
    return SharedBottom(ratings.examples()[0], tasks, ratings.BOTTOM, ratings.TOWER, **penalty, seed=seed)


def _rows(seed: int) -> list[Examples]:
    return [part.only(*ratings.tasks_of(PAIR)) for part in ratings.rows(FRACTION, seed)]


def _options(lr: float) -> dict:
    return ratings.training(FRACTION, lr)


def tune(
    seeds: Sequence[int],
    penalised: Sequence[str] = L2_ROWS,
    rates: Sequence[float] = ratings.LEARNING_RATES,
    strengths: Sequence[float] = STRENGTHS,
) -> pd.DataFrame:
    """Validation loss at each setting, in thousandths, mean over tasks: penalised, lr, l2, loss."""
    at = points(penalised=penalised, lr=rates, l2=strengths, seed=seeds)
    return search(at, data=_rows, model=_build, options=_options)


CHOSEN_RATINGS = Chosen("04_decay_ratings_tuning", by=["penalised"], setting=["lr", "l2"], value="loss", lowest=True)


def _by_film(models: Sequence[SharedBottom], train: Examples, test: Examples) -> pd.DataFrame:
    """AUC by whether the film has a rating in training, as the models are, and with 0 in each row of the tables that no
    rating in training looks up: copy, untrained, films, task, auc, moves."""
    parts, ids = [], test.inputs["sparse"]
    for untrained in ("as drawn", "set to 0"):
        if untrained == "set to 0":
            for model, rows in zip(models, train.inputs["sparse"], strict=True):
                (table,) = model.encoder.tables.values()
                never = torch.ones(table.num_embeddings, dtype=torch.bool).index_fill(0, rows.flatten(), False)
                with torch.no_grad():
                    table.weight[never] = 0
        for task, outputs in predict(models, test.inputs).items():
            for copy, output in enumerate(outputs):
                rated = torch.isin(ids[copy, :, FILM], train.inputs["sparse"][copy, :, FILM])
                for films, rows in zip(FILMS, (torch.ones_like(rated), rated, ~rated), strict=True):
                    scores, label, users = output[rows], test.labels[task][copy][rows], ids[copy, rows, ratings.USER]
                    moved = ratings.moves(scores, label, users)
                    parts.append((copy, untrained, films, task, auc(scores, label), moved))
    return pd.DataFrame(parts, columns=["copy", "untrained", "films", "task", "auc", "moves"])


def unseen(seeds: Sequence[int], penalised: Sequence[str] = L2_ROWS) -> pd.DataFrame:
    """What the two penalties leave of films that nobody has rated: penalised, untrained, films, seed, task, auc, users,
    units.

    untrained  the rows of the tables that no rating in training looks up: "as drawn" at the start and then left to the
               penalty, or "set to 0" after training
    users      the standard error that the draw of test users gives what is gained over a penalty on looked-up rows,
               the others as drawn, all seeds together; units: how many users there are
    """
    settings = pd.DataFrame([(rows, *CHOSEN_RATINGS[rows]) for rows in penalised], columns=["penalised", "lr", "l2"])
    at = points(penalised=penalised, seed=seeds).merge(settings)
    table = sweep(at, _rows, _build, _options, _by_film)
    than = {"penalised": "looked up", "untrained": "as drawn"}
    table = ratings.by_users(table, ["films", "task"], than)
    return table[["penalised", "untrained", "films", "seed", "task", "auc", "users", "units"]]


FEW = {"penalised": ["looked up"], "rates": [0.003], "strengths": [0.01]}
WITHIN = {"auc": 0.02, "users": 0.05, "units": 600}  # one split has few ratings of films that nobody rated
TABLES = kept_tables(
    KeptTable("04_decay_ratings_tuning", tune, {"seeds": TUNING_SEEDS}, [Recheck(FEW, {"loss": 2})]),
    KeptTable("04_decay_ratings", unseen, {"seeds": range(40)}, [Recheck({"seeds": [5]}, WITHIN)]),
)

"""The questions of chapter 07, ESMM."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import torch
from matplotlib.figure import Figure
from torch.nn.functional import binary_cross_entropy_with_logits

from helpers.chapters.ch07 import funnel
from helpers.display.questions import question
from helpers.display.runs import Runs
from helpers.models.esmm import product_logit

STRENGTH = "strength of the selection"


@question(
    "C7.P1",
    "Trained on clicked rows, with endless data: which of the four means are too high?",
    options=[
        "All four: the training rows are a selection",
        "The line, under both kinds; the curve under neither",
        "The line, under both kinds; the curve, where the selection is unseen",
        "None: enough data cures everything",
    ],
    answer=2,
    why="Where the model can be any curve, a shift of the rows leaves no bias. What is unseen is no shift of the rows: "
    "the clicked ones have other likes at the same x.",
    tempts="“All four” tempts, because the rows are a selection each time; “the curve under neither”, because "
    "more data and layers cure most things.",
)
def endless_data(ends: pd.DataFrame) -> str:
    said = (f"{model} {ends.loc[kind, model]:.2f} ({kind})" for kind in ends.index for model in ends)
    return f"Predicted / true: {', '.join(said)}."


@question(
    "C7.P2",
    "What does the CVR tower of ESMM get from these two rows, at equal CTR and CVR?",
    options=[
        "The full gradient from the clicked row, none from the other",
        "The same from both: a part of the full gradient",
        "The full gradient from both",
    ],
    answer=1,
    why="The label of the product is 0 in both rows, and the loss sees nothing else. ESMM does not look at whether a "
    "row was clicked; it asks how likely the click was.",
    tempts="“None from the other” tempts, because a row that was not clicked says nothing about likes. True, and "
    "the loss cannot know which row that is.",
)
def two_rows() -> str:
    a, b = (torch.tensor(p).logit().requires_grad_() for p in (0.15, 0.3))
    binary_cross_entropy_with_logits(product_logit(a, b), torch.tensor(0.0)).backward()  # of both rows the label is 0
    return f"At a CTR of 0.15 and a CVR of 0.3 both give {b.grad:.3f}, in place of 0.300 and 0."


@question(
    "C7.P3",
    "At strength 2, where does ESMM's gain over the single-task CVR come from?",
    options=[
        "From the product: without it there is hardly a gain",
        "From the sharing: without it there is hardly a gain",
        "Either part alone brings most of it",
    ],
    answer=1,
    why="Click and like follow the same appeal here, and there are many more clicks: a model that shares lets the "
    "likes use what the clicks have taught. The product alone brings nothing that could be seen.",
    tempts="“From the product” tempts, because it is what is new in ESMM. The shared embeddings came along with it.",
)
def product_or_sharing(runs: Runs) -> Figure:
    title = "Sharing lifts the CVR, with or without the product"
    return _likes(runs, funnel.MODELS).gain(over="single-task").dots("strength", "model", title=title, matters=0.005)


@question(
    "C7.P6",
    "Of two models that share nothing, CTR times CVR: how well does this product rank likes?",
    options=[
        "Worse than the CVR alone: the CTR has never seen a like",
        "Between the CVR alone and ESMM's CVR: only sharing brings in all that clicks know",
        "About as well as ESMM's CVR",
    ],
    answer=2,
    why="What sharing passes on to the CVR is mostly the order of the clicks. A product brings it in as well, and "
    "leaves each model as it is.",
    tempts="“Between” tempts, because the gain came from sharing. Sharing was one way to bring the clicks in, and not "
    "the only one.",
)
def multiplied(runs: Runs) -> Figure:
    gained = _likes(runs, ["single-task", "by CTR", "CTR × CVR", "ESMM"]).gain(over="single-task")
    title = "Two separate models, multiplied, gain about what ESMM gains"
    return gained.dots("strength", "model", title=title, matters=0.005)


def _likes(runs: Runs, models: Sequence[str]) -> Runs:
    """AUC of likes at strengths 1 and 2, selected by what is seen."""
    at = {"kind": "seen", "task": "like", "strength": [1, 2], "chosen": funnel.SUM}
    likes = runs.where(model=models, **at).label(strength="strength {strength:g}")
    kept = likes.table[["strength", "seed", "model", "auc"]]
    return Runs(kept, "auc", metric="AUC of likes", seeds=runs.seeds)


@question(
    "C7.P4",
    "Mean CVR of ESMM, divided by what all would like if all clicked?",
    options=[
        "About 1: it was trained on all rows",
        "About halfway between",
        "Near 1.5, like the others",
    ],
    answer=2,
    why="By its own identity ESMM's CVR is P(like | click, x). It lies a little below that, and does so at strength 0 "
    "too: an error of its own, not a repair.",
    tempts='“About 1” tempts, because "trained over the entire space" sounds like a cure. No row without a click '
    "tells what a like would have been.",
)
def unseen(runs: Runs) -> Figure:
    models = [*funnel.MODELS, funnel.TRUTH]
    likes = runs.where(kind="unseen", task="like", model=models, chosen=funnel.SUM).of(
        "ratio", "predicted CVR / true CVR, all rows"
    )
    return likes.lines("strength", title="Unseen: all are too high, as the log is", x_label=STRENGTH)


@question(
    "C7.P5",
    "On all rows, which score ranks best who would buy?",
    options=[
        "ESMM's CVR, clearly: it learns from all rows, the masked CVR from one row in twelve",
        "A CVR that shares its embeddings with the CTR: ESMM's, or the masked one",
        "A CVR network of its own: clicks have reasons that purchases do not share",
        "No network: a logistic regression on the history, both prices and a CTR's logit",
    ],
    answer=3,
    why="The price decides, and a line has that right; the CTR adds what clicks know of the appeal. A network learns "
    "no more from 160 purchases. Chosen for the CVR, both that share are only 0.003 behind.",
    tempts="“ESMM's CVR, clearly” tempts, because ESMM was built for shops. But a row without a click does not say "
    "whether the item would have been bought. “A CVR that shares” tempts, because it does beat a network of its own.",
)
def who_would_buy(runs: Runs) -> Figure:
    shown = ["numbers and CTR", "ESMM", "masked shared-bottom", "single-task", "by price"]
    cvr = runs.where(task="buy", model=shown).label(chosen="chosen for {chosen}")
    cvr = Runs(cvr.table.drop(columns="ratio"), "auc", metric="AUC of who would buy", seeds=runs.seeds)
    title = "No network is ahead of a line through three numbers and a CTR"
    return cvr.gain(over="single-task").dots("chosen", "model", title=title, matters=0.005)

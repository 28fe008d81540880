"""The claims of chapter 07, Explicit relations: ESMM.

Each is judged by the margin of its unit: 5% of the truth for a CVR, 0.005 for an AUC.
"""

from __future__ import annotations

from functools import partial

from helpers.chapters.ch07 import watched
from helpers.chapters.ch07.funnel import BOTH, LIKE
from helpers.chapters.ch07.selection import SEEN, UNSEEN
from helpers.chapters.ch07.watched import COUNTS
from helpers.evaluation.counts import ITEM_COUNTS
from helpers.experiments.claim import Claim, gain, lead, mean, one_log

AT_2, AT_0 = {"kind": SEEN, "strength": 2.0, "task": LIKE}, {"kind": SEEN, "strength": 0.0, "task": LIKE}
WITHOUT = ["single-task", *ITEM_COUNTS]  # what shares nothing: a model of its own, and counts
HIDDEN = {"kind": UNSEEN, "strength": 1.0, "task": LIKE}

funnel = partial(Claim, grid="07_funnel", unit="AUC")
seen = partial(funnel, only={"kinds": [SEEN], "strengths": [2.0], "tasks": [LIKE, BOTH]})
overshoot = partial(seen, unit="of the truth")
products = partial(
    funnel,
    only={"kinds": [SEEN], "strengths": [2.0], "models": [*WITHOUT, "masked shared-bottom", "ESMM"], "tasks": [BOTH]},
    seeds=140,
)
unrelated = partial(
    funnel,
    sign=-1,
    only={
        "kinds": [SEEN],
        "strengths": [0.0],
        "models": ["single-task", "masked shared-bottom", "ESMM, not shared", "ESMM"],
        "tasks": [LIKE],
    },
)
unseen = partial(
    overshoot,
    seeds=40,
    only={"kinds": [UNSEEN], "strengths": [1.0], "models": ["masked shared-bottom", "ESMM"], "tasks": [LIKE]},
)

CLAIMS = {
    "C7.1": overshoot(
        "Selection by what is seen, strength 2: a CVR trained on clicked rows is too high on all rows.",
        mean("ratio", minus=1, model="single-task", **AT_2),
    ),
    "C7.2": funnel(
        "Selection by what is seen, strength 1: on all rows ESMM's CVR ranks better than the best of a CVR trained on "
        "clicked rows, a count of likes and a count of clicks.",
        lead("auc", "ESMM", over=WITHOUT, **AT_2 | {"strength": 1.0}),
        only={"kinds": [SEEN], "strengths": [1.0], "models": [*WITHOUT, "ESMM"], "tasks": [LIKE]},
        seeds=30,
    ),
    "C7.3": funnel(
        "Selection by what is seen, strength 2: on all rows a CVR masked to clicked rows that shares its embeddings "
        "with the CTR ranks no better than the best of a CVR of its own, a count of likes and a count of clicks.",
        lead("auc", "masked shared-bottom", over=WITHOUT, **AT_2),
        only={"kinds": [SEEN], "strengths": [2.0], "models": [*WITHOUT, "masked shared-bottom"], "tasks": [LIKE]},
        expected="no effect",
        seeds=60,
    ),
    "C7.4": unrelated(
        "Strength 0, where clicks have reasons of their own: ESMM's CVR, tuned for click and like together, ranks "
        "worse than the masked CVR, which also shares its embeddings.",
        gain("auc", "ESMM", over="masked shared-bottom", **AT_0),
    ),
    "C7.5": overshoot(
        "Selection by what is seen, strength 2: sharing lowers the overshoot on all rows; that of ESMM is smaller than "
        "that of ESMM without it.",
        gain("ratio", "ESMM", over="ESMM, not shared", **AT_2),
        sign=-1,
    ),
    "C7.6": products(
        "Selection by what is seen, strength 2: ESMM's CTCVR ranks better than the best of a CTCVR trained alone, a "
        "count of its own label and a count of clicks.",
        lead("auc", "ESMM", over=WITHOUT, **AT_2 | {"task": BOTH}),
    ),
    "C7.7": unrelated(
        "Strength 0, where clicks have reasons of their own: ESMM's CVR, tuned for click and like together, ranks "
        "worse than one trained on clicks.",
        gain("auc", "ESMM", over="single-task", **AT_0),
    ),
    "C7.8": unrelated(
        "Strength 0, where clicks have reasons of their own: ESMM's CVR, tuned for click and like together, ranks "
        "worse than the CVR of ESMM without the sharing.",
        gain("auc", "ESMM", over="ESMM, not shared", **AT_0),
    ),
    "C7.9": unseen(
        "Selection by what is unseen, strength 1: the CVR of ESMM is too high on all rows.",
        mean("ratio", minus=1, model="ESMM", **HIDDEN),
    ),
    "C7.10": unseen(
        "Selection by what is unseen, strength 1: the masked CVR is too high on all rows.",
        mean("ratio", minus=1, model="masked shared-bottom", **HIDDEN),
    ),
    "C7.11": unseen(
        "Selection by what is unseen, strength 1: judged on clicked rows by what was logged there, the CVR of ESMM is "
        "right.",
        mean("logged_ratio", minus=1, model="ESMM", **HIDDEN),
        unit="of what is logged",
        expected="no effect",
    ),
    "C7.12": products(
        "Selection by what is seen, strength 2: the product of a CTR and a masked CVR ranks better than the best of a "
        "CTCVR trained alone, a count of its own label and a count of clicks.",
        lead("auc", "masked shared-bottom", over=WITHOUT, **AT_2 | {"task": BOTH}),
    ),
    "C7.13": Claim(
        "On MovieLens, ESMM ranks what is watched and liked better than the best of a model that is trained on that "
        "alone, a mean per film of the label or of watched, and user and item biases.",
        lead("auc_both", "ESMM", over=["single-task", *COUNTS]),
        grid="07_watched",
        only={"models": ["single-task", *COUNTS, "ESMM"]},
        unit="AUC",
        over=one_log(train=watched.LEFT, test=watched.TEST),
    ),
    "C7.14": seen(
        "Selection by what is seen, strength 2: on all rows ESMM ranks better than ESMM without the sharing.",
        gain("auc", "ESMM", over="ESMM, not shared", **AT_2),
    ),
}

"""The claims of chapter 07, Explicit relations: ESMM.

Each is judged by the margin of its unit: 5% of the truth for a CVR, 0.005 for an AUC.
"""

from __future__ import annotations

from functools import partial

from helpers.chapters.ch07 import watched
from helpers.chapters.ch07.funnel import BOTH, LIKE
from helpers.chapters.ch07.selection import SEEN, UNSEEN
from helpers.experiments.claim import Claim, gain, mean, one_log

AT_2, AT_0 = {"kind": SEEN, "strength": 2.0, "task": LIKE}, {"kind": SEEN, "strength": 0.0, "task": LIKE}
HIDDEN = {"kind": UNSEEN, "strength": 1.0, "task": LIKE}

funnel = partial(Claim, grid="07_funnel", unit="AUC")
seen = partial(funnel, only={"kinds": [SEEN], "strengths": [2.0], "tasks": [LIKE, BOTH]})
overshoot = partial(seen, unit="of the truth")
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
    "C7.2": seen(
        "Selection by what is seen, strength 2: ESMM ranks all rows better than a CVR trained on clicked rows.",
        gain("auc", "ESMM", over="single-task", **AT_2),
    ),
    "C7.3": seen(
        "Selection by what is seen, strength 2: a CVR masked to clicked rows that shares its embeddings with the CTR, "
        "without any product, ranks all rows better than one trained on clicked rows.",
        gain("auc", "masked shared-bottom", over="single-task", **AT_2),
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
    "C7.6": seen(
        "Selection by what is seen, strength 2: ESMM's CTCVR ranks better than a CTCVR trained alone.",
        gain("auc", "ESMM", over="single-task", **AT_2 | {"task": BOTH}),
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
    "C7.12": seen(
        "Selection by what is seen, strength 2: the product of a CTR and a masked CVR ranks better than a CTCVR "
        "trained alone.",
        gain("auc", "masked shared-bottom", over="single-task", **AT_2 | {"task": BOTH}),
    ),
    "C7.13": Claim(
        "On MovieLens, ESMM ranks what is watched and liked better than a model that is trained on that alone.",
        gain("auc_both", "ESMM", over="single-task"),
        grid="07_watched",
        only={"models": ["single-task", "ESMM"]},
        unit="AUC",
        over=one_log(train=watched.ROWS, test=watched.TEST),
        expected="undecided",
    ),
    "C7.14": seen(
        "Selection by what is seen, strength 2: on all rows ESMM ranks better than ESMM without the sharing.",
        gain("auc", "ESMM", over="ESMM, not shared", **AT_2),
    ),
}

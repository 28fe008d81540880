"""The claims of chapter 07, Explicit relations: ESMM.

Each is judged by the margin of its unit: 5% of the truth for a CVR, 0.005 for an AUC. What is said of a model of two
tasks is said of both of its choices, for the sum and for the CVR (`funnel.GOALS`), unless the sentence names one: the
effect is that of the choice under which it is smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from helpers.chapters.ch07 import purchases, watched
from helpers.chapters.ch07.funnel import (
    BOTH,
    BY_HISTORY,
    CVR,
    GOALS,
    LIKE,
    SUM,
    UNSHARED,
)
from helpers.chapters.ch07.rivals import BY_CTR, BY_PRODUCT
from helpers.chapters.ch07.selection import SEEN, UNSEEN
from helpers.evaluation.counts import ITEM_COUNTS
from helpers.experiments.claim import Claim, gain, lead, mean, one_log

ESMM, MASKED, APART = "ESMM", "masked shared-bottom", "ESMM, not shared"


def either(effect: Callable[..., Callable], *given, sign: int = 1, **where) -> Callable[[pd.DataFrame], pd.Series]:
    """An effect, such as a `gain`, under the choice of settings under which less of it is left, in the direction `sign`
    of a claim."""
    both = [effect(*given, chosen=goal, **where) for goal in GOALS]

    def weaker(table: pd.DataFrame) -> pd.Series:
        return min((one(table) for one in both), key=lambda values: sign * values.mean())

    return weaker


def cvr(kind: str, strength: float) -> dict:
    return {"kind": kind, "strength": strength, "task": LIKE}


AT_0, AT_1, AT_2, HIDDEN = cvr(SEEN, 0.0), cvr(SEEN, 1.0), cvr(SEEN, 2.0), cvr(UNSEEN, 1.0)


def needs(place: dict, *models: str) -> dict:
    """What of the grid an effect at a place needs."""
    return {"kinds": [place["kind"]], "strengths": [place["strength"]], "models": models, "tasks": [place["task"]]}


PRODUCT = AT_2 | {"task": BOTH}
funnel = partial(Claim, grid="07_funnel", unit="AUC")
unrelated = partial(funnel, sign=-1, only=needs(AT_0, "single-task", MASKED, ESMM))
overshoot = partial(funnel, unit="of the truth", only=needs(AT_2, "single-task", APART, ESMM))
unseen = partial(funnel, unit="of the truth", only=needs(HIDDEN, MASKED, ESMM))


shop = partial(Claim, grid="07_purchases", unit="AUC")
WHICHEVER = "whichever goal its settings are chosen for"


APART_TOO = (
    "the best that shares nothing (networks and linear models of their own, what can be made of a CTR and a CVR of "
    "these, and counts)"
)
ALONE = ("single-task", *ITEM_COUNTS, BY_HISTORY, BY_CTR)


def over_unshared(what: str, model: str, expected: str = "no effect") -> Claim:
    """How far a model of two tasks is ahead of the best score that shares nothing, for *click and like*."""
    return funnel(
        f"Selection by what is seen, strength 2: {what}, its settings chosen for the sum, ranks click and like no "
        f"better than {APART_TOO}.",
        lead("auc", model, over=UNSHARED, chosen=SUM, **PRODUCT),
        only=needs(PRODUCT, model, *UNSHARED),
        expected=expected,
    )


CLAIMS = {
    "C7.1": overshoot(
        "Selection by what is seen, strength 2: a CVR trained on clicked rows is too high on all rows.",
        either(mean, "ratio", minus=1, model="single-task", **AT_2),
    ),
    "C7.3": funnel(
        "Selection by what is seen, strength 2: on all rows a CVR masked to clicked rows that shares its embeddings "
        "with the CTR ranks better than the best of a CVR of its own, counts of likes and clicks, and the history.",
        either(lead, "auc", MASKED, over=["single-task", *ITEM_COUNTS, BY_HISTORY], **AT_2),
        only=needs(AT_2, MASKED, "single-task", *ITEM_COUNTS, BY_HISTORY),
    ),
    "C7.4": unrelated(
        "Strength 0, where clicks have reasons of their own: whichever goal its settings are chosen for, ESMM's CVR "
        "ranks worse than the masked CVR, which also shares its embeddings.",
        either(gain, "auc", ESMM, over=MASKED, sign=-1, **AT_0),
    ),
    "C7.5": overshoot(
        "Selection by what is seen, strength 2: sharing lowers the overshoot on all rows; that of ESMM is smaller than "
        "that of ESMM without it.",
        either(gain, "ratio", ESMM, over=APART, sign=-1, **AT_2),
        sign=-1,
    ),
    "C7.7": unrelated(
        "Strength 0, where clicks have reasons of their own: whichever goal its settings are chosen for, ESMM's CVR "
        "ranks worse than one trained on clicks.",
        either(gain, "auc", ESMM, over="single-task", sign=-1, **AT_0),
        seeds=50,
    ),
    "C7.9": unseen(
        "Selection by what is unseen, strength 1: the CVR of ESMM is too high on all rows.",
        either(mean, "ratio", minus=1, model=ESMM, **HIDDEN),
    ),
    "C7.10": unseen(
        "Selection by what is unseen, strength 1: the masked CVR is too high on all rows.",
        either(mean, "ratio", minus=1, model=MASKED, **HIDDEN),
    ),
    "C7.11": unseen(
        "Selection by what is unseen, strength 1: judged on clicked rows by what was logged there, the CVR of ESMM, "
        "its settings chosen for the sum, is right.",
        mean("logged_ratio", minus=1, model=ESMM, chosen=SUM, **HIDDEN),
        unit="of what is logged",
        expected="no effect",
        seeds=30,
    ),
    "C7.14": funnel(
        "Selection by what is seen, strength 2: on all rows ESMM ranks better than ESMM without the sharing.",
        either(gain, "auc", ESMM, over=APART, **AT_2),
        only=needs(AT_2, ESMM, APART),
    ),
    "C7.15": funnel(
        "Selection by what is seen, strength 2, where clicks follow the appeal closely: on all rows ESMM's CVR ranks "
        "likes no better than a CTR that was trained alone.",
        either(gain, "auc", ESMM, over=BY_CTR, sign=-1, **AT_2),
        only=needs(AT_2, ESMM, BY_CTR),
        expected="no effect",
        seeds=50,
    ),
    "C7.21": shop(
        "A shop with few purchases, settings chosen for the CVR: on all rows ESMM's CVR ranks no better than a masked "
        "CVR, which also shares its embeddings.",
        gain("auc", ESMM, over=MASKED, task=purchases.BUY, chosen=CVR),
        only={"models": [ESMM, MASKED]},
        expected="no effect",
        seeds=30,
    ),
    "C7.23": funnel(
        "Selection by what is seen, strength 1: on all rows ESMM's CVR ranks likes better than each of these alone: a "
        "CVR trained on clicked rows, counts of likes and clicks, the history, and a CTR.",
        either(lead, "auc", ESMM, over=ALONE, **AT_1),
        only=needs(AT_1, ESMM, *ALONE),
        seeds=30,
    ),
    "C7.24": funnel(
        "Selection by what is seen, strength 1: on all rows ESMM's CVR ranks likes no better than the product of a CTR "
        "and a CVR that were trained apart.",
        either(gain, "auc", ESMM, over=BY_PRODUCT, sign=-1, **AT_1),
        only=needs(AT_1, ESMM, BY_PRODUCT),
        expected="too small to matter",
        seeds=50,
    ),
    "C7.25": funnel(
        f"Selection by what is seen, strength 1: on all rows ESMM's CVR ranks likes no better than {APART_TOO}.",
        either(lead, "auc", ESMM, over=UNSHARED, sign=-1, **AT_1),
        only=needs(AT_1, ESMM, *UNSHARED),
        expected="no effect",
    ),
    "C7.26": over_unshared("ESMM's CTCVR", ESMM),
    "C7.27": over_unshared("the product of a CTR and a masked CVR", MASKED, expected="too small to matter"),
    "C7.28": Claim(
        f"On MovieLens, ESMM ranks what is watched and liked no better than {APART_TOO}.",
        lead("auc_both", ESMM, over=watched.UNSHARED),
        grid="07_watched",
        only={"models": [ESMM, *watched.UNSHARED]},
        unit="AUC",
        over=one_log(train=watched.LEFT, test=watched.TEST),
        expected="no effect",
        seeds=80,
    ),
    "C7.29": shop(
        f"A shop with few purchases: on all rows, {WHICHEVER}, ESMM's CVR ranks purchases no better than {APART_TOO}.",
        either(lead, "auc", ESMM, over=purchases.UNSHARED, sign=-1, task=purchases.BUY),
        only={"models": [ESMM, *purchases.UNSHARED]},
        expected="too small to matter",
        seeds=100,
    ),
    "C7.30": shop(
        f"A shop with few purchases: {WHICHEVER}, ESMM's CTCVR ranks click and buy no better than {APART_TOO}.",
        either(lead, "auc", ESMM, over=purchases.UNSHARED, sign=-1, task=purchases.BOTH),
        only={"models": [ESMM, *purchases.UNSHARED]},
        expected="no effect",
        seeds=60,
    ),
}

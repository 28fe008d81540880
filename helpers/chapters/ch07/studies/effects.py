"""Effects of the claims of chapter 07 that are functions of a table, and no contrasts."""

from collections.abc import Callable

import pandas as pd

from helpers.chapters.ch07.studies import funnel
from helpers.chapters.ch07.studies.click_then_buy import purchases
from helpers.chapters.ch07.studies.clicked_rows import watched
from helpers.chapters.ch07.studies.pools import ESMM, POOLS, POOLS_APART, POOLS_JOINED, kinds_of
from helpers.evaluation.counts import ITEM_COUNTS
from helpers.lab.claim import fused_gain

# {where: the counts that a pool takes in, and all}, which are for everybody
COUNTS = {
    "feed": (ITEM_COUNTS, funnel.COUNTS),
    "shop": (ITEM_COUNTS, purchases.COUNTS),
    "films": (watched.POOLED_COUNTS, watched.COUNTS),
}


def pooled_gain(
    at: str, of: str, over: str, model: str = ESMM, value: str = "auc", **where
) -> Callable[[pd.DataFrame], pd.Series]:
    """What one side is above another, each at its best way (`fused_gain`), in the rows `where`.

    at         a key of `COUNTS`
    of, over   sides: "apart", what shares nothing; a model that shares; "all", what shares nothing and `model`
    """
    counts, more = COUNTS[at]
    joined = [pool for pool in POOLS_JOINED if model in POOLS[pool]]
    sides = {"apart": POOLS_APART, "all": [*POOLS_APART, model, *joined]}
    first, second = ([*kinds_of(counts, sides.get(side, [side])), *more] for side in (of, over))
    return fused_gain(value, first, over=second, **where)

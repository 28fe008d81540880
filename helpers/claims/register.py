"""Every claim of the course, in the order of the chapters."""

import pandas as pd

from helpers import validate
from helpers.claims import (
    Claim,
    Findings,
    chapter_00,
    chapter_01,
    chapter_02,
    chapter_03,
    chapter_04,
    chapter_04_more,
    chapter_05,
    chapter_06,
    chapter_07,
    chapter_08,
)

CHAPTERS = (
    chapter_00,
    chapter_01,
    chapter_02,
    chapter_03,
    chapter_04,
    chapter_04_more,
    chapter_05,
    chapter_06,
    chapter_07,
    chapter_08,
)
CLAIMS: list[Claim] = [claim for chapter in CHAPTERS for claim in chapter.CLAIMS]


def claims(table: pd.DataFrame, *ids: str, shut: bool = False) -> Findings:
    """What `table`, the result of the claims' experiment, lets us say: one card a claim; `shut` folds them."""
    by_id = {claim.id: claim for claim in CLAIMS}
    return Findings((by_id[validate.choice("ids", id, by_id)].judge(table) for id in ids), shut)

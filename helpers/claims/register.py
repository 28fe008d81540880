"""Every claim of the course, in the order of the chapters."""

import pandas as pd

from helpers import validate
from helpers.claims import Claim, Findings, chapter_04

CLAIMS: list[Claim] = [*chapter_04.CLAIMS]


def claims(table: pd.DataFrame, *ids: str, shut: bool = False) -> Findings:
    """What `table`, the result of the claims' experiment, lets us say: one card a claim; `shut` folds them."""
    by_id = {claim.id: claim for claim in CLAIMS}
    return Findings((by_id[validate.choice("ids", id, by_id)].judge(table) for id in ids), shut)

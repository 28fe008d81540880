"""Every claim of the course, in the order of the chapters."""

import pandas as pd

from helpers import validate
from helpers.claims import Claim, Finding, chapter_04

CLAIMS: list[Claim] = [*chapter_04.CLAIMS]


def claim(id: str, table: pd.DataFrame) -> Finding:
    """What `table`, the result of the claim's experiment, lets us say: the card that a chapter shows."""
    by_id = {one.id: one for one in CLAIMS}
    return by_id[validate.choice("id", id, by_id)].judge(table)

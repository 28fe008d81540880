"""Is there a copy of MovieLens-100K of the reader's own? One answer for make, the tests and `helpers.data.movielens`.

    python -m helpers.support.movielens_files     # says nothing; exit code 0 where there is one, else 1

Only file names are looked at, and only Python's standard library is imported: asking costs no time. A folder that is
empty or half filled holds no copy; what the files say is `movielens.load`'s matter.
"""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "data" / "ml-100k"
PACKAGED = ("ml-100k.inter", "ml-100k.item", "ml-100k.user")
ORIGINAL = ("u.data", "u.item", "u.user")


def missing(folder: Path, names: tuple[str, ...]) -> list[str]:
    """The files of a layout that `folder` lacks."""
    return [name for name in names if not (Path(folder) / name).is_file()]


def present(folder: Path = FOLDER) -> bool:
    """Does `folder` have all files of one of the two layouts?"""
    return not all(missing(folder, names) for names in (PACKAGED, ORIGINAL))


if __name__ == "__main__":
    sys.exit(not present())

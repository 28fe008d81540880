"""Where the course is published: owner and repository in the README's links and in the citation.

The README names both once, in the definition of its link `pages`; `make site URL=https://owner.github.io/repository`
writes them wherever the old ones are. Another kind of address names no repository and changes nothing.

Until then a link to the published course leads nowhere, so the README has it in a comment that the first address opens,
`<!-- once published: … -->`.
"""

import re
from pathlib import Path

from helpers.support.files import whole

PAGES = re.compile(r"https://([\w-]+)\.github\.io/([\w.-]+?)/?")
LINK = re.compile(rf"^\[pages\]: {PAGES.pattern}$", re.MULTILINE)
HIDDEN = re.compile(r"<!-- once published:\s(.*?)\s-->", re.DOTALL)
TEXTS = ("README*.md", "CITATION.cff", "docs/*.md")


def publish(root: Path, url: str) -> None:
    """Write owner and repository of `url` into the README, its translations and the citation in `root`, and show what
    waited for them."""
    if not (new := PAGES.fullmatch(url)):
        return
    owner, repository = LINK.search((root / "README.md").read_text(encoding="utf-8")).groups()
    for path in (path for pattern in TEXTS for path in root.glob(pattern)):
        text = path.read_text(encoding="utf-8")
        text = text.replace(f"{owner}.github.io/{repository}", "{}.github.io/{}".format(*new.groups()))
        text = text.replace(f"/{owner}/{repository}", "/{}/{}".format(*new.groups()))
        with whole(path) as part:
            part.write_text(uncommented(text), encoding="utf-8")


def uncommented(text: str) -> str:
    """A text with what waits for an address out of its comments."""
    return HIDDEN.sub(r"\1", text)

"""Where the course is published is written once, and wherever the README and the citation link to it."""

import re
import shutil

import pytest

from tools.notebooks import ROOT
from tools.site.address import TEXTS, publish

PLACEHOLDER = re.compile("OWNER|REPOSITORY")


@pytest.fixture
def folder(tmp_path):
    for pattern in TEXTS:
        for path in ROOT.glob(pattern):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(path, copy)
    return tmp_path


def read(folder) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.*")))


def test_a_published_course_links_to_itself_everywhere_and_can_move(folder):
    before = read(folder)
    publish(folder, "https://ada.github.io/ranking/")
    assert "ada.github.io/ranking/04_shared_bottom.html" in read(folder) and "github.com/ada/ranking" in read(folder)
    assert [line for line in read(folder).splitlines() if PLACEHOLDER.search(line)] == []
    publish(folder, "https://OWNER.github.io/REPOSITORY")
    assert read(folder) == before

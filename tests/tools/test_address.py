"""Where the course is published is written once, and wherever the README and the citation link to it."""

import re
import shutil

import pytest

from tools.notebooks import ROOT
from tools.site.address import HIDDEN, publish

PLACEHOLDER = re.compile("OWNER|REPOSITORY")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "docs").mkdir()
    for path in [*ROOT.glob("README*.md"), ROOT / "CITATION.cff", *ROOT.glob("docs/*.md")]:
        shutil.copy(path, tmp_path / path.relative_to(ROOT))
    return tmp_path


def read(folder) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.*")))


def test_a_published_course_links_to_itself_everywhere_and_can_move(folder):
    publish(folder, "https://ada.github.io/ranking/")
    at_ada = read(folder)
    assert "ada.github.io/ranking/04_shared_bottom.html" in at_ada and "git clone https://github.com/ada/" in at_ada
    assert [line for line in at_ada.splitlines() if PLACEHOLDER.search(line)] == [] and not HIDDEN.search(at_ada)
    publish(folder, "https://bob.github.io/tasks")
    moved = at_ada.replace("ada.github.io/ranking", "bob.github.io/tasks").replace("/ada/ranking", "/bob/tasks")
    assert read(folder) == moved


@pytest.mark.skipif("OWNER" not in (ROOT / "README.md").read_text(encoding="utf-8"), reason="the course has an address")
@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_without_an_address_no_link_to_it_is_shown(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    visible = re.sub(r"<!--.*?-->|^\[\w+\]: .*$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert not PLACEHOLDER.search(visible) and not re.search(r"\]\[\w+\]", visible)

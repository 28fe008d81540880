"""The question bank for others: what a platform reads in it is what we wrote, and a sheet does not tell."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from classroom import questions
from helpers.display.quiz import Item, read
from tools.site.decks import BANK, plans

ESCAPED = {f"\\{sign}": f"&&{ord(sign):03};" for sign in ":#={}~"}


def imported(text: str) -> tuple[str, list[tuple[str, Item]]]:
    """What Moodle makes of a file in GIFT, step by step as question/format/gift/format.php: the category, and the name
    and content of each question. Raises where it would take one for something other than multiple choice."""
    blocks = [block for block in re.split(r"\n[ \t]*\n", text) if block.strip()]
    category = re.fullmatch(r"\$CATEGORY: (.+)", blocks[0].strip())[1]
    return category, [_question(block) for block in blocks[1:]]


def _question(block: str) -> tuple[str, Item]:
    lines = [" " if line.strip().startswith("//") else line for line in block.split("\n")]
    text = "\n".join(lines).strip().replace("\\\\", "&&092;")
    for escaped, placeholder in ESCAPED.items():
        text = text.replace(escaped, placeholder)
    text = text.replace("\\n", "\n").replace("&&092;", "\\")
    _, name, text = text.split("::", 2)
    start, end = text.index("{"), text.index("}")
    assert end == len(text) - 1
    answers = text[start + 1 : end].strip().replace("=", "~=").split("~")
    assert answers[0] == ""
    options, why, right = [], [], []
    for number, answer in enumerate(part.strip() for part in answers[1:]):
        if answer.startswith("="):
            right.append(number)
        assert not re.match(r"%-*[0-9]{1,2}\.?[0-9]*%", answer)  # a weight
        option, feedback = answer.removeprefix("=").split("#", 1)
        options.append(_markdown(option))
        why.append(_markdown(feedback))
    (answer,) = right
    return _plain(name), Item(_markdown(text[:start]), options, why, answer)


def _markdown(text: str) -> str:
    form, _, text = text.strip().partition("]")
    assert form == "[markdown"
    return _plain(text)


def _plain(text: str) -> str:
    for escaped, placeholder in ESCAPED.items():
        text = text.replace(placeholder, escaped[1])
    return text.strip()


words = st.text(st.sampled_from(r"~=#{}:\/[]%->$n5 a₂"), min_size=1).map(lambda t: " ".join(t.split())).filter(bool)


@st.composite
def items(draw):
    number = draw(st.integers(3, 5))
    options, why = (draw(st.lists(words, min_size=number, max_size=number)) for _ in range(2))
    return Item(draw(words), options, why, draw(st.integers(0, number - 1)))


@given(st.lists(items(), min_size=1, max_size=3))
def test_whatever_is_written_is_read_again(asked):
    category, found = imported(questions.gift("06 · Soft sharing: MMoE", asked))
    assert category == "Multi-task learning for ranking/06 · Soft sharing: MMoE"
    assert [item for _, item in found] == asked
    told = yaml.safe_load(questions.quiqui("06 · Soft sharing: MMoE", asked))
    assert told["config"] == {"title": "06 · Soft sharing: MMoE"}
    for question, item in zip(told["questions"], asked, strict=True):  # what QuiQui's server asks of a file
        assert (question["question"], question["answers"], question["type"]) == (item.question, item.options, "single")
        assert (question["correct"], question["explanation"]) == ("ABCDE"[item.answer], item.why[item.answer])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return {path.name: path.read_text("utf-8") for path in questions.write(tmp_path_factory.mktemp("questions"))}


@pytest.mark.parametrize("name", BANK)
def test_a_chapter_is_imported_whole(written, name):
    _, found = imported(written[f"{name}.gift.txt"])
    assert [item for _, item in found] == read(BANK[name])
    assert len({name for name, _ in found}) == len(found) == len(yaml.safe_load(written[f"{name}.yaml"])["questions"])


def test_homework_asks_what_its_plan_asks_again_and_what_was_unclear(written):
    for plan in plans():
        if plan.before:
            whole, _, last = written[f"{plan.name}_before.gift.txt"].strip().rpartition("\n\n")
            assert last.endswith("{}") and questions.UNCLEAR in written[f"{plan.name}_before.html"]
            assert [item for _, item in imported(whole)[1]] == questions.asked_in_class()[f"{plan.name}_before"][1]
            assert set(plan.before) <= {name for row in plan.rows for name in row.cells}


@pytest.mark.parametrize("name", ["00", "04", "class2"])
def test_a_sheet_asks_and_does_not_tell(written, name):
    asked = questions.asked_in_class()[name][1] if name == "class2" else read(BANK[name])
    page = written[f"{name}.html"]
    text = re.sub(r"<[^>]+>", "", page).replace("&quot;", '"').replace("&#39;", "'").replace("`", "")
    assert page.count("<li>") == sum(1 + len(item.options) for item in asked)
    for item in asked:
        shown = [words.replace("`", "") in text for words in (item.question, *item.options)]
        assert all(shown), item.question
        assert not any(words in text for words in item.why)


def test_the_key_has_the_right_option_of_every_question(written):
    asked = [item for path in BANK.values() for item in read(path)]
    letters = re.findall(r"<li>([A-E]) ·", written["key.html"])
    assert letters[: len(asked)] == ["ABCDE"[item.answer] for item in asked]

"""The list of mutants that stay speaks of code that exists. (The run itself is `make mutants`.)"""

import re

import pytest

from tools.mutants import MODULES, REASONS, ROOT, WORDS, listed, only_strict


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_test_file_of_its_own(module):
    folder, _, name = module.rpartition("/")
    assert (ROOT / "tests" / folder / f"test_{name}.py").exists()


def test_each_survivor_has_a_reason_and_stands_in_the_code():
    for module, functions in listed().items():
        assert module in MODULES
        code = " ".join((ROOT / "helpers" / f"{module}.py").read_text(encoding="utf-8").split())
        for function, changes in functions.items():
            assert re.search(rf"def {function.rpartition('.')[2]}\(", code), (
                f"{REASONS.name}: no {function} in {module}"
            )
            for change, reason in changes.items():
                before = change.removeprefix("- ").partition(" + ")[0]
                assert before in code, f"{REASONS.name}: {before!r} is not in {module}"
                assert reason.strip().endswith("."), f"{REASONS.name}: a reason for {change!r}, in a sentence"


def test_mutants_leave_the_words_of_errors_alone():
    def left(line):
        return any(re.search(words, line) for words in WORDS)

    assert left('    validate.fail("x", "nothing", "something")') and left('        came = "a folder"')
    assert not left('    validate.number("x", x, low=1)') and not left("    if came == expected:")


def test_a_change_of_strict_alone_needs_no_reason():
    before = "a = [x + y for x, y in zip(p, q, strict=True)]"
    for after in ("a = [x + y for x, y in zip(p, q, strict=None)]", "a = [x + y for x, y in zip(p, q, )]"):
        assert only_strict(f"- {before} + {after}")
    for after in (
        "a = [x - y for x, y in zip(p, q, strict=True)]",
        "a = [x + y for x, y in zip(None, q, strict=True)]",
    ):
        assert not only_strict(f"- {before} + {after}")
    assert not only_strict("- a < b + a <= b")

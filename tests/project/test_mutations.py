"""The faults by which tests are measured can still be made: each changes one place, and Python stays Python."""

import pytest

from tests.mutations import ROOT, mutations


@pytest.mark.parametrize("folder", mutations())
def test_each_mutation_has_its_place(folder):
    assert (ROOT / "tests" / folder).is_dir() and len(mutations()[folder]) >= 10
    for mutation in mutations()[folder]:
        text = mutation.changed(ROOT)
        if mutation.file.endswith(".py"):
            compile(text, mutation.file, "exec")

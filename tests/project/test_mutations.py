"""The faults by which tests are measured can still be made: each changes one place of the source to other Python."""

import pytest

from tests.mutations import ROOT, mutations


@pytest.mark.parametrize("folder", mutations())
def test_each_mutation_has_its_place(folder):
    assert (ROOT / "tests" / folder).is_dir() and len(mutations()[folder]) >= 10
    for mutation in mutations()[folder]:
        compile(mutation.changed(ROOT), mutation.file, "exec")

"""Chapter 04: what its exercises train is what their words say."""

import pytest

from helpers.chapters.ch04 import exercises


@pytest.mark.long
def test_few_labels_help_the_task_that_has_few():
    """The check trains what its text says: task A is where it was, task B gains."""
    (gain_a, *_), (gain_b, low_b, _) = exercises._few_labels()
    assert abs(gain_a) < 0.03 and low_b > 0.05 and 0.1 < gain_b < 0.25

"""What holds for every test of this folder."""

import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def own_style():
    """A style that a test sets, and the figures that it draws, end with it."""
    with plt.rc_context():
        yield
    plt.close("all")

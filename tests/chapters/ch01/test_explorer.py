import pytest

from helpers.chapters.ch01.explorer import bias_explorer
from helpers.chapters.ch01.studies import biases
from tests.chapters.shared import said_at


@pytest.mark.slow
def test_the_bias_explorers_say_what_the_grid_holds():
    tenths, dials = (biases.TABLES[name].read() for name in ("01_tenths", "01_dials"))
    mean = dials.groupby(["bias", "trait", "label", "strength"])["value"].mean()
    words = {bias: bias_explorer(bias, tenths, dials) for bias in ("target", "item", "user")}
    liked = mean["target", biases.TRUTH, "like", 0.5]
    assert f"like {liked:+.2f}" in said_at(words["target"], strength=0.5)
    clicks = mean["item", "bait", "click", 1.0]
    assert f"{clicks:+.2f} averages in clicks" in said_at(words["item"], trait="bait", strength=1.0)
    likes = mean["user", "proneness", "like", 1.0]
    assert f"likes change by {likes:+.2f}" in said_at(words["user"], strength=1.0)

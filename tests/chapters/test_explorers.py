"""The explorers of kept runs: the sentence below a figure says what the tables hold at its setting."""

from collections.abc import Iterator

import numpy as np
import pytest

from helpers.chapters.ch00.explorer import weight_explorer
from helpers.chapters.ch00.studies import primer
from helpers.chapters.ch01.explorer import bias_explorer
from helpers.chapters.ch01.studies import biases
from helpers.chapters.ch03 import explorer as of_chapter_03
from helpers.chapters.ch03.studies import tradeoff
from helpers.display.explorer import Explorer
from tests.chapters.shared import said_at

pytestmark = pytest.mark.slow
Said = Iterator[tuple[Explorer, dict, list[str]]]  # an explorer, a setting, and what its sentence has


def weights() -> Said:
    table = primer.TABLES["00_task_weights"].read()
    explorer = weight_explorer(table)
    for weight in explorer.options["weight"]:
        at = table[np.isclose(table["weight"], weight)]
        loss = f"Trained on {weight:g} · L(click) + {1 - weight:.1g} · L(finish)"
        finished = f"makes {10 * (at['clicked'] * at['finished']).mean():.2f} finished videos"
        yield explorer, {"weight": weight}, [loss, f"{10 * at['clicked'].mean():.1f} are clicked", finished]


def three_biases() -> Said:
    tenths, dials = (biases.TABLES[name].read() for name in ("01_tenths", "01_dials"))
    mean = dials.groupby(["bias", "trait", "label", "strength"])["value"].mean()
    target, item, user = (bias_explorer(bias, tenths, dials) for bias in ("target", "item", "user"))
    yield target, {"strength": 0.5}, [f"like {mean['target', biases.TRUTH, 'like', 0.5]:+.2f}"]
    clicks = mean["item", "bait", "click", 1.0]
    yield item, {"trait": "bait", "strength": 1.0}, [f"in clicks is {clicks:+.2f} averages"]
    yield user, {"strength": 1.0}, [f"likes change by {mean['user', 'proneness', 'like', 1.0]:+.2f}"]


def two_goals() -> Said:
    tables = [tradeoff.TABLES[name].read() for name in ("03_one_score", "03_two_towers")]
    explorer = of_chapter_03.weight_explorer(*tables)
    one = tables[0][(tables[0]["correlation"] == 0) & (tables[0]["weight"] == 0.1)].groupby("task").mean()
    task_a = f"task A has loss {one['loss']['a']:.2f} and AUC {one['auc']['a']:.2f}"
    words = ["One score, correlation 0, weight 0.1 on task A", task_a]
    yield explorer, {"model": "one score", "correlation": 0, "weight": 0.1}, words
    yield (
        explorer,
        {"model": "two towers", "correlation": -1, "weight": 0.5},
        ["Two towers, correlation −1"],
    )


@pytest.mark.parametrize("sayings", [weights, three_biases, two_goals])
def test_a_sentence_says_what_the_tables_hold(sayings):
    for explorer, setting, words in sayings():
        sentence = said_at(explorer, **setting)
        assert [part for part in words if part not in sentence] == [], sentence

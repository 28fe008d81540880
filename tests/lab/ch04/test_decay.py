"""The two penalties on embeddings, compared: what is searched is what is used, and the two are not the same."""

from itertools import product

from helpers.chapters.ch04 import feed_tasks
from helpers.lab.ch04 import feed_tasks as lab_feed_tasks
from helpers.lab.ch04.at_work import decay


def test_every_model_has_tuned_settings_for_both_penalties():
    for clicked, penalised in product((False, True), decay.L2_ROWS):
        chosen = decay.CHOSEN[clicked][penalised]
        singles = {lab_feed_tasks.key("nothing", [label]) for label in decay.JUDGED[clicked]}
        assert set(chosen) == singles | {lab_feed_tasks.key(feed_tasks.HALFWAY, feed_tasks.LABELS)}

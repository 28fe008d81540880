"""The two penalties on embeddings, compared: what is searched is what is used, and the two are not the same."""

from itertools import product

import pytest

from helpers.chapters.ch04 import decay, feed_tasks


def test_every_model_has_tuned_settings_for_both_penalties():
    for clicked, penalised in product((False, True), decay.L2_ROWS):
        chosen = decay.CHOSEN[clicked][penalised]
        singles = {feed_tasks.key("nothing", [label]) for label in decay.JUDGED[clicked]}
        assert set(chosen) == singles | {feed_tasks.key(feed_tasks.HALFWAY, feed_tasks.LABELS)}


@pytest.mark.long
def test_the_comparison_is_a_tidy_table_in_which_the_penalties_differ():
    table = decay.compare([0], clicked=[True], shared=["nothing"])
    assert list(table.columns) == ["clicked", "penalised", "shared", "seed", "label", "auc"]
    assert table["label"].tolist() == decay.JUDGED[True] * 2
    auc = table.pivot(index="label", columns="penalised", values="auc")
    assert (auc["all"] != auc["looked up"]).all()


@pytest.mark.long
def test_the_search_judges_each_setting_by_its_validation_loss():
    few = {"clicked": [True], "shared": ["nothing"], "penalised": ["looked up"], "strengths": [0.01]}
    table = decay.tune([900], **few)
    assert table["model"].unique().tolist() == [feed_tasks.key("nothing", [label]) for label in decay.JUDGED[True]]
    assert sorted(table["lr"].unique()) == sorted(feed_tasks.LEARNING_RATES) and (table["loss"] > 0).all()

"""Clicked, then bought: the logs of shops, the models, and what they are judged by."""

import pytest
import torch

from helpers.chapters.ch07.funnel import GOALS, Choice
from helpers.chapters.ch07.studies.click_then_buy import purchases
from helpers.chapters.ch07.studies.click_then_buy.purchases import (
    BOTH,
    BUY,
    BY_CARTS,
    BY_PRICE,
    CART,
    CLICK,
    COUNTS,
    MODELS,
    TASKS,
    Logs,
)
from helpers.chapters.ch07.studies.funnel import BY_HISTORY
from helpers.data.shop import Shop
from helpers.evaluation.counts import BY_CLICKS, BY_ITEM, by_ids
from helpers.evaluation.metrics import auc
from helpers.models.esmm import product_logit


@pytest.fixture(scope="module")
def logs() -> Logs:
    with pytest.MonkeyPatch.context() as patch:
        for name, rows in (("ROWS", 1500), ("VALID", 800), ("TEST", 1200)):
            patch.setattr(purchases, name, rows)
        return Logs.make([3, 4])


def test_labels_are_those_of_the_funnel_and_the_truth_is_of_the_test_rows(logs):
    log, hidden = Shop.make(seed=4).impressions(3500)
    test = log[-1200:]
    assert logs.test.labels[BOTH][1].tolist() == test["purchase"].tolist()
    assert logs.test.masks[BUY][1].tolist() == (test["click"] == 1).tolist()
    assert logs.test.labels[CART][1].tolist() == test["cart"].tolist()
    assert logs.truth[1].equals(hidden[-1200:].reset_index(drop=True))


def test_counts_are_what_their_names_say(logs):
    found = {score: purchases.count(logs, score, logs.test.inputs) for score in COUNTS}
    items = [part.inputs["sparse"][1, :, 1] for part in (logs.train, logs.test)]
    for score, label in ((BY_ITEM, BOTH), (BY_CLICKS, CLICK), (BY_CARTS, CART)):
        expected = by_ids([items[0]], logs.train.labels[label][1], [items[1]])
        assert found[score][BOTH][1].numpy() == pytest.approx(expected)
    dense = logs.test.inputs["dense"]
    assert torch.equal(found[BY_HISTORY][BUY], dense[..., 0])
    assert torch.equal(found[BY_PRICE][BUY], dense[..., 2] - dense[..., 1])


def test_a_cvr_is_judged_on_all_rows_by_who_would_buy(logs):
    said = {task: torch.randn(2, 1200) for task in TASKS}
    table = purchases.judge(logs, said, TASKS).set_index(["seed", "task"])
    would = logs.truth[0]["would_buy"].to_numpy()
    assert table.loc[(3, BUY), "auc"] == pytest.approx(auc(said[BUY][0], torch.tensor(would)))
    ratio = torch.sigmoid(said[BUY][0]).mean().item() / logs.truth[0]["cvr"].mean()
    assert table.loc[(3, BUY), "ratio"] == pytest.approx(ratio)
    only = purchases.judge(logs, said, [CLICK]).set_index("task")["ratio"]
    assert only.isna().groupby("task").all().to_dict() == {CLICK: False, BUY: True, BOTH: True}


@pytest.mark.parametrize("model", MODELS)
def test_every_model_says_all_it_is_trained_for(logs, model, monkeypatch):
    monkeypatch.setattr(purchases, "EPOCHS", 1)
    choice = {model: {" + ".join(tasks): Choice(0.01, 0.01) for tasks in purchases.together(model)}}
    monkeypatch.setattr(purchases, "CHOSEN", dict.fromkeys(GOALS, choice))
    found = purchases.predict(logs, model, logs.test.inputs)
    assert {task: tuple(found[task].shape) for task in TASKS} == dict.fromkeys(TASKS, (2, 1200))
    if model != "single-task":
        assert torch.allclose(found[BOTH], product_logit(found[CLICK], found[BUY]), atol=1e-5)

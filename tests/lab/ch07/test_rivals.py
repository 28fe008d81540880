"""What shares nothing: each score is what its name says, and none is another's under a second name."""

import itertools

import pytest
import torch

from helpers.chapters.ch07 import funnel
from helpers.chapters.ch07.funnel import CLICK, LIKE, SUM, TASKS, Logs
from helpers.chapters.ch07.selection import SEEN
from helpers.lab.ch07 import funnel as lab_funnel
from helpers.lab.ch07.click_then_buy import purchases
from helpers.lab.ch07.clicked_rows import watched
from helpers.lab.ch07.rivals import (
    BY_CTR,
    BY_MEAN,
    BY_PRODUCT,
    BY_STACK,
    OWN,
    RIVALS,
    on_numbers,
    rivals,
)


@pytest.fixture(scope="module")
def logs() -> Logs:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(funnel, "VALID", 500)
        patch.setattr(funnel, "TEST", 800)
        return Logs.make([3, 4], SEEN, 1.0, rows=1500)


@pytest.fixture(scope="module")
def networks(logs) -> dict[str, torch.Tensor]:
    """Logits that networks might have, of the validation rows and then of the test rows."""
    generator = torch.Generator().manual_seed(0)
    return {task: torch.randn(2, 1300, generator=generator) - 1 for task in TASKS}


@pytest.fixture(scope="module")
def scores(logs, networks) -> dict[str, dict[str, torch.Tensor]]:
    sets = (logs.train, logs.valid, logs.test)
    return rivals(RIVALS, TASKS, TASKS, sets, funnel.features(), lambda inputs, tasks: networks)


@pytest.mark.slow
def test_a_product_is_the_product_of_two_models_whatever_is_judged(networks, scores):
    chances = torch.sigmoid(networks[CLICK][:, 500:].double()) * torch.sigmoid(networks[LIKE][:, 500:].double())
    for task in TASKS:
        assert torch.allclose(torch.sigmoid(scores[BY_PRODUCT][task].double()), chances, atol=1e-6)
    linear = [torch.sigmoid(scores[f"{OWN}, linear"][task]) for task in (CLICK, LIKE)]
    assert torch.allclose(torch.sigmoid(scores[f"{BY_PRODUCT}, linear"][LIKE]), linear[0] * linear[1])


def test_a_ctr_is_a_score_of_all_and_a_mean_leans_on_both(networks, scores):
    assert all(torch.equal(scores[BY_CTR][task], networks[CLICK][:, 500:]) for task in TASKS)
    for task in (CLICK, LIKE):
        assert torch.corrcoef(torch.stack([scores[BY_MEAN][LIKE][0], scores[OWN][task][0].double()]))[0, 1] > 0.6


def test_a_stack_knows_the_label_where_it_was_observed_and_no_test_row(logs):
    """A network whose logits are the label of clicked validation rows, and its reverse on the others, is trusted."""
    clicked, label = logs.valid.masks[LIKE], logs.valid.labels[LIKE]
    knows = torch.where(clicked, label, 1 - label) * 2 - 1
    given = {CLICK: torch.randn(2, 1300), LIKE: torch.cat([knows, torch.randn(2, 800)], 1)}
    sets = (logs.train, logs.valid, logs.test)
    stack = rivals([BY_STACK], TASKS, [LIKE], sets, funnel.features(), lambda inputs, tasks: given)[BY_STACK][LIKE]
    for k in range(2):
        assert torch.corrcoef(torch.stack([stack[k], given[LIKE][k, 500:].double()]))[0, 1] > 0.9


def test_numbers_and_ctr_learn_from_clicked_training_rows_alone(logs):
    train, label = logs.train, logs.train.labels[LIKE]
    ctr, asked = torch.randn(label.shape), torch.randn(2, 800)
    found = on_numbers(train, LIKE, ctr, logs.inputs, asked)
    other = train.map(torch.clone)
    other.inputs["dense"][~train.masks[LIKE]] = 100.0
    assert torch.equal(on_numbers(other, LIKE, ctr, logs.inputs, asked), found)


@pytest.mark.parametrize(("topic", "name"), [(lab_funnel, "07_funnel"), (purchases, "07_purchases")])
def test_no_two_scores_of_a_conversion_are_the_same_numbers(topic, name):
    table = topic.TABLES[name].read()
    table = table[(table["chosen"] == SUM) & (table["task"] != CLICK)]
    keys = [column for column in ("kind", "strength", "seed", "task") if column in table]
    wide = table.pivot(index=keys, columns="model", values="auc")
    assert {*topic.COMPARED} <= {*wide}
    for _, part in wide.groupby("task"):
        for one, other in itertools.combinations(part.dropna(axis=1), 2):
            assert (part[one] - part[other]).abs().max() > 0, (one, other)


def test_no_two_scores_on_movielens_are_the_same_numbers():
    table = watched.TABLES["07_watched"].read()
    for value in ("auc_like", "auc_both"):
        wide = table.pivot(index="seed", columns="model", values=value)
        assert {*watched.COMPARED} == {*wide}
        for one, other in itertools.combinations(wide, 2):
            assert (wide[one] - wide[other]).abs().max() > 0, (one, other)

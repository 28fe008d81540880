"""Pools of a funnel: each score is what its name says, both sides are fused in the same ways, and none is another's
under a second name."""

import pandas as pd
import pytest
import torch

from helpers.chapters.ch07 import funnel
from helpers.chapters.ch07.funnel import BOTH, CLICK, LIKE, SUM, TASKS, Logs
from helpers.chapters.ch07.selection import SEEN
from helpers.chapters.ch07.studies import funnel as lab_funnel
from helpers.chapters.ch07.studies.click_then_buy import purchases
from helpers.chapters.ch07.studies.clicked_rows import watched
from helpers.chapters.ch07.studies.pools import (
    AS_IS,
    BY_CTR,
    BY_MEAN,
    BY_NUMBERS,
    BY_PRODUCT,
    BY_STACK,
    ESMM,
    LINEAR,
    MASKED,
    NETWORKS,
    OWN,
    POOLS,
    kinds_of,
    on_numbers,
    over_sets,
    pooled_scores,
    score_label,
)
from helpers.models.esmm import product_logit

ROWS = (1500, 500, 800)


@pytest.fixture(scope="module")
def logs() -> Logs:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(funnel, "VALID", ROWS[1])
        patch.setattr(funnel, "TEST", ROWS[2])
        return Logs.make([3, 4], SEEN, 1.0, rows=ROWS[0])


def sets_of(logs):
    return logs.train, logs.valid, logs.test


def outputs_of(logs, seed):
    """Logits that a model might have, of training, validation and test rows."""
    generator = torch.Generator().manual_seed(seed)
    logits = {task: torch.randn(2, sum(ROWS), generator=generator) - 1 for task in TASKS}
    return over_sets(lambda inputs: logits, sets_of(logs))


def counts_of(logs):
    sets = sets_of(logs)[1:]
    return {"by item": [{task: torch.randn(2, rows) for task in TASKS} for rows in map(len_of, sets)]}


def len_of(part):
    return part.inputs["sparse"].shape[1]


@pytest.fixture(scope="module")
def models(logs):
    return {model: outputs_of(logs, seed) for seed, model in enumerate((OWN, LINEAR, MASKED, ESMM))}


@pytest.fixture(scope="module")
def scores(logs, models):
    return pooled_scores([*POOLS], models, TASKS, TASKS, sets_of(logs), counts_of(logs))


def test_all_pools_have_the_same_ways(scores):
    kinds = kinds_of(["by item"])
    assert {*scores} == {*kinds}
    of = {kind: sum(other == kind for other in kinds.values()) for kind in POOLS}
    assert {*of.values()} == {8}


def test_a_model_and_its_copy_in_another_pool_have_the_same_scores(logs, models):
    """So that neither side of a comparison can have a way that the other has not."""
    same = dict.fromkeys(models, models[OWN])
    scores = pooled_scores([NETWORKS, ESMM], same, TASKS, TASKS, sets_of(logs), counts := counts_of(logs))
    for way in (AS_IS, BY_CTR, BY_PRODUCT, BY_MEAN, BY_STACK, BY_NUMBERS, *(f"{AS_IS} + {count}" for count in counts)):
        for task in TASKS:
            assert torch.equal(scores[score_label(NETWORKS, way)][task], scores[score_label(ESMM, way)][task])


def test_a_product_is_the_product_of_two_chances_whatever_is_judged(models, scores):
    _, _, logits = models[ESMM]
    for task in TASKS:
        expected = product_logit(logits[CLICK].double(), logits[LIKE].double())
        assert torch.allclose(scores[score_label(ESMM, BY_PRODUCT)][task], expected, atol=1e-6)


def test_a_ctr_is_a_score_of_all_and_a_mean_leans_on_both(models, scores):
    _, _, logits = models[OWN]
    assert all(torch.equal(scores[BY_CTR][task], logits[CLICK].double()) for task in TASKS)
    for task in (CLICK, LIKE):
        assert torch.corrcoef(torch.stack([scores[BY_MEAN][LIKE][0], logits[task][0].double()]))[0, 1] > 0.6


def test_as_it_is_each_model_ranks_by_its_own_output(models, scores):
    for name, model in {OWN: OWN, f"{OWN}, linear": LINEAR, MASKED: MASKED, ESMM: ESMM}.items():
        assert torch.equal(scores[name][BOTH], models[model][2][BOTH].double())


def test_a_stack_knows_the_label_where_it_was_observed_and_no_test_row(logs):
    """A model whose logits are the label of clicked validation rows, and its reverse on the others, is trusted."""
    clicked, label = logs.valid.masks[LIKE], logs.valid.labels[LIKE]
    knows = torch.where(clicked, label, 1 - label) * 2 - 1
    known, asked = ({CLICK: torch.randn(2, rows), LIKE: torch.randn(2, rows)} for rows in ROWS[1:])
    given = {ESMM: [{task: torch.randn(2, ROWS[0]) for task in TASKS}, known | {LIKE: knows}, asked]}
    stack = pooled_scores([ESMM], given, TASKS, [LIKE], sets_of(logs), {})[score_label(ESMM, BY_STACK)][LIKE]
    for k in range(2):
        assert torch.corrcoef(torch.stack([stack[k], asked[LIKE][k].double()]))[0, 1] > 0.9


def test_numbers_and_ctr_learn_from_clicked_training_rows_alone(logs):
    train, label = logs.train, logs.train.labels[LIKE]
    ctr, asked = torch.randn(label.shape), torch.randn(2, 800)
    found = on_numbers(train, LIKE, ctr, logs.inputs, asked)
    other = train.map(torch.clone)
    other.inputs["dense"][~train.masks[LIKE]] = 100.0
    assert torch.equal(on_numbers(other, LIKE, ctr, logs.inputs, asked), found)


def alike(scores: pd.DataFrame) -> set[frozenset]:
    """The pairs of columns that hold the same numbers."""
    values, names = scores.to_numpy(), list(scores)
    same = [(values == values[:, [place]]).all(0).nonzero()[0] for place in range(len(names))]
    return {
        frozenset([names[one], names[other]]) for one, others in enumerate(same) for other in others if one != other
    }


TWICE = {frozenset([model, score_label(model, BY_PRODUCT)]) for model in (MASKED, ESMM)}  # of both labels at once


@pytest.mark.parametrize(("topic", "name"), [(lab_funnel, "07_funnel"), (purchases, "07_purchases")])
def test_no_two_scores_of_a_conversion_are_the_same_numbers(topic, name):
    table = topic.TABLES[name].read()
    table = table[(table["chosen"] == SUM) & (table["task"] != CLICK)]
    keys = [column for column in ("kind", "strength", "seed", "task") if column in table]
    wide = table.pivot(index=keys, columns="model", values="auc")
    assert {*topic.COMPARED} <= {*wide}
    for task, part in wide.groupby("task"):
        assert alike(part.dropna(axis=1)) == (TWICE if task == topic.BOTH else set())


def test_no_two_scores_on_movielens_are_the_same_numbers():
    table = watched.TABLES["07_watched"].read()
    for value, same in (("auc_like", set()), ("auc_both", TWICE)):
        wide = table.pivot(index="seed", columns="model", values=value)
        assert {*watched.COMPARED} == {*wide} and alike(wide) == same

"""Ranking by predicted labels: what is served is the top 10, fusion is what its formula says, worlds stay apart."""

import numpy as np
import pytest

from helpers.chapters.ch01 import ranking
from helpers.chapters.ch01.studies import ranking as lab_ranking


def test_served_is_the_mean_of_the_ten_with_the_highest_scores(worlds):
    scores = worlds.scores["like"]
    means = lab_ranking.outcomes_served(worlds, scores)["satisfaction"]
    for world in range(3):
        tops = [worlds.outcomes["satisfaction"][world, u][np.argsort(-scores[world, u])[:10]] for u in range(4)]
        assert means[world] == pytest.approx(np.mean(tops))


def test_fusion_is_the_sum_and_the_logarithm_of_the_product(worlds):
    p, weights = worlds.scores, {"click": -0.5, "like": 2.0}
    np.testing.assert_allclose(ranking.linear(p, weights), 2 * p["like"] - 0.5 * p["click"])
    np.testing.assert_allclose(np.exp(ranking.multiplicative(p, weights)), p["like"] ** 2 / np.sqrt(p["click"]))


def test_the_unit_of_a_label_matters_to_linear_fusion_alone(worlds):
    p, weights = {k: worlds.scores[k] for k in ("click", "like")}, {"click": 1.0, "like": 1.0}
    rare = p | {"like": p["like"] / 50}
    order = lambda form, scores: np.argsort(ranking.FORMS[form](scores, weights), axis=-1)  # noqa: E731
    assert (order("linear", p) != order("linear", rare)).any()
    for form in ("multiplicative", "linear, each label by its rate"):
        assert (order(form, p) == order(form, rare)).all()


def test_over_random_is_paired_by_world(worlds):
    table = lab_ranking.labels((0, 1, 2))
    by = table.pivot(index="seed", columns="score", values="satisfaction")
    gains = ranking.over_random(table).pivot(index="seed", columns="score", values="difference")
    np.testing.assert_allclose(gains["like"], by["like"] - by["random"])
    assert "random" not in gains


def test_fusion_tries_every_combination_and_compares_with_the_best_single_label(worlds):
    table = lab_ranking.fusion((0, 1, 2), {"click": (0.0, 1.0), "like": (0.0, 0.5, 1.0)})
    assert len(table) == 3 * 2 * 3
    assert not table.duplicated(["form", "click", "like"]).any()
    alone = {
        task: lab_ranking.outcomes_served(worlds, scores)["satisfaction"].mean()
        for task, scores in worlds.scores.items()
    }
    np.testing.assert_allclose(table["gain"], table["satisfaction"] - max(alone.values()))
    only = table[(table["click"] == 0) & (table["like"] == 1) & (table["form"] == "multiplicative")]
    assert only["satisfaction"].item() == pytest.approx(alone["like"])

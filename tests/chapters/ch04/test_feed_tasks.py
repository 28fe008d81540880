"""The feed's labels as tasks: what is observed where, and models of about the same size."""

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.chapters.ch04 import feed_tasks
from helpers.chapters.ch04.studies import feed_tasks as lab_feed_tasks
from helpers.data.feed import features
from helpers.data.world import WATCH
from helpers.evaluation import yardsticks
from helpers.evaluation.metrics import gauc
from helpers.evaluation.yardsticks import LINEAR
from helpers.models.shared_bottom import SharedBottom, parameter_count


@pytest.fixture
def log() -> pd.DataFrame:
    labels = {label: [0, 1, 0] for label in feed_tasks.LABELS}
    return pd.DataFrame(labels | {"click": [0, 1, 1], "watch_seconds": [0.0, WATCH, 2 * WATCH]})


def test_seconds_are_observed_where_a_video_played(log):
    seen = feed_tasks.observed(log)
    assert np.isnan(seen["seconds"][0])
    assert seen["seconds"][1:].tolist() == pytest.approx([0, np.log(2)])
    assert not seen[list(feed_tasks.LABELS)].isna().any(axis=None)


def test_on_clicked_rows_every_label_but_the_click_is_masked_elsewhere(log):
    seen = feed_tasks.observed(log, clicked=True)
    assert seen["click"].tolist() == [0, 1, 1]
    for label in feed_tasks.LABELS[1:]:
        assert seen[label].isna().tolist() == [True, False, False]


def test_all_places_but_nothing_have_about_the_same_parameters():
    sizes = {
        place: parameter_count(SharedBottom(features(), dict.fromkeys(feed_tasks.LABELS, "binary"), *units))
        for place, units in feed_tasks.PLACES.items()
        if place != "nothing"
    }
    assert all(abs(size - 19_850) <= 150 for size in sizes.values())
    alone = 8 * parameter_count(SharedBottom(features(), {"like": "binary"}, *feed_tasks.PLACES["nothing"]))
    assert 4.9 < alone / np.mean(list(sizes.values())) < 5.1


def test_what_is_shared_is_what_the_place_says():
    kinds = dict.fromkeys(feed_tasks.LABELS, "binary")
    for place, layers in (("embeddings", 0), ("embeddings, 1 layer", 1), ("embeddings, 2 layers", 2)):
        model = SharedBottom(features(), kinds, *feed_tasks.PLACES[place])
        weights = [name for name, tensor in model.bottom.named_parameters() if tensor.dim() == 2]
        above = [name for name, tensor in model.towers[0].named_parameters() if tensor.dim() == 2]
        assert len(weights) == layers and len(weights) + len(above) == 3


@pytest.mark.slow
def test_linear_models_of_a_world_are_those_of_scikit_learn():
    worlds = feed_tasks.Worlds.make([3, 4], users=5)
    found = feed_tasks.linear_models(worlds, {"like": 3.0, "click": 1.0})
    second = worlds.train.only("like").map(lambda tensor: tensor[1])
    inputs = {name: tensor[1] for name, tensor in worlds.inputs.items()}
    (expected,) = next(yardsticks.candidates(LINEAR, features(), second, inputs, penalties=[3.0]))
    np.testing.assert_allclose(found.offers["like"][1], expected)
    assert found.valid["click"].shape == (2, 1_800)


def test_gauc_is_that_of_the_users():
    worlds = feed_tasks.Worlds.make([3], users=40)
    score = torch.randn(1, 4_000, generator=torch.Generator().manual_seed(0))
    users, like = worlds.inputs["sparse"][0, :, 0], worlds.outcomes[0]["like"].to_numpy()
    expected = gauc(score[0], like, users).value
    assert lab_feed_tasks.score_table(worlds, {"like": score})["gauc"].item() == pytest.approx(expected)

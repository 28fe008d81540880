"""Which part of ESMM does the work? The worlds, the models, and what a prediction is held against."""

import numpy as np
import pytest
import torch

from helpers.chapters.ch07 import funnel
from helpers.chapters.ch07.funnel import BOTH, CLICK, CVR, HISTORY, LIKE, SUM, Logs
from helpers.chapters.ch07.selection import CLICKS, SEEN, UNSEEN
from helpers.chapters.ch07.studies import funnel as lab_funnel
from helpers.data.world import TOPICS, World
from helpers.evaluation.counts import BY_CLICKS, BY_ITEM, by_ids
from helpers.evaluation.metrics import auc
from helpers.models.esmm import product_logit
from helpers.models.shared_bottom import SharedBottom


@pytest.fixture(scope="module")
def logs() -> Logs:
    return Logs.make([3, 4], SEEN, 1.0, rows=600)


def test_a_world_is_drawn_from_its_seed_and_the_dial_leaves_it_alone():
    one, events = funnel.impressions(5, SEEN, 1.0, 3000)
    same, _ = funnel.impressions(5, UNSEEN, 2.0, 3000)
    other, _ = funnel.impressions(6, SEEN, 1.0, 3000)
    assert one.equals(same) and not one.equals(other)
    assert events.click.mean() == pytest.approx(CLICKS, abs=0.03)


def test_a_history_is_a_taste_with_noise_drawn_once_for_each_user_and_topic():
    seed, rows = 5, 30_000
    frame, _ = funnel.impressions(seed, SEEN, 1.0, rows)
    world = World.make(funnel.USERS, funnel.VIDEOS, seed)
    noise = frame[HISTORY] - world.affinity(frame["user"].to_numpy(), frame["video"].to_numpy())
    of_pairs = noise.groupby([frame["user"], frame["topic"]])
    assert of_pairs.std(ddof=0).max() < 1e-9 and of_pairs.ngroups == funnel.USERS * len(TOPICS)
    assert of_pairs.first().std() == pytest.approx(funnel.NOISE, abs=0.05)
    assert of_pairs.first().mean() == pytest.approx(0, abs=0.05)


def test_logs_have_the_funnel_s_labels_and_the_truth_of_the_test_rows(logs):
    assert [len(part) for part in (logs.train, logs.valid)] == [600, funnel.VALID]
    assert logs.train.copies == 2 and logs.train.tasks == [CLICK, LIKE, BOTH]
    assert torch.equal(logs.train.masks[LIKE], logs.train.labels[CLICK] == 1)
    assert logs.inputs["sparse"].shape == (2, funnel.TEST, 4)
    assert all(len(truth.cvr) == funnel.TEST for truth in logs.truth)
    frame, events = funnel.impressions(4, SEEN, 1.0, 600 + funnel.VALID + funnel.TEST)
    assert np.array_equal(logs.truth[1].click, events.click[-funnel.TEST :])
    last = funnel.features().transform(frame)["sparse"][-funnel.TEST :]
    assert torch.equal(logs.inputs["sparse"][1], last)


def test_towers_that_are_not_shared_do_not_reach_each_other_s_embeddings(logs):
    inputs = {name: part[0, :50] for name, part in logs.inputs.items()}
    apart = funnel.build("ESMM, not shared", (CLICK, BOTH), 0.1, 1)
    apart(inputs)[CLICK].sum().backward()
    first, second = (getattr(apart.encoder, half).tables["8"].weight.grad.abs().max() for half in ("first", "second"))
    assert first > 0 == second
    assert sorted(apart.l2().values())[-2:] == [0.1, 0.1]  # both tables are penalised
    parts = [p for name, p in apart.named_parameters() if "tables" in name]
    assert not torch.equal(*parts)  # and start different


def test_not_shared_is_two_single_task_models_and_a_product(logs):
    inputs = {name: part[0, :50] for name, part in logs.inputs.items()}
    apart = funnel.build("ESMM, not shared", (CLICK, BOTH), 0.0, 1)
    logits = []
    for half, tower in (("first", 0), ("second", 1)):
        alone = SharedBottom(funnel.features(), {"x": "binary"}, [], funnel.TOWERS)
        state = apart.state_dict()
        names = {
            name: name.replace("encoder", f"encoder.{half}").replace("towers.0", f"towers.{tower}")
            for name in alone.state_dict()
        }
        alone.load_state_dict({name: state[there] for name, there in names.items()})
        logits.append(alone(inputs)["x"])
    outputs = apart(inputs)
    assert torch.equal(outputs[CLICK], logits[0]) and torch.equal(outputs[LIKE], logits[1])
    assert torch.equal(outputs[BOTH], product_logit(*logits))


def test_a_prediction_is_held_against_all_rows_and_against_what_is_logged(logs):
    logit = torch.stack([torch.from_numpy(truth.cvr).logit() for truth in logs.truth])
    perfect = lab_funnel.judge(logs, {LIKE: logit}).set_index("seed")
    assert perfect[["ratio", "clicked", "unclicked"]].to_numpy() == pytest.approx(1)
    assert perfect["logged_ratio"].to_numpy() == pytest.approx(1, abs=0.08)
    assert (perfect["auc"] > 0.6).all() and (perfect["auc"] > perfect["logged_auc"]).all()
    flat = lab_funnel.judge(logs, {LIKE: torch.full_like(logit, -1.0)})
    assert (flat["auc"] == 0.5).all() and (flat["clicked"] < flat["ratio"]).all()
    assert (flat["ratio"] < flat["unclicked"]).all()


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(funnel, "VALID", 300)
    monkeypatch.setattr(funnel, "TEST", 500)
    monkeypatch.setattr(funnel, "EPOCHS", 6)


@pytest.mark.parametrize("model", funnel.TOGETHER)
def test_each_goal_has_settings_of_its_own(logs, model):
    tasks = funnel.parts(model)[0]
    name, same = " + ".join(tasks), "ESMM" if model == "ESMM, not shared" else model
    for goal in funnel.GOALS:
        assert funnel.chosen(logs, model, tasks, goal) == funnel.CHOSEN[goal][SEEN][1.0][same][name]
    assert funnel.chosen(logs, model, tasks, CVR) != funnel.chosen(logs, model, tasks, SUM)


def test_a_masked_model_says_the_product_of_both_chances(logs, monkeypatch):
    monkeypatch.setattr(
        funnel, "train", lambda logs, model, tasks, _: [funnel.build(model, tasks, 0.0, seed) for seed in logs.seeds]
    )
    said = funnel.predict(logs, "masked shared-bottom", logs.inputs)
    assert torch.equal(said[BOTH], product_logit(said[CLICK], said[LIKE]))


def test_the_counts_are_those_of_the_training_rows_alone(short):
    table = lab_funnel.compare([3], [SEEN], [1.0], [BY_ITEM, BY_CLICKS], 400)
    table = table[table["chosen"] == SUM].set_index(["model", "task"])["auc"]
    logs = Logs.make([3], SEEN, 1.0, 400)
    frame, events = funnel.impressions(3, SEEN, 1.0, 400 + funnel.VALID + funnel.TEST)
    video, clicked = frame["video"].to_numpy(), events.click[:400] == 1
    asked, truth = video[-funnel.TEST :], logs.truth[0]
    likes = by_ids([video[:400][clicked]], events.like[:400][clicked], [asked])
    clicks = by_ids([video[:400]], events.click[:400], [asked])
    assert table[BY_ITEM, LIKE] == pytest.approx(auc(likes, truth.would_like))
    assert table[BY_CLICKS, LIKE] == pytest.approx(auc(clicks, truth.would_like))
    assert table[BY_ITEM, CLICK] == table[BY_CLICKS, CLICK] == pytest.approx(auc(clicks, truth.click))
    assert table[BY_CLICKS, BOTH] == pytest.approx(auc(clicks, truth.like))

"""Which part of ESMM does the work? The worlds, the models, and what a prediction is held against."""

from functools import partial

import numpy as np
import pytest
import torch

from helpers.esmm import ESMM, product_logit
from helpers.experiments import funnel
from helpers.experiments.funnel import APART, BOTH, CLICK, LIKE, PRODUCT, SHARED, SINGLE, TRUTH, Choice, Logs
from helpers.experiments.selection import CLICKS, SEEN, UNSEEN
from helpers.models import SharedBottom, parameter_count


@pytest.fixture(scope="module")
def logs() -> Logs:
    return Logs.make([3, 4], SEEN, 1.0, rows=600)


def test_a_world_is_drawn_from_its_seed_and_the_dial_leaves_it_alone():
    one, found = funnel.impressions(5, SEEN, 1.0, 3000)
    same, _ = funnel.impressions(5, UNSEEN, 2.0, 3000)
    other, _ = funnel.impressions(6, SEEN, 1.0, 3000)
    assert one.equals(same) and not one.equals(other)
    assert found.click.mean() == pytest.approx(CLICKS, abs=0.03)


def test_logs_have_the_funnel_s_labels_and_the_truth_of_the_test_rows(logs):
    assert [len(part) for part in (logs.train, logs.valid)] == [600, funnel.VALID]
    assert logs.train.copies == 2 and logs.train.tasks == [CLICK, LIKE, BOTH]
    assert torch.equal(logs.train.masks[LIKE], logs.train.labels[CLICK] == 1)
    assert logs.inputs["sparse"].shape == (2, funnel.TEST, 4)
    assert all(len(truth.cvr) == funnel.TEST for truth in logs.truth)
    frame, found = funnel.impressions(4, SEEN, 1.0, 600 + funnel.VALID + funnel.TEST)
    assert np.array_equal(logs.truth[1].click, found.click[-funnel.TEST :])
    last = funnel.features().transform(frame)["sparse"][-funnel.TEST :]
    assert torch.equal(logs.inputs["sparse"][1], last)


def test_models_differ_in_what_they_share(logs):
    built = {model: funnel.build(model, funnel.parts(model)[0], 0.0, 1) for model in funnel.MODELS}
    table = sum(p.numel() for name, p in built[PRODUCT].named_parameters() if "tables" in name)
    sizes = {model: parameter_count(one) for model, one in built.items()}
    assert sizes[SHARED] == sizes[PRODUCT] == 2 * sizes[SINGLE] - table
    assert sizes[APART] == sizes[PRODUCT] + table == 2 * sizes[SINGLE]


def test_towers_that_are_not_shared_do_not_reach_each_other_s_embeddings(logs):
    inputs = {"sparse": logs.inputs["sparse"][0, :50]}
    apart = funnel.build(APART, (CLICK, BOTH), 0.1, 1)
    apart(inputs)[CLICK].sum().backward()
    first, second = (getattr(apart.encoder, half).tables["8"].weight.grad.abs().max() for half in ("first", "second"))
    assert first > 0 == second
    assert sorted(apart.l2().values())[-2:] == [0.1, 0.1]  # both tables are penalised
    parts = [p for name, p in apart.named_parameters() if "tables" in name]
    assert not torch.equal(*parts)  # and start different


def test_not_shared_is_two_single_task_models_and_a_product(logs):
    inputs = {"sparse": logs.inputs["sparse"][0, :50]}
    apart = funnel.build(APART, (CLICK, BOTH), 0.0, 1)
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
    found = apart(inputs)
    assert torch.equal(found[CLICK], logits[0]) and torch.equal(found[LIKE], logits[1])
    assert torch.equal(found[BOTH], product_logit(*logits))


def test_a_prediction_is_held_against_all_rows_and_against_what_is_logged(logs):
    logit = torch.stack([torch.from_numpy(truth.cvr).logit() for truth in logs.truth])
    perfect = funnel.judge(logs, {LIKE: logit}).set_index("seed")
    assert perfect[["ratio", "clicked", "unclicked"]].to_numpy() == pytest.approx(1)
    assert perfect["logged_ratio"].to_numpy() == pytest.approx(1, abs=0.08)
    assert (perfect["auc"] > 0.6).all() and (perfect["auc"] > perfect["logged_auc"]).all()
    flat = funnel.judge(logs, {LIKE: torch.full_like(logit, -1.0)})
    assert (flat["auc"] == 0.5).all() and (flat["clicked"] < flat["ratio"]).all()
    assert (flat["ratio"] < flat["unclicked"]).all()


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(funnel, "VALID", 300)
    monkeypatch.setattr(funnel, "TEST", 500)


def test_the_table_is_tidy_and_has_the_truth_beside_the_models(short):
    table = funnel.compare(range(2), strengths=[0.0, 1.0], rows=400)
    keys = ["kind", "strength", "rows", "model", "seed", "task"]
    assert not table.duplicated(keys).any() and not table.isna().any(axis=None)
    assert len(table) == 2 * 2 * 2 * (4 * 3 + 1)
    seen, unseen = (table[(table["strength"] == 0) & (table["kind"] == kind)] for kind in (SEEN, UNSEEN))
    order = ["model", "seed", "task"]
    one, other = (part.drop(columns="kind").sort_values(order, ignore_index=True) for part in (seen, unseen))
    assert one.equals(other)  # where nothing selects, the kinds are one
    ideal = table[(table["model"] == TRUTH) & ((table["kind"] == SEEN) | (table["strength"] == 0))]
    assert ideal["ratio"].to_numpy() == pytest.approx(1)


def test_a_few_models_and_tasks_are_trained_where_a_few_are_asked_for(short):
    table = funnel.compare(range(2), [UNSEEN], [1.0], [SINGLE, PRODUCT], 400, [LIKE])
    assert set(table["model"]) == {SINGLE, PRODUCT, TRUTH} and set(table["task"]) == {LIKE}


def test_tuning_chooses_the_lowest_loss_of_what_was_logged(short, monkeypatch):
    trained, idle = Choice(0.003, 0.01), Choice(1e-9, 0.01)
    monkeypatch.setattr(funnel, "CHOICES", {PRODUCT: [idle, trained]})
    monkeypatch.setattr(Logs, "make", staticmethod(partial(Logs.make, rows=400)))
    assert funnel.tune(PRODUCT, [1]) == {(CLICK, BOTH): trained}


def test_the_loss_of_what_was_logged_is_minus_the_log_likelihood_of_a_row(logs):
    logits = {CLICK: torch.zeros(2, funnel.VALID), LIKE: torch.zeros(2, funnel.VALID)}
    assert funnel.logged_loss(logits, logs.valid) == pytest.approx((1 + CLICKS) * np.log(2), abs=1e-5)
    assert funnel.logged_loss({BOTH: logits[CLICK]}, logs.valid) == pytest.approx(np.log(2), abs=1e-5)


def test_all_choices_are_among_the_twelve():
    for model, chosen in funnel.CHOSEN.items():
        assert len(funnel.CHOICES[model]) == 12
        assert set(chosen) == set(funnel.parts(model)) and set(chosen.values()) <= set(funnel.CHOICES[model])


def test_an_unknown_model_is_named():
    with pytest.raises(ValueError, match=r"^model: got 'ESM'"):
        funnel.build("ESM", (CLICK,), 0.0, 0)
    assert isinstance(funnel.build(PRODUCT, (), 0.0, 0), ESMM)


@pytest.mark.long
def test_a_sample_of_the_grids_trains_to_the_kept_numbers():
    new = funnel.compare([3, 11], [UNSEEN], [1.0], [SINGLE, PRODUCT], tasks=[LIKE])
    keys = ["kind", "strength", "rows", "model", "seed", "task"]
    both = funnel.GRIDS["07_funnel"].read().merge(new, on=keys)
    assert len(both) == len(new) == 6
    np.testing.assert_allclose(both["auc_x"], both["auc_y"], atol=0.02)
    np.testing.assert_allclose(both["ratio_x"], both["ratio_y"], atol=0.1)

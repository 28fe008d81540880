"""The experiments of chapter 05: what their tables hold, and what the pairs of tasks are."""

from functools import partial

import numpy as np
import pytest
import torch

from helpers.chapters.ch05 import balancers
from helpers.data.synthetic import relu_tasks
from helpers.lab import claims_of
from helpers.lab.ch05 import balancers as lab_balancers
from helpers.lab.ch05.more_balancers import toy
from helpers.lab.claim import Contrast
from helpers.training.balancing import UWL


def test_the_fast_and_the_slow_pair_has_the_targets_it_says():
    pair = balancers.speed_pair(seed=3)
    assert (len(pair.train), len(pair.valid), len(pair.test)) == (500, 500, 2000)
    x, labels = pair.test.inputs, pair.test.labels
    for task in "ab":
        assert labels[task].var().item() == pytest.approx(1, abs=0.25)
    left = labels["a"] - x @ torch.linalg.lstsq(x, labels["a"]).solution
    assert left.abs().max() < 1e-4  # a straight line, without noise
    straight = x @ torch.linalg.lstsq(x, labels["b"]).solution
    assert straight.var() < 0.05  # a product: a straight line knows nothing of it
    noisy = pair.train.labels["a"] - pair.train.inputs @ torch.linalg.lstsq(x, labels["a"]).solution
    assert noisy.std().item() == pytest.approx(0.5, abs=0.05)


def test_the_clean_pair_has_noise_in_a_alone():
    clean, noisy = lab_balancers.clean_pair(seed=4), balancers.disjoint_pair(seed=4)
    exact = relu_tasks(noise=0.0, shared=0, seed=4)
    for part in ("train", "valid"):
        assert torch.equal(getattr(clean, part).labels["a"], getattr(noisy, part).labels["a"])
        assert torch.equal(getattr(clean, part).labels["b"], getattr(exact, part).labels["b"])


def test_each_method_has_the_same_budget():
    own = {"tuned weights", "UWL", "GradNorm", "DWA", "smooth Chebyshev", "CAGrad"}
    own |= {"UWL from log L", "UWL, divided", "GradNorm, divided", "DWA, divided"}
    assert {len(lab_balancers.BUDGET[method]) for method in own} == {18}
    rest = set(lab_balancers.BUDGET) - own
    assert {len(lab_balancers.BUDGET[method]) for method in rest} == {len(lab_balancers.RATES)}
    for settings in lab_balancers.BUDGET.values():
        assert {setting.lr for setting in settings.values()} == set(lab_balancers.RATES)
    assert {len(settings) for settings in toy.BUDGET.values()} == {16}


def test_every_method_chose_a_setting_of_its_budget():
    for chosen, several, methods, budget in (
        (lab_balancers.CHOSEN, balancers.SITUATIONS, lab_balancers.METHODS, lab_balancers.BUDGET),
        (lab_balancers.CHOSEN_CANDIDATES, balancers.SITUATIONS, lab_balancers.CANDIDATES, lab_balancers.BUDGET),
        (lab_balancers.CHOSEN_TOLD, lab_balancers.UNEQUAL, lab_balancers.TOLD, lab_balancers.BUDGET),
        (toy.CHOSEN, toy.SIGMAS, toy.METHODS, toy.BUDGET),
        (toy.CHOSEN_TOLD, [2], toy.TOLD, toy.BUDGET),
    ):
        assert list(chosen) == list(several)
        for settings in chosen.values():
            assert list(settings) == list(methods)
            assert all(setting in budget[method] for method, setting in settings.items())


def test_one_smallest_effect_for_the_whole_chapter():
    assert {claim.smallest for claim in claims_of("ch05").values()} == {0.01}  # and the text says so


def test_settings_were_chosen_on_seeds_of_which_no_result_is_told():
    grids = lab_balancers.TABLES | toy.TABLES
    chosen_on = {seed for name, grid in grids.items() if "tuning" in name for seed in grid.settings["seeds"]}
    told = {seed for name, grid in grids.items() if "tuning" not in name for seed in grid.settings["seeds"]}
    assert chosen_on.isdisjoint(told) and max(chosen_on) < 5000  # from there on `make claims` counts


@pytest.mark.long
def test_a_network_rate_and_a_share_reach_the_training():
    one = lab_balancers._trained("narrow bottom", "tuned weights", "share 0.25, network 0.003", [0])[1]
    at = balancers.SITUATIONS["narrow bottom"]
    assert one["r2"].tolist() == balancers.train(at, [0], share=0.25, lr=0.003)[1]["r2"].tolist()
    assert one["r2"].tolist() != balancers.train(at, [0], share=0.25, lr=0.01)[1]["r2"].tolist()


@pytest.mark.parametrize("told", [{"share": 0.4}, {"share": 0.5, "balance": UWL(1.0)}])
def test_division_makes_the_scale_vanish(told):
    small, large = (balancers.Situation(balancers.disjoint_pair, scale) for scale in (1, 100))
    one, two = (balancers.train(at, [0, 1], epochs=20, **told)[1] for at in (small, large))
    assert one.equals(two)


def test_uwl_from_log_l_starts_with_each_task_at_the_weight_that_a_constant_guess_deserves():
    at, seeds = balancers.SITUATIONS["100 : 1"], range(20)
    weights = balancers.train(at, seeds, balance=partial(UWL, 1e-6), epochs=1)[0].weights.groupby("task")["weight"]
    for task, weight in weights.mean().items():  # of the loss without the factor, which `fit` includes
        of_constant = np.mean([at.pair(seed).train.labels[task].var() for seed in seeds])
        assert weight == pytest.approx(1 / (2 * of_constant), rel=0.1)


def test_a_claim_speaks_of_every_method_at_100_to_1():
    """Who adds one to the candidates states what it does there."""
    stated = {
        claim.effect.terms and next(iter(claim.effect.terms))
        for claim in claims_of("ch05").values()
        if claim.grid in ("05_sizes", "05_candidates") and isinstance(claim.effect, Contrast)
    }
    assert {*lab_balancers.CANDIDATES, "UWL", "GradNorm"} <= stated


@pytest.mark.long
def test_with_one_state_both_tasks_are_judged_at_the_best_total():
    table = lab_balancers.one_state([0, 1], ["single-task", "equal weights"])
    r2 = table.set_index(["model", "state", "seed", "task"])["r2"].sort_index()
    assert r2["single-task", "own"].equals(r2["single-task", "one"])
    assert not r2["equal weights", "own"].equals(r2["equal weights", "one"])
    at = balancers.SITUATIONS["narrow bottom"]
    setting = lab_balancers.BUDGET["equal weights"][lab_balancers.CHOSEN["narrow bottom"]["equal weights"]]
    run, own = balancers.train(at, [0, 1], lr=setting.lr)
    assert r2["equal weights", "own"].tolist() == own.sort_values(["seed", "task"])["r2"].tolist()
    for seed in (0, 1):
        test = at.pair(seed).test
        outputs = run.copies.predict(test.inputs, run.best["total"][1])
        left = (outputs["a"][seed] - test.labels["a"]).square().mean() / test.labels["a"].var(correction=0)
        assert r2["equal weights", "one", seed, "a"] == pytest.approx(1 - left.item(), abs=1e-4)


@pytest.mark.long
def test_scales_has_the_weights_as_they_move_and_equal_weights_do_not():
    table = lab_balancers.scales([0, 1], ["disjoint features"], [1, 100], ["equal weights", "GradNorm"])
    moving = balancers.traces(table)
    assert len(moving) == len(table) * len(balancers.LOOKS)
    total = moving.groupby(["scale", "method", "seed", "epoch"])["weight"].sum()
    np.testing.assert_allclose(total, 2, atol=1e-5)
    assert (moving[moving["method"] == "equal weights"]["weight"] == 1).all()
    late = moving[(moving["method"] == "GradNorm") & (moving["epoch"] == 250) & (moving["scale"] == 100)]
    assert late[late["task"] == "a"]["weight"].max() < 0.1


def test_twins_are_two_copies_of_one_task():
    labels = lab_balancers.TWINS["twins"].pair(5).test.labels
    assert torch.equal(labels["a"], labels["b"])


def test_a_toy_world_has_tasks_alike_but_for_their_scale():
    x, y = toy.world(2, seed=0)
    assert x.shape == (2500, toy.INPUTS) and y.shape == (2, 2500, toy.OUTPUTS)
    assert y[0].abs().max() <= 1 and 90 < y[1].abs().max() <= 100
    alike = torch.corrcoef(torch.stack([y[0].flatten(), y[1].flatten()]))[0, 1]
    assert 0.5 < alike < 0.95


@pytest.mark.long
def test_toy_starts_at_loss_1_with_equal_weights_and_is_paired():
    table = toy.toy([0, 1], tasks=[2], methods=["equal weights", "divided by σ²", "GradNorm", "UWL, divided"])
    start = table[table["step"] == 0]
    told = start["method"].isin(["divided by σ²", "UWL, divided"])
    assert (start["loss"] == 1).all() and (start[~told]["weight"] == 1).all()
    assert start[told & (start["task"] == 1)]["weight"].tolist() == pytest.approx([2e-4] * 4, rel=1e-3)
    fixed = table[table["method"] == "divided by σ²"].groupby("task")["weight"].unique()
    assert len(fixed[0]) == len(fixed[1]) == 1 and fixed[0][0] / fixed[1][0] == pytest.approx(100**2, rel=1e-3)
    np.testing.assert_allclose(table.groupby(["method", "seed", "step"])["weight"].sum(), 2, atol=1e-5)
    loss = toy.normalised(table).set_index(["method", "seed", "step"])["loss"]
    assert loss["equal weights", 0, 0] == 1 and loss["GradNorm", 0, toy.STEPS] < 1

"""The twenty: each rule by another route than its own, that of its paper, and what all of them share in training."""

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from helpers.chapters.ch05.studies.more_balancers import rules, twenty
from helpers.evaluation.metrics import r2
from helpers.models.copies import Copies
from helpers.models.shared_bottom import SharedBottom
from helpers.training.balancing import surgery
from helpers.training.loop import fit
from tests.chapters.ch05.studies.test_candidates import on_simplex, pairs, products

FOUR = pairs(7, count=12, tasks=4).double()


def step(weights: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    return (weights.unsqueeze(-1) * gradients).sum(-2)


def test_upgrad_is_the_mean_of_the_projections_onto_the_steps_that_harm_no_task():
    found = step(rules.upgrad(products(FOUR)), FOUR)
    normed = FOUR / FOUR.norm(dim=-1, keepdim=True)
    of_normed = step(rules.upgrad_normed(products(FOUR)).double(), FOUR)
    for gradients, mean in ((FOUR, found), (normed, of_normed)):
        for case, ours in zip(gradients.numpy(), mean.numpy(), strict=True):
            projected = [own + case.T @ nnls(case.T, -own)[0] for own in case]
            assert np.linalg.norm(ours - np.mean(projected, 0)) < 1e-3 * np.linalg.norm(ours)
            assert (case @ ours > -1e-3 * np.linalg.norm(ours) * np.linalg.norm(case, axis=1)).all()


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 5.0])
def test_fairgrad_solves_its_equation_and_is_nash_at_1(alpha):
    weights = rules.fair(products(FOUR), alpha).double()
    ratio = (products(FOUR) @ weights.unsqueeze(-1))[..., 0] * weights ** (1 / alpha)
    assert (weights > 0).all() and (ratio / ratio[:, :1] - 1).abs().max() < 0.01  # up to one factor for all tasks


def test_imtl_has_equal_projections_on_all_gradients_and_weights_with_the_sum_1():
    weights = rules.impartial(products(FOUR)).double()
    along = torch.einsum("ctn,cn->ct", FOUR, step(weights, FOUR)) / FOUR.norm(dim=-1)
    assert (along / along[:, :1] - 1).abs().max() < 0.01 and torch.allclose(weights.sum(-1), torch.ones(12).double())


def test_aligned_makes_all_principal_components_as_long_as_the_shortest():
    found = step(rules.aligned(products(FOUR)).double(), FOUR)
    for case, ours in zip(FOUR.numpy(), found.numpy(), strict=True):
        left, sizes, right = np.linalg.svd(case, full_matrices=False)
        assert np.linalg.norm(ours - (sizes[-1] * left @ right).mean(0)) < 1e-2 * np.linalg.norm(ours)


def test_pe_ltr_and_sdmgrad_find_the_shortest_vector_among_those_they_allow():
    floor, pull, mean = 0.1, 0.3, np.full(4, 0.25)
    for case in FOUR:
        gradients, known = case.numpy(), products(case)
        shares = on_simplex(lambda w, g=gradients: np.square((floor + 0.6 * w) @ g).sum(), 4)
        assert rules.floored(known, floor).numpy() == pytest.approx(floor + 0.6 * shares, abs=0.01)
        shares = on_simplex(lambda w, g=gradients: np.square((w + pull * mean) @ g).sum(), 4)
        assert rules.directed(known, pull).numpy() == pytest.approx((shares + pull * mean) / 1.3, abs=0.01)


def begun(balance, seeds=(3,)):
    models = [SharedBottom(20, twenty.TASKS, [8], [8], seed=seed) for seed in seeds]
    balance.begin(Copies(models), list(twenty.TASKS), list(seeds))
    return balance


def test_gradvac_begins_as_pcgrad_and_then_turns_a_gradient_until_it_has_the_mean_cosine():
    known = products(FOUR[:1]).float()
    first = begun(rules.GradVac(0.1)).weigh(known)
    order = torch.randperm(4, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(first, surgery(known, order[None]), rtol=1e-3, atol=1e-4)
    vaccine = begun(rules.GradVac(0.0))
    vaccine.goal = torch.full((1, 4, 4), 0.5)
    two = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.9]])  # the first two are below 0.5
    vaccine.goal[:, :, 2:] = vaccine.goal[:, 2:] = -0.9  # and only they are turned
    turned = step(vaccine.weigh(products(two)[None])[0], two) - two[2] - two[3]
    angle = torch.tensor([1 / 3**0.5, 1 / 3**0.5])  # what (1, 0) lacks of the direction (0, 1), and the other way
    torch.testing.assert_close(turned, two[0] + two[1] + angle, rtol=1e-3, atol=1e-3)


def test_famo_gives_more_to_the_loss_whose_log_has_fallen_less():
    famo, leaf = begun(rules.FAMO(0.1)), torch.tensor([[100.0, 1.0, 10.0, 1.0]], requires_grad=True)
    famo.backward(leaf * 1)
    assert (famo.weights * leaf).detach()[0].tolist() == pytest.approx([1 / 2.11] * 4)  # w ∝ 1/L, with the sum 1
    famo.backward(leaf * torch.tensor([0.5, 0.9, 0.9, 0.9]))
    shares = (famo.weights * leaf * torch.tensor([0.5, 0.9, 0.9, 0.9])).detach()[0]
    assert shares[0] < shares[1:].min()


def test_random_weights_are_new_in_each_step_and_follow_the_seed():
    drawn = []
    for _ in range(2):
        rlw, leaf = begun(rules.RLW(), seeds=(3, 4)), torch.ones(2, 4, requires_grad=True)
        for _ in range(2):
            rlw.backward(leaf * 1)
            drawn.append(rlw.weights)
    assert torch.equal(drawn[0], drawn[2]) and not torch.allclose(drawn[0], drawn[1])
    assert not torch.allclose(drawn[0][0], drawn[0][1]) and torch.allclose(drawn[0].sum(-1), torch.ones(2))


def test_a_rule_for_one_model_such_as_a_weighting_of_torchjd_is_a_balance():
    """Such a weighting takes `(tasks, tasks)` and gives `(tasks,)`."""
    one = torch.nn.Sequential()
    one.forward = lambda gramian: torch.ones(len(gramian)) / len(gramian)
    balance, model = rules.ByProducts(one), SharedBottom(20, twenty.TASKS, [8], [8], seed=0)
    balance.begin(Copies(model), list(twenty.TASKS), [0])
    output = Copies(model)(torch.ones(3, 20))
    balance.backward(torch.stack([output[task].square().mean(-1) for task in twenty.TASKS], dim=-1))
    assert balance.weights.tolist() == [[0.25] * 4] and model.bottom.layers[0].weight.grad is not None


@pytest.mark.slow
@pytest.mark.parametrize("model", ["mean of losses", "UPGrad"])
def test_the_networks_are_those_that_fit_trains(monkeypatch, model):
    """Though its gradients come from one backward pass through the towers, and each copy has a rate of its own."""
    monkeypatch.setattr(twenty, "EPOCHS", 25)
    ((own, balance),) = twenty.METHODS[model].items()
    ours = twenty._r2(model, own, [0.01, 0.03], [0, 1]).query("setting.str.contains('0.03') and seed == 1")
    train, valid, test = twenty.four_tasks(1)
    network = SharedBottom(20, twenty.TASKS, [8], [8], seed=1)
    options = {"epochs": 25, "batch_size": None, "evaluate_every": 25, "lr": 0.03, "progress": False}
    run = fit(network, train, valid, balance=balance, task_weights=twenty.SIZES, **options)
    theirs = {task: r2(output, test.labels[task]) for task, output in run.predict(test.inputs).items()}
    assert ours.set_index("task")["r2"].to_dict() == pytest.approx(theirs, abs=2e-3)


@pytest.mark.slow
def test_copies_get_the_numbers_they_would_get_alone(monkeypatch):
    monkeypatch.setattr(twenty, "EPOCHS", 4)
    monkeypatch.setattr(twenty, "EVERY", 2)
    for model in twenty.TWENTY:
        own = next(iter(twenty.METHODS[model]))
        together, alone = (twenty._r2(model, own, [0.03], seeds) for seeds in ([0, 1], [1]))
        assert together[together["seed"] == 1]["r2"].tolist() == pytest.approx(alone["r2"].tolist(), abs=2e-3), model

"""The candidates: what their formulas say by hand, what their papers promise of a step, and how they train."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from helpers.chapters.ch05 import balancers
from helpers.chapters.ch05.studies.more_balancers.candidates import (
    DWA,
    MGDA,
    CAGrad,
    NormedGradients,
    SmoothChebyshev,
    cagrad_weights,
    dwa_weights,
    mgda_weights,
    normed_weights,
    smooth_chebyshev,
)
from helpers.models.copies import Copies
from helpers.models.shared_bottom import SharedBottom
from helpers.training.balancing import SumOfLogs
from helpers.training.loop import fit

EVERY = [SumOfLogs(), DWA(), SmoothChebyshev(), MGDA(), CAGrad(), NormedGradients()]
NAMES = [type(balance).__name__ for balance in EVERY]
MODEL = (20, {"a": "regression", "b": "regression"}, [4], [4])


def pairs(seed: int, count: int = 50, tasks: int = 2) -> torch.Tensor:
    """Gradients of some tasks, `(count, tasks, 5)`, opposed and not, the first up to a hundred times as long."""
    draw = torch.Generator().manual_seed(seed)
    lengths = 100 ** torch.rand(count, 1, generator=draw)
    both = torch.randn(count, tasks, 5, generator=draw)
    both[:, 0] *= lengths
    return both


def on_simplex(function, count: int) -> np.ndarray:
    """Where scipy finds it smallest, among shares."""
    whole = {"type": "eq", "fun": lambda shares: shares.sum() - 1}
    scale, start = function(np.full(count, 1 / count)), np.full(count, 1 / count)
    options = {"bounds": [(0, 1)] * count, "constraints": whole, "options": {"ftol": 1e-14, "maxiter": 1000}}
    return minimize(lambda shares: function(shares) / scale, start, method="SLSQP", **options).x


def products(both: torch.Tensor) -> torch.Tensor:
    return both @ both.mT


# --- the formulas -----------------------------------------------------------------------------------------------------


def test_dwa_gives_more_to_the_loss_that_fell_less():
    # a: 4 → 2, b: 4 → 3; ratios ½ and ¾
    weights = dwa_weights(torch.tensor([4.0, 4.0]), torch.tensor([2.0, 3.0]), temperature=0.25)
    e = torch.e
    assert weights.tolist() == pytest.approx([2 * e**2 / (e**2 + e**3), 2 * e**3 / (e**2 + e**3)])
    three = dwa_weights(torch.tensor([4.0, 4.0, 1.0]), torch.tensor([2.0, 2.0, 0.5]), temperature=2.0)
    assert three.tolist() == pytest.approx([1, 1, 1])


def test_smooth_chebyshev_lies_between_the_largest_loss_and_mu_log_t_above_it():
    losses = torch.rand(50, 3, generator=torch.Generator().manual_seed(1))
    largest = losses.amax(-1)
    for mu in (0.01, 0.1, 1.0):
        smooth = smooth_chebyshev(losses, mu)
        assert (smooth >= largest - 1e-6).all() and (smooth <= largest + mu * torch.tensor(3.0).log() + 1e-6).all()
    assert torch.allclose(smooth_chebyshev(losses, 1e-3), largest, atol=2e-3)


def test_normed_gradients_are_equally_long_as_nash_and_imtl_ask_for_two_tasks():
    both = pairs(3)
    weights = normed_weights(products(both))
    lengths = (weights.unsqueeze(-1) * both).norm(dim=-1)
    assert torch.allclose(lengths[:, 0], lengths[:, 1], rtol=1e-3)
    assert torch.allclose(weights.sum(-1), torch.tensor(2.0))
    step = (weights.unsqueeze(-1) * both).sum(-2)
    along = torch.einsum("ctn,cn->ct", both, step)  # gᵢ · step
    projections = along / both.norm(dim=-1)
    assert torch.allclose(projections[:, 0], projections[:, 1], rtol=1e-2, atol=1e-3)  # IMTL-G: equal projections
    nash = weights * along  # Nash-MTL: gᵢ · step = 1 / wᵢ, up to one factor for both
    assert torch.allclose(nash[:, 0], nash[:, 1], rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("count", [2, 4])
def test_the_step_of_mgda_is_the_shortest_and_harms_no_task(count):
    """Of the shortest vector of a hull d each product gᵢ·d is at least ‖d‖², and just that where gᵢ takes part."""
    both = pairs(4, tasks=count).double()
    weights = mgda_weights(products(both)) / count
    step = (weights.unsqueeze(-1) * both).sum(-2)
    over = torch.einsum("ctn,cn->ct", both, step) / step.square().sum(-1, keepdim=True) - 1
    assert (over > -1e-4).all() and over[weights > 1e-6].abs().max() < 1e-3


@pytest.mark.parametrize("c", [0.2, 0.4, 0.95])
@pytest.mark.parametrize("count", [2, 4])
def test_cagrad_is_the_solution_of_its_dual(c, count):
    for both in pairs(5, count=8, tasks=count).double():
        gradients, mean = both.numpy(), both.mean(0).numpy()

        def dual(shares, gradients=gradients, mean=mean):
            mixed = shares @ gradients
            return mixed @ mean + c * np.linalg.norm(mean) * np.linalg.norm(mixed)

        shares, length = on_simplex(dual, count), np.linalg.norm(mean)
        mixed = shares @ gradients
        step = count * (mean + c * length * mixed / np.linalg.norm(mixed))
        found = (cagrad_weights(products(both), c).unsqueeze(-1) * both).sum(0).numpy()
        assert np.linalg.norm(found - step) < 5e-2 * np.linalg.norm(step)


# --- as balances ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("balance", EVERY, ids=NAMES)
def test_copies_get_the_numbers_they_would_get_alone(balance):
    at = balancers.SITUATIONS["narrow bottom"]
    together = balancers.train(at, [0, 1, 2], balance=balance, epochs=20)[1]
    for seed in (0, 1, 2):
        alone = balancers.train(at, [seed], balance=balance, epochs=20)[1]
        own = together[together["seed"] == seed]
        assert own["r2"].tolist() == pytest.approx(alone["r2"].tolist(), abs=2e-3)


@pytest.mark.parametrize("balance", EVERY, ids=NAMES)
def test_the_gradient_is_that_of_the_weighted_losses(balance):
    """On the shared parameters; of MGDA, CAGrad and normed gradients a tower's own gradient stays as it is."""
    pair, kept = balancers.disjoint_pair(0), {}
    for name in ("balance", "sum"):
        copies = Copies(SharedBottom(*MODEL, seed=0))
        outputs = copies(pair.train.inputs)
        losses = torch.stack([(outputs[t] - pair.train.labels[t]).square().mean(-1) for t in "ab"], dim=-1)
        if name == "balance":
            balance.begin(copies, ["a", "b"], [0])
            balance.backward(losses)
        else:
            (balance.weights * losses).sum().backward()
        kept[name] = copies.parameters["bottom.layers.0.weight"].grad
    assert torch.allclose(kept["balance"], kept["sum"], atol=1e-6)


WRONG = {"temperature: got 0": (DWA, 0), "mu: got -1": (SmoothChebyshev, -1), "c: got 1.5; expected": (CAGrad, 1.5)}


@pytest.mark.parametrize("words", WRONG)
def test_settings_that_make_no_sense_are_named(words):
    make, wrong = WRONG[words]
    with pytest.raises(ValueError, match=words):
        make(wrong)


SEES = {SumOfLogs: False, SmoothChebyshev: False, NormedGradients: False, DWA: True, MGDA: True, CAGrad: True}


@pytest.mark.parametrize(("make", "sees"), SEES.items())
def test_which_of_them_see_the_unit_of_a_loss(make, sees):
    pair = balancers.disjoint_pair(0)
    kept = []
    for factor in (1.0, 100.0):
        options = {"epochs": 5, "batch_size": None, "progress": False, "task_weights": {"a": factor, "b": 1.0}}
        run = fit(SharedBottom(*MODEL, seed=0), pair.train, balance=make(), **options)
        weights = run.weights.query("epoch == 5").set_index("task")["weight"]
        kept.append(weights["a"] / weights["b"])
    assert (kept[1] != pytest.approx(kept[0], rel=1e-2)) == sees

"""Labels that come late: the law of the delay, what a loss says of a row, and what knows the future alone."""

import dataclasses

import numpy as np
import pytest
import torch

from helpers.chapters.ch07.studies.late_labels import clicks, corrections
from helpers.chapters.ch07.studies.late_labels.clicks import EXPONENTIAL, TWO_SPEEDS

SEEDS = [3, 4]


@pytest.fixture(scope="module", autouse=True)
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clicks, "A_DAY", 300)
        patch.setattr(clicks, "TEST", 2_000)
        patch.setattr(corrections, "STEPS", 3)
        yield


@pytest.fixture(scope="module")
def both(small):
    return clicks.make(SEEDS, period=40.0)


@pytest.mark.slow
@pytest.mark.parametrize("law", [EXPONENTIAL, TWO_SPEEDS])
def test_purchases_come_by_the_law_that_is_told(law):
    log, _ = clicks.make(range(6), np.inf, law)
    dear = (log.inputs[..., -2] - log.inputs[..., -1]).numpy()
    mean = torch.tensor(clicks.mean_delay(log.category.numpy(), dear))
    for days in (0.1, 1.0, 5.0):
        chance = 1 - torch.exp(-days / mean)
        if law == TWO_SPEEDS:
            chance = (chance + 1 - np.exp(-days / clicks.SESSION)) / 2
        for slow in (0, 1):
            rows = log.bought & (log.category % 2 == slow)
            error = (chance[rows].mean() * (1 - chance[rows].mean()) / rows.sum()) ** 0.5
            assert (log.delay[rows] <= days).double().mean() == pytest.approx(chance[rows].mean().item(), abs=4 * error)


def test_a_purchase_has_the_chance_that_is_told_and_the_test_is_the_day_after(both):
    for rows in both:
        error = (rows.chance * (1 - rows.chance)).mean().sqrt() / rows.bought.numel() ** 0.5
        assert rows.bought.float().mean() == pytest.approx(rows.chance.mean().item(), abs=4 * error)
        assert torch.equal(rows.bought, rows.delay.isfinite())
    log, test = both
    assert log.day.min() >= 0 and log.day.max() < clicks.DAYS <= test.day.min() and test.day.max() < clicks.DAYS + 1


def test_the_likelihood_of_a_delay_is_that_of_its_density():
    """Over all that may be seen of a click at its age, the chances add up to 1."""
    logit, log_rate, age = torch.tensor([0.3, -2.0]).double(), torch.tensor([-1.0, 0.5]).double(), torch.tensor(4.0)
    delays = torch.linspace(0, 4, 40_001).double()[:, None].expand(-1, 2)
    bought = torch.exp(-corrections.delay_loss(logit, log_rate, torch.tensor(True), delays, age))
    not_yet = torch.exp(-corrections.delay_loss(logit, log_rate, torch.tensor(False), torch.tensor(torch.inf), age))
    assert torch.trapezoid(bought, delays, dim=0) + not_yet == pytest.approx(torch.ones(2).double(), abs=1e-6)


def test_both_losses_of_a_share_agree_with_the_chance_of_a_purchase_by_now():
    logit, share = torch.tensor([0.3, -2.0, 5.0]), torch.tensor([0.2, 0.9, 1.0])
    by_now = torch.sigmoid(logit) * share
    not_yet = corrections.shares_loss(logit, share, torch.tensor(False))
    assert not_yet == pytest.approx(-torch.log1p(-by_now), rel=1e-5)
    rate, age = torch.tensor(0.4), -torch.log(1 - share[:2]) / 0.4  # an exponential that has come to these shares
    of_delay = corrections.delay_loss(logit[:2], rate.log(), torch.tensor(False), torch.tensor(torch.inf), age)
    assert of_delay == pytest.approx(not_yet[:2], rel=1e-5)


def test_a_row_weighs_half_as_much_when_it_is_older_by_the_memory(both):
    log, _ = both
    _, weight = corrections.plan("naive", log, 4.0, SEEDS).columns
    torch.testing.assert_close(weight, weight[:, :1] * 2 ** ((log.age[:, :1] - log.age) / 4), rtol=1e-4, atol=0)


def test_the_weights_make_the_loss_of_the_stream_that_of_the_truth():
    """Half of six purchases come late: the rows of the stream, weighted, are those of whoever buys in the end."""
    rows, early, late = 20, 3, 3
    positive, negative = corrections.importance(torch.tensor(late / rows), torch.tensor(14 / (rows - early)))
    stream = rows + late
    assert positive * (early + late) / stream == pytest.approx((early + late) / rows)
    assert negative * (rows - early) / stream == pytest.approx(14 / rows)


def test_shares_are_counted_among_old_clicks():
    age = torch.tensor([[20.0, 20, 20, 15, 2, 3, 20]])
    delay = torch.tensor([[1.0, 2, 10, 2.5, 1, torch.inf, 5]])
    category = torch.tensor([[0, 0, 0, 0, 0, 0, 1]])
    log = clicks.Clicks(age, clicks.DAYS - age, delay.isfinite(), delay, age, category, category)
    shares = corrections.counted_shares(log)
    assert shares.tolist() == [pytest.approx([1, 1, 1, 1, 0.5, 0.75, 1])]


@pytest.mark.slow
@pytest.mark.parametrize("model", corrections.TRAINED)
def test_only_the_aim_knows_what_is_still_to_come(both, model):
    """Purchases after the last day leave no trace in what a model is trained on."""
    log, test = both
    to_come = log.bought & ~log.came
    gone = dataclasses.replace(log, bought=log.came, delay=torch.where(to_come, torch.inf, log.delay))
    answers = []
    for rows in (log, gone):
        trained = corrections.train(model, corrections.plan(model, rows, 4.0, SEEDS), rows, SEEDS)
        answers.append(corrections.chances(model, trained, rows, test, 4.0))
    assert torch.equal(*answers) == (model != "all labels")
    assert all(((p >= 0) & (p <= 1)).all() and p.shape == test.bought.shape for p in answers)


@pytest.mark.slow
def test_a_shop_gets_the_numbers_that_it_gets_alone(both):
    log, test = both
    alone, test_alone = (rows for rows in clicks.make(SEEDS[1:], period=40.0))
    together = corrections.train("naive", corrections.plan("naive", log, 4.0, SEEDS), log, SEEDS)
    single = corrections.train("naive", corrections.plan("naive", alone, 4.0, SEEDS[1:]), alone, SEEDS[1:])
    among_others = corrections.chances("divided", together, log, test, 4.0)[1]
    assert among_others == pytest.approx(corrections.chances("divided", single, alone, test_alone, 4.0)[0], abs=1e-5)


def test_what_is_judged_is_zero_for_the_truth(both):
    _, test = both
    table = corrections.chance_metrics(test.chance, test, SEEDS)
    assert table["loss"].to_numpy() == pytest.approx(0, abs=1e-4) and table["ratio"].to_numpy() == pytest.approx(1)
    assert (corrections.chance_metrics(test.chance / 2, test, SEEDS)["loss"] > 1).all()

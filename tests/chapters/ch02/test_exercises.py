"""Chapter 02: the worked solutions pass, typical wrong answers meet their own words, nothing yet is "Not yet"."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from helpers.chapters.ch02 import exercises
from tests.chapters.shared import judge, solution

NAMES = ("loss", "seconds_of_a_click", "restored", "weights", "time")


@pytest.mark.parametrize(
    ("notebook", "name"),
    [
        ("02_weighted_cross_entropy", "loss"),
        ("02_weighted_cross_entropy", "seconds_of_a_click"),
        ("deeper/02_three_losses", "restored"),
        ("deeper/02_units_and_lengths", "weights"),
        ("02_weighted_cross_entropy", "time"),
    ],
)
def test_the_worked_solution_is_correct(notebook, name):
    answer = solution(notebook, f"solution_{name}", torch=torch, np=np)
    assert judge(getattr(exercises, name), answer).startswith("Correct")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("nothing", [None, ...])
def test_untouched_is_not_yet(name, nothing):
    assert judge(getattr(exercises, name), lambda *given: nothing).startswith("Not yet")


def weighted(z, y, t):
    return torch.where(y > 0, t * F.softplus(-z), F.softplus(z))


def by_where(p):
    def answer(logit, click, seconds):
        q = p(logit)
        return torch.where(click > 0, -seconds * torch.log(q), -torch.log(1 - q))

    return answer


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (by_where(lambda z: torch.sigmoid(z.clamp(-30, 30))), "Hint 1"),
        (by_where(lambda z: torch.sigmoid(z).clamp(1e-7, 1 - 1e-7)), "Hint 1"),
        (lambda z, y, t: weighted(z, y, t).detach(), "Hint 1"),
        (lambda z, y, t: weighted(z, y, t).mean(), "8 rows gave a tensor of shape ()"),
        (lambda z, y, t: [0.0] * 8, "8 rows gave a list"),
        (lambda z, y, t: F.softplus(z) - y * z, "every row counts once"),
        (lambda z, y, t: -weighted(z, y, t), "the sign is reversed"),
        (lambda z, y, t: weighted(z, y, t) + y * F.softplus(z), "this is the corrected loss of section 3"),
        (lambda z, y, t: t * (F.softplus(z) - y * z), "rows without a click cost nothing"),
        (lambda z, y, t: torch.where(y > 0, t * F.softplus(-z), F.softplus(-z)), "do not cost −log(1 − p)"),
        (lambda z, y, t: torch.where(y > 0, t * F.softplus(z), F.softplus(z)), "do not cost −T log p"),
        (
            lambda z, y, t: -(t * y * torch.sigmoid(z).log() + (1 - y) * (1 - torch.sigmoid(z)).log()),
            "at a logit of ±200 the loss is not finite",
        ),
    ],
)
def test_a_wrong_loss_meets_its_own_words(answer, wrong):
    assert wrong in judge(exercises.loss, answer)


@pytest.mark.parametrize(
    "answer",
    [
        lambda z, c: z.exp() * (1 - c.sigmoid()) / c.sigmoid(),
        lambda z, c: (np.exp(z.numpy()) / np.exp(c.numpy())).tolist(),
        lambda z, c: [torch.exp(a - b) for a, b in zip(z, c, strict=True)],
    ],
)
def test_the_seconds_of_a_click_are_right_in_any_form(answer):
    assert judge(exercises.seconds_of_a_click, answer).startswith("Correct")


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (lambda z, c: (z - c).exp().mean(), "5 rows gave a tensor of shape ()"),
        (lambda z, c: z.exp(), "neither right for an impression nor for a click"),
        (lambda z, c: z.exp() * (1 - c.sigmoid()), "the seconds of an impression"),
        (lambda z, c: z.exp() / c.sigmoid(), "was not corrected"),
        (lambda z, c: z.exp() * c.sigmoid(), "multiplied by the click rate"),
        (lambda z, c: z.exp() / (1 + c.sigmoid()) / c.sigmoid(), "the paper's approximation"),
        (lambda z, c: z.exp() / (1 - c.sigmoid()), "goes the wrong way"),
        (lambda z, c: (c - z).exp(), "one divided by the seconds"),
        (lambda z, c: z - c, "logarithms of seconds"),
        (lambda z, c: z.sigmoid() / c.sigmoid(), "a click is watched for 4.48 seconds"),
    ],
)
def test_wrong_seconds_of_a_click_meet_their_own_words(answer, wrong):
    said = judge(exercises.seconds_of_a_click, answer)
    assert said.startswith("Not right yet") and wrong in said


def slices(edges):
    return torch.diff(edges, prepend=torch.zeros(1))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda p, edges: (p.numpy() * np.diff([0, *edges.tolist()])).sum(1).tolist(), "Correct"),
        (lambda p, edges: p @ edges, "multiplied by its edge"),
        (lambda p, edges: p[:, 1:] @ torch.diff(edges), "the first slice"),
        (lambda p, edges: torch.cat([torch.ones(4, 1), p[:, :-1]], 1) @ slices(edges), "for those who enter it"),
        (lambda p, edges: p.sum(1), "these are slices, not seconds"),
        (lambda p, edges: p * slices(edges), "4 rows and 4 edges gave"),
        (lambda p, edges: 2 * (p @ slices(edges)), "seconds, not"),
    ],
)
def test_restored(answer, words):
    assert words in judge(exercises.restored, answer)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (lambda y, t, kept: torch.where(y > 0, t, 1 / kept), "clicked rows weigh their seconds"),
        (lambda y, t, kept: torch.where(y > 0, 60 * t, 1 / kept), "a minute of a click weighs 360 times"),
        (lambda y, t, kept: torch.where(y > 0, 1.0, 1 / kept), "clicked rows do not weigh their time"),
        (lambda y, t, kept: torch.where(y > 0, t / 60, torch.arange(6.0)), "do not all weigh the same"),
        (lambda y, t, kept: t / 60, "rows without a click weigh nothing"),
        (lambda y, t, kept: torch.where(y > 0, t / 60, 1.0), "ten times too large"),
        (lambda y, t, kept: torch.where(y > 0, t / 60, kept), "a minute of a click weighs 10 times an unclicked row"),
        (lambda y, t, kept: torch.where(y > 0, t / 60, 10.0), "with one in four, 0.1 times. It should be 0.1 and 0.25"),
        (lambda y, t, kept: 1 / kept, "6 rows gave a tensor of shape ()"),
    ],
)
def test_wrong_weights_meet_their_own_words(answer, wrong):
    said = judge(exercises.weights, answer)
    assert said.startswith("Not right yet") and wrong in said


@pytest.mark.parametrize(
    "answer",
    [
        lambda y, t, kept: torch.where(y > 0, t / 60 * kept, 1.0),
        lambda y, t, kept: y * t * kept / 60 + (1 - y),
        lambda y, t, kept: torch.where(y > 0, t, 60 / kept),
    ],
)
def test_a_factor_that_all_weights_have_in_common_is_free(answer):
    assert judge(exercises.weights, answer).startswith("Correct")


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (lambda clicks: clicks["watch_seconds"].mean(), "gave a result of shape ()"),
        (lambda clicks: clicks["watch_seconds"] / clicks["like"], "some T are NaN or infinite"),
        (lambda clicks: np.log(clicks["watch_seconds"]), "some T are negative"),
        (lambda clicks: 1 + 0 * clicks["duration"], "all T are equal"),
    ],
)
def test_a_t_that_the_loss_cannot_use_meets_its_own_words(answer, wrong):
    assert wrong in judge(exercises.time, answer)


@pytest.mark.parametrize(
    "answer",
    [
        lambda clicks: clicks["watch_seconds"] + 300 * clicks["like"],
        lambda clicks: 1 + 100 * clicks["like"] + 100 * clicks["finish"],
    ],
)
def test_a_bonus_for_a_like_does_not_wrap(answer):
    """The flags of the log are bytes, which hold no more than 127."""
    seen = []
    judged = judge(exercises.time, lambda clicks: seen.append(answer(clicks)) or seen[-1])
    assert judged.startswith("Correct")
    assert seen[0].max() >= 201 and seen[0].min() >= 0


@pytest.mark.long
def test_a_trial_compares_with_the_kept_worlds(monkeypatch):
    """An own T is trained in the worlds of the grid; here two of them, to be quick."""
    monkeypatch.setattr(exercises, "WORLDS", range(2))
    table = exercises.trial(lambda clicks: clicks["watch_seconds"].clip(upper=1))
    assert list(table.columns) == ["mean", "low", "high"]
    assert table.loc["duration", "mean"] < 0 < table.loc["bait", "mean"]  # nearly a click model

"""The exercises of chapter 07: the solutions pass, and typical wrong answers meet their own words."""

import pytest
import torch
import torch.nn.functional as F

from helpers.chapters.ch07 import exercises
from helpers.models.esmm import product_logit
from helpers.training.losses import binary_cross_entropy as rows_of
from tests.chapters.shared import judge

bce = F.binary_cross_entropy_with_logits


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda click, would: (click, click * would, click == 1), "Correct: two losses on all rows"),
        (lambda click, would: None, "Not yet"),
        (lambda click, would: click, "did not give back three tensors"),
        (lambda click, would: (would, click * would, click == 1), "the label of the CTR is not the click"),
        (lambda click, would: (click, would, click == 1), "1 in the third row, which nobody clicked"),
        (lambda click, would: (click, torch.maximum(click, would), click == 1), "the labels of the CTCVR should be"),
        (lambda click, would: (click, click * would, click), "Correct"),
        (lambda click, would: (click, click * would, click * would == 1), "every label is a 1"),
        (lambda click, would: (click, click * would, torch.ones(5) == 1), "the mask should be"),
        (lambda click, would: (click.double(), (click * would).long(), click.bool()), "Correct"),
        (
            lambda click, would: (click, torch.tensor([1.0, 0, 0, 0, 1]), click == 1),
            "right for five rows, and wrong for three others",
        ),
        (lambda click, would: (click, click & would, click == 1), "raised NotImplementedError"),
    ],
)
def test_labels(answer, words):
    assert words in judge(exercises.labels, answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda a, b: product_logit(a, -b), "Correct: the logit of a click that is not followed by a like"),
        (lambda a, b: -torch.logsumexp(torch.stack([-a, b, b - a]), 0), "Correct"),
        (lambda a, b: ..., "Not yet"),
        (lambda a, b: (a * b).sum(), "not one logit a row"),
        (product_logit, "a click *with* a like"),
        (lambda a, b: -product_logit(a, b), "which rows without a click have as well"),
        (lambda a, b: a * -b, "the logits were multiplied"),
        (lambda a, b: a - b, "the logits were added"),
        (lambda a, b: torch.sigmoid(a) * torch.sigmoid(-b), "this is the probability"),
        (lambda a, b: torch.minimum(a, -b), "it should be"),
        (lambda a, b: -torch.log(torch.exp(-a) + torch.exp(b) + torch.exp(b - a)), "for a logit of −200"),
        (lambda a, b: torch.logit(torch.sigmoid(a) * torch.sigmoid(-b)), "is not finite"),
        (lambda a, b: torch.logit(torch.sigmoid(a) * torch.sigmoid(-b), eps=1e-6), "rounded or clamped on the way"),
        (lambda a, b: product_logit(a.double(), -b.double()), "Correct"),
        (lambda a, b: product_logit(a, -b).detach(), "its gradient is not"),
    ],
)
def test_click_alone(answer, words):
    assert words in judge(exercises.click_alone, answer)


def two(second):
    return lambda a, b, click, like: bce(a, click) + second(a, b, click, like)


def esmm(a, b, click, like):
    return bce(a, click) + bce(product_logit(a, b), like)


def chance(a, b):
    return torch.sigmoid(a) * torch.sigmoid(b)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (two(lambda a, b, click, like: bce(product_logit(a, b), like)), "Correct: CTR on its clicks"),
        (two(lambda a, b, click, like: bce(product_logit(a, b), click * like)), "Correct"),
        (lambda a, b, click, like: None, "Not yet"),
        (lambda a, b, click, like: rows_of(a, click), "not one number in a tensor"),
        (two(lambda a, b, click, like: bce(a * b, like) + bce(b, like)), "two mistakes"),
        (two(lambda a, b, click, like: bce(a * b, like)), "Not right yet: the logits of the two towers are multiplied"),
        (two(lambda a, b, click, like: bce(b, like)), "the CVR has a loss, in which"),
        (
            two(lambda a, b, click, like: bce(product_logit(a, b), like) + bce(b, like)),
            "there is a third loss, on the CVR, over all rows",
        ),
        (
            two(lambda a, b, click, like: bce(product_logit(a, b), like) + bce(b[click == 1], like[click == 1])),
            "there is a third loss, on the CVR of clicked rows",
        ),
        (lambda a, b, click, like: bce(product_logit(a, b), like), "only the product has a loss"),
        (two(lambda a, b, click, like: bce(chance(a, b), like)), "the loss took it for a logit"),
        (
            two(lambda a, b, click, like: F.binary_cross_entropy(chance(a, b)[click == 1], like[click == 1])),
            "the loss on the product covers clicked rows only",
        ),
        (two(lambda a, b, click, like: 2 * bce(product_logit(a, b), like)), "the loss should be"),
        (two(lambda a, b, click, like: F.binary_cross_entropy(chance(a, b), like)), "cuts its logarithm off at −100"),
        (lambda a, b, click, like: esmm(a.double(), b.double(), click.double(), like.double()), "Correct"),
        (lambda a, b, click, like: esmm(a, b.detach(), click, like), "its gradient on `b` is not"),
        (two(lambda a, b, click, like: bce(product_logit(a.detach(), b), like)), "its gradient on `a` is not"),
        (lambda a, b, click, like: bce(a.detach(), click) + bce(product_logit(a, b), like), "gradient on `a` is not"),
        (
            lambda a, b, click, like: (rows_of(a, click) + rows_of(product_logit(a, b), like)).sum() / 400,
            "right for 400 rows; for 150 others",
        ),
    ],
)
def test_fixed_loss(answer, words):
    assert words in judge(exercises.fixed_loss, answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            lambda a, b, click, like: (click * rows_of(b, like) / torch.sigmoid(a).detach()).mean(),
            "Correct: each clicked",
        ),
        (lambda a, b, click, like: None, "Not yet"),
        (lambda a, b, click, like: click * rows_of(b, like), "not one number in a tensor"),
        (lambda a, b, click, like: bce(b[click == 1], like[click == 1]), "the CTR is not used"),
        (
            lambda a, b, click, like: (click * torch.sigmoid(a).detach() * rows_of(b, like)).mean(),
            "the wrong way round",
        ),
        (lambda a, b, click, like: (click * rows_of(b, like) / a.detach()).mean(), "the logit was taken for the CTR"),
        (lambda a, b, click, like: (rows_of(b, like) / torch.sigmoid(a).detach()).mean(), "rows that were not clicked"),
        (
            lambda a, b, click, like: (click * rows_of(b, like) / torch.sigmoid(a).detach()).sum() / click.sum(),
            "divided by the number of clicks",
        ),
        (lambda a, b, click, like: 3 * bce(b, like), "the loss should be"),
        (
            lambda a, b, click, like: (click * rows_of(b, like) / torch.sigmoid(a)).mean(),
            "a gradient flows into the CTR",
        ),
        (
            lambda a, b, click, like: (click * rows_of(b.double(), like) / torch.sigmoid(a.double()).detach()).mean(),
            "Correct",
        ),
        (
            lambda a, b, click, like: (click * rows_of(b, like) / torch.sigmoid(a)).mean().detach(),
            "its gradient on `b` is not",
        ),
        (
            lambda a, b, click, like: (click * rows_of(b, like) / torch.sigmoid(a).detach()).sum() / 400,
            "right for 400 rows; for 150 others",
        ),
        (
            lambda a, b, click, like: (rows_of(b, like) / torch.sigmoid(a).detach())[click == 1].sum() / len(click),
            "Correct",
        ),
    ],
)
def test_weighted_loss(answer, words):
    assert words in judge(exercises.weighted_loss, answer)


def share(chosen):
    return lambda delay, age, days: (delay[chosen(delay, age)] <= days).float().mean()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (share(lambda delay, age: (age >= 14) & delay.isfinite()), "Correct: the share of purchases"),
        (lambda delay, age, days: share(lambda d, a: (a >= 14) & d.isfinite())(delay, age, days).item(), "Correct"),
        (lambda delay, age, days: ..., "Not yet"),
        (lambda delay, age, days: delay <= days, "not one number"),
        (share(lambda delay, age: delay.isfinite()), "the young ones count, too"),
        (share(lambda delay, age: age >= 14), "how many *clicks* are bought"),
        (share(lambda delay, age: age >= 0), "how many *clicks* are bought"),
        (lambda *rows: 1 - share(lambda delay, age: (age >= 14) & delay.isfinite())(*rows), "comes later"),
        (share(lambda delay, age: (age >= 21) & delay.isfinite()), "should be"),
    ],
)
def test_share_come(answer, words):
    assert words in judge(exercises.share_come, answer)

"""The exercises of chapter 07, Explicit relations: ESMM."""

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.display.answers import close
from helpers.display.exercises import Exercise
from helpers.display.mistakes import at, cut, form, gives, otherwise, when
from helpers.models.esmm import product_logit
from helpers.training.losses import binary_cross_entropy as by_row

bce = F.binary_cross_entropy_with_logits


def _rows(seed: int, rows: int = 400) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Logits of CTR and CVR, with gradients, clicks, and likes of clicked rows."""
    draw = torch.Generator().manual_seed(seed)
    a, b = torch.randn(rows, generator=draw) - 1, torch.randn(rows, generator=draw)
    click, would = (torch.rand(rows, generator=draw) < p for p in (0.3, 0.4))
    return a.requires_grad_(), b.requires_grad_(), click.float(), (click & would).float()


labels = Exercise(
    "two losses on all rows, and a mask that keeps the CVR to what was clicked.",
    """`answer(click, would_like)`: both 0 or 1, `(n,)`; the second says what would be liked, known where clicked. Three
    tensors: the labels of CTR and of CTCVR, and the mask of the CVR's label.""",
    right=lambda click, would: (click, click * would, click == 1),
    also=[lambda c, w: (c, c * w, c), lambda c, w: (c.double(), (c * w).long(), c.bool())],
    cases=lambda: [(torch.tensor([1.0, 1, 0, 0, 1]), torch.tensor([1.0, 0, 1, 0, 1]))],
    mistakes={
        form(lambda c, w: c, lambda c, w: (c, w)): """the function did not give back three tensors with one value a row.
            Hint: labels of CTR, labels of CTCVR, mask of the CVR.
            Hint: `return ctr_label, ctcvr_label, cvr_mask`.""",
        gives(lambda yours, c, w: not close(yours[0], c), lambda c, w: (w, c * w, c == 1)): """the label of the CTR is
            not the click.
            Hint: its loss covers all impressions.
            Hint: nothing has to be computed for it.""",
        lambda c, w: (c, w, c == 1): """the label of the CTCVR is 1 in the third row, which nobody clicked.
            Hint: both must have happened.
            Hint: a product of two labels is 1 where both are 1.""",
        gives(lambda yours, c, w: not close(yours[1], c * w), lambda c, w: (c, torch.maximum(c, w), c == 1)): """the
            labels of the CTCVR should be {right[1]}, yours are {yours[1]}.
            Hint: 1 where a row was clicked and liked, 0 in all other rows.
            Hint: `click * would_like`.""",
        lambda c, w: (c, c * w, c * w == 1): """the mask keeps only the liked rows: rows clicked and not liked are
            gone, and every label is a 1.
            Hint: a click without a like was observed, too.
            Hint: whether a like could be observed depends only on the click.""",
        otherwise(lambda c, w: (c, c * w, c >= 0)): """the mask should be {right[2]}, yours is {yours[2]}.
            Hint: True where it was clicked.
            Hint: `click == 1`.""",
        at(
            (torch.tensor([0.0, 1, 1]), torch.tensor([1.0, 1, 0])),
            lambda c, w: (c, c * c.new_tensor([1, 0, 0, 0, 1])[: len(c)], c == 1),
        ): """right for five rows, and wrong for three others.
            Hint: nothing may depend on the number of rows.
            Hint: compute all three from `click` and `would_like`.""",
    },
)

FAR = [
    tuple(torch.tensor(values, requires_grad=True) for values in ([far, far, -far], [-far, 0.0, -3.0]))
    for far in (-200.0, 200.0)
]


def _chance(a: Tensor, b: Tensor) -> Tensor:
    return torch.sigmoid(a) * torch.sigmoid(b)


click_alone = Exercise(
    "the logit of a click that is not followed by a like, finite wherever its parts are.",
    "`answer(a, b)`: the logits `(n,)` of CTR and CVR become the logit of sigmoid(a) · (1 − sigmoid(b)).",
    right=lambda a, b: product_logit(a, -b),
    also=[
        lambda a, b: -torch.logsumexp(torch.stack([-a, b, b - a]), 0),
        lambda a, b: product_logit(a.double(), -b.double()),
    ],
    cases=lambda: [_rows(3)[:2]],
    mistakes={
        form(lambda a, b: (a * b).sum()): """the function gave back {came}, not one logit a row.
            Hint: the same shape as `a` and `b`.
            Hint: (n,) and (n,) become (n,).""",
        product_logit: """this is the logit of a click *with* a like.
            Hint: the other factor is 1 − CVR.
            Hint: what is the logit of 1 − σ(b)?""",
        lambda a, b: -product_logit(a, b): """this is the logit of *not (click and like)*, which rows without a click
            have as well.
            Hint: the click must have happened: a product of the CTR and 1 − CVR.
            Hint: what is the logit of 1 − σ(b)?""",
        lambda a, b: a * -b: """the logits were multiplied; the probabilities should be.
            Hint: two logits of −2 would give +4: a likely event.
            Hint: write (1 − p) / p with p = 1 / ((1 + e⁻ᵃ)(1 + eᵇ)).""",
        lambda a, b: a - b: """the logits were added: that multiplies the odds.
            Hint: odds of 1 and 1 give odds of 1; but ½ · ½ is ¼.
            Hint: write (1 − p) / p with p = 1 / ((1 + e⁻ᵃ)(1 + eᵇ)).""",
        lambda a, b: _chance(a, -b): """this is the probability; return its logit.
            Hint: log(p / (1 − p)) of it.
            Hint: write (1 − p) / p with p = 1 / ((1 + e⁻ᵃ)(1 + eᵇ)).""",
        otherwise(lambda a, b: torch.minimum(a, -b)): """for logits {0[0]:.2f} and {1[0]:.2f} it should be
            {right[0]:.3f}, yours is {yours[0]:.3f}.
            Hint: (1 − p) / p = e⁻ᵃ + eᵇ + e⁻ᵃ⁺ᵇ.
            Hint: the logit is minus the logarithm of that sum.""",
        when(
            lambda answer: not all(answer(*case).isfinite().all() for case in FAR),
            lambda a, b: -torch.log(torch.exp(-a) + torch.exp(b) + torch.exp(b - a)),
            lambda a, b: torch.logit(_chance(a, -b)),
        ): """for logits of ±200 the result is not finite.
            Hint: somewhere e²⁰⁰ or log 0 is computed.
            Hint: `torch.logsumexp(torch.stack([...]), dim=0)` never computes the large powers themselves.""",
        at(FAR, lambda a, b: torch.logit(_chance(a, -b), eps=1e-6)): """for logits of {0[0]:g} and {1[0]:g} it should be
            {right[0]:.1f}, yours is {yours[0]:.1f}.
            Hint: the probability was rounded or clamped on the way: everything beyond it looks alike.
            Hint: go from logits to the logit without a probability in between.""",
        cut(
            {"a": 0, "b": 1},
            lambda a, b: product_logit(a, -b).detach(),
            lambda a, b: product_logit(a, -b.detach()),
            cases=FAR,
        ): """for logits of ±200 the value is right, and its gradient on `{name}` is not: a model would learn nothing,
            or something else.
            Hint: `.detach()`, `.item()` and NumPy cut the gradient; `torch.where` lets a NaN of the other branch
            through.
            Hint: torch operations all the way from `a` and `b`; `torch.logsumexp` has the right gradient.""",
    },
)


def _two(second):
    """An answer with the right loss on the clicks, and this one besides."""
    return lambda a, b, click, like: bce(a, click) + second(a, b, click, like)


def _esmm(a: Tensor, b: Tensor, click: Tensor, like: Tensor) -> Tensor:
    return bce(a, click) + bce(product_logit(a, b), like)


OTHER_ROWS = """right for 400 rows; for 150 others it should be {right:.4f}, and yours is {yours:.4f}.
    Hint: nothing may depend on the number of rows.
    Hint: compute it from the four tensors that the function gets, with means over their rows."""

fixed_loss = Exercise(
    "CTR on its clicks, the product on both, and the CVR left to learn from the product.",
    "`answer(a, b, click, like)`: ESMM's loss from the logits of CTR and CVR and the labels; one number.",
    right=_esmm,
    also=[
        _two(lambda a, b, click, like: bce(product_logit(a, b), click * like)),
        lambda *rows: _esmm(*(row.double() for row in rows)),
    ],
    cases=lambda: [_rows(5)],
    mistakes={
        form(lambda a, b, click, like: by_row(a, click)): """the function gave back {came}, not one number in a tensor.
            Hint: the mean over the rows of each loss, and their sum.
            Hint: `loss(...).mean() + loss(...).mean()`.""",
        _two(lambda a, b, click, like: bce(a * b, like) + bce(b, like)): """two mistakes: the logits of the two towers
            are multiplied, and the CVR has a loss of its own.
            Hint: ESMM has two losses, and CTCVR is a product of probabilities.
            Hint: fix one of them, and check again: the check will then name the other.""",
        _two(lambda a, b, click, like: bce(a * b, like)): """the logits of the two towers are multiplied.
            Hint: CTCVR = CTR · CVR is a product of probabilities.
            Hint: two sigmoids, then the product; or `product_logit`.""",
        _two(lambda a, b, click, like: bce(b, like)): """the CVR has a loss, in which every row that was not clicked is
            a row without a like.
            Hint: that teaches the CVR tower the CTCVR: much too low.
            Hint: the second loss belongs to the product.""",
        lambda a, b, click, like: _esmm(a, b, click, like) + bce(b, like): """there is a third loss, on the CVR, over
            all rows.
            Hint: a row that was not clicked does not say whether it would be liked.
            Hint: ESMM has two losses.""",
        lambda a, b, click, like: _esmm(a, b, click, like) + bce(b[click == 1], like[click == 1]): """there is a third
            loss, on the CVR of clicked rows.
            Hint: no mistake in general, but then it is not ESMM, which has no loss on the CVR.
            Hint: ESMM has two losses.""",
        lambda a, b, click, like: bce(product_logit(a, b), like): """only the product has a loss: nothing says which of
            its factors is the CTR.
            Hint: 0.1 · 0.4 and 0.4 · 0.1 are the same product.
            Hint: add the loss of the CTR on the clicks.""",
        _two(lambda a, b, click, like: bce(_chance(a, b), like)): """the product is a probability, and the loss took it
            for a logit.
            Hint: `binary_cross_entropy_with_logits` applies a sigmoid to its input.
            Hint: `F.binary_cross_entropy` takes probabilities; better still, the logit of the product.""",
        _two(lambda a, b, click, like: bce(product_logit(a, b)[click == 1], like[click == 1])): """the loss on the
            product covers clicked rows only.
            Hint: CTCVR is the probability of a like on *any* impression.
            Hint: no mask on the second loss.""",
        otherwise(_two(lambda a, b, click, like: 2 * bce(product_logit(a, b), like))): """the loss should be
            {right:.4f}, yours is {yours:.4f}.
            Hint: the mean log loss of CTR on the clicks plus that of CTR · CVR on the likes.
            Hint: both over all rows, with equal weights.""",
        at(
            _rows(6, 150), lambda a, b, *of: (by_row(a, of[0]) + by_row(product_logit(a, b), of[1])).sum() / 400
        ): OTHER_ROWS,
        cut({"b": 1}, lambda a, b, *of: _esmm(a, b.detach(), *of)): """the number is right, and its gradient on `b` is
            not: the CVR tower would not learn from the product.
            Hint: `.detach()`, `.item()`, NumPy and `torch.no_grad` cut the gradient.
            Hint: torch operations all the way from `b` to the loss.""",
        cut(
            {"a": 0},
            _two(lambda a, b, click, like: bce(product_logit(a.detach(), b), like)),
            lambda a, b, click, like: bce(a.detach(), click) + bce(product_logit(a, b), like),
        ): """the number is right, and its gradient on `a` is not.
            Hint: the CTR tower learns from both losses: from the click, and from the product.
            Hint: no `.detach()` on `a`, in neither of the two.""",
        at(
            (torch.tensor([-120.0]), torch.tensor([-120.0]), torch.ones(1), torch.ones(1)),
            _two(lambda a, b, click, like: F.binary_cross_entropy(_chance(a, b), like)),
        ): """a row with logits of −120 that was liked costs 360; yours says {yours:.0f}.
            Hint: a probability of e⁻²⁴⁰ is rounded to 0, and torch cuts its logarithm off at −100.
            Hint: compute the loss from the logit of the product: `product_logit(a, b)`.""",
    },
)


def _weighted(of=lambda a: 1 / torch.sigmoid(a).detach(), over=lambda click: len(click), which=lambda click: click):
    """An answer with another weight, another denominator, or other rows."""
    return lambda a, b, click, like: (which(click) * by_row(b, like) * of(a)).sum() / over(click)


weighted_loss = Exercise(
    "each clicked row stands for all rows like it, and the CTR is not bent to make that cheap.",
    "`answer(a, b, click, like)`: Σ over clicked rows of BCE(b, like) / CTR, divided by all rows; one number.",
    right=_weighted(),
    also=[
        lambda *rows: _weighted()(*(row.double() for row in rows)),
        lambda a, b, click, like: (by_row(b, like) / torch.sigmoid(a).detach())[click == 1].sum() / len(click),
    ],
    cases=lambda: [_rows(7)],
    mistakes={
        form(lambda a, b, click, like: click * by_row(b, like)): """the function gave back {came}, not one number in a
            tensor.
            Hint: a sum over rows, divided by their number.
            Hint: `.mean()` over all rows, with 0 where nothing was clicked.""",
        lambda a, b, click, like: bce(b[click == 1], like[click == 1]): """the CTR is not used: this is the plain mean
            over clicked rows.
            Hint: a row that is clicked once in ten times stands for ten.
            Hint: divide each row's loss by its CTR.""",
        _weighted(torch.sigmoid): """rows that are clicked often count more: the wrong way round.
            Hint: there are too many of them already.
            Hint: divide by the CTR instead of multiplying.""",
        _weighted(lambda a: 1 / a): """the logit was taken for the CTR.
            Hint: a weight must be positive.
            Hint: `torch.sigmoid(a)`.""",
        _weighted(which=torch.ones_like): """rows that were not clicked have a loss as well.
            Hint: whether they would be liked is not known.
            Hint: multiply by the click.""",
        _weighted(over=torch.sum): """the sum was divided by the number of clicks.
            Hint: the weights make the clicked rows stand for *all* rows.
            Hint: divide by the number of all rows: a mean over them.""",
        otherwise(lambda a, b, click, like: 3 * bce(b, like)): """the loss should be {right:.4f}, yours is {yours:.4f}.
            Hint: the mean over all rows of click · BCE / CTR.
            Hint: `(click * rows / torch.sigmoid(a)).mean()`, where `rows` is the loss of each row.""",
        at(_rows(8, 150), _weighted(over=lambda click: 400)): OTHER_ROWS,
        cut({"a": 0}, _weighted(lambda a: 1 / torch.sigmoid(a))): """a gradient flows into the CTR: the loss falls when
            the model says that clicks are likely.
            Hint: the CTR is a weight here, nothing that is to be learnt from this loss.
            Hint: `.detach()` it.""",
        cut({"b": 1}, lambda *rows: _weighted()(*rows).detach()): """the number is right, and its gradient on `b` is
            not: the CVR would not learn from it.
            Hint: `.detach()` belongs only to the weight; `.item()`, NumPy and `torch.no_grad` cut the gradient, too.
            Hint: torch operations all the way from `b` to the loss.""",
    },
)


def _share(chosen=lambda delay, age: (age >= 14) & delay.isfinite()):
    """An answer that chooses other purchases."""
    return lambda delay, age, days: (delay[chosen(delay, age)] <= days).float().mean().item()


def _purchases():
    draw = torch.Generator().manual_seed(7)
    for rows, mean in ((4_000, 5.0), (600, 2.0)):
        age = 28 * torch.rand(rows, generator=draw)
        delay = mean * -torch.log(torch.rand(rows, generator=draw))
        delay[(delay > age) | (torch.rand(rows, generator=draw) > 0.4)] = torch.inf
        yield from ((delay, age, days) for days in (1.0, 3.0, 7.0))


share_come = Exercise(
    "the share of purchases that come in time, counted where all of them have had the time to come.",
    """`answer(delay, age, days)`: of clicks, `(n,)`, the time to the purchase (infinite where none has come) and
    the age; one number, the share of purchases that come within so many days, among clicks of 14 days and more.""",
    right=_share(),
    also=[lambda *rows: torch.tensor(_share()(*rows))],
    cases=_purchases,
    mistakes={
        form(lambda delay, age, days: delay <= days): """{came} came, not one number.
            Hint: a share, between 0 and 1.
            Hint: the mean of a condition, over the purchases that count.""",
        _share(lambda delay, age: delay.isfinite()): """{yours:.3f} within {2:g} days, not {right:.3f}: the young ones
            count, too.
            Hint: which purchases of yesterday's clicks have come by today?
            Hint: keep the clicks with `age >= 14`.""",
        (_share(lambda delay, age: age >= 14), _share(lambda delay, age: age >= 0)): """this is how many *clicks* are
            bought in time, not how many of the purchases come in time.
            Hint: what is never bought does not count.
            Hint: keep the rows whose delay is finite.""",
        lambda *rows: 1 - _share()(*rows): """this is the share that comes later.
            Hint: within so many days, not after them.
            Hint: `delay <= days`.""",
        otherwise(_share(lambda delay, age: (age >= 21) & delay.isfinite())): """the share within {2:g} days should be
            {right:.3f}, yours is {yours:.3f}.
            Hint: two conditions choose the purchases, a third is averaged.
            Hint: `delay[chosen] <= days`, and its mean.""",
    },
)

"""The exercises of chapter 07, Explicit relations: ESMM."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.display.exercises import Probe, begun, described, exercise, scalar, slopes
from helpers.models.esmm import product_logit
from helpers.training.losses import binary_cross_entropy


def _rows(seed: int, rows: int = 400) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Logits of CTR and CVR, clicks, and likes of clicked rows."""
    draw = torch.Generator().manual_seed(seed)
    a, b = torch.randn(rows, generator=draw) - 1, torch.randn(rows, generator=draw)
    click, would = (torch.rand(rows, generator=draw) < p for p in (0.3, 0.4))
    return a, b, click.float(), (click & would).float()


def _alike(found: Tensor, right: Tensor, tolerance: float = 1e-3) -> bool:
    """Whether gradients agree, within a part of the largest."""
    return bool((found - right).abs().max() <= tolerance * right.abs().max())


@exercise("two losses on all rows, and a mask that keeps the CVR to what was clicked.")
def labels(answer: Callable[[Tensor, Tensor], tuple]) -> Iterator[Probe]:
    """`answer(click, would_like)`: both 0 or 1, `(n,)`; the second says what would be liked, known where clicked. Three
    tensors: the labels of CTR and of CTCVR, and the mask of the CVR's label."""
    click = torch.tensor([1.0, 1.0, 0.0, 0.0, 1.0])
    would_like = torch.tensor([1.0, 0.0, 1.0, 0.0, 1.0])
    found = begun(answer(click.clone(), would_like.clone()))
    three = isinstance(found, tuple | list) and len(found) == 3 and all(isinstance(part, Tensor) for part in found)
    yield Probe(
        three and all(part.shape == click.shape for part in found),
        "the function did not give back three tensors with one value a row.",
        "labels of CTR, labels of CTCVR, mask of the CVR.",
        "`return ctr_label, ctcvr_label, cvr_mask`.",
    )
    ctr, ctcvr, mask = found
    yield Probe(
        bool((ctr.float() == click).all()),
        "the label of the CTR is not the click.",
        "its loss stands on all impressions.",
        "nothing has to be computed for it.",
    )
    yield Probe(
        not bool((ctcvr.float() == would_like).all()),
        "the label of the CTCVR is 1 in the third row, which nobody clicked.",
        "both must have happened.",
        "a product of two labels is 1 where both are 1.",
    )
    yield Probe(
        bool((ctcvr.float() == click * would_like).all()),
        f"the labels of the CTCVR should be {(click * would_like).tolist()}, yours are {ctcvr.float().tolist()}.",
        "1 where a row was clicked and liked, 0 in all other rows.",
        "`click * would_like`.",
    )
    yield Probe(
        mask.dtype == torch.bool,
        f"the mask has the dtype {mask.dtype}, and `Examples` takes bools.",
        "True where the label was observed.",
        "compare: `... == 1`.",
    )
    yield Probe(
        not bool((mask == (ctcvr == 1)).all()),
        "the mask keeps the liked rows alone: what was clicked and not liked is gone, and every label is a 1.",
        "a click without a like was observed, too.",
        "whether a like could be observed depends on the click alone.",
    )
    yield Probe(
        bool((mask == (click == 1)).all()),
        f"the mask should be {(click == 1).tolist()}, yours is {mask.tolist()}.",
        "True where it was clicked.",
        "`click == 1`.",
    )
    click, would_like = torch.tensor([0.0, 1.0, 1.0]), torch.tensor([1.0, 1.0, 0.0])
    found = answer(click.clone(), would_like.clone())
    wanted = (click, click * would_like, click)
    yield Probe(
        all(part.shape == one.shape and bool((part == one).all()) for part, one in zip(found, wanted, strict=True)),
        "right for five rows, and wrong for three others.",
        "nothing may depend on the number of rows.",
        "compute all three from `click` and `would_like`.",
    )


@exercise("the logit of a product, finite wherever its parts are.")
def stable_product(answer: Callable[[Tensor, Tensor], Tensor]) -> Iterator[Probe]:
    """`answer(a, b)`: logits `(n,)` become the logit of sigmoid(a) · sigmoid(b)."""
    a, b, *_ = _rows(3)
    found = begun(answer(a, b))
    yield Probe(
        isinstance(found, Tensor) and found.shape == a.shape,
        f"the function gave back {described(found)}, not one logit a row.",
        "the same shape as `a` and `b`.",
        "(n,) and (n,) become (n,).",
    )
    found = found.detach().float()
    wrong = (
        (
            a * b,
            "the logits were multiplied; the probabilities should be.",
            "two logits of −2 give +4 so: a likely event.",
        ),
        (a + b, "the logits were added: that multiplies the odds.", "odds of 1 and 1 give odds of 1; but ½ · ½ is ¼."),
        (
            torch.sigmoid(a) * torch.sigmoid(b),
            "this is the probability; its logit is asked for.",
            "log(p / (1 − p)) of it.",
        ),
    )
    for value, words, hint in wrong:
        yield Probe(
            not torch.allclose(found, value, atol=1e-4),
            words,
            hint,
            "write (1 − p) / p with p = 1 / ((1 + e⁻ᵃ)(1 + e⁻ᵇ)).",
        )
    right = product_logit(a, b)
    yield Probe(
        torch.allclose(found, right, atol=1e-3),
        f"for logits {a[0]:.2f} and {b[0]:.2f} it should be {right[0]:.3f}, yours is {found[0]:.3f}.",
        "(1 − p) / p = e⁻ᵃ + e⁻ᵇ + e⁻ᵃ⁻ᵇ.",
        "the logit is minus the logarithm of that sum.",
    )
    for far in (-200.0, 200.0):
        a = torch.tensor([far, far, -far], requires_grad=True)
        b = torch.tensor([far, 0.0, 3.0], requires_grad=True)
        found, right = answer(a, b).float(), product_logit(a, b)
        yield Probe(
            bool(torch.isfinite(found).all()),
            f"for a logit of {far:g} the result is not finite.".replace("-", "−"),
            "somewhere e²⁰⁰ or log 0 is computed.",
            "`torch.logsumexp(torch.stack([...]), dim=0)` never computes the large powers themselves.",
        )
        yield Probe(
            torch.allclose(found, right, rtol=1e-4),
            f"for logits of {far:g} and {far:g} it should be {right[0]:.1f}, yours is {found[0]:.1f}.".replace(
                "-", "−"
            ),
            "the probability was rounded or clamped on the way: everything beyond it looks alike.",
            "go from logits to the logit without a probability in between.",
        )
        pairs = zip(slopes(found, a, b), slopes(right, a, b), strict=True)
        yield Probe(
            all(_alike(mine, one) for mine, one in pairs),
            f"for a logit of {far:g} the value is right, and its gradient is not: a model would learn nothing, or "
            "something else.".replace("-", "−"),
            "`.detach()`, `.item()` and numpy cut the gradient; `torch.where` lets a nan of the other branch through.",
            "torch operations all the way from `a` and `b`; `torch.logsumexp` has the right gradient.",
        )


@exercise("CTR on its clicks, the product on both, and the CVR left to learn from the product.")
def mended_loss(answer: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> Iterator[Probe]:
    """`answer(a, b, click, like)`: ESMM's loss from the logits of CTR and CVR and the labels; one number."""
    a, b, click, like = _rows(5)
    value = begun(answer(a, b, click, like))
    yield scalar(value, "the mean over the rows of each loss, and their sum.", "`loss(...).mean() + loss(...).mean()`.")
    value = value.detach().float()
    bce = F.binary_cross_entropy_with_logits
    p = torch.sigmoid(a) * torch.sigmoid(b)
    on_click, right = bce(a, click), bce(a, click) + F.binary_cross_entropy(p, like)
    clicked = click == 1
    for wrong, words, hint, second in (
        (
            on_click + bce(a * b, like) + bce(b, like),
            "two mistakes: the logits of the two towers are multiplied, and a third loss stands on the CVR.",
            "ESMM has two losses, and CTCVR is a product of probabilities.",
            "fix one of them, and check again: the check will then name the other.",
        ),
        (
            on_click + bce(a * b, like),
            "the logits of the two towers are multiplied.",
            "CTCVR = CTR · CVR is a product of probabilities.",
            "two sigmoids, then the product; or `product_logit`.",
        ),
        (
            on_click + bce(b, like),
            "a loss stands on the CVR, with every row that was not clicked as a row without a like.",
            "that teaches the CVR tower the CTCVR: much too low.",
            "the second loss belongs to the product.",
        ),
        (
            right + bce(b, like),
            "there is a third loss, on the CVR, over all rows.",
            "a row that was not clicked does not say whether it would be liked.",
            "ESMM has two losses.",
        ),
        (
            right + bce(b[clicked], like[clicked]),
            "there is a third loss, on the CVR of clicked rows.",
            "no mistake in general, and no ESMM either: it has no loss on the CVR.",
            "ESMM has two losses.",
        ),
        (
            F.binary_cross_entropy(p, like),
            "only the product has a loss: nobody says which of its factors is the CTR.",
            "0.1 · 0.4 and 0.4 · 0.1 are the same product.",
            "add the loss of the CTR on the clicks.",
        ),
        (
            on_click + bce(p, like),
            "the product is a probability, and the loss took it for a logit.",
            "`binary_cross_entropy_with_logits` puts a sigmoid on what it gets.",
            "`F.binary_cross_entropy` takes probabilities; better still, the logit of the product.",
        ),
        (
            on_click + F.binary_cross_entropy(p[clicked], like[clicked]),
            "the loss on the product stands on clicked rows only.",
            "CTCVR is the chance of a like on *any* impression.",
            "no mask on the second loss.",
        ),
    ):
        yield Probe(not bool(torch.isclose(value, wrong, rtol=1e-4)), words, hint, second)
    yield Probe(
        bool(torch.isclose(value, right, rtol=1e-3)),
        f"the loss should be {right:.4f}, yours is {value:.4f}.",
        "the mean log loss of CTR on the clicks plus that of CTR · CVR on the likes.",
        "both over all rows, with equal weights.",
    )
    a, b, click, like = _rows(6, rows=150)
    a, b = a.requires_grad_(), b.requires_grad_()
    value, right = answer(a, b, click, like), bce(a, click) + bce(product_logit(a, b), like)
    yield Probe(
        bool(torch.isclose(value.detach().float(), right, rtol=1e-3)),
        f"right for 400 rows; for 150 others it should be {right:.4f}, and yours is {value:.4f}.",
        "nothing may depend on the number of rows.",
        "compute it from the four tensors that the function gets.",
    )
    (by_a, by_b), (right_a, right_b) = slopes(value, a, b), slopes(right, a, b)
    yield Probe(
        _alike(by_b, right_b),
        "the number is right, and its gradient on `b` is not: the CVR tower would not learn from the product.",
        "`.detach()`, `.item()`, numpy and `torch.no_grad` cut the gradient.",
        "torch operations all the way from `b` to the loss.",
    )
    yield Probe(
        _alike(by_a, right_a),
        "the number is right, and its gradient on `a` is not.",
        "the CTR tower learns from both losses: from the click, and from the product.",
        "no `.detach()` on `a`, in neither of the two.",
    )
    a, b = torch.tensor([-120.0]), torch.tensor([-120.0])
    value = answer(a, b, torch.ones(1), torch.ones(1)).float()
    yield Probe(
        bool(torch.isclose(value, torch.tensor(360.0), rtol=1e-3)),
        f"a row with logits of −120 that was liked costs 360; yours says {value:.0f}.",
        "a probability of e⁻²⁴⁰ is rounded to 0, and torch cuts its logarithm off at −100.",
        "compute the loss from the logit of the product: `product_logit(a, b)`.",
    )


@exercise("each clicked row stands for all rows like it, and the CTR is not bent to make that cheap.")
def weighted_loss(answer: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]) -> Iterator[Probe]:
    """`answer(a, b, click, like)`: Σ over clicked rows of BCE(b, like) / CTR, divided by all rows; one number."""
    a, b, click, like = _rows(7)
    value = begun(answer(a, b, click, like))
    yield scalar(
        value,
        "a sum over rows, divided by their number.",
        "`.mean()` over all rows, with 0 where nothing was clicked.",
    )
    value = value.detach().float()
    rows, ctr = binary_cross_entropy(b, like), torch.sigmoid(a)
    for wrong, words, hint, second in (
        (
            (click * rows).sum() / click.sum(),
            "the CTR is not used: this is the plain mean over clicked rows.",
            "a row that is clicked once in ten times stands for ten.",
            "divide each row's loss by its CTR.",
        ),
        (
            (click * ctr * rows).mean(),
            "rows that are clicked often count more: the wrong way round.",
            "they are too many already.",
            "divide by the CTR instead of multiplying.",
        ),
        (
            (click * rows / a).mean(),
            "the logit was taken for the CTR.",
            "a weight must be positive.",
            "`torch.sigmoid(a)`.",
        ),
        (
            (rows / ctr).mean(),
            "rows that were not clicked have a loss as well.",
            "whether they would be liked is not known.",
            "multiply by the click.",
        ),
        (
            (click * rows / ctr).sum() / click.sum(),
            "the sum was divided by the number of clicks.",
            "the weights make the clicked rows stand for *all* rows.",
            "divide by the number of all rows: a mean over them.",
        ),
    ):
        yield Probe(not bool(torch.isclose(value, wrong, rtol=1e-4)), words, hint, second)
    right = (click * rows / ctr).mean()
    yield Probe(
        bool(torch.isclose(value, right, rtol=1e-3)),
        f"the loss should be {right:.4f}, yours is {value:.4f}.",
        "the mean over all rows of click · BCE / CTR.",
        "`(click * rows / torch.sigmoid(a)).mean()`, where `rows` is the loss of each row.",
    )
    a, b, click, like = _rows(8, rows=150)
    a, b = a.requires_grad_(), b.requires_grad_()
    value = answer(a, b, click, like)
    right = (click * binary_cross_entropy(b, like) / torch.sigmoid(a).detach()).mean()
    yield Probe(
        bool(torch.isclose(value.detach().float(), right, rtol=1e-3)),
        f"right for 400 rows; for 150 others it should be {right:.4f}, and yours is {value:.4f}.",
        "nothing may depend on the number of rows.",
        "a mean over the rows that the function gets.",
    )
    by_a, by_b = slopes(value, a, b)
    yield Probe(
        not bool(by_a.any()),
        "a gradient flows into the CTR: the loss falls when the model says that clicks are likely.",
        "the CTR is a weight here, nothing that is to be learnt from this loss.",
        "`.detach()` it.",
    )
    yield Probe(
        _alike(by_b, slopes(right, b)[0]),
        "the number is right, and its gradient on `b` is not: the CVR would not learn from it.",
        "`.detach()` belongs to the weight alone; `.item()`, numpy and `torch.no_grad` cut the gradient, too.",
        "torch operations all the way from `b` to the loss.",
    )

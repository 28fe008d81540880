"""The exercises of chapter 07, Explicit relations: ESMM."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.display.answers import Wrong, close, described, is_tensor, slopes
from helpers.display.exercises import exercise
from helpers.models.esmm import product_logit
from helpers.training.losses import binary_cross_entropy


def _rows(seed: int, rows: int = 400) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Logits of CTR and CVR, with gradients, clicks, and likes of clicked rows."""
    draw = torch.Generator().manual_seed(seed)
    a, b = torch.randn(rows, generator=draw) - 1, torch.randn(rows, generator=draw)
    click, would = (torch.rand(rows, generator=draw) < p for p in (0.3, 0.4))
    return a.requires_grad_(), b.requires_grad_(), click.float(), (click & would).float()


@exercise("two losses on all rows, and a mask that keeps the CVR to what was clicked.")
def labels(answer: Callable[[Tensor, Tensor], tuple]):
    """`answer(click, would_like)`: both 0 or 1, `(n,)`; the second says what would be liked, known where clicked. Three
    tensors: the labels of CTR and of CTCVR, and the mask of the CVR's label."""
    click = torch.tensor([1.0, 1.0, 0.0, 0.0, 1.0])
    would_like = torch.tensor([1.0, 0.0, 1.0, 0.0, 1.0])
    tensors = answer(click, would_like)
    if not isinstance(tensors, tuple | list) or len(tensors) != 3 or not all(is_tensor(part, 5) for part in tensors):
        raise Wrong("""the function did not give back three tensors with one value a row.
            Hint: labels of CTR, labels of CTCVR, mask of the CVR.
            Hint: `return ctr_label, ctcvr_label, cvr_mask`.""")
    ctr, ctcvr, mask = tensors
    if not close(ctr, click):
        raise Wrong("""the label of the CTR is not the click.
            Hint: its loss covers all impressions.
            Hint: nothing has to be computed for it.""")
    if close(ctcvr, would_like):
        raise Wrong("""the label of the CTCVR is 1 in the third row, which nobody clicked.
            Hint: both must have happened.
            Hint: a product of two labels is 1 where both are 1.""")
    if not close(ctcvr, click * would_like):
        raise Wrong(f"""the labels of the CTCVR should be {(click * would_like).tolist()}, yours are {ctcvr.tolist()}.
            Hint: 1 where a row was clicked and liked, 0 in all other rows.
            Hint: `click * would_like`.""")
    mask = mask != 0  # zeros and ones say the same
    if torch.equal(mask, ctcvr == 1):
        raise Wrong("""the mask keeps the liked rows alone: rows clicked and not liked are gone, and every label is a 1.
            Hint: a click without a like was observed, too.
            Hint: whether a like could be observed depends on the click alone.""")
    if not torch.equal(mask, click == 1):
        raise Wrong(f"""the mask should be {(click == 1).tolist()}, yours is {mask.tolist()}.
            Hint: True where it was clicked.
            Hint: `click == 1`.""")
    click, would_like = torch.tensor([0.0, 1.0, 1.0]), torch.tensor([1.0, 1.0, 0.0])
    if not all(map(close, answer(click, would_like), (click, click * would_like, click))):
        raise Wrong("""right for five rows, and wrong for three others.
            Hint: nothing may depend on the number of rows.
            Hint: compute all three from `click` and `would_like`.""")


@exercise("the logit of a click that is not followed by a like, finite wherever its parts are.")
def click_alone(answer: Callable[[Tensor, Tensor], Tensor]):
    """`answer(a, b)`: the logits `(n,)` of CTR and CVR become the logit of sigmoid(a) · (1 − sigmoid(b))."""
    a, b, *_ = _rows(3)
    logit, right = answer(a, b), product_logit(a, -b)
    if not is_tensor(logit, len(a)):
        raise Wrong(f"""the function gave back {described(logit)}, not one logit a row.
            Hint: the same shape as `a` and `b`.
            Hint: (n,) and (n,) become (n,).""")
    if close(logit, product_logit(a, b)):
        raise Wrong("""this is the logit of a click *with* a like.
            Hint: the other factor is 1 − CVR.
            Hint: what is the logit of 1 − σ(b)?""")
    if close(logit, -product_logit(a, b)):
        raise Wrong("""this is the logit of *not (click and like)*, which rows without a click have as well.
            Hint: the click must have happened: a product of the CTR and 1 − CVR.
            Hint: what is the logit of 1 − σ(b)?""")
    if close(logit, -a * b):
        raise Wrong("""the logits were multiplied; the probabilities should be.
            Hint: two logits of −2 would give +4: a likely event.
            Hint: write (1 − p) / p with p = 1 / ((1 + e⁻ᵃ)(1 + eᵇ)).""")
    if close(logit, a - b):
        raise Wrong("""the logits were added: that multiplies the odds.
            Hint: odds of 1 and 1 give odds of 1; but ½ · ½ is ¼.
            Hint: write (1 − p) / p with p = 1 / ((1 + e⁻ᵃ)(1 + eᵇ)).""")
    if close(logit, torch.sigmoid(a) * torch.sigmoid(-b)):
        raise Wrong("""this is the probability; return its logit.
            Hint: log(p / (1 − p)) of it.
            Hint: write (1 − p) / p with p = 1 / ((1 + e⁻ᵃ)(1 + eᵇ)).""")
    if not close(logit, right):
        raise Wrong(f"""for logits {a[0]:.2f} and {b[0]:.2f} it should be {right[0]:.3f}, yours is {logit[0]:.3f}.
            Hint: (1 − p) / p = e⁻ᵃ + eᵇ + e⁻ᵃ⁺ᵇ.
            Hint: the logit is minus the logarithm of that sum.""")
    for far, words, others in ((-200.0, "−200", "200"), (200.0, "200", "−200")):
        a = torch.tensor([far, far, -far], requires_grad=True)
        b = torch.tensor([-far, 0.0, -3.0], requires_grad=True)
        logit, right = answer(a, b), product_logit(a, -b)
        if not logit.isfinite().all():
            raise Wrong(f"""for a logit of {words} the result is not finite.
                Hint: somewhere e²⁰⁰ or log 0 is computed.
                Hint: `torch.logsumexp(torch.stack([...]), dim=0)` never computes the large powers themselves.""")
        if not close(logit, right):
            wanted, yours = (f"{values[0]:.1f}".replace("-", "−") for values in (right, logit))
            raise Wrong(f"""for logits of {words} and {others} it should be {wanted}, yours is {yours}.
                Hint: the probability was rounded or clamped on the way: everything beyond it looks alike.
                Hint: go from logits to the logit without a probability in between.""")
        if not all(map(close, slopes(logit, a, b), slopes(right, a, b))):
            raise Wrong(f"""for a logit of {words} the value is right, and its gradient is not: a model would learn
                nothing, or something else.
                Hint: `.detach()`, `.item()` and NumPy cut the gradient; `torch.where` lets a NaN of the other branch
                through.
                Hint: torch operations all the way from `a` and `b`; `torch.logsumexp` has the right gradient.""")


@exercise("CTR on its clicks, the product on both, and the CVR left to learn from the product.")
def fixed_loss(answer: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]):
    """`answer(a, b, click, like)`: ESMM's loss from the logits of CTR and CVR and the labels; one number."""
    a, b, click, like = _rows(5)
    value = answer(a, b, click, like)
    if not is_tensor(value):
        raise Wrong(f"""the function gave back {described(value)}, not one number in a tensor.
            Hint: the mean over the rows of each loss, and their sum.
            Hint: `loss(...).mean() + loss(...).mean()`.""")
    bce = F.binary_cross_entropy_with_logits
    p, clicked = torch.sigmoid(a) * torch.sigmoid(b), click == 1
    on_click, on_product = bce(a, click), F.binary_cross_entropy(p, like)
    right = on_click + on_product
    if close(value, on_click + bce(a * b, like) + bce(b, like)):
        raise Wrong("""two mistakes: the logits of the two towers are multiplied, and the CVR has a loss of its own.
            Hint: ESMM has two losses, and CTCVR is a product of probabilities.
            Hint: fix one of them, and check again: the check will then name the other.""")
    if close(value, on_click + bce(a * b, like)):
        raise Wrong("""the logits of the two towers are multiplied.
            Hint: CTCVR = CTR · CVR is a product of probabilities.
            Hint: two sigmoids, then the product; or `product_logit`.""")
    if close(value, on_click + bce(b, like)):
        raise Wrong("""the CVR has a loss, in which every row that was not clicked is a row without a like.
            Hint: that teaches the CVR tower the CTCVR: much too low.
            Hint: the second loss belongs to the product.""")
    if close(value, right + bce(b, like)):
        raise Wrong("""there is a third loss, on the CVR, over all rows.
            Hint: a row that was not clicked does not say whether it would be liked.
            Hint: ESMM has two losses.""")
    if close(value, right + bce(b[clicked], like[clicked])):
        raise Wrong("""there is a third loss, on the CVR of clicked rows.
            Hint: no mistake in general, but then it is not ESMM, which has no loss on the CVR.
            Hint: ESMM has two losses.""")
    if close(value, on_product):
        raise Wrong("""only the product has a loss: nothing says which of its factors is the CTR.
            Hint: 0.1 · 0.4 and 0.4 · 0.1 are the same product.
            Hint: add the loss of the CTR on the clicks.""")
    if close(value, on_click + bce(p, like)):
        raise Wrong("""the product is a probability, and the loss took it for a logit.
            Hint: `binary_cross_entropy_with_logits` applies a sigmoid to its input.
            Hint: `F.binary_cross_entropy` takes probabilities; better still, the logit of the product.""")
    if close(value, on_click + F.binary_cross_entropy(p[clicked], like[clicked])):
        raise Wrong("""the loss on the product covers clicked rows only.
            Hint: CTCVR is the probability of a like on *any* impression.
            Hint: no mask on the second loss.""")
    if not close(value, right):
        raise Wrong(f"""the loss should be {right:.4f}, yours is {value:.4f}.
            Hint: the mean log loss of CTR on the clicks plus that of CTR · CVR on the likes.
            Hint: both over all rows, with equal weights.""")
    a, b, click, like = _rows(6, rows=150)
    value, right = answer(a, b, click, like), bce(a, click) + bce(product_logit(a, b), like)
    _check_other_rows(value, right)
    (by_a, by_b), (right_a, right_b) = slopes(value, a, b), slopes(right, a, b)
    if not close(by_b, right_b):
        raise Wrong("""the number is right, and its gradient on `b` is not: the CVR tower would not learn from the
            product.
            Hint: `.detach()`, `.item()`, NumPy and `torch.no_grad` cut the gradient.
            Hint: torch operations all the way from `b` to the loss.""")
    if not close(by_a, right_a):
        raise Wrong("""the number is right, and its gradient on `a` is not.
            Hint: the CTR tower learns from both losses: from the click, and from the product.
            Hint: no `.detach()` on `a`, in neither of the two.""")
    a, b = torch.tensor([-120.0]), torch.tensor([-120.0])
    value = answer(a, b, torch.ones(1), torch.ones(1))
    if not close(value, 360):
        raise Wrong(f"""a row with logits of −120 that was liked costs 360; yours says {value:.0f}.
            Hint: a probability of e⁻²⁴⁰ is rounded to 0, and torch cuts its logarithm off at −100.
            Hint: compute the loss from the logit of the product: `product_logit(a, b)`.""")


def _check_other_rows(value: Tensor, right: Tensor):
    if not close(value, right):
        raise Wrong(f"""right for 400 rows; for 150 others it should be {right:.4f}, and yours is {value:.4f}.
            Hint: nothing may depend on the number of rows.
            Hint: compute it from the four tensors that the function gets, with means over their rows.""")


@exercise("each clicked row stands for all rows like it, and the CTR is not bent to make that cheap.")
def weighted_loss(answer: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]):
    """`answer(a, b, click, like)`: Σ over clicked rows of BCE(b, like) / CTR, divided by all rows; one number."""
    a, b, click, like = _rows(7)
    value = answer(a, b, click, like)
    if not is_tensor(value):
        raise Wrong(f"""the function gave back {described(value)}, not one number in a tensor.
            Hint: a sum over rows, divided by their number.
            Hint: `.mean()` over all rows, with 0 where nothing was clicked.""")
    rows, ctr = binary_cross_entropy(b, like), torch.sigmoid(a)
    right = (click * rows / ctr).mean()
    if close(value, (click * rows).sum() / click.sum()):
        raise Wrong("""the CTR is not used: this is the plain mean over clicked rows.
            Hint: a row that is clicked once in ten times stands for ten.
            Hint: divide each row's loss by its CTR.""")
    if close(value, (click * ctr * rows).mean()):
        raise Wrong("""rows that are clicked often count more: the wrong way round.
            Hint: there are too many of them already.
            Hint: divide by the CTR instead of multiplying.""")
    if close(value, (click * rows / a).mean()):
        raise Wrong("""the logit was taken for the CTR.
            Hint: a weight must be positive.
            Hint: `torch.sigmoid(a)`.""")
    if close(value, (rows / ctr).mean()):
        raise Wrong("""rows that were not clicked have a loss as well.
            Hint: whether they would be liked is not known.
            Hint: multiply by the click.""")
    if close(value, (click * rows / ctr).sum() / click.sum()):
        raise Wrong("""the sum was divided by the number of clicks.
            Hint: the weights make the clicked rows stand for *all* rows.
            Hint: divide by the number of all rows: a mean over them.""")
    if not close(value, right):
        raise Wrong(f"""the loss should be {right:.4f}, yours is {value:.4f}.
            Hint: the mean over all rows of click · BCE / CTR.
            Hint: `(click * rows / torch.sigmoid(a)).mean()`, where `rows` is the loss of each row.""")
    a, b, click, like = _rows(8, rows=150)
    value, right = answer(a, b, click, like), (click * binary_cross_entropy(b, like) / torch.sigmoid(a)).mean()
    _check_other_rows(value, right)
    by_a, by_b = slopes(value, a, b)
    if by_a.any():
        raise Wrong("""a gradient flows into the CTR: the loss falls when the model says that clicks are likely.
            Hint: the CTR is a weight here, nothing that is to be learnt from this loss.
            Hint: `.detach()` it.""")
    if not close(by_b, slopes(right, b)[0]):
        raise Wrong("""the number is right, and its gradient on `b` is not: the CVR would not learn from it.
            Hint: `.detach()` belongs to the weight alone; `.item()`, NumPy and `torch.no_grad` cut the gradient, too.
            Hint: torch operations all the way from `b` to the loss.""")


@exercise("the share of purchases that come in time, counted where all of them have had the time to come.")
def share_come(answer: Callable[[Tensor, Tensor, float], Tensor]):
    """`answer(delay, age, days)`: of clicks, `(n,)`, the time to the purchase (infinite where none has come) and
    the age; one number, the share of purchases that come within so many days, among clicks of 14 days and more."""
    draw = torch.Generator().manual_seed(7)
    for rows, mean in ((4_000, 5.0), (600, 2.0)):
        age = 28 * torch.rand(rows, generator=draw)
        delay = mean * -torch.log(torch.rand(rows, generator=draw))
        delay[(delay > age) | (torch.rand(rows, generator=draw) > 0.4)] = torch.inf
        for days in (1.0, 3.0, 7.0):
            _check_share(torch.as_tensor(answer(delay, age, days)), delay, age, days)


def _check_share(found: Tensor, delay: Tensor, age: Tensor, days: float) -> None:
    came, old = delay <= age, age >= 14
    in_time = delay <= days
    right = in_time[came & old].float().mean()
    if found.numel() != 1 or not found.is_floating_point():
        raise Wrong(f"""{described(found)} came, not one number.
            Hint: a share, between 0 and 1.
            Hint: the mean of a condition, over the purchases that count.""")
    if close(found, right):
        return
    if close(found, in_time[came].float().mean()):
        raise Wrong(f"""{float(found):.3f} within {days:g} days, not {float(right):.3f}: the young ones count, too.
            Hint: which purchases of yesterday's clicks have come by today?
            Hint: keep the clicks with `age >= 14`.""")
    if close(found, in_time[old].float().mean()) or close(found, in_time.float().mean()):
        raise Wrong("""this is how many *clicks* are bought in time, not how many of the purchases come in time.
            Hint: what is never bought does not count.
            Hint: keep the rows whose delay is finite.""")
    if close(found, 1 - right):
        raise Wrong("""this is the share that comes later.
            Hint: within so many days, not after them.
            Hint: `delay <= days`.""")
    raise Wrong(f"""the share within {days:g} days should be {float(right):.3f}, yours is {float(found):.3f}.
        Hint: two conditions choose the purchases, a third is averaged.
        Hint: `delay[chosen] <= days`, and its mean.""")

"""The brush of chapter 07: its models are those of scikit-learn and torch, and its answers hold on many feeds."""

import json
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression

from helpers.chapters.ch07.explorer import START
from helpers.chapters.ch07.selection import leaning
from helpers.support.environment import ROOT
from tests.display.live.test_live import asked, needs_node

PENALTY = 0.1
HIDDEN = {"x": 0, "y": 1.2, "mood": False}


computed = partial(asked, ROOT / "helpers/chapters/ch07/selection.js")


def settings(**changes) -> str:
    return json.dumps(START | changes)


@needs_node
def test_likes_follow_the_chapters_function():
    x = np.linspace(-2.5, 2.5, 11)
    found = np.array(computed(f"{x.tolist()}.map((x) => [likes(x, .5), likesAt(x)])"))
    moods = np.random.default_rng(0).standard_normal(200_000)
    for at, (seen, unseen) in zip(x, found, strict=True):
        assert seen == pytest.approx(1 / (1 + np.exp(-0.2 - leaning(at) - 0.6)))
        everybody = 1 / (1 + np.exp(-0.2 - leaning(at) - 1.2 * moods))
        assert unseen == pytest.approx(everybody.mean(), abs=4 * everybody.std() / len(moods) ** 0.5)


@needs_node
def test_a_feed_is_drawn_as_it_says():
    rows = computed(
        "feed(1, 20000).map((row) => [row.appeal, row.mood, row.would, likes(row.appeal, row.mood), row.luck])"
    )
    appeal, mood, would, chance, luck = np.array(rows).T
    for normal in (appeal, mood):
        assert abs(normal.mean()) < 0.03 and normal.std() == pytest.approx(1, abs=0.03)
    assert abs(np.corrcoef(appeal, mood)[0, 1]) < 0.03
    assert (would - chance).mean() == pytest.approx(0, abs=0.015) and luck.mean() == pytest.approx(0.5, abs=0.01)


@needs_node
@pytest.mark.parametrize("shape", ["straight", "bent", "curved"])
def test_a_logistic_function_is_that_of_scikit_learn(shape):
    code = f"""(() => {{
      const rows = feed(3), inputs = rows.map((row) => shape("{shape}", true)(row.appeal, row.mood));
      const labels = rows.map((row) => row.would);
      return [inputs, labels, logistic(inputs, labels)];
    }})()"""
    inputs, labels, weights = computed(code)
    model = LogisticRegression(C=1 / PENALTY, tol=1e-10, max_iter=10_000).fit(np.array(inputs)[:, 1:], labels)
    assert weights == pytest.approx([*model.intercept_, *model.coef_[0]], abs=1e-4)


@pytest.mark.slow
@needs_node
@pytest.mark.parametrize("changes", [{}, {"bent": True}, {"curved": False}, HIDDEN])
def test_esmm_is_at_an_optimum_of_its_loss(changes):
    code = f"""(() => {{
      const state = {settings(**changes)}, rows = feed(5), found = fitted(state, rows);
      const inputs = (name) => rows.map(({{ appeal, mood }}) => shape(name, state.mood)(appeal, mood));
      const toClick = inputs(state.curved ? "curved" : "straight"), toLike = inputs(state.bent ? "bent" : "straight");
      const clicked = (values) => values.filter((_, i) => found.click[i]);
      const towers = esmm(toClick, toLike, found.click, found.like, logistic(clicked(toLike), clicked(found.like)));
      return [toClick, toLike, found.click, found.like, ...towers];
    }})()"""
    to_click, to_like, click, like, *towers = (torch.tensor(part, dtype=torch.float64) for part in computed(code))
    weights = [tower.requires_grad_() for tower in towers]

    def loss():
        ctr, cvr = torch.sigmoid(to_click @ weights[0]), torch.sigmoid(to_like @ weights[1])
        both = F.binary_cross_entropy(ctr * cvr, like, reduction="sum")
        penalty = PENALTY / 2 * sum((tower[1:] ** 2).sum() for tower in weights)
        return F.binary_cross_entropy(ctr, click, reduction="sum") + both + penalty

    before = loss().item()
    descent = torch.optim.LBFGS(weights, max_iter=500, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def closure():
        descent.zero_grad()
        found = loss()
        found.backward()
        return found

    descent.step(closure)
    assert before - loss().item() < 1e-4


@pytest.fixture(scope="module")
def feeds():
    """On 60 feeds that no picture shows: says / true of both CVRs, of the CTCVR, and of both on the clicked rows."""

    def at(**changes) -> np.ndarray:
        code = f"""Array.from({{ length: 60 }}, (_, i) => fitted({settings(**changes)}, feed(101 + i)))
          .map(({{ models, true: right, ctcvr, both, liked }}) => [
            ...models.map((model) => model.says / right), ctcvr / both,
            ...models.map((model) => model.onClicked / liked)])"""
        return np.array(computed(code))

    return at


def surely(values: np.ndarray) -> tuple[float, float]:
    half = 2 * values.std(ddof=1) / len(values) ** 0.5
    return values.mean() - half, values.mean() + half


@pytest.mark.long
@needs_node
def test_what_is_answered_to_the_first_question(feeds):
    straight, bent = feeds(), feeds(bent=True)
    assert surely(straight[:, 0])[0] > 1.1 and surely(straight[:, 1])[0] > 1.1
    low, high = surely(straight[:, 1] - straight[:, 0])
    assert low > -0.05 and high < 0.05
    for model in (0, 1):
        assert surely(straight[:, model] - bent[:, model])[0] > 0.03


@pytest.mark.slow
@needs_node
def test_what_is_answered_to_the_second_question(feeds):
    hidden = feeds(**HIDDEN, bent=True)
    assert surely(hidden[:, 0])[0] > 1.25 and surely(hidden[:, 1])[0] > 1.25
    assert np.abs(hidden[:, 3:].mean(0) - 1).max() < 0.03


@pytest.mark.slow
@needs_node
def test_what_is_answered_to_the_third_question(feeds):
    _, cvr, ctcvr, *_ = feeds(curved=False).T
    assert surely(cvr)[0] > 1.5 and surely(ctcvr)[1] < 1.15

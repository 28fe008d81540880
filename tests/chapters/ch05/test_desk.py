"""The mixing desk: its tasks, its four runs, the reader's moves on other seeds, and what its answers say of them."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from helpers.chapters.ch05 import desk
from helpers.chapters.ch05.studies import balancers
from tests.display.live.test_live import asked, needs_node

# A race of a setting, in which the reader does `moves(step)`; what is known when it is over.
RAN = """
function ran(state, moves) {
  const race = new Race(state);
  while (!race.over) race.step(moves(race.steps));
  const ratios = (i) => race.looks.map((looks) => looks[i].ratio);
  return Object.fromEntries(ALL.map((how, i) => [how, { r2: race.r2[i], ratios: ratios(i) }]));
}
"""


found = partial(asked, Path(desk.__file__).with_suffix(".js"), before=RAN)


def state(**changes) -> str:
    return json.dumps(desk.START | changes)


def races(moves: str = "() => 0", seeds=(1, 2), **changes) -> dict[str, dict[str, np.ndarray]]:
    """By run: r2 (seeds, tasks), and `ratios`, log10 of the weight of A over that of B: (seeds, looks)."""
    settings = json.dumps([desk.START | changes | {"seed": seed} for seed in seeds])
    all_of = found(f"{settings}.map((setting) => ran(setting, {moves}))")
    return {how: {key: np.array([race[how][key] for race in all_of]) for key in all_of[0][how]} for how in all_of[0]}


def test_it_starts_with_the_knobs_of_the_kept_runs():
    uwl, gradnorm = balancers.BALANCES["UWL"], balancers.BALANCES["GradNorm"]
    rates = [10 ** desk.START[name] for name in ("uwl", "gradnorm")]
    assert rates == pytest.approx([uwl.lr, gradnorm.lr], rel=0.01)
    assert desk.START["alpha"] == gradnorm.alpha and 10 ** desk.START["scale"] in balancers.SCALES


def test_the_words_of_its_picture_are_means_of_the_table():
    table = balancers.TABLES["05_scales"].read()
    live = desk.mixing_desk(table)
    at = table[(table["pair"] == "disjoint features") & (table["scale"] == 100) & (table["method"] == "UWL")]
    a, b = at.groupby("task")["r2"].mean()
    assert f"UWL {a:.2f} and {b:.2f}" in live._words and f"{at['seed'].nunique()} seeds" in live._words
    assert live.start == desk.START and live.name == "desk"


@pytest.mark.slow
@needs_node
def test_the_label_of_b_alone_has_the_noise_and_test_labels_have_none():
    part = "(({ train, test }) => [train, test].map(({ x, labels }) => [x.slice(0, 40), ...labels].map((y) => [...y])))"
    (plain, plain_test), (noisy, noisy_test) = (found(f"{part}(tasks({state(noise=noise)}))") for noise in (0, 4))
    assert plain[:2] == noisy[:2] and plain_test == noisy_test
    assert np.std(np.subtract(noisy[2], plain[2])) == pytest.approx(4, rel=0.1)
    a, b = plain_test[1:]
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.1
    same = found(f"{part}(tasks({state(features='same')}))")[1]
    assert same[1] == a and same[2] != b


@pytest.mark.long
@needs_node
def test_faders_at_rest_are_equal_weights_and_a_move_counts_from_its_step_on():
    still = races(seeds=[1])
    assert np.array_equal(still["you"]["r2"], still["equal"]["r2"])
    moved = races("(step) => (step < 50 ? 0 : -1)", seeds=[1])
    assert not np.array_equal(moved["you"]["r2"], still["you"]["r2"])
    assert np.array_equal(moved["UWL"]["r2"], still["UWL"]["r2"])
    assert moved["you"]["ratios"][0, 10] == 0 and moved["you"]["ratios"][0, 11] == pytest.approx(-1)


@pytest.mark.long
@needs_node
def test_a_replay_makes_the_moves_of_the_race_on_seeds_that_were_not_seen():
    moves = "(step) => (step < 100 ? -2 : -1)"
    code = f"""(() => {{
      const stage = {{ state: {state()}, race: null, others: [], other: null, watch: {{ play() {{}} }} }};
      const race = own(stage), moves = {moves};
      while (!race.over) race.step(moves(race.steps));
      stage.state.hand = 3; // where the faders are now does not count
      while (stage.others.length < 1) replay(stage);
      return stage.others[0];
    }})()"""
    other = races(moves, seeds=[2])
    assert found(code) == [other[how]["r2"][0].tolist() for how in found("ALL")]


@pytest.mark.long
@needs_node
def test_a_loud_loss_starves_the_other_task_and_both_balancers_turn_it_down():
    still, by_hand = (races(f"() => {hand}", seeds=[1, 2, 3]) for hand in (0, -2))
    b = {how: runs["r2"][:, 1].mean() for how, runs in still.items()}
    assert b["equal"] < 0.5 * min(b["UWL"], b["GradNorm"])
    assert by_hand["you"]["r2"].mean() > still["GradNorm"]["r2"].mean()  # a weight that is right from the start
    for how in ("UWL", "GradNorm"):
        assert still[how]["ratios"][:, -1].max() < -1


@pytest.mark.long
@needs_node
def test_with_uwls_rate_at_once_the_size_of_a_loss_does_not_matter():
    loud, even = (races(scale=scale, uwl=1.1, seeds=[1])["UWL"] for scale in (2, 0))
    np.testing.assert_allclose(loud["r2"], even["r2"], atol=1e-3)
    np.testing.assert_allclose(loud["ratios"][:, 1:], even["ratios"][:, 1:] - 2, atol=1e-2)


@pytest.mark.long
@needs_node
def test_of_a_noisy_task_uwl_takes_more_weight_than_gradnorm_and_a_large_alpha_keeps_it_up():
    small, large = races(scale=0, noise=4), races(scale=0, noise=4, alpha=1.5)
    soon, end = 10, -1  # looks: step 50, the last
    uwl, gradnorm, behind = (runs["ratios"] for runs in (small["UWL"], small["GradNorm"], large["GradNorm"]))
    assert (uwl[:, soon] > gradnorm[:, soon] + 0.5).all() and (uwl[:, end] > gradnorm[:, end] + 0.3).all()
    assert (gradnorm[:, soon] > behind[:, soon] + 0.3).all() and (gradnorm[:, end] > behind[:, end]).all()
    assert np.abs(behind[:, soon]).max() < 0.5 and (behind[:, end] > 0.3).all()  # late

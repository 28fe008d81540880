"""From verdicts to words: every combination of three verdicts has the word that the rule gives it."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.capstone import recommendation as words
from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import CONTROL, SINGLE
from helpers.capstone.recommendation import (
    APART,
    BUT,
    COST,
    FORMS,
    OPEN,
    SERVED,
    SHARE,
    UNSHARED,
    WORDS,
    alarms,
    apart,
    recommend,
    rows_needed,
    word,
)
from helpers.capstone.table_checks import Problem
from helpers.evaluation.verdicts import VERDICTS, verdict


@pytest.mark.parametrize("verdicts", list(itertools.product(VERDICTS, repeat=3)), ids="-".join)
def test_every_combination_has_its_word(verdicts):
    gains, loses, *equal, unknown = (verdicts.count(one) for one in VERDICTS)
    equal = sum(equal)
    found = word(verdicts)
    assert found in WORDS
    assert (found == APART) == (loses > 0 and gains == 0)
    assert (found == SHARE) == (gains > 0 and loses == 0 and unknown == 0)
    assert (found == BUT) == (gains > 0 and (loses > 0 or unknown > 0))
    assert (found == COST) == (equal == 3)
    assert (found == OPEN) == (gains == 0 and loses == 0 and unknown > 0)
    assert word(reversed(verdicts)) == found


ENDS = {
    "holds": (0.02, 0.04),
    "opposite": (-0.04, -0.02),
    "too small to matter": (0.001, 0.004),
    "no effect": (-0.004, 0.004),
    "undecided": (-0.02, 0.02),
}


def table(*rows) -> pd.DataFrame:
    """Rows of a headline in which only the own model was compared."""
    gains = pd.DataFrame(rows, columns=["task", "verdict", "seeds_needed"])
    gains[["low", "high"]] = [ENDS[one] for one in gains["verdict"]]
    gains = gains.assign(metric="AUC", matters=0.005, gain=gains[["low", "high"]].mean(axis=1), level=0.7)
    gains = gains.assign(
        surely=0.6,
        rival_gain=gains["gain"],
        rival=SINGLE,
        nearest=SINGLE,
        learnt=True,
        between=np.nan,
        today=np.nan,
        hurried=False,
        each_gain=0.0,
        measured=False,
        own_gain=gains["gain"],
        own_verdict=gains["verdict"],
    )
    gains = gains.assign(form="as it is", plain_gain=gains["gain"])
    return gains.assign(control_gain=np.nan, control_low=np.nan, control_high=np.nan)


@pytest.mark.parametrize(
    ("gains", "expected", "words"),
    [
        (table(("click", "holds", 0), ("like", "holds", 0)), SHARE, "Both gain: sharing helps click and like."),
        (
            table(("click", "holds", 0), ("like", "no effect", 0)),
            SHARE,
            "One gains, none loses: sharing helps click and costs like nothing that matters.",
        ),
        (
            table(("click", "opposite", 0), ("like", "no effect", 0)),
            APART,
            "Sharing costs click, and no task clearly gains. Keep click apart.",
        ),
        (table(("click", "opposite", 0), ("like", "holds", 0)), BUT, "Seesaw: sharing helps like and costs click."),
        (
            table(("click", "undecided", 9), ("like", "holds", 0)),
            BUT,
            "Whether it costs click is not decided. Whether anything that shares nothing is as good for like",
        ),
        (table(("click", "no effect", 0), ("like", "no effect", 0)), COST, "cheaper to train and to serve"),
        (
            table(("click", "undecided", 40), ("like", "undecided", np.nan)),
            OPEN,
            "The measurements do not decide it yet.",
        ),
        (table(("click", "undecided", 40), ("like", "no effect", 0)), OPEN, "do not decide it yet."),
        (
            table(("a", "opposite", 0), ("b", "opposite", 0), ("c", "opposite", 0)),
            APART,
            "All lose: sharing costs a, b and c, and no task clearly gains. Keep a, b and c apart.",
        ),
    ],
)
def test_the_text_names_the_tasks(gains, expected, words):
    found = recommend(gains)
    assert found.word == expected and words in found.text


def test_where_sharing_helps_the_best_of_what_shares_nothing_is_named_and_what_shuffled_labels_leave():
    gains = table(("a", "holds", 0), ("b", "no effect", 0)).assign(nearest="trees", measured=True, control_gain=0.02)
    text = recommend(gains).text
    assert "Of all that shares nothing, boosted trees comes nearest for a (gain +0.030 AUC)." in text
    assert "Over shuffled labels of the other tasks the gain is +0.020." in text and "nearest for b" not in text
    assert "for a was not measured." in recommend(gains.assign(measured=False)).text


def test_where_the_shared_model_is_best_fused_it_is_said_how_and_what_the_ranker_serves():
    gains = table(("a", "holds", 0), ("b", "no effect", 0), ("c", "opposite", 0))
    some = gains.assign(form=["mean", "as it is", "stack"], plain_gain=[-0.01, 0.0, -0.05])
    a, c = (f"(as it is, the gain is {gain} AUC)" for gain in ("-0.010", "-0.050"))
    said = f"the shared model is best with its outputs averaged for a {a} and stacked for c {c}. {SERVED}"
    assert said in recommend(some).text
    assert SERVED not in recommend(gains).text


def judged(*dead: tuple[str, str, int], seeds: int = 3) -> dict[str, pd.DataFrame]:
    """Scores and gains of two tasks and two models; these (task, model, seed) have learnt nothing."""
    keys = list(itertools.product(("like", "click"), ("single", "shared"), range(seeds)))
    scores = pd.DataFrame(keys, columns=["task", "model", "seed"]).assign(constant=[key in dead for key in keys])
    lost = scores[scores["constant"]].groupby("task")["seed"].nunique()
    gains = pd.DataFrame({"task": ["like", "click"], "metric": "AUC", "single": 0.7, "shared": 0.71, "seeds": seeds})
    return {"scores": scores, "gains": gains.assign(dead=gains["task"].map(lost).fillna(0).astype(int))}


BEATEN = ["task", "yardstick", "metric", "ahead", "low"]
DAILY = Declaration({"like": "binary", "click": "binary"}, "user", time="day")
CALM = {
    "headline": table(("like", "holds", 0), ("click", "no effect", 0)),
    "declaration": DAILY,
    "problems": [],
} | judged()
CALM |= {"beaten": pd.DataFrame([("like", "trees", "AUC", 0.02, -0.01)], columns=BEATEN)}
RIVAL, SHUFFLED = "A rival that shares nothing may do as well.", "Regularisation, not sharing?"
COIN, DEAF = "A label that nothing surely predicts.", "A model has learnt nothing."


def rung(**changes) -> dict[str, str]:
    """The alarms of a comparison in which all is well but for this."""
    return alarms(**CALM | changes)


def test_where_all_is_well_nothing_rings():
    assert rung() == rung(beaten=pd.DataFrame()) == {}
    assert rung(declaration=replace(DAILY, time=None)) == {
        "No time was declared.": f"{words.AT_RANDOM} {words.NO_TIME}"
    }
    sign = Problem(False, "price", "alone it predicts 'like': a leak?", doubt=True)
    assert rung(problems=[sign]) == {"To be settled first.": f"price: {sign.sentence} {words.DOUBT}"}
    ahead = sign._replace(doubt=False, asked=True)
    assert rung(problems=[ahead]) == {"A label that hangs on one column.": f"price: {sign.sentence} {words.HANGS}"}
    assert rung(problems=[ahead._replace(asked=False)]) == {}


def test_a_gain_over_a_weak_model_of_its_own_is_no_reason_to_share():
    """By the rival that holds it back, or by shuffled labels that bring as much."""
    gains = table(("a", "undecided", 9), ("b", "no effect", 0)).assign(own_verdict=["holds", "no effect"])
    trees = gains.assign(nearest="trees", own_gain=0.03)
    said = "a gains +0.030 AUC over its own model, but not surely over all that shares nothing (nearest: {}). {} {}"
    weak = said.format("boosted trees", words.NO_REASON, words.CHEAPER)
    assert rung(headline=trees) == {RIVAL: weak}
    fused = said.format("the stack of the separate models", words.NO_NEED, words.CHEAPER)
    assert rung(headline=trees.assign(nearest="stack")) == {RIVAL: fused}  # which learns from the other labels, too
    assert rung(headline=gains) == rung(headline=trees.assign(own_verdict="undecided")) == {}
    shuffled = trees.assign(nearest=CONTROL, control_gain=-0.001, control_low=-0.005, control_high=0.002)
    found = rung(headline=shuffled)
    assert list(found) == [SHUFFLED] and found[SHUFFLED].endswith(words.REGULARISED)
    assert "other labels shuffled, -0.001 is left (-0.005 to +0.002)." in found[SHUFFLED]
    assert rung(headline=shuffled.assign(control_low=0.006)) == {}
    worse = shuffled.assign(control_gain=0.08, control_low=-0.02)  # than its own model: that explains no gain
    assert rung(headline=worse) == {}


def test_a_label_that_nothing_predicts_is_named():
    gains = table(("a", "undecided", 9), ("b", "undecided", 9)).assign(learnt=[True, False], level=[0.7, 0.61])
    said = "No model here can surely be told from guessing at b (AUC 0.61 at best). As much may be luck"
    assert rung(headline=gains)[COIN].startswith(said) and rung(headline=gains.assign(learnt=True)) == {}
    knows = rung(headline=gains.assign(today=[np.nan, 0.66]))[COIN]
    assert "The score of today can, at b (AUC 0.66): it knows what no column says. As much may be luck" in knows
    within = gains.assign(metric="GAUC", between=[np.nan, 0.74])
    said = "No model here surely orders the rows of one list by b (GAUC 0.61 at best; AUC over all rows 0.74)."
    assert rung(headline=within) == {"A label that orders no list.": f"{said} {words.ORDERLESS}"}


def test_a_task_that_loses_to_a_simpler_model_alone_is_not_called_harmed():
    gains = table(("a", "opposite", 0), ("b", "no effect", 0)).assign(rival="linear", own_verdict="no effect")
    found = recommend(gains)
    assert (
        found.word == APART
        and "costs a" not in found.text
        and "sharing nothing, is a linear model for a." in found.text
    )


@pytest.mark.parametrize("rival", ["trees", "by user"])
def test_what_wins_and_cannot_be_served_keeps_no_label_apart(rival):
    """Of what can be served, the shared model may be the best for all of them."""
    gains = table(("a", "opposite", 0), ("b", "undecided", 9)).assign(rival=[rival, SINGLE], own_verdict="holds")
    found = recommend(gains)
    assert found.word == OPEN and "do not decide it yet for b. Better than the shared model" in found.text
    assert f"{UNSHARED[rival]} for a, which no ranker here serves" in found.text and " apart" not in found.text
    assert recommend(gains.assign(own_verdict="opposite")).word == APART  # its own model can be served


def a_headline(rng: np.random.Generator) -> pd.DataFrame:
    """What a comparison of two to four tasks might come to, by chance."""
    count = int(rng.integers(2, 5))
    gain, half = rng.normal(0, 0.02, count), rng.exponential(0.02, count)
    own, control = gain + rng.normal(0, 0.01, count), gain + rng.normal(0, 0.01, count)
    rows = pd.DataFrame({"task": list("pqrs")[:count], "metric": "AUC", "gain": gain, "matters": 0.005})
    rows = rows.assign(low=gain - half - rng.exponential(0.005, count), high=gain + half, own_gain=own)
    rows["verdict"] = [verdict(low, high, 0.005) for low, high in rows[["low", "high"]].to_numpy()]
    rows["own_verdict"] = [verdict(one - half[k], one + half[k], 0.005) for k, one in enumerate(own)]
    rows = rows.assign(control_gain=control, control_low=control - half, control_high=control + half, measured=True)
    rows = rows.assign(form=rng.choice(["as it is", *FORMS], count), plain_gain=gain - rng.exponential(0.01, count))
    for name in ("rival", "nearest"):
        rows[name] = rng.choice(list(UNSHARED), count)
    rows["today"], rows["hurried"], rows["each_gain"], rows["rival_gain"] = np.nan, False, 0.0, gain
    rows["between"], rows["level"], rows["surely"], rows["learnt"] = np.nan, 0.6, 0.55, rng.random(count) < 0.8
    rows.loc[~rows["learnt"], "verdict"] = "undecided"
    return rows.assign(seeds_needed=np.where(rows["verdict"] == "undecided", rng.choice([9, np.nan], count), 0))


def test_no_page_contradicts_itself():
    """Over random results, all sentences together."""
    rng = np.random.default_rng(0)
    for _ in range(100):
        rows = a_headline(rng)
        found, said = recommend(rows), " ".join(rung(headline=rows).values())
        page = found.text + said
        assert (
            found.word == word(rows["verdict"].mask((rows["verdict"] == "opposite") & ~apart(rows), "undecided"))
            and (SERVED in page) == ((rows["form"] != "as it is") & rows["learnt"]).any()
        )
        if found.word == APART:
            assert "sharing helps" not in page.lower()
        if found.word in (SHARE, COST):
            assert "costs" not in page.replace("nothing that matters", "") or found.word == SHARE
        for row in rows.itertuples():
            claimed = any(
                f"haring helps {names}" in found.text for names in (row.task, f"{row.task} and", f"{row.task},")
            )
            assert not claimed or row.verdict == "holds"
            assert not (row.verdict == "holds" and f"{row.task} gains {row.own_gain:+.3f}" in said)


def test_a_model_that_knows_too_much_is_named():
    """With few positives a level of 0.96 may be luck: its interval counts."""
    tasks = {"task": ["cart", "seconds", "click", "n"], "metric": ["AUC", "R²", "AUC", "R²"]}
    gains = table(*[(task, "no effect", 0) for task in tasks["task"]])
    gains = gains.assign(**tasks, level=[0.97, 0.79, 0.96, 0.83], surely=[0.96, 0.78, 0.94, 0.81])
    assert rung(headline=gains) == {"Too good to be true?": f"cart (AUC 0.97) and n (R² 0.83): {words.ALARM}"}
    assert rung(headline=gains[1:3]) == {}
    settled = Declaration(dict.fromkeys(["cart", "click"], "binary"), "user", time="day", settled=("cart",))
    assert rung(headline=gains[:3], declaration=settled) == {}


def test_a_simpler_model_is_named_where_it_surely_wins():
    rows = [("a", "linear", "AUC", 0.02, 0.001), ("a", "trees", "AUC", 0.03, -0.1), ("b", "trees", "R²", 0.1, 0.05)]
    rows += [("c", "trees", "AUC", 0.004, 0.0001), ("c", CONTROL, "AUC", 0.1, 0.1), ("c", "shared, mean", "AUC", 1, 1)]
    said = "a linear model for a (+0.020 AUC); boosted trees for b (+0.100 R²) and c (+0.004 AUC)"
    wins = {"A rival that shares nothing wins.": f"Better than both sides: {said}. {words.WEAKER}"}
    assert rung(beaten=pd.DataFrame(rows, columns=BEATEN)) == wins


def test_a_model_that_has_learnt_nothing_is_named_with_its_seeds():
    """In the order of the table; where all seeds of a model have, that is said in place of a list."""
    same, end = "The same prediction for every test row: ", f"{words.DEAD} {words.REVIVE}"
    assert rung(**judged(("like", "shared", 2))) == {DEAF: f"{same}like (shared, seed 2). {end}"}
    some = judged(("like", "single", 0), ("like", "single", 2), ("click", "shared", 1), seeds=4)
    assert rung(**some) == {DEAF: f"{same}like (single, seed 0 and 2); click (shared, seed 1). {end}"}
    every = rung(**judged(*(("like", "single", seed) for seed in range(3))))[DEAF]
    lost = "Nothing can be said of like: fewer than two seeds are left."
    assert every == f"{same}like (single, all seeds). {words.DEAD} {lost} {words.REVIVE}"


def test_what_cannot_be_told_from_guessing_is_not_advised():
    best = pd.DataFrame({"task": ["a", "b"], "metric": "AUC", "name": ["by item", SINGLE], "value": [0.66, 0.49]})
    best = best.assign(trees=[np.nan, 0.1], learnt=[True, False])
    said = words.to_serve(best)
    assert "the mean label of each item for a (AUC 0.660);" in said and "of its own for b" not in said
    assert "What is predicted of b cannot be told from guessing" in said and "Boosted" not in said
    assert words.to_serve(best.assign(learnt=False)) == words.NOTHING_TO_SERVE


def test_with_as_many_rows_as_are_needed_it_would_be_decided():
    """Where the interval has shrunk like one over the root, its end lies on what matters."""
    for gain, half in ((0.02, 0.03), (-0.02, 0.1), (0.001, 0.1)):
        needed = rows_needed(gain, gain - half, gain + half, 0.005, 1_000)
        then = half * (1_000 / needed) ** 0.5
        ends = (gain - then, gain + then)
        assert min(abs(abs(end) - 0.005) for end in ends) == pytest.approx(0, abs=1e-12) and needed > 1_000
    assert rows_needed(0.005, 0, 0.01, 0.005, 10) == float("inf")
    for sign in (1, -1):  # the ends of a headline are over two rivals: one lies farther away
        ends = sorted(sign * end for end in (-0.02, 0.25))
        assert rows_needed(sign * 0.2, *ends, 0.005, 1_000) == pytest.approx(1_000 * (0.22 / 0.195) ** 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: recommend("gains"), "headline: got str; expected DataFrame"),
        (lambda: word([]), "verdicts: got none"),
        (lambda: word(["maybe"]), "verdicts: got 'maybe'"),
    ],
)
def test_what_is_no_table_and_no_verdict_is_named(call, words):
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        call()

"""The capstone's comparison: what is compared with what, and that nothing of the test leaks into a choice."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.capstone import comparison
from helpers.capstone.comparison import SINGLE, compare, steps
from helpers.capstone.declaration import Declaration
from helpers.capstone.preparation import prepare, split
from helpers.capstone.ranker import Recipe
from helpers.evaluation.intervals import half_width
from helpers.evaluation.metrics import auc

RECIPE = Recipe(units=(8,), towers=(4,), epochs=3, batch_size=256)


@pytest.fixture(scope="module")
def table():
    """A log in which tastes of users and items decide; like needs a click."""
    rng = np.random.default_rng(0)
    user, item = rng.integers(0, 60, 2_500), rng.integers(0, 40, 2_500)
    appeal = rng.normal(size=60)[user] + rng.normal(size=40)[item]
    click = rng.random(2_500) < 1 / (1 + np.exp(-appeal))
    frame = pd.DataFrame({"user": user, "item": item, "age": rng.uniform(18, 60, 2_500), "click": click.astype(int)})
    frame["seconds"] = np.where(click, 3 * appeal + rng.normal(20, 3, 2_500), np.nan)
    frame["like"] = (rng.random(2_500) < 1 / (1 + np.exp(1 - appeal))).astype(int)
    return frame.assign(time=rng.permutation(2_500))


LABELS = {"click": "binary", "seconds": "regression", "like": "binary"}
BY_TIME = Declaration(LABELS, "user", "item", numbers=("age",), time="time")
AT_RANDOM = replace(BY_TIME, time=None)


@pytest.fixture(scope="module", params=[BY_TIME, AT_RANDOM], ids=["by time", "at random"])
def found(request, table):
    return compare(table, request.param, RECIPE, seeds=range(4), rates=(0.003, 0.01))


def test_every_task_has_a_gain_with_its_interval(found):
    assert found.gains["task"].tolist() == list(LABELS)
    assert found.gains["metric"].tolist() == ["AUC", "R²", "AUC"]
    assert (found.gains["low"] < found.gains["gain"]).all() and (found.gains["gain"] < found.gains["high"]).all()
    assert sorted(found.growth["seeds"].unique()) == [3, 4]
    by_model = found.scores.pivot(index=["task", "seed"], columns="model", values="value")
    mean = (by_model["Shared-Bottom"] - by_model[SINGLE]).groupby("task").mean()
    assert found.gains.set_index("task")["gain"].to_dict() == pytest.approx(mean.to_dict())


@pytest.mark.parametrize("own_time", [True, False], ids=["by time", "at random"])
def test_the_rows_that_are_judged_are_those_that_were_predicted(own_time):
    """Labels that a number tells: of its own rows a model predicts nearly all, of any other rows none."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=2_000)
    frame = pd.DataFrame({"x": x, "a": (x > 0).astype(int), "b": (x > 0.3).astype(int), "time": range(2_000)})
    declaration = Declaration(dict.fromkeys("ab", "binary"), numbers=("x",), time="time" if own_time else None)
    recipe = replace(RECIPE, epochs=10, batch_size=64)
    found = compare(frame, declaration, recipe, seeds=range(2), rates=[0.01], curve=True)
    assert (found.scores["value"] > 0.97).all() and (found.curve["value"] > 0.97).mean() > 0.7


def test_the_interval_holds_the_luck_of_the_log_and_of_the_test_users(found, table):
    """Its parts are those of the split, and what the test rows say of users, whatever the number of seeds."""
    assert (found.growth["overlap"] == 250 / 2_000).all()
    for row in found.growth.itertuples():
        assert row.high - row.gain == pytest.approx(
            half_width(row.spread, row.seeds, 250 / 2_000, row.users, row.units), rel=1e-6
        )


def test_users_luck_is_that_of_the_mean_gain():
    """Where all seeds predict the same, they have the luck of one; by rows that are each of a user of their own, by
    resampling users."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"user": rng.integers(0, 200, 4_000), "x": rng.normal(size=4_000), "time": range(4_000)})
    frame["click"] = (rng.random(4_000) < 1 / (1 + np.exp(-frame["x"]))).astype(int)
    declaration = Declaration({"click": "binary", "like": "binary"}, "user", numbers=("x",), time="time")
    data = comparison._Table(prepare(declaration, frame.assign(like=frame["click"])), declaration)
    _, label, users = data.seen("click", 0)
    shared, single = label + rng.normal(size=len(label)), rng.normal(size=len(label))
    outputs = {(m, "click", s): o for m, o in (("Shared-Bottom", shared), (SINGLE, single)) for s in range(8)}
    luck = []
    for seeds in (range(2), range(8)):
        judged = [
            {"seed": s, "model": m, **data.judge("click", outputs[m, t, s], s)} for m, t, s in outputs if s in seeds
        ]
        luck.append(data.gain("click", "Shared-Bottom", outputs, pd.DataFrame(judged), comparison.MATTERS)["users"])
    rows = [np.flatnonzero(users == user) for user in np.unique(users)]
    drawn = [np.concatenate([rows[k] for k in rng.integers(0, len(rows), len(rows))]) for _ in range(300)]
    spread = np.std([auc(shared[part], label[part]) - auc(single[part], label[part]) for part in drawn])
    assert luck[0] == pytest.approx(luck[1]) and luck[0] == pytest.approx(spread, rel=0.15)


def test_along_the_curve_the_first_task_gains_weight(monkeypatch):
    """With all of the weight a task is learnt, with none it is not."""
    monkeypatch.setattr(comparison, "WEIGHTS", (0.0, 1.0))
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=1_500), "y": rng.normal(size=1_500)})
    declaration = Declaration(dict.fromkeys("ab", "regression"), numbers=("x", "y"))
    frame = frame.assign(a=frame["x"], b=frame["y"])
    recipe = replace(RECIPE, epochs=30, batch_size=64)
    curve = compare(frame, declaration, recipe, seeds=range(2), rates=[0.01]).curve
    means = curve.groupby(["weight", "task"])["value"].mean()
    assert means[1.0, "a"] > 0.8 > 0.5 > means[0.0, "a"] and means[0.0, "b"] > 0.8 > 0.5 > means[1.0, "b"]


def test_by_time_the_vocabulary_is_that_of_the_training_rows(table):
    """An id of a test row is unknown there, as it will be at serving."""
    late = table.assign(user=np.where(table["time"] == 2_499, 777, table["user"]))
    vocabularies = [
        comparison._Table(prepare(declaration, late), declaration).features.vocabularies["user"]
        for declaration in (BY_TIME, AT_RANDOM)
    ]
    assert [777 in vocabulary for vocabulary in vocabularies] == [False, True]


def test_both_sides_are_tuned_from_the_same_rates(found):
    assert found.tuned["tasks"].tolist() == ["click", "seconds", "like", "click + seconds + like"]
    assert found.tuned["lr"].isin([0.003, 0.01]).all() and set(found.seeds).isdisjoint(comparison.TUNING_SEEDS)
    assert found.cost["model"].tolist() == [SINGLE, "Shared-Bottom"] and (found.cost["parameters"] > 100).all()


def test_penalties_are_chosen_by_both_sides_from_the_same_few(table):
    options = {"seeds": range(2), "rates": [0.003, 0.01], "curve": False}
    one, two = (compare(table, BY_TIME, RECIPE, penalties=few, **options) for few in ([0.0, 10.0], [10.0, 0.0]))
    assert one.tuned["l2_embedding"].tolist() == [0.0] * 4 and one.penalties == two.penalties == [0.0, 10.0]
    pd.testing.assert_frame_equal(one.scores, two.scores)
    same = compare(table, BY_TIME, RECIPE, **options)
    pd.testing.assert_frame_equal(one.scores, same.scores)


def test_the_yardstick_is_the_mean_of_each_item_in_the_training_rows(found, table):
    comparison = found.declaration
    value = found.facts.set_index("task").loc["like", "by item"]
    parts = [split(comparison, prepare(comparison, table), seed) for seed in ([0] if comparison.time else found.seeds)]
    expected = []
    for train, _, test in parts:
        mean = train["like"].mean()
        score = {item: (rows["like"].sum() + 5 * mean) / (len(rows) + 5) for item, rows in train.groupby("item")}
        expected.append(auc(test["item"].map(score).fillna(mean).to_numpy(), test["like"].to_numpy()))
    assert value == pytest.approx(np.mean(expected)) and 0.5 < value < 0.9


def test_the_curve_is_of_the_first_two_tasks(found):
    assert set(found.curve["task"]) == {"click", "seconds"} and set(found.curve["weight"]) == set(comparison.WEIGHTS)
    assert len(found.curve) == 2 * 5 * 4 and not found.curve["value"].isna().any()


def test_users_are_known_and_facts_are_of_the_parts(found):
    assert found.users == 60 and found.parts == {"train": 2_000, "valid": 250, "test": 250}
    facts = found.facts.set_index("task")
    assert facts.loc["click", "train labels"] == 2_000 and facts.loc["seconds", "train labels"] < 1_500
    assert found.scores.loc[found.scores["task"] != "seconds", "gauc"].notna().all()


def test_equal_arguments_give_equal_results(table):
    options = {"seeds": range(2), "rates": [0.01], "curve": False}
    one, two = (compare(table, BY_TIME, RECIPE, **options) for _ in range(2))
    pd.testing.assert_frame_equal(one.scores, two.scores)
    three = compare(table, BY_TIME, RECIPE, **(options | {"seeds": range(3)}))
    np.testing.assert_allclose(one.scores["value"], three.scores.query("seed < 2")["value"], atol=1e-5)


def test_test_labels_do_not_decide_anything_but_scores(table):
    """With other labels in the test rows the models, and the chosen rates, are the same."""
    rows = prepare(BY_TIME, table)
    test = split(BY_TIME, rows).test.index
    other = rows.copy()
    other.loc[test, "click"] = 1 - other.loc[test, "click"]
    one, two = (compare(frame, BY_TIME, RECIPE, seeds=range(2), curve=False) for frame in (rows, other))
    pd.testing.assert_frame_equal(one.tuned, two.tuned)
    for task, sign in (("click", -1), ("like", 1)):
        values, others = (found.scores.loc[found.scores["task"] == task, "value"].to_numpy() for found in (one, two))
        np.testing.assert_allclose(values, others if sign == 1 else 1 - others, atol=1e-6)


def test_the_score_is_that_of_one_state(table):
    """The shared model is judged as it would be served: by the state with the best total."""
    data = comparison._Table(prepare(BY_TIME, table), BY_TIME)
    run = data.train(tuple(LABELS), RECIPE, [0])
    mask, label, _ = data.seen("click", 0)
    one = compare(table, BY_TIME, RECIPE, seeds=range(2), rates=[RECIPE.lr], curve=False)
    value = one.scores.query("task == 'click' and model == 'Shared-Bottom' and seed == 0")["value"].item()
    assert value == pytest.approx(auc(run.outputs["click", 0][mask], label), abs=1e-6)


def test_large_tables_train_seed_by_seed(table, monkeypatch):
    options = {"seeds": range(2), "rates": [0.01], "curve": False}
    together = compare(table, AT_RANDOM, RECIPE, **options).scores
    monkeypatch.setattr(comparison, "ROWS_TOGETHER", 1)
    both = compare(table, AT_RANDOM, RECIPE, **options).scores.merge(together, on=["seed", "model", "task"])
    assert len(both) == len(together)
    np.testing.assert_allclose(both["value_x"], both["value_y"], atol=1e-4)


def test_progress_rises_to_one(table):
    shares = [done for done, _ in steps(table, BY_TIME, RECIPE, seeds=range(2), curve=False)]
    assert shares == sorted(shares) and shares[0] > 0 and shares[-1] == 1


@pytest.mark.parametrize("structure", ["MMoE", "PLE"])
def test_other_structures(table, structure):
    found = compare(table, BY_TIME, replace(RECIPE, structure=structure), seeds=range(2), rates=[0.01], curve=False)
    assert set(found.scores["model"]) == {SINGLE, structure}


def test_esmm_is_compared_where_a_like_needs_a_click(table):
    comparison = Declaration({"click": "binary", "like": "binary"}, "user", "item", time="time")
    esmm, options = replace(RECIPE, structure="ESMM"), {"seeds": range(2), "rates": [0.01], "curve": False}
    with pytest.raises(ValueError, match="rows with 'like' = 1 and 'click' = 0; expected for ESMM"):
        compare(table, comparison, esmm, **options)
    needs = table.assign(like=table["like"] * table["click"])
    assert set(compare(needs, comparison, esmm, **options).scores["model"]) == {SINGLE, "ESMM"}


@pytest.mark.parametrize("weighting", ["UWL", {"click": 2.0, "seconds": 1.0, "like": 0.5}])
def test_weightings_are_for_the_shared_side_alone(table, weighting):
    options = {"seeds": range(2), "rates": [0.01], "curve": False}
    one, other = (compare(table, BY_TIME, replace(RECIPE, weighting=w), **options).scores for w in ("equal", weighting))
    pd.testing.assert_frame_equal(one.query("model == @SINGLE"), other.query("model == @SINGLE"))
    shared = [scores.query("model != @SINGLE")["value"].to_numpy() for scores in (one, other)]
    assert not np.allclose(*shared)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"recipe": Recipe("single task")}, "recipe: got 'single task'"),
        ({"seeds": [1]}, r"seeds: got \[1\]; expected two or more"),
        ({"seeds": [1, 900]}, "none of .900, 901."),
        ({"seeds": [1, 1, 2]}, r"seeds: got \[1, 1, 2\]; expected two or more, each once"),
        ({"matters": {"binary": 0.005}}, r"matters\['regression'\]: got None"),
        ({"rates": []}, "rates: got none"),
        ({"rates": ["fast"]}, "rates: got 'fast'; expected a number of at least 0"),
        ({"seeds": [0.5, 1]}, "seeds: got 0.5; expected a whole number"),
        ({"penalties": [-1]}, "penalties: got -1"),
    ],
)
def test_bad_arguments_are_named(table, options, words):
    with pytest.raises(ValueError, match=words):
        compare(table, BY_TIME, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"declaration": LABELS}, "declaration: got {.*expected a Declaration"),
        ({"recipe": "MMoE"}, "recipe: got 'MMoE'; expected a Recipe"),
        ({"seeds": 5}, "seeds: got 5; expected several numbers"),
        ({"rates": 0.01}, "rates: got 0.01; expected several numbers"),
        ({"tuning_seeds": 900}, "tuning_seeds: got 900; expected several numbers"),
    ],
)
def test_arguments_of_another_type_are_named(table, options, words):
    with pytest.raises(TypeError, match=words):
        compare(table, **({"declaration": BY_TIME} | options))


def test_a_table_that_does_not_pass_the_check_is_not_compared(table):
    with pytest.raises(ValueError, match=r"declaration: got click: .*neither 0 nor 1"):
        compare(table.assign(click=table["click"] + 1), BY_TIME)


def test_a_random_split_without_positives_is_named_before_any_training(table, monkeypatch):
    monkeypatch.setattr(comparison, "fit", lambda *arguments, **options: 1 / 0)
    rare = table.assign(click=(np.arange(2_500) % 300 == 3).astype(int))
    with pytest.raises(
        ValueError, match=r"label 'click': got one value in the rows to (valid|test) of seed \d+; expected two"
    ):
        compare(rare, AT_RANDOM, RECIPE, seeds=range(50))

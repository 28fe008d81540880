"""The capstone's comparison: what is compared with what, and that nothing of the test leaks into a choice."""

import itertools
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from distributed import LocalCluster
from torch import nn

from helpers.capstone import comparison, plan
from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import SINGLE, Plan
from helpers.capstone.preparation import Table, prepare, split
from helpers.capstone.ranker import Recipe
from helpers.capstone.reading import READING
from helpers.capstone.recommendation import unlearnt
from helpers.data.features import Features
from helpers.evaluation import yardsticks
from helpers.evaluation.counts import by_ids
from helpers.evaluation.intervals import auc_influence, half_width
from helpers.evaluation.late_fusion import late_fusion
from helpers.evaluation.metrics import auc, r2
from helpers.support import environment
from tests.capstone.logs import AT_RANDOM, BY_TIME, LABELS, RECIPE, both_splits, log_of_days

pytestmark = pytest.mark.slow  # most of them train


@pytest.fixture(scope="module", params=[BY_TIME, AT_RANDOM], ids=["by time", "at random"])
def found(request, table):
    recipe = replace(RECIPE, towers=(16,))  # of four units all may be 0 from the start
    return compare(table, request.param, recipe, seeds=range(4), rates=(0.003, 0.01), also=plan.ALSO)


def test_every_task_has_a_gain_with_its_interval(found):
    assert found.gains["task"].tolist() == list(LABELS)
    assert found.gains["metric"].tolist() == ["AUC", "R²", "AUC"]
    assert (found.gains["low"] < found.gains["gain"]).all() and (found.gains["gain"] < found.gains["high"]).all()
    assert sorted(found.growth["seeds"].unique()) == [3, 4]
    by_model = found.scores.pivot(index=["task", "seed"], columns="model", values="value")
    mean = (by_model["Shared-Bottom"] - by_model[SINGLE]).groupby("task").mean()
    assert found.gains.set_index("task")["gain"].to_dict() == pytest.approx(mean.to_dict())


@pytest.mark.long
@pytest.mark.parametrize("own_time", [True, False], ids=["by time", "at random"])
def test_the_rows_that_are_judged_are_those_that_were_predicted(own_time, monkeypatch):
    """Labels that a number tells: of its own rows a model predicts nearly all, of any other rows none."""
    monkeypatch.setattr(plan, "WEIGHTS", (0.25, 0.75))
    rng = np.random.default_rng(0)
    x = rng.normal(size=2_000)
    frame = pd.DataFrame({"x": x, "a": (x > 0).astype(int), "b": (x > 0.3).astype(int), "time": range(2_000)})
    declaration = Declaration(dict.fromkeys("ab", "binary"), numbers=("x",), time="time" if own_time else None)
    recipe = replace(RECIPE, epochs=10, batch_size=64)
    found = compare(frame, declaration, recipe, seeds=range(2), rates=[0.01], also=["curve"])
    assert (found.scores["value"] > 0.97).all() and (found.curve["value"] > 0.97).all()


@pytest.mark.long
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
    data = Table(prepare(declaration, frame.assign(like=frame["click"])), declaration)
    _, label, rows = data.seen("click", 0)
    users = data.examples.groups[rows].numpy()
    shared, single = label + rng.normal(size=len(label)), rng.normal(size=len(label))
    outputs = {(m, "click", s): o for m, o in (("Shared-Bottom", shared), (SINGLE, single)) for s in range(8)}
    luck = []
    for seeds in (range(2), range(8)):
        judged = comparison._judge(data, "model", {key: output for key, output in outputs.items() if key[-1] in seeds})
        luck.append(comparison._sharing_gain(data, "click", "Shared-Bottom", outputs, judged, plan.MATTERS)["users"])
    own = [np.flatnonzero(users == user) for user in np.unique(users)]
    drawn = [np.concatenate([own[k] for k in rng.integers(0, len(own), len(own))]) for _ in range(300)]
    spread = np.std([auc(shared[part], label[part]) - auc(single[part], label[part]) for part in drawn])
    assert luck[0] == pytest.approx(luck[1]) and luck[0] == pytest.approx(spread, rel=0.15)


@pytest.mark.long
def test_along_the_curve_the_first_task_gains_weight(monkeypatch):
    """With all of the weight a task is learnt, with none it is not."""
    monkeypatch.setattr(plan, "WEIGHTS", (0.0, 1.0))
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=1_500), "y": rng.normal(size=1_500)})
    declaration = Declaration(dict.fromkeys("ab", "regression"), numbers=("x", "y"))
    frame = frame.assign(a=frame["x"], b=frame["y"])
    recipe = replace(RECIPE, epochs=12, batch_size=64)
    curve = compare(frame, declaration, recipe, seeds=range(2), rates=[0.03], also=["curve"]).curve
    means = curve.groupby(["weight", "task"])["value"].mean()
    assert means[1.0, "a"] > 0.8 > 0.5 > means[0.0, "a"] and means[0.0, "b"] > 0.8 > 0.5 > means[1.0, "b"]


@pytest.mark.long
def test_both_sides_are_tuned_from_the_same_rates(found):
    assert found.tuned["tasks"].tolist() == ["click", "seconds", "like", "click + seconds + like"]
    assert found.tuned["lr"].isin([0.003, 0.01]).all() and set(found.seeds).isdisjoint(plan.TUNING_SEEDS)
    assert found.cost["model"].tolist() == [SINGLE, "Shared-Bottom"] and (found.cost["parameters"] > 100).all()


@pytest.mark.long
def test_penalties_are_chosen_by_both_sides_from_the_same_few(table):
    options = {"seeds": range(2), "rates": [0.003, 0.01], "also": ()}
    one, two = (compare(table, BY_TIME, RECIPE, penalties=few, **options) for few in ([0.0, 10.0], [10.0, 0.0]))
    assert one.tuned["l2_embedding"].tolist() == [0.0] * 4 and one.penalties == two.penalties == [0.0, 10.0]
    pd.testing.assert_frame_equal(one.scores, two.scores)
    same = compare(table, BY_TIME, RECIPE, **options)
    pd.testing.assert_frame_equal(one.scores, same.scores)


def test_yardsticks_are_judged_on_the_test_rows_of_every_seed(found, table):
    """Ahead of the better side there, and the headline is over the best of them."""
    counts, models = ("by item", "by user", "by user and item"), ("linear", "trees")
    fused = {"click": ("mean", "stack"), "seconds": ("stack",), "like": ("mean", "stack")}  # seconds have no product
    expected = [[task, name] for task in LABELS for name in (*counts, *models, *fused[task], "control")]
    assert found.beaten[["task", "yardstick"]].values.tolist() == expected
    own = found.declaration
    rows = prepare(own, table)
    features = Features(own.layout()).fit(split(own, rows, 0).train if own.time else rows)
    for row in found.beaten[found.beaten["yardstick"].isin(models)].itertuples():
        score, values = r2 if row.task == "seconds" else auc, []
        for seed in found.seeds:
            parts = [part[part[row.task].notna()] for part in split(own, rows, seed)]
            train, valid, test = (features.examples(part, {row.task: row.task}) for part in parts)
            tried = yardsticks.candidates(row.yardstick, features, train, valid.inputs, test.inputs)
            output = max(tried, key=lambda pair: score(pair[0], valid.labels[row.task]))[1]
            values.append(score(output, test.labels[row.task]))
        assert row.value == pytest.approx(np.mean(values), abs=1e-4)
        scores = found.scores[found.scores["task"] == row.task]
        assert row.ahead == pytest.approx(row.value - scores.groupby("model")["value"].mean().max(), abs=1e-6)
        assert row.ahead - row.low == pytest.approx(row.high - row.ahead) and 0.005 < row.high - row.ahead < 2


def test_the_headline_is_over_the_best_that_shares_nothing(found):
    values = found.beaten.pivot(index="task", columns="yardstick", values="value")
    for row in found.headline.itertuples():
        gains = found.gains.set_index("task").loc[row.task]
        over = {**values.loc[row.task].dropna(), SINGLE: gains["single"]}
        assert row.gain == pytest.approx(gains["shared"] - over[row.rival], abs=1e-6)
        assert row.low <= gains["low"] and row.low <= row.control_low and row.low < row.gain < row.high
        assert row.control_gain == pytest.approx(gains["shared"] - over["control"], abs=1e-6)
        assert row.verdict == comparison.verdict(row.low, row.high, row.matters) and row.learnt and row.measured


COIN = Declaration({"a": "binary", "b": "binary"}, "user", "item", numbers=("x",))


def coin(rows: int = 3_000) -> pd.DataFrame:
    """A label that is learnable, and next to it a coin."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"user": rng.integers(0, 150, rows), "item": rng.integers(0, 80, rows)})
    frame["x"] = rng.normal(size=rows)
    return frame.assign(
        a=(rng.random(rows) < 1 / (1 + np.exp(-2 * frame["x"]))).astype(int), b=rng.integers(0, 2, rows)
    )


def test_a_coin_is_no_reason_to_share(monkeypatch):
    """Whatever the gain beside it: shuffled labels bring as much, and nothing predicts it."""
    monkeypatch.setattr(yardsticks, "MOST_TREES", 10)
    found = compare(coin(), COIN, replace(RECIPE, epochs=8), mode="quick", matters={"binary": 0.0})
    a, b = found.headline.itertuples()
    assert a.learnt and not b.learnt and b.verdict == "undecided" and a.verdict != "holds"
    assert a.control_low < 0.01


def test_shuffled_labels_tell_nothing_and_the_kept_ones_are_as_they_were(table):
    data = Table(prepare(BY_TIME, table), BY_TIME)
    train = data.sets(0)[0]
    moved, again, other = (comparison._shuffled(train, "click", seed) for seed in (3, 3, 4))
    assert torch.equal(moved.labels["click"], train.labels["click"])
    order = moved.labels["seconds"].sort().values
    assert torch.equal(order, train.labels["seconds"].sort().values)  # the same ones, elsewhere
    assert abs(np.corrcoef(moved.labels["like"], train.labels["like"])[0, 1]) < 0.08
    assert torch.equal(moved.masks["seconds"].sum(), train.masks["seconds"].sum())
    assert torch.equal(moved.labels["like"], again.labels["like"])
    assert not torch.equal(moved.labels["like"], other.labels["like"])


def test_without_yardsticks_none_is_fitted(table, trained, monkeypatch):
    monkeypatch.setattr(yardsticks, "candidates", lambda *_: 1 / 0)
    found = compare(table, BY_TIME, RECIPE, seeds=range(2), rates=[0.01], also=["curve"])
    assert found.beaten.empty and found.also == ("curve",) and len(found.curve) == 5 * 2 * 2


def test_the_curve_is_of_the_first_two_tasks(found):
    assert set(found.curve["task"]) == {"click", "seconds"} and set(found.curve["weight"]) == set(plan.WEIGHTS)
    assert len(found.curve) == 2 * 5 * 4 and not found.curve["value"].isna().any()


def test_users_are_known_and_facts_are_of_the_parts(found):
    assert found.users == 60 and found.parts == {"train": 2_000, "valid": 250, "test": 250}
    facts = found.facts.set_index("task")
    assert facts.loc["click", "train labels"] == 2_000 and facts.loc["seconds", "train labels"] < 1_500
    assert found.scores.loc[found.scores["task"] != "seconds", "gauc"].notna().all()


def test_a_seed_whose_tower_is_dead_does_not_count_for_its_task(table, monkeypatch):
    """Its units are 0 for every row: it would be judged to lose what it has never learnt."""
    make = Recipe.model

    def with_a_dead_tower(self, features, tasks, seed, train):
        model = make(self, features, tasks, seed, train)
        for layer in model.modules():
            if seed == 3 and list(tasks) == ["like"] and isinstance(layer, nn.Linear) and layer.out_features == 16:
                nn.init.zeros_(layer.weight)
                nn.init.constant_(layer.bias, -1)
        return model

    monkeypatch.setattr(Recipe, "model", with_a_dead_tower)
    options, recipe = {"rates": [0.01], "also": ()}, replace(RECIPE, towers=(16,))
    found, others = (compare(table, BY_TIME, recipe, seeds=range(n), **options) for n in (4, 3))
    dead = found.scores[found.scores["constant"]]
    assert dead[["seed", "model", "task"]].values.tolist() == [[3, SINGLE, "like"]] and dead["value"].item() == 0.5
    assert found.gains["dead"].tolist() == [0, 0, 1] and found.gains["seeds"].tolist() == [4, 4, 4]
    numbers = ["gain", "low", "high", "single", "shared"]
    np.testing.assert_allclose(*(one.gains.loc[2, numbers].to_numpy(float) for one in (found, others)), atol=1e-4)
    assert "like (single-task, seed 3)" in unlearnt(found.scores, found.gains)
    assert unlearnt(others.scores, others.gains) == ""


def test_where_fewer_than_two_seeds_have_learnt_nothing_is_decided(table, trained, monkeypatch):
    train = comparison._train

    def flat(table, tasks, recipe, seeds, share=1):
        run = train(table, tasks, recipe, seeds, share)
        return run._replace(outputs={key: output * (tasks != ("like",)) for key, output in run.outputs.items()})

    options = {"seeds": range(3), "rates": [0.01], "matters": {"binary": 0, "regression": 0}, "also": ()}
    before = compare(table, BY_TIME, RECIPE, **options).gains
    monkeypatch.setattr(comparison, "_train", flat)
    found = compare(table, BY_TIME, RECIPE, **options)
    pd.testing.assert_frame_equal(found.gains[:2], before[:2])
    like = found.gains.set_index("task").loc["like"]
    assert (like["verdict"], like["seeds_needed"], like["dead"]) == ("undecided", 0, 3) and like["single"] == 0.5
    assert like["low"] > 0  # by its numbers alone it would gain
    said = unlearnt(found.scores, found.gains)
    assert "like (single-task, all seeds)" in said and "Nothing can be said of like: fewer than two seeds" in said


def test_a_yardstick_is_compared_with_what_has_learnt(table, trained, monkeypatch):
    """A dead seed would pull down the mean of its side, and the yardstick would be ahead of that."""
    train = comparison._train

    def flat(table, tasks, recipe, seeds, share=1):
        run = train(table, tasks, recipe, seeds, share)
        outputs, valid = ({key: out * (key[1] != 2) for key, out in of.items()} for of in (run.outputs, run.valid))
        return run._replace(outputs=outputs, valid=valid)

    few = compare(table, BY_TIME, RECIPE, seeds=range(2), rates=[0.01], also=["yardsticks"]).beaten
    monkeypatch.setattr(comparison, "_train", flat)
    found = compare(table, BY_TIME, RECIPE, seeds=range(3), rates=[0.01], also=["yardsticks"]).beaten
    pd.testing.assert_frame_equal(found, few)


@pytest.mark.long
def test_equal_arguments_give_equal_results(table):
    options = {"seeds": range(2), "rates": [0.01], "also": ()}
    one, two = (compare(table, BY_TIME, RECIPE, **options) for _ in range(2))
    pd.testing.assert_frame_equal(one.scores, two.scores)
    three = compare(table, BY_TIME, RECIPE, **(options | {"seeds": range(3)}))
    np.testing.assert_allclose(one.scores["value"], three.scores.query("seed < 2")["value"], atol=1e-5)


@pytest.mark.long
def test_test_labels_do_not_decide_anything_but_scores(table, monkeypatch):
    """With other labels in the test rows the models, and the chosen rates, are the same."""
    monkeypatch.setattr(yardsticks, "MOST_TREES", 10)
    rows = prepare(BY_TIME, table)
    test = split(BY_TIME, rows).test.index
    other = rows.copy()
    other.loc[test, "click"] = 1 - other.loc[test, "click"]
    options = {"seeds": range(2), "rates": [0.003, 0.01], "also": ["yardsticks"]}
    one, two = (compare(frame, BY_TIME, RECIPE, **options) for frame in (rows, other))
    pd.testing.assert_frame_equal(one.tuned, two.tuned)
    by_click = [found.beaten.query("task == 'click'")["value"].to_numpy() for found in (one, two)]
    np.testing.assert_allclose(by_click[0], 1 - by_click[1], atol=1e-6)
    for task, sign in (("click", -1), ("like", 1)):
        values, others = (found.scores.loc[found.scores["task"] == task, "value"].to_numpy() for found in (one, two))
        np.testing.assert_allclose(values, others if sign == 1 else 1 - others, atol=1e-6)


def test_the_score_is_that_of_one_state(table):
    """The shared model is judged as it would be served: by the state with the best total."""
    data = Table(prepare(BY_TIME, table), BY_TIME)
    run = comparison._train(data, tuple(LABELS), RECIPE, [0])
    mask, label, _ = data.seen("click", 0)
    one = compare(table, BY_TIME, RECIPE, seeds=range(2), rates=[RECIPE.lr], also=())
    value = one.scores.query("task == 'click' and model == 'Shared-Bottom' and seed == 0")["value"].item()
    assert value == pytest.approx(auc(run.outputs["click", 0][mask], label), abs=1e-6)


@pytest.mark.long
def test_large_tables_train_seed_by_seed(table, monkeypatch):
    options = {"seeds": range(2), "rates": [0.01], "also": ()}
    together = compare(table, AT_RANDOM, RECIPE, **options).scores
    monkeypatch.setattr("helpers.capstone.comparison.ROWS_TOGETHER", 1)
    both = compare(table, AT_RANDOM, RECIPE, **options).scores.merge(together, on=["seed", "model", "task"])
    assert len(both) == len(together)
    np.testing.assert_allclose(both["value_x"], both["value_y"], atol=1e-4)


@pytest.mark.parametrize("structure", ["MMoE", "PLE"])
def test_other_structures(table, structure):
    found = compare(table, BY_TIME, replace(RECIPE, structure=structure), seeds=range(2), rates=[0.01], also=())
    assert set(found.scores["model"]) == {SINGLE, structure}


CLICK_THEN_LIKE = Declaration({"click": "binary", "like": "binary"}, "user", "item", time="time")


def test_esmm_is_compared_where_a_like_needs_a_click(table):
    needs = table.assign(like=table["like"] * table["click"])
    esmm = replace(RECIPE, structure="ESMM")
    found = compare(needs, CLICK_THEN_LIKE, esmm, seeds=range(2), rates=[0.01], also=())
    assert set(found.scores["model"]) == {SINGLE, "ESMM"}


def test_a_recipe_that_does_not_fit_the_labels_is_not_trained(table, trained):
    with pytest.raises(ValueError, match="rows with 'like' = 1 and 'click' = 0; expected for ESMM"):
        compare(table, CLICK_THEN_LIKE, replace(RECIPE, structure="ESMM"))
    with pytest.raises(ValueError, match="expected two binary tasks for ESMM"):
        compare(table, BY_TIME, replace(RECIPE, structure="ESMM"))
    assert trained == []


@pytest.mark.parametrize("weighting", ["UWL", {"click": 2.0, "seconds": 1.0, "like": 0.5}])
def test_weightings_are_for_the_shared_side_alone(table, weighting):
    options = {"seeds": range(2), "rates": [0.01], "also": ()}
    one, other = (compare(table, BY_TIME, replace(RECIPE, weighting=w), **options).scores for w in ("equal", weighting))
    pd.testing.assert_frame_equal(one.query("model == @SINGLE"), other.query("model == @SINGLE"))
    shared = [scores.query("model != @SINGLE")["value"].to_numpy() for scores in (one, other)]
    assert not np.allclose(*shared)


def test_a_bad_option_is_named_before_anything_is_read(table):
    with pytest.raises(ValueError, match="mode: got 'fast'; expected one of 'thorough', 'quick'"):
        compare(table.assign(click=2), BY_TIME, mode="fast")


def test_random_splits_are_checked_before_any_training(table, monkeypatch):
    monkeypatch.setattr("helpers.capstone.comparison.fit", lambda *arguments, **options: 1 / 0)
    rare = table.assign(click=(np.arange(2_500) % 300 == 3).astype(int))
    with pytest.raises(ValueError, match=r"label 'click': got one value in the rows to (valid|test) of seed \d+"):
        compare(rare, AT_RANDOM, RECIPE, seeds=range(50))


def test_a_table_that_does_not_pass_the_check_is_not_compared(table):
    with pytest.raises(ValueError, match=r"declaration: got click: .*neither 0 nor 1"):
        compare(table.assign(click=table["click"] + 1), BY_TIME)


class Bar:
    """In place of tqdm: what it was made with, and how much was done after each call."""

    made: list["Bar"]

    def __init__(self, **options):
        self.options, self.done, self.total = options, [0.0], options["total"]
        self.made.append(self)

    __enter__, __exit__ = (lambda self: self), lambda *_: None

    def update(self, more):
        self.done.append(self.done[-1] + more)


@pytest.fixture
def bars(monkeypatch):
    monkeypatch.setattr(Bar, "made", [], raising=False)
    monkeypatch.setattr(comparison, "tqdm", Bar)
    return Bar.made


@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "with a bar"])
def test_a_bar_says_how_much_is_done_and_how_long_it_takes(table, trained, bars, monkeypatch, quiet):
    """It ends where all is done, with everything that can be measured besides."""
    monkeypatch.setenv("TQDM_DISABLE", "1") if quiet else monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(comparison, "verdict", lambda *_: "undecided")
    compare(table, BY_TIME, RECIPE, seeds=range(3), penalties=[5.0, 0.0], also=plan.ALSO)
    (bar,) = bars
    assert bar.options["desc"] == "comparing (soon)" and bar.options["disable"] == quiet
    assert bar.done[-1] == pytest.approx(bar.total) and (np.diff(bar.done) > 0).all()
    assert len(bar.done) == 1 + 4 * 2 + 4 + 2 * 4 + 6 + 3 + 5


# --- one training run, one yardstick ----------------------------------------------------------------------------------


def test_seeds_train_together_where_their_rows_have_room(table, monkeypatch):
    data = Table(prepare(AT_RANDOM, table), AT_RANDOM)
    assert comparison._together(data, range(50)) == [list(range(40)), list(range(40, 50))]  # 100,000 of 2,500 rows
    monkeypatch.setattr("helpers.capstone.comparison.ROWS_TOGETHER", 4_999)
    assert comparison._together(data, [7, 5, 6]) == [[7], [5], [6]]
    monkeypatch.setattr("helpers.capstone.comparison.ROWS_TOGETHER", 5_000)
    assert comparison._together(data, [7, 5, 6]) == [[7, 5], [6]]
    monkeypatch.setattr("helpers.capstone.comparison.ROWS_TOGETHER", 1)
    assert comparison._together(data, [7, 5]) == [[7], [5]]


def test_with_new_users_each_seed_trains_alone():
    """Their parts differ in size."""
    frame, own = log_of_days(days=10, luck=0)
    own = replace(own, new_users=True)
    assert comparison._together(Table(prepare(own, frame), own), [0, 1]) == [[0], [1]]


@both_splits
def test_a_run_is_of_models_one_a_seed(table, own):
    """The same as each alone; the loss is the sum of their best totals, the seconds are those of one."""
    data = Table(prepare(own, table), own)
    both, *alone = (comparison._train(data, ("click", "like"), RECIPE, seeds) for seeds in ([0, 1], [0], [1]))
    assert list(both.outputs) == [("click", 0), ("click", 1), ("like", 0), ("like", 1)]
    assert both.loss == pytest.approx(sum(run.loss for run in alone), rel=1e-4)
    assert both.parameters == alone[0].parameters == alone[1].parameters > 100
    for run in alone:
        for key, output in run.outputs.items():
            np.testing.assert_allclose(both.outputs[key], output, atol=1e-4)


def test_a_run_is_of_the_rows_of_its_seed():
    """At random each seed has test rows of its own: labels that a number tells are predicted there."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=1_000), "y": rng.normal(size=1_000)})
    own = Declaration({"a": "binary", "b": "binary"}, numbers=("x", "y"))
    frame = frame.assign(a=(frame["x"] > 0).astype(int), b=(frame["y"] > 0).astype(int))
    data = Table(prepare(own, frame), own)
    run = comparison._train(data, ("a",), replace(RECIPE, epochs=5, batch_size=32, lr=0.03), [4, 5])
    for seed in (4, 5):
        mask, label, _ = data.seen("a", seed)
        assert auc(run.outputs["a", seed][mask], label) > 0.97


def test_by_time_all_seeds_train_on_one_set_of_rows_without_a_bar(table, monkeypatch):
    data, fit, asked = Table(prepare(BY_TIME, table), BY_TIME), comparison.fit, []

    def noted(models, *rows, progress=True, **options):
        asked.append((progress, [tuple(one.labels["click"].shape) for one in rows]))
        return fit(models, *rows, progress=False, **options)

    monkeypatch.setattr(comparison, "fit", noted)
    comparison._train(data, ("click",), replace(RECIPE, epochs=1), [0, 1, 2])
    assert asked == [(False, [(2_000,), (250,)])]


def test_the_loss_of_a_run_is_the_best_total_on_the_validation_rows(table):
    """As `fit` tells it, and the outputs are those of that epoch."""
    data = Table(prepare(BY_TIME, table), BY_TIME)
    train, valid, test = (part.only("click", "like") for part in data.sets(0))
    recipe = replace(RECIPE, epochs=8, lr=0.03)  # the best epoch is not the last
    models = [recipe.model(data.features, {"click": "binary", "like": "binary"}, seed, train) for seed in (0, 1)]
    history = comparison.fit(models, train, valid, seed=[0, 1], progress=False, **recipe.training()).history
    totals = history[history["task"] == comparison.TOTAL].pivot(index="epoch", columns="copy", values="valid")
    run = comparison._train(data, ("click", "like"), recipe, [0, 1])
    assert run.loss == pytest.approx(totals.min().sum()) and (totals.idxmin() < 8).any()
    for copy, seed in enumerate((0, 1)):
        expected = comparison.predict(models, test.inputs)["like"][copy].numpy()
        np.testing.assert_allclose(run.outputs["like", seed], expected, atol=1e-6)


@both_splits
@pytest.mark.parametrize(("task", "score"), [("click", auc), ("seconds", r2)])
def test_a_lead_is_over_the_same_rows_of_each_seed(table, own, task, score):
    """Of outputs that are made up; over nothing it is the metric itself."""
    data, rng = Table(prepare(own, table), own), np.random.default_rng(0)
    seeds, outputs, values = (4, 5, 6), {}, {}
    for model, noise in ((SINGLE, 0.9), ("trees", 0.4)):
        for seed in seeds:
            mask, label, _ = data.seen(task, seed)
            outputs[model, task, seed] = np.zeros(len(mask))
            outputs[model, task, seed][mask] = label + noise * rng.normal(size=len(label)) * label.std()
            values[model, seed] = score(outputs[model, task, seed][mask], label)
    gains = np.array([values["trees", seed] - values[SINGLE, seed] for seed in seeds])
    lead, _ = comparison._lead(data, outputs, task, "trees", SINGLE, seeds)
    assert lead.mean == pytest.approx(gains.mean()) and lead.spread == pytest.approx(gains.std(ddof=1))
    wide, _ = comparison._lead(data, outputs, task, "trees", SINGLE, seeds, 0.99)
    assert wide.low < lead.low < lead.mean < lead.high < wide.high and lead.users > 0
    level, _ = comparison._lead(data, outputs, task, "trees", None, seeds)
    assert level.mean == pytest.approx(np.mean([values["trees", seed] for seed in seeds]))


def test_seconds_are_of_computing_and_for_one_seed(table, monkeypatch):
    monkeypatch.setattr("helpers.capstone.comparison.time.process_time", iter(range(100)).__next__)
    data = Table(prepare(BY_TIME, table), BY_TIME)
    assert comparison._train(data, ("click",), replace(RECIPE, epochs=1), [0, 1, 2, 3]).seconds == 0.25


def test_the_estimate_is_by_an_epoch_of_a_single_task_model_and_of_the_shared_one(table, monkeypatch):
    monkeypatch.setattr("helpers.capstone.comparison.TIMED", 500)  # of 2,000 to train
    data, asked = Table(prepare(BY_TIME, table), BY_TIME), []

    def noted(table, tasks, recipe, seeds, share=1, kept=None):
        asked.append((tasks, recipe.epochs, seeds, share))
        return comparison._Run(0.0, {}, {}, 0, float(len(tasks)))

    monkeypatch.setattr(comparison, "_train", noted)
    plan = Plan(BY_TIME, RECIPE, seeds=range(2), rates=[0.01], also=())
    seconds = {plan.sides[0].name: 4.0, plan.sides[-1].name: 12.0}
    assert comparison._estimate(data, plan) == plan.estimate(seconds, data.parts["train"])
    assert asked == [(("click",), 1, [0, 1], 0.25), (tuple(LABELS), 1, [0, 1], 0.25)]


def test_weights_count_in_training_as_rows_do():
    """A row of weight 0 is as one that is not there: what only those would teach is not learnt."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=3_000), "w": rng.integers(0, 2, 3_000) * 7.0, "time": range(3_000)})
    truth = (frame["x"] > 0) == (frame["w"] > 0)  # rows without weight say the opposite
    frame = frame.assign(a=truth.astype(int), b=truth.astype(int))
    own = Declaration({"a": "binary", "b": "binary"}, numbers=("x",), time="time", weight="w")
    data = Table(prepare(own, frame), own)
    run = comparison._train(data, ("a",), replace(RECIPE, epochs=10, batch_size=64, lr=0.01), [0])
    _, label, rows = data.seen("a", 0)
    heavy = prepare(own, frame)["w"].to_numpy()[rows] > 0
    assert auc(run.outputs["a", 0][heavy], label[heavy]) > 0.99
    assert data.examples.weights["a"].mean() == pytest.approx(1)


def test_on_a_share_of_the_rows_all_test_rows_are_predicted(table):
    data = Table(prepare(BY_TIME, table), BY_TIME)
    run = comparison._train(data, ("click",), RECIPE, [0, 1], 0.5)
    assert set(run.outputs) == {("click", 0), ("click", 1)} and len(run.outputs["click", 0]) == 250


# --- without training: what is trained, in which order, and what is made of it ----------------------------------------


LOSSES = {0.001: 3.0, 0.003: 1.0, 0.01: 2.0}  # any other rate is worse


@pytest.fixture
def trained(monkeypatch):
    """In place of training: outputs that know a little of the labels, and a note of each call."""
    calls = []

    def train(table, tasks, recipe, seeds, share=1, kept=None):
        calls.append((tuple(tasks), recipe, list(seeds)))
        outputs, valid = {}, {}
        for task in tasks:
            for seed in seeds:
                for of, rows in zip((valid, outputs), table.sets(0 if table.by_time else seed)[1:], strict=True):
                    noise = np.random.default_rng([seed, len(task), len(tasks)]).normal(size=len(rows))
                    of[task, seed] = rows.labels[task].numpy() * (0.5 + 0.2 * len(tasks)) + noise
        loss = (LOSSES.get(recipe.lr, 4.0) + 10 * (recipe.l2_embedding == 0)) * len(seeds)
        return comparison._Run(loss, outputs, valid, 100 * len(tasks), float(len(seeds)))

    monkeypatch.setattr(comparison, "_train", train)
    monkeypatch.setattr(comparison, "_estimate", lambda table, plan: "soon")
    monkeypatch.setattr(yardsticks, "MOST_TREES", 5)
    return calls


def test_both_sides_are_tuned_then_trained_then_weighed(table, trained):
    found = compare(table, BY_TIME, RECIPE, seeds=range(3), rates=plan.RATES, penalties=[5.0, 0.0], also=["curve"])
    alone = replace(RECIPE, structure="single task", weighting="equal")
    expected, sides = [], [*(((task,), alone) for task in LABELS), (tuple(LABELS), RECIPE)]
    for tasks, recipe in sides:
        choices = [(lr, l2) for lr in plan.RATES for l2 in (5.0, 0.0)]
        expected += [(tasks, replace(recipe, lr=lr, l2_embedding=l2), [900, 901]) for lr, l2 in choices]
    expected += [(tasks, replace(recipe, lr=0.003, l2_embedding=5.0), [0, 1, 2]) for tasks, recipe in sides]
    best = replace(RECIPE, lr=0.003, l2_embedding=5.0)
    for weight in plan.WEIGHTS:
        weights = {"click": 2 * weight, "seconds": 2 - 2 * weight, "like": 1.0}
        expected += [(tuple(LABELS), replace(best, weighting=weights), [0, 1, 2])]
    assert trained == expected
    names = ["click", "seconds", "like", "click + seconds + like"]
    models = [SINGLE] * 3 + ["Shared-Bottom"]
    chosen = {"lr": 0.003, "l2_embedding": 5.0, "dropout": 0.0, "units": (8,), "edge": "l2_embedding"}
    rows = [{"model": m, "tasks": t} | chosen for m, t in zip(models, names, strict=True)]
    assert found.tuned.to_dict("records") == rows and len(found.tried) == 4 * 6
    assert found.penalties == [0.0, 5.0] and found.recipe is RECIPE and found.declaration is BY_TIME
    rows = [
        {"model": SINGLE, "parameters": 300, "seconds": 9.0},
        {"model": "Shared-Bottom", "parameters": 300, "seconds": 3.0},
    ]
    assert found.cost.to_dict("records") == rows and found.cost["parameters"].dtype.kind == "i"


def test_without_options_five_seeds_a_search_yardsticks_control_and_fewer_rows(table, trained):
    found = compare(table, BY_TIME)
    assert (found.seeds, found.rates, found.penalties) == ([0, 1, 2, 3, 4], None, None)
    assert found.matters == {"binary": 0.005, "regression": 0.01} and found.tuning_seeds == [900, 901]
    assert found.recipe == Recipe() and found.also == ("yardsticks", "control", "fewer rows") and found.curve.empty
    assert len(found.beaten) == 23 and len(found.fewer) == 2 * 3 and len(found.scores) == 2 * 3 * 5
    assert sorted(found.growth["seeds"].unique()) == [3, 5] and [p.column for p in found.problems] == ["seconds"]


def test_both_sides_search_with_the_same_budget_and_go_on_where_the_last_that_was_tried_is_the_best(
    table, trained, monkeypatch
):
    """Penalties first, then rates, dropout and width, each from the best so far."""
    found = compare(table, BY_TIME, RECIPE, seeds=range(2), also=())
    assert (found.tried.groupby("tasks").size() == 4 + 2 + 1 + 2 + 1).all()  # one step more: a narrower one was as good
    chosen = found.tuned[["lr", "l2_embedding", "dropout", "units", "edge"]].drop_duplicates().values.tolist()
    assert chosen == [[0.003, 1e-4, 0.0, (4,), ""]]  # of equal losses the first that was tried
    train = comparison._train

    def more_is_better(table, tasks, recipe, seeds, share=1, kept=None):
        return train(table, tasks, recipe, seeds)._replace(loss=-recipe.l2_embedding if "like" in tasks else 0.0)

    monkeypatch.setattr(comparison, "_train", more_is_better)
    found = compare(table, BY_TIME, RECIPE, mode="quick", also=())
    assert found.tuned["l2_embedding"].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert found.tuned["edge"].tolist() == ["", "", "l2_embedding", "l2_embedding"]
    assert found.tried.groupby("tasks", sort=False).size().tolist() == [4, 4, 6, 6]


def test_on_a_small_log_a_rare_label_does_not_spoil_what_is_shared():
    """Items decide what is clicked; of the clicks every tenth is liked, at random: sharing brings and costs nothing."""
    gains = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"user": rng.integers(0, 200, 4_000), "item": rng.integers(0, 100, 4_000)})
        appeal = 1.5 * rng.normal(size=100)[frame["item"]] - 1
        frame["click"] = (rng.random(4_000) < 1 / (1 + np.exp(-appeal))).astype(int)
        frame["like"] = frame["click"] * (rng.random(4_000) < 0.1)
        own = Declaration({"click": "binary", "like": "binary"}, "user", "item", time="time")
        found = compare(frame.assign(time=range(4_000)), own, mode="quick", also=())
        gains.append(found.gains.set_index("task").loc["click"])
    gains = pd.DataFrame(gains)
    assert gains["shared"].mean() > 0.65 and gains["gain"].mean() > -0.03
    assert not (gains["verdict"] == "opposite").any()


def test_one_choice_is_not_tuned(table, trained):
    found = compare(table, BY_TIME, RECIPE, seeds=[4, 2], rates=[0.01], also=())
    assert [(tasks, recipe.lr, seeds) for tasks, recipe, seeds in trained] == [
        (tasks, 0.01, [4, 2]) for tasks in [*((task,) for task in LABELS), tuple(LABELS)]
    ]
    assert found.seeds == [4, 2] and found.curve.empty and found.scores["seed"].tolist() == [4, 2] * 6


def test_as_many_seeds_train_together_as_have_room(table, trained, monkeypatch):
    monkeypatch.setattr("helpers.capstone.comparison.ROWS_TOGETHER", 7_499)  # of 2,500 rows
    compare(table, BY_TIME, RECIPE, rates=[0.01], also=())
    assert [seeds for *_, seeds in trained] == [[0, 1], [2, 3], [4]] * 4


@pytest.mark.parametrize("declaration", [BY_TIME, AT_RANDOM], ids=["by time", "at random"])
def test_scores_gains_and_the_curve_are_of_the_outputs_for_the_test_rows(table, trained, declaration):
    found = compare(
        table,
        declaration,
        RECIPE,
        seeds=range(3),
        rates=[0.01],
        matters={"binary": 0.3, "regression": 0.1},
        also=["curve"],
    )
    rows = prepare(declaration, table)
    units = (rows["seconds"].mean(), rows["seconds"].std())
    values = {}
    for row in found.scores.itertuples():
        test = split(declaration, rows, 0 if declaration.time else row.seed).test
        label = test[row.task].to_numpy(float)
        label = (label - units[0]) / units[1] if row.task == "seconds" else label
        tasks = 1 if row.model == SINGLE else 3
        noise = np.random.default_rng([row.seed, len(row.task), tasks]).normal(size=len(test))
        output, seen = np.nan_to_num(label) * (0.5 + 0.2 * tasks) + noise, ~np.isnan(label)
        score = (r2 if row.task == "seconds" else auc)(output[seen], label[seen])
        assert row.value == pytest.approx(score, abs=1e-6) and row.metric == ("R²" if row.task == "seconds" else "AUC")
        if row.task != "seconds":
            assert row.gauc == pytest.approx(comparison.gauc(output, label, test["user"].to_numpy()).value, abs=1e-6)
        values[row.model, row.task, row.seed] = row.value
    for row in found.gains.itertuples():
        single, shared = ([values[m, row.task, s] for s in range(3)] for m in (SINGLE, "Shared-Bottom"))
        assert (row.single, row.shared) == pytest.approx((np.mean(single), np.mean(shared)))
        assert row.gain == pytest.approx(row.shared - row.single)
        assert row.verdict == comparison.verdict(row.low, row.high, 0.1 if row.task == "seconds" else 0.3)
        assert (row.seeds_needed == 0) == (row.verdict != "undecided")
    assert found.curve["weight"].tolist() == [weight for weight in plan.WEIGHTS for _ in range(6)]
    for row in found.curve.itertuples():
        assert row.value == pytest.approx(values["Shared-Bottom", row.task, row.seed])


@both_splits
def test_yardsticks_are_fitted_on_every_split(table, trained, monkeypatch, own):
    asked = []

    def oracle(table, name, task, seed):
        asked.append((task, name, seed))
        return tuple(part.labels[task].numpy() for part in table.sets(seed)[1:])

    monkeypatch.setattr(comparison, "_yardstick", oracle)
    found = compare(table, own, RECIPE, seeds=[4, 2], rates=[0.01], also=["yardsticks"])
    splits = [0] if own.time else [4, 2]
    assert asked == list(itertools.product(LABELS, ("linear", "trees"), splits))
    assert (found.beaten.loc[found.beaten["yardstick"].isin(("linear", "trees")), "value"] > 0.999).all()
    assert found.headline["rival"].isin(("linear", "trees")).all() and (found.headline["gain"] < -0.1).all()


@both_splits
def test_counts_are_means_over_the_training_rows(table, trained, own):
    found = compare(table, own, RECIPE, seeds=(4, 2), rates=[0.01], also=["yardsticks"])
    beaten = found.beaten.set_index(["task", "yardstick"])
    for (task, score), name in itertools.product((("like", auc), ("seconds", r2)), comparison.COUNTED):
        values, columns = [], comparison.COUNTED[name]
        for seed in (4, 2):
            train, _, test = split(own, prepare(own, table), seed)
            known, asked = (rows[rows[task].notna()] for rows in (train, test))
            scores = by_ids([known[c] for c in columns], known[task], [asked[c] for c in columns])
            values.append(score(scores, asked[task]))
        assert beaten.loc[(task, name), "value"] == pytest.approx(np.mean(values), abs=1e-6)


@both_splits
def test_late_fusion_is_of_the_single_task_models_and_fitted_on_validation_rows(table, own):
    """Of each seed."""
    labels = {"click": "binary", "like": "binary"}
    own, options = replace(own, labels=labels), {"seeds": (4, 2), "rates": [0.01], "also": ["yardsticks"]}
    found = compare(table, own, RECIPE, **options).beaten.set_index(["task", "yardstick"])
    data, values = Table(prepare(own, table), own), []
    recipe = replace(RECIPE, structure="single task", lr=0.01)
    for seed in (4, 2):
        runs = {task: comparison._train(data, (task,), recipe, [seed]) for task in labels}
        valid, test = ({task: of(run)[task, seed] for task, run in runs.items()} for of in (_valid, _outputs))
        _, rows, tested = data.sets(seed)
        values.append(
            {
                (task, name): (
                    auc(scores, tested.labels[task]),
                    comparison.gauc(scores, tested.labels[task], tested.groups),
                )
                for task in labels
                for name, scores in late_fusion(valid, test, rows.labels[task]).items()
            }
        )
    for key in values[0]:
        assert found.loc[key, "value"] == pytest.approx(np.mean([one[key][0] for one in values]), abs=1e-4)
        assert found.loc[key, "gauc"] == pytest.approx(np.mean([one[key][1].value for one in values]), abs=1e-3)


def _valid(run):
    return run.valid


def _outputs(run):
    return run.outputs


@both_splits
def test_facts_are_counts_and_means_of_each_part(table, trained, own):
    found = compare(table, replace(own, item=None, ids=("item",)), RECIPE, seeds=range(2), rates=[0.01], also=())
    parts = split(own, prepare(own, table))._asdict()
    for row in found.facts.to_dict("records"):
        assert row["kind"] == LABELS[row["task"]] and np.isnan(row["by item"])
        for name, part in parts.items():
            assert row[f"{name} labels"] == part[row["task"]].notna().sum()
            assert row[f"{name} mean"] == pytest.approx(part[row["task"]].mean())
    assert found.facts["task"].tolist() == list(LABELS)


@both_splits
def test_the_yardstick_by_item_is_the_mean_of_each_item_in_the_training_rows(table, trained, own):
    found = compare(table, own, RECIPE, seeds=(4, 2), rates=[0.01], also=())
    value, expected = found.facts.set_index("task").loc["like", "by item"], []
    for seed in (4, 2):
        train, _, test = split(own, prepare(own, table), seed)
        mean = train["like"].mean()
        score = {item: (rows["like"].sum() + 5 * mean) / (len(rows) + 5) for item, rows in train.groupby("item")}
        expected.append(auc(test["item"].map(score).fillna(mean).to_numpy(), test["like"].to_numpy()))
    assert value == pytest.approx(np.mean(expected)) and 0.5 < value < 0.9


def test_how_a_file_was_read_is_kept(table, trained):
    options = {"seeds": range(2), "rates": [0.01], "also": ()}
    assert compare(table, BY_TIME, RECIPE, **options).reading is None
    read = table.copy()
    read.attrs[READING] = {"sep": ";"}
    assert compare(read, BY_TIME, RECIPE, **options).reading == {"sep": ";"}


def test_a_gain_is_over_the_seeds_with_which_both_have_learnt(table):
    """Two are enough. Where test users' luck alone leaves it open, no number of seeds decides."""
    data, rng, outputs = Table(prepare(BY_TIME, table), BY_TIME), np.random.default_rng(0), {}
    _, label, _ = data.seen("click", 0)
    for model, seed in itertools.product((SINGLE, "MMoE"), (4, 5, 6)):
        outputs[model, "click", seed] = (label + rng.normal(size=len(label))) * ((model, seed) != (SINGLE, 6))
    rows = []
    for seeds in ((4, 5, 6), (4, 5)):
        own = {key: output for key, output in outputs.items() if key[-1] in seeds}
        scores, matters = comparison._judge(data, "model", own), {"binary": 0, "regression": 0}
        rows.append(comparison._sharing_gain(data, "click", "MMoE", own, scores, matters))
    assert [(row.pop("seeds"), row.pop("dead")) for row in rows] == [(3, 1), (2, 0)]
    pd.testing.assert_frame_equal(*(pd.DataFrame([row]) for row in rows))
    row = rows[0]
    assert (row["task"], row["metric"], row["clusters"], row["verdict"]) == ("click", "AUC", "users", "undecided")
    assert np.isnan(row["seeds_needed"])


def test_without_a_user_there_is_no_gauc_and_each_row_counts_alone(table, trained):
    found = compare(table, replace(BY_TIME, user=None), RECIPE, seeds=range(2), rates=[0.01], also=())
    assert "gauc" not in found.scores and found.users == 0
    assert found.gains.set_index("task").loc["click", "units"] == 250


def test_gauc_is_nan_where_no_user_has_both_classes():
    scores, labels = np.array([0.1, 0.2, 0.3]), np.array([0.0, 1.0, 1.0])
    assert np.isnan(comparison._gauc(scores, labels, np.array([1, 2, 3])))
    assert comparison._gauc(scores, labels, np.array([1, 1, 3])) == 1


# --- what belongs together, new users, weights, fewer rows ------------------------------------------------------------


def luck_of(frame, own) -> tuple[float, int, str]:
    """The luck of the AUC of x for the first task, in the test rows."""
    data = Table(prepare(own, frame), own)
    _, label, rows = data.seen("a", 0)
    return comparison._luck(data, auc_influence(data.examples.inputs["dense"][rows, 0].numpy(), label), rows)


def test_the_wider_of_the_intervals_over_users_and_over_days_counts():
    """Where all rows of a day share their luck the days count, and the error is that of resampled days."""
    frame, own = log_of_days(days=10, luck=1)
    error, units, clusters = luck_of(frame, own)
    alone = luck_of(frame, replace(own, time="day"))  # a number that is no date: the same split, and no days
    assert (clusters, units) == ("days", 10) and alone[2] == "users" and error > 3 * alone[0]
    test = split(own, prepare(own, frame)).test
    days, rng = [part for _, part in test.groupby("time")], np.random.default_rng(0)
    drawn = [pd.concat([days[k] for k in rng.integers(0, 10, 10)]) for _ in range(300)]
    spread = np.std([auc(part["x"].to_numpy(), part["a"].to_numpy()) for part in drawn])
    assert error == pytest.approx(spread, rel=0.25)
    frame, own = log_of_days(days=10, luck=0)
    assert luck_of(frame, own)[0] < 1.8 * luck_of(frame, replace(own, time="day"))[0]


def test_a_group_counts_as_days_do_and_a_few_of_either_do_not():
    frame, own = log_of_days(days=10, luck=1)
    grouped = replace(own, time=None, group="day")
    assert luck_of(frame, grouped)[2] == "groups"
    few, _ = log_of_days(days=4, luck=1)
    assert luck_of(few, own)[2] == "users" and luck_of(few.assign(day=few["day"] % 4), grouped)[2] == "users"
    enough, _ = log_of_days(days=5, luck=1)
    assert luck_of(enough, own)[1:] == (5, "days")


@pytest.mark.parametrize(
    ("clusters", "errors", "expected"),
    [
        ({"users": 100, "days": 5}, {100: 0.010, 5: 0.009}, (0.009, 5, "days")),  # of five the interval is wider
        ({"users": 100, "days": 2, "groups": 20}, {100: 0.010, 20: 0.020}, (0.020, 20, "groups")),  # two do not count
    ],
)
def test_the_widest_interval_counts(monkeypatch, clusters, errors, expected):
    rows = np.arange(100)
    table = SimpleNamespace(clusters={name: rows * count // 100 for name, count in clusters.items()})
    monkeypatch.setattr(comparison, "over_users", lambda moved, ids: (errors[len(set(ids))], len(set(ids))))
    assert comparison._luck(table, rows, rows) == expected


def test_days_and_spans_of_the_parts_are_told(trained):
    frame, own = log_of_days(days=10, luck=0)
    found = compare(
        frame.rename(columns={"a": "click", "b": "like"}),
        replace(own, labels={"click": "binary", "like": "binary"}),
        RECIPE,
        seeds=range(2),
        rates=[0.01],
        also=(),
    )
    test = split(own, prepare(own, frame)).test["time"]
    ends = [str(pd.Timestamp(second, unit="s"))[:10] for second in (test.min(), test.max())]
    assert (
        found.days == test.nunique() and found.spans["test"] == tuple(ends) and list(found.spans) == list(found.parts)
    )


def test_a_time_that_is_no_date_has_spans_and_no_days(table, trained):
    found = compare(table, BY_TIME, RECIPE, seeds=range(2), rates=[0.01], also=())
    assert (found.days, found.spans["train"], found.spans["test"]) == (0, ("0", "1999"), ("2250", "2499"))
    found = compare(table, AT_RANDOM, RECIPE, seeds=range(2), rates=[0.01], also=())
    assert (found.days, found.spans) == (0, {})


def test_new_users_are_new(table):
    """No row of theirs is trained on; a model that knows users alone can then only guess."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": rng.integers(0, 100, 3_000), "time": range(3_000)})
    likes = rng.integers(0, 2, 100)[frame["user"]]
    frame = frame.assign(a=likes, b=likes)
    own = Declaration({"a": "binary", "b": "binary"}, "user", time="time")
    options = {"seeds": range(2), "rates": [0.01], "also": ()}
    recipe = replace(RECIPE, epochs=8)
    known, new = (compare(frame, replace(own, new_users=n), recipe, **options).scores["value"] for n in (False, True))
    assert known.min() > 0.99 and new.max() < 0.9


def test_with_fewer_rows_the_same_is_measured_where_it_is_undecided(table, trained, monkeypatch):
    options = {"seeds": range(3), "rates": [0.01], "also": ["fewer rows"]}
    monkeypatch.setitem(comparison.CHANCE, "regression", -10.0)  # the outputs are no good for numbers
    decided = options | {
        "also": ["fewer rows", "curve"],
        "matters": {"binary": 0.5, "regression": 5},
    }
    assert compare(table, BY_TIME, RECIPE, **decided).fewer.empty and len(trained) == 4 + 5
    trained.clear()
    monkeypatch.setattr(comparison, "verdict", lambda *_: "undecided")
    train, asked = comparison._train, []

    def noted(*arguments, share=1, **options):
        asked.append(share)
        return train(*arguments, **options)

    monkeypatch.setattr(comparison, "_train", noted)
    found = compare(table, BY_TIME, RECIPE, **options)
    assert asked == [1] * 4 + [0.25] * 4 + [0.5] * 4
    assert len(trained) == 4 + 4 * 2
    assert found.fewer[["share", "task"]].values.tolist() == [[s, t] for s in (0.25, 0.5) for t in LABELS]
    assert set(found.growth.columns) < set(found.fewer.columns)
    fewest = found.facts["train labels"].min()
    for enough, empty in ((fewest, False), (fewest + 1, True)):
        monkeypatch.setattr(comparison, "FEWEST_LABELS", enough / 4)
        assert compare(table, BY_TIME, RECIPE, **options).fewer.empty == empty


@both_splits
def test_the_ranker_has_what_its_side_chose(table, trained, own):
    recipe = replace(RECIPE, structure="MMoE", towers=(16,))
    found = compare(table, own, recipe, seeds=[3, 4], penalties=[5.0, 0.0], also=())
    found.tuned["lr"], found.tuned["l2_embedding"] = [0.007, 0.008, 0.009, 0.01], [0.0, 1e-6, 2e-6, 3e-6]
    found.tuned["dropout"], found.tuned["units"] = [0.0, 0.1, 0.2, 0.3], [(8,), (4,), (8,), (16,)]
    shared, alone = found.ranker(), found.ranker("seconds")
    assert shared.recipe == replace(recipe, lr=0.01, l2_embedding=3e-6, dropout=0.3, units=(16,))
    assert alone.recipe == replace(
        recipe, structure="single task", lr=0.008, l2_embedding=1e-6, dropout=0.1, units=(4,)
    )
    assert shared.tasks == LABELS
    assert alone.tasks == {"seconds": "regression"} and shared.seed == alone.seed == 3
    train, valid, test = split(own, prepare(own, table), 3)
    known = set(train["user"]) | set(valid["user"])
    assert set(shared.features.vocabularies["user"]) == known
    assert shared.scales["seconds"][0] == pytest.approx(pd.concat([train, valid])["seconds"].mean(), rel=1e-5)
    assert auc(shared.predict(test)["like"].to_numpy(), test["like"].to_numpy()) > 0.6
    with pytest.raises(ValueError, match="task: got 'share'; expected one of 'click', 'seconds', 'like'"):
        found.ranker("share")


def test_the_ranker_is_trained_by_the_weights_without_a_bar(table, trained, monkeypatch):
    own, asked = replace(BY_TIME, weight="w"), {}
    found = compare(table.assign(w=1.0), own, RECIPE, seeds=range(2), rates=[0.01], also=())
    monkeypatch.setattr(comparison.Ranker, "fit", lambda self, *rows, **options: asked.update(options))
    found.ranker()
    assert asked == {"weight": "w", "progress": False}


# --- a first look, a cluster ------------------------------------------------------------------------------------------


def test_quick_is_a_first_look(table, trained):
    """Three seeds; of the settings the penalty alone is searched, on one seed."""
    found = compare(table, BY_TIME, Recipe(lr=0.003), mode="quick")
    assert (found.mode, found.seeds, found.also) == ("quick", [0, 1, 2], ("yardsticks", "control"))
    assert found.recipe == Recipe(lr=0.003)  # of few rows no fewer epochs
    assert len(trained) == 4 * 4 + 4 + 3 and {tuple(seeds) for *_, seeds in trained[:16]} == {(900,)}
    assert set(found.tried["l2_embedding"]) == {0.0, 1e-4, 1e-3, 1e-2}
    assert compare(table, BY_TIME, Recipe(lr=0.003, epochs=2), mode="quick").recipe.epochs == 2
    assert compare(table, BY_TIME, RECIPE, mode="quick", rates=[0.01, 0.001], seeds=[5, 6]).seeds == [5, 6]


def test_a_quick_look_at_a_large_table_searches_on_some_of_its_rows_and_fits_no_yardstick(table, trained, monkeypatch):
    monkeypatch.setattr("helpers.capstone.comparison.TIMED", 1_000)  # of 2,000 to train
    monkeypatch.setattr(yardsticks, "candidates", lambda *_: 1 / 0)
    train, shares = comparison._train, []

    def noted(*arguments, share=1, **options):
        shares.append(share)
        return train(*arguments, **options)

    monkeypatch.setattr(comparison, "_train", noted)
    found = compare(table, BY_TIME, Recipe(lr=0.003), mode="quick")
    assert shares == [0.5] * 16 + [1] * 7 and {"by item", "stack", "control"} < set(found.beaten["yardstick"])


def test_results_keep_the_numbers_of_their_calls_in_whatever_order_a_cluster_is_done(monkeypatch):
    calls = [partial(pow, base) for base in (2, 3, 5)]  # of a "table" that is the exponent

    def run(named, cluster, table):
        done = [SimpleNamespace(name=name, table=call(table)) for name, call in named.items()]
        return reversed(done) if cluster == "tcp://a" else 1 / 0

    monkeypatch.setattr("helpers.experiments.jobs.run", run)
    assert list(comparison._results(2, calls, None)) == [(0, 4), (1, 9), (2, 25)]
    assert list(comparison._results(2, calls, "tcp://a")) == [(2, 25), (1, 9), (0, 4)]
    assert list(comparison._results(2, [], "tcp://b")) == []


def test_all_is_computed_on_the_cluster(table, trained, monkeypatch):
    asked = []

    def noted(table, calls, cluster):
        asked.append((len(calls), cluster))
        yield from enumerate(call(table) for call in calls)

    monkeypatch.setattr(comparison, "_results", noted)
    options = {"seeds": range(2), "rates": plan.RATES, "also": ["yardsticks", "control", "curve"]}
    compare(table, BY_TIME, RECIPE, "tcp://a", **options)
    assert asked == [(4 * 3, "tcp://a"), (4, "tcp://a"), (2 * 3, "tcp://a"), *[(1, "tcp://a")] * 3, (5, "tcp://a")]


@pytest.mark.long
def test_a_cluster_finds_what_this_process_does(table):
    """Every training run and every yardstick is a job; some fall to one worker, some to the other."""
    options = {"seeds": range(2), "rates": [0.003, 0.01], "also": ["yardsticks", "control", "curve"]}
    torch_threads = torch.get_num_threads()
    environment.threads()
    here = compare(table, AT_RANDOM, RECIPE, **options)
    torch.set_num_threads(torch_threads)
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0") as running:
        there = compare(table, AT_RANDOM, RECIPE, cluster=running.scheduler_address, **options)
    for name in ("tuned", "tried", "scores", "growth", "curve", "beaten", "headline", "facts"):
        pd.testing.assert_frame_equal(getattr(here, name), getattr(there, name), check_exact=True)

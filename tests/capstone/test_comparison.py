"""The capstone's comparison: what is compared with what, and that nothing of the test leaks into a choice."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import expit
from torch import nn

from helpers.capstone import comparison, plan
from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import SINGLE, TUNING_SEEDS
from helpers.capstone.preparation import Table, prepare, split
from helpers.capstone.ranker import Recipe
from helpers.capstone.recommendation import SERVED, alarms, recommend
from helpers.capstone.report import rings
from helpers.data.examples import Examples
from helpers.data.features import Features
from helpers.evaluation import yardsticks
from helpers.evaluation.counts import by_ids
from helpers.evaluation.intervals import auc_influence
from helpers.evaluation.metrics import auc, r2
from helpers.evaluation.pool import FUSIONS, pool
from tests.capstone.logs import AT_RANDOM, BY_TIME, LABELS, RECIPE, both_splits, log_of_days

pytestmark = pytest.mark.slow  # most of them train


DEAF, WINS = "A model has learnt nothing.", "A rival that shares nothing wins."


def rung(found) -> dict[str, str]:
    return alarms(found.headline, found.gains, found.beaten, found.scores, found.declaration, [])


@pytest.fixture(scope="module", autouse=True)
def few_trees():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yardsticks, "MOST_TREES", 10)
        yield


@pytest.fixture(scope="module", params=[BY_TIME, AT_RANDOM], ids=["by time", "at random"])
def found(request, table, few_trees):
    recipe = replace(RECIPE, towers=(16,))  # of four units all may be 0 from the start
    return compare(table, request.param, recipe, seeds=range(4), rates=(0.003, 0.01), also=("yardsticks", "control"))


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
def test_the_rows_that_are_judged_are_those_that_were_predicted(own_time):
    """Labels that a number tells: of its own rows a model predicts nearly all, of any other rows none."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=2_000)
    frame = pd.DataFrame({"x": x, "a": (x > 0).astype(int), "b": (x > 0.3).astype(int), "time": range(2_000)})
    declaration = Declaration(dict.fromkeys("ab", "binary"), numbers=("x",), time="time" if own_time else None)
    recipe = replace(RECIPE, epochs=10, batch_size=64)
    found = compare(frame, declaration, recipe, seeds=range(2), rates=[0.01], also=())
    assert (found.scores["value"] > 0.97).all()


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
        judged = comparison._judge(data, {key: output for key, output in outputs.items() if key[-1] in seeds})
        luck.append(comparison._sharing_gain(data, "click", "Shared-Bottom", outputs, judged, plan.MATTERS)["users"])
    own = [np.flatnonzero(users == user) for user in np.unique(users)]
    drawn = [np.concatenate([own[k] for k in rng.integers(0, len(own), len(own))]) for _ in range(300)]
    spread = np.std([auc(shared[part], label[part]) - auc(single[part], label[part]) for part in drawn])
    assert luck[0] == pytest.approx(luck[1]) and luck[0] == pytest.approx(spread, rel=0.15)


def test_yardsticks_are_judged_on_the_test_rows_of_every_seed(found, table):
    """Ahead of the better side there, and the headline is over the best of them."""
    counts, models = ("by item", "by user", "by user and item"), ("linear", "trees")
    fused = {"click": ("mean", "stack"), "seconds": ("stack",), "like": ("mean", "stack")}  # seconds have no product
    ours = {task: [f"shared, {way}" for way in ways] for task, ways in fused.items()}
    expected = [[task, name] for task in LABELS for name in (*ours[task], *counts, *models, *fused[task], "control")]
    assert found.beaten[["task", "yardstick"]].values.tolist() == expected
    own, gains, headline = found.declaration, found.gains.set_index("task"), found.headline.set_index("task")
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
        at_best = gains.loc[row.task, "shared"] + headline.loc[row.task, "gain"] - headline.loc[row.task, "plain_gain"]
        assert row.ahead == pytest.approx(row.value - max(at_best, gains.loc[row.task, "single"]), abs=1e-6)
        assert row.ahead - row.low == pytest.approx(row.high - row.ahead) and 0.005 < row.high - row.ahead < 2


def test_the_headline_is_of_the_shared_model_at_its_best_over_the_best_that_shares_nothing(found):
    values = found.beaten.pivot(index="task", columns="yardstick", values="value")
    for row in found.headline.itertuples():
        gains = found.gains.set_index("task").loc[row.task]
        over = {**values.loc[row.task].dropna(), SINGLE: gains["single"], "shared, as it is": gains["shared"]}
        at_best = over[f"shared, {row.form}"]
        assert row.gain == pytest.approx(at_best - over[row.nearest], abs=1e-6)
        assert row.plain_gain == pytest.approx(gains["shared"] - over[row.nearest], abs=1e-6)
        assert row.rival_gain == pytest.approx(at_best - over[row.rival], abs=1e-6)
        assert row.low <= row.control_low and row.low < row.gain <= min(row.rival_gain, row.control_gain, row.high)
        assert row.surely < row.level == pytest.approx(max(over.values()), abs=1e-6)
        assert row.low <= gains["low"] or row.form != "as it is"
        assert row.control_gain == pytest.approx(at_best - over["control"], abs=1e-6)
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


@pytest.mark.long
def test_a_coin_is_no_reason_to_share():
    """Whatever the gain beside it: shuffled labels bring as much, and nothing predicts it."""
    found = compare(coin(), COIN, replace(RECIPE, epochs=8), mode="quick", matters={"binary": 0.0})
    a, b = found.headline.itertuples()
    assert a.learnt and not b.learnt and b.verdict == "undecided" and a.verdict != "holds"
    assert a.control_low < 0.01


def test_of_a_coin_nothing_is_decided_however_narrow_the_interval():
    recipe = replace(RECIPE, towers=(16,))  # of four units all may be 0 from the start
    found = compare(coin(), COIN, recipe, seeds=range(3), rates=[0.01], also=(), matters={"binary": 0.4})
    a, b = found.headline.itertuples()
    assert a.learnt and a.verdict == "no effect" and not b.learnt and b.verdict == "undecided"


def test_intervals_of_yardsticks_hold_for_all_of_them_together(table):
    """So they are wider, the more there are."""
    options = {"seeds": range(2), "rates": [0.01]}
    few, more = (
        compare(table, BY_TIME, RECIPE, also=also, **options).beaten.set_index(["task", "yardstick"])
        for also in (["yardsticks"], ["yardsticks", "control"])
    )
    wide, narrow = (some["high"] - some["low"] for some in (more, few))
    assert len(more) > len(few) and (wide[narrow.index] > narrow)[narrow > 0].all()


def test_the_mean_of_each_user_orders_no_list_and_is_not_offered(table):
    """Though nothing else tells how often a user clicks."""
    often, rng = np.random.default_rng(0).random(60)[table["user"]], np.random.default_rng(7)
    frame = table.assign(**{label: (rng.random(len(table)) < often).astype(int) for label in ("click", "like")})
    own = Declaration({"click": "binary", "like": "binary"}, "user", "item", time="time")
    found = compare(frame, own, RECIPE, seeds=range(2), rates=[0.01], also=["yardsticks"])
    best = found.beaten.loc[found.beaten.groupby("task")["value"].idxmax(), "yardstick"]
    assert set(best) == {"by user"} and "by user" not in set(found.best["name"])


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


@pytest.mark.long
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
    assert "like (single-task, seed 3)" in rung(found)[DEAF] and DEAF not in rung(others)


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
    said = rung(found)[DEAF]
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
def test_test_labels_do_not_decide_anything_but_scores(table):
    """With other labels in the test rows the models, and the chosen rates, are the same."""
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


@pytest.mark.parametrize(
    "weighting", ["UWL", pytest.param({"click": 2.0, "seconds": 1.0, "like": 0.5}, marks=pytest.mark.long)]
)
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


def test_the_loss_of_a_run_is_the_best_total_on_the_validation_rows(table):
    """As `fit` tells it, and the outputs are those of that epoch."""
    data = Table(prepare(BY_TIME, table), BY_TIME)
    train, valid, test = (part.only("click", "like") for part in data.sets(0))
    recipe = replace(RECIPE, epochs=8, lr=0.03)  # the best epoch is not the last
    models = [recipe.model(data.features, {"click": "binary", "like": "binary"}, seed, train) for seed in (0, 1)]
    history = comparison.fit(models, train, valid, seed=[0, 1], progress=False, **recipe.training(len(train))).history
    totals = history[history["task"] == comparison.TOTAL].pivot(index="epoch", columns="copy", values="valid")
    run = comparison._train(data, ("click", "like"), recipe, [0, 1])
    assert run.loss == pytest.approx(totals.min().sum()) and (totals.idxmin() < 8).any()
    for copy, seed in enumerate((0, 1)):
        expected = comparison.predict(models, test.inputs)["like"][copy].numpy()
        np.testing.assert_allclose(run.outputs["like", seed], expected, atol=1e-6)


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


# --- without training: what is trained, in which order, and what is made of it ----------------------------------------


LOSSES = {0.001: 3.0, 0.003: 1.0, 0.01: 2.0}  # any other rate is worse


@pytest.fixture
def trained(monkeypatch):
    """In place of training: outputs that know a little of the labels, and a note of each call. Brief are those alone
    that choose settings."""
    calls = []

    def train(table, tasks, recipe, seeds, share=1, kept=None, brief=False):
        assert brief == (set(seeds) <= {*TUNING_SEEDS})
        calls.append((tuple(tasks), recipe, list(seeds)))
        outputs, valid = {}, {}
        for task in tasks:
            for seed in seeds:
                for of, rows in zip((valid, outputs), table.sets(0 if table.by_time else seed)[1:], strict=True):
                    noise = np.random.default_rng([seed, len(task), len(tasks)]).normal(size=len(rows))
                    of[task, seed] = rows.labels[task].numpy() * (0.5 + 0.2 * len(tasks)) + noise
        loss = (LOSSES.get(recipe.lr, 4.0) + 10 * (recipe.l2_embedding == 0)) * len(seeds)
        return comparison._Run(loss, outputs, valid, 100 * len(tasks), float(len(seeds)), [])

    monkeypatch.setattr(comparison, "_train", train)
    return calls


def test_both_sides_search_with_the_same_budget_and_go_on_where_the_last_that_was_tried_is_the_best(
    table, trained, monkeypatch
):
    """Penalties first, then rates, dropout and width, each from the best so far."""
    found = compare(table, BY_TIME, RECIPE, seeds=range(2), also=())
    assert (found.tried.groupby("tasks").size() == 4 + 3 + 2 + 1 + 2 + 1).all()  # the last: a narrower one was as good
    chosen = found.tuned[["lr", "l2_embedding", "dropout", "units", "edge"]].drop_duplicates().values.tolist()
    assert chosen == [[0.003, 1e-4, 0.0, (4,), ""]]  # of equal losses the first that was tried
    train = comparison._train

    def more_is_better(table, tasks, recipe, seeds, share=1, kept=None, brief=False):
        return train(table, tasks, recipe, seeds, brief=brief)._replace(
            loss=-recipe.l2_embedding if "like" in tasks else 0.0
        )

    monkeypatch.setattr(comparison, "_train", more_is_better)
    found = compare(table, BY_TIME, RECIPE, mode="quick", also=())
    assert found.tuned["l2_embedding"].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert found.tuned["edge"].tolist() == ["", "", "l2_embedding", "l2_embedding"]
    assert found.tried.groupby("tasks", sort=False).size().tolist() == [7, 7, 9, 9]


@pytest.mark.slow
def test_a_taste_that_no_column_shows_is_found_and_served_and_time_is_not_called_sharing():
    """Both labels follow the product of a user's and an item's hidden numbers, of which no count knows. Separate models
    learn it more slowly than a shared one; in the time that they have, their outputs fused reach the same."""
    rng, rows = np.random.default_rng(0), 12_000
    frame = pd.DataFrame({"user": rng.integers(0, 300, rows), "item": rng.integers(0, 100, rows), "time": range(rows)})
    taste = 2 * (rng.normal(size=(300, 2))[frame["user"]] * rng.normal(size=(100, 2))[frame["item"]]).sum(1)
    for label, level in (("play", 0), ("like", 3)):
        frame[label] = (rng.random(rows) < 1 / (1 + np.exp(level - taste))).astype(int)
    own = Declaration({"play": "binary", "like": "binary"}, "user", "item", time="time")
    found = compare(frame, own, mode="quick", seeds=range(3), also=["yardsticks"])
    assert found.tuned.set_index("tasks").loc["play + like", "bottom"] == "NeuMF"
    level, counts = found.headline.set_index("task")["level"], found.beaten.query("yardstick == 'by user and item'")
    assert (level - counts.set_index("task")["value"] > 0.15).all()
    assert (found.headline["gain"] < 0.02).all() and not (found.headline["verdict"] == "holds").any()
    served = found.ranker()
    assert served.recipe == found.chosen["play + like"] and served.recipe.bottom == "NeuMF"


def test_a_label_that_one_epoch_for_all_harms_is_not_called_harmed_by_sharing():
    """One label is the parity of three signs, which is learnt late; of the other few rows tell, and are soon known by
    heart. In the state that is best for both the first loses, at its own best epoch next to nothing."""
    rng, rows = np.random.default_rng(0), 6_000
    x = rng.normal(size=(rows, 8))
    names, parity = [f"x{k}" for k in range(8)], x[:, 0] * x[:, 1] * x[:, 2]
    frame = pd.DataFrame(x, columns=names).assign(time=range(rows))
    frame["late"] = (rng.random(rows) < expit(3 * np.cbrt(parity) + x[:, 3])).astype(int)
    frame["few"] = np.where(rng.random(rows) < 0.06, rng.random(rows) < expit(x[:, 4]), np.nan)
    own = Declaration({"late": "binary", "few": "binary"}, numbers=names, time="time")
    found = compare(frame, own, Recipe(batch_size=256), rates=[0.003], seeds=range(5), also=[])
    late = found.headline.set_index("task").loc["late"]
    assert late["hurried"] and late["high"] < -late["matters"] and late["verdict"] == "undecided"
    assert late["rival_gain"] < 2 * late["each_gain"] < 0
    assert found.best.set_index("task").loc["late", "name"] == "single-task"  # what is served has one state for all
    (said,) = [text for title, text in rings(found).items() if "One epoch" in title]
    assert 'recipe = Recipe(weighting={"late": 1, "few": 0.1})' in said


@pytest.mark.long
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


@both_splits
def test_scores_and_gains_are_of_the_outputs_for_the_test_rows(table, trained, own):
    options = {"seeds": range(3), "rates": [0.01], "matters": {"binary": 0.3, "regression": 0.1}, "also": ()}
    found = compare(table, own, RECIPE, **options)
    rows = prepare(own, table)
    units = (rows["seconds"].mean(), rows["seconds"].std())
    values = {}
    for row in found.scores.itertuples():
        test = split(own, rows, 0 if own.time else row.seed).test
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


@pytest.mark.parametrize(("noise", "served"), [(1.9, SINGLE), (0.5, "stack")])
def test_a_fusion_is_served_where_it_is_more_than_luck(table, noise, served):
    """The model's own noise is 2; that of the stack is a little less, or far less."""
    own = replace(BY_TIME, labels={"click": "binary", "like": "binary"})
    data, seeds, rng = Table(prepare(own, table), own), [0, 1, 2], np.random.default_rng(1)
    models = comparison._Models({}, {})
    for task, seed in itertools.product(own.labels, seeds):
        labels = [data.seen(task, seed, part)[1] for part in ("valid", "test")]
        for name, spread in ((SINGLE, 2), ("Shared-Bottom", 4), ("stack", noise)):
            models.add(name, task, seed, *(label + rng.normal(0, spread, len(label)) for label in labels))
    scores = comparison._judge(data, models.test)
    headline = pd.DataFrame({"task": [*own.labels], "verdict": "holds", "own_verdict": "holds", "rival": SINGLE})
    best = comparison._best(data, plan.Plan(own), models, scores, headline.assign(hurried=False, learnt=True))
    assert set(best["name"]) == {served}


@pytest.mark.long
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
        valid = {task: run.valid[task, seed] for task, run in runs.items()}
        test = {task: run.outputs[task, seed] for task, run in runs.items()}
        _, rows, tested = data.sets(seed)
        for task in labels:
            ways = pool(valid, test, task, rows.labels[task])
            for name, scores in ((name, ways[name]) for name in FUSIONS):
                within = comparison.gauc(scores, tested.labels[task], tested.groups).value
                values.append((task, name, auc(scores, tested.labels[task]), within))
    means = pd.DataFrame(values, columns=["task", "name", "value", "gauc"]).groupby(["task", "name"]).mean()
    for key, row in means.iterrows():
        assert found.loc[key, "value"] == pytest.approx(row["value"], abs=1e-4)
        assert found.loc[key, "gauc"] == pytest.approx(row["gauc"], abs=1e-3)


def told(monkeypatch, noise, labels: int, rows: int = 4_000, coins: bool = False, each: float | None = None):
    """A comparison of labels with one order, or that are coins, by models whose outputs are that order with so much
    noise: `noise(side, task)`, of the shared model at each label's own best epoch `each`; the features tell nothing."""
    rng, names = np.random.default_rng(2), list("abcdefghijkl"[:labels])
    order, own = rng.normal(size=rows), dict.fromkeys(names, "binary")
    chance = np.full(rows, 0.2) if coins else 1 / (1 + np.exp(1.5 - 1.5 * order))
    frame = pd.DataFrame({"user": rng.integers(0, 300, rows), "x": rng.normal(size=rows), "time": range(rows)})
    frame = frame.assign(**{task: (rng.random(rows) < chance).astype(int) for task in names})

    def train(table, tasks, recipe, seeds, share=1, kept=None):
        found = {}
        for task, seed, part in itertools.product(tasks, seeds, ("valid", "test")):
            numbers = table.seen(task, 0, part)[2]
            luck = np.random.default_rng([seed, names.index(task), len(part)]).normal(size=len(numbers))
            much = noise("shared" if len(tasks) > 1 else "own", task)
            for when, so_much in (("served", much), ("own epoch", much if each is None else each)):
                found.setdefault((when, part), {})[task, seed] = 0.5 * (order[numbers] + luck * so_much)
        valid, test, *own = (found[key] for key in itertools.product(("served", "own epoch"), ("valid", "test")))
        return comparison._Run(1.0 * len(seeds), test, valid, 100, 1.0, own)

    monkeypatch.setattr(comparison, "_train", train)
    monkeypatch.setattr(yardsticks, "NAMES", ())
    declaration = Declaration(own, "user", numbers=("x",), time="time")
    return compare(frame, declaration, RECIPE, seeds=range(3), rates=[0.01], also=["yardsticks"])


@pytest.mark.parametrize(("each", "hurried"), [(0.5, True), (0.8, False), (1.0, False)])
def test_one_epoch_for_all_is_to_blame_where_most_of_a_loss_goes_with_it(monkeypatch, each, hurried):
    """The rival is fused, and so is the shared model at each label's own epoch: where that is as good, it is even."""
    found = told(monkeypatch, lambda side, task: {"shared": 1.0, "own": 0.5}[side], labels=2, rows=2_000, each=each)
    first = found.headline.iloc[0]
    assert first["rival"] in FUSIONS and first["high"] < -first["matters"]
    assert first["hurried"] == hurried and first["verdict"] == ("undecided" if hurried else "opposite")
    assert (first["each_gain"] == 0) == (each == 0.5) and first["each_gain"] >= first["rival_gain"]
    assert "weighting" not in " ".join(rings(found).values())  # both labels lose alike


@pytest.mark.long
def test_a_model_and_its_copy_on_the_other_side_give_a_gain_of_exactly_0(monkeypatch):
    """Also where their outputs fused are far better than each as it is."""
    found = told(monkeypatch, lambda side, task: 2.0, labels=3)
    ways = found.headline["rival"]
    assert set(ways) <= set(FUSIONS) and ways.tolist() == found.headline["form"].tolist()
    assert (found.headline[["gain", "high"]] == 0).all(axis=None) and (found.headline["plain_gain"] < -0.02).all()
    assert not found.headline["verdict"].isin(["holds", "opposite"]).any() and WINS not in rung(found)
    values = found.beaten.pivot(index="task", columns="yardstick", values="value")
    for way in FUSIONS:
        assert (values[way] == values[f"shared, {way}"]).all()


@pytest.mark.long
def test_where_the_shared_model_fused_would_win_no_rival_is_said_to(monkeypatch):
    """The order of b is known to the output of a, and the shared one knows it best."""
    noise = {("shared", "a"): 0.3, ("shared", "b"): 3.0, ("own", "a"): 1.0, ("own", "b"): 3.0}
    found = told(monkeypatch, lambda side, task: noise[side, task], labels=2)
    b = found.headline.set_index("task").loc["b"]
    assert b["verdict"] == "holds" and b["plain_gain"] < -0.02 and b["rival"] in FUSIONS and b["form"] in FUSIONS
    assert WINS not in rung(found)
    mean = found.beaten.set_index(["task", "yardstick"]).loc[("b", "mean")]
    assert mean["value"] > found.gains.set_index("task").loc["b", ["single", "shared"]].max()  # it would have been said
    said = recommend(found.headline).text
    assert f"for b (as it is, the gain is {b['plain_gain']:+.3f} AUC)" in said and SERVED in said


@pytest.mark.long
def test_a_stack_is_not_chosen_for_what_it_fits(monkeypatch):
    """Twelve coins: of four ways each is chosen now and then; by the rows that it was fitted on, the stack always."""
    found = told(monkeypatch, lambda side, task: 1.0, labels=12, rows=2_500, coins=True)
    assert 1 <= sum(found.headline["form"] == "stack") <= 6


@pytest.mark.parametrize("kind", ["binary", "regression"])
@pytest.mark.parametrize("users", [True, False], ids=["by user", "by row"])
def test_no_row_helps_to_fit_the_stack_that_scores_it_for_the_choice(kind, users):
    """With the label of one user, or of one row, changed, its own score stays, and scores of others do not."""
    rng, count = np.random.default_rng(7), 500
    known = {task: rng.normal(size=count) for task in "ab"}
    label = torch.tensor(known["a"] + rng.normal(size=count))
    label = ((label > 0) if kind == "binary" else label).float()
    groups = torch.tensor(rng.integers(0, 40, count)) if users else None
    changed = groups == 3 if users else torch.arange(count) == 250
    other = torch.where(changed, 1 - label, label)
    before, after = (
        comparison._out_of_fold(known, "a", Examples({"dense": torch.zeros(count, 1)}, {"a": one}, groups=groups))
        for one in (label, other)
    )
    assert np.array_equal(before[changed], after[changed]) and (before != after).mean() > 0.7
    score = auc if kind == "binary" else r2
    assert score(before, label) > (0.7 if kind == "binary" else 0.4)


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


def test_without_a_user_there_is_no_gauc_and_each_row_counts_alone(table, trained):
    found = compare(table, replace(BY_TIME, user=None), RECIPE, seeds=range(2), rates=[0.01], also=())
    assert "gauc" not in found.scores and found.users == 0
    assert found.gains.set_index("task").loc["click", "units"] == 250


# --- what belongs together, new users, weights ------------------------------------------------------------------------


def luck_of(frame, own) -> tuple[float, int, str]:
    """The luck of the AUC of x for the first task, in the test rows."""
    data = Table(prepare(own, frame), own)
    _, label, rows = data.seen("a", 0)
    return comparison._luck(data.clusters, auc_influence(data.examples.inputs["dense"][rows, 0].numpy(), label), rows)


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


@pytest.mark.long
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
    assert set(shared.features.vocabularies["user"]) == set(table["user"])  # trained to the last row
    assert shared.scales["seconds"][0] == pytest.approx(table["seconds"].mean(), rel=1e-5)
    assert shared.check.set_index(["task", "metric"]).loc[("like", "auc"), "value"] > 0.6
    with pytest.raises(ValueError, match="task: got 'share'; expected one of 'click', 'seconds', 'like'"):
        found.ranker("share")


# --- a first look -----------------------------------------------------------------------------------------------------


def test_quick_is_a_first_look(table, trained):
    """Of few rows ten seeds, as in any look; of the settings the penalty and the bottom are searched."""
    found = compare(table, BY_TIME, Recipe(lr=0.003), mode="quick")
    assert (found.mode, found.seeds, found.also) == ("quick", [*range(10)], ("yardsticks", "control"))
    assert found.recipe == Recipe(lr=0.003, fewest_epochs=3)
    assert {tuple(seeds) for *_, seeds in trained[:28]} == {(900, 901)}
    assert set(found.tried["lr"]) == {0.003}
    assert set(found.tried["l2_embedding"]) == {0.0, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2}

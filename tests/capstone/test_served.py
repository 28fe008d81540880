"""What wins is what is served: each form says in the service what the notebook does, trained to the last row."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import expit, logit

from helpers.capstone import served
from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.preparation import prepare, split
from helpers.capstone.ranker import Ranker
from helpers.capstone.recommendation import to_serve
from helpers.data.features import Features
from helpers.evaluation import yardsticks
from helpers.evaluation.calibration import platt
from helpers.evaluation.counts import by_ids
from helpers.evaluation.metrics import auc, r2
from tests.capstone.logs import BY_TIME, LABELS, RECIPE, tastes
from tests.capstone.services import says_the_same

pytestmark = pytest.mark.slow  # they train

OWN = replace(BY_TIME, lists={"seen": "item"}, ids=("colour",), tags=("tags",))
BINARY = replace(OWN, labels=dict.fromkeys(("click", "like"), "binary"))
FEW = {"seeds": [0, 1], "rates": [0.01], "also": ["yardsticks"]}


def frame() -> pd.DataFrame:
    rng, rows = np.random.default_rng(1), tastes()
    rows["colour"] = rng.choice(["red", "blue", "green"], len(rows))
    rows["seen"] = [" ".join(map(str, rng.integers(0, 40, length))) for length in rng.integers(0, 4, len(rows))]
    rows["tags"] = rng.choice(["a|b", "c", "a"], len(rows))
    return rows


def found_for(own: Declaration):
    return compare(frame(), own, replace(RECIPE, towers=(16,)), **FEW)


@pytest.fixture(scope="module")
def found():
    return found_for(OWN)


@pytest.fixture(scope="module")
def of_two():
    return found_for(BINARY)


def taking(found, **names: str):
    """The comparison, as if these had been the best."""
    return replace(found, best=found.best.assign(name=[names[task] for task in found.best["task"]]))


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_scores_that_hardly_vary_where_they_are_calibrated_say_the_mean(kind):
    """Means of campaigns, all of which but one are new in the validation rows."""
    every, labels = torch.linspace(0.01, 0.03, 500).double(), (torch.arange(200) % 50 == 0).double()
    scores = torch.full((200,), 0.02).double() + 1e-7 * (torch.arange(200) < 5)
    slope, start = served.calibration(scores, labels, kind, every)
    said = (slope * every + start).numpy()
    assert (expit(said) if kind == "binary" else said) == pytest.approx(0.02, abs=1e-6)
    assert slope > 0 and served.calibration(every, (every > 0.02).double(), kind, every)[0] > 1


WAYS = {
    "counts": {"click": "by item", "seconds": "by user and item", "like": "by user and item"},
    "linear": {"click": "linear", "seconds": "linear", "like": "by item"},
    "stacks": {"click": "stack", "seconds": "shared, stack", "like": "shared, mean"},
    "as they are": {"click": "single-task", "seconds": "Shared-Bottom", "like": "mean"},
}


@pytest.mark.parametrize("way", WAYS)
def test_what_wins_says_the_same_saved_and_in_the_service(found, way, tmp_path):
    ranker = taking(found, **WAYS[way]).ranker(kind="best")
    ranker.exponents = {"click": 0.5, "like": 1.0, "seconds": 0.2}
    rows = prepare(found.declaration, found.frame)[-60:]
    rows.loc[rows.index[:5], ["user", "item"]] = [999, 998]  # which no row has
    assert says_the_same(ranker, rows, tmp_path)["unknown"]["item"] == 5
    every = prepare(found.declaration, found.frame)
    said, happened = ranker.predict(every), every[[*LABELS]]
    assert said[happened.notna()].mean().to_numpy() == pytest.approx(happened.mean().to_numpy(), rel=1e-3)  # calibrated


def test_what_is_served_is_as_steep_as_what_happens_and_the_check_has_its_level(found):
    """A count is no logit: taken for one, it would say nearly the same of all rows. A stack without its level would
    call a rare label common."""
    rows = prepare(OWN, found.frame)
    counts = taking(found, **WAYS["counts"]).ranker(kind="best")
    slope, _ = platt(
        torch.tensor(logit(counts.predict(rows)["click"].to_numpy())), torch.tensor(rows["click"].to_numpy())
    )
    assert 0.5 < slope < 2  # of the rows that were counted
    checked = taking(found, click="stack", like="stack", seconds="stack").ranker(kind="best").check
    loss = checked[checked["metric"] == "log_loss"].set_index("task")["value"]
    rare = split(OWN, rows).test["like"].mean()
    assert loss["like"] < 1.02 * -(rare * np.log(rare) + (1 - rare) * np.log(1 - rare))


def test_counts_of_a_table_without_lists_are_served(found, tmp_path):
    """Nothing but sums, and none over a list."""
    counts = dict.fromkeys(LABELS, "by item")
    ranker = taking(replace(found, declaration=BY_TIME), **counts).ranker(kind="best")
    ranker.exponents = dict.fromkeys(LABELS, 1.0)
    says_the_same(ranker, prepare(BY_TIME, found.frame)[-9:], tmp_path)


def test_its_order_is_that_of_what_won(of_two, found):
    """Judged on the test rows before it was trained to the last: counts and a linear model by the numbers that the
    comparison has; a stack, a product and a mean by the same formula."""
    test = split(OWN, prepare(OWN, found.frame)).test
    train = split(OWN, prepare(OWN, found.frame)).train
    checked = taking(found, **WAYS["counts"]).ranker(kind="best").check.set_index(["task", "metric"])
    values, click = checked["value"], checked.loc[("click", "auc")]
    counted = auc(by_ids([train["item"]], train["click"], [test["item"]]), test["click"])
    assert values["click", "auc"] == pytest.approx(counted)
    assert click["leans"] == "item" and abs(click["without"] - 0.5) < counted - 0.5  # it knows nothing else
    assert checked.loc[("click", "log_loss"), "leans"] == "" and np.isnan(checked.loc[("click", "log_loss"), "without"])
    beaten = found.beaten.set_index(["task", "yardstick"])["value"]
    assert values["like", "auc"] == pytest.approx(beaten["like", "by user and item"], abs=1e-4)
    values = taking(found, **WAYS["linear"]).ranker(kind="best").check.set_index(["task", "metric"])["value"]
    for task, metric in (("click", "auc"), ("seconds", "r2")):
        assert values[task, metric] == pytest.approx(beaten[task, "linear"], abs=2e-3)
    beaten = of_two.beaten[of_two.beaten["yardstick"].isin(["product", "stack"])].set_index(["task", "yardstick"])[
        "value"
    ]
    ranker = taking(of_two, click="product", like="stack").ranker(kind="best")
    values = ranker.check.set_index(["task", "metric"])["value"]
    assert values["click", "auc"] == pytest.approx(beaten["click", "product"], abs=0.03)  # of one seed
    assert values["like", "auc"] == pytest.approx(beaten["like", "stack"], abs=0.03)
    assert (ranker.check["agreement"] > 0.7).all()


def test_it_is_trained_to_the_last_row_for_the_epochs_that_the_split_chose(found):
    """Users of the last rows are known, and new ids get the mean vector of their column, not a random one."""
    rows = prepare(OWN, found.frame)
    newest = rows.assign(user=rows["user"].where(np.arange(len(rows)) < len(rows) - 30, 777))
    ranker = replace(found, frame=newest).ranker("click")
    assert 777 in ranker.features.vocabularies["user"]
    train, valid, _ = split(OWN, newest)
    first = Ranker(OWN.layout(), ranker.tasks, ranker.recipe, 0).fit(train, valid, progress=False)
    history = first.histories[0]
    assert first.epochs == [int(history.loc[history[history["task"] == "total"]["valid"].idxmin(), "epoch"])]
    assert ranker.epochs == first.epochs and ranker.histories[0]["epoch"].max() == first.epochs[0]
    assert set(ranker.check["metric"]) >= {"auc", "gauc"} and (ranker.check["agreement"] > 0.5).all()
    (table,) = ranker.model.models[0].encoder.tables.values()
    layout = ranker.features.ids["item"]
    known = table.weight[layout.offset + 2 : layout.offset + layout.rows]
    np.testing.assert_allclose(table.weight[layout.offset + 1].detach(), known.mean(0).detach(), rtol=1e-5)


def test_trees_are_refused_in_a_sentence_and_only_what_can_be_served_is_named(found):
    assert not set(found.best["name"]) & {"trees", "by user", "control"}
    best = found.best.assign(trees=[0.013, np.nan, -0.002])
    assert "Boosted trees are better for click (+0.013): no ranker here serves them" in to_serve(best)
    for close in (np.nan, 0.0004):
        assert "Boosted" not in to_serve(best.assign(trees=close))
    with pytest.raises(ValueError, match="kind: got 'trees'; expected one of 'shared', 'best'"):
        found.ranker(kind="trees")
    with pytest.raises(ValueError, match="task: got 'click'; expected None: what is best has all tasks"):
        found.ranker("click", kind="best")


def test_the_weights_of_the_linear_model_are_its_scores():
    rows = prepare(OWN, frame())
    features = Features(OWN.layout()).fit(rows[:2_000])
    train, test = (features.examples(part, {"seconds": "seconds"}) for part in (rows[:2_000], rows[2_000:]))
    weights, constant = served._linear(features, train, 10.0)
    (scores,) = next(yardsticks.candidates("linear", features, train, test.inputs, penalties=[10.0]))
    np.testing.assert_allclose(yardsticks._one_hot(features, test.inputs) @ weights + constant, scores, rtol=1e-9)
    assert r2(scores[test.masks["seconds"]], test.labels["seconds"][test.masks["seconds"]]) > 0


def podcasts(rows: int = 6_000) -> pd.DataFrame:
    """Of what is played and of the rare subscription users and shows decide; of how long, nothing does."""
    rng = np.random.default_rng(2)
    user, show = rng.integers(0, 300, rows), rng.integers(0, 150, rows)
    taste = (rng.normal(size=(300, 3))[user] * rng.normal(size=(150, 3))[show]).sum(1) + rng.normal(size=150)[show]
    frame = pd.DataFrame({"user": user, "item": show, "seconds": rng.lognormal(6, 1, rows), "time": range(rows)})
    frame["played"] = (rng.random(rows) < 1 / (1 + np.exp(1 - taste))).astype(int)
    return frame.assign(subscribed=(rng.random(rows) < 1 / (1 + np.exp(6 - 1.4 * taste))).astype(int))


def test_no_advice_is_worse_than_a_mean_and_what_is_guessed_is_no_part_of_the_advice():
    """Of a label of one in a hundred the few validation rows prefer anything."""
    labels = {"seconds": "regression", "played": "binary", "subscribed": "binary"}
    found = compare(podcasts(), replace(BY_TIME, labels=labels, numbers=()), RECIPE, **FEW)
    best, beaten = found.best.set_index("task"), found.beaten.set_index(["task", "yardstick"])
    assert best["learnt"].to_dict() == {
        "seconds": False,
        "played": True,
        "subscribed": best.loc["subscribed", "learnt"],
    }
    for task in ("played", "subscribed"):
        of = "gauc" if best.loc[task, "metric"] == "GAUC" else "value"
        means = [beaten.loc[(task, name), of] for name in ("by item", "by user and item")]
        assert best.loc[task, "value"] >= max(0.5, *means) - 1e-6
    head = found.headline.set_index("task")
    assert head.loc["played", "high"] < -0.005  # the noise of seconds spoils the shared model, which alone it need not
    assert set(head["verdict"]) == {"undecided"}
    assert "of seconds cannot be told from guessing" in to_serve(found.best).replace(
        "seconds and subscribed", "seconds"
    )

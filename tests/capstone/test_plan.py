"""The plan of a comparison: what is searched, and bad options."""

from dataclasses import replace

import pandas as pd
import pytest

from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import MATTERS, Plan, duration
from helpers.capstone.ranker import Recipe
from helpers.course import kept_table

OWN = Declaration({"a": "binary", "b": "binary"}, numbers=("x",))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.01, "1 second"), (1.2, "1 second"), (1.5, "2 seconds"), (1.6, "2 seconds"), (74, "74 seconds")]
    + [(90, "1.5 minutes"), (754, "13 minutes"), (5_399, "90 minutes"), (5_400, "1.5 hours"), (100_000, "28 hours")],
)
def test_a_duration_has_two_digits(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("rows", "quick", "thorough", "patience"), [(900_000, 3, 20, 3), (30_000, 34, 34, 7), (8_000, 125, 125, 25)]
)
def test_of_few_rows_both_looks_train_for_a_thousand_steps_and_are_patient_for_200(rows, quick, thorough, patience):
    for mode, epochs in (("quick", quick), ("thorough", thorough)):
        training = Plan(OWN, mode=mode).of_rows(1_000_000).recipe.training(rows)  # a label may be there in few rows
        assert (training["epochs"], training["patience"]) == (epochs, patience)
        brief = Recipe().training(rows, brief=True)
        assert brief["epochs"] <= max(20, epochs) and brief["patience"] == 3  # to choose settings
    assert Plan(OWN, mode="quick").of_rows(rows).tuning_seeds == [900, 901][: 1 + (rows <= 10_000)]
    given = Plan(OWN, Recipe(epochs=2, patience=1), mode="quick").of_rows(rows).recipe.training(rows)
    assert (given["epochs"], given["patience"]) == (2, 1)


@pytest.mark.parametrize("mode", ["thorough", "quick"])
def test_of_a_small_table_ten_seeds_train_unless_others_are_given(mode):
    counts = [len(Plan(OWN, mode=mode).of_rows(rows).seeds) for rows in (10_000, 10_001, 100_001)]
    assert counts == ([10, 10, 10] if mode == "thorough" else [10, 5, 3])
    assert Plan(OWN, mode=mode, seeds=range(2)).of_rows(900).seeds == [0, 1]
    assert Plan(OWN, mode=mode, tuning_seeds=[7]).of_rows(900).seeds == [*range(7), 8, 9, 10]


def test_the_number_of_seeds_is_what_decides_a_true_loss():
    """In worlds where the loss is known and matters, three seeds decide a seventh of the losses, five 3 of 10, and ten
    half; the intervals hold the truth as often."""
    tables = [kept_table(name).assign(of=name) for name in ("08_worlds", "08_rows", "08_by_time")]
    table, law = pd.concat(tables, ignore_index=True), ["of", "condition", "rows", "task"]
    truth = table[table["repeats"] == 20].groupby(law)["gain"].mean().rename("truth")
    table = table.join(truth, on=law)
    lost = table[table["truth"] < -MATTERS["regression"]]
    decided = lost["verdict"].eq("opposite").groupby(lost["repeats"]).mean()
    assert decided[[3, 5, 10]].to_list() == pytest.approx([0.14, 0.29, 0.48], abs=0.01)
    held = table["truth"].between(table["low"], table["high"]).groupby(table["repeats"]).mean()
    assert held[10] > held[3] > 0.9 and held[10] > 90 / 96


def test_penalties_are_searched_where_there_are_ids_and_rates_dropout_and_width_by_thorough_alone():
    ids = replace(OWN, ids=("k",))
    searched = {
        (mode, bool(own.ids)): [next(iter(stage.choices[0]), "") for stage in Plan(own, mode=mode).stages]
        for mode in ("thorough", "quick")
        for own in (OWN, ids)
    }
    assert searched["thorough", True] == ["l2_embedding", "lr", "dropout", "units"]
    assert searched["thorough", False] == ["lr", "dropout", "units"]
    assert (searched["quick", True], searched["quick", False]) == (["l2_embedding"], [""])
    widths = Plan(ids, Recipe(units=(64, 32))).stages[-1]
    assert [choice["units"] for choice in widths.choices] == [(32, 16), (64, 32), (128, 64)]
    assert widths.ladder[0] == (16, 8) and widths.ladder[-1] == (256, 128)
    (only,) = Plan(ids, rates=[0.1, 0.2]).stages
    assert only.choices == [{"lr": lr, "l2_embedding": 0.0} for lr in (0.1, 0.2)] and only.ladder == ()


def test_products_of_a_user_and_an_item_are_tried_with_penalties_of_their_own_where_both_sides_may_have_them():
    """The stage starts with the best so far, so a side has them only where they are better."""
    pair = replace(OWN, user="u", item="i")
    for mode in ("thorough", "quick"):
        first, *others = Plan(pair, mode=mode).stages[1].choices
        assert first == {} and {choice["bottom"] for choice in others} == {"NeuMF"}
        assert len({choice["l2_embedding"] for choice in others}) == len(others)
    for without in (Plan(replace(pair, item=None)), Plan(pair, Recipe("MMoE")), Plan(pair, Recipe(bottom="DCN"))):
        assert not any("bottom" in choice for stage in without.stages for choice in stage.choices)


def test_a_setting_of_the_recipe_is_among_those_that_are_tried():
    stage = Plan(replace(OWN, ids=("k",)), Recipe(l2_embedding=0.05), mode="quick").stages[0]
    assert [choice["l2_embedding"] for choice in stage.choices] == [0.0, 1e-4, 1e-3, 1e-2, 0.05]
    assert stage.ladder == (0.0, 1e-4, 1e-3, 1e-2, 0.05, 0.1, 1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"declaration": {"a": "binary"}}, "declaration: got dict; expected a Declaration"),
        ({"recipe": "MMoE"}, "recipe: got str; expected a Recipe"),
        ({"recipe": Recipe("single task")}, "recipe: got 'single task'; expected a structure that shares"),
        ({"seeds": 5}, "seeds: got 5; expected several numbers"),
        ({"seeds": [1]}, r"seeds: got \[1\]; expected two or more"),
        ({"seeds": [1, 900]}, "seeds: .*none of .900, 901."),
        ({"seeds": [1, 1, 2]}, r"seeds: got \[1, 1, 2\]; expected two or more, each once"),
        ({"seeds": [0.5, 1]}, "seeds: got 0.5; expected a whole number"),
        ({"tuning_seeds": [0.5]}, "tuning_seeds: got 0.5; expected a whole number"),
        ({"matters": {"regression": 0.01}}, r"matters\['binary'\]: got None"),
        ({"matters": {"binary": -0.01}}, r"matters\['binary'\]: got -0.01; expected a number of at least 0"),
        ({"rates": []}, "rates: got none"),
        ({"rates": ["fast"]}, "rates: got 'fast'; expected a number of at least 0"),
        ({"penalties": [-1]}, "penalties: got -1"),
        ({"also": "control"}, "also: got 'control'; expected some of"),
        ({"also": ["speed"]}, "also: got 'speed'; expected one of 'yardsticks', 'control'"),
        ({"mode": "fast"}, "mode: got 'fast'; expected one of 'thorough', 'quick'"),
    ],
)
def test_a_bad_option_is_named(options, words):
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        Plan(**({"declaration": OWN} | options))

"""The race: paired, the same again, and honest at its finish; and the steps by which counts climb."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.chapters.ch00 import board, race, steps, worlds
from helpers.chapters.ch00.studies import rankers
from helpers.chapters.ch00.worlds import CEILINGS, CHAPTERS
from helpers.chapters.ch08.studies.own_taste import rankers as own_taste
from helpers.evaluation.verdicts import HOLDS, NO_EFFECT, OPPOSITE

BOARD = race.BOARD
KEPT = {name: rankers.TABLES[name].read() for name in (BOARD.raced, BOARD.finished)}


def shortened(track):
    """Three worlds of each dozen, each of which is made once."""
    return replace(track, make=cache(track.make), racing=track.racing[:3], finishing=track.finishing[:3])


BOARDS, OWN_TASTE = shortened(BOARD), shortened(own_taste.OWN_TASTE)
OWN_ROWS = set(own_taste.TABLES[OWN_TASTE.raced].read()["ranker"])
on_both = pytest.mark.parametrize("track", [BOARDS, OWN_TASTE], ids=["board", "own taste"])


def nothing(log):
    return lambda rows: torch.zeros(len(rows["user"]))


@pytest.mark.slow
@pytest.mark.parametrize("row", list(steps.CLIMB))
def test_a_copy_of_a_row_brings_exactly_as_much(row):
    for track in [BOARDS, OWN_TASTE] if row in OWN_ROWS else [BOARDS]:
        ran = board.race(steps.CLIMB[row], row, track)
        assert (ran.gains == 0).all() and ran.finding.verdict == NO_EFFECT


@pytest.mark.slow
@on_both
def test_a_network_with_weights_drawn_anew_races_the_same_again_and_leaves_the_readers_numbers_alone(track):
    def drawn(log):
        taste = torch.randn(int(log["video"].max()) + 1)
        return lambda rows: taste[rows["video"]]

    before = torch.random.get_rng_state()
    one, other = board.race(drawn, drawn, track), board.race(drawn, "fused counts", track)
    assert torch.equal(before, torch.random.get_rng_state())
    assert (one.gains == 0).all() and (one.brought["yours"] == other.brought["yours"]).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("track", "first"),
    [(BOARDS, "counts + history"), (OWN_TASTE, "counts + one set of factors")],  # what a reader could have
    ids=["board", "own taste"],
)
def test_who_knows_what_satisfies_wins_and_who_knows_it_upside_down_loses(track, first):
    known = {}

    def entered(seed):
        log, asked, offer = track.make(seed)
        known["satisfaction"] = torch.tensor(offer.outcomes["satisfaction"].to_numpy())
        return log, asked, offer

    known_there = replace(track, make=entered)
    best = board.race(lambda log: lambda rows: known["satisfaction"], track=known_there)
    assert best.finding.verdict == HOLDS and "It wins" in repr(best) and best.theirs == first
    assert (best.brought["yours"] == board.race(nothing, "best possible", track).brought["theirs"]).all()
    worst = board.race(lambda log: lambda rows: -known["satisfaction"], "fused counts", known_there)
    assert worst.finding.verdict == OPPOSITE and "It loses" in repr(worst)


@pytest.mark.slow
def test_the_finish_answers_once_in_worlds_of_a_kind(monkeypatch):
    monkeypatch.setattr(race, "_finished", {})
    for track in BOARDS, OWN_TASTE:
        first = board.finish(steps.fused, "counts + history", track)
        again, other = (board.finish(ranker, "counts + history", track) for ranker in (steps.fused, nothing))
        assert repr(again) == repr(first) and (other.brought == first.brought).all(axis=None)
        assert "fused" in other.note and "no answer left" in other.note
        assert list(first.brought.index) == list(track.finishing)


def test_the_finish_lies_in_worlds_that_chose_nothing():
    assert not set(BOARD.finishing) & ({*range(1000)} | set(BOARD.racing))
    raced = {*own_taste.OWN_TASTE.racing} | {*own_taste.OWN_TASTE.finishing}
    searches = [own_taste.TABLES[name].given["seeds"] for name in own_taste.TABLES[OWN_TASTE.raced].searches]
    assert len(raced) == 24 and len(searches) == 3 and not any(raced & set(seeds) for seeds in searches)


COUNTS = "fused counts"
WRONG = [
    (torch.zeros(3), COUNTS, TypeError, "ranker: got Tensor; expected a function that takes a log"),
    (lambda log: log["click"], COUNTS, TypeError, r"ranker\(log\) returns: got Tensor; expected a score"),
    (lambda log: None, COUNTS, TypeError, r"what ranker\(log\) returns: got NoneType; expected a score"),
    (lambda log: lambda rows: torch.zeros(3), COUNTS, ValueError, r"got shape \(3,\); expected \([23]0"),
    (lambda log: lambda rows: rows["user"] * np.nan, COUNTS, ValueError, "got [23]0000 NaN or infinite"),
    (nothing, "Shared-Top", ValueError, "against: got 'Shared-Top'; expected one of"),
    (nothing, 3, ValueError, "against: got 3; expected one of"),
]


@pytest.mark.parametrize(("ranker", "against", "error", "said"), WRONG)
@on_both
def test_a_ranker_that_cannot_race_gets_one_clear_error(ranker, against, error, said, track):
    with pytest.raises(error, match=said):
        board.race(ranker, against, track)


def test_a_name_is_no_track():
    with pytest.raises(TypeError, match="track: got str; expected the worlds of a race"):
        board.race(nothing, "fused counts", "own taste")


@pytest.mark.parametrize("name", KEPT)
def test_each_step_of_the_counts_is_a_step_up_and_the_ceilings_lie_above_all_rows(name):
    mean = KEPT[name].groupby("ranker")["satisfaction"].mean()
    steps_up = mean[list(steps.CLIMB)], mean[[mean.drop(list(CEILINGS)).idxmax(), *CEILINGS]]
    assert all(means.is_monotonic_increasing for means in steps_up)


def test_the_seconds_are_said_but_not_kept(monkeypatch):
    ran = race.Race("mine", "random", pd.DataFrame({"yours": [0.6, 0.7], "theirs": [0.5, 0.5]}), 4.2)
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    assert "it took 4 s" in repr(ran) and "it took 4 s" in ran._repr_html_()
    monkeypatch.setenv("TQDM_DISABLE", "1")  # as `tools.notebooks` runs a chapter
    assert "took" not in repr(ran)


def test_all_rows_of_the_board_can_be_raced_and_two_rows_at_once():
    assert set(KEPT[BOARD.raced]["ranker"]) == set(CHAPTERS)
    ran = board.race("UWL", "Shared-Bottom")
    kept = KEPT[BOARD.raced].pivot(index="seed", columns="ranker", values="satisfaction").loc[BOARD.racing]
    assert (ran.gains == kept["UWL"] - kept["Shared-Bottom"]).all() and "took" not in repr(ran)


def test_two_rows_do_not_use_up_the_finish(monkeypatch):
    monkeypatch.setattr(race, "_finished", {})
    ran = [board.finish("counts + history", "separate, fed") for _ in range(2)]
    assert repr(ran[0]) == repr(ran[1]) and not ran[0].note and not race._finished


def test_what_a_fed_network_is_told_of_a_row_is_what_the_counts_know():
    plain = rankers.Worlds.make([900])
    fed = plain.fed()
    log, (table,) = worlds.log_of(plain.feeds[0]), fed.train.inputs["dense"][..., -1]
    shown = steps.own(log)(log)
    assert torch.corrcoef(torch.stack([table, shown]))[0, 1] > 0.9999
    assert all(torch.equal(fed.train.labels[name], plain.train.labels[name]) for name in worlds.LABELS)
    rows = rankers._of(rankers.FED["separate, fed"], fed.train)
    assert set(rows.masks) == set(worlds.LABELS) - {"click"}
    assert all(torch.equal(mask, fed.train.labels["click"] == 1) for mask in rows.masks.values())

"""The board: a reader's ranker gets the line of the same ranker in the kept table, and the table is what it says."""

import re
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import torch

from helpers.chapters.ch00 import board, race, steps
from helpers.chapters.ch00.studies import rankers
from helpers.chapters.ch01 import ranking
from helpers.evaluation.counts import PRIOR
from helpers.evaluation.statistics import interval
from helpers.support.environment import ROOT
from tools import minutes, notebooks

KEPT = rankers.TABLES["00_board"].read()
OUTCOMES = [name for name, _ in board.SHOWN.values()]


def line(ranker):
    """The line of the kept table in the reader's world, in the units of `serve`."""
    row = KEPT[(KEPT["seed"] == board.WORLD) & (KEPT["ranker"] == ranker)].iloc[0]
    return pd.Series({name: times * row[column] for column, (name, times) in board.SHOWN.items()})


def count(label):
    """The smoothed rate of a label for each video, in plain torch."""
    log = board.log()
    happened, shown = torch.bincount(log["video"], log[label].double()), torch.bincount(log["video"])
    return (happened + PRIOR * log[label].double().mean()) / (shown + PRIOR)


@pytest.fixture(scope="module")
def by_count():
    rate = count("click")
    return board.serve(lambda rows: rate[rows["video"]])


def test_a_readers_count_has_the_line_of_the_kept_count(by_count):
    assert by_count[OUTCOMES].to_numpy() == pytest.approx(line("by count").to_numpy(), abs=6e-4)  # kept to 4 decimals
    assert by_count[board.COST] == 0


def test_the_multiply_adds_of_a_score_are_those_of_one_candidate():
    def score(rows):
        return (torch.ones(len(rows["user"]), 3) @ torch.ones(3, 2)).sum(1)

    assert board.serve(score)[board.COST] == 3 * 2


@pytest.mark.parametrize("upto", ["00", "04", "08"])
def test_the_board_has_the_rows_of_its_chapters_and_of_no_later_one(upto):
    rankers = set(board._summary(upto, None)[0]["ranker"])
    no_row = {board.RANDOM, *board.CEILINGS}
    assert rankers == {name for name, chapter in board.CHAPTERS.items() if chapter <= upto} - no_row


@pytest.mark.slow
def test_the_log_is_what_trains_our_rankers_and_tells_nothing_of_what_is_offered():
    log, train = board.log(), rankers.examples(rankers.world(board.WORLD), rankers.encoding())
    assert torch.equal(log["ids"], train.inputs["sparse"]) and log["ids"].max() < board.IDS
    assert all(torch.equal(log[name], train.labels[name]) for name in (*rankers.LABELS, "watch_seconds"))
    seen = []
    board.serve(lambda rows: seen.append(rows) or torch.zeros(len(rows["user"])))
    assert set(seen[0]) == set(log) - {*rankers.LABELS, "watch_seconds", "day", "return_next_day"}
    assert all(seen[0][name].max() <= log[name].max() for name in ("author", "topic", "age_group"))


WRONG = [
    (torch.zeros(3), TypeError, "score: got Tensor; expected a function that takes rows"),
    (lambda rows: torch.zeros(20_000, 1), ValueError, r"got shape \(20000, 1\); expected \(20000,\), one"),
    (lambda rows: torch.zeros(()), ValueError, r"got shape \(\); expected \(20000,\)"),
    (lambda rows: rows["user"] * np.nan, ValueError, "what score returns: got 20000 NaN or infinite values"),
    (lambda rows: None, TypeError, "what score returns: got None; expected a number for each"),
]


@pytest.mark.parametrize(("score", "error", "said"), WRONG)
def test_a_score_that_cannot_rank_gets_one_clear_error(score, error, said):
    with pytest.raises(error, match=said):
        board.serve(score)


def test_the_readers_ranker_stands_as_far_from_random_as_in_its_world(by_count):
    summary, lines = board._summary("00", by_count)
    yours = summary[summary["ranker"] == board.YOURS].set_index("outcome")
    expected = (by_count - line("random"))[OUTCOMES] + lines["random"][OUTCOMES]
    assert yours["mean"][OUTCOMES].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-3)
    one = summary[(summary["ranker"] == "by count")].set_index("outcome")
    assert (yours["high"] - yours["low"] > 2 * (one["high"] - one["low"])).all()  # one world says less than all
    with pytest.raises(TypeError, match=r"yours: got list; expected what board\.serve"):
        board.figure("00", [0.5])


def test_the_fused_score_is_a_product_with_chapter_01s_exponents():
    exponents = rankers.CHOSEN[rankers.FUSION]
    assert exponents == ranking.CHOSEN["multiplicative"] == steps.EXPONENTS
    chances = {label: torch.rand(50, generator=torch.Generator().manual_seed(k)) for k, label in enumerate(exponents)}
    product = torch.stack([chance ** exponents[label] for label, chance in chances.items()]).prod(0)
    found = rankers.fused_score({label: torch.logit(chance) for label, chance in chances.items()})
    assert torch.allclose(found.exp(), product, rtol=1e-4)


def test_a_click_counts_as_often_as_it_was_watched_in_weighted_cross_entropy_alone():
    train = rankers.examples(rankers.world(900), rankers.encoding())
    for name, network in rankers.NETWORKS.items():
        own = rankers._of(network, train)
        assert tuple(own.labels) == network.labels
        assert bool(own.weights) == (name == "weighted CE")
    weights = rankers._of(rankers.NETWORKS["weighted CE"], train).weights["click"]
    clicked = train.labels["click"] == 1
    assert torch.equal(weights[clicked], train.labels["watch_seconds"][clicked]) and (weights[~clicked] == 1).all()


TRIPLE = re.compile(r"(−?0?\.\d+) \[(−?0?\.\d+), (−?0?\.\d+)\]")


def board_texts():
    """What the chapters say of the board: the text of its sections, by chapter."""
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        for section in minutes.sections(notebooks.read(path)):
            if section.title.partition(" ")[2].startswith("The board"):
                text = "\n".join(cell.source for cell in section.cells if cell.cell_type == "markdown")
                yield pytest.param(text, id=path.stem)


@pytest.mark.parametrize("text", list(board_texts()))
def test_the_differences_in_the_text_are_those_of_the_table(text):
    finish = rankers.TABLES[race.BOARD.finished].read()
    raced = (KEPT, KEPT[KEPT["seed"].isin(race.BOARD.racing)], finish)
    tables = [kept.pivot(index="seed", columns="ranker", values="satisfaction") for kept in raced]
    gains = [table[a] - table[b] for table in tables for a, b in permutations(table, 2)]
    measured = {tuple(f"{value:.3f}".replace("-", "−") for value in interval(gain)) for gain in gains}
    measured |= {tuple(re.sub(r"^−(0\.000)$", r"\1", value) for value in triple) for triple in measured}
    assert [triple for triple in TRIPLE.findall(text) if triple not in measured] == []

"""The board: the reader's ranker beside those of all chapters, by what their lists of ten bring.

    log = board.log()               what one world logged: tensors by name, a row an impression
    def score(rows): ...            a number for each candidate; the higher, the higher in the list
    mine = board.serve(score)       what the lists bring that it ranks in this world
    board.figure("03", mine)        beside ours up to chapter 03, over all worlds; `board.table` has its numbers
    board.race(my_ranker)           a function from a log to such a score, in twelve worlds (`race` has more)

The figure reads a kept table (`studies.rankers`); nothing is trained here.
"""

import textwrap
from collections.abc import Callable
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor
from torch.nn.functional import linear
from torch.overrides import TorchFunctionMode

from helpers.chapters.ch00.race import finish as finish
from helpers.chapters.ch00.race import race as race
from helpers.chapters.ch00.worlds import (
    BEST,
    CEILINGS,
    CHAPTERS,
    LABELS,
    LOG_TELLS,
    RANDOM,
    TASTE_TELLS,
    log_of,
    scores_of,
    tensors,
    world,
)
from helpers.chapters.ch00.worlds import IDS as IDS
from helpers.data.feed import Feed, Offer
from helpers.display.palette import BLACK, GREY, PURPLE
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.statistics import interval
from helpers.experiments.chosen import Chosen
from helpers.experiments.kept import kept_table
from helpers.support import validate

# How predictions become one score, as chapter 01 chose it on worlds 900 to 923: the exponent of each probability.
CHOSEN = Chosen(
    "01_fusion",
    by=["form"],
    setting=LABELS,
    value=lambda fused: fused["gain"] / (fused["gain_high"] - fused["gain_low"]),
    make=lambda *weights: dict(zip(LABELS, weights, strict=True)),
)
FUSION = "multiplicative"

WORLD = 0  # the reader's: the first of those over which the board takes its means
EXPONENTS = torch.tensor(list(CHOSEN[FUSION].values()))  # of the probabilities, as `LABELS` are
UPTO = tuple(f"{number:02d}" for number in range(9))
YOURS = "yours"

# What a list of ten brings: {column of the table: (its name, times so much)}.
SHOWN = {
    "satisfaction": ("satisfaction", 1),
    "click": ("clicks", 10),
    "watch_seconds": ("seconds", 10),
    "like": ("likes", 10),
    "bait": ("bait (sd)", 1),
}
COST = "multiply-adds"


@cache
def _world() -> tuple[Feed, Offer]:
    feed = world(WORLD)
    return feed, Offer.make(feed)


def log() -> dict[str, Tensor]:
    """The rows of the reader's world that train our rankers, too, by name, as `worlds.log_of` says."""
    return log_of(_world()[0])


# torch.utils.flop_counter counts them as well, for a second and 60 MB more.
PRODUCTS = (
    {linear} | {getattr(of, name) for of in (torch, Tensor) for name in ("matmul", "mm", "bmm")} | {Tensor.__matmul__}
)


class _MultiplyAdds(TorchFunctionMode):
    """Counts those of the matrix products that are computed in its context."""

    count = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **kwargs or {})
        if function in PRODUCTS:
            self.count += result.numel() * args[0].shape[-1]
        return result


def serve(score: Callable[[dict[str, Tensor]], Tensor]) -> pd.Series:
    """What lists of ten bring in the reader's world if `score` ranks: a number for each outcome, and its multiply-adds.

    score   takes the candidates, a dict as of `log` without what happened, and gives a number for each: `(n,)`

    Multiply-adds are those of matrix products, for one candidate. ValueError or TypeError for another shape, for NaN
    and for what is no number.
    """
    offer = _world()[1]
    with _MultiplyAdds() as products:
        scores = scores_of(score, tensors(offer.rows))
    served = offer.served(scores)
    brought = {name: times * served[column] for column, (name, times) in SHOWN.items()}
    return pd.Series(brought | {COST: products.count / len(offer.rows)}, name=YOURS)


def figure(upto: str, yours: pd.Series | None = None) -> Figure:
    """The board up to a chapter ("03"): a row a ranker, a panel an outcome, and the reader's ranker as a star.

    Dots are means over all worlds; the whiskers are 95% intervals of the gain over a random list of the same world.
    yours, of `serve`, is placed as far from random as it is in its world; its whisker is as wide as what one world
    leaves open of a mean over all.
    """
    summary, lines = _summary(upto, yours)
    rows = {name: f"{CHAPTERS[name]} · {name}" if name in CHAPTERS else name for name in summary["ranker"]}
    size = (10, 1.5 + 0.3 * len(rows))
    drawn, panels = plt.subplots(1, len(SHOWN) + 1, figsize=size, sharey=True, width_ratios=[2, *[1] * len(SHOWN)])
    for axes, (outcome, _) in zip(panels, SHOWN.values(), strict=False):
        part = summary[summary["outcome"] == outcome].set_index("ranker")
        for name in (RANDOM, *CEILINGS) if axes is panels[0] else (RANDOM, BEST):
            style = ":" if name == RANDOM else "--"
            axes.axvline(lines[name, outcome], color=GREY, linewidth=1.2, linestyle=style, label=name)
        for height, name in enumerate(rows):
            _dot(axes, part.loc[name], height, rows[name], CHAPTERS.get(name) == upto, name == YOURS)
        axes.set_title(outcome, fontsize=12, fontweight="normal")
        axes.xaxis.set_major_locator(MaxNLocator(4 if axes is panels[0] else 2))
        axes.margins(x=0.12)
    cost = summary.drop_duplicates("ranker").set_index("ranker")["cost"]
    for height, name in enumerate(rows):
        panels[-1].text(1, height, f"{cost[name]:,.0f}", ha="right", va="center")
    panels[-1].set_title(COST, fontsize=12, fontweight="normal", loc="right")
    panels[-1].set_xticks([])
    panels[-1].spines["bottom"].set_visible(False)
    panels[0].set_yticks(range(len(rows)), rows.values())
    panels[0].set_ylim(len(rows) - 0.5, -0.5)
    for axes in panels:
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    drawn.suptitle(_title(upto), x=0.01, ha="left")
    note = (
        f"95% intervals of the gain over a random list, {_board()['seed'].nunique()} worlds; dotted: random; dashed, "
        f"from the left: {LOG_TELLS}, {TASTE_TELLS}, the best list"
    )
    note += "" if yours is None else "; star: yours, in one world"
    drawn.supxlabel(textwrap.fill(note, 96), color=GREY, fontsize=12)
    return drawn


def _dot(axes: Axes, at: pd.Series, height: int, name: str, new: bool, yours: bool) -> None:
    """A mean with its whisker: black what is new, grey what was there before, a star what is the reader's."""
    colour = PURPLE if yours else BLACK if new else GREY
    look = {"marker": "*", "markersize": 14} if yours else {"marker": "o", "markersize": 6}
    axes.hlines(height, at["low"], at["high"], color=colour, linewidth=2, label=name)
    axes.plot(at["mean"], height, color=colour, label=name, **look)


def table(upto: str, yours: pd.Series | None = None) -> pd.DataFrame:
    """The figure in numbers: a row a ranker, random first and the ceilings last; mean ± half of its interval."""
    summary, lines = _summary(upto, yours)
    summary["said"] = [f"{row.mean:.3f} ± {row.high - row.mean:.3f}" for row in summary.itertuples()]
    wide = summary.pivot(index="ranker", columns="outcome", values="said")
    wide[COST] = summary.groupby("ranker")["cost"].first().map("{:,.0f}".format)
    frame = pd.DataFrame({name: lines[name].map("{:.3f}".format) for name in (RANDOM, *CEILINGS)}).T
    rows = [RANDOM, *dict.fromkeys(summary["ranker"]), *CEILINGS]
    outcomes = [name for name, _ in SHOWN.values()]
    return pd.concat([wide, frame]).loc[rows, [*outcomes, COST]].fillna("").rename_axis(None, axis=1)


def _board() -> pd.DataFrame:
    """The kept table in the units of the board."""
    kept = kept_table("00_board").rename(columns={column: name for column, (name, _) in SHOWN.items()})
    return kept.assign(**{name: kept[name] * times for name, times in SHOWN.values()})


def _summary(upto: str, yours: pd.Series | None) -> tuple[pd.DataFrame, pd.Series]:
    """A row a ranker and outcome: ranker, outcome, mean, low, high, cost; and the means of random and the ceilings."""
    board, outcomes = _board(), [name for name, _ in SHOWN.values()]
    last = UPTO.index(validate.choice("upto", upto, UPTO))
    no_row = (RANDOM, *CEILINGS)
    rankers = [name for name, chapter in CHAPTERS.items() if name not in no_row and UPTO.index(chapter) <= last]
    by = board.set_index("seed").groupby("ranker")
    random, cost = by.get_group(RANDOM), by["cost"].first()
    lines = pd.concat({name: by.get_group(name)[outcomes].mean() for name in (RANDOM, *CEILINGS)})
    rows, spread = [], {name: [] for name in outcomes}
    for ranker in rankers:
        gains = by.get_group(ranker)[outcomes] - random[outcomes]
        for outcome in outcomes:
            ends = lines[RANDOM, outcome] + np.array(interval(gains[outcome]))
            spread[outcome].append(gains[outcome].std())
            rows.append((ranker, outcome, *ends, cost[ranker]))
    if yours is not None:
        if not isinstance(yours, pd.Series) or list(yours.index) != [*outcomes, COST]:
            validate.fail("yours", type(yours).__name__, "what board.serve(score) returned", TypeError)
        for outcome in outcomes:
            value = yours[outcome] - random.loc[WORLD, outcome] + lines[RANDOM, outcome]
            half = 2 * np.median(spread[outcome])
            rows.append((YOURS, outcome, value, value - half, value + half, yours[COST]))
    return pd.DataFrame(rows, columns=["ranker", "outcome", "mean", "low", "high", "cost"]), lines


def _title(upto: str) -> str:
    """Those that satisfy most: all that are not clearly behind the first."""
    board = _board().pivot(index="seed", columns="ranker", values="satisfaction")
    among = board[[name for name, chapter in CHAPTERS.items() if name not in CEILINGS and chapter <= upto]]
    first = among.mean().idxmax()
    gaps = {name: interval(among[first] - among[name])[1] for name in among if name != first}
    level = [first, *(name for name, low in gaps.items() if low <= SMALLEST["satisfaction"])]
    names = _join_names(level) if len(level) <= 3 else f"{first} and {len(level) - 1} others"
    ends = f"random {board[RANDOM].mean():.2f}, best possible {board[BEST].mean():.2f}"
    at_most = "up to " if len(level) > 1 else ""
    most = f"Most satisfying: {names}, {at_most}{among[first].mean():.2f}"
    return most + (" " if len(most) < 57 else "\n") + f"({ends})"  # no wider than the panels


def _join_names(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))

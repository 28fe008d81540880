"""The race: a reader's ranker against another, paired in twelve worlds, so that two rankers can be told apart.

    board.race(my_ranker)                      against the best row of the board
    board.race(my_ranker, "Shared-Bottom")     against another row, or another ranker
    board.race("UWL", "Shared-Bottom")         a row against a row, at once
    board.finish(my_ranker)                    in twelve worlds that chose nothing, asked once
    board.race(my_ranker, "all counts", track) in worlds of another kind, which have rows of their own

In each world `my_ranker` gets the log and returns a score, and the ten candidates with the highest scores are served.
The rows are kept (those of the board by `studies.rankers`) and need no training here.
"""

import html
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch

from helpers.chapters.ch00.worlds import CEILINGS, Ranker, Rows, log_of, scores_of, tensors, world
from helpers.data.feed import Offer
from helpers.display.cards import draw_interval, minus
from helpers.display.exercises import at_work
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.statistics import interval
from helpers.evaluation.verdicts import HOLDS, NO_EFFECT, OPPOSITE, SMALL, UNDECIDED, Finding, verdict
from helpers.experiments.kept import kept_table
from helpers.support import validate

UNIT, DIGITS = "satisfaction", 4  # so many are kept

SAYS = {
    HOLDS: "It wins: all of the interval lies beyond what matters",
    OPPOSITE: "It loses: all of the interval lies beyond what matters",
    SMALL: "A difference, but too small to matter",
    NO_EFFECT: "No difference that matters",
    UNDECIDED: "Undecided: the interval has room for what matters and for what does not",
}


@dataclass(frozen=True)
class Track:
    """Where rankers race: worlds of one kind, and what is kept of the rows in them.

    make                 of a seed: the log, what is known of the candidates, and the `Offer`
    racing, finishing    the seeds of the worlds, twelve each
    raced, finished      the kept tables with the rows in them: seed, ranker, satisfaction
    ceilings             the rows that no ranker can be
    """

    make: Callable[[int], tuple[Rows, Rows, Offer]]
    racing: Sequence[int]
    finishing: Sequence[int]
    raced: str
    finished: str
    ceilings: Sequence[str]


def _of_board(seed: int) -> tuple[Rows, Rows, Offer]:
    feed = world(seed)
    offer = Offer.make(feed)
    return log_of(feed), tensors(offer.rows), offer


# The first of the board's worlds, and others on which no step, exponent or prior was chosen.
BOARD = Track(_of_board, range(12), range(71100, 71112), "00_board", "00_finish", CEILINGS)


@dataclass(frozen=True)
class Race:
    """What a ranker brings more than another: paired, a number a world.

    yours, theirs   their names
    brought         a row a world: satisfaction with both, columns "yours" and "theirs"
    seconds         it took; 0 for two rows of the board
    note            what is to be said besides
    """

    yours: str
    theirs: str
    brought: pd.DataFrame
    seconds: float
    note: str = ""

    @property
    def gains(self) -> pd.Series:
        return self.brought["yours"] - self.brought["theirs"]

    @property
    def finding(self) -> Finding:
        mean, low, high = interval(self.gains)
        word = verdict(low, high, SMALLEST[UNIT])
        return Finding("", word, HOLDS, mean, low, high, len(self.gains), "worlds", UNIT, SMALLEST[UNIT], float("nan"))

    @property
    def said(self) -> str:
        mine, other = self.brought[["yours", "theirs"]].mean()
        return f"{self.yours} {mine:.3f}, {self.theirs} {other:.3f}. {SAYS[self.finding.verdict]}."

    @property
    def numbers(self) -> str:
        """With the seconds, but for a notebook that is run to be kept: it must come out the same again."""
        took = "" if "TQDM_DISABLE" in os.environ or not self.seconds else f"; it took {self.seconds:.0f} s"
        return self.finding.numbers + took

    def __repr__(self) -> str:
        return "\n".join(filter(None, [self.said, self.numbers, self.note]))

    def _repr_html_(self) -> str:
        finding = self.finding
        colour = {HOLDS: "#00735C", OPPOSITE: "#B34E00"}.get(finding.verdict, "#595959")
        note = f"<div>{html.escape(self.note)}</div>" if self.note else ""
        return (
            '<div class="mtl-race" style="color:#1a1a1a;background:#fff;max-width:55em;'  # in a dark theme, too
            f'border-left:6px solid {colour};padding:6px 14px;margin:6px 0"><b>{minus(self.said)}</b>'
            '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:2px 14px">'
            f'<span style="flex:1 1 24em">{minus(self.numbers)}</span>{draw_interval(finding, colour)}</div>'
            f"{note}</div>"
        )


def race(ranker: Ranker | str, against: str | Ranker | None = None, track: Track = BOARD) -> Race:
    """Your ranker against a row of the board, or against another ranker, in twelve worlds.

    ranker    takes a log, as `board.log()` returns it, and returns a score, as `board.serve` takes it; or the name of
              a row
    against   the name of a row, or a ranker; without it the row that satisfies most there
    track     worlds of another kind than the board's, with rows of their own

    A network is trained anew in each world, from a seed of its own. TypeError or ValueError for a ranker that returns
    no score, or whose score is no number for each candidate.
    """
    return _race(ranker, against, track)


_finished: dict[Track, tuple[Ranker, Race]] = {}


def finish(ranker: Ranker | str, against: str | Ranker | None = None, track: Track = BOARD) -> Race:
    """As `race`, in twelve other worlds, on which nobody chose anything. They answer once: ask with your last ranker.

    Whoever asks again gets the first answer. The numbers of two rows are kept, so these may be asked as often as you
    like.
    """
    if isinstance(ranker, str):
        return _race(ranker, against, track, last=True)
    if track not in _finished:
        _finished[track] = ranker, _race(ranker, against, track, last=True)
    first, answer = _finished[track]
    same = getattr(ranker, "__code__", ranker) == getattr(first, "__code__", first)  # a cell may be run again
    note = (
        "The finish was asked, and this is its answer."
        if same
        else (f"The finish answers once. You asked it with {answer.yours}; for another ranker there is no answer left.")
    )
    return replace(answer, note=note)


def _race(ranker: Ranker | str, against: str | Ranker | None, track: Track, last: bool = False) -> Race:
    validate.instance("track", track, Track, "the worlds of a race, such as race.BOARD")
    start = time.perf_counter()
    seeds, table = (track.finishing, track.finished) if last else (track.racing, track.raced)
    kept = kept_table(table).pivot(index="seed", columns="ranker", values=UNIT).loc[seeds]
    if against is None:
        against = kept.drop(columns=list(track.ceilings)).mean().idxmax()
    if not callable(ranker) and not isinstance(ranker, str):
        wanted = "a function that takes a log and returns a score, or the name of a row"
        validate.fail("ranker", type(ranker).__name__, wanted, TypeError)
    for name, who in {"ranker": ranker, "against": against}.items():
        if not callable(who):
            validate.choice(name, who, list(kept))
    sides = {"yours": ranker, "theirs": against}
    frame = pd.DataFrame({side: np.nan if callable(who) else kept[who] for side, who in sides.items()}, kept.index)
    running = {side: who for side, who in sides.items() if callable(who)}
    for seed in at_work("racing", seeds) if running else ():
        log, asked, offer = track.make(seed)
        for side, who in running.items():
            frame.loc[seed, side] = _brings(who, log, asked, offer, seed)
    return Race(_name(ranker), _name(against), frame, time.perf_counter() - start if running else 0.0)


def _brings(ranker: Ranker, log: Rows, asked: Rows, offer: Offer, seed: int) -> float:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        score = ranker(dict(log))
    if not callable(score):
        wanted = "a score: a function that takes rows and returns a number for each"
        validate.fail("what ranker(log) returns", type(score).__name__, wanted, TypeError)
    served = offer.served(scores_of(score, dict(asked)))
    return float(np.round(served[UNIT], DIGITS))


def _name(ranker: str | Ranker) -> str:
    return ranker if isinstance(ranker, str) else getattr(ranker, "__name__", type(ranker).__name__)

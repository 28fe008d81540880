"""The explorer of chapter 02, weighted cross-entropy: a log that the reader draws, on a balance."""

from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.chapters.ch02 import watch_time
from helpers.display.live.live import Live
from helpers.display.palette import BLACK, GREY, TASKS

RATES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)
ROWS = (1_000, 10_000, 100_000, 1_000_000)
SPREADS = (0.5, 1.6, 3.0)  # 1.6 as in the feed
DRAWS = 4000
SECONDS = [4, 0, 0, 6, 0, 0, 0, 2, 0, 0] * 10  # of a hundred impressions: the chapter's ten, ten times


def sampling(draws: int = DRAWS) -> pd.DataFrame:
    """The middle and the central 95% of exp(logit) over `draws` logs, in units of the mean watch time of a click.

    Columns rate, rows, spread, loss, truth, middle, low, high. The mean of the watch times scales all of them alike.
    """
    parts = []
    for seed, (rate, rows, spread) in enumerate(product(RATES, ROWS, SPREADS)):
        estimates = watch_time.constant(rate, 1.0, rows, spread, draws, seed)
        at = {"rate": rate, "rows": rows, "spread": spread, "truth": rate}
        for loss, column in (("weighted CE", "plain"), ("corrected CE", "corrected")):
            low, middle, high = np.quantile(estimates[column], [0.025, 0.5, 0.975])
            parts.append(at | {"loss": loss, "middle": middle, "low": low, "high": high})
    return pd.DataFrame(parts)


def balance() -> Live:
    """A log whose clicks the reader draws → what exp(logit) of the best constant says, and the mean."""
    words = (
        "A balance: 120 seconds of 30 clicks on one side, 70 impressions without a click on the other. Its needle is "
        "at 1.71 seconds, to the right of the mean, 1.20 seconds."
    )
    start = {"seconds": SECONDS, "at": 50, "corrected": False, "rows": "100"}
    script = Path(__file__).with_name("balance.js")
    return Live(script, "Weighted cross-entropy as a balance", start, _picture(), words)


def _picture() -> Figure:
    figure, (log, ruler) = plt.subplots(2, 1, figsize=(8, 3), height_ratios=(2, 1))
    log.bar(range(len(SECONDS)), SECONDS, color=TASKS[0].colour)
    log.set(title="A log of 100 impressions, 30 of them clicked", ylabel="seconds", xticks=[])
    ruler.axis("off")
    ruler.set(xlim=(0, 3), ylim=(0, 1))
    clicks = np.count_nonzero(SECONDS)
    said = (("mean", len(SECONDS), GREY, "right"), ("weighted CE", len(SECONDS) - clicks, BLACK, "left"))
    for name, rows, colour, side in said:
        at = sum(SECONDS) / rows
        ruler.plot([at, at], [0, 1], color=colour, linewidth=3)
        text = f" {name}: {sum(SECONDS)} s / {rows} = {at:.2f} s "
        ruler.text(at, 0.5, text, ha=side, va="center", color=colour)
    return figure

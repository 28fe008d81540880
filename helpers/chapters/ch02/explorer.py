"""The explorer of chapter 02, weighted cross-entropy."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from helpers.chapters.ch02 import watch_time
from helpers.display.explorer import Curves, Explorer
from helpers.display.palette import METHOD, SINGLE_TASK, TASKS

RATES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)
MEANS = (10, 20, 30)
ROWS = (1_000, 10_000, 100_000, 1_000_000)
SPREADS = (0.5, 1.6, 3.0)  # 1.6 as in the feed
DRAWS = 4000
STYLES = {"true": SINGLE_TASK, "weighted CE": METHOD, "mended CE": TASKS[2]}


def sampling(draws: int = DRAWS) -> pd.DataFrame:
    """The middle and the central 95% of exp(logit) over `draws` logs, in units of the mean watch time of a click.

    Columns rate, rows, spread, loss, truth, middle, low, high. The mean of the watch times scales all of them alike.
    """
    parts = []
    for seed, (rate, rows, spread) in enumerate(product(RATES, ROWS, SPREADS)):
        found = watch_time.constant(rate, 1.0, rows, spread, draws, seed)
        at = {"rate": rate, "rows": rows, "spread": spread, "truth": rate}
        for loss, column in (("weighted CE", "plain"), ("mended CE", "mended")):
            low, middle, high = np.quantile(found[column], [0.025, 0.5, 0.975])
            parts.append(at | {"loss": loss, "middle": middle, "low": low, "high": high})
    return pd.DataFrame(parts)


def odds_explorer() -> Explorer:
    """Click rate × mean watch time × sample size × spread → what exp(logit) of a constant says, and its error."""
    table = sampling()
    once = table.drop_duplicates(["rate", "rows", "spread"])
    both = pd.concat([_copied(once, "truth").assign(loss="true"), table])
    seconds = pd.concat(_scaled(both, mean).assign(mean=mean) for mean in MEANS)
    error = _scaled(table, 100 / table["truth"])
    error[PARTS] -= 100
    band = {"low": "low", "high": "high", "styles": STYLES}
    read = Curves(
        seconds,
        x="rate",
        y="middle",
        series="loss",
        title="Seconds that exp(logit) says",
        x_label="click rate P",
        y_label="seconds per impression",
        **band,
    )
    wrong = Curves(
        error,
        x="rate",
        y="middle",
        series="loss",
        signed=True,
        title="How wrong they are",
        x_label="click rate P",
        y_label="error, % of the true mean",
        **band,
    )
    return Explorer(
        {
            "rate": "click rate P",
            "mean": "mean T of a click, s",
            "rows": "impressions",
            "spread": "spread of T",
        },
        [read, wrong],
        _in_words(seconds),
        start={"rate": 0.3, "mean": 20, "rows": 10_000, "spread": 1.6},
        dropdown={"spread"},
        intervals=f"the middle 95% of {DRAWS:,} simulated logs",
    )


PARTS = ["middle", "low", "high"]


def _copied(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table.assign(**dict.fromkeys(PARTS, table[column]))


def _scaled(table: pd.DataFrame, factor: float | pd.Series) -> pd.DataFrame:
    return table.assign(**{part: table[part] * factor for part in PARTS})


def _in_words(seconds: pd.DataFrame):
    found = seconds.set_index(["rate", "mean", "rows", "spread", "loss"])[["middle", "low", "high"]].to_dict("index")

    def sentence(at: dict) -> str:
        key = (at["rate"], at["mean"], at["rows"], at["spread"])
        truth = found[(*key, "true")]["middle"]
        said = []
        for loss in ("weighted CE", "mended CE"):
            row = found[(*key, loss)]
            error = 100 * (row["middle"] / truth - 1)
            inside = "holds" if row["low"] <= truth <= row["high"] else "misses"
            said.append(
                f"{loss} {row['middle']:.2f} s ({error:+.0f}%), 95% of the logs [{row['low']:.2f}, {row['high']:.2f}], "
                f"which {inside} the truth"
            )
        return f"An impression brings {truth:.2f} s. From {at['rows']:,} of them: {'; '.join(said)}.".replace("-", "−")

    return sentence

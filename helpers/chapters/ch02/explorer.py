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
STYLES = {"true": SINGLE_TASK, "weighted CE": METHOD, "corrected CE": TASKS[2]}
PARTS = ["middle", "low", "high"]


def sampling(draws: int = DRAWS) -> pd.DataFrame:
    """The middle and the central 95% of exp(logit) over `draws` logs, in units of the mean watch time of a click.

    Columns rate, rows, spread, loss, truth, middle, low, high. The mean of the watch times scales all of them alike.
    """
    parts = []
    for seed, (rate, rows, spread) in enumerate(product(RATES, ROWS, SPREADS)):
        found = watch_time.constant(rate, 1.0, rows, spread, draws, seed)
        at = {"rate": rate, "rows": rows, "spread": spread, "truth": rate}
        for loss, column in (("weighted CE", "plain"), ("corrected CE", "corrected")):
            low, middle, high = np.quantile(found[column], [0.025, 0.5, 0.975])
            parts.append(at | {"loss": loss, "middle": middle, "low": low, "high": high})
    return pd.DataFrame(parts)


def odds_explorer() -> Explorer:
    """Click rate × mean watch time × sample size × spread → what exp(logit) of a constant says, and its error."""
    table = sampling()
    true = table.drop_duplicates(["rate", "rows", "spread"]).assign(loss="true")
    true = true.assign(**dict.fromkeys(PARTS, true["truth"]))
    seconds = pd.concat(_scaled(pd.concat([true, table]), mean).assign(mean=mean) for mean in MEANS)
    error = _scaled(table, 100 / table["truth"])
    error[PARTS] -= 100
    read = Curves(
        seconds,
        x="rate",
        y="middle",
        series="loss",
        title="Seconds that exp(logit) says",
        x_label="click rate P",
        y_label="seconds per impression",
        styles=STYLES,
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
        styles=STYLES,
    )
    return Explorer(
        {"rate": "click rate P", "mean": "mean T of a click, s", "rows": "impressions", "spread": "spread of T"},
        [read, wrong],
        _in_words,
        start={"rate": 0.3, "mean": 20, "rows": 10_000, "spread": 1.6},
        dropdown={"spread"},
        intervals=f"the middle 95% of {DRAWS:,} simulated logs",
    )


def _scaled(table: pd.DataFrame, factor: float | pd.Series) -> pd.DataFrame:
    return table.assign(**{part: table[part] * factor for part in PARTS})


def _in_words(settings: dict, seconds: pd.DataFrame, _) -> str:
    truth, said = seconds["middle"]["true"], []
    for row in seconds.drop("true").itertuples():
        inside = "holds" if row.low <= truth <= row.high else "misses"
        said.append(
            f"{row.Index} {row.middle:.2f} s ({100 * (row.middle / truth - 1):+.0f}%), 95% of the logs "
            f"[{row.low:.2f}, {row.high:.2f}], which {inside} the truth"
        )
    return f"An impression brings {truth:.2f} s. From {settings['rows']:,} of them: {'; '.join(said)}."

"""First logs as they come from a feed, honest ones and such with the defects that ruin a first log; truth known."""

import numpy as np
import pandas as pd

from helpers.capstone.declaration import Declaration

LABELS = {"click": "binary", "like": "binary"}
START = 1_760_000_000 // 86_400 * 86_400
HONEST = ("quality", "price", "match", "place", "old_rate", "ctr_before", "ctr_7d_before", "shown_before")


def feed(seed: int, rows: int = 6_000, drift: float = 0.15, rare: float = 0.02) -> pd.DataFrame:
    """An honest log of 30 days. Popular items are alike in appeal, others are not; appeal walks from day to day, and
    stale scores, means of earlier days, a place in a list and a match with the user are known before the impression."""
    rng = np.random.default_rng(seed)
    items, users = max(30, rows // 15), max(60, rows // 10)
    popular = (np.arange(items) + 10) ** -0.7
    item = rng.choice(items, rows, p=popular / popular.sum())
    user, time = rng.integers(0, users, rows), np.sort(rng.uniform(0, 30, rows))
    day = time.astype(int)
    walk = np.cumsum(rng.normal(size=(30, items)) * drift, 0) + rng.normal(size=items) * np.linspace(0.3, 1.2, items)
    taste = 0.8 * (rng.normal(size=(users, 2))[user] * rng.normal(size=(items, 2))[item]).sum(1)
    place, price = rng.integers(1, 11, rows), rng.lognormal(3, 0.5, rows)
    wish = walk[day, item] + taste - 0.12 * place - 0.3 * np.log(price) + 0.5
    frame = pd.DataFrame({"user": user, "item": item, "time": START + (86_400 * time).astype(int), "place": place})
    frame["price"], frame["quality"] = price.round(2), walk[0, item].round(3)
    frame["match"] = (taste + walk[day, item] + rng.normal(size=rows)).round(4)
    frame["click"] = (rng.random(rows) < 1 / (1 + np.exp(-wish))).astype(int)
    frame["like"] = (rng.random(rows) < rare * np.exp(np.clip(wish, -2, 2) - 0.3)).astype(int)
    frame["old_rate"] = (1 / (1 + np.exp(-walk[0] - 0.2 * rng.normal(size=items))))[item].round(4)
    return frame.assign(**rates(frame, day))


def rates(frame: pd.DataFrame, day: np.ndarray) -> dict[str, np.ndarray]:
    """Rates of each item's clicks: of all rows before, of the last seven days before today, and such that hold today
    and with it the row's own label."""
    table = pd.DataFrame({"item": frame["item"], "day": day, "click": frame["click"]})
    sums = {c: table.pivot_table(index="day", columns="item", values="click", aggfunc=c) for c in ("sum", "count")}
    sums = {c: found.reindex(range(30)).fillna(0) for c, found in sums.items()}
    place = sums["sum"].columns.get_indexer(table["item"])

    def of(window: dict[str, pd.DataFrame]) -> np.ndarray:
        return ((window["sum"] + 1) / (window["count"] + 3)).to_numpy()[day, place].round(4)

    by_item = frame.groupby("item")["click"]
    before = by_item.cumsum() - frame["click"]
    return {
        "shown_before": by_item.cumcount(),
        "ctr_before": ((before + 1) / (by_item.cumcount() + 3)).round(4),
        "ctr_7d_before": of({c: found.shift(1, fill_value=0).rolling(7, 1).sum() for c, found in sums.items()}),
        "ctr_7d": of({c: found.rolling(7, 1).sum() for c, found in sums.items()}),
        "item_ctr_today": of(sums),
        "clicks_so_far": by_item.cumsum(),
        "item_clicks": by_item.transform("sum"),
        "user_clicks": frame.groupby("user")["click"].transform("sum"),
    }


def declared(*more: str, **changes) -> Declaration:
    return Declaration(
        **({"labels": LABELS, "user": "user", "item": "item", "numbers": (*HONEST, *more), "time": "time"} | changes)
    )

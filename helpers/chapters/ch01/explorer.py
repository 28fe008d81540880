"""The explorers of chapter 01: three biases, the fusion, and the latency of N models against one shared model."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from helpers.chapters.ch01 import latency, ranking
from helpers.chapters.ch01.biases import TRUTH
from helpers.display.explorer import Curves, Explorer, Plane
from helpers.display.palette import METHOD, ORANGE, SINGLE_TASK, TASKS, Style
from helpers.evaluation.statistics import summarise

LOOKS = {"like": TASKS[0], "click": TASKS[1], "finish": TASKS[2], "favourite": TASKS[3]}
LOOKS |= {"comment": SINGLE_TASK, TRUTH: METHOD}
NAMES = {"watch_seconds": "watch time"}

# {trait: (as an option of the explorer, the label that it moves)}
TRAITS = {"bait": ("bait", "clicks"), "hook": ("hook", "finishes"), "duration": ("length", "watch time")}


def bias_explorer(bias: str, tenths: pd.DataFrame, dials: pd.DataFrame) -> Explorer:
    """One of the three biases with its dial: label rates along what it is about, and one number as the dial is turned.

    bias            target, item or user
    tenths, dials   the tables of `biases.tenths` and `biases.dials`
    """
    picture = tenths[tenths["bias"] == bias].drop(columns="bias").replace({"label": NAMES})
    dial = summarise(dials[dials["bias"] == bias].replace({"label": NAMES}), "value", ["trait", "strength", "label"])
    controls, looks = {"strength": f"{bias} bias"}, LOOKS
    if bias == "item":
        controls = {"trait": "sort videos by"} | controls
        looks = {"the label": TASKS[1], TRUTH: METHOD}
        picture, dial = _one_label(picture), _one_label(dial)
    else:
        picture, dial = picture.drop(columns="trait"), dial.drop(columns="trait")
    sorted_by, title, number, axis = _words(bias)
    common = {"y": "mean", "series": "label", "low": "low", "high": "high", "styles": looks}
    panels = [
        Curves(picture, x="tenth", title=title, x_label=sorted_by, y_label="1 = the average", **common),
        Curves(dial, x="strength", title=number, x_label=f"{bias} bias", y_label=axis, signed=True, **common),
    ]
    return Explorer(
        controls,
        panels,
        _bias_in_words(bias, dial),
        start={"strength": 1.0},
        dropdown={"trait"} & set(controls),
        intervals=f"95% intervals over {dial['seeds'].min()} worlds",
    )


def _words(bias: str) -> tuple[str, str | Callable[[dict], str], str, str]:
    """What the impressions are sorted by, the titles of picture and number, and the axis of the number."""
    spread = ("Highest tenth minus lowest", "difference, in averages")
    if bias == "target":
        number = ("Satisfaction of those who gave it", "true satisfaction above average")
        return ("tenths by true satisfaction", "How often the label is given", *number)
    if bias == "user":
        return ("tenths of users by proneness to like", "What users of different habits do", *spread)

    def title(settings: dict) -> str:
        trait = settings["trait"]
        return f"{dict(TRAITS.values())[trait].capitalize()} of videos by {trait}"

    return ("tenths of videos, lowest first", title, *spread)


def _one_label(table: pd.DataFrame) -> pd.DataFrame:
    """For the item bias: each trait moves a label of its own, and all of these share one name and one look."""
    options = [option for option, _ in TRAITS.values()]
    trait = pd.Categorical(table["trait"].map({trait: option for trait, (option, _) in TRAITS.items()}), options)
    return table.assign(label=table["label"].where(table["label"] == TRUTH, "the label"), trait=trait)


def _bias_in_words(bias: str, dial: pd.DataFrame) -> Callable[[dict], str]:
    def sentence(settings: dict) -> str:
        rows = dial[dial["strength"] == settings["strength"]]
        if bias == "item":
            rows = rows[rows["trait"] == settings["trait"]]
        found = rows.set_index("label")["mean"]
        if bias == "target":
            said = ", ".join(f"{label} {value:+.2f}" for label, value in found.items())
            words = f"satisfaction above the average where the label was given: {said}"
        elif bias == "item":
            trait = settings["trait"]
            words = (
                f"from the tenth of the videos with the least {trait} to the tenth with the most, "
                f"{dict(TRAITS.values())[trait]} {found['the label']:+.2f} averages, true satisfaction "
                f"{abs(found[TRUTH]):+.2f}"
            )
        else:
            words = (
                f"from the users least prone to like to those most prone, likes change by {found['like']:+.2f} "
                f"averages, favourites by {found['favourite']:+.2f}, true satisfaction by {abs(found[TRUTH]):+.2f}"
            )
        return f"Dial at {settings['strength']:g}: {words}.".replace("-", "−")

    return sentence


def fusion_explorer(grid: pd.DataFrame) -> Explorer:
    """Form of the fusion × a weight on each of four labels → satisfaction with the top 10, and what it costs in clicks.

    grid: the table of `ranking.fusion`.
    """
    table = grid.copy()
    table["form"] = pd.Categorical(table["form"], list(ranking.FORMS))
    keys = ["form", *ranking.LEVELS]
    gain = table.rename(columns={"gain": "y", "gain_low": "low", "gain_high": "high"}).assign(series="your score")
    long = [
        table[keys].assign(series=name, y=table[column], low=table[f"{column}_low"], high=table[f"{column}_high"])
        for name, column in (("clicks", "plays"), ("satisfaction", "satisfaction"))
    ]
    by_weight = Curves(
        gain[[*keys, "series", "y", "low", "high"]],
        x="click",
        y="y",
        series="series",
        signed=True,
        styles={"your score": METHOD},
        title="0 is the best single label",
        x_label="weight of click",
        y_label="satisfaction minus the best label's",
        low="low",
        high="high",
    )
    plane = Plane(
        pd.concat(long, ignore_index=True),
        x="clicks",
        y="satisfaction",
        value="y",
        series="series",
        path="click",
        title="What the top 10 brings",
        x_label="share that is clicked",
        y_label="true satisfaction",
        ends=("click −1", "click +1"),
        low="low",
        high="high",
    )
    return Explorer(
        {"form": "fusion"} | {label: label for label in ranking.LEVELS},
        [by_weight, plane],
        _fusion_in_words(table.set_index(keys)),
        start={"form": "multiplicative", "click": 0.0, "finish": 0.0, "like": 1.0},
        dropdown={"form"},
        intervals=f"95% intervals over {len(ranking.PRACTICE)} worlds",
    )


def _fusion_in_words(found: pd.DataFrame) -> Callable[[dict], str]:
    def sentence(settings: dict) -> str:
        row = found.loc[tuple(settings.values())]
        if row["gain_low"] > 0:
            against = "clearly better than"
        elif row["gain_high"] < 0:
            against = "clearly worse than"
        else:
            against = "not clearly different from"
        words = (
            f"True satisfaction {row['satisfaction']:.2f}, {row['plays']:.0%} clicked: {against} the best single label"
        )
        return f"{words} ({row['gain']:+.2f}).".replace("-", "−")

    return sentence


BUDGET = "40 ms"
HOPE = "N"  # what the ratio would be if towers cost nothing


def latency_explorer() -> Explorer:
    """Bottom × candidates × tasks → time by counted operations, and how many times dearer N models are.

    *Measure it now* measures at the setting: stars for the milliseconds of both sides and for their ratio.
    """
    counted = latency.counted()
    point = ["bottom", "candidates", "tasks"]
    budget = counted.drop_duplicates(point).assign(model=BUDGET, ms=latency.BUDGET)
    time = Curves(
        pd.concat([counted, budget])[[*point, "model", "ms"]],
        x="tasks",
        y="ms",
        series="model",
        log=True,
        title=f"Time of a request at {latency.SPEED / 1e9:.0f} billion multiply-adds per second",
        x_label="tasks N",
        y_label="milliseconds",
        styles={latency.APART: SINGLE_TASK, latency.SHARED: METHOD, BUDGET: Style(ORANGE, (3, 1.5), "s")},
    )
    ratios = counted.drop_duplicates(["bottom", "tasks"])[["bottom", "tasks", "ratio"]]
    ratio = Curves(
        pd.concat([ratios.assign(model=latency.RATIO), ratios.assign(model=HOPE, ratio=ratios["tasks"])]),
        x="tasks",
        y="ratio",
        series="model",
        title="The ratio stays below N",
        x_label="tasks N",
        y_label="N models ÷ one shared",
        styles={latency.RATIO: METHOD, HOPE: SINGLE_TASK},
    )
    return Explorer(
        {"tasks": "tasks N", "candidates": "candidates", "bottom": "units of the bottom"},
        [time, ratio],
        _latency_in_words(counted),
        start={"tasks": 8, "candidates": 500, "bottom": "128, 128"},
        dropdown={"bottom"},
        train=latency.live,
        verb="Measure",
    )


def _latency_in_words(counted: pd.DataFrame):
    million = counted.set_index(["bottom", "candidates", "tasks", "model"])["million"]

    def sentence(settings: dict) -> str:
        tasks, at = settings["tasks"], (settings["bottom"], settings["candidates"], settings["tasks"])
        b, t = latency.parts(latency.BOTTOMS[settings["bottom"]])
        apart, shared = (f"{million[(*at, model)]:,.0f}" for model in (latency.APART, latency.SHARED))
        name = "1 task" if tasks == 1 else f"{tasks} tasks"
        return (
            f"{name}, {settings['candidates']} candidates, a bottom of {settings['bottom']}: {apart} million "
            f"multiply-adds apart, {shared} million shared, a ratio of {latency.ratio(tasks, b, t):.2f}; "
            f"with ever more tasks it tends to {1 + b / t:.2f}."
        )

    return sentence

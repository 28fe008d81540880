"""The explorers of chapter 01: three biases, and a list of ten."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from helpers.chapters.ch01 import ranking
from helpers.data.feed import TOP
from helpers.display.explorer import Curves, Explorer, Question
from helpers.display.live.live import Live
from helpers.display.palette import BLUE, GREY
from helpers.evaluation.margins import SMALLEST
from helpers.evaluation.statistics import summarise

TRUTH = "satisfaction"  # short, since a long name lies over the lines
# {as the kept tables call it: as the explorer does}; {trait: the label that it moves}
NAMES = {"watch_seconds": "watch time", "true satisfaction": TRUTH}
ITEM_NAMES = NAMES | {"click": "clicks", "finish": "finishes"}
TRAITS = {"bait": "clicks", "hook": "finishes", "length": "watch time"}


def bias_explorer(bias: str, tenths: pd.DataFrame, dials: pd.DataFrame) -> Explorer:
    """One of the three biases with its dial: label rates along what it is about, and one number as the dial is turned.

    bias            target, item or user
    tenths, dials   the tables of `biases.tenths` and `biases.dials`
    """
    names = {"label": ITEM_NAMES if bias == "item" else NAMES, "trait": {"duration": "length"}}
    picture, dial = (table[table["bias"] == bias].replace(names) for table in (tenths, dials))
    dial = summarise(dial, "value", ["trait", "strength", "label"])
    controls = {"strength": f"{bias} bias"}
    sorted_by, title, number, axis = {
        "target": (
            "tenths by true satisfaction",
            "How often the label is given",
            "Satisfaction of those who gave it",
            "true satisfaction above average",
        ),
        "item": (
            "tenths of videos, lowest first",
            lambda settings: f"{TRAITS[settings['trait']].capitalize()} of videos by {settings['trait']}",
            "Highest tenth minus lowest",
            "difference, in averages",
        ),
        "user": (
            "tenths of users by proneness to like",
            "What users of different habits do",
            "Highest tenth minus lowest",
            "difference, in averages",
        ),
    }[bias]
    if bias == "item":
        controls = {"trait": "sort videos by"} | controls
        picture, dial = (table.assign(trait=pd.Categorical(table["trait"], list(TRAITS))) for table in (picture, dial))
    panels = [
        Curves(picture, "tenth", "label", title, x_label=sorted_by, y_label="1 = the average", level=1),
        Curves(dial, "strength", "label", number, controls["strength"], y_label=axis, level=0),
    ]
    means = dial.set_index(["trait", "strength", "label"])["mean"].sort_index().round(2) + 0.0
    trait = dial["trait"].iloc[0]

    one, zero = means[trait, 1.0], means[trait, 0.0]
    by, words = (zero - one, ("say more", "say less")) if bias == "target" else (abs(zero - one), ("moved", "stayed"))
    turned = {label: f"{label} ({one[label]:+.2f} → {zero[label]:+.2f})" for label in one.index}
    groups = [" and ".join(turned[label] for label in one.index[(by > 0.02) == which]) for which in (True, False)]
    questions = [
        Question(
            "No bias",
            {
                "target": "Turn the dial down to 0. Which labels then say more about satisfaction, and which say less?",
                "item": "Turn the dial down to 0. Which line moves with it, and which one stays?",
                "user": "Turn the dial down to 0. Which lines move with it, and which one stays?",
            }[bias],
            {"strength": "Drag it to 0"},
            [{"strength": 0.0}],
            f"With the dial at 0, {'; '.join(f'{group} {word}' for group, word in zip(groups, words, strict=True))}.",
        )
    ]
    if bias == "item":
        others = [name for name in TRAITS if name != trait]
        moved = ", ".join(f"{name} moves {TRAITS[name]} by {means[name, 1.0, TRAITS[name]]:+.2f}" for name in others)
        questions.append(
            Question(
                "Other traits",
                f"Sort by {' and by '.join(others)}, at full strength: which label does each move?",
                {"trait": "choose each"},
                [{"trait": name} for name in others],
                f"At 1 {moved}; satisfaction moves by {means[:, 1.0, TRUTH].abs().max():.2f} at most.",
            )
        )
    return Explorer(
        f"bias-{bias}",
        controls,
        panels,
        lambda settings, _, at: f"Dial at {settings['strength']:g}: {_bias_in_words(bias, settings, at['mean'])}.",
        questions=questions,
        start={"strength": 1.0},
        buttons={"trait"} & set(controls),
        intervals=f"95% intervals over {dial['seeds'].min()} worlds",
    )


def _bias_in_words(bias: str, settings: dict, dial: pd.Series) -> str:
    if bias == "target":
        rates = ", ".join(f"a {label} {value:+.2f}" for label, value in dial.items())
        return f"true satisfaction above the average is, after {rates}"
    if bias == "item":
        trait = settings["trait"]
        return (
            f"from the tenth of the videos with the least {trait} to the tenth with the most, the change in "
            f"{TRAITS[trait]} is {dial[TRAITS[trait]]:+.2f} averages, in true satisfaction {abs(dial[TRUTH]):.2f}"
        )
    return (
        f"from the users least prone to like to those most prone, likes change by {dial['like']:+.2f} averages, "
        f"favourites by {dial['favourite']:+.2f}, true satisfaction by {abs(dial[TRUTH]):.2f}"
    )


def fusion_list(feed: pd.DataFrame) -> Live:
    """A fader for each of five labels → the ten videos that a user gets; their true satisfaction is on a card.

    feed: the table of `ranking.one_feed`.
    """
    topics = sorted(feed["topic"].unique())
    shown = feed.assign(topic=feed["topic"].map(topics.index), plays=feed["plays"].astype(int)).set_index("user")
    shown = shown[[*ranking.LEVELS, "topic", "plays", "bait", "satisfaction"]]
    users = [rows.to_numpy().tolist() for _, rows in shown.groupby("user")]
    first = feed[feed["user"] == 0].sort_values("click", ascending=False)
    words = (
        f"The {TOP} videos of {len(first)} that one user is most likely to click, as a list. "
        "What they truly please is not shown yet."
    )
    start = dict.fromkeys(ranking.LEVELS, 0) | {"click": 0.5, "form": "add", "open": False, "user": 0}
    data = {"users": users, "topics": topics, "matters": SMALLEST["satisfaction"]}
    script = Path(__file__).with_name("fusion.js")
    return Live(script, "A list of ten, and what it is ranked by", start, _chances(first), words, data=data)


def _chances(videos: pd.DataFrame) -> Figure:
    """The videos of one user by their chance of a click; the ten of the list in blue."""
    figure, axes = plt.subplots(figsize=(5, 4))
    axes.bar(range(len(videos)), videos["click"], color=[BLUE] * TOP + [GREY] * (len(videos) - TOP))
    axes.set(title="The ten by clicks alone", xlabel="candidates of one user", ylabel="chance of a click")
    return figure

"""The questions of chapter 04, Shared-Bottom."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from helpers.chapters.ch04.feed_tasks import HALFWAY, NETWORKS, OF_THREE, OWN, PLACES
from helpers.display import figures
from helpers.display.questions import Result, question
from helpers.display.runs import Runs
from helpers.evaluation.counts import BY_CLICKS, ITEM_COUNTS
from helpers.evaluation.late_fusion import PRODUCT
from helpers.evaluation.yardsticks import LINEAR


@question(
    "C4.P1",
    "What does the pair “other mix” get from sharing a bottom of single-task width?",
    options=[
        "A gain, and as large a one as tasks that agree",
        "A gain, but a smaller one than tasks that agree",
        "Nothing that matters",
        "A loss",
    ],
    answer=0,
    why="Label correlation does not decide it. The features that the tasks need do. This pair even gains most: two "
    "different sums of the same four features may tell them apart better than one sum twice.",
    tempts="“Nothing” tempts, because labels that do not correlate seem to have nothing to tell each other. What "
    "they share lies below the labels.",
)
def gains_most(runs: Runs) -> Figure:
    return runs.gain(over="single-task").dots(
        "condition", title="Sharing pays where the features are the same, whatever the labels do", matters=0.01
    )


@question(
    "C4.P2",
    "The label correlation is {agreeing:+.2f} for the first model and {flipped:+.2f} for the second. How far apart do "
    "their bottoms end?",
    options=["Not at all", "A little, by 0.001 or so", "As far as two unrelated models"],
    answer=0,
    why="Tower B's gradient reaches the bottom as (error of B) × (last layer of B). Both change sign, so their product "
    "does not. The last layer's own gradient changes sign too, so it stays the mirror image after every step.",
    tempts="“As far as two unrelated models” tempts, because opposed labels should pull the bottom in opposite "
    "directions. The tower in between turns the sign back.",
)
def mirrored_bottoms(agreeing: float, flipped: float, distance: float) -> Result:
    said = f"The largest difference between two parameters of the bottoms is {distance:g}."
    return Result(said, agreeing=agreeing, flipped=flipped)


def _map(runs: Runs, model: str, title: str) -> Figure:
    """What `model` gains over single-task models, by width and rows."""
    gains = runs.where(model=["single-task", model]).gain(over="single-task")
    axes = {"x_label": "training rows", "y_label": "units in the bottom"}
    return gains.heatmap("width", "rows", "condition", title=title, matters=0.01, **axes)


@question(
    "C4.P3",
    "Disjoint features, 4 units: how does what sharing costs, in R², change with eight times the rows, 2,000?",
    options=["It shrinks", "It stays about the same", "It grows"],
    answer=2,
    why="More rows help the single-task models, which have 4 units for 4 features each. The shared bottom has 4 units "
    "for 8, and more rows do not add units. Where there are enough units, the cost does shrink with data: look at 16 "
    "and 32.",
    tempts="“It shrinks” tempts, because more data cure most things. They cure noise, not a lack of units.",
)
def more_rows(runs: Runs) -> Figure:
    return _map(runs, "shared-bottom", "Disjoint features: more data cost more in 4 units, less in 16 or 32")


@question(
    "C4.P4",
    "Disjoint features, 2,000 rows, 6 shared units against 4 and 4: how much of what sharing costs remains?",
    options=["Nearly all of it", "Less than half of it, but something", "Nothing"],
    answer=1,
    why="That is half as many units again, and still one bottom for eight features. The cost of sharing is not only a "
    "lack of units: look at the lowest row, where there are plenty.",
    tempts="“Nothing” tempts, because equal numbers of parameters look like a fair fight. The six units still "
    "serve eight features.",
)
def equal_size(runs: Runs) -> Figure:
    title = "Equal numbers of parameters: the narrow bottom loses less, but it loses"
    return _map(runs, "shared-bottom, equal size", title)


@question(
    "C4.P5",
    "Where does the single-task line lie, against the curve of Shared-Bottom?",
    options=[
        "Above it everywhere: any partner is better than none",
        "About as low as its ends, far below its middle",
        "Below it everywhere: task A is always better off alone",
    ],
    answer=1,
    why="Three units can bend along one direction or the other, but hardly along both. Five can: the "
    "control's mean loss stays below the single-task line at every p.",
    tempts="“Below it everywhere” tempts after a chapter on what sharing costs, “above it everywhere” before it. "
    "It depends on the partner.",
)
def partner_or_none(runs: Runs) -> Figure:
    title = "3 units: a partner in another direction is worse than none"
    return runs.lines("p", title=title, x_label="p, the cosine of the two tasks' directions")


@question(
    "C4.P10",
    "λ of 0.000001 and λ of 0.01: how much faster does the second pull a row that is never looked up to 0?",
    options=["Ten thousand times faster, as λ is", "A hundred times faster, the root of that", "Hardly faster at all"],
    answer=2,
    why="The gradient of such a row is 2λw, the penalty's alone. Adam divides a gradient by its own usual size, so λ "
    "cancels: the row moves by the learning rate in each step.",
    tempts="“Ten thousand times” tempts, because with plain gradient descent it would be true. Adam divides by "
    "the size of the gradient.",
)
def never_looked_up(norms: pd.DataFrame) -> Figure:
    """norms   of the row: a row a step, a column a penalty"""
    summary = norms.rename_axis("step").melt(ignore_index=False, var_name="penalty", value_name="mean").reset_index()
    summary = summary.assign(low=summary["mean"], high=summary["mean"])
    title = "A penalty on all rows pulls this one at the same pace for every λ"
    return figures.lines(summary, "step", "penalty", title=title, x_label="step", y_label="norm of the row")


@question(
    "C4.P6",
    "Which labels gain most by sharing?",
    options=[
        "The frequent ones, click and finish",
        "Those in between: like, profile visit, favourite",
        "The rare ones, comment, share and follow",
        "All about equally",
    ],
    answer=2,
    why="About fifty follows are too few to learn about 400 videos; thousands of clicks are enough. Rarity is not "
    "everything: favourites, a habit of some users, gain far less. Orange: a count of clicks, which needs no "
    "training, gains most of it as well, and for comments more. Green: on clicked rows alone, where the click does "
    "not help, a part of the gain remains.",
    tempts="“The frequent ones” tempts, because they have the most rows. They need no help; the rare ones do.",
)
def rare_labels(runs: Runs) -> Figure:
    words = {OWN: "single-task", HALFWAY: "shared", BY_CLICKS: "clicks counted"}
    gains = runs.where(shared=list(words)).label(shared=words).gain(over="single-task")
    gains = gains.label(clicked={False: "all rows", True: "clicked rows only"}).label(compared="{shared}, {clicked}")
    lines = ["shared, all rows", "clicks counted, all rows", "shared, clicked rows only"]
    title = "Over models of their own rare labels gain, most of it by clicks"
    return gains.where(compared=lines).dots("label", "compared", title=title, matters=0.005)


@question(
    "C4.P14",
    "Shares and follows: the mean of three linear models' scores, for click, like and the label, against the shared "
    "bottom. What do you expect?",
    options=[
        "Far behind it: models that share nothing cannot learn from each other",
        "Ahead of a count of clicks, and clearly behind the shared bottom",
        "About level with the shared bottom",
    ],
    answer=2,
    why="What a rare label lacks is an order that other labels know, and orders can be added up. Three networks do not "
    "quite get there; the product of all eight linear models is ahead.",
    tempts="“Far behind” tempts, because each of the three learns from its own label alone. But it is the score that "
    "ranks, and the score has heard all three.",
)
def averaged(runs: Runs) -> Figure:
    words = {OWN: "single-task", HALFWAY: "shared-bottom", BY_CLICKS: "clicks counted"}
    words |= {f"{NETWORKS}, {OF_THREE}": "mean of three networks", f"{LINEAR}, {OF_THREE}": "mean of three linear"}
    words |= {f"{LINEAR}, {PRODUCT}": "product of eight linear"}
    gains = runs.where(clicked=False, shared=list(words), label=["share", "follow"])
    title = "What shares nothing gains as much as a shared bottom, or more"
    return gains.label(shared=words).gain(over="single-task").dots("label", "shared", title=title, matters=0.005)


@question(
    "C4.P7",
    "What is best to share, on average over the eight labels?",
    options=[
        "The embeddings alone",
        "The embeddings and one layer",
        "The embeddings and two layers",
        "It makes no difference that matters",
    ],
    answer=3,
    why="By AUC likes and favourites want layers of their own: some users say it with likes, others with favourites, "
    "which no other label needs to know. Comments, shares and follows want the opposite: they lose 0.012 where the "
    "embeddings alone are shared.",
    tempts="A number of layers tempts, because an architecture should have a best form. On average over labels "
    "with different wishes it has none.",
)
def where_to_part(runs: Runs) -> Figure:
    gains = runs.where(shared=[*PLACES, *ITEM_COUNTS]).label(shared={OWN: "single-task"}).gain(over="single-task")
    gains = gains.label(label={"profile_visit": "profile\nvisit"})
    axes = {"x_label": "label, the frequent ones first", "y_label": "what is shared, or counted"}
    return gains.heatmap("shared", "label", title="Likes and favourites want own layers", matters=0.005, **axes)


@question(
    "C4.P8",
    "On these histories, how does DIN without a softmax compare with the mean?",
    options=["It gains 0.01 AUC or more", "No difference that matters", "It loses"],
    answer=2,
    why="With weights that sum to 1 it is as good as the mean; otherwise it is worse.",
    tempts="“It gains” tempts, because DIN is the richer model. What it can say more must also be there to be learnt.",
)
def rated_histories(runs: Runs) -> Figure:
    gains = runs.label(shape={"mean": "pooling by the mean"}).gain(over="pooling by the mean")
    title = "On 30,000 ratings the mean of the history is hard to beat"
    return gains.dots("task", title=title, matters=0.005)


@question(
    "C4.P9",
    "How does dislike do when it shares a bottom with love?",
    options=["It loses both times", "It loses with the common setting only", "It gains both times"],
    answer=1,
    why="Shared-Bottom needs a far larger penalty than the common setting has; single-task models hardly suffer "
    "without it. A comparison at one setting judges the setting.",
    tempts="“It loses both times” tempts, because the labels are opposed. With a tower each that does not "
    "matter; the penalty does.",
)
def untuned(runs: Runs) -> Figure:
    return (
        runs.where(model=["single-task", "shared-bottom"])
        .gain(over="single-task")
        .label(tuned={True: "tuned on both sides", False: "not tuned"})
        .dots("tuned", "task", title="Untuned, sharing harms both; tuned, no difference is left", matters=0.005)
    )


@question(
    "C4.P11",
    "Which label gains most when it shares a bottom with one other, and next to which?",
    options=[
        "Click and finish, next to each other: the two frequent ones agree best",
        "Favourite and share, next to each other: the two rare ones need company",
        "Share and favourite, next to click or finish: the rare ones learn from the frequent ones",
        "Like, next to favourite: both say that a video was good",
    ],
    answer=2,
    why="Every label contains the click. Clicks come in thousands, and shares are few. As a pair with the "
    "favourite the share gains by less, and the favourite does not gain.",
    tempts="“Favourite and share” tempts, because both are rare. Two labels that know little teach each other little.",
)
def wanted_partners(runs: Runs) -> Figure:
    axes = {"x_label": "next to", "y_label": ""}
    return runs.heatmap(
        "task", "partner", title="Shares gain next to everything, likes lose next to shares", matters=0.005, **axes
    )


@question(
    "C4.P12",
    "Chosen in other worlds: what does the best of the 52 groupings gain over one model for all five?",
    options=[
        "More than 0.02 AUC: a search over 52 must find something",
        "A little, up to 0.02",
        "Nothing that matters",
    ],
    answer=2,
    why="One model for all has the highest mean of all 52, and half of the worlds choose it. What the map of pairs "
    "chooses gains less than half as much. And late fusion, or a count, gains more than any of them.",
    tempts="“Something must be found” tempts, because the map of pairs has losses that a grouping can avoid. Among "
    "five tasks most of these losses are gone.",
)
def best_grouping(runs: Runs) -> Figure:
    gains = runs.gain(over="all apart").label(over="over all apart")
    return gains.dots(
        "grouping", "over", title="The best of 52: no gain over all in one, and less than nothing shared", matters=0.005
    )


@question(
    "C4.P13",
    "Twenty tasks in place of two, one bottom of 16 units: what do they gain over single-task models?",
    options=[
        "About what two tasks gain or lose: the law does not count tasks",
        "Twenty lose, whatever they need: 16 units cannot serve twenty towers",
        "Those that need the same products gain more than two do; the others lose nearly all they had",
    ],
    answer=2,
    why="Twenty tasks say twenty times what the four products are, with twenty noises. With products of their own they "
    "ask 16 units for eighty, and what is left are averages.",
    tempts="“Twenty lose” tempts, because a bottom has only so many units. What it must hold is what the tasks need, "
    "and four products are four products however many towers read them.",
)
def twenty_tasks(runs: Runs) -> Figure:
    gains = runs.where(model=["single-task", "shared-bottom"]).gain(over="single-task")
    title = "Each further task helps where the features are the same, and costs where they are not"
    return gains.lines("tasks", "condition", title=title, x_label="tasks, all in one bottom of 16 units")

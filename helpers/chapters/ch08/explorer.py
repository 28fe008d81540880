"""The explorer of chapter 08, Capstone: which exponents order a list."""

import itertools

import numpy as np
import pandas as pd

from helpers.capstone.lists import SEPARATE, WEIGHTS, Lists
from helpers.display.explorer import Explorer, Question
from helpers.display.panels import Plane, Ranking

SHOWN_LISTS, SHOWN_ROWS = 4, 10
MARK, NO_MARK = "●", "○"


def lists_explorer(lists: Lists) -> Explorer:
    """Whose predictions × the weight of the first goal × a list → the curve, and that list in its order."""
    a, b = lists.goals
    curve = lists.curve().assign(source=lambda frame: pd.Categorical(frame["source"], list(lists.parts)))
    shown = _shown(lists)
    plane = Plane(
        curve,
        x=a,
        y=b,
        series="goal",
        path="weight",
        title=f"The first {lists.k} rows, mean of {lists.count:,} lists",
        x_label=f"{a} per list, over a random order",
        y_label=f"{b} per list, over a random order",
        ends=(f"{b} alone", f"{a} alone"),
    )
    orders = _orders(lists, shown)
    beside = Ranking(orders, lambda settings: f"What {settings['list']} gets", (lists.words.columns[0], a, b), lists.k)

    def in_words(settings: dict, curve: pd.DataFrame, _: pd.DataFrame) -> str:
        weight = settings["weight"]
        at = curve[np.isclose(curve["weight"], weight)]
        ends = at.loc[[a, b], ["mean", "low", "high"]].itertuples()
        said = ", ".join(f"{row.Index} {row.mean:+.3f} [{row.low:+.3f}, {row.high:+.3f}]" for row in ends)
        parts = {a: weight, b: round(1 - weight, 9)}
        score = " · ".join(goal if power == 1 else f"{goal}^{power:g}" for goal, power in parts.items() if power)
        return f"Score: {score}, of the {settings['source']}. Per list, over a random order: {said}."

    at = curve.set_index(["source", "weight", "goal"])["mean"]

    def brings(source: str, weight: float) -> str:
        return ", ".join(f"{goal} {round(at[source, weight, goal], 2) + 0:+.2f}" for goal in (a, b))

    def given(goal: str, best: float, other: float) -> str:
        return f"{at[SEPARATE, best, goal] - at[SEPARATE, other, goal]:.2f} {goal}"

    low, high = WEIGHTS[0], WEIGHTS[-1]
    most = [f"most of {goal}: {at.xs((0.5, goal), level=('weight', 'goal')).idxmax()}" for goal in (a, b)]
    questions = [
        Question(
            "End to end",
            f"Drag the exponent of {a} to both ends. What does each end give up?",
            {"weight": "Drag this point"},
            [{"weight": low}, {"weight": high}],
            f"By {b} alone a list brings {brings(SEPARATE, low)}; by {a} alone {brings(SEPARATE, high)}. So one end "
            f"gives up {given(a, high, low)}, the other {given(b, low, high)}.",
        ),
        Question(
            "Whose predictions",
            "At equal exponents: whose predictions bring more?",
            {"source": "choose each"},
            [{"source": source} for source in lists.parts],
            "; ".join([*most, *(f"{source} {brings(source, 0.5)}" for source in lists.parts)])
            + ". Whether that is more than luck, a paired difference tells.",
            pale={"source": SEPARATE},
        ),
    ]
    return Explorer(
        "lists",
        {"source": "predictions of", "weight": f"exponent of {a}", "list": "list of"},
        [plane, beside],
        in_words,
        questions=questions,
        start={"source": SEPARATE, "weight": 0.5},
        buttons={"source", "list"},
        intervals="95% intervals, for the luck of training and for other users",
    )


def _shown(lists: Lists) -> dict[str, int]:
    """{name: number} of the lists with the most of the rarer goal, then of the other, and two rows of either."""
    sums = lists.labels[list(lists.goals)].fillna(0).groupby(lists.list_of).sum()
    rarer, other = sorted(lists.goals, key=lambda goal: lists.labels[goal].mean())
    order = sums.sort_values([rarer, other], ascending=False, kind="stable").index[:SHOWN_LISTS]
    names = lists.words["list"].groupby(lists.list_of).first()
    return {f"{lists.by} {names[number]}": int(number) for number in order}


def _orders(lists: Lists, shown: dict[str, int]) -> pd.DataFrame:
    """A row a source, weight, list and place: the row there in words, and marks of what happened."""
    (a, b), rows = lists.goals, []
    happened = lists.labels[[a, b]].fillna(0).to_numpy()
    length = min(SHOWN_ROWS, *(int((lists.list_of == number).sum()) for number in shown.values()))
    for source, weight in itertools.product(lists.parts, WEIGHTS):
        score = lists.scores(source, {a: weight, b: round(1 - weight, 9)})[0]
        for name, number in shown.items():
            members = np.flatnonzero(lists.list_of == number)
            order = members[np.argsort(-score[members], kind="stable")][:length]
            for place, row in enumerate(order, 1):
                marks = tuple(_mark(value, lists.kinds[g]) for g, value in zip((a, b), happened[row], strict=True))
                rows.append((source, weight, name, place, lists.words.iloc[row, 0], marks))
    frame = pd.DataFrame(rows, columns=["source", "weight", "list", "place", "words", "marks"])
    for name, options in (("source", list(lists.parts)), ("list", list(shown))):
        frame[name] = pd.Categorical(frame[name], options)
    return frame


def _mark(value: float, kind: str) -> str:
    return (MARK if value else NO_MARK) if kind == "binary" else f"{value:.3g}"

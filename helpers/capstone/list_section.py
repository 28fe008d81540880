"""The report's section on one list: what its first rows bring, and what only an A/B test can decide."""

import pandas as pd

from ..support import validate
from .declaration import literal
from .lists import OURS, TODAY, Lists
from .recommendation import formula

TESTS = (
    "Only an A/B test can decide whether users are better served. These lists order what an earlier ranker chose to "
    "show, and every label was given at the place where it was shown; what would have happened elsewhere was not "
    "logged, nor what users do tomorrow. Exponents that were chosen on these rows look a little better here than they "
    "are."
)


@validate.checked
def table(lists: Lists, exponents: dict[str, float]) -> pd.DataFrame:
    """A row a list, and for each goal its gain over a random order with the interval, NDCG and GAUC, in words."""
    rows = lists.table(exponents)
    wide = pd.DataFrame({"list": rows["list"].unique()})
    for goal in rows["goal"].unique():
        part = rows[rows["goal"] == goal]
        avoided = exponents.get(goal, 1) < 0
        gains = [f"{row.mean:+.3f} ({row.low:+.3f} to {row.high:+.3f})" for row in part.itertuples()]
        wide[goal + ", less is better" * avoided] = gains
        for metric in () if avoided else ("ndcg", "gauc"):
            if part[metric].notna().any():
                name = f"{goal} {metric.upper()}" + (f" of {lists.k}" if metric == "ndcg" else "")
                wide[name] = part[metric].map("{:.3f}".format).to_list()
    return wide


@validate.checked
def sentences(lists: Lists, exponents: dict[str, float]) -> list[str]:
    """What the lists are, and how many users a test of each goal against each other source would take."""
    who = f"those of one value of {lists.by} in the test rows that are longer than {lists.k}"
    said = [
        f"{lists.count:,} lists: {who}. Each goal: how much more of it the top {lists.k} brings than the same list "
        f"in a random order, with 95% intervals. The fused score is {formula(exponents)}."
    ]
    for over in lists.parts:
        if over != lists.ours:
            said += [_test(lists, exponents, goal, over) for goal in lists.goals]
    return [*said, trade(lists), TESTS]


KEEP = 0.98  # of the first goal


@validate.checked
def trade(lists: Lists) -> str:
    """What can be had of the second goal with nearly all of the first, and how many users an A/B test of it takes."""
    first, goal = lists.goals
    asked = f"The most of {goal} with at least {KEEP:.0%} of {first}" + f" in {TODAY}" * (TODAY in lists.parts)
    try:
        found = lists.most(goal, {first: KEEP})
    except ValueError:
        return f"{asked}: no exponents surely keep so much."
    (left, low, high), ends = found.kept[first], f"{found.gain:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
    said = f"{asked}, by {formula(found.exponents)} of {_the(lists.ours)}: {ends} more than {found.over} brings. "
    said += f"Each half of the users, by exponents of the other, keeps {left:.1%} ({low:.1%} to {high:.1%}). "
    return said + f"An A/B test that finds it takes {_users(found.users)} an arm."


@validate.checked
def code(lists: Lists, exponents: dict[str, float], file: str) -> str:
    """Python that makes these lists and the report again, after that of the comparison."""
    kind = next(kind for kind, source in OURS.items() if source == lists.ours)
    return f"""

from {__package__}.lists import Lists

lists = Lists.of(found, k={lists.k}, goals={literal(lists.goals)}, kind={literal(kind)})
report(found, {literal(file)}, lists, {literal(exponents)}).save("report.html")"""


def _test(lists: Lists, exponents: dict[str, float], goal: str, over: str) -> str:
    found = lists.test(exponents, goal, over)
    between = f"{found['mean']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"
    that = over if over == TODAY else f"that of {over}"
    start = f"{goal}, fused list of {_the(lists.ours)} minus {that}: {between}."
    if found["low"] == found["high"] == 0:
        return f"{start} These are the same lists."
    if found["low"] <= 0 <= found["high"]:
        return f"{start} Which is better is undecided; to find the larger end takes {_users(found['least'])} an arm."
    return f"{start} To find this difference in 80 of 100 A/B tests takes {_users(found['users'])} an arm."


def _the(source: str) -> str:
    return f"the {source}" if source == OURS["shared"] else source


def _users(count: float) -> str:
    return f"about {float(f'{count:.2g}'):,.0f} users" if count < 1e9 else "more than a billion users"

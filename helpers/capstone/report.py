"""The capstone's report: one page that answers "does sharing help here?", with all that one needs to doubt it.

    found = compare(frame, declaration, recipe)
    report(found).save("report.html")

The page needs no network: style and pictures are in it. Whatever the reader's table says (names of columns, values) is
escaped. `helpers.capstone.recommendation` has the rule for the words on top.
"""

import html
import json
import re
import string
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import matplotlib.pyplot as plt
import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.figure import Figure

from ..display import figures, pictures
from ..evaluation.verdicts import UNDECIDED, verdict
from ..support import validate
from ..support.files import whole
from . import list_section
from .comparison import FEWEST_CLUSTERS, Comparison
from .declaration import literal
from .lists import Lists
from .plan import CONTROL, QUICK, SINGLE, WITHIN, duration
from .ranker import Recipe
from .recommendation import (
    BETTER,
    FORMS,
    NOTHING_TO_SERVE,
    THE_BEST,
    UNSETTLED,
    UNSHARED,
    against_today,
    alarms,
    leaning,
    names,
    recommend,
    rows_needed,
    served_as,
    to_serve,
    today,
)

STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
PAGE = string.Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))
LIBRARY = __name__.partition(".")[0]  # helpers, or mtlcheck: the same floors as a wheel of their own
WHOSE = ("the course", "multitask-ranking-course") if LIBRARY == "helpers" else (LIBRARY, LIBRARY)
MADE_WITH = {f"Made with {WHOSE[0]}": WHOSE[1], "PyTorch": "torch", "scikit-learn": "scikit-learn"}
MOST = 10_000_000  # rows that were ever compared (benchmarks/README.md)
HELD = {"by time": 89, "at random": 96}  # of 100 intervals held the truth, in worlds where it is known (chapter 08)
SEARCHED = {"headline": 97, "own": 88}  # of 100 where settings were searched, on tables of eight laws (chapter 08)
WEIGHED = " Rows count in training by {}, in that of the yardsticks too; in the scores each row counts once."
NARROW = " These intervals are a little too narrow: of 100 like them, {} held the truth where rows were split {}."
QUICKLY = "This was a quick look (few epochs, no search for a learning rate): do not decide by it. "
METRIC_WORDS = {
    "AUC": "AUC: how often a row with the event gets a higher score than a row without; 0.5 is guessing.",
    "R²": "R²: the share of a number's variance that is predicted; below 0 is worse than always predicting the mean.",
    "GAUC": "GAUC: the AUC within each list, of a group or a user.",
    "linear model": "Linear model, boosted trees: from scikit-learn, on the same rows and columns, each task alone.",
    "shuffled": "Shuffled: the shared model, with the labels of all other tasks moved to other training rows.",
    "stack": "A stack weights all outputs for one task, on the validation rows.",
}
SETTLED = f"Whether to share is open; what is ahead of today is not: {THE_BEST}, in an A/B test."
UNTIL = f"Until it is decided, keep what you serve today; if that is nothing yet, take what is best, {THE_BEST}."
SHUFFLED = "the shared model, labels of others shuffled"
VERDICT_WORDS = {"holds": "gains", "opposite": "loses", "undecided": "is undecided"}
VERDICT_WORDS |= {"too small to matter": "hardly moves", "no effect": "stays equal"}
PARTS = {"train": "train", "valid": "validate", "test": "test"}
LONG = 16  # letters, above which a cell may wrap
CLEAN = "clean"  # beside the options of reading: the source of what changed the table
PAINTED = ["default", figures.STYLE | {"figure.dpi": 80}]


@dataclass(frozen=True)
class Report:
    """A page; a notebook shows it, `save` writes it."""

    title: str
    body: str

    def _repr_html_(self) -> str:
        return f'<div class="mtl-report"><style>\n{STYLE}</style>{self.body}</div>'

    def __repr__(self) -> str:
        return f"Report: {self.title}"

    def page(self) -> str:
        """The whole page, as a file has it."""
        head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        head += f"<title>{self.title}</title>"
        return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{self._repr_html_()}</body></html>\n'

    def save(self, path: str | Path) -> Path:
        """Write the page to `path`, whole or not at all."""
        with whole(path) as part:
            part.write_text(self.page(), encoding="utf-8", newline="\n")
        return Path(path)


@validate.checked
def report(
    found: Comparison,
    file: str | Path = "log.csv",
    lists: Lists | None = None,
    exponents: dict[str, float] | None = None,
) -> Report:
    """The page for a comparison; `file` is where its table was read, for the code that does it again.

    With `lists` it has a section on one list, by these exponents, those of the comparison if none are given.
    """
    if lists is not None:
        exponents = exponents or found.exponents or dict.fromkeys(lists.goals, 0.5)
    said = recommend(found.headline)
    texts = {"word": said.word.capitalize(), "text": said.text, "again": _again(found, str(file)), **_values(found)}
    if lists is not None:
        texts["again"] += list_section.code(lists, exponents, str(file))
    words = {name: _words(text) for name, text in texts.items()}
    unsettled = (rung := rings(found)).keys() & {*UNSETTLED}
    boxes = (f'<div class="alarm"><b>{title}</b> {_words(text)}</div>\n' for title, text in rung.items())
    known = "".join(f"<li>{_words(f'{problem.column}: {problem.sentence}')}</li>" for problem in found.problems)
    body = PAGE.substitute(
        words,
        alarm="".join(boxes),
        gains=_table(_gains(found)),
        levels=_table(levels := _levels(found)),
        below="<p>All but the shared model share nothing.</p>" * (len(levels) > 2),
        pictures=_pictures(found),
        today="" if unsettled else _today(found),
        serve="" if unsettled else _words(to_serve(found.best)),
        lists="" if lists is None else _one_list(lists, exponents),
        head=_head(found, str(file)),
        undecided="" if unsettled else _advice_undecided(found),
        facts=_table(_facts(found)),
        known=known and f"<ul>{known}</ul>",
        tuned=_table(_settings_table(found)),
    )
    return Report(f"Does sharing help here? {words['word']}", body)


@validate.checked
def rings(found: Comparison) -> dict[str, str]:
    """The `alarms` of a comparison."""
    return alarms(found.headline, found.gains, found.beaten, found.scores, found.declaration, found.problems)


def _today(found: Comparison) -> str:
    if not (told := today(found.today, found.exponents)):
        return ""
    first, *lines, last = map(_words, told)
    return f"<p>{first}</p><ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul><p>{last}</p>"


def _values(found: Comparison) -> dict[str, object]:
    """What the sentences of the page say of this comparison."""
    own, recipe, shown = found.declaration, found.recipe, _levels(found)
    told = [*shown["model"], *(column.split()[-1] for column in shown)]
    how = "by user" if own.new_users else "by time" if own.by_time else "at random"
    explained = {
        "by time": f" ({own.time}): training rows are older than all others",
        "at random": ", anew for each seed",
        "by user": ", anew for each seed: no user of the test rows has a row to train on",
    }
    clusters = found.gains.groupby("clusters", sort=False)["task"].agg(names)
    cost = found.cost.set_index("model")[["parameters", "seconds"]]
    larger, longer = cost.loc[SINGLE] / cost.loc[recipe.structure]
    return {
        "tasks": names(own.labels),
        "structure": recipe.structure,
        "rows": "later rows" if own.by_time else "rows",
        "seeds": len(found.seeds),
        "margin": ", ".join(dict.fromkeys(f"{row.matters:g} {row.metric}" for row in found.headline.itertuples())),
        "metrics": " ".join(words for name, words in METRIC_WORDS.items() if any(name in one for one in told)),
        "parts": ", ".join(f"{rows:,} rows to {PARTS[part]}" for part, rows in found.parts.items()),
        "split": how + explained[how],
        "users": f" {found.users:,} users." if found.users else "",
        "bottom": " or ".join(dict.fromkeys(found.tuned["bottom"])),
        "weighting": recipe.weighting if isinstance(recipe.weighting, str) else json.dumps(recipe.weighting),
        "chosen": _chosen(found),
        "count": len(own.labels),
        "parameters": f"{cost.loc[SINGLE, 'parameters']:,.0f}",
        "larger": f"{larger:.1f}",
        "longer": f"{longer:.1f}",
        "luck": "initial parameters and order of the batches" + ("" if own.by_time else ", and the split of the rows"),
        "units": "; ".join(f"{_units(found, kind)} for {tasks}" for kind, tasks in clusters.items()),
        "days": _days(found),
        "narrow": NARROW.format(HELD[how], how) if HELD.get(how, 100) < 93 and found.metric != WITHIN else "",
        "held": _held(found, how),
        "weighed": "" if own.weight is None else WEIGHED.format(own.weight),
        "quick": QUICKLY if found.mode == QUICK else "",
    }


def _units(found: Comparison, clusters: str) -> str:
    """In words, what was drawn where the test rows were drawn."""
    own = found.declaration
    count = found.gains.loc[found.gains["clusters"] == clusters, "units"].max()
    named = {"users": f"users, column {own.user}", "groups": f"groups, column {own.group}", "days": "days"}
    return f"other {named[clusters]} ({count})" if clusters in named else "other rows, as no user was declared"


def _days(found: Comparison) -> str:
    """How many days the test covers, and whether they can say how days differ."""
    said = f" The test covers {found.days} day{'s' * (found.days > 1)}"
    few = ": too few to say how much days differ, which these intervals therefore leave out."
    many = "; intervals were made over users and over days, and the wider one counts."
    return said + (few if found.days < FEWEST_CLUSTERS else many) if found.days else ""


def _held(found: Comparison, how: str) -> str:
    """How often such intervals held the truth, where that is known."""
    if found.metric == WITHIN or how not in HELD:
        unknown = "the GAUC" if found.metric == WITHIN else "rows that are split by user"
        return f"How often such intervals hold the truth was not measured for {unknown}."
    share = f"split {how}, {HELD[how]} of 100 intervals of the gain over its own model contained it."
    both = f"{SEARCHED['headline']} of 100 over the best that shares nothing did, and {SEARCHED['own']} of 100 over its"
    both += " own model (93 would be right: the truth was a mean over other tables)."
    return f"On simulated tables, where the truth is known, {share} Where settings were searched as well, {both}"


def _head(found: Comparison, file: str) -> str:
    """Which file, of when, and with what it was made."""
    rows = f"{sum(found.parts.values()):,} rows"
    spans = ", ".join(f"{PARTS[part]} {first} to {last}" for part, (first, last) in found.spans.items())
    made = ", ".join(f"{name} {metadata.version(package).split('+')[0]}" for name, package in MADE_WITH.items())
    reading = found.reading or {}
    of = f", all that have one of {reading['share']:.2%} of the values of {reading['by']}" if "share" in reading else ""
    lines = [f"{Path(file).name}, {rows}{of}", f"{found.declaration.time}: {spans}" if spans else "", made]
    return "<br>".join(_words(line) for line in lines if line)


def _advice_undecided(found: Comparison) -> str:
    """What to do while a task is undecided: which way it leans, what sharing may cost, what more rows would do."""
    until = UNTIL if found.headline["learnt"].any() else NOTHING_TO_SERVE
    until = SETTLED if against_today(found.today["verdict"]) == BETTER else until
    rows = found.headline[found.headline["verdict"] == UNDECIDED]
    if rows.empty:
        return ""
    by_interval = np.array([verdict(row.low, row.high, row.matters) == UNDECIDED for row in rows.itertuples()])
    rows = rows[rows["learnt"].astype(bool) & by_interval]  # of others, no rows would decide
    total, lines, cost = sum(found.parts.values()), [], found.cost.set_index("model")["seconds"]
    of_a_seed = cost.sum() + cost[found.recipe.structure] * len(found.declaration.labels) * (CONTROL in found.also)
    for row in rows[len(found.seeds) - rows["dead"] >= 2].itertuples():
        many = f"over {MOST:,} rows, more than were ever compared here,"
        gain = float(np.clip(0, row.gain, row.rival_gain))  # neither way because of a rival that was lucky, or unlucky
        needed = rows_needed(gain, row.low, row.high, row.matters, total)
        many = f"about {float(f'{needed:.2g}'):,.0f} rows or more" if needed < MOST else many
        if row.seeds_needed > 0:
            many = f"about {row.seeds_needed:.0f} seeds ({duration(row.seeds_needed * of_a_seed)} of training)"
        costs = f"sharing may cost up to {-row.low:.3f}" if row.low < 0 else "sharing costs nothing"
        between = f"{costs} and bring up to {row.high:.3f}"
        between = f"sharing costs {-row.high:.3f} to {-row.low:.3f}" if row.high <= 0 else between
        stays = f"Should its gain stay at {gain:+.3f}"
        if round(gain, 3) != round(row.gain, 3):
            stays = f"It is {row.gain:+.3f} over the nearest rival and {row.rival_gain:+.3f} over the chosen one. "
            stays += f"Should it be {gain:+.3f}"
        stays += f", it would take {many} to decide. A "
        stays += f"gain of {row.matters + gain - row.low:.3f} or more, and a loss of "
        stays += f"{row.matters + row.high - gain:.3f}, would have been decided here."
        lines.append(f"{row.task} leans to {leaning(gain, row.matters)}: {between} {row.metric}. {stays}")
    listed = "".join(f"<li>{_words(line)}</li>" for line in lines)
    return f"<h2>While it is undecided</h2><p>{_words(until)}</p><ul>{listed}</ul>"


NAMES = {"bottom": "bottom", "lr": "learning rate", "l2_embedding": "penalty on embeddings", "dropout": "dropout"}
NAMES |= {"units": "units"}


def _chosen(found: Comparison) -> str:
    """Which settings the sides searched, which they all have, and which were chosen at an edge."""
    tried = {name: found.tried[name].drop_duplicates().sort_values().tolist() for name in NAMES}
    listed = {name: ", ".join(_setting(value) for value in values) for name, values in tried.items()}
    searched = names([f"{NAMES[name]} ({listed[name]})" for name, values in tried.items() if len(values) > 1])
    once = {name: listed[name] for name, values in tried.items() if len(values) == 1 and values[0]}
    fixed = [f"{NAMES[name]} {value}" for name, value in once.items() if name != "bottom"]  # which is named above
    said = [f"Each searched, on other seeds and with the same budget: {searched}."] * bool(searched)
    said += [f"All have {names(fixed)}."] * bool(fixed)
    if len(tried["l2_embedding"]) == 1 and found.declaration.ids_of_all():
        said.append("No penalty was searched: a gain may then be regularisation.")
    edges = found.tuned[found.tuned["edge"] != ""]
    for row in edges.itertuples():
        ends = names([NAMES[name] for name in row.edge.split(", ")])
        said.append(f"{row.model} ({row.tasks}) chose the last {ends} that it could: a better one may lie beyond.")
    return " ".join(said)


def _setting(value) -> str:
    return "×".join(map(str, value)) if isinstance(value, tuple) else value if isinstance(value, str) else f"{value:g}"


def _settings_table(found: Comparison) -> pd.DataFrame:
    own = found.tuned.drop(columns="edge")
    return own.assign(**{name: own[name].map(_setting) for name in NAMES}).rename(columns=NAMES)


def _gains(found: Comparison) -> pd.DataFrame:
    """What each task gains: over the best that shares nothing, which decides, over its own model, and over shuffled
    labels."""
    rows = found.headline
    table = {
        "task": rows["task"] + ", " + rows["metric"],
        "so it": rows["verdict"].map(VERDICT_WORDS),
        "gain": rows["gain"].map("{:+.3f}".format),
        "95% interval": [f"{low:+.3f} to {high:+.3f}" for low, high in rows[["low", "high"]].to_numpy()],
        "shared, over": [f"{FORMS.get(row.form, row.form)}, over {UNSHARED[row.nearest]}" for row in rows.itertuples()],
        "over its own model": _with_interval(rows, "own"),
    }
    if rows["control_gain"].notna().any():
        table["over shuffled labels"] = _with_interval(rows, "control")
    return pd.DataFrame(table)


def _with_interval(rows: pd.DataFrame, of: str) -> list[str]:
    ends = rows[[f"{of}_gain", f"{of}_low", f"{of}_high"]].to_numpy()
    return [f"{gain:+.3f} ± {(high - low) / 2:.3f}" for gain, low, high in ends]


def _levels(found: Comparison) -> pd.DataFrame:
    """What both sides and the yardsticks reach: a row a model, for each task a column, and one of GAUC where there is
    a user and the task is binary."""
    structure, rows = found.recipe.structure, {}
    for row in found.gains.itertuples():
        rows |= {(SINGLE, row.task): (row.single, np.nan), (structure, row.task): (row.shared, np.nan)}
    if "gauc" in found.scores:
        learnt = found.scores[~found.scores["constant"]]
        for (task, model), mean in learnt.groupby(["task", "model"])["gauc"].mean().items():
            rows[model, task] = (rows[model, task][0], mean)
    if found.beaten.empty:
        by_item = found.facts.set_index("task")["by item"].dropna()
        rows |= {("by item", task): (value, np.nan) for task, value in by_item.items()}
    for row in found.beaten.itertuples():
        rows[row.yardstick, row.task] = (row.value, getattr(row, "gauc", np.nan))
    models = list(dict.fromkeys(model for model, _ in rows))
    table = {"model": [SHUFFLED if model == CONTROL else served_as(model) for model in models]}
    for task, own in found.headline[["task", "metric"]].itertuples(index=False):
        for place, metric in enumerate((own, WITHIN)):
            values = [rows.get((model, task), (np.nan, np.nan))[place] for model in models]
            if not np.isnan(values).all():
                table[f"{task} {metric}"] = ["" if np.isnan(value) else f"{value:.3f}" for value in values]
    return pd.DataFrame(table)


def _facts(found: Comparison) -> pd.DataFrame:
    labels, means = (found.facts[[f"{part} {what}" for part in found.parts]] for what in ("labels", "mean"))
    return found.facts[["task", "kind"]].assign(
        **{f"labels to {', '.join(PARTS.values())}": labels.map("{:,}".format).agg(", ".join, axis=1)},
        **{"their mean": means.map("{:.3f}".format).agg(", ".join, axis=1)},
    )


def _pictures(found: Comparison) -> str:
    """What every task gains."""
    tasks = list(found.declaration.labels)
    numbered = {task: f"task {number}" for number, task in enumerate(tasks, 1)}
    drawn = {}
    for task, number in numbered.items():
        drawn[task] = number if (short := _short(task, number)) in drawn.values() else short
    named = [task if drawn[task] != numbered[task] else f"{task} ({drawn[task]})" for task in tasks]
    words = f"What {names(named)} gain by sharing, from top to bottom: right is better. Whiskers are 95% intervals; "
    with matplotlib.style.context(PAINTED):
        return _picture(_forest(found, drawn), f"{words}within the grey band a gain is too small to matter.")


def _picture(figure: Figure, words: str) -> str:
    picture = pictures.png(figure)
    plt.close(figure)
    return f"<figure>{pictures.image(picture, words)}<figcaption>{_words(words)}</figcaption></figure>"


def _forest(found: Comparison, names: dict[str, str]) -> Figure:
    """The gain of each task with its interval, one under the other, and the band of gains that do not matter."""
    gains = found.headline.rename(columns={"gain": "mean"})
    gains = gains.assign(row=gains["task"].map(names) + ", " + gains["metric"], so=gains["verdict"].map(VERDICT_WORDS))
    return figures.dots(
        gains,
        "row",
        "so",
        title="What each task gains by sharing",
        x_label="shared minus the best that shares nothing, 95% intervals (grey: too small to matter)",
        matters=dict(zip(gains["row"], gains["matters"], strict=True)),
    )


def _one_list(lists: Lists, exponents: dict[str, float]) -> str:
    """What the lists bring as a table and a curve, and what an A/B test would have to find."""
    first, *tests, last = list_section.sentences(lists, exponents)
    short = [_short(goal, f"goal {letter}") for goal, letter in zip(lists.goals, "AB", strict=True)]
    words = f"What the top {lists.k} of a list brings of {names(lists.goals)}, more than in a random order, as the "
    words += "exponent of {} rises from 0 to 1 and that of {} falls. ".format(*lists.goals)
    with matplotlib.style.context(PAINTED):
        curve = _picture(lists.figure(short), f"{words}Whiskers are 95% intervals, at equal exponents.")
    listed = "".join(f"<li>{_words(line)}</li>" for line in tests)
    shown = _table(list_section.table(lists, exponents))
    return f"<h2>One list</h2><p>{_words(first)}</p>{shown}{curve}<ul>{listed}</ul><p>{_words(last)}</p>"


def _again(found: Comparison, file: str) -> str:
    """Python that repeats the comparison: all that was chosen, and nothing left to a default."""
    names = ("mode", "seeds", "rates", "penalties", "tuning_seeds", "matters", "metric", "also", "exponents")
    chosen = {name: value for name in names if (value := getattr(found, name)) is not None}
    differ = {name: value for name, value in vars(found.recipe).items() if value != getattr(Recipe(), name)}
    given = dict(found.reading or {})
    clean = given.pop(CLEAN, None)
    recipe, options, reading = (
        "".join(f", {name}={literal(value)}" for name, value in some.items()) for some in (differ, chosen, given)
    )
    before = "" if found.reading is not None else f"# {file} must hold the table, which came from elsewhere.\n"
    before, table = (f"\n{clean}\n\n", f"{CLEAN}({{}})") if clean else (before, "{}")
    return f"""{IMPORTS}

{before}frame = {table.format(f"read({literal(file)}{reading})")}
declaration = {found.declaration.code()}
recipe = Recipe({recipe.removeprefix(", ")})
found = compare(frame, declaration, recipe{options})
report(found, {literal(file)}).save("report.html")"""


IMPORTED = {"comparison": "compare", "declaration": "Declaration", "ranker": "Recipe", "reading": "read"}
IMPORTED |= {"report": "report"}
IMPORTS = "\n".join(f"from {__package__}.{module} import {name}" for module, name in IMPORTED.items())


def _table(frame: pd.DataFrame) -> str:
    numbers = [frame[name].map(_is_number).all() for name in frame.columns]
    head = "".join(_cell("th", name, number) for name, number in zip(frame.columns, numbers, strict=True))
    rows = "".join(
        "<tr>" + "".join(_cell("td", value, number) for value, number in zip(row, numbers, strict=True)) + "</tr>"
        for row in frame.itertuples(index=False)
    )
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(tag: str, value, number: bool) -> str:
    """A cell of a table: numbers to the right, and what is too long for a column of its width may wrap."""
    kind = "n" if number else "long" if len(str(value)) > LONG else ""
    return f"<{tag}{f' class={kind}' if kind else ''}>{_words(value)}</{tag}>"


def _is_number(value) -> bool:
    return re.fullmatch(r"([-+]?[\d,]*\.?\d+( (to|±) [-+]?[\d.]+)?)?", str(value)) is not None


def _words(text) -> str:
    """As HTML; what stands between backticks is code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", html.escape(str(text)))


def _short(name: str, otherwise: str) -> str:
    """A name for a figure, whose font may not have its letters; matplotlib would read $ as mathematics."""
    font = font_manager.get_font(font_manager.findfont(font_manager.FontProperties()))
    if not all(font.get_char_index(ord(letter)) for letter in name):
        return otherwise
    return (name if len(name) <= 18 else name[:17] + "…").replace("$", r"\$")

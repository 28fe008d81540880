"""The capstone's report: one page that answers "does sharing help here?", with all that one needs to doubt it.

    found = compare(frame, declaration, recipe)
    report(found).save("report.html")

The page needs no network: style and pictures are in it. Whatever the reader's table says (names of columns, values) is
escaped. `helpers.capstone.recommendation` has the rule for the words on top.
"""

from __future__ import annotations

import html
import io
import json
import re
import string
from dataclasses import dataclass, fields
from pathlib import Path

import matplotlib.pyplot as plt
import matplotlib.style
import pandas as pd
import torch
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.capstone.comparison import METRICS, SINGLE, Comparison
from helpers.capstone.declaration import Declaration, literal
from helpers.capstone.ranker import Recipe
from helpers.capstone.recommendation import recommend, too_good
from helpers.display import figures
from helpers.display.palette import BLACK, GREY, in_few_colours
from helpers.evaluation.statistics import summarise
from helpers.support.files import whole

STYLE = """
.mtl-report { max-width: 56em; color: #1a1a1a; font: 15px/1.5 system-ui, sans-serif; background: #fff; }
.mtl-report h2 { font-size: 1.15em; margin: 1.4em 0 .3em; border-bottom: 1px solid #ccc; color: #1a1a1a; }
.mtl-report .answer { border-left: 8px solid #0072B2; padding: .4em 1em; background: #f3f7fa; }
.mtl-report .answer b { font-size: 1.3em; }
.mtl-report .alarm { border-left: 8px solid #b00020; padding: .4em 1em; margin-bottom: .6em; background: #fdecea;
  color: #7a0016; }
.mtl-report .table { overflow-x: auto; }
.mtl-report table { border-collapse: collapse; margin: .5em 0; table-layout: auto; }
.mtl-report th, .mtl-report td { padding: .25em .6em; border-bottom: 1px solid #ddd; text-align: left;
  vertical-align: top; background: #fff; color: #1a1a1a; max-width: none; }
.mtl-report td { white-space: nowrap; }
.mtl-report td.long { white-space: normal; overflow-wrap: anywhere; min-width: 9em; }
.mtl-report .n { text-align: right; }
.mtl-report figure { width: 40em; max-width: 100%; margin: .5em 0; }
.mtl-report img { width: 100%; }
.mtl-report figcaption { font-size: .9em; color: #444; }
.mtl-report pre { background: #f5f5f5; padding: .6em 1em; white-space: pre-wrap; word-break: normal; color: #1a1a1a; }
@media (max-width: 40em) { .mtl-report th, .mtl-report td { padding: .25em .5em; } .mtl-report { font-size: 14px; } }
@media print { .mtl-report { font-size: 11px; } .mtl-report figure { width: 14cm; }
  .mtl-report figure, .mtl-report tr, .mtl-report h2 { break-inside: avoid; } .mtl-report h2 { break-after: avoid; } }
"""
NOT_TESTED = (
    "Whether a better offline score pleases anybody: that takes an A/B test.",
    "Another log to train on: all seeds learn from this one.",
    "Larger models, other features, other learning rates than those tried.",
    "Bias of the log itself: only what was shown could be clicked, and what stood on top was clicked more.",
)


@dataclass(frozen=True)
class Report:
    """A page; a notebook shows it, `save` writes it."""

    title: str
    body: str

    def _repr_html_(self) -> str:
        return f'<div class="mtl-report"><style>{STYLE}</style>{self.body}</div>'

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


def report(found: Comparison, file: str | Path = "log.csv") -> Report:
    """The page for a comparison; `file` is where its table was read, for the code that does it again."""
    said, warning = recommend(found.gains), too_good(found.gains)
    parts = [
        f"<p>{_about(found)}</p>",
        f'<div class="alarm"><b>Too good to be true?</b> {_words(warning)}</div>' if warning else "",
        f'<div class="answer">Does sharing help here?<br><b>{said.word.capitalize()}.</b> {_words(said.text)}</div>',
        _section("What each task gains", _gains(found), _pictures(found)),
        _section("The table", _facts(found), _known(found)),
        _section("What was compared, and what it costs", _compared(found), _cost(found)),
        _section("What the intervals mean", f"<p>{_interval_words(found)}</p>"),
        _section("What was not tested", _list(NOT_TESTED)),
        _section("To do it again", f"<pre>{_words(_again(found, str(file)))}</pre>"),
    ]
    return Report(f"Does sharing help here? {_words(said.word).capitalize()}", "\n".join(filter(None, parts)))


WHAT_IT_IS = {
    "AUC": "AUC: how often a row with the event gets a higher score than a row without; 0.5 is guessing.",
    "R²": "R²: the share of a number's variance that is predicted; below 0 is worse than always saying its mean.",
    "gauc": "GAUC: the AUC within each user.",
    "by item": "Item's mean: a yardstick, the mean label of each item in the training rows.",
}


def _about(found: Comparison) -> str:
    tasks = list(found.declaration.labels)
    named = " and ".join([", ".join(tasks[:-1]), tasks[-1]])
    rows = "later rows" if found.declaration.time else "rows"
    return _words(
        f"Two ways to predict {named} were trained on the same rows: a model for each (alone), and one model whose "
        f"first layers serve all of them (shared: {found.recipe.structure}). Is the shared one better, on {rows} that "
        "neither has seen?"
    )


def _gains(found: Comparison) -> str:
    yardstick = found.facts.set_index("task")["by item"]
    rows = [
        {
            "task": row.task,
            "so it": VERDICT_WORDS[row.verdict],
            "gain": f"{row.gain:+.3f}",
            "95% interval": f"{row.low:+.3f} to {row.high:+.3f}",
            "metric": row.metric,
            "alone": f"{row.single:.3f}",
            "shared": f"{row.shared:.3f}",
        }
        | ({"item's mean": f"{yardstick[row.task]:.3f}"} if yardstick.notna().any() else {})
        for row in found.gains.itertuples()
    ]
    weak = [r.task for r in found.gains.itertuples() if max(r.single, r.shared) < yardstick[r.task]]
    matters = {kind: found.matters[kind] for kind in dict.fromkeys(found.declaration.labels.values())}
    margin = ", ".join(f"{value:g} {METRICS[kind]}" for kind, value in matters.items())
    words = [WHAT_IT_IS[metric] for metric in dict.fromkeys(found.gains["metric"])]
    words += [WHAT_IT_IS["by item"]] if yardstick.notna().any() else []
    note = (
        f"Means of {len(found.seeds)} seeds, trainings with other random numbers. Smallest gain that matters, set "
        f"before the measurement: {margin}. A task gains or loses where the whole interval lies beyond it. It "
        "hardly moves where the whole interval lies within, and stays equal where 0 is in it as well. "
    )
    warning = (
        f"<p><b>Weak models.</b> {_words(', '.join(weak))}: the item's mean, which trains nothing, predicts better "
        "than both models. Make them better (other features, rates, penalties) before you act on a gain.</p>"
    )
    return _table(pd.DataFrame(rows)) + (warning if weak else "") + f"<p>{note}{' '.join(words)}</p>" + _gauc(found)


def _gauc(found: Comparison) -> str:
    """Both sides' mean GAUC, where there is a user and a task is binary."""
    if "gauc" not in found.scores:
        return ""
    means = found.scores.groupby(["task", "model"], sort=False)["gauc"].mean().unstack().dropna()
    sides = {"alone": SINGLE, "shared": found.recipe.structure}
    rows = [
        {"task": task, "metric": "GAUC"} | {name: f"{mean[model]:.3f}" for name, model in sides.items()}
        for task, mean in means.iterrows()
    ]
    return _table(pd.DataFrame(rows)) + f"<p>{WHAT_IT_IS['gauc']}</p>" if rows else ""


VERDICT_WORDS = {
    "holds": "gains",
    "opposite": "loses",
    "too small to matter": "hardly moves",
    "no effect": "stays equal",
    "undecided": "is undecided",
}


def _pictures(found: Comparison) -> str:
    """What every task gains, and the trade-off curve of the first two."""
    tasks = list(found.declaration.labels)
    letters = {task: f"task {letter}" for task, letter in zip(tasks, string.ascii_uppercase, strict=False)}
    drawn = {task: _short(task, letters.get(task, "another")) for task in tasks}
    named = [task if drawn[task] != letters.get(task) else f"{task} ({drawn[task]})" for task in tasks]
    words = (
        f"What {', '.join(named[:-1])} and {named[-1]} gain by sharing, from top to bottom: right is better. Whiskers "
        "are 95% intervals; within the grey band a gain is too small to matter."
    )
    with matplotlib.style.context(["default", figures.STYLE]):
        pictures = [_picture(_forest(found, drawn), words)]
        if len(found.curve):
            a, b = tasks[:2]
            metric = found.curve.groupby("task")["metric"].first()
            weights = sorted(found.curve["weight"].unique())
            figure = figures.paths(
                summarise(found.curve.assign(model=found.recipe.structure), "value", ["model", "weight", "task"]),
                "model",
                "task",
                a,
                b,
                title=f"Trade-off as the weight of {drawn[a]} rises",
                x_label=f"{metric[a]} of {drawn[a]} (95% intervals of the training alone)",
                y_label=f"{metric[b]} of {drawn[b]}",
            )
            words = (
                f"The shared model, with the weight of {named[0]} in training from {weights[0]:g} to {weights[-1]:g} "
                f"and the rest on {named[1]}; the name stands at the last. Whiskers hold the luck of training alone."
            )
            pictures.append(_picture(figure, words))
    return "".join(pictures)


def _forest(found: Comparison, names: dict[str, str]) -> Figure:
    """The gain of each task with its interval, one under the other, and the band of gains that do not matter."""
    gains = found.gains.set_index("task").loc[list(names)]
    figure, axes = plt.subplots(figsize=(8, 1.5 + 0.55 * len(gains)))
    axes.axvline(0, color=GREY, linewidth=1)
    for height, (task, row) in enumerate(gains.iterrows()):
        band = found.matters[found.declaration.labels[task]]
        axes.barh(height, 2 * band, left=-band, height=0.9, color=GREY, alpha=0.2, linewidth=0)
        axes.hlines(height, row["low"], row["high"], color=BLACK, linewidth=2)
        axes.plot(row["gain"], height, "o", color=BLACK, markersize=7)
        said = {"textcoords": "offset points", "va": "center", "color": BLACK}
        axes.annotate(VERDICT_WORDS[row["verdict"]], (row["high"], height), (8, 0), **said)
    axes.set_yticks(range(len(gains)), [f"{names[task]}, {row['metric']}" for task, row in gains.iterrows()])
    axes.set_ylim(len(gains) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel("shared minus alone, 95% intervals (grey: too small to matter)")
    figure.suptitle("What each task gains by sharing", x=0.01, ha="left")
    return figure


def _facts(found: Comparison) -> str:
    rows = [
        {
            "task": row["task"],
            "kind": row["kind"],
            "labels to train, validate, test": ", ".join(f"{row[f'{part} labels']:,}" for part in found.parts),
            "their mean": ", ".join(f"{row[f'{part} mean']:.3f}" for part in found.parts),
        }
        for row in found.facts.to_dict("records")
    ]
    table = _table(pd.DataFrame(rows))
    parts = ", ".join(f"{rows:,} rows to {name.replace('valid', 'validate')}" for name, rows in found.parts.items())
    by = found.declaration.time
    how = f"by time ({_words(by)}): training rows are older than all others" if by else "at random, anew for each seed"
    users = f" {found.users:,} users." if found.users else ""
    return f"<p>{parts}, split {how}.{users}</p>{table}"


def _known(found: Comparison) -> str:
    return _list(f"{problem.column}: {problem.sentence}" for problem in found.problems)


def _compared(found: Comparison) -> str:
    recipe = found.recipe
    weighting = recipe.weighting if isinstance(recipe.weighting, str) else json.dumps(recipe.weighting)
    rates = ", ".join(f"{rate:g}" for rate in found.rates)
    one = len(found.rates) == 1
    chose = f"All have learning rate {rates}." if one else f"Each chose, on other seeds, among learning rates {rates}."
    if len(found.penalties) > 1:
        chose = f"{chose[:-1]} and penalties on embeddings {', '.join(f'{l2:g}' for l2 in found.penalties)}."
    elif found.penalties != [0.0]:
        chose = f"{chose} All have a penalty on embeddings of {found.penalties[0]:g}."
    said = (
        f"A single-task model for each task, against one {recipe.structure} for all ({recipe.bottom} bottom, weighting "
        f"{weighting}). {chose} The validation rows say when training stops. The shared model is judged in one state, "
        "as it would be served."
    )
    return f"<p>{_words(said)}</p>{_table(found.tuned)}"


def _cost(found: Comparison) -> str:
    cost = found.cost.set_index("model")
    parameters, seconds = cost.loc[SINGLE, ["parameters", "seconds"]] / cost.loc[found.recipe.structure]
    tasks = len(found.declaration.labels)
    return (
        f"<p>The {tasks} single-task models together have {cost.loc[SINGLE, 'parameters']:,.0f} parameters, "
        f"{parameters:.1f} times those of the shared model. Training them took {seconds:.1f} times as much computing "
        "time, over as many epochs as each side needed.</p>"
    )


HELD = {"by time": 89, "at random": 96}  # of 100 intervals held the truth, in worlds where it is known (chapter 08)


def _interval_words(found: Comparison) -> str:
    seed = "first parameters and order of the batches" + (
        "" if found.declaration.time else ", and the split of the rows"
    )
    unit = (
        f"users, column {_words(found.declaration.user)}" if found.declaration.user else "rows, as no user was declared"
    )
    return (
        f"They hold three kinds of luck: of training (seeds: {seed}), of the test rows (other {unit}), and, by a rule "
        "of thumb (Nadeau and Bengio, 2003), of the one log that all seeds train on. More seeds lessen the first "
        f"alone. They do not hold what changes with time: next month's users and videos. {_held(found)}"
    )


def _held(found: Comparison) -> str:
    how = "by time" if found.declaration.time else "at random"
    narrow = " Take them for a little too narrow." if HELD[how] < 93 else ""
    return f"On made-up tables whose truth is known, split {how}, {HELD[how]} of 100 such intervals held it.{narrow}"


def _again(found: Comparison, file: str) -> str:
    """Python that repeats the comparison: all that was chosen, and nothing left to a default."""
    options = {name: getattr(found, name) for name in ("seeds", "rates", "penalties", "tuning_seeds", "matters")}
    options["curve"] = len(found.curve) > 0
    version = torch.__version__.split("+")[0]  # without the build
    rows = f"# {sum(found.parts.values()):,} rows; PyTorch {version}"
    return "\n".join([IMPORTS, "", rows, as_code(file, found.declaration, found.recipe, options, "report.html")])


IMPORTS = """from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.ranker import Recipe
from helpers.capstone.reading import read
from helpers.capstone.report import report"""


def as_code(file: str, declaration: Declaration, recipe: Recipe, options: dict, to: str) -> str:
    """Python that reads a file, compares with these options of `comparison.steps` and saves the report."""
    usual = Recipe()
    differ = {f.name: getattr(recipe, f.name) for f in fields(Recipe)}
    differ = {name: value for name, value in differ.items() if value != getattr(usual, name)}
    arguments = ", ".join(f"{name}={literal(value)}" for name, value in differ.items())
    more = "".join(f", {name}={literal(value)}" for name, value in options.items())
    return "\n".join(
        [
            f"frame = read({literal(file)})",
            f"declaration = {declaration.code()}",
            f"recipe = Recipe({arguments})",
            f"found = compare(frame, declaration, recipe{more})",
            f"report(found, {literal(file)}).save({literal(to)})",
        ]
    )


def _section(title: str, *parts: str) -> str:
    return f"<h2>{title}</h2>" + "".join(parts)


def _list(lines) -> str:
    items = "".join(f"<li>{_words(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


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


LONG = 16  # letters, above which a cell may wrap


def _is_number(value) -> bool:
    return re.fullmatch(r"[-+]?[\d,]*\.?\d+( to [-+]?[\d.]+)?", str(value)) is not None


def _picture(figure: Figure, words: str) -> str:
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=80, metadata={"Software": None})
    plt.close(figure)
    png = in_few_colours(data.getvalue())
    image = f'<img alt="{_words(words)}" src="data:image/png;base64,{png}">'
    return f"<figure>{image}<figcaption>{_words(words)}</figcaption></figure>"


def _words(text) -> str:
    return html.escape(str(text))


def _short(name: str, otherwise: str) -> str:
    """A name for a figure, whose font may not have its letters; matplotlib would read $ as mathematics."""
    font = font_manager.get_font(font_manager.findfont(font_manager.FontProperties()))
    if not all(font.get_char_index(ord(letter)) for letter in name):
        return otherwise
    return (name if len(name) <= 18 else name[:17] + "…").replace("$", r"\$")

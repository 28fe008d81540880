"""The capstone as a form: a CSV file, a role for each column, a structure, *Train*, and a report.

    form = DataForm("log.csv")

It does nothing that code cannot do, and shows the code that does the same, to copy. Errors appear as text in the form.
Training runs in the kernel in steps, one group of seeds at a time; between two steps the kernel answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import re
from dataclasses import replace
from pathlib import Path

import anywidget
import ipywidgets as widgets
import pandas as pd

from helpers.capstone.comparison import Comparison, steps
from helpers.capstone.declaration import ROLES, Declaration
from helpers.capstone.plan import MODES, THOROUGH
from helpers.capstone.ranker import BOTTOMS, STRUCTURES, WEIGHTINGS, Recipe
from helpers.capstone.reading import megabytes, read
from helpers.capstone.recommendation import alarms, recommend
from helpers.capstone.report import as_code, report
from helpers.capstone.suggestion import suggest
from helpers.capstone.table_checks import Memory, check
from helpers.display.model_ids import stable
from helpers.support import validate

PAUSE = 0.4  # seconds without a change, after which the table is checked
AUTO, WIDE = {"width": "auto", "flex": "0 0 auto"}, {"width": "100%"}
SHARING = [structure for structure in STRUCTURES if structure != "single task"]


class Keys(anywidget.AnyWidget):
    """Shows nothing; keeps keys pressed in the form away from JupyterLab, which uses them to move between cells, and
    brings the style of the course's cards."""

    _css = Path(__file__).parents[1] / "display" / "explorer.css"

    _esm = """
    export default { render({ el }) {
      el.style.display = "none";
      const hold = (tries) => {
        const form = el.closest(".mtl-form");
        if (form) form.onkeydown = (event) => {
          if (!(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)) event.stopPropagation();
        };
        else if (tries) setTimeout(() => hold(tries - 1), 50);
      };
      hold(100);
    } };
    """


class DataForm(widgets.VBox):
    """The form. With a path the file is read at once, and roles are suggested. Problems with a file are shown in the
    form; bad arguments raise ValueError or TypeError.

    roles    {column: role} where you know better than the suggestion; columns of the file
    recipe   where structure, bottom and weighting start, and all that the form does not ask for
    options  of `helpers.capstone.comparison.steps`, such as seeds
    """

    @stable
    def __init__(
        self, path: str | Path = "", roles: dict[str, str] | None = None, recipe: Recipe | None = None, **options
    ):
        self.base = validate.instance("recipe", Recipe() if recipe is None else recipe, Recipe, "a Recipe")
        self.known, self.options = roles or {}, options
        for column, role in self.known.items():
            validate.choice(f"roles[{column!r}]", role, ROLES)
        validate.choice("weighting of the recipe", self.base.weighting, WEIGHTINGS)  # the form offers these
        self.frame: pd.DataFrame | None = None
        self.found: Comparison | None = None
        self.task: asyncio.Task | None = None
        self.waiting: asyncio.TimerHandle | None = None  # a check that is to come
        self.memory = Memory()
        self.stopping = False
        self.path = widgets.Text(str(path), description="CSV file", continuous_update=False, layout=WIDE)
        self.reader = widgets.Button(description="Read", layout=AUTO)
        self.headless = widgets.Checkbox(
            False, description="no header: the first line is data", indent=False, layout=AUTO
        )
        self.roles: dict[str, widgets.Dropdown] = {}
        self.columns = widgets.VBox()
        self.new_users = widgets.Checkbox(False, description="judge on new users alone", indent=False, layout=AUTO)
        self.choices = {
            name: widgets.Dropdown(options=list(options), value=getattr(self.base, name), description=name)
            for name, options in (("structure", SHARING), ("bottom", BOTTOMS), ("weighting", WEIGHTINGS))
        }
        mode = validate.choice("mode", options.get("mode", THOROUGH), MODES)
        self.mode = widgets.Dropdown(options=MODES, value=mode, description="mode")
        self.button = widgets.Button(description="Train and report", disabled=True, layout=AUTO)
        self.stop = widgets.Button(description="Stop", disabled=True, layout=AUTO)
        self.bar = widgets.FloatProgress(min=0, max=1, layout={"display": "none"})
        self.message, self.code, self.result = widgets.HTML(), widgets.HTML(layout=WIDE), widgets.HTML(layout=WIDE)
        for control in (*self.choices.values(), self.mode, self.new_users):
            control.observe(self._changed, "value")
        self.reader.on_click(self._read)
        for control in (self.path, self.headless):
            control.observe(self._read, "value")
        self.button.on_click(self._start)
        self.stop.on_click(self._stop)
        top = widgets.HBox([self.path, self.reader, self.headless])
        row = widgets.HBox([*self.choices.values(), self.mode]).add_class("mtl-controls")
        buttons = widgets.HBox([self.button, self.stop, self.bar]).add_class("mtl-buttons")
        super().__init__(
            [top, self.columns, self.new_users, row, self.code, buttons, self.message, self.result, Keys()]
        )
        self.add_class("mtl-card").add_class("mtl-form")
        self._read() if str(path) else self._say("Type the path of a CSV file and press Read.")
        if self.frame is not None and (unknown := [str(name) for name in self.known if name not in self.frame.columns]):
            validate.fail("roles", f"{unknown[0]!r}, which is no column of {path}", "columns of the file")

    # What the form says, as code

    @property
    def declaration(self) -> Declaration:
        """What the roles declare. Raises ValueError as `Declaration` does."""
        roles = {column: role.value for column, role in self.roles.items()}
        return Declaration.of_roles(roles, self.new_users.value)

    @property
    def recipe(self) -> Recipe:
        """The recipe with the form's structure, bottom and weighting; ValueError for two that do not go together."""
        return replace(self.base, **{name: control.value for name, control in self.choices.items()})

    def as_code(self) -> str:
        """Python that does what the form does."""
        reading = {"header": False} if self.headless.value else {}
        to = self.report_path.as_posix()
        return as_code(self.file, self.declaration, self.recipe, self.chosen, to, reading)

    @property
    def chosen(self) -> dict:
        """The options of `steps`, with the form's mode; one that is the default is left out."""
        others = {name: value for name, value in self.options.items() if name != "mode"}
        return others if self.mode.value == THOROUGH else {"mode": self.mode.value, **others}

    @property
    def file(self) -> str:
        """The path as it was typed, without the blanks and quotes that come with a copied one."""
        return self.path.value.strip().strip("\"'")

    @property
    def report_path(self) -> Path:
        """Beside the CSV file: log_report.html for log.csv and for log.csv.gz, log_report_2.html if that is there."""
        path = Path(self.file).expanduser()
        name = re.sub(r"(\.(csv|tsv|txt|parquet))?(\.gz)?$", "", path.name, flags=re.I) + "_report"
        names = (f"{name}.html", *(f"{name}_{k}.html" for k in range(2, 1_000)))
        return next(free for free in map(path.with_name, names) if not free.exists())

    # What the reader does

    def _read(self, _change=None):
        with self._in_words():
            self.frame, self.found, self.result.value = None, None, ""
            self.columns.children, self.roles, self.button.disabled = (), {}, True
            self.frame = read(self.file, header=False if self.headless.value else None)
            self.memory, rows = Memory(), []
            for column, guess in suggest(self.frame).iterrows():
                role = widgets.Dropdown(options=ROLES, description=str(column), style={"description_width": "11em"})
                role.value = self.known.get(column, guess["role"])
                role.observe(self._changed, "value")
                reason = html.escape(f"{guess['reason']}, e.g. {guess['example']}")
                rows.append(widgets.HBox([role, widgets.HTML(reason)]))
                self.roles[column] = role
            self.columns.children = tuple(rows)
            self._check()

    def _changed(self, _change=None):
        """Show the code at once, and the problems after a pause: several changes in a row wait once."""
        if self.frame is None:
            return
        self.button.disabled = True
        self._show_code()
        if self.waiting is not None:
            self.waiting.cancel()
        try:
            self.waiting = asyncio.get_running_loop().call_later(PAUSE, self._check)
        except RuntimeError:  # no kernel that would call later
            self._check()

    def _show_code(self):
        self.code.value = ""
        with self._in_words():
            self.code.value = f'<pre class="mtl-code">{html.escape(self.as_code())}</pre>'

    def _check(self):
        """Show the code and the problems of what is declared now."""
        self.button.disabled, self.waiting = True, None
        self._show_code()
        with self._in_words():
            problems = check(self.declaration, self.frame, self.memory)
            if not problems.stopping:
                self.recipe.check_tasks(self.declaration.labels, self.frame)
            read_in = f"{len(self.frame):,} rows of {len(self.frame.columns)} columns, {megabytes(self.frame):.1f} MB."
            self.message.value = html.escape(read_in) + problems._repr_html_()
            self.button.disabled = bool(problems.stopping)

    def _start(self, _button):
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self.run())

    def _stop(self, _button):
        self.stopping = True
        self._say("Stopping after the current training run …")

    async def run(self):
        """Compare and report, to the end, to Stop or to an error; the message says which.

        What is compared is fixed at the start, and the controls with it.
        """
        self.stopping, self.button.disabled, self.stop.disabled = False, True, False
        self._lock(True)
        self.bar.value, self.bar.layout.display, self.result.value = 0, None, ""
        self._say("At work …")
        with self._in_words():
            await asyncio.sleep(0)
            for step in steps(self.frame, self.declaration, self.recipe, **self.chosen):
                self.bar.value = step.done
                if step.estimate is not None:
                    self._say(f"At work: {step.estimate}. A busy machine takes longer.")
                await asyncio.sleep(0)  # here the kernel reads its messages
                if self.stopping:
                    self._say(f"Stopped at {step.done:.0%}; nothing was written.")
                    break
            else:
                self.found = step.found
                self.result.value = _summary(step.found)
                self._save(step.found)
        self._lock(False)
        self.button.disabled, self.stop.disabled, self.bar.layout.display = False, True, "none"

    def _save(self, found: Comparison):
        """Write the report, and say where it is; or why it could not be written, and what to do instead."""
        to = self.report_path
        try:
            report(found, self.file).save(to)
            self._say(f"Done. The report is in {to.as_posix()}.")
        except OSError as error:  # a read-only folder, a full disk
            said = error.strerror or str(error)
            how = 'To save it elsewhere, run report(form.found).save("report.html") in a cell below; form is this form.'
            self._say(f"Done, but the report could not be written to {to.as_posix()} ({said}). {how}")

    def _lock(self, locked: bool):
        """Whether the controls wait for the training to end."""
        for control in (
            self.path,
            self.reader,
            self.headless,
            self.new_users,
            *self.choices.values(),
            self.mode,
            *self.roles.values(),
        ):
            control.disabled = locked

    @contextlib.contextmanager
    def _in_words(self):
        """Show what goes wrong inside in the form."""
        try:
            yield
        except KeyboardInterrupt:  # the kernel's own stop button
            self._say("Stopped by hand; nothing was written.")
        except (Exception, SystemExit) as error:
            ours = isinstance(error, ValueError | TypeError | OSError) and str(error)
            self._say(str(error) if ours else f"{type(error).__name__}: {error}. Nothing was written.")

    def _say(self, text: str):
        self.message.value = html.escape(text)

    def _repr_mimebundle_(self, **kwargs) -> dict:
        text = "A form for a table of your own. Run this cell, or trust the notebook, to use it."
        return super()._repr_mimebundle_(**kwargs) | {"text/plain": text}


def _summary(found: Comparison) -> str:
    said = recommend(found.gains, found.beaten)
    alarm = "".join(
        f'<p style="color:#b00020"><b>{title}</b> {html.escape(text)}</p>'
        for title, text in alarms(found.gains, found.beaten, found.scores).items()
    )
    gains = ", ".join(
        f"{row.task} {row.gain:+.3f} {row.metric} [{row.low:+.3f}, {row.high:+.3f}]" for row in found.gains.itertuples()
    )
    answer = f"<p><b>{html.escape(said.word.capitalize())}.</b> {html.escape(said.text)}</p>"
    return f"{alarm}{answer}<p>{html.escape(gains)}</p>"

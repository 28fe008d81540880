"""From a log to what is served, without a notebook:  mtlcheck LOG.csv, or python -m helpers.capstone LOG.csv

The first call writes LOG_report/declaration.py: what each column seems to be, with questions that only you can answer.
Answer them there, and write [x] before each; its function `clean` is for rows to drop and columns to add. The same
command again then compares, and writes into that folder, which is beside the log

    report.html                 the answer, what it rests on, what to serve and what its lists bring
    ranker.pt                   what is best for each task, trained to the last row (`Ranker.load`)
    ranker.pt2, ranker.json     the same for a service, without the course
    serve.py, candidates.json   the service, and a list to ask it for

When the rows of the next week have come, in a file with the same columns,  mtlcheck LOG.csv --next NEXT.csv  writes
next_NEXT.html there: whether to keep this ranker or to retrain it.
"""

import argparse
import inspect
import json
import re
import runpy
import shlex
import shutil
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch

from ..support import validate
from ..support.files import whole
from .comparison import BEST, Comparison, compare
from .declaration import VECTOR, Declaration, literal
from .lists import Lists
from .plan import METRICS, QUICK, THOROUGH, WITHIN, duration
from .preparation import Table, prepare
from .ranker import Ranker
from .reading import PACKED, READING, _close, read
from .recommendation import UNSETTLED, WORSE, against_today, names, recommend, served_as, today
from .report import CLEAN, LIBRARY, QUICKLY, report, rings
from .shadow import NAMES, shadow
from .suggestion import ANOTHER_TIME, BY_VALUES, LATE, PLACE, SIGNS, TWO, TWO_WORDS, WHOLE, draft, suggest, words_of
from .table_checks import check

SCORES = "score|pc[tv]r|pred|predicted|prediction|.*(得分|分数|预估|排序|[精粗]排).*"  # words of what is served
RANKED = "ranker|model|version|engine|algo(rithm)?|variant|arm|policy|strategy|bucket|experiment|treatment|"
RANKED += "exp_?(group|arm|id)|.*(模型|版本|实验|策略|分桶).*"  # words of what says how a list came about
SHOWN = 10  # candidates at most
SERVE = Path(__file__).parents[2 if LIBRARY == "helpers" else 1] / "examples" / "serve.py"
FIRST = """# What the columns of {file} are, as far as names and values tell. Go through the questions below, correct
# the declaration where it is wrong, and write [x] before each that is answered. Then give the same command again.
from {package}.declaration import Declaration
from {package}.ranker import Recipe

reading = {reading}  # options of {package}.reading.read
mode = "{quick}"  # "{thorough}" for a decision: it searches more settings
exponents = None  # of the score that orders a list; None: of all labels the same
recipe = Recipe()  # of the shared model: structure, weighting, units and what else is not searched


def clean(frame):  # of this file and each that follows: drop, correct and add here, with the imports it needs
    return frame


{code}

# Questions that only you can answer:
{questions}

# What each column seems to be, and why:
{guesses}
"""
OPEN = r"^# \[(?! *[xX] *\]).*?\] (\d+\. [\w, ]+)"  # a question without [x]: its number, and what it is about
ENDING = re.compile(rf"(\.\w+)?{PACKED}$")  # of a file's name


@validate.checked
def questions(guesses: pd.DataFrame) -> list[str]:
    """What the guesses of `suggestion.suggest` leave open: what each is about, and a few sentences."""
    validate.columns("guesses", guesses, ["role", "reason"])
    roles, reasons, asked = guesses["role"], guesses["reason"], []

    def named(rows: pd.Series, words: str = "{}") -> str:
        return words.format(", ".join(literal(str(name)) for name in roles.index[rows])) if rows.any() else ""

    def worded(words: str) -> pd.Series:
        parts = roles.index.astype(str).map(lambda name: [name.lower(), *words_of(name)])
        return pd.Series([any(re.fullmatch(words, part) for part in some) for some in parts], roles.index)

    perhaps, labels, known = " Perhaps {}.", roles.str.endswith("label"), roles.isin(["number", "id", "tags", "list"])
    scores, whole = worded(SCORES), reasons == WHOLE
    traces = (worded(RANKED) & (roles != "leave out") & ~labels | (reasons == PLACE)) & ~scores
    known = (known | roles.str.startswith(VECTOR)) & ~traces
    maybe = ~labels & ~traces & reasons.isin([TWO, TWO_WORDS, LATE])
    also = named(maybe, " Did {}, too? Then it is a label, and no feature.")
    said = f"happen after the row was shown, and is it to be predicted? {named(labels) or 'None was found'}.{also}"
    said += " Sharing needs two." * int(labels.sum() == 1)
    asked += [f'labels: Did each of these {said} A label that is a number is "regression".']
    said = "Take out what was counted, filled in or measured afterwards, and any mean with the row's own day in it."
    said += named(reasons == SIGNS, " And {}? Numbers must have no such sign.")
    said += named(reasons == ANOTHER_TIME, " Of {} no date can be learnt from, but how many days ago it was.")
    said += " `clean` is the place for such changes." * bool(reasons.isin([SIGNS, ANOTHER_TIME]).any())
    asked += [f"features: Was each of these known before the row was shown? {named(known)}. {said}"]
    said = f"at which place a row was shown, by which model or in which experiment?{named(traces, perhaps)}"
    asked += [f"features: Does any column say {said} Nobody knows that of the next list: leave it out."]
    if whole.any():
        said = f"such as the number of an account or a shop? {named(whole)}. Move them from numbers to ids."
        asked += [f"ids: Are any of these codes, {said}"]
    if guessed := [f"{literal(str(name))} the {roles[name]}" for name in roles.index[reasons == BY_VALUES]]:
        about = ", ".join(roles[reasons == BY_VALUES])
        asked += [f"{about}: Is {names(guessed)}? No name says so, only that values come again."]
    says = {"user": "whose list it is", "item": "what was shown", "time": "when that was"}
    if missing := [role for role in says if not roles.eq(role).any()]:
        ids = (roles.eq("id") & (reasons != TWO_WORDS) | whole) & ~traces & (missing != ["time"])
        code = ", ".join(f'{role}="…"' for role in missing)
        said = f"says {names([says[role] for role in missing])}? {code}.{named(ids, perhaps)}"
        asked += [f"{', '.join(missing)}: Which column {said}"]
    score = str(next(iter(roles.index[scores]), "…"))
    code = literal({str(label): score for label in roles.index[labels]} or {"a label": score})
    place = named(reasons == PLACE, " {} is none: a place is clicked because it is on top.")
    said = named(scores, perhaps) or place
    said += " It must be the score as it was when the list was shown: one that is written again later has seen the "
    said += "outcome. All else is compared with it, and it is no feature: take it out of the numbers. One may do for "
    said += "several labels"
    asked += [f"served: Which column, if any, has the score that orders your lists, high on top?{said}: served={code}."]
    if not roles.eq("group").any():
        asked += ['group: Which column, if any, says what was shown together, such as a session? group="…".']
    code = "Then exponents = " + literal({"click": 1, "hide": -1}) + ", with your labels."
    asked += [f"exponents: Is any label something that should not happen, such as a hide or a return? {code}"]
    said = 'If for days, gap="7 days", in a log of more than ten times as many, without the rows that are younger.'
    return [*asked, f"gap: How long after a row was shown may its outcome still come? {said}"]


@validate.checked
def first_draft(frame: pd.DataFrame, file: str, reading: dict) -> str:
    """The Python of a declaration with its questions, to edit."""
    guesses = suggest(frame)
    width = max(len(str(name)) for name in guesses.index)
    listed = (f"# {name!s:{width}}  {row['role']}: {row['reason']}" for name, row in guesses.iterrows())
    lines = textwrap.TextWrapper(100, "# [ ] ", "#        ", break_long_words=False, break_on_hyphens=False)
    asked = (lines.fill(f"{number}. {one}") for number, one in enumerate(questions(guesses), 1))
    parts = {"reading": literal(reading), "questions": "\n".join(asked), "guesses": "\n".join(listed)}
    return FIRST.format(package=__package__, file=file, quick=QUICK, thorough=THOROUGH, code=draft(guesses), **parts)


def _metric(own: Declaration, frame: pd.DataFrame) -> tuple[str, str]:
    """GAUC where of any label enough lists of the validation and test rows have both values, and which have not."""
    table = Table(prepare(own, frame), own)
    few = [task for task, kind in own.labels.items() if kind == "binary" and not table.in_lists(task, 0)]
    if len(few) == list(own.labels.values()).count("binary"):
        return METRICS["binary"], ""
    return WITHIN, f"; by AUC, which also tells users apart, {names(few)}: too few lists have both values" * bool(few)


def _lists(found: Comparison) -> tuple[Lists | None, str]:
    """Lists, if there are any, and what to say of them."""
    if len(goals := [task for task, exponent in found.exponents.items() if exponent > 0][:2]) < 2:
        return None, "formed no lists: they are for two labels that can be predicted, with exponents above 0"
    if (found.declaration.group or found.declaration.user) is None:
        return None, "formed no lists: neither a user nor a group says which rows compete for one"
    try:
        lists = Lists.of(found, goals=goals, kind=BEST)
    except ValueError as error:
        return None, f"no lists: {error}"
    return lists, f"formed {lists.count:,} lists by {lists.by}"


def _served_as_measured(ranker: Ranker, folder: Path, found: Comparison) -> bool:
    """Write a list to ask for; whether the service orders it as the ranker does."""
    own = found.declaration
    rows = prepare(own, found.frame)
    by = own.group or own.user
    last = rows[rows[by] == rows[by].iloc[-1]] if by else rows
    rows = last[-SHOWN:].reset_index(drop=True)
    asked = rows[[column.name for column in own.layout()]]
    text = asked.to_json(orient="records", double_precision=15, force_ascii=False)
    with whole(folder / "candidates.json") as part:
        part.write_text(text, encoding="utf-8")
    answer = runpy.run_path(str(folder / "serve.py"))["Service"](folder / "ranker.pt2").predict(json.loads(text))
    return answer["order"] == ranker.rank(rows).index.tolist()


def _in_a_sentence(error: Exception) -> str:
    """An error in a sentence, also where a declaration or its reading has a keyword that there is none of."""
    for call in (Declaration, read):
        if found := re.match(rf"{call.__name__}\b.* unexpected keyword argument '(.*)'", str(error)):
            known = inspect.signature(call).parameters
            return f"{call.__name__}: got {found[1]!r}{_close(found[1], known)}; expected one of {', '.join(known)}."
    return str(error)


def _clean(clean: Callable, frame: pd.DataFrame) -> pd.DataFrame:
    """What `clean` of a declaration makes of a table, which says so itself."""
    reading = frame.attrs[READING]
    try:
        found = clean(frame)
        validate.instance("clean", found, pd.DataFrame, "a function that returns the table")
    except Exception as error:  # whatever is wrong with the reader's own lines
        validate.fail("clean", f"{type(error).__name__}: {error}", "a function that takes a table and returns it")
    source = inspect.getsource(clean)
    found.attrs[READING] = reading if source in FIRST else reading | {CLEAN: source}
    return found


def _road(path: Path, folder: Path, encoding: str | None, later: Path | None, say) -> int:
    plan = folder / "declaration.py"
    if not plan.exists():
        reading = {} if encoding is None else {"encoding": encoding}
        frame = read(path, **reading)
        text = first_draft(frame, path.name, reading)
        with whole(plan) as part:
            part.write_text(text, encoding="utf-8")
        say(f"read {len(frame):,} rows, {len(frame.columns)} columns")
        count = len(re.findall(OPEN, text, re.M))
        say(f"wrote {plan}: answer its {count} questions there, then give this command again")
        return 0
    if asked := re.findall(OPEN, plan.read_text(encoding="utf-8"), re.M):
        say(f"stopped: in {plan} these questions have no [x] yet, and nothing else counts: {'; '.join(asked)}")
        return 1
    if later is not None and not (folder / "ranker.pt").exists():
        came = f"{later.name} before there is a {folder / 'ranker.pt'}"
        validate.fail("next", came, "the same call without it first; if it exported no ranker, what it said then")
    answers = runpy.run_path(str(plan))
    if not isinstance(own := answers.get("declaration"), Declaration):
        validate.fail(str(plan), "no declaration", "declaration = Declaration(…), as its comments say")

    def cleaned(file: Path) -> pd.DataFrame:
        frame = read(file, **answers.get("reading", {}))
        count = len(frame)
        left = frame if (clean := answers.get("clean")) is None else _clean(clean, frame)
        say(f"read {count:,} rows of {file.name}" + f", of which clean keeps {len(left):,}" * (len(left) != count))
        return left

    frame = cleaned(path)
    if later is not None:
        rows = cleaned(later)
        try:
            week = shadow(Ranker.load(folder / "ranker.pt"), own, frame, rows)
        except ValueError as error:  # of the new rows, which only we know by the name of their file
            raise ValueError(re.sub("^next:", f"{later.name}:", str(error))) from error
        week.report(later.name).save(page := folder / f"next_{ENDING.sub('', later.name, count=1)}.html")
        say(f"{week.word}: {' '.join(week.reasons)}")
        say(f"wrote {page}")
        return 0
    problems = check(own, frame)
    print(problems)
    if problems.stopping:
        say(f"stopped: correct {plan}, and what is wrong with the table in its `clean`")
        return 1
    if doubted := [str(problem.column) for problem in problems if problem.doubt]:
        say(f"stopped before training: settle {names(dict.fromkeys(doubted))} first, in {plan}; rows in its `clean`")
        return 1
    metric, but = _metric(own, frame)
    say(f"checked; binary labels are judged by {metric}{but}")
    mode = answers.get("mode", QUICK)
    found = compare(frame, own, answers.get("recipe"), mode=mode, metric=metric, exponents=answers.get("exponents"))
    say(f"compared: {recommend(found.headline).word}" + f". {QUICKLY}" * (mode == QUICK))
    lists, said = _lists(found)
    say(said)
    report(found, path, lists).save(folder / "report.html")
    say(f"wrote {folder / 'report.html'}")
    for title, text in (rung := rings(found)).items():
        print(f"{title} {text}")
    unsettled = rung.keys() & {*UNSETTLED}
    for line in [] if unsettled else today(found.today, found.exponents):
        print(line)
    worse = against_today(found.today["verdict"]) == WORSE
    if unsettled or worse or not found.exponents:
        why = "of what your score wants, nothing here is surely predicted better than by guessing"
        why = "settle that first" if unsettled else "with these exponents today's lists are better" if worse else why
        older = "; that in the folder is of an earlier call" if (folder / "ranker.pt").exists() else ""
        say(f"exported no ranker: {why}{older}")
        code = f'ranker = found.ranker(kind="best"); ranker.save("{(folder / "ranker.pt").as_posix()}")'
        code += f'; ranker.export("{(folder / "ranker.pt2").as_posix()}")'
        print(f"To export it all the same, end the code of the page with {code}")
        return 0
    ranker = found.ranker(kind="best")
    ranker.save(folder / "ranker.pt")
    ranker.export(folder / "ranker.pt2")
    shutil.copyfile(SERVE, folder / "serve.py")
    checked, scored = ranker.check.set_index(["task", "metric"]), ranker.exponents
    print("What is served, how good its one seed was for the test rows before it was trained on them, too (the page")
    print(f"has the mean of {len(found.seeds)} seeds), what is left if the column that it needs most is shuffled")
    print("over these rows, and its exponent in the score of a list:")
    for row in found.best.itertuples():
        was = checked.loc[row.task, NAMES[row.metric]]
        how = f"exponent {scored[row.task]:.2g}" if row.task in scored else "not in the score"
        how += ": it cannot be told from guessing" * (not row.learnt)
        level = f"{row.metric} {was['value']:.3f} ({was['without']:.3f} without {was['leans']})"
        print(f"  {row.task}: {served_as(row.name)}, {level}, {how}")
    same = _served_as_measured(ranker, folder, found)
    order = "as the ranker does" if same else "OTHERWISE THAN THE RANKER: do not serve it"
    say(f"trained to the last row; the service orders a list {order}")
    say(f"wrote {', '.join(sorted(one.name for one in folder.iterdir() if one.is_file()))} to {folder}")
    serve, model, asked = (shlex.quote(str(folder / one)) for one in ("serve.py", "ranker.pt2", "candidates.json"))
    print(f"To serve it: pip install fastapi uvicorn; python {serve} {model}")
    print(f"To ask it:   curl -X POST localhost:8000/predict -d @{asked}")
    return 0 if same else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="From a log to its report, ranker and service, in two calls.")
    parser.add_argument("log", type=Path, metavar="LOG", help="Read this file: CSV or JSON lines (.gz, too), Parquet.")
    parser.add_argument("--encoding", help="Read a CSV file in this encoding, such as gbk (default: UTF-8).")
    parser.add_argument("--next", type=Path, metavar="NEXT", help="Judge the ranker of LOG by the rows of this file.")
    options = parser.parse_args()
    start = time.monotonic()
    torch.set_num_threads(1)  # of a small model two wait for each other: minutes, on a machine that does more than this

    def say(words: str) -> None:
        print(f"[{duration(time.monotonic() - start)}] {words}", flush=True)

    try:
        folder = options.log.parent / f"{ENDING.sub('', options.log.name, count=1)}_report"
        return _road(options.log, folder, options.encoding, options.next, say)
    except (ValueError, TypeError, OSError, SyntaxError, NameError) as error:
        print(f"Stopped. {_in_a_sentence(error)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

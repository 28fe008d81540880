"""The form does what the code does, says every error as text, and stops when asked."""

import asyncio
import html
import re

import numpy as np
import pandas as pd
import pytest

from helpers.capstone import comparison
from helpers.capstone.comparison import compare
from helpers.capstone.declaration import Declaration
from helpers.capstone.form import DataForm
from helpers.capstone.ranker import Recipe
from helpers.capstone.reading import read
from helpers.capstone.report import report
from helpers.capstone.table_checks import check

RECIPE = Recipe(units=(8,), towers=(4,), epochs=2)
OPTIONS = {"seeds": range(2), "rates": (0.003, 0.01), "also": ()}


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"user": rng.integers(0, 50, 600), "age": rng.uniform(18, 60, 600)})
    for task in ("click", "like"):
        frame[task] = (rng.random(600) < frame["age"] / 80).astype(int)
    frame.to_csv(tmp_path / "log.csv", index=False)
    return tmp_path / "log.csv"


@pytest.fixture
def form(path):
    return DataForm(path, recipe=RECIPE, **OPTIONS)


def test_roles_are_suggested_and_the_code_makes_the_same_declaration(form, path):
    expected = Declaration({"click": "binary", "like": "binary"}, "user", numbers=("age",))
    assert form.declaration == expected and form.recipe == RECIPE
    names = {"read": read, "Declaration": Declaration, "Recipe": Recipe, "report": Saved}
    exec(form.as_code(), names | {"compare": lambda *arguments, **options: (arguments, options)})
    (_, declaration, recipe), options = Saved.found
    assert (declaration, recipe, options) == (expected, RECIPE, OPTIONS)


class Saved:
    """Takes the place of a report, and keeps what it was given."""

    def __init__(self, found, file):
        Saved.found = found
        assert file.endswith("log.csv")

    def save(self, path):
        assert path.endswith("log_report.html")


def test_it_trains_and_writes_the_report_that_code_would_write(form, path):
    to = form.report_path
    assert to == path.with_name("log_report.html")
    asyncio.run(form.run())
    assert form.message.value == f"Done. The report is in {to.as_posix()}."
    by_code = compare(read(path), form.declaration, RECIPE, **OPTIONS)
    pd.testing.assert_frame_equal(form.found.scores, by_code.scores)
    page = to.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and report(form.found, path).page() == page
    assert "click" in form.result.value and not form.button.disabled and form.stop.disabled


def test_a_report_that_is_there_is_kept(form, path):
    kept = path.with_name("log_report.html")
    kept.write_text("written by hand", encoding="utf-8")
    assert form.report_path.name == "log_report_2.html"
    for number in (2, 3):
        asyncio.run(form.run())
        assert form.message.value.endswith(f"log_report_{number}.html.")
    assert kept.read_text(encoding="utf-8") == "written by hand" and len(list(path.parent.glob("*_report*"))) == 3


@pytest.mark.parametrize(
    "error", [PermissionError(30, "Read-only file system"), OSError(28, "No space left on device")]
)
def test_a_result_outlives_a_report_that_cannot_be_written(form, path, monkeypatch, error):
    def fails(*arguments):
        raise error

    monkeypatch.setattr("helpers.capstone.report.Report.save", fails)
    asyncio.run(form.run())
    assert form.found is not None and "click" in form.result.value and not form.button.disabled
    said = form.message.value
    assert said.startswith("Done, but the report could not be written to ") and error.strerror in said
    monkeypatch.undo()
    code = re.search(r"report\(.*?\)\.save\(.*?\)", html.unescape(said))[0]
    monkeypatch.chdir(path.parent)
    exec(code, {"report": report, "form": form})
    assert (path.parent / "report.html").exists()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"recipe": "MMoE"}, TypeError, "recipe: got str; expected a Recipe"),
        (
            {"recipe": Recipe(weighting={"click": 1.0, "like": 2.0})},
            ValueError,
            "weighting of the recipe: got {'click'",
        ),
        ({"roles": {"age": "feature"}}, ValueError, r"roles\['age'\]: got 'feature'; expected one of 'user'"),
    ],
)
def test_wrong_arguments_of_the_form_are_named(path, options, error, words):
    with pytest.raises(error, match=words):
        DataForm(path, **options)


def test_a_role_for_no_column_is_named(path):
    with pytest.raises(
        ValueError, match=r"roles: got 'agee', which is no column of .*log.csv; expected columns of the"
    ):
        DataForm(path, {"agee": "leave out"}, RECIPE, **OPTIONS)
    form = DataForm(path, {"age": "leave out"}, RECIPE, **OPTIONS)
    pd.read_csv(path).rename(columns={"age": "years"}).to_csv(path.with_name("other.csv"), index=False)
    form.path.value = str(path.with_name("other.csv"))  # another file has other columns
    assert form.roles["years"].value == "number" and not form.button.disabled


TAGS = ('<img src="x" onerror="alert(1)">', "</pre><script>alert(1)</script>", "</td><svg onload=alert(1)>")
RAW = re.compile(r"<(img src=.x|script|svg|/pre><script)", re.I)


def test_no_word_of_a_file_becomes_html(tmp_path):
    """Names of columns, values and the name of the file, in every part of the form and of the report."""
    image, script, svg = TAGS
    rng = np.random.default_rng(0)
    columns = {f"user {image}": rng.integers(0, 50, 600), f"when {svg}": np.arange(600)}
    columns |= {f"word {script}": rng.choice([image, script, svg], 600), f"age {image}": rng.uniform(18, 60, 600)}
    for task in (f"click {script}", f"like {svg}"):
        columns[task] = (rng.random(600) < columns[f"age {image}"] / 80).astype(int)
    pd.DataFrame(columns).to_csv(tmp_path / "log <svg onload=x>.csv", index=False)
    roles = {f"user {image}": "user", f"when {svg}": "time"}
    form = DataForm(tmp_path / "log <svg onload=x>.csv", roles, RECIPE, **OPTIONS)
    seen = [form.message.value, form.code.value]
    form.roles[f"age {image}"].value = "id"  # a sentence of the check, with the column's name
    seen.append(form.message.value)
    assert f"age {html.escape(image)}" in form.message.value and form.button.disabled
    form.roles[f"age {image}"].value = "number"
    form.roles[f"word {script}"].value = "number"  # a sentence with a value in it
    seen.append(form.message.value)
    assert "a number was declared, and row 0 has" in form.message.value
    form.roles[f"word {script}"].value = "id"
    reasons = [row.children[1].value for row in form.columns.children]
    asyncio.run(form.run())
    assert form.message.value.startswith("Done.")
    page = report(form.found, form.file).page()
    for part in (*seen, *reasons, form.message.value, form.code.value, form.result.value):
        assert not RAW.search(part), part
    assert not RAW.search(page)
    assert all(html.escape(tag) in page for tag in TAGS)
    assert any(html.escape(tag) in reason for tag in TAGS for reason in reasons)
    assert all(html.escape(task) in form.result.value for task in form.found.declaration.labels)


def test_stop_leaves_no_report(form):
    async def stopped():
        task = asyncio.create_task(form.run())
        await asyncio.sleep(0)
        form._stop(None)
        await task

    asyncio.run(stopped())
    assert form.message.value.startswith("Stopped at ") and not form.report_path.exists()
    assert not form.button.disabled and form.bar.layout.display == "none"


def test_the_form_shows_errors_as_text(form, path, monkeypatch):
    form.roles["age"].value = "leave out"
    assert form.button.disabled is False
    form.roles["user"].value = "leave out"
    assert "no feature" in form.message.value and form.button.disabled and form.code.value == ""
    form.roles["user"].value = "user"
    form.roles["like"].value = "number"
    assert "must fix" in form.message.value and "a single label" in form.message.value and form.button.disabled
    form.roles["like"].value = "binary label"
    form.choices["structure"].value, form.choices["bottom"].value = "MMoE", "DCN"
    assert "its experts are MLPs" in form.message.value and form.button.disabled
    form.choices["bottom"].value, form.choices["structure"].value = "MLP", "ESMM"
    assert "expected for ESMM no &#x27;like&#x27; without &#x27;click&#x27;" in form.message.value
    assert form.button.disabled
    form.choices["structure"].value = "Shared-Bottom"
    assert not form.button.disabled
    monkeypatch.setattr(comparison, "fit", lambda *arguments, **options: 1 / 0)
    asyncio.run(form.run())
    assert (
        form.message.value == "ZeroDivisionError: division by zero. Nothing was written." and not form.button.disabled
    )


@pytest.mark.parametrize("name", ["nowhere.csv", "bad.csv"])
def test_a_file_that_cannot_be_read_is_said(form, path, name):
    (path.parent / "bad.csv").write_bytes(b"\xff\xfe\x00")
    form.path.value = str(path.parent / name)
    assert form.message.value.startswith("path: got ") and form.button.disabled and form.columns.children == ()
    form.path.value = str(path)
    assert len(form.columns.children) == 4 and not form.button.disabled


def test_known_roles_come_first_and_words_are_escaped(path):
    pd.read_csv(path).assign(**{"<b>": "x"}).to_csv(path, index=False)
    form = DataForm(path, {"age": "leave out"}, RECIPE, **OPTIONS)
    assert form.roles["age"].value == "leave out" and form.roles["<b>"].description == "<b>"
    assert "<pre" in form.code.value and "A form for a table of your own" in form._repr_mimebundle_()["text/plain"]


def test_names_and_paths_with_quotes_make_code_that_runs(path):
    names = {"age": "user's age", "user": 'the "user"'}
    pd.read_csv(path).rename(columns=names).to_csv(path.parent / "it's.v2.csv", index=False)
    form = DataForm(path.parent / "it's.v2.csv", {'the "user"': "user"}, RECIPE, **OPTIONS)
    compile(form.as_code(), "code", "exec")
    assert form.report_path.name == "it's.v2_report.html"
    quoted = DataForm(f'  "{path}" ', recipe=RECIPE, **OPTIONS)
    assert quoted.frame is not None and quoted.report_path.name == "log_report.html"


def test_what_is_compared_is_fixed_when_training_starts(form, path):
    seen = []
    form.bar.observe(
        lambda _: seen.append([form.path.disabled, form.reader.disabled, form.roles["age"].disabled]), "value"
    )
    asyncio.run(form.run())
    assert seen and all(map(all, seen)) and not form.path.disabled and not form.roles["age"].disabled


def test_without_a_path_it_asks_for_one():
    assert DataForm().message.value == "Type the path of a CSV file and press Read."


def test_a_file_without_a_header_needs_a_tick_and_its_report_repeats_it(path):
    text = path.read_text(encoding="utf-8").partition("\n")[2]
    path.write_text(text, encoding="utf-8")
    form = DataForm(path, recipe=RECIPE, **OPTIONS)
    assert "looks like data" in form.message.value and form.button.disabled
    form.headless.value = True
    assert list(form.roles) == ["column 1", "column 2", "column 3", "column 4"]
    assert "header=False)" in form.as_code()
    asyncio.run(form.run())
    page = html.unescape(path.with_name("log_report.html").read_text(encoding="utf-8"))
    assert "log.csv" in page and "header=False)" in page


def test_a_tick_judges_on_new_users(form):
    form.new_users.value = True
    assert form.declaration.new_users and "new_users=True" in form.as_code() and not form.button.disabled
    form.roles["user"].value = "id"
    assert "without a user" in form.message.value and form.button.disabled


def test_quick_is_a_choice_and_in_the_code(form, path):
    assert "mode=" not in form.as_code()
    form.mode.value = "quick"
    assert 'recipe, mode="quick", seeds=' in form.as_code()
    asyncio.run(form.run())
    assert form.found.mode == "quick" and "quick look" in path.with_name("log_report.html").read_text(encoding="utf-8")
    assert DataForm(path, recipe=RECIPE, mode="quick").mode.value == "quick"
    with pytest.raises(ValueError, match="mode: got 'fast'; expected one of 'thorough', 'quick'"):
        DataForm(path, mode="fast")


def test_the_estimate_is_shown_before_training(form):
    said = []
    form.message.observe(lambda change: said.append(change.new), "value")
    asyncio.run(form.run())
    assert said[0] == "At work …" and re.fullmatch(r"At work: about .* training runs of 2 epochs\. A busy .*", said[1])


def test_the_table_is_checked_once_after_several_changes(form, monkeypatch):
    """In a kernel, where a pause can be waited for; until then there is no training."""
    calls = []

    def counted(*arguments):
        calls.append(arguments[0])
        return check(*arguments)

    monkeypatch.setattr("helpers.capstone.form.check", counted)
    monkeypatch.setattr("helpers.capstone.form.PAUSE", 0.05)

    async def turned():
        for role in ("id", "leave out", "number", "leave out"):
            form.roles["age"].value = role
            assert form.button.disabled and not calls and ('numbers=("age",)' in form.as_code()) == (role == "number")
        while not calls:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)

    asyncio.run(turned())
    assert [own.numbers for own in calls] == [()] and not form.button.disabled

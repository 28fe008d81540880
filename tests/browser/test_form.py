"""The capstone's form in JupyterLab: by keyboard, with names, files of all kinds, and from the file to the report."""

import re

import pandas as pd
import pytest

from helpers.capstone.report import Report, _table
from tests.browser.conftest import each

# one process opens this notebook for `test_lab.py` and for these tests
form_of_08 = pytest.mark.parametrize("book", [p for p in each("lab") if p.values[0].startswith("08")], indirect=True)
ROWS = "".join(f"{row % 40},{row % 30},{18 + row % 50}.5,{row % 2},{row // 2 % 2},{row + 100}\n" for row in range(600))
GOOD = "user,item,age,click,like,time\n" + ROWS
ENABLED = """() => [...document.querySelectorAll(".mtl-form button")]
  .some((button) => button.innerText === "Train and report" && !button.disabled)"""
# tables of a report that are wider than their box, by how much
CUT = """() => [...document.querySelectorAll(".mtl-report .table")]
  .map((box) => [box.innerText.slice(0, 40), box.scrollWidth - box.clientWidth]).filter(([_, over]) => over > 0)"""
# texts in an element that are hard to read on what is painted behind them: [contrast (WCAG 2), text]
PALE = """root => {
  const rgb = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return { c: [r, g, b], a }; };
  const light = ({ c }) => c.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + [0.2126, 0.7152, 0.0722][k] * v, 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.a > 0.99) return colour;
    }
    return rgb("rgb(255, 255, 255)");
  };
  const texts = [...root.querySelectorAll("*")].filter((e) => e.checkVisibility() && e.tagName !== "STYLE" &&
    (["INPUT", "SELECT"].includes(e.tagName) || [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())));
  const found = texts.map((e) => {
    const [one, other] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    return [(one + 0.05) / (other + 0.05), (e.innerText || e.value || e.tagName).slice(0, 60)];
  });
  if (found.length < 5) throw new Error("hardly any text");
  return found.filter(([contrast]) => contrast < 4.5);
}"""
BAD = {  # a file, and what the form says of it
    "gone.csv": (None, "where there is no file"),
    "empty.csv": ("", "cannot be read"),
    "header.csv": ("user,click,like\n", "without a row below its header"),
    "twice.csv": (GOOD.replace("like", "click", 1), "with 'click' twice in its header"),
    "longer.csv": (GOOD.replace("0,0,18.5", "0,0,18.5,7", 1), "with 7 values in the line that begins with '0,0,18.5,7"),
    "shorter.csv": (GOOD.replace("0,0,18.5,", "0,0,", 1), "with 5 values in the line that begins with '0,0,0,0,100'"),
    "gbk.csv": (GOOD.replace("user", "用户", 1).encode("gbk"), "expected a CSV file in UTF-8 with a header"),
    "words.csv": (re.sub(r",1,(\d+)\n", r",yes,\1\n", GOOD), "a single label"),
    "one_class.csv": (re.sub(r",\d,(\d+)\n", r",1,\1\n", GOOD), "a single label"),
    "few.csv": ("".join(GOOD.splitlines(keepends=True)[:51]), "50 rows are too few to train on"),
    "days.csv": (re.sub(r",(\d+)\d\d\n", r",0\1/05/2026\n", GOOD), "which is the day?"),
    "no_user.csv": (GOOD.replace("\n0,", "\n,"), "15 rows have no user"),
    "<b>.csv": ("<i>x</i>,click,like\n" + "".join(f"w{k % 3},{k % 2},{k // 2 % 2}\n" for k in range(90)), "90 rows"),
}


def parts(book):
    form = book.page.locator(".mtl-form")
    return form, form.locator(".mtl-code"), form.get_by_role("button", name="Train and report")


def read(book, name: str):
    """Type a path and press Read."""
    form = book.page.locator(".mtl-form")
    form.get_by_label("CSV file").fill(name)
    form.get_by_role("button", name="Read", exact=True).click()


@form_of_08
def test_every_column_has_a_role_with_a_name(book):
    form, code, train = parts(book)
    names = form.locator(".widget-dropdown .widget-label").all_inner_texts()
    assert {"user", "video", "click", "structure", "bottom", "weighting"} <= set(names)
    for name in names:
        label = form.get_by_label(name, exact=True).first
        assert label.evaluate("select => select.labels[0].innerText") == name
    assert 'user="user"' in code.inner_text() and train.is_enabled()


@form_of_08
def test_a_role_moves_the_code_and_a_mistake_is_said(book):
    form, code, train = parts(book)
    click = form.get_by_label("click", exact=True)
    click.focus()
    book.page.keyboard.press("ArrowDown")  # JupyterLab would go to the next cell
    code.get_by_text(re.compile('"click": "regression"')).wait_for()
    click.select_option("leave out")
    form.get_by_text(re.compile("a single label")).wait_for()
    assert train.is_disabled()
    click.select_option("binary label")
    code.get_by_text(re.compile('"click": "binary"')).wait_for()
    book.page.wait_for_function(ENABLED)
    assert "Traceback" not in form.inner_text()


@form_of_08
def test_report_and_form_can_be_read_in_both_themes(book):
    for name in ("JupyterLab Dark", "JupyterLab Light"):
        book.theme(name)
        for place in (".mtl-report", ".mtl-form"):
            assert book.page.locator(place).first.evaluate(PALE) == [], (name, place)
        assert book.page.evaluate(CUT) == [], name


@pytest.mark.parametrize("task", ["sixteen_letters_", "a_long_name_of_a_column_without_a_blank_in_it_anywhere_at_all"])
@pytest.mark.parametrize(("width", "media"), [(1000, "screen"), (670, "print")])
def test_tables_fit_whatever_a_task_is_called(browser, task, width, media):
    row = {"task": task, "so it": "is undecided", "gain": "+0.012", "95% interval": "-0.015 to +0.039", "in": "AUC"}
    levels = {"task": task, "metric": "AUC"} | dict.fromkeys(("alone", "shared", "item's mean"), "0.624")
    levels |= dict.fromkeys(("linear model", "boosted trees"), "0.651")
    page = browser.new_page(viewport={"width": width, "height": 600})
    page.emulate_media(media=media)
    page.set_content(Report("", "".join(_table(pd.DataFrame([one])) for one in (row, levels))).page())
    assert page.locator(".mtl-report td").count() == len(row) + len(levels) and page.evaluate(CUT) == []
    page.close()


@form_of_08
def test_it_can_be_stopped_and_goes_on_to_the_report(book, browser):
    form, _, train = parts(book)
    train.click()
    form.get_by_role("button", name="Stop").click()
    form.get_by_text(re.compile("^Stopped at .+%; nothing was written")).wait_for()
    assert not (book.lab.root / "capstone" / "feed_report.html").exists()
    train.click()
    form.locator("select:disabled").first.wait_for()  # what is compared does not change on the way
    form.get_by_text("Done. The report is in capstone/feed_report.html.").wait_for(timeout=60_000)
    book.page.wait_for_function(ENABLED)
    assert form.locator("select:disabled").count() == 0
    path = book.lab.root / "capstone" / "feed_report.html"
    html = path.read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>") and "Does sharing help here?" in html
    for width, media in ((390, "screen"), (1000, "screen"), (1280, "screen"), (670, "print")):  # A4 between its margins
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.emulate_media(media=media)
        page.goto(path.as_uri())
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert width == 390 or page.evaluate(CUT) == []
        assert page.evaluate("() => [...document.images].every((image) => image.naturalWidth > 100)")
        page.close()


@form_of_08
def test_whatever_the_file_the_form_says_it_in_a_sentence(book):
    """One after the other in one form, and after them a good one: nothing of a bad file stays."""
    form, code, train = parts(book)
    (book.lab.root / "good.csv").write_text(GOOD, encoding="utf-8")
    errors = book.page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]')
    for name, (text, words) in BAD.items():
        if text is not None:
            (book.lab.root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        read(book, name)
        form.get_by_text(re.compile(re.escape(words))).first.wait_for()
        assert train.is_disabled(), name
        assert "Traceback" not in form.inner_text() and errors.count() == 0, name
        read(book, "good.csv")
        code.get_by_text(re.compile('read."good.csv".')).wait_for()
        book.page.wait_for_function(ENABLED)
        book.page.wait_for_function("() => document.querySelectorAll('.mtl-form .widget-dropdown').length === 6 + 4")
    assert form.locator("i").count() == 0  # a name that is HTML was text
    assert not list(book.lab.root.glob("*_report.html"))
    read(book, "capstone/feed.csv")
    form.get_by_text(re.compile("8,000 rows of 20 columns")).wait_for()
    assert book.trouble == []

"""The capstone's form in JupyterLab: by keyboard, with names, and from the file to the report."""

import re

import pytest

form_of_08 = pytest.mark.parametrize("book", ["08_capstone.ipynb"], indirect=True)


def parts(book):
    form = book.page.locator(".mtl-form")
    return form, form.locator(".mtl-code"), form.get_by_role("button", name="Train and report")


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
    book.page.keyboard.press("ArrowDown")
    code.get_by_text(re.compile('"click": "regression"')).wait_for()
    click.select_option("leave out")
    form.get_by_text(re.compile("one label alone")).wait_for()
    assert train.is_disabled()
    click.select_option("binary label")
    code.get_by_text(re.compile('"click": "binary"')).wait_for()
    assert "Traceback" not in form.inner_text()


@form_of_08
def test_it_can_be_stopped_and_goes_on_to_the_report(book):
    form, _, train = parts(book)
    train.click()
    form.get_by_role("button", name="Stop").click()
    form.get_by_text(re.compile("^Stopped at .+%; nothing was written")).wait_for()
    train.click()
    form.get_by_text("Done. The report is in capstone/feed_report.html.").wait_for(timeout=60_000)
    page = (book.lab.root / "capstone" / "feed_report.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and "Does sharing help here?" in page

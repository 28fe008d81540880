"""The second day: some cells were run, the notebook was saved, everything was stopped, and it is opened again."""

import shutil

import pytest

from tests.browser.conftest import WIDGETS
from tests.browser.lab import Book, Lab
from tests.browser.test_live import cards, movable, moves_by_keys

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("second day")]
LOST = "Error displaying widget"


@pytest.fixture(scope="module")
def saved(browser, folder, tmp_path_factory):
    """The folder of a notebook that was saved, and the home of who trusts it.

    Of the two explorers the first was run once, the second twice; of the predictions the first twice, the second once.
    The first explorer's code was run in a new cell as well: the file holds no state for what that made.
    """
    root, home = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("first day")
    shutil.copy(folder / WIDGETS.name, root)
    lab = Lab(root, home)
    lab.trust(WIDGETS.name)
    book = Book(browser, lab, WIDGETS.name)
    for cell in ("setup", "table", "words", "explorer", "single", "single", "predict", "predict", "predict-number"):
        book.run(cell)
    book.run("explorer", copied=True)
    book.page.locator(".mtl-card").nth(4).wait_for()
    book.save()
    assert book.page.get_by_text(LOST).count() == 0 and book.trouble == []
    book.close()
    lab.stop()
    return root, home


@pytest.fixture
def reopened(browser, saved, tmp_path, request):
    root, home = saved
    lab = Lab(root, home if request.param == "trusted" else tmp_path)
    book = Book(browser, lab, WIDGETS.name)
    yield book
    book.close()
    lab.stop()


@pytest.mark.parametrize("reopened", ["trusted"], indirect=True)
def test_trusted_it_is_live(reopened):
    reopened.page.locator(".mtl-card").nth(5).wait_for()
    assert reopened.page.locator(".mtl-card").count() == 6  # and the copy's picture
    assert reopened.page.locator(".jp-OutputArea-output img").count() == 1
    reopened.page.wait_for_timeout(3000)  # JupyterLab looks for a model for two seconds
    assert reopened.page.get_by_text(LOST).count() == 0
    for card in cards(reopened):
        assert moves_by_keys(reopened, card, movable(card)[0])
    assert reopened.trouble == []


@pytest.mark.parametrize("reopened", ["untrusted"], indirect=True)
def test_untrusted_it_shows_pictures_and_questions(reopened):
    assert reopened.page.locator(".jp-OutputArea-output img").count() == 5
    assert sum("Prediction " in text for text in reopened.page.locator(".jp-OutputArea-output").all_inner_texts()) == 2
    assert reopened.page.get_by_text(LOST).count() == 0

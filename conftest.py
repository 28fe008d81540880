"""What holds for every test and for every notebook cell that nbval runs.

- On a user's machine a test may be skipped, with a word that says what is missing (Chromium, node,
  MovieLens-100K, Census-Income). In CI nothing is missing but Census-Income, which is not fetched unasked: any other
  skip fails.
- PyTorch computes on one thread, as in the notebooks; so it does in the processes that tests start, for two that train
  side by side on two threads each wait for one another most of the time.
- `pytest --nbval notebooks` needs no further option: progress bars, which a slow machine shows and a fast one does not,
  are left out; measured decimals are not compared (`tests/nbval_sanitize.cfg`); of a picture and its text in HTML, and
  of a table as text and in HTML, the HTML is compared, as the notebooks keep it alone.
- Cells tagged `movielens` are skipped where the data are absent. Outputs of cells tagged `live` are not compared.
"""

import os
from functools import partial
from pathlib import Path

import pytest

from helpers.support import environment
from helpers.support.downloads import CENSUS, MOVIELENS
from tools.lab import WIDGET_STATE, WIDGET_VIEW

ROOT = Path(__file__).parent
DATA = ROOT / "data"


def pytest_configure(config):
    option = config.option
    if getattr(option, "nbval", False):  # its options are there only where it is installed
        os.environ["TQDM_DISABLE"] = "1"  # kernels inherit it
        option.nbval_current_env |= option.nbval_kernel_name is None
        option.nbval_sanitize_with = option.nbval_sanitize_with or str(ROOT / "tests" / "nbval_sanitize.cfg")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    environment.threads()
    os.environ["OMP_NUM_THREADS"] = "1"


def pytest_collection_modifyitems(items):
    for item in items:
        tags = getattr(item, "cell", {}).get("metadata", {}).get("tags", [])  # only nbval's items have a cell
        if hasattr(item, "compare_outputs"):
            models = item.parent.nb.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
            item.compare_outputs = partial(same_outputs, item.compare_outputs, models)
        if "live" in tags:
            item.options["check"] = False
        if "movielens" in tags and not MOVIELENS.present(DATA / MOVIELENS.folder.name):
            item.add_marker(pytest.mark.skip(reason=MOVIELENS.absent))


def same_outputs(compare, models, ran, committed) -> bool:
    """Whether the outputs of a cell are the same to nbval, those of the run and of the file in canonical form."""
    from tools.notebooks import once  # it loads nbclient, which most tests do not need

    committed = [*committed, *(shown for output in committed for shown in beside_sliders(output, models))]
    for output in (*ran, *committed):
        if "data" in output:
            output.data = once(output.data)
    return compare(ran, committed)


def beside_sliders(output, models) -> list:
    """What a slider of ipywidgets shows: the file has it as the state of a widget, and nbval, in a run, as outputs of
    the cell."""
    box = models.get(output.get("data", {}).get(WIDGET_VIEW, {}).get("model_id"), {"state": {}})
    inside = [models.get(name.removeprefix("IPY_MODEL_"), {"state": {}}) for name in box["state"].get("children", [])]
    return [shown for widget in inside for shown in widget["state"].get("outputs", [])]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    missing = report.skipped and not hasattr(report, "wasxfail") and CENSUS.absent not in str(report.longrepr)
    if missing and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and in CI nothing may be: {report.longrepr[-1]}"
    return report

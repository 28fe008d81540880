"""Ids of widgets that are the same in every run of a cell, so that a saved notebook shows them on the next day too.

JupyterLab saves the ids of the widgets on show, but not their state: what the file holds of that stays as it is. Ids
drawn anew in each run would find nothing there ("Error displaying widget: model not found"). This module stands alone.
"""

import functools
import hashlib
import sys
from collections import Counter
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakValueDictionary

from ipywidgets import Widget

Maker = TypeVar("Maker", bound=Callable)

_open: WeakValueDictionary[str, Widget] = WeakValueDictionary()
_given: dict[str, Counter[str]] = {}  # the run of a cell that is at work: how many ids each class of widgets has


def stable(make: Maker) -> Maker:
    """Give every widget that is made inside `make` an id of the cell that runs: its id, its code, the widget's class
    and a number.

    A cell that runs again uses its ids again, and its former widgets are closed. Another cell, or the same with other
    code, has other ids. Outside a notebook, and where cells have no ids, those of widgets stay random.
    """

    @functools.wraps(make)
    def inside(*args, **kwargs):
        Widget.on_widget_constructed(_name)
        try:
            return make(*args, **kwargs)
        finally:
            Widget.on_widget_constructed(None)

    return inside


def _name(widget: Widget) -> None:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    message = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell = message.get("metadata", {}).get("cellId")
    if not cell:
        return
    run = message["header"]["msg_id"]
    if run not in _given:
        _given.clear()
        _given[run] = Counter()
    kind = type(widget).__name__
    _given[run][kind] += 1
    code = hashlib.sha256(message["content"]["code"].encode()).hexdigest()[:8]
    name = f"{cell}.{code}.{kind}.{_given[run][kind]}"
    if name in _open:
        _open[name].close()
    _open[name] = widget
    widget._model_id = name  # what the argument `model_id` sets; parts such as a slider's style are not given one

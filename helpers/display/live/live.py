"""The explorable: a picture that is computed in the browser while the reader drags, with questions that notice when
they are answered.

It is one JavaScript file on top of `kit.js`, which describes what such a file has to say. The file of an explorable is
next to the Python module that shows it: in its chapter's folder, or here if it belongs to no chapter. It imports what
several share by `import { … } from "../../display/live/kit.js";`, a line at its top (`helpers.display.scripts`).
"""

import json
from pathlib import Path

import anywidget
import traitlets
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from helpers.display.model_ids import stable
from helpers.display.pictures import image, png
from helpers.display.scripts import joined
from helpers.support import validate

HERE = Path(__file__).parent
DATA_BYTES = 300_000

_one_text = {
    "sync": True,
    "to_json": lambda value, _: json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False),
    "from_json": lambda text, _: json.loads(text),
}


class Live(anywidget.AnyWidget):
    """An explorable.

        Live(Path(__file__).with_name("conflict.js"), "Two tasks on one plane", {"angle": 30}, figure)

    script   its JavaScript
    title    what it is, for those who hear the page
    start    the first state: numbers, booleans, words, lists of numbers
    picture  a figure of the first state, for those without scripts; closed here
    words    what this figure shows, as a sentence: its alternative text
    data     what the JavaScript reads as `stage.data`; at most 300 kB as JSON
    name     of the explorable, under which its guesses are kept; without one that of the file
    """

    _css = "".join(path.read_text(encoding="utf-8") for path in (HERE.parent / "explorer.css", HERE / "kit.css"))
    name = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    start = traitlets.Dict().tag(**_one_text)  # as one string: a notebook gives each number a line of its own
    data = traitlets.Dict().tag(**_one_text)

    @stable
    def __init__(
        self,
        script: Path,
        title: str,
        start: dict,
        picture: Figure,
        words: str,
        *,
        data: dict | None = None,
        name: str = "",
    ):
        data = data or {}
        validate.number("bytes of data", len(json.dumps(data)), 0, DATA_BYTES)
        self._esm = joined(script)
        self._png, self._words = png(picture), words
        plt.close(picture)  # otherwise the cell would show it
        super().__init__(name=name or script.stem, title=title, start=start, data=data)

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        text = f"{self.title}: a picture to drag. Run this cell, or trust the notebook, to move it."
        still = {"image/png": self._png, "text/html": image(self._png, self._words)}
        return data | {"text/plain": text} | still, metadata

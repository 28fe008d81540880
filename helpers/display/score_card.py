"""The score card at the end of a chapter: what the reader predicted, what came of it, why a wrong guess tempts.

It holds the ids of predictions and no answer. Each prediction (`prediction.js`) leaves what it showed in the reader's
browser when it opens, and the card reads it there: with or without a kernel, and on another day. No file and no kernel
ever learns a guess.
"""

from pathlib import Path

import anywidget
import traitlets

from helpers.display.scripts import joined


class ScoreCard(anywidget.AnyWidget):
    """Predictions by their ids: guessed, skipped or not yet opened; what came of the first two; how many were right."""

    _esm = joined(Path(__file__).with_name("score_card.js"))
    _css = Path(__file__).with_name("explorer.css")
    ids = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        lines = [f"Your predictions {', '.join(self.ids)}."]
        lines.append("To see them, run this cell or trust the notebook (jupyter trust).")
        return data | {"text/plain": "\n".join(lines)}, metadata

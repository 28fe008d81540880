"""How a chapter reads, in numbers, next to two texts that read well: `python -m tools.reading [NOTEBOOK ...]`.

For authors; no test looks at it. Counted is what a reader sees without opening a fold: no exercises, tables, code and
cards, and no numbers of chapters, sections and years. A number tells nothing of a sentence: it finds the page to read
aloud first. Below it come words that mislead readers, and how often they are there.
"""

import argparse
import re
from pathlib import Path

import pandas as pd
from nbformat import NotebookNode

from tools import minutes, notebooks

COLUMNS = ("words", "words a sentence", "% of 6 or fewer", "numbers / 100 words", "colons / 100 sentences")
COLUMNS += ("connectives / 1,000 words", "we, you / 1,000 words")
MODELS = {  # counted in November 2026: eight sections of Dive into Deep Learning; Distill on momentum
    "d2l": (None, 17.9, 8, 0.2, 8, 13.6, 34.3),
    "Distill": (None, 17.4, 5, 0.2, 6, 8.0, 21.8),
}
MISLEADING = r"surely|to take along|as claims?:|nothing that matters|(?:draws?|are|is) level|models? apart|a model each"
CONNECTIVES = "however|although|though|whereas|for example|for instance|suppose|that is|instead|therefore"
LEFT_OUT = re.compile(
    r"^(?:\||#|>|\*\d+ min).*$|^\d\. |`[^`]*`|\b(?:chapters?|sections?|exercise) [\d.]+|\b(?:19|20)\d\d\b", re.MULTILINE
)
ENDS = re.compile(r"(?<=[.?!])[\"”*)]*\s+|\n\s*\n|\n- ")


def prose(notebook: NotebookNode) -> str:
    """What a reader sees of a notebook's text, without its exercises."""
    cells = [cell for part in minutes.sections(notebook) if part.part != "exercises" for cell in part.cells]
    text = "\n\n".join(minutes.FOLD.sub(" ", cell.source) for cell in cells if cell.cell_type == "markdown")
    return LEFT_OUT.sub(" ", minutes.FORMULA.sub(" formula ", minutes.NO_WORDS.sub(" ", text)))


def measures(text: str) -> tuple[float, ...]:
    """The values of `COLUMNS`."""
    sentences = [len(sentence.split()) for sentence in ENDS.split(text) if re.search(r"[^\W\d_]{2}", sentence)]
    words, of = len(re.findall(r"[^\W\d_][\w'’-]*", text)), len(sentences)
    numbers, colons = len(re.findall(r"(?<![\w.])\d[\d,.]*", text)), len(re.findall(r":(?=\s|$)", text))
    said = [len(re.findall(rf"\b(?:{kind})\b", text.lower())) for kind in (CONNECTIVES, "we|us|our|you|your|let")]
    few = sum(length <= 6 for length in sentences)
    rates = (100 * few / of, 100 * numbers / words, 100 * colons / of, *(1_000 * count / words for count in said))
    return words, sum(sentences) / of, *rates


if __name__ == "__main__":
    about = "Print how chapters read, in numbers, next to two texts that read well."
    parser = argparse.ArgumentParser(prog="python -m tools.reading", description=about)
    chapters = sorted(Path("notebooks").glob("0*.ipynb"))
    parser.add_argument("notebook", nargs="*", type=Path, default=chapters, help="All chapters if none is named.")
    texts = {path.stem: prose(notebooks.read(path)) for path in parser.parse_args().notebook}
    print(pd.DataFrame(MODELS | {name: measures(text) for name, text in texts.items()}, COLUMNS).T.round(1).to_string())
    for name, text in texts.items():
        counts = pd.Series(re.findall(rf"\b(?:{MISLEADING})", text.lower()), dtype=str).value_counts()
        print(f"{name}: {', '.join(f'{words} {count}' for words, count in counts.items()) or 'none'}")

"""Plain English: words and turns of phrase that read as translated, with what to write instead.

    python -m tools.english [FILE or folder ...]

It reads Markdown, the cells of notebooks, and the strings, docstrings and comments of Python. Word order and long
sentences are beyond it: read the paragraph aloud.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tools import notebooks
from tools.notebooks import ROOT

CHECKED = ("*.md", "benchmarks", "data/README.md", "docs", "examples", "helpers", "notebooks", "tools")
SUFFIXES = (".md", ".py", ".ipynb")
PHRASAL = (
    r"from \S+|hand\w*|go(?:es)?|pass\w*|comes|here|and|so"  # with "on" or "in" after it, which may end a sentence
)

# a pattern of a sentence (its first group, if it has one, is what is wrong), and what to write instead
RULES = {
    re.compile(pattern): instead
    for pattern, instead in {
        # words
        r"\b[Mm]end(?:s|ed|ing)?\b": "fix, correct",
        r"\b[Rr]eckon(?:s|ed|ing)?\b": "estimate, count",
        r"\bdearer\b": "more expensive",
        r"\btrainings\b": "training runs",
        r"\b(?:a|each|one|every) training(?=[.,;:)]|$| (?:that|which|can|is|has|takes)\b)": "a run",
        r"\bas good as (?:absent|certain|equal|gone|nothing|none|no|never|always|all)\b": "almost",
        r"\b[Nn]othing to speak of\b": "negligible",
        r"\bgives? out\b": "outputs",
        r"\b(?:comes?|came|coming) out\b": "is, turns out; comes out again: replicates",
        r"\b(?:stands?|stood|standing) (?:beside|in(?! for)|on|at|below|above|there|here|open|before)\b": "is",
        r"(?<!we )\bshall\b": "must, will",
        r"\bcounts from\b": "counts only above",
        r"\bhears? (?:mostly |only )?of\b": "hears from",
        r"\bhelps? against\b": "prevents; the defence is",
        # constructions
        r"\b[Ww]hoever\b": "if you …; anyone who …",
        r"^(Who \w+)\b(?<!Who pays)[^?]*\.$": "if you …; anyone who …",
        r"[:;,] (who \w+) [^?]*, (?:pays|gains|loses|gets)\b": "a task that …",
        r"(?<![(\d])(?<! (?:all|one))(?<! (?:each|most|some|many|none|both)) (of which)\b": "whose, for which",
        r", (for (?:it|they|we|there|you|he|she|nobody|nothing) \w+)": "because",
        r"\b\w's being \d": "relative to …",
        r"(?:^|; )([Ee]lse) (?!if\b)": "otherwise",
        r"\bone speaks of\b|\bcalled so\b": "is called",
        r"\b(?:by|in) (?:itself|themselves),? no\b|\bno disease\b": "not … in itself",
        r"\bis no (?:error|failure|diagnosis|matter)\b|\bno matter of\b": "is not a …",
        r"\bWhat is left are\b": "what remains is",
        r"\bwhat counts of\b": "what matters in",
        # how sentences end
        r"\b(either)\.$": "too; or turn the sentence round",
        r"(?<!think )\b(of|for|with|by|at|from|to|about|beside|into|upon)\.$": "put the preposition before its noun",
        rf"^(?!.*\b(?:{PHRASAL}) (?:on|in)\.$).*\b(on|in)\.$": "put the preposition before its noun",
    }.items()
}


class Hit(NamedTuple):
    """A sentence with a turn of phrase that reads as translated."""

    where: str  # file:line, or file:cell
    found: str
    instead: str
    sentence: str

    def __str__(self) -> str:
        return f'{self.where}: "{self.found}" ({self.instead}): {self.sentence}'


def course() -> list[Path]:
    """The files that `make lint` reads."""
    checked = find([path for pattern in CHECKED for path in ROOT.glob(pattern)])
    return [file for file in checked if file != Path(__file__).resolve()]


def find(paths: list[Path]) -> list[Path]:
    """The files with prose among `paths` and in the folders among them."""
    files = {file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))}
    return sorted(file for file in files if file.suffix in SUFFIXES and ".ipynb_checkpoints" not in file.parts)


def hits(path: Path) -> list[Hit]:
    """What reads as translated in a file."""
    found = []
    for where, text in texts(path):
        for sentence in sentences(text):
            for pattern, instead in RULES.items():
                if match := pattern.search(sentence):
                    found.append(Hit(f"{path}:{where}", match[match.lastindex or 0], instead, sentence))
    return found


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """(line or cell, text) of each piece of prose in a file."""
    if path.suffix == ".ipynb":
        for cell in notebooks.read(path).cells:
            pieces = markdown(cell.source) if cell.cell_type == "markdown" else python(cell.source)
            yield from ((cell.id, text) for _, text in pieces)
    else:
        pieces = (markdown if path.suffix == ".md" else python)(path.read_text(encoding="utf-8"))
        yield from ((str(line), text) for line, text in pieces)


def markdown(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of its paragraphs, items and cells of tables, without code."""
    source = re.sub(r"^```.*?^```", lambda code: "\n" * code[0].count("\n"), source, flags=re.DOTALL | re.MULTILINE)
    line = 1
    for piece in re.split(r"(\n\s*\n|^[ >]*(?:[-*#]+|\d+\.) |\|)", source, flags=re.MULTILINE):
        yield line, piece
        line += piece.count("\n")


def python(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of its docstrings and other strings, a paragraph at a time, and of runs of comments."""
    tree = ast.walk(ast.parse(source))
    parts = set()
    for node in tree:  # a string with fields before its parts
        if isinstance(node, ast.JoinedStr):
            parts |= set(map(id, node.values))
            text = "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            text = node.value
        else:
            continue
        yield from ((node.lineno, paragraph) for paragraph in text.split("\n\n"))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    run: list[str] = []
    for token, after in pairwise([*comments, None]):
        run.append(token.string.lstrip("# "))
        if after is None or after.start != (token.start[0] + 1, token.start[1]):
            yield token.start[0] - len(run) + 1, " ".join(run)
            run = []


def sentences(text: str) -> list[str]:
    """The sentences of a piece of prose, without code, addresses and marks."""
    text = re.sub(r"``[^`]*``|`[^`]*`", "x", text)
    text = re.sub(r"\]\([^)]*\)|https?://\S+|[*_\[\]]{1,2}", "", text)
    return [part.strip() for part in re.split(r"(?<=[.!?;:])\s+(?=[A-Z(\"])", " ".join(text.split())) if part.strip()]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.english", description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="by default, what `make lint` reads")
    paths = parser.parse_args().paths
    found = [hit for path in (find(paths) if paths else course()) for hit in hits(path)]
    print("\n".join(map(str, found)), end="\n" * bool(found), file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())

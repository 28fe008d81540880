"""JavaScript of widgets in several files: what they share is written once.

A file imports by `import { … } from "./elements.js";`, a line of its own. Since a widget's code is one text, `joined`
puts the text of that file in place of the line; node runs the result, and an editor follows the path.
"""

import re
from pathlib import Path

IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[^"]+)";\n', re.MULTILINE)


def joined(script: Path) -> str:
    """The text of a JavaScript file with that of every file it imports in place of the import, each once."""
    return _with_imports(script.resolve(), set())


def _with_imports(script: Path, there: set[Path]) -> str:
    def text(statement: re.Match) -> str:
        path = (script.parent / statement[1]).resolve()
        if path in there:
            return ""
        there.add(path)
        return re.sub(r"^export (?!default)", "", _with_imports(path, there), flags=re.MULTILINE)

    return IMPORT.sub(text, script.read_text(encoding="utf-8"))

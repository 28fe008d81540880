"""Explorables: one text for browser and node, a picture without scripts."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from helpers.display import palette
from helpers.display.live.live import Live
from helpers.display.scripts import joined
from helpers.support.environment import ROOT

POINT = Path(__file__).with_name("point.js")
START = {"x": 2, "y": 3, "on": False}
SCRIPTS = [*(ROOT / "helpers").rglob("live/*.js"), *(ROOT / "helpers" / "chapters").rglob("*.js"), POINT]

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def node(code: str) -> str:
    """What a module prints in node."""
    command = ["node", "--input-type=module"]
    return subprocess.run(command, input=code, capture_output=True, text=True, check=True).stdout


def asked(script: Path, expression: str, before: str = ""):
    """The value of an expression in a script, below other code."""
    return json.loads(node(f"{joined(script)}\n{before}\nconsole.log(JSON.stringify({expression}) ?? null)"))


def point(**more) -> Live:
    return Live(POINT, "A point", START, plt.figure(figsize=(2, 1)), "A point at 2, 3.", **more)


@needs_node
@pytest.mark.parametrize("script", sorted(SCRIPTS), ids=lambda path: path.name)
def test_the_joined_text_is_a_module(script):
    assert node(joined(script) + "\nconsole.log('read')") == "read\n"


@needs_node
def test_the_kit_has_the_colours_of_the_palette():
    names = ["BLUE", "ORANGE", "GREEN", "PURPLE", "GREY", "BLACK", "BAND"]
    kit = joined(ROOT / "helpers/display/live/kit.js")
    colours = json.loads(node(f"{kit}\nconsole.log(JSON.stringify([{', '.join(names)}]))"))
    assert colours == [getattr(palette, name).lower() for name in names]
    ink = json.loads(node(f"{kit}\nconsole.log(JSON.stringify(AS_TEXT))"))
    changed = {colour: dark for colour, dark in ink.items() if colour != dark}
    assert changed == {colour.lower(): dark.lower() for colour, dark in palette.INK.items()}


def test_without_scripts_it_is_a_picture_with_words():
    data, _ = point()._repr_mimebundle_()
    assert '<img alt="A point at 2, 3." width="' in data["text/html"]
    assert data["image/png"] in data["text/html"]
    assert data["text/plain"].startswith("A point: ")
    assert plt.get_fignums() == []


def test_too_much_data_is_an_error():
    with pytest.raises(ValueError, match="bytes of data"):
        point(data={"x": "1" * 400_000})


def test_an_import_is_replaced_by_what_it_imports_once(tmp_path):
    (tmp_path / "a.js").write_text("export const a = 1;\n")
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\nexport const b = a + 1;\n')
    both = 'import { a } from "./a.js";\nimport {\n  b,\n} from "./b.js";\nexport default a + b;\n'
    (tmp_path / "c.js").write_text(both)
    assert joined(tmp_path / "c.js") == "const a = 1;\nconst b = a + 1;\nexport default a + b;\n"

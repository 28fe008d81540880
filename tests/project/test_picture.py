"""The picture that the README opens with has the colours of the page that it shows."""

import re

from PIL import Image, ImageSequence

from tools.notebooks import ROOT

PLAYGROUND = ROOT / "helpers" / "chapters" / "ch04" / "playground.js"


def test_every_feature_has_its_own_colour_in_every_picture():
    """Which colour is in which unit is what it shows. Where this fails: `python docs/record.py`."""
    (colours,) = re.findall(r"COLOURS = \[(.*)\]", PLAYGROUND.read_text(encoding="utf-8"))
    features = [tuple(bytes.fromhex(colour)) for colour in re.findall("#([0-9a-f]{6})", colours)]
    assert len(set(features)) == 8
    for picture in ImageSequence.Iterator(Image.open(ROOT / "docs" / "playground.gif")):
        found = {colour: pixels for pixels, colour in picture.convert("RGB").getcolors(2**16)}
        few = {colour for colour in features if found.get(colour, 0) < 200}
        assert not few, "a disc alone has more pixels"

"""Record `docs/playground.gif`, the picture that the README opens with: `python docs/record.py`, after a change of it.

Two tasks that share no feature, four units for both: the playground of chapter 04, as its exported page plays it. A
browser test compares the last picture with what the page shows.
"""

import argparse
import io
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright
from scipy.spatial import KDTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.chromium import CHROMIUM  # noqa: E402 (the course is no package of the machine)
from tests.browser.lab import FLAGS  # noqa: E402
from tools.site.pages import export  # noqa: E402

GIF, PICTURE = ROOT / "docs" / "playground.gif", ROOT / "docs" / "explorer.png"  # the last picture, for links
CHAPTER = ROOT / "notebooks" / "04_shared_bottom.ipynb"
CARD = ".mtl-live:has(.mtl-cell)"
WINDOW = {"viewport": {"width": 900, "height": 1100}, "device_scale_factor": 2}
PLAY, STAY = 4_000, 3_000  # milliseconds: of all pictures before the last, however many a machine takes; of the last
COLOURS = 128  # of all pictures together


def frames(page) -> list[Image.Image]:
    """The card as it is at first, and then while it trains eight seeds."""
    card = page.locator(CARD)
    card.scroll_into_view_if_needed()
    shots = [card.screenshot()]
    card.get_by_role("button", name="Play").click()
    while not card.get_by_text("you, 8 seeds", exact=True).is_visible():
        shots.append(card.screenshot())
    page.wait_for_timeout(1_000)  # the answer has appeared
    return [Image.open(io.BytesIO(shot)).convert("RGB") for shot in [*shots, card.screenshot()]]


def indexed(shots: list[Image.Image]) -> list[Image.Image]:
    """The pictures at half their size, in one palette: the colours that the page has most of, as they are there.

    Pillow's own palettes are means of many colours: two features came out alike.
    """
    counts = Counter()
    for shot in shots:
        counts.update({colour: count for count, colour in shot.getcolors(shot.width * shot.height)})
    colours = [colour for colour, _ in counts.most_common(COLOURS)]
    nearest, small = KDTree(colours), []
    for shot in shots:
        pixels = np.asarray(shot.resize((shot.width // 2, shot.height // 2)))
        small.append(Image.fromarray(nearest.query(pixels)[1].astype(np.uint8)))
        small[-1].putpalette(np.ravel(colours).tolist())
    return small


def main() -> int:
    argparse.ArgumentParser(description="Record docs/playground.gif and docs/explorer.png.").parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        export(sorted(CHAPTER.parent.glob("[0-9]*.ipynb")), Path(folder))  # the page as it is among the others
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(**WINDOW)
        page.goto(f"{Path(folder).as_uri()}/{CHAPTER.stem}.html")
        page.wait_for_selector("body[data-widgets=shown]")
        shots = frames(page)
        browser.close()
    shots[-1].save(PICTURE, optimize=True)
    small = indexed(shots)
    times = [PLAY // (len(small) - 1)] * (len(small) - 1) + [STAY]
    small[0].save(GIF, save_all=True, append_images=small[1:], duration=times, loop=0, optimize=True)
    print(f"{GIF.name}: {len(small)} pictures, {GIF.stat().st_size // 1024} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The exported pages as a reader opens them, from disk in Chromium: first paint, explorables, the playground.

An explorable is ready when its picture is drawn; its time begins when the page and its scripts have been read. A
move is a step of a handle or a slider by its key, up to the first animation frame in which its value in words or the
sentence has changed, which are drawn with the picture. Of several pages and explorables the worst is given.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.chapters import CHROMIUM, FLAGS, NOTEBOOKS, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TRAINING = 4000  # milliseconds for which frames are counted
WATCH = """
window.readyMs = {};
document.addEventListener("DOMContentLoaded", () => {
  const start = performance.now();
  new MutationObserver(() => document.querySelectorAll(".mtl-live").forEach((card, number) => {
    if (card.querySelector("svg *, canvas")) window.readyMs[number] ??= performance.now() - start;
  })).observe(document, { childList: true, subtree: true });
});
"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
# The milliseconds of a step of a handle or slider, by its key; null if nothing was seen within a second.
MOVE = """async ([card, part, key]) => {
  const seen = () => part.getAttribute("aria-valuetext") + card.querySelector(".mtl-sentence").textContent;
  const before = seen(), start = performance.now();
  if (part.matches("input")) {
    const step = Number(part.step) || (part.max - part.min) / 100;
    part.value = Number(part.value) + (key === "ArrowRight" ? step : -step);
    part.dispatchEvent(new Event("input", { bubbles: true }));
  } else part.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  while (performance.now() - start < 1000) {
    await new Promise((frame) => requestAnimationFrame(frame));
    if (seen() !== before) return performance.now() - start;
  }
  return null;
}"""
# The frames a second that the browser draws while the button says that a loop plays.
FRAMES = """async ([button, most]) => {
  const frame = () => new Promise((next) => requestAnimationFrame(next));
  while (!button.textContent.includes("Stop")) await frame();
  const start = await frame();
  let now = start, frames = 0;
  while (button.textContent.includes("Stop") && now - start < most) {
    now = await frame();
    frames += 1;
  }
  return 1000 * frames / (now - start);
}"""


def lines(short: bool, notebooks: Path = NOTEBOOKS) -> Iterator[tuple[str, float]]:
    """Needs Chromium and playwright; without them standard error says what is skipped."""
    if not (CHROMIUM and sync_playwright):
        missing = "playwright" if CHROMIUM else "Chromium"
        print(f"skipped page_*, explorable_*, playground_*: {missing} is not installed", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as out, sync_playwright() as play:
        export = [sys.executable, "-m", "tools.site", "--out", out, str(notebooks)]
        subprocess.run(export, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        pages = sorted(Path(out, f"{path.stem}.html") for path in notebooks.glob("*.ipynb"))
        yield "page_first_paint_ms", max(first_paint(browser, page, rounds=1 if short else 5) for page in pages)
        ready, moves = zip(*(explorables(browser, page, rounds=1 if short else 5) for page in pages), strict=True)
        if any(ready):
            yield "explorable_ready_ms", max(max(one, default=0) for one in ready)
        if move_times := sorted(ms for one in moves for ms in one):
            yield "explorable_move_ms_p50", median(move_times)
            yield "explorable_move_ms_p95", move_times[int(0.95 * (len(move_times) - 1))]
        for page in pages:
            if rate := playground(browser, page):
                yield "playground_frames_per_s", rate
        browser.close()


def _opened(browser, path: Path):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.add_init_script(WATCH)
    page.goto(path.as_uri())
    if "widget-state+json" in path.read_text(encoding="utf-8"):
        page.wait_for_selector("body[data-widgets=shown]")
    page.wait_for_timeout(500)  # the last pictures are drawn
    return page


def first_paint(browser, path: Path, rounds: int) -> float:
    """Median milliseconds from the call for a page to the first words on the screen."""
    paints = []
    for _ in range(rounds):
        page = _opened(browser, path)
        paints.append(page.evaluate(PAINT))
        page.close()
    return median(paints)


def explorables(browser, path: Path, rounds: int) -> tuple[list[float], list[float]]:
    """The median milliseconds until each explorable of a page is drawn, and those of each move of all that it has."""
    ready: list[dict[str, float]] = []
    for _ in range(rounds):
        page = _opened(browser, path)
        ready.append(page.evaluate("() => window.readyMs"))
        if len(ready) < rounds:
            page.close()
    moves = []
    for card in page.locator(".mtl-live").all():
        card.scroll_into_view_if_needed()
        for part in [*card.locator(".mtl-handle").all(), *card.locator("input[type=range]").all()]:
            for key in ["ArrowRight", "ArrowLeft"] * (2 * rounds):
                moves.append(page.evaluate(MOVE, [card.element_handle(), part.element_handle(), key]))
    page.close()
    moved = [ms for ms in moves if ms is not None]
    print(f"{path.stem}: {len(ready[0])} explorables, {len(moved)} of {len(moves)} moves seen", file=sys.stderr)
    return [median(one[number] for one in ready) for number in ready[0]], moved


def playground(browser, path: Path) -> float | None:
    """Frames a second while the playground of a page trains; None on a page without one."""
    page, rate = _opened(browser, path), None
    # its button tells it: another card has cells, too, and another *Play*
    found = page.locator(".mtl-live:has(.mtl-cell)").get_by_role("button", name="▶ Play")
    if found.count():
        button = found.element_handle()  # by itself: its name changes
        button.click()
        rate = page.evaluate(FRAMES, [button, TRAINING])
    page.close()
    return rate

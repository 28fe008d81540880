// The page as slides, for a class: key P. One heading, formula, figure, prediction or explorer a screen, scaled to the
// window; no code and no answers. The page itself is shown, all but one of its parts hidden, so that widgets go on
// working and slides cannot differ from the text. Arrow keys, Page Up and Down (a clicker's) or a swipe turn the page;
// Home and End go to the first and the last.

{
  const SHOWN = ":scope .jp-RenderedHTMLCommon :is(h1, h2, h3), :scope math[display=block], :scope .jp-RenderedHTML > img, :scope .jp-OutputArea-output .mtl-card";
  const MARGIN = 48; // left and right of a picture, in CSS pixels
  const body = document.body, button = document.querySelector("button.projector");
  const bar = document.createElement("div");
  bar.className = "projector-bar";
  bar.setAttribute("role", "status");
  let screens = [], at = -1, touched = null;

  // A cell is one screen; what is in a fold is not shown, nor what belongs to exercises and claims.
  const list = () => [...document.querySelectorAll("main > .jp-Cell")].filter((cell) =>
    !cell.matches(".celltag_exercise, .celltag_claim") &&
    [...cell.querySelectorAll(SHOWN)].some((part) => !part.closest("details")));

  // As large as the window lets it be: a picture by its own width, the rest by the cell's.
  function fit() {
    const cell = screens[at], picture = cell.querySelector(".jp-RenderedHTML > img");
    cell.style.zoom = 1;
    const wide = picture ? picture.offsetWidth + MARGIN : cell.scrollWidth;
    cell.style.zoom = Math.min(innerWidth / wide, (innerHeight - bar.offsetHeight) / cell.scrollHeight, 2.4);
  }

  function show(number) {
    screens[at]?.classList.remove("on-screen");
    if (screens[at]) screens[at].style.zoom = "";
    at = Math.min(Math.max(number, 0), screens.length - 1);
    screens[at].classList.add("on-screen");
    bar.textContent = `${at + 1} of ${screens.length} · ← and → turn the page, P ends`;
    fit();
    // a picture or a widget may be drawn, or opened by a guess, only after the first fit
    sizes.disconnect();
    screens[at].querySelectorAll(".mtl-card, img").forEach((part) => sizes.observe(part));
  }

  const sizes = new ResizeObserver(() => requestAnimationFrame(() => at >= 0 && fit()));

  function start() {
    screens = list();
    if (!screens.length) return;
    const here = screens.findIndex((cell) => cell.getBoundingClientRect().bottom > 0);
    body.classList.add("projecting");
    body.append(bar);
    show(here < 0 ? screens.length - 1 : here);
  }

  function end() {
    const cell = screens[at];
    sizes.disconnect();
    cell.classList.remove("on-screen");
    cell.style.zoom = "";
    body.classList.remove("projecting");
    bar.remove();
    at = -1;
    cell.scrollIntoView();
  }

  const TURNS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1, Home: -Infinity, End: Infinity };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input:not([type=radio]), textarea, select");
    if (event.key.toLowerCase() === "p" && !typing) return at < 0 ? start() : end();
    if (at < 0) return;
    if (event.key === "Escape") return end();
    const clicker = event.key.startsWith("Page"); // other keys belong to the widget that has the focus
    if (TURNS[event.key] && (clicker || !event.target.closest(".mtl-card, input, button"))) {
      event.preventDefault();
      if (clicker) document.activeElement.blur();
      show(at + TURNS[event.key]);
    }
  }, true);
  document.addEventListener("touchstart", ({ touches: [finger], target }) => { touched = target.closest(".mtl-card") ? null : finger; });
  document.addEventListener("touchend", ({ changedTouches: [finger] }) => {
    const moved = at >= 0 && touched ? finger.clientX - touched.clientX : 0;
    if (Math.abs(moved) > 60) show(at - Math.sign(moved));
  });
  addEventListener("resize", () => at >= 0 && fit());
  button?.addEventListener("click", start);
}

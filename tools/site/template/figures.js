// A figure that a narrow screen makes smaller than its words can be read: a tap, or the button below it, shows it in the
// size in which it was drawn, to be moved about.

{
  const FIGURES = ".jp-RenderedHTML > img, .mtl-figure > img";
  const whole = document.createElement("dialog"), large = document.createElement("img"), close = document.createElement("button");
  whole.className = "whole";
  close.textContent = "Close";
  close.autofocus = true;
  whole.append(close);
  document.body.append(whole);
  whole.addEventListener("click", () => whole.close());
  whole.addEventListener("close", () => large.remove());

  const isSmall = (figure) => figure.clientWidth < 0.85 * figure.getAttribute("width");
  function enlarge(figure) {
    if (!isSmall(figure)) return;
    Object.assign(large, { src: figure.src, alt: figure.alt, width: figure.getAttribute("width") });
    whole.append(large);
    whole.showModal();
    whole.scrollTo(0, 0);
  }

  function offer() {
    for (const figure of document.querySelectorAll(FIGURES)) {
      const place = figure.closest(".mtl-figure") ?? figure; // on which a guess is drawn
      if (place.nextElementSibling?.matches(".enlarge")) continue;
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "enlarge", textContent: "Enlarge the figure", onclick: () => enlarge(figure) });
      place.after(button);
    }
  }
  offer();
  document.addEventListener("mtl-guess", offer); // a guess opens one more
  document.addEventListener("click", ({ target }) => {
    const figure = target.closest(".mtl-figure")?.querySelector("img") ?? target;
    if (figure.matches(FIGURES)) enlarge(figure);
  });
}

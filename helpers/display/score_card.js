// Reads what the predictions of this page left in the browser (`prediction.js`), now and whenever another one opens. What
// was not opened is listed by its id alone.

import { block } from "./elements.js";

function kept(id) {
  let text = window.mtlGuesses?.[id];
  try { text = localStorage.getItem(`mtl ${id}`) ?? text; } catch {} // a browser that keeps nothing: this page's alone
  return text ? JSON.parse(text) : null;
}

function forget(id) {
  delete window.mtlGuesses?.[id];
  try { localStorage.removeItem(`mtl ${id}`); } catch {}
}

function said({ guess, outcome, right }) {
  if (guess === null) return `Skipped. The result: ${outcome}.`;
  if (right) return `✓ You guessed ${guess}, and so it is.`;
  return `${right === false ? "✗ " : ""}You guessed ${guess}. The result: ${outcome}.`;
}

function render({ model, el }) {
  const ids = model.get("ids");
  const card = block(el, "div", "mtl-card mtl-score");
  block(card, "div", "mtl-tag", `Your predictions · ${ids[0].split(".")[0]}`);
  const list = block(card, "div"), score = block(card, "p", "mtl-verdict");
  score.setAttribute("aria-live", "polite");
  const again = block(card, "button", "", "Forget these guesses");
  again.type = "button";
  again.onclick = () => { ids.forEach(forget); draw(); };

  function draw() {
    list.replaceChildren();
    const opened = ids.map((id) => {
      const entry = kept(id), row = block(list, "div", "mtl-kept");
      block(row, "p", "mtl-question", entry ? `${id} · ${entry.question}` : `${id} · not opened yet`);
      if (entry) block(row, "p", "", said(entry));
      if (entry?.tempts) block(row, "p", "mtl-note", entry.tempts);
      return entry;
    }).filter(Boolean);
    const chosen = opened.filter(({ right }) => right !== null), right = chosen.filter((entry) => entry.right);
    score.textContent = chosen.length ? `${right.length} of ${chosen.length} choices right.` : "";
    again.hidden = !opened.length;
  }

  draw();
  document.addEventListener("mtl-guess", draw);
  window.addEventListener("storage", draw); // the same chapter in another tab
  return () => {
    document.removeEventListener("mtl-guess", draw);
    window.removeEventListener("storage", draw);
  };
}

export default { render };

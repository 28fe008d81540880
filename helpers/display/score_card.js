// Reads what the predictions of this page left in the browser (`prediction.js`), now and whenever another one opens. What
// was not opened is listed by its id alone. Below the chapter's score is that of the course so far.

import { block, guesses } from "./elements.js";

const kept = (id) => JSON.parse(guesses()[`mtl ${id}`] ?? null);
const everywhere = () => Object.keys(guesses()).filter((key) => /^mtl \w+\.\w+$/.test(key)).map((key) => key.slice(4)); // other chapters' too

// "2 of 3 choices right, 1 of 2 numbers in the interval" of what was kept; nothing of a kind before the first guess.
function scored(ids) {
  const entries = ids.map(kept).filter(Boolean);
  return [["right", "choices right"], ["inside", "numbers in the interval"]].flatMap(([kind, words]) => {
    const judged = entries.filter((entry) => typeof entry[kind] === "boolean");
    return judged.length ? `${judged.filter((entry) => entry[kind]).length} of ${judged.length} ${words}` : [];
  }).join(", ");
}

function said({ guess, outcome, right, inside }) {
  if (guess === null) return `Skipped. The result: ${outcome}.`;
  if (right) return `✓ You guessed ${guess}, and so it is.`;
  return `${right === false ? "✗ " : ""}You guessed ${guess}. The result: ${outcome}.${inside ? " It is in the 95% interval." : ""}`;
}

function render({ model, el }) {
  const ids = model.get("ids");
  const card = block(el, "div", "mtl-card mtl-score");
  block(card, "div", "mtl-tag", `Your predictions · ${ids[0].split(".")[0]}`);
  const list = block(card, "div"), score = block(card, "p", "mtl-verdict"), so = block(card, "p", "mtl-course");
  score.setAttribute("aria-live", "polite");
  const again = block(card, "button", "", "Forget these guesses");
  again.type = "button";
  again.onclick = () => { ids.forEach((id) => delete guesses()[`mtl ${id}`]); draw(); };

  function draw() {
    list.replaceChildren();
    const opened = ids.map((id) => {
      const entry = kept(id), row = block(list, "div", "mtl-kept");
      block(row, "p", "mtl-question", entry ? `${id} · ${entry.question}` : `${id} · not opened yet`);
      if (entry) block(row, "p", "", said(entry));
      if (entry?.tempts) block(row, "p", "mtl-note", entry.tempts);
      return entry;
    }).filter(Boolean);
    const here = scored(ids), course = everywhere(), guessed = course.map(kept).filter(({ guess }) => guess !== null);
    score.textContent = here && `${here}.`;
    so.textContent = course.some((id) => !ids.includes(id)) && scored(course) ? `In the course so far you guessed ${guessed.length} times: ${scored(course)}.` : "";
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

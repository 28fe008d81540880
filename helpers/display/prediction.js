// A question, its options (or a field for a number), commit and skip. The result is put on the page only then: a new view of
// the same widget is shut again. What came of the first guess is left in the browser, for the score card (`score_card.js`).
// A fold below that says "after your guess" opens with it.

import { add, block, guesses } from "./elements.js";

const shown = (number) => String(Number(number.toPrecision(3))).replace("-", "−");

// Opens the folds below this card that say so, up to the next card or heading; one "after your guesses" when all cards above
// it are open.
function unfold(card) {
  let asked = [], folded = false;
  for (const part of document.querySelectorAll(".mtl-ask, details, h1, h2, h3")) {
    const words = part.querySelector(":scope > summary")?.textContent;
    if (part.matches("h1, h2, h3")) asked = [];
    else if (part.matches(".mtl-ask")) {
      asked = folded ? [part] : [...asked, part];
      folded = false;
    } else if (/after your guess/.test(words)) {
      folded = true;
      const before = /guesses/.test(words) ? asked : asked.slice(-1);
      if (before.includes(card) && before.every((one) => one.querySelector(".mtl-verdict"))) part.open = true;
    }
  }
}

// The guess as a dashed line on the figure, across the panel whose axis it is on. Beyond the axis it is at the edge, with an arrow.
function draw(figure, guess, { axis, low, high, start, end, first, last }) {
  const across = axis === "x", share = (guess - low) / (high - low);
  const at = start + (end - start) * Math.min(Math.max(share, 0), 1);
  const arrow = share < 0 ? (across ? "← " : "↓ ") : share > 1 ? (across ? "→ " : "↑ ") : "";
  const [x1, x2, y1, y2] = (across ? [at, at, first, last] : [first, last, at, at]).map((part) => `${(100 * part).toFixed(2)}%`);
  const layer = add(figure, "svg", { width: "100%", height: "100%", "aria-hidden": "true" });
  add(layer, "line", { x1, x2, y1, y2, stroke: "#fff", "stroke-width": 5 });
  add(layer, "line", { x1, x2, y1, y2, stroke: "#1a1a1a", "stroke-width": 2, "stroke-dasharray": "7 4" });
  const before = across && at > .5; // the words stay on the picture
  const beside = before ? { "text-anchor": "end", dx: -6 } : { dx: 6 };
  add(layer, "text", { class: "mtl-halo", x: x1, y: across ? y2 : y1, dy: across ? 14 : at < .2 ? 18 : -7, ...beside }, `${arrow}you: ${shown(guess)}`);
}

function render({ model, el }) {
  const options = model.get("options"), answer = model.get("answer"), unit = model.get("unit"), [low, high] = model.get("interval");
  const card = block(el, "form", "mtl-card mtl-ask");
  card.dataset.id = model.get("name");
  card.onkeydown = (event) => { // else JupyterLab takes the arrow keys and Enter for itself
    if (!(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)) event.stopPropagation();
  };
  const fields = block(card, "fieldset");
  const question = block(fields, "legend");
  block(question, "span", "mtl-tag", `Predict · ${model.get("name")}`);
  block(question, "span", "", model.get("question"));

  const choices = options.map((option, i) => {
    const label = block(fields, "label");
    const input = block(label, "input");
    Object.assign(input, { type: "radio", name: "choice", value: i });
    block(label, "span", "", option);
    return input;
  });
  let field = null;
  if (!options.length) {
    const label = block(fields, "label");
    field = block(label, "input");
    Object.assign(field, { type: "number", step: "any" });
    field.setAttribute("aria-label", "your guess");
    block(label, "span", "", unit);
  }

  const buttons = block(card, "div", "mtl-buttons");
  const commit = block(buttons, "button", "", "Commit and see");
  const skip = block(buttons, "button", "", "Skip and see");
  Object.assign(commit, { type: "submit", disabled: true });
  skip.type = "button";
  const result = block(card, "div", "mtl-result");
  result.setAttribute("aria-live", "polite");

  const words = (value) => options.length ? `“${options[value]}”` : `${shown(value)} ${unit}`.trim();
  const outcome = words(answer);

  function compared(guess) {
    if (guess === null) return `The result: ${outcome}.`;
    if (options.length) return guess === answer ? `✓ Right. As you predicted: ${outcome}.` : `✗ Not so. You predicted “${options[guess]}”. The result: ${outcome}.`;
    const off = guess - answer;
    const distance = off ? `${shown(Math.abs(off))} too ${off > 0 ? "high" : "low"}` : "exactly right";
    return `You guessed ${shown(guess)}. The result: ${outcome}. Your guess was ${distance}.`;
  }

  const inside = (guess) => (low === undefined || guess === null ? null : low <= guess && guess <= high);

  function mark(i, kind, words) {
    const label = choices[i].parentElement;
    label.classList.add(kind);
    block(label, "span", "mtl-mark", words);
  }

  function open(guess) {
    fields.disabled = true;
    buttons.remove();
    if (options.length) {
      mark(answer, "mtl-right", guess === answer ? "✓ yours, right" : "✓ right");
      if (guess !== null && guess !== answer) mark(guess, "mtl-wrong", "✗ yours, wrong");
    }
    const verdict = block(result, "p", "mtl-verdict", compared(guess));
    if (inside(guess) !== null) block(verdict, "span", "", ` ${inside(guess) ? "It is in the 95% interval," : "The 95% interval is"} ${shown(low)} to ${shown(high)}.`);
    verdict.tabIndex = -1; // the buttons are gone, and with them the place of the keyboard's focus
    verdict.focus({ preventScroll: true });
    if (model.get("text")) block(result, "p", "", model.get("text"));
    if (model.get("picture")) {
      const figure = block(result, "div", "mtl-figure"), picture = block(figure, "img");
      picture.alt = `${compared(null)} ${model.get("why")}`;
      picture.onload = () => { picture.width = picture.naturalWidth / 2; }; // SHARP of pictures.py
      picture.src = `data:image/png;base64,${model.get("picture")}`;
      if (guess !== null && model.get("place").axis) draw(figure, guess, model.get("place"));
    }
    if (model.get("why")) block(result, "p", "", model.get("why"));
    const right = options.length && guess !== null ? guess === answer : null;
    const told = { question: model.get("question"), tempts: model.get("tempts") };
    unfold(card);
    guesses()[`mtl ${model.get("name")}`] ??= JSON.stringify({ ...told, guess: guess === null ? null : words(guess), outcome, right, inside: inside(guess) });
    document.dispatchEvent(new Event("mtl-guess"));
  }

  const guessed = () => {
    const chosen = choices.findIndex((input) => input.checked);
    return options.length ? (chosen < 0 ? null : chosen) : (field.value === "" ? null : field.valueAsNumber);
  };
  card.oninput = () => { commit.disabled = guessed() === null; };
  card.onsubmit = (event) => { event.preventDefault(); if (guessed() !== null) open(guessed()); };
  skip.onclick = () => open(null);
}

export default { render };

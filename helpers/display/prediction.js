// A question, its options (or a field for a number), commit and skip. The result is put on the page only then: a new view of
// the same widget is shut again. What came of the first guess is left in the browser, for the score card (`score_card.js`).

import { block } from "./elements.js";

function leave(id, entry) {
  const text = JSON.stringify(entry);
  (window.mtlGuesses ??= {})[id] ??= text; // for a browser that keeps nothing
  try { if (!localStorage.getItem(`mtl ${id}`)) localStorage.setItem(`mtl ${id}`, text); } catch {}
  document.dispatchEvent(new Event("mtl-guess"));
}

const shown = (number) => String(Number(number.toPrecision(3))).replace("-", "−");

function render({ model, el }) {
  const options = model.get("options"), answer = model.get("answer"), unit = model.get("unit");
  const card = block(el, "form", "mtl-card mtl-ask");
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
    verdict.tabIndex = -1; // the buttons are gone, and with them the place of the keyboard's focus
    verdict.focus({ preventScroll: true });
    if (model.get("text")) block(result, "p", "", model.get("text"));
    if (model.get("picture")) {
      const picture = block(result, "img");
      picture.alt = `${compared(null)} ${model.get("why")}`;
      picture.src = `data:image/png;base64,${model.get("picture")}`;
    }
    if (model.get("why")) block(result, "p", "", model.get("why"));
    const right = options.length && guess !== null ? guess === answer : null;
    const told = { question: model.get("question"), tempts: model.get("tempts") };
    leave(model.get("name"), { ...told, guess: guess === null ? null : words(guess), outcome, right });
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

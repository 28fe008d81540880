// Questions with options as buttons. What is said to an option is put on the page when it is chosen; another may be chosen
// after it. The first choice of each question counts. Nothing is kept: a new view of the same widget is as it was.

import { block } from "./elements.js";

function render({ model, el }) {
  const items = model.get("items"), first = items.map(() => null);
  const card = block(el, "div", "mtl-card mtl-quiz");
  card.onkeydown = (event) => { // else JupyterLab takes Enter and the space bar for itself
    if (!(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)) event.stopPropagation();
  };
  block(card, "div", "mtl-tag", `Check yourself · ${model.get("name")}`);

  items.forEach(({ id, question, options, why, answer }, number) => {
    const group = block(card, "div", "mtl-item");
    group.dataset.id = id;
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", question);
    block(group, "p", "mtl-question", `${number + 1}. ${question}`);
    options.forEach((option, i) => {
      const button = block(group, "button", "", option);
      button.type = "button";
      const said = block(group, "p", "mtl-why");
      said.setAttribute("aria-live", "polite");
      button.onclick = () => {
        first[number] ??= i;
        button.classList.add(i === answer ? "mtl-right" : "mtl-wrong");
        said.textContent = `${i === answer ? "✓ Right." : "✗ No."} ${why[i]}`;
        count();
      };
    });
  });

  const score = block(card, "p", "mtl-verdict");
  score.setAttribute("aria-live", "polite");
  function count() {
    const done = first.filter((choice) => choice !== null).length;
    const right = first.filter((choice, i) => choice === items[i].answer).length;
    score.textContent = `${right} of ${done} right at the first try` + (done < items.length ? `, ${items.length - done} to go.` : ".");
  }
}

export default { render };

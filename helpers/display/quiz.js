// Questions with options as buttons. What is said to an option is put on the page when it is chosen; another may be chosen
// after it. The first choice of each question counts. Nothing is kept: a new view of the same widget is as it was.

function add(parent, name, className = "", text = "") {
  const node = document.createElement(name);
  node.className = className;
  node.textContent = text;
  parent.appendChild(node);
  return node;
}

function render({ model, el }) {
  const items = model.get("items"), first = items.map(() => null);
  const card = add(el, "div", "mtl-card mtl-quiz");
  card.onkeydown = (event) => { // else JupyterLab takes Enter and the space bar for itself
    if (!(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)) event.stopPropagation();
  };
  add(card, "div", "mtl-tag", `Check yourself · ${model.get("name")}`);

  items.forEach(({ question, options, why, answer }, number) => {
    const group = add(card, "div", "mtl-item");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", question);
    add(group, "p", "mtl-question", `${number + 1}. ${question}`);
    options.forEach((option, i) => {
      const button = add(group, "button", "", option);
      button.type = "button";
      const said = add(group, "p", "mtl-why");
      said.setAttribute("aria-live", "polite");
      button.onclick = () => {
        first[number] ??= i;
        button.classList.add(i === answer ? "mtl-right" : "mtl-wrong");
        said.textContent = `${i === answer ? "✓ Right." : "✗ No."} ${why[i]}`;
        count();
      };
    });
  });

  const score = add(card, "p", "mtl-verdict");
  score.setAttribute("aria-live", "polite");
  function count() {
    const done = first.filter((choice) => choice !== null).length;
    const right = first.filter((choice, i) => choice === items[i].answer).length;
    score.textContent = `${right} of ${done} right at the first try` + (done < items.length ? `, ${items.length - done} to go.` : ".");
  }
}

export default { render };

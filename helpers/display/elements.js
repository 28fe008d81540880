// Parts of a page: what every widget of the course is drawn with.

export function change(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
}

export function add(parent, name, attributes = {}, text = "") {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  change(node, attributes);
  if (text) node.textContent = text;
  parent.appendChild(node);
  return node;
}

// Where guesses stay, under `mtl C4.P1`: in the browser, or on this page where it keeps nothing.
export function guesses() {
  try { localStorage.setItem("mtl", ""); return localStorage; } catch { return (window.mtlGuesses ??= {}); }
}

export function block(parent, name, className = "", text = "") {
  const node = document.createElement(name);
  node.className = className;
  node.textContent = text;
  parent.appendChild(node);
  return node;
}

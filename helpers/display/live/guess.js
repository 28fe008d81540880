// A guess, made on the figure's own axes before a run: a yellow mark to drag, until it is known; then how far it is off.

import { add } from "../elements.js";
import { BLACK, fixed, path, text } from "./kit.js";

export const diamond = (x, y, size) => `M${fixed(x)},${y - size}l${.65 * size},${size}l${-.65 * size},${size}l${-.65 * size},${-size}Z`;

export function star(x, y, { points, size }) {
  const corner = (i) => (i % 2 ? size * .42 : size), turn = (i) => i * Math.PI / points;
  return path(Array.from({ length: 2 * points }, (_, i) => [x + corner(i) * Math.sin(turn(i)), y - corner(i) * Math.cos(turn(i))])) + "Z";
}

// The parts `keys` of the state, on `x` and `y`; with one of these the mark is at `level` of the other. Its outline is `shape`;
// `known()` says whether it is too late, and `setting()` of what it is. What comes back draws it beside the truth, [NaN, NaN] as
// long as that is open or the guess was about another setting.
export function guess(stage, figure, { name, x, y, level, keys = ["guess", "guess"], step = .05, shape = diamond(0, 0, 14), words, known, setting }) {
  const gap = add(figure, "path", { stroke: BLACK, "stroke-width": 2, "stroke-dasharray": "2 4" });
  const at = () => keys.map((key) => stage.state[key]), spot = ([u, v]) => [x?.(u) ?? level, y?.(v) ?? level];
  const handle = stage.handle(figure, {
    name, key: "guess", x, y, level, step, words: () => words(at()), at,
    to(...values) {
      if (known()) return;
      stage.guessed = setting();
      stage.set(Object.fromEntries([x, y].flatMap((axis, i) => (axis ? [[keys[i], Math.round(200 * values[i]) / 200]] : []))));
    },
    mark(node) {
      add(node, "path", { d: shape, fill: "#ffd23f", stroke: BLACK, "stroke-width": 2.5 });
      text(node, 0, 5, "?", { fill: BLACK, "font-weight": "bold", "text-anchor": "middle" });
    },
  });
  return (truth) => {
    handle.style.visibility = known() && stage.guessed !== setting() ? "hidden" : "";
    gap.setAttribute("d", truth.some(Number.isNaN) ? "" : path([at(), truth].map(spot)));
  };
}

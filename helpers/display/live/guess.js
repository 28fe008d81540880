// A guess, made on the figure's own axis before a run: a yellow mark to drag, until it is known; then how far it is off.

import { add } from "../elements.js";
import { BLACK, fixed, text } from "./kit.js";

export const diamond = (x, y, size) => `M${fixed(x)},${y - size}l${.65 * size},${size}l${-.65 * size},${size}l${-.65 * size},${-size}Z`;

// `stage.state.guess`, along `x` or `y` at `level`, in the outline `shape`; `known()` says whether it is too late, and `setting()` of
// what it is. What comes back draws it beside the truth, NaN as long as that is open or the guess was about another setting.
export function guess(stage, figure, { name, x, y, level, shape = diamond(0, 0, 14), words, known, setting }) {
  const gap = add(figure, "path", { stroke: BLACK, "stroke-width": 2, "stroke-dasharray": "2 4" }), along = x ?? y;
  const handle = stage.handle(figure, {
    name, key: "guess", x, y, level, step: .05, words: () => words(stage.state.guess), at: () => [stage.state.guess, stage.state.guess],
    to(across, up) {
      if (known()) return;
      stage.guessed = setting();
      stage.set({ guess: Math.round(100 * (x ? across : up)) / 100 });
    },
    mark(node) {
      add(node, "path", { d: shape, fill: "#ffd23f", stroke: BLACK, "stroke-width": 2.5 });
      text(node, 0, 5, "?", { fill: BLACK, "font-weight": "bold", "text-anchor": "middle" });
    },
  });
  return (truth) => {
    const [from, to] = [stage.state.guess, truth].map((value) => fixed(along(value)));
    handle.style.visibility = known() && stage.guessed !== setting() ? "hidden" : "";
    gap.setAttribute("d", Number.isNaN(truth) ? "" : x ? `M${from},${level}H${to}` : `M${level},${from}V${to}`);
  };
}

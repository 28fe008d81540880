// What a claim is: an interval over the zone of what does not matter, which the reader drags until the verdict turns.

import { add, change } from "../../display/elements.js";
import { AS_TEXT, BLACK, clamp, explorable, fixed, GREEN, GREY, ORANGE, said, scale, svg } from "../../display/live/kit.js";
import { verdict } from "../../display/live/verdicts.js";

const SPAN = .015, LINE = 115; // of the axis, to either side; height of the interval
const NAMES = { "a gain": "holds", "a loss": "opposite" }, INKS = { holds: AS_TEXT[GREEN], undecided: AS_TEXT[GREY] };
const LIES = {
  holds: "beyond the grey zone, all of it", opposite: "beyond the grey zone, on the other side", undecided: "across an edge of the grey zone",
  "too small to matter": "in the grey zone, and 0 is not in it", "no effect": "in the grey zone, and 0 is in it",
};

const ends = ({ effect, half }) => [effect - half, effect + half];
const exact = (value) => (value > 0 ? "+" : "") + said(value, 4);
const met = (...words) => (stage) => words.every((word) => stage.met.has(word));
const yet = ({ met }) => `the verdicts so far are: ${[...met].join(", ")}.`;
function judged(state) {
  const word = verdict([state.effect, ...ends(state)], state.margin);
  return NAMES[word] ?? word;
}
function sentence({ state }) {
  const [low, high] = ends(state).map(exact), now = judged(state);
  return `The interval, ${low} to ${high}, lies ${LIES[now].replace("zone", `zone (±${said(state.margin, 4)})`)}: ${now}.`;
}

function picture(stage, place, width) {
  const root = svg(place, width, 212), x = scale(-SPAN, SPAN, 24, width - 24), centred = { "text-anchor": "middle", fill: AS_TEXT[GREY] };
  const zone = add(root, "rect", { y: 50, height: 120, fill: "#dedede", stroke: "#8a8a8a" });
  add(root, "path", { d: `M${fixed(x(0))},50V170`, stroke: AS_TEXT[GREY], "stroke-dasharray": "3 3" });
  const small = ["too small", "to matter"].map((words, i) => add(root, "text", { y: 149 + 15 * i, "font-size": 13, fill: AS_TEXT[GREY], class: "mtl-halo" }, words));
  add(root, "path", { d: `M${x(-SPAN)},170H${x(SPAN)}`, stroke: GREY });
  for (const [value, words] of [[-.01, "−0.01"], [0, "0"], [.01, "+0.01"]]) {
    add(root, "path", { d: `M${fixed(x(value))},170v5`, stroke: GREY });
    add(root, "text", { ...centred, x: x(value), y: 190 }, words);
  }
  add(root, "text", { ...centred, x: width / 2, y: 208 }, "difference in AUC");
  const word = add(root, "text", { y: 36, "font-size": width > 480 ? 24 : 18, "font-weight": "bold", "text-anchor": "middle" });
  const [was, whisker] = [.35, 1].map((opacity) => add(root, "path", { class: "mtl-keep", fill: "none", stroke: BLACK, "stroke-width": 3, opacity }));
  const dot = add(root, "circle", { r: 5, cy: LINE, fill: BLACK });
  const bar = (high) => (g) => add(g, "rect", { x: -5, y: -high, width: 10, height: 2 * high, rx: 4, fill: "#fff", stroke: BLACK, "stroke-width": 2 });
  const drawn = (state) => { const [low, high] = ends(state).map((end) => fixed(x(end))); return `M${low},${LINE}H${high}M${low},${LINE - 9}v18M${high},${LINE - 9}v18`; };
  const part = (name, key, level, at, to, mark) => stage.handle(root, { name, key, x, level, at: () => [at(stage.state)], to: (u) => stage.set({ [key]: to(u) }), step: .0005, words: () => sentence(stage), mark, up: key === "margin" });
  part("edge of the grey zone", "margin", 62, ({ margin }) => margin, (u) => u, bar(9));
  part("the interval", "effect", LINE, ({ effect }) => effect, (u) => u);
  part("upper end of the interval", "half", LINE, (state) => ends(state)[1], (u) => u - stage.state.effect, bar(13));
  return () => {
    const { state, ghost } = stage, now = judged(state);
    stage.met.add(now);
    const left = x(-state.margin), wide = x(state.margin) - left;
    change(zone, { x: fixed(left), width: fixed(wide) });
    for (const line of small) change(line, wide > 170 ? { x: fixed(left + 6), "text-anchor": "start", style: "stroke: #dedede" } : { x: fixed(left - 6), "text-anchor": "end", style: "" }); // beside a zone whose middle they would cross
    was.setAttribute("d", ghost ? drawn(ghost) : "");
    whisker.setAttribute("d", drawn(state));
    dot.setAttribute("cx", fixed(x(state.effect)));
    word.textContent = now;
    const half = word.getComputedTextLength() / 2;
    change(word, { fill: INKS[now] ?? AS_TEXT[ORANGE], x: fixed(clamp(x(state.effect), half, width - half)) });
  };
}

const begin = (stage) => { stage.met = new Set(); };

export default explorable({
  limits: { effect: [-.01, .01], half: [.0003, .0048], margin: [.001, .012] },
  questions: [
    { name: "More seeds", set: {}, show: [], moves: { half: "Start here: drag this end" },
      ask: "One feed left it undecided. Drag the end of its interval until the verdict turns.", when: ({ state }) => judged(state) === "holds",
      then: ({ state }) => `At ±${said(state.half, 4)}: ${judged(state)}, and the mean is where it was. More users or more feeds make an interval this narrow: the card above has twenty feeds.`,
      hint: ({ state }) => `±${said(state.half, 4)} is still undecided. Make it narrower.` },
    { name: "A smaller effect", set: { half: .001 }, show: [], moves: { effect: "Drag the dot" },
      ask: "Now it is narrow. Where is the effect too small to matter, and where is there no effect?", when: met("too small to matter", "no effect"), hint: yet,
      then: () => "Both lie wholly in the grey zone. Where 0 is not in the interval, the effect is there, and still nobody should care." },
    { name: "Another margin", set: { half: .0015 }, show: [], moves: { margin: "Drag the edge" },
      ask: "The interval stays. Move the edge: how many verdicts can one measurement get?", when: met("holds", "undecided", "too small to matter"), hint: yet,
      then: () => "Three. Whoever may move the margin chooses the verdict, so one outcome has one margin in all chapters, and each change of it is told." },
  ],
  setup(stage) { begin(stage); stage.card.classList.add("mtl-flat"); },
  picture, sentence, anew: begin,
});

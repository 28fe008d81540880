// Two gates of an MMoE while they are trained: on the plane of rows that both tasks depend on, which expert wins in each gate?
// The tasks are those of the MMoE paper, two directions at an angle; one more input column, which neither needs, may be unscaled.
import { add, change } from "../../display/elements.js";
import { AS_TEXT, BLACK, BLUE, canvas, explorable, fixed, GREEN, GREY, ORANGE, PURPLE, said, scale, svg } from "../../display/live/kit.js";
import { featureTasks, generator, Training } from "../../display/live/sim.js";

const EXPERTS = 4, UNITS = 4, TOWER = 8, INPUTS = 20, RATE = 0.05, STEPS = 300, CHUNK = 5; // a snapshot after each chunk of steps
const ROWS = [500, 250, 500], NOISE = 0.1, WIDE = 2.5; // the plane reaches so many standard deviations from its middle
const COLUMNS = { scaled: [0, 1], "10±3": [10, 3], "30±10": [30, 10], "100±30": [100, 30] }; // mean and standard deviation
const COLOURS = [GREEN, PURPLE, "#e6b800", GREY]; // of the experts; blue and orange are the tasks'
const USED = 0.05; // a gate uses an expert to which it gives more than this of its weight

const product = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

// The tasks of `mmoe_tasks` in helpers/data/synthetic.py, on the rows of the engine, and the column as the last input.
export function tasks({ p, column, seed }, { alpha, beta }) {
  const data = featureTasks({ needs: [[1, 0], [0, 1]], rows: ROWS, inputs: INPUTS, seed }), [middle, spread] = COLUMNS[column];
  const target = (z) => z + alpha.reduce((sum, a, i) => sum + Math.sin(a * z + beta[i]), 0);
  const parts = ["train", "valid", "test"].map((part, k) => {
    const { n, x } = data[part], { normal } = generator(seed, 10 + k), wide = new Float64Array(n * (INPUTS + 1)), labels = [new Float64Array(n), new Float64Array(n)];
    for (let i = 0; i < n; i++) {
      const row = x.subarray(i * INPUTS, (i + 1) * INPUTS), [s, t] = data.directions.map((v) => product(v, row));
      wide.set(row, i * (INPUTS + 1));
      wide[i * (INPUTS + 1) + INPUTS] = middle + spread * normal();
      [s, p * s + Math.sqrt(1 - p * p) * t].forEach((z, j) => { labels[j][i] = target(z) + (part === "test" ? 0 : NOISE * normal()); });
    }
    return [part, { n, x: wide, labels }];
  });
  return { ...data, inputs: INPUTS + 1, ...Object.fromEntries(parts) };
}

function shares(logits) {
  const top = Math.max(...logits), parts = logits.map((logit) => Math.exp(logit - top)), sum = parts.reduce((a, b) => a + b);
  return parts.map((part) => part / sum);
}

// What the gates see of a run now: their matrices, a row an expert.
const matrices = ({ gates, theta }) => gates.map(({ from, ins }) => Array.from({ length: EXPERTS }, (_, e) => theta.slice(from + e * ins, from + (e + 1) * ins)));

// On the plane, the logits are linear in the place: of each gate and expert [by s, by t, constant].
const flat = (snapshot, { directions }, column) => snapshot.gates.map((gate) => gate.map((w) => [...directions.map((v) => product(v, w)), w[INPUTS] * COLUMNS[column][0]]));
const weights = (gate, [s, t]) => shares(gate.map(([a, b, c]) => a * s + b * t + c));

// Over the test rows: mean weights of each gate, and what both have in common on the same row and on rows drawn apart.
export function measured({ gates }, { n, x }) {
  const rows = gates.map((gate) => Array.from({ length: n }, (_, i) => shares(gate.map((w) => product(w, x.subarray(i * w.length, (i + 1) * w.length))))));
  const means = rows.map((gate) => COLOURS.map((_, e) => gate.reduce((sum, row) => sum + row[e], 0) / n));
  const common = (apart) => rows[0].reduce((sum, row, i) => sum + row.reduce((own, value, e) => own + Math.min(value, rows[1][(i + apart) % n][e]), 0), 0) / n;
  // How far a gate looks at the row: its own weights in common on two rows, from 1 (it ignores the row) downwards.
  const own = rows.map((gate) => gate.reduce((sum, row, i) => sum + row.reduce((part, value, e) => part + Math.min(value, gate[(i + 137) % n][e]), 0), 0) / n);
  return { means, own, same: common(0), apart: common(137), used: means.map((gate) => gate.filter((value) => value > USED).length) };
}

// --- a run: made anew when a setting changes ------------------------------------------------------------------------

function run(stage) {
  const { p, column, seed } = stage.state, name = `${p} ${column} ${seed}`;
  if (stage.run?.name !== name) {
    const data = tasks(stage.state, stage.data);
    const training = new Training(data, { structure: "mmoe", width: UNITS, experts: EXPERTS, tower: TOWER, lr: RATE, seed });
    if (stage.run) stage.former = flat(stage.run.snapshots.at(-1), stage.run.data, stage.run.column);
    stage.run = { name, data, training, column, snapshots: [] };
    snap(stage.run);
  }
  return stage.run;
}

function snap({ snapshots, training, data }) {
  const gates = matrices(training.model), snapshot = { gates, r2: [...training.now] };
  snapshots.push(Object.assign(snapshot, measured(snapshot, data.test)));
}

function shown(stage) {
  const { snapshots } = run(stage);
  return snapshots[Math.min(Math.round(stage.state.step / CHUNK), snapshots.length - 1)];
}

function advance(stage) {
  const now = run(stage);
  if (now.training.steps < stage.goal) {
    for (let i = 0; i < CHUNK; i++) now.training.step();
    snap(now);
    stage.set({ step: now.training.steps });
  }
  return now.training.steps < stage.goal;
}

const ended = ({ state, run }) => run?.training.steps >= STEPS && state.step >= STEPS;

// A new setting is trained at once, to the end.
function chosen(stage, changes) {
  stage.learning.pause();
  stage.goal = STEPS;
  stage.set({ ...changes, step: 0 });
  stage.learning.play();
}

// To a step of the run, which is trained until there if it was not.
function scrubbed(stage, step) {
  const { training } = run(stage);
  stage.learning.pause();
  stage.goal = step;
  stage.set({ step: Math.min(step, training.steps) });
  if (training.steps < step) stage.learning.play();
}

function setup(stage) {
  stage.goal = STEPS;
  stage.learning = stage.loop(() => advance(stage), { rate: 60 / CHUNK, begin() {
    if (stage.goal < STEPS || stage.state.step < STEPS) return;
    stage.run = null; // trained to the end: once more
    stage.set({ step: 0 });
  } });
  const train = stage.player(stage.learning, "▶ Train", "❚❚ Pause", true);
  train.addEventListener("click", () => { stage.goal = STEPS; }, true);
  stage.button("Other first weights", () => chosen(stage, { seed: (stage.state.seed + 1) % 10 }), stage.runs);
  const step = stage.slider({ label: "training step", key: "step", step: CHUNK, words: (value) => said(value, 0) });
  step.oninput = () => scrubbed(stage, step.valueAsNumber);
  const p = stage.slider({ label: "p, cosine of the directions", key: "p", step: .1, words: (value) => said(value, 1) });
  p.oninput = () => chosen(stage, { p: p.valueAsNumber });
  const columns = Object.keys(COLUMNS), column = stage.choice({ label: "a column that no task needs", key: "column", options: Object.fromEntries(columns.map((name) => [name, name])) });
  column.querySelectorAll("button").forEach((button, i) => { button.onclick = () => chosen(stage, { column: columns[i] }); });
}

// --- on the page ----------------------------------------------------------------------------------------------------

const GAP = 12, TOP = 24, BARS = 124, CELL = 5; // in pixels
const DARKEST = .75; // of the third square: where both gates have all of their weight in common

const common = (gates, place) => { const [a, b] = gates.map((gate) => weights(gate, place)); return a.reduce((sum, value, e) => sum + Math.min(value, b[e]), 0); };

function picture(stage, place, width) {
  const cells = Math.floor((width - 2 * GAP) / 3 / CELL), side = cells * CELL, tall = TOP + side + BARS, lefts = [0, side + GAP], narrow = side < 150;
  const wide = Math.min(14, Math.floor(side / EXPERTS / 2) - 3); // half a bar
  const pen = canvas(place, width, tall), figure = svg(place, width, tall);
  const gates = lefts.map((left, k) => {
    const x = scale(-WIDE, WIDE, left, left + side), y = scale(-WIDE, WIDE, TOP + side, TOP), task = k ? ORANGE : BLUE;
    add(figure, "text", { x: left, y: 15, fill: AS_TEXT[task], "font-weight": "bold" }, `gate ${narrow ? "" : "of task "}${k ? "B" : "A"}`);
    const former = add(figure, "path", { fill: "none", stroke: BLACK, "stroke-opacity": .45, "stroke-dasharray": "2 3" });
    add(figure, "rect", { x: left, y: TOP, width: side, height: side, fill: "none", stroke: "#d5d5d5" });
    const names = COLOURS.map((_, e) => add(figure, "text", { fill: BLACK, class: "mtl-halo", "font-weight": "bold", "text-anchor": "middle" }, e + 1));
    const bars = COLOURS.map((colour, e) => {
      const at = left + (e + .5) * side / EXPERTS, bottom = TOP + side + BARS - 38;
      add(figure, "text", { x: at, y: bottom + 16, fill: AS_TEXT[GREY], "text-anchor": "middle" }, e + 1);
      return { at, bottom, bar: add(figure, "rect", { x: at - wide, width: 2 * wide, fill: colour }), mean: add(figure, "path", { stroke: BLACK, "stroke-width": 2.5 }) };
    });
    const row = k ? add(figure, "circle", { r: 8, fill: "#fff", stroke: BLACK, "stroke-width": 3, "pointer-events": "none" }) : null;
    return { x, y, left, former, names, bars, row };
  });
  const third = 2 * (side + GAP), note = (at, words) => add(figure, "text", { x: third, y: TOP + side + at, fill: AS_TEXT[GREY], "font-size": narrow ? 12 : 13 }, words);
  add(figure, "text", { x: third, y: 15, fill: BLACK, "font-weight": "bold" }, narrow ? "in common" : "weight in common");
  const here = note(18, ""), ramp = [0, .25, .5, .75, 1];
  note(62, narrow ? "0%" : "none");
  add(figure, "text", { x: third + side, y: TOP + side + 62, "text-anchor": "end", fill: AS_TEXT[GREY], "font-size": narrow ? 12 : 13 }, narrow ? "100%" : "all of it");
  ramp.forEach((share, i) => add(figure, "rect", { x: third + i * side / 5, y: TOP + side + 32, width: side / 5, height: 14, fill: BLACK, "fill-opacity": DARKEST * share, stroke: "#d5d5d5" }));
  add(figure, "rect", { x: third, y: TOP, width: side, height: side, fill: "none", stroke: "#d5d5d5" });
  const spot = add(figure, "circle", { r: 8, fill: "#fff", stroke: BLACK, "stroke-width": 3, "pointer-events": "none" });
  add(figure, "text", { x: 0, y: tall - 4, fill: AS_TEXT[GREY], "font-size": narrow ? 12 : 13 }, "bars: weights on this row; lines: mean of all rows");
  const { x, y } = gates[0];
  stage.handle(figure, {
    name: "a row, in both gates", x, y, step: .1, at: () => [stage.state.s, stage.state.t], to: (s, t) => stage.set({ s, t }),
    words: () => ["A", "B"].map((task, k) => `gate ${task}: ${weights(flat(shown(stage), run(stage).data, stage.state.column)[k], [stage.state.s, stage.state.t]).map((part) => said(part)).join(", ")}`).join("; "),
  });

  const at = (i) => -WIDE + (i + .5) * 2 * WIDE / cells;
  const winners = (gate) => Array.from({ length: cells * cells }, (_, i) => {
    const parts = weights(gate, [at(i % cells), at(Math.floor(i / cells))]), best = parts.indexOf(Math.max(...parts));
    return [best, parts[best]];
  });
  function border(won, left) { // between cells where another expert wins
    let d = "";
    won.forEach(([best], i) => {
      const c = i % cells, r = Math.floor(i / cells), right = left + (c + 1) * CELL, up = TOP + side - (r + 1) * CELL;
      if (c + 1 < cells && won[i + 1][0] !== best) d += `M${fixed(right)},${fixed(up)}v${fixed(CELL)}`;
      if (r + 1 < cells && won[i + cells][0] !== best) d += `M${fixed(right - CELL)},${fixed(up)}h${fixed(CELL)}`;
    });
    return d;
  }

  return () => {
    const snapshot = shown(stage), { state } = stage, now = flat(snapshot, run(stage).data, state.column);
    pen.clearRect(0, 0, width, tall);
    gates.forEach(({ x, y, left, former, names, bars, row }, k) => {
      const middles = COLOURS.map(() => [0, 0, 0]);
      winners(now[k]).forEach(([best, weight], i) => {
        const c = i % cells, r = Math.floor(i / cells);
        pen.globalAlpha = .12 + .68 * (weight - 1 / EXPERTS) * EXPERTS / (EXPERTS - 1);
        pen.fillStyle = COLOURS[best];
        pen.fillRect(left + c * CELL, TOP + side - (r + 1) * CELL, CELL, CELL);
        middles[best] = middles[best].map((sum, j) => sum + [c, r, 1][j]);
      });
      pen.globalAlpha = 1;
      names.forEach((name, e) => {
        const [c, r, count] = middles[e];
        name.style.display = count > cells ? "" : "none";
        if (count) change(name, { x: fixed(left + (c / count + .5) * CELL), y: fixed(TOP + side - (r / count + .5) * CELL + 5) });
      });
      former.setAttribute("d", stage.former ? border(winners(stage.former[k]), left) : "");
      weights(now[k], [state.s, state.t]).forEach((weight, e) => {
        const { at, bottom, bar, mean } = bars[e], high = (value) => value * (BARS - 48);
        change(bar, { y: fixed(bottom - high(weight)), height: fixed(high(weight)) });
        change(mean, { d: `M${fixed(at - wide - 2)},${fixed(bottom - high(snapshot.means[k][e]))}h${2 * wide + 4}` });
      });
      if (row) change(row, { cx: fixed(x(state.s)), cy: fixed(y(state.t)) });
    });
    for (let i = 0; i < cells * cells; i++) {
      const c = i % cells, r = Math.floor(i / cells);
      pen.globalAlpha = DARKEST * common(now, [at(c), at(r)]);
      pen.fillStyle = BLACK;
      pen.fillRect(third + c * CELL, TOP + side - (r + 1) * CELL, CELL, CELL);
    }
    pen.globalAlpha = 1;
    change(spot, { cx: fixed(gates[0].x(state.s) + third), cy: fixed(gates[0].y(state.t)) });
    here.textContent = `${narrow ? "" : "here "}${said(100 * common(now, [state.s, state.t]), 0)}%`;
  };
}

const percent = (share) => `${said(100 * share, 0)}%`;

// Two gates agree on the same row more than on rows drawn apart, where they follow the row alike. That they agree on rows
// drawn apart has two causes: they have the same favourites, or they ignore the row.
function sentence(stage) {
  const { same, apart, own, used } = shown(stage), ignores = own.every((value) => value > .9);
  return `Step ${said(stage.state.step, 0)}: in common on the same row ${percent(same)}, on rows drawn apart ${percent(apart)}${ignores ? ", but these gates hardly look at the row" : ""}. `
    + `From row to row gate A keeps ${percent(own[0])} of its weights, gate B ${percent(own[1])}. They use ${used[0]} and ${used[1]} of ${EXPERTS} experts.`;
}

const told = (stage) => { const { same, apart } = shown(stage); return `${percent(same)} in common on the same row, ${percent(apart)} on rows drawn apart`; };

function agreement(stage) {
  const { same, apart, own } = shown(stage);
  if (own.every((value) => value > .9)) return "Neither gate looks at the row, so they agree or not on all rows alike";
  return same > apart + .1 ? "More than by chance" : same < apart - .1 ? "Less than by chance" : "Not more than by chance";
}

// How much of the weight the largest expert had before training and has now, in the gate where one swallowed the plane.
function swallowed(stage) {
  const { used } = shown(stage), k = used.indexOf(1), share = ({ means }) => percent(Math.max(...means[k]));
  return `In gate ${"AB"[k]}, at ${stage.state.column}: the largest expert has ${share(shown(stage))} of the weight, and had ${share(run(stage).snapshots[0])} before training. An expert that is off gets almost no gradient, so it stays off.`;
}

export default explorable({
  limits: { p: [0, 1], step: [0, STEPS], seed: [0, 9], column: Object.keys(COLUMNS), s: [-2.4, 2.4], t: [-2.4, 2.4] },
  questions: [
    { ask: "Two tasks, no direction in common. Train. Do the gates agree on a row (dark at the right) more than by chance?", when: (stage) => ended(stage) && stage.state.p === 0 && stage.state.column === "scaled",
      then: (stage) => `${agreement(stage)}, in this run: ${told(stage)}. Now try other first weights.` },
    { ask: "Make both tasks one, p = 1. What happens to the borders?", when: (stage) => ended(stage) && stage.state.p === 1 && stage.state.column === "scaled",
      then: (stage) => `${shown(stage).same > shown(stage).apart + .2 ? "Both gates draw them alike" : "Mostly they are alike, in this run they are not"}: ${told(stage)}.` },
    { ask: "Unscale the column. When does one expert swallow the plane?", when: (stage) => ended(stage) && shown(stage).used.includes(1),
      then: swallowed,
      hint: (stage) => (ended(stage) ? `with ${stage.state.column} the gates use ${shown(stage).used.join(" and ")} of ${EXPERTS} experts.` : "") },
  ],
  setup, picture, sentence,
  arrived(stage) {
    stage.run = stage.former = null;
    const { step } = stage.state;
    if (step) { stage.set({ step: 0 }); scrubbed(stage, step); }
  },
});

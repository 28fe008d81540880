// Two gates of an MMoE while they are trained: how much each gives to which expert on a row that the reader drags, how much of
// it goes to the same experts, and the same over 500 rows, beside a control; before that the reader guesses.
// The tasks are those of the MMoE paper, two directions at an angle; one more input column, which neither needs, may be unscaled.
import { add, change } from "../../display/elements.js";
import { AS_TEXT, BLACK, BLUE, explorable, fixed, GREY, ORANGE, said, scale, svg } from "../../display/live/kit.js";
import { diamond, guess } from "../../display/live/guess.js";
import { dot, featureTasks, generator, mean, Training } from "../../display/live/sim.js";

const EXPERTS = 4, UNITS = 4, TOWER = 8, INPUTS = 20, RATE = 0.05, STEPS = 300, CHUNK = 5, PACE = 20; // chunks of steps a second
const ROWS = [500, 250, 500], APART = 137, NOISE = 0.1, WIDE = 2.5; // the plane reaches so many standard deviations from its middle
const COLUMNS = { scaled: [0, 1], "10±3": [10, 3], "30±10": [30, 10], "100±30": [100, 30] }; // mean and standard deviation
const TASKS = [["A", BLUE], ["B", ORANGE]];

const overlap = (a, b) => a.reduce((sum, value, e) => sum + Math.min(value, b[e]), 0); // of the weights of two gates
const percent = (share) => `${said(100 * share, 0)}%`;

// The tasks of `mmoe_tasks` in helpers/data/synthetic.py, on the rows of the engine, and the column as the last input.
export function tasks({ p, column, seed }, { alpha, beta }) {
  const data = featureTasks({ needs: [[1, 0], [0, 1]], rows: ROWS, inputs: INPUTS, seed }), [middle, spread] = COLUMNS[column];
  const target = (z) => z + alpha.reduce((sum, a, i) => sum + Math.sin(a * z + beta[i]), 0);
  const parts = ["train", "valid", "test"].map((part, k) => {
    const { n, x } = data[part], { normal } = generator(seed, 10 + k), wide = new Float64Array(n * (INPUTS + 1)), labels = [new Float64Array(n), new Float64Array(n)];
    for (let i = 0; i < n; i++) {
      const row = x.subarray(i * INPUTS, (i + 1) * INPUTS), [s, t] = data.directions.map((v) => dot(v, row));
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

// Over the test rows, a number each: what both gates give to the same experts, on the same row and on two random rows, and what
// gate A gives to the same experts on two random rows: 1 if it ignores the row.
export function measured(gates, { n, x }) {
  const [a, b] = gates.map((gate) => Array.from({ length: n }, (_, i) => shares(gate.map((w) => dot(w, x.subarray(i * w.length, (i + 1) * w.length))))));
  const pairs = (one, other, apart) => one.map((row, i) => overlap(row, other[(i + apart) % n]));
  return { same: pairs(a, b, 0), apart: pairs(a, b, APART), own: pairs(a, a, APART) };
}

// --- a run: made anew when a setting changes ------------------------------------------------------------------------

export class Run {
  constructor(setting, curves) {
    const data = tasks(setting, curves), [middle] = COLUMNS[setting.column];
    const training = new Training(data, { structure: "mmoe", width: UNITS, experts: EXPERTS, tower: TOWER, lr: RATE, seed: setting.seed });
    Object.assign(this, { data, training, middle });
    this.look();
  }

  get steps() { return this.training.steps; }
  get over() { return this.steps >= STEPS; }

  advance() {
    for (let i = 0; i < CHUNK; i++) this.training.step();
    this.look();
  }

  look() {
    const { data: { directions, test }, training: { model: { gates, theta } } } = this;
    const rows = gates.map(({ from, ins }) => Array.from({ length: EXPERTS }, (_, e) => theta.slice(from + e * ins, from + (e + 1) * ins)));
    // on the plane, the logits are linear in the place: of each gate and expert [by s, by t, constant]
    this.logits = rows.map((gate) => gate.map((w) => [...directions.map((v) => dot(v, w)), w[INPUTS] * this.middle]));
    Object.assign(this, measured(rows, test));
  }

  weights({ s, t }) { return this.logits.map((gate) => shares(gate.map(([a, b, c]) => a * s + b * t + c))); }
}

const settingOf = ({ state: { p, column } }) => `p = ${said(p, 1)}${column === "scaled" ? "" : `, column ${column}`}`;
const ended = ({ run, control }) => run.over && control.over;
const started = ({ run }) => run.steps > 0;

// The run of the state, and its control: the same with the column scaled. A new setting is trained at once if the last one was.
function current(stage) {
  const { state, data, run, learning } = stage, known = `${settingOf(stage)}, ${state.seed}`;
  if (stage.known !== known) {
    Object.assign(stage, { known, run: new Run(state, data) });
    stage.control = state.column === "scaled" ? stage.run : new Run({ ...state, column: "scaled" }, data);
    if (run?.steps) learning.play();
  }
  return stage.run;
}

function advance(stage) {
  current(stage);
  for (const run of new Set([stage.run, stage.control])) if (!run.over) run.advance();
  if (!ended(stage)) return true;
  const setting = settingOf(stage), { seed } = stage.state;
  stage.done[setting] = { ...stage.done[setting], [seed]: lanes(stage).map(([, values]) => mean(values)) };
  return false;
}

// What is measured, and its control: [name, a number a row].
const alone = ({ state }) => state.column !== "scaled";
const lanes = (stage) => (alone(stage) ? [["with the column", stage.run.own], ["without it", stage.control.own]] : [["all 500 rows", stage.run.same], ["two random rows", stage.run.apart]]);
// What is grey: of the weights of gate A what gate B gives to the same experts; or what A itself gave to them on the first row.
const compared = (stage, weights) => (!alone(stage) ? weights[1] : started(stage) ? stage.run.weights(stage.start)[0] : weights[0].map(() => 0));

function setup(stage) {
  stage.done = {}; // by setting and seed: the means of both lanes
  stage.learning = stage.loop(() => advance(stage), { rate: PACE, begin() {
    stage.made("guess"); // or it is too late
    if (ended(stage)) Object.assign(stage, { run: null, known: "" }); // once more
  } });
  stage.player(stage.learning, () => (ended(stage) ? "↻ Train again" : "▶ Train"), "❚❚ Pause", { big: true, key: "train" });
  stage.button("Other first weights", () => stage.set({ seed: (stage.state.seed + 1) % 10 }), stage.runs);
  stage.choice({ label: "the column that no task needs", key: "column", options: Object.fromEntries(Object.keys(COLUMNS).map((name) => [name, name])) });
  stage.card.classList.add("mtl-flat");
}

// --- the picture ----------------------------------------------------------------------------------------------------

const REACH = 1.55, GRIP = 1.9; // of the arrows, and of what turns B's
const SHARED = "#8c8c8c", LINE = "#d5d5d5"; // what goes to the same experts

// Where two experts are level as the favourites of a gate: of each pair a piece of a line, on the plane, where no third is above them.
const PLANE = [[1, 0, WIDE], [-1, 0, WIDE], [0, 1, WIDE], [0, -1, WIDE]]; // not negative on it
function borders(gate, x, y) {
  return gate.flatMap((one, e) => gate.slice(e + 1).map((other) => {
    const minus = (third) => one.map((value, i) => value - third[i]), [a, b, c] = minus(other), size = Math.hypot(a, b) || 1;
    const at = (u) => [(-a * c / size - b * u) / size, (-b * c / size + a * u) / size];
    let low = -Infinity, high = Infinity;
    for (const w of [...PLANE, ...gate.filter((third) => third !== one && third !== other).map(minus)]) {
      const above = ([s, t]) => w[0] * s + w[1] * t + w[2], from = above(at(0)), slope = above(at(1)) - from || 1e-9;
      if (slope > 0) low = Math.max(low, -from / slope);
      else high = Math.min(high, -from / slope);
    }
    return high > low ? `M${[low, high].map(at).map(([s, t]) => `${fixed(x(s))},${fixed(y(t))}`).join("L")}` : "";
  })).join("");
}

function ribbon(x1, y1, x2, y2, high) {
  const [a, b, c, from, to, under, below] = [x1, (x1 + x2) / 2, x2, y1, y2, y1 + high, y2 + high].map(fixed);
  return `M${a},${from}C${b},${from} ${b},${to} ${c},${to}V${below}C${b},${below} ${b},${under} ${a},${under}Z`;
}

function picture(stage, place, width) {
  const narrow = width < 560, side = narrow ? 150 : Math.min(270, Math.round(.29 * width)); // narrow: scale, plane, flow, one below the other
  const left = narrow ? 2 : side + Math.round(.09 * width), right = width - 2, tops = narrow ? { scale: 22, plane: 182, flow: 360 } : { scale: 252, plane: 20, flow: 20 };
  const lane = narrow ? 37 : 23, high = narrow ? 66 : 72, apart = 30; // of the scale; of all the weight of a gate; between two gates
  const figure = svg(place, width, narrow ? 544 : tops.scale + 3 * lane + 20);
  change(figure, { role: "group", "aria-label": "a row on a plane; two gates, four experts and two towers; what both gates give to the same experts" });
  const text = (x, y, words, more = {}) => add(figure, "text", { x, y, fill: AS_TEXT[GREY], "font-size": 13, ...more }, words);
  const line = (more, parent = figure) => add(parent, "path", { fill: "none", ...more });
  const box = (more) => add(figure, "rect", { fill: "none", ...more });
  const bold = { fill: BLACK, "font-weight": "bold", "font-size": 14 }, middle = { "text-anchor": "middle" }, end = { "text-anchor": "end" };
  const each = (make) => TASKS.map(([task, colour], k) => make(k, task, colour, { ...bold, fill: AS_TEXT[colour] }));
  const four = (make) => Array.from({ length: EXPERTS }, (_, e) => make(e));

  // the plane: where the gates change their favourite, what the tasks need
  const x = scale(-WIDE, WIDE, 1, side + 1), y = scale(-WIDE, WIDE, tops.plane + side, tops.plane);
  text(1, tops.plane - 8, "each point is a row", bold);
  const cosine = narrow ? text(side + 12, tops.plane + 116, "") : text(side + 1, tops.plane - 8, "", end);
  box({ x: 1, y: tops.plane, width: side, height: side, stroke: LINE });
  const edges = each((k, _, colour) => {
    const [px, py] = narrow ? [side + 12, tops.plane + 20 + 48 * k] : [1, tops.plane + side + 19 * (k + 1)], dash = { stroke: colour, "stroke-width": 2.5, "stroke-dasharray": k ? "7 5" : "none" };
    return [line(dash), line({ ...dash, d: `M${px},${py - 4}h24` }), ...(narrow ? [0, 17] : [0]).map((down) => text(px + 30, py + down, ""))];
  });
  const wires = each((k) => line({ stroke: GREY, "stroke-width": 1.5 }));
  const turn = line({ d: `M${x(GRIP)},${y(0)}A${x(GRIP) - x(0)},${x(GRIP) - x(0)} 0 0 0 ${x(0)},${y(GRIP)}`, stroke: ORANGE, "stroke-width": 2, "stroke-dasharray": "2 5" });
  const [px, py] = [x(stage.start.s), y(stage.start.t)], first = [add(figure, "circle", { cx: px, cy: py, r: 11, fill: "none", stroke: GREY, "stroke-width": 2, "stroke-dasharray": "4 3" })];
  first.push(text(px - 17, py + 5, "first row", { ...end, class: "mtl-halo" }));
  const needs = each((k, task, colour, ink) => ({
    shaft: line({ stroke: colour, "stroke-width": 4 }), head: line({ fill: colour }), name: text(0, 0, `${task} needs`, { ...ink, ...(k ? end : middle), "font-size": 13, class: "mtl-halo", style: "stroke-width: 8px" }),
  }));

  // the flow: gate, experts, tower
  const from = left + 14, to = right - 14, expert = (from + to) / 2 - 12, starts = [tops.flow, tops.flow + high + apart];
  const strands = each((k, task, colour) => four(() => line({ fill: colour, "fill-opacity": .5 })));
  const cuts = each((k, task, colour, ink) => {
    for (const px of [left, to]) box({ x: px, y: starts[k], width: 14, height: high, fill: colour });
    text(left, starts[k] - 8, `gate ${task}`, { ...ink, class: "mtl-halo" });
    text(right, starts[k] - 8, `tower ${task}`, { ...ink, ...end, class: "mtl-halo" });
    return line({ stroke: "#fff", "stroke-width": 2 });
  });
  const experts = four((e) => ({ all: box({ x: expert, width: 24, fill: "#fff", stroke: BLACK, "stroke-width": 1.5 }), both: box({ x: expert, width: 24, fill: SHARED }), name: text(expert - 6, 0, e + 1, { ...bold, ...end, class: "mtl-halo" }) }));
  const age = text(expert + 12, tops.flow - 8, "", { ...bold, ...middle });
  const grey = text(expert + 12, starts[1] + high + 18, "", middle);

  // the scale: this row, all rows, the control
  const g = scale(0, 1, left + (narrow ? 6 : 146), right - (narrow ? 58 : 100)), under = tops.scale + 3 * lane, lanesAt = [0, 1, 2].map((i) => tops.scale + i * lane + (narrow ? 26 : 14));
  for (const share of [0, .25, .5, .75, 1]) {
    line({ d: `M${g(share)},${tops.scale}V${under}`, stroke: LINE });
    text(g(share), under + 16, share === 1 ? "all" : share ? percent(share) : "none", share === 1 ? end : narrow && !share ? {} : middle);
  }
  const title = text(left, tops.scale - 10, "", bold), small = text(right, tops.scale - 10, "", end);
  const summed = four((e) => ({ bar: box({ y: lanesAt[0] - 8, height: 16, fill: SHARED, stroke: "#fff" }), name: text(0, lanesAt[0] + 5, e + 1, { ...bold, ...middle, "font-size": 13 }) }));
  const ticks = [BLACK, GREY].map((stroke) => line({ stroke, "stroke-opacity": .2 }));
  const others = line({ stroke: GREY, "stroke-width": 1.5 }), slant = line({ stroke: BLACK, "stroke-width": 2 });
  const names = lanesAt.map((at) => (narrow ? text(g(0), at - 12, "", { class: "mtl-halo" }) : text(g(0) - 12, at + 5, "", end)));
  const off = narrow ? text(right, lanesAt[1] + 20, "", end) : text(right, lanesAt[1] + 5, "", end);
  const means = [BLACK, "#fff"].map((fill) => line({ fill, stroke: BLACK, "stroke-width": 2 }));
  const shown = lanesAt.map((at, i) => text(g(1) + 12, at + 5, "", { fill: BLACK, "font-weight": i === 1 ? "bold" : "normal", "font-size": 14 }));

  // what can be dragged
  const guessed = guess(stage, figure, {
    name: "your guess", x: g, level: lanesAt[1], words: ([share]) => percent(share), known: () => started(stage), setting: () => settingOf(stage),
  });
  stage.handle(figure, {
    name: "a row, in both gates", key: "row", x, y, step: .1, at: () => [stage.state.s, stage.state.t], to: (s, t) => stage.set({ s, t }),
    words: () => current(stage).weights(stage.state).map((gate, k) => `gate ${TASKS[k][0]}: ${gate.map(percent).join(", ")}`).join("; "),
  });
  stage.handle(figure, {
    name: "what task B needs: cosine with what A needs", key: "p", x: scale(0, 1, x(0), x(GRIP)), level: () => y(GRIP * Math.sqrt(1 - stage.state.p ** 2)), step: .1, colour: ORANGE,
    at: () => [stage.state.p], to: (p) => stage.set({ p: Math.round(10 * p) / 10 }), words: () => said(stage.state.p, 1),
  });

  return () => {
    const run = current(stage), { p } = stage.state, weights = run.weights(stage.state), one = alone(stage), open = started(stage), base = compared(stage, weights);
    const measures = lanes(stage), values = measures.map(([, list]) => mean(list)), missed = missedBy(stage);
    edges.forEach(([edge, ...key], k) => {
      edge.setAttribute("d", borders(run.logits[k], x, y));
      const all = !edge.getAttribute("d"), words = all ? ["always", `takes expert ${weights[k].indexOf(Math.max(...weights[k])) + 1}`] : ["changes", "its favourite"];
      key.forEach((node, i) => {
        node.style.display = all && !(open && i) ? "none" : "";
        if (i) node.textContent = [`gate ${TASKS[k][0]} ${words[0]}`, words[1]].slice(i - 1, narrow ? i : 2).join(" ");
      });
    });
    [[1, 0], [p, Math.sqrt(1 - p * p)]].forEach(([u, v], k) => {
      const { shaft, head, name } = needs[k], aside = p > .97 ? 5 - 10 * k : 0, px = x(REACH * u), py = y(REACH * v) + aside;
      change(shaft, { d: `M${fixed(x(0))},${fixed(y(0) + aside)}L${fixed(px - 8 * u)},${fixed(py + 8 * v)}` });
      change(head, { d: `M${fixed(px)},${fixed(py)}l${fixed(-13 * u + 6 * v)},${fixed(13 * v + 6 * u)}l${fixed(-12 * v)},${fixed(-12 * u)}Z` });
      change(name, k ? { x: fixed((x(0) + px) / 2 - 10), y: fixed((y(0) + aside + py) / 2 - 8) } : { x: fixed(px - 8), y: fixed(py + 22) });
    });
    cosine.textContent = `${narrow || side > 250 ? "cosine " : ""}p = ${said(p, 1)}`;
    const tall = weights[0].map((weight, e) => high * Math.max(weight, weights[1][e])), free = (2 * high + apart - tall.reduce((a, b) => a + b)) / EXPERTS;
    const at = [...starts], marks = ["", ""];
    let top = tops.flow + free / 2, sum = 0;
    experts.forEach(({ all, both, name }, e) => { // an expert is as high as the larger of its two weights, and grey as far as both reach
      const least = Math.min(weights[0][e], base[e]), { bar, name: number } = summed[e];
      change(all, { y: fixed(top), height: fixed(Math.max(tall[e], 2)) });
      change(both, { y: fixed(top), height: fixed(high * least) });
      change(name, { y: fixed(top + tall[e] / 2 + 5), display: tall[e] + free < 12 ? "none" : "inline" });
      weights.forEach((gate, k) => {
        const part = high * gate[e];
        change(strands[k][e], { d: ribbon(from, at[k], expert, top, part) + ribbon(expert + 24, top, to, at[k], part), "fill-opacity": one && k ? .15 : .5 });
        at[k] += part;
        if (e < EXPERTS - 1) marks[k] += `M${left},${fixed(at[k])}h14M${to},${fixed(at[k])}h14`;
      });
      change(bar, { x: fixed(g(sum)), width: fixed(g(least) - g(0)) });
      change(number, { x: fixed(g(sum + least / 2)), display: g(least) - g(0) < 14 ? "none" : "inline" });
      sum += least;
      top += tall[e] + free;
    });
    cuts.forEach((cut, k) => cut.setAttribute("d", marks[k]));
    if (!narrow) wires.forEach((wire, k) => wire.setAttribute("d", ribbon(x(stage.state.s), y(stage.state.t), left - 3, starts[k] + high / 2, 0).split("V")[0]));
    age.textContent = run.over ? "experts, trained" : open ? `experts, step ${run.steps}` : "experts, untrained";

    title.textContent = one ? `weight of gate A that stays${narrow ? "" : " when the row changes"}` : narrow ? "weight that the gates share" : "weight that both gates give to the same experts";
    grey.textContent = !one ? "grey: from both gates" : open ? "grey: gate A keeps it" : "";
    for (const node of first) node.style.display = one && open ? "" : "none";
    turn.style.display = !stage.question?.show || "p" in stage.question.moves ? "" : "none";
    const rows = [[one ? "grey: as on first row" : "grey: this row", sum, open || !one], ...measures.map(([name], i) => [name, values[i], open])];
    rows.forEach(([name, value, known], i) => [names[i].textContent, shown[i].textContent] = [known || i === 1 ? name : "", known ? percent(value) : ""]);
    measures.forEach(([, list], i) => {
      ticks[i].setAttribute("d", open ? list.map((value) => `M${fixed(g(value))},${lanesAt[i + 1] - 8}v16`).join("") : "");
      means[i].setAttribute("d", open ? diamond(g(values[i]), lanesAt[i + 1], 12 - 3 * i) : "");
    });
    const before = Object.entries(stage.done[settingOf(stage)] ?? {}).filter(([seed]) => Number(seed) !== stage.state.seed).map(([, pair]) => pair);
    others.setAttribute("d", before.flatMap((pair) => pair.map((value, i) => diamond(g(value), lanesAt[i + 1], 6))).join(""));
    small.textContent = before.length && right - left > 560 ? "◇ other first weights" : "";
    slant.setAttribute("d", open ? `M${fixed(g(values[0]))},${lanesAt[1]}L${fixed(g(values[1]))},${lanesAt[2]}` : "");
    guessed([Number.isNaN(missed) ? NaN : values[0]]);
    off.textContent = Number.isNaN(missed) ? "" : `${said(100 * missed, 0)} off`;
  };
}

// --- in words -------------------------------------------------------------------------------------------------------

const missedBy = (stage) => (stage.question?.moves && ended(stage) && stage.guessed === settingOf(stage) ? Math.abs(stage.state.guess - mean(lanes(stage)[0][1])) : NaN);

function sentence(stage) {
  const run = current(stage), weights = run.weights(stage.state), here = percent(overlap(weights[0], compared(stage, weights))), [first, second] = lanes(stage).map(([, values]) => percent(mean(values)));
  const begins = `${run.steps ? `Step ${run.steps}` : "Not trained yet"}: ${!alone(stage) ? `on this row the gates share ${here} of their weight` : run.steps ? `gate A keeps ${here} of its weight from the first row` : "the column goes into both gates"}`;
  if (!run.steps) return `${begins}.`;
  return `${begins}${alone(stage) ? `, from row to row ${first}, without the column` : `, over 500 rows ${first}, on two random rows`} ${second}.`;
}

function answer(stage) {
  const [first, second] = lanes(stage).map(([, values]) => mean(values)), more = first - second, missed = missedBy(stage);
  const chance = more > .3 ? "far more than by chance" : more > .1 ? "more than by chance" : more < -.1 ? "less than by chance" : "no more than by chance, for gates as soft as these always share some";
  const off = Number.isNaN(missed) ? "" : ` Your guess was ${said(100 * missed, 0)} points off.`;
  if (!alone(stage)) return `${percent(first)} on the same row, ${percent(second)} on two random rows: ${chance}.${off}`;
  return `Gate A keeps ${percent(first)} from row to row, ${percent(second)} without the column${first > .9 ? ": it hardly looks at the row" : ""}.${off}`;
}

export default explorable({
  chapter: "C6",
  limits: { p: [0, 1], s: [-2.4, 2.4], t: [-2.4, 2.4], guess: [0, 1] },
  questions: [
    { name: "Nothing in common", ask: "Two tasks with nothing in common. How much weight will their gates share?", when: ended, then: answer,
      set: { p: 0, column: "scaled" }, show: [], moves: { guess: "Drag your guess", train: "", row: "Drag the row" } },
    { name: "One task twice", ask: "Now both tasks need the same. How much weight will their gates share?", when: ended, then: answer,
      set: { p: 1, column: "scaled" }, show: ["row"], moves: { guess: "Drag your guess", train: "", p: "Turn what B needs" } },
    { name: "A loud column", ask: "A useless column comes in unscaled. How much weight will gate A keep from row to row?", when: ended, then: answer,
      set: { p: 0, column: "100±30" }, show: ["column"], moves: { guess: "Drag your guess", train: "", row: "Drag the row" } },
  ],
  setting: settingOf, setup, picture, sentence,
  anew: (stage) => Object.assign(stage, { run: null, known: "", guessed: "" }),
});

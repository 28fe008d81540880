// Two tasks, one bottom, trained under the reader's hand: draw which features each task needs, choose the width of the
// bottom, the weight, the rows; see which features its units find, and what both tasks gain by sharing.
import { add, block, change } from "../../display/elements.js";
import { AS_TEXT, BAND, BLACK, BLUE, clamp, dragged, explorable, fixed, GREY, ORANGE, path, said, scale, signed, svg, text } from "../../display/live/kit.js";
import { guess, star } from "../../display/live/guess.js";
import { cosines, featureTasks, Training } from "../../display/live/sim.js";
import { interval, outcome, verdict } from "../../display/live/verdicts.js";

const STEPS = 250, EVERY = 5, SEEDS = 8, RATE = 800; // of a run; between two looks at it; seeds of a *Play*; half steps a second
const NOISE = 0.5, VALID = 500, TEST = 1000;
const REACH = 0.2; // of the map of outcomes; beyond, at its rim
const FOUND = 0.8; // a unit with this cosine belongs to one feature; below it, to a mixture
const HIGH = 320, NARROW = 580; // of the picture: the map beside the rest, or below
const COLOURS = ["#88ccee", "#44aa99", "#117733", "#999933", "#ddcc77", "#cc6677", "#882255", "#aa4499"]; // of the features; not those of the tasks
const TASKS = { a: BLUE, b: ORANGE };

// --- a setting ------------------------------------------------------------------------------------------------------

const needsOf = ({ state }) => [state.a, state.b]; // a row a task
const settingOf = ({ state: { a, b, width, rows, weight } }) => JSON.stringify([a, b, width, rows, weight.toFixed(2)]);
const counted = ([a, b]) => {
  const both = a.filter((sign, j) => sign && b[j]).length, union = a.filter((sign, j) => sign || b[j]).length;
  return { both, union, flipped: a.filter((sign, j) => sign && b[j] === -sign).length };
};

// The kept runs of chapter 04 at this setting, if it is one of theirs: transfers of both tasks, a list each, by weight.
// Their tasks have four features, with signs that each seed draws; all of one sign is a task that is easier for few units.
function keptOf(stage) {
  const { state, data } = stage, needs = needsOf(stage), { both, flipped } = counted(needs);
  const drawn = (signs) => signs.filter(Boolean).length === 4 && signs.includes(1) && signs.includes(-1);
  const four = needs.every(drawn) && !flipped;
  const by = four && state.rows === data.rows && data.transfers[both]?.[data.widths.indexOf(state.width)];
  if (!by) return null;
  const path = by.map((tasks) => tasks.map((list) => list.reduce((a, b) => a + b, 0) / list.length / 1000));
  const now = by[data.weights.findIndex((weight) => Math.abs(weight - state.weight) < .001)];
  return { path, now: now?.map((list) => list.map((value) => value / 1000)) };
}

// --- a run: one seed, together and alone ----------------------------------------------------------------------------

class Run {
  constructor(stage, seed) {
    const { state } = stage, { width, weight, rows } = state;
    this.setting = settingOf(stage);
    this.seed = seed;
    this.data = featureTasks({ needs: needsOf(stage), rows: [rows, VALID, TEST], noise: NOISE, seed });
    this.together = new Training(this.data, { structure: "shared-bottom", width, weights: [2 * weight, 2 - 2 * weight], seed });
    this.alone = new Training(this.data, { structure: "single-task", width, seed });
    Object.assign(this, { looks: [], took: 0 });
    this.look();
  }

  // Half a step, of one of the two: with many rows a frame has no time for more.
  step() {
    if (this.together.steps === this.alone.steps) this.together.step();
    else {
      this.alone.step();
      if (this.steps % EVERY === 0) this.look();
    }
  }

  // What is shown of a moment: R² of each task together and alone; of the last one what the units have found, too.
  look() {
    const { model } = this.together;
    this.looks.push({ together: [...this.together.now], alone: [...this.alone.now] });
    this.units = cosines(model, model.experts[0], this.data.directions);
  }

  get steps() { return this.alone.steps; }
  get transfer() { return this.together.r2.map((value, k) => value - this.alone.r2[k]); }
}

// The run at the present setting, the last one where some are over; in `stage.done` their transfers, a list a setting, in
// `stage.owned` the features that had a unit of their own at the end.
function current(stage) {
  const setting = settingOf(stage);
  if (stage.run?.setting !== setting) stage.run = stage.last.get(setting) ?? fresh(stage);
  return stage.run;
}

const fresh = (stage) => new Run(stage, doneOf(stage).length + 1);
const doneOf = (stage, setting = settingOf(stage)) => stage.done.get(setting) ?? [];

// False when so many seeds are over that it is time to look; a seed that is not the reader's `own` gives no answer away.
function advance(stage, own = true) {
  if (current(stage).steps >= STEPS) stage.run = fresh(stage);
  const { run } = stage;
  if (stage.slow && ++stage.beat % 3) return true; // the first seed after *Play* is for looking on
  const began = performance.now();
  run.step();
  run.took += performance.now() - began;
  if (own) stage.begun.add(run.setting);
  stage.last.set(run.setting, run); // what was learnt stays, wherever the reader goes
  if (run.steps < STEPS) return true;
  const done = [...doneOf(stage), run.transfer];
  stage.done.set(run.setting, done);
  stage.owned.set(run.setting, [...(stage.owned.get(run.setting) ?? []), foundBy(run.units)]);
  Object.assign(stage, { slow: false, pace: run.took / cost(stage) });
  return done.length % SEEDS > 0;
}

// About how long a step takes, in those of 5 units and 500 rows; and so the seconds that *Play* takes at this setting.
const cost = ({ state }) => (state.rows + 150) * (state.width + 1.5);
const left = (stage) => SEEDS - doneOf(stage).length % SEEDS;
function seconds(stage) {
  const each = Math.max(1.4 * stage.pace * cost(stage) / 1000, 2 * STEPS / RATE);
  return Math.ceil(each * left(stage) + 4 * STEPS / RATE);
}

// A guess comes before what is known: until the run begins, its outcome is not shown.
const asked = (stage) => "guess" in (stage.question?.moves ?? {}), begun = (stage) => stage.begun.has(settingOf(stage));
const waiting = (stage) => asked(stage) && !begun(stage);
const guessed = (stage) => stage.guessed === settingOf(stage);
const missedBy = (stage, both) => Math.hypot(stage.state.ga - both[0][0], stage.state.gb - both[1][0]);

const byTask = (transfers) => [0, 1].map((k) => interval(transfers.map((pair) => pair[k])));
const features = (unit) => unit.map((cosine, j) => [cosine, j]).filter(([cosine]) => cosine >= FOUND).map(([, j]) => j);
const foundBy = (units) => [...new Set(units.flatMap(features))].sort((i, j) => i - j);

// --- the picture ----------------------------------------------------------------------------------------------------

// Which features each task needs, as two rows of cells; a drag paints.
function cells(stage, figure, left, right) {
  const x = (j) => left + (right - left) * (j + .5) / COLOURS.length, size = 24, rows = Object.entries(TASKS), all = [];
  text(figure, 2, 19, compact(right) ? "feature" : "features");
  COLOURS.forEach((colour, j) => {
    add(figure, "circle", { cx: x(j), cy: 14, r: 12, fill: colour });
    text(figure, x(j), 19, String(j + 1), { "text-anchor": "middle", fill: BLACK, "font-weight": "bold", class: "mtl-halo" });
  });
  const put = (task, j, sign) => {
    const list = stage.state[task].map((old, i) => (i === j ? sign : old));
    if (list.some(Boolean)) stage.set({ [task]: list });
  };
  const next = (task, j) => {
    const list = stage.state[task], last = list.filter(Boolean).length === 1;
    return { 0: 1, 1: -1, "-1": last ? 1 : 0 }[list[j]];
  };
  rows.forEach(([task, colour], k) => {
    const y = 32 + 30 * k, name = `task ${task.toUpperCase()}`;
    text(figure, 2, y + 18, name, { fill: AS_TEXT[colour], "font-weight": "bold" });
    COLOURS.forEach((_, j) => {
      const g = add(figure, "g", { class: "mtl-cell", tabindex: k + j ? -1 : 0, role: "button" });
      const box = add(g, "rect", { x: x(j) - size / 2, y, width: size, height: size, rx: 4, stroke: colour, "stroke-width": 2 });
      const sign = add(g, "path", { stroke: "#fff", "stroke-width": 3 });
      dragged(g, () => {
        const brush = next(task, j);
        g.focus({ preventScroll: true });
        put(task, j, brush);
        return (px) => put(task, clamp(Math.floor((px - left) / (right - left) * COLOURS.length), 0, COLOURS.length - 1), brush);
      }, { scrolls: true });
      g.addEventListener("click", (event) => { if (!event.detail) put(task, j, next(task, j)); }); // a reader of the screen
      g.addEventListener("keydown", (event) => {
        const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0, down = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === "Enter" || event.key === " ") put(task, j, next(task, j));
        else if (across || down) {
          const to = all[clamp(k + down, 0, 1) * COLOURS.length + clamp(j + across, 0, COLOURS.length - 1)].g;
          all.forEach((cell) => cell.g.setAttribute("tabindex", cell.g === to ? 0 : -1));
          to.focus({ preventScroll: true });
        } else return;
        event.preventDefault();
      });
      all.push({ g, show: (value) => {
        box.setAttribute("fill", value ? colour : "#fff");
        sign.setAttribute("d", value ? `M${fixed(x(j) - 6)},${y + size / 2}h12${value > 0 ? "m-6,-6v12" : ""}` : "");
        g.setAttribute("aria-label", `${name}, feature ${j + 1}: ${{ 1: "needed, plus", 0: "not needed", "-1": "needed, minus" }[value]}`);
      } });
    });
  });
  return (needs) => all.forEach((cell, i) => cell.show(needs.flat()[i]));
}

// The units of the bottom: each is filled as far as it points along a feature, in that feature's colour.
function slots(figure, left, right, top, bottom) {
  text(figure, 2, top + 20, compact(right) ? "bottom's" : "units of");
  text(figure, 2, top + 37, compact(right) ? "units" : "the bottom");
  text(figure, 2, bottom + 15, right > 460 ? "its colours: the features that a unit has learnt; pale: turned around" : "colours: features learnt; pale: turned around", { "font-size": 13 });
  const frames = add(figure, "path", { fill: "#fff", stroke: GREY });
  const fills = COLOURS.map((colour) => add(figure, "path", { fill: colour }));
  const against = COLOURS.map((colour) => add(figure, "path", { fill: colour, "fill-opacity": .35 }));
  const labels = Array.from({ length: 32 }, () => text(figure, 0, 0, "", { "text-anchor": "middle", fill: BLACK, "font-weight": "bold", class: "mtl-halo" }));
  return (units) => {
    const room = (right - left) / units.length, wide = Math.min(room - 2, 58), box = bottom - top;
    const x = (u) => left + u * Math.min(room, 60);
    const paths = COLOURS.map(() => ["", ""]);
    units.forEach((unit, u) => {
      let y = bottom;
      unit.forEach((cosine, j) => {
        const high = box * cosine ** 2;
        y -= high;
        paths[j][cosine > 0 ? 0 : 1] += `M${fixed(x(u))},${y.toFixed(2)}h${fixed(wide)}v${high.toFixed(2)}h${fixed(-wide)}Z`;
      });
    });
    COLOURS.forEach((_, j) => { fills[j].setAttribute("d", paths[j][0]); against[j].setAttribute("d", paths[j][1]); });
    frames.setAttribute("d", units.map((_, u) => `M${fixed(x(u))},${top}h${fixed(wide)}v${box}h${fixed(-wide)}Z`).join(""));
    labels.forEach((label, u) => {
      const [j] = u < units.length && wide > 12 ? features(units[u]) : [];
      label.textContent = j === undefined ? "" : j + 1;
      if (label.textContent) change(label, { x: fixed(x(u) + wide / 2), y: (top + bottom) / 2 + 5 });
    });
  };
}

// R² of both tasks, step by step: together as a line, alone dashed.
function curves(figure, left, right, top, bottom) {
  const x = scale(0, STEPS, left + 30, right - 22), y = scale(0, 1, bottom - 34, top + 24);
  text(figure, left, top + 14, right - left < 190 ? "R² (dashed: alone)" : "R² by step (dashed: alone)", { "font-weight": "bold", fill: BLACK, "font-size": 13 });
  for (const value of [0, .5, 1]) {
    add(figure, "path", { d: `M${x(0)},${fixed(y(value))}H${x(STEPS)}`, stroke: value ? "#ebebeb" : GREY });
    text(figure, x(0) - 6, y(value) + 5, String(value), { "text-anchor": "end", "font-size": 13 });
  }
  for (const value of [0, 125, 250]) text(figure, x(value), y(0) + 18, String(value), { "text-anchor": "middle", "font-size": 13 });
  const lines = Object.entries(TASKS).map(([task, colour]) => ({
    alone: add(figure, "path", { fill: "none", stroke: colour, "stroke-width": 1.5, "stroke-dasharray": "3 3" }),
    together: add(figure, "path", { fill: "none", stroke: colour, "stroke-width": 2.5 }),
    name: text(figure, 0, 0, task.toUpperCase(), { fill: AS_TEXT[colour], "font-weight": "bold" }),
  }));
  return (looks, hidden) => { // how they learn together may be hidden: it is asked
    const point = (value, i) => [x(i * EVERY), y(clamp(value, 0, 1))];
    const named = hidden ? "alone" : "together", end = (k) => point(looks.at(-1)[named][k], looks.length - 1);
    lines.forEach(({ name, ...own }, k) => {
      for (const [which, line] of Object.entries(own)) line.setAttribute("d", hidden && which !== named ? "" : path(looks.map((look, i) => point(look[which][k], i)).slice(1)));
      const last = looks.length > 1 ? end(k) : null;
      name.textContent = last ? "AB"[k] : "";
      if (!last) return;
      const other = end(1 - k)[1], near = Math.abs(other - last[1]) < 14;
      change(name, { x: fixed(last[0] + 4), y: fixed(last[1] + 5 + (near ? (last[1] > other || (last[1] === other && k) ? 7 : -7) : 0)) });
    });
  };
}

// The map of the outcomes: kept runs as a cloud, their mean at each task weight as a path, the reader's as a star.
function outcomes(stage, figure, left, right, top, bottom) {
  const box = { left: left + 44, right: right - 6, top: top + 24, bottom: bottom - 34 };
  text(figure, left, top + 14, right - left < 190 ? "gain, R²" : "gain by sharing, R²", { "font-weight": "bold", fill: BLACK, "font-size": 13 });
  const bands = add(figure, "path", { fill: BAND }), zero = add(figure, "path", { stroke: GREY, fill: "none" });
  add(figure, "path", { d: `M${box.left},${box.top}V${box.bottom}H${box.right}`, fill: "none", stroke: "#d5d5d5" });
  text(figure, box.right, bottom - 2, "task A →", { "text-anchor": "end", fill: AS_TEXT[BLUE], "font-weight": "bold" });
  text(figure, right, top + 14, "task B ↑", { "text-anchor": "end", fill: AS_TEXT[ORANGE], "font-weight": "bold" });
  const key = text(figure, left, bottom - 2, "", { "font-size": 13 });
  const x = scale(-REACH, REACH, box.left, box.right), y = scale(-REACH, REACH, box.bottom, box.top), m = stage.data.matters;
  change(bands, { d: `M${x(-m)},${box.top}H${x(m)}V${box.bottom}H${x(-m)}ZM${box.left},${y(m)}H${box.right}V${y(-m)}H${box.left}Z` });
  change(zero, { d: `M${fixed(x(0))},${box.top}V${box.bottom}M${box.left},${fixed(y(0))}H${box.right}` });
  [-REACH, 0, REACH].forEach((value, i) => {
    text(figure, x(value), box.bottom + 16, String(said(value, 1)), { "text-anchor": ["start", "middle", "end"][i], "font-size": 13 });
    text(figure, box.left - 4, y(value) + [0, 5, 10][i], String(said(value, 1)), { "text-anchor": "end", "font-size": 13 });
  });
  const fields = ["both gain", "both lose"].map((words, i) => text(figure, i ? box.left + 4 : box.right - 2, i ? box.bottom - 6 : box.top + 12, words,
    { "text-anchor": i ? "start" : "end", "font-style": "italic", "font-size": 13, class: "mtl-halo" }));
  const trail = add(figure, "path", { fill: "none", stroke: "#b0b0b0", "stroke-width": 1.5 });
  const cloud = add(figure, "path", { fill: GREY, "fill-opacity": .45 }), mean = add(figure, "path", { fill: "none", stroke: GREY, "stroke-width": 2.5 });
  const before = add(figure, "path", { fill: "none", stroke: GREY, "stroke-dasharray": "2 2", "stroke-width": 1.5 });
  const dots = add(figure, "path", { fill: "none", stroke: BLACK });
  const whiskers = Object.values(TASKS).map((colour) => add(figure, "path", { stroke: colour, "stroke-width": 3 }));
  const mine = add(figure, "path", { stroke: BLACK, "stroke-width": 1.5 });
  const label = text(figure, 0, 0, "", { fill: BLACK, "font-weight": "bold", class: "mtl-halo", "font-size": 13 });
  const disc = (x, y, r) => `M${fixed(x - r)},${fixed(y)}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0Z`;
  const starred = (x, y, size = 10) => star(x, y, { points: 5, size });
  const inside = (value) => clamp(value, -REACH, REACH), at = ([u, v]) => [x(inside(u)), y(inside(v))];
  const drawGuess = guess(stage, figure, {
    name: "your guess: what both tasks gain", keys: ["ga", "gb"], x, y, step: .01, shape: starred(0, 1, 16),
    words: ([a, b]) => `A ${signed(a)}, B ${signed(b)}`, known: () => begun(stage), setting: () => settingOf(stage),
  });
  return (kept, done, ghost) => {
    const own = done.length ? byTask(done) : null, old = ghost.length ? byTask(ghost) : null;
    for (const field of fields) field.style.display = own ? "none" : "";
    drawGuess(own && guessed(stage) ? own.map(([value]) => inside(value)) : [NaN]);
    change(trail, { d: path((kept?.path ?? []).map(at)) });
    change(cloud, { d: transposed(kept?.now).map((pair) => disc(...at(pair), 3)).join("") });
    change(mean, { d: kept?.now ? disc(...at(byTask(transposed(kept.now)).map(([value]) => value)), 6) : "" });
    change(before, { d: old ? starred(...at(old.map(([value]) => value))) : "" });
    key.textContent = !kept ? "" : right - left > 370 ? "grey: kept seeds; line: their mean by weight" : right - left > 230 ? "grey: kept seeds" : "";
    change(dots, { d: done.map((pair) => disc(...at(pair), 2.5)).join("") });
    const [a, b] = own ?? [], many = done.length > 1;
    change(whiskers[0], { d: many ? `M${fixed(x(inside(a[1])))},${fixed(at([a[0], b[0]])[1])}H${fixed(x(inside(a[2])))}` : "" });
    change(whiskers[1], { d: many ? `M${fixed(at([a[0], b[0]])[0])},${fixed(y(inside(b[1])))}V${fixed(y(inside(b[2])))}` : "" });
    const [px, py] = own ? at([a[0], b[0]]) : [0, 0];
    change(mine, { d: own ? starred(px, py) : "", fill: done.length > 2 ? BLACK : "#fff" });
    label.textContent = own ? `you, ${seeds(done.length)}` : "";
    const [qx, qy] = at([stage.state.ga, stage.state.gb]), near = guessed(stage) && Math.hypot(qx - px, qy - py) < 120;
    const flip = near ? px < qx : px > (box.left + box.right) / 2; // away from the guess
    change(label, { x: fixed(px + (flip ? -12 : 12)), y: fixed(py < box.top + 30 ? py + 22 : py - 10), "text-anchor": flip ? "end" : "start" });
  };
}

const transposed = (lists) => (lists ? lists[0].map((value, i) => [value, lists[1][i]]) : []);
const seeds = (count) => (count === 1 ? "1 seed" : `${count} seeds`);

const compact = (width) => width < 440;

function picture(stage, place, width) {
  const beside = width >= 560, high = beside ? HIGH : NARROW, half = beside ? Math.round(.56 * width) : width - 2;
  const left = compact(half) ? 66 : 84, figure = svg(place, width, high);
  change(figure, { role: "group", "aria-label": "the tasks, the units of the bottom, the curves, and the map of outcomes" });
  const drawCells = cells(stage, figure, left, half), drawSlots = slots(figure, left, half, 94, 142);
  const drawCurves = curves(figure, 0, half, beside ? 164 : high - 186, high);
  const drawMap = beside ? outcomes(stage, figure, half + 24, width, 0, high) : outcomes(stage, figure, 0, width, 164, high - 194);
  return () => {
    const run = current(stage), before = stage.ghost && settingOf({ state: stage.ghost });
    drawCells(needsOf(stage));
    drawSlots(run.units);
    const hidden = waiting(stage);
    drawCurves(run.looks, hidden);
    drawMap(hidden ? null : keptOf(stage), hidden ? [] : doneOf(stage), before && before !== run.setting ? doneOf(stage, before) : []);
  };
}

// --- in words -------------------------------------------------------------------------------------------------------

function told(who, transfers, smallest, short = false) {
  const both = byTask(transfers), word = outcome(...both, smallest);
  const whole = (one) => (short ? "" : ` [${signed(one[1])}, ${signed(one[2])}]`) + (short && word ? "" : `, ${verdict(one, smallest)}`);
  const each = both.map((one, k) => `${"AB"[k]} ${signed(one[0])}${whole(one)}`);
  return `${who}, ${seeds(transfers.length)}: ${each.join("; ")}${word ? `: ${word}` : ""}.`;
}

function sentence(stage) {
  const run = current(stage), done = doneOf(stage), kept = keptOf(stage)?.now, { both, union } = counted(needsOf(stage));
  const { units } = run, needed = foundBy(units).filter((j) => needsOf(stage).some((signs) => signs[j]));
  const room = `${union} features for ${units.length} unit${units.length === 1 ? "" : "s"}`;
  const own = needed.length ? `feature${needed.length > 1 ? "s" : ""} ${needed.map((j) => j + 1).join(", ")}` : "none";
  const parts = [`${both || "None"} in common: ${room}; with a unit to itself: ${own}.`];
  if (waiting(stage)) return parts[0];
  if (done.length > 1) parts.push(told("You", done, stage.data.matters));
  else if (done.length) parts.push(`One seed: A ${signed(done[0][0])}, B ${signed(done[0][1])}. Train more before you trust it.`);
  if (kept) parts.push(told("Kept", transposed(kept), stage.data.matters, done.length > 1));
  return parts.join(" ");
}

// --- answers, from the reader's own runs ----------------------------------------------------------------------------

const plays = (stage) => doneOf(stage).length >= SEEDS;
const decided = (both, stage) => both.every((each) => verdict(each, stage.data.matters) !== "undecided");
const hurt = (stage) => byTask(doneOf(stage)).some((each) => verdict(each, stage.data.matters) === "a loss");
function answer(stage, rest = "") {
  const both = byTask(doneOf(stage)), word = outcome(...both, stage.data.matters), off = guessed(stage) ? ` Your guess was ${said(missedBy(stage, both))} off.` : "";
  const each = both.map((one, k) => `${"AB"[k]} ${signed(one[0])}, ${verdict(one, stage.data.matters)}`).join("; ");
  return `${decided(both, stage) ? "" : `Not yet decided by ${seeds(doneOf(stage).length)}: `}${each}${word && `: ${word}`}.${off}${rest}`;
}

// About the seeds of a *Play* at the setting of the stage.
const about = (name, ask, set, more = {}) => ({
  name, ask, set, show: [], moves: { guess: "Start here: drag your guess", play: "" }, when: plays, then: answer,
  settled: (stage) => decided(byTask(doneOf(stage)), stage), ...more,
});

const FOUR = [1, -1, 1, -1, 0, 0, 0, 0], AGAINST = FOUR.map((sign) => -sign || 0), OTHERS = [...FOUR].reverse().map((sign) => -sign || 0);
const DIALS = { a: FOUR, width: 4, weight: .5, rows: 500 };
const { weight, ...CROWDED } = { ...DIALS, b: OTHERS };
const QUESTIONS = [
  about("Crowded", "Eight features, four units: who pays?", { ...CROWDED, weight }, {
    then(stage) {
      const owned = stage.owned.get(settingOf(stage)), mean = owned.flat().length / owned.length;
      return answer(stage, ` ${said(mean, 1)} of 8 features have a unit of their own, on average.`);
    },
  }),
  about("Roomy", "The same two tasks on sixteen units: does width end the loss?", { ...CROWDED, weight, width: 16 }),
  about("Flipped", "Four units, all features in common, every sign of B turned round: does sharing hurt?", { ...DIALS, b: AGAINST }),
  about("Weighed", "Crowded again. Can the weight of the losses spare both tasks? Set it, and play.", CROWDED, {
    moves: { weight: "", play: "" }, when: (stage) => plays(stage) && Math.abs(stage.state.weight - weight) > .05,
    then: (stage) => (hurt(stage) ? answer(stage).replace(/^(Not yet decided.*?: )?/, "No: ") : answer(stage)),
    settled: (stage) => hurt(stage) || decided(byTask(doneOf(stage)), stage),
  }),
];

export default explorable({
  chapter: "C4",
  limits: { width: [1, 32], weight: [.1, .9], rows: [50, 2000], ga: [-REACH, REACH], gb: [-REACH, REACH] },
  questions: QUESTIONS,
  setup(stage) {
    Object.assign(stage, { done: new Map(), owned: new Map(), last: new Map(), begun: new Set(), guessed: "", run: null, beat: 0, slow: false, pace: 0 });
    stage.first = stage.loop(() => !doneOf(stage).length && advance(stage, false), { rate: 4 * RATE, quiet: true }); // a seed to look at
    stage.first.play();
    const loop = stage.loop(() => advance(stage), { rate: RATE, begin() { stage.made("guess"); stage.beat = 0; } });
    stage.player(loop, "▶ Play", "❚❚ Stop", { big: true, key: "play" }).addEventListener("click", () => { stage.slow = true; });
    const hint = block(stage.runs, "span");
    stage.inputs.push({ show: () => {
      const done = doneOf(stage).length, trained = `${SEEDS - left(stage) + 1} of ${SEEDS}`;
      hint.textContent = loop.playing ? `seed ${trained}` : `${left(stage)} ${done ? "more " : ""}seeds, ${seconds(stage)} s`;
    } });
    stage.slider({ label: "width", key: "width", step: 1, words: String });
    stage.slider({ label: "weight of A", key: "weight", step: .1, words: (value) => said(value, 1) });
    stage.slider({ label: "rows", key: "rows", step: 50, words: String });
    stage.card.classList.add("mtl-flat");
  },
  picture,
  sentence,
  setting: (stage) => `${counted(needsOf(stage)).both || "none"} in common, ${stage.state.width} units`,
  anew(stage) {
    stage.begun.clear();
    stage.guessed = "";
    stage.first.play();
  },
});

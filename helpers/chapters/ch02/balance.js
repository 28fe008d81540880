// Weighted cross-entropy as a balance: the seconds of the clicks on one side, the impressions without a click on the other.
// The best constant logit is the logarithm of their ratio, so the needle shows what exp(logit) says; a grey one shows the
// mean. The reader draws the log itself: its hundred impressions are bars (clicks, in seconds) or dots.

import { add, change } from "../../display/elements.js";
import { AS_TEXT, BLACK, BLUE, GREEN, GREY, HEIGHT, clamp, dragged, explorable, fixed, path, said, scale, svg } from "../../display/live/kit.js";
import { random } from "../../display/live/random.js";

const LONGEST = 12, LOGS = 500, BIN = 4; // seconds, new logs of a shake, pixels
const FLOOR = 128, PIVOT = 178, RULER = 372, TALL = 66; // heights in the picture
const TICKS = [.1, .2, .5, 1, 2, 5, 10];
const GHOST = "#b9c4cc";

// What the best constant says of a log. `seconds`: a number an impression, 0 where it was not clicked.
export function weighed(seconds, corrected) {
  const clicks = seconds.filter((time) => time > 0).length, sum = seconds.reduce((total, time) => total + time, 0);
  const stones = seconds.length - (corrected ? 0 : clicks);
  return { clicks, sum, stones, reading: sum / stones, mean: sum / seconds.length };
}

// What it says of a new log of `rows` impressions, each drawn from `seconds`.
export function shaken(seconds, rows, corrected, draw) {
  let sum = 0, clicks = 0;
  for (let row = 0; row < rows; row++) {
    const time = seconds[Math.floor(draw() * seconds.length)];
    sum += time;
    if (time > 0) clicks += 1;
  }
  return sum / (corrected ? rows : rows - clicks);
}

// The middle 95% of some numbers.
export function middle(values) {
  const sorted = [...values].sort((one, two) => one - two);
  return [.025, .975].map((part) => sorted[Math.round(part * (sorted.length - 1))]);
}

const logOf = ({ seconds, corrected }) => JSON.stringify([seconds, corrected]);
const log = (state) => logOf(state) + state.rows;
const drawn = (stage) => (stage.of === log(stage.state) ? stage.logs : []); // those of another setting no longer count
const percent = (factor) => `${said(100 * Math.abs(factor - 1), 0)}% too ${factor < 1 ? "small" : "large"}`;
const rare = ({ clicks, reading, mean }) => clicks > 0 && reading / mean <= 1.05;

// What logs of 100 and of 10,000 said in the shakes of this very log, by the loss that is not corrected.
const compared = ({ state, shakes }) => ["100", "10000"].map((rows) => (shakes[rows]?.log === logOf({ ...state, corrected: false }) ? shakes[rows].says : null));
const span = (ends) => `[${ends.map((end) => said(end)).join(", ")}]`;

function setup(stage) {
  Object.assign(stage, { logs: [], of: "", halves: new Map(), shakes: {}, draws: random(2) });
  const loop = stage.loop(() => {
    const { seconds, rows, corrected } = stage.state;
    if (stage.of !== log(stage.state)) return false;
    stage.logs.push(shaken(seconds, Number(rows), corrected, stage.draws));
    if (stage.logs.length < LOGS) return true;
    stage.shakes[rows] = { log: logOf(stage.state), says: middle(stage.logs) };
    return false;
  }, { rate: 200 });
  stage.choice({ label: "New logs of", key: "rows", options: { 100: "100", 1000: "1,000", 10000: "10,000" } });
  const shake = stage.button("Shake: draw 500", () => {
    Object.assign(stage, { logs: [], of: log(stage.state) });
    loop.play();
  }, stage.controls, "shake");
  shake.className = "mtl-play";
  stage.toggle({ label: "Correct it: a stone for each click, too", key: "corrected" });
}

function picture(stage, place, width) {
  const root = svg(place, width, HEIGHT), narrow = width < 480, count = stage.state.seconds.length, labelled = narrow ? 326 : 290;
  const x = scale(0, count - 1, 12, width - 12), y = scale(0, LONGEST, FLOOR, 22), thick = Math.max(2, .7 * (width - 24) / count);
  const centre = width / 2, ruler = (seconds) => clamp(centre + (centre - 16) * Math.log(seconds) / Math.log(LONGEST), 8, width - 8);

  // the log
  add(root, "text", { x: 4, y: 14 }, narrow ? "100 impressions: draw the clicks" : "A log of 100 impressions: draw the clicks, up to 12 seconds");
  const ghost = add(root, "path", { stroke: GHOST, "stroke-width": thick });
  const bars = add(root, "path", { class: "mtl-curve", stroke: BLUE, "stroke-width": thick });
  const dots = add(root, "path", { stroke: GREY, "stroke-width": Math.min(4, thick + .6), "stroke-linecap": "round" });
  const extra = add(root, "path", { stroke: GREEN, "stroke-width": Math.min(4, thick + .6), "stroke-linecap": "round" });
  const paper = add(root, "rect", { class: "mtl-paper", x: 0, y: 20, width, height: FLOOR + 2, fill: "transparent", style: "cursor: crosshair" });
  let last = null;
  const paint = (column, time) => {
    stage.made("hand");
    const to = clamp(Math.round(column), 0, count - 1), [from, before] = last ?? [to, time];
    const seconds = [...stage.state.seconds];
    for (let i = Math.min(from, to); i <= Math.max(from, to); i++) {
      const part = to === from ? 1 : (i - from) / (to - from);
      seconds[i] = clamp(Math.round(before + part * (time - before)), 0, LONGEST);
    }
    last = [to, time];
    stage.set({ seconds, at: to });
  };
  dragged(paper, (px, py) => {
    const to = (u, v) => paint(x.invert(u), y.invert(v));
    last = null;
    to(px, py);
    hand.focus({ preventScroll: true });
    return to;
  }, { scrolls: true });
  const hand = stage.handle(root, {
    name: "an impression: left and right choose it, up and down change its seconds", key: "hand", x, y, step: 1, colour: BLUE, up: true,
    at: () => [stage.state.at, stage.state.seconds[stage.state.at]],
    to: (column, time) => {
      last = null;
      if (stage.held || time !== stage.state.seconds[stage.state.at]) paint(column, time);
      else stage.set({ at: column });
    },
    words: () => {
      const { at, seconds } = stage.state;
      return `impression ${at + 1} of ${count}, ${seconds[at] ? `a click of ${seconds[at]} seconds` : "not clicked"}`;
    },
  });
  hand.style.pointerEvents = "none"; // the paper below it takes the mouse

  // the balance
  const beam = add(root, "path", { stroke: BLACK, "stroke-width": 3, fill: "none", "stroke-linejoin": "round" });
  const weights = [BLUE, GREY].map((colour) => add(root, "path", { fill: colour }));
  const green = add(root, "path", { fill: GREEN });
  const names = [BLUE, GREY].map((colour) => add(root, "text", { "text-anchor": "middle", fill: AS_TEXT[colour] }));
  const bins = [GHOST, BLACK].map((colour) => add(root, "path", { fill: colour, opacity: .45 }));
  add(root, "path", { stroke: GREY, d: `M8,${RULER}H${width - 8}` + TICKS.map((tick) => `M${fixed(ruler(tick))},${RULER}v5`).join("") });
  TICKS.forEach((tick) => add(root, "text", { x: ruler(tick), y: RULER + 20, "text-anchor": "middle", fill: AS_TEXT[GREY] }, `${tick}${tick === 10 ? " s" : ""}`));
  const before = add(root, "path", { stroke: GHOST, "stroke-width": 3 });
  const mean = add(root, "path", { stroke: GREY, "stroke-width": 3, "stroke-dasharray": "5 4" });
  const needle = add(root, "path", { stroke: BLACK, "stroke-width": 3 });
  const beyond = add(root, "path", { fill: BLACK }), factor = add(root, "text", { class: "mtl-halo", "text-anchor": "middle", "font-size": 13, fill: AS_TEXT[BLACK] });
  const labels = [GREY, BLACK].map((colour, i) => add(root, "text", { class: "mtl-halo", y: labelled, fill: AS_TEXT[colour], "text-anchor": i ? "start" : "end", "font-weight": "bold" }));
  const beside = (seconds) => centre + (ruler(seconds) - centre) * (labelled - 6 - PIVOT) / (RULER - PIVOT); // on the needle, at the labels' height
  const pointed = (seconds) => `M${centre},${PIVOT}L${fixed(ruler(seconds))},${RULER - 2}`;
  const high = (state) => state.seconds.map((time, i) => (time ? `M${fixed(x(i))},${fixed(y(time))}V${FLOOR}` : "")).join("");
  const stones = (state, clicked) => state.seconds.map((time, i) => ((time > 0) === clicked ? `M${fixed(x(i))},${FLOOR + 9}h.01` : "")).join("");
  const square = (middle, plate, rows) => {
    const side = 2.4 * Math.sqrt(rows);
    return `M${fixed(middle - side / 2)},${fixed(plate)}v${fixed(-side)}h${fixed(side)}v${fixed(side)}Z`;
  };
  const heap = (readings) => {
    const counts = new Map();
    for (const reading of readings) {
      const bin = Math.floor(ruler(reading) / BIN);
      counts.set(bin, (counts.get(bin) ?? 0) + 1);
    }
    const most = Math.max(...counts.values(), 20);
    return [...counts].map(([bin, n]) => `M${bin * BIN},${RULER}v${fixed(-TALL * n / most)}h${BIN - .5}V${RULER}Z`).join("");
  };
  let kept = "";

  return () => {
    const { state } = stage, now = weighed(state.seconds, state.corrected), logs = drawn(stage);
    bars.setAttribute("d", high(state));
    ghost.setAttribute("d", stage.ghost ? high(stage.ghost) : "");
    dots.setAttribute("d", stones(state, false));
    extra.setAttribute("d", state.corrected ? stones(state, true) : "");
    const half = Math.min(150, .32 * width), tilt = clamp(.2 * Math.log(now.reading || 1e-3), -.2, .2), cord = 60;
    const ends = [-1, 1].map((side) => [centre + side * half * Math.cos(tilt), PIVOT - side * half * Math.sin(tilt)]);
    const plates = ends.map(([px, py]) => [px, py + cord]);
    beam.setAttribute("d", path(ends) + plates.map(([px, py]) => `M${fixed(px - 40)},${fixed(py)}L${fixed(px)},${fixed(py - cord)}L${fixed(px + 40)},${fixed(py)}Z`).join("") + `M${centre - 7},${PIVOT - 12}h14L${centre},${PIVOT}Z`);
    const [[one, left], [two, right]] = plates, added = state.corrected ? now.clicks : 0;
    weights[0].setAttribute("d", square(one, left, now.sum));
    weights[1].setAttribute("d", square(two, right, now.stones - added));
    green.setAttribute("d", added ? square(two - 1.2 * (Math.sqrt(added) + Math.sqrt(now.stones - added)) - 1, right, added) : "");
    names.forEach((name, i) => {
      change(name, { x: fixed(plates[i][0]), y: fixed(plates[i][1] + 17) });
      name.textContent = i ? `${now.stones} stones` : `${now.sum} s`;
    });
    needle.setAttribute("d", pointed(now.reading));
    const side = now.reading > LONGEST ? 1 : now.reading > 0 && now.reading < 1 / LONGEST ? -1 : 0, end = side > 0 ? width - 22 : 22;
    beyond.setAttribute("d", side ? `M${end},${RULER - 22}l${18 * side},9l${-18 * side},9Z` : ""); // the needle is past the ruler's end
    factor.textContent = state.corrected ? "" : `1/(1 − ${said(now.clicks / count)}) = ${now.stones ? said(count / now.stones) : "∞"}`;
    change(factor, { x: fixed(Math.min(two, width - 4 - factor.getComputedTextLength() / 2)), y: fixed(right + 34) });
    needle.setAttribute("stroke", state.corrected ? GREEN : BLACK);
    mean.setAttribute("d", pointed(now.mean));
    before.setAttribute("d", stage.ghost ? pointed(weighed(stage.ghost.seconds, stage.ghost.corrected).reading) : "");
    labels[0].textContent = `mean ${said(now.mean)} s`;
    labels[1].textContent = `says ${Number.isFinite(now.reading) ? said(now.reading) : "∞"} s`;
    const [a, b] = labels.map((label) => label.getComputedTextLength() + 4);
    const edge = clamp(beside(now.mean) - 10, a, width - b - 8);
    change(labels[0], { x: fixed(edge) });
    change(labels[1], { x: fixed(Math.min(width - b, Math.max(edge + 8, beside(now.reading) + 10))), fill: AS_TEXT[state.corrected ? GREEN : BLACK] });
    if (logs.length) bins[1].setAttribute("d", kept = heap(logs));
    else if (kept) { bins[0].setAttribute("d", kept); bins[1].setAttribute("d", kept = ""); }
    if (!stage.ghost) bins[0].setAttribute("d", "");
    bins[1].setAttribute("fill", state.corrected ? GREEN : BLACK);
  };
}

function sentence(stage) {
  const { seconds, corrected, rows } = stage.state, { clicks, sum, stones, reading, mean } = weighed(seconds, corrected), logs = drawn(stage);
  if (!clicks) return "Nothing is clicked: there are no seconds to weigh.";
  const place = `${clicks} of 100 are clicked, for ${sum} s in all: ${said(mean)} s an impression.`;
  if (!stones) return `${place} No impression is left without a click: the logit grows without bound.`;
  const off = Math.abs(reading / mean - 1) < .005 ? "which is right" : percent(reading / mean);
  const says = `${corrected ? "Corrected" : "Weighted"} CE says ${sum} / ${stones} = ${said(reading)} s, ${off}.`;
  if (!logs.length) return `${place} ${says}`;
  const [low, high] = middle(logs), within = low <= mean && mean <= high ? "which holds" : "which misses";
  return `${place} ${says} Of ${logs.length} new logs of ${Number(rows).toLocaleString("en")}, the middle 95% say ${span([low, high])}, ${within} the mean.`;
}

export default explorable({
  limits: { at: [0, 99] },
  questions: [
    {
      name: "Nearer", set: { corrected: false }, show: [], moves: { hand: "Start here: draw along the dots" },
      ask: "Bring the needle to within 5% of the mean, without correcting the loss.",
      when: ({ state }) => rare(weighed(state.seconds, false)),
      then({ state }) {
        const { clicks, stones, reading, mean } = weighed(state.seconds, false);
        return `${percent(reading / mean)}, with ${clicks} of 100 clicked: the odds divide by the ${stones} without a click, the mean by all 100. Rare clicks hide the difference.`;
      },
      hint({ state, start }) {
        const [now, first] = [state, start].map(({ seconds }) => weighed(seconds, false)), off = ({ reading, mean }) => percent(reading / mean);
        return now.clicks && Number.isFinite(now.reading) ? `${off(now)}, with ${now.clicks} of 100 clicked; at first ${off(first)}, with ${first.clicks}.` : "";
      },
    },
    {
      name: "Twice", set: { corrected: false }, show: [], moves: { hand: "Draw here" },
      ask: "Draw 50 clicks: it says twice the mean. Then lengthen the clicks: does it matter how long they are?",
      when({ state, halves, held }) { // at rest, not on the way
        const { clicks, sum, reading, mean } = weighed(state.seconds, false);
        if (!held && clicks === state.seconds.length / 2) halves.set(sum, reading / mean);
        return halves.size > 1;
      },
      then({ halves }) {
        const [[one, before], [other, after]] = [...halves].slice(-2);
        return `With 50 of 100 clicked it said ${said(before)} times the mean at ${one} s, and ${said(after)} times at ${other} s: the length of clicks moves both needles alike.`;
      },
      hint({ state, halves }) {
        const { clicks, reading, mean } = weighed(state.seconds, false);
        if (halves.size) return `${said([...halves.values()][0])} times, at ${[...halves.keys()][0]} s. Now the lengths: draw over the same clicks.`;
        return !clicks || !Number.isFinite(reading) ? "" : `${said(reading / mean)} times, with ${clicks} of 100 clicked.`;
      },
    },
    {
      name: "More rows", set: { corrected: false }, show: ["hand"], moves: { shake: "", rows: "", corrected: "" }, again: (stage) => (drawn(stage).length ? "rows" : "shake"),
      ask: "Shake logs of 100, then of 10,000 impressions: do more of them make it right?",
      when: (stage) => { const [few, many] = compared(stage); return few && many?.[0] > weighed(stage.state.seconds, false).mean; },
      then(stage) {
        const [few, many] = compared(stage), { mean, reading } = weighed(stage.state.seconds, false);
        return `Logs of 100 say ${span(few)}, of 10,000 ${span(many)}: less spread around the needle's ${said(reading)} s, not around the mean, ${said(mean)} s. Now correct it.`;
      },
      hint(stage) {
        const [few, many] = compared(stage);
        if (few && many) return `logs of 10,000 say ${span(many)}, which holds the mean. Draw more clicks.`;
        return few || many ? `shake logs of ${few ? "10,000" : "100"}, too, of the same clicks.` : "";
      },
    },
  ],
  setup,
  picture,
  sentence,
});

// Two tasks on a plane of two shared parameters. Each task's loss is a bowl, half of a squared distance that may be stretched;
// a ball is pulled down both. Where do the pulls conflict, and where does the ball come to rest?
import { add, change } from "../../display/elements.js";
import { AS_TEXT, BLACK, BLUE, clamp, explorable, fixed, GREY, ORANGE, path, PURPLE, said, scale, svg, text } from "../../display/live/kit.js";

const WIDE = 3.2, HIGH = 2, STRIP = 84; // the plane reaches so far from its middle; under it the cosine, in pixels
const STEPS = 300, RATE = 0.05; // steps of a run at most, and their size: this times the pull
const TIP = 0.9; // the point that turns and stretches a bowl stands so far out, times the stretch
const LEVELS = [1 / 32, 1 / 8, 1 / 2, 2, 8]; // losses at which a contour is drawn
const COLOURS = { a: BLUE, b: ORANGE };
const WAYS = { sum: BLACK, PCGrad: PURPLE };

// --- two bowls ------------------------------------------------------------------------------------------------------

// Centre (x, y), long axis at an angle `f` in degrees and `r` times as long as the short one, loss times 10 to the power of s.
const bowls = (state) => ({
  a: { x: state.ax, y: state.ay, r: state.ra, f: state.fa, s: 0 },
  b: { x: state.bx, y: state.by, r: state.rb, f: state.fb, s: state.sb },
});

function matrix({ r, f, s }) {
  const [c, d] = [Math.cos(f * Math.PI / 180), Math.sin(f * Math.PI / 180)], long = 1 / r ** 2, size = 10 ** s;
  return [size * (long * c * c + d * d), size * (long - 1) * c * d, size * (long * d * d + c * c)]; // xx, xy, yy
}

export function pull(bowl, [x, y]) { // minus the gradient
  const [xx, xy, yy] = matrix(bowl), [u, v] = [x - bowl.x, y - bowl.y];
  return [-(xx * u + xy * v), -(xy * u + yy * v)];
}

export function loss(bowl, [x, y]) {
  const [u, v] = [x - bowl.x, y - bowl.y], [p, q] = pull(bowl, [x, y]);
  return -(u * p + v * q) / 2;
}

const dot = (g, h) => g[0] * h[0] + g[1] * h[1];
const size = (g) => Math.hypot(...g);
const plus = (g, h, times = 1) => [g[0] + times * h[0], g[1] + times * h[1]];
export const cosine = (g, h) => (size(g) && size(h) ? dot(g, h) / size(g) / size(h) : 1);

// The steps that both ways make of two pulls.
export const steps = {
  sum: (g, h) => plus(g, h),
  PCGrad(g, h) { // each gives up what points against the other
    const product = dot(g, h);
    return product < 0 ? plus(plus(g, h, -product / dot(h, h)), plus(h, g, -product / dot(g, g))) : plus(g, h);
  },
};

// Where the pulls are opposed: no step helps both. From one centre to the other, the minima of the losses' weighted sums.
function opposed({ a, b }) {
  return Array.from({ length: 61 }, (_, i) => {
    const w = 1 / (1 + 10 ** ((i - 30) / 10)), [A, B] = [matrix(a).map((part) => part * w), matrix(b).map((part) => part * (1 - w))];
    const [xx, xy, yy] = A.map((part, k) => part + B[k]), det = xx * yy - xy * xy;
    const p = A[0] * a.x + A[1] * a.y + B[0] * b.x + B[1] * b.y, q = A[1] * a.x + A[2] * a.y + B[1] * b.x + B[2] * b.y;
    return [(yy * p - xy * q) / det, (xx * q - xy * p) / det];
  });
}

// --- a run ----------------------------------------------------------------------------------------------------------

const begun = (state) => ({ trails: Object.fromEntries(Object.keys(WAYS).map((way) => [way, [[state.px, state.py]]])), cosines: [], ended: false });

function advance(run, state) {
  const { a, b } = bowls(state);
  let farthest = 0;
  for (const [way, trail] of Object.entries(run.trails)) {
    const now = trail.at(-1), step = steps[way](pull(a, now), pull(b, now)).map((part) => RATE * part);
    if (way === "sum") run.cosines.push(cosine(pull(a, now), pull(b, now)));
    farthest = Math.max(farthest, size(step));
    trail.push(plus(now, step));
  }
  run.ended = farthest < .001 || run.cosines.length >= STEPS;
  return !run.ended;
}

const everything = (stage) => stage.question.show?.length !== 0; // or the ball alone, and the sum
const copies = (state) => state.ra === state.rb && state.fa === state.fb && state.sb === 0 && Math.hypot(state.ax - state.bx, state.ay - state.by) < .7;
const ball = ({ state, run }) => run?.trails.sum.at(-1) ?? [state.px, state.py];

function pulls(stage) {
  const { a, b } = bowls(stage.state), at = ball(stage), g = pull(a, at), h = pull(b, at);
  return { at, g, h, cos: cosine(g, h) };
}

// The run of the sum as it ended: both losses before and after, and how hard B pulled at the start, in pulls of A.
function ended({ state, run }) {
  const all = bowls(state), [first, last] = [run.trails.sum[0], run.trails.sum.at(-1)];
  const [before, after] = [first, last].map((point) => [loss(all.a, point), loss(all.b, point)]);
  const went = ["A's loss went", "B's"].map((whose, k) => `${whose} from ${said(before[k])} to ${said(after[k])}`).join(", ");
  return { harmed: after[0] > before[0] + .01, went, stronger: times(size(pull(all.b, first)) / size(pull(all.a, first))), left: said(size(pull(all.a, last))) };
}

// The lowest cosine at which the reader has held the ball, with the bowls as they are.
function lowest(stage) {
  const { px, py, ...bowl } = stage.state, key = JSON.stringify(bowl), { cos } = pulls(stage);
  if (stage.lowest?.key !== key) stage.lowest = { key, cos };
  if (!stage.run) stage.lowest.cos = Math.min(stage.lowest.cos, cos);
  return stage.lowest.cos;
}

// --- on the page ----------------------------------------------------------------------------------------------------

function arrow(figure, colour, dash = "") {
  const line = add(figure, "path", { class: "mtl-keep", stroke: colour, "stroke-width": 3, fill: "none", "stroke-dasharray": dash });
  const head = add(figure, "path", { fill: colour });
  const name = add(figure, "text", { fill: AS_TEXT[colour], class: "mtl-halo", "font-weight": "bold", "text-anchor": "middle" });
  return ([x, y], [u, v], words = "", side = 0) => { // from a point by a vector, in pixels; its name on one side of the tip
    const long = Math.hypot(u, v), [p, q] = long ? [u / long, v / long] : [0, 0], tip = [x + u, y + v], neck = Math.max(0, long - 10);
    change(line, { d: long > 1 ? `M${fixed(x)},${fixed(y)}l${fixed(p * neck)},${fixed(q * neck)}` : "" });
    change(head, { d: long > 4 ? path([tip, [x + p * neck - 6 * q, y + q * neck + 6 * p], [x + p * neck + 6 * q, y + q * neck - 6 * p]]) + "Z" : "" });
    change(name, { x: fixed(tip[0] + 12 * p - 9 * side * q), y: fixed(tip[1] + 12 * q + 9 * side * p + 5) });
    name.textContent = long > 14 ? words : "";
  };
}

// The contours of both bowls; of an earlier setting one each, dashed.
function contours(parent, faint) {
  const levels = faint ? [.5] : LEVELS, bowls = Object.entries(COLOURS).map(([task, colour]) => [task, levels.map((level, i) => [level,
    add(parent, "ellipse", faint ? { fill: "none", stroke: GREY, "stroke-dasharray": "3 4" } : { fill: colour, "fill-opacity": .045, stroke: colour, "stroke-opacity": .7 - .12 * i })])]);
  return (all, at, unit) => bowls.forEach(([task, rings]) => rings.forEach(([level, ring]) => {
    const { x, y, r, f, s } = all[task], short = Math.sqrt(2 * level / 10 ** s) * unit;
    change(ring, { rx: fixed(short * r), ry: fixed(short), transform: `translate(${at([x, y]).map(fixed)}) rotate(${fixed(-f)})` });
  }));
}

function picture(stage, place, width) {
  const unit = width / 2 / WIDE, high = width < 480 ? 2.7 : HIGH, plane = Math.round(2 * high * unit);
  const figure = svg(place, width, plane + STRIP);
  const x = scale(-WIDE, WIDE, 0, width), y = scale(-high, high, plane, 0), at = ([u, v]) => [x(u), y(v)];
  const cut = add(figure, "svg", { width, height: plane, style: "overflow: hidden" }); // contours and trails end with the plane
  add(cut, "rect", { width, height: plane, fill: "#fafafa", stroke: "#d5d5d5" });
  const ghost = add(cut, "g"), was = contours(ghost, true), now = contours(cut, false);
  const wasAt = add(ghost, "circle", { r: 7, fill: "none", stroke: GREY, "stroke-dasharray": "3 3" });
  const line = add(cut, "path", { fill: "none", stroke: GREY, "stroke-width": 6, "stroke-opacity": .4, "stroke-linecap": "round" });
  const wasTrail = add(cut, "path", { fill: "none", stroke: GREY, "stroke-dasharray": "3 3" });
  const trails = Object.entries(WAYS).map(([way, colour]) => [way, add(cut, "path", { fill: "none", stroke: colour, "stroke-width": 2.5 }), add(cut, "circle", { r: 5, fill: colour, stroke: "#fff" })]);
  const key = add(cut, "text", { x: width - 14, y: 20, "text-anchor": "end", class: "mtl-halo", "font-weight": "bold" });
  const ways = Object.entries(WAYS).map(([way, colour]) => add(key, "tspan", { dx: 10, fill: AS_TEXT[colour] }, way));
  const [hint] = ["a ring moves its bowl, a square stretches it", "on the grey line no step helps both"]
    .map((words, i) => text(cut, 8, plane - 26 + 18 * i, words, { class: "mtl-halo", "font-size": 13 }));
  const letters = Object.entries(COLOURS).map(([task, colour]) => [task, text(cut, 0, 0, task.toUpperCase(), { fill: AS_TEXT[colour], "font-weight": "bold", "text-anchor": "middle" })]);
  const arc = add(figure, "path", { fill: "none", stroke: BLACK, "stroke-width": 1.5 });
  const degrees = add(figure, "text", { fill: BLACK, class: "mtl-halo", "text-anchor": "middle" });
  const arrows = { sum: arrow(figure, BLACK), PCGrad: arrow(figure, PURPLE, "5 3"), a: arrow(figure, BLUE), b: arrow(figure, ORANGE) };
  const followed = cosines(figure, .56 * width, plane), bars = losses(figure, .6 * width, width, plane);

  for (const [task, colour] of Object.entries(COLOURS)) {
    const whose = `task ${task.toUpperCase()}`, bowl = () => bowls(stage.state)[task];
    const tip = () => { const { x, y, r, f } = bowl(), out = TIP * r, turn = f * Math.PI / 180; return [x + out * Math.cos(turn), y + out * Math.sin(turn)]; };
    stage.handle(figure, {
      name: `bottom of ${whose}'s bowl`, key: "bowls", x, y, step: .1,
      at: () => [bowl().x, bowl().y], to: (u, v) => moved(stage, { [task + "x"]: u, [task + "y"]: v }),
      words: () => `at ${said(bowl().x, 1)} across, ${said(bowl().y, 1)} up`,
      mark: (g) => add(g, "circle", { r: 12, fill: "none", stroke: colour, "stroke-width": 3 }),
    });
    stage.handle(figure, {
      name: `stretch and turn of ${whose}'s bowl`, key: "stretch", x, y, step: .1, colour,
      at: () => tip().map((part, i) => clamp(part, ...[[-WIDE + .15, WIDE - .15], [-HIGH + .15, HIGH - .15]][i])),
      to: (u, v) => {
        const across = u - bowl().x, up = v - bowl().y;
        moved(stage, { ["r" + task]: Math.hypot(across, up) / TIP, ["f" + task]: Math.atan2(up, across) * 180 / Math.PI });
      },
      words: () => `${said(bowl().r, 1)} times as long as wide, turned by ${said(bowl().f, 0)} degrees`,
      mark: (g) => add(g, "rect", { x: -6, y: -6, width: 12, height: 12, fill: colour, stroke: "#fff", "stroke-width": 2 }),
    });
  }
  const still = add(figure, "circle", { r: 8, fill: BLACK }); // where the ball is not to be dragged
  stage.handle(figure, {
    name: "the ball", key: "ball", x, y, step: .1, at: () => ball(stage), to: (u, v) => moved(stage, { px: u, py: v }),
    words: () => { const [u, v] = ball(stage); return `at ${said(u, 1)} across, ${said(v, 1)} up, cosine of the pulls ${said(pulls(stage).cos)}`; },
    mark: (g) => add(g, "circle", { r: 9, fill: BLACK, stroke: "#fff", "stroke-width": 2 }),
  });

  const inside = ([u, v]) => Math.abs(u - width / 2) < width / 2 - 16 && Math.abs(v - plane / 2) < plane / 2 - 12;
  return () => {
    const { state, run, ghost: old } = stage, all = bowls(state), full = everything(stage);
    hint.style.display = ways[1].style.display = full ? "" : "none";
    now(all, at, unit);
    for (const [task, letter] of letters) change(letter, { x: fixed(x(all[task].x)), y: fixed(y(all[task].y) + 5) });
    ghost.style.display = old ? "" : "none";
    if (old) { was(bowls(old), at, unit); change(wasAt, { cx: fixed(x(old.px)), cy: fixed(y(old.py)) }); }
    line.setAttribute("d", path(opposed(all).map(at)));
    wasTrail.setAttribute("d", stage.former ? path(stage.former.map(at)) : "");
    for (const [way, trail, end] of trails) {
      const points = run && (full || way === "sum") ? run.trails[way].map(at) : [], last = points.at(-1);
      trail.setAttribute("d", path(points));
      end.style.display = last && way !== "sum" ? "" : "none";
      if (last) change(end, { cx: fixed(last[0]), cy: fixed(last[1]) });
    }
    // Arrows: lengths in proportion to each other; the longest shrinks with its pull, slowly.
    const { at: here, g, h, cos } = pulls(stage), largest = Math.max(size(g), size(h)), zoom = largest ? unit * clamp(1.1 * largest ** .4, .35, 1.5) / largest : 0;
    const from = at(here), drawn = (v) => [v[0] * zoom, -v[1] * zoom];
    change(still, { cx: fixed(from[0]), cy: fixed(from[1]) });
    const turns = [g, h].map(([u, v]) => Math.atan2(-v, u)), sweep = Math.sin(turns[1] - turns[0]) > 0 ? 1 : 0, side = sweep ? 1 : -1;
    arrows.a(from, drawn(g), "A", -side);
    arrows.b(from, drawn(h), "B", side);
    arrows.sum(from, drawn(steps.sum(g, h)));
    arrows.PCGrad(from, drawn(full && cos < 0 ? steps.PCGrad(g, h) : [0, 0]));
    const middle = turns[0] + side * Math.acos(clamp(cos, -1, 1)) / 2;
    const told = [Math.PI, 2, -2].map((turn) => [from[0] + 28 * Math.cos(middle + turn), from[1] + 28 * Math.sin(middle + turn)]).find(inside);
    const ends = turns.map((turn) => `${fixed(from[0] + 24 * Math.cos(turn))},${fixed(from[1] + 24 * Math.sin(turn))}`);
    arc.setAttribute("d", largest ? `M${ends[0]}A24,24 0 0 ${sweep} ${ends[1]}` : "");
    if (told) change(degrees, { x: fixed(told[0]), y: fixed(told[1] + 5) });
    degrees.textContent = told ? `${said(angle(cos), 0)}°` : "";
    followed(run, cos);
    bars(all, run ? run.trails.sum[0] : here, here);
  };
}

// Beside it: the loss of each task now, in the frame of what it was at the start of the run.
function losses(figure, left, right, top) {
  add(figure, "text", { x: left, y: top + 17, fill: BLACK }, right - left > 200 ? "losses; framed: at the start" : "losses");
  const rows = Object.entries(COLOURS).map(([task, colour], k) => {
    const y = top + 30 + 27 * k;
    add(figure, "text", { x: left, y: y + 14, fill: AS_TEXT[colour], "font-weight": "bold" }, task.toUpperCase());
    return [task, add(figure, "rect", { x: left + 18, y, height: 18, fill: colour }), add(figure, "rect", { x: left + 18, y, height: 18, fill: "none", stroke: BLACK, "stroke-dasharray": "3 2" }), add(figure, "text", { x: right - 2, y: y + 14, "text-anchor": "end", fill: AS_TEXT[colour] })];
  });
  return (all, first, now) => {
    const [before, after] = [first, now].map((point) => Object.fromEntries(Object.keys(COLOURS).map((task) => [task, loss(all[task], point)])));
    const longest = Math.max(...Object.values(before), ...Object.values(after)), wide = (value) => fixed(Math.max(0, (right - left - 76) * value / (longest || 1)));
    for (const [task, bar, frame, number] of rows) {
      bar.setAttribute("width", wide(after[task]));
      frame.setAttribute("width", wide(before[task]));
      number.textContent = said(after[task]);
    }
  };
}

const times = (value) => said(value, value < 10 ? 1 : 0);
const angle = (cos) => Math.acos(clamp(cos, -1, 1)) * 180 / Math.PI;

// A move of the reader's ends the run; what the sum left is kept until the next.
function moved(stage, changes) {
  lowest(stage); // of the place that is left, too: a quick move is drawn only where it ends
  stage.rolling.pause();
  stage.former = stage.run?.trails.sum ?? stage.former;
  stage.run = null;
  stage.set(changes);
}

// Under the plane: the cosine along the trail of the sum.
function cosines(figure, width, top) {
  const x = scale(0, STEPS, 46, width - 12), y = scale(-1, 1, top + STRIP - 8, top + 34);
  add(figure, "text", { x: 0, y: top + 17, fill: BLACK }, width > 240 ? `cosine along the sum's ${STEPS} steps` : `cosine, ${STEPS} steps`);
  for (const value of [-1, 0, 1]) {
    add(figure, "path", { d: `M46,${fixed(y(value))}H${width - 12}`, stroke: value ? "#e4e4e4" : GREY });
    add(figure, "text", { x: 38, y: y(value) + 5, "text-anchor": "end", fill: AS_TEXT[GREY] }, value > 0 ? "+1" : said(value, 0));
  }
  const line = add(figure, "path", { fill: "none", stroke: BLACK, "stroke-width": 2.5 }), dot = add(figure, "circle", { r: 5, fill: BLACK, stroke: "#fff" });
  return (run, cos) => {
    const values = run?.cosines ?? [];
    line.setAttribute("d", path(values.map((value, i) => [x(i), y(value)])));
    change(dot, { cx: fixed(x(values.length)), cy: fixed(y(cos)) });
  };
}

function setup(stage) {
  stage.run = null;
  stage.rolling = stage.loop(() => advance(stage.run, stage.state), { begin() {
    if (stage.run && !stage.run.ended) return;
    stage.former = stage.run?.trails.sum;
    stage.run = begun(stage.state);
  } });
  stage.player(stage.rolling, "▶ Run", "❚❚ Pause", { big: true, key: "run" });
  const dial = stage.slider({ label: "scale of B's loss", key: "sb", step: .1, words: (value) => `× ${said(10 ** value, value < 0 ? 2 : 1)}` });
  dial.oninput = () => { stage.made("sb"); moved(stage, { sb: dial.valueAsNumber }); };
}

function sentence(stage) {
  const { state, run } = stage, { g, h, cos } = pulls(stage), all = bowls(state);
  if (run && !stage.rolling.playing) {
    const told = Object.entries(all).map(([task, bowl]) => {
      const [first, last, other] = [run.trails.sum[0], run.trails.sum.at(-1), run.trails.PCGrad.at(-1)].map((point) => said(loss(bowl, point)));
      return `${task.toUpperCase()}'s loss from ${first} to ${last}${everything(stage) ? ` (PCGrad: ${other})` : ""}`;
    });
    return `${run.cosines.length} steps of the sum took ${told.join(" and ")}. The cosine is now ${said(cos)}.`;
  }
  const ratio = size(g) / size(h);
  const larger = Math.abs(Math.log(ratio)) < .05 ? "Both are equally strong" : ratio > 1 ? `A pulls ${times(ratio)} times as hard as B` : `B pulls ${times(1 / ratio)} times as hard as A`;
  const word = cos < -.05 ? "they conflict" : cos > .05 ? "they agree" : "neither helps or harms the other";
  return `Here the pulls are ${said(angle(cos), 0)}° apart, cosine ${said(cos)}: ${word}. ${larger}.`;
}

export default explorable({
  limits: { ax: [-3, 3], ay: [-1.8, 1.8], bx: [-3, 3], by: [-1.8, 1.8], px: [-3.1, 3.1], py: [-1.9, 1.9], ra: [1, 3], rb: [1, 3], fa: [-180, 180], fb: [-180, 180], sb: [-1, 1] },
  questions: [
    {
      name: "A place", set: {}, show: [], moves: { ball: "Start here: drag the ball" },
      ask: "Two different tasks: drag the ball to where both pull the same way, a cosine above 0.9.",
      when: (stage) => lowest(stage) < -.05 && !stage.run && !copies(stage.state) && pulls(stage).cos > .9,
      then: (stage) => `${said(pulls(stage).cos)} here, and ${said(lowest(stage))} where the ball was before, with the same two bowls: conflict belongs to a place, not to two tasks.`,
      hint: (stage) => (stage.run || copies(stage.state) ? "" : pulls(stage).cos > .9 ? "the same two bowls have places of conflict, too." : `${said(pulls(stage).cos)} here. Try beyond an end of the grey line.`),
    },
    {
      name: "Two copies", set: { rb: 2, fb: 25, sb: 0, bx: -.9, by: -.2, px: 1.2, py: 1.5 }, show: [], moves: { run: "" },
      ask: "Now two noisy copies of one task. Their cosine begins near 1. Press Run: where does it end?",
      when: ({ state, run }) => run?.ended && copies(state) && run.cosines.at(-1) < -.9,
      then: (stage) => `From ${said(stage.run.cosines[0])} to ${said(stage.run.cosines.at(-1))}: at the bottom of a sum both pulls cancel, so even those of copies are opposed. What is left, ${ended(stage).left} each, is noise.`,
    },
    {
      name: "Harm", set: {}, show: ["ball", "bowls", "stretch"], moves: { sb: "", run: "" },
      ask: "When does the conflict do harm? Let B pull harder, and find a run that leaves task A with more loss than it began with.",
      when: (stage) => stage.run?.ended && ended(stage).harmed,
      then: (stage) => `${ended(stage).went}. At the start the cosine was ${said(stage.run.cosines[0])}, and B pulled ${ended(stage).stronger} times as hard: harm takes more than a conflict.`,
      hint: (stage) => (stage.run?.ended ? `${ended(stage).went}; at the start B pulled ${ended(stage).stronger} times as hard. Let it pull harder, or begin nearer to A.` : ""),
    },
  ],
  setup, picture, sentence,
  anew(stage) { stage.run = stage.former = null; },
});

// Selection: the reader brushes who clicks, on a plane of appeal and mood, and two models of the like are fitted at once,
// one to the clicked rows, and ESMM to all. Both are logistic functions, fitted by Fisher scoring, as `selection.py` does
// it for endless data. What those who did not click would have liked only a simulator knows.

import { add, change } from "../../display/elements.js";
import { AS_TEXT, BLACK, BLUE, GREY, HEIGHT, ORANGE, canvas, clamp, dragged, explorable, fixed, said, scale, svg } from "../../display/live/kit.js";
import { random } from "../../display/live/random.js";
import { interval } from "../../display/live/verdicts.js";

const ROWS = 400, REACH = 2.8, CELLS = 28;
const PENALTY = .1; // on the squared weights, half of it; the constants are free
const SHARP = .25; // of the brush's rim
const MOODS = Array.from({ length: 41 }, (_, i) => (i - 20) / 5), SHARES = MOODS.map((mood) => Math.exp(-mood * mood / 2) / Math.sqrt(2 * Math.PI) / 5);

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// P(like) of all who have this appeal and mood, if they clicked: steep in the appeal below 0 and nearly flat above.
export const likes = (appeal, mood) => sigmoid(.2 + (appeal < 0 ? 2.5 : .2) * appeal + 1.2 * mood);
// The same of all who have this appeal, whatever their mood: what is to be found where no model sees the mood.
export const likesAt = (appeal) => MOODS.reduce((sum, mood, i) => sum + SHARES[i] * likes(appeal, mood), 0);

// Rows of a feed: appeal and mood from N(0, 1), whether each would be liked, and a number that decides on the click.
export function feed(seed, count = ROWS) {
  const draw = random(seed), normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  return Array.from({ length: count }, () => {
    const appeal = normal(), mood = normal();
    return { appeal, mood, would: draw() < likes(appeal, mood) ? 1 : 0, luck: draw() };
  });
}

// P(click): high under the brush, with a soft rim, and one in fifty elsewhere.
export const brushed = (row, { x, y, size }) => .02 + .9 * sigmoid((size - Math.hypot(row.appeal - x, row.mood - y)) / SHARP);

// What a logistic function may use of a row.
export const shapes = {
  straight: (appeal, mood) => [1, appeal, mood],
  bent: (appeal, mood) => [1, Math.min(appeal, 0), Math.max(appeal, 0), mood],
  curved: (appeal, mood) => [1, appeal, mood, appeal * appeal, appeal * mood, mood * mood],
};
const blind = { straight: (appeal) => [1, appeal], bent: (appeal) => [1, Math.min(appeal, 0), Math.max(appeal, 0)], curved: (appeal) => [1, appeal, appeal * appeal] };
export const shape = (name, mood) => (mood ? shapes : blind)[name];

function dot(weights, from, row) {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += weights[from + i] * row[i];
  return sum;
}

function solved(matrix, vector) { // by elimination; the matrix is positive definite
  const rows = matrix.map((row, i) => [...row, vector[i]]), size = rows.length, found = [...vector];
  for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) {
    const factor = rows[j][i] / rows[i][i];
    for (let k = i; k <= size; k++) rows[j][k] -= factor * rows[i][k];
  }
  for (let i = size - 1; i >= 0; i--) {
    found[i] = rows[i][size];
    for (let k = i + 1; k < size; k++) found[i] -= rows[i][k] * found[k];
    found[i] /= rows[i][i];
  }
  return found;
}

// Minimises the log loss plus the penalty from `weights` on. `chance(weights, i)` is what is said of labels[i], and
// `gradient(weights, i, into)` writes its gradient; `free` are the places of the constants.
function scored(weights, free, labels, chance, gradient) {
  const size = weights.length, costs = weights.map((_, i) => (free.includes(i) ? 0 : PENALTY)), slopes = new Float64Array(size);
  const loss = (at) => labels.reduce((sum, label, i) => {
    const said = chance(at, i);
    return sum - Math.log(Math.max(label ? said : 1 - said, 1e-300));
  }, at.reduce((sum, weight, i) => sum + costs[i] * weight * weight / 2, 0));
  let now = loss(weights);
  for (let step = 0; step < 100; step++) {
    const down = weights.map((weight, i) => costs[i] * weight), curve = weights.map((_, i) => weights.map((_, j) => (i === j ? costs[i] + 1e-9 : 0)));
    for (let row = 0; row < labels.length; row++) {
      const said = chance(weights, row), counts = 1 / Math.max(said * (1 - said), 1e-12);
      gradient(weights, row, slopes);
      for (let i = 0; i < size; i++) {
        const part = counts * slopes[i];
        if (!part) continue;
        down[i] += part * (said - labels[row]);
        for (let j = 0; j <= i; j++) curve[i][j] += part * slopes[j];
      }
    }
    for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) curve[i][j] = curve[j][i];
    const direction = solved(curve, down);
    let length = 1, next, lower;
    do {
      next = weights.map((weight, i) => weight - length * direction[i]);
      lower = loss(next);
      length /= 2;
    } while (!(lower <= now) && length > 1e-6);
    if (!(now - lower > 1e-9 * now)) break;
    [weights, now] = [next, lower];
  }
  return weights;
}

// The weights of a logistic function of `inputs`: a list of numbers a row, the first one 1.
export function logistic(inputs, labels) {
  const chance = (weights, i) => sigmoid(dot(weights, 0, inputs[i]));
  return scored(inputs[0].map(() => 0), [0], labels, chance, (weights, i, into) => {
    const said = chance(weights, i), slope = said * (1 - said);
    inputs[i].forEach((value, k) => { into[k] = slope * value; });
  });
}

// ESMM's two towers, not shared: the weights of the CTR, then those of the CVR. The loss is that of *click* and of *click
// and like*, both in all rows; it starts where each tower fits rows of its own.
export function esmm(toClick, toLike, click, like, ofClicked) {
  const rows = click.length, split = toClick[0].length;
  const ctr = (weights, i) => sigmoid(dot(weights, 0, toClick[i])), cvr = (weights, i) => sigmoid(dot(weights, split, toLike[i]));
  const chance = (weights, i) => (i < rows ? ctr(weights, i) : ctr(weights, i - rows) * cvr(weights, i - rows));
  const weights = scored([...logistic(toClick, click), ...ofClicked], [0, split], [...click, ...like], chance, (weights, at, into) => {
    const i = at % rows, both = at >= rows, c = ctr(weights, i), v = cvr(weights, i);
    const first = (both ? v : 1) * c * (1 - c), second = both ? c * v * (1 - v) : 0;
    toClick[i].forEach((value, k) => { into[k] = first * value; });
    toLike[i].forEach((value, k) => { into[split + k] = second * value; });
  });
  return [weights.slice(0, split), weights.slice(split)];
}

// All that is shown of a state: who clicks, both models, and what they say of whom.
export function fitted(state, rows) {
  const click = rows.map((row) => (row.luck < brushed(row, state) ? 1 : 0)), like = rows.map((row, i) => click[i] * row.would);
  const inputs = (name) => rows.map(({ appeal, mood }) => shape(name, state.mood)(appeal, mood)), toLike = inputs(state.bent ? "bent" : "straight"), toClick = inputs(state.curved ? "curved" : "straight");
  const clicked = (values) => values.filter((_, i) => click[i]), count = clicked(rows).length;
  const found = { click, like, count, liked: mean(clicked(like)), true: mean(rows.map(({ appeal, mood }) => likes(appeal, mood))) };
  if (count < 10) return found;
  const alone = logistic(clicked(toLike), clicked(like)), [ctr, cvr] = esmm(toClick, toLike, click, like, alone);
  const models = [alone, cvr].map((weights) => {
    const says = toLike.map((row) => sigmoid(dot(weights, 0, row)));
    return { weights, says: mean(says), onClicked: mean(clicked(says)) };
  });
  const ctcvr = mean(rows.map((_, i) => sigmoid(dot(ctr, 0, toClick[i])) * sigmoid(dot(cvr, 0, toLike[i]))));
  return { ...found, models, ctcvr, both: mean(like) };
}

const OTHERS = 30; // feeds of a shake
const STORY = { x: 1.2, y: 0, size: 1.4, bent: false, curved: true, mood: true };
const MOVES = { shake: "", all: "" }; // of each question: the truth is turned over last
const settingOf = ({ state }) => JSON.stringify({ ...state, all: 0, error: 0 });
const ratios = (stage) => (stage.of === settingOf(stage) ? stage.others : []);

function setup(stage) {
  Object.assign(stage, { rows: feed(1), others: [], of: "", known: "", found: null });
  stage.now = () => { // fitted once a setting
    const asked = settingOf(stage);
    if (stage.known !== asked) Object.assign(stage, { known: asked, found: fitted(stage.state, stage.rows) });
    return stage.found;
  };
  const loop = stage.loop(() => {
    const other = fitted(stage.state, feed(2 + stage.others.length));
    if (!other.models || stage.of !== settingOf(stage)) return false;
    stage.others.push(other.models.map((model) => model.says / other.true));
    return stage.others.length < OTHERS;
  });
  stage.slider({ label: "size of the brush", key: "size", step: .1, words: (size) => said(size, 1) });
  stage.toggle({ label: "Bend both CVRs", key: "bent" });
  stage.toggle({ label: "Curve ESMM's CTR", key: "curved" });
  stage.toggle({ label: "See the mood", key: "mood" });
  stage.toggle({ label: "Click them all: the truth", key: "all" });
  stage.toggle({ label: "Shade errors", key: "error" });
  const shake = stage.button(`Shake: ${OTHERS} feeds`, () => {
    Object.assign(stage, { others: [], of: settingOf(stage) });
    loop.play();
  }, stage.runs, "shake");
  shake.className = "mtl-play";
}

const tint = (share, [r, g, b]) => `rgb(${[r, g, b].map((part) => Math.round(255 + clamp(share, 0, 1) * (part - 255))).join()})`;
const LIKED = [250, 190, 140], HIGH = [204, 121, 167], LOW = [0, 158, 115];

function panel(stage, root, pen, left, width, number) {
  const narrow = width < 220, top = 22, bottom = 278, x = scale(-REACH, REACH, left, left + width), y = scale(-REACH, REACH, bottom, top);
  add(root, "text", { x: left, y: 14, "font-weight": "bold" }, [narrow ? "CVR, of clicks" : "A CVR, from the clicked rows", narrow ? "ESMM, all rows" : "ESMM's CVR, from all rows"][number]);
  const marks = [
    { stroke: "#8a8a8a", "stroke-width": 3 }, { stroke: ORANGE, "stroke-width": 5 }, // not clicked; would be liked
    { stroke: BLUE, "stroke-width": 8 }, { stroke: "#fff", "stroke-width": 5 }, { stroke: ORANGE, "stroke-width": 6 }, // clicked; not liked; liked
  ].map((look) => add(root, "path", { "stroke-linecap": "round", ...look }));
  const cut = add(root, "svg", { x: left, y: top, width, height: bottom - top, viewBox: `${left} ${top} ${width} ${bottom - top}`, style: "overflow: hidden" });
  const was = add(cut, "ellipse", { fill: "none", stroke: "#b9c4cc", "stroke-width": 2 });
  const brush = add(cut, "ellipse", { fill: "none", stroke: BLACK, "stroke-width": 2, "stroke-dasharray": "6 4" });
  add(root, "rect", { x: left, y: top, width, height: bottom - top, fill: "none", stroke: GREY });
  add(root, "text", { class: "mtl-halo", x: left + width - 4, y: bottom - 6, "text-anchor": "end", fill: AS_TEXT[GREY] }, "appeal →");
  const mood = add(root, "text", { class: "mtl-halo", x: left + 4, y: top + 16, fill: AS_TEXT[GREY] });
  const paper = add(root, "rect", { x: left, y: top, width, height: bottom - top, fill: "transparent", style: "cursor: crosshair; touch-action: none" });
  const place = (u, v) => stage.set({ x: Math.round(20 * u) / 20, y: Math.round(20 * v) / 20 }); // a pixel or two
  const to = (px, py) => place(x.invert(px), y.invert(py));
  dragged(paper, (px, py) => { to(px, py); return to; });
  if (!number) {
    stage.handle(root, {
      name: "the brush: who clicks", x, y, step: .1,
      at: () => [stage.state.x, stage.state.y], to: place,
      words: () => `appeal ${said(stage.state.x, 1)}, mood ${said(stage.state.y, 1)}`,
    });
  }
  const words = add(root, "text", { x: left, y: 296 }), more = add(root, "text", { x: left, y: 314, fill: AS_TEXT[GREY] });
  const legend = add(root, "text", { x: left, y: 334, fill: AS_TEXT[GREY], "font-size": narrow ? 12 : 14 });
  const dots = number ? [] : [[AS_TEXT[BLUE], narrow ? "○ click " : "○ clicked "], [AS_TEXT[ORANGE], narrow ? "● like " : "● liked "], [AS_TEXT[GREY], ""]].map(([colour, name]) => add(legend, "tspan", { fill: colour }, name));
  const gauge = (ratio) => clamp(left + width / 2 + width / 2 * Math.log2(ratio), left, left + width);
  add(root, "path", { stroke: GREY, d: `M${left},376h${width}M${left + width / 2},340V381` });
  [["half", "start", 0], ["right", "middle", .5], ["double", "end", 1]].forEach(([text, anchor, at]) => {
    add(root, "text", { x: left + at * width, y: 394, "text-anchor": anchor, fill: AS_TEXT[GREY] }, text);
  });
  const card = add(root, "g", { style: "cursor: pointer" }); // the truth, turned down
  add(card, "rect", { x: left, y: 338, width, height: 60, rx: 6, fill: "#eef5fa", stroke: "#9cc7e0" });
  add(card, "text", { x: left + width / 2, y: 374, "text-anchor": "middle" }, narrow ? "? the truth" : "? turn over: the truth");
  card.addEventListener("click", () => { stage.made("all"); stage.set({ all: true }); });
  const stack = add(root, "path", { fill: GREY }), before = add(root, "path", { stroke: "#b9c4cc", "stroke-width": 4 }), needle = add(root, "path", { stroke: BLACK, "stroke-width": 4 });
  const spots = (rows, which) => rows.map((row, i) => (which(row, i) ? `M${fixed(x(clamp(row.appeal, -REACH, REACH)))},${fixed(y(clamp(row.mood, -REACH, REACH)))}h.01` : "")).join("");
  const at = (model, found) => (model ? `M${fixed(gauge(model.says / found.true))},344V376` : "");

  return (found, ghost) => {
    const { state, rows } = stage, model = found.models?.[number], others = ratios(stage).map((pair) => pair[number]);
    const { click, like } = found, all = state.all;
    const form = shape(state.bent ? "bent" : "straight", state.mood), cell = [width / CELLS, (bottom - top) / CELLS];
    for (let i = 0; i < CELLS; i++) for (let j = 0; j < CELLS; j++) {
      const appeal = x.invert(left + (i + .5) * cell[0]), mood = y.invert(top + (j + .5) * cell[1]);
      const says = model ? sigmoid(dot(model.weights, 0, form(appeal, mood))) : 0, off = says - (state.mood ? likes(appeal, mood) : likesAt(appeal));
      pen.fillStyle = !model ? "#fff" : state.error ? tint(2 * Math.abs(off), off > 0 ? HIGH : LOW) : tint(says, LIKED);
      pen.fillRect(left + i * cell[0], top + j * cell[1], cell[0] + .6, cell[1] + .6);
    }
    [
      (row, i) => !click[i] && !(all && row.would), (row, i) => !click[i] && all && row.would,
      (row, i) => click[i], (row, i) => click[i] && !like[i], (row, i) => like[i],
    ].forEach((which, k) => marks[k].setAttribute("d", spots(rows, which)));
    const circle = ({ x: u, y: v, size }) => ({ cx: fixed(x(u)), cy: fixed(y(v)), rx: fixed(x(size) - x(0)), ry: fixed(y(0) - y(size)) });
    change(brush, circle(state));
    if (stage.ghost) change(was, circle(stage.ghost));
    words.textContent = model ? `says ${said(model.says)}${narrow ? "" : " of all"}${all ? `, true ${said(found.true)}` : ""}` : "too few clicks";
    mood.textContent = state.mood ? "mood ↑" : narrow ? "mood ↑, unseen" : "mood ↑, which no model sees";
    card.style.display = all ? "none" : "";
    if (dots.length) {
      change(dots[2], { fill: AS_TEXT[all ? ORANGE : GREY] });
      dots[2].textContent = narrow ? (all ? "• would" : "· rest") : all ? "• would be liked" : "· not clicked";
    }
    if (number) legend.textContent = state.error ? narrow ? "violet: too high" : "violet: too high, green: too low" : narrow ? "shade: its CVR" : "shade: CVR, dashed: brush";
    const many = all && others.length > 2, [centre, low, high] = many ? interval(others) : [];
    more.textContent = many ? `${narrow ? "" : `${others.length} feeds: `}×${said(centre)} [${said(low)}, ${said(high)}]` : all ? "predicted / true:" : narrow ? "true: ?" : "true: no log knows";
    needle.setAttribute("d", all ? at(model, found) : "");
    before.setAttribute("d", all && ghost ? at(ghost.models?.[number], ghost) : "");
    const bins = new Map();
    stack.setAttribute("d", (all ? others : []).map((ratio) => {
      const bin = Math.round((gauge(ratio) - left) / 5), n = (bins.get(bin) ?? 0) + 1;
      bins.set(bin, n);
      return `M${fixed(left + 5 * bin - 2)},${fixed(376 - 4 * n)}h4v3h-4Z`;
    }).join(""));
  };
}

function picture(stage, place, width) {
  const pen = canvas(place, width, HEIGHT), root = svg(place, width, HEIGHT), gap = 18, each = (width - gap - 4) / 2;
  const panels = [0, 1].map((number) => panel(stage, root, pen, 2 + number * (each + gap), each, number));
  let ghost = null, of = null;
  return () => {
    if (stage.ghost !== of) [of, ghost] = [stage.ghost, stage.ghost && fitted(stage.ghost, stage.rows)];
    panels.forEach((draw) => draw(stage.now(), ghost));
  };
}

const high = (says, right) => (Math.abs(says / right - 1) < .03 ? "right" : `${said(100 * Math.abs(says / right - 1), 0)}% too ${says > right ? "high" : "low"}`);

function sentence(stage) {
  const found = stage.now(), { count, liked, models } = found;
  const who = `${count} of ${stage.rows.length} click, and ${said(liked)} of them like.`;
  if (!models) return `${count} of ${stage.rows.length} click: too few to fit a model.`;
  const [alone, ours] = models;
  if (!stage.state.all) return `${who} On them the CVR of clicked rows says ${said(alone.onClicked)}, ESMM's ${said(ours.onClicked)}; on all rows ${said(alone.says)} and ${said(ours.says)}.`;
  return `${who} If all clicked, ${said(found.true)} would. The CVR of the clicked rows is ${high(alone.says, found.true)} on all, ESMM's ${high(ours.says, found.true)}; its CTCVR says ${said(found.ctcvr)}, logged ${said(found.both)}.`;
}

// Whether a setting was judged by all the feeds of a shake, and the truth is turned over.
const judged = (stage) => stage.state.all && ratios(stage).length === OTHERS;

// Over the feeds of a shake: predicted / true of both models, each with its interval.
const both = (stage) => [0, 1].map((k) => interval(ratios(stage).map((pair) => pair[k])));
const times = ([centre, low, high]) => `×${said(centre)} [${said(low)}, ${said(high)}]`;

export default explorable({
  limits: { x: [-REACH, REACH], y: [-REACH, REACH], size: [.4, 4] },
  questions: [
    {
      ask: "Appeal drives the clicks. ESMM trains on all rows: is it nearer to the truth? Shake to see more than one feed.",
      set: STORY, show: [], moves: MOVES, when: judged,
      then: (stage) => {
        const [alone, ours] = both(stage), [, low, high] = interval(ratios(stage).map(([one, other]) => Math.abs(other - 1) - Math.abs(one - 1)));
        return `${high < 0 ? "It is nearer" : low > 0 ? "No, it is farther off" : "No, not clearly"}: predicted / true ×${said(alone[0])} of the clicked rows, ×${said(ours[0])} of ESMM.`;
      },
    },
    {
      ask: "Good moods click, and no model sees the mood. Which of the two is right now?",
      set: { ...STORY, x: 0, y: 1.2, bent: true, mood: false }, show: ["bent", "mood"], moves: MOVES, when: judged,
      then(stage) {
        const wrong = both(stage).map(([, low, high]) => low > 1 || high < 1), { models, liked } = stage.now();
        const word = wrong.every(Boolean) ? "Neither model is" : wrong.some(Boolean) ? "One model is not" : "Not told apart by these feeds";
        return `${word}: ${both(stage).map(times).join(" and ")} of the truth. On the clicked rows they say ${models.map(({ onClicked }) => said(onClicked)).join(" and ")}, logged ${said(liked)}. No column tells who is in a good mood.`;
      },
    },
    {
      ask: "The mood is seen again, but ESMM's CTR cannot fit the brush. What happens to its CTCVR, and to its CVR?",
      set: { ...STORY, curved: false }, show: ["curved"], moves: MOVES, when: judged,
      then: (stage) => `The CTCVR has the loss, and says ${said(stage.now().ctcvr)} where ${said(stage.now().both)} are logged. The CVR has none: ${times(both(stage)[1])} of the truth, it makes up for what the CTR gets wrong.`,
    },
  ],
  setup,
  picture,
  sentence,
});

// Selection: the reader brushes who clicks, on a plane of appeal and mood, and two models of the like are fitted at once,
// one to the clicked rows, and ESMM to all. Both are logistic functions, fitted by Fisher scoring, as `selection.py` does
// it for endless data. What those who did not click would have liked only a simulator knows.

import { add, change } from "../../display/elements.js";
import { AS_TEXT, BLACK, BLUE, GREY, ORANGE, canvas, clamp, explorable, fixed, said, scale, svg, text } from "../../display/live/kit.js";
import { diamond, guess } from "../../display/live/guess.js";
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
export const shape = (name, seen) => (appeal, mood) => shapes[name](appeal, seen ? mood : 0); // what is always 0 gets no weight

function dot(weights, from, row) {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += weights[from + i] * row[i];
  return sum;
}

function solved(matrix, vector) { // by elimination; the matrix is positive definite, and of it the lower half is known
  const rows = matrix.map((row, i) => [...row.map((_, j) => matrix[Math.max(i, j)][Math.min(i, j)]), vector[i]]), size = rows.length, found = [...vector];
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

// Minimises the log loss plus the penalty from `weights` on. What is said of a row is the product of logistic functions, a list of
// [where its weights begin, its inputs, the first one 1]; `free` are the places of the constants.
function fit(weights, free, rows, labels) {
  const size = weights.length, costs = weights.map((_, i) => (free.includes(i) ? 0 : PENALTY)), slopes = new Float64Array(size);
  const chance = (at, parts) => parts.reduce((product, [from, inputs]) => product * sigmoid(dot(at, from, inputs)), 1);
  const loss = (at) => labels.reduce((sum, label, i) => {
    const said = chance(at, rows[i]);
    return sum - Math.log(Math.max(label ? said : 1 - said, 1e-300));
  }, at.reduce((sum, weight, i) => sum + costs[i] * weight * weight / 2, 0));
  let now = loss(weights);
  for (let step = 0; step < 100; step++) {
    const down = weights.map((weight, i) => costs[i] * weight), curve = weights.map((_, i) => weights.map((_, j) => (i === j ? costs[i] + 1e-9 : 0)));
    rows.forEach((parts, row) => {
      const factors = parts.map(([from, inputs]) => sigmoid(dot(weights, from, inputs))), said = factors.reduce((a, b) => a * b);
      const counts = 1 / Math.max(said * (1 - said), 1e-12);
      slopes.fill(0);
      parts.forEach(([from, inputs], f) => {
        for (let k = 0; k < inputs.length; k++) slopes[from + k] = said * (1 - factors[f]) * inputs[k];
      });
      for (let i = 0; i < size; i++) {
        const part = counts * slopes[i];
        if (!part) continue;
        down[i] += part * (said - labels[row]);
        for (let j = 0; j <= i; j++) curve[i][j] += part * slopes[j];
      }
    });
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

// The weights of a logistic function of `inputs`.
export const logistic = (inputs, labels) => fit(inputs[0].map(() => 0), [0], inputs.map((row) => [[0, row]]), labels);

// ESMM's two towers, not shared: the weights of the CTR, then those of the CVR. The loss is that of *click* and of *click
// and like*, both in all rows; it starts where each tower fits rows of its own.
export function esmm(toClick, toLike, click, like, ofClicked) {
  const split = toClick[0].length, ctr = toClick.map((row) => [[0, row]]), ctcvr = ctr.map((parts, i) => [...parts, [split, toLike[i]]]);
  const weights = fit([...logistic(toClick, click), ...ofClicked], [0, split], [...ctr, ...ctcvr], [...click, ...like]);
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

const OTHERS = 30; // feeds on which the truth is shown
const STORY = { x: 1.2, y: 0, size: 1.4, bent: false, curved: true, mood: true };
const settingOf = ({ state: { all, guess, ...setting } }) => JSON.stringify(setting);

function setup(stage) {
  Object.assign(stage, { rows: feed(1), others: [], known: "", fits: null, guessed: "" });
  const loop = stage.loop(() => {
    const { others, state } = stage, { models } = stage.now();
    const other = models && state.all && others.length < OTHERS ? fitted(state, feed(2 + others.length)) : {};
    if (!other.models) return false;
    others.push(other.models.map((model) => model.says / other.true));
    return true;
  }, { begin: () => stage.made("guess") }); // or it is too late
  stage.now = () => { // fitted once a setting
    const asked = settingOf(stage);
    if (stage.known !== asked) {
      Object.assign(stage, { known: asked, fits: fitted(stage.state, stage.rows), others: [] });
      if (stage.state.all) loop.play();
    }
    return stage.fits;
  };
  const truth = stage.toggle({ label: `The truth, on ${OTHERS} feeds`, key: "all", then: (on) => on && loop.play() });
  truth.className = "mtl-play";
  stage.runs.append(truth);
  stage.slider({ label: "size of the brush", key: "size", step: .1, words: (size) => said(size, 1) });
  stage.toggle({ label: "Bend both CVRs", key: "bent" });
  stage.toggle({ label: "Curve ESMM's CTR", key: "curved" });
  stage.toggle({ label: "See the mood", key: "mood" });
  stage.card.classList.add("mtl-flat");
}

// --- the picture ----------------------------------------------------------------------------------------------------

const tint = (share, [r, g, b]) => `rgb(${[r, g, b].map((part) => Math.round(255 + clamp(share, 0, 1) * (part - 255))).join()})`;
const LIKED = [250, 190, 140], HIGH = [150, 100, 210], LOW = [0, 158, 115];
const END = { "text-anchor": "end" };

// A model on the plane of appeal and mood: who clicks, and what it says of whom; once the truth is seen, how wrong that is.
function panel(stage, root, pen, left, top, width, number) {
  const narrow = width < 220, bottom = top + clamp(width, 190, 250), x = scale(-REACH, REACH, left, left + width), y = scale(-REACH, REACH, bottom, top);
  const faint = { fill: AS_TEXT[GREY], "font-size": 13 };
  text(root, left, top - 8, [narrow ? "CVR, of clicks" : "A CVR, from the clicked rows", narrow ? "ESMM, all rows" : "ESMM's CVR, from all rows"][number], { fill: BLACK, "font-weight": "bold" });
  const marks = [
    { stroke: "#8a8a8a", "stroke-width": 3 }, { stroke: ORANGE, "stroke-width": 5 }, // not clicked; would be liked
    { stroke: BLUE, "stroke-width": 8 }, { stroke: "#fff", "stroke-width": 5 }, { stroke: ORANGE, "stroke-width": 6 }, // clicked; not liked; liked
  ].map((look) => add(root, "path", { "stroke-linecap": "round", ...look }));
  const cut = add(root, "svg", { x: left, y: top, width, height: bottom - top, viewBox: `${left} ${top} ${width} ${bottom - top}`, style: "overflow: hidden" });
  const brush = add(cut, "ellipse", { fill: "none", stroke: BLACK, "stroke-width": 2, "stroke-dasharray": "6 4" });
  add(root, "rect", { x: left, y: top, width, height: bottom - top, fill: "none", stroke: GREY });
  text(root, left + width - 4, bottom - 6, number ? "" : "appeal →", { ...END, class: "mtl-halo" });
  text(root, left + 4, top + 16, number ? "" : "mood ↑", { class: "mtl-halo" });
  const legend = text(root, left, bottom + 18, "", faint);
  const parts = Array.from({ length: 3 }, () => add(legend, "tspan"));
  const place = (u, v) => { stage.made("brush"); stage.set({ x: Math.round(20 * u) / 20, y: Math.round(20 * v) / 20 }); }; // a pixel or two
  if (!number) {
    stage.handle(root, {
      name: "the brush: who clicks", key: "brush", x, y, step: .1, at: () => [stage.state.x, stage.state.y], to: place,
      words: () => `appeal ${said(stage.state.x, 1)}, mood ${said(stage.state.y, 1)}`,
    });
  }
  const spots = (rows, which) => rows.map((row, i) => (which(row, i) ? `M${fixed(clamp(x(row.appeal), left + 4, left + width - 4))},${fixed(clamp(y(row.mood), top + 4, bottom - 4))}h.01` : "")).join("");

  return ({ click, like, models }) => {
    const { state, state: { all }, rows } = stage, model = models?.[number];
    const form = shape(state.bent ? "bent" : "straight", state.mood), cell = [width / CELLS, (bottom - top) / CELLS];
    for (let i = 0; i < CELLS; i++) for (let j = 0; j < CELLS; j++) {
      const appeal = x.invert(left + (i + .5) * cell[0]), at = y.invert(top + (j + .5) * cell[1]);
      const says = model ? sigmoid(dot(model.weights, 0, form(appeal, at))) : 0, off = says - (state.mood ? likes(appeal, at) : likesAt(appeal));
      pen.fillStyle = !model ? "#fff" : all ? tint(2 * Math.abs(off), off > 0 ? HIGH : LOW) : tint(says, LIKED);
      pen.fillRect(left + i * cell[0], top + j * cell[1], cell[0] + .6, cell[1] + .6);
    }
    [
      (row, i) => number && !click[i] && !(all && row.would), (row, i) => !click[i] && all && row.would,
      (row, i) => click[i], (row, i) => click[i] && !like[i], (row, i) => like[i],
    ].forEach((which, k) => marks[k].setAttribute("d", spots(rows, which)));
    change(brush, { cx: fixed(x(state.x)), cy: fixed(y(state.y)), rx: fixed(x(state.size) - x(0)), ry: fixed(y(0) - y(state.size)) });
    const dots = narrow ? ["○ click ", "● like ", all ? "• would like" : ""] : ["○ clicked ", "● liked ", all ? "• would be liked" : ""];
    const shade = !all ? `· ${narrow ? "no click" : "not clicked"}; shade: its CVR` : narrow ? "violet: high, green: low" : "violet: too high, green: too low";
    parts.forEach((part, i) => {
      part.textContent = number ? i ? "" : shade : dots[i];
      if (!number) change(part, { fill: AS_TEXT[i ? ORANGE : BLUE] });
    });
  };
}

// What both models say of all rows, over the truth: a tick a feed, their mean, and before that the reader's guess of ESMM's.
function measure(stage, root, left, width) {
  const g = scale(-1, 1, left + 2, left + width - 12), at = (ratio) => g(Math.log2(clamp(ratio, .5, 2))), lanes = [62, 112, 168];
  text(root, left, 14, "CVR of all rows ÷ the truth", { fill: BLACK, "font-weight": "bold" });
  for (const [place, words] of [[-1, "half"], [0, "the truth"], [1, "double"]]) {
    add(root, "path", { d: `M${g(place)},34V184`, stroke: place ? "#d5d5d5" : GREY });
    text(root, place ? left + (place + 1) / 2 * width : g(0), 202, words, { "font-size": 13, "text-anchor": ["start", "middle", "end"][place + 1] });
  }
  const parts = ["clicked rows", "ESMM", "your guess"].map((name, k) => {
    const y = lanes[k], ink = { class: "mtl-halo", "font-size": 13 };
    const named = text(root, left, y - 16, name, ink);
    const ticks = add(root, "path", { stroke: GREY, "stroke-width": 2, "stroke-opacity": .5 }), here = add(root, "path", { fill: BLACK, stroke: BLACK, "stroke-width": 2 });
    return { y, named, ticks, here, shown: text(root, left + width, y - 16, "", { ...ink, ...END, fill: BLACK }) };
  });
  const guessed = guess(stage, root, {
    name: "your guess: what ESMM says of all, over the truth", x: g, level: lanes[2], words: ([share]) => `×${said(2 ** share)}`,
    known: () => stage.state.all, setting: () => settingOf(stage),
  });
  return ({ models, true: right }) => {
    const { others, state: { all, guess: share } } = stage, many = others.length > 2, missed = missedBy(stage);
    parts.slice(0, 2).forEach(({ y, ticks, here, shown }, k) => {
      const ratios = others.map((pair) => pair[k]), ratio = models ? models[k].says / right : NaN, [now, ...ends] = many ? interval(ratios) : [ratio, ratio, ratio], seen = all && models;
      ticks.setAttribute("d", seen ? ratios.map((ratio) => `M${fixed(at(ratio))},${y - 9}v18`).join("") : "");
      here.setAttribute("d", seen ? `${diamond(at(now), y, 10)}M${ends.map((end) => `${fixed(at(end))},${y}`).join("L")}` : "");
      shown.textContent = seen ? `×${said(now)}` : "";
    });
    guessed([Number.isNaN(missed) ? NaN : clamp(Math.log2(both(stage)[1][0]), -1, 1)]);
    parts[2].named.style.display = "guess" in (stage.question?.moves ?? {}) && !(all && Number.isNaN(missed)) ? "" : "none";
    parts[2].shown.textContent = Number.isNaN(missed) ? "" : `×${said(2 ** share)}, ${said(missed)} off`;
  };
}

function picture(stage, place, width) {
  const narrow = width < 560, gap = 20, each = narrow ? (width - gap - 4) / 2 : Math.floor(.31 * width), left = narrow ? 2 : 2 * (each + gap) + 10;
  const top = narrow ? 240 : 22, high = top + clamp(each, 190, 250) + 26, pen = canvas(place, width, high), root = svg(place, width, high);
  const panels = [0, 1].map((number) => panel(stage, root, pen, 2 + number * (each + gap), top, each, number));
  const scales = measure(stage, root, left, width - left - 2);
  return () => [...panels, scales].forEach((draw) => draw(stage.now()));
}

// --- in words -------------------------------------------------------------------------------------------------------

function sentence(stage) {
  const found = stage.now(), { count, liked, models } = found;
  if (!models) return `${count} of ${stage.rows.length} click: too few to fit a model.`;
  const [alone, ours] = models.map(({ says }) => said(says)), truth = stage.state.all ? `; if all clicked, ${said(found.true)} would` : "";
  return `${count} of ${stage.rows.length} click, and ${said(liked)} of them like${truth}. Over all ${stage.rows.length}, the CVR of clicked rows predicts ${alone}, ESMM's ${ours}.`;
}

// Whether a setting was judged by all the feeds, and the truth is seen.
const judged = (stage) => stage.state.all && stage.others.length === OTHERS;

// Over the feeds: predicted / true of both models, each with its interval; how far off the guess of ESMM's is.
const both = (stage) => [0, 1].map((k) => interval(stage.others.map((pair) => pair[k])));
const times = ([centre, low, high]) => `×${said(centre)} [${said(low)}, ${said(high)}]`;
const missedBy = (stage) => (judged(stage) && stage.guessed === stage.known ? Math.abs(2 ** stage.state.guess - both(stage)[1][0]) : NaN);
const GUESS = { guess: "Drag your guess", all: "" }; // the first moves of each question

export default explorable({
  chapter: "C7",
  free: { set: { all: true } }, // all is guessed: each move of the brush is judged at once
  limits: { x: [-REACH, REACH], y: [-REACH, REACH], size: [.4, 4], guess: [-1, 1] },
  questions: [
    {
      name: "Appeal is seen", ask: "Appeal drives the clicks. ESMM trains on all rows: how close to the truth will it be?",
      set: STORY, show: [], moves: { ...GUESS, brush: "Drag the brush" }, when: judged,
      then: (stage) => {
        const [alone, ours] = both(stage), [, low, high] = interval(stage.others.map(([one, other]) => Math.abs(other - 1) - Math.abs(one - 1)));
        return `ESMM says ${times(ours)} of the truth, ${high < 0 ? "nearer than" : low > 0 ? "farther off than" : "not clearly nearer than"} the CVR of the clicked rows, ${times(alone)}.`;
      },
    },
    {
      name: "Mood is not", ask: "Good moods click, and no model sees the mood. How far off will ESMM be now?",
      set: { ...STORY, x: 0, y: 1.2, bent: true, mood: false }, show: [], moves: { ...GUESS, mood: "" }, when: judged,
      then(stage) {
        const wrong = both(stage).map(([, low, high]) => low > 1 || high < 1), { models, liked } = stage.now();
        const word = wrong.every(Boolean) ? "Neither model is right" : wrong.some(Boolean) ? "One model is not right" : "Not told from the truth by these feeds";
        return `${word}: ${both(stage).map(times).join(" and ")} of it. On the clicked rows they say ${models.map(({ onClicked }) => said(onClicked)).join(" and ")}, logged ${said(liked)}: no column tells who is in a good mood.`;
      },
    },
    {
      name: "A CTR too straight", ask: "The mood is seen again, but ESMM's CTR cannot fit the brush. What will its CVR say?",
      set: { ...STORY, curved: false }, show: [], moves: { ...GUESS, curved: "" }, when: judged,
      then: (stage) => `The CTCVR, which has a loss, says ${said(stage.now().ctcvr)}, logged ${said(stage.now().both)}. The CVR, which has none, makes up for what the CTR gets wrong: ${times(both(stage)[1])} of the truth.`,
    },
  ],
  setting: ({ state: { x, y, mood, curved } }) => `appeal ${said(x, 1)} and mood ${said(y, 1)}${mood ? "" : ", unseen"}${curved ? "" : ", with a straight CTR"}`,
  setup,
  picture,
  sentence,
  anew: (stage) => Object.assign(stage, { known: "", guessed: "" }),
});

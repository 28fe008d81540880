// The mixing desk: one Shared-Bottom trained four times at once, from the same start on the same rows, with equal weights,
// UWL, GradNorm, and the weights of the reader, who moves a fader a task while it trains.
import { add, change } from "../../display/elements.js";
import { AS_TEXT, BAND, BLACK, BLUE, clamp, explorable, fixed, GREEN, GREY, ORANGE, path, PURPLE, said, scale, signed, svg, text } from "../../display/live/kit.js";
import { guess, star } from "../../display/live/guess.js";
import { featureTasks, GradNorm, mean, SumOfLogs, Training, UWL } from "../../display/live/sim.js";
import { interval, verdict } from "../../display/live/verdicts.js";

const STEPS = 250, EVERY = 5, SPEED = 30; // of a run; between two looks at it; steps a second
const WIDTH = 8, ROWS = [500, 500, 1000], NOISE = 0.5, OTHERS = 8; // units of the bottom; rows; noise of A; seeds that a replay adds
const AT_ONCE = 1.1; // of UWL's rate, as a power of ten: above the largest, every s is at its best in each step
const REACH = 4; // of a fader: its task's weight is at most 10,000 times the other's
const NEEDS = { // by task, which of eight features it needs: as in chapter 04
  disjoint: [[1, -1, 1, -1, 0, 0, 0, 0], [0, 0, 0, 0, 1, -1, 1, -1]],
  same: [[1, -1, 1, -1, 0, 0, 0, 0], [1, 1, -1, -1, 0, 0, 0, 0]],
};
const LOOKS = { // of the four; the reader's is the first, and lies below the others
  you: { name: "you", colour: BLACK, width: 3.5, dash: "none", points: 5, size: 10 },
  equal: { name: "equal weights", colour: GREY, width: 2, dash: "2 3", points: 4, size: 9 },
  UWL: { name: "UWL", colour: GREEN, width: 2, dash: "none", points: 3, size: 9 },
  GradNorm: { name: "GradNorm", colour: PURPLE, width: 2, dash: "7 3", points: 6, size: 8 },
};
const ALL = Object.keys(LOOKS), TASKS = [["A", BLUE], ["B", ORANGE]];

const power = (exponent, digits) => Number((10 ** exponent).toPrecision(digits));
const times = ({ scale: exponent }) => power(exponent, 1); // the loss of A counts so often
const atOnce = ({ uwl }) => uwl >= AT_ONCE;

// --- a race ---------------------------------------------------------------------------------------------------------

// The weights of both tasks, with the sum 2, that are 10^ratio : 1.
export function weightsOf(ratio) {
  const a = 2 / (1 + 10 ** -ratio);
  return [a, 2 - a];
}

// Two tasks on the same rows; the label of B has a noise of its own, and the test labels of both have none.
export function tasks({ features, noise, seed }) {
  const [data, other] = [NOISE, noise].map((own) => featureTasks({ needs: NEEDS[features], rows: ROWS, noise: own, seed }));
  for (const part of ["train", "valid", "test"]) data[part].labels[1] = other[part].labels[1];
  return data;
}

// All of a state but the reader's hand and guess.
const settingOf = ({ hand, guess, ...setting }) => JSON.stringify(setting);

export class Race {
  constructor(state, data = tasks(state)) {
    const { seed, alpha } = state;
    const balances = {
      UWL: (model) => (atOnce(state) ? new SumOfLogs(model) : new UWL(model, { lr: power(state.uwl, 2) })),
      GradNorm: (model) => new GradNorm(model, { alpha, lr: power(state.gradnorm, 2) }),
    };
    Object.assign(this, { state, data, setting: settingOf(state), moves: [], looks: [], beat: 0 });
    this.trainings = ALL.map((how) => {
      const training = new Training(data, { structure: "shared-bottom", width: WIDTH, weights: [times(state), 1], seed });
      if (balances[how]) training.balance = balances[how](training.model);
      return training;
    });
    this.look();
  }

  // A step of one of the four, in turn; `hand` counts in the reader's.
  step(hand) {
    const training = this.trainings[this.beat % ALL.length];
    if (this.beat++ % ALL.length === 0) {
      this.moves.push(hand);
      training.balance.weights = weightsOf(hand);
    }
    training.step();
    if (this.beat % (ALL.length * EVERY) === 0) this.look();
  }

  // What is drawn of a moment, of each of the four: log10 of the weight of A over that of B, and R² of both tasks.
  look() {
    this.looks.push(this.trainings.map(({ balance: { weights: [a, b] }, now }) => ({ ratio: Math.log10(a / b), now: [...now] })));
  }

  get steps() { return Math.floor(this.beat / ALL.length); }
  get over() { return this.steps >= STEPS; }
  get r2() { return this.trainings.map((training) => [...training.r2]); } // of each task at its own best step
}

function current(stage) {
  if (stage.race?.setting !== settingOf(stage.state)) lookAgain(stage);
  return stage.race;
}

function begin(stage) {
  const { race, state } = stage, same = ["features", "noise", "seed"].every((key) => race?.state[key] === state[key]);
  Object.assign(stage, { race: new Race(state, same ? race.data : tasks(state)), others: [], other: null });
}

// Before *Play*: the race at this setting with the faders left alone. What of it is asked is not shown, nor who has no fader to move.
const looking = (stage) => stage.race === stage.alone;
const unplayed = (stage) => looking(stage) || !stage.race.over || stage.race.moves.at(-1) !== stage.state.hand; // the race, or the faders
const byHand = ({ question }) => !question?.show || "hand" in question.moves; // or the reader is not in the picture
const hidden = (stage, how) => (how === "you" ? looking(stage) || !byHand(stage) : looking(stage) && stage.question?.asks?.includes(how));
function lookAgain(stage) {
  begin(stage);
  stage.alone = stage.race;
  stage.watch.play();
}
function own(stage) { // the race that the reader plays
  if (current(stage) === stage.alone) begin(stage);
  return stage.race;
}

// False when the race is over.
function advance(stage) {
  const { state, finished } = stage, race = own(stage);
  race.step(state.hand);
  if (race.over) finished.push({ state, weights: race.looks.at(-1).map(({ ratio }) => weightsOf(ratio)[1]) });
  return !race.over;
}

// The rest of the race, then the reader's moves once more, on the seeds after its own; false when it is time to look.
function replay(stage) {
  const { moves, over } = own(stage), { state, others } = stage;
  if (!over) return advance(stage) || true;
  stage.other ??= new Race({ ...state, seed: state.seed + others.length + 1 });
  const { steps } = stage.other;
  stage.other.step(moves[steps]);
  if (!stage.other.over) return true;
  others.push(stage.other.r2);
  stage.other = null;
  return !tested(stage);
}

const tested = ({ others, other }) => others.length > 0 && others.length % OTHERS === 0 && !other;
const rivalOf = ({ question }) => (question?.show ? "GradNorm" : "equal");
const gain = (r2, rival, how = "you") => mean(r2[ALL.indexOf(how)]) - mean(r2[ALL.indexOf(rival)]);
const gains = (stage) => interval(stage.others.map((r2) => gain(r2, rivalOf(stage))));

// --- the picture ----------------------------------------------------------------------------------------------------

const line = (parent, more) => add(parent, "path", { fill: "none", ...more });
const RIM = { stroke: "#fff", "stroke-width": 1.5, "paint-order": "stroke" }, MIDDLE = { "text-anchor": "middle" }, END = { "text-anchor": "end" };

const faders = (narrow) => (narrow ? scale(-REACH, REACH, 144, 50) : scale(-REACH, REACH, 128, 32));
const weightWords = (weight) => said(weight, weight < .0095 ? 4 : weight < .095 ? 3 : 2);

// One of the four at the desk: a fader a task, and, where there is room, the way that its weights took.
function strip(stage, figure, left, width, how, narrow) {
  const look = LOOKS[how], y = faders(narrow), tracks = [left + width - (narrow ? 58 : 64), left + width - 18];
  const x = scale(0, STEPS, left, tracks[0] - 24), mine = how === "you", name = narrow ? [left, 32] : [left + 62, 14];
  line(figure, { d: star(left + 8, 9, { ...look, size: 8 }), fill: look.colour });
  line(figure, { d: `M${left + 20},9h36`, stroke: look.colour, "stroke-width": look.width, "stroke-dasharray": look.dash }); // as in the curves
  text(figure, ...name, how, { fill: AS_TEXT[look.colour], "font-weight": "bold", "font-size": narrow ? 12 : 14 });
  line(figure, { d: `M${left},${y(0)}H${left + width - 2}`, stroke: "#c8c8c8" });
  line(figure, { d: tracks.map((at) => `M${at},${y(REACH)}V${y(-REACH)}`).join(""), stroke: mine ? GREY : "#d5d5d5", "stroke-width": 4, "stroke-linecap": "round" });
  const parts = TASKS.map(([task, colour], k) => {
    const sign = k ? -1 : 1, ink = { ...MIDDLE, fill: AS_TEXT[colour], "font-size": narrow ? 12 : 13, "font-weight": "bold" };
    const trail = line(figure, { stroke: colour, "stroke-width": 2, "stroke-dasharray": k ? "5 5" : "none" }), number = text(figure, tracks[k], y(-REACH) + (narrow ? 30 : 24), "", ink);
    const mark = (g, held) => {
      add(g, "rect", { x: -12, y: -9, width: 24, height: 18, rx: 4, fill: "#fff", stroke: colour, "stroke-width": held ? 3 : 1.5 });
      text(g, 0, 5, task, { ...ink, "font-size": 13, "font-weight": held ? "bold" : "normal" });
    };
    const cap = add(figure, "g", mine ? {} : { class: "mtl-keep" });
    mark(cap, false);
    if (mine) stage.handle(figure, { // over its cap, in the questions that need it
      name: `your fader of task ${task}`, key: "hand", y, level: tracks[k], step: .05, mark: (g) => mark(g, true),
      at: () => [0, sign * stage.state.hand], to: (_, v) => stage.set({ hand: Math.round(100 * sign * v) / 100 }),
      words: () => `weight ${weightWords(weightsOf(stage.state.hand)[k])}`,
    });
    return { sign, trail, number, cap };
  });
  return (race) => {
    const number = ALL.indexOf(how), ways = race.looks.slice(0, hidden(stage, how) ? 1 : undefined).map((looks) => clamp(looks[number].ratio, -REACH, REACH)), ratio = mine ? stage.state.hand : ways.at(-1);
    parts.forEach(({ sign, trail, number, cap }, k) => {
      if (!narrow) trail.setAttribute("d", path(ways.map((way, i) => [x(i * EVERY), y(sign * way)])));
      number.textContent = weightWords(weightsOf(ratio)[k]).replace(narrow ? /^0/ : "", "");
      change(cap, { transform: `translate(${tracks[k]},${fixed(y(sign * ratio))})` });
    });
  };
}

// R² of a task on the test rows, step by step, of all four, with a star at the best step: what lanes and words are about.
function curves(stage, figure, { left, right, top, bottom }, k) {
  const [task, colour] = TASKS[k], x = scale(0, STEPS, left + 28, right - 14), y = scale(0, 1, bottom - 22, top + 26);
  text(figure, left, top + 14, right - left < 220 ? `task ${task}: R²` : `task ${task}: R² by step`, { fill: AS_TEXT[colour], "font-weight": "bold" });
  for (const value of [0, .5, 1]) {
    line(figure, { d: `M${x(0)},${fixed(y(value))}H${x(STEPS)}`, stroke: value ? "#ebebeb" : GREY });
    text(figure, x(0) - 5, y(value) + 5, String(value), { ...END, "font-size": 13 });
  }
  for (const value of [0, STEPS]) text(figure, x(value), bottom - 4, String(value), { ...MIDDLE, "font-size": 13 });
  const lines = ALL.map((how) => line(figure, { stroke: LOOKS[how].colour, "stroke-width": LOOKS[how].width, "stroke-dasharray": LOOKS[how].dash, "stroke-linejoin": "round" }));
  const stars = ALL.map((how) => line(figure, { fill: LOOKS[how].colour, ...RIM }));
  const at = (race, step, i) => [x(step * EVERY), y(clamp(race.looks[step][i].now[k], 0, 1))];
  return (race) => ALL.forEach((how, i) => {
    const seen = hidden(stage, how) ? [] : [...race.looks.keys()].slice(1), best = seen.find((step) => race.looks[step][i].now[k] === race.r2[i][k]);
    lines[i].setAttribute("d", path(seen.map((step) => at(race, step, i))));
    stars[i].setAttribute("d", best ? star(...at(race, best, i), { ...LOOKS[how], size: 7 }) : "");
  });
}

// What the question compares, a lane each: R² of B; B's weight at the end; or R² of both over a rival's, on other seeds, too.
function compared(stage) {
  const { others, question, state, data } = stage, { moves = {} } = question ?? {}, race = current(stage);
  const lane = (how, value, more = {}) => ({ how, value: hidden(stage, how) ? NaN : value, below: "", seeds: [], ...more });
  if ("guess" in moves) {
    return { title: "R² of B at its best step", low: 0, high: 1, ticks: [0, .5, 1], words: said, lanes: ["equal", "UWL", "GradNorm"].map((how) => lane(how, race.r2[ALL.indexOf(how)][1])) };
  }
  if ("alpha" in moves) {
    const now = looking(stage) ? null : { state, weights: race.looks.at(-1).map(({ ratio }) => weightsOf(ratio)[1]) };
    const runs = noisy(stage).map((run, high) => (now && within(state)[high] ? now : run)), ticks = [[-2, "0.01"], [-1, "0.1"], [0, "1: as A's"]];
    const weight = (how, run, below = "") => ({ ...lane(how), value: Math.log10(run?.weights[ALL.indexOf(how)] ?? NaN), below });
    const lanes = [weight("UWL", now ?? runs.find(Boolean)), ...runs.map((run, high) => weight("GradNorm", run, `at α ${said(run?.state.alpha ?? [.12, 1.5][high])}`))];
    return { title: "weight of B at the end", low: -2, high: .3, ticks, words: (exponent) => weightWords(10 ** exponent), lanes };
  }
  const rival = rivalOf(stage), below = others.length ? `${others.length} other${others.length > 1 ? "s" : ""}` : "", how = ["you", "UWL", "GradNorm", "equal"].filter((one) => one !== rival);
  const lanes = how.map((one) => lane(one, gain(race.r2, rival, one), { below, seeds: others.map((r2) => gain(r2, rival, one)) }));
  return { title: `mean of best R², over ${rival}`, low: -.1, high: .1, ticks: [-.1, 0, .1], words: signed, zone: data.matters, lanes };
}

// The lanes: of each a star for the run in the picture, below it other seeds as dots, and their mean with its 95% interval.
function comparison(stage, figure, { left, right, top, bottom }) {
  const ends = [left + 90, right - 62], from = top + 23, high = (bottom - 20 - from) / 3, ys = [0, 1, 2].map((i) => from + high * (i + .5));
  const title = text(figure, left, top + 14, "", { fill: BLACK, "font-weight": "bold" }), zone = add(figure, "rect", { y: from, height: 3 * high, fill: BAND });
  line(figure, { d: ys.map((y) => `M${left},${fixed(y - high / 2)}H${right}`).join(""), stroke: "#ebebeb" });
  const ticks = ys.map(() => [line(figure, { stroke: "#d5d5d5" }), text(figure, 0, bottom - 5, "", { ...MIDDLE, "font-size": 13 })]);
  const draw = guess(stage, figure, {
    name: "your guess: R² of B under UWL", x: scale(0, 1, ...ends), level: ys[1], shape: star(0, 1, { points: 5, size: 16 }), words: ([value]) => said(value),
    known: () => current(stage).looks.length > 1 && !looking(stage), setting: () => settingOf(stage.state),
  });
  const words = (at, more) => text(figure, at, 0, "", more), small = { "font-size": 13 }, write = (node, said, more) => { change(node, more); node.textContent = said; };
  const rows = ys.map(() => ({
    labels: [words(left, { "font-weight": "bold" }), words(left, small), words(right, { ...END, fill: BLACK }), words(right, { ...END, ...small })],
    dots: line(figure, { "fill-opacity": .5 }), reach: line(figure, { "stroke-width": 2.5 }), centre: line(figure, RIM), mark: line(figure, RIM),
  }));
  return () => {
    const { lanes, low, high: most, zone: matters = 0, ...more } = compared(stage), x = scale(low, most, ...ends), inside = (value) => x(clamp(value, low, most));
    title.textContent = more.title;
    change(zone, { x: fixed(x(-matters)), width: fixed(x(matters) - x(-matters)) });
    ticks.forEach(([rule, name], i) => {
      const [value, words = said(value, value % 1 && 1)] = [more.ticks[i]].flat(), at = fixed(x(value));
      rule.setAttribute("d", `M${at},${from}V${bottom - 20}`);
      write(name, words, { x: at });
    });
    const missed = missedBy(stage), told = !Number.isNaN(missed), truth = told ? lanes[1].value : NaN;
    draw([truth, truth]);
    rows.forEach(({ labels, dots, reach, centre, mark }, i) => {
      const { how, value, below, seeds } = lanes[i], off = told && i === 1 ? `${said(missed)} off` : "", look = LOOKS[how], open = Number.isNaN(value), many = seeds.length > 1;
      const y = ys[i] - (below || off ? 8 : 0), under = ys[i] + 9, [score, ...range] = interval(seeds), beyond = value < low ? -1 : value > most ? 1 : 0;
      [how, below, open ? "" : more.words(value), many ? more.words(score) : off].forEach((words, k) => write(labels[k], words, { y: fixed((k % 2 ? under : y) + 5) }));
      for (const node of [labels[0], dots, centre, mark]) node.setAttribute("fill", node === labels[0] ? AS_TEXT[look.colour] : look.colour);
      dots.setAttribute("d", seeds.map((seed) => star(inside(seed), under, { ...look, size: 4 })).join(""));
      change(reach, { stroke: look.colour, d: many ? path(range.map((end) => [inside(end), under])) : "" });
      centre.setAttribute("d", many ? star(inside(score), under, { ...look, size: 7 }) : "");
      const at = seeds.length ? y : ys[i]; // with the guess on one line
      mark.setAttribute("d", open ? "" : beyond ? `M${fixed(inside(value) + 6 * beyond)},${fixed(at)}l${-9 * beyond},-6v12Z` : star(inside(value), at, look));
    });
  };
}

function picture(stage, place, width) {
  const narrow = width < 560, first = narrow ? 0 : 66, y = faders(narrow), [top, bottom] = narrow ? [190, 336] : [160, 318];
  const share = narrow ? (width - 10) / 2 : .28 * width, figure = svg(place, width, narrow ? bottom + 160 : bottom);
  change(figure, { role: "group", "aria-label": "the weights of the runs, with your faders; the curves of both tasks; what is compared" });
  if (!narrow) for (const [at, words] of [[y(3) + 5, "1000 : 1"], [y(0) + 5, "1 : 1"], [y(-3) + 5, "1 : 1000"], [y(-REACH) + 24, "weight"]]) text(figure, 0, at, words, { "font-size": 13 });
  const desks = [["equal", "UWL", "GradNorm"], ["equal", "UWL", "GradNorm", "you"]].map((hows) => { // without faders to move, and with
    const desk = add(figure, "g"), each = (width - first) / hows.length;
    return [desk, hows.map((how, i) => strip(stage, desk, first + i * each, each - 6, how, narrow))];
  });
  const panels = [0, 1].map((k) => curves(stage, figure, { left: k * (share + 10), right: k * (share + 10) + share, top, bottom }, k));
  const lanes = comparison(stage, figure, narrow ? { left: 0, right: width - 2, top: bottom + 10, bottom: bottom + 160 } : { left: 2 * share + 34, right: width - 2, top, bottom });
  return () => {
    desks.forEach(([desk], i) => { desk.style.display = byHand(stage) === i > 0 ? "" : "none"; });
    for (const draw of [...desks[Number(byHand(stage))][1], ...panels, lanes]) draw(current(stage));
  };
}

// --- in words -------------------------------------------------------------------------------------------------------

const missedBy = (stage) => (stage.question?.moves && stage.race.over && !looking(stage) && stage.guessed === stage.race.setting ? Math.abs(stage.state.guess - stage.race.r2[ALL.indexOf("UWL")][1]) : NaN);

function sentence(stage) {
  const race = current(stage), { state, others, data } = stage;
  if (others.length) {
    if (!tested(stage)) return `Your moves on seeds that you have not seen, ${others.length} so far.`;
    const [score, ...ends] = gains(stage), word = verdict([score, ...ends], data.matters);
    return `Your moves on ${others.length} other seeds, best R², mean of both tasks: ${signed(score)} [${ends.map(signed).join(", ")}] over ${LOOKS[rivalOf(stage)].name}, ${word}.`;
  }
  if (race.looks.length < 2 || looking(stage)) return `One model, ${byHand(stage) ? "four" : "three"} ways to weigh its losses; the loss of A counts ${times(state) > 1 ? `${times(state)} times: you know that, ${atOnce(state) ? "GradNorm has" : "UWL and GradNorm have"} to find it` : "once"}. ${!byHand(stage) ? "With Play UWL and GradNorm set their weights" : looking(stage) ? "These ran without you; press Play for your own run" : "Press Play, and move your faders at any time"}.`;
  const r2 = race.r2, scores = r2.map(mean), best = Math.max(...scores), seen = ["equal", "UWL", "GradNorm", "you"].filter((how) => !hidden(stage, how)), top = seen.filter((how) => scores[ALL.indexOf(how)] > best - data.matters).map((how) => LOOKS[how].name);
  const each = seen.map((how) => `${LOOKS[how].name} ${r2[ALL.indexOf(how)].map((value) => said(value)).join(" and ")}`);
  if (!race.over) return `Seed ${state.seed}, step ${race.steps} of ${STEPS}. Best R² of A and B so far: ${each.join("; ")}.`;
  return `Seed ${state.seed}, best R² of A and B: ${each.join("; ")}. Highest in the mean of both, within ${data.matters}: ${top.join(", ")}. That is one seed.`;
}

// The last finished races with noisy labels of B, at a small α and at a large one.
const within = ({ alpha }) => [alpha <= .3, alpha >= 1.2];
const noisy = ({ finished }) => [0, 1].map((high) => finished.findLast(({ state }) => state.scale === 0 && state.noise >= 3 && within(state)[high]));
const ofB = ({ weights }, how) => weightWords(weights[ALL.indexOf(how)]);

export default explorable({
  chapter: "C5",
  limits: { scale: [0, 3], noise: [0, 4], alpha: [0, 3], uwl: [-2, AT_ONCE], gradnorm: [-2, 0], hand: [-REACH, REACH], guess: [0, 1] },
  questions: [
    {
      name: "A loud loss", ask: "A's loss counts 100 times. How high is B's best R² with UWL?",
      set: { scale: 2, noise: .5, features: "disjoint", hand: 0 }, show: [], moves: { guess: "Drag your guess", play: "" }, asks: ["UWL", "GradNorm"],
      when: (stage) => stage.race.over && !looking(stage),
      then(stage) {
        const [equal, uwl, gradnorm] = ["equal", "UWL", "GradNorm"].map((how) => said(stage.race.r2[ALL.indexOf(how)][1])), missed = missedBy(stage);
        return `B's best R² is ${uwl} with UWL, ${gradnorm} with GradNorm, and ${equal} with equal weights.${Number.isNaN(missed) ? "" : ` Your guess was ${said(missed)} off.`}`;
      },
    },
    {
      name: "By hand", ask: "Beat GradNorm by hand. Do your moves also win on seeds that you have not seen?",
      set: { scale: 2, noise: .5, features: "disjoint" }, show: [], moves: { hand: "Pull A down", play: "", more: "" }, again: (stage) => (unplayed(stage) ? "play" : tested(stage) || !stage.state.hand ? "hand" : "more"),
      when: (stage) => tested(stage) && gain(stage.race.r2, "GradNorm") > stage.data.matters,
      then: (stage) => `${signed(gain(stage.race.r2, "GradNorm"))} best R² on yours, ${signed(gains(stage)[0])} on ${stage.others.length} others: ${verdict(gains(stage), stage.data.matters).replace("undecided", "undecided, more of them may tell")}.`,
      settled: (stage) => verdict(gains(stage), stage.data.matters) !== "undecided",
      hint: (stage) => (tested(stage) ? `${signed(gain(stage.race.r2, "GradNorm"))} best R² over GradNorm on your own seed. Pull A to another weight, and play again.` : ""),
    },
    {
      name: "A noisy task", ask: "A's loss counts once, B's labels are noisy: who turns B down? And at α = 1.5?",
      set: { scale: 0, noise: 3, features: "disjoint", hand: 0 }, show: [], moves: { play: "", alpha: "" }, again: (stage) => (unplayed(stage) ? "play" : "alpha"), asks: ["UWL", "GradNorm"],
      when: (stage) => noisy(stage).every(Boolean),
      then(stage) {
        const [low, high] = noisy(stage), more = high.weights[ALL.indexOf("GradNorm")] > low.weights[ALL.indexOf("GradNorm")] + .05;
        return `B's weight at the end: UWL ${ofB(low, "UWL")}; GradNorm ${ofB(low, "GradNorm")} at α ${said(low.state.alpha)}, ${ofB(high, "GradNorm")} at α ${said(high.state.alpha)}. ${more ? "α turns up a task whose loss hardly falls, and noise keeps a loss up." : "In these runs α made no such difference."}`;
      },
      hint: (stage) => noisy(stage).map((one, high) => one && `at α ${said(one.state.alpha)} B's weight ended at ${ofB(one, "UWL")} with UWL, ${ofB(one, "GradNorm")} with GradNorm; play α ${high ? "0.3 or less" : "1.2 or more"}, too.`).find(Boolean) ?? "",
    },
  ],
  setup(stage) {
    Object.assign(stage, { guessed: "", finished: [] });
    stage.watch = stage.loop(() => !stage.alone.over && (stage.alone.step(0), true), { rate: 60 * SPEED, quiet: true });
    lookAgain(stage);
    const others = stage.loop(() => replay(stage), { rate: 4000, begin: () => { stage.made("play"); race.pause(); } });
    const race = stage.loop(() => advance(stage), { rate: SPEED * ALL.length, begin: () => {
      stage.made("guess"); // or it is too late
      [others, stage.watch].forEach((loop) => loop.pause());
      if (own(stage).over) begin(stage);
    } });
    stage.player(race, "▶ Play", "❚❚ Pause", { big: true, key: "play" });
    stage.button("New seed", () => { others.pause(); stage.set({ seed: stage.state.seed % 999 + 1 }); }, stage.runs);
    stage.player(others, `${OTHERS} more seeds`, () => `Stop: ${stage.others.length % OTHERS} of ${OTHERS}`, { key: "more" });
    stage.choice({ label: "features", key: "features", options: { disjoint: "disjoint", same: "the same" } });
    stage.slider({ label: "loss of A, times", key: "scale", step: .5, words: (value) => said(power(value, 1), 0) });
    stage.slider({ label: "noise of B", key: "noise", step: .5, words: (value) => said(value, 1) });
    stage.slider({ label: "UWL's rate", key: "uwl", step: .1, words: (value) => (atOnce({ uwl: value }) ? "at once" : String(power(value, 2))) });
    stage.slider({ label: "GradNorm's rate", key: "gradnorm", step: .1, words: (value) => String(power(value, 2)) });
    stage.slider({ label: "GradNorm's α", key: "alpha", step: .06 });
    stage.card.classList.add("mtl-flat");
  },
  anew(stage) { stage.guessed = ""; lookAgain(stage); },
  picture,
  sentence,
});

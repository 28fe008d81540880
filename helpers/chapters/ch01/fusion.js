// A list of ten for one user, served by a score that fuses five predictions. The reader sets the weight of each label by a
// fader; the true satisfaction, which no company sees, is on a card to turn over.

import { add, change } from "../../display/elements.js";
import { AS_TEXT, BLACK, BLUE, explorable, fixed, GREEN, GREY, HEIGHT, ORANGE, PURPLE, said, scale, signed, svg, text } from "../../display/live/kit.js";
import { phone, TOP } from "../../display/live/phone.js";
import { interval, verdict } from "../../display/live/verdicts.js";

const STEP = .05;
const LABELS = { click: BLUE, finish: GREEN, like: ORANGE, favourite: PURPLE, share: GREY }, NAMES = Object.keys(LABELS);
const TOPIC = 5, PLAYS = 6, BAIT = 7, SATISFACTION = 8; // places in a video, after its five predictions
const BAITED = 1; // standard deviations of bait from which a tile says so
const FORMS = { multiply: "multiply", add: "add", rates: "add, each ÷ its rate" };
const NONE = Object.fromEntries(NAMES.map((label) => [label, 0]));

// The places of a user's ten; equal scores keep the order of the offer.
export function served(videos, weights, form, rates) {
  const part = (video, k) => (form === "multiply" ? Math.log(video[k]) : video[k] / (form === "rates" ? rates[k] : 1));
  const scores = videos.map((video) => weights.reduce((sum, weight, k) => sum + (weight ? weight * part(video, k) : 0), 0));
  return scores.map((_, i) => i).sort((one, two) => scores[two] - scores[one] || one - two).slice(0, TOP);
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
export const ratesOf = (users) => NAMES.map((_, k) => mean(users.flat().map((video) => video[k])));
const each = (users, lists, column) => users.map((videos, u) => mean(lists[u].map((i) => videos[i][column])));

// What does not change: the rates, and the lists by one label alone with their satisfaction, a number a user.
function whole(stage) {
  if (stage.whole) return stage.whole;
  const { users } = stage.data, rates = ratesOf(users);
  const alone = NAMES.map((_, k) => users.map((videos) => served(videos, NAMES.map((_, j) => Number(j === k)), "add", rates)));
  const satisfied = alone.map((lists) => each(users, lists, SATISFACTION)), means = satisfied.map(mean);
  stage.whole = { rates, alone, satisfied, means, best: means.indexOf(Math.max(...means)) };
  return stage.whole;
}

export function seen(stage, state = stage.state) {
  const { users } = stage.data, { rates, alone, satisfied, best } = whole(stage), weights = NAMES.map((label) => state[label]);
  const lists = users.map((videos) => served(videos, weights, state.form, rates)), satisfaction = each(users, lists, SATISFACTION);
  return {
    lists, satisfaction: mean(satisfaction), clicked: TOP * mean(each(users, lists, PLAYS)), bait: mean(lists.map((list, u) => list.filter((i) => users[u][i][BAIT] > BAITED).length)),
    gain: interval(satisfaction.map((value, u) => value - satisfied[best][u])),
    like: (k) => mean(lists.map((list, u) => list.filter((i) => alone[k][u].includes(i)).length)),
  };
}

// --- the picture ----------------------------------------------------------------------------------------------------

function picture(stage, place, width) {
  const { data } = stage, { rates, means, best } = whole(stage), root = svg(place, width, HEIGHT), narrow = width < 480, screen = narrow ? 128 : 216;
  const left = screen + (narrow ? 12 : 30), right = width - 4;

  // on a tile of each prediction a bar, in units of its mean
  const tiles = phone(stage, root, screen, HEIGHT - 2, 1, (tile, wide) => ({
    name: text(tile, 6, 15, "", { fill: BLACK }),
    bait: text(tile, 6, 29, "", { fill: "#9a4300", "font-size": 12 }),
    stars: text(tile, wide - 6, 22, "", { "text-anchor": "end", fill: BLACK, "font-weight": "bold" }),
    bars: Object.values(LABELS).map((colour) => add(tile, "rect", { width: narrow ? 5 : 8, fill: colour })),
  }));

  // the desk: a fader a label
  const y = scale(-1, 1, 180, 54), x = (k) => left + (k + .5) * (right - left) / NAMES.length;
  text(root, left, 14, right - left < 240 ? "weights" : "how much each prediction counts", { "font-weight": "bold", fill: BLACK });
  add(root, "path", { d: `M${left},${y(0)}H${right}`, stroke: "#c8c8c8" });
  const faders = NAMES.map((label, k) => {
    add(root, "path", { d: `M${x(k)},${y(1)}V${y(-1)}`, stroke: "#cfd8de", "stroke-width": 5, "stroke-linecap": "round" });
    const level = add(root, "path", { class: "mtl-keep", stroke: LABELS[label], "stroke-width": 11 });
    text(root, x(k), 30 + 12 * (k % 2), narrow && label === "favourite" ? "fav." : label, { "text-anchor": "middle", fill: AS_TEXT[LABELS[label]], "font-weight": "bold", "font-size": narrow ? 12 : 13 });
    stage.handle(root, {
      name: `weight of ${label}`, key: label, y, level: x(k), step: STEP, mark: (g) => add(g, "rect", { x: -13, y: -9, width: 26, height: 18, rx: 4, fill: "#fff", stroke: LABELS[label], "stroke-width": 3 }),
      at: () => [0, stage.state[label]], to: (_, v) => stage.set({ [label]: Math.round(v / STEP) * STEP }), words: () => said(stage.state[label]),
    });
    return { level, number: text(root, x(k), 206, "", { "text-anchor": "middle", fill: BLACK, "font-size": narrow ? 12 : 13 }) };
  });

  // the card: what the lists truly please, over all users; a row for each label alone, and for the reader's
  const top = 214, card = add(root, "g", { class: "mtl-cell", tabindex: 0, role: "button" });
  add(card, "rect", { x: left, y: top, width: right - left, height: HEIGHT - top - 2, rx: 8, fill: "#fff", stroke: "#b0b0b0" });
  const turn = () => { stage.made("open"); stage.set({ open: !stage.state.open }); };
  card.addEventListener("click", turn);
  card.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); turn(); } });
  const back = add(card, "g"), front = add(card, "g"), middle = (left + right) / 2;
  add(back, "rect", { x: left + 6, y: top + 6, width: right - left - 12, height: HEIGHT - top - 14, rx: 5, fill: "#eef5fa", stroke: "#9cc7e0" });
  text(back, middle, top + 66, "?", { "text-anchor": "middle", "font-size": 48, fill: "#006aa6" });
  text(back, middle, top + 98, "true satisfaction", { "text-anchor": "middle", fill: BLACK });
  const turned = text(back, middle, top + 130, "turn it over", { "text-anchor": "middle", fill: BLACK });
  stage.handles.push({ key: "open", node: card, show() {}, pixels: () => [middle, top + 92] });
  const rows = [...NAMES, "yours"], row = (k) => top + 44 + 22 * k, u = scale(.5, .8, left + (narrow ? 74 : 92), right - 16);
  text(front, left + 8, top + 19, narrow ? "true satisfaction" : "true satisfaction by each label", { fill: BLACK, "font-weight": "bold", "font-size": 13 });
  add(front, "path", { d: `M${u(means[best])},${top + 28}V${row(5) + 6}`, stroke: GREY, "stroke-dasharray": "4 3" });
  for (const value of [.6, .7, .8]) text(front, u(value), HEIGHT - 8, said(value, 1), { "text-anchor": "middle", "font-size": 12 });
  rows.forEach((label, k) => {
    text(front, left + 8, row(k) + 5, label, { fill: AS_TEXT[LABELS[label] ?? BLACK], "font-weight": k === 5 ? "bold" : "normal", "font-size": 13 });
    add(front, "path", { d: `M${u(.5)},${row(k)}H${right - 12}`, stroke: "#ebebeb" });
    if (k < 5) add(front, "circle", { cx: u(means[k]), cy: row(k), r: 6, fill: LABELS[label] });
  });
  const bar = add(front, "path", { stroke: BLACK, "stroke-width": 4 }), mine = add(front, "circle", { cy: row(5), r: 8, fill: BLACK });
  const former = add(front, "circle", { cy: row(5), r: 7, fill: "none", stroke: GREY, "stroke-dasharray": "2 2" });
  const inside = (value) => fixed(Math.min(Math.max(u(value), u(.5)), right - 12));

  return () => {
    const { state, ghost } = stage, found = seen(stage), user = Math.round(state.user);
    tiles(found.lists[user], ({ name, bait, stars, bars }, i) => {
      const video = data.users[user][i];
      name.textContent = data.topics[video[TOPIC]];
      bait.textContent = state.open && video[BAIT] > BAITED ? "bait" : "";
      change(name, { y: bait.textContent ? 15 : 21 });
      stars.textContent = state.open ? (narrow ? "" : "★ ") + said(video[SATISFACTION]) : "";
      bars.forEach((one, k) => {
        const high = Math.min(28, 10 * Math.sqrt(video[k] / rates[k])), from = narrow ? (state.open ? 37 : 73) : 89;
        change(one, { x: from + (narrow ? 7 : 11) * k, y: fixed(31 - high), height: fixed(high), opacity: narrow && state.open ? 0 : 1 });
      });
    });
    faders.forEach(({ level, number }, k) => {
      number.textContent = state[NAMES[k]] ? said(state[NAMES[k]]) : "0"; // five of them fit a phone
      level.setAttribute("d", `M${x(k)},${y(0)}V${fixed(y(state[NAMES[k]]))}`);
    });
    for (const [node, shown] of [[back, !state.open], [front, state.open], [turned, stage.next !== "open"]]) node.style.display = shown ? "" : "none";
    card.setAttribute("aria-label", state.open ? "the card: true satisfaction; turn it back" : "turn the card over: true satisfaction");
    change(mine, { cx: inside(found.satisfaction) });
    change(bar, { d: `M${inside(means[best])},${row(5)}H${inside(found.satisfaction)}` });
    change(former, { cx: ghost ? inside(seen(stage, ghost).satisfaction) : -99 });
  };
}

// --- in words -------------------------------------------------------------------------------------------------------

// Such as "like⁰·⁹⁵ · click⁻¹", or "click + 0.50 · like".
const raised = (power) => String(Math.round(100 * power) / 100).replace(/./g, (sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? { ".": "·", "-": "⁻" }[sign]);
function score({ form, ...weights }) {
  const product = form === "multiply", name = (label) => (form === "rates" ? `${label}/rate` : label);
  const part = (label) => (weights[label] === 1 ? name(label) : product ? label + raised(weights[label]) : `${said(weights[label])} · ${name(label)}`);
  return NAMES.filter((label) => weights[label]).map(part).join(product ? " · " : " + ").replaceAll("+ −", "− ") || "the same for all";
}

function sentence(stage) {
  const { state, data } = stage, { means, best } = whole(stage), { clicked, satisfaction, gain: [value, ...ends] } = seen(stage);
  const who = `Score: ${score(state)}. These are the ten of user ${Math.round(state.user) + 1}, with a bar for each prediction (four times the average is twice as high). Over all ${data.users.length} users, ${said(clicked, 1)} of ten are clicked.`;
  return !state.open ? who : `${who} True satisfaction (★) is ${said(satisfaction, 3)}; the best single label, ${NAMES[best]}, has ${said(means[best], 3)}. Difference ${signed(value)} [${ends.map(signed).join(", ")}]: ${verdict([value, ...ends], data.matters)}.`;
}

const QUESTIONS = [
  {
    name: "By clicks", set: { ...NONE, click: .5, form: "add" }, show: [], moves: { open: "Turn it over" },
    ask: "This list is ranked by clicks alone. Would another label please more?",
    when: ({ state }) => state.open,
    then: (stage) => {
      const { means, best } = whole(stage), worst = means.indexOf(Math.min(...means)), [here, there] = [stage.state, { ...stage.state, ...NONE, [NAMES[best]]: 1 }].map((state) => said(seen(stage, state).bait, 1));
      return `By ${NAMES[best]} a list pleases most (${said(means[best], 3)}), by ${NAMES[worst]} least (${said(means[worst], 3)}). Of the ten by clicks ${here} are bait, of those by ${NAMES[best]} ${there}.`;
    },
  },
  {
    name: "A plain sum", set: { click: 1, finish: 1, like: 1, favourite: 1, form: "add" }, show: ["open"], moves: { share: "Drag share up, too" },
    ask: "Add all five labels, each with weight 1. Whose list do you get?",
    when: ({ state }) => state.share >= .9,
    then: (stage) => `${said(seen(stage).like(0), 1)} of its ten are in the list by clicks, ${said(seen(stage).like(4), 1)} in that by shares. A click has a mean of ${said(whole(stage).rates[0])}, a share of ${said(whole(stage).rates[4])}: the large numbers decide.`,
  },
  {
    name: "Multiply", set: { finish: 0, favourite: 0, share: 0, form: "multiply" }, show: [], moves: { like: "Drag like up", click: "Up or down?", open: "Turn it over" }, again: ({ state: { like, open } }) => (!like ? "like" : open ? "click" : "open"),
    ask: "Multiply like and click, and beat the best single label. Which sign does the click need?",
    when: (stage) => stage.state.open && verdict(seen(stage).gain, stage.data.matters) === "a gain",
    then: (stage) => `With click at ${said(stage.state.click)}: ${signed(seen(stage).gain[0])} on these users. Of ten, only ${said(seen(stage).clicked, 1)} are clicked, and ${said(seen(stage).bait, 1)} are bait.`,
    hint: (stage) => (stage.state.open ? `${signed(seen(stage).gain[0])} over the best single label, ${verdict(seen(stage).gain, stage.data.matters)}. Try more of each, and both signs.` : ""),
  },
];

export default explorable({
  limits: Object.fromEntries(NAMES.map((label) => [label, [-1, 1]])),
  questions: QUESTIONS,
  setup(stage) {
    stage.choice({ label: "score: weigh the predictions and", key: "form", options: FORMS });
    stage.button("Next user", () => stage.set({ user: (Math.round(stage.state.user) + 1) % stage.data.users.length }), stage.controls, "user");
  },
  picture,
  sentence,
});

// A list of ten for one user, and the forty videos that it is chosen from on a plane of two chances, of a click and of a
// finish. The reader turns the direction in which the list is taken; the line across it is moved in from outside until it
// has met ten videos. Chapter 03 bends the cloud, and puts a corner in place of the line.

import { add, change } from "../../display/elements.js";
import { AS_TEXT, BLACK, BLUE, clamp, GREEN, GREY, HEIGHT, fixed, path, said, scale, svg } from "../../display/live/kit.js";
import { phone, TILE, TOP } from "../../display/live/phone.js";

const EDGE = .8, ARM = .74, NAMED = 32; // of the plane and the arrow, in chances; of a line's name, in pixels
const MISSED = "#b00020", GHOST = "#b9c4cc";
const WEIGHTS = Array.from({ length: 201 }, (_, i) => i / 200);

// Videos as [click, finish, …]; bent inwards, those that are good at both lose up to 60% of each chance; outwards, they gain.
// Then each chance is stretched so that the highest stays as it was.
export function bent(videos, bend) {
  if (!bend) return videos;
  const moved = videos.map(([click, finish, ...rest]) => {
    const both = Math.hypot(click, finish), factor = 1 - 1.2 * bend * click * finish / (both * both || 1);
    return [click * factor, finish * factor, ...rest];
  });
  const highest = (list, k) => Math.max(...list.map((video) => video[k])), [x, y] = [0, 1].map((k) => highest(videos, k) / highest(moved, k));
  return moved.map(([click, finish, ...rest]) => [click * x, finish * y, ...rest]);
}

// The score of a video: a sum of both chances, or with a corner the chance that is worse off, each in units of its weight.
export const score = ([click, finish], w, corner) => (corner ? Math.min(click / w, finish / (1 - w)) : w * click + (1 - w) * finish);

// The places of all videos, best first; equal scores keep their order.
export function ranked(videos, w, corner) {
  const scores = videos.map((video) => score(video, w, corner));
  return scores.map((_, i) => i).sort((one, two) => scores[two] - scores[one] || one - two);
}

// The front: the videos that no other beats at both; and those of it that are first at no weight.
export function front(videos, corner) {
  const beats = ([a, b], [c, d]) => a >= c && b >= d && (a > c || b > d);
  const edge = videos.map((_, i) => i).filter((i) => !videos.some((other) => beats(other, videos[i])));
  const chance = ([click, finish]) => (click + finish ? click / (click + finish) : .5);
  const first = corner
    ? new Set(edge.map((i) => ranked(videos, chance(videos[i]), true)[0]))
    : new Set(edge.filter((i) => leads(videos, edge, i)));
  return { edge, missed: edge.filter((i) => !first.has(i)) };
}

// Whether some weight puts a video of the edge first: its conditions on w, one for each other video, must leave one open.
function leads(videos, edge, i) {
  let low = 0, high = 1;
  for (const j of edge) {
    const dx = videos[i][0] - videos[j][0], dy = videos[i][1] - videos[j][1]; // w·dx + (1−w)·dy ≥ 0
    if (dx > dy) low = Math.max(low, -dy / (dx - dy));
    else if (dx < dy) high = Math.min(high, dy / (dy - dx));
    else if (dx < 0) return false;
  }
  return low <= high + 1e-12;
}

// The lists of ten at all weights; the videos that are in every one of them, and those that are in some.
export const lists = (videos, corner) => WEIGHTS.map((w) => ranked(videos, w, corner).slice(0, TOP));
export const always = (all) => all.reduce((kept, list) => kept.filter((i) => list.includes(i)), all[0]);
export const ever = (all) => [...new Set(all.flat())];

// Clicks and finished videos that are expected of a list.
export const expected = (videos, list) => [(i) => videos[i][0], (i) => videos[i][0] * videos[i][1]].map((chance) => list.reduce((sum, i) => sum + chance(i), 0));

// The weight at which the first video of a line changes so that most of `missed` lie between the two, with all of them.
export function leap(videos, missed) {
  const firsts = WEIGHTS.map((w) => ranked(videos, w, false)[0]);
  const over = (k) => missed.filter((i) => (videos[i][0] - videos[firsts[k]][0]) * (videos[i][0] - videos[firsts[k - 1]][0]) < 0);
  const at = firsts.reduce((best, _, k) => (k && over(k).length > over(best).length ? k : best), 1);
  return { w: WEIGHTS[at], from: firsts[at - 1], to: firsts[at], over: over(at) };
}

// The best place of a video with a line, at any weight.
export const bestPlace = (videos, i) => 1 + Math.min(...WEIGHTS.map((w) => ranked(videos, w, false).indexOf(i)));

// What does not depend on the weight is found once for a cloud.
function whole(stage) {
  const { data, state: { user, bend, corner } } = stage, key = [Math.round(user), bend, corner].join();
  if (stage.whole?.key !== key) {
    const videos = bent(data.users[Math.round(user)], bend), all = lists(videos, corner);
    stage.whole = { key, videos, all, ...front(videos, corner), kept: always(all) };
  }
  return stage.whole;
}

export function seen(stage) {
  const { w, corner } = stage.state, found = whole(stage);
  return { ...found, list: ranked(found.videos, w, corner).slice(0, TOP) };
}

// Whether the reader has turned the arrow to both ends for this user.
export function turned({ ends, state: { user, w } }) {
  if (w <= .1 || w >= .9) ends.add(`${user} ${Math.round(w)}`);
  return [0, 1].every((end) => ends.has(`${user} ${end}`));
}

const begin = (stage) => { stage.ends = new Set(); };

function setup(stage, bends) {
  begin(stage);
  if (bends) {
    const sweep = stage.loop(() => { stage.set({ w: Math.min(stage.state.w + .01, 1) }); return stage.state.w < 1; }, { rate: 25, begin: () => stage.set({ w: 0 }) });
    stage.player(sweep, "▶ Sweep w", "❚❚ Stop", { big: true, key: "sweep" });
    stage.slider({ label: "bend the cloud (right: inwards)", key: "bend", step: .05 });
  }
  stage.slider({ label: "w, the weight of the click", key: "w", step: .01 });
  if (bends) stage.toggle({ label: "A corner: by the worse of both", key: "corner" });
  stage.button("Next user", () => stage.set({ user: (Math.round(stage.state.user) + 1) % stage.data.users.length }), stage.controls, "user");
}

function picture(stage, place, width, bends) {
  const { data } = stage, strip = width < 400, narrow = width < 480, [screen, high] = strip ? [width - 2, 2 * TILE + 18] : [narrow ? 132 : 200, HEIGHT - 2];
  const left = strip ? 16 : screen + (narrow ? 26 : 40), size = Math.min(width - 8 - left, narrow ? 276 : 298), bottom = strip ? high + 36 + size : narrow ? 40 + size : 316;
  const root = svg(place, width, strip ? bottom + 84 : HEIGHT), x = scale(0, EDGE, left, left + size), y = scale(0, EDGE, bottom, bottom - size);
  const tiles = phone(stage, root, screen, high, strip ? 5 : 1, (tile, wide) => ({
    name: add(tile, "text", { x: strip ? 3 : 6, y: 15, "font-size": strip ? 13 : 14 }),
    more: add(tile, "text", { x: wide - 5, y: 15, "text-anchor": "end", fill: AS_TEXT[GREY] }),
    bars: [BLUE, GREEN].map((colour, i) => [add(tile, "rect", { x: 6, y: 20 + 6 * i, height: 5, fill: colour }), wide - 13]),
    pin: add(tile, "path", { d: `M0,4v${TILE - 12}`, stroke: BLACK, "stroke-width": 5 }),
  }));

  // the plane
  add(root, "text", { x: left - 8, y: bottom - size - 8, fill: AS_TEXT[GREEN] }, size < 250 ? "finish ↑" : "chance of a finish after the click ↑");
  add(root, "text", { x: left + .8 * size, y: bottom + 22, "text-anchor": "end", fill: AS_TEXT[BLUE] }, size < 250 ? "click →" : "chance of a click →");
  add(root, "path", { stroke: GREY, fill: "none", d: `M${left},${bottom - size}V${bottom}H${left + size}` });
  const shape = (colour, dash = "", wide = 2.5) => add(root, "path", { fill: "none", stroke: colour, "stroke-width": wide, "stroke-dasharray": dash });
  const ghost = shape(GHOST), cut = shape(GREY, "6 4"), touch = shape(BLACK), arrow = shape(BLACK);
  const rest = add(root, "path", { stroke: "#8a8a8a", "stroke-width": 6, "stroke-linecap": "round" });
  const served = add(root, "path", { class: "mtl-curve", stroke: BLACK, "stroke-width": 9, "stroke-linecap": "round" });
  const gap = add(root, "path", { fill: "none", stroke: MISSED, "stroke-width": 2.5 });
  const pinned = add(root, "path", { fill: "none", stroke: BLACK, "stroke-width": 2 });
  const reached = shape(GREEN, "", 4), jumped = shape(MISSED, "2 3");
  const named = ["1st", "10th"].map((words) => add(root, "text", { class: "mtl-halo", "text-anchor": "end", "font-size": 13, "font-weight": "bold", fill: AS_TEXT[GREY] }, words));
  stage.handle(root, {
    name: "the arrow: what the list is taken for", key: "w", x, y, step: .03,
    at: () => { const { w } = stage.state, long = Math.hypot(w, 1 - w); return [ARM * w / long, ARM * (1 - w) / long]; },
    to: (u, v) => { const [a, b] = [Math.max(u, 0), Math.max(v, 0)]; if (a + b > 0) stage.set({ w: Math.round(100 * a / (a + b)) / 100 }); },
    words: () => `weight ${said(stage.state.w)} on the click, ${said(1 - stage.state.w)} on the finish`,
  });
  // what the list costs: ten slots, filled as far as clicks and finishes are expected; a line where they were before
  const slots = [["clicks", BLUE], ["finishes", GREEN]].map(([name, colour], k) => {
    const top = bottom + 34 + 24 * k, from = left + (narrow ? 64 : 84), wide = (left + size - from - 34) / TOP;
    const filled = (value) => Array.from({ length: TOP }, (_, i) => `M${fixed(from + i * wide)},${top}h${fixed(clamp(value - i, 0, 1) * (wide - 2))}v14h${fixed(-clamp(value - i, 0, 1) * (wide - 2))}Z`).join("");
    add(root, "text", { x: left - 8, y: top + 12, fill: AS_TEXT[colour], "font-size": 13 }, name);
    const bar = add(root, "path", { fill: colour });
    add(root, "path", { fill: "none", stroke: colour, d: filled(TOP) });
    const was = add(root, "path", { stroke: BLACK, "stroke-width": 2 }), number = add(root, "text", { x: left + size, y: top + 12, "text-anchor": "end", fill: AS_TEXT[colour], "font-weight": "bold" });
    return (value, before) => {
      bar.setAttribute("d", filled(value));
      was.setAttribute("d", before === undefined ? "" : `M${fixed(from + before * wide - 1)},${top - 3}v20`);
      number.textContent = said(value, 1);
    };
  });
  // Where a score is `level`: a straight line, or a corner.
  const contour = (level, { w, corner }) => {
    if (corner) return path([[x(EDGE), y(level * (1 - w))], [x(level * w), y(level * (1 - w))], [x(level * w), y(EDGE)]]);
    const along = (u) => (w < 1 ? (level - w * u) / (1 - w) : NaN), across = (v) => (level - (1 - w) * v) / w;
    const ends = [[0, along(0)], [EDGE, along(EDGE)], [across(0), 0], [across(EDGE), EDGE]].filter(([u, v]) => u >= -1e-9 && u <= EDGE + 1e-9 && v >= -1e-9 && v <= EDGE + 1e-9);
    ends.sort(([u, v], [s, t]) => u - s || t - v);
    return ends.length > 1 ? path([ends[0], ends.at(-1)].map(([u, v]) => [x(u), y(v)])) : "";
  };
  // Where a line leaves the plane at the right: its name stands there, on the inner side, above all of the line beside it.
  const label = (text, level, { w, corner }) => {
    const place = corner ? [EDGE, level * (1 - w)] : w < 1 && (level - w * EDGE) / (1 - w) >= 0 ? [EDGE, (level - w * EDGE) / (1 - w)] : [level / w, 0];
    text.style.display = place[0] <= EDGE && place[1] <= EDGE ? "" : "none";
    const rise = corner || w === 1 || !place[1] ? 0 : NAMED * w / (1 - w);
    change(text, { x: fixed(x(place[0]) - 2), y: fixed(Math.max(y(EDGE) + 10, Math.min(y(place[1]) - 6 - rise, bottom - 8))) });
  };
  // The front as steps, a step for each video that no other beats, of those that `keep` says.
  const steps = (videos, edge, keep) => {
    const order = [...edge].sort((i, j) => videos[i][0] - videos[j][0]);
    return order.map((i, k) => (keep(i) ? path([[k ? videos[order[k - 1]][0] : 0, videos[i][1]], [videos[i][0], videos[i][1]], [videos[i][0], k + 1 < order.length ? videos[order[k + 1]][1] : 0]].map(([u, v]) => [x(u), y(v)])) : "")).join("");
  };
  const dots = (videos, which) => which.map((i) => `M${fixed(x(videos[i][0]))},${fixed(y(videos[i][1]))}h.01`).join("");
  const rings = (videos, which) => which.map((i) => `M${fixed(x(videos[i][0]) - 9)},${fixed(y(videos[i][1]))}a9,9 0 1 0 18,0a9,9 0 1 0 -18,0`).join("");

  return () => {
    const { state } = stage, { videos, list, edge, missed, kept } = seen(stage);
    const steady = !bends && turned(stage) ? kept : []; // shown once the reader has turned the arrow through
    tiles(list, ({ name, more, bars, pin }, i) => {
      const [click, finish, topic, seconds, stars] = videos[i];
      pin.style.display = steady.includes(i) ? "" : "none";
      name.textContent = data.topics[topic];
      if (!strip) more.textContent = stars !== undefined ? `★ ${said(stars)}` : narrow ? "" : `${seconds} s`;
      [click, finish].forEach((chance, k) => bars[k][0].setAttribute("width", fixed(bars[k][1] * chance / EDGE)));
    });
    const level = (place) => score(videos[list[place]], state.w, state.corner);
    touch.setAttribute("d", contour(level(0), state));
    cut.setAttribute("d", contour(level(TOP - 1), state));
    arrow.setAttribute("d", path([[x(0), y(0)], [x(ARM * state.w / Math.hypot(state.w, 1 - state.w)), y(ARM * (1 - state.w) / Math.hypot(state.w, 1 - state.w))]]));
    const { user, bend, w, corner } = stage.ghost ?? state, was = bent(data.users[Math.round(user)], bend), then = ranked(was, w, corner).slice(0, TOP);
    const same = stage.ghost?.user === state.user; // another user's line says nothing here
    ghost.setAttribute("d", same ? contour(score(was[then[0]], w, corner), stage.ghost) : "");
    expected(videos, list).forEach((value, k) => slots[k](value, same ? expected(was, then)[k] : undefined));
    rest.setAttribute("d", dots(videos, videos.map((_, i) => i).filter((i) => !list.includes(i))));
    served.setAttribute("d", dots(videos, list));
    gap.setAttribute("d", bends ? rings(videos, missed) : "");
    pinned.setAttribute("d", rings(videos, steady));
    [0, TOP - 1].forEach((place, k) => label(named[k], level(place), state));
    if (!bends) return;
    reached.setAttribute("d", steps(videos, edge, (i) => !missed.includes(i)));
    jumped.setAttribute("d", steps(videos, edge, (i) => missed.includes(i)));
  };
}

function sentence(stage, bends) {
  const { state } = stage, { videos, list, edge, missed, kept } = seen(stage);
  const [clicks, finished] = expected(videos, list);
  const brings = `${said(clicks, 1)} clicks and ${said(finished, 1)} finished videos are expected`;
  if (bends) {
    const front = missed.length ? `the line jumps over ${missed.length} of them (red), which no weight puts first.` : "each is first at some weight.";
    return `Of the ten, ${brings}; true satisfaction (★) ${said(list.reduce((sum, i) => sum + videos[i][4], 0) / TOP)}. The front (steps) has ${edge.length} videos, ${front}`;
  }
  const held = turned(stage) ? ` ${kept.length} of them ${kept.length === 1 ? "is" : "are"} on the list at every weight (ringed).` : "";
  return `User ${state.user + 1}, weight ${said(state.w)} on the click: of the ten, ${brings}.${held}`;
}

// What an explorable of such a list has; with `bends` the cloud bends, and a corner may take the list.
export const list = (bends) => ({
  limits: { w: [0, 1], bend: [-.3, 1] },
  setup: (stage) => setup(stage, bends),
  picture: (stage, place, width) => picture(stage, place, width, bends),
  sentence: (stage) => sentence(stage, bends),
  anew: begin,
});

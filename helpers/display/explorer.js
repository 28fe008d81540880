// The interactive figure: draws the panels that explorer.py prepared, and again whenever a dial or a handle on them moves.
// All numbers are in the widget's data; few elements, made once a size: a move only sets their attributes.

import { add, block, change } from "./elements.js";
import { AS_TEXT, BLACK, clamp, explorable, fixed, GREY, path, said, scale, svg } from "./live/kit.js";

const WHOLE = 260, STACKED = 230, TOP = 30, BOTTOM = 56, GAP = 18, GRIP = 14, PALE = .4;
const FAINT = AS_TEXT[GREY];

// The outline of a marker of radius r around (x, y); one path element holds the markers of a whole series.
function marker(kind, x, y, r) {
  const corners = {
    s: [[-.9, -.9], [.9, -.9], [.9, .9], [-.9, .9]],
    "^": [[0, -1.2], [1.1, .8], [-1.1, .8]],
    v: [[0, 1.2], [1.1, -.8], [-1.1, -.8]],
    D: [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]],
  }[kind];
  if (!corners) return `M${fixed(x - r)},${fixed(y)}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0Z`;
  return path(corners.map(([u, v]) => [x + r * u, y + r * v])) + "Z";
}

// Vertical places of labels, moved down and then up again so that they stand GAP apart between top and bottom.
function apart(places, top, bottom) {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b]), moved = [...places];
  order.forEach((i, k) => { moved[i] = Math.max(moved[i], k ? moved[order[k - 1]] + GAP : top); });
  order.reverse().forEach((i, k) => { moved[i] = Math.min(moved[i], k ? moved[order[k - 1]] - GAP : bottom); });
  return moved;
}

// Axes, ticks and zero lines: what stays while sliders move. Returns the two scales.
function frameOf(root, panel, box) {
  const height = panel.y.log ? Math.log10 : (v) => v, grip = panel.kind === "curves" && panel.cursor >= 0 ? GRIP : 0; // room for the handle
  const up = scale(...panel.y.limits.map(height), box.bottom - grip, box.top);
  const x = scale(...panel.x.limits, box.left, box.right), y = (v) => up(height(v));
  const ink = panel.ink || [BLACK, BLACK];
  for (const [at, words] of panel.y.ticks) {
    add(root, "path", { d: `M${box.left},${fixed(y(at))}H${box.right}`, stroke: "#ebebeb" });
    add(root, "text", { x: box.left - 8, y: y(at) + 5, "text-anchor": "end", fill: FAINT }, words);
  }
  let labelled = -Infinity;
  for (const [at, words] of panel.x.ticks) {
    add(root, "path", { d: `M${fixed(x(at))},${box.bottom}v5`, stroke: GREY });
    if (x(at) - labelled < 9 * words.length) continue; // no room: the tick stays
    add(root, "text", { x: x(at), y: box.bottom + 21 + grip, "text-anchor": "middle", fill: FAINT }, words);
    labelled = x(at);
  }
  add(root, "path", { d: `M${box.left},${box.bottom}H${box.right}`, stroke: GREY });
  if (panel.y.level !== null) add(root, "path", { d: `M${box.left},${fixed(y(panel.y.level))}H${box.right}`, stroke: GREY, "stroke-width": 1.5 });
  const name = add(root, "text", { y: box.bottom + 44 + grip / 2, "text-anchor": "middle", fill: ink[0], "font-weight": panel.ink ? "bold" : "normal" }, panel.x.label);
  const wide = root.width.baseVal.value, long = () => name.getComputedTextLength() + 4; // on a phone it may be longer than the axis
  if (long() > wide) name.setAttribute("font-size", 12);
  name.setAttribute("x", fixed(clamp((box.left + box.right) / 2, long() / 2, Math.max(long(), wide) - long() / 2)));
  add(root, "text", { x: 2, y: 14, fill: ink[1], "font-weight": panel.ink ? "bold" : "normal" }, panel.y.label);
  return { x, y };
}

// A series with its value at the cursor: beside the panel, where it covers no line.
function named(panel, { name }, value) {
  if (panel.cursor < 0) return name;
  const words = said(value, value < 10 && !Number.isInteger(value) ? 2 : 0);
  return `${name} ${panel.y.level === 0 && value > 0 && /[1-9]/.test(words) ? "+" : ""}${words}`;
}

function curves(root, panel, box) {
  const { x, y } = frameOf(root, panel, box);
  const at = panel.at.map(x);
  const [was, cursor] = [PALE, 1].map((opacity) => add(root, "path", { opacity, stroke: "#b0b0b0", "stroke-width": 1.2 }));
  const layer = (name, more, words) => panel.series.map((s) => add(root, name, more(s), words?.(s)));
  const bands = layer("path", (s) => ({ fill: s.colour, "fill-opacity": .15 }));
  const ghosts = layer("path", (s) => ({ opacity: PALE, fill: "none", stroke: s.colour, "stroke-width": 2 }));
  const lines = layer("path", (s) => ({ class: "mtl-curve", fill: "none", stroke: s.colour, "stroke-width": 2.5, "stroke-dasharray": s.dash.join(" ") }));
  const dots = layer("path", (s) => ({ class: "mtl-curve", fill: s.colour }));
  const marks = layer("path", (s) => ({ class: "mtl-curve", fill: s.colour, stroke: "#fff", "stroke-width": 1.5 }));
  const names = layer("text", (s) => ({ fill: s.ink, "font-weight": "bold", class: "mtl-halo", x: box.right + (box.over ? 4 : 10), "text-anchor": box.over ? "end" : "start" }));
  const reading = add(root, "text", { x: box.right + 18, y: box.bottom + 5, fill: FAINT }); // where the values are read
  const radius = at.length > 16 ? 0 : 4;
  const draw = (frame, now, before, [from, to]) => {
    const points = (series, of) => series[of].map((value, k) => [at[k], y(value)]), curve = (series) => points(series, frame).slice(from, to + 1);
    const drawn = panel.series.map((_, i) => i).filter((i) => panel.series[i].y[frame].length);
    const last = drawn.map((i) => y(panel.series[i].y[frame].at(now))), ends = apart(last, box.top, box.bottom - (now < 0 ? 0 : GAP)); // at the height of the value that they say, above where it is read
    const upright = (place) => `M${fixed(at[place])},${box.top}V${box.bottom}`;
    reading.textContent = now < 0 || box.over ? "" : `at ${Number(panel.at[now].toFixed(2))}`;
    cursor.setAttribute("d", now >= 0 ? upright(now) : "");
    was.setAttribute("d", before?.at >= 0 ? upright(before.at) : "");
    panel.series.forEach((s, i) => {
      ghosts[i].setAttribute("d", before && before.frame !== frame ? path(points(s.y, before.frame)) : "");
      for (const parts of [bands, lines, dots, marks, names]) parts[i].style.display = drawn.includes(i) ? "" : "none";
    });
    drawn.forEach((i, place) => {
      const s = panel.series[i], ys = s.y[frame].map(y), end = last[place];
      lines[i].setAttribute("d", path(curve(s.y)));
      if (s.low) bands[i].setAttribute("d", path([...curve(s.low), ...curve(s.high).reverse()]) + "Z");
      if (radius) dots[i].setAttribute("d", curve(s.y).map((point) => marker(s.marker, ...point, radius)).join(""));
      const under = last.some((other, k) => other < end + (k < place) && end - other < 2 * GAP); // another line ends close above
      names[i].setAttribute("y", fixed(box.over ? end + (under ? 19 : -11) : ends[place] + 5));
      names[i].textContent = named(panel, s, s.y[frame][now]);
      if (now >= 0) marks[i].setAttribute("d", marker(s.marker, at[now], ys[now], 7.5));
    });
  };
  return { draw, at: (_, now) => [at[now], box.bottom] };
}

function plane(root, panel, box) {
  const { x, y } = frameOf(root, panel, box);
  const ghosts = ["stroke", "fill"].map((ink) => add(root, "path", { opacity: PALE, fill: "none", [ink]: GREY, "stroke-width": 2 }));
  const way = add(root, "path", { fill: "none", stroke: GREY, "stroke-width": 2 });
  const dots = add(root, "path", { fill: GREY });
  const gains = panel.colours.map((colour) => add(root, "path", { stroke: colour, "stroke-width": 2, "stroke-dasharray": "2 3" })); // of the last move
  const whiskers = panel.colours.map((colour) => add(root, "path", { stroke: colour, "stroke-width": 3 }));
  const here = add(root, "path", { fill: BLACK });
  const ends = panel.ends.map(() => add(root, "text", { fill: FAINT, class: "mtl-halo" }));
  const { y: values, low, high } = panel.points;
  const draw = (frame, at, before, [from, to]) => {
    const points = (which) => values[which][0].map((u, i) => [x(u), y(values[which][1][i])]), now = points(frame), old = before && points(before.frame);
    const [xs, ys] = [0, 1].map((k) => now.map((point) => point[k]));
    ghosts[0].setAttribute("d", before && before.frame !== frame ? path(old) : "");
    const [left, there] = [old?.[before.at] ?? now[at], now[at]], seen = now.slice(from, to + 1);
    ghosts[1].setAttribute("d", before ? marker("o", ...left, 7.5) : "");
    gains.forEach((gain, i) => gain.setAttribute("d", path([[left, there][i], [there[0], left[1]]])));
    way.setAttribute("d", path(seen));
    here.setAttribute("d", marker("o", ...now[at], 6));
    dots.setAttribute("d", seen.map((point) => marker("o", ...point, 3.5)).join(""));
    if (low) {
      whiskers[0].setAttribute("d", `M${fixed(x(low[frame][0][at]))},${fixed(ys[at])}H${fixed(x(high[frame][0][at]))}`);
      whiskers[1].setAttribute("d", `M${fixed(xs[at])},${fixed(y(low[frame][1][at]))}V${fixed(y(high[frame][1][at]))}`);
    }
    const last = xs.length - 1, one = Math.hypot(xs[0] - xs[last], ys[0] - ys[last]) < GAP; // both ends are there
    panel.ends.forEach((words, i) => { ends[i].textContent = [from, last - to][i] ? "" : one ? i ? "" : panel.ends.join(", ") : words; });
    [[0, last, 1], [last, 0, last - 1]].forEach(([k, other, next], i) => { // outward, and within the panel: there on the side where the path is not
      const outside = xs[k] >= xs[other], wide = ends[i].getComputedTextLength(), right = (outside && xs[k] + wide + 9 < box.right) || xs[k] - wide < box.left;
      const down = right === outside ? ys[k] > ys[other] || (ys[k] === ys[other] && i === 1) : ys[next] < ys[k];
      change(ends[i], { "text-anchor": right ? "start" : "end", x: fixed(xs[k] + (right ? 14 : -14)), y: fixed(clamp(ys[k] + (down ? 24 : -14), box.top + 8, box.bottom - 8)) });
    });
  };
  return { draw, at: (frame, now) => [x(values[frame][0][now]), y(values[frame][1][now])] };
}

// One list from the top; a line below the places that count.
function ranking(root, panel, box) {
  const rows = panel.orders[0].length, step = Math.min(30, (box.bottom + BOTTOM - 8 - box.top) / rows);
  const right = (i) => box.right - panel.heads.slice(i + 1).reduce((wide, words) => wide + 9 * words.length + 12, 4.5 * panel.heads[i].length);
  const columns = panel.heads.map((_, i) => (i ? { x: right(i), fill: panel.inks[i - 1], "text-anchor": "middle" } : { x: 32, fill: BLACK }));
  const parts = panel.orders[0].map((_, place) => {
    const y = box.top + (place + .5) * step + 5, weight = { "font-weight": place < panel.cut ? "bold" : "normal" };
    return { number: add(root, "text", { x: 22, y, fill: FAINT, "text-anchor": "end" }), cells: columns.map((look) => add(root, "text", { ...look, y, ...weight })) };
  });
  columns.forEach((look, i) => add(root, "text", { ...look, y: 22 }, panel.heads[i]));
  if (panel.cut < rows) add(root, "path", { d: `M0,${fixed(box.top + panel.cut * step)}H${box.right}`, stroke: GREY });
  const draw = (frame, _, before) => panel.orders[frame].forEach((line, place) => {
    const { number, cells } = parts[place], was = before ? panel.orders[before.frame].indexOf(line) : -1;
    number.textContent = place < panel.cut && was >= panel.cut ? "▲" : String(place + 1);
    cells.forEach((cell, i) => { cell.textContent = panel.lines[line][i]; });
  });
  return { draw };
}

const DRAWN = { curves, plane, ranking };

const indexOf = ({ key, options, buttons }, state) => (buttons ? options.indexOf(state[key]) : Math.round(state[key]));

// The number of a setting among all of these controls, in the order of the prepared lists.
const numbered = (controls, state, which = controls.map((_, i) => i)) => which.reduce((sum, i) => sum * controls[i].options.length + indexOf(controls[i], state), 0);

function picture(stage, place, width) {
  const { controls, panels } = stage.data, beside = panels.length === 2 && width >= 560, high = panels.length === 1 || beside ? WHOLE : STACKED, share = beside ? (width - 20) / 2 : width;
  const titles = panels.map((_, i) => Object.assign(block(place, "div", "mtl-title"), { style: `inset: auto; width: ${share}px` }));
  titles.forEach((title, i) => { [title.textContent] = panels[i].titles.texts.toSorted((a, b) => b.length - a.length); }); // the longest
  const rooms = titles.map((title) => title.offsetHeight + 4), head = Math.max(...rooms);
  const tops = panels.map((_, i) => (beside || !i ? head : head + high + rooms[i])), lefts = panels.map((_, i) => (beside && i ? share + 20 : 0));
  const figure = svg(place, width, tops.at(-1) + high);
  const spot = (panel, state) => ({ frame: numbered(controls, state, panel.frame), at: panel.cursor < 0 ? -1 : indexOf(controls[panel.cursor], state) });
  const views = panels.map((panel, i) => {
    const [left, top] = [lefts[i], tops[i]], title = titles[i];
    Object.assign(title.style, { left: `${left}px`, top: `${top - rooms[i]}px` });
    const names = Math.max(0, ...(panel.series ?? []).flatMap((s) => s.y.flat().map((value) => named(panel, s, value).length))) * 8.6, over = names > .5 * share; // on a phone names stand over the ends of their lines
    const ticks = 14 + 9 * Math.max(0, ...(panel.y?.ticks ?? []).map(([, words]) => words.length));
    const root = add(figure, "svg", { x: left, y: top, width: share, height: high, role: "img" }), box = { left: ticks, right: share - (over ? 14 : names + 14), top: TOP, bottom: high - BOTTOM, over };
    const view = { panel, title, root, ...DRAWN[panel.kind](root, panel, box) };
    if (panel.cursor >= 0) grip(stage, figure, view, controls[panel.cursor], [left, top], () => spot(panel, stage.state));
    return view;
  });
  return () => {
    const { state, question: { pale, moves = {}, said } = {} } = stage, all = numbered(controls, state), ghost = (stage.ghost || pale) && { ...(stage.ghost ?? state), ...pale };
    const seen = ({ cursor, at = [] }) => { // of a curve that is asked about: as far as the reader has been on it
      const { key, options = at } = controls[cursor] ?? {}, been = key in moves && !said ? [...Object.values(stage.before), state].map((one) => one[key]) : [0, options.length - 1];
      return [Math.min(...been), Math.max(...been)];
    };
    for (const { panel, title, root, draw } of views) {
      const { frame, at } = spot(panel, state), words = panel.titles.texts[panel.titles.of[all]];
      draw(frame, at, ghost && spot(panel, ghost), seen(panel));
      title.textContent = words;
      root.setAttribute("aria-label", words);
    }
  };
}

// The handle of a control on the curves along which it runs; a press on the panel takes it there.
function grip(stage, figure, { panel, root, at }, { key, label, options }, [left, top], spot) {
  const place = (i) => at(spot().frame, clamp(Math.round(i), 0, options.length - 1)), x = (i) => left + place(i)[0];
  const to = (i) => stage.set({ [key]: i });
  x.invert = (pixel) => options.map((_, i) => Math.abs(x(i) - pixel)).reduce((best, gap, i, gaps) => (gap < gaps[best] ? i : best), 0);
  const paper = add(root, "rect", { width: "100%", height: "100%", fill: "transparent", style: "cursor: pointer" });
  paper.onpointerdown = (event) => {
    const { left: edge, width } = figure.getBoundingClientRect();
    stage.made(key);
    to(x.invert((event.clientX - edge) * figure.width.baseVal.value / width)); // a page may be scaled
  };
  stage.handle(figure, {
    name: `${label}, on the ${panel.kind === "plane" ? "plane" : "curves"}`, key, x, level: () => top + place(spot().at)[1], step: 1, up: true,
    at: () => [spot().at], to: (i) => to(Math.round(i)), words: () => options[spot().at],
  });
}

export default explorable(({ controls, sentences, note, questions, panels }) => {
  const of = (state, setting) => Object.keys(setting).every((key) => state[key] === setting[key]);
  const met = ({ before }, setting) => Object.values(before).some((state) => of(state, setting));
  const unseen = (stage, seen) => seen.find((setting) => !of(stage.state, setting) && !met(stage, setting)) ?? {};
  const words = (setting) => controls.filter(({ key }) => key in setting).map(({ key, label, options, buttons }) => `${label} ${buttons ? setting[key] : options[setting[key]]}`).join(", ");
  return {
    limits: Object.fromEntries(controls.filter(({ buttons }) => !buttons).map(({ key, options }) => [key, [0, options.length - 1]])),
    questions: questions.map(({ seen, answer, ...question }) => ({
      ...question, answer,
      again: (stage) => Object.entries(unseen(stage, seen)).find(([key, value]) => key in question.moves && stage.state[key] !== value)?.[0],
      when(stage) {
        for (const state of [stage.ghost ?? stage.state, stage.state]) stage.before[JSON.stringify(state)] = state;
        return seen.every((setting) => met(stage, setting)) && seen.some((setting) => of(stage.state, setting)); // else its answer is grey
      },
      then: () => answer,
      hint: (stage) => `still to see: ${words(unseen(stage, seen))}.`,
    })),
    setup(stage) {
      stage.before = {}; // the settings that the reader has seen on this stage
      for (const { key, label, options, buttons } of controls) {
        if (buttons) stage.choice({ label, key, options });
        else stage.slider({ label, key, step: 1, words: (i) => options[Math.round(i)] });
      }
      stage.card.classList.add("mtl-flat");
      const legend = block(stage.card, "p", "mtl-note");
      stage.inputs.push({ show: () => { legend.textContent = `${note}${panels.some(({ kind }) => kind === "ranking") ? " ●: it happened. ▲: it was below the line." : ""} Pale: ${Object.values(stage.question?.pale ?? { move: "before your last move" }).join(", ")}.`; } });
    },
    picture,
    sentence: ({ state }) => sentences.texts[sentences.of[numbered(controls, state)]],
    anew(stage) { stage.before = {}; },
  };
});

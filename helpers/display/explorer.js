// The interactive figure: draws the panels that explorer.py prepared as SVG, and again whenever a control's `index` changes.
// All numbers are in the widget's state and the controls are listened to here, in the browser: no kernel is asked.
// Few elements, made once a size; a move of a slider only sets their attributes. That keeps it within one frame.

import { add, block } from "./elements.js";

const HEIGHT = 360, STACKED = 230, TOP = 30, BOTTOM = 52, LEFT = 62, FONT = 14, GAP = 18, REST = 500, PALE = .4;
const GREY = "#767676", BLACK = "#1A1A1A", FAINT = "#595959", BAND = "#ECECEC";

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const fixed = (value) => value.toFixed(1);
const line = (xs, ys) => "M" + xs.map((x, i) => fixed(x) + "," + fixed(ys[i])).join("L");

// The outline of a marker of radius r around (x, y); one path element holds the markers of a whole series.
function marker(kind, x, y, r) {
  const corners = {
    s: [[-.9, -.9], [.9, -.9], [.9, .9], [-.9, .9]],
    "^": [[0, -1.2], [1.1, .8], [-1.1, .8]],
    v: [[0, 1.2], [1.1, -.8], [-1.1, -.8]],
    D: [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]],
  }[kind];
  if (!corners) return `M${fixed(x - r)},${fixed(y)}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0Z`;
  return line(corners.map((c) => x + r * c[0]), corners.map((c) => y + r * c[1])) + "Z";
}

// Vertical places of labels, moved as little as needed to stand GAP apart between top and bottom.
function apart(places, top, bottom) {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b]);
  const moved = [...places];
  for (let round = 0; round < 20; round++) {
    order.forEach((i, k) => {
      const short = k ? GAP - (moved[i] - moved[order[k - 1]]) : 0;
      if (short > 0) { moved[i] += short / 2; moved[order[k - 1]] -= short / 2; }
    });
    order.forEach((i, k) => { moved[i] = clamp(moved[i], top + k * GAP, bottom - (order.length - 1 - k) * GAP); });
  }
  return moved;
}

// Axes, ticks and zero lines: what stays while sliders move. Returns the two scales.
function frameOf(svg, panel, box) {
  const scale = (axis, from, to) => {
    const height = axis.log ? Math.log10 : (v) => v, [low, high] = axis.limits.map(height);
    return (v) => from + (to - from) * (height(v) - low) / (high - low);
  };
  const x = scale(panel.x, box.left, box.right), y = scale(panel.y, box.bottom, box.top);
  const ink = panel.ink || [BLACK, BLACK];
  for (const [at, words] of panel.y.ticks) {
    add(svg, "path", { d: `M${box.left},${fixed(y(at))}H${box.right}`, stroke: "#ebebeb" });
    add(svg, "text", { x: box.left - 8, y: y(at) + 5, "text-anchor": "end", fill: FAINT }, words);
  }
  let labelled = -Infinity;
  for (const [at, words] of panel.x.ticks) {
    add(svg, "path", { d: `M${fixed(x(at))},${box.bottom}v5`, stroke: GREY });
    if (x(at) - labelled < 9 * words.length) continue; // no room: the tick stays
    add(svg, "text", { x: x(at), y: box.bottom + 21, "text-anchor": "middle", fill: FAINT }, words);
    labelled = x(at);
  }
  add(svg, "path", { d: `M${box.left},${box.bottom}H${box.right}`, stroke: GREY });
  if (panel.y.zero) add(svg, "path", { d: `M${box.left},${fixed(y(0))}H${box.right}`, stroke: GREY, "stroke-width": 1.5 });
  if (panel.x.zero) add(svg, "path", { d: `M${fixed(x(0))},${box.top}V${box.bottom}`, stroke: GREY, "stroke-width": 1.5 });
  const name = add(svg, "text", { y: box.bottom + 44, "text-anchor": "middle", fill: ink[0], "font-weight": panel.ink ? "bold" : "normal" }, panel.x.label);
  const wide = svg.width.baseVal.value, long = () => name.getComputedTextLength() + 4; // on a phone it may be longer than the axis
  if (long() > wide) name.setAttribute("font-size", 12);
  name.setAttribute("x", fixed(clamp((box.left + box.right) / 2, long() / 2, Math.max(long(), wide) - long() / 2)));
  add(svg, "text", { x: 2, y: 14, fill: ink[1], "font-weight": panel.ink ? "bold" : "normal" }, panel.y.label);
  return { x, y };
}

function curves(svg, panel, box) {
  const { x, y } = frameOf(svg, panel, box);
  const at = panel.at.map(x);
  const [was, cursor] = [PALE, 1].map((opacity) => add(svg, "path", { opacity, stroke: "#b0b0b0", "stroke-width": 1.2 }));
  const bands = panel.series.map((s) => add(svg, "path", { fill: s.colour, "fill-opacity": .15 }));
  const ghosts = panel.series.map((s) => add(svg, "path", { opacity: PALE, fill: "none", stroke: s.colour, "stroke-width": 2 }));
  const parts = panel.series.map((s) => ({
    curve: add(svg, "path", { fill: "none", stroke: s.colour, "stroke-width": 2.5, "stroke-dasharray": s.dash.join(" ") }),
    dots: add(svg, "path", { fill: s.colour }),
    now: add(svg, "path", { fill: s.colour, stroke: "#fff", "stroke-width": 1.5 }),
  }));
  const names = panel.series.map((s) => add(svg, "text", { x: box.right + (box.over ? 4 : 10), "text-anchor": box.over ? "end" : "start", fill: s.ink, "font-weight": "bold", class: "mtl-halo" }, s.name));
  const radius = at.length > 16 ? 0 : 4;
  return (frame, now, before) => {
    const last = panel.series.map((s) => y(s.y[frame].at(-1))), ends = apart(last, box.top, box.bottom);
    const upright = (place) => `M${fixed(at[place])},${box.top}V${box.bottom}`;
    if (now >= 0) cursor.setAttribute("d", upright(now));
    if (before?.at >= 0) was.setAttribute("d", upright(before.at));
    panel.series.forEach((s, i) => {
      const ys = s.y[frame].map(y), { curve, dots, now: mark } = parts[i];
      curve.setAttribute("d", line(at, ys));
      ghosts[i].setAttribute("d", before && before.frame !== frame ? line(at, s.y[before.frame].map(y)) : "");
      if (s.low) {
        const lows = s.low[frame].map(y), highs = s.high[frame].map(y);
        bands[i].setAttribute("d", line([...at, ...[...at].reverse()], [...highs, ...lows.reverse()]) + "Z");
      }
      if (radius) dots.setAttribute("d", at.map((px, k) => marker(s.marker, px, ys[k], radius)).join(""));
      if (now >= 0) mark.setAttribute("d", marker(s.marker, at[now], ys[now], 7.5));
      const under = last.some((end, k) => end < last[i] + (k < i) && last[i] - end < 2 * GAP); // another line ends close above
      names[i].setAttribute("y", fixed(box.over ? last[i] + (under ? 19 : -11) : ends[i] + 5));
    });
  };
}

function plane(svg, panel, box) {
  const { x, y } = frameOf(svg, panel, box), narrow = box.right - box.left < 400;
  if (panel.matters) { // below the zero lines
    const [left, right] = [-panel.matters, panel.matters].map(x), [bottom, top] = [-panel.matters, panel.matters].map(y);
    const d = `M${left},${box.top}H${right}V${box.bottom}H${left}ZM${box.left},${top}H${box.right}V${bottom}H${box.left}Z`;
    svg.insertBefore(add(svg, "path", { d, fill: BAND }), svg.querySelector("path"));
  }
  if (panel.x.zero) {
    [[box.left + 4, box.top + 14], [box.right, box.top + 14], [box.right, box.bottom - 8], [box.left + 4, box.bottom - 8]].forEach(([px, py], i) => {
      const field = add(svg, "text", { y: py, "text-anchor": px === box.right ? "end" : "start", fill: FAINT, "font-style": "italic", class: "mtl-halo" });
      const words = panel.quadrants[i].split(" "); // the last word on a second line where the fields are narrow
      const lines = words.length > 1 && narrow ? [words.slice(0, -1).join(" "), words.at(-1)] : [words.join(" ")];
      lines.forEach((text, k) => add(field, "tspan", { x: px, dy: k ? 17 : py > (box.top + box.bottom) / 2 ? -17 * (lines.length - 1) : 0 }, text));
    });
  }
  const ghosts = ["stroke", "fill"].map((ink) => add(svg, "path", { opacity: PALE, fill: "none", [ink]: GREY, "stroke-width": 2 }));
  const path = add(svg, "path", { fill: "none", stroke: GREY, "stroke-width": 2 });
  const dots = add(svg, "path", { fill: GREY });
  const whiskers = panel.colours.map((colour) => add(svg, "path", { stroke: colour, "stroke-width": 3 }));
  const ends = panel.ends.map((words) => add(svg, "text", { fill: FAINT, class: "mtl-halo" }, words));
  const now = add(svg, "path", { fill: BLACK, stroke: "#fff", "stroke-width": 1.5 });
  const inset = panel.quadrants.length ? (narrow ? 46 : 29) : 8; // the fields' names stand there
  return (frame, at, before) => {
    const { y: values, low, high } = panel.points;
    const xs = values[frame][0].map(x), ys = values[frame][1].map(y);
    if (before) {
      const [wasX, wasY] = [values[before.frame][0].map(x), values[before.frame][1].map(y)];
      ghosts[0].setAttribute("d", before.frame !== frame ? line(wasX, wasY) : "");
      ghosts[1].setAttribute("d", marker("o", wasX[before.at], wasY[before.at], 7.5));
    }
    path.setAttribute("d", line(xs, ys));
    dots.setAttribute("d", xs.map((px, i) => marker("o", px, ys[i], 3.5)).join(""));
    if (low) {
      whiskers[0].setAttribute("d", `M${fixed(x(low[frame][0][at]))},${fixed(ys[at])}H${fixed(x(high[frame][0][at]))}`);
      whiskers[1].setAttribute("d", `M${fixed(xs[at])},${fixed(y(low[frame][1][at]))}V${fixed(y(high[frame][1][at]))}`);
    }
    now.setAttribute("d", marker("o", xs[at], ys[at], 7.5));
    const last = xs.length - 1, middle = (v) => v.slice(1).map((value, i) => (value + v[i]) / 2);
    const alongX = [...xs, ...middle(xs)], alongY = [...ys, ...middle(ys)];
    [[0, last], [last, 0]].forEach(([k, other], i) => { // clear of the path and within the panel; outward, if there is a choice
      const wide = panel.ends[i].length * 8, outward = [xs[k] >= xs[other], ys[k] > ys[other] || (ys[k] === ys[other] && i === 1)];
      const places = [[true, true], [true, false], [false, true], [false, false]].map(([right, down]) => {
        const left = xs[k] + (right ? 5 : -13 - wide), line = clamp(ys[k] + (down ? 24 : -14), box.top + inset, box.bottom - inset);
        const hidden = alongX.filter((px, j) => px > left && px < left + wide + 8 && alongY[j] > line - 16 && alongY[j] < line + 5).length;
        return { right, line, cost: 9 * hidden + 99 * (left < box.left || left + wide > box.right) + (right !== outward[0]) + (down !== outward[1]) };
      });
      const best = places.reduce((one, two) => (two.cost < one.cost ? two : one));
      ends[i].setAttribute("text-anchor", best.right ? "start" : "end");
      ends[i].setAttribute("x", fixed(xs[k] + (best.right ? 9 : -9)));
      ends[i].setAttribute("y", fixed(best.line));
    });
  };
}

// One list from the top; a line below the places that count.
function ranking(svg, panel, box) {
  const rows = panel.orders[0].length, step = Math.min(30, (box.bottom + BOTTOM - box.top) / rows);
  const parts = panel.orders[0].map((_, place) => {
    const y = box.top + (place + .5) * step + 5, ink = { y, fill: BLACK };
    add(svg, "text", { ...ink, x: 22, fill: FAINT, "text-anchor": "end" }, String(place + 1));
    return { words: add(svg, "text", { ...ink, x: 32 }), marks: add(svg, "text", { ...ink, x: box.right, "text-anchor": "end" }) };
  });
  if (panel.cut < rows) add(svg, "path", { d: `M0,${fixed(box.top + panel.cut * step)}H${box.right}`, stroke: GREY });
  return (frame) => panel.orders[frame].forEach((line, place) => {
    const { words, marks } = parts[place];
    [words.textContent, marks.textContent] = panel.lines[line];
    words.setAttribute("font-weight", place < panel.cut ? "bold" : "normal");
  });
}

const DRAWN = { curves, plane, ranking };

async function render({ model, el }) {
  const drawing = JSON.parse(model.get("drawing"));
  const controls = await Promise.all(model.get("controls").map((id) => model.widget_manager.get_model(id.slice("IPY_MODEL_".length))));
  const counts = drawing.controls.map((control) => control.options.length);
  const panels = block(el, "div", "mtl-panels");
  const sentence = block(el, "p", "mtl-sentence");
  sentence.setAttribute("aria-live", "polite");
  block(el, "p", "mtl-note").textContent = `${drawing.note} Pale: before your last move.`;
  const views = drawing.panels.map((panel) => {
    const view = block(panels, "div", "mtl-panel");
    return { panel, view, title: block(view, "div", "mtl-title"), svg: add(view, "svg", { role: "img", "font-size": FONT }), draw: null };
  });

  const place = (chosen, which) => which.reduce((sum, i) => sum * counts[i] + chosen[i], 0);
  const everything = counts.map((_, i) => i);

  let chosen = null, before = null, moved = 0;

  // A move that follows another within half a second goes on with it; the ghost is where they began.
  function move() {
    if (performance.now() - moved > REST) before = chosen;
    moved = performance.now();
    draw();
  }

  function draw() {
    chosen = controls.map((control) => Math.round(control.get("index")));
    const state = place(chosen, everything);
    for (const { panel, title, svg, draw } of views) {
      if (!draw) return;
      const spot = (of) => ({ frame: place(of, panel.frame), at: panel.cursor < 0 ? -1 : of[panel.cursor] }), { frame, at } = spot(chosen);
      draw(frame, at, before && spot(before));
      const words = panel.titles.texts[panel.titles.of[state]];
      if (title.textContent !== words) { title.textContent = words; svg.setAttribute("aria-label", words); }
    }
    sentence.textContent = drawing.sentences.texts[drawing.sentences.of[state]];
    name(chosen);
  }

  // ipywidgets gives a slider's handle neither a name nor a value in words; a screen reader needs both.
  function name(chosen) {
    const card = el.closest(".mtl-card");
    if (!card) return;
    card.onkeydown = (event) => { // else JupyterLab takes the arrow keys and Enter for itself
      if (!(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)) event.stopPropagation();
    };
    card.querySelectorAll(".mtl-controls > .widget-inline-hbox").forEach((row, i) => {
      const handle = row.querySelector(".noUi-handle");
      handle?.setAttribute("aria-label", drawing.controls[i].label);
      handle?.setAttribute("aria-valuetext", drawing.controls[i].options[chosen[i]]);
    });
  }

  // Reserve the room that the longest text needs, so that nothing below jumps.
  function reserve(node, texts) {
    node.style.minHeight = "";
    node.textContent = texts.reduce((longest, text) => (text.length > longest.length ? text : longest), "");
    node.style.minHeight = node.offsetHeight + "px";
    node.textContent = "";
  }

  // Pointing at a curve moves the control along which it runs.
  function point(event, panel, svg, box) {
    if (event.buttons !== 1) return;
    const { left, width } = svg.getBoundingClientRect();
    const [from, to] = panel.x.limits;
    const across = (event.clientX - left) * (svg.width.baseVal.value / width); // slides are scaled
    const value = from + (to - from) * (across - box.left) / (box.right - box.left);
    const gaps = panel.at.map((at) => Math.abs(at - value));
    controls[panel.cursor].set("index", gaps.indexOf(Math.min(...gaps)));
    controls[panel.cursor].save_changes();
  }

  function build(width) {
    const beside = views.length === 2 && width >= 720;
    const height = views.length === 1 || beside ? HEIGHT : STACKED; // the controls and both panels on one small screen
    views.forEach((view, i) => {
      const { panel, svg } = view;
      const share = Math.floor(beside ? (width - 20) * (i ? .45 : .55) : width);
      const names = panel.kind === "curves" ? Math.max(...panel.series.map((s) => s.name.length)) * 9 : 0;
      const over = names > .35 * share; // on a phone names stand over the ends of their lines
      const labels = over ? 14 : names + 14;
      svg.replaceChildren();
      svg.setAttribute("width", share);
      svg.setAttribute("height", height);
      view.view.style.width = share + "px";
      reserve(view.title, panel.titles.texts);
      const box = { left: LEFT, right: share - labels, top: TOP, bottom: height - BOTTOM, over };
      view.draw = DRAWN[panel.kind](svg, panel, box);
      if (panel.kind === "curves" && panel.cursor >= 0) {
        svg.style.cursor = "pointer";
        svg.onpointerdown = svg.onpointermove = (event) => point(event, panel, svg, box);
      }
    });
    reserve(sentence, drawing.sentences.texts);
    draw();
  }

  let width = 0;
  const observer = new ResizeObserver(() => {
    const now = Math.floor(el.clientWidth);
    if (now && now !== width) build(width = now);
  });
  observer.observe(el);
  for (const control of controls) control.on("change:index", move);
  return () => {
    observer.disconnect();
    for (const control of controls) control.off("change:index", move);
  };
}

export default { render };

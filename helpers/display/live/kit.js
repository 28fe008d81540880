// What every explorable is built on: a card with questions, a picture with things to drag, controls, and a sentence.
//
// An explorable is one file that ends in `export default explorable({ ... })`, or in a function of what Python gave that makes this, with
//
//   limits      {key: [low, high]}: what a number of the state may be; slider and handle keep to it
//   questions   [{ ask, set, when: (stage) => bool, then: (stage) => text, settled, hint }]: each is a stage; a press on its
//               number begins at `set`, a part of the state, it is answered there alone, and after the last one follows
//               *free*. `when` is asked after each move; once it was true, `then` is said, from what the reader has run or
//               sees, and anew while `when` is true; with `settled`, (stage) => bool, it is ticked only where that is true;
//               until then `hint`, (stage) => text or "", says what is not yet. An answer that is not of what is seen now
//               turns grey. A question may have a `name`; `show`, the keys of the dials and handles that it needs (those
//               without a key always stay; without `show` all do); and `moves`, {key: words}: what to do, in this order. The
//               first move not made is yellow: its button, or the words at its handle. Once one is made, and until there is
//               an answer, it is the one that `again`, (stage) => key, names, if it does; at last the next number
//   free        { set }: where the last stage begins, if it is not where the reader is
//   chapter     C4: the guesses of its questions, `stage.guessed`, count where those of the cards do
//   setting     (stage) => text: where the state is, for an answer of another setting
//   setup       (stage) => {}: once; makes the controls, `stage.slider(…)`, `stage.toggle(…)`, `stage.choice(…)`,
//               `stage.button(…)`, and the loops, `stage.loop(step)`, with `stage.player(…)` beside the picture
//   anew        (stage) => {}: when a stage begins again, for what is the explorable's own
//   picture     (stage, place, width) => draw: fills the empty div `place`, again for every new width, with `svg(place, …)`,
//               `canvas(place, …)` and `stage.handle(…)`; returns the function that draws the state
//   sentence    (stage) => string: what is to be seen, in words
//
// and the kit calls them. `stage.state` is a flat object of numbers, booleans, words and lists of numbers; only
// `stage.set({ key: value })` changes it, and then everything is drawn in the next frame, once. `stage.ghost` is the state
// before the last gesture (null when a stage begins), `stage.start` the first one, `stage.data` what Python gave. What is no setting,
// such as a ball that rolls, is the explorable's own; `stage.redraw()` shows it.

import { add, block, change, guesses } from "../elements.js";

export const BLUE = "#0072b2", ORANGE = "#d55e00", GREEN = "#009e73", PURPLE = "#cc79a7", GREY = "#767676", BLACK = "#1a1a1a", BAND = "#ececec";
export const AS_TEXT = { [BLUE]: "#006aa6", [ORANGE]: "#ad4b00", [GREEN]: "#00735c", [PURPLE]: "#a3487a", [GREY]: "#595959", [BLACK]: BLACK }; // 4.5 : 1 on white
export const HEIGHT = 400; // of a picture: with it the whole card fits a screen of 600 pixels

const REST = 500; // milliseconds without a change after which a move has ended
const BUDGET = 12; // milliseconds of a frame that the steps of a loop may take
const ROOM = 46; // short words of an answer, for which there is room
const MARKS = { "": "", answered: " ✓", "not yet decided": " …" }; // of a question
const FREE = { name: "free", ask: "All dials are yours.", when: () => false }; // the last stage

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
export const fixed = (value) => value.toFixed(1);
export const said = (value, digits = 2) => value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−"); // a number in words: no −0.00
export const signed = (value) => (value >= 0 ? "+" : "") + said(value, 3);
export const path = (points) => points.length ? "M" + points.map(([x, y]) => fixed(x) + "," + fixed(y)).join("L") : "";

export function scale(low, high, from, to) {
  const place = (value) => from + (to - from) * (value - low) / (high - low);
  place.invert = (pixel) => low + (high - low) * (pixel - from) / (to - from);
  return place;
}

// --- elements -------------------------------------------------------------------------------------------------------

export function svg(place, width, height) {
  place.style.height = height + "px";
  return add(place, "svg", { width, height, "font-size": 14 });
}

export const text = (parent, x, y, words, more = {}) => add(parent, "text", { x, y, fill: AS_TEXT[GREY], ...more }, words);

// Calls `begin` with the place of a press on a node, in pixels of its picture, and what that returns with every place until the release.
// On one that `scrolls` a finger that goes up or down moves the page; on others none does (within an svg, Chromium has no touch-action).
export function dragged(node, begin, { scrolls = false } = {}) {
  const surface = node.ownerSVGElement;
  let from = null, go = null;
  const start = () => { if (from) go = begin(...from); from = null; };
  const place = ({ clientX, clientY }) => {
    const { left, top, width } = surface.getBoundingClientRect(), zoom = surface.width.baseVal.value / width; // a page may be scaled
    return [(clientX - left) * zoom, (clientY - top) * zoom];
  };
  node.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    node.setPointerCapture(event.pointerId);
    event.preventDefault();
    from = place(event);
    if (!scrolls || event.pointerType !== "touch") start();
  });
  node.addEventListener("pointermove", (event) => {
    const [u, v] = place(event);
    if (from && Math.abs(u - from[0]) > Math.abs(v - from[1])) start();
    go?.(u, v);
  });
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
    node.addEventListener(kind, () => { if (kind === "pointerup") start(); from = go = null; });
  }
  if (!scrolls) node.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
}

// Under the svg, in pixels of the page whatever the screen's are.
export function canvas(place, width, height) {
  const node = block(place, "canvas"), dense = window.devicePixelRatio || 1;
  Object.assign(node, { width: Math.round(width * dense), height: Math.round(height * dense) });
  Object.assign(node.style, { width: width + "px", height: height + "px" });
  node.setAttribute("aria-hidden", "true");
  const pen = node.getContext("2d");
  pen.scale(dense, dense);
  return pen;
}

// --- the stage ------------------------------------------------------------------------------------------------------

class Stage {
  constructor(spec, model, el) {
    this.spec = spec;
    this.name = model.get("name");
    this.data = JSON.parse(model.get("data"));
    this.start = JSON.parse(model.get("start"));
    this.limits = spec.limits ?? {};
    this.state = { ...this.start };
    this.ghost = null;
    this.handles = [];
    this.inputs = [];
    this.loops = [];
    this.still = matchMedia("(prefers-reduced-motion: reduce)"); // a loop shows two pictures a second then
    this.moved = 0; // when
    this.held = this.touched = this.due = this.closed = this.stepping = false;
    this.seen = true;
    this.#build(el, model.get("title"));
  }

  #build(el, title) {
    el.classList.add("mtl-around");
    this.card = block(el, "section", "mtl-card mtl-live");
    this.card.setAttribute("aria-label", title);
    this.card.onkeydown = (event) => { // else JupyterLab takes the arrow keys, Enter and the space bar for itself
      if (!(event.ctrlKey || event.metaKey || event.altKey)) event.stopPropagation();
    };
    this.asked = block(this.card, "div", "mtl-asked");
    this.place = block(block(this.card, "div", "mtl-frame"), "div", "mtl-place");
    this.runs = block(this.card, "div", "mtl-run");
    this.controls = block(this.card, "div", "mtl-dials");
    this.words = block(this.card, "p", "mtl-sentence");
    this.found = block(this.card, "p", "mtl-found");
    for (const part of [this.words, this.found]) part.setAttribute("aria-live", "polite");
    this.#ask();
    this.spec.setup?.(this);
    const left = new AbortController();
    for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, () => { if (this.held) this.redraw(); this.held = false; }, left);
    this.card.addEventListener("pointerdown", () => { this.held = true; this.moved = 0; }, true);
    let width = 0;
    const sizes = new ResizeObserver(() => {
      const now = Math.floor(this.place.clientWidth);
      if (!now || now === width) return;
      this.#layout(width = now);
    });
    sizes.observe(this.place);
    const sight = new IntersectionObserver((entries) => { this.seen = entries.at(-1).isIntersecting; }); // a slow page gets several at once
    sight.observe(this.card);
    this.close = () => {
      this.closed = true;
      left.abort();
      sizes.disconnect();
      sight.disconnect();
      clearTimeout(this.rest);
    };
  }

  #layout(width) {
    this.place.replaceChildren();
    this.handles = [];
    this.longest = 0;
    this.words.style.minHeight = "";
    this.draw = this.spec.picture(this, this.place, width);
    this.#reserve();
    this.#draw();
  }

  // --- the state

  set(changes) {
    const now = performance.now(), fresh = { ...this.state };
    for (const [key, value] of Object.entries(changes)) fresh[key] = typeof value === "number" && this.limits[key] ? clamp(value, ...this.limits[key]) : value;
    if (JSON.stringify(fresh) === JSON.stringify(this.state)) return;
    const begins = this.held ? this.moved === 0 : now - this.moved > REST;
    if (begins) this.ghost = this.state;
    Object.assign(this, { state: fresh, moved: now, touched: true });
    this.#busy();
    this.redraw();
  }

  reset() {
    this.loops.forEach((loop) => loop.pause());
    this.moved = 0;
    this.set({ ...this.start, ...this.question?.set });
    this.ghost = null;
    this.question?.made.clear();
    this.spec.anew?.(this);
    this.redraw();
  }

  redraw() {
    if (this.due || this.closed || this.stepping) return; // after its steps a loop draws by itself
    this.due = true;
    requestAnimationFrame(() => { this.due = false; if (this.draw && !this.closed) this.#draw(); });
  }

  #draw() {
    this.draw();
    const { show, moves = {} } = this.question ?? {}, next = this.next;
    const dialled = this.inputs.some(({ key }) => key === next); // it calls where its handle is below a phone's screen
    const named = this.handles.find(({ key, pixels }) => key && key === next && (!dialled || pixels()[1] < HEIGHT));
    for (const { key, node, show: renew } of [...this.handles, ...this.inputs]) {
      renew();
      if (!key) continue;
      node.style.display = (show ? show.includes(key) : key !== "guess") || key in moves ? "" : "none"; // unasked none guesses
      node.classList.toggle("mtl-next", key === next && !named); // one yellow thing at a time
    }
    this.#call(named, this.question?.made.has(next) ? moves[next].replace(/^Start here: (.)/, (_, first) => first.toUpperCase()) : moves[next]);
    const words = this.spec.sentence(this);
    if (this.words.textContent !== words) this.words.textContent = words;
    if (words.length > this.longest) { // the room that the longest sentence so far needs
      this.longest = words.length;
      this.words.style.minHeight = this.words.offsetHeight + "px";
    }
    if (this.touched) this.#check();
  }

  // A reader of the screen hears the sentence when the move has ended.
  #busy() {
    for (const part of [this.words, this.found]) part.setAttribute("aria-busy", "true");
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      if (this.held || this.loops.some((loop) => loop.playing)) { this.#busy(); return; }
      for (const part of [this.words, this.found]) part.removeAttribute("aria-busy");
    }, REST);
  }

  // --- questions: one at a time; each notices when it is answered

  #ask() {
    const top = block(this.asked, "div", "mtl-top"), tabs = block(top, "div", "mtl-numbers"), { questions = [] } = this.spec;
    this.button("Reset", () => this.reset(), top);
    if (!questions.length) return;
    const list = [...questions, { ...FREE, ...this.spec.free }].map((question) => ({ ...question, state: "", said: "", made: new Set() }));
    const here = ({ set = {} }) => Object.keys(set).every((key) => JSON.stringify(this.state[key]) === JSON.stringify(set[key]));
    tabs.setAttribute("role", "group");
    tabs.setAttribute("aria-label", "questions");
    const text = block(this.asked, "p", "mtl-question"), { found } = this;
    let now = 0, hint = "";
    const moved = () => now < questions.length && (this.ghost || list[now].made.size); // on this stage, if it asks
    const hinted = () => (list[now].said || !moved() ? "" : here(list[now]) ? list[now].hint?.(this) ?? "" : "this is another setting; its number leads back.");
    const show = () => {
      this.question = list[now];
      buttons.forEach((button, i) => {
        const { name = "", state } = list[i], free = i === list.length - 1;
        button.textContent = free ? name : `${i + 1}${MARKS[state]}`;
        if (name && !free) block(button, "span", "mtl-name", ` ${name}`);
        button.setAttribute("aria-label", free ? name : `question ${i + 1}${state && `, ${state}`}${name && `: ${name}`}`);
        button.setAttribute("aria-pressed", String(i === now));
      });
      const { ask, state, said, holds, setting } = list[now];
      text.textContent = ask;
      found.hidden = now === questions.length;
      hint = hinted();
      found.classList.toggle("mtl-open", state !== "answered" || !holds);
      found.textContent = said ? `${MARKS[state].trim()} ${setting && !holds ? `Seen at ${setting}. ` : ""}${said}` : hint && `Not yet: ${hint}`;
    };
    const buttons = list.map((_, i) => {
      const button = block(tabs, "button");
      button.type = "button";
      button.onclick = () => { const begins = list[i].set && (i !== now || i < questions.length); now = i; show(); if (begins) this.reset(); else this.redraw(); };
      this.inputs.push({ show: () => button.classList.toggle("mtl-next", this.next === "next" && i === now + 1) });
      return button;
    });
    this.#check = () => {
      const question = list[now], holds = here(question) && Boolean(question.when(this));
      let changed = holds !== question.holds;
      question.holds = holds;
      if (holds) {
        const said = question.then(this), state = question.settled?.(this) ?? true ? "answered" : "not yet decided";
        changed ||= said !== question.said || state !== question.state;
        Object.assign(question, { said, state, setting: this.spec.setting?.(this) });
        if (this.guessed && "guess" in question.moves) { // counts from the first answer on
          guesses()[`mtl ${this.spec.chapter}.${this.name}${now + 1}`] ??= JSON.stringify({ question: question.ask, guess: "drawn", outcome: said, right: null });
          document.dispatchEvent(new Event("mtl-guess"));
        }
      }
      if (changed) this.redraw(); // the picture may show an answer
      if (changed || hint !== hinted()) show();
    };
    this.#reserve = () => {
      Object.assign(found, { hidden: false, style: "" });
      found.textContent = questions.map(({ answer }) => answer ?? "so ".repeat(ROOM)).reduce((one, other) => (other.length > one.length ? other : one));
      found.style.minHeight = found.offsetHeight + "px";
      show();
    };
    show();
  }

  // The key of the move of the stage that is to be made, or made again; once it is answered "next"; none while a loop plays.
  get next() {
    const { moves, made, said, again } = this.question ?? {};
    if (!moves || this.loops.some((loop) => loop.playing)) return null;
    const keys = Object.keys(moves), more = !said && made.size && again?.(this);
    return more || (keys.find((key) => !made.has(key)) ?? (said ? "next" : keys.at(-1)));
  }

  made(key) { this.question?.made.add(key); }

  // Words with a nose, at a handle: near it, where they cover no letter, no other handle and nothing of class `mtl-keep`;
  // of the points of a curve, `mtl-curve`, as few as may be.
  #call(handle, words) {
    this.callout?.remove();
    if (!handle || !words || this.held) return; // none runs beside a drag
    const surface = handle.node.ownerSVGElement, [x, y] = handle.pixels(), frame = surface.getBoundingClientRect();
    const [width, height] = [surface.width, surface.height].map((length) => length.baseVal.value), zoom = width / frame.width;
    const sides = ({ left, right, top, bottom }) => [left - 2 - frame.left, right + 2 - frame.left, top - 2 - frame.top, bottom + 2 - frame.top].map((side) => side * zoom);
    const taken = [...this.place.querySelectorAll("text, .mtl-title, .mtl-handle, .mtl-keep")].filter((node) => node !== handle.node).map((node) => sides(node.getBoundingClientRect()));
    for (const curve of surface.querySelectorAll(".mtl-curve")) {
      for (const [, u, v] of (curve.getAttribute("d") ?? "").matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)) {
        const { x: left, y: top } = new DOMPoint(u, v).matrixTransform(curve.getScreenCTM());
        taken.push([...sides({ left, right: left, top, bottom: top }), .006]);
      }
    }
    this.callout = add(surface, "g", { class: "mtl-callout" });
    const [thorn, bubble] = ["mtl-nose", ""].map((name) => add(this.callout, "path", { class: name })), text = add(this.callout, "text", { "text-anchor": "middle" }, words);
    const half = text.getComputedTextLength() / 2 - 4, first = !handle.up && (y > height / 2 || y < 120) ? 1 : -1;
    const places = [1, -1].map((side) => { const at = x + side * (half + 37), edge = at - side * (half + 13); return { at, middle: y, nose: [[edge, y - 9], [x + side * 20, y], [edge, y + 9]], dear: 61 }; });
    for (let far = 45; far < 180; far += 8) for (const down of [first, -first]) for (const aside of [0, -.5, .5, -1, 1, -1.6, 1.6]) {
      const at = clamp(x + aside * (half + 10), half + 17, width - half - 17), middle = y + far * down, root = clamp(x, at - half, at + half), edge = middle - 14 * down, wide = far > 62 ? 5 : 9;
      places.push({ at, middle, nose: [[root - wide, edge], [x, y + 20 * down], [root + wide, edge]], dear: far + 30 * Math.abs(aside) + 9 * (down !== first) });
    }
    const cost = ({ at, middle, nose: [[x1, y1], [x2, y2], [x3, y3]], dear }) => {
      const boxes = [[at - half - 17, at + half + 17, middle - 17, middle + 17], [Math.min(x1, x2), Math.max(x2, x3), Math.min(y1, y2), Math.max(y2, y3)]];
      const covered = boxes.flatMap(([l, r, t, b]) => taken.map(([L, R, T, B, weight = 1]) => weight * Math.max(0, Math.min(r, R) - Math.max(l, L)) * Math.max(0, Math.min(b, B) - Math.max(t, T))));
      const beyond = Math.max(0, 15 - middle, middle + 15 - height) + Math.max(0, half + 15 - at, at + half + 15 - width);
      return covered.reduce((sum, area) => sum + 999 * area, 99999 * beyond + dear);
    };
    const { at, middle, nose } = places.sort((one, other) => one.dear - other.dear).reduce((best, place) => (place.dear < best.cost && cost(place) < best.cost ? { ...place, cost: cost(place) } : best), { cost: Infinity });
    change(text, { x: fixed(at), y: fixed(middle + 5) });
    bubble.setAttribute("d", `M${fixed(at - half)},${fixed(middle - 15)}h${fixed(2 * half)}a15,15 0 0 1 0,30h${fixed(-2 * half)}a15,15 0 0 1 0,-30Z`);
    thorn.setAttribute("d", path(nose) + "Z");
  }

  #check = () => {};
  #reserve = () => {}; // the room that the longest answer needs, so that nothing below jumps

  // --- things to move

  // A point to drag: { name, key, x, y: scales, at: () => [u, v], to: (u, v) => {}, step, words: () => string, colour, mark }.
  // Without `y` it moves along x alone, on the height `level`, in pixels or () => pixels (or without `x`, along y). The arrow
  // keys move it by `step` (in data units; with shift, ten steps). `mark(g)` draws something else than a disc. With `up` what
  // to do with it stands above it.
  handle(parent, { name, key, x, y, level = 0, at, to, step, words, colour = BLACK, mark, up }) {
    const g = add(parent, "g", { class: "mtl-handle", tabindex: 0, role: "slider", "aria-label": name });
    if (x && y) g.setAttribute("aria-roledescription", "point to move");
    else g.setAttribute("aria-orientation", x ? "horizontal" : "vertical");
    add(g, "circle", { r: 18, fill: "transparent", stroke: "none" }); // what a finger hits
    add(g, "circle", { r: 14, class: "mtl-ring", fill: "none" });
    if (mark) mark(g);
    else add(g, "circle", { r: 8, fill: "#fff", stroke: colour, "stroke-width": 3 });
    const pixels = () => { const [u, v] = at(), other = level instanceof Function ? level() : level; return [x ? x(u) : other, y ? y(v) : other]; };
    const move = (u, v) => { this.made(key); to(u, v); };
    dragged(g, (px, py) => {
      const [hx, hy] = pixels();
      g.focus({ preventScroll: true });
      return (u, v) => move(x?.invert(u + hx - px), y?.invert(v + hy - py));
    });
    g.addEventListener("keydown", (event) => {
      const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0, up = { ArrowDown: -1, ArrowUp: 1 }[event.key] ?? 0;
      if (!(across || up) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const [u, v] = at(), size = step * (event.shiftKey ? 10 : 1);
      if (x && y) move(u + across * size, v + up * size);
      else if (x) move(u + (across + up) * size);
      else move(undefined, v + (across + up) * size);
    });
    const show = () => {
      const [px, py] = pixels(), [u, v] = at();
      change(g, { transform: `translate(${fixed(px)},${fixed(py)})`, "aria-valuetext": words(), "aria-valuenow": Number((x ? u : v).toFixed(3)) });
    };
    this.handles.push({ key, show, node: g, pixels, up });
    return g;
  }

  // --- controls, in the order in which they are made; `key` is the part of the state that one shows and sets

  slider({ label, key, low = this.limits[key][0], high = this.limits[key][1], step = "any", words = (value) => said(value) }) {
    const row = block(this.controls, "label", "mtl-slider");
    block(row, "span", "", label);
    const input = block(row, "input"), readout = block(row, "output");
    Object.assign(input, { type: "range", min: low, max: high, step });
    input.oninput = () => { this.made(key); this.set({ [key]: input.valueAsNumber }); };
    this.inputs.push({ key, node: row, show: () => {
      if (input.valueAsNumber !== this.state[key]) input.value = this.state[key];
      readout.textContent = words(this.state[key]);
      input.setAttribute("aria-valuetext", readout.textContent);
    } });
    return input;
  }

  toggle({ label, key, then = () => {} }) {
    const button = this.button(label, () => { this.set({ [key]: !this.state[key] }); then(this.state[key]); }, this.controls, key);
    this.inputs.push({ show: () => button.setAttribute("aria-pressed", String(this.state[key])) });
    return button;
  }

  // One of a few words: {word in the state: label}, or the words.
  choice({ label, key, options }) {
    const row = block(this.controls, "div", "mtl-choice");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", label);
    block(row, "span", "", label);
    this.inputs.push({ key, node: row, show() {} });
    for (const [value, name] of Array.isArray(options) ? options.map((word) => [word, word]) : Object.entries(options)) {
      const button = this.button(name, () => { this.made(key); this.set({ [key]: value }); }, row);
      this.inputs.push({ show: () => button.setAttribute("aria-pressed", String(this.state[key] === value)) });
    }
  }

  button(label, act, place = this.controls, key = "") {
    const button = block(place, "button", "", label);
    button.type = "button";
    button.onclick = () => { this.touched = true; this.made(key); act(); this.redraw(); };
    if (key) this.inputs.push({ key, node: button, show() {} });
    return button;
  }

  // From `play()` on, which calls `begin`, calls `step` about `rate` times a second, as far as a frame has time, until it
  // returns false or `pause()`. It rests while the card is out of sight. A `quiet` one is no move of the reader's.
  loop(step, { rate = 60, begin = () => {}, quiet = false } = {}) {
    const loop = { playing: false };
    let last = 0, owed = 0, drawn = 0;
    const frame = (now) => {
      if (!loop.playing || this.closed) return;
      if (this.seen) {
        this.stepping = true;
        owed = Math.min(owed + (now - last) / 1000 * rate, rate / 4);
        const until = performance.now() + BUDGET;
        while (loop.playing && owed >= 1 && performance.now() < until) {
          owed -= 1;
          if (step() === false) loop.pause();
        }
        this.stepping = false;
        if (!loop.playing || !this.still.matches || now - drawn > REST) { drawn = now; this.redraw(); }
      }
      last = now;
      requestAnimationFrame(frame);
    };
    loop.play = () => {
      if (loop.playing) return;
      loop.playing = true;
      this.touched ||= !quiet;
      begin();
      this.#busy();
      requestAnimationFrame((now) => { last = now; owed = 1; frame(now); });
    };
    loop.pause = () => { loop.playing = false; this.redraw(); };
    loop.toggle = () => (loop.playing ? loop.pause() : loop.play());
    if (!quiet) this.loops.push(loop);
    return loop;
  }

  // A button beside the picture that plays and pauses a loop: its label at rest, and while it plays; both texts, or
  // functions that make them.
  player(loop, play, pause = "Pause", { big = false, key = "" } = {}) {
    const button = this.button("", loop.toggle, this.runs, key), words = (label) => (label instanceof Function ? label() : label);
    if (big) button.className = "mtl-play";
    this.inputs.push({ show: () => { button.textContent = words(loop.playing ? pause : play); } });
    return button;
  }
}

export const explorable = (spec) => ({
  render({ model, el }) {
    const stage = new Stage(spec instanceof Function ? spec(JSON.parse(model.get("data"))) : spec, model, el);
    return () => stage.close();
  },
});

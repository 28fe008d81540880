// The page as slides, for a class: key P. A slide is a table, figure, formula, list, fold, prediction, explorer or one
// question of a quiz, below the heading of its section, in a deck that of its row; no prose, and of code only what the lesson plan asks for. The
// page itself is shown, all but one slide's parts hidden, so that widgets go on working and slides cannot differ from the
// text. Arrow keys, Page Up and Down (a clicker's) or a swipe turn the page; Home and End go to the first and the last, a
// number and Enter to that slide. O opens the fold of a slide and uncovers its table, or shuts and covers what it has
// opened itself; N shows what the plan says to the teacher. In a class, room.js hears of each slide and may jump to a row.

{
  const FIGURE = ".jp-RenderedHTML > img", HEADING = /^H[123]$/;
  const NO_SLIDES = /(Exercises|The evidence)$/; // sections
  const LEFT_OUT = ".celltag_exercise, .celltag_claim, .celltag_live"; // cells
  // what a page break may not cut
  const WHOLE = ":is(h1, h2, h3, p, li, tr, summary, legend, label, button, input, select, pre, svg, img, math, figcaption, .mtl-title, .mtl-dials, .mtl-tag)";
  const LEGIBLE = 1.2; // 15 px, the smallest text on a slide, becomes 18 px of a window of 1280 × 720
  const LARGER = 1.1; // a picture, by course.css
  const TALL = 900; // pixels, two for one shown, of a picture whose words have 12 points
  const BELOW = 110; // of the window: what stays on the page of a heading
  const SLACK = 16; // of the window: the edges below a slide, which hold no words
  const WIDE = 1060, NARROW = 704, LARGEST = 2.4;
  const LEAD = 200; // characters of a sentence that introduces a table or a list
  const main = document.querySelector("main"), body = document.body, button = document.querySelector("button.projector");
  const deck = main.querySelector(".plan-row"); // the page of a lesson plan
  const plan = JSON.parse(main.dataset.plan ?? "{}"); // cells that the lesson plan names, and what of them is covered
  const bar = document.createElement("div");
  bar.className = "projector-bar";
  bar.setAttribute("role", "status");
  let slides = [], at = -1, page = 0, pages = [], noted = false, touched = null, typed = "";

  const text = (part) => part.textContent.trim();
  const cellOf = (part) => part?.closest(".jp-Cell");
  const idOf = (cell) => cell?.id.replace("cell-id=", "") ?? "";

  // The parts of each slide. Those of the plan's cells are all shown, if only as text or code.
  function list() {
    const found = [];
    let heads = [], lead = null, silent = false; // but for the plan's cells
    const add = (...parts) => {
      const above = parts.some((part) => part.querySelector(".mtl-score")) ? [] : heads; // it says whose it is, and is long
      found.push([...above, parts.some((part) => part.querySelector(`${FIGURE}, .mtl-card`)) ? null : lead, ...parts].filter(Boolean));
      heads = heads.filter((head) => head.tagName !== "H3");
    };
    for (const cell of main.querySelectorAll(":scope > .jp-Cell")) {
      const planned = idOf(cell) in plan, before = found.length;
      const blocks = [...(cell.querySelector(".jp-RenderedMarkdown")?.children ?? [])];
      const [whole, told] = ["slides-", "plan"].map((name) => idOf(cell).startsWith(name)); // written for the wall
      for (const block of blocks) {
        if (HEADING.test(block.tagName)) {
          if (deck && !whole && !told) continue;
          if (block.tagName !== "H3") silent = NO_SLIDES.test(text(block));
          heads = [...heads.filter((head) => head.tagName === "H2" && block.tagName === "H3"), block];
          lead = null;
        } else if (whole) continue;
        else if (silent && !planned || block.matches("details") && text(block).startsWith("References")) continue;
        else if (block.matches("h1 + p")) add(block);
        else {
          const listed = found.length > before && found.at(-1).at(-1).matches("ol, ul");
          if (listed && block.matches("details")) found.at(-1).push(block); // the answers below their questions
          else if (block.matches("details") && !planned && !block.querySelector("table, img, math[display=block]")) lead = null; // shut, and prose
          else if (block.matches("table, ol, ul, details, math, :has(math[display=block])")) add(block);
          lead = text(block).endsWith(":") && text(block).length < LEAD ? block : null;
        }
      }
      if (whole && blocks.length > 1) add(...blocks.slice(1));
      if (!blocks.length && (planned || !silent && !cell.matches(LEFT_OUT))) {
        const kinds = [FIGURE, ".mtl-setup", ".mtl-card", "table", planned && "pre"].filter(Boolean).join();
        const shown = [...cell.querySelectorAll(".jp-OutputArea-child")].filter((part) => part.querySelector(kinds));
        const chosen = plan[idOf(cell)]?.match(/^[\d,]+$/)?.[0].split(","); // numbers of questions
        if (chosen) cell.querySelectorAll(".mtl-numbers button")[chosen[0] - 1]?.click(); // of an explorable
        const items = [...cell.querySelectorAll(".mtl-item")].filter((_, i) => !chosen || chosen.includes(`${i + 1}`));
        const report = cell.querySelector(".mtl-report:has(.answer)");
        if (items.length) items.forEach((item) => add(...shown, item));
        else if (report) reported(report).forEach((parts) => add(...shown, ...parts));
        else if (shown.length) add(...shown);
        else if (planned) add(cell.querySelector(".jp-Cell-inputWrapper"));
      } else if (blocks.length && planned && !whole && found.length === before) {
        add(...blocks.filter((block) => !HEADING.test(block.tagName) && !/^(\d+ min · |exercises$)/.test(text(block))));
      }
      if (!blocks.length) lead = null;
    }
    return found;
  }

  // A report is seven pages; of it three slides, from the bottom: what was not tested, what each task gains, the answer.
  const reported = (report) => ["What was not tested", "What each task gains"].map((words) => {
    const head = [...report.querySelectorAll("h2")].find((part) => text(part) === words);
    return [head, head.nextElementSibling];
  }).concat([[report.querySelector(".answer")]]);

  const inside = (what) => slides[at].flatMap((part) => [...(part.matches(what) ? [part] : []), ...part.querySelectorAll(what)]);

  // As large as the window lets it be, and no smaller than legible: what does not fit then is turned over, never cut but
  // for a picture that is larger than the window. A high picture stays whole as long as its words of 12 points are
  // legible. A long table has its head on each page.
  function fit() {
    tell();
    body.style.setProperty("--bar", `${bar.offsetHeight}px`);
    const unit = Math.min(innerWidth / 1280, innerHeight / 720), room = innerHeight - bar.offsetHeight;
    const [picture] = inside(FIGURE), fixed = inside(".mtl-card:not(.mtl-quiz, .mtl-score, .mtl-ask:not(:has(.mtl-figure))), .highlight pre").length;
    const legible = unit * (picture && !inside("p, li, td, pre, .mtl-card").length ? LEGIBLE / LARGER : LEGIBLE);
    const tall = inside(".mtl-figure").filter((figure) => figure.querySelector("img").naturalHeight > TALL);
    tall.forEach((figure) => { figure.style.zoom = ""; });
    main.style.cssText = "";
    let width, zoom;
    for (width of fixed ? [WIDE] : picture ? [Math.max(picture.getBoundingClientRect().width + 16, NARROW)] : [NARROW, 880, WIDE]) {
      main.style.width = `${width}px`;
      zoom = Math.min(innerWidth / width, room / main.scrollHeight, LARGEST * unit);
      const broad = inside("table, pre, math[display=block]").some((part) => part.scrollWidth > Math.min(part.parentElement.clientWidth, part.clientWidth));
      if (zoom >= legible && !broad) break;
    }
    main.style.zoom = zoom = Math.max(zoom, legible);
    if (main.scrollHeight * zoom > room + SLACK) tall.forEach((figure) => { figure.style.zoom = 1; });
    inside("thead").forEach((head) => { head.style.cssText = ""; });
    inside(".mtl-figure ~ p").forEach((why) => why.classList.toggle("beside", why.offsetTop < why.parentElement.querySelector(".mtl-figure").offsetTop + 1));
    pages = breaks(main.getBoundingClientRect(), room);
    const broad = Math.min(innerWidth, width * zoom);
    if (width * zoom > broad + 1) pages = pages.flatMap((part) => [part, { ...part, left: width * zoom - broad }]);
    page = Math.min(page, pages.length - 1);
    const { left, top, height, head, down } = pages[page];
    if (head) head.style.cssText = `background: var(--jp-layout-color0); position: relative; top: ${down / zoom}px`;
    main.style.cssText += `max-width: ${broad / zoom}px; height: ${height / zoom}px; --left: ${left / zoom}px; --top: ${top / zoom}px`;
    tell();
    if (bar.offsetHeight > innerHeight - room) fit(); // with the number of pages its words take one line more
  }

  function breaks({ top: start, height: high }, room) {
    const box = (part) => { const { top, bottom } = part.getBoundingClientRect(); return [top - start, bottom - start + (HEADING.test(part.tagName) ? BELOW : 0)]; };
    const whole = [...main.querySelectorAll(WHOLE)].filter((part) => part.getClientRects().length).map(box).filter(([a, b]) => b - a <= room);
    const tables = inside("table").filter((table) => table.tHead).map((table) => [table.tHead, ...box(table), table.tHead.offsetHeight * main.style.zoom]);
    const found = [];
    let top = 0, head, down;
    while (high - top > room + SLACK) {
      let end = top + room;
      for (let cut; (cut = whole.find(([a, b]) => a > top + 1 && a < end - 1 && b > end + 1)); ) end = cut[0];
      found.push({ left: 0, top, height: end - top, head, down });
      const picture = end === top + room && high - end < room; // the last page then shows as much of it as it can
      const [table] = tables.filter(([, first, last]) => first < end && end < last);
      top = picture ? high - room : end - (table?.[3] ?? 0);
      if (picture) top = whole.find(([a, b]) => a < top - 1 && b > top + 1)?.[1] ?? top;
      [head, down] = table && !picture ? [table[0], top - table[1]] : [];
    }
    return [...found, { left: 0, top, height: Math.min(high - top, room), head, down }];
  }

  const rowOf = () => { // of a deck: the row of the plan that the slide belongs to
    const before = [...document.querySelectorAll(".plan-row")].filter((row) => row.compareDocumentPosition(slides[at].at(-1)) & 4);
    return before.at(-1);
  };

  // What the plan says before the vote: of a prediction its own line, of a slide that asks nothing that of its row.
  function spoken(row) {
    const said = JSON.parse(row.dataset.said), [card] = inside("[data-id]");
    return card ? said[card.dataset.id]?.before ?? said[""].vote ?? "The question, as it stands." : said[""].before;
  }

  function tell() {
    const row = rowOf(), more = pages.length > 1 ? ` (${page + 1}/${pages.length})` : "";
    const words = row ? `${row.dataset.minutes} min · ${row.dataset.task}` : "← and → turn the page, O opens, P ends";
    bar.textContent = typed ? `${typed}, Enter turns to it` : `${at + 1} of ${slides.length}${more} · ${noted && row && spoken(row) || words}`;
  }

  function hide() {
    slides[at]?.forEach((part) => part.classList.remove("on-slide"));
    sizes.disconnect();
  }

  function show(number, last = false) {
    hide();
    at = Math.min(Math.max(number, 0), slides.length - 1);
    for (const part of slides[at]) {
      part.classList.add("on-slide");
      if (part.closest("details.folded")) part.closest("details.folded").open = true;
    }
    page = last ? Infinity : 0;
    fit();
    document.dispatchEvent(new CustomEvent("slide", { detail: { slide: at + 1, of: slides.length, row: idOf(cellOf(rowOf())), cell: idOf(cellOf(slides[at].at(-1))) } }));
    // a picture or a widget may be drawn, or opened by a guess, only after the first fit
    slides[at].flatMap((part) => [part, ...part.querySelectorAll(".mtl-card, img, details")]).forEach((part) => sizes.observe(part));
  }

  const turn = (step) => {
    if (!Number.isFinite(step)) return show(step);
    if (!pages[page + step]) return slides[at + step] && show(at + step, step < 0);
    page += step;
    fit();
  };

  const sizes = new ResizeObserver(() => requestAnimationFrame(() => at >= 0 && fit()));

  function start() {
    slides = list();
    if (!slides.length) return;
    const here = slides.findIndex((parts) => parts.at(-1).getBoundingClientRect().bottom > 0);
    body.classList.add("projecting");
    body.append(bar);
    show(here < 0 ? slides.length - 1 : here);
  }

  function end() {
    const [part] = slides[at];
    hide();
    main.style.cssText = "";
    body.classList.remove("projecting");
    bar.remove();
    at = -1;
    part.scrollIntoView();
  }

  // What is covered: entries of tables, each uncovered by a click, a column by a click on its heading.
  const column = (table, index) => [...table.tBodies].flatMap((part) => [...part.rows]).map((row) => row.cells[index]);
  for (const cell of main.querySelectorAll(":scope > .jp-Cell")) {
    for (const table of plan[idOf(cell)] ? cell.querySelectorAll("table") : []) {
      const last = table.rows[0].cells.length - 1;
      const hidden = plan[idOf(cell)] === "last" ? column(table, last) : [...table.querySelectorAll("tbody td")];
      hidden.forEach((entry) => entry.classList.add("covered", "shut"));
    }
  }
  function clicked({ target }) {
    const entry = target.closest("td, th"), table = at >= 0 && entry?.closest("table");
    if (!table) return;
    if (entry.matches("thead th")) {
      const entries = column(table, entry.cellIndex).filter((one) => one.matches("td"));
      const shut = !entries.some((one) => one.classList.contains("shut"));
      entries.forEach((one) => { one.classList.add("covered"); one.classList.toggle("shut", shut); });
    } else if (entry.matches(".covered")) entry.classList.toggle("shut");
  }
  function toggle() {
    const folds = inside("details:not(.folded)"), entries = inside(".covered");
    const open = folds.some((fold) => !fold.open) || entries.some((entry) => entry.matches(".shut"));
    for (const fold of folds) { // what a vote has opened stays open
      if (open && !fold.open) fold.dataset.byKey = "";
      if (open || "byKey" in fold.dataset) fold.open = open;
    }
    entries.forEach((entry) => entry.classList.toggle("shut", !open));
    fit();
  }

  const TURNS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1, Home: -Infinity, End: Infinity };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input:not([type=radio]), textarea, select"), key = event.key.toLowerCase();
    if (key === "p" && !typing) return at < 0 ? start() : end();
    if (at < 0) return;
    if (/^\d$/.test(key) && !typing || typed && ["Enter", "Backspace", "Escape"].includes(event.key)) {
      event.preventDefault();
      const number = Number(typed);
      typed = /^\d$/.test(key) ? typed + key : "";
      return event.key === "Enter" ? show(number - 1) : fit();
    }
    if (event.key === "Escape") return end();
    if (key === "o" && !typing) return toggle();
    if (key === "n" && !typing) { noted = !noted; return fit(); }
    const clicker = event.key.startsWith("Page"); // other keys belong to the widget that has the focus
    if (TURNS[event.key] && (clicker || !event.target.closest(".mtl-card, input, button, summary"))) {
      event.preventDefault();
      if (clicker) document.activeElement.blur();
      turn(TURNS[event.key]);
    }
  }, true);
  document.addEventListener("jump", ({ detail: row }) => { // to the first slide of a row of the plan
    const head = document.getElementById(`cell-id=${row}`);
    const first = at < 0 || !head ? -1 : slides.findIndex((parts) => head.compareDocumentPosition(parts.at(-1)) & 4);
    if (first >= 0) show(first);
  });
  document.addEventListener("click", clicked);
  document.addEventListener("touchstart", ({ touches: [finger], target }) => { touched = target.closest(".mtl-card") ? null : finger; });
  document.addEventListener("touchend", ({ changedTouches: [finger] }) => {
    const moved = at >= 0 && touched ? finger.clientX - touched.clientX : 0;
    if (Math.abs(moved) > 60) turn(-Math.sign(moved));
  });
  addEventListener("resize", () => at >= 0 && fit());
  button?.addEventListener("click", start);
}

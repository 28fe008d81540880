// A page in class: what is committed is sent to the room, and the result opens when the teacher opens it. On the teacher's
// pages, questions have bars or dots and buttons instead; on a slide keys do the same: V asks or takes back, B bars, A again,
// O open, and Q shows the address as a QR code. The teacher's script of a deck follows the slide on the wall. The widgets know nothing of it: their clicks are caught, and made once the result is open.

{
  const CARDS = ".mtl-ask, .mtl-item", FIELD = "[aria-label='your guess']", PLACE = "script[type='application/vnd.jupyter.widget-view+json']";
  const UNANSWERED = 4000, SILENT = 45000, FOR_NOW = 4000, LOOKED_AT = 2000; // ms: without an answer to a vote, without a word; for which something is said; for which a slide is shown before it asks
  const body = document.body, { make } = charts;
  const room = { state: { now: "", round: {}, open: {} }, questions: {}, tallies: {}, present: 0, strangers: {}, door: null, act };
  let line, role = "", heard = 0, connected = false, lost = false, left = false, passing = false, asked = "", next = "", slide = 0;
  let mine = {}, waiting = {}; // votes by question: those that the room has, by round, and those that it has not

  // --- the cards ------------------------------------------------------------------------------------------------------

  const cards = () => [...document.querySelectorAll(CARDS)];
  const options = (card) => [...card.querySelectorAll(card.matches(".mtl-ask") ? "label:has([type=radio])" : ":scope > button")];
  const round = (id) => room.state.round[id] ?? 1;
  const last = (id) => waiting[id] ?? (mine[id] ?? []).findLast((vote) => (vote ?? null) !== null) ?? null;

  function chosen(card) {
    const field = card.querySelector(FIELD), at = options(card).findIndex((label) => label.control?.checked);
    if (!field) return at < 0 ? null : at;
    const value = Number(field.value.trim().replace("−", "-").replace(",", "."));
    return field.value.trim() === "" || Number.isNaN(value) ? null : value;
  }

  function choose(card, vote) {
    if (card.matches(".mtl-item")) return;
    const field = card.querySelector(FIELD);
    if (field) {
      field.type = "number"; // as the card reads it
      field.value = vote;
    }
    else options(card)[vote].control.checked = true;
    card.dispatchEvent(new Event("input"));
  }

  function open(card, id) {
    const vote = role === "teacher" ? null : last(id), focus = document.activeElement;
    card.dataset.opened = "";
    passing = true;
    if (card.matches(".mtl-item")) {
      if (vote !== null || role === "teacher") new Set([vote ?? room.state.open[id], room.state.open[id]]).forEach((i) => options(card)[i].click());
    } else if (vote === null) {
      card.querySelector(".mtl-buttons [type=button]")?.click();
    } else {
      choose(card, vote);
      card.requestSubmit();
    }
    passing = false;
    if (focus !== body && focus.isConnected) focus.focus({ preventScroll: true });
    else if (role === "teacher") document.activeElement.blur(); // the verdict takes the focus, which is a frame on the wall
  }

  function shut(card) {
    delete card.dataset.opened;
    if (card.matches(".mtl-ask")) {
      card.closest(`:has(> ${PLACE})`).querySelector(PLACE).dispatchEvent(new Event("show-again", { bubbles: true }));
    } else {
      options(card).forEach((button) => button.classList.remove("mtl-right", "mtl-wrong"));
      card.querySelectorAll(".mtl-why").forEach((part) => part.replaceChildren());
    }
  }

  // --- votes ----------------------------------------------------------------------------------------------------------

  function vote(card, value) {
    if (role === "teacher" || value === null) return;
    waiting[card.dataset.id] = value;
    send();
    paint();
  }

  function send() {
    if (!connected) return;
    for (const [id, value] of Object.entries(waiting)) line.send(JSON.stringify({ vote: id, value }));
    const to = line;
    setTimeout(() => { if (to === line && connected && Object.keys(waiting).length) lose(); }, UNANSWERED);
  }

  function caught(event, card) {
    if (!card || left || passing || card.dataset.id in room.state.open) return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
  document.addEventListener("submit", (event) => {
    const card = event.target.closest(".mtl-ask");
    if (!caught(event, card)) return;
    if (chosen(card) === null) say("A number, please.", true);
    vote(card, chosen(card));
  }, true);
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".mtl-item > button"), card = button?.parentElement;
    if (caught(event, card)) vote(card, options(card).indexOf(button));
  }, true);

  // --- the connection -------------------------------------------------------------------------------------------------

  const bar = make(body, "div", "room-bar");
  bar.setAttribute("role", "status");

  function connect() {
    clearTimeout(connect.later);
    if (left || connected) return;
    if (line) {
      line.onclose = line.onmessage = null;
      line.close();
    }
    line = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/room`);
    line.onmessage = ({ data }) => {
      heard = Date.now();
      if (data !== "{}") hear(JSON.parse(data));
    };
    line.onclose = lose;
  }
  addEventListener("online", connect);
  addEventListener("offline", () => lose());
  setInterval(() => { if (connected && Date.now() - heard > SILENT) lose(); }, 5000);
  document.addEventListener("visibilitychange", () => document.hidden || connect()); // a phone that was asleep

  function lose() {
    line.onclose = line.onmessage = null; // a browser takes long to close a line that is dead
    line.close();
    if (left) return;
    connected = false;
    lost = true;
    say("No connection to the class; trying again. What you chose is kept.");
    if (role !== "teacher") make(bar, "button", "", "Go on without the class").onclick = leave;
    paint();
    clearTimeout(connect.later);
    connect.later = setTimeout(() => { // not all at once
      fetch("./", { method: "HEAD", signal: AbortSignal.timeout(UNANSWERED) }).catch(() => {}); // brings the cookie of another class
      connect();
    }, 1000 + 2000 * Math.random());
  }

  function say(text, forNow = false) {
    clearTimeout(say.later);
    bar.replaceChildren();
    make(bar, "span", "", text);
    if (forNow) say.later = setTimeout(() => bar.replaceChildren(), FOR_NOW);
  }

  function leave() {
    left = true;
    lose();
    bar.replaceChildren();
    body.classList.replace("in-class", "left");
    document.querySelectorAll(".room-note").forEach((part) => part.remove());
    document.querySelectorAll(".mtl-ask [type=submit]").forEach((button) => { button.textContent = "Commit and see"; });
    document.querySelectorAll(FIELD).forEach((field) => { field.type = "number"; });
  }

  function hear(told) {
    if (told.hello) {
      connected = true;
      role = told.hello;
      mine = told.mine;
      asked = "";
      Object.assign(room, { questions: told.questions, door: told.door });
      body.classList.add("in-class");
      body.classList.toggle("teaching", role === "teacher");
      if (lost) say("Back in class.", true);
      lost = false;
      showWay();
    }
    if (told.state) room.state = told.state;
    for (const what of ["present", "strangers", "link", "slower"]) if (what in told) room[what] = told[what];
    if (told.wall) room.wall = { ...told.wall, at: Date.now() };
    if ("wall" in told) follow();
    if (told.jump) document.dispatchEvent(new CustomEvent("jump", { detail: told.jump }));
    if (told.tallies) Object.assign(room.tallies, told.tallies);
    if (told.taken) {
      (mine[told.taken] ??= [])[told.round - 1] = told.value;
      if (waiting[told.taken] === told.value) delete waiting[told.taken];
    }
    if (told.cleared) for (const votes of [mine, waiting]) delete votes[told.cleared];
    if (told.refused) {
      waiting = {};
      say(`The class does not take this: ${told.refused}.`, true);
    }
    paint();
    if (told.state || "slower" in told) follow();
    for (const id of Object.keys(room.state.open)) delete waiting[id]; // too late, but shown with the result
    if (told.hello) send();
    askWhatIsShown();
  }

  // --- what a page shows ----------------------------------------------------------------------------------------------

  function paint() {
    if (left || !role) return;
    for (const card of cards()) {
      const id = card.dataset.id, is = id in room.state.open;
      if (is && !("opened" in card.dataset)) open(card, id);
      if (!is && "opened" in card.dataset) shut(card);
      (role === "teacher" ? paintVotes : paintMine)(card, id, is);
    }
    if (body.matches(".vote")) paintPage();
    document.dispatchEvent(new CustomEvent("room", { detail: room }));
  }

  function paintMine(card, id, is) {
    const sent = mine[id]?.[round(id) - 1] ?? null, note = card.querySelector(".room-note") ?? make(card, "p", "room-note");
    const submit = card.querySelector("[type=submit]"), field = card.querySelector(FIELD);
    note.setAttribute("aria-live", "polite");
    note.textContent = is ? "" : id in waiting ? connected ? "Sending …" : "Not sent yet: it is kept until the connection is back."
      : sent !== null ? "Your vote is in. You can change it until the result is opened."
      : round(id) > 1 ? "Vote again: did your neighbours convince you?" : "";
    if (submit) submit.textContent = sent === null ? "Vote" : "Change my vote";
    if (card.matches(".mtl-item")) options(card).forEach((button, i) => button.classList.toggle("room-chosen", i === last(id)));
    else if (!is && chosen(card) === null && last(id) !== null) choose(card, last(id));
    if (field && !is) Object.assign(field, { type: "text", inputMode: "decimal" }); // of "14,5" a field for numbers makes 145
  }

  function paintPage() { // the page that has all questions shows the one that is asked
    for (const card of cards()) card.classList.toggle("room-now", card.dataset.id === room.state.now);
    document.querySelector(".room-none").hidden = !!room.state.now;
    const way = document.querySelector(".room-link");
    document.querySelector(".room-slower").onclick = () => {
      if (connected) line.send(JSON.stringify({ slower: true }));
      say(connected ? "Said, without your name." : "No connection: say it aloud.", true);
    };
    way.hidden = !room.link;
    if (room.link) way.firstChild.href = room.link;
  }

  // --- the teacher's --------------------------------------------------------------------------------------------------

  function act(what, id) {
    if (connected) line.send(JSON.stringify({ do: what, id }));
  }

  function paintVotes(card, id) {
    if (!(id in room.questions)) return;
    charts.paint(card.querySelector(".room-panel") ?? charts.panel(card, id, room), options(card), id, room);
  }

  // a widget is drawn some time after its place
  const cardsIn = (node) => node.nodeType === 1 && (node.matches(".mtl-card") || node.querySelector(".mtl-card"));
  new MutationObserver((changes) => {
    if (changes.some(({ addedNodes }) => [...addedNodes].some(cardsIn))) paint();
  }).observe(body, { childList: true, subtree: true });

  const onSlide = () => [...document.querySelectorAll(".projecting .on-slide .mtl-ask, .projecting .mtl-item.on-slide")].at(-1);

  function askWhatIsShown() { // once it is looked at: who pages over it asks nothing
    const card = role === "teacher" && connected && onSlide(), id = (card && card.dataset.id) || "";
    if (id === next) return;
    clearTimeout(askWhatIsShown.later);
    next = id;
    if (id && id !== asked && id !== room.state.now) askWhatIsShown.later = setTimeout(() => act("ask", asked = id), LOOKED_AT);
  }
  document.addEventListener("slide", ({ detail }) => { // what a script shows may not be for the wall
    paint();
    askWhatIsShown();
    if (role !== "teacher") return;
    const deck = location.pathname.split("/").at(-1).replace(".html", "");
    act("wall", { deck, ...detail, begins: slide === 1 && detail.slide === 2 });
    slide = detail.slide;
  });

  // The script of a deck, on another device than the wall: at the row that is shown, with what to say next and the minutes.
  const minutesOf = (row) => row.querySelector(".plan-row").dataset.minutes;
  const [start, end] = [0, 1].map((i) => (row) => Number(minutesOf(row).split(/\D/)[i]));

  function follow() {
    const rows = [...document.querySelectorAll(".jp-Cell:has(.plan-row)")], here = rows.findIndex((row) => row.id === `cell-id=${room.wall?.row}`);
    if (role !== "teacher" || body.matches(".projecting") || !location.pathname.endsWith(`/${room.wall?.deck}.html`) || !rows.length) return;
    rows.forEach((row, i) => {
      row.classList.toggle("room-here", i === here);
      if (row.querySelector(".room-jump")) return;
      const button = make(row.querySelector("h2"), "button", "room-jump", "On the wall");
      button.onclick = () => act("jump", row.id.replace("cell-id=", ""));
    });
    if (here >= 0 && follow.row !== here) rows[here].scrollIntoView({ block: "start" });
    follow.row = here;
    guide(rows, here);
  }

  function guide(rows, here) {
    const part = document.querySelector(".room-guide") ?? make(body, "div", "room-guide");
    part.replaceChildren();
    const { slide, of, cell, elapsed, at } = room.wall, row = rows[here];
    const minute = elapsed === null ? null : (elapsed + (Date.now() - at) / 1000) / 60;
    const late = !row || minute === null ? "" : minute > end(row) ? `${Math.ceil(minute - end(row))} min over` : minute < start(row) ? `${Math.ceil(start(row) - minute)} min early` : "in time";
    make(part, "b", late.endsWith("over") ? "over" : "", [row ? `${minutesOf(row)} min` : "", late, `slide ${slide} of ${of}`].filter(Boolean).join(" · "));
    if (room.slower) make(part, "span", "over", `${room.slower} ask you to go slower`);
    if (!row) return;
    const said = JSON.parse(row.querySelector(".plan-row").dataset.said), id = document.getElementById(`cell-id=${cell}`)?.querySelector(CARDS)?.dataset.id;
    const lines = said[id] ?? { ...said[""], ...(id && { before: said[""].vote ?? "the question, as it stands." }) }, when = id in room.state.open ? "after" : round(id) > 1 ? "while" : "before";
    const words = { before: "Say", while: "While they argue", after: "Afterwards" };
    for (const what of said[id] ? [when] : Object.keys(words)) if (lines[what]) make(part, "span", "", `${words[what]}: ${lines[what]}`);
    const later = rows[here + 1];
    if (later) make(part, "button", "", `Skip to ${minutesOf(later)}`).onclick = () => act("jump", later.id.replace("cell-id=", ""));
  }
  setInterval(() => follow(), 15000);

  document.addEventListener("keydown", (event) => {
    if (role !== "teacher" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=radio]), select, textarea")) return;
    const key = event.key.toLowerCase(), card = onSlide(), id = card && card.dataset.id;
    const what = { b: "bars", a: "again", o: "open", v: id === room.state.now ? "rest" : "ask" }[key];
    if (key === "q") return showDoor();
    if (!what || !(id in room.questions) || id in room.state.open && key !== "v") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    clearTimeout(askWhatIsShown.later);
    act(what, asked = id);
  }, true);

  function showWay() { // in a deck, below its title
    const about = document.querySelector(".plan-row") && document.querySelector("h1 + p");
    if (role !== "teacher" || !about || about.querySelector(".room-way")) return;
    const way = make(about, "span", "room-way");
    way.innerHTML = room.door.code; // drawn by the server
    make(way, "b", "", room.door.url);
  }

  function showDoor() {
    const shown = document.querySelector(".room-door");
    if (shown) return shown.remove();
    const { code, url } = room.door, part = make(body, "div", "room-door");
    part.innerHTML = code;
    make(part, "p", "", url);
    part.onclick = () => part.remove();
  }

  connect();
}

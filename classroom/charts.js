// Votes as the teacher sees them: bars beside options, numbers as dots above their median; first and second vote together.

window.charts = (() => {
  const WIDTH = 600, HIGH = 84, EDGE = 20, HEAD = 26, COLUMNS = 60, NAMES = ["first", "second"];
  const shown = (value) => String(Number(value.toPrecision(3))).replace("-", "−");
  const sum = (counts) => counts.reduce((total, count) => total + count, 0);

  function make(parent, name, className = "", text = "") {
    const part = document.createElement(name);
    Object.assign(part, { className, textContent: text });
    parent.append(part);
    return part;
  }

  // The numbers that the axis shows: without what is far from most of them, and with the answer.
  function range(votes, answer) {
    const all = votes.flat().sort((a, b) => a - b), at = (share) => all[Math.round(share * (all.length - 1))];
    const spread = 3 * (at(.75) - at(.25) || Math.abs(at(.5)) / 2 || 1);
    const shown = all.filter((value) => value >= at(.25) - spread && value <= at(.75) + spread);
    const low = Math.min(...shown, answer ?? Infinity), high = Math.max(...shown, answer ?? -Infinity);
    return low < high ? [low, high] : low === high ? [low - 1, low + 1] : [0, 1];
  }

  function median(sorted) {
    const half = (sorted.length - 1) / 2;
    return (sorted[Math.floor(half)] + sorted[Math.ceil(half)]) / 2;
  }

  const own = (question) => question.id.startsWith("own."); // the teacher's, whose answer nobody here knows

  // The page of the best, where a class has raced: own.race.
  const best = (numbers) => `Best: ${numbers.slice(-3).reverse().map(shown).join(", ")}. Ahead: ${numbers.filter((number) => number > 0).length} of ${numbers.length}.`;

  const cast = (question, round) => question.options.length ? sum(round) : round.length;

  // Beside each of `places`, the options on the page, its votes; `answer` is null as long as nobody is to see it.
  function bars(places, votes, answer) {
    places.forEach((place, i) => {
      place.querySelector(".room-bars")?.remove();
      const bars = make(place, "span", "room-bars");
      votes.forEach((counts, number) => {
        const vote = make(bars, "span", `room-vote round-${number + 1}${answer === i ? " right" : ""}`);
        make(vote, "i").style.width = `${70 * counts[i] / Math.max(1, sum(counts))}%`;
        make(vote, "b", "", String(counts[i]));
      });
    });
  }

  function dots(votes, unit, answer) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), [low, high] = range(votes, answer);
    const draw = (name, attributes, text = "") => {
      const part = document.createElementNS(svg.namespaceURI, name);
      for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
      part.textContent = text;
      svg.append(part);
    };
    const x = (value) => EDGE + (WIDTH - 2 * EDGE) * Math.min(Math.max((value - low) / (high - low), 0), 1);
    const column = (value) => value < low ? -1.5 : value > high ? COLUMNS + 1.5 : Math.round(COLUMNS * (value - low) / (high - low));
    const said = (value, y, text, look = "") => {
      const anchor = x(value) < 120 ? "start" : x(value) > WIDTH - 120 ? "end" : "middle";
      draw("text", { x: x(value), y, "text-anchor": anchor, class: look }, text);
    };
    const bottom = HEAD + votes.length * (HIGH + HEAD);
    if (answer !== null) draw("line", { x1: x(answer), x2: x(answer), y1: HEAD, y2: bottom - HEAD, class: "answer" });
    votes.forEach((values, number) => {
      const top = HEAD + number * (HIGH + HEAD), floor = top + HIGH, stacks = {};
      for (const value of values) (stacks[column(value)] ??= []).push(value);
      const step = Math.min(9, HIGH / Math.max(1, ...Object.values(stacks).map((stack) => stack.length)));
      draw("line", { x1: EDGE, x2: WIDTH - EDGE, y1: floor, y2: floor, class: "axis" });
      for (const [column, stack] of Object.entries(stacks)) {
        const cx = EDGE + column * (WIDTH - 2 * EDGE) / COLUMNS, look = `round-${number + 1}${column < 0 || column > COLUMNS ? " beyond" : ""}`;
        stack.forEach((_, i) => draw("circle", { cx, cy: floor - step * (i + .5), r: 4, class: look }));
      }
      if (!values.length) return;
      const middle = median(values);
      draw("line", { x1: x(middle), x2: x(middle), y1: top, y2: floor, class: "median" });
      said(middle, top - 6, `${votes.length > 1 ? `${NAMES[number]} vote: ` : ""}median ${shown(middle)}`);
    });
    said(low, bottom - 6, shown(low));
    said(high, bottom - 6, `${shown(high)} ${unit}`.trim());
    if (answer !== null) said(answer, bottom - 6, `result ${shown(answer)}`, "answer");
    for (const [key, value] of Object.entries({ class: "room-dots", width: WIDTH, height: bottom })) svg.setAttribute(key, value);
    return svg;
  }

  // How many voted of how many are there; once the result is open, what came of it.
  function count(question, votes, present, open) {
    if (!open) return `${votes.length > 1 ? "Second vote: " : ""}${cast(question, votes.at(-1))} of ${present} voted`;
    const told = votes.map((round, number) => {
      const all = cast(question, round), name = votes.length > 1 ? `${NAMES[number]} vote: ` : "";
      if (!all) return `${name}none`;
      return name + (question.options.length ? `${round[question.answer]} of ${all} right` : `median ${shown(median(round))} of ${all}`);
    });
    const line = told.join(", ");
    return line[0].toUpperCase() + line.slice(1);
  }

  // Peer instruction's rule, for the teacher alone: what to do after the first vote, and what the discussion did.
  function rule(question, { votes, right, moved }, open) {
    const all = cast(question, votes[0]), share = Math.round(100 * right[0] / all);
    if (moved?.both) return `Of ${moved.both} who voted twice ${moved.up} went from wrong to right, ${moved.down} from right to wrong.`;
    if (!all || open || votes.length > 1 || own(question) || !question.options.length && !question.near.length) return "";
    return `${right[0]} of ${all} right, ${share}%: ` + (share < 30 ? "say the set-up again, let one explain it, vote again"
      : share > 70 ? "one reason, one temptation, open" : "two minutes with somebody who voted otherwise, vote again");
  }

  // What is below a question: a chart, a line, and buttons that stay where they are while votes come in.
  function panel(parent, id, room) {
    const part = make(parent, "div", "room-panel");
    make(part, "div", "room-chart");
    const line = make(part, "div", "room-line");
    make(line, "p", "room-count");
    make(line, "p", "room-rule");
    const buttons = make(line, "div", "room-buttons");
    for (const what of ["ask", "bars", "again", "open", "clear"]) {
      const button = make(buttons, "button", `room-act-${what}`);
      button.type = "button";
      button.onclick = () => room.act(what === "ask" && room.state.now === id ? "rest" : what, id);
    }
    return part;
  }

  function paint(part, places, id, room) {
    const { [id]: question } = room.questions, { votes, bars: seen } = room.tallies[id], open = id in room.state.open;
    const mine = !document.body.matches(".projecting"); // the teacher's own device is no wall
    const chart = part.querySelector(".room-chart"), answer = open ? question.answer : null;
    const shown = seen || open || mine;
    if (question.options.length) bars(places, shown ? votes : [], answer);
    else chart.replaceChildren(...(shown ? [dots(votes, question.unit, answer)] : []));
    const raced = shown && own(question) && !question.options.length && votes.at(-1).length;
    part.querySelector(".room-count").textContent = `${count(question, votes, room.present, open)}${raced ? `. ${best(votes.at(-1))}` : ""}`;
    part.querySelector(".room-rule").textContent = mine ? rule(question, room.tallies[id], open) : "";
    const words = { ask: room.state.now === id ? "Take it back (V)" : "Ask (V)", bars: seen ? "Hide the bars (B)" : "Show the bars (B)", again: "Vote again (A)", open: "Open the result (O)", clear: "Clear" };
    for (const [what, text] of Object.entries(words)) part.querySelector(`.room-act-${what}`).textContent = text;
    part.querySelector(".room-act-bars").hidden = open;
    part.querySelector(".room-act-open").hidden = open || own(question);
    part.querySelector(".room-act-again").hidden = open || votes.length > 1;
  }

  return { make, panel, paint };
})();

// What a class is asked, in Chinese: key Z, or the button; a phone that speaks Chinese begins so. Texts of cards, of the
// set-ups above them and of the room are replaced, one by one, by those of docs/zh/questions.po (`zh.js`); what that has
// not, stays as it is. Widgets and room go on writing English, and hear nothing of it.

{
  const WHERE = ".mtl-ask, .mtl-item, .mtl-setup, .room-bar, .room-guide, .room-link, .room-none, .room-last";
  const KEPT = "mtl chinese", body = document.body, buttons = [...document.querySelectorAll("button.chinese")];
  const seen = new WeakMap(); // of each text: what it says in English and, if that is known, in Chinese
  let on = false, books = null, due = false;

  // Of a book its lines, and those with a {name} in them as patterns.
  function bound(lines) {
    const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const pattern = (line) => RegExp(`^${line.split(/\{\w+[^}]*\}/).map(literal).join("(.+?)")}$`, "s");
    const names = (line) => [...line.matchAll(/\{(\w+)[^}]*\}/g)].map((match) => match[1]);
    const open = Object.entries(lines).filter(([line]) => line.includes("{"));
    return { lines, patterns: open.map(([line, chinese]) => [pattern(line), names(line), chinese]) };
  }

  function translated(text, of) {
    for (const { lines, patterns } of of) {
      if (Object.hasOwn(lines, text)) return lines[text];
      for (const [pattern, names, chinese] of patterns) {
        const match = text.match(pattern);
        if (match) return chinese.replace(/\{(\w+)[^}]*\}/g, (_, name) => translated(match[1 + names.indexOf(name)], of) ?? match[1 + names.indexOf(name)]);
      }
    }
    const number = text.match(/^[\d.,−]+ /)?.[0]; // of a question in a quiz, or of a unit
    const rest = number && translated(text.slice(number.length), of);
    return rest && number + rest;
  }

  function paint() {
    due = false;
    for (const part of document.querySelectorAll(WHERE)) {
      const id = part.closest("[data-id]")?.dataset.id, of = id ? [books[id], books.phone].filter(Boolean) : Object.values(books);
      const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      for (let node; (node = texts.nextNode()); ) {
        let known = seen.get(node);
        if (!known || ![known.english, known.chinese].includes(node.data)) {
          seen.set(node, (known = { english: node.data, chinese: translated(node.data.trim(), of) }));
        }
        const wanted = on && known.chinese ? known.chinese : known.english;
        if (node.data !== wanted) node.data = wanted;
        if (known.chinese) node.parentElement.lang = on ? "zh-CN" : "en";
      }
    }
    for (const button of buttons) button.textContent = on ? "English" : "中文";
  }

  const soon = () => {
    if (!books || due) return;
    due = true;
    requestAnimationFrame(paint);
  };
  new MutationObserver(soon).observe(body, { childList: true, characterData: true, subtree: true });

  function turn(to) {
    on = to;
    if (books) return paint();
    const script = document.createElement("script");
    script.src = "static/zh.js";
    script.onload = () => {
      books = Object.fromEntries(Object.entries(window.courseChinese).map(([id, lines]) => [id, bound(lines)]));
      paint();
    };
    document.head.append(script);
  }

  function toggle() {
    turn(!on);
    try { localStorage.setItem(KEPT, on ? "on" : "off"); } catch {} // for the other pages, in a browser that keeps it
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=radio]), select, textarea")) return;
    if (event.key.toLowerCase() === "z") toggle();
  });
  buttons.forEach((button) => { button.onclick = toggle; });
  let kept = null;
  try { kept = localStorage.getItem(KEPT); } catch {}
  if (kept ? kept === "on" : body.matches(".vote") && navigator.language.startsWith("zh")) turn(true);
}

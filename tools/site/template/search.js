// The search of the exported pages: no server, no network. All sections are in search-index.js, which is loaded when the
// field is first used; a section is found if it has every word; one with the words in its heading comes first, before it one that is named so.

{
  const field = document.querySelector(".search input"), list = document.querySelector(".search ol");
  const plain = (text) => text.toLowerCase().normalize("NFKD");
  const words = (text) => plain(text).match(/[\p{L}\p{N}]+/gu) ?? [];

  const load = () => new Promise((done) => {
    if (window.courseSections) return done();
    const script = document.createElement("script");
    script.src = "static/search-index.js";
    script.onload = done;
    document.head.append(script);
  });

  function found(asked) {
    const name = asked.join(" ");
    const scored = window.courseSections.map((section) => {
      const heading = plain(section.heading), text = plain(section.text);
      const scores = asked.map((word) => (heading.includes(word) ? 10 : 0) + Math.min(text.split(word).length - 1, 5));
      const named = words(section.heading).join(" ") === name ? 100 : 0;
      return { section, score: scores.includes(0) ? 0 : scores.reduce((sum, score) => sum + score, named) };
    });
    return scored.filter(({ score }) => score).sort((a, b) => b.score - a.score).slice(0, 12).map(({ section }) => section);
  }

  // what stands around the first of the words
  function excerpt({ text }, asked) {
    const at = Math.max(0, Math.min(...asked.map((word) => plain(text).indexOf(word)).filter((place) => place >= 0)) - 40);
    return (at > 0 ? "… " : "") + text.slice(at, at + 110) + " …";
  }

  function show() {
    const asked = words(field.value), hits = asked.length ? found(asked) : [];
    list.replaceChildren(...hits.map((section) => {
      const item = document.createElement("li"), link = document.createElement("a"), more = document.createElement("span");
      link.href = section.page + (section.anchor && "#" + encodeURIComponent(section.anchor));
      link.textContent = section.chapter + (section.heading && " › " + section.heading);
      more.textContent = section.text && excerpt(section, asked);
      item.append(link, more);
      return item;
    }));
    document.querySelector(".search [role=status]").textContent =
      !asked.length ? "" : hits.length ? `${hits.length}${hits.length === 12 ? " or more" : ""} found` : "Nothing found";
  }

  field.addEventListener("input", () => load().then(show));
  field.addEventListener("keydown", (event) => { if (event.key === "Escape") { field.value = ""; show(); } });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, select, textarea")) return;
    event.preventDefault();
    if (field.closest("details")) field.closest("details").open = true;
    field.focus();
  });
}

// The list of sections beside the text marks the one that is read. On a narrow screen it is a line that stays on top, names
// that section, and opens with the search; a link in it shuts it again.

{
  const sections = document.querySelector(".sections"), side = sections.parentElement, summary = sections.firstElementChild;
  const wide = matchMedia("(min-width: 75rem)"), closed = summary.textContent;
  const links = [...sections.querySelectorAll("li > a")];
  let heads = [], here = null;

  function mark() {
    if (document.body.matches(".projecting")) return;
    // just below the top, since a section may be short; towards the end of the page, where no more can come up, down to its last line
    const left = document.documentElement.scrollHeight - scrollY - innerHeight;
    const line = Math.max(120, innerHeight - left);
    const at = heads.findLastIndex((head) => head.getBoundingClientRect().top < line);
    if (links[at] === here) return;
    here?.removeAttribute("aria-current");
    here = links[at];
    here?.setAttribute("aria-current", "location");
    summary.textContent = here?.textContent ?? closed;
    if (!wide.matches || !here) return;
    const { top, bottom } = here.getBoundingClientRect(); // a long list is scrolled, the page is not
    if (top < 0 || bottom > innerHeight) side.scrollTop += top - innerHeight / 2;
  }

  (wide.onchange = () => { sections.open = wide.matches; })();
  sections.addEventListener("click", ({ target }) => { if (target.closest("li > a") && !wide.matches) sections.open = false; });
  let due = false;
  addEventListener("scroll", () => {
    if (!due) requestAnimationFrame(() => { due = false; mark(); });
    due = true;
  }, { passive: true });
  document.addEventListener("DOMContentLoaded", () => {
    heads = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
    mark();
  });
}

// Brings the cards of a page to life: each reads its saved state and needs nothing else, neither kernel nor network.

document.addEventListener("DOMContentLoaded", async () => {
  const json = (tag) => JSON.parse(tag.textContent);
  const { state: models } = json(document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]'));
  const modules = new Map(), styled = new Set(), views = new Map();

  function code(text) { // two cards of a kind are one module
    if (!modules.has(text)) modules.set(text, import(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))));
    return modules.get(text);
  }

  async function show(place) { // once more: anew
    views.get(place)?.close?.();
    views.get(place)?.el.remove();
    const { state } = models[json(place).model_id], el = document.createElement("div");
    if (!styled.has(state._css)) document.head.append(Object.assign(document.createElement("style"), { textContent: state._css }));
    styled.add(state._css);
    place.after(el);
    const view = { el };
    views.set(place, view);
    view.close = await (await code(state._esm)).default.render({ model: { get: (name) => state[name] }, el });
  }

  for (const place of document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]')) await show(place);
  document.body.dataset.widgets = "shown";
  document.addEventListener("show-again", ({ target }) => show(target));
});

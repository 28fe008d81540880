// Brings the widgets of an exported page to life, without a kernel and without the network.
//
// The code of the widgets is what ipywidgets and anywidget install for the classic notebook: scripts that call `define`.
// What they need from a notebook is little: to find each other, to find a model by its id, and to make a view of a model.

// the parts of the classic notebook with which ipywidgets registers, when it is loaded and when it brings its styles
const notebook = { container: { on() {} }, keyboard_manager: { actions: { register() {} } } };
window.Jupyter = { version: "6.0.0", notebook };

const modules = {
  module: { uri: "", config: () => ({}) },
  "base/js/namespace": window.Jupyter,
  "base/js/events": { on() {} },
  "notebook/js/outputarea": { OutputArea: { prototype: { register_mime_type() {} } } },
};

// anywidget (0.11) gives up on a widget that has not begun after two seconds, as on a slow phone. Nothing is lost here,
// where no Python speaks to it, but each is an error in the console. JupyterLab has the same: `tools/lab_extensions/`.
const timeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (milliseconds) => timeout(milliseconds === 2000 ? 120_000 : milliseconds);

// the tag of the script says which module it defines
window.define = (needs, factory) => {
  modules[document.currentScript.dataset.module] = factory(...needs.map((name) => modules[name]));
};
window.requirejs = (names, done) => done(...names.map((name) => modules[name]));
window.requirejs.config = () => {};

function classOf(model_module, name) {
  // ipywidgets defines all of its modules as one
  const found = (model_module.startsWith("@jupyter-widgets/") ? modules["@jupyter-widgets/base"] : modules[model_module])?.[name];
  if (!found) throw new Error(`This page has no widget ${name} of ${model_module}`);
  return found;
}

class Manager {
  constructor(state) {
    this.models = {};
    for (const [id, saved] of Object.entries(state)) this.models[id] = this.restore(id, saved);
  }

  async restore(id, { model_module, model_name, state, buffers = [] }) {
    await null; // first every model is listed, so that each finds the others
    for (const { path, data } of buffers) {
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      const holder = path.slice(0, -1).reduce((value, key) => value[key], state);
      holder[path.at(-1)] = new DataView(bytes.buffer);
    }
    const Model = classOf(model_module, model_name);
    return new Model(await Model._deserialize_state(state, this), { model_id: id, widget_manager: this });
  }

  has_model(id) {
    return id in this.models;
  }

  async get_model(id) {
    if (!this.has_model(id)) throw new Error(`This page has no model ${id}`);
    return this.models[id];
  }

  create_view(model, options = {}) {
    const view = this.render(model, options);
    model.views[`view${Object.keys(model.views).length}`] = view;
    return view;
  }

  async render(model, options) {
    const View = classOf(model.get("_view_module"), model.get("_view_name"));
    const view = new View({ model, options });
    view.listenTo(model, "destroy", view.remove);
    await view.render();
    return view;
  }

  callbacks() {
    return {};
  }

  async resolveUrl(url) {
    return url;
  }

  inline_sanitize(html) {
    return html; // the page is ours
  }
}

document.addEventListener("DOMContentLoaded", async () => {
  const json = (tag) => JSON.parse(tag.textContent);
  const saved = document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]');
  const manager = new Manager(json(saved).state);
  await modules["@jupyter-widgets/base"].load_ipython_extension();
  const views = new Map();
  async function show(place) { // once more: anew
    views.get(place)?.remove();
    const view = await manager.create_view(await manager.get_model(json(place).model_id));
    views.set(place, view);
    modules["@jupyter-widgets/base"].JupyterLuminoWidget.attach(view.luminoWidget, place.parentElement);
  }
  for (const place of document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]')) await show(place);
  document.body.dataset.widgets = "shown";
  document.addEventListener("show-again", ({ target }) => show(target));
});

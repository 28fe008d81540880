// Shows widgets that JupyterLab gave up on a moment too early. A widget that a notebook has saved waits two seconds for
// its model and looks every tenth of a second, but not after its last wait. ("get_model" of @jupyter-widgets/base 6.0,
// ipywidgets 8.1; a kernel starts in about two seconds.) If the models come in that tenth, all cards of the notebook say
// "model not found" for good, though all models are there. So what says so once all has come is drawn again.
const WIDGET = "application/vnd.jupyter.widget-view+json", LOST = "Error displaying widget: model not found";
const PATIENCE = 3000; // milliseconds: longer than a widget waits

function* inside(widget) {
  yield widget;
  for (const part of widget.children()) yield* inside(part);
}

function drawAgain(notebook) {
  for (const { outputArea } of notebook.widgets) {
    for (const [i, output] of (outputArea?.widgets ?? []).entries()) {
      for (const renderer of inside(output)) {
        if (renderer.mimeType !== WIDGET || renderer.node.textContent !== LOST) continue;
        renderer.removeClass("jupyter-widgets");
        renderer.renderModel(outputArea.model.get(i)); // says the same again if the model is really not there
      }
    }
  }
}

// The manager of a notebook's widgets. Until there is one, renderers wait for ever.
async function managerOf(panel) {
  while (!panel.isDisposed) {
    const asked = panel.content.rendermime.createRenderer(WIDGET)._manager.promise;
    const manager = await Promise.race([asked, new Promise((done) => setTimeout(done, 500))]);
    if (manager) return manager;
  }
}

async function watch(panel) {
  await panel.context.ready;
  const manager = await managerOf(panel);
  if (!manager) return;
  const later = () => setTimeout(() => panel.isDisposed || drawAgain(panel.content), PATIENCE);
  manager.restored.connect(later);
  if (manager.restoredStatus) later();
}

const plugin = {
  id: "multitask-ranking-course:late-widgets",
  autoStart: true,
  activate(app) {
    const watched = new WeakSet();
    const look = () => {
      const panel = app.shell.currentWidget;
      if (!panel?.content?.rendermime?.createRenderer || !panel.context || watched.has(panel)) return;
      watched.add(panel);
      watch(panel).catch((error) => console.warn("Late widgets are not watched:", error));
    };
    app.shell.currentChanged?.connect(look);
    app.restored.then(look); // the notebook that the address names is open by then
  },
};

// anywidget (0.11) gives up on a widget that has not begun after two seconds, as on a page that is busy for as long, and
// drops all that Python says to it from then on ("Failed to initialize model" in the console). It asks for this signal.
const timeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (milliseconds) => timeout(milliseconds === 2000 ? 120_000 : milliseconds);

// what webpack would write: a container of one module
(globalThis._JUPYTERLAB ??= {})["multitask-ranking-course"] = {
  init: () => {},
  get: async () => () => ({ __esModule: true, default: plugin }),
};

// The smallest explorable: a point to drag, a switch, and a loop.
import { BLUE, explorable, said, scale, svg } from "../../../helpers/display/live/kit.js";

export default explorable({
  limits: { x: [0, 10], y: [0, 10] },
  questions: [
    { ask: "Where is x large?", when: ({ state }) => state.x > 8, then: () => "At the right.", hint: ({ state }) => (state.x > 2 ? `${said(state.x)} is in the middle.` : "") },
    { ask: "What does the switch do?", when: ({ state }) => state.on, then: () => "It switches." },
  ],
  setup(stage) {
    stage.slider({ label: "height", key: "y", step: 1 });
    stage.toggle({ label: "on", key: "on" });
    stage.player(stage.loop(() => { stage.set({ x: stage.state.x + .1 }); return stage.state.x < 10; }), "Run");
  },
  picture(stage, place, width) {
    const figure = svg(place, width, 200), x = scale(0, 10, 20, width - 20), y = scale(0, 10, 180, 20);
    stage.handle(figure, {
      name: "the point", x, y, step: .5, colour: BLUE,
      at: () => [stage.state.x, stage.state.y], to: (u, v) => stage.set({ x: u, y: v }),
      words: () => `${said(stage.state.x)} across, ${said(stage.state.y)} up`,
    });
    return () => {};
  },
  sentence: ({ state, ghost }) => `At ${said(state.x)}, ${said(state.y)}${ghost ? `, before at ${said(ghost.x)}` : ""}.`,
});

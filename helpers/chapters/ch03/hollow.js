// The list of chapter 00 for one user, whose cloud of videos the reader bends until a weighted sum misses part of its front.

import { explorable } from "../../display/live/kit.js";
import { front, list, seen } from "../ch00/tiles.js";

export default explorable({
  ...list(true),
  questions: [
    {
      ask: "Some videos are beaten by no other at both. Bend the cloud until half of them come first at no weight.",
      when: (stage) => {
        const { edge, missed } = seen(stage);
        return stage.state.bend > 0 && 2 * missed.length >= edge.length;
      },
      then: "The front is hollow now. A straight line meets an end of it first, however you turn it.",
    },
    {
      ask: "Leave it bent, and put one of these videos first.",
      when: (stage) => {
        const { videos, list: top } = seen(stage);
        return stage.state.corner && stage.state.bend > 0 && front(videos, false).missed.includes(top[0]);
      },
      then: "A corner fits into a hollow. Only the chance that is worse off counts, each in units of its weight.",
    },
  ],
});

// The list of chapter 00 for one user, whose cloud of videos the reader bends until a weighted sum misses part of its front.

import { explorable, said } from "../../display/live/kit.js";
import { bestPlace, front, leap, list, seen } from "../ch00/tiles.js";

const at = ([click, finish]) => `(${said(click)}, ${said(finish)})`;
const missed = (stage) => front(seen(stage).videos, false).missed; // those that a line puts first at no weight

export default explorable({
  ...list(true),
  questions: [
    {
      name: "A hollow", set: { corner: false, user: 0 }, show: ["w"], moves: { bend: "", sweep: "" }, again: () => "bend",
      ask: "The green steps lead along the videos that no other beats at both. Bend the cloud until half of them come first at no weight.",
      when: (stage) => stage.state.bend > 0 && 2 * missed(stage).length >= seen(stage).edge.length,
      then: (stage) => {
        const { videos, edge } = seen(stage), { w, from, to, over } = leap(videos, missed(stage));
        return `Hollow: ${missed(stage).length} of ${edge.length} are first at no weight. At w = ${said(w)} the line jumps from ${at(videos[from])} to ${at(videos[to])}, over ${over.length} of them.`;
      },
      hint: (stage) => `${missed(stage).length} of ${seen(stage).edge.length} at this bend. Try another.`,
    },
    {
      name: "First place", set: { bend: 1, user: 0 }, show: [], moves: { corner: "", w: "Turn the arrow" },
      ask: "It is bent as far as it goes. Put one of the videos first that no line puts first.",
      when: (stage) => stage.state.corner && stage.state.bend > 0 && missed(stage).includes(seen(stage).list[0]),
      then: (stage) => {
        const { videos, list: [first] } = seen(stage), place = bestPlace(videos, first);
        return `${at(videos[first])} is first; the best place that any line gives it is ${place}. A corner fits into a hollow: only the chance that is worse off counts, in units of its weight.`;
      },
      hint: (stage) => `first is ${at(seen(stage).videos[seen(stage).list[0]])}, which a line can put first, too.`,
    },
  ],
});

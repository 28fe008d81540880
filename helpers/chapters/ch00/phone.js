// A list of ten for one user, which the reader takes for clicks, for finished videos, or for what lies between.

import { explorable } from "../../display/live/kit.js";
import { list } from "./tiles.js";

export default explorable({
  ...list(false),
  questions: [
    {
      ask: "Turn the arrow from one end to the other. Which videos never leave the list?",
      when: ({ ends, state }) => {
        if (state.w <= .1) ends.add("finish");
        if (state.w >= .9) ends.add("click");
        return ends.size === 2;
      },
      then: "Those that are good at both. About half of the others the weight decides: it is a slope, what a click costs in finishes.",
    },
  ],
});

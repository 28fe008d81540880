// A list of ten for one user, which the reader takes for clicks, for finished videos, or for what lies between.

import { explorable, said } from "../../display/live/kit.js";
import { always, ever, expected, list, lists, seen, turned } from "./tiles.js";

// What the weight decides for this user, and what a click costs in finished videos.
function decided(stage) {
  const { videos, all, kept } = seen(stage), [finish, click] = [all[0], all.at(-1)].map((ten) => expected(videos, ten).map((value) => Number(value.toFixed(1)))); // as the slots say
  const mean = (which) => [0, 1].map((k) => said(which.reduce((sum, i) => sum + videos[i][k], 0) / which.length)).join(" and ");
  const good = kept.length ? `${kept.length}, good at both goals (${mean(kept)}; all forty ${mean(videos.map((_, i) => i))})` : "none";
  const cost = Number((finish[1] - click[1]).toFixed(1)), price = cost > 0 ? `cost ${said(cost, 1)} finishes` : cost < 0 ? `bring ${said(-cost, 1)} more finishes, too` : "cost no finishes";
  return `User ${Math.round(stage.state.user) + 1}: ${good}. ${ever(all).length - kept.length} others come and go: ${said(click[0] - finish[0], 1)} more clicks ${price}.`;
}

// How many videos the weight changes for a user, in words beside the first user.
function more({ data: { users } }, user) {
  const [first, now] = [0, user].map((one) => lists(users[one], false)).map((all) => ever(all).length - always(all).length);
  return `${now > first ? "More" : now < first ? "Less" : "As much"}: ${now} videos come and go, with user 1 ${first}.`;
}

// What both questions have, each about a user of its own.
const of = (user) => ({
  set: { user }, show: [], when: turned, then: decided,
  hint({ ends }) {
    const left = ["finish", "click"].filter((_, end) => !ends.has(`${user} ${end}`));
    return `turn it to ${left.length === 1 ? `the other end, the ${left[0]}` : "both ends"}.`;
  },
});

export default explorable({
  ...list(false),
  questions: [
    { name: "One user", ask: "Turn the arrow from one end to the other. Which videos never leave the list?", ...of(0), moves: { w: "Start here: turn it" } },
    { name: "Another", ask: "Another user: does the weight change more of the list, or less?", ...of(7), moves: { w: "Turn it again" }, then: (stage) => `${more(stage, 7)} ${decided(stage)}` },
  ],
});

// A phone that shows a list of ten.

import { add } from "../elements.js";
import { GREY } from "./kit.js";

export const TOP = 10, TILE = 38; // pixels

// As a list or across a picture in rows: a tile for each video, of which ten are shown. `fill(tile, wide)` makes the
// parts of one; the function that comes back places the tiles of a list of ten and calls `show(parts, video)` for each of them.
export function phone(stage, root, width, height, columns, fill) {
  const wide = (width - 12) / columns - 1;
  add(root, "rect", { class: "mtl-keep", x: 1, y: 1, width, height, rx: 14, fill: "#f6f6f6", stroke: GREY, "stroke-width": 2 });
  const tiles = stage.data.users[0].map(() => {
    const tile = add(root, "g", { "pointer-events": "none", style: stage.still.matches ? "" : "transition: transform .25s, opacity .25s" });
    add(tile, "rect", { width: wide, height: TILE - 4, rx: 5, fill: "#fff", stroke: "#ddd" });
    return { tile, parts: fill(tile, wide) };
  });
  return (list, show) => tiles.forEach(({ tile, parts }, i) => {
    const at = list.includes(i) ? list.indexOf(i) : TOP - 1;
    tile.style.transform = `translate(${7 + (at % columns) * (wide + 1)}px, ${12 + TILE * Math.floor(at / columns)}px)`;
    tile.style.opacity = list.includes(i) ? 1 : 0;
    if (list.includes(i)) show(parts, i);
  });
}

"""Every grid of the course, in the order of the chapters."""

from helpers.experiments import (
    abtest,
    balancers,
    biases,
    feed_tasks,
    funnel,
    fusion,
    heat,
    held_out,
    memory,
    mmoe,
    own_leaks,
    own_runs,
    own_worlds,
    primer,
    ranking,
    ratings,
    reasons,
    recipe,
    shapes,
    sharing,
    speed,
    toy,
    tradeoff,
    watch_time,
    watched,
)

GRIDS = (
    primer.GRIDS
    | biases.GRIDS
    | ranking.GRIDS
    | held_out.GRIDS
    | reasons.GRIDS
    | watch_time.GRIDS
    | tradeoff.GRIDS
    | fusion.GRIDS
    | abtest.GRIDS
    | sharing.GRIDS
    | ratings.GRIDS
    | shapes.GRIDS
    | recipe.GRIDS
    | speed.GRIDS
    | heat.GRIDS
    | feed_tasks.GRIDS
    | balancers.GRIDS
    | toy.GRIDS
    | mmoe.GRIDS
    | funnel.GRIDS
    | watched.GRIDS
    | own_leaks.GRIDS
    | own_worlds.GRIDS
    | own_runs.GRIDS
    | memory.GRIDS
)

"""Every grid of the course, in the order of the chapters."""

from helpers.experiments import sharing

GRIDS = [*sharing.GRIDS]

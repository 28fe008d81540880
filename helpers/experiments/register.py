"""Every grid of the course, in the order of the chapters."""

from helpers.experiments import ratings, sharing

GRIDS = sharing.GRIDS | ratings.GRIDS

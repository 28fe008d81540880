"""Every grid of the course, in the order of the chapters."""

from helpers.experiments import primer, ratings, sharing

GRIDS = primer.GRIDS | sharing.GRIDS | ratings.GRIDS

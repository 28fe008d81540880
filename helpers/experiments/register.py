"""Every grid of the course, in the order of the chapters."""

from helpers.experiments import abtest, fusion, primer, ratings, sharing, tradeoff, watch_time

GRIDS = primer.GRIDS | watch_time.GRIDS | tradeoff.GRIDS | fusion.GRIDS | abtest.GRIDS | sharing.GRIDS | ratings.GRIDS

"""Experiments: tables of trained runs, kept grids, and the claims that they allow."""

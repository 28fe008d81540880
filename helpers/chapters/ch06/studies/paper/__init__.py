"""The experiments of `notebooks/deeper/06_paper`."""

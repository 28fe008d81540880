"""The experiments of `notebooks/deeper/04_paper_and_speed`."""

"""The experiments of `notebooks/deeper/04_bottoms`."""

"""The experiments of `notebooks/deeper/02_three_losses`."""

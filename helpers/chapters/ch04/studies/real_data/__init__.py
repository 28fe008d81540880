"""The experiments of `notebooks/deeper/04_real_data`."""

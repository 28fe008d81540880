"""The experiments of `notebooks/deeper/00_ten_times`."""

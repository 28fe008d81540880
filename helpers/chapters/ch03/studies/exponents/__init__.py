"""The experiments of `notebooks/deeper/03_exponents`."""

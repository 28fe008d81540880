"""The experiments of `notebooks/deeper/03_ab_tests`."""

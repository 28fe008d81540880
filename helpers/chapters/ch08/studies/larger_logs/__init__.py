"""The measurement of `notebooks/deeper/08_larger_logs`."""

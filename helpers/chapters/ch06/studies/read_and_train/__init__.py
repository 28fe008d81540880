"""The experiments of `notebooks/deeper/06_read_and_train`."""

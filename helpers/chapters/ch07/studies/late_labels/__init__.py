"""The experiments of `notebooks/deeper/07_late_labels`."""

"""The experiments of `notebooks/deeper/04_at_work` that no other notebook shows."""

"""The experiments of `notebooks/deeper/04_which_tasks_together`."""

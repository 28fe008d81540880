"""The experiments of `notebooks/deeper/01_why_sharing_works`."""

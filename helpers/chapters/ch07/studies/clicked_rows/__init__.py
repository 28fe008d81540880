"""The experiments of `notebooks/deeper/07_clicked_rows`."""

"""The experiments of `notebooks/deeper/07_click_then_buy`."""

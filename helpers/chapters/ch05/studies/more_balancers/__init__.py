"""The methods and experiments of `notebooks/deeper/05_more_balancers`."""

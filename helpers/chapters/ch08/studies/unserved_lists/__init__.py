"""What `deeper/08_unserved_lists` shows: what a log says of lists that it did not serve."""

"""What `deeper/08_own_taste` shows: a world in which no column names the taste, and what learning brings."""

"""Does multi-task learning help on your log?  `mtlcheck LOG.csv`, or in Python what `mtlcheck.capstone` has."""

"""Metrics, intervals, verdicts: how good, how sure, what that allows us to say."""

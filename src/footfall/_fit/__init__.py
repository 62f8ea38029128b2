"""Fit a model, or channel shares, to a log; every row is counted, every number has an interval."""

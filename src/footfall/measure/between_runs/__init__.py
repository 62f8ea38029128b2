"""Whether one set of runs is better or worse than another, run by run: a run is one value."""

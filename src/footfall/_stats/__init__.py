"""Statistics that several rooms use: intervals, tests, and how many observations are enough."""

CONFIDENCE = 0.95
"""Two-sided, wherever no other is named."""
LONGEST_EPISODE = 5.0
"""Mean number of bad visits in a row that is thought possible, where nothing else is declared."""
STRICT_EPISODE = 60.0
"""The same for `strict`: an outage of a minute at a visit a second."""

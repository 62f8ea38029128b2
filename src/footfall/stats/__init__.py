"""Statistics that several rooms use: intervals, tests, and how many observations are enough."""

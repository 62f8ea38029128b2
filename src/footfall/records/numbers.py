"""What a number that a user gives may be at most, whatever it means."""

NUMBER_MOST = 1e15
"""In seconds thirty million years; beyond it, sums of numbers lose their fractions."""

"""The simulator compared with formulas, with figures that others published, and with recorded data."""

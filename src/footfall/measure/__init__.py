"""What visits amount to, how sure we are, and whether that is good enough: pure functions of tables."""

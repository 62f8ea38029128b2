"""Service halls seen from outside: who waits and how many counters are open, every few minutes."""

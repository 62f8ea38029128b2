"""The rows that both worlds write: arrivals, visits, hits, measures; their files; a run's identity."""

"""Criteria: the line a user writes, what it means, and how it is judged on a run."""

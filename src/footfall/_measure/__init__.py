"""Summaries of visits, their intervals, and verdicts: pure functions of tables."""

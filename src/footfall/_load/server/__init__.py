"""Figures of the service under load, read during a run by the process that waits for the generator."""

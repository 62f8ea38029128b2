"""Stations learned from measured runs: what limits a service, how long it works, and what stays unknown."""

"""Footfall on Locust's own web page: a tab, its data, and who works for it outside Locust's process."""

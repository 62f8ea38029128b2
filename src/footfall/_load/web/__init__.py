"""Footfall's tab on Locust's web page: its routes, its data, and the process that judges runs."""

"""Locust plays a trace: the only place that imports it."""

"""Run a trace of arrivals against real endpoints, open loop, every arrival accounted for."""

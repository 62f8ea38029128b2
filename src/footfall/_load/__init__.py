"""Play a trace of arrivals at real endpoints, open loop, every arrival accounted for."""

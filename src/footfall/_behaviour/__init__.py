"""What customers and servers do, as pure functions that simulation, load test and service share."""

"""What-ifs, one file each, that Locust plays: the model that feeds it and what changes, in `SCENARIO`."""

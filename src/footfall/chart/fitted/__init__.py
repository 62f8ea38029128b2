"""What was fitted to a log, beside the data that it was fitted to."""

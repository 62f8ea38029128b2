"""HTTP/1.1 to one host: the same client for `--check`, for a run, and for the checks before it."""

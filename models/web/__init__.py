"""What was learned from the logs of web servers."""

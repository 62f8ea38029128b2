"""Studies of recorded data and of published figures; in the repository, `python -m studies.NAME` runs one."""

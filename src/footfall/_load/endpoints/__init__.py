"""Somebody's own service: operations mapped to its requests by a TOML file."""

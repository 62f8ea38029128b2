"""A target service of the user's: operations are mapped to its requests by a TOML file."""

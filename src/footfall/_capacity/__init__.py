"""The search for the capacity of a service: which load steps to play, and what they say about it."""

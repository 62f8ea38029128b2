"""What a model file holds: frozen data that checks itself, every number with grade and source."""

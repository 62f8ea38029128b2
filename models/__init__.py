"""Models, one file a population: frozen data, joined in `MODEL`."""

"""Models, one file a population: frozen data and the journey of one customer, joined in `MODEL`."""

"""Several workers play one trace: who owns which arrival, what they tell, and what is lost with them."""

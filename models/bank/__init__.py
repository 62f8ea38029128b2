"""What the model of the bank's hotline is made of."""

"""What the models of service halls are made of."""

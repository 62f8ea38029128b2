"""The reference operator service: a real HTTP service with a true ledger, as slow as the model says."""

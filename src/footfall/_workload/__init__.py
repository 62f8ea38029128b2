"""What load there is: scenarios, arrivals, traces, access logs."""

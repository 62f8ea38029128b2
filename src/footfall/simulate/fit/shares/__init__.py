"""Channel shares by month: counted, learned and forecast."""

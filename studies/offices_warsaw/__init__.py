"""Service halls of Warsaw, January 2020: the later days of every queue predicted and compared."""

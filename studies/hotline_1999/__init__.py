"""The Anonymous Bank's hotline, January to May 1999: every regular day predicted and compared."""

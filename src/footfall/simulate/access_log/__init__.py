"""When requests came, by a server's own log, and which customer's errand each stands for."""

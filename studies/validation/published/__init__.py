"""Systems that other programs publish together with their results: each file holds a `MODEL`.

`FIGURES` are the results as that program prints them, `SOURCE` says where, `DAYS` how many of our days
are enough to tell. The study and its tests compare ours with them.
"""

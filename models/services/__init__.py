"""Services of known capacity as models of one station: a pool, a bound on concurrency, a rate limit, stalls.

Each file has a `MODEL` of one channel, `station`, and one operation, `query`: a single GET. They are made to
be copied: what limits a service of one's own, the time it takes and its rate are the numbers to change.
"""

import footfall as ff

ARRIVALS = ff.per_second(ff.assumed(20, "an even load; a load test sets its own"))
PATIENCE = ff.assumed("2 min", "clients wait for two minutes")

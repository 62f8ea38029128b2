"""What the operator's customers want in a month, and where they go first."""

from footfall import Number, assumed

CUSTOMERS_M = 655.44
CHANNELS = ("web", "sms", "hotline", "wap", "kiosk", "own_hall", "partner_hall", "agent")
# Visits of the nation in a month, millions, by operation and first choice of channel. The article's
# 250 M SMS transactions are given; the split of the rest is the reference split (SMS = 60 % of
# electronic business), spread over operations by assumption. Queries: web page views (1,629 M, given)
# at 8 a visit less the visits that transact; the rest assumed.
# fmt: off
DEMAND_M = {
    "query":    (120.3, 125.0, 56.6, 29.2, 10.0,  8.0,  6.0,    0),
    "recharge": ( 32.0, 112.0, 20.0,  9.0, 20.8, 14.0, 27.2, 22.0),
    "transact": ( 40.3, 133.0, 16.7, 10.8,    0, 34.4, 36.9,    0),
    "purchase": (  7.0,     0,    0,    0,    0,  9.0,  7.8,  5.0),
    "roaming":  (  4.0,   5.0,  5.0,  1.0,    0,  1.8,  0.5,    0),
}
# fmt: on
HALL_FACTOR = 0.995
"""Scales the halls' first choices so that the share of served business is the article's 76 %."""


def millions(operation: str) -> dict[str, float]:
    """Monthly visits of the nation by first choice of channel, millions."""
    found = dict(zip(CHANNELS, DEMAND_M[operation], strict=True))
    return {name: m * (HALL_FACTOR if name.endswith("hall") else 1.0) for name, m in found.items() if m}


def observed_shares(operation: str) -> dict[str, Number]:
    """First choices of an operation by channel, as shares."""
    volumes = millions(operation)
    shares = {name: volume / sum(volumes.values()) for name, volume in volumes.items()}
    return assumed(shares, "reference split of the article's month over channels")

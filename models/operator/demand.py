"""What the operator's customers want in a month, and where they go first."""

from footfall import Number, assumed as c

CUSTOMERS_M = 655.44

# Errands of the nation in a month, millions, by operation and first choice of channel. The article's
# 250 M SMS transactions are given; the split of the rest is the reference split (SMS = 60 % of
# electronic business), spread over operations by assumption. Queries: web page views (1,629 M, given)
# at 8 a visit less the visits that transact; the rest assumed.
DEMAND_M = {
    "query": {"web": 120.3, "sms": 125.0, "hotline": 56.6, "wap": 29.2, "kiosk": 10.0}
    | {"own_hall": 8.0, "partner_hall": 6.0},
    "recharge": {"web": 32.0, "sms": 112.0, "hotline": 20.0, "wap": 9.0, "kiosk": 20.8}
    | {"own_hall": 14.0, "partner_hall": 27.2, "agent": 22.0},
    "transact": {"web": 40.3, "sms": 133.0, "hotline": 16.7, "wap": 10.8}
    | {"own_hall": 34.4, "partner_hall": 36.9},
    "purchase": {"web": 7.0, "own_hall": 9.0, "partner_hall": 7.8, "agent": 5.0},
    "roaming": {"web": 4.0, "sms": 5.0, "hotline": 5.0, "wap": 1.0, "own_hall": 1.8, "partner_hall": 0.5},
}
HALL_DEMAND = c(
    0.995, "scales the halls' first choices so that the share of served business is the article's 76 %"
)


def millions(operation: str) -> dict[str, float]:
    """Monthly errands of the nation by first choice of channel, millions."""
    halls = {"own_hall", "partner_hall"}
    return {k: m * (HALL_DEMAND if k in halls else 1.0) for k, m in DEMAND_M[operation].items()}


def observed_shares(operation: str) -> dict[str, Number]:
    """First choices of an operation by channel, as shares."""
    volumes = millions(operation)
    why = "reference split of the article's month over channels"
    return {name: c(volume / sum(volumes.values()), why) for name, volume in volumes.items()}

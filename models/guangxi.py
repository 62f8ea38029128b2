"""One province of 31: the customers and channels of a large mobile operator, as of January 2012.

The article (May 2012, on China Mobile's electronic channels) gives national figures; a province is
1/31 of them. It gives no capacity, no latency, no hotline, kiosk or hall volume: those are
assumptions (grade C), each with its reason. `footfall show models/guangxi.py` lists them all.
"""

import footfall as ff
from footfall import AfterFailure, article, assumed, by_hour, exponential, public
from models.operator.adoption import adoption
from models.operator.channels import AGENT, HOTLINE, KIOSK, OWN_HALL, PARTNER_HALL, SMS, WAP, WEB
from models.operator.demand import CUSTOMERS_M, DEMAND_M, observed_shares
from models.operator.people import SEGMENTS

# Shares who try again and who go elsewhere, and the mean delay; the others give up.
AFTER_FAILURE = {
    "rejected": AfterFailure(0.25, 0.1, exponential("2 min")),
    "error": AfterFailure(0.35, 0.4, exponential("2 min")),
    "timeout": AfterFailure(0.45, 0.3, exponential("1 min")),
    "throttled": AfterFailure(0.5, 0.3, exponential("2 min")),
    "blocked": AfterFailure(0.6, 0.2, exponential("3 min")),
    "abandoned": AfterFailure(0.3, 0.4, exponential("10 min")),
    "balked": AfterFailure(0.2, 0.5, exponential("20 min")),
    "unconfirmed": AfterFailure(0.3, 0.05, exponential("5 min")),
    "closed": AfterFailure(0.0, 0.6, exponential("5 min")),
}
OWN_WAITS = {0: 0, 9: 200, 10: 420, 12: 240, 13: 200, 15: 240, 16: 200, 17: 150, 18: 0}
PARTNER_WAITS = {0: 0, 9: 200, 10: 360, 11: 300, 13: 240, 16: 200, 17: 150, 18: 0}
FIXED_POINT = "near the fixed point of the simulated waits"
ELECTRONIC = ("web", "sms", "hotline", "wap")


def share(name: str, text: str, *electronic: str) -> ff.ShareDefinition:
    """Electronic channels' share of the business that all but the agents serve."""
    return ff.ShareDefinition(
        name=name,
        text=f"served business transactions; {text}, agents not counted",
        electronic=electronic,
        counted=(*ELECTRONIC, "kiosk", "own_hall", "partner_hall"),
        operations=("recharge", "transact", "purchase", "roaming"),
    )


MODEL = ff.calibrated(
    ff.Model(
        "guangxi",
        "Guangxi: one province of 31",
        population=public(round(CUSTOMERS_M * 1e6 / 31), "655.44 M customers in January 2012, over 31"),
        busyness_cv=assumed(0.05, "days differ by a few percent"),
        segments=SEGMENTS,
        channels=(WEB, SMS, HOTLINE, WAP, KIOSK, OWN_HALL, PARTNER_HALL, AGENT),
        choice=ff.NestedLogit(
            assumed({"physical": 0.62, "electronic": 0.76}, "estimated on a synthetic set; none published"),
            expected_wait_s={
                "own_hall": by_hour(OWN_WAITS, FIXED_POINT),
                "partner_hall": by_hour(PARTNER_WAITS, FIXED_POINT),
            },
        ),
        retries=ff.RetryPolicy(
            assumed(3, "few try more often on one day"),
            assumed(AFTER_FAILURE, "no published value for these channels; one retry by most is usual"),
        ),
        accounts=ff.Accounts(
            subscribers=assumed(20_000, "accounts that the reference service keeps"),
            balance=assumed(80, "prepaid balance"),
            balance_cv=assumed(0.8, "prepaid balances vary widely"),
            price={
                "transact": assumed(10, "first month of an added service"),
                "purchase": assumed(5, "number fee"),
                "roaming": assumed(10, "deposit"),
            },
            under_contract_share=assumed(0.008, "contracts that forbid a change of plan"),
        ),
        share_definitions=(
            share("article", "hotline and terminals count as electronic", *ELECTRONIC, "kiosk"),
            share("without_kiosks", "terminals count as physical", *ELECTRONIC),
        ),
        targets={
            "web.query": article(0.978, "web query success"),
            "web.transact": article(0.933, "web transaction success"),
            "sms.transact": article(0.911, "SMS transaction success"),
        },
        adoption=adoption({"guangxi": assumed(1, "the whole of this model")}),
    ),
    {operation: observed_shares(operation) for operation in DEMAND_M},
)

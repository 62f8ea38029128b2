"""One province of 31: the customers and channels of a large mobile operator, as of January 2012.

The article (May 2012, on China Mobile's electronic channels) gives national figures; a province is
1/31 of them. It gives no capacity, no latency, no hotline, kiosk or hall volume: those are
assumptions (grade C), each with its reason. `footfall show models/guangxi.py` lists them all.
"""

import footfall as ff
from footfall import article, assumed, by_hour, public
from footfall._model.population import Province
from models.operator.adoption import adoption, upgrade_month
from models.operator.channels import AGENT, HOTLINE, KIOSK, OWN_HALL, PARTNER_HALL, SMS, WAP, WEB
from models.operator.demand import CUSTOMERS_M, DEMAND_M, observed_shares
from models.operator.people import SEGMENTS


def after(retry: float, switch: float, minutes: float) -> ff.AfterFailure:
    """Shares who try again and who go elsewhere, and the mean delay; the others give up."""
    why = "no published value for these channels; one retry by most is usual"
    delay = ff.exponential(ff.minutes(assumed(minutes, why)))
    return ff.AfterFailure(assumed(retry, why), assumed(switch, why), delay)


RETRIES = ff.RetryPolicy(
    assumed(3, "few try more often on one day"),
    {
        "rejected": after(0.25, 0.1, 2),
        "error": after(0.35, 0.4, 2),
        "timeout": after(0.45, 0.3, 1),
        "throttled": after(0.5, 0.3, 2),
        "blocked": after(0.6, 0.2, 3),
        "abandoned": after(0.3, 0.4, 10),
        "balked": after(0.2, 0.5, 20),
        "unconfirmed": after(0.3, 0.05, 5),
        "closed": after(0.0, 0.6, 5),
    },
)
SYNTHETIC = "estimate on a synthetic set; no published value"
FIXED_POINT = "near the fixed point of the simulated waits"
CHOICE = ff.NestedLogit(
    {"physical": assumed(0.62, SYNTHETIC), "electronic": assumed(0.76, SYNTHETIC)},
    expected_wait_s={
        "own_hall": by_hour(
            {0: 0, 9: 200, 10: 420, 12: 240, 13: 200, 15: 240, 16: 200, 17: 150, 18: 0}, FIXED_POINT
        ),
        "partner_hall": by_hour(
            {0: 0, 9: 200, 10: 360, 11: 300, 13: 240, 16: 200, 17: 150, 18: 0}, FIXED_POINT
        ),
    },
)
ACCOUNTS = ff.Accounts(
    subscribers=assumed(20_000, "accounts that the reference service keeps"),
    balance_yuan_mean=assumed(80, "prepaid balance"),
    balance_cv=assumed(0.8, "prepaid balances vary widely"),
    price_yuan={
        "transact": assumed(10, "first month of an added service"),
        "purchase": assumed(5, "number fee"),
        "roaming": assumed(10, "deposit"),
    },
    under_contract_share=assumed(0.008, "contracts that forbid a change of plan"),
)


def electronic_share(name: str, text: str, *electronic: str) -> ff.ShareDefinition:
    """Electronic channels' share of the business that all but the agents serve."""
    return ff.ShareDefinition(
        name=name,
        text=f"served business transactions; {text}, agents not counted",
        electronic=electronic,
        counted=("web", "sms", "hotline", "wap", "kiosk", "own_hall", "partner_hall"),
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
        choice=CHOICE,
        retries=RETRIES,
        accounts=ACCOUNTS,
        share_definitions=(
            electronic_share(
                "article",
                "hotline and terminals count as electronic",
                *("web", "sms", "hotline", "wap", "kiosk"),
            ),
            electronic_share(
                "without_kiosks", "terminals count as physical", *("web", "sms", "hotline", "wap")
            ),
        ),
        targets={
            "web.query": article(0.978, "web query success"),
            "web.transact": article(0.933, "web transaction success"),
            "sms.transact": article(0.911, "SMS transaction success"),
        },
        adoption=adoption(
            Province(
                name="guangxi",
                population_share=assumed(1, "the whole of this model"),
                upgrade_month=upgrade_month("guangxi"),
            )
        ),
    ),
    {operation: observed_shares(operation) for operation in DEMAND_M},
)

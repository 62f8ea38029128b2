"""One province of 31: the customers and channels of a large mobile operator, as of January 2012.

The article (May 2012, on China Mobile's electronic channels) gives national figures; a province is
1/31 of them. It gives no capacity, no latency, no hotline, kiosk or hall volume: those are
assumptions (grade C), each with its reason. `footfall show models/guangxi.py` lists them all.
"""

from footfall.choice.calibration import calibrated
from footfall.model.durations import exponential_s
from footfall.model.model import Model, ShareDefinition, Target
from footfall.model.numbers import Grade, article, profile, public
from footfall.model.numbers import assumed as c
from footfall.model.population import Accounts, Choice, FollowUp, FollowUps, Province
from footfall.records.rows import Outcome
from models.operator.adoption import adoption, upgrade_month
from models.operator.channels import agent, hotline, kiosk, sms, wap, web
from models.operator.demand import CUSTOMERS_M, DEMAND_M, observed_shares
from models.operator.halls import halls
from models.operator.people import segments
from models.operator.turns import MINUTE_S

PROVINCES = 31


def follow_up(retry: float, switch: float, delay_min: float) -> FollowUp:
    """Shares of retry and switch, and the mean delay before."""
    why = "no published value for these channels; one retry by most is usual"
    return FollowUp(
        retry_share=c(retry, why),
        switch_share=c(switch, why),
        delay=exponential_s(c(delay_min * MINUTE_S, why)),
    )


FOLLOW_UPS = FollowUps(
    attempts_most=c(3, "few try more often on one day"),
    by_outcome={
        Outcome.REJECTED: follow_up(0.25, 0.1, 2),
        Outcome.ERROR: follow_up(0.35, 0.4, 2),
        Outcome.TIMEOUT: follow_up(0.45, 0.3, 1),
        Outcome.THROTTLED: follow_up(0.5, 0.3, 2),
        Outcome.BLOCKED: follow_up(0.6, 0.2, 3),
        Outcome.ABANDONED: follow_up(0.3, 0.4, 10),
        Outcome.BALKED: follow_up(0.2, 0.5, 20),
        Outcome.UNCONFIRMED: follow_up(0.3, 0.05, 5),
        Outcome.CLOSED: follow_up(0.0, 0.6, 5),
    },
)

OWN_WAIT_S = [0] * 9 + [200, 420, 420, 240, 200, 200, 240, 200, 150] + [0] * 6
PARTNER_WAIT_S = [0] * 9 + [200, 360, 300, 300, 240, 240, 240, 200, 150] + [0] * 6


def choice() -> Choice:
    """Nested logit; the constants come from `calibrated`."""
    why = "near the fixed point of the simulated waits"
    return Choice(
        dissimilarity={
            "physical": c(0.62, "estimate on a synthetic set; no published value"),
            "electronic": c(0.76, "estimate on a synthetic set; no published value"),
        },
        constants={},
        expected_wait_s={
            "own_hall": profile(list(map(float, OWN_WAIT_S)), Grade.ASSUMED, why),
            "partner_hall": profile(list(map(float, PARTNER_WAIT_S)), Grade.ASSUMED, why),
        },
    )


ACCOUNTS = Accounts(
    subscribers=c(20_000, "accounts that the reference service keeps"),
    balance_yuan_mean=c(80, "prepaid balance"),
    balance_cv=c(0.8, "prepaid balances vary widely"),
    price_yuan={
        "transact": c(10, "first month of an added service"),
        "purchase": c(5, "number fee"),
        "roaming": c(10, "deposit"),
    },
    under_contract_share=c(0.008, "contracts that forbid a change of plan"),
)

ELECTRONIC = ("web", "sms", "hotline", "wap", "kiosk")
HALLS = ("own_hall", "partner_hall")
BUSINESS = ("recharge", "transact", "purchase", "roaming")
DEFINITIONS = (
    ShareDefinition(
        name="article",
        text="served business transactions; hotline and terminals count as electronic, agents not counted",
        electronic=ELECTRONIC,
        counted=ELECTRONIC + HALLS,
        operations=BUSINESS,
    ),
    ShareDefinition(
        name="without_kiosks",
        text="served business transactions; terminals count as physical, agents not counted",
        electronic=("web", "sms", "hotline", "wap"),
        counted=ELECTRONIC + HALLS,
        operations=BUSINESS,
    ),
)

MODEL = calibrated(
    Model(
        name="guangxi",
        title="Guangxi: one province of 31",
        population=public(
            round(CUSTOMERS_M * 1e6 / PROVINCES), "655.44 M customers in January 2012, over 31"
        ),
        busy_day_factor=c(1, "an ordinary day"),
        busyness_cv=c(0.05, "days differ by a few percent"),
        segments=segments(),
        channels=(web(), sms(), hotline(), wap(), kiosk(), *halls(), agent()),
        choice=choice(),
        follow_ups=FOLLOW_UPS,
        accounts=ACCOUNTS,
        share_definitions=DEFINITIONS,
        targets=(
            Target(channel="web", operation="query", success_share=article(0.978, "web query success")),
            Target(
                channel="web", operation="transact", success_share=article(0.933, "web transaction success")
            ),
            Target(
                channel="sms", operation="transact", success_share=article(0.911, "SMS transaction success")
            ),
        ),
        adoption=adoption(
            Province(
                name="guangxi",
                population_share=c(1, "the whole of this model"),
                upgrade_month=upgrade_month("guangxi"),
            )
        ),
    ),
    {operation: observed_shares(operation) for operation in DEMAND_M},
)

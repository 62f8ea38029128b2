"""Month's end: bills come out, so everybody looks at theirs and tops up."""

from footfall.workload.scenario import Scenario, names_for_locust

SCENARIO = Scenario(
    name="bill_day",
    title="Bill day",
    question="Do the channels bear the day on which bills come out?",
    model="models/guangxi.py",
    changes=(("busy_day_factor", 1.3),),
    factors=(
        ("segments.*.month_visits.query", 1.5),
        ("segments.*.month_visits.recharge", 1.4),
    ),
    window_s=100,
    speed=2.0,
    # Half a minute after the last arrival, almost all who come back later have done so.
    human_time_factor=0.01,
    # The margins are what a minute can decide: its 95 % interval, and chance four standard errors away.
    criteria=(
        "success(web.query) >= 97.8% - 6pt",
        "success(web.transact) >= 93.3% - 14pt",
        "success(sms.transact) >= 91.1% - 9pt",
        "p95(web.query) < 3s",
        "p95(sms.*) < 2s",
        "predicted(success, *) within 3pt of measured",
        "arrivals(*) within 0% of trace",
        "p99(lag) < 100ms else invalid",
    ),
)

# Users and shape, when it is Locust that loads this file: `locust -f scenarios/bill_day.py`.
globals().update(names_for_locust(__name__, SCENARIO))

"""The web hall is down for half of the busiest minutes: its customers spill over to the other channels."""

from footfall.workload.scenario import OutagePart, Scenario, names_for_locust

SCENARIO = Scenario(
    name="web_outage",
    title="Web hall down",
    question="Where do the web hall's customers go while it is down, and do the others bear them?",
    model="models/guangxi.py",
    outages=(OutagePart(channel="web", from_share=0.25, to_share=0.75),),
    window_s=100,
    speed=2.0,
    # Half a minute after the last arrival, almost all who come back later have done so.
    human_time_factor=0.01,
    # The margins are what a minute can decide: its 95 % interval, and chance four standard errors away.
    criteria=(
        "success(web.query) >= 97.8% - 6pt",
        "success(web.transact) >= 93.3% - 14pt",
        "success(sms.transact) >= 91.1% - 9pt",
        "p95(sms.*) < 2s",
        "predicted(success, *) within 3pt of measured",
        "arrivals(*) within 0% of trace",
        "p99(lag) < 100ms else invalid",
    ),
)

# Users and shape, when it is Locust that loads this file: `locust -f scenarios/web_outage.py`.
globals().update(names_for_locust(__name__, SCENARIO))

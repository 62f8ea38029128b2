"""The service halls of a city, January 2020: twenty offices of Warsaw, as their displays show them.

Snapshots every five minutes from the city's public interface, kept by the R package kolejkeR. What was
calibrated on 2 and 3 January predicts the days after:

    python -m studies.offices_warsaw SNAPSHOTS.parquet

30 and 31 December are left out: a fee that fell due on the 31st brought twice the customers of any other
day. `MODEL` is the busiest office on its mean day, its queues side by side.
"""

from datetime import date
from pathlib import Path

from footfall._model.model import Model, ShareDefinition
from footfall._model.numbers import assumed, fitted
from footfall._model.population import NestedLogit, RetryPolicy
from studies.offices_warsaw.derived import queues_in
from studies.offices_warsaw.office_model import NEUTRAL, channel, named, people, segment
from studies.offices_warsaw.spec import Offices

PACKAGE = "studies.offices_warsaw"
FIRST_DAYS = (date(2020, 1, 2), date(2020, 1, 3))
SOURCE = "fitted from snapshots of Warsaw's offices, 2 and 3 January 2020"
TUNED = "of endless, 60, 30 and 15 min, tried on 3 January with service times of 2 January: levels and shares"
BUSIEST = "UD_Praga_Poludnie"

OFFICES = Offices(
    name="city_offices",
    title="A city's service halls, 2020",
    calibrated_on=FIRST_DAYS,
    opens_s=assumed(8 * 3600, "hardly anybody is called before"),
    closes_s=assumed(16 * 3600, "hardly anybody is called after"),
    own_share_least=assumed(0.98, "below, a display shows other queues' tickets"),
    called_least=assumed(15, "two an hour"),
    called_most_per_s=assumed(1 / 60, "to call, wait and see that nobody comes takes a minute"),
    patience_s_mean=assumed(1800, TUNED),
    absent_s=assumed(30, "half a minute until the next is called"),
    replications=assumed(5, "the simulation's own noise is then small beside what is not known"),
    queues=queues_in(Path(__file__).with_name("january_2020.json").read_text(encoding="utf-8"), SOURCE),
)

QUEUES = tuple(queue for queue in OFFICES.queues if queue.office == BUSIEST)
PEOPLE = people(QUEUES)
ARRIVALS = sum(sum(queue.arrivals.values) for queue in QUEUES)

MODEL = Model(
    name="city_offices",
    title="The busiest of a city's service halls, 2020",
    population=fitted(PEOPLE, SOURCE),
    busy_day_factor=assumed(1, "the mean of two days"),
    busyness_cv=assumed(0.05, "two days tell nothing of it; an even crowd"),
    segments=tuple(segment(queue, PEOPLE, ARRIVALS) for queue in QUEUES),
    channels=tuple(channel(OFFICES, queue) for queue in QUEUES),
    choice=NestedLogit(dissimilarity={"physical": assumed(1, NEUTRAL)}, constants={}, expected_wait_s={}),
    follow_ups=RetryPolicy(
        attempts_most=assumed(1, "who leaves does not come again that day"), by_outcome={}
    ),
    share_definitions=(
        ShareDefinition(
            name="none",
            text="one office: nothing is electronic",
            electronic=(),
            counted=tuple(named(queue) for queue in QUEUES),
            operations=tuple(named(queue) for queue in QUEUES),
        ),
    ),
)

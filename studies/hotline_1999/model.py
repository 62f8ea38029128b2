"""The hotline of a bank, 1999: what stays the same while its months come and go.

The Anonymous Bank's call centre (Technion, Ilan Guedj and Avishai Mandelbaum; Brown et al., JASA 100 (2005)
36-50). Each month brings its own arrivals, agents on duty, services and patience; what is written here was
calibrated on the regular days of February 1999 alone, and is used unchanged for every other month:

    python -m studies.hotline_1999 CALLS.parquet
"""

from datetime import date
from pathlib import Path

from footfall._model.numbers import Number, assumed, public
from studies.hotline_1999.spec import Flood, Hotline, Pauses

PACKAGE = "studies.hotline_1999"
PAPER = "Brown et al. 2005, section 2, and the publishers' description of the data"
EAGERNESS = 0.95
"""Agents hurry while somebody waits, and only then are their pauses seen: calibrated on February's waits."""
FEBRUARY = "seen in the calls of February 1999"


def february(value: float, what: str) -> Number:
    """Give a number that February's records show."""
    return assumed(value, f"{what}; {FEBRUARY}")


HOLIDAYS = (
    date(1999, 3, 2), date(1999, 3, 31), date(1999, 4, 1), date(1999, 4, 6), date(1999, 4, 7),
    date(1999, 4, 20), date(1999, 4, 21), date(1999, 5, 17), date(1999, 5, 20),
    date(1999, 9, 12), date(1999, 9, 19), date(1999, 9, 20),
)  # fmt: skip
"""Sundays to Thursdays of 1999 that the calendar makes no ordinary days: Purim, the first and last days of
Passover and their eves, Memorial and Independence Day, the election, the eve of Shavuot, the second day of
New Year, Yom Kippur and its eve. Banks work between the first and last days of a feast."""

HOTLINE = Hotline(
    name="bank_hotline",
    title="A bank's hotline, 1999",
    holidays=HOLIDAYS,
    opens_s=public(7 * 3600, PAPER),
    closes_s=public(24 * 3600, PAPER),
    evening_from_s=february(20 * 3600, "agents come back sooner and callers' business is shorter"),
    on_duty_gap_s=assumed(1200, "an agent without a call for 20 minutes is taken to be off duty"),
    short_service_s=public(10, "agents who hang up to rest: Brown et al. 2005"),
    priority_credit_s=public(90, PAPER),
    credit_s={
        "NW": february(
            -100, "taken after regular calls that came up to about 100 s later, never before older ones"
        ),
        "IN": february(-100, "as NW"),
    },
    called_back_kind="TT",
    held_share=february(0.45, "calls back on hold over what a call of their time would be"),
    not_measured=("IN",),
    rare_kinds=("PE", "IN", "AA"),
    place_from=(1, 2, 4, 7, 11),
    comes_early_s=february(200, "shifts begin twice as often while somebody waits"),
    comes_late_s=february(900, "as comes_early_s"),
    flood=Flood(
        kind="PS",
        times_usual=february(2, "the evening of the 14th: 146 calls in a half hour that usually has 26"),
        more_than_usual=february(30, "as times_usual"),
        kind_share=february(0.9, "the evening of the 14th: 91 to 100 % regular calls, else 75 %"),
    ),
    hurry_from=(1, 3),
    hurry=(
        february(1.014, "services over what agent, kind and part of the day make usual, when nobody waits"),
        february(0.998, "as above, one or two wait"),
        february(0.965, "as above, three or more wait"),
    ),
    pauses=Pauses.model_validate_json(
        Path(__file__).with_name("february_1999.json").read_text(encoding="utf-8")
    ),
    replications=assumed(8, "the model's own noise is then a third of the days'"),
)

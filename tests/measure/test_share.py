"""The electronic share is what its definition says, and its parts add up to the day."""

from collections.abc import Callable

import polars as pl
import pytest

from footfall._measure.summary import ShareRule, electronic_share
from footfall._records.tables import VISITS
from footfall._stats.intervals import wilson

MakeVisits = Callable[..., pl.DataFrame]
ARTICLE = ShareRule(electronic=frozenset({"web", "sms", "kiosk"}))


@pytest.fixture
def day(make_visits: MakeVisits) -> pl.DataFrame:
    """60 served on the web, 15 at kiosks, 25 in halls; ten failures that must not count."""
    return pl.concat(
        [
            make_visits(60, 10),
            make_visits(15, channel="kiosk", due_s=2000.0, started_s=2000.0, served_s=2000.0, ended_s=2010.0),
            make_visits(25, channel="own_hall", operation="transact"),
        ]
    )


def test_only_completed_business_counts(day: pl.DataFrame) -> None:
    """75 of 100 served visits were electronic; failures are in neither number."""
    share = electronic_share(day, ARTICLE)

    assert (share.electronic, share.completed, share.share) == (75, 100, 0.75)
    assert (share.share_low, share.share_high) == wilson(75, 100)


def test_a_channel_that_is_left_out_counts_neither_way(day: pl.DataFrame) -> None:
    """Without kiosks it is 60 of 85: the same day, another definition, another share."""
    definition = ShareRule(electronic=frozenset({"web"}), excluded=frozenset({"kiosk"}))

    assert electronic_share(day, definition).share == 60 / 85
    assert "not counted: kiosk" in definition.text


def test_only_the_operations_named_are_business(day: pl.DataFrame) -> None:
    """All orders of this day went through halls."""
    definition = ShareRule(electronic=frozenset({"web"}), operations=frozenset({"transact"}))

    assert electronic_share(day, definition).share == 0


def test_no_business_has_no_share() -> None:
    """Unknown is not 0 %."""
    assert electronic_share(VISITS.to_frame(), ARTICLE).share is None

"""The range of a fitted model holds the truth, and is no wider than it must be.

docs/how-to/fitting.md has more.
"""

from tests.statistics.fit_coverage import System, coverage

TINY = System(name="tiny hotline", open_h=2, per_hour=45, agents=2, service_s=130, patience_s=120)


def test_of_ten_logs_nine_ranges_hold_the_truth() -> None:
    """Of five days each, played by code that is not the kit's; the days' chance alone holds fewer."""
    found = coverage(TINY, 5, range(10), 8, truth_days=4000)
    for one in found.values():
        assert one.held >= 9
        assert one.width < 3 * one.needed
    assert sum(one.held_without for one in found.values()) < sum(one.held for one in found.values())

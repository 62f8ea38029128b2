"""An agent takes the one who counts as having come first among those whom they can serve."""

from studies.hotline_1999.line import Line


def test_credit_counts_as_having_come_earlier() -> None:
    """Ninety seconds of credit pass one who came sixty seconds before, not one who came a hundred before."""
    line = Line()
    for n, came_s in enumerate((0.0, 40.0, 100.0 - 90.0)):
        line.join(n, "A", came_s)
    assert [line.next_for({"A"}) for _ in range(4)] == [0, 2, 1, None]


def test_a_kind_that_the_agent_does_not_serve_stays() -> None:
    """However long it has waited."""
    line = Line()
    line.join(0, "NE", 0.0)
    line.join(1, "PS", 50.0)
    assert line.next_for({"PS", "NW"}) == 1
    assert line.next_for({"PS", "NW"}) is None
    assert line.waiting_for({"NE"}) == 1


def test_who_has_gone_is_not_called_and_who_is_unseen_is_not_counted() -> None:
    """Counts are of those who are seen; the order is of all."""
    line = Line()
    line.join(0, "A", 0.0)
    line.join(1, "A", 1.0, seen=False)
    assert line.waiting == line.waiting_for({"A"}) == 1
    line.take_out(0)
    assert not line.has(0)
    assert line.waiting == 0
    assert line.next_for({"A"}) == 1

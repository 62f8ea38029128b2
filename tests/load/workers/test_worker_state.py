"""What the manifest says of a worker: who was counted on and went degrades the run, a spare does not."""

import pytest

from footfall._load.assignment import WorkerState


@pytest.mark.parametrize(
    ("status", "takes_part", "slots", "said"),
    [
        ("lost", True, (), "lost"),
        ("left", True, (), "left"),
        ("lost", True, (0,), "lost"),
        ("lost", False, (), "spare"),
        ("left", False, (), "spare"),
        ("playing", False, (), "spare"),
        ("playing", True, (1,), "finished"),
        ("unable", True, (), "unable"),
    ],
)
def test_a_worker_that_the_run_counted_on_is_lost_also_before_its_first_arrival(
    status: str,
    takes_part: bool,  # noqa: FBT001  pytest names it
    slots: tuple[int, ...],
    said: str,
) -> None:
    """Its arrivals all passed on to others, and yet fewer generators made the load than were asked for."""
    member = WorkerState("one", status=status, takes_part=takes_part)
    assert member.record(slots).status == said

"""What was seen of an event loop adds up, and says how late answers were read."""

from hypothesis import given, strategies as st

from footfall._load.loop_watch import LoopNotes
from footfall._records.load_generator import Histogram

LENGTHS = st.lists(st.floats(1e-5, 2.0), min_size=1, max_size=30)


def notes_of(lengths_s: list[float], waited_s: float = 0.0) -> LoopNotes:
    """Give what is seen of turns of these lengths."""
    turns = Histogram()
    for length_s in lengths_s:
        turns.record(length_s)
    return LoopNotes(turns, sum(lengths_s) + waited_s)


@given(lengths_s=LENGTHS, waited_s=st.floats(0, 10), share=st.floats(0.5, 0.999))
def test_of_the_time_only_the_rest_of_the_share_is_further_from_the_end_of_its_turn(
    lengths_s: list[float], waited_s: float, share: float
) -> None:
    """The parts of turns that are more than that before their end are (1 - share) of the time."""
    notes = notes_of(lengths_s, waited_s)
    late_s = notes.read_late_s(share)
    assert late_s is not None
    left_s, slack_s = (1 - share) * notes.watched_s, 0.002 * notes.watched_s
    longer_s = sum(max(length_s - late_s, 0.0) for length_s in lengths_s)
    # Lengths are known to 0.05 %.
    assert longer_s <= left_s + slack_s
    assert late_s == 0.0 or longer_s >= left_s - slack_s


def test_a_loop_that_is_blocked_for_a_fifth_of_each_second_reads_answers_late() -> None:
    """A turn of 200 ms in each second: one answer in a hundred waits for 190 ms or longer."""
    late_s = notes_of([0.2] * 10, waited_s=8.0).read_late_s(0.99)
    assert late_s is not None
    assert abs(late_s - 0.19) < 0.001


def test_a_loop_of_short_turns_reads_them_at_once_and_of_nothing_nothing_is_known() -> None:
    """Ten thousand turns of 50 µs in a second; no turn."""
    late_s = notes_of([5e-5] * 10_000, waited_s=0.5).read_late_s(0.99)
    assert late_s is not None
    assert late_s < 5e-5
    assert LoopNotes().read_late_s(0.99) is None


def test_of_several_processes_the_busiest_counts_at_each_second() -> None:
    """Turns add up; CPU shares do not, each process having its own core. A message keeps all of it."""
    one, two = notes_of([0.1]), notes_of([0.2, 0.3])
    one.cpu_share_by_s, two.cpu_share_by_s = {0: 0.5, 1: 0.9}, {1: 0.4, 2: 0.7}
    one.merge(LoopNotes.of_data(two.to_data()))
    assert one.cpu_share_by_s == {0: 0.5, 1: 0.9, 2: 0.7}
    assert (one.turns.n, one.turns.max_s) == (3, 0.3)
    assert abs(one.watched_s - 0.6) < 1e-9

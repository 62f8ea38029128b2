"""The words of a broken law: where, when, and both numbers."""

_MINUTE_S = 60


def interval(from_s: float, to_s: float) -> str:
    """Give an interval as a person reads it: by the clock where it falls on whole minutes."""
    if from_s % _MINUTE_S or to_s % _MINUTE_S:
        return f"{from_s:.9g} to {to_s:.9g} s"
    return f"{_clock(from_s)} to {_clock(to_s)}"


def _clock(at_s: float) -> str:
    minutes = int(at_s // _MINUTE_S)
    return f"{minutes // 60:02}:{minutes % 60:02}"

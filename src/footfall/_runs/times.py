"""The window of a run as a text: `90`, `90s`, `2min`, `1h30m`."""

from footfall._records.errors import BadInputError, seconds_of


def window_of(text: str) -> float:
    """Read the window of a play, at least a second.

    Raises:
        BadInputError: the text is no time, or too short a one.
    """
    window_s = seconds_of(text, "--window")
    if window_s < 1:
        raise BadInputError(f"--window {text}", "too short", "at least 1 second")
    return window_s

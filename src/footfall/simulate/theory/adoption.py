"""How many have taken something new up by a time."""

from math import exp, log


def bass_share(time: float, innovation: float, imitation: float) -> float:
    """Share of adopters: F(t) = (1 - e^{-(p+q)t}) / (1 + q/p e^{-(p+q)t}) (Bass 1969, equation 4).

    `innovation` p and `imitation` q are rates per unit of `time`.

    Raises:
        ValueError: p is not above zero.
    """
    _check(innovation)
    left = exp(-(innovation + imitation) * time)
    return (1 - left) / (1 + imitation / innovation * left)


def bass_peak(innovation: float, imitation: float) -> float:
    """Time at which most adopt: ln(q/p)/(p + q), at once when q <= p (Bass 1969).

    Raises:
        ValueError: p is not above zero.
    """
    _check(innovation)
    return max(log(imitation / innovation), 0.0) / (innovation + imitation) if imitation > 0 else 0.0


def _check(innovation: float) -> None:
    if innovation <= 0:
        msg = f"innovation {innovation} is not above zero: nobody would begin"
        raise ValueError(msg)

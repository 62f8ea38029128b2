"""Bass (1969) meets the solution of its differential equation."""

import pytest

from footfall.theory.fluid import bass_peak, bass_share


def test_adopters_meet_the_differential_equation() -> None:
    """P 0.03, q 0.38: a third after five years, most in the seventh."""
    assert bass_share(5, 0.03, 0.38) == pytest.approx(0.3311986424913736, rel=1e-12)
    assert bass_peak(0.03, 0.38) == pytest.approx(6.192619197703112, rel=1e-12)


def test_without_imitation_most_adopt_at_once() -> None:
    """The hazard never rises."""
    assert bass_peak(0.1, 0) == 0
    assert bass_peak(0.1, 0.05) == 0


def test_somebody_must_begin() -> None:
    """Without innovators nobody can be imitated."""
    with pytest.raises(ValueError, match="never start"):
        bass_share(1, 0, 0.4)

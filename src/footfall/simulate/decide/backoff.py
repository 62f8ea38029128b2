"""How long a client pauses before it sends a failed request again."""

from footfall.simulate.spec.client import Retry


def pause_s(retry: Retry, number: int, u: float) -> float:
    """Seconds before retry `number` (from 1), by the uniform number u.

    min(backoff_s * 2^(number - 1), backoff_s_most) * (1 - jitter_share * u): capped exponential backoff
    with jitter (Brooker 2015, "Exponential Backoff and Jitter", where full jitter is a share of 1).
    """
    longest_s = min(retry.backoff_s * 2.0 ** (number - 1), retry.backoff_s_most)
    return longest_s * (1 - retry.jitter_share * u)

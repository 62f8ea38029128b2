"""Why a request got no answer: a few causes, each in one word, taken from the kind of an error alone."""

import errno
import socket
import ssl

from footfall.load.errands.answers import (
    CONNECTION_LOST,
    NO_ANSWER,
    TLS_FAILED,
    UNREACHABLE,
    UNTRUSTED,
)
from footfall.records.connections import NO_DESCRIPTOR, NO_PORT

_BY_NUMBER = {
    errno.EADDRNOTAVAIL: NO_PORT,
    errno.EMFILE: NO_DESCRIPTOR,
    errno.ENFILE: NO_DESCRIPTOR,
    errno.ECONNREFUSED: UNREACHABLE,
    errno.EHOSTUNREACH: UNREACHABLE,
    errno.ENETUNREACH: UNREACHABLE,
    errno.ETIMEDOUT: NO_ANSWER,
}


class NoAnswerError(Exception):
    """A request has no answer, or none that can be used."""

    def __init__(self, cause: str, status: int = 0, words: str = "") -> None:
        """Keep the cause, the status where the head of an answer has come, and the system's own words."""
        super().__init__(cause)
        self.cause = cause
        self.status = status
        self.words = words or cause


class ClosedError(Exception):
    """A connection was closed before a byte of the answer; a kept one may just have been."""


def cause_of(error: OSError) -> str:
    """Give the cause of an error of the system's."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return UNTRUSTED
    if isinstance(error, ssl.SSLError):
        return TLS_FAILED
    if isinstance(error, socket.gaierror):
        return UNREACHABLE
    return _BY_NUMBER.get(error.errno or 0, CONNECTION_LOST)


def words_of(error: OSError) -> str:
    """Give the system's own words for an error."""
    told = getattr(error, "verify_message", "") or error.strerror or type(error).__name__
    return str(told).lower()

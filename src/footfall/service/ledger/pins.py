"""PINs: kept as keyed hashes, compared in constant time."""

import hashlib
import hmac
import secrets

_BYTES = 16


def new_pepper() -> bytes:
    """Make the secret that keys all PIN hashes of one database."""
    return secrets.token_bytes(_BYTES)


def pin_hash(pepper: bytes, subscriber: int, pin: str) -> bytes:
    """Keyed BLAKE2b of a PIN, salted with the account.

    Cheap on purpose: six digits resist no hash once the database is lost, and a reference service
    should spend its time on the ledger.
    """
    salt = subscriber.to_bytes(_BYTES, "big")
    return hashlib.blake2b(pin.encode(), key=pepper, salt=salt, digest_size=_BYTES).digest()


def is_right(pepper: bytes, subscriber: int, pin: str, kept: bytes) -> bool:
    """Whether the PIN is that of the account, in constant time."""
    return hmac.compare_digest(pin_hash(pepper, subscriber, pin), bytes(kept))

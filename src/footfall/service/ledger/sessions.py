"""Sessions: an open one is found in memory, and each is kept in the database to outlive a restart."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from footfall.service.ledger.handle import Handle
from footfall.service.ledger.store import Store
from footfall.service.refusals import RefusalError, refusal
from footfall.simulate.decide.windows import NO_SESSION, has_lapsed

_TOKEN_BYTES = 24
_INSERT = "INSERT INTO sessions (token_hash, subscriber, channel) VALUES (:token_hash, :subscriber, :channel)"
_DELETE = "DELETE FROM sessions WHERE token_hash = :token_hash"
_ALL = "SELECT token_hash, subscriber FROM sessions WHERE channel = :channel"


@dataclass(slots=True)
class Session:
    """Somebody logged in on one channel."""

    token_hash: bytes
    subscriber: int
    last_s: float
    """Time of the latest request."""


class Sessions:
    """Open sessions of one channel, the longest idle first."""

    def __init__(self, store: Store, channel: str, now_s: Callable[[], float], idle_s: float) -> None:
        """Start with none; one that is not used for `idle_s` seconds is over."""
        self._store = store
        self._channel = channel
        self._now_s = now_s
        self._idle_s = idle_s
        self._open: OrderedDict[bytes, Session] = OrderedDict()

    def __len__(self) -> int:
        """Give the number of open sessions."""
        return len(self._open)

    async def load(self) -> None:
        """Take up the sessions that a former process left open; their idle time starts anew."""
        rows = await self._store.read(partial(_all, channel=self._channel))
        for token_hash, subscriber in rows:
            self._open[token_hash] = Session(token_hash, subscriber, self._now_s())

    async def start(self, subscriber: int) -> tuple[str, Session]:
        """Open a session; give its token, of which only the hash is kept."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session = Session(_hash(token), subscriber, self._now_s())
        await self._store.write(partial(_insert, session=session, channel=self._channel))
        self._open[session.token_hash] = session
        return token, session

    def find(self, authorization: str) -> Session:
        """Session of an Authorization header, now used.

        Raises:
            RefusalError: there is no such session, or it was idle for too long.
        """
        kind, _, token = authorization.partition(" ")
        wanted = _hash(token)
        session = self._open.get(wanted)
        # Looked up by hash, so the time it takes tells nothing of the token; compared all the same.
        if kind != "Bearer" or session is None or not hmac.compare_digest(wanted, session.token_hash):
            raise refusal(NO_SESSION)
        now_s = self._now_s()
        if has_lapsed(session.last_s, now_s, self._idle_s):
            raise refusal(NO_SESSION)
        session.last_s = now_s
        self._open.move_to_end(wanted)
        return session

    async def end(self, session: Session) -> None:
        """Close a session; its token is dead at once.

        Raises:
            RefusalError: the database cannot be reached; the session is as it was.
        """
        if self._open.pop(session.token_hash, None) is None:
            return
        try:
            await self._store.write(partial(_delete, token_hash=session.token_hash))
        except RefusalError:
            # Else it would be open again after the next start, and by then forgotten by its owner.
            self._open[session.token_hash] = session
            self._open.move_to_end(session.token_hash, last=False)
            raise

    def idle(self) -> Iterator[Session]:
        """Sessions that are over, which nobody has ended yet."""
        now_s = self._now_s()
        for session in list(self._open.values()):
            if not has_lapsed(session.last_s, now_s, self._idle_s):
                return
            yield session


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _insert(handle: Handle, session: Session, channel: str) -> None:
    handle.change(_INSERT, token_hash=session.token_hash, subscriber=session.subscriber, channel=channel)


def _delete(handle: Handle, token_hash: bytes) -> None:
    handle.change(_DELETE, token_hash=token_hash)


def _all(handle: Handle, channel: str) -> list[tuple[bytes, int]]:
    return [(bytes(token_hash), subscriber) for token_hash, subscriber in handle.rows(_ALL, channel=channel)]

"""Short messages in and answers out: each message is kept before it is accepted and handled once."""

from typing import NamedTuple

from footfall.service.ledger.handle import Handle

_ACCEPT = """INSERT INTO messages (subscriber, client_id, text, callback, handled)
VALUES (:subscriber, :client_id, :text, :callback, 0)
ON CONFLICT (subscriber, client_id) DO NOTHING"""
_HANDLED = "UPDATE messages SET handled = 1 WHERE id = :message AND handled = 0"
_WAITING = """SELECT id, subscriber, client_id, text, callback FROM messages
WHERE handled = 0 ORDER BY id LIMIT 100000"""
_ANSWER = """INSERT INTO answers (subscriber, to_id, status, code, text)
VALUES (:subscriber, :to_id, :status, :code, :text)"""
_AFTER = """SELECT id, to_id, status, code, text FROM answers
WHERE subscriber = :subscriber AND id > :after ORDER BY id LIMIT 100"""


class Message(NamedTuple):
    """One message from a subscriber."""

    id: int
    subscriber: int
    client_id: str
    text: str
    callback: str | None


class Reply(NamedTuple):
    """One message to a subscriber."""

    n: int
    to_id: str | None
    status: int
    """HTTP status that the same answer has on the other channels."""
    code: str
    text: str

    def data(self) -> dict[str, object]:
        """Give it as it goes over the wire."""
        return {"n": self.n, "to_id": self.to_id, "status": self.status, "code": self.code, "text": self.text}


def accept(handle: Handle, subscriber: int, client_id: str, text: str, callback: str | None) -> int | None:
    """Keep a message; None when one with this client's id was accepted before."""
    return handle.insert(_ACCEPT, subscriber=subscriber, client_id=client_id, text=text, callback=callback)


def take(handle: Handle, message: Message) -> bool:
    """Mark a message as handled; False when it already was."""
    return handle.change(_HANDLED, message=message.id) == 1


def waiting(handle: Handle) -> list[Message]:
    """Messages that were accepted and never handled: a former process ended first."""
    return [Message(*row) for row in handle.rows(_WAITING)]


def answer(handle: Handle, subscriber: int, to_id: str | None, said: tuple[int, str, str]) -> Reply:
    """Keep an answer: status, code, text."""
    status, code, text = said
    n = handle.insert(_ANSWER, subscriber=subscriber, to_id=to_id, status=status, code=code, text=text)
    return Reply(n or 0, to_id, status, code, text)


def after(handle: Handle, subscriber: int, n: int) -> list[Reply]:
    """Up to a hundred answers to a subscriber that came after answer `n`, oldest first."""
    return [Reply(*row) for row in handle.rows(_AFTER, subscriber=subscriber, after=n)]

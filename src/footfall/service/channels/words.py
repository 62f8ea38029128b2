"""What short messages mean, and what is said in reply."""

from typing import NamedTuple

from footfall.service.catalogue import ROAMING, VOUCHER
from footfall.simulate.spec.channel import Verb

Said = tuple[int, str, str]
"""HTTP status, code and text of an answer."""


class Command(NamedTuple):
    """One message, understood."""

    verb: Verb
    operation: str
    """Empty unless it is an order."""
    item: str = ""
    amount_fen: int = 0
    answer: str = ""
    """`Y` or `N`, to the question whether an order is meant."""
    is_known: bool = True


def understand(text: str) -> Command:
    """Give what a message asks for: CX, CZ fen, BL plan, MY, Y or N."""
    word, _, rest = text.strip().partition(" ")
    word, rest = word.upper(), rest.strip()
    if word == "CX" and not rest:
        return Command(Verb.QUERY, "")
    if word == "CZ" and rest.isascii() and rest.isdigit() and len(rest) <= len("50000"):
        return Command(Verb.ORDER, "recharge", VOUCHER, int(rest))
    if word == "BL" and rest:
        return Command(Verb.ORDER, "transact", rest.upper())
    if word == "MY" and not rest:
        return Command(Verb.ORDER, "roaming", ROAMING)
    if word in {"Y", "N"} and not rest:
        return Command(Verb.CONFIRM, "", answer=word)
    return Command(Verb.BROWSE, "", is_known=False)

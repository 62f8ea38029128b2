"""Fill an empty ledger: accounts as the model has them, with made-up names, and the number pool."""

import hashlib
import json
from typing import Any

from sqlalchemy import Connection

from footfall.service.catalogue import FIRST_PLAN
from footfall.service.ledger import schema
from footfall.service.ledger.pins import new_pepper, pin_hash
from footfall.service.settings import ServiceSettings
from footfall.simulate.decide import account, keyed

_BATCH = 2000
_POOL = 400
"""Faker makes so many family names, given names and addresses; each account combines some of them,
which is a hundred times faster than a name of its own for each."""
_FIRST_NUMBER = 18_900_000_000
_NAMES = -4
"""A replication number of their own for the draws of names."""


def fingerprint(settings: ServiceSettings) -> str:
    """Sha256 of all that decides what an unused ledger holds."""
    accounts = {
        key: value
        for key, value in settings.model.accounts.model_dump(mode="json").items()
        if key != "subscribers"
    }
    text = json.dumps(
        [schema.VERSION, accounts, settings.seed, settings.subscribers, settings.numbers], sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


def fill(connection: Connection, settings: ServiceSettings) -> None:
    """Insert all accounts and numbers; progress is told after every two thousand accounts."""
    pepper = new_pepper()
    connection.execute(
        schema.meta.insert(),
        [
            {"key": "fingerprint", "value": fingerprint(settings)},
            {"key": "pepper", "value": pepper.hex()},
        ],
    )
    names = _Names(settings.seed)
    total = settings.subscribers
    for first in range(0, total, _BATCH):
        batch = range(first, min(first + _BATCH, total))
        rows = [_subscriber(settings, names, pepper, number) for number in batch]
        connection.execute(schema.subscribers.insert(), rows)
        if settings.on_progress is not None:
            settings.on_progress(batch.stop, total)
    pool = [
        {"number": str(_FIRST_NUMBER + k), "reserved_by": None, "reserved_until_s": 0.0, "sold_to": None}
        for k in range(settings.numbers)
    ]
    connection.execute(schema.numbers.insert(), pool)


class _Names:
    """Names and addresses of Faker's zh_CN, the same for the same seed and version of Faker."""

    def __init__(self, seed: int) -> None:
        # Half a second to import, and needed only when a database is made.
        from faker import Faker

        faker = Faker("zh_CN")
        faker.seed_instance(seed)
        self._run = keyed.run_key(seed, _NAMES)
        self._family = [faker.last_name() for _ in range(_POOL)]
        self._given = [faker.first_name() for _ in range(_POOL)]
        self._streets = [faker.address() for _ in range(_POOL)]

    def of(self, number: int) -> tuple[str, str]:
        """Name and address of an account."""
        key = keyed.customer_key(self._run, number)
        family, given, street = (
            int(keyed.uniform(key, purpose) * _POOL) for purpose in ("family", "given", "street")
        )
        return self._family[family] + self._given[given], self._streets[street]


def _subscriber(settings: ServiceSettings, names: _Names, pepper: bytes, number: int) -> dict[str, Any]:
    opening = account.account(settings.model.accounts, settings.seed, number)
    name, address = names.of(number)
    return {
        "id": number,
        "msisdn": account.msisdn(number),
        "name": name,
        "address": address,
        "pin_hash": pin_hash(pepper, number, account.pin(settings.seed, number)),
        "balance_fen": opening.balance_fen,
        "opening_fen": opening.balance_fen,
        "plan": FIRST_PLAN,
        "under_contract": int(opening.under_contract),
        "roaming": 0,
    }

"""The calibrated queues as a small JSON text, and back, with their grade and source."""

import json
from typing import Any

from footfall._model.numbers import HALF_HOURS, Grade, Profile, fitted
from studies.offices_warsaw.spec import OfficeQueue

_PROFILES = ("arrivals", "counters", "waiting")
_DIGITS = 3


def derived_text(queues: tuple[OfficeQueue, ...]) -> str:
    """Give the queues as JSON, one on a line; of each profile, the half hours that are not 0."""
    lines = [json.dumps(_row(queue), ensure_ascii=False) for queue in queues]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def queues_in(text: str, source: str) -> tuple[OfficeQueue, ...]:
    """Read what `derived_text` gave."""
    return tuple(_queue(row, source) for row in json.loads(text))


def rounded(values: list[float]) -> list[float]:
    """Give a profile with the digits that are kept."""
    return [round(value, _DIGITS) for value in values]


def _row(queue: OfficeQueue) -> dict[str, Any]:
    row: dict[str, Any] = {
        "office": queue.office,
        "queue": queue.queue,
        "title": queue.title,
        "service_s_mean": float(queue.service_s_mean),
    }
    for name in _PROFILES:
        values = getattr(queue, name).values
        busy = [k for k, value in enumerate(values) if value]
        from_half_hour = min(busy, default=0)
        upto = max(busy, default=-1) + 1
        row[name] = {"from_half_hour": from_half_hour, "values": list(values[from_half_hour:upto])}
    return row


def _queue(row: dict[str, Any], source: str) -> OfficeQueue:
    profiles: dict[str, Any] = {}
    for name in _PROFILES:
        first, values = row[name]["from_half_hour"], row[name]["values"]
        whole = [0.0] * first + values + [0.0] * (HALF_HOURS - first - len(values))
        profiles[name] = Profile(values=tuple(map(float, whole)), grade=Grade.FITTED, source=source)
    return OfficeQueue(
        name=f"{row['office']}/{row['queue']}",
        office=row["office"],
        queue=row["queue"],
        title=row["title"],
        service_s_mean=fitted(row["service_s_mean"], source),
        **profiles,
    )

"""Logs in W3C's extended format, as IIS and CloudFront write them: `#Fields:` names the columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field

_STEMS = ("cs-uri-stem", "cs-uri", "cs-uri-path")


def is_w3c(sample: Sequence[str]) -> bool:
    """Tell whether some line names fields."""
    return any(line.lstrip("\ufeff").lower().startswith("#fields:") for line in sample)


@dataclass(slots=True)
class Fields:
    """The fields as the last directive named them."""

    names: list[str] = field(default_factory=list)
    date: str = ""

    def cells(self, line: str) -> tuple[str | None, str | None] | None:
        """Give time (UTC) and path of a line; None: it is a directive, not a row."""
        line = line.lstrip("\ufeff").strip()
        if line.startswith("#"):
            name, _, value = line[1:].partition(":")
            if name.strip().lower() == "fields":
                self.names = [each.lower() for each in value.split()]
            elif name.strip().lower() == "date":
                self.date = value.strip().partition(" ")[0]
            return None
        parts = line.split("\t") if "\t" in line else line.split(" ")
        if len(parts) != len(self.names):
            return None, None
        told = dict(zip(self.names, parts, strict=True))
        day, clock = told.get("date", self.date), told.get("time")
        path = next((told[name] for name in _STEMS if name in told), None)
        query = told.get("cs-uri-query", "-")
        if path is not None and query not in {"-", ""}:
            path = f"{path}?{query}"
        return (f"{day} {clock}+0000" if day and clock else None), path

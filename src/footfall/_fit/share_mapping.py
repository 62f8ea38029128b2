"""The mapping of a table of cases by channel: the meaning of its columns, and the words for each channel."""

import tomllib
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from footfall._model.numbers import Spec
from footfall._records.toml_lines import parsed_toml
from footfall._workload.log_mapping import IGNORED, Options, checked

EXAMPLE = """\
# Channel shares by month. A row is a case (a call, a visit, a request), or with `count` several of them.
[columns]
arrived = "open"          # when the case came: a time, a day or a month
channel = "source"        # the channel of the case
# count = "cases"         # number of cases in a row
# If each channel has its own column, omit `channel` and `count` and name the columns below.

# Your channels, and the words (or columns) for each; * matches anything. Without this section every word is
# a channel.
[channels]
phone = ["Constituent Call"]
app = ["Citizens Connect App"]
web = ["Self Service"]
ignored = ["City Worker App", "Employee Generated", "Maximo*", "Twitter"]

[options]
electronic = ["app", "web"]   # their shares are also summed
# from = 2015-01-01           # first and last day to read
# until = 2015-06-30
# time_format = "%d/%m/%Y"    # if times are not in a usual form
# timezone = "America/New_York"
"""
_EXPECTED = "a mapping as `footfall fit --example-shares` prints"


def _listed(words: object) -> object:
    return (words,) if isinstance(words, str) else words


_Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class ShareColumns(Spec):
    """Names of the table's columns by meaning."""

    arrived: str
    """Time of a case, or day or month of a count."""
    date: str | None = None
    """Date of the times of day in `arrived`, if they have none."""
    channel: str | None = None
    count: str | None = None
    """Number of cases in a row; None: one."""


class ShareOptions(Spec):
    """How to read the table, and which channels to sum."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z]\w{0,39}$")] | None = None
    """Name of the results; None: the file's name."""
    electronic: _Words = ()
    """Channels whose shares are also summed."""
    channels_most: Annotated[int, Field(ge=2, le=12)] = 8
    """Smaller channels are grouped as `other`."""
    first_day: Annotated[date | None, Field(alias="from")] = None
    last_day: Annotated[date | None, Field(alias="until")] = None
    """This day included."""
    time_format: str | tuple[str, ...] | None = None
    timezone: str | None = None
    decimal: Literal[".", ","] | None = None
    encoding: str | None = None
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    sheet: str | None = None

    @property
    def reading(self) -> Options:
        """Return the reading options common to all tables."""
        return Options(time_format=self.time_format, timezone=self.timezone, decimal=self.decimal)

    @model_validator(mode="after")
    def _reading_fits(self) -> Self:
        _ = self.reading
        return self


class ShareMapping(Spec):
    """The mapping of a table of cases by channel."""

    columns: ShareColumns
    channels: dict[str, _Words] = Field(default_factory=dict)
    """By channel: words in the column, or names of columns; empty: every word is a channel."""
    options: ShareOptions = ShareOptions()

    @model_validator(mode="after")
    def _channels_are_named(self) -> Self:
        if self.columns.channel is None and not set(self.channels) - {IGNORED}:
            msg = "[columns] needs `channel`, or [channels] names a column for each"
            raise ValueError(msg)
        if self.columns.channel is None and self.columns.count is not None:
            msg = "`count` needs `channel`; if each channel has its own column, omit both"
            raise ValueError(msg)
        unknown = sorted(set(self.options.electronic) - set(self.channels)) if self.channels else []
        if unknown:
            msg = f"`electronic` names {unknown[0]!r}, which is not in [channels]"
            raise ValueError(msg)
        return self

    @property
    def is_wide(self) -> bool:
        """Whether each channel has its own columns."""
        return self.columns.channel is None

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that must exist."""
        named = (self.columns.arrived, self.columns.date, self.columns.channel, self.columns.count)
        return tuple(name for name in named if name is not None)

    def channel_of(self, word: str) -> str | None:
        """Return the channel of a word; None if [channels] has none for it."""
        if not self.channels:
            return word
        for name, patterns in self.channels.items():
            if any(fnmatchcase(word, pattern) for pattern in (*patterns, name)):
                return name
        return None


def is_share_mapping(text: str) -> bool:
    """Return whether a mapping is for channel shares: it has [channels], or a column `channel`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    columns = data.get("columns")
    return "channels" in data or (isinstance(columns, dict) and "channel" in columns)


def read_share_mapping(text: str, where: str) -> ShareMapping:
    """Read a mapping from the text of a TOML file.

    Raises:
        BadInputError: it is not valid TOML, or a key or value is wrong; the message names it.
    """
    return share_mapping_of(parsed_toml(text, where, _EXPECTED), where, text)


def share_mapping_of(data: dict[str, Any], where: str, text: str = "") -> ShareMapping:
    """Check a mapping given as data; with its text, errors name the line.

    Raises:
        BadInputError: a key or value is wrong; the message names it.
    """
    return checked(ShareMapping, data, where, _EXPECTED, text)

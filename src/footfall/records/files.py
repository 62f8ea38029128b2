"""Files of a run folder that may come from elsewhere: read within a limit, known by their digests."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from footfall.records.errors import BadInputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

JSON_BYTES_MOST = 64 * 1024 * 1024
_ENTRIES_MOST = 10_000
_Record = TypeVar("_Record", bound="DataclassInstance")


def read_json(path: Path, expected: str) -> Any:  # noqa: ANN401  JSON
    """Read a JSON file of at most 64 MiB, whose numbers are finite and whose texts are Unicode.

    Raises:
        BadInputError: it is missing, no ordinary file, too large, or no such JSON.
    """
    text = read_limited(path, expected)
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite, parse_int=_finite_int)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        raise BadInputError(str(path), f"damaged ({reason})", expected) from error


def check_types(record: _Record) -> _Record:
    """See that every field of a record (a dataclass), at any depth, has the type that it declares.

    Raises:
        TypeError: one has not; the text names it.
    """
    text = json.dumps(asdict(record))
    try:
        TypeAdapter(type(record)).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        msg = f"{place}: {first['msg']}"
        raise TypeError(msg) from error
    return record


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        msg = f"{text[:20]} is no finite number"
        raise ValueError(msg)
    return number


def _finite_int(text: str) -> int:
    _finite(text)
    return int(text)


def read_limited(path: Path, expected: str) -> str:
    """Read a text of at most 64 MiB.

    Raises:
        BadInputError: it is missing, no ordinary file, too large, or no UTF-8.
    """
    if not path.is_file():
        raise BadInputError(str(path), "no such file", expected)
    try:
        size = path.stat().st_size
        if size > JSON_BYTES_MOST:
            raise BadInputError(str(path), f"{size:,} bytes", f"at most {JSON_BYTES_MOST:,}")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError(str(path), f"damaged ({error})", expected) from error
    except OSError as error:
        raise BadInputError(str(path), (error.strerror or str(error)).lower(), expected) from error


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Give the sha256 of those files of a folder that are there, by name."""
    found = {}
    for name in names:
        path = folder / name
        if path.is_file():
            with path.open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def check_links(folder: Path) -> None:
    """See that nothing in a folder, at any depth, is a link that leads out of it.

    Raises:
        BadInputError: something is, or there are more than 10,000 entries.
    """
    top, seen = folder.resolve(), 0
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path, seen = Path(where) / name, seen + 1
            if seen > _ENTRIES_MOST:
                raise BadInputError(str(folder), f"more than {_ENTRIES_MOST:,} files", "the folder of a run")
            if path.is_symlink() and not path.resolve().is_relative_to(top):
                raise BadInputError(str(path), "is a link out of the run folder", "the file itself")

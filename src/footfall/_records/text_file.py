"""Read text files: compressed or not, in any common encoding, within size limits."""

import bz2
import codecs
import gzip
import importlib
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from charset_normalizer import from_bytes

from footfall._records.errors import BadInputError

BYTES_MOST = 4 * 2**30
"""Largest size after decompression; a compressed file may expand a thousandfold."""
LINE_MOST = 1 << 20
"""Characters of a line; the rest is dropped."""
_ENCODINGS = ("utf_8", "gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "cp1251", "cp1250", "cp1253")
"""Possible encodings of text without a byte order mark."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf_32"),
    (codecs.BOM_UTF32_BE, "utf_32"),
    (codecs.BOM_UTF8, "utf_8_sig"),
    (codecs.BOM_UTF16_LE, "utf_16"),
    (codecs.BOM_UTF16_BE, "utf_16"),
)
_LOOK = 1 << 16
_ZEROS_LEAST = 0.3
"""Share of zero bytes at odd (or even) positions that identifies UTF-16 without a byte order mark."""
_CONTROLS, _CONTROLS_MOST = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")), 0.05
"""Control bytes, which are rare in text."""
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError)


def begins_with(path: Path, size: int = 8) -> bytes:
    """Return the first bytes of a file, without decompression.

    Raises:
        BadInputError: the file is missing or cannot be read.
    """
    if not path.is_file():
        raise BadInputError(str(path), "no such file")
    with _readable(path), path.open("rb") as file:
        return file.read(size)


def lines_of(path: Path, encoding: str) -> Iterator[str]:
    """Yield the lines of a text file with their endings; undecodable bytes become U+FFFD.

    Raises:
        BadInputError: the file is missing, damaged, or larger than `BYTES_MOST` when unpacked.
    """
    with _readable(path), _unpacked(path) as raw:
        text = io.TextIOWrapper(io.BufferedReader(raw), encoding, errors="replace", newline="")
        while line := text.readline(LINE_MOST):
            rest = line
            while len(rest) == LINE_MOST and not rest.endswith("\n"):
                rest = text.readline(LINE_MOST)
            yield line


def encoding_of(path: Path, asked: str | None = None, *, whole: bool) -> str:
    """Return the encoding: as given, by byte order mark, UTF-8 if valid, else the most likely.

    With `whole` the file is read to its end; otherwise text without a byte order mark is taken as UTF-8.

    Raises:
        BadInputError: no such encoding, or the file cannot be read.
    """
    if asked is not None:
        return _known(asked)
    with _readable(path), _unpacked(path) as raw:
        buffered = io.BufferedReader(raw, _LOOK)
        head = buffered.read(_LOOK)
        if found := _by_mark(head) or _by_zeros(head):
            return found
        if not whole:
            return "utf_8"
        if len(head.translate(None, _CONTROLS)) < (1 - _CONTROLS_MOST) * len(head):
            raise BadInputError(str(path), "is not a text file", "a text file such as CSV")
        return _guessed(head, buffered)


def _known(name: str) -> str:
    try:
        info = codecs.lookup(name)
        "x".encode(info.name)
    except (LookupError, ValueError, TypeError) as error:
        raise BadInputError(
            f"encoding {name!r}", "no such encoding", "one such as utf-8, cp1252 or gb18030"
        ) from error
    return info.name


def _by_mark(head: bytes) -> str | None:
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _by_zeros(head: bytes) -> str | None:
    pairs = len(head) // 2
    if pairs and head[1::2].count(0) > _ZEROS_LEAST * pairs and head[::2].count(0) == 0:
        return "utf_16_le"
    if pairs and head[::2].count(0) > _ZEROS_LEAST * pairs and head[1::2].count(0) == 0:
        return "utf_16_be"
    return None


def _guessed(head: bytes, rest: IO[bytes]) -> str:
    """Return UTF-8 if valid, else the most likely encoding by the lines around the first invalid byte."""
    decoder, part = codecs.getincrementaldecoder("utf_8")(), head
    while part:
        try:
            decoder.decode(part)
        except UnicodeDecodeError:
            best = from_bytes(_foreign(part), cp_isolation=list(_ENCODINGS), threshold=0.5).best()
            return "cp1252" if best is None or best.encoding == "utf_8" else best.encoding
        part = rest.read(_LOOK)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf_8"


def _foreign(part: bytes) -> bytes:
    """Return the lines with non-ASCII bytes; only they distinguish encodings."""
    lines = [line for line in part.splitlines() if not line.isascii()]
    return b"\n".join(lines)[:8192]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInputError(str(path), f"cannot be read ({reason})", "a complete file") from error


class _Bounded(io.RawIOBase):
    """Bytes up to a limit; a larger file is rejected."""

    def __init__(self, source: IO[bytes], path: Path) -> None:
        self._source, self._path, self._left = source, path, BYTES_MOST

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  any buffer, as the base class has it
        part = self._source.read(len(buffer))
        self._left -= len(part)
        if self._left < 0:
            raise BadInputError(str(self._path), f"holds more than {BYTES_MOST:,} bytes", "a smaller file")
        buffer[: len(part)] = part
        return len(part)


@contextmanager
def _unpacked(path: Path) -> Iterator[_Bounded]:
    head = begins_with(path)
    packed: dict[bytes, Callable[[Path], Any]] = {
        b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open, b"\x28\xb5\x2f\xfd": _zstd
    }  # fmt: skip
    opened = next((opener for mark, opener in packed.items() if head.startswith(mark)), None)
    with path.open("rb") if opened is None else opened(path) as source:
        yield _Bounded(source, path)


def _zstd(path: Path) -> IO[bytes]:
    try:
        library = importlib.import_module("compression.zstd")  # from Python 3.14 on
    except ImportError as error:
        raise BadInputError(
            str(path),
            "is packed with zstd, which this Python cannot unpack",
            "the unpacked file: zstd -d FILE",
        ) from error
    return cast("IO[bytes]", library.open(path))

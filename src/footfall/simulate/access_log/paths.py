"""The path that a request of a log asked for, however the log tells it."""

import polars as pl

_REQUEST = r"(?s)^[!#$%&'*+.^_`|~0-9A-Za-z-]+ +(.*?)(?: HTTP/[\d.]+)?$"
"""A method is a token (RFC 9110, section 5.6.2), so it may have hyphens; a target may hold blanks."""
_ORIGIN = r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*"
"""Scheme and host of an absolute target (RFC 9112, section 3.2.2)."""


def path_of(told: pl.Expr) -> pl.Expr:
    """Give the path and query of a request line, a URL or a path; empty where none is told."""
    text = told.fill_null("").str.strip_chars()
    target = pl.coalesce(text.str.extract(_REQUEST, 1), text).str.replace_all(r'\\"', '"')
    bare = target.str.replace(_ORIGIN, "")
    rooted = pl.when((bare == "") & (target != "")).then(pl.lit("/")).otherwise(bare)
    return pl.when(target == "-").then(pl.lit("")).otherwise(rooted)

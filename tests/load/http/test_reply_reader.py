"""An answer is the same however it is cut into pieces, and no bytes break its reader."""

from itertools import pairwise

from hypothesis import given, strategies as st

from footfall._load.http.wire_format import NoAnswerError, ReplyReader

BODY = b"0123456789" * 5
ANSWERS = (
    b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 50\r\n\r\n" + BODY,
    b"HTTP/1.1 100 Continue\r\nX-Z: y\r\n\r\nHTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"14\r\n" + BODY[:20] + b"\r\n1e;x=y\r\n" + BODY[20:] + b"\r\n0\r\nX-T: u\r\n\r\n",
)


def read(pieces: list[bytes], most: int = 100) -> ReplyReader | str:
    """Read pieces to the end of the connection; gives the answer, or the cause that there is none."""
    reader = ReplyReader("GET", most)
    try:
        for piece in pieces:
            if not reader.is_done:
                reader.feed(piece)
        reader.end()
    except NoAnswerError as error:
        return error.cause
    return reader


@given(raw=st.sampled_from(ANSWERS), cuts=st.lists(st.integers(0, 200), max_size=12))
def test_an_answer_is_the_same_however_it_is_cut(raw: bytes, cuts: list[int]) -> None:
    """Status, headers, body and whether the connection is kept."""
    ends = sorted({min(cut, len(raw)) for cut in cuts} | {0, len(raw)})
    found = read([raw[a:b] for a, b in pairwise(ends)])
    assert isinstance(found, ReplyReader)
    assert (found.status, found.body, found.keeps) == (200, BODY, True)
    assert found.headers[0] == (b"X-A", b"b")
    assert all(name != b"X-Z" for name, _ in found.headers)


@given(
    raw=st.sampled_from(ANSWERS),
    at=st.integers(0, 150),
    put=st.binary(max_size=6),
    take=st.integers(0, 6),
    rest=st.binary(max_size=30),
)
def test_no_bytes_break_the_reader_and_no_answer_is_longer_than_its_limit(
    raw: bytes, at: int, put: bytes, take: int, rest: bytes
) -> None:
    """Damaged in the middle, with something behind: an answer of at most its bytes, or one of the causes."""
    found = read([raw[:at] + put + raw[at + take :] + rest], most=50)
    if isinstance(found, ReplyReader):
        assert found.is_done
        assert len(found.body) <= 50
        assert 200 <= found.status <= 999
    else:
        assert found in {"answer_cut_short", "unreadable_answer", "answer_too_long"}


@given(cut=st.integers(1, 90))
def test_an_answer_that_is_cut_short_is_none(cut: int) -> None:
    """By one byte or by many."""
    for raw in ANSWERS:
        assert read([raw[:-cut]] if cut < len(raw) else []) == "answer_cut_short"

"""Logs of every form tell the same requests at the same times; what cannot be read is counted."""
# ruff: noqa: E501  lines of logs are as long as they are

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, strategies as st

from footfall._records import log_file
from footfall._records.errors import BadInputError
from footfall._workload.logged_requests import LogForm, read_requests

MIDNIGHT_S = datetime(1995, 8, 9, tzinfo=UTC).timestamp()
PATHS = ("/pay/bill", "/shuttle/", "/a?b=c")
COMMON = '{host} - - [{at:%d/%b/%Y:%H:%M:%S} -0400] "GET {path} HTTP/1.0" 200 17'
COMBINED = COMMON + ' "http://x/" "Mozilla/5.0 (X; [11/Aug/1999])"'


def times(seconds: list[int]) -> list[datetime]:
    """Give times of 9 August 1995."""
    return [datetime(1995, 8, 9) + timedelta(seconds=each) for each in seconds]  # noqa: DTZ001  wall-clock


def written(folder: Path, form: str, seconds: list[int]) -> Path:
    """Write a log of a form."""
    rows = list(zip(times(seconds), PATHS * len(seconds), strict=False))
    if form in {"common", "combined"}:
        line = COMMON if form == "common" else COMBINED
        lines = [line.format(host="h", at=at, path=path) for at, path in rows]
    elif form == "json":
        lines = [f'{{"ts": "{at.isoformat()}-04:00", "status": 200, "url": "{path}"}}' for at, path in rows]
    else:
        lines = ["status,time,path", *(f"200,{at.isoformat(sep=' ')},{path}" for at, path in rows)]
    path = folder / f"{form}.log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["common", "combined", "json", "csv"])
@given(seconds=st.lists(st.integers(0, 86_399), min_size=1, max_size=30))
def test_every_form_tells_the_wall_clock_of_the_server(
    tmp_path_factory: pytest.TempPathFactory, form: str, seconds: list[int]
) -> None:
    """To the second, in order, none lost."""
    read = read_requests(written(tmp_path_factory.mktemp("log"), form, seconds))
    assert (read.read, read.unreadable, read.first_unreadable) == (len(seconds), 0, None)
    assert read.frame["at_s"].to_list() == [MIDNIGHT_S + each for each in sorted(seconds)]


@pytest.mark.parametrize("form", ["common", "json", "csv"])
def test_paths_stay_with_their_times(tmp_path: Path, form: str) -> None:
    """Also when the log is out of order."""
    frame = read_requests(written(tmp_path, form, [7, 3])).frame
    assert frame["path"].to_list() == ["/shuttle/", "/pay/bill"]


def test_numbers_are_seconds_since_1970(tmp_path: Path) -> None:
    """With their fractions, in a column of any name."""
    path = tmp_path / "log.csv"
    path.write_text("began,x\n807926400.25,1\n807926400.75,2\n", encoding="utf-8")
    assert read_requests(path, LogForm(time_column="began")).frame["at_s"].to_list() == [
        807926400.25,
        807926400.75,
    ]


def test_rows_without_a_readable_time_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    """Whatever bytes they are of."""
    path = written(tmp_path, "common", [1, 2])
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], b"\xff\xfe nonsense", lines[1], b"- - [31/Feb/1995] x"]))
    read = read_requests(path)
    assert (read.read, read.unreadable, read.first_unreadable) == (4, 2, 2)


def test_parquet_is_read_with_its_own_types(tmp_path: Path) -> None:
    """A column of times needs no words."""
    path = tmp_path / "log.parquet"
    pl.DataFrame({"timestamp": times([5, 4])}).write_parquet(path)
    assert read_requests(path).frame["at_s"].to_list() == [MIDNIGHT_S + 4, MIDNIGHT_S + 5]


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("a,b\n1,2\n", None, "no column of times among a, b"),
        ("a,b\n1,2\n", "c", "has no column 'c'"),
        ("time,b\nsoon,2\n", None, "no row has a time that can be read; the first, in line 2, is 'soon'"),
        ("", None, "has no rows"),
        (" \n\n", None, "has no rows"),
        (
            "INFO: started\nINFO: ready\n",
            None,
            "no known format; the first is 'INFO: started'.*--time-format",
        ),
        ('[{"ts": 1},{"ts": 2}]', None, r"is a JSON document.* jq -c '\.\[\]' FILE"),
        ('[\n {\n  "ts": 1\n }\n]\n', None, "is a JSON document"),
        ('{\n "ts": 1\n}\n', None, "is a JSON document"),
    ],
)
def test_a_log_that_tells_no_times_gets_one_line(
    tmp_path: Path, text: str, column: str | None, told: str
) -> None:
    """What is missing, and what was expected."""
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match=told):
        read_requests(path, LogForm(time_column=column))


FIRST = datetime(2023, 10, 10, 13, 55, 36, tzinfo=UTC)
JSON = {
    "Caddy": '{{"level":"info","ts":{epoch:.7f},"request":{{"method":"GET","uri":"{path}","headers":{{"A":["x"]}}}}}}',
    "nginx time_local": '{{"time_local":"{at:%d/%b/%Y:%H:%M:%S} +0000","request":"GET {path} HTTP/1.1"}}',
    "nginx time_iso8601": '{{"time":"0.012","time_iso8601":"{at:%Y-%m-%dT%H:%M:%S}+00:00","request_uri":"{path}"}}',
    "nginx msec": '{{"msec":"{epoch:.3f}","request":"GET {path} HTTP/1.1","agent":"\\x22a\\x22"}}',
    "Traefik": '{{"StartUTC":"{at:%Y-%m-%dT%H:%M:%S}.000000001Z","RequestPath":"{path}","time":"2023-10-10T14:00:00Z"}}',
    "Envoy": '{{"start_time":"{at:%Y-%m-%dT%H:%M:%S}.000Z","method":"GET","path":"{path}","duration":3}}',
    "in an array": '  {{"timestamp":{millis},"url":"https://shop.example{path}"}},',
    "Docker": '{{"log":"192.0.2.1 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] \\"GET {path} HTTP/1.1\\" 200 1\\n","stream":"stdout","time":"2023-10-10T15:00:00Z"}}',
    "Docker with JSON": '{{"log":"{{\\"ts\\":{epoch:.1f},\\"uri\\":\\"{path}\\"}}\\n","stream":"stdout","time":"2023-10-10T15:00:00Z"}}',
    "Caddy console": '{at:%Y/%m/%d %H:%M:%S}.000\tINFO\thttp.log.access\thandled request\t{{"request":{{"uri":"{path}"}},"duration":0.01}}',
    "Caddy console, epoch": '{epoch:.7f}\tinfo\thttp.log.access\thandled request\t{{"request":{{"uri":"{path}"}}}}',
    "Cloudflare": '{{"ClientRequestURI":"{path}","EdgeEndTimestamp":1,"EdgeStartTimestamp":"{at:%Y-%m-%dT%H:%M:%S}Z"}}',
    "end of an array": '[{{"time":"{at:%Y-%m-%dT%H:%M:%S}Z","path":"{path}"}}]',
    "compose": 'web-1  | {{"ts":{epoch:.1f},"uri":"{path}"}}',
}
LINES = {
    "common": '192.0.2.1 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1" 200 1',
    "fractions": '192.0.2.1 - - [{at:%d/%b/%Y:%H:%M:%S}.000 +0000] "GET {path} HTTP/1.1" 200 1',
    "with the host, IPv6": 'shop.example:443 2001:db8::1 - "a [b]" [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET {path} HTTP/2.0" 200 1 "x?q=[01/Jan/2000:00:00:00 +0000]"',
    "absolute form": '192.0.2.1 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET http://shop.example{path} HTTP/1.1" 200 1',
    "method with a hyphen": '192.0.2.1 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "M-SEARCH {path} HTTP/1.1" 200 1',
    "HAProxy": 'Feb  6 12:14:14 lb haproxy[14389]: 10.0.1.2:33317 [{at:%d/%b/%Y:%H:%M:%S}.000] in be/s1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {{a}} {{}} "GET {path} HTTP/1.1"',
    "Kubernetes": '2023-10-10T15:00:00.1Z stdout F 192.0.2.1 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1" 200 1',
    "S3": '79a5 bucket [{at:%d/%b/%Y:%H:%M:%S} +0000] 192.0.2.3 79a5 3E57 REST.GET.OBJECT key "GET {path} HTTP/1.1" 200',
    "application balancer": 'https {at:%Y-%m-%dT%H:%M:%S}.000000Z app/lb/50 192.0.2.39:2817 10.0.0.1:80 0.0 0.0 0.0 200 200 34 366 "GET https://shop.example:443{path} HTTP/1.1" "curl" - - arn "Root=1" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward"',
    "classic balancer": '{at:%Y-%m-%dT%H:%M:%S}.000000Z lb 192.0.2.39:2817 10.0.0.1:80 0.0 0.0 0.0 200 200 0 29 "GET http://shop.example:80{path} HTTP/1.1" "curl" - -',
    "Envoy": '[{at:%Y-%m-%dT%H:%M:%S}.000Z] "GET {path} HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http"',
    "nginx error": '{at:%Y/%m/%d %H:%M:%S} [error] 8#8: *1 open() failed, client: ::1, request: "GET {path} HTTP/1.1", host: "a.b"',
    "Squid": "{epoch:.3f}    110 10.0.0.1 TCP_MISS/200 507 GET http://shop.example{path} - DIRECT/192.0.2.1 text/html",
    "router": '{at:%Y-%m-%dT%H:%M:%S}+00:00 app[router]: at=info method=GET path="{path}" host=shop.example status=200',
}  # fmt: skip


def filled(form: str) -> list[str]:
    """Give three lines of a form: at the first instant, a second and three seconds later."""
    return [
        form.format(at=at, path=path, epoch=at.timestamp(), millis=int(at.timestamp() * 1000))
        for at, path in zip((FIRST + timedelta(seconds=k) for k in (0, 1, 3)), PATHS, strict=True)
    ]


@pytest.mark.parametrize(
    "form", [*JSON.values(), *LINES.values()], ids=[*JSON, *(f"line {n}" for n in LINES)]
)
@pytest.mark.parametrize("damaged", [False, True])
def test_common_forms_tell_times_and_paths(tmp_path: Path, form: str, damaged: bool) -> None:  # noqa: FBT001  a case
    """Also where the first line is none of theirs: it is counted, and shown."""
    path = tmp_path / "access.log"
    head = ["-- log rotated --"] if damaged else []
    path.write_text("\n".join(head + filled(form)), encoding="utf-8")
    read = read_requests(path)
    assert read.frame["at_s"].to_list() == pytest.approx([FIRST.timestamp() + k for k in (0, 1, 3)], abs=1e-4)
    assert read.frame["path"].to_list() == list(PATHS)
    assert (read.read, read.unreadable) == (3 + damaged, damaged)
    assert read.unreadable_example == ("-- log rotated --" if damaged else None)


W3C = [
    "#Software: Microsoft Internet Information Services 10.0",
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query cs(User-Agent) time-taken",
    "2023-10-10 13:55:36 10.0.0.1 GET /pay/bill - curl 15",
    "2023-10-10 13:55:37 10.0.0.1 GET /shuttle/ q=1 curl 15",
    "2023-10-10 13:55:38 10.0.0.1 GET cut",
    "#Fields: time cs-uri-stem",
    "#Date: 2023-10-10 13:55:38",
    "13:55:39 /img",
]


@pytest.mark.parametrize("separator", [" ", "\t"])
def test_the_fields_of_w3c_are_read_as_they_are_named(tmp_path: Path, separator: str) -> None:
    """Also where they change, and where the day stands above; a line with other fields is counted."""
    path = tmp_path / "u_ex.log"
    path.write_text("\n".join(x if x[0] == "#" else x.replace(" ", separator) for x in W3C), encoding="utf-8")
    read = read_requests(path)
    assert read.frame["at_s"].to_list() == [FIRST.timestamp() + k for k in (0, 1, 3)]
    assert read.frame["path"].to_list() == ["/pay/bill", "/shuttle/?q=1", "/img"]
    assert (read.read, read.first_unreadable) == (4, 5)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_and_packing_are_read(tmp_path: Path, encoding: str) -> None:
    """By the first bytes, whatever the name."""
    path = tmp_path / "access.log.2.gz"
    path.write_bytes(gzip.compress("\n".join(filled(LINES["common"])).encode(encoding)))
    assert read_requests(path).frame["path"].to_list() == list(PATHS)


def test_a_form_of_one_s_own_is_read_from_lines_and_columns(tmp_path: Path) -> None:
    """What is not in a usual form is told by --time-format."""
    lines, table = tmp_path / "own.log", tmp_path / "own.csv"
    lines.write_text(
        "2023.10.10 13h55m36 GET /pay/1 200\n2023.10.10 13h55m38 GET /pay/2 200\n", encoding="utf-8"
    )
    table.write_text("time;path\n10/10/2023 13:55:36;/pay/1\n10/10/2023 13:55:38;/pay/2\n", encoding="utf-8")
    for path, form in ((lines, "%Y.%m.%d %Hh%Mm%S"), (table, "%d/%m/%Y %H:%M:%S")):
        read = read_requests(path, LogForm(time_format=form))
        assert read.frame["at_s"].to_list() == [FIRST.timestamp(), FIRST.timestamp() + 2]
        assert read.frame["path"].to_list() == ["/pay/1", "/pay/2"]
    with pytest.raises(
        BadInputError, match=r"the first, in line 2, is '10/10/2023 .*--time-format.*%d/%m/%Y"
    ):
        read_requests(table)


def test_day_and_time_in_columns_of_their_own_are_joined(tmp_path: Path) -> None:
    """As balancers' tables have them."""
    path = tmp_path / "log.csv"
    path.write_text("date,time,uri\n2023-10-10,13:55:36,/pay/1\n", encoding="utf-8")
    assert read_requests(path).frame.rows() == [(FIRST.timestamp(), "/pay/1")]


@pytest.mark.parametrize(
    ("lines", "utc_s"),
    [
        (["2023-10-10T13:55:36Z", "2023-10-10T13:55:37Z"], 0),
        (["2023-10-10 13:55:36.000", "2023-10-10 13:55:37,000"], 0),
        (["2023-10-10T13:55:36+02:00", "2023-10-10T11:55:37Z"], 0),
        (["2023-10-10T13:55:36Z", "2023-10-10T15:55:37+02"], 0),
        (["1696946136", "1696946137"], 0),
        (["1696946136000.0", "1696946137000.0"], 0),
        (["1696946136,5", "1696946137,5"], 0.5),
    ],
)
@pytest.mark.parametrize("heading", [[], ["time"]])
def test_times_alone_are_a_log(tmp_path: Path, lines: list[str], utc_s: float, heading: list[str]) -> None:
    """With a heading or without; on the clock of the first, whose offset may be that of UTC itself."""
    path = tmp_path / "times.log"
    path.write_text(
        "\n".join(heading + [f'"{line}"' if heading else line for line in lines]), encoding="utf-8"
    )
    read = read_requests(path)
    assert read.frame["at_s"].to_list() == [FIRST.timestamp() + utc_s + k for k in (0, 1)]
    assert (read.read, read.frame["path"].to_list()) == (2, ["", ""])


def test_deep_json_and_lines_without_an_end_are_rows_without_a_time(tmp_path: Path) -> None:
    """A hundred thousand brackets, and a line of two million letters."""
    path = tmp_path / "log.jsonl"
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    good = filled(JSON["Caddy"])
    path.write_text("\n".join([*good, deep, "x" * 2_000_000, *good]), encoding="utf-8")
    read = read_requests(path)
    assert (read.read, read.unreadable, read.first_unreadable) == (8, 2, 4)


def test_a_small_file_of_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty million equal rows fit into a few kilobytes, and not into the memory."""
    path = tmp_path / "log.parquet"
    pl.select(ts=pl.repeat(1_700_000_000, 1000)).write_parquet(path)
    monkeypatch.setattr(log_file, "ROWS_MOST", 999)
    with pytest.raises(BadInputError, match="1,000 rows of 1 columns; expected at most 999 rows"):
        read_requests(path)


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b"#Fields:\n\x00")
@example(b'{"ts": 1e999}\n{"ts": NaN}')
@example(b'{"ts": ' + b"9" * 5000 + b"}")
@example(b"[10/Oct/2023:13:55:36 +9999] x")
def test_any_bytes_are_a_log_or_one_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Nothing else reaches a user, and no row is lost."""
    path = tmp_path_factory.getbasetemp() / "any.log"
    path.write_bytes(content)
    try:
        read = read_requests(path)
    except BadInputError as error:
        told = str(error)
    else:
        told = str(path)
        assert read.frame.height + read.unreadable == read.read
    assert told.startswith(str(path))

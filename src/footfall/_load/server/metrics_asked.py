"""Which metrics server is asked for which figures, by the options and the endpoints file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from footfall._load.endpoints.endpoints_file import endpoints_in, read_text
from footfall._load.endpoints.metric_queries import (
    OF_A_PROCESS,
    MetricQuery,
    MetricsServer,
    metric_headers,
)
from footfall._load.http.wire_format import DEFAULT_TRANSPORT, TransportOptions, read_ca
from footfall._load.server.limited_get import GetOptions
from footfall._load.server.prometheus import MetricsAddress, MetricsSource, target_of
from footfall._load.server.server_sampler import SourceError, Unread
from footfall._records.errors import BadInputError

_PAGES = ("/metrics", "/prometheus")
_EXPECTED = "a Prometheus server, or a page such as http://127.0.0.1:9100/metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsAsked:
    """A metrics server and what it is asked for."""

    where: str
    """Option or place in the endpoints file, with the address, for errors."""
    target: MetricsAddress
    metrics: tuple[MetricQuery, ...]
    get: GetOptions
    every_s: float

    def source(self) -> MetricsSource:
        """Return a source that reads them."""
        return MetricsSource(self.target, self.metrics, self.get, self.every_s)

    @property
    def shown(self) -> str:
        """The address without its query, which may hold a secret."""
        return self.target.address.url()

    def check(self) -> None:
        """Ask once, so that a mistake is found before a run and not after it.

        Figures that merely have no data yet are not mistakes.

        Raises:
            BadInputError: the server does not answer as one, or a query never gives a single number.
        """
        source = self.source()
        try:
            found = source.read()
        except SourceError as error:
            raise BadInputError(self.where, str(error), _EXPECTED) from error
        finally:
            source.close()
        wrong = next((each for each in found if isinstance(each, Unread) and each.is_lasting), None)
        if wrong is not None:
            name, _, problem = wrong.text.partition(": ")
            problem, _, expected = problem.partition("; expected ")
            raise BadInputError(f"[[metric]] {name}", problem, expected or "PromQL")


def metrics_asked(url: str | None, path: Path | None, environment: Mapping[str, str]) -> MetricsAsked | None:
    """Return what is asked of which server; None if neither `--metrics` nor the file names a server.

    Raises:
        BadInputError: the address, the file or a secret is wrong or missing, or nothing says what to read.
    """
    endpoints = None if path is None else endpoints_in(read_text(path), str(path))
    server = MetricsServer() if endpoints is None else endpoints.metrics
    metrics = () if endpoints is None else endpoints.metric
    address = url or server.url
    if address is None:
        return None
    option = "--metrics" if url else f"{path}: [metrics] url"
    target = target_of(address, f"{option} {address.partition('?')[0]}")
    where = f"{option} {target.address.url()}"
    if not metrics:
        if not target.path.partition("?")[0].rstrip("/").endswith(_PAGES):
            expected = "an endpoints file with [[metric]], or a page such as http://127.0.0.1:9100/metrics"
            raise BadInputError(where, "nothing says which figures to read", expected)
        metrics = OF_A_PROCESS
    headers = metric_headers(server, environment, str(path))
    options = GetOptions(timeout_s=server.timeout_s, headers=headers, transport=_transport(server, path))
    return MetricsAsked(where=where, target=target, metrics=metrics, get=options, every_s=server.every_s)


def _transport(server: MetricsServer, path: Path | None) -> TransportOptions:
    """Return which certificates are trusted: the generator's own options are about another server."""
    if server.ca_file is None or path is None:
        return DEFAULT_TRANSPORT
    return TransportOptions(ca_pem=read_ca(path.parent / server.ca_file, f"{path}: [metrics] ca_file"))

"""Source of figures that Prometheus knows: instant queries to its HTTP API, or a page in its text format."""

import json
import math
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

from footfall._load.endpoints.metric_queries import MetricQuery
from footfall._load.http.wire_format import Address, address_of
from footfall._load.secrets import masked
from footfall._load.server.limited_get import GetOptions, LimitedGet
from footfall._load.server.server_sampler import EVERY_S, Figure, SourceError, Unread

_QUERY_PATH = "/api/v1/query"
_TEXT_MOST = 200
_OK = 200
_UNAUTHORIZED = (401, 403)


class MetricsAddress(NamedTuple):
    """The address of a metrics server."""

    address: Address
    path: str
    """Of a page, as it is asked for: with its query."""


def target_of(url: str, where: str) -> MetricsAddress:
    """Read the address of a metrics server or page.

    Raises:
        BadInputError: it is not an address, or has a user, a password or a fragment.
    """
    plain, _, query = url.partition("?")
    address = address_of(plain, where)
    slash = "/" if plain.endswith("/") or not address.prefix else ""
    return MetricsAddress(address, f"{address.prefix}{slash}{f'?{query}' if query else ''}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    value: float
    at_s: float


class MetricsSource:
    """Figures of one metrics server."""

    name = "metrics"

    def __init__(
        self,
        target: MetricsAddress,
        metrics: Sequence[MetricQuery],
        options: GetOptions,
        every_s: float = EVERY_S,
    ) -> None:
        """Ask nothing yet; all metrics are queries, or all are samples."""
        self.every_s = every_s
        self._target = target
        self._metrics = metrics
        self._options = options
        self._server = LimitedGet(target.address, options)
        self._before: dict[str, _Counted] = {}

    def read(self) -> Sequence[Figure | Unread]:
        """Ask for all figures of this moment.

        Raises:
            SourceError: the server does not answer as one.
        """
        if any(metric.query is not None for metric in self._metrics):
            return [self._queried(metric) for metric in self._metrics]
        return list(self._on_page())

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    def _queried(self, metric: MetricQuery) -> Figure | Unread:
        parameters = urlencode({"query": metric.query, "timeout": f"{self._options.timeout_s:g}s"})
        status, body = self._server.get(f"{self._target.address.target(_QUERY_PATH)}?{parameters}")
        try:
            value = value_of_response(status, body)
        except QueryError as error:
            text = masked(str(error), self._options.headers.values())
            return Unread(f"{metric.name}: {text}", is_lasting=error.is_lasting)
        return Figure(metric.name, value, metric.unit)

    def _on_page(self) -> Iterable[Figure | Unread]:
        status, body = self._server.get(self._target.path)
        at_s = time.monotonic()
        if status != _OK:
            raise SourceError(_status_text(status))
        values = samples_of_page(body, self._metrics)
        for metric in self._metrics:
            value = values.get(metric.name)
            if value is None:
                yield Unread(f"{metric.name}: no sample {_sample_text(metric)} on the page")
            elif not math.isfinite(value):
                yield Unread(f"{metric.name}: gives {value}")
            elif not metric.per_s:
                yield Figure(metric.name, value, metric.unit)
            else:
                before = self._before.get(metric.name)
                self._before[metric.name] = _Counted(value=value, at_s=at_s)
                # A counter that fell began anew with its process.
                if before is not None and value >= before.value and at_s > before.at_s:
                    yield Figure(metric.name, (value - before.value) / (at_s - before.at_s), metric.unit)


# ── The answer to an instant query


class QueryError(Exception):
    """A query has no value; the text says why."""

    def __init__(self, text: str, *, is_lasting: bool = False) -> None:
        """Take the text; `is_lasting`: it would never have one."""
        super().__init__(text)
        self.is_lasting = is_lasting


def value_of_response(status: int, body: bytes) -> float:
    """Return the single finite value of a response to an instant query.

    Form: Prometheus documentation, HTTP API, "Instant queries" and "Expression query result formats".

    Raises:
        QueryError: there is none, or several.
        SourceError: it is not a response of this API.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or data.get("status") not in {"success", "error"}:
        text = _status_text(status) if status != _OK else "the response is not that of a Prometheus server"
        raise SourceError(text)
    if data["status"] == "error":
        kind, words = (re.sub(r"\s+", " ", str(data.get(name, ""))) for name in ("errorType", "error"))
        raise QueryError(f"{kind}: {words}"[:_TEXT_MOST], is_lasting=kind == "bad_data")
    result = data.get("data")
    if not isinstance(result, dict):
        msg = "the response is not that of a Prometheus server"
        raise SourceError(msg)
    value = _number(_single(result))
    if not math.isfinite(value):
        msg = f"gives {value}"
        raise QueryError(msg)
    return value


def _single(data: Mapping[str, Any]) -> Any:  # noqa: ANN401  JSON
    """Return the value of a scalar, or of a vector with one element."""
    kind, result = data.get("resultType"), data.get("result")
    if kind == "scalar":
        return result
    if kind != "vector" or not isinstance(result, list):
        msg = f"gives a {kind}; expected a single value, without a range such as [5m] at its end"
        raise QueryError(msg, is_lasting=True)
    if not result:
        msg = "no data"
        raise QueryError(msg)
    if len(result) > 1:
        msg = f"gives {len(result)} series; expected one, such as by sum(…) or max(…)"
        raise QueryError(msg, is_lasting=True)
    if not isinstance(result[0], dict) or "value" not in result[0]:
        msg = "gives a histogram; expected a number, such as by histogram_quantile(0.95, …)"
        raise QueryError(msg, is_lasting=True)
    return result[0]["value"]


def _number(pair: Any) -> float:  # noqa: ANN401  JSON
    """Return the value of a pair of time and text."""
    try:
        _, text = pair
        return float(text)
    except (TypeError, ValueError) as error:
        msg = "the response is not that of a Prometheus server"
        raise SourceError(msg) from error


# ── A page in the text format


def samples_of_page(body: bytes, metrics: Sequence[MetricQuery]) -> dict[str, float]:
    """Return the value of each metric on a page, by its name; those that match several samples are sums.

    Form: Prometheus documentation, "Exposition formats", text-based format. Only lines of the samples that
    are asked for are parsed: pages of large services have tens of thousands.

    Raises:
        SourceError: such a line is not of this form.
    """
    from prometheus_client.parser import text_string_to_metric_families

    wanted = {str(metric.sample) for metric in metrics}
    text = body.decode("utf-8", "replace")
    begins = tuple(wanted)
    maybe = (line for line in text.split("\n") if line.startswith(begins))
    lines = [line for line in maybe if re.split(r"[{\s]", line, maxsplit=1)[0] in wanted]
    found: dict[str, float] = {}
    try:
        families = list(text_string_to_metric_families("\n".join((*lines, ""))))
    except (ValueError, IndexError, KeyError) as error:
        msg = "the page is not in Prometheus' text format"
        raise SourceError(msg) from error
    samples = [sample for family in families for sample in family.samples]
    for metric in metrics:
        values = [
            float(sample.value)
            for sample in samples
            if sample.name == metric.sample and metric.labels.items() <= sample.labels.items()
        ]
        if values:
            found[metric.name] = math.fsum(values)
    return found


def _status_text(status: int) -> str:
    hint = "; expected [metrics] headers with a credential" if status in _UNAUTHORIZED else ""
    return f"status {status}{hint}"


def _sample_text(metric: MetricQuery) -> str:
    labels = ", ".join(f'{name}="{value}"' for name, value in metric.labels.items())
    return f"{metric.sample}{{{labels}}}" if labels else str(metric.sample)

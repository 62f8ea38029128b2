"""`[metrics]` and `[[metric]]` of an endpoints file: figures of the service that a metrics server knows."""

import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, PositiveFloat, model_validator

from footfall._load.endpoints.header_fields import Headers
from footfall._load.endpoints.placeholders import ENVIRONMENT, in_header, words_in
from footfall._load.http.wire_format import is_header_value
from footfall._model.numbers import Spec
from footfall._records.errors import BadInputError

METRICS_MOST = 50
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,60}")
_SAMPLE = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_EVERY_S_LEAST, _TIMEOUT_S_MOST = 0.2, 30.0


def _a_name(text: str) -> str:
    if not _NAME.fullmatch(text) or text != text.strip():
        msg = "is not a name; expected 1 to 60 characters"
        raise ValueError(msg)
    return text


def _a_sample(text: str) -> str:
    if not _SAMPLE.fullmatch(text):
        msg = "is not the name of a sample; expected one such as process_open_fds, without labels"
        raise ValueError(msg)
    return text


class MetricQuery(Spec):
    """One figure: a PromQL query to a Prometheus server, or a sample on a page in Prometheus' text format."""

    name: Annotated[str, AfterValidator(_a_name)]
    unit: Annotated[str, Field(max_length=30)] = ""
    query: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    """PromQL that gives a single value; braces are its own, not placeholders."""
    sample: Annotated[str, AfterValidator(_a_sample)] | None = None
    """Name of a sample on the page; several that match are added up."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels that the sample must have, with these values; others may be any."""
    per_s: bool = False
    """Whether the sample is a counter, whose increase per second is the figure."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.query is None) is (self.sample is None):
            msg = "needs query (of a Prometheus server) or sample (on a text page); expected one of them"
            raise ValueError(msg)
        if self.query is not None and (self.labels or self.per_s):
            msg = 'labels and per_s belong to sample; expected PromQL such as rate(x{a="b"}[30s])'
            raise ValueError(msg)
        return self


class MetricsServer(Spec):
    """Where the figures are read, and how often."""

    url: str | None = None
    """Prometheus server, or page in its text format; None: given by `--metrics`."""
    headers: Headers = Field(default_factory=dict)
    """With every request, such as `Authorization`; a secret is `{env.NAME}`."""
    every_s: Annotated[float, Field(ge=_EVERY_S_LEAST)] = 1.0
    timeout_s: Annotated[PositiveFloat, Field(le=_TIMEOUT_S_MOST)] = 2.0
    ca_file: str | None = None
    """File with the CA certificate of this server, relative to the endpoints file; None: the system's CAs."""


OF_A_PROCESS = (
    MetricQuery(name="cpu", unit="cores", sample="process_cpu_seconds_total", per_s=True),
    MetricQuery(name="memory_rss", unit="bytes", sample="process_resident_memory_bytes"),
    MetricQuery(name="open_files", unit="files", sample="process_open_fds"),
)
"""Samples that Prometheus' client libraries give of the process that they are part of."""


def check_metrics(metrics: tuple[MetricQuery, ...], where: str) -> None:
    """Check that the figures have different names and come from one kind of server.

    Raises:
        BadInputError: two have the same name, there are too many, or they are of both kinds.
    """
    names = [each.name for each in metrics]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadInputError(f"{where}: [[metric]] {twice}", "there are two of this name", "different names")
    if len(metrics) > METRICS_MOST:
        raise BadInputError(f"{where}: [[metric]]", f"there are {len(metrics)}", f"at most {METRICS_MOST}")
    kinds = {each.query is None: each for each in metrics}
    if len(kinds) > 1:
        problem = f"is a query, and {kinds[True].name} is a sample: they come from different servers"
        raise BadInputError(f"{where}: [[metric]] {kinds[False].name}", problem, "one kind")


def metric_headers(server: MetricsServer, environment: Mapping[str, str], where: str) -> dict[str, str]:
    """Return the headers of a metrics server with the values of environment variables.

    Raises:
        BadInputError: a variable is not set or cannot be sent, or a placeholder is of another kind.
    """
    values = {}
    for word in sorted(set(words_in(server.headers))):
        place, name = f"{where}: [metrics] headers", word.removeprefix(ENVIRONMENT)
        if not word.startswith(ENVIRONMENT):
            raise BadInputError(place, f"{{{word}}} has no value here", f"{{{ENVIRONMENT}NAME}}")
        if not environment.get(name):
            raise BadInputError(place, f"{name} is not set", f"{name} in the environment")
        if not is_header_value(environment[name]):
            raise BadInputError(
                place, f"{name} contains characters that a header cannot hold", "Latin-1 characters"
            )
        values[word] = environment[name]
    return {name: in_header(text, values) for name, text in server.headers.items()}

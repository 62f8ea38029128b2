"""A search for capacity, or the whole loop, started from Locust's web page."""

from typing import Any

from footfall._load.locust_options import HostProfile, LocustRunSettings
from footfall._load.own_users import OwnUsers
from footfall._load.web.page_runs import PageRun
from footfall._records.errors import BadInputError

_ENDED = frozenset({"over", "failed", "stopped"})


class PageSearch:
    """The run that Locust sees: it sends no requests, and is over when the search is."""

    def __init__(self, run: PageRun) -> None:
        """Follow a search whose process is ready."""
        self._run = run

    def start(self) -> None:
        """Show the search as under way."""
        if self._run.state == "preparing":
            self._run.state, self._run.phase = "running", ""

    def tick(self) -> bool:
        """Whether the search has ended."""
        return self._run.state in _ENDED

    def stop_sending(self) -> None:
        """Stop the search, unless it has ended: it writes what it has found."""
        run = self._run
        if run.state == "running" and run.supervisor is not None:
            run.state, run.phase = "reporting", "stopping: the step under way ends, and the files are written"
            run.supervisor.stop()

    def finish(self) -> None:
        """Write nothing: the process of the search has its own files."""


def asked_of_search(
    settings: LocustRunSettings, host: HostProfile | None, users: OwnUsers
) -> dict[str, object]:
    """Return the description of a search in `settings.run_dir`, for the process that makes it.

    Raises:
        BadInputError: users of the locustfile would be left out.
    """
    search = settings.search
    assert search is not None  # noqa: S101  the plug-in has checked it
    if users.users:
        names = ", ".join(sorted(user.user for user in users.users))
        problem = f"a search sends its own requests, without {names} of the locustfile"
        raise BadInputError("Test", problem, "a load run, or a locustfile without users of your own")
    # Its generator has a locustfile of its own.
    options: dict[str, Any] = settings.options.model_dump(
        mode="json", exclude_defaults=True, exclude={"locustfile"}
    )
    if host is not None and host.endpoints is not None:
        options["endpoints"] = str(host.endpoints)
    if host is None:
        # The reference service has its own requests, so an endpoints file does not apply.
        options.pop("endpoints", None)
    seed = dict(settings.trace_options).get("seed")
    return {
        "job": search.job,
        "out": str(settings.run_dir),
        "budget": search.budget,
        "scenario": settings.scenario if search.path is None else None,
        "url": search.path,
        "host": None if host is None else host.url,
        "serve": host is None,
        "criteria": list(search.criteria),
        "seed": 1 if seed is None else int(seed),
        "options": options,
    }

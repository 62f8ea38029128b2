"""`python -m footfall._runs JOB`: one whole job as a process, for rooms that must not do it in their own.

The first line of the input is JSON: what is to be done. The output is one line of JSON; that of `live`,
`capacity`, `loop` and `serve` goes on as they do. What is wrong is one line on stderr. Exit codes are those
of the command line.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from footfall._runs.process import as_process, be_a_child

_LINE_MOST = 16 * 1024 * 1024


def trace(data: Mapping[str, Any]) -> int:
    """Make a scenario's trace in a folder: what is given are the arguments of `make_trace`."""
    from footfall._runs.make_trace import make_trace

    make_trace(**data)
    _answer({"folder": data["out"]})
    return 0


def judge(data: Mapping[str, Any]) -> int:
    """Judge a run by its own criteria."""
    from footfall._runs.judgement import as_json, judge, judged_lines

    judged = judge(data["folder"])
    _answer(as_json(judged) | {"lines": judged_lines(judged)})
    return judged.exit_code


def load(data: Mapping[str, Any]) -> int:
    """Run a scenario, judge it and report: what is given are the arguments of `load_test`.

    `words` are further ones as they stand on the command line of `footfall load`.
    """
    from footfall._load.options import LoadOptions, from_words
    from footfall._runs.load_run import as_json
    from footfall._runs.load_test import load_test
    from footfall._runs.run_options import TraceOptions

    words = from_words(data.get("words", ()), LoadOptions, TraceOptions)
    words = {"window" if name == "window_s" else name: value for name, value in words.items()}
    asked: dict[str, Any] = {name: value for name, value in data.items() if name != "words"}
    done = load_test(**asked | words).done
    _answer(as_json(done))
    return done.judged.exit_code


def serve(data: Mapping[str, Any]) -> int:
    """Serve a trace's or another model until this process is stopped, and say at which address."""
    from footfall._runs.reference_service import asked_of_data, serve_here

    serve_here(asked_of_data(data), lambda url: _answer({"url": url}))
    return 0


def live(data: Mapping[str, Any]) -> int:
    """Make a run of Locust's page ready, follow it by the news of its input, and report on it."""
    from footfall._load.own_users import OwnUsers
    from footfall._runs.live import LiveAsked, follow
    from footfall._runs.run_options import trace_options

    paths = {name: _path(data.get(name)) for name in ("trace", "endpoints")}
    asked = LiveAsked(
        run=Path(data["run"]),
        scenario=data.get("scenario"),
        options=trace_options(_as_named(data.get("options", {}))),
        serve=bool(data.get("serve")),
        own_users=OwnUsers.model_validate(data.get("own_users", {"users": ()})),
        **paths,
    )
    follow(asked, sys.stdin.readline, _tell)
    return 0


def capacity(data: Mapping[str, Any]) -> int:
    """Search for a capacity as Locust's page asks for it, and say how it stands after each step."""
    from footfall._runs.live_search import follow_search, wanted_of

    follow_search(wanted_of(data), _tell)
    return 0


def loop(data: Mapping[str, Any]) -> int:
    """Run the whole loop as Locust's page asks for it, and say how it stands after each step and phase."""
    from footfall._runs.live_loop import follow_loop
    from footfall._runs.live_search import wanted_of

    follow_loop(wanted_of(data), _tell)
    return 0


JOBS: dict[str, Callable[[Mapping[str, Any]], int]] = {
    each.__name__: each for each in (trace, judge, load, serve, live, capacity, loop)
}


def main(arguments: list[str]) -> int:
    """Do the job that is named; returns its exit code."""
    (name,) = arguments
    data = json.loads(sys.stdin.readline(_LINE_MOST))
    return as_process(name, lambda: JOBS[name](data))


def _answer(data: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(data, allow_nan=False) + "\n")
    sys.stdout.flush()


def _tell(word: str, data: object) -> None:
    """Say a word and JSON in one line, as Locust's page reads them."""
    sys.stdout.write(f"{word} {json.dumps(data, allow_nan=False)}\n")
    sys.stdout.flush()


def _as_named(options: Mapping[str, Any]) -> dict[str, Any]:
    return {"window_s" if name == "window" else name: value for name, value in options.items()}


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


if __name__ == "__main__":
    be_a_child()
    sys.exit(main(sys.argv[1:]))

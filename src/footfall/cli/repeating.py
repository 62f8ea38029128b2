"""Play one trace several times, at one service or at two in turn, and tell what the runs say together."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from footfall import __version__
from footfall.cli import judging
from footfall.cli.comparing import compare_folders
from footfall.cli.console import note, say_json
from footfall.cli.own_service import own_service
from footfall.cli.playing import PlayOptions, play_only
from footfall.cli.predicting import predict_played, replicate_played
from footfall.cli.runs import begin
from footfall.load.endpoints.endpoints_check import file_of, transport_of
from footfall.load.preflight import check_host
from footfall.measure.run_comparison import EXIT_CODES, Minimum
from footfall.measure.spec import Criterion
from footfall.records.folders import claim
from footfall.records.runs import folder_name, run_id
from footfall.workload.trace import Trace, write_trace

REPEATS = 8
"""Runs each where nothing else is said: enough for up to 160 metrics beside the main ones."""
REPEATS_MOST = 50
INTERRUPTED_EXIT_CODE = 130

Against = Annotated[
    str | None,
    typer.Option(help="Address of a second service, played in turn with the first.", show_default=False),
]
Repeat = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=REPEATS_MOST,
        help="Play it so often, at each service. Default: 8 with --against, else once.",
        show_default=False,
    ),
]


class Ordinary(NamedTuple):
    """What one run of `footfall load` is made of."""

    scenario: str
    trace: Trace
    criteria: tuple[Criterion, ...]
    settings: Mapping[str, Any]
    options: PlayOptions
    """Its host is A; None: the reference service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """How often it is played, and against what."""

    times: int
    """At each service."""
    against: str | None
    """Host of B; None: A is played alone."""
    out: Path | None
    as_json: bool = False


def repeats_of(repeat: int | None, against: str | None, out: Path | None, *, as_json: bool) -> Repeats | None:
    """Give what is asked for; None for an ordinary, single run."""
    times = repeat or (1 if against is None else REPEATS)
    if times == 1 and against is None:
        return None
    return Repeats(times=times, against=against, out=out, as_json=as_json)


def order_of(times: int, *, against: bool) -> list[str]:
    """Give the runs in the order of play: A B, B A, A B …, so that what drifts steadily hits both alike."""
    if not against:
        return [f"run-{number}" for number in range(1, times + 1)]
    pairs = (("a", "b") if number % 2 else ("b", "a") for number in range(1, times + 1))
    return [f"{side}-{number}" for number, pair in enumerate(pairs, 1) for side in pair]


def play_repeatedly(ordinary: Ordinary, repeats: Repeats) -> int:
    """Play all runs and print what they say; returns the exit code.

    With a second service: that of the comparison, A being the baseline. Alone: that of the worst run. Ctrl-C
    keeps the whole runs that have ended: exit code 130.

    Raises:
        BadInputError: a service cannot be reached, or the folder holds runs already.
    """
    names = order_of(repeats.times, against=repeats.against is not None)
    _check(ordinary, repeats)
    folder = claim(repeats.out, _folder(ordinary, repeats))
    with ExitStack() as stack:
        played = _play_all(names, _player(ordinary, repeats, folder, stack))
    if len(played) < len(names):
        note(f"stopped: {len(played)} of {len(names)} runs are whole: {', '.join(played) or 'none'}")
        return INTERRUPTED_EXIT_CODE
    return _tell(repeats, folder, played)


def _play_all(names: Sequence[str], play: Callable[[str], judging.Judged]) -> dict[str, judging.Judged]:
    """Play run after run; ends early where one was stopped."""
    played: dict[str, judging.Judged] = {}
    with _ctrl_c() as heard:
        for number, name in enumerate(names, 1):
            note(f"run {number} of {len(names)}: {name}")
            try:
                judged = play(name)
            except KeyboardInterrupt:
                break
            if judged.manifest.status != "finished":
                break
            played[name] = judged
            if heard:
                # It came too late to cut the run short.
                break
    return played


@contextmanager
def _ctrl_c() -> Iterator[list[int]]:
    """Remember each Ctrl-C, which a run that is about to end may survive; elsewhere it works as usual."""
    heard: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return

    def hear(number: int, _frame: object) -> None:
        heard.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, before)


def _player(
    ordinary: Ordinary, repeats: Repeats, folder: Path, stack: ExitStack
) -> Callable[[str], judging.Judged]:
    """Give what plays one run; the prediction is made once, since all runs have the same arrivals."""
    shared = folder / "trace"
    write_trace(shared, ordinary.trace)
    if ordinary.trace.info.has_prediction:
        predict_played(shared, ordinary.trace)
        replicate_played(shared, ordinary.trace)
    files = (judging.PREDICTED_FILE, judging.REPLICATIONS_FILE, judging.ORDINARY_FILE)
    predicted = [name for name in files if (shared / name).exists()]
    service = None
    if ordinary.options.host is None and repeats.against is not None:
        # The other service keeps its books from run to run; this one must not start each with fresh ones.
        service = stack.enter_context(own_service(shared))

    def play(name: str) -> judging.Judged:
        is_b = name.startswith("b-")
        options = replace(ordinary.options, predicted=True, service=None if is_b else service)
        if is_b:
            options = replace(options, host=repeats.against)
        settings = dict(ordinary.settings) | {
            "host": options.host or "reference service",
            "repeat": {"name": name, "of": repeats.times, "against": repeats.against is not None},
        }
        seed = ordinary.trace.info.seed
        run, manifest = begin(
            "load", ordinary.trace.model, seed, folder / name, scenario=ordinary.scenario, settings=settings
        )
        write_trace(run, ordinary.trace)
        for file in predicted:
            (run / file).write_bytes((shared / file).read_bytes())
        return play_only(run, manifest, ordinary.criteria, ordinary.trace, options)

    return play


def _tell(repeats: Repeats, folder: Path, played: Mapping[str, judging.Judged]) -> int:
    for name, judged in played.items():
        note(f"{name}: verdict on its own {judged.decision.verdict.value}")
    folders = {name: folder / name for name in sorted(played, key=lambda name: int(name.partition("-")[2]))}
    # Both draw or borrow from charts, which are slow to import: after the runs.
    from footfall.cli import contrast, spread

    if repeats.against is None:
        return spread.tell(list(folders.values()), list(played.values()), as_json=repeats.as_json)
    a, b = ([path for name, path in folders.items() if name.startswith(side)] for side in ("a-", "b-"))
    compared = compare_folders(a, b, (), Minimum())
    written = contrast.write(folder, compared)
    if repeats.as_json:
        say_json(contrast.as_json(compared) | {"folder": str(folder)})
    else:
        contrast.show(compared, written)
    return EXIT_CODES[compared.decision.verdict]


def _folder(ordinary: Ordinary, repeats: Repeats) -> Path:
    of = f"repeat {repeats.times} {repeats.against} {sorted(ordinary.settings.items())}"
    info = ordinary.trace.info
    identity = run_id(info.fingerprint, of, info.seed, __version__)
    return Path("results") / folder_name(ordinary.scenario) / "runs" / f"repeat-{identity}"


def _check(ordinary: Ordinary, repeats: Repeats) -> None:
    """Find out what cannot be done before anything is played."""
    for option, host in (("--host", ordinary.options.host), ("--against", repeats.against)):
        if host is not None:
            options, info = ordinary.options, ordinary.trace.info
            transport = transport_of(options.transport, options.endpoints, info)
            is_mapped = file_of(options.endpoints, info) is not None
            check_host(host, info, option=option, transport=transport, is_mapped=is_mapped)

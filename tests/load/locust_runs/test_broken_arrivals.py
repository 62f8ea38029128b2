"""An arrival that an error of ours breaks is counted as such, without a word of what the error quotes."""

import json
import subprocess
import sys

from footfall._load.results import OTHER_REASONS, REASONS_MOST, RunResults
from footfall._records.rows import Arrival

SECRET = "s3cr€t-TOKEN"
PLAY = """
import json, logging, sys
from types import SimpleNamespace
from gevent.pool import Group
from locust.env import Environment
from footfall._load.results import RunResults
from footfall._load.executor import ExecutorOptions, Workload
from footfall._load.executor import ArrivalExecutor
from footfall._load.locust_users import ModelUser
from footfall._records.rows import Arrival
from tests.load.small import day_of, small_model, trace_of

class Broken:
    endpoints = SimpleNamespace(words=())

    def serve(self, attempt, unsettled):
        raise ValueError(sys.argv[1])

logging.basicConfig(stream=sys.stderr)
made = trace_of(small_model(), day_of([(k / 10, "query", "web") for k in range(3)]), 1)
arrivals = [Arrival(**row) for row in made.arrivals.iter_rows(named=True)]
account = RunResults(arrivals)
ModelUser.host = "http://127.0.0.1:9"
environment = Environment(host=ModelUser.host)
runner = environment.create_local_runner()
workload = Workload(made, Broken())
player = ArrivalExecutor(environment, workload, account, ExecutorOptions(), Group())
player.set_clock(0.0)
player.start(arrivals)
while not player.has_injected or player.under_way:
    import gevent; gevent.sleep(0.05)
result = account.result(1.0, "http://127.0.0.1")
print(json.dumps({
    "counts": str(result.arrivals), "reasons": result.broken_reasons,
    "visits": [(row[12], row[13]) for row in account.records.visits.latest],
    "exceptions": [each["msg"] for each in runner.exceptions.values()],
}))
"""


def test_an_arrival_that_breaks_is_broken_with_kind_and_place_and_no_secret() -> None:
    """Neither the sums nor the log nor Locust's exceptions hold the error's text; the others still come."""
    done = subprocess.run(
        [sys.executable, "-c", PLAY, f"cannot be sent: {SECRET}"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["counts"] == "0 played, 0 failed, 3 broken, 0 not sent"
    [(reason, count)] = found["reasons"].items()
    assert count == 3
    assert reason.startswith("ValueError in _load/")
    assert found["visits"] == [["unfinished", "generator_error"]] * 3
    assert set(found["exceptions"]) == {reason}
    assert done.stderr.count("broke inside the generator") == 1
    assert "s3cr" not in done.stdout + done.stderr


def test_reasons_are_few_however_many_errors_there_are() -> None:
    """The first ten are counted separately; the sum is that of the broken arrivals."""
    n = 25
    arrivals = [
        Arrival(
            arrival=k,
            due_s=k,
            at_s=k,
            customer=k,
            subscriber=0,
            segment="s",
            operation="query",
            channel="web",
        )
        for k in range(n)
    ]
    account = RunResults(arrivals)
    for k in range(n):
        account.start(k, 0.0)
        account.end(k, played=False, broken_by=f"Error{k}")
    result = account.result(1.0, "http://127.0.0.1")
    assert len(result.broken_reasons) == REASONS_MOST + 1
    assert result.broken_reasons[OTHER_REASONS] == n - REASONS_MOST
    assert sum(result.broken_reasons.values()) == result.arrivals.broken == n

"""Counts of the reference service, read while somebody is in it."""

import pytest

from footfall._load.server.server_sampler import Figure, SourceError
from footfall._load.server.service_source import ServiceSource
from tests.service.running import CONTROL, Running


def test_the_counts_of_each_channel_are_read(shared: Running) -> None:
    """A visitor in the hall is one busy clerk of one; nobody waits."""
    answer = shared.client.post("/own_hall/visits", json={"site": 0, "patience_s": 60})
    assert answer.status_code == 201, answer.text
    source = ServiceSource(shared.url, CONTROL["X-Control-Token"])
    figures = {figure.name: figure for figure in source.read()}
    source.close()
    shared.client.delete(f"/own_hall/visits/{answer.json()['visit']}")
    assert figures["own_hall.busy"] == Figure("own_hall.busy", 1.0, "servers")
    assert figures["own_hall.servers"].value >= 1.0
    assert figures["own_hall.waiting"] == Figure("own_hall.waiting", 0.0, "customers")
    assert figures["web.servers"] == Figure("web.servers", 64.0, "servers")


def test_a_wrong_token_is_a_note_that_does_not_show_it(shared: Running) -> None:
    """The route stays closed, and nothing is made up."""
    source = ServiceSource(shared.url, "not-the-token")
    with pytest.raises(SourceError, match="/control/counts gives 40") as failed:
        source.read()
    source.close()
    assert "not-the-token" not in str(failed.value)

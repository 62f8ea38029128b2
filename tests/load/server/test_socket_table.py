"""Connections and accept queue of a port, against sockets of the test's own."""

import socket
import sys
from contextlib import ExitStack

import pytest

from footfall._load.server import local_sources, socket_table
from footfall._load.server.local_sources import PortSource
from footfall._load.server.server_sampler import SourceError
from footfall._load.server.socket_table import PortState, accept_overflows, port_state

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this table")


@linux
@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["IPv4", "IPv6"]
)
def test_waiting_and_accepted_connections_are_counted(family: socket.AddressFamily, host: str) -> None:
    """Three connections of which one is accepted: three are established, two wait, five may."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(family))
        try:
            listener.bind((host, 0))
        except OSError:
            pytest.skip("no IPv6 here")
        listener.listen(5)
        port = listener.getsockname()[1]
        for _ in range(3):
            stack.enter_context(socket.create_connection((host, port)))
        assert port_state(port) == PortState(established=3, accept_queue=3, accept_queue_most=5)
        stack.enter_context(listener.accept()[0])
        assert port_state(port) == PortState(established=3, accept_queue=2, accept_queue_most=5)


@linux
def test_several_listeners_of_a_port_count_together() -> None:
    """Worker processes that share a port by SO_REUSEPORT have a queue each."""
    with ExitStack() as stack:
        port = 0
        for _ in range(2):
            listener = stack.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen(4)
            port = listener.getsockname()[1]
        for _ in range(4):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        assert port_state(port) == PortState(established=4, accept_queue=4, accept_queue_most=8)


@linux
def test_many_sockets_are_read_to_the_end_and_other_ports_are_not_counted() -> None:
    """The kernel's answer comes in several pieces; the clients' own ports are in it, and not meant."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(400)
        port = listener.getsockname()[1]
        for _ in range(300):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        assert port_state(port) == PortState(established=300, accept_queue=300, accept_queue_most=400)
    assert port_state(port).accept_queue_most == 0


@linux
def test_connections_dropped_at_a_full_queue_are_counted() -> None:
    """The machine's counter exists and never falls."""
    before = accept_overflows()
    assert before is not None
    assert (accept_overflows() or 0) >= before


def test_without_the_kernels_table_there_are_no_figures_and_one_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another system: the cause is said once."""
    monkeypatch.delattr(socket, "AF_NETLINK", raising=False)
    monkeypatch.setattr(socket_table, "_OVERFLOWS", socket_table._OVERFLOWS / "missing")
    source = PortSource(80)
    with pytest.raises(SourceError, match="socket table cannot be read"):
        source.read()
    assert source.read() == ()
    assert accept_overflows() is None
    machine = local_sources.MachineSource()
    machine.read()
    assert [figure.name for figure in machine.read()] in ([], ["cpu"])

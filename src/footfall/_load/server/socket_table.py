"""Connections and accept queue of a TCP port of this machine, from the kernel's own socket table (Linux)."""

import errno
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

_SOCK_DIAG = 4
"""Protocol NETLINK_SOCK_DIAG of linux/netlink.h."""
_BY_FAMILY = 20
_DONE, _ERROR = 3, 2
_DUMP = 0x301
"""NLM_F_REQUEST | NLM_F_DUMP."""
_ESTABLISHED, _LISTEN = 1, 10
_HEADER = struct.Struct("=IHHII")
"""`nlmsghdr`: length, type, flags, sequence number, port."""
_REQUEST = struct.Struct("=BBBBI2s2s48x")
"""`inet_diag_req_v2`: family, protocol, extensions, padding, states; then `inet_diag_sockid`, whose local
port is all that is asked for."""
_SOCKET = struct.Struct("=BBBB48xIIIII")
"""`inet_diag_msg`: family, state, timer, retransmissions, `inet_diag_sockid`, expiry, receive queue, send
queue, user, inode."""
_RECEIVE_BYTES = 256 * 1024
_TIMEOUT_S = 1.0
_OVERFLOWS = Path("/proc/net/netstat")


@dataclass(frozen=True, slots=True, kw_only=True)
class PortState:
    """One listening port at one moment."""

    established: int
    """Connections, including those that the service has not accepted yet."""
    accept_queue: int
    """Connections that wait to be accepted; of several listening sockets, their sum."""
    accept_queue_most: int
    """Length at which further connections are not completed; 0: nothing listens."""


def port_state(port: int) -> PortState:
    """Ask the kernel for the sockets of a local port, as `ss` does; only these sockets are copied.

    Raises:
        OSError: this system has no such table (it is not Linux, or access to it is forbidden).
    """
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        raise OSError(errno.ENOSYS, "not on this system")
    established = waiting = most = 0
    with socket.socket(family, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as table:
        table.settimeout(_TIMEOUT_S)
        for address_family in (socket.AF_INET, socket.AF_INET6):
            for state, receive_queue, send_queue in _sockets(table, address_family, port):
                if state == _ESTABLISHED:
                    established += 1
                elif state == _LISTEN:
                    waiting, most = waiting + receive_queue, most + send_queue
    return PortState(established=established, accept_queue=waiting, accept_queue_most=most)


def accept_overflows() -> int | None:
    """Return how many connections this machine has dropped at full accept queues since it started.

    Of all ports together (`ListenOverflows`); None: unknown.
    """
    try:
        lines = _OVERFLOWS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        if names.startswith("TcpExt:"):
            found = dict(zip(names.split(), values.split(), strict=False))
            return int(found["ListenOverflows"]) if "ListenOverflows" in found else None
    return None


def _sockets(table: socket.socket, family: int, port: int) -> list[tuple[int, int, int]]:
    """Return state, receive queue and send queue of the sockets of a port.

    Of a listening socket these are the length of its accept queue, and the limit of it.
    """
    states = (1 << _ESTABLISHED) | (1 << _LISTEN)
    local = port.to_bytes(2, "big")
    request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, states, local, b"\0\0")
    table.send(_HEADER.pack(_HEADER.size + len(request), _BY_FAMILY, _DUMP, 1, 0) + request)
    found: list[tuple[int, int, int]] = []
    while True:
        data = table.recv(_RECEIVE_BYTES)
        at = 0
        while at + _HEADER.size <= len(data):
            length, kind, *_ = _HEADER.unpack_from(data, at)
            body = at + _HEADER.size
            if kind == _DONE or length < _HEADER.size:
                return found
            if kind == _ERROR:
                (code,) = struct.unpack_from("=i", data, body)
                raise OSError(-code, "the kernel refused the question")
            _, state, _, _, _, receive_queue, send_queue, _, _ = _SOCKET.unpack_from(data, body)
            if data[body + 4 : body + 6] == local:
                found.append((state, receive_queue, send_queue))
            at += (length + 3) & ~3

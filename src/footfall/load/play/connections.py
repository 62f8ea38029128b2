"""Connections to the host, shared by all customers, kept and used again."""

from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.url import URL

CONNECTIONS_MOST = 20_000
"""Far above what is open at once: a customer never waits in the generator for a connection."""


class Connections(HTTPClientPool):
    """The library's pool, as a load generator needs it: nobody waits in it, and it sends what it is told."""

    def __init__(self) -> None:
        """Connect to nobody yet."""
        # No times of the library's own: each wait would have a timer, and every request has ours.
        super().__init__(concurrency=CONNECTIONS_MOST, network_timeout=None, connection_timeout=None)

    def get_client(self, url: str | URL) -> HTTPClient:
        """Give the client of a host.

        The library repeats a GET that ends without a byte as often as it may have connections: thousands of
        requests that nobody counts. Once is right, as browsers do it: a kept connection may just have closed.
        """
        client = super().get_client(url)
        client._connection_pool.size = 0  # noqa: SLF001  it is what the library counts its repeats by, and no more
        return client


def connections_to(host: str) -> ConnectionPool:
    """Give the connections to one host alone."""
    return Connections().get_client(host)._connection_pool  # noqa: SLF001  built with TLS where the host wants it

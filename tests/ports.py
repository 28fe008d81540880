"""Ports for the servers of tests, which cannot say themselves which port they took."""

import itertools
import os
import socket

# Below those that a system gives to connections (Linux from 32,768 on): one of a browser's could take it meanwhile.
CANDIDATES = itertools.count(10_000 + 97 * os.getpid() % 9_000)  # processes that run at a time begin apart


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens, another each time."""
    for port in CANDIDATES:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port

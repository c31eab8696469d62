"""Python finds this at its start, in a server and in each kernel: who would leave the machine is noted and refused.

It hears of what goes through Python's own sockets; a library that opens sockets by itself would not be heard.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys

NOTES = os.environ.get("OKIREPORTS_NOTES", "")
HERE = {"", "localhost", socket.gethostname()}


def note(*words: object) -> None:
    """Write a line, whole, even where several processes write."""
    line = "\t".join([str(os.getpid()), *map(str, words)]) + "\n"
    file = os.open(NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)


def inside(host: object) -> bool:
    """Is it this machine?"""
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in HERE:
        return True
    try:
        at = ipaddress.ip_address(str(name))
    except ValueError:
        return False
    return at.is_loopback or at.is_unspecified


def heard(event: str, args: tuple[object, ...]) -> None:
    """What Python is about to do."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[-1]
        host = address[0] if isinstance(address, tuple) else None  # a path, or a socket that is connected already
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = args[0]
    else:
        return
    if not inside(host):
        note("outside", event, host)
        raise OSError(f"refused: {event} to {host}")


if NOTES:
    note("begun", " ".join(sys.orig_argv[1:4]))
    sys.addaudithook(heard)

"""Binding a loopback port, and saying in one line why that did not work."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
from pathlib import Path

LOOPBACK = "127.0.0.1"
_LISTENING = "0A"


class PortUnavailable(RuntimeError):
    """A port cannot be had; the message is one line that names the port, the reason and a way out."""


def check_loopback(host: str) -> str:
    """The host as a numeric loopback address. Raises PortUnavailable for anything that others could reach."""
    numeric = LOOPBACK if host == "localhost" else host
    try:
        loopback = ipaddress.ip_address(numeric).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise PortUnavailable(
            f"{host} is not a loopback address; a simulated world holds its keys in clear and serves this machine only"
        )
    return numeric


def bind(host: str, port: int) -> socket.socket:
    """A bound socket, not yet listening; port 0 takes any free one. Raises PortUnavailable."""
    numeric = check_loopback(host)
    family = socket.AF_INET6 if ":" in numeric else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let a second program have the same port.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((numeric, port))
        # Linux lets two sockets bind with SO_REUSEADDR as long as neither listens; listen now, so that a race is seen.
        bound.listen(1024)
    except (OSError, OverflowError) as error:
        bound.close()
        raise PortUnavailable(_reason(numeric, port, error)) from error
    return bound


def _reason(host: str, port: int, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"port {port} on {host} is taken{_holder(port)}; choose another, or 0 for any free one"
    if number == errno.EACCES:
        return (
            f"port {port} on {host} needs more rights than this user has; choose one above 1023, or 0 for any free one"
        )
    return f"port {port} on {host} cannot be opened: {error}"


def _holder(port: int) -> str:
    """` by process 123 (python3)` or ` by this command itself` where the system tells cheaply (Linux, own processes),
    else nothing."""
    inodes = {
        fields[9]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in _lines(table)
        if len(fields := line.split()) > 9 and fields[3] == _LISTENING and fields[1].rpartition(":")[2] == f"{port:04X}"
    }
    if not inodes:
        return ""
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            for descriptor in (process / "fd").iterdir():
                if os.readlink(descriptor) in wanted:
                    if process.name == str(os.getpid()):
                        return " by this command itself"
                    name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
                    return f" by process {process.name} ({name})"
        except OSError:
            # Another user's process, or one that has just ended.
            continue
    return ""


def _lines(table: str) -> list[str]:
    try:
        return Path(table).read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []

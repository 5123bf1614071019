"""Clients of a service, by the type that master.cf gives it: they make master start a process."""

import contextlib
import socket

from support.attributes import send_descriptors
from support.instance import Instance


def call(mail: Instance, service: str, kind: str, address: str = "127.0.0.1") -> None:
    """Says "hello" to a service ("private/x", or a port) and hangs up, if that does not do so."""
    path = str(mail.queue_directory / service)
    if kind == "fifo":
        with open(path, "wb", buffering=0) as fifo:
            fifo.write(b"hello")
        return
    if kind == "unix-dgram":
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"hello", path)
        return
    with dial(mail, service, kind, address) as client, contextlib.suppress(BrokenPipeError):
        client.sendall(b"hello")


def dial(mail: Instance, service: str, kind: str, address: str = "127.0.0.1") -> socket.socket:
    """A connection that stays open: to the service itself, or passed on to it."""
    if kind == "inet":
        return socket.create_connection((address, int(service)), timeout=10)
    if kind == "unix":
        return mail.connect(service)
    assert kind == "pass"
    ours, theirs = socket.socketpair()
    with mail.connect(service) as passer, theirs:
        send_descriptors(passer, theirs.fileno(), data=b"\0\0")  # and an empty list
    return ours

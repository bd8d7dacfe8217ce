#!/usr/bin/python3
"""c-ares, by way of pycares: see stubs.sh."""

import select
import sys

import pycares

KINDS = {"A": pycares.QUERY_TYPE_A, "AAAA": pycares.QUERY_TYPE_AAAA, "MX": pycares.QUERY_TYPE_MX, "TXT": pycares.QUERY_TYPE_TXT}
FAILURES = {
    pycares.errno.ARES_ENOTFOUND: "not found", pycares.errno.ARES_ENODATA: "no data",
    # After SERVFAIL of the last server it says that it could contact none.
    pycares.errno.ARES_ESERVFAIL: "try again", pycares.errno.ARES_ECONNREFUSED: "try again", pycares.errno.ARES_ETIMEOUT: "try again",
}


class Failed(Exception):
    pass


def finish(start):
    """The result of a lookup that START begins with a channel and a callback."""
    channel, found = pycares.Channel(), []
    start(channel, lambda result, error: found.append((result, error)))
    while not found:
        readable, writable = channel.getsock()
        ready = select.select(readable, writable, [], channel.timeout())
        for socket in ready[0] or [pycares.ARES_SOCKET_BAD]:
            channel.process_fd(socket, pycares.ARES_SOCKET_BAD)
        for socket in ready[1]:
            channel.process_fd(pycares.ARES_SOCKET_BAD, socket)
    result, error = found[0]
    if error:
        raise Failed(FAILURES.get(error, pycares.errno.strerror(error)))
    return result


def query(name, kind):
    return finish(lambda channel, done: channel.query(name, KINDS[kind], done))


def ask(kind, name):
    if kind == "PTR":
        return [finish(lambda channel, done: channel.gethostbyaddr(name, done)).name]
    if kind == "address":
        return [record.host for one in ("A", "AAAA") for record in query(name, one)]
    if kind == "MX":
        return [f"{record.priority} {record.host}" for record in query(name, kind)]
    return [str(sum(len(record.text) for record in query(name, kind)))]


for line in sys.stdin:
    kind, name = line.split()
    try:
        said = " ".join(sorted(ask(kind, name)))
    except Failed as failed:
        said = str(failed)
    print(kind, name, said)

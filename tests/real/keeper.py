#!/usr/bin/python3
"""Holds sockets as systemd's socket unit does, and the daemon behind them, over its restarts.

keeper.py ADDRESS COMMAND...: one datagram and one stream socket at ADDRESS, handed over as sd_listen_fds(3) says.
SIGHUP restarts the command as `systemctl restart` would: SIGTERM, wait, start. SIGTERM ends both. Each start is a line.
"""

import os
import signal
import socket
import sys

host, port = sys.argv[1].rsplit(":", 1)
held = []
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    one = socket.socket(socket.AF_INET, kind)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((host, int(port)))
    if kind == socket.SOCK_STREAM:
        one.listen(4096)
    held.append(one.fileno())
    one.detach()


def start():
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        # Above the final numbers, so that none is overwritten before its turn.
        high = [os.dup2(fd, 50 + at) for at, fd in enumerate(held)]
        for at, fd in enumerate(high):
            os.dup2(fd, 3 + at, inheritable=True)
            os.close(fd)
        os.environ["LISTEN_FDS"] = str(len(held))
        os.environ["LISTEN_PID"] = str(os.getpid())
        os.execvp(sys.argv[2], sys.argv[2:])
    print("started", child, flush=True)
    return child


wanted = {signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
child = start()
while True:
    got = signal.sigwait(wanted)
    if got == signal.SIGCHLD:
        # Its end is unexpected here: the command's status is ours.
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or 1)
    os.kill(child, signal.SIGTERM)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print("ended with", status, flush=True)
    # That end was ours: its SIGCHLD is not news.
    while signal.sigtimedwait({signal.SIGCHLD}, 0):
        pass
    if got == signal.SIGTERM:
        break
    child = start()

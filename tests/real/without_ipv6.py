"""Runs a command as on a kernel without IPv6: a seccomp(2) filter makes socket(AF_INET6, ...) fail with EAFNOSUPPORT."""

import ctypes
import os
import platform
import struct
import sys

SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]
AF_INET6, EAFNOSUPPORT = 10, 97
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ERRNO, ALLOW = 0x00050000, 0x7FFF0000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def step(code, value, then=0, otherwise=0):
    return struct.pack("HBBI", code, then, otherwise, value)


# The number of the call is at octet 0 of seccomp_data, its first argument at 16.
STEPS = b"".join([
    step(LOAD, 0),
    step(IF_EQUAL, SOCKET, otherwise=3),
    step(LOAD, 16),
    step(IF_EQUAL, AF_INET6, otherwise=1),
    step(RETURN, ERRNO | EAFNOSUPPORT),
    step(RETURN, ALLOW),
])


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]


steps = ctypes.create_string_buffer(STEPS, len(STEPS))
program = Program(len(STEPS) // 8, ctypes.addressof(steps))
libc = ctypes.CDLL(None, use_errno=True)
for arguments in [(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)]:
    if libc.prctl(*arguments) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])

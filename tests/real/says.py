#!/usr/bin/env python3
"""says.py ADDRESS NUMBER: a server that answers each question about an address, a pointer or a text with a record that names the
server: 10.9.9.NUMBER, said-NUMBER., and "said NUMBER". Names have no records of other types."""
import socket
import struct
import sys

address, number = sys.argv[1], sys.argv[2]
word = f"said-{number}".encode()
DATA = {1: bytes([10, 9, 9, int(number)]), 12: bytes([len(word)]) + word + b"\0", 16: bytes([len(word)]) + word}

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((address, 53))
print("serving", flush=True)
while True:
    query, client = server.recvfrom(4096)
    end = 12
    while query[end]:
        end += query[end] + 1
    kind = struct.unpack("!H", query[end + 1:end + 3])[0]
    data = DATA.get(kind)
    answer = b"" if data is None else b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data
    options = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
    head = query[:2] + struct.pack("!HHHHH", 0x8580, 1, 0 if data is None else 1, 0, 1)
    server.sendto(head + query[12:end + 5] + answer + options, client)

#!/usr/bin/python3
"""Every entry of a large list.

every.py write COUNT                         the list's addresses, as rbldnsd reads them
every.py compare RESOLVER ZONE COUNT         asks RESOLVER for each: its code must be the one that was written
"""

import asyncio
import ipaddress
import struct
import sys

# Queries in progress: fewer than resolverd takes as overload when the host does not keep up (BUSY_FLIGHTS). With 200, a slow
# host got SERVFAIL for one query in a thousand.
WINDOW = 50


def entry(number):
    """An address and its code: spread over 100.0.0.0/8, by a step that is coprime to its size."""
    address = ipaddress.IPv4Address(int(ipaddress.IPv4Address("100.0.0.0")) + number * 104729 % 2**24)
    return address, f"127.0.0.{2 + number % 10}"


class Asker(asyncio.DatagramProtocol):
    def __init__(self):
        self.waiting = {}

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        (number,) = struct.unpack("!H", data[:2])
        future = self.waiting.pop(number, None)
        if future and not future.done():
            future.set_result(data)

    async def ask(self, number, name):
        question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
        message = struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + question + struct.pack("!HH", 1, 1)
        for _ in range(2):
            future = asyncio.get_running_loop().create_future()
            self.waiting[number] = future
            self.transport.sendto(message)
            try:
                return await asyncio.wait_for(future, 5)
            except asyncio.TimeoutError:
                pass
        return b""


def code(message):
    """The address at the end of an answer of one record; otherwise the RCODE."""
    if len(message) < 12:
        return "nothing"
    flags, _, answers = struct.unpack("!HHH", message[2:8])
    return str(ipaddress.IPv4Address(message[-4:])) if answers == 1 else f"rcode {flags & 15}, {answers} answers"


async def compare(resolver, zone, count):
    loop = asyncio.get_running_loop()
    _, asker = await loop.create_datagram_endpoint(Asker, remote_addr=(resolver, 53))
    numbers, wrong, began = iter(range(count)), [], loop.time()

    async def work(place):
        for number in numbers:
            address, written = entry(number)
            name = ".".join(reversed(str(address).split("."))) + "." + zone
            said = code(await asker.ask(place * 256 + number % 256, name))
            if said != written:
                wrong.append(f"{address}: {said}, not {written}")

    await asyncio.gather(*(work(place) for place in range(WINDOW)))
    print(f"figure: {count} entries in {loop.time() - began:.1f} s, {len(wrong)} wrong", *wrong[:5], sep="\n")
    return 1 if wrong else 0


if sys.argv[1] == "write":
    for number in range(int(sys.argv[2])):
        address, written = entry(number)
        print(f"{address} :{written}:an entry")
else:
    sys.exit(asyncio.run(compare(sys.argv[2], sys.argv[3], int(sys.argv[4]))))

#!/usr/bin/python3
"""Queries at a steady rate, each sent once over UDP or TCP and waited for; counts the results.

load.py [--server ADDRESS] [--rate N] [--questions N] [--tcp SHARE] [--until FILE] NAME...
A `{}` in a NAME is a number that no other question has. Ends after --questions, or when FILE exists. Prints one line:
questions answered unanswered noerror nxdomain servfail other p50_ms p95_ms max_ms
"""

import argparse
import asyncio
import os
import random
import struct
import time

# glibc's timeout for a nameserver; a later answer does not count.
PATIENCE = 5.0


def message(number, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return struct.pack("!HHHHHH", number & 0xFFFF, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


class Datagram(asyncio.DatagramProtocol):
    def __init__(self, wanted, answer):
        self.wanted, self.answer = wanted, answer

    def datagram_received(self, data, address):
        if data[:2] == self.wanted and not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, error):
        if not self.answer.done():
            self.answer.set_exception(error)


async def over_udp(server, octets):
    loop = asyncio.get_running_loop()
    answer = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(lambda: Datagram(octets[:2], answer), remote_addr=(server, 53))
    try:
        transport.sendto(octets)
        return await answer
    finally:
        transport.close()


async def over_tcp(server, octets):
    reader, writer = await asyncio.open_connection(server, 53)
    try:
        writer.write(struct.pack("!H", len(octets)) + octets)
        size = struct.unpack("!H", await reader.readexactly(2))[0]
        return await reader.readexactly(size)
    finally:
        writer.close()


async def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--server", default="127.0.0.1")
    arguments.add_argument("--rate", type=float, default=200)
    arguments.add_argument("--questions", type=int, default=20000)
    arguments.add_argument("--tcp", type=float, default=0)
    arguments.add_argument("--until")
    arguments.add_argument("names", nargs="+")
    given = arguments.parse_args()
    chance = random.Random(1)
    times, codes, lost, tasks = [], {}, [], []
    mark = time.time_ns()

    async def one(number):
        name = given.names[number % len(given.names)].replace("{}", f"{mark}-{number}")
        way = over_tcp if chance.random() < given.tcp else over_udp
        began = time.monotonic()
        try:
            octets = await asyncio.wait_for(way(given.server, message(chance.randrange(65536), name)), PATIENCE)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            lost.append(f"{name} {way.__name__} after {time.monotonic() - began:.3f} s: {error!r}")
            return
        times.append(time.monotonic() - began)
        code = octets[3] & 15
        codes[code] = codes.get(code, 0) + 1

    began = time.monotonic()
    for number in range(given.questions):
        if given.until and os.path.exists(given.until):
            break
        tasks.append(asyncio.ensure_future(one(number)))
        await asyncio.sleep(max(0, began + (number + 1) / given.rate - time.monotonic()))
    await asyncio.gather(*tasks)
    times.sort()

    def at(share):
        return 1000 * times[min(len(times) - 1, int(share * len(times)))] if times else -1

    other = sum(count for code, count in codes.items() if code not in (0, 2, 3))
    print(
        f"questions={len(tasks)} answered={len(times)} unanswered={len(lost)} noerror={codes.get(0, 0)}"
        f" nxdomain={codes.get(3, 0)} servfail={codes.get(2, 0)} other={other}"
        f" p50_ms={at(0.5):.1f} p95_ms={at(0.95):.1f} max_ms={at(1):.1f}"
    )
    for line in lost[:5]:
        print("unanswered:", line)


asyncio.run(main())

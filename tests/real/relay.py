#!/usr/bin/python3
"""A distance: forwards datagrams from port 53 of one address to that of another, and answers back, after a delay in ms.

relay.py ADDRESS SERVER MILLISECONDS [TYPE]: queries for records of this type, a number, are lost.
"""

import asyncio
import sys


class Server(asyncio.DatagramProtocol):
    """One query to the server; each has a socket of its own, because each has an answer of its own."""

    def __init__(self, question, back):
        self.question, self.back = question, back

    def connection_made(self, transport):
        transport.sendto(self.question)
        self.transport = transport
        asyncio.get_running_loop().call_later(10, transport.close)

    def datagram_received(self, data, address):
        self.back(data)
        self.transport.close()


class Clients(asyncio.DatagramProtocol):
    def __init__(self, server, delay, lost):
        self.server, self.delay, self.lost, self.tasks = server, delay, lost, set()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        # The type follows the end of the name, and no label of these tests has an octet 0.
        at = data.index(b"\0", 12) + 1
        if int.from_bytes(data[at : at + 2], "big") == self.lost:
            return
        task = asyncio.ensure_future(self.forward(data, address))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def forward(self, data, address):
        loop = asyncio.get_running_loop()

        def back(answer):
            loop.call_later(self.delay / 2, self.transport.sendto, answer, address)

        await asyncio.sleep(self.delay / 2)
        await loop.create_datagram_endpoint(lambda: Server(data, back), remote_addr=(self.server, 53))


async def main(address, server, delay, lost):
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Clients(server, delay, lost), (address, 53))
    print("serving", flush=True)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]) / 1000, int(sys.argv[4]) if len(sys.argv) > 4 else None))

#!/usr/bin/python3
"""An authoritative server with deliberate faults that correct servers do not have.

faulty.py ADDRESS [FAULT]: serves UDP and TCP port 53 of ADDRESS. Every question has the same FAULT; without one, the
question's own name says which: the label two above `faulty.example`'s, as in `1.late-5000.faulty.example`.

ns            as the first label: A, the server's own address
ok            A 198.18.77.5, AAAA 2001:2::77:5; any other type has no data
asker         A or AAAA: the address that the question came from
late-N        the same, N milliseconds later
missing-N     NXDOMAIN, N milliseconds later, from a zone of three labels
drop          never an answer
drop-aaaa     A at once, AAAA never
late-aaaa-N   A at once, AAAA N milliseconds later
nxdomain-aaaa A at once, NXDOMAIN for AAAA
refused, servfail, formerr, notimp
lost-FAULT    the first copy of each question over UDP is lost; from the second on FAULT
referral      without AA and RA: the name servers of the root, and nothing else
elsewhere     NXDOMAIN without AA, under the SOA of the root
tcp-refused, tcp-formerr, tcp-closed   truncated over UDP; over TCP the RCODE, or an end
mixed-nodata, mixed-nxdomain, mixed-refused, mixed-elsewhere   ok for a name in lower case; for one in mixed case no data, or that fault
above-N       TXT of 1024 octets; UDP replies of more than N octets are lost
garbage       octets that are no message
"""

import asyncio
import ipaddress
import struct
import sys

ROOT_NS = b"\0" + struct.pack("!HHLH", 2, 1, 86400, 20) + b"\1a\14root-servers\3net\0"
ROOT_SOA = b"\0" + struct.pack("!HHLH", 6, 1, 86400, 22) + b"\0\0" + struct.pack("!LLLLL", 1, 1800, 900, 604800, 60)
RCODES = {"formerr": 1, "servfail": 2, "notimp": 4, "refused": 5}
NXDOMAIN = 3
A, TXT, AAAA, OPT = 1, 16, 28, 41
LONG_TEXT = b"\xff" + b"x" * 255


def question(message):
    """The labels, the type, and the octets of the question."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].decode("latin-1").lower())
        at += 1 + message[at]
    return labels, struct.unpack("!H", message[at + 1 : at + 3])[0], message[12 : at + 5]


def buffer_size(message, asked):
    """The size of UDP replies that the query accepts. An OPT record is the first one after the question, with the root as owner."""
    opt = message[12 + len(asked) :]
    return max(512, struct.unpack("!H", opt[3:5])[0]) if opt[:3] == struct.pack("!BH", 0, OPT) else 512


def reply(message, asked, rcode=0, truncated=False, answers=b"", count=0, zone=b"\6faulty\7example\0"):
    flags = 0x8400 | struct.unpack("!H", message[2:4])[0] & 0x0100 | rcode | (0x0200 if truncated else 0)
    authority, authorities = b"", 0
    if rcode in (0, NXDOMAIN) and not (truncated or count):
        # The zone's own name is at the end of the question's.
        at = 0xC000 | 12 + len(asked) - 4 - len(zone)
        soa = struct.pack("!HHHLH", at, 6, 1, 60, 24)
        authority = soa + struct.pack("!HHLLLLL", at, at, 1, 1800, 900, 604800, 60)
        authorities = 1
    head = struct.pack("!HHHHHH", struct.unpack("!H", message[:2])[0], flags, 1, count, authorities, 0)
    return head + asked + answers + authority


def address(message, asked, data):
    kind = {4: A, 6: AAAA}[data.version]
    record = struct.pack("!HHHLH", 0xC00C, kind, 1, 60, len(data.packed)) + data.packed
    return reply(message, asked, answers=record, count=1)


def stray(message, asked, rcode, authority):
    """The message of a server that does not have the zone: no AA, no RA, and a record of another zone."""
    flags = 0x8000 | struct.unpack("!H", message[2:4])[0] & 0x0100 | rcode
    return struct.pack("!HHHHHH", struct.unpack("!H", message[:2])[0], flags, 1, 0, 1, 0) + asked + authority


def above(message, stream, asked, most):
    """A TXT record of 1024 octets, which is lost over UDP if the reply has more than MOST octets."""
    record = struct.pack("!HHHLH", 0xC00C, TXT, 1, 60, 4 * len(LONG_TEXT)) + 4 * LONG_TEXT
    octets = reply(message, asked, answers=record, count=1)
    if stream:
        return octets
    if len(octets) > buffer_size(message, asked):
        return reply(message, asked, truncated=True)
    return octets if len(octets) <= most else None


# Queries whose first copy was lost.
lost = set()


async def answer(message, stream, always, asker):
    """The octets of the answer for the client at ASKER; None is silence, and over TCP the end."""
    labels, kind, asked = question(message)
    fault = always or (labels[-3] if len(labels) > 2 else "ok")
    delay = 0
    if not always and labels[:1] == ["ns"]:
        # Its own address: it does not send away those who ask.
        own = ipaddress.ip_address(sys.argv[1])
        return address(message, asked, own) if kind == A else reply(message, asked)
    if fault.startswith("tcp-"):
        if not stream:
            return reply(message, asked, truncated=True)
        fault = fault.removeprefix("tcp-")
    if fault.endswith("-aaaa") or "-aaaa-" in fault:
        fault = fault.replace("-aaaa", "", 1) if kind == AAAA else "ok"
    if fault.startswith("lost-"):
        if not stream and asked.lower() not in lost:
            lost.add(asked.lower())
            return None
        fault = fault.removeprefix("lost-")
    if fault.startswith("mixed-"):
        fault = fault.removeprefix("mixed-") if asked[:-4] != asked[:-4].lower() else "ok"
    if fault == "referral":
        return stray(message, asked, 0, ROOT_NS)
    if fault == "elsewhere":
        return stray(message, asked, NXDOMAIN, ROOT_SOA)
    if fault == "nxdomain":
        return reply(message, asked, rcode=NXDOMAIN)
    if fault.startswith("late-"):
        delay, fault = int(fault.removeprefix("late-")) / 1000, "ok"
    if fault == "nodata":
        return reply(message, asked)
    if fault.startswith("above-"):
        if kind == TXT:
            return above(message, stream, asked, int(fault.removeprefix("above-")))
        fault = "ok"
    if fault in ("drop", "closed"):
        return None
    if fault == "garbage":
        return message[:2] + b"\x80\x00\xff\xff\xff\xff garbage"
    if fault in RCODES:
        return reply(message, asked, rcode=RCODES[fault])
    if fault.startswith("missing-"):
        await asyncio.sleep(int(fault.removeprefix("missing-")) / 1000)
        zone = b"".join(bytes([len(label)]) + label.encode() for label in labels[-3:]) + b"\0"
        return reply(message, asked, rcode=NXDOMAIN if len(labels) > 3 else 0, zone=zone)
    await asyncio.sleep(delay)
    data = {A: ipaddress.ip_address("198.18.77.5"), AAAA: ipaddress.ip_address("2001:2::77:5")}.get(kind)
    if fault == "asker":
        asker = ipaddress.ip_address(asker)
        data = asker if kind == {4: A, 6: AAAA}[asker.version] else None
    if data is None or len(labels) <= 2:
        return reply(message, asked)
    return address(message, asked, data)


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, always):
        self.always, self.tasks = always, set()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        task = asyncio.ensure_future(self.serve(data, address))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def serve(self, data, address):
        octets = await answer(data, False, self.always, address[0])
        if octets is not None:
            self.transport.sendto(octets, address)


async def main(address, always):
    async def connection(reader, writer):
        try:
            while True:
                size = struct.unpack("!H", await reader.readexactly(2))[0]
                asker = writer.get_extra_info("peername")[0]
                octets = await answer(await reader.readexactly(size), True, always, asker)
                if octets is None:
                    break
                writer.write(struct.pack("!H", len(octets)) + octets)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    await asyncio.get_running_loop().create_datagram_endpoint(lambda: Datagrams(always), (address, 53))
    server = await asyncio.start_server(connection, address, 53)
    print("serving", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))

#!/usr/bin/python3
"""dnspython: see stubs.sh."""

import sys

import dns.resolver


def ask(kind, name):
    if kind == "PTR":
        return [record.target.to_text(True) for record in dns.resolver.resolve_address(name, lifetime=15)]
    if kind == "address":
        return [record.to_text() for one in ("A", "AAAA") for record in dns.resolver.resolve(name, one, lifetime=15)]
    answer = dns.resolver.resolve(name, kind, lifetime=15)
    if kind == "MX":
        return [f"{record.preference} {record.exchange.to_text(True)}" for record in answer]
    return [str(sum(len(string) for record in answer for string in record.strings))]


for line in sys.stdin:
    kind, name = line.split()
    try:
        said = " ".join(sorted(ask(kind, name)))
    except dns.resolver.NXDOMAIN:
        said = "not found"
    except dns.resolver.NoAnswer:
        said = "no data"
    except (dns.resolver.NoNameservers, dns.resolver.LifetimeTimeout):
        said = "try again"
    print(kind, name, said)

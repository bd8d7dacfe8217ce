#!/usr/bin/env python3
"""same.py FILE QUESTIONS MEANT: asks 127.0.0.2 and 127.0.0.3 each question (a name and a type a line), and compares RCODE and
answer without TTLs. A difference that is not meant counts if it stays: a forwarder that is silent about a burst of names with
broken servers counts as dead for some seconds. Prints each difference, and fails if one is not among those that are meant."""
import fnmatch
import subprocess
import sys
import time

file, questions, meant = sys.argv[1:]
asked = [line.split() for line in open(questions)]
rules = [line.rstrip("\n").split(" ", 3) for line in open(meant)]


def begin(server, lines):
    """A dig that asks a server some questions, one after the other."""
    dig = subprocess.Popen(["dig", f"@{server}", "+noall", "+comments", "+question", "+answer", "+tries=2", "+timeout=6",
                            "-f", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    dig.stdin.write("".join(lines))
    dig.stdin.close()
    dig.stdin = None
    return dig


def answers(digs):
    """The RCODE and the records of each answer, by name and type."""
    found, rcode, records = {}, "", []
    for line in (line for dig in digs for line in dig.communicate()[0].splitlines()):
        if "->>HEADER<<-" in line:
            rcode, records = line.split("status: ")[1].split(",")[0], []
        elif line.startswith(";") and line.split()[1:2] == ["IN"]:
            name, _, kind = line[1:].split()
            found[name.rstrip(".").lower(), kind] = (rcode, records)
        elif line and not line.startswith(";"):
            records.append(" ".join(word for at, word in enumerate(line.split()) if at != 1).lower())
    return found


FAILED = ("no reply", "SERVFAIL")
# The longest time that a difference is looked at again, in seconds.
PATIENCE = 12
SERVERS = ("127.0.0.2", "127.0.0.3")


def asked_of_both(questions):
    """The answers of both to each question, as a pair."""
    # Some wait for servers that do not answer: twenty at a time.
    parts = [[" ".join(one) + "\n" for one in questions[first::20]] for first in range(20)]
    digs = [[begin(server, part) for part in parts if part] for server in SERVERS]
    originals, imported = (answers(of_server) for of_server in digs)
    nothing = ("no reply", [])
    return {(name, kind): tuple(found.get((name.lower(), kind), nothing) for found in (originals, imported))
            for name, kind in questions}


def differ(theirs, ours):
    # Both fail, and resolverd says so while the client waits.
    if theirs[0] in FAILED and ours[0] in FAILED:
        return False
    return theirs[0] != ours[0] or sorted(theirs[1]) != sorted(ours[1])


def reason(name, kind):
    """The reason of a difference that is meant."""
    return next((why for which, names, kinds, why in rules if fnmatch.fnmatch(file, which)
                 and fnmatch.fnmatch(name, names) and fnmatch.fnmatch(kind, kinds)), None)


found = asked_of_both([tuple(one) for one in asked])
until = time.monotonic() + PATIENCE
while again := [one for one, pair in found.items() if differ(*pair) and reason(*one) is None]:
    if time.monotonic() > until:
        break
    time.sleep(1)
    found.update(asked_of_both(again))
different = unexplained = 0
for (name, kind), (theirs, ours) in found.items():
    if not differ(theirs, ours):
        continue
    different += 1
    why = reason(name, kind)
    unexplained += why is None
    print(f"{name} {kind}: original {theirs}, resolverd {ours}: {why or 'not explained'}")
print(f"figure: {len(asked)} questions, {different} differences, {unexplained} of them not explained")
sys.exit(1 if unexplained else 0)

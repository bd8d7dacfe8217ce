# Listeners with policies of their own, and the address that servers see. Sourced by `run`.

raise_listeners() {
  ip address add 198.18.100.26/16 dev wan
  ip address add 198.18.100.27/16 dev wan
  if [ -n "$ipv6" ]; then ip address add 2001:2::100:26/64 dev wan nodad; fi
  serve corp 198.18.0.22@5353 "corp.example 10.in-addr.arpa"
  serve branch 198.18.0.23 branch.corp.example
  soon has NOERROR dig @198.18.0.22 -p 5353 corp.example SOA
  restart "[[listener]]
addresses = [\"198.18.100.25:53\"]
allow = [\"198.18.0.0/24\"]
zones = []
[[listener]]
addresses = [\"127.0.0.3:53\", \"127.0.0.4:5300\"]
zones = [\"corp.example\"]
[[zone]]
name = \"corp.example\"
stub = [\"198.18.0.22:5353\"]
[[zone]]
name = \"10.in-addr.arpa\"
stub = [\"198.18.0.22:5353\"]"
}

# from ADDRESS QUESTION...: asks the gateway's outer address from one in the internet.
from() {
  local address=$1
  shift
  internet dig @198.18.100.25 -b "$address" +tries=1 +timeout=5 "$@"
}

who_is_answered() {
  local way
  for way in +notcp +tcp; do
    has '198\.18\.77\.10' from 198.18.0.1 $way +short domain.example A
    has '198\.18\.77\.10' dig @127.0.0.3 $way +short domain.example A
    has '198\.18\.77\.10' dig @127.0.0.4 -p 5300 $way +short domain.example A
  done
  # A denied address gets REFUSED by datagram; its connections are closed at once.
  has 'status: REFUSED' from 198.18.77.66 domain.example A
  has 'EDE: 18 \(Prohibited\)' from 198.18.77.66 domain.example A
  has 'end of file|connection reset' from 198.18.77.66 +tcp domain.example A
}

# In any order of clients, and with any cached data.
what_each_sees() {
  local round
  for round in 1 2; do
    has '198\.18\.77\.60' dig @127.0.0.1 +short www.corp.example A
    has '198\.18\.77\.60' dig @127.0.0.3 +short www.corp.example A
    has 'status: NXDOMAIN' from 198.18.0.1 www.corp.example A
    has 'www\.corp\.example' dig @127.0.0.1 +short -x 10.0.0.60
    has 'status: NXDOMAIN' dig @127.0.0.3 -x 10.0.0.60
    has 'status: NXDOMAIN' from 198.18.0.1 -x 10.0.0.60
    # The data of the public DNS are shared by all listeners.
    has '198\.18\.77\.10' from 198.18.0.1 +short domain.example A
  done
  has '^corp\.example\. +stub' ctl zones
  has '"hidden_at":\["198\.18\.100\.25:53"\]' ctl --json zones
}

# A server that answers with the address of its client, under the root's delegation and as a stub zone with a source of its own.
sources() {
  local six=
  if [ -n "$ipv6" ]; then
    six=', "2001:2::100:26"'
    begin asker internet /usr/bin/python3 "$here/faulty.py" 2001:2::50
    soon grep -q serving "$work/asker.log"
  fi
  configure '[[zone]]
name = "own.example"
stub = ["198.18.0.50"]
source = ["198.18.100.27"]
[[zone]]
name = "six.example"
stub = ["2001:2::50"]'
  sed -i "s/^root_hints/source = [\"198.18.100.26\"$six]\n&/" "$work/resolverd.toml"
  end resolverd
  begin resolverd resolverd --config "$work/resolverd.toml"
  watched=resolverd soon ctl stats
  has '^198\.18\.100\.26$' dig @127.0.0.1 +tries=1 +short 1.asker.faulty.example A
  has '^198\.18\.100\.26$' dig @127.0.0.1 +tries=1 +short 1.tcp-asker.faulty.example A
  has '^198\.18\.100\.27$' dig @127.0.0.1 +tries=1 +short 1.asker.own.example A
  has '^198\.18\.100\.27$' dig @127.0.0.1 +tries=1 +short 1.tcp-asker.own.example A
  if [ -n "$ipv6" ]; then
    has '^2001:2::100:26$' dig @127.0.0.1 +tries=1 +short 1.asker.six.example AAAA
    has '^2001:2::100:26$' dig @127.0.0.1 +tries=1 +short 1.tcp-asker.six.example AAAA
  fi
}

# Behind a bridge that comes up after the resolver.
address_comes() {
  restart "[[listener]]
addresses = [\"198.18.100.29:53\"]
allow = [\"198.18.0.0/16\"]"
  has 'not yet at +198\.18\.100\.29:53: this host has no such address' ctl status
  has '198\.18\.77\.10' dig @127.0.0.1 +short domain.example A
  ip address add 198.18.100.29/16 dev wan
  soon has '198\.18\.77\.10' internet dig @198.18.100.29 -b 198.18.0.1 +tries=1 +timeout=1 +short domain.example A
  has '198\.18\.77\.10' internet dig @198.18.100.29 -b 198.18.0.1 +tcp +short domain.example A
  hasnt 'not yet at' ctl status
  has 'now also listening at 198\.18\.100\.29:53' cat "$work/resolverd.log"
}

# A kernel without IPv6, with the default addresses.
no_ipv6() {
  configure
  sed -i 's/^addresses = .*/addresses = ["127.0.0.1:53", "[::1]:53"]/' "$work/resolverd.toml"
  end resolverd
  begin resolverd /usr/bin/python3 "$here/without_ipv6.py" "$BINARIES/resolverd" --config "$work/resolverd.toml"
  watched=resolverd soon ctl stats
  has '198\.18\.77\.10' dig @127.0.0.1 +short domain.example A
  has "not yet at +\\[::1\\]:53: the kernel has no IPv6" ctl status
  has 'resolverd .* is healthy' ctl status
  end resolverd
  sed -i 's/^addresses = .*/addresses = ["[::1]:53"]/' "$work/resolverd.toml"
  has "^resolverd: cannot listen at \\[::1\\]:53: the kernel has no IPv6" \
    /usr/bin/python3 "$here/without_ipv6.py" "$BINARIES/resolverd" --config "$work/resolverd.toml"
}

# A client that sends an octet a second and never a whole message, and one whose message comes in two halves.
slow_clients() {
  restart
  /usr/bin/python3 - <<'EOF'
import socket, struct, time

drip = socket.create_connection(("127.0.0.1", 53))
drip.settimeout(1)
begun, ended = time.monotonic(), None
for octet in struct.pack("!H", 4000) + bytes(30):
    try:
        drip.sendall(bytes([octet]))
        if drip.recv(1) == b"":
            ended = time.monotonic() - begun
            break
    except TimeoutError:
        continue
    except OSError:
        ended = time.monotonic() - begun
        break
print("the slow one was ended after", ended)
assert ended is not None and ended < 13

question = bytes.fromhex("0001010000010000000000000664 6f6d61696e 07 6578616d706c65 00 00010001".replace(" ", ""))
halves = socket.create_connection(("127.0.0.1", 53))
halves.settimeout(10)
halves.sendall(struct.pack("!H", len(question)) + question[:9])
time.sleep(3)
halves.sendall(question[9:])
reply = halves.recv(512)
assert reply[2:4] == b"\x00\x01" and struct.unpack("!H", reply[8:10])[0] >= 1, reply
EOF
}

check "listeners: the configuration is taken" raise_listeners
check "listeners: each has its own clients" who_is_answered
check "listeners: each has its own zones, memory notwithstanding" what_each_sees
check "listeners: servers see the source of the configuration, and that of a zone" sources
check "listeners: an address that comes later is taken" address_comes
check "listeners: without IPv6 in the kernel the other address is served" no_ipv6
check "listeners: a message over TCP has a time to be whole" slow_clients
end corp
end branch
restart

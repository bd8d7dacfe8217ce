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
    has 'status: REFUSED' from 198.18.77.66 $way domain.example A
    has 'EDE: 18 \(Prohibited\)' from 198.18.77.66 $way domain.example A
    has '198\.18\.77\.10' dig @127.0.0.3 $way +short domain.example A
    has '198\.18\.77\.10' dig @127.0.0.4 -p 5300 $way +short domain.example A
  done
}

# Whoever asked first, and whatever is in memory by that.
what_each_sees() {
  local round
  for round in 1 2; do
    has '198\.18\.77\.60' dig @127.0.0.1 +short www.corp.example A
    has '198\.18\.77\.60' dig @127.0.0.3 +short www.corp.example A
    has 'status: NXDOMAIN' from 198.18.0.1 www.corp.example A
    has 'www\.corp\.example' dig @127.0.0.1 +short -x 10.0.0.60
    has 'status: NXDOMAIN' dig @127.0.0.3 -x 10.0.0.60
    has 'status: NXDOMAIN' from 198.18.0.1 -x 10.0.0.60
    # The public DNS is everybody's, and known once.
    has '198\.18\.77\.10' from 198.18.0.1 +short domain.example A
  done
  has '^corp\.example\. +stub' ctl zones
  has '"hidden_at":\["198\.18\.100\.25:53"\]' ctl --json zones
}

# A server that tells who asked it, under the root's delegation and as a stub zone with a source of its own.
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

check "listeners: the configuration is taken" raise_listeners
check "listeners: each has its own clients" who_is_answered
check "listeners: each has its own zones, memory notwithstanding" what_each_sees
check "listeners: servers see the source of the configuration, and that of a zone" sources
end corp
end branch
restart

# Stub zones, local zones and hosts: what an operator keeps beside the internet. Sourced by `run`.

# A list's own copy on this host, on a port beside ours.
stub_list() {
  has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.local.lists.example A
  has 'listed, see' dig @127.0.0.1 +short 66.77.18.198.local.lists.example TXT
  has 'status: NXDOMAIN' dig @127.0.0.1 77.18.198.local.lists.example A
  has '127\.0\.0\.4' dig @127.0.0.1 +short 8.200.18.198.local.lists.example A
  has 'SOA' dig @127.0.0.1 +noall +authority 77.77.18.198.local.lists.example A
  # Recursion beside it still works.
  has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.bl.lists.example A
}

stub_zone() {
  has '198\.18\.77\.60' dig @127.0.0.1 +short www.corp.example A
  has '^10 www\.corp\.example' dig @127.0.0.1 +short corp.example MX
  has 'status: NXDOMAIN' dig @127.0.0.1 nothing.corp.example A
  # A zone below it, delegated to another server, is followed.
  has '198\.18\.77\.61' dig @127.0.0.1 +short www.branch.corp.example A
  # An alias from there into the internet.
  has '198\.18\.77\.10' dig @127.0.0.1 +short out.corp.example A
  # A configured zone wins over the names that are nobody's.
  has 'www\.corp\.example' dig @127.0.0.1 +short -x 10.0.0.60
  has 'status: NXDOMAIN' dig @127.0.0.1 -x 192.168.0.1
}

local_zone() {
  has '10\.0\.0\.9' dig @127.0.0.1 +short mail.office.lan A
  has '^5 mail\.office\.lan' dig @127.0.0.1 +short office.lan MX
  has 'status: NXDOMAIN' dig @127.0.0.1 nothing.office.lan A
  has '^office\.lan\..*SOA' dig @127.0.0.1 +noall +authority nothing.office.lan A
  has '198\.18\.77\.10' dig @127.0.0.1 +short outside.office.lan A
  has '^OK 10\.0\.0\.9 ' lookup_address printer.lan
  has 'printer\.lan' getent hosts 10.0.0.9
  has 'ANSWER: 0' dig @127.0.0.1 printer.lan AAAA
}

lookup_address() { "$work/lookup" address "$1"; }

raise_zones() {
  cp "$work/zones/bl.ip4" "$work/zones/local.ip4"
  begin local-list rbldnsd -n -r "$work/zones" -b 127.0.0.1/5300 local.lists.example:ip4set:local.ip4
  serve corp 198.18.0.22@5353 "corp.example 10.in-addr.arpa"
  serve branch 198.18.0.23 branch.corp.example
  soon has NOERROR dig @127.0.0.1 -p 5300 local.lists.example SOA
  soon has NOERROR dig @198.18.0.22 -p 5353 corp.example SOA
  soon has NOERROR dig @198.18.0.23 branch.corp.example SOA
  restart "[[zone]]
name = \"local.lists.example\"
stub = [\"127.0.0.1:5300\"]
[[zone]]
name = \"corp.example\"
stub = [\"198.18.0.22:5353\"]
[[zone]]
name = \"10.in-addr.arpa\"
stub = [\"198.18.0.22:5353\"]
[[zone]]
name = \"office.lan\"
file = \"$work/zones/office.lan.zone\"
[[host]]
name = \"printer.lan\"
addresses = [\"10.0.0.9\"]"
}

check "zones: the configuration is taken" raise_zones
check "zones: rbldnsd on this host as a stub" stub_list
check "zones: a stub zone on NSD, its sub-zone, its reverse names" stub_zone
check "zones: a zone file and a host" local_zone
restart

# Stub zones, local zones and hosts of the operator. Sourced by `run`.

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
  # A configured zone overrides special-use names.
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
[[zone]]
name = \"written.example\"
file = \"$work/zones/written.example.zone\"
[[host]]
name = \"printer.lan\"
addresses = [\"10.0.0.9\"]"
}

# Each RRset of a zone file, compared with the output of BIND: resolverd must read the same.
written_alike() {
  local wanted seen rrsets=0 lines='tolower($1) == tolower(ENVIRON["owner"]) && $4 == ENVIRON["kind"] { $1 = ""; $2 = ""; print }'
  export owner kind
  named-compilezone -q -w "$work/zones" -i none -k ignore -n ignore -r ignore -o "$work/written" written.example written.example.zone
  while read -r owner kind; do
    wanted=$(awk "$lines" "$work/written" | sort)
    seen=$(dig @127.0.0.1 +noall +answer "$owner" "$kind" | awk "$lines" | sort)
    [ "$wanted" = "$seen" ] || { printf '%s %s wanted:\n%s\nseen:\n%s\n' "$owner" "$kind" "$wanted" "$seen"; return 1; }
    rrsets=$((rrsets + 1))
  done < <(awk '{ print $1, $4 }' "$work/written" | sort -u)
  echo "figure: $rrsets RRsets"
  [ $rrsets -ge 33 ]
}

# read_by_all TEXT: whether resolverd, named-checkzone and ldns-read-zone read a zone with this at its end.
read_by_all() {
  printf '$TTL 60\n@ SOA ns host 1 2 3 4 60\n@ NS ns\nns A 10.0.0.1\n%b\n' "$1" >"$work/zones/broken.zone"
  printf 'version = 1\n[[zone]]\nname = "broken.example"\nfile = "%s"\n' "$work/zones/broken.zone" >"$work/broken.toml"
  local ours=yes bind=yes ldns=yes
  resolverctl config check "$work/broken.toml" || ours=no
  named-checkzone -q -i none -k ignore -n ignore -r ignore broken.example "$work/zones/broken.zone" || bind=no
  { echo '$ORIGIN broken.example.'; cat "$work/zones/broken.zone"; } >"$work/zones/broken.ldns"
  ldns-read-zone "$work/zones/broken.ldns" >"$work/ldns" 2>&1 || ldns=no
  echo "$1: resolverd $ours, BIND $bind, ldns $ldns"
  read=$ours/$bind/$ldns
}

# resolverd rejects what BIND rejects, and reads what BIND reads.
broken_alike() {
  local text read
  for text in 'a A 10.0.0' 'a A' 'a A 10.0.0.1 more' 'a AAAA 10.0.0.1' 'a MX mail' 'a MX 10' 'a MX 70000 mail' 'a..b A 10.0.0.1' \
    'a TXT "open' 'a TXT ( b' 'a TXT b )' 'a NOSUCH x' 'a 60' '$TTL soon' '$NOSUCH x' 'a TYPE65400 \\# 3 0a0b' 'a DS 1 13 2 xyz' \
    'a SRV 0 0 mail' 'a TLSA 3 1 1 0' 'a NSEC3PARAM 1 0 0 xyz' 'a CAA 0 issue' '@ SOA ns host 9 2 3 4 60' \
    'a DNSKEY 257 3 13 ?' 'a RRSIG A 13 2' 'a TXT \\300' "$(printf 'a%.0s' {1..64}) A 10.0.0.1"; do
    read_by_all "$text"
    [[ $read = no/no/* ]] || return 1
  done
  for text in 'a A 10.0.0.1' 'a 1h30m IN A 10.0.0.1' 'a IN 60 A 10.0.0.1' 'a TXT "b" c' 'a TXT ( b\nc )' 'a TYPE1 \\# 4 0a000001' \
    '$ORIGIN sub\na A 10.0.0.1\n\tAAAA fd00::1' 'a\\.b A 10.0.0.1' 'a MX 10 @' '* A 10.0.0.1' 'a TXT \\065'; do
    read_by_all "$text"
    [[ $read = yes/yes/* ]] || return 1
  done
}

check "zones: the configuration is taken" raise_zones
check "zones: rbldnsd on this host as a stub" stub_list
check "zones: a stub zone on NSD, its sub-zone, its reverse names" stub_zone
check "zones: a zone file and a host" local_zone
check "zones: a zone file says what BIND reads in it" written_alike
check "zones: a zone file that BIND refuses is refused" broken_alike
restart

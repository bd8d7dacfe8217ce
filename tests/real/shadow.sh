# `resolverctl shadow` against Debian's Unbound in place: it finds the differences that were put in, and none else. Sourced by `run`.

in_place=127.0.0.3

raise_in_place() {
  cat >"$work/in-place.conf" <<EOF2
$(unbound_server | sed 's/module-config: .*/module-config: "validator iterator"/')
  interface: $in_place@53
  log-queries: yes
  # A zone that it finds bogus, and resolverd does not validate.
  trust-anchor: "sender.example. DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  # Policies of its own.
  local-zone: "blocked.wild.domain.example." always_nxdomain
  local-data: "mx2.domain.example. A 198.18.77.99"
  local-zone: "refused.wild.domain.example." always_refuse
remote-control:
  control-enable: no
EOF2
  begin in-place unbound -d -c "$work/in-place.conf"
  soon has 198.18.77.10 dig @$in_place +tries=1 +timeout=2 +short domain.example
}

# The mail of a day: what gateways ask for each of 400 mails, and the names with differences.
mail_of_a_day() {
  local number kind
  for number in {1..400}; do
    printf '%s\n' "-x 198.18.77.$((number % 250 + 1))" "$((number % 250 + 1)).77.18.198.bl.lists.example A" \
      "mail$number.wild.domain.example "{A,AAAA,MX,TXT} "_dmarc.mail$number.wild.domain.example TXT" \
      "s1._domainkey.mail$number.wild.domain.example TXT"
  done | sed "s/^/@$in_place +tries=1 +timeout=5 /" >"$work/mail.names"
  dig -f "$work/mail.names" >/dev/null
  for kind in A AAAA MX TXT NS SOA CAA; do dig @$in_place +tries=1 +timeout=5 domain.example $kind; done
  for number in {1..40}; do dig @$in_place +tries=1 +timeout=5 +dnssec "n$number.wild.domain.example" A; done
  dig @$in_place +tries=1 +timeout=5 nothing.domain.example A
  dig @$in_place +tries=1 +timeout=5 alias.domain.example A
  dig @$in_place +tries=1 +timeout=5 away.domain.example A
  dig @$in_place +tries=1 +timeout=5 -x 198.18.77.77
  dig @$in_place +tries=1 +timeout=5 partner.example MX
  for kind in blocked refused; do dig @$in_place +tries=1 +timeout=5 $kind.wild.domain.example A; done
  dig @$in_place +tries=1 +timeout=5 mx2.domain.example A
  dig @$in_place +tries=1 +timeout=5 sender.example MX
  dig @$in_place +tries=1 +timeout=5 target.domain.example A
}

# change_zone SED ADDRESS TTL: both name servers load the zone with this change, and give this address and TTL for target.
change_zone() {
  local server
  sed -i "$1" "$work/zones/domain.example.zone"
  kill -HUP "$(pid domains)"
  for server in 198.18.0.20 198.18.0.21; do
    soon has "^target.domain.example.[[:space:]]$3[[:space:]].*$2" dig @$server +noall +answer target.domain.example A
  done
}

# found: name, type and cause of each difference that is not only chance of order or time.
found() {
  /usr/bin/python3 - "$work/shadow.json" <<'PYTHON'
import json, sys
for line in open(sys.argv[1]):
    one = json.loads(line)
    if "cause" in one and one["cause"] not in ("rotation", "timing", "ad_only"):
        print(one["name"], one["type"], one["cause"], one["side"])
PYTHON
}

finds_what_was_put_in() {
  local status=0
  raise_in_place
  restart
  cp "$work/zones/domain.example.zone" "$work/domain.example.before"
  change_zone 's/2024010101/2024010102/; s/^target  *A /target 60 A /' 198.18.77.20 60
  mail_of_a_day
  # The zone changes after Unbound has answers in its cache.
  change_zone 's/2024010102/2024010103/; s/^\(target 60 A *\)198.18.77.20/\1198.18.77.21/; s/^\(@ *MX *20 \)mx2/\1mx/' 198.18.77.21 60
  ctl --json shadow --rate 500 --against $in_place --from "$work/in-place.log" >"$work/shadow.json" || status=$?
  cat "$work/shadow.json"
  [ $status -eq 1 ]
  found | sort >"$work/found"
  cat >"$work/wanted" <<'WANTED'
alias.domain.example. A unknown None
away.domain.example. A unknown None
blocked.wild.domain.example. A policy in_place
domain.example. MX unknown None
domain.example. SOA unknown None
mx2.domain.example. A policy in_place
refused.wild.domain.example. A policy in_place
sender.example. MX bogus in_place
target.domain.example. A unknown None
WANTED
  diff "$work/wanted" "$work/found"
}

equal_is_safe() {
  sed -n '/n[0-9]*\.wild\.domain\.example/p' "$work/in-place.log" >"$work/equal.log"
  has '^safe to switch: ' ctl shadow --against $in_place --from "$work/equal.log"
}

# The same from packets.
from_packets() {
  local number
  begin tcpdump tcpdump -i lo -w "$work/shadow.pcap" -U "udp and host $in_place and port 53"
  soon grep -q listening "$work/tcpdump.log"
  for number in {1..30}; do dig @$in_place +tries=1 +timeout=5 "n$number.wild.domain.example" A; done
  soon has "n30.wild" tcpdump -n -r "$work/shadow.pcap"
  end tcpdump
  has '^safe to switch: ' ctl shadow --against $in_place --from "$work/shadow.pcap"
}

zone_as_before() {
  cp "$work/domain.example.before" "$work/zones/domain.example.zone"
  change_zone '' 198.18.77.20 3600
  # The changed records have a TTL of an hour, and the snapshot outlasts a restart.
  ctl flush --all
  restart
  has '^20 mx2' dig @127.0.0.1 +short domain.example MX
}

check "shadow: it finds the differences that were put in, and none else" finds_what_was_put_in
check "shadow: equal answers are safe" equal_is_safe
check "shadow: packets" from_packets
end in-place
restart
check "shadow: the other themes have the zone as it was" zone_as_before

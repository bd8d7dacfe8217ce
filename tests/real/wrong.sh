# Wrong servers behind resolverd, Unbound and BIND: the same or a better answer, in the same or less time. Sourced by `run`.

raise_wrong() {
  serve outside 198.18.0.24 "glued.net moved.net outside.example away.example"
  begin referring internet /usr/bin/python3 "$here/faulty.py" 198.18.0.54 referral
  begin elsewhere internet /usr/bin/python3 "$here/faulty.py" 198.18.0.55 elsewhere
  soon has NOERROR dig @198.18.0.24 outside.example SOA
  soon grep -q serving "$work/referring.log"
  soon grep -q serving "$work/elsewhere.log"
  both
}

# both [KIND SERVER...]: restarts resolverd, and Unbound at port 5301; faulty.example is a zone of KIND, stub or forward, at SERVERs.
both() {
  local kind=${1-} server list= theirs=
  shift || true
  for server in "$@"; do
    list+="${list:+, }\"$server\""
    theirs+=$'\n'"  $kind-addr: $server"
  done
  restart "${kind:+[[zone]]
name = \"faulty.example\"
$kind = [$list]}"
  if [ -e "$work/compared.pid" ]; then end compared; fi
  cat >"$work/compared.conf" <<EOF
$(unbound_server)
  do-ip6: ${ipv6:-no}
  interface: 127.0.0.1@5301
${kind:+$kind-zone:
  name: "faulty.example"}$theirs
EOF
  begin compared unbound -d -c "$work/compared.conf"
  soon has 198.18.77.10 dig @127.0.0.1 -p 5301 +tries=1 +timeout=2 +short domain.example
  has 198.18.77.10 dig @127.0.0.1 +tries=1 +timeout=2 +short domain.example
}

# said PORT NAME TYPE: the RCODE, the number of answers, and the milliseconds that it took; after 10 s it is silent.
said() {
  { dig @127.0.0.1 -p "$1" +tries=1 +timeout=10 "$2" "$3" || true; } | awk '
    BEGIN { rcode = "silent"; answers = 0; took = 10000 }
    /status: / { split($0, part, /status: |, id/); rcode = part[2] }
    / ANSWER: / { split($0, part, /ANSWER: |, AUTH/); answers = part[2] }
    /Query time: / { took = $4 }
    END { print rcode, answers, took }'
}

# beside NAME TYPE WANTED: resolverd answers WANTED, an RCODE and a number of answers. If Unbound does too, resolverd takes at most
# 1.5 times its time plus 400 ms.
beside() {
  local ours theirs
  ours=$(said 53 "$1" "$2")
  theirs=$(said 5301 "$1" "$2")
  echo "figure: $1 $2: $ours ms, Unbound $theirs ms"
  [ "${ours% *}" = "$3" ] || { echo "wanted: $3"; return 1; }
  if [ "${theirs% *}" = "$3" ]; then
    at_most $((${theirs##* } * 3 / 2 + 400)) "${ours##* }" "milliseconds"
  fi
}

# each COUNT PORT: of this many names with an address at faulty.example, the number that PORT answers, and the total milliseconds.
each() {
  local number right=0 all=0 rcode answers took
  for ((number = 0; number < $1; number++)); do
    read -r rcode answers took <<<"$(said "$2" "$number.ok.faulty.example" A)"
    if [ "$rcode $answers" = "NOERROR 1" ]; then right=$((right + 1)); fi
    all=$((all + took))
  done
  echo "$right $all"
}

# Every name is answered, though one of two servers does not serve the zone.
one_of_two() {
  local ours theirs
  both "$@"
  ours=$(each 20 53)
  theirs=$(each 20 5301)
  echo "figure: of 20 names: ${ours% *} in ${ours#* } ms, Unbound ${theirs% *} in ${theirs#* } ms"
  [ "${ours% *}" = 20 ] || return 1
  if [ "${theirs% *}" = 20 ]; then at_most $((${theirs#* } * 3 / 2 + 500)) "${ours#* }" "milliseconds"; fi
}

# There is no other server: that it does not resolve says nothing about the name.
referral_alone() {
  both forward 198.18.0.54
  beside alone.ok.faulty.example MX "SERVFAIL 0"
  beside alone.ok.faulty.example A "SERVFAIL 0"
}

# A load balancer that answers NXDOMAIN for AAAA, queried in both orders.
address_stays() {
  both
  beside 1.nxdomain-aaaa.faulty.example AAAA "NXDOMAIN 0"
  beside 1.nxdomain-aaaa.faulty.example A "NOERROR 1"
  beside 2.nxdomain-aaaa.faulty.example A "NOERROR 1"
  beside 2.nxdomain-aaaa.faulty.example AAAA "NXDOMAIN 0"
  beside 2.nxdomain-aaaa.faulty.example A "NOERROR 1"
}

glue() {
  both
  beside "mail.$1" A "NOERROR 1"
  beside "www.$1" A "NOERROR 1"
  beside "$1" MX "NOERROR 1"
}

# raise_strict: servers of faulty.example that answer names in mixed case wrongly, and servers whose long replies are lost.
raise_strict() {
  local fault number=0
  for fault in mixed-nodata mixed-nxdomain mixed-refused mixed-elsewhere above-512 above-1000; do
    number=$((number + 1))
    internet ip address add 198.18.1.$number/16 dev peer
    begin $fault internet /usr/bin/python3 "$here/faulty.py" 198.18.1.$number $fault
    soon grep -q serving "$work/$fault.log"
    echo 198.18.1.$number >"$work/$fault.address"
  done
}

# bind_beside ADDRESS...: BIND at port 5302 asks faulty.example at these servers.
bind_beside() {
  if [ -e "$work/bind_beside.pid" ]; then end bind_beside; fi
  mkdir -p "$work/bind_beside"
  cat >"$work/bind_beside.conf" <<EOF
options {
  directory "$work/bind_beside"; pid-file none; session-keyfile none; listen-on port 5302 { 127.0.0.1; }; listen-on-v6 { none; };
  recursion yes; dnssec-validation no; qname-minimization off; empty-zones-enable no;
};
controls { };
zone "." { type hint; file "$work/zones/root.hints"; };
zone "faulty.example" { type static-stub; server-addresses { $(printf '%s; ' "$@")}; };
EOF
  begin bind_beside named -g -c "$work/bind_beside.conf"
  soon has 198.18.77.10 dig @127.0.0.1 -p 5302 +tries=1 +timeout=2 +short domain.example
}

# strictly FAULT [SOUND]: six names are answered at a server with FAULT, alone or with the sound server SOUND; as at Unbound and BIND.
strictly() {
  local name ours servers
  read -ra servers <<<"$(cat "$work/$1.address") ${2-}"
  both stub "${servers[@]}"
  bind_beside "${servers[@]}"
  for name in one two three four five six; do
    ours=$(said 53 $name.faulty.example A)
    echo "figure: $name.faulty.example A: $ours ms, Unbound $(said 5301 $name.faulty.example A) ms, BIND $(said 5302 $name.faulty.example A) ms"
    [ "${ours% *}" = "NOERROR 1" ] || return 1
    at_most 2000 "${ours##* }" "milliseconds"
  done
}

# long_replies FAULT: the first long reply comes within a client's deadline, the next at once.
long_replies() {
  local name ours most=3000
  both stub "$(cat "$work/$1.address")"
  bind_beside "$(cat "$work/$1.address")"
  # Each waits ten seconds, so they are asked for one FAULT only.
  [ "$1" = above-1000 ] ||
    echo "figure: other.faulty.example TXT: Unbound $(said 5301 other.faulty.example TXT) ms, BIND $(said 5302 other.faulty.example TXT) ms"
  for name in one two three; do
    ours=$(said 53 $name.faulty.example TXT)
    echo "figure: $name.faulty.example TXT: $ours ms"
    [ "${ours% *}" = "NOERROR 1" ] || return 1
    at_most $most "${ours##* }" "milliseconds"
    most=400
  done
}

# The first copy is lost, and an error answers the second.
lost() {
  both
  beside "1.lost-$1.faulty.example" A "SERVFAIL 0"
}

check "wrong: the servers start, and Unbound" raise_wrong
check "wrong: one of two forwarders refers to the root" one_of_two forward 198.18.0.54 198.18.0.50
check "wrong: the only forwarder refers to the root" referral_alone
check "wrong: one of two servers of a stub zone has lost it" one_of_two stub 198.18.0.55 198.18.0.50
check "wrong: NXDOMAIN for AAAA" address_stays
check "wrong: a server's own zone denies its address" glue outside.example
check "wrong: a server's own zone gives a dead address of it" glue away.example
check "wrong: a lost copy, then SERVFAIL" lost servfail
check "wrong: a lost copy, then REFUSED" lost refused
check "wrong: servers for mixed case and long replies start" raise_strict
check "wrong: mixed case has no data" strictly mixed-nodata
check "wrong: mixed case does not exist" strictly mixed-nxdomain
check "wrong: mixed case is refused" strictly mixed-refused
check "wrong: mixed case belongs to another zone" strictly mixed-elsewhere
check "wrong: mixed case has no data at one of two servers" strictly mixed-nodata 198.18.0.50
check "wrong: replies above 512 octets are lost" long_replies above-512
check "wrong: replies above 1000 octets are lost" long_replies above-1000
end compared
end bind_beside
restart

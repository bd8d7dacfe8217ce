# The internet of these tests, and the gateway before it. Sourced by `run`, in namespaces of their own.
#
#   gateway (this namespace)              internet (a network namespace)
#   127.0.0.1   resolverd                 198.18.0.1 .2    NSD: the root          198.18.0.40  Unbound, also over TLS
#   198.18.100.25, 2001:2::100:25  ─────  198.18.0.10 .11  NSD: TLDs, reverse     198.18.0.41  BIND, also over TLS
#                                         198.18.0.20 .21  NSD: domains           198.18.0.50  faults by name
#                                         198.18.0.24      NSD: servers misplaced 198.18.0.51  silent
#                                         198.18.0.30 .31  rbldnsd: lists         198.18.0.52  refuses, 198.18.0.53 takes 9 s
#                                         198.18.25.1      the partner's MX       198.18.0.54  refers to the root
#                                         198.18.77.x      mail clients           198.18.0.55  has lost its zone
# These networks (RFC 2544, RFC 5180) are for tests, and no resolver has local zones for their reverse names.

internet() { ip netns exec internet "$@"; }

raise_stage() {
  mount -t tmpfs -o mode=755 tmpfs "$work"
  mkfifo "$work/never"
  local part
  for part in /etc /var/spool/postfix /var/lib/postfix; do
    mkdir -p "$work/own$part"
    cp -a "$part/." "$work/own$part/"
    mount --bind "$work/own$part" "$part"
  done
  mount -t tmpfs -o mode=755 tmpfs /run
  rm -f /etc/resolv.conf
  printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
  printf '127.0.0.1 localhost\n198.18.100.25 mx.domain.example mx\n' >/etc/hosts
  sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf
  gcc -O1 -o "$work/lookup" "$here/lookup.c" -lresolv

  raise_networks
  raise_servers
  raise_resolver
}

raise_networks() {
  local address
  ip netns add internet
  ip link set lo up
  internet ip link set lo up
  ip link add name wan type veth peer name peer netns internet
  ip address add 198.18.100.25/16 dev wan
  for address in 0.1 0.2 0.10 0.11 0.20 0.21 0.22 0.23 0.24 0.30 0.31 0.40 0.41 0.42 0.43 0.50 0.51 0.52 0.53 0.54 0.55 0.60 0.70 25.1 77.66 77.77 77.88 77.99 77.130; do
    internet ip address add 198.18.$address/16 dev peer
  done
  # On a machine without IPv6 nothing here has IPv6, and the resolver detects that.
  ipv6=
  if ip address add 2001:2::100:25/64 dev wan nodad 2>/dev/null; then
    ipv6=yes
    for address in 1 10 20 50 25:1 77:77; do internet ip address add 2001:2::$address/64 dev peer nodad; done
  fi
  ip link set wan up
  internet ip link set peer up
}

# serve NAME ADDRESSES ZONES [DIRECTORY]: an NSD; a zone's file is ZONE.zone in the directory, the root's root.zone. Without a
# directory $work/zones.
serve() {
  local name=$1 folder=${4-$work/zones} address zone file
  {
    echo "server:"
    for address in $2; do echo "  ip-address: $address"; done
    printf '  %s\n' 'username: ""' 'pidfile: ""' 'server-count: 1' 'hide-version: yes' 'rrl-ratelimit: 0' \
      "zonelistfile: $work/$name.list" "xfrdfile: $work/$name.xfrd" "xfrdir: $work" 'database: ""' 'verbosity: 1'
    printf 'remote-control:\n  control-enable: no\n'
    for zone in $3; do
      file=$folder/${zone/#./root}.zone
      printf 'zone:\n  name: "%s"\n  zonefile: %s\n' "$zone" "$file"
    done
  } >"$work/$name.conf"
  begin "$name" internet nsd -d -c "$work/$name.conf"
}

# unbound_server: the begin of an Unbound's `server:` clause, which does not validate and asks the root of this internet.
unbound_server() {
  cat <<EOF
server:
  directory: "$work"
  username: ""
  chroot: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  module-config: "iterator"
  root-hints: "$work/zones/root.hints"
EOF
}

raise_servers() {
  cp -r "$here/zones" "$work/zones"
  # Texts longer than a datagram: 3 and 60 thousand octets.
  {
    echo 'long TXT' "$(text 12)"
    echo 'longest TXT' "$(text 240)"
  } >>"$work/zones/domain.example.zone"
  mv "$work/zones/2001.2.ip6.arpa.zone" "$work/zones/0.0.0.0.2.0.0.0.1.0.0.2.ip6.arpa.zone"

  serve root "198.18.0.1 198.18.0.2${ipv6:+ 2001:2::1}" .
  serve tld "198.18.0.10 198.18.0.11${ipv6:+ 2001:2::10}" "example com org net de cz in-addr.arpa ip6.arpa"
  serve domains "198.18.0.20 198.18.0.21${ipv6:+ 2001:2::20}" "domain.example partner.example sender.example doctor.example \
    half.example lists.example other.com 18.198.in-addr.arpa 0.0.0.0.2.0.0.0.1.0.0.2.ip6.arpa"
  begin rbldnsd internet rbldnsd -n -r "$work/zones" -b 198.18.0.30 \
    bl.lists.example:ip4set:bl.ip4 dbl.lists.example:dnset:dbl.names
  begin faulty internet /usr/bin/python3 "$here/faulty.py" 198.18.0.50
  begin silent internet /usr/bin/python3 "$here/faulty.py" 198.18.0.51 drop
  begin refusing internet /usr/bin/python3 "$here/faulty.py" 198.18.0.52 refused

  soon has NOERROR dig @198.18.0.1 . SOA
  soon has NOERROR dig @198.18.0.10 example SOA
  soon has NOERROR dig @198.18.0.20 domain.example SOA
  soon has NOERROR dig @198.18.0.30 bl.lists.example SOA
  soon grep -q serving "$work/faulty.log"
  soon grep -q serving "$work/silent.log"
  soon grep -q serving "$work/refusing.log"
}

# text STRINGS: that many strings of 250 octets.
text() {
  local string number
  string=$(printf '%0250d' 0)
  for ((number = 0; number < $1; number++)); do printf '"%s" ' "${string/#00000/s$(printf %04d "$number")}"; done
}

# configure [TEXT]: the resolver's file, with TEXT at its end.
configure() {
  local addresses='"127.0.0.1:53"'
  if [ -n "$ipv6" ]; then addresses+=', "[::1]:53"'; fi
  cat >"$work/resolverd.toml" <<EOF
version = 1
[listen]
addresses = [$addresses]
[resolve]
root_hints = "$work/zones/root.hints"
[dnssec]
validate = false
[control]
socket = "$work/control.sock"
${1-}
EOF
}

raise_resolver() {
  configure "${1-}"
  begin resolverd resolverd --config "$work/resolverd.toml"
  watched=resolverd soon ctl stats
}

# Restarts the resolver, with an empty cache and TEXT at the end of its configuration.
restart() {
  end resolverd
  raise_resolver "${1-}"
}

# list_configured LIST PURPOSE SUBJECT: a list in this internet, for the resolver's configuration.
list_configured() {
  printf '[[list]]\nname = "%s.lists.example"\npurpose = "%s"\nsubjects = ["%s"]\n' "$@"
}

# kept LIST...: the state directory of a resolver that has found that these list everything, which takes two tests three
# minutes apart.
kept() {
  local list known=
  mkdir -p "$work/state"
  for list in "$@"; do
    known+="${known:+,}{\"list\":\"$list.\",\"state\":\"lists_everything\",\"since\":$((EPOCHSECONDS - 600)),\"why\":\"tested\","
    known+="\"quota\":{\"day\":0,\"today\":0,\"yesterday\":0,\"warned\":false}}"
  done
  printf '{"version":1,"lists":[%s]}' "$known" >"$work/state/lists.json"
  export STATE_DIRECTORY=$work/state
}

ctl() { resolverctl --socket "$work/control.sock" "$@"; }

# judged LOG PATTERN VERDICT: for the first line of LOG with PATTERN, "resolverctl why" prints VERDICT.
judged() {
  grep -m 1 -E -- "$2" "$1" >"$work/pasted-line" || { echo "no line: $2"; return 1; }
  cat "$work/pasted-line"
  has "$3" ctl why - <"$work/pasted-line"
}

# asked TYPE: how many questions of that type the resolver has counted.
asked() {
  ctl --json stats --since start --by type | sed -nE "s/.*\"type\":\"$1\",\"questions\":([0-9]+).*/\\1/p" | grep . || echo 0
}

forget() { ctl flush --all >/dev/null; }

# load: three questions of four are in memory, one in ten comes over TCP; runs until $work/enough exists.
load() {
  rm -f "$work/enough"
  "$here/load.py" --rate 400 --questions 100000 --tcp 0.1 --until "$work/enough" \
    domain.example mx.domain.example client.sender.example '{}.wild.domain.example' >"$work/load" 2>&1 &
  loading=$!
}

# Ends the load and judges it.
loaded() {
  touch "$work/enough"
  wait "$loading"
  sed 's/^questions/figure: questions/' "$work/load"
  grep -q ' unanswered=0 .* servfail=0 other=0 ' "$work/load"
}

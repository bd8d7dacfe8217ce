# The internet that the comparisons ask, and the resolvers that are compared. Sourced inside namespaces of their own, with
# $work, $RESOLVERD and what each script sets: NSD serves a root, a TLD and 200 zones; a resolver listens at 127.0.0.1:$port.

zones=200
port=5300
ticks=$(getconf CLK_TCK)
chmod 755 "$work"
ip link set lo up
for last in 1 10 20; do ip address add 198.18.0.$last/32 dev lo; done

zone() { # zone NAME: the begin of a zone's file; its text is read.
  printf '$ORIGIN %s\n$TTL 86400\n@ SOA ns hostmaster 1 7200 900 1209600 300\n' "$1"
  cat
}

sign_top() { # signs bench. and the root, as on the internet, and writes the trust anchor. The zones below are unsigned, as most are.
  local key
  cd "$work"
  key=$(ldns-keygen -a ECDSAP256SHA256 -k bench.)
  ldns-signzone -f bench.zone bench.zone "$key"
  cat "$key.ds" >>root.zone
  key=$(ldns-keygen -a ECDSAP256SHA256 -k .)
  ldns-signzone -f root.zone root.zone "$key"
  mv "$key.ds" root.ds
  cd - >/dev/null
}

raise_servers() { # raise_servers answers|denials [signed]: below the zones every name has an address, or none exists
  local number text='@ NS ns.hoster.bench.' server
  if [ "$1" = answers ]; then text+=$'\n* A 192.0.2.1'; fi
  zone . <<<'@ NS a.root.
a.root. A 198.18.0.1
bench. NS ns.bench.
ns.bench. A 198.18.0.10' >"$work/root.zone"
  {
    printf '@ NS ns\nns A 198.18.0.10\nhoster NS ns.hoster\nns.hoster A 198.18.0.20\n'
    for ((number = 0; number < zones; number++)); do printf 'z%d NS ns.hoster\n' "$number"; done
  } | zone bench. >"$work/bench.zone"
  zone hoster.bench. <<<'@ NS ns
ns A 198.18.0.20' >"$work/hoster.zone"
  for ((number = 0; number < zones; number++)); do zone "z$number.bench." <<<"$text" >"$work/z$number.zone"; done
  if [ "${2-}" = signed ]; then sign_top; fi
  for server in root:1 tld:10 zones:20; do
    {
      printf 'server:\n  ip-address: 198.18.0.%s\n' "${server#*:}"
      printf '  %s\n' 'username: ""' 'pidfile: ""' 'server-count: 1' 'rrl-ratelimit: 0' 'database: ""' \
        "zonelistfile: $work/${server%:*}.list" "xfrdfile: $work/${server%:*}.xfrd" "xfrdir: $work"
      printf 'remote-control:\n  control-enable: no\n'
      case ${server%:*} in
        root) printf 'zone:\n  name: "."\n  zonefile: %s\n' "$work/root.zone" ;;
        tld) printf 'zone:\n  name: "bench"\n  zonefile: %s\n' "$work/bench.zone" ;;
        zones)
          printf 'zone:\n  name: "hoster.bench"\n  zonefile: %s\n' "$work/hoster.zone"
          for ((number = 0; number < zones; number++)); do
            printf 'zone:\n  name: "z%d.bench"\n  zonefile: %s\n' "$number" "$work/z$number.zone"
          done
          ;;
      esac
    } >"$work/${server%:*}.conf"
    nsd -d -c "$work/${server%:*}.conf" >"$work/${server%:*}.log" 2>&1 &
  done
  printf '. 86400 NS a.root.\na.root. 86400 A 198.18.0.1\n' >"$work/hints"
}

start_resolverd() { # start_resolverd MIB
  cat >"$work/resolverd.toml" <<TOML
version = 1
[listen]
addresses = ["127.0.0.1:$port"]
workers = ${threads-2}
[cache]
size = "$1MiB"
[resolve]
root_hints = "$work/hints"
[dnssec]
validate = false
[control]
socket = "$work/control.sock"
TOML
  "$RESOLVERD" --config "$work/resolverd.toml" >"$work/resolverd.log" 2>&1 &
  resolver=$!
}

# Unbound's two caches hold what its allocator takes besides: its manual advises twice as much for RRsets as for messages.
raise_unbound() { # starts Unbound with the lines of the section server that are read
  {
    printf 'server:\n  interface: 127.0.0.1@%s\n' "$port"
    cat
    printf '  %s\n' "root-hints: \"$work/hints\"" 'chroot: ""' 'username: ""' "directory: \"$work\"" 'pidfile: ""' \
      'use-syslog: no' "logfile: \"$work/unbound.log\""
    printf 'remote-control:\n  control-enable: no\n'
  } >"$work/unbound.conf"
  unbound -d -c "$work/unbound.conf" &
  resolver=$!
}

start_unbound() { # start_unbound MIB
  raise_unbound <<CONF
  num-threads: ${threads-2}
  so-reuseport: yes
  msg-cache-slabs: 2
  rrset-cache-slabs: 2
  infra-cache-slabs: 2
  msg-cache-size: $(($1 * 1024 / 3))k
  rrset-cache-size: $(($1 * 2048 / 3))k
  outgoing-range: 4096
  num-queries-per-thread: 2048
  module-config: "iterator"
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
CONF
}

# The next two have the configuration of their Debian packages, except for the internet that they ask and the files that they write.
start_installed_resolverd() {
  cat >"$work/resolverd.toml" <<TOML
version = 1
[listen]
addresses = ["127.0.0.1:$port"]
[resolve]
root_hints = "$work/hints"
[dnssec]
trust_anchor = "$work/root.ds"
[control]
socket = "$work/control.sock"
TOML
  "$RESOLVERD" --config "$work/resolverd.toml" >"$work/resolverd.log" 2>&1 &
  resolver=$!
}

start_installed_unbound() {
  raise_unbound <<<"  trust-anchor-file: \"$work/root.ds\""
}

start_knot() { # start_knot MIB: one process has one thread
  mkdir -p "$work/knot"
  cat >"$work/knot.conf" <<CONF
net.listen('127.0.0.1', $port, { kind = 'dns' })
modules.load('hints')
hints.root({ ['a.root.'] = '198.18.0.1' })
trust_anchors.remove('.')
cache.size = $1 * MB
CONF
  kresd -n -c "$work/knot.conf" "$work/knot" >"$work/knot.log" 2>&1 &
  resolver=$!
}

start_bind() { # start_bind MIB
  mkdir -p "$work/bind"
  cat >"$work/bind.conf" <<CONF
options {
  directory "$work/bind";
  listen-on port $port { 127.0.0.1; };
  listen-on-v6 { none; };
  max-cache-size $1m;
  dnssec-validation no;
  recursion yes;
  recursive-clients 4096;
  pid-file none;
  session-keyfile "$work/bind/session.key";
};
controls { };
zone "." { type hint; file "$work/hints"; };
CONF
  named -f -n "${threads-2}" -c "$work/bind.conf" >"$work/bind.log" 2>&1 &
  resolver=$!
}

# Its packet cache, which is asked first, holds an answer in about 500 octets.
start_powerdns() { # start_powerdns MIB
  mkdir -p "$work/powerdns"
  pdns_recursor --config-dir="$work/powerdns" --socket-dir="$work/powerdns" --daemon=no --local-address=127.0.0.1 \
    --local-port="$port" --threads="${threads-2}" --hint-file="$work/hints" --dnssec=off --dont-query= --security-poll-suffix= \
    --max-cache-entries=$(($1 * 2048)) --max-packetcache-entries=$(($1 * 2048)) --quiet=yes >"$work/powerdns.log" 2>&1 &
  resolver=$!
}

# It does not recurse: it forwards to the server of the names, and has neither threads nor a bound in octets.
start_dnsmasq() {
  dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --listen-address=127.0.0.1 --bind-interfaces --port="$port" \
    --server=198.18.0.20 --cache-size=10000 --dns-forward-max=4096 --user=root --pid-file= >"$work/dnsmasq.log" 2>&1 &
  resolver=$!
}

start_echo() {
  "$work/echo" "$port" &
  resolver=$!
}

program() { # program NAME: the file that runs as that peer
  case $1 in
    echo | least) echo "$work/$1" ;;
    resolverd) echo "$RESOLVERD" ;;
    knot) echo kresd ;;
    bind) echo named ;;
    powerdns) echo pdns_recursor ;;
    *) echo "$1" ;;
  esac
}

installed() { # installed NAME...: those that are; the others are said
  local peer
  for peer in "$@"; do
    if command -v "$(program "$peer")" >/dev/null; then echo "$peer"; else echo "$peer is not installed" >&2; fi
  done
}

cpu() { # of the resolver, in microseconds: user, system
  awk -v ticks="$ticks" '{ sub(/.*\) /, ""); printf "%d %d\n", $12 * 1000000 / ticks, $13 * 1000000 / ticks }' "/proc/$resolver/stat"
}

spent() { # CPU time of all threads of the resolver in nanoseconds
  cat "/proc/$resolver/task/"*/schedstat | awk '{ spent += $1 } END { printf "%.0f\n", spent }'
}

resident() { # resident VmRSS|VmHWM: KiB
  awk -v row="$1:" '$1 == row { print $2 }' "/proc/$resolver/status"
}

soon() {
  local tries
  for ((tries = 0; tries < 200; tries++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.05
  done
  echo "not in time: $*" >&2
  exit 1
}

answers() { # answers NAME: whether the resolver does. Without dig: dnsperf tells it as well.
  dnsperf -s 127.0.0.1 -p "$port" -t 1 -n 1 -d <(echo "$1 A") 2>/dev/null | grep -Eq 'Response codes: +(NOERROR|NXDOMAIN) 1'
}

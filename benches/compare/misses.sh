#!/usr/bin/env bash
# What a miss costs resolverd and Unbound: the same random names, one after the other, on the same machine.
#
# benches/compare/misses.sh [--names N] [--sizes "MIB..."] [--pairs N] [--kind answers|denials] [--resolvers "NAME..."]
#
# Needs root and Debian's nsd, unbound and dnsperf. Everything runs in network and process namespaces of its own and ends with
# the script. NSD serves a root, a TLD and 200 zones; every name below a zone has an address (answers) or does not exist
# (denials). For each size of the cache, and so many times, each resolver is started empty and asked for N names, each once,
# by 4 clients with 50 questions each at a time. Printed for each run:
#   answered and failed   NOERROR and NXDOMAIN; SERVFAIL and lost
#   cpu                   microseconds a name, user and system, of all threads of the resolver (proc(5), stat)
#   switches              context switches a name, of all threads (proc(5), status)
#   resident              MiB at the end, and the most it was
# CPU time depends on what else the machine does, so compare runs of one pair only.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
names=100000 sizes=64 pairs=1 kind=answers resolvers="resolverd unbound" arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --names) names=$2 ;;
    --sizes) sizes=$2 ;;
    --pairs) pairs=$2 ;;
    --kind) kind=$2 ;;
    --resolvers) resolvers=$2 ;;
    *) echo "misses.sh: unknown argument $1; see its first lines" >&2; exit 2 ;;
  esac
  shift 2
done

if [ "${INSIDE_MISSES-}" != yes ]; then
  if [ -z "${RESOLVERD-}" ]; then
    (cd "$here/../.." && cargo build --release --locked --bins)
    RESOLVERD=${CARGO_TARGET_DIR:-$here/../../target}/release/resolverd
  fi
  RESOLVERD=$(realpath "$RESOLVERD") work=$(mktemp -d)
  export RESOLVERD work INSIDE_MISSES=yes LC_ALL=C
  trap 'rm -r "$work"' EXIT
  PATH=$PATH:/usr/sbin unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "${arguments[@]}"
  exit
fi

zones=200
ticks=$(getconf CLK_TCK)
chmod 755 "$work"
ip link set lo up
for last in 1 10 20; do ip address add 198.18.0.$last/32 dev lo; done

zone() { # zone NAME: the begin of a zone's file; its text is read.
  printf '$ORIGIN %s\n$TTL 86400\n@ SOA ns hostmaster 1 7200 900 1209600 300\n' "$1"
  cat
}

raise_servers() {
  local number text='@ NS ns.hoster.bench.' server
  if [ "$kind" = answers ]; then text+=$'\n* A 192.0.2.1'; fi
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
addresses = ["127.0.0.1:5300"]
workers = 2
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
start_unbound() { # start_unbound MIB
  cat >"$work/unbound.conf" <<CONF
server:
  interface: 127.0.0.1@5300
  num-threads: 2
  so-reuseport: yes
  msg-cache-slabs: 2
  rrset-cache-slabs: 2
  infra-cache-slabs: 2
  msg-cache-size: $(($1 * 1024 / 3))k
  rrset-cache-size: $(($1 * 2048 / 3))k
  outgoing-range: 4096
  num-queries-per-thread: 2048
  module-config: "iterator"
  root-hints: "$work/hints"
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  chroot: ""
  username: ""
  directory: "$work"
  pidfile: ""
  use-syslog: no
  logfile: "$work/unbound.log"
remote-control:
  control-enable: no
CONF
  unbound -d -c "$work/unbound.conf" &
  resolver=$!
}

cpu() { # of the resolver, in microseconds: user, system
  awk -v ticks="$ticks" '{ sub(/.*\) /, ""); printf "%d %d\n", $12 * 1000000 / ticks, $13 * 1000000 / ticks }' "/proc/$resolver/stat"
}

switches() {
  awk '/ctxt_switches/ { sum += $2 } END { print sum }' /proc/"$resolver"/task/*/status
}

resident() { # resident VmRSS|VmHWM
  awk -v row="$1:" '$1 == row { printf "%d", $2 / 1024 }' "/proc/$resolver/status"
}

soon() {
  local tries
  for ((tries = 0; tries < 200; tries++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.05
  done
  echo "misses.sh: not in time: $*" >&2
  exit 1
}

answers() { # answers NAME: whether the resolver does. Without dig: dnsperf tells it as well.
  dnsperf -s 127.0.0.1 -p 5300 -t 1 -n 1 -d <(echo "$1 A") 2>/dev/null | grep -Eq 'Response codes: +(NOERROR|NXDOMAIN) 1'
}

run() { # run RESOLVER MIB
  local begin end before after
  "start_$1" "$2"
  soon answers warm.z0.bench
  read -ra begin < <(cpu)
  before=$(switches)
  dnsperf -s 127.0.0.1 -p 5300 -c 4 -q 200 -t 10 -n 1 -d "$work/names" >"$work/dnsperf" 2>&1
  read -ra end < <(cpu)
  after=$(switches)
  awk -v resolver="$1" -v size="$2" -v user="$((end[0] - begin[0]))" -v kernel="$((end[1] - begin[1]))" -v switches="$((after - before))" \
    -v resident="$(resident VmRSS)" -v most="$(resident VmHWM)" '
    /Queries sent:/ { sent = $3 }
    /Response codes:/ {
      for (place = 3; place < NF; place += 2) if ($place == "NOERROR" || $place == "NXDOMAIN") good += $(place + 1)
    }
    /Queries per second:/ { rate = $4 }
    END {
      printf "%-9s cache %3d MiB: answered %d, failed %d, cpu %.1f us (user %.1f, system %.1f), switches %.2f, %d names a second, resident %d MiB, at most %d MiB\n",
        resolver, size, good, sent - good, (user + kernel) / sent, user / sent, kernel / sent, switches / sent, rate, resident, most
    }' "$work/dnsperf"
  kill "$resolver"
  wait "$resolver" || true
}

raise_servers
awk -v names="$names" -v zones="$zones" 'BEGIN {
  srand(1)
  for (number = 0; number < names; number++)
    printf "%08x%08x.z%d.bench A\n", rand() * 2 ^ 32, rand() * 2 ^ 32, number % zones
}' >"$work/names"
for size in $sizes; do
  for ((pair = 0; pair < pairs; pair++)); do
    for resolver_name in $resolvers; do run "$resolver_name" "$size"; done
  done
done

#!/usr/bin/env bash
# CPU time and memory of a cache miss, for resolverd and its peers: the same random names, one after the other.
#
# benches/compare/misses.sh [--names N] [--sizes "MIB..."] [--pairs N] [--kind answers|denials] [--threads N]
#           [--resolvers "NAME..."] [--most RATIO] [--installed]
#
# Needs root and Debian's nsd and dnsperf. The resolvers are resolverd, unbound, knot (knot-resolver, always with one thread), bind (bind9)
# and powerdns (pdns-recursor); the script names those that are not installed. Everything runs in network and process namespaces of its own and ends with
# the script. NSD serves a root, a TLD and 200 zones; every name below a zone has an address (answers) or does not exist
# (denials). For each size of the cache, and once for each pair, each resolver is started empty and asked for N names, each once,
# by 4 clients with 50 questions each at a time. Printed for each run:
#   answered and failed   NOERROR and NXDOMAIN; SERVFAIL and lost
#   cpu                   microseconds a name, user and system, of all threads of the resolver (proc(5), stat)
#   switches              context switches a name, of all threads (proc(5), status)
#   resident              MiB at the end, and the most it was. resolverd may take 1.25 times the size of its cache and 24 MiB;
#                         the script fails if it takes more
# `--names 400000 --sizes "16 64 256" --resolvers resolverd` shows that in a minute and a half: at most 30, 68 and 206 MiB, where
# 44, 104 and 344 are allowed.
# By default, no resolver validates. With --installed, resolverd and unbound have the configuration of their Debian packages, with validation,
# look-ahead, and their own numbers of threads and sizes of caches. The root and the TLD are then signed (needs ldnsutils), and --sizes and
# --threads have no effect.
# CPU time depends on what else the machine does, so compare runs of one pair only. With `--most 1.1` the script fails if a
# name costs resolverd more than 1.1 times the CPU time that it costs Unbound, as the median of the pairs of a size. Default: no
# bound. Use several pairs with it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
names=100000 sizes=64 pairs=1 kind=answers threads=1 resolvers="resolverd unbound" most="" installed="" signed="" arguments=("$@")
while [ $# -gt 0 ]; do
  if [ "$1" = --installed ]; then
    installed=installed_ signed=signed
    shift
    continue
  fi
  case $1 in
    --names) names=$2 ;;
    --sizes) sizes=$2 ;;
    --pairs) pairs=$2 ;;
    --kind) kind=$2 ;;
    --threads) threads=$2 ;;
    --resolvers) resolvers=$2 ;;
    --most)
      [[ ${2-} =~ ^[0-9]+(\.[0-9]+)?$ ]] || { echo "misses.sh: --most needs a number, for example 1.1" >&2; exit 2; }
      most=$2
      ;;
    *) echo "misses.sh: unknown argument $1; see its first lines" >&2; exit 2 ;;
  esac
  shift 2
done
if [ -n "$most" ]; then
  for needed in resolverd unbound; do
    [[ " $resolvers " == *" $needed "* ]] || { echo "misses.sh: --most compares resolverd with unbound; --resolvers must name both" >&2; exit 2; }
  done
fi

. "$here/inside.sh"
if [ "${INSIDE-}" != yes ]; then
  built dist
  inside "${arguments[@]}"
  exit
fi

switches() {
  awk '/ctxt_switches/ { sum += $2 } END { print sum }' /proc/"$resolver"/task/*/status
}

run() { # run RESOLVER MIB
  local begin end before after
  "start_$installed$1" "$2"
  soon answers warm.z0.bench
  read -ra begin < <(cpu)
  before=$(switches)
  dnsperf -s 127.0.0.1 -p 5300 -c 4 -q 200 -t 10 -n 1 -d "$work/names" >"$work/dnsperf" 2>&1
  read -ra end < <(cpu)
  after=$(switches)
  awk -v costs="$work/costs" -v resolver="$1" -v installed="$installed" -v size="$2" -v user="$((end[0] - begin[0]))" -v kernel="$((end[1] - begin[1]))" -v switches="$((after - before))" \
    -v resident="$(resident VmRSS)" -v most="$(resident VmHWM)" '
    /Queries sent:/ { sent = $3 }
    /Response codes:/ {
      for (place = 3; place < NF; place += 2) if ($place == "NOERROR" || $place == "NXDOMAIN") good += $(place + 1)
    }
    /Queries per second:/ { rate = $4 }
    END {
      printf "%-10s %s: answered %d, failed %d, cpu %.1f us (user %.1f, system %.1f), switches %.2f, %d names a second, resident %d MiB, at most %d MiB\n",
        resolver, installed != "" ? "as installed" : sprintf("cache %3d MiB", size), good, sent - good, (user + kernel) / sent, user / sent, kernel / sent, switches / sent, rate, resident / 1024, most / 1024
      print resolver, (user + kernel) / sent >>costs
      if (resolver == "resolverd" && most > (size * 1.25 + 24) * 1024) {
        printf "%s takes more than %d MiB\n", resolver, size * 1.25 + 24 >"/dev/stderr"
        exit 1
      }
    }' "$work/dnsperf"
  kill "$resolver"
  wait "$resolver" || true
}

. "$here/stage.sh"
raise_servers "$kind" "$signed"
awk -v names="$names" -v zones="$zones" 'BEGIN {
  srand(1)
  for (number = 0; number < names; number++)
    printf "%08x%08x.z%d.bench A\n", rand() * 2 ^ 32, rand() * 2 ^ 32, number % zones
}' >"$work/names"
read -ra wanted <<<"$resolvers"
mapfile -t present < <(installed "${wanted[@]}")
# ratios: of each pair, resolverd's CPU time of a name over Unbound's.
ratios() {
  awk '$1 == "resolverd" { own[++runs] = $2 } $1 == "unbound" { peer[++others] = $2 }
    END { for (pair = 1; pair <= runs && pair <= others; pair++) if (peer[pair] > 0) print own[pair] / peer[pair] }' "$work/costs"
}

# bound MIB: fails if the median of the ratios is over `--most`.
bound() {
  ratios | sort -g | awk -v most="$most" -v size="$1" '{ ratio[NR] = $1 }
    END {
      if (NR == 0) { print "misses.sh: no run of both resolverd and Unbound to compare" >"/dev/stderr"; exit 1 }
      median = (ratio[int((NR + 1) / 2)] + ratio[int((NR + 2) / 2)]) / 2
      printf "cache %3d MiB: a name costs resolverd %.2f times the CPU time of Unbound (median of %d; at most %.2f)\n", size, median, NR, most
      if (median > most + 0) { print "misses.sh: that is too much" >"/dev/stderr"; exit 1 }
    }'
}

for size in $sizes; do
  : >"$work/costs"
  for ((pair = 0; pair < pairs; pair++)); do
    for resolver_name in "${present[@]}"; do run "$resolver_name" "$size"; done
  done
  if [ -n "$most" ]; then bound "$size"; fi
done

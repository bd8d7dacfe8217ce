#!/usr/bin/env bash
# CPU time of a cached answer at the rates of mail gateways, for resolverd, its peers and a bare echo.
#
# benches/compare/rates.sh [--rates "N..."] [--rounds N] [--seconds N] [--resolvers "NAME..."]
#
# Needs root and Debian's nsd, dnsperf, strace and gcc. Each of unbound, knot-resolver, bind9 and pdns-recursor that is installed is
# measured; the script names the others. Everything runs in network and process namespaces of its own and ends with the script. Each
# resolver has one thread and stays on the first core, dnsperf on the second. The questions are 1500 names and 900 names of a DNS list, all in
# the cache. resolverd runs with its defaults: history, batches and look-ahead on. Printed are, for each rate ("full" is as fast as the
# resolver answers), the medians of the rounds:
#   CPU of an answer in microseconds, of all threads of the resolver (proc(5), schedstat), and its ratio to the first resolver in the same round
# and then, for resolverd, the system calls of 2500 cached answers at 500 a second, of all its threads (strace(1)).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
rates="500 2000 10000 30000 full" rounds=3 seconds=3 resolvers="echo unbound knot bind powerdns resolverd" arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --rates) rates=$2 ;;
    --rounds) rounds=$2 ;;
    --seconds) seconds=$2 ;;
    --resolvers) resolvers=$2 ;;
    *) echo "rates.sh: unknown argument $1; see its first lines" >&2; exit 2 ;;
  esac
  shift 2
done

. "$here/inside.sh"
if [ "${INSIDE-}" != yes ]; then
  built dist
  gcc -O2 -o "$work/echo" "$here/echo.c"
  inside "${arguments[@]}"
  exit
fi

threads=1

load() { # load ARGUMENT...: asks at the second core
  taskset -c 1 dnsperf -s 127.0.0.1 -p "$port" -c 4 -d "$work/names" "$@" >"$work/dnsperf" 2>&1
}

measure() { # measure RATE: adds a line with resolver, rate and microseconds of an answer
  local begin pace=()
  [ "$1" = full ] || pace=(-Q "$1")
  # No answer may expire meanwhile.
  load -n 1 -q 20
  begin=$(spent)
  load "${pace[@]}" -l "$seconds" -q 200
  printf '%s %s %s\n' "$peer" "$1" "$(($(spent) - begin)) $(sed -n 's/^ *Queries completed: *\([0-9]*\).*/\1/p' "$work/dnsperf")" |
    awk '{ printf "%s %s %.3f\n", $1, $2, $3 / 1000 / $4 }' >>"$work/figures"
}

. "$here/stage.sh"
raise_servers answers
{
  awk 'BEGIN { for (number = 0; number < 1500; number++) printf "w%d.z%d.bench A\n", number, number % 200 }'
  awk 'BEGIN { for (number = 0; number < 900; number++) printf "%d.%d.0.192.zen.spamhaus.org A\n", number % 250, number / 250 }'
} >"$work/in_order"
shuf --random-source="$work/in_order" "$work/in_order" >"$work/names"

read -ra wanted <<<"$resolvers"
mapfile -t present < <(installed "${wanted[@]}")
declare -A pids ports
port=5300
for peer in "${present[@]}"; do
  port=$((port + 1))
  "start_$peer" 64
  soon answers w0.z0.bench
  load -n 1 -q 20 -t 10
  pids[$peer]=$resolver ports[$peer]=$port
  taskset -acp 0 "$resolver" >/dev/null
done
for ((round = 0; round < rounds; round++)); do
  for rate in $rates; do
    for peer in "${present[@]}"; do
      resolver=${pids[$peer]} port=${ports[$peer]}
      measure "$rate"
    done
  done
done

awk -v order="${present[*]}" -v rates="$rates" '
  function median(list,   of, count, one, other, kept) {
    count = split(list, of, " ")
    for (one = 2; one <= count; one++)
      for (other = one; other > 1 && of[other - 1] + 0 > of[other] + 0; other--) { kept = of[other]; of[other] = of[other - 1]; of[other - 1] = kept }
    return of[int((count + 1) / 2)]
  }
  BEGIN { peers = split(order, of, " "); columns = split(rates, at, " ") }
  { if ($1 == of[1]) first = $3; seen[$1, $2] = seen[$1, $2] " " $3; ratio[$1, $2] = ratio[$1, $2] " " $3 / first }
  END {
    printf "%-10s", "cpu us"
    for (column = 1; column <= columns; column++) printf " %14s", at[column]
    print ""
    for (number = 1; number <= peers; number++) {
      printf "%-10s", of[number]
      for (column = 1; column <= columns; column++) printf " %7.2f (%4.2f)", median(seen[of[number], at[column]]), median(ratio[of[number], at[column]])
      print ""
    }
  }' "$work/figures"

if [ -n "${pids[resolverd]-}" ] && command -v strace >/dev/null; then
  resolver=${pids[resolverd]} port=${ports[resolverd]}
  load -n 1 -q 20
  strace -f -c -o "$work/calls" -p "$resolver" 2>/dev/null &
  tracer=$!
  # strace says by its own first line that it has begun, but only with a terminal.
  soon grep -q "^TracerPid:[[:space:]]*[1-9]" "/proc/$resolver/status"
  load -Q 500 -l 5 -q 200
  kill -INT $tracer
  wait $tracer || true
  printf '\nsystem calls of 2500 cached answers at 500 a second, all threads\n'
  awk '/^ *[0-9]/ && NF >= 5 { print $4, $NF }' "$work/calls" | grep -v total
fi

#!/usr/bin/env bash
# Instructions that a cached answer and a miss cost resolverd in user space: about the same on every machine.
#
# benches/compare/instructions.sh [--names N] [--hits N] [--most HIT,MISS]
#
# Needs root and Debian's valgrind, nsd and dnsperf. Everything runs in network and process namespaces of its own and ends with the
# script. resolverd runs below valgrind's callgrind with one worker. It is asked for N names that are not in the cache, then for
# the last of them again and again. Instructions of all its threads count, those of its background tasks too. With --most the script
# fails if a cached answer or a miss costs more in each of three tries: where the machine is busy, queries are repeated and timers run,
# which adds up to a twelfth to a miss.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
names=3000 hits=30000 most='' arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --names) names=$2 ;;
    --hits) hits=$2 ;;
    --most) most=$2 ;;
    *) echo "instructions.sh: unknown argument $1; see its first lines" >&2; exit 2 ;;
  esac
  shift 2
done

. "$here/inside.sh"
if [ "${INSIDE-}" != yes ]; then
  built dist
  export DAEMON=$RESOLVERD
  inside "${arguments[@]}"
  exit
fi

threads=1
RESOLVERD=$work/counted
cat >"$RESOLVERD" <<'SH'
#!/bin/sh
exec valgrind --tool=callgrind --callgrind-out-file="$work/counts" --vgdb=yes "$DAEMON" "$@"
SH
chmod 755 "$RESOLVERD"

load() { # load FILE TIMES: answers that came
  # Below valgrind all threads share one core, and a query can take longer than usual.
  dnsperf -s 127.0.0.1 -p 5300 -c 4 -q 20 -t 30 -n "$2" -d "$1" >"$work/dnsperf" 2>&1
  sed -n 's/^ *Queries completed: *\([0-9]*\).*/\1/p' "$work/dnsperf"
}

count() { # count FILE TIMES: instructions of each answer
  local answered total
  callgrind_control --zero "$resolver" &>/dev/null
  answered=$(load "$1" "$2")
  rm -f "$work"/counts.*
  callgrind_control --dump "$resolver" &>/dev/null
  soon test -s "$work/counts.$((++dumps))"
  total=$(sed -n 's/^totals: *//p' "$work/counts.$dumps")
  echo $((total / answered))
}

. "$here/stage.sh"
raise_servers answers
awk 'BEGIN { for (number = 0; number < 200; number++) printf "warm.z%d.bench A\n", number }' >"$work/warm"
start_resolverd 64
soon answers warm.z0.bench
load "$work/warm" 1 >/dev/null
for try in 1 2 3; do
  awk -v names="$names" -v try="$try" \
    'BEGIN { for (number = 0; number < names; number++) printf "w%d-%d.z%d.bench A\n", number, try, number % 200 }' >"$work/names"
  tail -n 100 "$work/names" >"$work/known"
  dumps=$((2 * try - 2))
  miss=$(count "$work/names" 1)
  dumps=$((2 * try - 1))
  hit=$(count "$work/known" $((hits / 100)))
  echo "instructions in user space: a cached answer $hit, a miss $miss"
  { [ -z "$most" ] || [ "$hit" -le "${most%,*}" ]; } && hit_kept=yes
  { [ -z "$most" ] || [ "$miss" -le "${most#*,}" ]; } && miss_kept=yes
  [ "${hit_kept-}${miss_kept-}" != yesyes ] || break
done
if [ "${hit_kept-}${miss_kept-}" != yesyes ]; then
  echo "instructions.sh: more than ${most%,*} for a cached answer or ${most#*,} for a miss" >&2
  exit 1
fi
kill "$resolver"
wait "$resolver" || true

#!/usr/bin/env bash
# The cost of watching resolverd: commands and scrapes under full load, the record of a cached answer, and the record on the disk.
#
# benches/compare/observe.sh [--pairs N] [--messages N] [--bounds THROUGHPUT,HIT,DISK]
#
# Needs root and Debian's nsd, dnsperf, valgrind and curl. Everything runs in network and process namespaces of its own and ends with
# the script. resolverd, with one worker, has the first core; servers, dnsperf and observers have the second one. Printed are medians of
# pairs of measurements, which alternate. With the defaults all take seven minutes: a measurement of throughput lasts a whole turn through
# the commands, because one of them takes a hundred times the CPU of another. The script ends after ten minutes at most.
#   throughput  answers for each second of CPU of resolverd at full load, half of them cache misses; alone, and while the metrics are
#               scraped ten times a second and a command that reads runs each second, each of them once in a measurement. The cost is the
#               part of the answers that is lost, as the median over the pairs; the cost of each pair and the standard error of their mean
#               are printed. Beside it stands the cost by sum, which is no measurement of throughput and scatters little: the CPU of one
#               turn through the commands and of ten scrapes a second, each run alone after the load, as a part of the time.
#               Answers a second of clock time are printed too: they also contain what the observers take from dnsperf and the servers,
#               because all these share a core.
#   hit         CPU of a cached answer in nanoseconds. The record's instructions are counted below valgrind, as the difference between
#               history.size = "0" and the default; the time of an instruction is that of a cached answer without valgrind.
#   disk        CPU of all threads in per cent of a core, at N messages (emails) a minute of 30 queries each; one query in 20 fails and is
#               stored, as in a bad night. Without a state directory, and with one.
# Also printed are the CPU of resolverd in milliseconds for each command, and that of a scrape: medians of three. The exit code is 1 if
# a cost is beyond its bound, by default 2 %, 100 ns and 1 %. A figure means something only on a machine that does nothing else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pairs=5 messages=2000 bounds=2,100,1 arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --pairs) pairs=$2 ;;
    --messages) messages=$2 ;;
    --bounds) bounds=$2 ;;
    *) echo "observe.sh: unknown argument $1; see its first lines" >&2; exit 2 ;;
  esac
  shift 2
done

if [ "${INSIDE_OBSERVE-}" != yes ]; then
  if [ -z "${RESOLVERD-}" ]; then
    (cd "$here/../.." && cargo build --release --locked --bins)
    RESOLVERD=${CARGO_TARGET_DIR:-$here/../../target}/release/resolverd
  fi
  RESOLVERD=$(realpath "$RESOLVERD") work=$(mktemp -d)
  RESOLVERCTL=$(dirname "$RESOLVERD")/resolverctl
  export RESOLVERD RESOLVERCTL work INSIDE_OBSERVE=yes LC_ALL=C
  trap 'rm -r "$work"' EXIT
  PATH=$PATH:/usr/sbin timeout --signal=KILL 600 \
    unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "${arguments[@]}" && exit
  code=$?
  [ $code -ne 137 ] || echo "observe.sh: not done after ten minutes; use fewer --pairs" >&2
  exit $code
fi

. "$here/stage.sh"
taskset -cp 1 $$ >/dev/null
raise_servers answers

start() { # start HISTORY STATE PROGRAM...: the size of the record or nothing, the state directory or nothing
  local history=${1:+"size = \"$1\""} state=$2
  shift 2
  cat >"$work/resolverd.toml" <<TOML
version = 1
[listen]
addresses = ["127.0.0.1:5300"]
workers = 1
[resolve]
root_hints = "$work/hints"
[dnssec]
validate = false
[history]
$history
[metrics]
listen = "127.0.0.1:9453"
[control]
socket = "$work/control.sock"
[[zone]]
name = "failing.bench"
stub = ["198.18.0.1"]
TOML
  env ${state:+"STATE_DIRECTORY=$state"} taskset -c 0 "$@" "$RESOLVERD" --config "$work/resolverd.toml" >"$work/resolverd.log" 2>&1 &
  resolver=$!
  soon answers w0.z0.bench
}

stop() {
  kill "$resolver"
  wait "$resolver" || true
}

load() { # load FILE ARGUMENT...
  dnsperf -s 127.0.0.1 -p 5300 -c 4 -d "$work/$1" "${@:2}" >"$work/dnsperf" 2>&1
}

figure() { # figure WORDS: the number behind them
  sed -n "s/^ *$1: *\([0-9.]*\).*/\1/p" "$work/dnsperf"
}

spent() { # spent: CPU of all threads of the resolver so far, in nanoseconds
  awk '{ sum += $1 } END { printf "%.0f\n", sum }' "/proc/$resolver"/task/*/schedstat
}

control() { # control WORDS: asks the daemon; a failure of the command is no failure of the measurement
  # shellcheck disable=SC2086
  nice -n 19 timeout 20 "$RESOLVERCTL" --socket "$work/control.sock" $1 >"$work/said" 2>&1 || true
}

scrape() { nice -n 19 curl -s -m 5 -o "$work/scraped" http://127.0.0.1:9453/metrics || true; }

# All commands that read. `check` and `query` send queries of their own.
commands=(status "status --plugin" stats "stats --slow" "stats --by zone" "stats --by server" "stats --by client" "stats --by stage"
  "stats --by minute" servers zones inflight "why w1.z1.bench" "why --slowest 20" failed dnsbl lookahead "cache w0.z0.bench"
  "config show" "query w0.z0.bench" "trace w1.z1.bench" "top --by zones")

# The time of a measurement: a second for each command.
seconds=${#commands[@]}

wait_until() { # wait_until MOMENT: waits for it, in microseconds since 1970
  local left=$(($1 - ${EPOCHREALTIME/./}))
  [ $left -le 0 ] || sleep "$(printf '%d.%06d' $((left / 1000000)) $((left % 1000000)))"
}

watch() { # ten scrapes a second, and a command each second, at moments that do not depend on their time
  local begin=${EPOCHREALTIME/./} number scraper
  for ((number = 0; number < seconds * 10; number++)); do
    wait_until $((begin + number * 100000))
    scrape
    echo >>"$work/of.scrapes"
  done &
  scraper=$!
  for number in "${!commands[@]}"; do
    wait_until $((begin + number * 1000000))
    control "${commands[number]}"
  done
  wait "$scraper"
}

median() { # median FILE: of its lines
  sort -g "$1" | awk '{ of[NR] = $1 } END { print NR % 2 ? of[(NR + 1) / 2] : (of[NR / 2] + of[NR / 2 + 1]) / 2 }'
}

mixed() { # mixed FIRST: half of the names are new from FIRST on; more than a measurement asks
  awk -v first="$1" -v most=$((seconds * 40000)) 'BEGIN { for (number = 0; number < most; number++)
    if (number % 2) printf "w%d.z%d.bench A\n", number % 1000, number % 200; else printf "n%d.z%d.bench A\n", first + number, number % 200 }' >"$work/mixed"
}

awk 'BEGIN { for (number = 0; number < 1000; number++) printf "w%d.z%d.bench A\n", number, number % 200 }' >"$work/hits"
awk 'BEGIN { for (number = 0; number < 200000; number++)
  if (number % 20) printf "w%d.z%d.bench A\n", number % 1000, number % 200; else printf "w%d.failing.bench A\n", number }' >"$work/night"
for name in alone watched share scrapes without with; do : >"$work/of.$name"; done

# throughput
start "" ""
load hits -n 1 -q 50 -t 10
load_full() { # load_full FILE: its answers for each second of CPU, and the part of the time in which the resolver had its core
  local begin taken
  begin=$(spent)
  load mixed -l "$seconds" -q 400
  taken=$(($(spent) - begin))
  awk "BEGIN { print $(figure "Queries completed") / ($taken / 1e9) }" >>"$work/of.$1"
  figure "Queries per second" >>"$work/of.clock.$1"
  awk "BEGIN { print $taken / 1e7 / $(figure "Run time (s)") }" >>"$work/of.share"
}
turns=0
mixed $((++turns * 1000000))
load_full share
: >"$work/of.share"
for ((pair = 0; pair < pairs; pair++)); do
  for kind in $([ $((pair % 2)) = 0 ] && echo alone watched || echo watched alone); do
    mixed $((++turns * 1000000))
    if [ "$kind" = watched ]; then
      watch &
      watcher=$!
    fi
    load_full "$kind"
    if [ "$kind" = watched ]; then wait "$watcher"; fi
  done
done
share=$(median "$work/of.share")
paste "$work/of.alone" "$work/of.watched" | awk '{ print (1 - $2 / $1) * 100 }' >"$work/of.lost"
for one in scrape "${commands[@]}"; do
  : >"$work/of.one"
  for again in 1 2 3; do
    begin=$(spent)
    if [ "$one" = scrape ]; then scrape; else control "$one"; fi
    echo $(($(spent) - begin)) >>"$work/of.one"
  done
  median "$work/of.one" | awk -v one="$one" '{ printf "%-20s %6.2f ms\n", one, $1 / 1e6 }' >>"$work/costs"
done
stop

# hit: instructions below valgrind, and nanoseconds without it
counted() { # counted HISTORY: instructions of a cached answer
  local answered
  start "$1" "" valgrind --tool=callgrind --callgrind-out-file="$work/counts" --vgdb=yes
  dnsperf -s 127.0.0.1 -p 5300 -c 4 -q 20 -t 30 -n 1 -d "$work/known" >"$work/dnsperf" 2>&1
  callgrind_control --zero "$resolver" >"$work/zeroed" 2>&1
  dnsperf -s 127.0.0.1 -p 5300 -c 4 -q 20 -t 30 -n 150 -d "$work/known" >"$work/dnsperf" 2>&1
  answered=$(figure "Queries completed")
  rm -f "$work"/counts*
  callgrind_control --dump "$resolver" >"$work/dumped" 2>&1
  soon eval "ls $work/counts.*"
  awk -v answered="$answered" '/^totals:/ { print $2 / answered }' "$work"/counts.* | tail -n 1
  stop
  rm -f "$work"/counts*
}
head -n 100 "$work/hits" >"$work/known"
without_instructions=$(counted 0)
with_instructions=$(counted "")
for ((pair = 0; pair < 3; pair++)); do
  start "" ""
  load hits -n 1 -q 50 -t 10
  read -ra begin < <(cpu)
  load hits -l 3 -q 200
  read -ra end < <(cpu)
  awk "BEGIN { print (${end[0]} - ${begin[0]}) * 1000 / $(figure "Queries completed") }" >>"$work/of.nanoseconds"
  stop
done
nanoseconds=$(median "$work/of.nanoseconds")

# disk
rate=$((messages * 30 / 60))
for ((pair = 0; pair < 3; pair++)); do
  for kind in $([ $((pair % 2)) = 0 ] && echo without with || echo with without); do
    rm -rf "$work/state"
    mkdir "$work/state"
    start "" "$([ "$kind" = without ] || echo "$work/state")"
    load hits -n 1 -q 50 -t 10
    begin=$(spent)
    load night -Q "$rate" -l 10 -q 200
    awk "BEGIN { print ($(spent) - $begin) / 1e7 / 10 }" >>"$work/of.$kind"
    if [ "$kind" = with ]; then stored=$(du -sk "$work/state/history" | cut -f 1); fi
    stop
  done
done

cat "$work/costs"
printf 'resolverd had its core for %.0f %% of the time at full load; %d KiB were stored\n' "$share" "${stored:-0}"
printf 'answers a second of clock time: %.0f alone, %.0f watched; scrapes in a second: %.1f\n' \
  "$(median "$work/of.clock.alone")" "$(median "$work/of.clock.watched")" "$(awk "END { print NR / ($pairs * $seconds) }" "$work/of.scrapes")"
awk '{ sum += $1; squares += $1 * $1; printf "%s%.2f", NR == 1 ? "cost of the pairs in %: " : " ", $1 } END {
  apart = squares - sum * sum / NR
  if (NR > 1 && apart > 0) error = sqrt(apart / (NR - 1) / NR)
  printf "; mean %.2f, standard error %.2f\n", sum / NR, error }' "$work/of.lost"
awk -v seconds="$seconds" '{ cost = $(NF - 1) } NR == 1 { scrape = cost; next } { sum += cost } END {
  printf "cost by sum: %.2f %% (%.0f ms for one of each command in %d s, and ten scrapes a second)\n\n", (sum / seconds + 10 * scrape) / 10, sum, seconds }' "$work/costs"
awk -v lost="$(median "$work/of.lost")" -v alone="$(median "$work/of.alone")" -v watched="$(median "$work/of.watched")" -v bounds="$bounds" -v share="$share" \
  -v less="$without_instructions" -v more="$with_instructions" -v nanoseconds="$nanoseconds" \
  -v without="$(median "$work/of.without")" -v with="$(median "$work/of.with")" '
  function row(name, before, after, cost, unit, most) {
    printf "%-10s %12.1f %12.1f %8.2f %-2s (bound %s)%s\n", name, before, after, cost, unit, most, cost < most ? "" : "  BEYOND ITS BOUND"
    failed = failed || cost >= most
  }
  BEGIN {
    split(bounds, most, ",")
    printf "%-10s %12s %12s %8s\n", "", "without", "with", "cost"
    row("throughput", alone, watched, lost, "%", most[1])
    row("hit", nanoseconds * less / more, nanoseconds, nanoseconds * (1 - less / more), "ns", most[2])
    row("disk", without, with, with - without, "%", most[3])
    printf "instructions of a cached answer: %.0f without the record, %.0f with it\n", less, more
    if (share < 90) print "observe.sh: resolverd was not at full load, so its throughput says little" > "/dev/stderr"
    exit failed
  }'

#!/usr/bin/env bash
# The cost of watching resolverd: commands and scrapes under full load, the record of a cached answer, and the record on the disk.
#
# benches/compare/observe.sh [--pairs N] [--messages N] [--bounds THROUGHPUT,HIT,DISK]
#
# Needs root and Debian's nsd, dnsperf, valgrind and curl. Everything runs in network and process namespaces of its own and ends with
# the script. resolverd, with one worker, has the first core; servers, dnsperf and observers have the second one. With the defaults all
# take seven minutes. The script ends after fifteen minutes at most: on a machine that does other things, a slice of load ends late.
#   throughput  CPU of resolverd for an answer at full load, half of them cache misses, in microseconds: alone, and while the metrics are
#               scraped and commands that read run. The cost is the part of the answers that is lost to ten scrapes a second and one
#               command a second, each command in its turn. That is less than what the host of a virtual machine does to a slice of load,
#               so the observers are eleven times as busy here: in each slice of two seconds each of the 22 commands runs once, beside 110
#               scrapes a second, and the loss is divided by eleven. A slice with observers and one without are a pair, and their order
#               changes from pair to pair. The cost is the mean over all pairs. A pair that is far from their median (three times as far as
#               usual) counts as if it were that far and no farther. The interval has the true cost in about 95 of 100 runs. If it is
#               wider than the bound, or the bound is in it, the script could not tell.
#               Beside it stands the cost by sum, which is no measurement of throughput and scatters little: the CPU of one turn through
#               the commands and of ten scrapes a second, each run alone after the load, as a part of the time.
#   hit         CPU of a cached answer in nanoseconds. The record's instructions are counted below valgrind, as the difference between
#               history.size = "0" and the default; the time of an instruction is that of a cached answer without valgrind.
#   disk        CPU of all threads in per cent of a core, at N messages (emails) a minute of 30 queries each; one query in 20 fails and is
#               stored, as in a bad night. Without a state directory, and with one.
# Also printed are the CPU of resolverd in milliseconds for each command, and that of a scrape: medians of five. The exit code is 1 if
# a cost is beyond its bound, by default 2 %, 100 ns and 1 %; 3 if none is, but the script could not tell it of the throughput.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pairs=55 messages=2000 bounds=2,100,1 arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --pairs) pairs=$2 ;;
    --messages) messages=$2 ;;
    --bounds) bounds=$2 ;;
    *) echo "observe.sh: unknown argument $1; see its first lines" >&2; exit 2 ;;
  esac
  shift 2
done

. "$here/inside.sh"
if [ "${INSIDE-}" != yes ]; then
  built dist
  RESOLVERCTL=$(dirname "$RESOLVERD")/resolverctl
  export RESOLVERCTL INSIDE=yes
  PATH=$PATH:/usr/sbin timeout --signal=KILL 900 \
    unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "${arguments[@]}" && exit
  code=$?
  [ $code -ne 137 ] || echo "observe.sh: not done after fifteen minutes; use fewer --pairs" >&2
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

control() { # control WORDS: asks the daemon; a failure of the command is no failure of the measurement
  # shellcheck disable=SC2086
  nice -n 19 timeout 20 "$RESOLVERCTL" --socket "$work/control.sock" $1 >"$work/said" 2>&1 || true
}

scrape() { nice -n 19 curl -s -m 5 -o "$work/scraped" http://127.0.0.1:9453/metrics || true; }

# All commands that read. `check` and `query` send queries of their own.
commands=(status "status --plugin" stats "stats --by zone" "stats --by server" "stats --by client" "stats --by stage"
  servers zones inflight "why w1.z1.bench" "why --slowest 20" failed dnsbl lookahead "cache w0.z0.bench"
  "config show" "query w0.z0.bench" "trace w1.z1.bench")

# Seconds of a slice of load, and how many times as busy as in the bound the observers are: each command once in a slice.
seconds=2
times=$((${#commands[@]} / seconds))

wait_until() { # wait_until MOMENT: waits for it, in microseconds since 1970
  local left=$(($1 - ${EPOCHREALTIME/./}))
  [ $left -le 0 ] || sleep "$(printf '%d.%06d' $((left / 1000000)) $((left % 1000000)))"
}

watch() { # watch: ten scrapes and one command a second, each so many times, at moments that do not depend on their time
  local begin=${EPOCHREALTIME/./} number scraper
  nice -n 19 curl -s -m 20 --rate "$((10 * times))/s" -o "$work/scraped" -w '%{http_code}\n' \
    "http://127.0.0.1:9453/metrics#[1-$((10 * times * seconds))]" >>"$work/of.scrapes" &
  scraper=$!
  for number in "${!commands[@]}"; do
    wait_until $((begin + number * 1000000 / times))
    control "${commands[number]}"
  done
  wait "$scraper" || true
}

median() { # median FILE: of its lines
  sort -g "$1" | awk '{ of[NR] = $1 } END { print NR % 2 ? of[(NR + 1) / 2] : (of[NR / 2] + of[NR / 2 + 1]) / 2 }'
}

mixed() { # mixed FIRST SECONDS: half of the names are new from FIRST on; more than are asked in this time
  awk -v first="$1" -v most=$(($2 * 50000)) 'BEGIN { for (number = 0; number < most; number++)
    if (number % 2) printf "w%d.z%d.bench A\n", number % 1000, number % 200; else printf "n%d.z%d.bench A\n", first + number, number % 200 }' >"$work/mixed"
}

awk 'BEGIN { for (number = 0; number < 1000; number++) printf "w%d.z%d.bench A\n", number, number % 200 }' >"$work/hits"
awk 'BEGIN { for (number = 0; number < 200000; number++)
  if (number % 20) printf "w%d.z%d.bench A\n", number % 1000, number % 200; else printf "w%d.failing.bench A\n", number }' >"$work/night"
for name in pairs share scrapes without with; do : >"$work/of.$name"; done

# throughput
start "" ""
load hits -n 1 -q 50 -t 10
slices=0
load_slice() { # load_slice SECONDS alone|watched: writes the CPU for an answer in microseconds
  local begin taken watcher=
  mixed $((++slices * 1000000)) "$1"
  begin=$(spent)
  if [ "$2" = watched ]; then
    watch >&2 &
    watcher=$!
  fi
  load mixed -l "$1" -q 400
  # A command that is late belongs to this slice.
  [ -z "$watcher" ] || wait "$watcher"
  taken=$(($(spent) - begin))
  awk "BEGIN { print $taken / 1e7 / $(figure "Run time (s)") }" >>"$work/of.share"
  awk "BEGIN { print $taken / 1e3 / $(figure "Queries completed") }" >"$work/slice"
}
# The record is full then, and takes as long to read as it ever does.
load_slice 20 alone
: >"$work/of.share"
for ((pair = 0; pair < pairs; pair++)); do
  for kind in $([ $((pair % 2)) = 0 ] && echo alone watched || echo watched alone); do
    load_slice $seconds $kind
    mv "$work/slice" "$work/$kind"
  done
  echo "$(cat "$work/alone") $(cat "$work/watched")" >>"$work/of.pairs"
done
share=$(median "$work/of.share")
# In turns, as above: some memory stays for a minute after a command.
for again in 1 2 3 4 5; do
  for number in scrape "${!commands[@]}"; do
    begin=$(spent)
    if [ "$number" = scrape ]; then scrape; else control "${commands[number]}"; fi
    echo $(($(spent) - begin)) >>"$work/of.$number"
  done
done
for number in scrape "${!commands[@]}"; do
  one=$([ "$number" = scrape ] && echo scrape || echo "${commands[number]}")
  median "$work/of.$number" | awk -v one="$one" '{ printf "%-20s %6.2f ms\n", one, $1 / 1e6 }' >>"$work/costs"
done
stop

# hit: instructions below valgrind, and nanoseconds without it
counted() { # counted HISTORY: instructions of a cached answer
  local answered
  start "$1" "" valgrind --tool=callgrind --callgrind-out-file="$work/counts" --vgdb=yes
  dnsperf -s 127.0.0.1 -p 5300 -c 4 -q 20 -t 30 -n 1 -d "$work/known" >"$work/dnsperf" 2>&1
  callgrind_control --zero "$resolver" >"$work/zeroed" 2>&1
  # As many queries wait as without valgrind: the instructions of an answer depend on the size of its batch.
  dnsperf -s 127.0.0.1 -p 5300 -c 4 -q 200 -t 30 -n 150 -d "$work/known" >"$work/dnsperf" 2>&1
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
    # One query at a time: a worker that gets several together sleeps in another call, which takes half of the CPU time.
    load night -Q "$rate" -l 10 -q 1
    awk "BEGIN { print ($(spent) - $begin) / 1e7 / 10 }" >>"$work/of.$kind"
    if [ "$kind" = with ]; then stored=$(du -sk "$work/state/history" | cut -f 1); fi
    stop
  done
done

cat "$work/costs"
printf 'resolverd had its core for %.0f %% of the time at full load; %d KiB were stored\n' "$share" "${stored:-0}"
# The line of a pair has the CPU for an answer alone and watched. Logarithms of the costs, so that a slow slice of either kind counts
# alike. 1.5 and the usual distance are a standard deviation.
awk -v bound="${bounds%%,*}" -v times="$times" '
  function sort(values, number,   place, other, value) {
    for (place = 2; place <= number; place++) {
      value = values[place]
      for (other = place - 1; other >= 1 && values[other] > value; other--) values[other + 1] = values[other]
      values[other + 1] = value
    }
  }
  function median(values, number) {
    sort(values, number)
    return number % 2 ? values[(number + 1) / 2] : (values[number / 2] + values[number / 2 + 1]) / 2
  }
  function part(logarithm) { return (1 - exp(-logarithm)) * 100 / times }
  { lost[NR] = log($2 / $1); alone[NR] = $1 }
  END {
    middle = median(lost, NR)
    for (pair = 1; pair <= NR; pair++) distances[pair] = lost[pair] < middle ? middle - lost[pair] : lost[pair] - middle
    most = 3 * 1.5 * median(distances, NR)
    for (pair = 1; pair <= NR; pair++) {
      apart = lost[pair] - middle
      apart = apart > most ? most : apart < -most ? -most : apart
      total += apart
      squares += apart ^ 2
    }
    mean = total / NR
    error = NR > 1 ? sqrt((squares / NR - mean ^ 2) / (NR - 1)) : 9
    mean += middle
    low = part(mean - 2 * error); high = part(mean + 2 * error)
    told = high - low > bound ? "untold" : high < bound ? "within" : low >= bound ? "beyond" : "untold"
    print median(alone, NR), part(mean), low, high, told
    printf "cost of the pairs in %%: lowest %.2f, a quarter below %.2f, half %.2f, three quarters %.2f, highest %.2f (%d pairs)\n",
      part(lost[1]), part(lost[int((NR + 3) / 4)]), part(lost[int((NR + 1) / 2)]), part(lost[int((3 * NR + 3) / 4)]), part(lost[NR]), NR > "/dev/stderr"
  }' "$work/of.pairs" >"$work/throughput"
read -r alone lost low high told <"$work/throughput"
printf 'scrapes in a second, of %d: %.1f\n' $((10 * times)) "$(awk "\$1 == 200 { good++ } END { print good / ($pairs * $seconds) }" "$work/of.scrapes")"
awk -v seconds=${#commands[@]} '{ cost = $(NF - 1) } NR == 1 { scrape = cost; next } { sum += cost } END {
  printf "cost by sum: %.2f %% (%.0f ms for one of each command in %d s, and ten scrapes a second)\n\n", (sum / seconds + 10 * scrape) / 10, sum, seconds }' "$work/costs"
awk -v lost="$lost" -v alone="$alone" -v low="$low" -v high="$high" -v told="$told" -v bounds="$bounds" -v share="$share" \
  -v less="$without_instructions" -v more="$with_instructions" -v nanoseconds="$nanoseconds" \
  -v without="$(median "$work/of.without")" -v with="$(median "$work/of.with")" '
  function row(name, before, after, cost, unit, most, told) {
    printf "%-10s %12.2f %12.2f %8.2f %-2s (bound %s)%s\n", name, before, after, cost, unit, most,
      told == "beyond" ? "  BEYOND ITS BOUND" : told == "untold" ? "  COULD NOT TELL" : ""
    failed = failed || told == "beyond"
  }
  function by(cost, most) { return cost < most ? "within" : "beyond" }
  BEGIN {
    split(bounds, most, ",")
    printf "%-10s %12s %12s %8s\n", "", "without", "with", "cost"
    row("throughput", alone, alone / (1 - lost / 100), lost, "%", most[1], told)
    printf "%-10s %s\n", "", sprintf("the cost is from %.2f to %.2f %%, in 95 of 100 runs", low, high)
    row("hit", nanoseconds * less / more, nanoseconds, nanoseconds * (1 - less / more), "ns", most[2], by(nanoseconds * (1 - less / more), most[2]))
    row("disk", without, with, with - without, "%", most[3], by(with - without, most[3]))
    printf "instructions of a cached answer: %.0f without the record, %.0f with it\n", less, more
    if (share < 90) print "observe.sh: resolverd was not at full load, so its throughput says little" > "/dev/stderr"
    exit failed ? 1 : told == "untold" ? 3 : 0
  }'

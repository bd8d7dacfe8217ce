#!/usr/bin/env bash
# CPU time and memory of a cached answer, for resolverd, its peers, a bare echo, and the least that a cache does (`least.c`): the same
# names, in turn.
#
# benches/compare/hits.sh [--names "N..."] [--rounds N] [--seconds N] [--rate N] [--resolvers "NAME..."]
#
# Needs root and Debian's nsd, dnsperf, linux-perf and gcc. Each of unbound, knot-resolver, bind9, pdns-recursor and dnsmasq-base that is
# installed is measured; the script names the others. Everything runs in network and process namespaces of its own and ends with the
# script. All resolvers are started first, each with one thread and a port of its own, and are asked for all names once. They stay on
# the first core, dnsperf on the second; those that are not asked sleep. In each round each of them is asked, one after the other,
#   at RATE a second      CPU of an answer in microseconds, of all threads of the resolver (proc(5), schedstat). The part in user space is
#                         that of the samples of perf(1) in a second slice: the kernel itself divides the time by its ticks of 4 ms, which
#                         gave 0.3 to 1.4 us for the same program
#   at full load          answers a second
#   at half load          p50 and p99 of the time until an answer, in microseconds, as dnsperf sees it, at half of the answers a second of
#                         the first resolver: the same rate for all
# A virtual machine gave the same echo 185 000 to 290 000 answers a second within minutes. So rounds are short and many, and each ratio to
# the first resolver is that of one round.
# Hits are asked in another order than that in which the names were asked first, because names that came together lie together in
# memory. Octets of memory for a name are those that the process has grown by while all names were asked for the first time; they
# mean something from a hundred thousand names on, and the caches are large enough for all. Printed are the medians of the rounds,
# of the figures and of the ratios. With several numbers of names, such as "10000 1000000", there is a table for each, and
# the growth of the CPU time from the first number to the last.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
names=1000 rounds=15 seconds=1 rate=30000 resolvers="echo least unbound knot bind powerdns dnsmasq resolverd" arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --names) names=$2 ;;
    --rounds) rounds=$2 ;;
    --seconds) seconds=$2 ;;
    --rate) rate=$2 ;;
    --resolvers) resolvers=$2 ;;
    *) echo "hits.sh: unknown argument $1; see its first lines" >&2; exit 2 ;;
  esac
  shift 2
done

. "$here/inside.sh"
if [ "${INSIDE-}" != yes ]; then
  built dist
  for floor in echo least; do gcc -O2 -o "$work/$floor" "$here/$floor.c"; done
  inside "${arguments[@]}"
  exit
fi

threads=1

start_least() {
  "$work/least" "$port" &
  resolver=$!
}

load() { # load FILE ARGUMENT...: asks at the second core
  taskset -c 1 dnsperf -s 127.0.0.1 -p "$port" -c 4 -d "$work/$1" "${@:2}" >"$work/dnsperf" 2>&1
}

user_share() { # of the CPU time of the resolver at RATE a second
  taskset -c 1 perf record --quiet --freq 5000 --event cpu-clock --output "$work/samples" --pid "$resolver" -- \
    dnsperf -s 127.0.0.1 -p "$port" -c 4 -d "$work/shuffled" -Q "$rate" -l "$seconds" -q 200 >"$work/dnsperf" 2>&1
  # Addresses of the kernel have the first bit set.
  perf script --input "$work/samples" --fields ip 2>/dev/null |
    awk '{ if (length($1) == 16 && $1 ~ /^[89a-f]/) kernel++; else user++ } END { printf "%.5f\n", user / (user + kernel) }'
}

figure() { # figure WORDS: the number behind them
  sed -n "s/^ *$1: *\([0-9.]*\).*/\1/p" "$work/dnsperf"
}

raise() { # raise RESOLVER NAMES PORT: starts it and asks for all names
  local before
  port=$3
  "start_$1" "$cache"
  soon answers w0.z0.bench
  before=$(resident VmRSS)
  load names -n 1 -q 50 -t 10
  pids[$1]=$resolver ports[$1]=$port grown[$1]=$((($(resident VmRSS) - before) * 1024 / $2))
  taskset -acp 0 "$resolver" >/dev/null
}

run() { # run RESOLVER: a line of figures
  local begin end answered share full
  resolver=${pids[$1]} port=${ports[$1]}
  begin=$(spent)
  load shuffled -Q "$rate" -l "$seconds" -q 200
  end=$(spent)
  answered=$(figure "Queries completed")
  share=$(user_share)
  load shuffled -l "$seconds" -q 200
  full=$(figure "Queries per second")
  half=${half-$(awk "BEGIN { print int($full / 2) }")}
  load shuffled -v -Q "$half" -l "$seconds" -q 200
  awk '/^> / { print $NF * 1000000 }' "$work/dnsperf" | sort -n >"$work/times"
  awk -v resolver="$1" -v spent="$((end - begin))" -v share="$share" -v answered="$answered" -v full="$full" \
    -v grown="${grown[$1]}" '
    { times[NR] = $1 }
    END {
      spent /= 1000 * answered
      printf "%s %.3f %.3f %.3f %d %d %d %d\n", resolver, spent, spent * share, spent * (1 - share), full,
        times[int(NR * 0.5) + 1], times[int(NR * 0.99) + 1], grown
    }' "$work/times" >>"$work/figures"
}

. "$here/stage.sh"
raise_servers answers
read -ra wanted <<<"$resolvers"
mapfile -t present < <(installed "${wanted[@]}")

table() { # table: the medians of $work/figures
  awk -v order="${present[*]}" '
    function median(list,   of, count, one, other, kept) {
      count = split(list, of, " ")
      for (one = 2; one <= count; one++)
        for (other = one; other > 1 && of[other - 1] + 0 > of[other] + 0; other--) {
          kept = of[other]; of[other] = of[other - 1]; of[other - 1] = kept
        }
      return of[int((count + 1) / 2)]
    }
    BEGIN { peers = split(order, of, " ") }
    {
      for (place = 2; place <= 8; place++) seen[$1, place] = seen[$1, place] " " $place
      # The first resolver is the first of each round.
      if ($1 == of[1]) { cpu = $2; full = $5 }
      ratio[$1, 2] = ratio[$1, 2] " " $2 / cpu
      ratio[$1, 5] = ratio[$1, 5] " " $5 / full
    }
    END {
      printf "%-10s %8s %6s %7s %6s %10s %6s %6s %6s %7s\n", "", "cpu us", "user", "system", "ratio", "a second", "ratio", "p50 us", "p99 us", "octets"
      for (number = 1; number <= peers; number++) {
        peer = of[number]
        for (place = 2; place <= 8; place++) value[place] = median(seen[peer, place])
        printf "%-10s %8.2f %6.2f %7.2f %6.2f %10d %6.2f %6d %6d %7d\n", peer, value[2], value[3], value[4], median(ratio[peer, 2]),
          value[5], median(ratio[peer, 5]), value[6], value[7], value[8]
      }
    }' "$work/figures"
}

declare -A pids ports grown
for count in $names; do
  cache=$((64 + count / 1000))
  awk -v names="$count" 'BEGIN { for (number = 0; number < names; number++) printf "w%d.z%d.bench A\n", number, number % 200 }' >"$work/names"
  shuf --random-source="$work/names" "$work/names" >"$work/shuffled"
  : >"$work/figures"
  unset half
  number=0
  for peer in "${present[@]}"; do
    raise "$peer" "$count" $((5301 + number))
    number=$((number + 1))
  done
  for ((round = 0; round < rounds; round++)); do
    for peer in "${present[@]}"; do run "$peer"; done
  done
  for resolver in "${pids[@]}"; do
    kill "$resolver"
    wait "$resolver" || true
  done
  [ "$count" = "$names" ] || printf '%s%d names\n' "${gap-}" "$count"
  gap=$'\n'
  table | tee "$work/table.$count"
  first=${first-$count} last=$count
done
if [ "$first" != "$last" ]; then
  printf '\nCPU time of %d names to that of %d\n' "$last" "$first"
  join <(sort "$work/table.$first") <(sort "$work/table.$last") | awk '$2 + 0 > 0 { printf "%-10s %.2f\n", $1, $11 / $2 }'
fi

#!/usr/bin/env bash
# The DNS of messages of mail, for resolverd and its peers: the same mail over the same rough internet, in real time.
#
# benches/compare/mail.sh [--seed FIRST] [--seeds N] [--messages N] [--resolvers "NAME..."] [--logs FOLDER]
#
# Needs root, two cores, and Debian's unbound. The resolvers are unbound, knot (knot-resolver), bind (bind9), powerdns
# (pdns-recursor), off (resolverd without look-ahead) and learned (resolverd as it is installed); the script names those that are
# not installed. A run takes a minute for each resolver and seed. Everything runs in network and process namespaces of its own and
# ends with the script. `resolverd demo --bench` serves the lab's internet (400 domains, dead and lame servers, loss, also in bursts,
# distances, a quarter of the domains signed, TTLs of a minute to a day) at port 53 of its addresses, starts each resolver with an empty
# cache, and plays 1200 messages of mail, 25 a second, as postscreen, smtpd, Exim, rspamd and SpamAssassin ask about them. Each program
# repeats a query as it does by default (src/lab/programs.rs), and asks over TCP after a truncated answer. The resolver has the last core,
# servers and mail have the others. The seeds 1 to 5 are for work. Use --seed 1001 --seeds 3 only to judge a finished change. Printed
# are, as medians of the seeds,
#   mean ms (p99)         of each kind of message: the time of its DNS
#   queries of clients   for each mail; of them to DNS lists
#   queries to servers   for each mail; of them to dead and lame servers, and to DNS lists
#   failed questions      SERVFAIL, or no answer
#   CPU ms                for each mail, of the resolver: user and system (proc(5), stat)
#   secure                signed domains whose MX is answered with AD after the mail, and signed domains: a resolver that does
#                         not validate is not comparable
#   waited ms             for each mail, by the kind of question that it waited for: the slowest of those asked at the same time
# with the limits of a resolver that knows all (on a virtual clock). The reasons of Unbound's and BIND's SERVFAILs follow; --logs
# keeps all logs. The machine must do nothing else meanwhile.
#
# Each resolver has the configuration of its Debian package, except: the lab's root servers and trust anchor; one address to listen
# at; servers in 127.0.0.0/8 are allowed, where the lab's are; no queries over IPv6, which the lab does not have. PowerDNS validates
# all answers, as the others do (by default only those whose client asks for it).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

run_unbound() {
  # Debian's files name a trust anchor and open the remote control; all else is Unbound's default.
  cat >unbound.conf <<CONF
server:
  interface: 127.0.0.1
  root-hints: "$PWD/root.hints"
  trust-anchor-file: "$PWD/root.ds"
  do-not-query-localhost: no
  do-ip6: no
  chroot: ""
  username: ""
  directory: "$PWD"
  pidfile: ""
  use-syslog: no
  logfile: "$PWD/unbound.log"
  log-servfail: yes
remote-control:
  control-enable: no
CONF
  exec unbound -d -c unbound.conf
}

run_knot() {
  rm -rf knot
  mkdir knot
  cat >knot.conf <<CONF
net.listen('127.0.0.1', 53, { kind = 'dns' })
net.ipv6 = false
modules.load('hints > iterate')
hints.root_file('$PWD/root.hints')
trust_anchors.remove('.')
trust_anchors.add([[$(cat root.ds)]])
policy.add(policy.all(policy.FLAGS('ALLOW_LOCAL')))
cache.size = 100 * MB
CONF
  exec kresd -n -c "$PWD/knot.conf" "$PWD/knot" >>knot.log 2>&1
}

run_bind() {
  rm -rf bind
  mkdir bind
  cat >bind.conf <<CONF
options {
  directory "$PWD/bind";
  listen-on { 127.0.0.1; };
  listen-on-v6 { none; };
  dnssec-validation yes;
  pid-file none;
  session-keyfile "$PWD/bind/session.key";
};
controls { };
logging {
  channel errors { file "$PWD/bind.errors"; severity debug 1; };
  category query-errors { errors; };
};
trust-anchors {
$(awk '{ printf "  . static-ds %s %s %s \"%s\";\n", $5, $6, $7, $8 }' root.ds)
};
zone "." { type hint; file "$PWD/root.hints"; };
CONF
  exec named -4 -f -c "$PWD/bind.conf" >>bind.log 2>&1
}

run_powerdns() {
  rm -rf powerdns
  mkdir powerdns
  {
    echo 'clearTA(".")'
    awk '{ printf "addTA(\".\", \"%s %s %s %s\")\n", $5, $6, $7, $8 }' root.ds
  } >powerdns/anchor.lua
  exec pdns_recursor --config-dir="$PWD/powerdns" --socket-dir="$PWD/powerdns" --daemon=no --local-address=127.0.0.1 \
    --hint-file="$PWD/root.hints" --lua-config-file="$PWD/powerdns/anchor.lua" --dnssec=validate --dont-query= \
    --security-poll-suffix= --quiet=yes >>powerdns.log 2>&1
}

run_resolverd() { # run_resolverd MODE
  cat >resolverd.toml <<TOML
version = 1
[listen]
addresses = ["127.0.0.1:53"]
[resolve]
root_hints = "$PWD/root.hints"
deny_servers = []
ipv6 = false
[dnssec]
trust_anchor = "$PWD/root.ds"
[lookahead]
mode = "$1"
[control]
socket = "$PWD/control.sock"
TOML
  exec "$RESOLVERD" --no-snapshot --config "$PWD/resolverd.toml" >>"resolverd-$1.log" 2>&1
}

if [ "${1-}" = run ]; then
  case $2 in
    off | learned) run_resolverd "$2" ;;
    *) "run_$2" ;;
  esac
fi

seed=1 seeds=5 messages=1200 resolvers="unbound knot bind powerdns off learned" logs="" arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --seed) seed=$2 ;;
    --seeds) seeds=$2 ;;
    --messages) messages=$2 ;;
    --resolvers) resolvers=$2 ;;
    --logs) logs=$2 ;;
    *) echo "mail.sh: unknown argument $1; see its first lines" >&2; exit 2 ;;
  esac
  shift 2
done

. "$here/inside.sh"
if [ "${INSIDE-}" != yes ]; then
  built dist
  if [ "$(nproc)" -lt 2 ]; then echo "mail.sh: it needs two cores: one for the resolver, the others for servers and mail" >&2; exit 2; fi
  trap 'if [ -n "$logs" ]; then mkdir -p "$logs" && cp -r "$work"/. "$logs"; fi; rm -r "$work"' EXIT
  inside "${arguments[@]}"
  exit
fi

program() { # program NAME: the file that runs as that resolver
  case $1 in
    off | learned) echo "$RESOLVERD" ;;
    knot) echo kresd ;;
    bind) echo named ;;
    powerdns) echo pdns_recursor ;;
    *) echo "$1" ;;
  esac
}

ip link set lo up
cd "$work"
last=$(($(nproc) - 1)) through=()
for name in $resolvers; do
  if command -v "$(program "$name")" >/dev/null; then
    through+=(--through "$name=taskset -c $last '$here/mail.sh' run $name")
  else
    echo "$name is not installed" >&2
  fi
done
taskset -c "0-$((last - 1))" "$RESOLVERD" demo --bench --seed "$seed" --seeds "$seeds" --messages "$messages" "${through[@]}"

reasons() { # reasons TITLE: the most frequent of the lines, without what differs from query to query
  local lines
  lines=$(sort | uniq -c | sort -rn | head -n 12)
  printf '\n%s\n%s\n' "$1" "${lines:-none}"
}

if [ -s unbound.log ]; then
  { grep -o 'SERVFAIL.*' unbound.log || true; } | sed -E 's/<[^>]*>/<query>/; s/ for [^ ]+ [A-Z]+ IN/ for a name/g; s/ for DS [^ ]+//; s/ [0-9.]+( port [0-9]+)?$//' |
    reasons "Unbound's SERVFAILs of all seeds"
fi
if [ -s bind.errors ]; then
  { grep -o 'query failed.*' bind.errors || true; } | sed -E 's/ for [^ ]+ at/ at/' | reasons "BIND's failures of all seeds"
fi

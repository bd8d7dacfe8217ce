#!/usr/bin/env bash
# A fleet: the same mail through one gateway, through eight, and through eight that share a store, in real time.
#
# benches/compare/fleet.sh [--seed N] [--seeds N] [--messages N] [--gateways N] [--faults] [--kinds "KIND..."]
#
# Needs root and Debian's redis-server or valkey-server. `resolverd demo --bench` serves the lab's internet as in mail.sh, and plays 1200
# messages of mail, 25 a second, to the gateways in turn, each from an empty cache. The store is a server on loopback behind a relay that
# adds 0.5 ms to each reply. The columns are
#   one      one gateway with all the mail
#   alone    the gateways without a store
#   fleet    the gateways with a store
# With --faults, the store of the further columns is
#   frozen   stopped with SIGSTOP before the first message
#   slow     500 ms away
#   garbage  a program that answers with random octets
# Printed are the medians of the seeds: mean ms (p99) of the DNS of a message, and queries to servers for each message. A run takes a
# minute for each column and seed. The machine must do nothing else meanwhile.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

server=$(command -v valkey-server || command -v redis-server || true)

gateway() { # gateway NUMBER STORE
  cat >"gateway$1.toml" <<TOML
version = 1
[listen]
addresses = ["127.0.0.$1:53"]
workers = 1
[resolve]
root_hints = "$PWD/root.hints"
deny_servers = []
ipv6 = false
[dnssec]
trust_anchor = "$PWD/root.ds"
[control]
socket = "$PWD/control$1.sock"
TOML
  if [ -n "$2" ]; then
    printf '[fleet]\nservers = ["redis://127.0.0.1:%s"]\nkey = "%s/fleet.key"\n' "$2" "$PWD" >>"gateway$1.toml"
  fi
  exec setpriv --pdeathsig KILL "$RESOLVERD" --no-snapshot --config "$PWD/gateway$1.toml" >>"gateway$1.log" 2>&1
}

# The delay of the store: each reply waits. Its arguments are the port to listen at, the port of the server, and milliseconds.
relay() {
  exec setpriv --pdeathsig KILL python3 - "$@" <<'PY'
import os, socket, sys, threading, time
listen, server, delay = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000
def copy(source, target, delay):
    try:
        while data := source.recv(65536):
            time.sleep(delay)
            target.sendall(data)
    except OSError:
        pass  # One end has closed the connection.
def serve(client):
    if server == 0:
        while client.recv(65536):
            client.sendall(os.urandom(64))
        return
    there = socket.create_connection(("127.0.0.1", server))
    for one in (client, there):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=copy, args=(client, there, 0), daemon=True).start()
    copy(there, client, delay)
listening = socket.create_server(("127.0.0.1", listen))
while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
PY
}

if [ "${1-}" = run ]; then
  # The bench kills this shell, and with it what it has started.
  kind=$2 count=$3 store=6400 delay=0.5 behind=6379
  case $kind in
    one | alone) store="" ;;
    slow) delay=500 ;;
    garbage) behind=0 ;;
  esac
  if [ -n "$store" ]; then
    [ -e fleet.key ] || (umask 077 && head -c 48 /dev/urandom | base64 >fleet.key)
    setpriv --pdeathsig KILL "$server" --port 6379 --bind 127.0.0.1 --save "" --appendonly no >store.log 2>&1 &
    stored=$!
    relay 6400 $behind $delay &
    sleep 1
    [ "$kind" != frozen ] || kill -STOP $stored
  fi
  for number in $(seq "$count"); do gateway "$number" "$store" & done
  if [ "$kind" = fleet ]; then
    # The bench does not report the end of a run to this shell, so the fleet is shown as it was at most 5 s earlier.
    setpriv --pdeathsig KILL bash -c 'while sleep 5; do "${RESOLVERD%resolverd}resolverctl" --socket control1.sock fleet >fleet.new 2>/dev/null && mv fleet.new fleet.shown; done' &
  fi
  wait
fi

seed=1 seeds=3 messages=1200 gateways=8 kinds="one alone fleet" arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --seed) seed=$2 ;;
    --seeds) seeds=$2 ;;
    --messages) messages=$2 ;;
    --gateways) gateways=$2 ;;
    --kinds) kinds=$2 ;;
    --faults) kinds="alone fleet frozen slow garbage"; shift; continue ;;
    *) echo "fleet.sh: unknown argument $1; see its first lines" >&2; exit 2 ;;
  esac
  shift 2
done

. "$here/inside.sh"
if [ "${INSIDE-}" != yes ]; then
  [ -n "$server" ] || { echo "fleet.sh: neither valkey-server nor redis-server is installed" >&2; exit 2; }
  built release
  inside "${arguments[@]}"
  exit
fi

ip link set lo up
cd "$work"
through=()
for kind in $kinds; do
  [ "$kind" = one ] && count=1 || count=$gateways
  through+=(--through "$kind:$count=bash '$here/fleet.sh' run $kind $count")
done
"$RESOLVERD" demo --bench --seed "$seed" --seeds "$seeds" --messages "$messages" "${through[@]}"
[ ! -e fleet.shown ] || cat fleet.shown

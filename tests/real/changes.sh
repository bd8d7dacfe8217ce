# Reloads and restarts during mail traffic. Every query must be answered. Sourced by `run`.

reloads() {
  local number began=$EPOCHREALTIME
  restart
  load
  for ((number = 0; number < 1000; number++)); do
    # Each one changes something.
    configure "[[host]]
name = \"printer.lan\"
addresses = [\"10.0.0.$((number % 200 + 1))\"]"
    ctl reload >"$work/reload" || { cat "$work/reload"; touch "$work/enough"; return 1; }
  done
  echo "figure: 1000 reloads in $(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $began }") s"
  loaded
  has '10\.0\.0\.200' dig @127.0.0.1 +short printer.lan A
}

by_signal() {
  restart
  configure '[[host]]
name = "scanner.lan"
addresses = ["10.0.0.77"]'
  kill -HUP "$(pid resolverd)"
  soon has '10\.0\.0\.77' dig @127.0.0.1 +short scanner.lan A
}

wrong() {
  local status=0
  restart '[[host]]
name = "printer.lan"
addresses = ["10.0.0.9"]'
  has '10\.0\.0\.9' dig @127.0.0.1 +short printer.lan A
  configure '[[host]]
name = "printer.lan"
adresses = ["10.0.0.10"]'
  ctl reload >"$work/reload" 2>&1 || status=$?
  cat "$work/reload"
  [ $status -eq 6 ]
  grep -qE 'line [0-9]+.*adresses' "$work/reload"
  has '10\.0\.0\.9' dig @127.0.0.1 +short printer.lan A
}

# Addresses come and go; the others lose no query.
addresses() {
  local number
  restart
  load
  for ((number = 0; number < 50; number++)); do
    configure
    if ((number % 2 == 0)); then sed -i 's/^addresses = \[/&"127.0.0.2:53", /' "$work/resolverd.toml"; fi
    ctl reload >"$work/reload" || { cat "$work/reload"; touch "$work/enough"; return 1; }
    if ((number % 2 == 0)); then
      has '198\.18\.77\.10' dig @127.0.0.2 +tries=1 +timeout=2 +short domain.example || { touch "$work/enough"; return 1; }
    fi
  done
  loaded
  hasnt_port 127.0.0.2
}

hasnt_port() { ! has NOERROR dig "@$1" +tries=1 +timeout=1 domain.example; }

restarts() {
  local number
  configure
  begin keeper /usr/bin/python3 "$here/keeper.py" 127.0.0.1:53 resolverd --config "$work/resolverd.toml"
  soon ctl stats
  has '198\.18\.77\.10' dig @127.0.0.1 +tries=1 +short domain.example
  has '198\.18\.77\.10' dig @127.0.0.1 +tries=1 +tcp +short domain.example
  load
  for ((number = 1; number <= 20; number++)); do
    kill -HUP "$(pid keeper)"
    soon has "^$((number + 1))\$" grep -c ^started "$work/keeper.log"
    soon ctl stats
  done
  loaded
  hasnt 'ended with [^0]' cat "$work/keeper.log"
  end keeper
}

# systemd's own tool; it hands over sockets of one kind at a time.
activated() {
  configure
  begin activate systemd-socket-activate ${1:+"$1"} -l 127.0.0.1:53 resolverd --config "$work/resolverd.toml"
  soon has '198\.18\.77\.10' dig @127.0.0.1 +tries=1 +timeout=2 ${2:+"$2"} +short domain.example
  end activate
}

check "changes: a thousand reloads under load" reloads
check "changes: SIGHUP" by_signal
check "changes: a wrong file changes nothing" wrong
check "changes: listen addresses under load" addresses
end resolverd
check "changes: twenty restarts behind inherited sockets under load" restarts
check "changes: systemd-socket-activate, datagrams" activated --datagram
check "changes: systemd-socket-activate, streams" activated "" +tcp
begin resolverd resolverd --config "$work/resolverd.toml"

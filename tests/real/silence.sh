# Silent zones, and one that takes nine seconds, queried at resolverd and at Unbound in its place: no fewer answers, and no
# more time. Sourced by `run`.

raise_unbound() {
  cat >"$work/beside.conf" <<EOF
$(unbound_server)
  interface: 198.18.0.40@5300
  access-control: 198.18.0.0/16 allow
remote-control:
  control-enable: no
EOF
  begin beside internet unbound -d -c "$work/beside.conf"
  begin slow internet /usr/bin/python3 "$here/faulty.py" 198.18.0.53 late-9000
  soon has 198.18.77.10 dig @198.18.0.40 -p 5300 +tries=1 +timeout=2 +short domain.example
  soon grep -q serving "$work/slow.log"
  restart
}

# mail_of SERVER PORT: the seconds that a mail from a dead domain costs smtpd with glibc's resolver: two tries of 5 s.
mail_of() {
  local began=$EPOCHREALTIME kind
  for kind in MX A AAAA; do
    dig "@$1" -p "$2" +tries=2 +timeout=5 silent.example "$kind" >>"$work/mail" 2>&1 || true
  done
  awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $began }"
}

# Four messages; the first may cost a client's deadline, the others nothing: a wait for a dead server takes seconds, and a
# busy machine needs a part of a second to start dig six times. The pauses are between messages.
dead_domain() {
  local message ours theirs
  for message in 1 2 3 4; do
    [ "$message" = 1 ] || sleep 20
    ours=$(mail_of 127.0.0.1 53)
    theirs=$(mail_of 198.18.0.40 5300)
    echo "figure: message $message from a dead domain: resolverd $ours s, Unbound $theirs s"
    at_most "$(awk "BEGIN { print $theirs + 1 }")" "$ours" "message $message in s"
    at_most "$([ "$message" = 1 ] && echo 5 || echo 1.5)" "$ours" "message $message in s"
  done
  has 'EDE: 22' dig @127.0.0.1 silent.example MX
}

# tries SERVER PORT: the number of queries, five seconds apart like repeats, until the answer of a zone that takes nine seconds.
tries() {
  local try
  for ((try = 1; try <= 8; try++)); do
    if dig "@$1" -p "$2" +tries=1 +timeout=4 +short www.slow.example A 2>&1 | grep -q '^198\.18\.77\.5$'; then break; fi
    sleep 1
  done
  echo $try
}

nine_seconds() {
  local ours theirs
  ours=$(tries 127.0.0.1 53)
  theirs=$(tries 198.18.0.40 5300)
  echo "figure: tries until the answer of a zone that takes nine seconds: resolverd $ours, Unbound $theirs"
  at_most "$theirs" "$ours" tries
}

# A resolver that starts before its network is up: failures are forgotten with the first answer.
late_network() {
  local try
  ip link set wan down
  restart
  has 'status: SERVFAIL' dig @127.0.0.1 +tries=1 +timeout=6 domain.example A
  ip link set wan up
  for ((try = 0; try < 100; try++)); do
    if dig @127.0.0.1 +tries=1 +timeout=5 +short "$try.wild.domain.example" A | grep -q '^198'; then break; fi
    # Failures from here on are remembered.
    dig @127.0.0.1 +tries=1 +timeout=5 domain.example A >/dev/null 2>&1 || true
    read -r -t 0.05 <>"$work/never" || true
  done
  has '^198\.18\.77\.10' dig @127.0.0.1 +tries=1 +timeout=5 +short domain.example A
  restart
}

check "silence: Unbound and a slow server start" raise_unbound
check "silence: a mail from a dead domain costs no more than with Unbound" dead_domain
check "silence: a zone that takes nine seconds is had as soon as with Unbound" nine_seconds
check "silence: a resolver that starts before its network" late_network
end beside

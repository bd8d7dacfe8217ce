# Names that a resolver answers itself, and zones with servers below forwarders: which of several settings counts in each resolver,
# and that it counts in resolverd too. Sourced by `import.sh`. The servers 1, 2 and 3 answer each question with their own number.

server_1=198.18.0.171
server_2=198.18.0.172
server_3=198.18.0.173

raise_servers_that_say() {
  local number address
  for number in 1 2 3; do
    address=server_$number
    internet ip address add "${!address}/16" dev peer
    begin "says$number" internet /usr/bin/python3 "$here/says.py" "${!address}" $number
    soon has "10.9.9.$number" dig @"${!address}" +tries=1 +timeout=2 +short x.lan
  done
}

# asked_alike KIND FILE: both answer the names on standard input alike, and the names of private networks; `meant` has the exceptions.
asked_alike() {
  local name type
  original "$1" "$2"
  imported "$1" "$2"
  while read -r name; do
    for type in A AAAA TXT; do echo "$name $type"; done
  done >"$work/questions"
  for name in 9.0.0.10 1.1.15.10 1.1.16.10 1.1.17.10 1.1.18.10 1.1.168.192 1.2.168.192 3.15.16.172 1.1.20.172 254.1.254.169 7.2.0.192 1.64.64.100 8.8.8.8; do
    echo "$name.in-addr.arpa PTR"
  done >>"$work/questions"
  echo "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa PTR" >>"$work/questions"
  meant_of_own >"$work/meant"
  /usr/bin/python3 "$here/same.py" "$(basename "$2" .conf)" "$work/questions" "$work/meant"
}

# The differences that are meant, as in `meant`.
meant_of_own() {
  cat <<'EOF'
kinds *.lan AAAA a refusal, or none at all, is NXDOMAIN here; and a name of one type is resolved for others
kinds *.lan TXT the same
kinds x.*deny.lan A the same
kinds x.*refuse.lan A the same
kinds *always_*.lan A the same
stubs-unbound 1.1.1?.10.in-addr.arpa PTR Unbound answers these names itself although a zone of servers has them, and the import says so
stubs-named 1.1.15.10.in-addr.arpa PTR BIND answers these names itself with forward first although a zone forwards them, and the import says so
stubs-named 1.1.20.172.in-addr.arpa PTR the same
EOF
}

forwarders_and_stubs_of_bind() {
  local policy
  for policy in first only; do
    cat >"$work/stubs-named.conf" <<EOF
options { directory "$work"; dnssec-validation no; forward $policy; forwarders { $server_1; }; disable-empty-zone "168.192.in-addr.arpa"; };
zone "stub.lan" { type static-stub; server-addresses { $server_2; }; };
zone "own.lan" { type static-stub; server-addresses { $server_2; }; forwarders { }; };
zone "both.lan" { type static-stub; server-addresses { $server_2; }; forwarders { $server_3; }; forward only; };
zone "lan" { type forward; forward only; forwarders { $server_3; }; };
zone "deep.stub.lan" { type forward; forward only; forwarders { $server_1; }; };
zone "15.10.in-addr.arpa" { type forward; forwarders { $server_2; }; };
zone "16.10.in-addr.arpa" { type static-stub; server-addresses { $server_2; }; };
zone "17.10.in-addr.arpa" { type static-stub; server-addresses { $server_2; }; forwarders { }; };
zone "18.10.in-addr.arpa" { type forward; forward only; forwarders { $server_2; }; };
zone "20.172.in-addr.arpa" { type forward; forwarders { $server_2; }; };
EOF
    asked_alike named "$work/stubs-named.conf" < <(printf '%s\n' x.example a.stub.lan a.own.lan a.both.lan a.lan a.deep.stub.lan x.home.arpa x.local)
    put_away
  done
}

forwarders_and_stubs_of_unbound() {
  cat >"$work/stubs-unbound.conf" <<EOF
$(unbound_server)
  interface: 127.0.0.2
  local-zone: "168.192.in-addr.arpa" nodefault
  local-zone: "2.168.192.in-addr.arpa" static
  local-data-ptr: "192.168.2.1 gw.lan"
  local-zone: "20.172.in-addr.arpa" transparent
  local-data-ptr: "172.20.1.9 gw.lan"
  local-zone: "shut.lan" static
forward-zone:
  name: "."
  forward-addr: $server_1
stub-zone:
  name: "stub.lan"
  stub-addr: $server_2
forward-zone:
  name: "deep.stub.lan"
  forward-addr: $server_3
forward-zone:
  name: "forward.lan"
  forward-addr: $server_3
stub-zone:
  name: "stub.forward.lan"
  stub-addr: $server_2
forward-zone:
  name: "in.shut.lan"
  forward-addr: $server_3
stub-zone:
  name: "15.10.in-addr.arpa"
  stub-addr: $server_2
EOF
  asked_alike unbound "$work/stubs-unbound.conf" \
    < <(printf '%s\n' x.example a.stub.lan a.deep.stub.lan a.forward.lan a.stub.forward.lan a.in.shut.lan a.shut.lan x.home.arpa x.test x.local)
}

kinds_of_local_zones() {
  local kind
  {
    unbound_server
    echo "  interface: 127.0.0.2"
    for kind in deny refuse static transparent typetransparent redirect inform inform_deny inform_redirect \
      always_transparent always_refuse always_nxdomain always_nodata always_deny always_null noview; do
      echo "  local-zone: \"$kind.lan\" $kind"
      echo "  local-data: \"$kind.lan. A 10.0.0.1\""
      [[ $kind = *redirect ]] || echo "  local-data: \"w.$kind.lan. A 10.0.0.2\""
      printf '%s.%s.lan\n' w "$kind" x "$kind" >>"$work/kinds"
    done
    printf 'forward-zone:\n  name: "."\n  forward-addr: %s\n' "$server_1"
  } >"$work/kinds.conf"
  asked_alike unbound "$work/kinds.conf" <"$work/kinds"
}

private_reverse_of_dnsmasq() {
  cat >"$work/dnsmasq.conf" <<EOF
no-resolv
bogus-priv
server=$server_1
server=/15.10.in-addr.arpa/$server_2
rev-server=192.168.2.0/24,$server_3
EOF
  asked_alike dnsmasq "$work/dnsmasq.conf" < <(printf '%s\n' x.example x.home.arpa x.local)
}

check "import: servers that answer with their number" raise_servers_that_say
check "import: forwarders, stub zones and empty zones of BIND" forwarders_and_stubs_of_bind
put_away
check "import: forwarders, stub zones and default zones of Unbound" forwarders_and_stubs_of_unbound
put_away
check "import: types of local zones of Unbound with data" kinds_of_local_zones
put_away
check "import: reverse names of private networks below a forwarder of dnsmasq" private_reverse_of_dnsmasq
put_away
for one in 1 2 3; do end says$one; done

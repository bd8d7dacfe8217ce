# Unbound and BIND as forwarders, plain, over TLS and over HTTPS; one of two that fails. Sourced by `run`.

raise_forwarders() {
  mkdir -p "$work/tls" "$work/bind"
  (
    cd "$work/tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem \
      -addext basicConstraints=critical,CA:TRUE
    openssl req -newkey rsa:2048 -nodes -subj /CN=forwarder.example -keyout key.pem -out request.pem
    openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -days 2 -out certificate.pem -extfile <(
      printf 'subjectAltName=DNS:forwarder.example\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n')
  ) 2>&1
  # This /etc is a copy: the trust of the machine does not change.
  cat "$work/tls/ca.pem" >>/etc/ssl/certs/ca-certificates.crt

  cat >"$work/unbound.conf" <<EOF
$(unbound_server)
  interface: 198.18.0.40@53
  interface: 198.18.0.40@5353
  interface: 198.18.0.40@853
  interface: 198.18.0.40@443
  https-port: 443
  tls-service-key: "$work/tls/key.pem"
  tls-service-pem: "$work/tls/certificate.pem"
  access-control: 198.18.0.0/16 allow
  qname-minimisation: no
  tcp-idle-timeout: 1000
EOF
  cat >"$work/named.conf" <<EOF
tls ours { cert-file "$work/tls/certificate.pem"; key-file "$work/tls/key.pem"; };
options {
  directory "$work/bind";
  pid-file none;
  session-keyfile none;
  listen-on port 53 { 198.18.0.41; };
  listen-on port 853 tls ours { 198.18.0.41; };
  listen-on port 443 tls ours http default { 198.18.0.41; };
  listen-on-v6 { none; };
  recursion yes;
  allow-query { any; };
  allow-recursion { any; };
  dnssec-validation no;
  qname-minimization off;
  empty-zones-enable no;
};
controls { };
zone "." { type hint; file "$work/zones/root.hints"; };
EOF
  begin unbound internet unbound -d -c "$work/unbound.conf"
  begin named internet named -g -c "$work/named.conf"
  begin relay1 internet /usr/bin/python3 "$here/relay.py" 198.18.0.42 198.18.0.40 20
  begin relay2 internet /usr/bin/python3 "$here/relay.py" 198.18.0.43 198.18.0.41 20
  soon has 198.18.77.10 dig @198.18.0.40 +tries=1 +timeout=2 +short domain.example
  soon has 198.18.77.10 dig @198.18.0.41 +tries=1 +timeout=2 +short domain.example
  soon has 198.18.77.10 dig @198.18.0.42 +tries=1 +timeout=2 +short domain.example
  soon has 198.18.77.10 dig @198.18.0.43 +tries=1 +timeout=2 +short domain.example
}

# forward NAME SERVER...: restarts the resolver, with NAME forwarded to these.
forward() {
  local name=$1 server list=
  shift
  for server in "$@"; do list+="${list:+, }\"$server\""; done
  restart "[[zone]]
name = \"$name\"
forward = [$list]"
}

# Answers of every kind, all from the forwarder.
everything_by() {
  local address=${1#*://}
  address=${address%%[#/]*}
  forward . "$1"
  has '198\.18\.77\.10' dig @127.0.0.1 +short domain.example A
  has '2001:2::77:20' dig @127.0.0.1 +short away.domain.example AAAA
  has '^20 mx2\.domain\.example' dig @127.0.0.1 +short domain.example MX
  has 'client\.sender\.example' dig @127.0.0.1 +short -x 198.18.77.77
  has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.bl.lists.example A
  has '198\.18\.77\.1$' dig @127.0.0.1 +short www.tree.domain.example A
  has 'status: NXDOMAIN' dig @127.0.0.1 nothing.domain.example A
  has '^domain\.example\..*SOA' dig @127.0.0.1 +noall +authority nothing.domain.example A
  has 'ANSWER: 0, AUTHORITY: 1' dig @127.0.0.1 mx.domain.example MX
  has 'MSG SIZE  rcvd: 3[0-9]{3}' dig @127.0.0.1 long.domain.example TXT
  has 'MSG SIZE  rcvd: 6[0-9]{4}' dig @127.0.0.1 longest.domain.example TXT
  has 'status: SERVFAIL' dig @127.0.0.1 +tries=1 www.lame.example A
  has 'flags: qr rd ra;' dig @127.0.0.1 domain.example A
  has "^${address%:*}" ctl stats --since start --by server
  hasnt '^198\.18\.0\.(10|11|20|21)[[:space:]]' ctl stats --since start --by server
}

# Behind a firewall no other server can be reached, so none is tried.
only() {
  forward . 198.18.0.40
  has '198\.18\.77\.10' dig @127.0.0.1 +short domain.example A
  hasnt '^(198\.18\.0\.[12]|2001:2::1)[[:space:]]' ctl stats --since start --by server
}

split_horizon() {
  forward domain.example 198.18.0.41
  has '198\.18\.77\.10' dig @127.0.0.1 +short domain.example A
  has '198\.18\.25\.1' dig @127.0.0.1 +short mail.partner.example A
  # An alias out of the forwarded zone and back into it.
  has '198\.18\.77\.20' dig @127.0.0.1 +short away.domain.example A
  has '^198\.18\.0\.41' ctl stats --since start --by server
  has '^198\.18\.0\.1[01]' ctl stats --since start --by server
}

# A server with the wrong certificate gets no query, and there is no fallback without TLS.
wrong_name() {
  forward . "$1"
  has 'EDE: .*certificate rejected' dig @127.0.0.1 +tries=1 +timeout=6 domain.example A
}

# A server that has another path answers with status 404, which a trace shows.
wrong_path() {
  forward . 'https://198.18.0.40/other#forwarder.example'
  has 'HTTP status 404' ctl trace domain.example A
}

# idle SERVER PORT: the forwarder closes an idle connection; the next query opens another.
idle() {
  forward . "$1"
  has '198\.18\.77\.30' dig @127.0.0.1 +tries=1 +short 1.idle.wild.domain.example A
  soon hasnt ":$2" ss --no-header --numeric --tcp state established
  has '198\.18\.77\.30' dig @127.0.0.1 +tries=1 +short 2.idle.wild.domain.example A
}

# More questions at once than one connection takes.
crowd() {
  forward . "$1"
  "$here/load.py" --rate 100000 --questions 300 '{}.wild.domain.example' >"$work/crowd"
  sed 's/^/figure: /' "$work/crowd"
  grep -q ' noerror=300 ' "$work/crowd"
}

# with_one GOOD BAD...: each query is answered, in any order, repeatedly.
with_one() {
  local good=$1 bad=$2 number
  forward . "$bad" "$good"
  for ((number = 0; number < 20; number++)); do
    has '198\.18\.77\.30' dig @127.0.0.1 +tries=1 +timeout=4 +short "$RANDOM-$number.wild.domain.example" A || return 1
  done
  forward . "$good" "$bad"
  for ((number = 0; number < 20; number++)); do
    has '198\.18\.77\.30' dig @127.0.0.1 +tries=1 +timeout=4 +short "$RANDOM-$number.wild.domain.example" A || return 1
  done
}

# Load with names that are in no cache.
measure() { "$here/load.py" --rate 250 --questions "${1:-1500}" '{}.wild.domain.example'; }

p95() { sed -nE 's/.*p95_ms=([0-9.]+).*/\1/p' "$1"; }

# The figures of the healthy one alone.
alone() {
  forward . 198.18.0.42
  measure >"$work/alone"
  sed 's/^/figure: /' "$work/alone"
  grep -q ' noerror=1500 ' "$work/alone"
}

# as_fast FILE LOAD...: never a failure, and in one of three tries a p95 of at most 1.5 times the healthy one's before it. Other work of
# the machine moves a p95 by a third now and then; questions that wait for the bad forwarder move it each time.
as_fast() {
  local file=$1 try
  shift
  for ((try = 0; try < 3; try++)); do
    [ $try = 0 ] || alone
    "$@"
    sed 's/^/figure: /' "$file"
    grep -q ' unanswered=0 .* servfail=0 other=0 ' "$file"
    if at_most "$(awk "BEGIN { print 1.5 * $(p95 "$work/alone") }")" "$(p95 "$file")" "p95 in ms"; then return 0; fi
  done
  return 1
}

beside() {
  forward . "$1" 198.18.0.42
  measure >"$work/beside"
}

# A forwarder that stops while queries are on their way to it.
dies() {
  local load
  forward . 198.18.0.43 198.18.0.42
  measure 3000 >"$work/dies" &
  load=$!
  soon has '^198\.18\.0\.43 ' ctl stats --since start --by server
  kill -STOP "$(pid relay2)"
  wait $load
  kill -CONT "$(pid relay2)"
}

check "forwarders: Unbound and BIND start" raise_forwarders
check "forwarders: Unbound" everything_by 198.18.0.40
check "forwarders: the root servers are left alone where everything is forwarded" only
check "forwarders: Unbound at another port" everything_by 198.18.0.40:5353
check "forwarders: BIND" everything_by 198.18.0.41
check "forwarders: Unbound over TLS" everything_by 'tls://198.18.0.40#forwarder.example'
check "forwarders: BIND over TLS" everything_by 'tls://198.18.0.41#forwarder.example'
check "forwarders: Unbound over HTTPS" everything_by 'https://198.18.0.40/dns-query#forwarder.example'
check "forwarders: BIND over HTTPS" everything_by 'https://198.18.0.41#forwarder.example'
check "forwarders: TLS after the forwarder has ended an idle connection" idle 'tls://198.18.0.40#forwarder.example' 853
check "forwarders: HTTPS after the forwarder has ended an idle connection" idle 'https://198.18.0.40#forwarder.example' 443
check "forwarders: three hundred questions at once over TLS" crowd 'tls://198.18.0.40#forwarder.example'
check "forwarders: three hundred questions at once over HTTPS" crowd 'https://198.18.0.40#forwarder.example'
check "forwarders: TLS with a certificate of another name" wrong_name 'tls://198.18.0.40#another.example'
check "forwarders: HTTPS with a certificate of another name" wrong_name 'https://198.18.0.40#another.example'
check "forwarders: HTTPS with another path" wrong_path
check "forwarders: one zone, the rest by recursion" split_horizon
check "forwarders: one of two refuses" with_one 198.18.0.40 198.18.0.52
check "forwarders: one of two is silent" with_one 198.18.0.40 198.18.0.51
check "forwarders: one of two is not there" with_one 198.18.0.40 198.18.0.77
check "forwarders: one of two has no TLS" with_one 'tls://198.18.0.40#forwarder.example' 'tls://198.18.0.52#forwarder.example'
check "forwarders: how long the healthy one takes" alone
check "forwarders: p95 beside one that refuses" as_fast "$work/beside" beside 198.18.0.52
check "forwarders: p95 beside one that is silent" as_fast "$work/beside" beside 198.18.0.51
check "forwarders: p95 when one of two dies under load" as_fast "$work/dies" dies
restart

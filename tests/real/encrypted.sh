# Clients over TLS: kdig, Unbound as a forwarder of a container, and systemd-resolved; over HTTPS: kdig and curl; and
# over QUIC: kdig. Sourced by `run`.

. "$here/measure.sh"

raise_encrypted() {
  local name
  mkdir -p "$work/dot"
  (
    cd "$work/dot"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem \
      -addext basicConstraints=critical,CA:TRUE
    for name in first second; do
      openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout $name.key -out request.pem
      openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -days 30 -out $name.pem -extfile <(
        printf 'subjectAltName=DNS:gateway.example,IP:198.18.100.25\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n')
      chmod 640 $name.key
    done
    # As certbot does: links, which a renewal replaces.
    ln -sf first.pem fullchain.pem
    ln -sf first.key privkey.pem
  ) 2>&1
  restart "[[listener]]
tls = [\"198.18.100.25:853\"]
https = [\"198.18.100.25:443\"]
quic = [\"198.18.100.25:853\"]
certificate = \"$work/dot/fullchain.pem\"
key = \"$work/dot/privkey.pem\"
allow = [\"198.18.0.0/24\"]"
}

# over_tls QUESTION...: kdig in the internet, with the certificate verified.
over_tls() {
  internet kdig @198.18.100.25 +tls +tls-ca="$work/dot/ca.pem" +tls-hostname=gateway.example -b 198.18.0.1 "$@"
}

kdig_asks() {
  has '^198\.18\.77\.10$' over_tls +short domain.example A
  has 'status: NXDOMAIN' over_tls none.domain.example A
  has 'TLS session \(TLS1\.3\)' over_tls domain.example A
  # 60 thousand octets.
  has 'ANSWER: 1' over_tls longest.domain.example TXT
  # Several questions on one connection.
  [ "$(over_tls +keepopen +short domain.example A domain.example A domain.example A | grep -c '^198\.18\.77\.10$')" = 3 ]
  # A padded query gets a reply in blocks (RFC 8467), and one without padding does not.
  has 'Received (468|936) B' over_tls +padding domain.example A
  hasnt 'Received (468|936) B' over_tls +nopadding domain.example A
  has 'queries of clients over TLS' ctl stats
  has 'TLS at +198\.18\.100\.25:853' ctl status
}

# gets_nothing OPTION...: kdig may fail, and the address does not come.
gets_nothing() {
  ! has '198\.18\.77\.10' internet kdig @198.18.100.25 "$@" +retry=0 +timeout=3 +short domain.example A
}

strangers() {
  has 'TLS|closed|reset|failed' internet kdig @198.18.100.25 +tls -b 198.18.77.66 +retry=0 +timeout=3 domain.example A
  gets_nothing +tls -b 198.18.77.66
  # Plain DNS at the port of TLS.
  gets_nothing -p 853 +tcp -b 198.18.0.1
}

unbound_forwards() {
  cat >"$work/dot/unbound.conf" <<CONF
$(unbound_server)
  interface: 198.18.0.77@53
  access-control: 0.0.0.0/0 allow
  outgoing-interface: 198.18.0.1
  tls-cert-bundle: "$work/dot/ca.pem"
forward-zone:
  name: "."
  forward-tls-upstream: yes
  forward-addr: 198.18.100.25@853#gateway.example
CONF
  internet ip address add 198.18.0.77/16 dev peer
  begin dot-unbound internet unbound -d -c "$work/dot/unbound.conf"
  soon has '^198\.18\.77\.10$' internet dig @198.18.0.77 +tries=1 +timeout=2 +short domain.example A
  has 'status: NXDOMAIN' internet dig @198.18.0.77 gone.domain.example A
  end dot-unbound
}

# raise_resolved_over_tls NAME: systemd-resolved of a container, which wants a certificate with this name of our authority.
raise_resolved_over_tls() {
  local root=$work/dot-resolved
  gateway dot-resolved 127.0.0.53
  mkdir -p "$root/etc/systemd"
  grep -q '^systemd-resolve:' "$root/etc/passwd" ||
    echo 'systemd-resolve:x:19996:19996::/nonexistent:/usr/sbin/nologin' >>"$root/etc/passwd"
  grep -q '^systemd-resolve:' "$root/etc/group" || echo systemd-resolve:x:19996: >>"$root/etc/group"
  printf '[Resolve]\nDNS=198.18.100.25:853#%s\nFallbackDNS=\nDNSOverTLS=yes\nDNSSEC=no\nLLMNR=no\nMulticastDNS=no\nDomains=~.\n' \
    "$1" >"$root/etc/systemd/resolved.conf"
  at dot-resolved mkdir -p /run/systemd
  begin dot-systemd-resolved nsenter -t "$(pid gateway-dot-resolved)" --mount --net=/run/netns/internet -- \
    env SSL_CERT_FILE="$work/dot/ca.pem" LD_LIBRARY_PATH="$RESOLVED/usr/lib/x86_64-linux-gnu/systemd" \
    "$RESOLVED/lib/systemd/systemd-resolved"
}

end_resolved_over_tls() {
  end dot-systemd-resolved
  end gateway-dot-resolved
  rm -r "$work/dot-resolved"
}

resolved_asks() {
  local before after
  before=$(ctl stats | grep -E 'queries of clients over TLS' || true)
  raise_resolved_over_tls gateway.example
  soon has '^198\.18\.77\.10$' internet dig @127.0.0.53 +tries=1 +timeout=5 +short domain.example A
  has 'status: NXDOMAIN' internet dig @127.0.0.53 absent.domain.example A
  # 60 thousand octets.
  has 'ANSWER: 1' internet dig @127.0.0.53 +tcp longest.domain.example TXT
  after=$(ctl stats | grep -E 'queries of clients over TLS')
  [ "$before" != "$after" ]
  end_resolved_over_tls
  raise_resolved_over_tls other.example
  soon has '127\.0\.0\.53%lo:53' internet ss --no-header --numeric --udp --listening
  ! has '198\.18\.77\.10' internet dig @127.0.0.53 +tries=1 +timeout=3 domain.example A || return 1
  end_resolved_over_tls
}

# over_https QUESTION...: kdig in the internet, with the certificate verified; +https-get is GET instead of POST.
over_https() {
  internet kdig @198.18.100.25 +https +tls-ca="$work/dot/ca.pem" +tls-hostname=gateway.example -b 198.18.0.1 "$@"
}

# fetch ARGUMENT...: curl in the internet, with the certificate verified.
fetch() {
  internet curl --silent --show-error --cacert "$work/dot/ca.pem" --interface 198.18.0.1 \
    --resolve gateway.example:443:198.18.100.25 "$@"
}

# octets FILE: its octets in one line.
octets() {
  od -An -v -tx1 "$1" | tr -d ' \n'
}

kdig_asks_https() {
  local method
  for method in "" +https-get; do
    has '^198\.18\.77\.10$' over_https $method +short domain.example A
    has 'status: NXDOMAIN' over_https $method none.domain.example A
    has 'HTTP/2-(POST|GET)' over_https $method domain.example A
    # 60 thousand octets.
    has 'ANSWER: 1' over_https $method longest.domain.example TXT
  done
  has 'Received (468|936) B' over_https +padding domain.example A
  has 'queries of clients over HTTPS' ctl stats
  has 'HTTPS at +198\.18\.100\.25:443' ctl status
}

curl_asks_https() {
  local url=https://gateway.example/dns-query message
  # domain.example A, with RD.
  printf '\0\0\1\0\0\1\0\0\0\0\0\0\6domain\7example\0\0\1\0\1' >"$work/dot/query"
  message=$(base64 -w 0 <"$work/dot/query" | tr '+/' '-_' | tr -d '=')
  has '^HTTP/2 200' fetch --http2 --head "$url?dns=$message"
  has '^cache-control: max-age=[1-9]' fetch --head "$url?dns=$message"
  fetch -H 'content-type: application/dns-message' --data-binary "@$work/dot/query" -o "$work/dot/posted" "$url"
  fetch -o "$work/dot/got" "$url?dns=$message"
  # 198.18.77.10.
  has 'c6124d0a$' octets "$work/dot/posted"
  has 'c6124d0a$' octets "$work/dot/got"
  has '^404$' fetch -o /dev/null -w '%{http_code}\n' https://gateway.example/
  has '^415$' fetch -o /dev/null -w '%{http_code}\n' --data x "$url"
  # curl itself as a client: it connects to the address that it was told.
  has 'Trying 198\.18\.77\.10:9\.' fetch --verbose --connect-timeout 2 --doh-url "$url" http://domain.example:9/
  has 'no application protocol' fetch --http1.1 "$url?dns=$message"
}

https_strangers() {
  has 'TLS|closed|reset|failed' internet kdig @198.18.100.25 +https -b 198.18.77.66 +retry=0 +timeout=3 domain.example A
  gets_nothing +https -b 198.18.77.66
}

# over_quic QUESTION...: kdig in the internet. Its version 3.2 ends with SIGSEGV if an option of TLS is behind +quic.
over_quic() {
  internet kdig @198.18.100.25 -b 198.18.0.1 +tls-ca="$work/dot/ca.pem" +tls-hostname=gateway.example +quic "$@"
}

# Three queries on one connection. kdig 3.2 sends the next query on the stream of the last one, and fails, if the end of
# that stream comes in a packet behind the answer.
quic_connection_kept() {
  [ "$(over_quic +keepopen +short domain.example A domain.example A domain.example A | grep -c '^198\.18\.77\.10$')" = 3 ]
}

kdig_asks_quic() {
  has '^198\.18\.77\.10$' over_quic +short domain.example A
  has 'status: NXDOMAIN' over_quic none.domain.example A
  has 'QUIC session' over_quic domain.example A
  # 60 thousand octets.
  has 'ANSWER: 1' over_quic longest.domain.example TXT
  soon quic_connection_kept
  has 'Received (468|936) B' over_quic +padding domain.example A
  has 'queries of clients over QUIC' ctl stats
  has 'QUIC at +198\.18\.100\.25:853' ctl status
}

quic_strangers() {
  has 'failed to query' internet kdig @198.18.100.25 +quic -b 198.18.77.66 +retry=0 +timeout=3 domain.example A
  # Plain DNS at the port of QUIC.
  has 'failed to query' internet kdig @198.18.100.25 -p 853 -b 198.18.0.1 +retry=0 +timeout=3 domain.example A
}

# The files change while a client is connected.
renewal() {
  local before after
  show() {
    internet openssl s_client -connect 198.18.100.25:853 -bind 198.18.0.1 </dev/null 2>/dev/null | openssl x509 -noout -subject
  }
  before=$(show)
  ln -sf second.key "$work/dot/privkey.pem"
  soon has 'is not the key of the certificate' cat "$work/resolverd.log" || soon has 'is not the key' cat "$work/resolverd.log"
  [ "$(show)" = "$before" ]
  has 'problem: The new certificate' ctl status
  ln -sf second.pem "$work/dot/fullchain.pem"
  soon has 'new certificate in use' cat "$work/resolverd.log" || soon has 'new certificate in use' cat "$work/resolverd.log"
  after=$(show)
  [ "$after" != "$before" ]
  hasnt 'problem: The new certificate' ctl status
  has '^198\.18\.77\.10$' over_tls +short domain.example A
}

raise_encrypted >/dev/null
check "DNS over TLS: kdig asks, with long answers, several questions and padding" kdig_asks
check "DNS over TLS: strangers and plain DNS get nothing" strangers
check "DNS over TLS: Unbound forwards to us" unbound_forwards
check "DNS over TLS: systemd-resolved asks, and refuses a certificate of another name" resolved_asks
check "DNS over HTTPS: kdig asks with both methods, with long answers and padding" kdig_asks_https
check "DNS over HTTPS: curl asks, and the statuses tell what is wrong" curl_asks_https
check "DNS over HTTPS: strangers get nothing" https_strangers
check "DNS over QUIC: kdig asks, with long answers, several questions and padding" kdig_asks_quic
check "DNS over QUIC: strangers and plain DNS get nothing" quic_strangers
check "DNS over TLS: a renewed certificate is used, and a wrong one is not" renewal

# Clients over TLS: kdig, Unbound as a forwarder of a container, and systemd-resolved. Sourced by `run`.

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
  has 'queries over TLS' ctl stats
  has 'TLS at +198\.18\.100\.25:853' ctl status
}

strangers() {
  has 'TLS|closed|reset|failed' internet kdig @198.18.100.25 +tls -b 198.18.77.66 +retry=0 +timeout=3 domain.example A
  hasnt '198\.18\.77\.10' internet kdig @198.18.100.25 +tls -b 198.18.77.66 +retry=0 +timeout=3 +short domain.example A || true
  # Plain DNS at the port of TLS.
  hasnt '198\.18\.77\.10' internet kdig @198.18.100.25 -p 853 +tcp -b 198.18.0.1 +retry=0 +timeout=3 +short domain.example A || true
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
check "DNS over TLS: a renewed certificate is used, and a wrong one is not" renewal

# Postfix with smtp_tls_security_level = dane: each mail must end as with Unbound in the place of resolverd. Sourced by `dnssec.sh`,
# on whose signed internet the domains of these mails are.

# The domain of the recipient; whether the certificate of its mail server is verified; how the mail ends. The certificate fits the TLSA
# record, or one of two; it does not fit; there is no such record; its zone is not signed; its signature is wrong.
danes() {
  cat <<'END'
right.net yes sent
twice.net yes sent
wrong.net no deferred
absent.net no sent
unsigned.net no sent
bogus.net no deferred
END
}

# sign_danes: their zones, and the certificate of the mail server of all of them.
sign_danes() {
  local zone pin other
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=mx.example -keyout "$signed/mx.key" -out "$signed/mx.pem"
  pin=$(openssl x509 -in "$signed/mx.pem" -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -d ' ' -f 1)
  other=${pin//[0-7]/8}
  for zone in right twice wrong absent unsigned bogus; do
    printf '$ORIGIN %s.net.\n$TTL 3600\n@ SOA ns hostmaster 1 1800 900 604800 900\n@ NS ns\nns A 198.18.0.81\n@ MX 10 mx\nmx A 198.18.25.1\n' \
      $zone >"$signed/$zone.net"
  done
  printf '_25._tcp.mx TLSA 3 1 1 %s\n' "$pin" | tee -a "$signed/right.net" "$signed/bogus.net" >>"$signed/twice.net"
  printf '_25._tcp.mx TLSA 3 1 1 %s\n' "$other" | tee -a "$signed/twice.net" >>"$signed/wrong.net"
  for zone in right twice wrong absent bogus; do by_ldns $zone.net ECDSAP256SHA256; done
  cp "$signed/unsigned.net" "$signed/unsigned.net.zone"
  sed -i "s/$pin/$other/I" "$signed/bogus.net.zone"
}

# ends_of_danes NAME RESOLVER: how the mails end for a Postfix that asks this resolver.
ends_of_danes() {
  local domain verified log=$work/dane-$1.log
  printf 'nameserver %s\noptions edns0 trust-ad\n' "$2" >/etc/resolv.conf
  sed -E 's/^(([^#[:space:]]+[[:space:]]+){4})y/\1n/' /usr/share/postfix/master.cf.dist >/etc/postfix/master.cf
  cat >/etc/postfix/main.cf <<EOF
compatibility_level = 3.6
myhostname = mx.domain.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = $log
maillog_file_prefixes = $work
queue_run_delay = 300s
minimal_backoff_time = 300s
smtp_dns_support_level = dnssec
smtp_tls_security_level = dane
smtp_tls_loglevel = 1
EOF
  postfix start >&2
  for domain in $(danes | cut -d ' ' -f 1); do
    printf 'Subject: a test\n\nHello.\n' | sendmail -f someone@domain.example "someone@$domain"
  done
  for domain in $(danes | cut -d ' ' -f 1); do soon grep -q "to=<someone@$domain>.*status=" "$log"; done
  postsuper -d ALL >&2
  postfix stop >&2
  cat "$log" >&2
  for domain in $(danes | cut -d ' ' -f 1); do
    verified=no
    if grep -q "Verified TLS connection established to mx\.$domain\[" "$log"; then verified=yes; fi
    echo "$domain $verified $(sed -nE "s/.*to=<someone@$domain>.*status=([a-z]+).*/\1/p" "$log" | tail -n 1)"
  done
}

postfix_with_dane() {
  begin tls-sink internet /usr/bin/python3 "$here/tls_sink.py" 198.18.25.1 mx.example "$signed/mx.pem" "$signed/mx.key"
  soon grep -q serving "$work/tls-sink.log"
  ends_of_danes resolverd 127.0.0.1 >"$work/dane.resolverd"
  ends_of_danes unbound 198.18.0.84 >"$work/dane.unbound"
  end tls-sink
  printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
  diff "$work/dane.unbound" "$work/dane.resolverd"
  danes | diff - "$work/dane.resolverd"
}

# Own mail (`[own]`): eight faults are planted in two signed domains of the operator, found, repaired, and then gone. NSD serves the
# domains, rbldnsd the list, and OpenSSL made the certificates and keys. The clock of resolverd runs 20 times as fast. Sourced by `run`.

. "$here/signing.sh"
signed=$work/own-signed
mail=$work/own_mail

make_keys() {
  local name
  mkdir -p "$mail/files" "$mail/pems"
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=authority -addext basicConstraints=critical,CA:TRUE \
    -keyout "$mail/ca.key" -out "$mail/ca.pem"
  cat "$mail/ca.pem" >>/etc/ssl/certs/ca-certificates.crt
  for name in own:mx.own.net next:mx.next.net renewed:mx.next.net policy:mta-sts.own.net; do
    printf 'subjectAltName=DNS:%s\n' "${name#*:}" >"$mail/extensions"
    openssl req -newkey rsa:2048 -nodes -subj "/CN=${name%:*}" -keyout "$mail/${name%:*}.key" -out "$mail/request"
    openssl x509 -req -in "$mail/request" -CA "$mail/ca.pem" -CAkey "$mail/ca.key" -CAcreateserial -days 3650 \
      -extfile "$mail/extensions" -out "$mail/${name%:*}.own"
    cat "$mail/${name%:*}.own" "$mail/ca.pem" >"$mail/${name%:*}.pem"
  done
  openssl genrsa -out "$mail/dkim.key" 2048
  openssl genrsa -out "$mail/other.key" 2048
}

# pin NAME: the digest of the key of a certificate.
pin() { openssl x509 -in "$mail/$1.own" -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -d ' ' -f 1; }

# record KEY: the DKIM record of a key, in strings of at most 255 octets.
record() {
  local text
  text=$(openssl rsa -in "$mail/$1.key" -pubout -outform DER 2>/dev/null | base64 -w 0)
  printf '"v=DKIM1; p=%s" "%s"\n' "${text:0:200}" "${text:200}"
}

# zone NAME LINES: an own zone, whose times are short.
zone() {
  printf '$ORIGIN %s.net.\n$TTL 60\n@ SOA ns hostmaster %s 1800 900 604800 60\n@ NS ns\nns A 198.18.0.91\n%s\n' "$1" "$EPOCHSECONDS" "$2" >"$signed/$1.net"
}

# sign_zone NAME [OPTIONS]: signs an own zone again with its keys.
sign_zone() {
  local name=$1
  shift
  (cd "$signed" && ldns-signzone "$@" -o "$name.net" -f "$name.net.zone" "$name.net" $(cat "$name.net.keys"))
}

# healthy: both zones, the reverse zone, the list, the policy and the next certificate, without faults.
healthy() {
  zone own "@ MX 10 mx
mx A 198.18.25.41
@ TXT \"v=spf1 ip4:198.18.100.25 -all\"
_dmarc TXT \"v=DMARC1; p=reject\"
mail._domainkey TXT $(record dkim)
_25._tcp.mx TLSA 3 1 1 $(pin own)
_mta-sts TXT \"v=STSv1; id=1\"
mta-sts A 198.18.25.40"
  zone next "@ MX 10 mx
mx A 198.18.25.42
@ TXT \"v=spf1 ip4:198.18.100.25 -all\"
_dmarc TXT \"v=DMARC1; p=reject\"
_25._tcp.mx TLSA 3 1 1 $(pin next)
_25._tcp.mx TLSA 3 1 1 $(pin renewed)"
  reverse '25.100 PTR out.own.net.'
  printf 'out A 198.18.100.25\n' >>"$signed/own.net"
  printf 'version: STSv1\r\nmode: testing\r\nmx: mx.own.net\r\nmax_age: 604800\r\n' >"$mail/files/mta-sts.own.net"
  cp "$mail/renewed.pem" "$mail/pems/next.pem"
  chmod 644 "$mail/pems/next.pem"
  sed -i '/^198\.18\.100\.25/d' "$work/zones/bl.ip4"
  sign_zone own
  sign_zone next
  publish
}

reverse() {
  printf '$ORIGIN 18.198.in-addr.arpa.\n$TTL 60\n@ SOA ns.net. hostmaster.net. %s 1800 900 604800 60\n@ NS ns.net.\n%s\n' "$EPOCHSECONDS" "$1" \
    >"$signed/18.198.in-addr.arpa.zone"
}

publish() {
  kill -HUP "$(pid own-net)"
  kill -HUP "$(pid rbldnsd)"
}

faults() {
  sed -i "s/^@ TXT .*/@ TXT \"v=spf1 ip4:198.18.7.7 -all\"/; s/^mail._domainkey.*/mail._domainkey TXT $(record other | sed 's#/#\\/#g')/
    s/^_25._tcp.mx TLSA.*/_25._tcp.mx TLSA 3 1 1 $(pin renewed)/; s/^\(@ SOA ns hostmaster \)[0-9]*/\1$EPOCHSECONDS/" "$signed/own.net"
  sed -i "/$(pin renewed)/d; s/^\(@ SOA ns hostmaster \)[0-9]*/\1$EPOCHSECONDS/" "$signed/next.net"
  reverse ''
  printf 'version: STSv1\r\nmode: testing\r\nmx: mx.other.net\r\nmax_age: 604800\r\n' >"$mail/files/mta-sts.own.net"
  echo 198.18.100.25 >>"$work/zones/bl.ip4"
  sign_zone own -i "$(date -u -d '-10 days' +%Y%m%d%H%M%S)" -e "$(date -u -d '+1 day' +%Y%m%d%H%M%S)"
  sign_zone next
  publish
}

raise_own_mail() {
  local address name
  mkdir -p "$signed"
  for address in 0.90 0.91 25.40 25.41 25.42; do internet ip address add 198.18.$address/16 dev peer; done
  make_keys
  printf '$ORIGIN net.\n$TTL 60\n@ SOA ns hostmaster 1 1800 900 604800 60\n@ NS ns\nns A 198.18.0.91\n' >"$signed/net"
  for name in own next; do
    zone $name ''
    by_ldns $name.net ECDSAP256SHA256
    (cd "$signed" && ls K$name.net.*.private | sed 's/\.private$//' >"$name.net.keys")
    printf '%s NS ns.%s\nns.%s A 198.18.0.91\n' $name $name $name >>"$signed/net"
    cat "$signed/$name.net.ds" >>"$signed/net"
  done
  by_ldns net ECDSAP256SHA256
  printf '$TTL 86400\n. SOA a-root. hostmaster. 1 1800 900 604800 86400\n. NS a-root.\na-root. A 198.18.0.90\nnet. NS ns.net.\nns.net. A 198.18.0.91\n18.198.in-addr.arpa. NS ns.net.\nbl.lists.example. NS ns.bl.lists.example.\nns.bl.lists.example. A 198.18.0.30\n' >"$signed/root"
  cat "$signed/net.ds" >>"$signed/root"
  by_ldns . ECDSAP256SHA256
  printf '. 3600000 NS a-root.\na-root. 3600000 A 198.18.0.90\n' >"$signed/root.hints"
  reverse ''
  serve own-root 198.18.0.90 . "$signed"
  serve own-net 198.18.0.91 "net own.net next.net 18.198.in-addr.arpa" "$signed"
  begin own-mx internet /usr/bin/python3 "$here/tls_sink.py" 198.18.25.41 mx.own.net "$mail/own.pem" "$mail/own.key"
  begin next-mx internet /usr/bin/python3 "$here/tls_sink.py" 198.18.25.42 mx.next.net "$mail/next.pem" "$mail/next.key"
  begin own-policy internet /usr/bin/python3 "$here/policy_host.py" 198.18.25.40 "$mail/files" "$mail/policy.pem" "$mail/policy.key"
  for name in own-mx next-mx own-policy; do soon grep -q serving "$work/$name.log"; done
  healthy
  soon has 'RRSIG.*SOA' dig @198.18.0.91 +dnssec own.net SOA
}

serve_own_mail() {
  mkdir -p "$work/own-state"
  end resolverd
  configure "[[list]]
name = \"bl.lists.example\"
purpose = \"block\"
subjects = [\"ip4\"]
[own]
domains = [\"own.net\", \"next.net\"]
addresses = [\"198.18.100.25\"]
helo = \"out.own.net\"
certificates = [\"$mail/pems/next.pem\"]
dkim_keys = [\"own.net:mail:$mail/dkim.key\"]
interval = \"10m\"
[metrics]
listen = \"127.0.0.1:9453\""
  sed -i "s#^root_hints = .*#root_hints = \"$signed/root.hints\"#; s#^validate = false#trust_anchor = \"$signed/root.key\"#" "$work/resolverd.toml"
  begin resolverd env STATE_DIRECTORY="$work/own-state" LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1 FAKETIME='+0 x20' \
    DONT_FAKE_MONOTONIC=0 FAKETIME_NO_CACHE=1 resolverd --config "$work/resolverd.toml"
  watched=resolverd soon ctl stats
}

# states CODES...: the confirmed failures and warnings among these codes.
eight="spf_from_fails dkim_key_differs tlsa_mismatch tlsa_next_mismatch ptr_missing mta_sts_mx listed signature_expires"

found() {
  ctl --json own | tr '{' '\n' | sed -nE 's/.*"code":"([a-z_]+)","standing":"(present|going)".*/\1/p' | sort -u
}

wanted_found() { comm -12 <(found) <(tr ' ' '\n' <<<"$eight" | sort) | wc -l; }

# within SECONDS COUNT: waits until this many of the eight are confirmed.
within() {
  local end=$((SECONDS + $1))
  until [ "$(wanted_found)" = "$2" ]; do
    [ $SECONDS -lt $end ] || { ctl own; echo "wanted $2 of $eight"; return 1; }
    read -r -t 0.5 <>"$work/never" || true
  done
}

# own_table: the table, whatever its exit code says.
own_table() { ctl own || true; }

checked() { [ "$(ctl --json own | grep -c '"checked":[0-9]')" = 3 ]; }

healthy_at_first() {
  local try
  for ((try = 0; try < 120; try++)); do
    if checked; then break; fi
    read -r -t 0.5 <>"$work/never" || true
  done
  ctl own
  checked
  [ "$(wanted_found)" = 0 ]
  # The large lists of the registry do not exist on this internet: that is no finding.
  hasnt 'failure|DNS list' own_table
}

# An interval of ten minutes, the second check after five, and pauses of a minute between the three: at most 20 minutes, a minute here.
eight_found() {
  faults
  within 90 8
  has '^own.net .*failure: the certificate of a mail host matches none' ctl own
  has 'Own mail, 198.18.100.25: an address or name is on a DNS list since' ctl status
  has '^resolverd_watched_findings\{domain="own.net",level="failure"\} [1-9]' curl -s http://127.0.0.1:9453/metrics
  has 'own domain own.net has a new failure since' cat "$work/resolverd.log"
}

eight_ended() {
  healthy
  within 120 0
  hasnt 'failure' own_table
  has 'own domain own.net no longer has the failure' cat "$work/resolverd.log"
}

suggested() {
  local root=$work/suggest
  mkdir -p "$root/etc/postfix" "$root/etc/ssl" "$root/etc/rspamd/local.d" "$root/var/lib/rspamd/dkim"
  cp /usr/share/postfix/main.cf.debian "$root/etc/postfix/main.cf"
  printf 'myhostname = mx.own.net\nmyorigin = /etc/mailname\nmydestination = $myhostname, own.net, localhost.own.net, localhost\nsmtpd_tls_cert_file = /etc/ssl/mx.pem\n' \
    >>"$root/etc/postfix/main.cf"
  echo own.net >"$root/etc/mailname"
  touch "$root/etc/ssl/mx.pem"
  # As rspamadm(1) writes a key for rspamd's usual place.
  rspamadm dkim_keygen -s mail -d own.net -k "$root/var/lib/rspamd/dkim/own.net.mail.key"
  chmod 644 "$root/var/lib/rspamd/dkim/own.net.mail.key"
  echo 'selector = "mail";' >"$root/etc/rspamd/local.d/dkim_signing.conf"
  has '^domains = \["own.net"\]$' ctl own --suggest --root "$root"
  has '^helo = "mx.own.net"$' ctl own --suggest --root "$root"
  has '^certificates = \["/etc/ssl/mx.pem"\]$' ctl own --suggest --root "$root"
  has '^dkim_keys = \["own.net:mail:/var/lib/rspamd/dkim/own.net.mail.key"\]$' ctl own --suggest --root "$root"
}

check "own_mail: two own domains, signed, with certificates and keys" raise_own_mail
serve_own_mail
check "own_mail: a healthy domain has no failure" healthy_at_first
check "own_mail: eight faults are found within one interval" eight_found
check "own_mail: eight faults end within one interval after the repair" eight_ended
check "own_mail: a stock Postfix with rspamd is suggested" suggested
for program in own-root own-net own-mx next-mx own-policy; do end $program; done
restart

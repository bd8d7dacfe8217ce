# TLS policies of next hops for Postfix: DANE and MTA-STS of some forty domains. Each must get the policy of the RFCs, and its mail must
# end accordingly. Sourced by `run`.
#
#   198.18.0.94 .95   NSD: a signed root, net, and the domains         198.18.25.11  a mail host with a valid certificate
#   198.18.0.97       the same, but queries for TLSA records are lost  198.18.25.12  one with a certificate of nobody
#   198.18.0.98       silent                                           198.18.25.13  one without TLS
#   198.18.25.20      the host of MTA-STS policies                     198.18.25.14  nothing listens

. "$here/signing.sh"
signed=$work/policy-signed

sts=$work/sts

# A row for each domain: its name; how its zone is signed (signed, unsigned, bogus, or the server of an unsigned zone without answers);
# the policy; how a mail ends. Then the records, by the functions below.
domains() {
  cat <<'END'
usable       signed    dane-only  sent      host mx good; tlsa mx right
authority    signed    dane-only  sent      host mx good; tlsa mx authority
rollover     signed    dane-only  sent      host mx good; tlsa mx wrong; tlsa mx right
two          signed    dane-only  sent      host mx good; tlsa mx right; host mx2 good; tlsa mx2 right
wrong        signed    dane-only  deferred  host mx good; tlsa mx wrong
plaindane    signed    dane-only  deferred  host mx plain; tlsa mx right
partly       signed    dane       sent      host mx good; tlsa mx right; host mx2 plain
partlywrong  signed    dane       sent      host mx good; tlsa mx wrong; host mx2 plain
unusable     signed    encrypt    sent      host mx other; tlsa mx unusable
plainuse     signed    encrypt    deferred  host mx plain; tlsa mx unusable
absent       signed    none       sent      host mx plain
spoilt       signed    temporary  deferred  host mx good; tlsa mx right; spoil TLSA
dropped      dropping  temporary  deferred  host mx good; tlsa mx right
beside       signed    dane       sent      away 10 mx.dropped; host mx2 good
bogus        bogus     temporary  deferred  host mx good; tlsa mx right
expired      expired   temporary  deferred  host mx good; tlsa mx right
alias        signed    dane-only  sent      alias mx real; only real good; tlsa real right
halfalias    signed    dane-only  sent      alias mx mx.enforce.net.; tlsa mx right
hostaway     signed    none       sent      away 10 mx.unsigned
mxunsigned   unsigned  none       sent      away 10 mx.usable
unsigned     unsigned  none       sent      host mx plain
null         signed    none       bounced   null
apex         signed    dane-only  sent      apex good; tlsa @ right
deadmx       signed    dane-only  sent      host mx dead; tlsa mx right; host mx2 good; tlsa mx2 right
deadhost     signed    dane-only  sent      away 5 mx.silent; host mx2 good; tlsa mx2 right
silent       silent    temporary  deferred
tlsaplain    unsigned  none       sent      host mx plain; tlsa mx right
enforce      unsigned  secure     sent      host mx good; sts enforce mx.enforce.net
stssigned    signed    secure     sent      host mx good; sts enforce mx.stssigned.net
pattern      unsigned  secure     sent      host mx good; sts enforce *.pattern.net
untrusted    unsigned  secure     deferred  host mx other; sts enforce mx.untrusted.net
withouttls   unsigned  secure     deferred  host mx plain; sts enforce mx.withouttls.net
elsewhere    unsigned  secure     deferred  host mx lone; sts enforce mx.enforce.net
testing      unsigned  none       sent      host mx plain; sts testing mx.enforce.net
modenone     unsigned  none       sent      host mx plain; sts none mx.enforce.net
badhost      unsigned  none       sent      host mx plain; sts enforce mx.badhost.net
missing      unsigned  none       sent      host mx plain; record
moved        unsigned  none       sent      host mx plain; sts redirect
faulty       unsigned  none       sent      host mx plain; sts enforced mx.faulty.net
tworecords   unsigned  none       sent      host mx plain; sts enforce mx.tworecords.net; record
both         signed    dane-only  sent      host mx other; tlsa mx other; sts enforce mx.enforce.net
bothwrong    signed    dane-only  deferred  host mx good; tlsa mx wrong; sts enforce mx.bothwrong.net
bothpartly   signed    dane-only  sent      host mx plain; host mx2 good; tlsa mx2 right; sts enforce mx.bothpartly.net
bothunusable signed    secure     sent      host mx good; tlsa mx unusable; sts enforce mx.bothunusable.net
bothspoilt   signed    temporary  deferred  host mx good; tlsa mx right; sts enforce mx.bothspoilt.net; spoil TLSA
forged       unsigned  secure     deferred  away 10 mx.both; sts enforce mx.forged.net
END
}

names() { domains | cut -d ' ' -f 1; }

hosts_of_stage() { printf 'good 11\nother 12\nplain 13\ndead 14\nlone 15\n' | awk -v kind="$1" '$1 == kind { print "198.18.25." $2 }'; }

# make_certificates: the test authority, which this host trusts from now on; the certificate of the good mail host, for all names; that of
# nobody; that of the policy host, which is not for badhost.net.
make_certificates() {
  local name subjects=
  mkdir -p "$sts/files"
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=authority -addext basicConstraints=critical,CA:TRUE \
    -keyout "$sts/ca.key" -out "$sts/ca.pem"
  cat "$sts/ca.pem" >>/etc/ssl/certs/ca-certificates.crt
  for name in $(names); do subjects+="DNS:*.$name.net,DNS:$name.net,"; done
  certificate good "${subjects%,}"
  certificate lone DNS:mx.elsewhere.net
  subjects=
  for name in $(names | grep -v badhost); do subjects+="DNS:mta-sts.$name.net,"; done
  certificate policy "${subjects%,}"
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=other -keyout "$sts/other.key" -out "$sts/other.pem"
}

# certificate NAME SUBJECTS: signed by the authority, with the authority's behind it.
certificate() {
  printf 'subjectAltName=%s\n' "$2" >"$sts/extensions"
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$sts/$1.key" -out "$sts/$1.request"
  openssl x509 -req -in "$sts/$1.request" -CA "$sts/ca.pem" -CAkey "$sts/ca.key" -CAcreateserial -days 30 \
    -extfile "$sts/extensions" -out "$sts/$1.own"
  cat "$sts/$1.own" "$sts/ca.pem" >"$sts/$1.pem"
}

# pin CERTIFICATE: the digest of its key.
pin() { openssl x509 -in "$sts/$1.pem" -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -d ' ' -f 1; }

# records NAME RECORDS: the records of a row, as lines of a zone file.
records() {
  local name=$1 preference=10 entry words
  while read -r -d ';' -a words; do
    case ${words[0]-} in
      host) printf '@ MX %s %s\n%s A %s\n' $preference "${words[1]}" "${words[1]}" "$(hosts_of_stage "${words[2]}")"; preference=20 ;;
      only) printf '%s A %s\n' "${words[1]}" "$(hosts_of_stage "${words[2]}")" ;;
      alias) printf '@ MX 10 %s\n%s CNAME %s\n' "${words[1]}" "${words[1]}" "${words[2]}" ;;
      apex) printf '@ A %s\n' "$(hosts_of_stage "${words[1]}")" ;;
      away) printf '@ MX %s %s.net.\n' "${words[1]}" "${words[2]}" ;;
      null) printf '@ MX 0 .\n' ;;
      tlsa)
        [ "${words[1]}" != @ ] || words[1]=
        printf '_25._tcp%s TLSA ' "${words[1]:+.${words[1]}}"
        case ${words[2]} in
          right) echo "3 1 1 $(pin good)" ;;
          authority) echo "2 1 1 $(pin ca)" ;;
          other) echo "3 1 1 $(pin other)" ;;
          wrong) pin good | tr 0-7 8 | sed 's/^/3 1 1 /' ;;
          unusable) echo "1 1 1 $(pin good)" ;;
        esac
        ;;
      record) printf '_mta-sts TXT "v=STSv1; id=2"\nmta-sts A 198.18.25.20\n' ;;
      sts)
        printf '_mta-sts TXT "v=STSv1; id=1"\nmta-sts A 198.18.25.20\n'
        if [ "${words[1]}" = redirect ]; then
          echo redirect
        else
          printf 'version: STSv1\r\nmode: %s\r\nmx: %s\r\nmax_age: 604800\r\n' "${words[1]}" "${words[2]}"
        fi >"$sts/files/mta-sts.$name.net"
        ;;
    esac
  done <<<"$2;"
}

sign_domains() {
  local name state policy end rest server
  while read -r name state policy end rest; do
    server=198.18.0.95
    case $state in
      dropping) server=198.18.0.97 ;;
      silent) server=198.18.0.98 ;;
    esac
    printf '%s NS ns.%s\nns.%s A %s\n' $name $name $name $server >>"$signed/net"
    {
      printf '$ORIGIN %s.net.\n$TTL 3600\n@ SOA ns hostmaster 1 1800 900 604800 900\n@ NS ns\nns A %s\n' $name $server
      records $name "$rest"
    } | awk '!seen[$0]++' >"$signed/$name.net"
    case $state in
      unsigned | silent) cp "$signed/$name.net" "$signed/$name.net.zone" ;;
      expired) by_ldns $name.net ECDSAP256SHA256 -i 20200101 -e 20200201 ;;
      *) by_ldns $name.net ECDSAP256SHA256 ;;
    esac
    case $state in
      bogus) sed -i '/[[:space:]]RRSIG[[:space:]]/s/\(.\)\(.\)==/\2\1==/; /[[:space:]]MX[[:space:]]/s/\b10\b/11/' "$signed/$name.net.zone" ;;
    esac
    case $rest in
      *'spoil TLSA'*) sed -i "/[[:space:]]TLSA[[:space:]]3/s/$(pin good)/$(pin other)/I" "$signed/$name.net.zone" ;;
    esac
  done < <(domains)
}

raise_domains() {
  local address file
  mkdir -p "$signed"
  for address in 0.94 0.95 0.96 0.97 0.98 25.11 25.12 25.13 25.14 25.15 25.20; do internet ip address add 198.18.$address/16 dev peer; done
  make_certificates
  printf '$ORIGIN net.\n$TTL 3600\n@ SOA ns hostmaster 1 1800 900 604800 900\n@ NS ns\nns A 198.18.0.96\n' >"$signed/net"
  sign_domains
  for file in "$signed"/*.net.ds; do cat "$file"; done >>"$signed/net"
  by_ldns net ECDSAP256SHA256
  printf '$TTL 86400\n. SOA a-root. hostmaster. 1 1800 900 604800 86400\n. NS a-root.\na-root. A 198.18.0.94\nnet. NS ns.net.\nns.net. A 198.18.0.96\n' >"$signed/root"
  cat "$signed/net.ds" >>"$signed/root"
  by_ldns . ECDSAP256SHA256
  printf '. 3600000 NS a-root.\na-root. 3600000 A 198.18.0.94\n' >"$signed/root.hints"
  cp "$signed"/*.zone "$work/zones/"
  serve policy-root 198.18.0.94 .
  # The zones below net have other servers: those of net would answer for them, and nothing would be dropped.
  serve policy-net 198.18.0.96 net
  serve policy-domains 198.18.0.95 "$(names | sed 's/$/.net/' | tr '\n' ' ')"
  begin dropping internet /usr/bin/python3 "$here/relay.py" 198.18.0.97 198.18.0.95 0 52
  begin silence internet /usr/bin/python3 "$here/faulty.py" 198.18.0.98 drop
  begin good internet /usr/bin/python3 "$here/tls_sink.py" 198.18.25.11 mx.example "$sts/good.pem" "$sts/good.key"
  begin other internet /usr/bin/python3 "$here/tls_sink.py" 198.18.25.12 mx.example "$sts/other.pem" "$sts/other.key"
  begin lone internet /usr/bin/python3 "$here/tls_sink.py" 198.18.25.15 mx.example "$sts/lone.pem" "$sts/lone.key"
  begin plain internet smtp-sink -u postfix -h mx.example 198.18.25.13:25 100
  begin policy-host internet /usr/bin/python3 "$here/policy_host.py" 198.18.25.20 "$sts/files" "$sts/policy.pem" "$sts/policy.key"
  for address in good other lone policy-host dropping silence; do soon grep -q serving "$work/$address.log"; done
  soon has 'RRSIG.*SOA' dig @198.18.0.94 +dnssec . SOA
  soon has 'RRSIG.*SOA' dig @198.18.0.96 +dnssec net SOA
  soon has 'RRSIG.*SOA' dig @198.18.0.95 +dnssec usable.net SOA
}

# serving_policies [ADDRESS]: restarts resolverd, with a state directory, and with the address in the place of the Unix socket.
serving_policies() {
  mkdir -p "$work/policy-state"
  export STATE_DIRECTORY=$work/policy-state
  believing "$signed/root.key" '' "[tls_policy]
listen = \"${1-$work/tls-policy}\"
${1:+# }group = \"postfix\"
[metrics]
listen = \"127.0.0.1:9453\""
  unset STATE_DIRECTORY
  [ -n "${1-}" ] || soon test -S "$work/tls-policy"
}

# policies: the policy of each domain, by resolverctl.
policies() {
  local name
  for name in $(names); do
    echo "$name $(ctl --json tls-policy $name.net | sed -nE 's/.*"policy":"([a-z-]+)".*/\1/p')"
  done
}

policy_of_each() {
  policies >"$work/policies"
  domains | awk '{ print $1, $3 }' | diff - "$work/policies"
}

# As Postfix looks them up: the value, nothing, or an error.
as_postfix_looks() {
  local name policy said status map=socketmap:unix:$work/tls-policy
  touch /etc/postfix/main.cf
  while read -r name _ policy _; do
    status=0
    said=$(postmap -q $name.net "$map:QUERY" 2>&1) || status=$?
    case $policy in
      none) [ -z "$said" ] && [ $status = 1 ] ;;
      temporary) grep -q 'temporary error' <<<"$said" ;;
      secure) grep -q '^secure match=[^ ]* servername=hostname$' <<<"$said" ;;
      *) [ "$said" = "$policy" ] ;;
    esac || { echo "$name: $policy, postmap says ($status): $said"; return 1; }
  done < <(domains)
  # Not next hops: a parent domain, an address. A host in brackets has its own records.
  for name in .usable.net '[198.18.25.11]' '[mx.absent.net]'; do [ -z "$(postmap -q "$name" "$map:QUERY" 2>&1)" ]; done
  [ "$(postmap -q '[mx.usable.net]' "$map:QUERY")" = dane-only ]
  has 'policy_type=sts policy_domain=enforce.net mx_host_pattern=mx.enforce.net { policy_string = version: STSv1 }' \
    postmap -q enforce.net "$map:QUERYwithTLSRPT"
  has '^660 root postfix$' stat -c '%a %U %G' "$work/tls-policy"
}

# in_debian ROOT COMMAND...: runs a command of the Debian below this directory; of this one, if it is empty.
in_debian() {
  local root=$1
  shift
  if [ -n "$root" ]; then chroot "$root" "$@"; else "$@"; fi
}

# ends_of_mails LOG MAP [ROOT]: sends a mail to each domain by the Postfix of this Debian, with an empty cache, and prints how it ends.
ends_of_mails() {
  local name log=$1 root=${3-}
  printf 'nameserver 127.0.0.1\noptions edns0 trust-ad\n' >"$root/etc/resolv.conf"
  sed -E 's/^(([^#[:space:]]+[[:space:]]+){4})y/\1n/' "$root/usr/share/postfix/master.cf.dist" >"$root/etc/postfix/master.cf"
  cat >"$root/etc/postfix/main.cf" <<EOF
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
smtp_tls_CAfile = $sts/ca.pem
smtp_tls_loglevel = 1
smtp_tls_policy_maps = socketmap:$2
EOF
  in_debian "$root" postfix start >&2
  forget
  for name in $(names); do printf 'Subject: a test\n\nHello.\n' | in_debian "$root" sendmail -f someone@domain.example "someone@$name.net"; done
  for name in $(names); do soon grep -q "to=<someone@$name.net>.*status=" "$log"; done
  in_debian "$root" postsuper -d ALL >&2
  in_debian "$root" postfix stop >&2
  cat "$log" >&2
  for name in $(names); do
    echo "$name $(sed -nE "s/.*to=<someone@$name.net>.*status=([a-z]+).*/\1/p" "$log" | tail -n 1)"
  done
}

mail_of_each() {
  ends_of_mails "$work/policy-mail.log" "unix:$work/tls-policy:QUERY" >"$work/ends"
  printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
  domains | awk '{ print $1, $4 }' | diff - "$work/ends"
  # The certificates of the hosts are verified where the policy says so.
  for name in usable authority alias halfalias both bothpartly enforce pattern; do
    grep -q "Verified TLS connection established to .*\.$name\.net\[" "$work/policy-mail.log"
  done
}

# Postfix 3.10 knows reports about TLS. It runs in a Debian 13 of its own, and asks over a loopback address.
mail_of_each_by_next_debian() {
  local root=$work/debian-13
  mkdir -p "$root"
  mount --bind "$NEXT_DEBIAN" "$root"
  mount --bind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  mkdir -p "$root$work"
  mount --bind "$work" "$root$work"
  has '^mail_version = 3\.1[0-9]' chroot "$root" postconf mail_version
  ends_of_mails "$work/next-mail.log" inet:127.0.0.1:8461:QUERYwithTLSRPT "$root" >"$work/next-ends"
  domains | awk '{ print $1, $4 }' | diff - "$work/next-ends"
  for name in usable halfalias both bothpartly enforce pattern; do
    grep -q "Verified TLS connection established to .*\.$name\.net\[" "$work/next-mail.log"
  done
  hasnt 'warning: .*(invalid|bad|unknown|syntax|attribute)' cat "$work/next-mail.log"
}

# The first mail to a domain costs one fetch, and a restart does not lose the policy, even if its host is gone.
kept_over_restart() {
  local fetched
  fetched=$(grep -c 'GET /.well-known' "$work/policy-host.log")
  ctl tls-policy enforce.net
  [ "$(grep -c 'GET /.well-known' "$work/policy-host.log")" = "$fetched" ]
  soon grep -q enforce.net "$work/policy-state/tls_policies.json"
  has '^600$' stat -c %a "$work/policy-state/tls_policies.json"
  end policy-host
  serving_policies
  has '^enforce.net: secure' ctl tls-policy enforce.net
  has 'MTA-STS: mode enforce, until' ctl tls-policy enforce.net
}

shown() {
  # Sent ahead with the MX, and used by the verdict.
  has '^MTA-STS record .* [1-9][0-9]* +[1-9][0-9]* ' ctl lookahead
  has '^resolverd_tls_policies_total\{policy="dane-only"\} [1-9]' curl -s http://127.0.0.1:9453/metrics
  has '^spoilt.net: temporary' ctl tls-policy spoilt.net
  has 'mx.spoilt.net: TLSA: bogus: ' ctl tls-policy spoilt.net
  has 'mx.dropped.net: TLSA: no answer: ' ctl tls-policy dropped.net
  for name in spoilt wrong untrusted; do
    judged "$work/policy-mail.log" "to=<someone@$name.net>.*status=deferred" "TLS policy of $name.net: "
  done
}

# A policy from memory, asked over one connection, as smtp(8) does.
from_memory() {
  /usr/bin/python3 - "$work/tls-policy" <<'END'
import socket, statistics, sys, time

client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
for name in ("usable.net", "enforce.net", "unsigned.net"):
    request = f"QUERY {name}".encode()
    request = b"%d:%s," % (len(request), request)
    times = []
    for _ in range(2000):
        began = time.perf_counter()
        client.sendall(request)
        client.recv(4096)
        times.append(time.perf_counter() - began)
    print(f"figure: {name}: median {statistics.median(times) * 1e6:.0f} us, with the client")
    assert statistics.median(times[100:]) < 0.0002, name
END
}

check "tls_policy: domains with DANE and MTA-STS, signed" raise_domains
serving_policies
check "tls_policy: the policy of each domain" policy_of_each
check "tls_policy: as Postfix looks them up" as_postfix_looks
check "tls_policy: mails of Postfix 3.7 end as the policies say" mail_of_each
check "tls_policy: metrics, reasons and why" shown
check "tls_policy: a policy from memory takes at most 0.2 ms" from_memory
serving_policies 127.0.0.1:8461
check "tls_policy: mails of Postfix 3.10 end as the policies say" mail_of_each_by_next_debian
serving_policies
check "tls_policy: policies outlast a restart and their host" kept_over_restart
for program in policy-root policy-net policy-domains dropping silence good other lone plain; do end $program; done
restart

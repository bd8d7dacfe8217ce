# A signed internet beside the other one: a root and zones signed by ldns-signzone on NSD, and by BIND's dnssec-policy on
# BIND. The result of resolverd for each answer must be that of BIND, Unbound and delv. Sourced by `run`.

. "$here/signing.sh"
. "$here/dane.sh"

# zone_of NAME SERVER: the text of a zone whose server is there.
zone_of() {
  cat <<EOF
\$ORIGIN $1.
\$TTL 3600
@    SOA ns hostmaster 1 1800 900 604800 900
@    NS  ns
ns   A   $2
@    MX  10 www
www  A   198.18.77.5
txt  TXT "some text" "in two strings"
_25._tcp.www TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
*.wild A 198.18.77.30
host.wild TXT "not from the wildcard"
a.b.ent TXT "below two empty names"
plainly CNAME www.plain.net.
safely  CNAME www.rsa.net.
nowhere CNAME nothing.ed.net.
tree    DNAME nsec.net.
EOF
}

sign_net() {
  local zone names="nsec rsa rsa512 p384 ed sha1 iterations expired mismatch nokeys spoilt plain"
  for zone in $names; do zone_of "$zone.net" 198.18.0.81 >"$signed/$zone.net"; done
  by_ldns nsec.net ECDSAP256SHA256
  by_ldns rsa.net RSASHA256 -n -t 5 -s beef
  by_ldns rsa512.net RSASHA512
  by_ldns p384.net ECDSAP384SHA384 -n
  by_ldns ed.net ED25519 -n -p
  by_ldns sha1.net RSASHA1
  by_ldns iterations.net ECDSAP256SHA256 -n -t 200
  by_ldns expired.net ECDSAP256SHA256 -i 20200101 -e 20200201
  by_ldns mismatch.net ECDSAP256SHA256
  ds "$(key mismatch.net ECDSAP256SHA256 -k)" >"$signed/mismatch.net.ds"
  cp "$signed/nokeys.net" "$signed/nokeys.net.zone"
  ds "$(key nokeys.net ECDSAP256SHA256 -k)" >"$signed/nokeys.net.ds"
  by_ldns spoilt.net ECDSAP256SHA256
  sed -i '/^www.*[[:space:]]A[[:space:]]/s/198\.18\.77\.5/198.18.77.6/' "$signed/spoilt.net.zone"
  cp "$signed/plain.net" "$signed/plain.net.zone"
  sign_danes
  names+=" right twice wrong absent unsigned bogus"
  {
    zone_of net 198.18.0.81
    for zone in $names; do printf '%s NS ns.%s\nns.%s A 198.18.0.81\n' "$zone" "$zone" "$zone"; done
    cat "$signed"/*.net.ds
  } >"$signed/net"
  by_ldns net RSASHA256 -n -p
}

# Keys are made first, because the DS must be in zones that are signed only once.
sign_org() {
  local zone
  mkdir -p "$signed/bind"
  cat >"$signed/policies.conf" <<EOF
dnssec-policy "single" { keys { csk lifetime unlimited algorithm ecdsap256sha256; }; };
dnssec-policy "hashed" {
  keys { ksk lifetime unlimited algorithm rsasha256; zsk lifetime unlimited algorithm rsasha256; };
  nsec3param iterations 0 optout no salt-length 0;
};
EOF
  {
    cat "$signed/policies.conf"
    cat <<EOF
options {
  directory "$signed/bind"; key-directory "$signed/bind"; pid-file none; session-keyfile none;
  listen-on { 198.18.0.82; }; listen-on-v6 { none; }; recursion no; allow-query { any; };
};
controls { };
EOF
    for zone in org secure.org hashed.org plain.org; do
      printf 'zone "%s" { type primary; file "%s";' $zone "$signed/bind/$zone"
      case $zone in
        plain.org) ;;
        hashed.org) printf ' dnssec-policy hashed; inline-signing yes;' ;;
        *) printf ' dnssec-policy single; inline-signing yes;' ;;
      esac
      printf ' };\n'
    done
  } >"$signed/signer.conf"
  for zone in secure.org plain.org hashed.org; do zone_of $zone 198.18.0.82 >"$signed/bind/$zone"; done
  (
    cd "$signed/bind"
    dnssec-keygen -q -k single -l "$signed/policies.conf" org
    dnssec-keygen -q -k single -l "$signed/policies.conf" secure.org
    dnssec-keygen -q -k hashed -l "$signed/policies.conf" hashed.org
    for zone in org secure.org hashed.org; do
      dnssec-dsfromkey -2 $(grep -l ' 257 ' K$zone.*.key) >"$signed/$zone.ds"
    done
    {
      zone_of org 198.18.0.82
      for zone in secure hashed plain; do printf '%s NS ns.%s\nns.%s A 198.18.0.82\n' $zone $zone $zone; done
      cat "$signed/secure.org.ds" "$signed/hashed.org.ds"
    } >org
  )
  begin signer internet named -g -c "$signed/signer.conf"
}

sign_root() {
  cat >"$signed/root" <<EOF
\$TTL 86400
.    SOA a-root. hostmaster. 1 1800 900 604800 86400
.    NS  a-root.
a-root. A 198.18.0.80
net. NS  ns.net.
ns.net. A 198.18.0.81
org. NS  ns.org.
ns.org. A 198.18.0.82
EOF
  cat "$signed/net.ds" "$signed/org.ds" >>"$signed/root"
  by_ldns . ECDSAP256SHA256
  printf '. 3600000 NS a-root.\na-root. 3600000 A 198.18.0.80\n' >"$signed/root.hints"
}

# The other validators: BIND and Unbound as resolvers.
raise_judges() {
  local anchor
  anchor=$(sed -nE 's/.*DNSKEY[[:space:]]+(257 3 13) ([^;]*).*/\1 "\2"/p' "$signed/root.key")
  printf 'trust-anchors { . static-key %s; };\n' "$anchor" >"$signed/bind.keys"
  cat - "$signed/bind.keys" >"$signed/judge.conf" <<EOF
options {
  directory "$signed"; pid-file none; session-keyfile none; listen-on { 198.18.0.83; }; listen-on-v6 { none; };
  recursion yes; allow-query { any; }; allow-recursion { any; }; dnssec-validation yes; empty-zones-enable no;
  query-source address 198.18.0.83;
  qname-minimization off;
};
controls { };
zone "." { type hint; file "$signed/root.hints"; };
EOF
  cat >"$signed/unbound.conf" <<EOF
server:
  directory: "$signed"
  username: ""
  chroot: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  module-config: "validator iterator"
  trust-anchor-file: "$signed/root.key"
  root-hints: "$signed/root.hints"
  interface: 198.18.0.84
  outgoing-interface: 198.18.0.84
  access-control: 198.18.0.0/16 allow
remote-control:
  control-enable: no
EOF
  begin judge internet named -g -c "$signed/judge.conf"
  begin judging internet unbound -d -c "$signed/unbound.conf"
}

raise_signed() {
  local address zone
  mkdir -p "$signed"
  for address in 80 81 82 83 84; do internet ip address add 198.18.0.$address/16 dev peer; done
  sign_net
  sign_org
  sign_root
  cp "$signed"/*.zone "$work/zones/"
  serve signed-root 198.18.0.80 .
  serve signed-net 198.18.0.81 "net nsec.net rsa.net rsa512.net p384.net ed.net sha1.net iterations.net expired.net \
    mismatch.net nokeys.net spoilt.net plain.net right.net twice.net wrong.net absent.net unsigned.net bogus.net"
  raise_judges
  soon has 'RRSIG.*SOA' dig @198.18.0.80 +dnssec . SOA
  soon has 'RRSIG.*SOA' dig @198.18.0.81 +dnssec net SOA
  for zone in org secure.org hashed.org; do soon has 'RRSIG.*SOA' dig @198.18.0.82 +dnssec $zone SOA; done
  soon has 'NSEC3PARAM.*1 0 0' dig @198.18.0.82 hashed.org NSEC3PARAM
  soon has 'flags:.* ad' dig @198.18.0.83 +tries=1 +dnssec www.secure.org A
  soon has 'flags:.* ad' dig @198.18.0.84 +tries=1 +dnssec www.secure.org A
}

# The answer's RCODE, and ad if it is set.
verdict() {
  dig @"$1" +tries=1 +timeout=15 +dnssec "$2" "$3" |
    sed -nE 's/.*status: ([A-Z]+),.*/\1/p; s/^;; flags:.* ad[; ].*/ad/p' | tr '\n' ' '
}

# The result of delv, which queries resolverd with CD and validates itself, in the same words.
by_delv() {
  local said rcode=NOERROR
  said=$(delv @127.0.0.1 -a "$signed/bind.keys" +root "$1" "$2" 2>&1)
  case $said in
    *'ncache nxdomain'*) rcode=NXDOMAIN ;;
    *'ncache nxrrset'*) ;;
    *'resolution failed'*) rcode=SERVFAIL ;;
  esac
  case $said in
    *'unsigned answer'* | *'negative response, unsigned'*) echo "$rcode " ;;
    *'fully validated'*) echo "$rcode ad " ;;
    *) echo "$rcode " ;;
  esac
}

questions() {
  local zone
  for zone in "$@"; do
    sed "s/@/$zone/" <<'NAMES'
@ SOA
@ NS
@ MX
@ DNSKEY
@ DS
@ TXT
www.@ A
www.@ TXT
txt.@ TXT
nothing.@ A
deep.nothing.@ A
_25._tcp.www.@ TLSA
_25._tcp.nothing.@ TLSA
_25._tcp.txt.@ TLSA
one.wild.@ A
far.away.wild.@ A
one.wild.@ TXT
host.wild.@ TXT
host.wild.@ A
ent.@ A
b.ent.@ TXT
plainly.@ A
safely.@ A
nowhere.@ A
www.tree.@ A
nothing.tree.@ A
NAMES
  done
}

# opted_out NAME TYPE: whether a span with opt-out proves our answer.
opted_out() {
  dig @127.0.0.1 +dnssec +noall +authority "$1" "$2" | grep -qE 'NSEC3[[:space:]]+1 1 '
}

# agree ZONE...: every query for these zones has the same result with all four, and once more from memory.
agree() {
  local name type ours again bind unbound delv asked=0 differing=0
  while read -r name type; do
    ours=$(verdict 127.0.0.1 "$name" "$type")
    again=$(verdict 127.0.0.1 "$name" "$type")
    bind=$(verdict 198.18.0.83 "$name" "$type")
    unbound=$(verdict 198.18.0.84 "$name" "$type")
    delv=$(by_delv "$name" "$type")
    asked=$((asked + 1))
    # delv calls a denial validated that an opt-out span covers; nobody sets AD for it (RFC 5155 section 9.2).
    if [ "$ours" != "$again" ] || [ "$ours" != "$bind" ] || [ "$ours" != "$unbound" ] ||
      { [ "$ours" != "$delv" ] && ! { [ "${ours}ad " = "$delv" ] && opted_out "$name" "$type"; }; }; then
      echo "$name $type: $ours, from memory $again, BIND $bind, Unbound $unbound, delv $delv"
      differing=$((differing + 1))
    fi
  done < <(questions "$@")
  echo "figure: $asked questions, $differing answered otherwise"
  [ $differing -eq 0 ]
}

# same_proofs NAME TYPE SERVER: with DO, the records of answer and authority section are those of the server, but for the
# NS that it adds.
same_proofs() {
  local ours theirs
  theirs=$(dig @"$3" +norec +dnssec +noall +answer +authority "$1" "$2" | without_ttl)
  ours=$(dig @127.0.0.1 +dnssec +noall +answer +authority "$1" "$2" | without_ttl)
  printf 'server:\n%s\nresolver:\n%s\n' "$theirs" "$ours"
  [ -n "$ours" ] && [ "$ours" = "$theirs" ]
}

without_ttl() { sed -E 's/[[:space:]]+[0-9]+[[:space:]]+/ /; /IN[[:space:]]+(RRSIG[[:space:]]+)?NS[[:space:]]/d' | sort; }

with_do() {
  same_proofs www.nsec.net A 198.18.0.81
  same_proofs one.wild.nsec.net A 198.18.0.81
  same_proofs nothing.nsec.net A 198.18.0.81
  same_proofs nothing.rsa.net A 198.18.0.81
  same_proofs www.rsa.net TXT 198.18.0.81
  same_proofs nothing.hashed.org A 198.18.0.82
  hasnt 'RRSIG|NSEC' dig @127.0.0.1 +noall +answer +authority nothing.nsec.net A
  hasnt 'RRSIG|NSEC' dig @127.0.0.1 +noall +answer +authority www.nsec.net A
}

flags() {
  has 'flags: qr rd ra ad' dig @127.0.0.1 +adflag www.nsec.net A
  has 'flags: qr rd ra ad' dig @127.0.0.1 +noadflag +dnssec www.nsec.net A
  has 'flags: qr rd ra;' dig @127.0.0.1 +noadflag www.nsec.net A
  has 'status: SERVFAIL' dig @127.0.0.1 +dnssec www.expired.net A
  has 'status: NOERROR' dig @127.0.0.1 +dnssec +cdflag www.expired.net A
  hasnt 'flags:.* ad' dig @127.0.0.1 +dnssec +cdflag www.expired.net A
  # A client without validation has not changed the answer for others.
  has 'status: SERVFAIL' dig @127.0.0.1 +dnssec www.expired.net A
}

reasons() {
  has 'EDE: 7 ' dig @127.0.0.1 www.expired.net A
  has 'EDE: (9|6) ' dig @127.0.0.1 www.mismatch.net A
  has 'EDE: (9|10) ' dig @127.0.0.1 www.nokeys.net A
  has 'EDE: 6 ' dig @127.0.0.1 www.spoilt.net A
}

# The queries of Postfix before delivery with DANE: missing names must not defer mail.
for_mail() {
  has 'NXDOMAIN' dig @127.0.0.1 +adflag _25._tcp.nothing.hashed.org TLSA
  has 'flags: qr rd ra ad' dig @127.0.0.1 +adflag _25._tcp.nothing.hashed.org TLSA
  has 'flags: qr rd ra ad' dig @127.0.0.1 +adflag _25._tcp.www.secure.org TLSA
  has 'status: SERVFAIL' dig @127.0.0.1 +adflag _25._tcp.www.expired.net TLSA
}

# The same keys as ldns, BIND and a zone file with parentheses write them.
spellings() {
  {
    printf '; the root\n. 3600 IN DS ('
    sed -E 's/.*DS //; s/ ([0-9A-F]{32})/\n   \1 ; half\n   /' "$signed/root.ds" | head -c -1
    printf ' )\n'
  } >"$signed/parentheses"
  local file
  for file in root.key root.ds bind.keys parentheses; do
    believing "$signed/$file"
    has 'flags:.* ad' dig @127.0.0.1 +dnssec www.nsec.net A || { cat "$signed/$file"; return 1; }
  done
}

sha1() {
  has 'status: NOERROR' dig @127.0.0.1 +dnssec www.sha1.net A
  hasnt 'flags:.* ad' dig @127.0.0.1 +dnssec www.sha1.net A
  believing "$signed/root.key" 'sha1 = true'
  has 'flags:.* ad' dig @127.0.0.1 +dnssec www.sha1.net A
}

# to_root SOURCE: the number of queries from SOURCE to the signed root that tcpdump has seen.
to_root() { tcpdump -n -r "$work/root.pcap" "udp and src host $1 and dst host 198.18.0.80" 2>/dev/null | wc -l; }

# Names that senders make up, below top-level domains that do not exist: what the first denials prove costs no further query.
made_up() {
  local server number tld ours
  believing "$signed/root.key"
  begin tcpdump internet tcpdump -i any -w "$work/root.pcap" -U "udp and dst host 198.18.0.80"
  soon grep -q listening "$work/tcpdump.log"
  for server in 127.0.0.1 198.18.0.83 198.18.0.84; do
    for number in {1..14}; do
      for tld in lan corp localdomain; do has NXDOMAIN dig @$server +tries=1 +timeout=5 host$number.$tld A >/dev/null; done
    done
  done
  has 'flags:.* ad' dig @127.0.0.1 +dnssec nothing.lan A
  has 'NSEC' dig @127.0.0.1 +dnssec nothing.lan A
  end tcpdump
  ours=$(to_root 198.18.100.25)
  echo "figure: queries to the root for 42 names: $ours, BIND $(to_root 198.18.0.83), Unbound $(to_root 198.18.0.84)"
  at_most 8 "$ours" "queries to the root"
}

check "dnssec: ldns-signzone and BIND sign a root and their zones" raise_signed
check "dnssec: trust anchors as ldns, BIND and zone files have them" spellings
believing "$signed/root.key"
check "dnssec: zones of ldns-signzone, as BIND, Unbound and delv see them" agree nsec.net rsa.net rsa512.net p384.net ed.net
check "dnssec: opt-out and insecure zones" agree net plain.net iterations.net
check "dnssec: zones of BIND's dnssec-policy" agree org secure.org hashed.org plain.org
check "dnssec: broken zones" agree expired.net mismatch.net nokeys.net spoilt.net
check "dnssec: with DO, what the servers say" with_do
check "dnssec: AD, DO and CD" flags
check "dnssec: broken zones say why" reasons
check "dnssec: what DANE needs" for_mail
check "dnssec: names below domains that do not exist cost few queries" made_up
check "dnssec: mails of Postfix with DANE end as with Unbound" postfix_with_dane
check "dnssec: SHA-1 counts only where that is wanted" sha1
believing "$signed/root.key"
. "$here/resolved.sh"
for program in signed-root signed-net signer judge judging; do end $program; done
restart

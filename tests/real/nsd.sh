# A whole internet on NSD, asked through the resolver by dig, host and nslookup. Sourced by `run`.

# The same as the answer of its server: the header's RCODE, and the records of the answer without their TTLs.
same() {
  local name=$1 type=$2 server=${3:-198.18.0.20} ours theirs
  theirs=$(dig @"$server" +norec +tcp +noall +comments +answer "$name" "$type")
  ours=$(dig @127.0.0.1 +noall +comments +answer "$name" "$type")
  printf 'server:\n%s\nresolver:\n%s\n' "$theirs" "$ours"
  [ "$(records <<<"$ours")" = "$(records <<<"$theirs")" ]
  grep -q 'status: NOERROR' <<<"$ours"
  [ -n "$(grep -v '^;' <<<"$ours")" ]
}

records() { sed -nE 's/.*status: ([A-Z]+).*/\1/p; /^;|^$/d; s/^([^[:space:]]+)[[:space:]]+[0-9]+/\1/p' | sort; }

of_one_zone() {
  local name type
  while read -r name type; do same "$name" "$type" || return 1; done <<'NAMES'
domain.example. SOA
domain.example. NS
domain.example. A
domain.example. AAAA
domain.example. MX
domain.example. TXT
domain.example. CAA
_25._tcp.mx.domain.example. TLSA
_submission._tcp.domain.example. SRV
_imap._tcp.domain.example. SRV
naptr.domain.example. NAPTR
ssh.domain.example. SSHFP
host.domain.example. HINFO
loc.domain.example. LOC
sel._domainkey.domain.example. TXT
_dmarc.domain.example. TXT
alias.domain.example. A
alias.domain.example. CNAME
chain.domain.example. AAAA
any.thing.wild.domain.example. A
other.wild.domain.example. TXT
third.wild.domain.example. MX
NAMES
}

# Twice: the second answer comes from the cache and must be the same.
check "nsd: every type is what the server says" of_one_zone
check "nsd: and from the cache" of_one_zone

odd() {
  same unknown.domain.example. TYPE65280
  has '\\# 6 00FF10203040|\\# 6 00ff10203040' dig @127.0.0.1 unknown.domain.example TYPE65280
  same 'dotted\.label.domain.example.' A
  same 'with\032space.domain.example.' A
  same '\000\001\255octets.domain.example.' A
  same 'semi\;colon\"quote.domain.example.' A
  same _under_score.domain.example. A
  same 'at\@sign.domain.example.' TXT
}
check "nsd: unknown types and escaped labels" odd

spelling() {
  has '^mIxEd\.doMain\.eXample\.' dig @127.0.0.1 +noall +answer mIxEd.doMain.eXample A
  has '^MIXED\.domain\.example\.' dig @127.0.0.1 +noall +answer MIXED.domain.example A
}
check "nsd: the client's own spelling comes back" spelling

longest_name() {
  local a b c d zone=domain.example.
  a=$(printf 'a%.0s' {1..63}) b=$(printf 'b%.0s' {1..63}) c=$(printf 'c%.0s' {1..63}) d=$(printf 'd%.0s' {1..46})
  same "$a.$b.$c.$d.$zone" A
  # As many labels as fit: 119 of one octet below the zone.
  has 'status: NXDOMAIN' dig @127.0.0.1 "$(printf 'x.%.0s' {1..119})$zone" A
}
check "nsd: names of 255 octets" longest_name

across() {
  has 'www\.other\.com\..*A.*198\.18\.77\.1$' dig @127.0.0.1 +noall +answer www.tree.domain.example A
  has 'tree\.domain\.example\..*DNAME.*other\.com\.' dig @127.0.0.1 +noall +answer www.tree.domain.example A
  has 'www\.tree\.domain\.example\..*CNAME.*www\.other\.com\.' dig @127.0.0.1 +noall +answer www.tree.domain.example AAAA
  has 'target\.domain\.example\..*198\.18\.77\.20' dig @127.0.0.1 +noall +answer away.domain.example A
  has 'target\.domain\.example\..*2001:2::77:20' dig @127.0.0.1 +noall +answer away.domain.example AAAA
  has 'status: NXDOMAIN' dig @127.0.0.1 dangling.domain.example A
  has 'dangling\.domain\.example\..*CNAME' dig @127.0.0.1 dangling.domain.example A
  has 'nothing\.tree\.domain\.example\..*CNAME.*nothing\.other\.com' dig @127.0.0.1 nothing.tree.domain.example A
  has 'status: SERVFAIL|loop2\.domain\.example\..*CNAME' dig @127.0.0.1 loop.domain.example A
}
check "nsd: CNAME and DNAME across zones" across

negative() {
  local answer
  has 'status: NXDOMAIN' dig @127.0.0.1 nothing.domain.example A
  has '^domain\.example\..*[[:space:]]([12]?[0-9]{1,2}|300)[[:space:]]+IN[[:space:]]+SOA' dig @127.0.0.1 +noall +authority nothing.domain.example A
  has 'status: NOERROR' dig @127.0.0.1 mx.domain.example MX
  has 'ANSWER: 0, AUTHORITY: 1' dig @127.0.0.1 mx.domain.example MX
  has '^domain\.example\..*SOA' dig @127.0.0.1 +noall +authority mx.domain.example MX
  # An empty non-terminal exists.
  has 'status: NOERROR' dig @127.0.0.1 empty.domain.example A
  has 'status: NXDOMAIN' dig @127.0.0.1 nothing-at-all A
  has '^\..*SOA' dig @127.0.0.1 +noall +authority nothing-at-all A
}
check "nsd: what does not exist, with its SOA" negative

reverse() {
  has 'client\.sender\.example\.' dig @127.0.0.1 +short -x 198.18.77.77
  has 'host130\.sender\.example\.' dig @127.0.0.1 +short -x 198.18.77.130
  has 'client\.sender\.example\.' dig @127.0.0.1 +short -x 2001:2::77:77
  has 'ANSWER: 2' dig @127.0.0.1 -x 198.18.77.2
  has 'status: NXDOMAIN' dig @127.0.0.1 -x 198.18.77.250
}
check "nsd: reverse names, IPv4, IPv6 and classless" reverse

sizes() {
  same long.domain.example. TXT
  same longest.domain.example. TXT
  has 'flags:[^;]* tc[ ;]' dig @127.0.0.1 +ignore long.domain.example TXT
  has 'SERVER:.*\(TCP\)' dig @127.0.0.1 long.domain.example TXT
  has 'flags:[^;]* tc[ ;]' dig @127.0.0.1 +ignore +noedns many.partner.example MX
  hasnt 'flags:[^;]* tc[ ;]' dig @127.0.0.1 +ignore +bufsize=1232 many.partner.example MX
  same many.partner.example. MX
  has 'ANSWER: 12' dig @127.0.0.1 +noedns many.partner.example MX
  has 'ANSWER: 12' dig @127.0.0.1 +tcp many.partner.example MX
}
check "nsd: long answers over TCP" sizes

headers() {
  has 'flags: qr rd ra;' dig @127.0.0.1 domain.example A
  hasnt 'OPT PSEUDOSECTION' dig @127.0.0.1 +noedns domain.example A
  has 'EDNS: version: 0' dig @127.0.0.1 domain.example A
  has 'status: BADVERS' dig @127.0.0.1 +edns=1 +noednsnegotiation domain.example A
  has 'status: NOTIMP' dig @127.0.0.1 +opcode=status domain.example A
  hasnt 'status: (FORMERR|NOTIMP)' dig @127.0.0.1 +ednsopt=65001:abcd domain.example A
  has 'status: REFUSED' dig @127.0.0.1 CH version.bind TXT
  has 'status: NOERROR' dig @127.0.0.1 +subnet=198.18.7.0/24 domain.example A
  has 'ANSWER: [1-9]' dig @127.0.0.1 domain.example ANY
  hasnt 'SOA' dig @127.0.0.1 +noall +answer +tries=1 domain.example AXFR
  if [ -n "$ipv6" ]; then has 198.18.77.10 dig @::1 +short domain.example A; fi
}
check "nsd: headers, EDNS, ANY, AXFR and classes as dig sees them" headers

with_host() {
  has 'domain\.example has address 198\.18\.77\.10' host domain.example
  has 'domain\.example mail is handled by 10 mx\.domain\.example' host domain.example
  has 'mail is handled by 20' host -t MX domain.example 127.0.0.1
  has 'domain name pointer client\.sender\.example' host 198.18.77.77
  has 'not found: 3\(NXDOMAIN\)' host nothing.domain.example
  has 'has no MX record' host -t MX mx.domain.example
  has 'name server ns1\.domain\.example' host -t NS domain.example
  has 'domain\.example has SOA' host -T -t SOA domain.example
}
check "nsd: host" with_host

with_nslookup() {
  has 'Address: 198\.18\.77\.10' nslookup domain.example
  has 'Address: 2001:2::77:10' nslookup domain.example
  has 'mail exchanger = 10 mx\.domain\.example' nslookup -type=mx domain.example 127.0.0.1
  has 'name = client\.sender\.example' nslookup 198.18.77.77
  has "can't find nothing.domain.example: NXDOMAIN" nslookup nothing.domain.example
  has 'text = "v=spf1 mx -all"' nslookup -type=txt domain.example
  has 'ca\.example' nslookup -type=caa domain.example
}
check "nsd: nslookup" with_nslookup

lame() {
  local round
  for round in 1 2 3; do
    forget
    has '198\.18\.77\.3' dig @127.0.0.1 +short www.half.example A
  done
  has 'status: SERVFAIL' dig @127.0.0.1 +tries=1 www.lame.example A
  has 'EDE: (13|22|23).*REFUSED' dig @127.0.0.1 +tries=1 www.lame.example A
  has 'status: SERVFAIL' dig @127.0.0.1 +tries=1 +timeout=6 www.silent.example A
  has 'EDE: (13|22|23)' dig @127.0.0.1 +tries=1 +timeout=6 www.silent.example A
}
check "nsd: one lame server of two costs nothing, all of them SERVFAIL with a reason" lame

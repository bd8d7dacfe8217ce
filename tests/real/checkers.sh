# Zones with a fault each that was put in by hand, judged by `resolverctl check`, Zonemaster, DNSViz and delv: each checker must
# tell the same, but for the differences in the table below. Sourced by `doctor.sh`.

checked=$work/checked

# Name servers below hosts.net, with the end of their addresses in 198.18.0.0/16: `lame` is the server of `net`, `silent` never
# answers, and Unbound offers recursion at `open` and `notcp`.
checked_servers="ns1:92.1 ns2:93.1 lame:90.2 silent:94.1 open:95.1 notcp:96.1"

# The zones, `absent` is none.
checked_zones="sound plain lame silent single open notcp serial differ apart nsalias unnamed glue mxalias mxaddress mxgone nomx \
  nothing nullmx twofold sha1 digest expired mismatch nokeys spoilt nsaddress inner halfsigned absent"

# checked_zone NAME SERVERS [RECORDS]: the zone NAME.net with these servers, and its delegation.
checked_zone() {
  local server
  {
    printf '$ORIGIN %s.net.\n$TTL 3600\n@ SOA ns1.hosts.net. hostmaster.hosts.net. 2026010101 14400 3600 1209600 3600\n' "$1"
    for server in $2; do printf '@ NS %s.hosts.net.\n' "$server"; done
    printf '@ TXT "v=spf1 mx -all"\n_dmarc TXT "v=DMARC1; p=reject"\n%b\n' "${3-@ MX 10 mx.hosts.net.}"
  } >"$checked/$1.net"
  cp "$checked/$1.net" "$checked/$1.net.zone"
  for server in $2; do printf '%s NS %s.hosts.net.\n' "$1" "$server"; done >>"$checked/delegations"
}

checked_key() { (cd "$checked" && ldns-keygen -a "$2" -r /dev/urandom ${3-} "$1"); }

# checked_signed ZONE ALGORITHM DIGEST [OPTIONS]: signs a zone, from two days ago on; its DS joins those of its parent.
checked_signed() {
  local zone=$1 algorithm=$2 digest=$3 ksk zsk file=$checked/${1/#./root}
  shift 3
  ksk=$(checked_key "$zone" "$algorithm" -k)
  zsk=$(checked_key "$zone" "$algorithm")
  ldns-signzone -i "$(date -u -d '2 days ago' +%Y%m%d%H%M%S)" "$@" -o "$zone" -f "$file.zone" "$file" "$checked/$zsk" "$checked/$ksk"
  dnssec-dsfromkey "-$digest" "$checked/$ksk.key" >"$file.ds"
  cp "$checked/$ksk.key" "$file.key"
}

# Puts a DS of another key above a zone.
checked_stray_ds() { dnssec-dsfromkey -2 "$checked/$(checked_key "$1" ECDSAP256SHA256 -k).key" >"$checked/$1.ds"; }

checked_faults() {
  local zone
  for zone in sound plain serial sha1 digest expired mismatch nokeys spoilt halfsigned; do checked_zone $zone "ns1 ns2"; done
  for zone in lame silent open notcp inner; do checked_zone $zone "ns1 $zone"; done
  checked_zone single ns1
  checked_zone differ "ns1 ns2"
  sed -i 's/NS ns2/NS ns3/' "$checked/differ.net.zone"
  checked_zone apart "ns1 lame"
  sed -i 's/NS lame/NS ns2/' "$checked/apart.net.zone"
  checked_zone nsalias "ns1 alias"
  checked_zone unnamed "ns1 gone"
  # The address of its server is that of ns2, and the glue has that of ns1.
  checked_zone glue ns1
  printf 'glue NS ns.glue\nns.glue A 198.18.92.1\n' >>"$checked/delegations"
  printf '@ NS ns\nns A 198.18.93.1\n' >>"$checked/glue.net.zone"
  checked_zone mxalias "ns1 ns2" '@ MX 10 mxalias.hosts.net.'
  checked_zone mxaddress "ns1 ns2" '@ MX 10 198.18.92.25.'
  checked_zone mxgone "ns1 ns2" '@ MX 10 gone.hosts.net.'
  checked_zone nomx "ns1 ns2" '@ A 198.18.92.25'
  checked_zone nothing "ns1 ns2" 'www A 198.18.92.80'
  checked_zone nullmx "ns1 ns2" '@ MX 0 .'
  checked_zone twofold "ns1 ns2" '@ MX 0 .\n@ MX 10 mx.hosts.net.'
  # An address in the place of a name, beside two servers.
  checked_zone nsaddress "ns1 ns2" '@ MX 10 mx.hosts.net.\n@ NS 198.18.92.1.'
  for zone in sound mismatch spoilt halfsigned; do checked_signed $zone.net ECDSAP256SHA256 2; done
  checked_signed digest.net ECDSAP256SHA256 1
  checked_signed sha1.net RSASHA1 2
  checked_signed expired.net ECDSAP256SHA256 2 -i 20200101 -e 20200201
  checked_stray_ds mismatch.net
  checked_stray_ds nokeys.net
  sed -i '/^spoilt.net.*[[:space:]]MX[[:space:]]/s/10 mx\./11 mx./' "$checked/spoilt.net.zone"
}

# The zones of these tests, from the hosts up to the root.
checked_tree() {
  local pair last
  mkdir -p "$checked"
  printf 'hosts NS ns1.hosts\nhosts NS ns2.hosts\nns1.hosts A 198.18.92.1\nns2.hosts A 198.18.93.1\n' >"$checked/delegations"
  {
    printf '$ORIGIN hosts.net.\n$TTL 3600\n@ SOA ns1 hostmaster 1 14400 3600 1209600 3600\n@ NS ns1\n@ NS ns2\n'
    printf 'inner A 10.92.0.1\n@ MX 10 mx\nmx A 198.18.92.25\nalias CNAME ns2\nmxalias CNAME mx\n'
    for pair in $checked_servers; do printf '%s A 198.18.%s\n' "${pair%:*}" "${pair#*:}"; done
  } >"$checked/hosts.net.zone"
  checked_faults
  {
    printf '$ORIGIN net.\n$TTL 3600\n@ SOA ns hostmaster 1 14400 3600 1209600 3600\n@ NS ns\nns A 198.18.90.2\n'
    cat "$checked/delegations" "$checked"/*.net.ds
  } >"$checked/net"
  checked_signed net ECDSAP256SHA256 2
  {
    printf '$ORIGIN 18.198.in-addr.arpa.\n$TTL 3600\n@ SOA ns1.hosts.net. hostmaster.hosts.net. 1 14400 3600 1209600 3600\n'
    printf '@ NS ns1.hosts.net.\n@ NS ns2.hosts.net.\n25.92 PTR mx.hosts.net.\n'
    for pair in $checked_servers; do
      last=${pair#*:}
      printf '%s.%s PTR %s.hosts.net.\n' "${last#*.}" "${last%.*}" "${pair%:*}"
    done
  } >"$checked/18.198.in-addr.arpa.zone"
  {
    printf '$ORIGIN in-addr.arpa.\n$TTL 3600\n@ SOA ns.net. hostmaster.net. 1 14400 3600 1209600 3600\n@ NS ns.net.\n'
    printf '18.198 NS ns1.hosts.net.\n18.198 NS ns2.hosts.net.\n'
  } >"$checked/in-addr.arpa.zone"
  {
    printf '$TTL 86400\n. SOA a-root. hostmaster. 1 14400 3600 1209600 86400\n. NS a-root.\na-root. A 198.18.90.1\n'
    printf 'net. NS ns.net.\nns.net. A 198.18.90.2\nin-addr.arpa. NS ns.net.\n'
    cat "$checked/net.ds"
  } >"$checked/root"
  checked_signed . ECDSAP256SHA256 2
  printf '. 3600000 NS a-root.\na-root. 3600000 A 198.18.90.1\n' >"$checked/root.hints"
  printf 'trust-anchors { . static-key %s; };\n' \
    "$(sed -nE 's/.*DNSKEY[[:space:]]+(257 3 13) ([^;]*).*/\1 "\2"/p' "$checked/root.key")" >"$checked/bind.keys"
}

# recursing NAME ADDRESS TCP: an Unbound that serves NAME.net and offers recursion.
recursing() {
  {
    unbound_server | grep -v root-hints
    printf '  interface: %s\n  access-control: 198.18.0.0/16 allow\n  do-tcp: %s\n' "$2" "$3"
    printf 'auth-zone:\n  name: %s.net\n  zonefile: %s/%s.net.zone\n' "$1" "$checked" "$1"
    printf 'remote-control:\n  control-enable: no\n'
  } >"$checked/$1.conf"
  begin "checked-$1" internet unbound -d -c "$checked/$1.conf"
}

raise_checked() {
  local address zones
  for address in 90.1 90.2 92.1 93.1 94.1 95.1 96.1; do internet ip address add 198.18.$address/16 dev peer; done
  checked_tree
  zones="$(cd "$checked" && ls -- *.net.zone | sed 's/\.zone$//' | tr '\n' ' ') 18.198.in-addr.arpa"
  serve checked-root 198.18.90.1 . "$checked"
  serve checked-net 198.18.90.2 "net in-addr.arpa" "$checked"
  serve checked-first 198.18.92.1 "$zones" "$checked"
  soon has NOERROR dig @198.18.92.1 serial.net SOA
  sed -i 's/2026010101/2026010100/' "$checked/serial.net.zone"
  # The second server has the zone without its keys and signatures.
  cp "$checked/halfsigned.net" "$checked/halfsigned.net.zone"
  serve checked-second 198.18.93.1 "$zones" "$checked"
  begin checked-silent internet /usr/bin/python3 "$here/faulty.py" 198.18.94.1 drop
  recursing open 198.18.95.1 yes
  recursing notcp 198.18.96.1 no
  soon has 'RRSIG.*SOA' dig @198.18.90.1 +dnssec . SOA
  soon has 'RRSIG.*SOA' dig @198.18.90.2 +dnssec net SOA
  soon has NOERROR dig @198.18.93.1 serial.net SOA
  soon has 'flags:.* aa' dig @198.18.95.1 open.net SOA
  soon has 'flags:.* aa' dig @198.18.96.1 notcp.net SOA
  soon grep -q serving "$work/checked-silent.log"
  end resolverd
  configure
  sed -i "s#^root_hints = .*#root_hints = \"$checked/root.hints\"#; s#^validate = false#trust_anchor = \"$checked/root.key\"#" \
    "$work/resolverd.toml"
  begin resolverd resolverd --config "$work/resolverd.toml"
  watched=resolverd soon ctl stats
}

# words: its lines, sorted, on one line.
words() { sort -u | tr '\n' ' '; }

# The output of resolverctl, whose exit code is that of the findings.
checked_lines() { resolverctl --socket "$work/control.sock" --json check "$1.net" --local || true; }

# The findings of resolverctl about the zone and its MX records. mx_without_ipv6: this internet has no IPv6.
ours() {
  checked_lines "$1" | sed -nE '/"level":"ok"|"mx_without_ipv6"/d; s/.*"topic":"(delegation|dnssec|mail)","code":"([a-z_]*)".*/\2/p' | words
}

# Its verdict about DNSSEC: one of three, or that the domain does not exist. A zone of which one server lacks keys or signatures validates.
our_verdict() {
  checked_lines "$1" | sed -nE 's/dnssec_no_effect/dnssec_unsigned/; s/ns_(without_keys|bogus)/dnssec_ok/; s/.*"code":"(dnssec_(ok|unsigned|bogus)|domain_missing)".*/\1/p' | words
}

# The messages of Zonemaster at the level NOTICE or above, as our codes; a message that this does not know is printed itself.
by_zonemaster() {
  zonemaster-cli --hints "$checked/root.hints" --no-ipv6 --raw --no-time --level NOTICE "$1.net" | awk '{ print $3 }' | sed -E '
    # These addresses are for tests, there is no IPv6, hosts.net has no apex address, and the PTR name of an alias is its target.
    /^(NAMESERVER_IP_PRIVATE_NETWORK|NO_IPV6_NS_(CHILD|DEL)|RNAME_MAIL_DOMAIN_INVALID|NAMESERVER_IP_PTR_MISMATCH)$/d
    # That a zone is not signed is no fault, and SHA-1 keys of this length are told by their algorithm.
    /^(NEITHER_DNSKEY_NOR_DS|NOT_SIGNED|DNSKEY_SMALLER_THAN_REC|DS01_DS_ALGO_2_MISSING)$/d
    # Consequences of a fault that has a message of its own.
    /^(NS_ERROR|SOA_NOT_EXISTS|SOA_SERIAL_VARIATION|NOT_ENOUGH_IPV4_NS_(CHILD|DEL)|MULTIPLE_NS_SET|EXTRA_ADDRESS_CHILD|CANNOT_CONTINUE)$/d
    /^(DS11_NS_WITH_(SIGNED|UNSIGNED)_ZONE|EXTRA_PROCESSING_BROKEN)$/d
    /^(DS02_NO_MATCHING_DNSKEY_RRSIG|DS02_DNSKEY_NOT_SIGNED_BY_ANY_DS|DS10_NSEC_RRSIG_VERIFY_ERROR|NO_RESPONSE_DNSKEY|DS02_NO_DNSKEY_FOR_DS)$/d
    s/^(CN01_MISSING_(SOA|NS)_RECORD_UDP|CN02_MISSING_(SOA|NS)_RECORD_TCP|IS_NOT_AUTHORITATIVE)$/ns_lame/
    s/^CN01_NO_RESPONSE_UDP$/ns_silent/
    s/^CN02_NO_RESPONSE_TCP$/ns_tcp/
    s/^NOT_ENOUGH_NS_(CHILD|DEL)$/ns_single/
    s/^IS_A_RECURSOR$/ns_recursive/
    s/^MULTIPLE_SOA_SERIALS$/serial_differs/
    s/^EXTRA_NAME_(PARENT|CHILD)$/ns_differ/
    s/^CAN_NOT_BE_RESOLVED$/ns_without_address/
    s/^NS_IS_CNAME$/ns_is_alias/
    s/^NAMESERVER_NUMERIC_TLD$/ns_is_address/
    s/^DS11_INCONSISTENT_SIGNED_ZONE$/ns_without_keys/
    s/^IN_BAILIWICK_ADDR_MISMATCH$/glue_differs/
    s/^MX_NUMERIC_TLD$/mx_is_address/
    s/^Z09_NULL_MX_WITH_OTHER_MX$/null_mx_beside_others/
    s/^Z09_MISSING_MAIL_TARGET$/no_mx/
    s/^ALGORITHM_NOT_RECOMMENDED$/dnssec_old_algorithm/
    s/^DS01_DS_ALGO_DEPRECATED$/ds_old_digest/
    s/^(DS02_NO_VALID_DNSKEY_FOR_ANY_DS|DS_BUT_NOT_DNSKEY|DS11_DS_BUT_UNSIGNED_ZONE)$/dnssec_bogus/
    s/^(DS02_RRSIG_NOT_VALID_BY_DNSKEY|RRSIG_EXPIRED|DS08_DNSKEY_RRSIG_EXPIRED|DS09_SOA_RRSIG_EXPIRED)$/dnssec_bogus/
    s/^NO_GLUE_PREVENTS_NAMESERVER_TESTS$/domain_missing/' | words
}

# The errors and warnings of DNSViz in all zones, a line for each: the zone, and our code.
by_dnsviz() {
  dnsviz probe -4 -A -R SOA,MX -x '.:a-root=198.18.90.1' -a . -o "$work/probe.json" $(printf '%s.net ' $checked_zones)
  dnsviz grok -r "$work/probe.json" -l warning -o "$work/grok.json"
  /usr/bin/python3 - "$work/grok.json" <<'PYTHON'
import json, sys

CODES = {
    "SERVER_NOT_AUTHORITATIVE": "ns_lame", "SERVER_UNRESPONSIVE_UDP": "ns_silent", "NO_ADDRESS_FOR_NS_NAME": "ns_without_address",
    "NS_NAME_PRIVATE_IP": "ns_private_address", "DNSKEY_MISSING_FROM_SERVERS": "ns_without_keys",
    "NS_NAME_NOT_IN_PARENT": "ns_differ", "NS_NAME_NOT_IN_CHILD": "ns_differ", "GLUE_MISMATCH": "glue_differs",
    "DIGEST_ALGORITHM_PROHIBITED": "ds_old_digest", "ALGORITHM_NOT_RECOMMENDED": "dnssec_old_algorithm",
    "NO_SEP": "dnssec_bogus", "MISSING_SEP_FOR_ALG": "dnssec_bogus", "EXPIRATION_IN_PAST": "dnssec_bogus",
    "SIGNATURE_INVALID": "dnssec_bogus", "MISSING_RRSIG": "dnssec_bogus", "MISSING_NSEC_FOR_NODATA": "dnssec_bogus",
}

def codes(part):
    if isinstance(part, dict):
        for level in ("errors", "warnings"):
            for fault in part.get(level, []):
                yield CODES.get(fault["code"], fault["code"])
        part = [value for key, value in part.items() if key not in ("errors", "warnings")]
    if isinstance(part, list):
        for value in part:
            yield from codes(value)

for zone, found in json.load(open(sys.argv[1])).items():
    for code in codes(found):
        print(zone.removesuffix(".net."), code)
PYTHON
}

# The worse result of delv, which validates the SOA and the MX of a zone itself, as our codes.
by_delv() {
  local kind said
  for kind in SOA MX; do
    said=$(delv @127.0.0.1 -a "$checked/bind.keys" +root "$1.net" $kind 2>&1) || true
    case $said in
      *'ncache nxdomain'*) echo domain_missing ;;
      *unsigned*) echo dnssec_unsigned ;;
      *'fully validated'*) echo dnssec_ok ;;
      *'resolution failed'*) echo dnssec_bogus ;;
      *) echo "$said" ;;
    esac
  done | sort -u | head -n 1
}

# The codes that only one side tells, each with the reason before it: CHECKER ZONE SIDE CODE.
checked_differences() {
  grep -v '^#' <<'EOF' | sort
# The fault of a server that only the zone above or only the zone names is the evidence of the difference.
zonemaster apart theirs ns_lame
dnsviz apart theirs ns_lame
zonemaster differ theirs ns_without_address
dnsviz differ theirs ns_without_address
# A server that answers neither over UDP nor over TCP has one finding of ours.
zonemaster silent theirs ns_tcp
# Unbound sets RA only in answers to queries with RD, which resolverctl sends to servers of zones over TCP alone.
zonemaster notcp theirs ns_recursive
# One of the two names of servers has no address, so one address serves the zone.
zonemaster unnamed ours ns_single
dnsviz unnamed ours ns_single
# A note of ours: the zone is signed, but resolverd and others without SHA-1 take it for unsigned.
zonemaster sha1 ours dnssec_no_effect
dnsviz sha1 ours dnssec_no_effect
# Zonemaster looks up MX records, but no mail host.
zonemaster mxalias ours mx_is_cname
zonemaster mxgone ours mx_without_address
zonemaster nothing ours mail_nowhere
zonemaster nothing theirs no_mx
# A null MX is a note of ours; it is no fault.
# Zonemaster validates SOA, DNSKEY and NSEC records, but no MX records.
zonemaster spoilt ours dnssec_bogus
# Both also look up the address in the NS record as if it were a name, and find none.
zonemaster nsaddress theirs ns_without_address
dnsviz nsaddress ours ns_is_address
dnsviz nsaddress theirs ns_without_address
# Zonemaster calls all addresses of these tests private, which is left out above, and sends queries there. resolverd sends none to
# private addresses, so it does not know whether the server answers. Nobody has PTR records of this network here.
zonemaster inner ours ns_private_address
zonemaster inner theirs ns_silent
zonemaster inner theirs ns_tcp
zonemaster inner theirs NAMESERVER_IP_WITHOUT_REVERSE
# DNSViz also calls each answer without a signature a fault, and the zone is not bogus: resolvers ask the other server.
dnsviz halfsigned theirs dnssec_bogus
# Beside that the zone is bogus, resolverctl says when the signatures ended.
zonemaster expired ours signature_expired
dnsviz expired ours signature_expired
# DNSViz looks at DNSSEC, at each server over UDP, and at the sets of servers. It does not judge serials, the number of servers,
# aliases of servers, recursion or MX records, needs no TCP here, and does not report a domain that does not exist.
dnsviz single ours ns_single
dnsviz open ours ns_recursive
dnsviz notcp ours ns_tcp
dnsviz serial ours serial_differs
dnsviz nsalias ours ns_is_alias
dnsviz mxalias ours mx_is_cname
dnsviz mxaddress ours mx_is_address
dnsviz mxgone ours mx_without_address
dnsviz nomx ours no_mx
dnsviz nothing ours mail_nowhere
dnsviz twofold ours null_mx_beside_others
dnsviz absent ours domain_missing
# delv of BIND 9.18 validates RSASHA1. resolverd takes zones with SHA-1 alone for unsigned, as RFC 9905 allows and as RHEL 9 does.
delv sha1 ours dnssec_unsigned
delv sha1 theirs dnssec_ok
EOF
}

# differences CHECKER ZONE OURS THEIRS: the codes that only one side tells, in the form of the table. Both are words.
differences() {
  comm -3 --output-delimiter=: <(tr ' ' '\n' <<<"$3" | sort -u) <(tr ' ' '\n' <<<"$4" | sort -u) |
    sed -E "/^:?$/d; s/^:/theirs /; t end; s/^/ours /; :end; s/^/$1 $2 /"
}

checkers_alike() {
  local zone own
  by_dnsviz >"$work/dnsviz"
  for zone in $checked_zones; do
    own=$(ours "$zone")
    differences zonemaster "$zone" "$own" "$(by_zonemaster "$zone")"
    differences dnsviz "$zone" "$own" "$(sed -n "s/^$zone //p" "$work/dnsviz" | words)"
    differences delv "$zone" "$(our_verdict "$zone")" "$(by_delv "$zone")"
  done >"$work/differences"
  echo "figure: $(wc -w <<<"$checked_zones") zones, $(wc -l <"$work/differences") differences with a reason"
  diff <(checked_differences) <(sort "$work/differences")
}

check "checkers: an internet with faults is raised" raise_checked
check "checkers: Zonemaster, DNSViz and delv tell the same of each zone, but for the differences listed" checkers_alike
restart

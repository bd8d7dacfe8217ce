# DNS lists through the gate: all listings of rbldnsd arrive, and a list that refuses, is parked, lists everything, is silent,
# answers REFUSED or is shut down changes no reply of Postfix. Sourced by `run`.

# Entries of the large list.
entries=100000

# The faults of lists: for each, NAME.lists.example is a blocklist, NAME-wl an allowlist, and NAME-dbl lists domains. `dead` is
# silent, `closed` answers REFUSED.
wrongs="refuse parked world dead closed"

# The configuration of the lists of this internet; one listener passes on their own answers.
lists_configured() {
  local wrong list
  printf '[[listener]]\naddresses = ["127.0.0.2:53"]\ndnsbl = "pass"\n'
  for wrong in $wrongs; do
    list_configured "$wrong" block ip4
    list_configured "$wrong-wl" allow ip4
    list_configured "$wrong-dbl" block domain
  done
  list_configured bl block ip4
  list_configured many block ip4
  list_configured wl allow ip4
  list_configured dbl block domain
  # As documented for local lists: rbldnsd on this host, its zones as stubs.
  for list in local mirrored reported; do
    printf '[[zone]]\nname = "%s.lists.example"\nstub = ["127.0.0.1:5300"]\n' $list
    list_configured $list block ip4
    case $list in
      mirrored) printf 'max_age = "2h"\nwhen_stale = "public"\n' ;;
      reported) printf 'max_age = "2h"\n' ;;
    esac
  done
}

raise_lists() {
  cp "$work/zones/bl.ip4" "$work/zones/local.ip4"
  # Data that were fetched three hours ago: with serial 0 rbldnsd publishes their time.
  sed 's/ 1 1800/ 0 1800/; s/127\.0\.0\.3:the public/127.0.0.2:the local/' "$work/zones/mirrored.ip4" >"$work/zones/fetched.ip4"
  touch -d '3 hours ago' "$work/zones/fetched.ip4"
  begin rbldnsd-local rbldnsd -n -r "$work/zones" -b 127.0.0.1/5300 local.lists.example:ip4set:local.ip4 \
    mirrored.lists.example:ip4set:fetched.ip4 reported.lists.example:ip4set:fetched.ip4
  {
    printf '$SOA 3600 ns.bl.lists.example. hostmaster.lists.example. 1 1800 900 604800 60\n$TTL 300\n'
    /usr/bin/python3 "$here/every.py" write $entries
  } >"$work/zones/many.ip4"
  begin rbldnsd-many internet rbldnsd -n -r "$work/zones" -b 198.18.0.31 many.lists.example:ip4set:many.ip4 \
    refuse.lists.example:ip4set:refuse.ip4 refuse-wl.lists.example:ip4set:refuse.ip4 wl.lists.example:ip4set:wl.ip4 \
    mirrored.lists.example:ip4set:mirrored.ip4 reported.lists.example:ip4set:mirrored.ip4
  soon has NOERROR internet dig @198.18.0.31 many.lists.example SOA
  soon has NOERROR dig @127.0.0.1 -p 5300 local.lists.example SOA
  kept world.lists.example world-wl.lists.example world-dbl.lists.example
  restart "$(lists_configured)"
}

guarded() {
  has 'status: SERVFAIL' dig @127.0.0.1 66.77.18.198.refuse.lists.example A
  has 'EDE: 17 .*refuse\.lists\.example refuses queries of this host: it returned 127\.255\.255\.254' dig @127.0.0.1 77.77.18.198.refuse.lists.example A
  has 'status: SERVFAIL' dig @127.0.0.1 66.77.18.198.refuse.lists.example TXT
  has 'status: SERVFAIL' dig @127.0.0.1 66.77.18.198.parked.lists.example A
  has 'EDE: 17 .*parked' dig @127.0.0.1 67.77.18.198.parked.lists.example A
  has 'EDE: 17 .*world\.lists\.example lists everything, even the test entry that must not be listed' dig @127.0.0.1 66.77.18.198.world.lists.example A
  has 'status: NXDOMAIN' dig @127.0.0.1 66.77.18.198.refuse-wl.lists.example A
  has 'status: NXDOMAIN' dig @127.0.0.1 +tries=1 +timeout=6 66.77.18.198.dead-wl.lists.example A
  has '127\.255\.255\.254' dig @127.0.0.2 +short 66.77.18.198.refuse.lists.example A
  has '203\.0\.113\.7' dig @127.0.0.2 +short 66.77.18.198.parked.lists.example A
  has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.bl.lists.example A
  has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.local.lists.example A
  soon has 'refuse\.lists\.example +.* refuses queries' ctl dnsbl
  has 'bl\.lists\.example +blocklist +listed' ctl dnsbl test 198.18.77.66
}

# Old data are logged, and with when_stale = "public" the public list is queried instead.
stale_mirror() {
  soon has 'local mirror of mirrored\.lists\.example are 18[0-9] min old.*; resolverd queries the public servers of the list meanwhile' cat "$work/resolverd.log"
  soon has 'local mirror of reported\.lists\.example are 18[0-9] min old, more than its max_age; check' cat "$work/resolverd.log"
  has '127\.0\.0\.3' dig @127.0.0.1 +short 66.77.18.198.mirrored.lists.example A
  has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.reported.lists.example A
  # The same for each listener, and logged once.
  has '127\.0\.0\.3' dig @127.0.0.2 +short 66.77.18.198.mirrored.lists.example A
  [ "$(grep -c 'local mirror of mirrored' "$work/resolverd.log")" = 1 ]
  # New data arrive; resolverd notices that within a minute, below.
  touch "$work/zones/fetched.ip4"
  kill -HUP "$(pid rbldnsd-local)"
}

new_mirror() {
  local list
  for list in mirrored reported; do
    soon has "local mirror of $list\.lists\.example answers with current data again" cat "$work/resolverd.log" ||
      soon has "local mirror of $list\.lists\.example answers with current data again" cat "$work/resolverd.log" ||
      soon has "local mirror of $list\.lists\.example answers with current data again" cat "$work/resolverd.log"
    has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.$list.lists.example A
  done
}

shut_down() {
  has 'status: NXDOMAIN' dig @127.0.0.1 2.0.0.127.dnsbl.sorbs.net A
  has 'dnsbl\.sorbs\.net is shut down .*clients still query it' cat "$work/resolverd.log"
  has 'dnsbl\.sorbs\.net +.* shut down' ctl dnsbl
}

# Each entry queried at resolverd and at rbldnsd: the same codes, none lost.
every_entry() {
  /usr/bin/python3 "$here/every.py" compare 127.0.0.1 many.lists.example $entries
}

# raise_gateway [SITES]: Postfix on the gateway. The smtpd restrictions of a recipient are in $work/classes; with SITES
# postscreen is in front of it.
raise_gateway() {
  local file classes
  classes=$(sed 's/@.*//' "$work/classes" | tr '\n' ' ')
  cat >/etc/postfix/main.cf <<END
compatibility_level = 3.6
myhostname = mx.domain.example
mydestination =
local_recipient_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = 198.18.100.25
inet_protocols = ipv4
relay_domains = partner.example
maillog_file = $work/mail.log
maillog_file_prefixes = $work
smtpd_restriction_classes = $classes
$(sed -E 's/^([a-z]+)@[^ ]* (.*)/\1 = \2/' "$work/classes")
smtpd_recipient_restrictions = check_recipient_access texthash:$work/recipients
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_connection_rate_limit = 0
postscreen_dnsbl_sites = ${1-}
postscreen_dnsbl_action = enforce
postscreen_greet_wait = 2s
postscreen_cache_map =
default_transport = discard:
relay_transport = discard:
END
  sed -E 's/^([a-z]+)(@[^ ]*) .*/\1\2 \1/' "$work/classes" >"$work/recipients"
  sed 's/^smtp  *inet .*/smtp inet n - y - - smtpd/' /usr/share/postfix/master.cf.dist >/etc/postfix/master.cf
  if [ -n "${1-}" ]; then
    sed -i '/^smtp  *inet /d' /etc/postfix/master.cf
    printf '%s\n' 'smtp inet n - y - 1 postscreen' 'smtpd pass - - y - - smtpd' 'dnsblog unix - - y - 0 dnsblog' >>/etc/postfix/master.cf
  fi
  mkdir -p /var/spool/postfix/etc
  for file in resolv.conf hosts nsswitch.conf services; do cp /etc/$file /var/spool/postfix/etc/; done
  newaliases
  postfix stop >/dev/null 2>&1 || true
  postfix start
  soon has '^220' timeout 12 bash -c 'read -r line <>/dev/tcp/198.18.100.25/25; echo "$line"'
}

# class NAME RESTRICTION...: the restrictions for mail to NAME@partner.example.
class() {
  local name=$1
  shift
  echo "$name@partner.example $*" >>"$work/classes"
}

# post RECIPIENT [CLIENT [SENDER]]: the reply that decides.
post() {
  internet /usr/bin/python3 "$here/send.py" "${2-198.18.77.77}" 198.18.100.25 "${3-someone@sender.example}" "$1@partner.example"
}

# Without a list smtpd accepts mail that a blocklist could block, and rejects mail that an allowlist could permit. With a broken
# list it must do the same, list by list and with all of them in a row.
smtpd_says_the_same() {
  local wrong blocks= domains= allows= count=0 rejects='^554 .*Recipient address rejected: Access denied'
  : >"$work/classes"
  class blocknone permit
  class domainnone permit
  class allownone reject
  for wrong in $wrongs; do
    class "block$wrong" "reject_rbl_client $wrong.lists.example, permit"
    class "domain$wrong" "reject_rhsbl_sender $wrong-dbl.lists.example, reject_rhsbl_client $wrong-dbl.lists.example, permit"
    class "allow$wrong" "permit_dnswl_client $wrong-wl.lists.example, reject"
    blocks+="reject_rbl_client $wrong.lists.example, "
    domains+="reject_rhsbl_sender $wrong-dbl.lists.example, "
    allows+="permit_dnswl_client $wrong-wl.lists.example, "
  done
  class blockall "${blocks}reject_rbl_client dnsbl.sorbs.net, permit"
  class domainall "${domains}permit"
  class allowall "${allows}reject"
  raise_gateway
  has '^accepted$' post blocknone
  has '^accepted$' post domainnone
  has "$rejects" post allownone
  for wrong in $wrongs all; do
    has '^accepted$' post "block$wrong"
    has '^accepted$' post "domain$wrong"
    has "$rejects" post "allow$wrong"
    count=$((count + 3))
  done
  echo "figure: $count times the code that smtpd has without the list"
}

# Listings still count, after any lists that are configured before them.
smtpd_heeds_listings() {
  local wrong blocks= domains= allows=
  : >"$work/classes"
  for wrong in $wrongs; do
    blocks+="reject_rbl_client $wrong.lists.example, "
    domains+="reject_rhsbl_sender $wrong-dbl.lists.example, "
    allows+="permit_dnswl_client $wrong-wl.lists.example, "
  done
  class block "${blocks}reject_rbl_client bl.lists.example, permit"
  class domain "${domains}reject_rhsbl_sender dbl.lists.example, permit"
  class allow "${allows}permit_dnswl_client wl.lists.example, reject"
  raise_gateway
  has '^554 .*blocked using bl\.lists\.example' post block 198.18.77.66
  has '^554 .*blocked using dbl\.lists\.example' post domain 198.18.77.77 someone@spammer.example
  has '^accepted$' post allow
}

# postscreen: a client in no list passes, a client in a list does not; broken lists neither add nor subtract.
postscreen_says_the_same() {
  local wrong sites=bl.lists.example
  : >"$work/classes"
  class anybody permit
  raise_gateway "$sites"
  has '^accepted$' post anybody
  has '^550 .*blocked using bl\.lists\.example' post anybody 198.18.77.66
  for wrong in $wrongs; do sites+=", $wrong.lists.example, $wrong-wl.lists.example*-1"; done
  raise_gateway "$sites, dnsbl.sorbs.net"
  has '^accepted$' post anybody
  has '^550 .*blocked using bl\.lists\.example' post anybody 198.18.77.66
  echo "figure: postscreen accepts and blocks as with bl.lists.example alone, beside $(wc -w <<<"$wrongs") lists that block and as many that allow, none of them well"
}

# Unchanged answers would have rejected good clients, and permitted unknown ones.
without_the_gate() {
  : >"$work/classes"
  class block "reject_rbl_client refuse.lists.example, permit"
  class allow "permit_dnswl_client parked-wl.lists.example, reject"
  printf 'nameserver 127.0.0.2\n' >/etc/resolv.conf
  raise_gateway
  has '^554 .*blocked using refuse\.lists\.example' post block
  has '^accepted$' post allow
  printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
}

check "dnsbl: rbldnsd with $entries entries" raise_lists
check "dnsbl: what is no listing is not given as one" guarded
check "dnsbl: a local mirror that is too old gives way to the public list" stale_mirror
check "dnsbl: a list that is shut down is answered here" shut_down
check "dnsbl: every entry is what rbldnsd says" every_entry
check "dnsbl: smtpd ends with the code that it has without the lists" smtpd_says_the_same
check "dnsbl: smtpd heeds what lists list" smtpd_heeds_listings
check "dnsbl: postscreen ends with the code that it has without the lists" postscreen_says_the_same
check "dnsbl: without the gate a refusal would count" without_the_gate
check "dnsbl: a local mirror with new data is asked again" new_mirror
postfix stop >/dev/null 2>&1 || true
unset STATE_DIRECTORY
restart

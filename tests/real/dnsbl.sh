# DNS lists through the gate: rbldnsd's listings are all there, and a list that refuses, is parked, dead or closed changes no
# answer that Postfix gives. Sourced by `run`.

# Entries of the large list.
entries=100000

# What the resolver is told of the lists of this internet; one listener hands on whatever they answer.
lists_configured() {
  local list
  printf '[[listener]]\naddresses = ["127.0.0.2:53"]\ndnsbl = "pass"\n'
  for list in bl many refuse parked dead closed; do
    printf '[[list]]\nname = "%s.lists.example"\npurpose = "block"\nsubjects = ["ip4"]\n' $list
  done
  for list in wl refuse-wl dead-wl; do
    printf '[[list]]\nname = "%s.lists.example"\npurpose = "allow"\nsubjects = ["ip4"]\n' $list
  done
  # As the documentation of local lists has it: rbldnsd on this host, its zone as a stub.
  printf '[[zone]]\nname = "local.lists.example"\nstub = ["127.0.0.1:5300"]\n'
  printf '[[list]]\nname = "local.lists.example"\npurpose = "block"\nsubjects = ["ip4"]\n'
}

raise_lists() {
  cp "$work/zones/bl.ip4" "$work/zones/local.ip4"
  begin rbldnsd-local rbldnsd -n -r "$work/zones" -b 127.0.0.1/5300 local.lists.example:ip4set:local.ip4
  {
    printf '$SOA 3600 ns.bl.lists.example. hostmaster.lists.example. 1 1800 900 604800 60\n$TTL 300\n'
    /usr/bin/python3 "$here/every.py" write $entries
  } >"$work/zones/many.ip4"
  begin rbldnsd-many internet rbldnsd -n -r "$work/zones" -b 198.18.0.31 many.lists.example:ip4set:many.ip4 \
    refuse.lists.example:ip4set:refuse.ip4 refuse-wl.lists.example:ip4set:refuse.ip4 wl.lists.example:ip4set:wl.ip4
  soon has NOERROR internet dig @198.18.0.31 many.lists.example SOA
  soon has NOERROR dig @127.0.0.1 -p 5300 local.lists.example SOA
  restart "$(lists_configured)"
}

guarded() {
  has 'status: SERVFAIL' dig @127.0.0.1 66.77.18.198.refuse.lists.example A
  has 'EDE: 17 .*refuse\.lists\.example refuses to tell this host: 127\.255\.255\.254' dig @127.0.0.1 77.77.18.198.refuse.lists.example A
  has 'status: SERVFAIL' dig @127.0.0.1 66.77.18.198.refuse.lists.example TXT
  has 'status: SERVFAIL' dig @127.0.0.1 66.77.18.198.parked.lists.example A
  has 'EDE: 17 .*parked' dig @127.0.0.1 67.77.18.198.parked.lists.example A
  has 'status: NXDOMAIN' dig @127.0.0.1 66.77.18.198.refuse-wl.lists.example A
  has 'status: NXDOMAIN' dig @127.0.0.1 +tries=1 +timeout=6 66.77.18.198.dead-wl.lists.example A
  has '127\.255\.255\.254' dig @127.0.0.2 +short 66.77.18.198.refuse.lists.example A
  has '203\.0\.113\.7' dig @127.0.0.2 +short 66.77.18.198.parked.lists.example A
  has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.bl.lists.example A
  has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.local.lists.example A
  has 'refuse\.lists\.example +.* refusing' ctl dnsbl
  has 'bl\.lists\.example +blocks +listed' ctl dnsbl test 198.18.77.66
}

shut_down() {
  has 'status: NXDOMAIN' dig @127.0.0.1 2.0.0.127.dnsbl.sorbs.net A
  has 'dnsbl\.sorbs\.net is a DNS list no more' cat "$work/resolverd.log"
  has 'dnsbl\.sorbs\.net +.* shut down' ctl dnsbl
}

# Each of them asked of us and of rbldnsd: the same codes, none lost.
every_entry() {
  /usr/bin/python3 "$here/every.py" compare 127.0.0.1 many.lists.example $entries
}

# smtpd or postscreen, with these lists to refuse by.
raise_gateway() {
  local sites=$1 restrictions= site
  for site in $sites; do restrictions+="reject_rbl_client $site, "; done
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
smtpd_recipient_restrictions = ${restrictions}permit
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_connection_rate_limit = 0
postscreen_dnsbl_sites = ${sites// /, }
postscreen_dnsbl_action = enforce
postscreen_greet_wait = 2s
postscreen_cache_map =
default_transport = discard:
relay_transport = discard:
END
  sed 's/^smtp  *inet .*/smtp inet n - y - - smtpd/' /usr/share/postfix/master.cf.dist >/etc/postfix/master.cf
  if [ "${2-}" = postscreen ]; then
    sed -i '/^smtp  *inet /d' /etc/postfix/master.cf
    printf '%s\n' 'smtp inet n - y - 1 postscreen' 'smtpd pass - - y - - smtpd' 'dnsblog unix - - y - 0 dnsblog' >>/etc/postfix/master.cf
    sed -i 's/^smtpd_recipient_restrictions.*/smtpd_recipient_restrictions = permit/' /etc/postfix/main.cf
  fi
  mkdir -p /var/spool/postfix/etc
  for site in resolv.conf hosts nsswitch.conf services; do cp /etc/$site /var/spool/postfix/etc/; done
  newaliases
  postfix stop >/dev/null 2>&1 || true
  postfix start
  soon has '^220' timeout 12 bash -c 'read -r line <>/dev/tcp/198.18.100.25/25; echo "$line"'
}

post() { internet /usr/bin/python3 "$here/send.py" 198.18.77.77 198.18.100.25 someone@sender.example someone@partner.example; }

# A client that no list has anything against gets what it gets without lists: from smtpd, and from postscreen.
same_code() {
  local way=$1 without with
  raise_gateway "" "$way"
  without=$(post)
  echo "without lists: $without"
  raise_gateway "refuse.lists.example parked.lists.example closed.lists.example dead.lists.example dnsbl.sorbs.net" "$way"
  with=$(post)
  echo "figure: $way says \"$with\" with lists that refuse, are parked, closed, dead and shut down; \"$without\" without any"
  [ "$with" = "$without" ]
}

# And a listing still counts; raw answers would have refused the innocent.
listing_counts() {
  raise_gateway "refuse.lists.example bl.lists.example"
  has '^554 .*blocked using bl\.lists\.example' internet /usr/bin/python3 "$here/send.py" 198.18.77.66 198.18.100.25 someone@sender.example someone@partner.example
  printf 'nameserver 127.0.0.2\n' >/etc/resolv.conf
  raise_gateway "refuse.lists.example"
  has '^554 .*blocked using refuse\.lists\.example' post
  printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
}

check "dnsbl: rbldnsd with $entries entries" raise_lists
check "dnsbl: what is no listing is not given as one" guarded
check "dnsbl: a list that is shut down is answered here" shut_down
check "dnsbl: every entry is what rbldnsd says" every_entry
check "dnsbl: smtpd ends with the code that it has without the lists" same_code smtpd
check "dnsbl: postscreen ends with the code that it has without the lists" same_code postscreen
check "dnsbl: a listing counts, and without the gate a refusal would" listing_counts
postfix stop >/dev/null 2>&1 || true
restart

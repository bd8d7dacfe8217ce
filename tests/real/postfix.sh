# Postfix on the gateway, chrooted as Debian ships it: smtpd takes a message from a client in the internet, smtp gives it
# to the recipient's MX there, and resolverd answers every lookup on the way. Sourced by `run`.

raise_postfix() {
  local root=/var/spool/postfix file
  sed 's/^smtp  *inet .*/smtp inet n - y - - smtpd/' /usr/share/postfix/master.cf.dist >/etc/postfix/master.cf
  cat >/etc/postfix/main.cf <<EOF
compatibility_level = 3.6
myhostname = mx.domain.example
mydestination =
local_recipient_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = 198.18.100.25${ipv6:+, 2001:2::100:25}
inet_protocols = ${ipv6:+ipv6, }ipv4
smtp_address_preference = ipv4
relay_domains = partner.example, silent.example, sender.example
maillog_file = $work/mail.log
maillog_file_prefixes = $work
smtpd_sender_restrictions = reject_unknown_sender_domain
smtpd_recipient_restrictions = reject_rbl_client bl.lists.example, reject_rhsbl_sender dbl.lists.example, permit
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
unknown_address_reject_code = 550
minimal_backoff_time = 300s
queue_run_delay = 300s
smtpd_client_connection_rate_limit = 0
EOF
  mkdir -p $root/etc
  for file in resolv.conf hosts nsswitch.conf services; do cp /etc/$file $root/etc/; done
  newaliases
  # The recipient's server: Postfix's own sink.
  begin sink internet smtp-sink -u postfix -h mail.partner.example 198.18.25.1:25 100
  postfix start
  soon has '^220' timeout 2 bash -c 'read -r line <>/dev/tcp/198.18.100.25/25; echo "$line"'
}

# mail SOURCE FROM TO: sends it from the internet; prints the reply.
mail() { internet /usr/bin/python3 "$here/send.py" "$1" "${4-198.18.100.25}" "$2" "$3"; }

# log PATTERN: waits until the mail log has it, and shows the line.
log() {
  soon grep -qE -- "$1" "$work/mail.log" || { tail -n 15 "$work/mail.log"; return 1; }
  grep -E -- "$1" "$work/mail.log" | tail -n 2
}

whole_way() {
  local type before=() after=() number=0
  forget
  for type in PTR A AAAA MX; do before+=("$(asked $type)"); done
  has '^accepted' mail 198.18.77.77 someone@sender.example someone@partner.example
  log 'smtpd\[.*connect from client\.sender\.example\[198\.18\.77\.77\]'
  log 'to=<someone@partner\.example>, relay=mail\.partner\.example\[198\.18\.25\.1\]:25,.*status=sent'
  for type in PTR A AAAA MX; do
    after+=("$(asked $type)")
    echo "figure: $type asked ${before[number]} times before the message, ${after[number]} after"
    [ "${after[number]}" -gt "${before[number]}" ]
    number=$((number + 1))
  done
  # These lookups can only come from resolverd: there is no other resolver.
  has '^partner\.example\.' ctl stats --since start --by zone
  has '127\.0\.0\.1' ctl stats --since start --by client
}

rejected() {
  has '^554 .*blocked using bl\.lists\.example; listed, see https://lists\.example/198\.18\.77\.66' mail 198.18.77.66 someone@sender.example someone@partner.example
  log 'NOQUEUE: reject: RCPT from listed\.sender\.example\[198\.18\.77\.66\]: 554'
  has '^554 .*blocked using dbl\.lists\.example' mail 198.18.77.77 x@spammer.example someone@partner.example ||
    has '^550 .*Domain not found' mail 198.18.77.77 x@spammer.example someone@partner.example
  has '^550 .*Sender address rejected: Domain not found' mail 198.18.77.77 x@nothing.domain.example someone@partner.example
  # A failed lookup must not cause a permanent error.
  has '^450 .*Sender address rejected: Domain not found' mail 198.18.77.77 x@www.lame.example someone@partner.example
}

clients() {
  # A reverse name without a matching address does not count.
  has '^accepted' mail 198.18.77.88 someone@sender.example someone@partner.example
  log 'connect from unknown\[198\.18\.77\.88\]'
  log 'hostname liar\.sender\.example does not resolve to address 198\.18\.77\.88'
  has '^accepted' mail 198.18.77.99 someone@sender.example someone@partner.example
  log 'connect from unknown\[198\.18\.77\.99\]'
  if [ -n "$ipv6" ]; then
    has '^accepted' mail 2001:2::77:77 someone@sender.example someone@partner.example 2001:2::100:25
    log 'connect from client\.sender\.example\[2001:2::77:77\]'
  fi
}

recipients() {
  local to
  for to in nomx nullmx twomx gone many nothing; do
    has '^accepted' mail 198.18.77.77 someone@sender.example "$to@$to.partner.example"
  done
  log 'to=<nomx@.*relay=nomx\.partner\.example\[198\.18\.25\.1\]:25.*status=sent'
  log 'to=<many@.*relay=mail\.partner\.example\[198\.18\.25\.1\]:25.*status=sent'
  log 'to=<nullmx@.*dsn=5\.1\.0, status=bounced'
  log 'to=<nothing@.*dsn=5\.4\.4, status=bounced.*Host or domain name not found'
  log 'to=<twomx@.*relay=mail\.partner\.example\[198\.18\.25\.1\]:25.*status=sent'
  # If the lookup of the server fails, mail is deferred and not bounced.
  log 'to=<gone@.*dsn=4\.4\.3, status=deferred.*Host not found, try again'
}

# Each line of the log that reports a result of DNS has the answer of DNS as its cause.
postfix_lines() {
  judged "$work/mail.log" 'Client host .*blocked using bl\.lists\.example' 'bl\.lists\.example\. lists 198\.18\.77\.66'
  judged "$work/mail.log" 'x@nothing\.domain\.example>: Sender address rejected: Domain not found' 'Cause: nothing\.domain\.example\. does not exist'
  judged "$work/mail.log" '450 .*www\.lame\.example>: Sender address rejected: Domain not found' '198\.18\.0\.52 refused .* for lame\.example'
  judged "$work/mail.log" 'nullmx.*does not accept mail \(nullMX\)' 'Cause: nullmx\.partner\.example\. accepts no mail: its MX is null'
  judged "$work/mail.log" 'type=AAAA: Host not found\)' 'Cause: nothing\.partner\.example\. does not exist'
  judged "$work/mail.log" 'no MX host for .* has a valid address record' '198\.18\.0\.51 .*silent\.example'
  judged "$work/mail.log" 'gone@.*Host not found, try again' '198\.18\.0\.51 .*silent\.example'
}

# A client whose host has another address, and a HELO name that does not exist.
names_of_clients() {
  postconf -e 'smtpd_client_restrictions = reject_unknown_client_hostname' 'smtpd_helo_restrictions = reject_unknown_helo_hostname'
  postfix reload
  has '^450 .*cannot find your hostname' mail 198.18.77.88 someone@sender.example someone@partner.example
  has '^450 .*Helo command rejected: Host not found' mail 198.18.77.77 someone@sender.example someone@partner.example
  judged "$work/mail.log" 'cannot find your hostname' 'Cause: liar\.sender\.example\., the host in the PTR record of 88\.77\.18\.198\.in-addr\.arpa\., has other addresses'
  judged "$work/mail.log" 'Helo command rejected: Host not found' 'Cause: helo\.sender\.example\. does not exist'
  postconf -e 'smtpd_client_restrictions =' 'smtpd_helo_restrictions ='
  postfix reload
}

# A second message's questions are all in memory: its lookups take no time.
again() {
  local delays
  has '^accepted' mail 198.18.77.77 someone@sender.example again@partner.example
  log 'to=<again@.*status=sent'
  delays=$(sed -nE 's/.*to=<again@.*delays=([0-9.\/]+),.*/\1/p' "$work/mail.log" | tail -n 1)
  echo "figure: delays $delays (before the queue, in it, lookups and connection, transmission)"
  at_most 0.1 "$(cut -d/ -f3 <<<"$delays")" "seconds for lookups and connection"
}

# postscreen before smtpd: it asks all lists at once, and decides when it has waited for two seconds.
raise_postscreen() {
  cat >>/etc/postfix/master.cf <<EOF
smtpd pass - - y - - smtpd
dnsblog unix - - y - 0 dnsblog
tlsproxy unix - - y - 0 tlsproxy
EOF
  sed -i 's/^smtp inet .*/smtp inet n - y - 1 postscreen/' /etc/postfix/master.cf
  cat >>/etc/postfix/main.cf <<EOF
postscreen_dnsbl_sites = bl.lists.example=127.0.0.2*2, bl.lists.example=127.0.0.4*1, closed.lists.example*2, dead.lists.example*2
postscreen_dnsbl_threshold = 2
postscreen_dnsbl_action = enforce
postscreen_greet_action = enforce
postscreen_greet_wait = 2s
EOF
  postconf -e 'smtpd_recipient_restrictions = permit'
  postfix stop
  postfix start
}

screened() {
  local began took
  forget
  has '^550 .*client \[198\.18\.77\.66\] blocked using bl\.lists\.example' mail 198.18.77.66 someone@sender.example someone@partner.example
  log 'dnsblog\[.*addr 198\.18\.77\.66 listed by domain bl\.lists\.example as 127\.0\.0\.2'
  # A dead or refusing list is no listing, and costs no more than the usual wait of postscreen.
  began=$EPOCHREALTIME
  has '^accepted' mail 198.18.77.77 someone@sender.example screened@partner.example
  took=$(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $began }")
  echo "figure: accepted after $took s, of which postscreen waits 2"
  at_most 4 "$took" "seconds until accepted"
  log 'PASS NEW \[198\.18\.77\.77\]'
  log 'to=<screened@.*status=sent'
  log 'dnsblog\[.*lookup error for DNS query 77\.77\.18\.198\.closed\.lists\.example'
  log 'dnsblog\[.*lookup error for DNS query 77\.77\.18\.198\.dead\.lists\.example'
  judged "$work/mail.log" 'dnsblog\[.*198\.18\.77\.66 listed by domain' 'bl\.lists\.example\. lists 198\.18\.77\.66'
  judged "$work/mail.log" 'dnsblog\[.*lookup error .*77\.77\.18\.198\.closed' '198\.18\.0\.52 refused'
}

# A client that has passed is permitted at once while postscreen caches it, for the lists' negative TTL.
screened_again() {
  local began=$EPOCHREALTIME
  has '^accepted' mail 198.18.77.77 someone@sender.example once-more@partner.example
  at_most 1 "$(awk "BEGIN { print $EPOCHREALTIME - $began }")" "seconds until accepted"
  log 'PASS OLD \[198\.18\.77\.77\]'
}

check "postfix: starts, chrooted" raise_postfix
check "postfix: a message comes and goes, each lookup through the resolver" whole_way
check "postfix: lists and unknown senders are refused, what cannot be found out is put off" rejected
check "postfix: clients whose name leads elsewhere" clients
check "postfix: recipients by MX, without one, with a null one, a long one, a silent one" recipients
check "postfix: \"why\" names the answer of DNS for each line of the log" postfix_lines
check "postfix: \"why\" names a client host with other addresses, and a HELO name that does not exist" names_of_clients
check "postfix: the second message waits for no lookup" again
check "postfix: postscreen starts" raise_postscreen
check "postfix: postscreen refuses who is listed, and waits for no dead list" screened
check "postfix: postscreen lets through at once who has passed" screened_again
postfix stop >/dev/null 2>&1 || true
end sink

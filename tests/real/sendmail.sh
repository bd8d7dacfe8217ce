# Sendmail in two gateways: one asks resolverd, the other Unbound. Its lists by FEATURE(dnsbl) and FEATURE(enhdnsbl), its senders and
# recipients, and its queue. Sourced by `run`.

. "$here/measure.sh"

mails_played() {
  recipients_played
  senders_played
}

# sendmail_configured ADDRESS PORT [OPTION]: OPTION is the argument of a list that decides what a failed lookup does.
sendmail_configured() {
  cat <<END
define(\`_USE_ETC_MAIL_')dnl
define(\`_CF_DIR_', \`$SENDMAIL/usr/share/sendmail/cf/')dnl
include(\`$SENDMAIL/usr/share/sendmail/cf/m4/cf.m4')dnl
VERSIONID(\`tests')dnl
OSTYPE(\`linux')dnl
define(\`confDOMAIN_NAME', \`mx.domain.example')dnl
define(\`confPID_FILE', \`/var/spool/mqueue/pid-$2')dnl
define(\`confTO_IDENT', \`0s')dnl
$(no_limit_by_load)
define(\`QUEUE_DIR', \`/var/spool/mqueue')dnl
define(\`STATUS_FILE', \`/var/spool/mqueue/statistics')dnl
define(\`ALIAS_FILE', \`')dnl
define(\`confDEF_USER_ID', \`65534:65534')dnl
FEATURE(\`no_default_msa')dnl
FEATURE(\`dnsbl', \`bl.lists.example', \`'${3-})dnl
$([ "$2" = 25 ] || echo "FEATURE(\`dnsbl', \`dead.lists.example', \`'${3-})dnl")
FEATURE(\`enhdnsbl', \`closed.lists.example', \`'${3-})dnl
DAEMON_OPTIONS(\`Name=MTA, Port=$2, Addr=$1')dnl
RELAY_DOMAIN(\`partner.example')dnl
MAILER(\`smtp')dnl
END
}

# At a high load average of the machine Sendmail only queues mails, and at a higher one it refuses connections.
no_limit_by_load() {
  local limit
  for limit in QUEUE_LA REFUSE_LA; do echo "define(\`conf$limit', \`1000')dnl"; done
}

# sendmailing NAME RESOLVER ADDRESS: a gateway with two daemons: at port 25, and at port 26 one that puts off when a lookup fails.
sendmailing() {
  local name=$1 port
  gateway "$name" "$2" +/var/spool
  at "$name" mkdir -m 700 /var/spool/mqueue
  for port in 25 26; do
    sendmail_configured "$3" $port "$([ $port = 25 ] || echo ', `t'"'")" >"$work/$name/sendmail-$port.mc"
    m4 "$work/$name/sendmail-$port.mc" >"$work/$name/sendmail-$port.cf"
    begin_at "$name" "sendmail-$port" "$SENDMAIL/usr/libexec/sendmail/sendmail" -bD -C "$work/$name/sendmail-$port.cf"
  done
}

raise_sendmail() {
  ip address replace 198.18.100.26/16 dev wan
  raise_measure
  restart
  raise_sinks
  sendmailing resolverd 127.0.0.1 198.18.100.25
  sendmailing unbound $measure_address 198.18.100.26
  listening 198.18.100.25 25
  listening 198.18.100.25 26
  listening 198.18.100.26 25
  listening 198.18.100.26 26
}

sendmail_queue() {
  at "$1" "$SENDMAIL/usr/libexec/sendmail/sendmail" -bp -C "$work/$1/sendmail-25.cf"
}

# With the third argument of dnsbl, a list whose lookup fails puts off the mail.
sendmail_puts_off() {
  local address
  for address in 198.18.100.25 198.18.100.26; do
    has '^451 .*Temporary lookup failure of 198\.18\.77\.77 at (dead|closed)\.lists\.example' mail_at_26 198.18.77.77 $address
    has '^550 .*198\.18\.77\.66 listed at bl\.lists\.example' mail_at_26 198.18.77.66 $address
  done
}
mail_at_26() { internet /usr/bin/python3 "$here/send.py" "$1" "$2:26" someone@sender.example someone@partner.example; }

check "sendmail: two gateways start" raise_sendmail
check "sendmail: each mail ends as with Unbound" played_alike sendmail_queue
check "sendmail: a failed lookup of a list puts off where it is told to" sendmail_puts_off
# Each reply that reports a result of DNS has the answer of DNS as its cause.
sendmail_lines() {
  local replies=$work/resolverd.replies
  judged "$replies" 'listed at bl\.lists\.example' 'bl\.lists\.example\. lists 198\.18\.77\.66'
  judged "$replies" 'nothing\.domain\.example does not exist' 'Cause: nothing\.domain\.example\. does not exist'
  judged "$replies" 'www\.lame\.example does not resolve' '198\.18\.0\.52 refused .* for lame\.example'
}

check "sendmail: \"why\" names the answer of DNS for each reply" sendmail_lines
check "sendmail: an entry of mailq and a bounce lead to their domains" pasted sendmail_queue
end recipients
end senders
leave_gateways

# OpenSMTPD, which has a stub resolver of its own, in two gateways: one asks resolverd, the other Unbound. Sourced by `run`.

. "$here/measure.sh"

mails_played() {
  # Version 6.8 does not know null MX records, and tries again.
  recipients_played | sed 's/^\(.* nullmx\..*\) bounced/\1 deferred/'
  # The client's name leads elsewhere; it is one of RFC 2317.
  cat <<'END'
77.88 someone@sender.example partner.example 5 -
77.130 someone@sender.example partner.example 2 delivered
END
}

# sending NAME RESOLVER ADDRESS: a gateway with OpenSMTPD.
sending() {
  local name=$1 user
  gateway "$name" "$2" +/var/spool +/var/lib
  at "$name" mkdir -p /var/lib/opensmtpd/empty
  for user in opensmtpd:19997 opensmtpq:19998; do
    printf '%s:x:%s:%s::/var/lib/opensmtpd/empty:/usr/sbin/nologin\n' "${user%:*}" "${user#*:}" "${user#*:}" >>"$work/$name/etc/passwd"
    printf '%s:x:%s:\n' "${user%:*}" "${user#*:}" >>"$work/$name/etc/group"
  done
  # It must belong to this group.
  install -g 19998 -m 2755 "$OPENSMTPD/usr/sbin/smtpctl" "$work/$name/smtpctl"
  cat >"$work/$name/etc/smtpd.conf" <<END
filter names phase connect match !fcrdns disconnect "550 your name leads elsewhere"
listen on $3 filter names
action "relay" relay helo mx.domain.example
match from any for domain regex "partner\\.example\$" action "relay"
match from local for any action "relay"
bounce warn-interval 1d
END
  begin_at "$name" opensmtpd "$OPENSMTPD/usr/sbin/smtpd" -d -f /etc/smtpd.conf
}

raise_opensmtpd() {
  ip address replace 198.18.100.26/16 dev wan
  raise_measure
  restart
  raise_sinks
  sending resolverd 127.0.0.1 198.18.100.25
  sending unbound $measure_address 198.18.100.26
  listening 198.18.100.25 25
  listening 198.18.100.26 25
}

opensmtpd_queue() { at "$1" "$work/$1/smtpctl" show queue; }

check "opensmtpd: two gateways start" raise_opensmtpd
check "opensmtpd: each mail ends as with Unbound" played_alike opensmtpd_queue
# Each line of the log that reports a result of DNS has the answer of DNS as its cause.
opensmtpd_lines() {
  local log=$work/opensmtpd-resolverd.log
  judged "$log" 'nothing\..*stat="Domain does not exist"' 'Cause: nothing\.partner\.example\. does not exist'
  judged "$log" 'nullmx\..*stat="No MX found for domain"' 'Cause: nullmx\.partner\.example\. accepts no mail: its MX is null'
}

check "opensmtpd: \"why\" names the answer of DNS for each line of the log" opensmtpd_lines
check "opensmtpd: an entry of its queue and a bounce lead to their domains" pasted opensmtpd_queue
end recipients
end senders
leave_gateways

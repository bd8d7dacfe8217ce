# Exim in two gateways: one asks resolverd, the other Unbound. Its list, its verification of senders, its recipients and its queue.
# Sourced by `run`.

. "$here/measure.sh"

mails_played() {
  recipients_played
  senders_played
}

# delivering NAME RESOLVER ADDRESS: a gateway with Exim.
delivering() {
  local name=$1
  gateway "$name" "$2" +/var/spool
  grep -q '^Debian-exim:' "$work/$name/etc/passwd" || printf 'Debian-exim:x:19999:19999::/nonexistent:/usr/sbin/nologin\n' >>"$work/$name/etc/passwd"
  grep -q '^Debian-exim:' "$work/$name/etc/group" || printf 'Debian-exim:x:19999:\n' >>"$work/$name/etc/group"
  at "$name" install -d -o Debian-exim -g Debian-exim /var/spool/exim
  # For each mail it starts itself as a user of its own.
  install -m 4755 "$EXIM/usr/sbin/exim4" "$work/$name/exim4"
  # Its own file: with another one it would not run as root.
  mkdir -p "$work/$name/etc/exim4"
  cat >"$work/$name/etc/exim4/exim4.conf" <<END
exim_path = $work/$name/exim4
primary_hostname = mx.domain.example
domainlist relay_to_domains = partner.example : *.partner.example
local_interfaces = $3
spool_directory = /var/spool/exim
log_file_path = /var/spool/exim/%slog
pid_file_path = /var/spool/exim/pid
rfc1413_query_timeout = 0s
keep_environment =
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  deny dnslists = bl.lists.example : dead.lists.example : closed.lists.example
       message = listed in \$dnslist_domain
  require verify = sender
  accept domains = +relay_to_domains
  deny
begin routers
dnslookup:
  driver = dnslookup
  transport = smtp
  no_more
begin transports
smtp:
  driver = smtp
  interface = $3
begin retry
* * F,1h,15m
END
  begin_at "$name" exim "$work/$name/exim4" -bdf
}

raise_exim_delivers() {
  ip address replace 198.18.100.26/16 dev wan
  raise_measure
  restart
  raise_sinks
  delivering resolverd 127.0.0.1 198.18.100.25
  delivering unbound $measure_address 198.18.100.26
  listening 198.18.100.25 25
  listening 198.18.100.26 25
}

exim_queue() { at "$1" "$work/$1/exim4" -bp; }

check "exim_delivers: two gateways start" raise_exim_delivers
check "exim_delivers: each mail ends as with Unbound" played_alike exim_queue
# Each line of the log that reports a result of DNS has the answer of DNS as its cause.
exim_lines() {
  local log=$work/resolverd/var/spool/exim/mainlog
  judged "$log" 'F=<someone@sender\.example> rejected RCPT .*listed in bl\.lists\.example' 'bl\.lists\.example\. lists 198\.18\.77\.66'
  judged "$log" 'resolverd@nothing\..*: Unrouteable address' 'Cause: nothing\.partner\.example\. does not exist'
  judged "$log" 'nullmx.*an MX or SRV record indicated no SMTP service' 'Cause: nullmx\.partner\.example\. accepts no mail: its MX is null'
  judged "$log" 'sender verify fail for <someone@nothing' 'Cause: nothing\.domain\.example\. does not exist'
  judged "$log" 'nothing\.domain\.example> rejected RCPT .*Sender verify failed' 'Cause: nothing\.domain\.example\. does not exist'
  judged "$log" 'sender verify defer for <someone@www\.lame\.example>: host lookup did not complete' '198\.18\.0\.52 refused .* for lame\.example'
  judged "$log" 'silent\.example> temporarily rejected RCPT .*Could not complete sender verify' '198\.18\.0\.51 did not answer .* for silent\.example'
  judged "$log" 'gone\..*defer .*host lookup did not complete' 'silent\.example'
}

check "exim_delivers: \"why\" names the answer of DNS for each line of the log" exim_lines
check "exim_delivers: an entry of its queue and a bounce lead to their domains" pasted exim_queue
end recipients
end senders
leave_gateways

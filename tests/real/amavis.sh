# amavis with SpamAssassin before the queue, in two gateways: one asks resolverd, the other Unbound. With any fault of all lists a mail
# must end the same way or better. Sourced by `run`.

. "$here/measure.sh"
. "$here/shipped.sh"
amavis=$work/amavis

# scanning NAME RESOLVER ADDRESS: a gateway with amavis at ADDRESS, which gives accepted mails to a sink.
scanning() {
  local name=$1 address=$3
  gateway "$name" "$2" /var/lib/amavis
  mkdir -p "$amavis/$name"
  chmod 777 "$amavis/$name"
  cat >"$work/$name/etc/amavis/conf.d/50-user" <<END
use strict;
\$myhostname = 'mx.domain.example';
\$mydomain = 'domain.example';
@local_domains_acl = ('partner.example');
\$inet_socket_bind = '$address';
@inet_acl = qw(198.18.0.0/16);
\$forward_method = 'smtp:[$address]:10025';
\$notify_method = \$forward_method;
\$pid_file = '/var/lib/amavis/pid';
\$do_syslog = 0;
\$log_level = 1;
\$max_servers = 1;
@bypass_spam_checks_maps = (\%bypass_spam_checks, \@bypass_spam_checks_acl, \\\$bypass_spam_checks_re);
\$final_spam_destiny = D_REJECT;
\$sa_tag_level_deflt = -9999;
1;
END
  begin "sink-$name" smtp-sink -u postfix -h mail.partner.example -d "$amavis/$name/%M." "$address:10025" 100
  begin_at "$name" amavis amavisd foreground
}

raise_amavis() {
  local message="$amavis/mails/sender.example"
  mkdir -p "$amavis/mails"
  chmod 755 "$amavis"
  message | sed 's/$/\r/' >"$message"
  ip address replace 198.18.100.26/16 dev wan
  raise_measure
  scanning resolverd 127.0.0.1 198.18.100.25
  scanning unbound $measure_address 198.18.100.26
  listening 198.18.100.25 10024
  listening 198.18.100.26 10024
}

# Both resolvers without memory, and all lists like this.
lists_now() {
  end measure
  rm -rf "$work"/{resolverd,unbound}/var/lib/amavis/.spamassassin
  lists_are "$@"
  raise_measure
}

# scanned NAME ADDRESS: sends the message; its reply, the score, and the time go to $amavis/NAME.ended.
scanned() {
  local reply
  rm -f "$amavis/$1"/*
  reply=$(internet /usr/bin/python3 "$here/mails.py" 198.18.77.77 "$2" 10024 "$amavis/mails" someone@partner.example)
  echo "$reply"
  cut -d' ' -f4 <<<"$reply" >"$amavis/$1.reply"
  cut -d' ' -f3 <<<"$reply" >"$amavis/$1.seconds"
  # A mail that was refused has the score in the log alone.
  grep -E ' (Passed|Blocked) ' "$work/amavis-$1.log" | tail -n 1 | sed -nE 's/.* Hits: ([-0-9.]+),.*/\1/p' >"$amavis/$1.score"
}

# scanned_with HOW: with all lists like this, the mail through both gateways.
scanned_with() {
  local beside name
  lists_now "$1"
  scanned unbound 198.18.100.26 &
  beside=$!
  scanned resolverd 198.18.100.25
  wait $beside
  for name in resolverd unbound; do
    echo "figure: $(ended $name reply) after $(ended $name seconds) s with a score of $(ended $name score), $name"
  done
}
ended() { cat "$amavis/$1.$2"; }

listed() {
  scanned_with well
  [ "$(ended resolverd reply) $(ended unbound reply)" = "554 554" ]
  [ "$(ended resolverd score)" = "$(ended unbound score)" ]
}

# No list has an answer for anybody: the score of both is that without lists.
closed() {
  scanned_with closed
  ended unbound score | tee "$amavis/without" | grep .
  changed_nothing
}

changed_nothing() {
  [ "$(ended resolverd reply)" = 250 ]
  diff "$amavis/without" "$amavis/resolverd.score"
}

silent() {
  scanned_with silent
  at_most "$(ended unbound seconds)" "$(ended resolverd seconds)" "seconds of the mail"
  changed_nothing
}

# Answers that say that a list refuses count with Unbound.
refusing() {
  scanned_with refusing
  changed_nothing
  [ "$(ended unbound score)" != "$(cat "$amavis/without")" ]
}

check "amavis: two gateways start" raise_amavis
check "amavis: a mail from a listed address is refused" listed
check "amavis: lists that say REFUSED change nothing" closed
check "amavis: silent lists change nothing, and cost no more time" silent
check "amavis: answers of lists that refuse change nothing, and would with Unbound" refusing
leave_gateways
# Later themes see no lists that refuse.
end shipped
unset STATE_DIRECTORY
restart

# Two gateways alike but for their resolver: one asks resolverd, the other Unbound in its place. Each mail must end with both the
# same way. Sourced by the themes of mail programs.

# Unbound for these tests.
measure_address=127.0.0.3

# raise_measure [LINES]: Unbound, with LINES in its `server:` clause.
raise_measure() {
  cat >"$work/measure.conf" <<EOF
$(unbound_server | sed 's/module-config: .*/module-config: "validator iterator"/')
  interface: $measure_address@53
  val-log-level: 2
${1-}
remote-control:
  control-enable: no
EOF
  begin measure unbound -d -c "$work/measure.conf"
  watched=measure soon has 198.18.77.10 dig @$measure_address +tries=1 +timeout=2 +short domain.example
}

# gateway NAME RESOLVER [DIRECTORY]...: a mount namespace with a resolv.conf of its own, an own copy of /etc and of these directories,
# an empty /run, and empty directories where +DIRECTORY says so.
gateway() {
  local name=$1 resolver=$2 part
  shift 2
  for part in /etc "$@"; do
    mkdir -p "$work/$name/${part#+}"
    [[ "$part" = +* ]] || cp -a "$part/." "$work/$name$part/"
  done
  printf 'nameserver %s\n' "$resolver" >"$work/$name/etc/resolv.conf"
  # Sendmail waits for a name with a domain.
  printf '127.0.0.1 %s.domain.example %s\n' "$(hostname)" "$(hostname)" >>"$work/$name/etc/hosts"
  begin "gateway-$name" unshare --mount bash -c '
    mount -t tmpfs -o mode=755 tmpfs /run
    for part in /etc "${@:2}"; do mount --bind "$1/${part#+}" "${part#+}"; done
    touch "$1/ready"
    exec tail -f /dev/null' bash "$work/$name" "$@"
  soon test -e "$work/$name/ready"
}

# at NAME COMMAND...: runs it at that gateway; begin_at NAME PROGRAM COMMAND...: in the background.
at() {
  local name=$1
  shift
  nsenter -t "$(pid "gateway-$name")" --mount -- "$@"
}
begin_at() {
  local name=$1 program=$2
  shift 2
  begin "$program-$name" nsenter -t "$(pid "gateway-$name")" --mount -- "$@"
}

# listening ADDRESS PORT: waits until a mail server listens there. A greeting would need lookups.
listening() { soon has "LISTEN.* $1:$2 " ss --no-header --numeric --tcp --listening; }

# Ends the programs of both gateways, the gateways, and Unbound, as far as they have begun.
leave_gateways() {
  local file
  for file in "$work"/*-resolverd.pid "$work"/*-unbound.pid "$work/measure.pid"; do
    if [ -e "$file" ]; then
      end "$(basename "$file" .pid)"
      rm "$file"
    fi
  done
  rm -rf "${work:?}/resolverd" "${work:?}/unbound"
}

# A theme names the mails that its mail servers get in `mails_played`: the client's address in 198.18.0.0/16, the sender, the domain of
# the recipient; the first digit of the reply, and how it ends. These are for each theme: the recipient has no MX, a null one, one of two
# that cannot be found out, only such, a long one, and does not exist.
recipients_played() {
  cat <<'END'
77.77 someone@sender.example partner.example 2 delivered
77.77 someone@sender.example nomx.partner.example 2 delivered
77.77 someone@sender.example nullmx.partner.example 2 bounced
77.77 someone@sender.example twomx.partner.example 2 delivered
77.77 someone@sender.example gone.partner.example 2 deferred
77.77 someone@sender.example many.partner.example 2 delivered
77.77 someone@sender.example nothing.partner.example 2 bounced
END
}

# Mails of senders whom a mail server with lists and verification of senders refuses.
senders_played() {
  # Listed; the sender's domain does not exist; it cannot be found out.
  cat <<'END'
77.66 someone@sender.example partner.example 5 -
77.77 someone@nothing.domain.example partner.example 5 -
77.77 someone@www.lame.example partner.example 4 -
77.77 someone@silent.example partner.example 4 -
END
}

# raise_sinks: the servers of the recipients and of the sender, which keep every mail.
raise_sinks() {
  mkdir -p "$work/delivered" "$work/bounced"
  chmod 777 "$work/delivered" "$work/bounced"
  rm -f "$work/delivered"/* "$work/bounced"/*
  begin recipients internet smtp-sink -u postfix -h mail.partner.example -d "$work/delivered/%M." 198.18.25.1:25 100
  begin senders internet smtp-sink -u postfix -h client.sender.example -d "$work/bounced/%M." 198.18.77.77:25 100
}

# play NAME ADDRESS: sends the mails, all at once, to the gateway NAME at ADDRESS; $work/NAME.replies gets a line for each: its row of
# the table without what is expected, the first digit of the reply, the seconds, and the reply.
play() {
  local client sender domain number=0 ids=()
  rm -f "$work/$1".reply.*
  while read -r client sender domain _; do
    number=$((number + 1))
    played "$client" "$2" "$sender" "$domain" "$1" >"$work/$1.reply.$(printf %02d $number)" &
    ids+=($!)
  done < <(mails_played)
  wait "${ids[@]}"
  cat "$work/$1".reply.* >"$work/$1.replies"
}

played() {
  local began=$EPOCHREALTIME reply
  reply=$(internet /usr/bin/python3 "$here/send.py" "198.18.$1" "$2" "$3" "$5@$4" | tr '\n' ' ')
  echo "$1 $3 $4 $(sed -E 's/^accepted/2/; s/^([245]).*/\1/' <<<"$reply" | tr -d ' ')" \
    "$(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $began }") $reply"
}

# ends NAME COMMAND...: how each of the played mails has ended, in the form of the table; COMMAND lists the queue.
ends() {
  local name=$1 client sender domain digit
  shift
  while read -r client sender domain digit _; do
    echo "$client $sender $domain $digit $([ "$digit" != 2 ] && echo - || whereabouts "$name@$domain" "$@")"
  done <"$work/$name.replies"
}

# whereabouts RECIPIENT COMMAND...: delivered, bounced, deferred, or lost.
whereabouts() {
  local recipient=$1
  shift
  if grep -qsF "X-Rcpt-Args: <$recipient>" "$work/delivered"/*; then
    echo delivered
  elif grep -qsiE "^Final-Recipient: rfc822; *<?$recipient>?" "$work/bounced"/*; then
    echo bounced
  elif "$@" 2>&1 | grep -F "$recipient" >/dev/null; then
    echo deferred
  else
    echo lost
  fi
}

# as_listed COMMAND...: the mails played by resolverd's gateway have ended as the table says. as_settled: Unbound's too, or it has not
# delivered yet. as_measured: prints the mails that ended otherwise with Unbound, and fails if Unbound's gateway has delivered one that
# the table puts off.
as_listed() { diff <(mails_played) <(ends resolverd "$@" resolverd); }
with_unbounds_ends() { paste -d' ' <(mails_played) <(ends unbound "$@" unbound); }
as_settled() {
  with_unbounds_ends "$@" | awk '$4 != $9 || ($5 != $10 && $5 $10 != "delivereddeferred") { differs = 1 } END { exit differs }'
}
as_measured() {
  with_unbounds_ends "$@" |
    awk '($4 $5 != $9 $10) { print } ($9 $10 == "2delivered" && ($4 == 4 || $5 == "deferred")) { worse = 1 } END { exit worse }'
}

# played_alike COMMAND...: plays the mails in both gateways; COMMAND with a name of a gateway lists its queue.
played_alike() {
  local name beside
  play unbound 198.18.100.26 &
  beside=$!
  play resolverd 198.18.100.25
  wait $beside
  cat "$work/resolverd.replies" "$work/unbound.replies"
  soon as_listed "$@" || as_listed "$@"
  soon as_settled "$@" || true
  as_measured "$@" |
    sed -E 's/^\S+ (\S+) (\S+) (\S+ \S+) .* (\S+ \S+)$/figure: mail from \1 to \2 ends with \3, and with Unbound \4/'
  for name in resolverd unbound; do
    echo "figure: $name: the mail that took longest took $(longest_played $name) s until its reply, all together $(played_time $name) s"
  done
  # Three lookups that fail after the deadline of 4 s each are the longest that any mail may cost.
  at_most "$(awk "BEGIN { longest = $(longest_played unbound) + 2; print (longest > 12 ? longest : 12) }")" \
    "$(longest_played resolverd)" "seconds of the longest mail"
}
longest_played() { cut -d' ' -f5 "$work/$1.replies" | sort -n | tail -n 1; }
played_time() { awk '{ all += $5 } END { print all }' "$work/$1.replies"; }

# the_bounce RECIPIENT: the bounce that the sender got for this recipient.
the_bounce() {
  sed '/^X-[A-Z][a-z]*-[A-Z][a-z]*: /d' "$(grep -liE "^Final-Recipient: rfc822; *<?$1>?" "$work/bounced"/* | head -n 1)"
}

# pasted QUEUE: an entry of the queue of a mail server and its bounce, as an operator pastes them, lead to their domains.
pasted() {
  "$1" resolverd >"$work/pasted-queue"
  the_bounce resolverd@nothing.partner.example >"$work/pasted-bounce"
  cat "$work/pasted-queue" "$work/pasted-bounce"
  has '^nothing\.partner\.example: .*does not exist' ctl check mail - --local <"$work/pasted-bounce"
  has 'silent\.example' ctl why - <"$work/pasted-queue"
}

# SpamAssassin and rspamd as Debian ships them, with the lists of their default rules: with any fault of all of these, a
# message has the same score as without lists; and working lists count. Sourced by `run`.

. "$here/shipped.sh"

# The lists whose refusals both programs know, with weight 0. (SURBL_BLOCKED costs 1.0 with SpamAssassin of Debian 12.)
known="zen.spamhaus.org dbl.spamhaus.org list.dnswl.org multi.uribl.com"

# Both programs three times: behind the gate, at the listener that passes on lists' own answers, and without lists.
raise_scanners() {
  local which port=11500 without address
  mkdir -p "$work/spamassassin"
  chown debian-spamd "$work/spamassassin"
  printf '%s\n' com net org example >"$work/tlds"
  for which in guarded passed without; do
    address=127.0.0.1 without=0
    [ $which != passed ] || address=127.0.0.2
    [ $which != without ] || without=1
    mkdir -p "$work/rspamd-$which"
    # It queries the lists regardless of its own tests, and starts sooner with few top-level domains.
    cat >"$work/rspamd-$which.inc" <<END
dns { nameserver = ["$address:53"]; }
disable_monitoring = true;
disable_hyperscan = true;
url_tld = "$work/tlds";
END
    : >"$work/rspamd-$which.rbl"
    [ $without = 0 ] || echo 'rbl { enabled = false; }' >"$work/rspamd-$which.rbl"
    cat >"$work/rspamd-$which.conf" <<END
.include "/etc/rspamd/common.conf"
options {
  pidfile = "$work/rspamd-$which/pid";
  .include "/etc/rspamd/options.inc"
  .include(priority=10) "$work/rspamd-$which.inc"
}
logging { type = "console"; level = "info"; }
worker "normal" { bind_socket = "127.0.0.1:$port"; count = 1; }
.include(priority=10) "$work/rspamd-$which.rbl"
END
    begin "rspamd-$which" rspamd -f -i -c "$work/rspamd-$which.conf" --var=DBDIR="$work/rspamd-$which" \
      --var=RUNDIR="$work/rspamd-$which" --var=LOGDIR="$work/rspamd-$which"
    begin "spamassassin-$which" spamd -x -m 1 --min-children=1 -H "$work/spamassassin" -s stderr -u debian-spamd \
      -i 127.0.0.1:$((port + 1)) --cf="dns_server $address" --cf="skip_rbl_checks $without" --cf="skip_uribl_checks $without"
    port=$((port + 10))
  done
  message >"$work/message"
  lists_are well
  for which in guarded passed without; do
    soon score rspamd $which
    soon score spamassassin $which
  done
}

# scan PROGRAM WHICH: its result for the message.
scan() {
  local port=11500
  case $2 in passed) port=11510 ;; without) port=11520 ;; esac
  case $1 in
    rspamd)
      rspamc -h 127.0.0.1:$port -i 11.22.33.66 --helo mail.listed-in-lists.com --hostname mail.listed-in-lists.com \
        -F someone@listed-in-lists.com symbols "$work/message"
      ;;
    spamassassin) spamc -R -d 127.0.0.1 -p $((port + 1)) <"$work/message" ;;
  esac
}

# score PROGRAM WHICH: its score alone.
score() { scan "$@" | sed -nE 's/^Score: (-?[0-9.]+) .*/\1/p; s,^(-?[0-9.]+)/5\.0$,\1,p' | grep .; }

heeded() {
  local which
  for which in guarded passed; do
    has 'Symbol: RBL_SPAMHAUS_SBL ' scan rspamd $which
    has 'Symbol: RBL_BLOCKLISTDE ' scan rspamd $which
    has 'Symbol: URIBL_BLACK ' scan rspamd $which
    has 'Symbol: ABUSE_SURBL ' scan rspamd $which
    has 'Symbol: DBL_SPAM ' scan rspamd $which
    has 'RCVD_IN_SBL ' scan spamassassin $which
    has 'RCVD_IN_PSBL ' scan spamassassin $which
    has 'URIBL_BLACK ' scan spamassassin $which
    has 'URIBL_ABUSE_SURBL ' scan spamassassin $which
    has 'URIBL_DBL_SPAM ' scan spamassassin $which
  done
  # rspamd of Debian 12 still queries a list that was shut down.
  has 'ix\.dnsbl\.manitu\.net is shut down .*clients still query it' cat "$work/resolverd.log"
}

# same WHICH: the score equals that without lists.
same_score() {
  local program with without
  for program in rspamd spamassassin; do
    without=$(score $program without)
    with=$(score $program "$1")
    echo "figure: $program says $with, without lists $without"
    [ "$with" = "$without" ] || { scan $program "$1"; return 1; }
  done
}

changes_nothing() {
  lists_are "$1"
  same_score guarded
}

# quiet: the silence of all lists of both programs has been noticed.
quiet() { [ "$(ctl --json dnsbl | grep -c '"state":"silent"')" -ge "$(shipped | wc -l)" ]; }

# Once their silence has been noticed, lists cost no time.
silence() {
  local program began took without
  changes_nothing silent
  # A breaker opens a moment after the silence was judged.
  soon quiet
  for program in rspamd spamassassin; do
    began=$EPOCHREALTIME
    score $program without >/dev/null
    without=$(awk "BEGIN { print $EPOCHREALTIME - $began }")
    began=$EPOCHREALTIME
    score $program guarded >/dev/null
    took=$(awk "BEGIN { print $EPOCHREALTIME - $began - $without }")
    printf 'figure: the next message takes %s %.0f ms longer than without lists\n' $program "$(awk "BEGIN { print $took * 1000 }")"
    at_most 0.3 "$took" "seconds longer"
  done
}

# The listener that passes on lists' own answers is for rules that name the codes: they show that a list refuses.
known_refusals() {
  # shellcheck disable=SC2086
  lists_are refusing $known
  same_score guarded
  same_score passed
  has 'Symbol: RBL_SPAMHAUS_BLOCKED_OPENRESOLVER ' scan rspamd passed
  has 'Symbol: DNSWL_BLOCKED ' scan rspamd passed
  has 'Symbol: URIBL_BLOCKED ' scan rspamd passed
  # SpamAssassin has seen that once by now, and does not query them for five minutes.
  has 'dns_block_rule RCVD_IN_ZEN_BLOCKED_OPENDNS hit' cat "$work/spamassassin-passed.log"
  has 'dns_block_rule URIBL_BLOCKED hit' cat "$work/spamassassin-passed.log"
}

# rspamd writes which lookups failed, SpamAssassin does so only for debugging.
rspamd_lines() {
  judged "$work/rspamd-guarded.log" 'error looking up .*zen\.spamhaus\.org: ' 'list refused; .*zen\.spamhaus\.org'
}

# Rules without codes count any answer there.
other_refusals() {
  local without with
  lists_are refusing
  same_score guarded
  without=$(score rspamd without)
  with=$(score rspamd passed)
  echo "figure: passed on, refusals have rspamd say $with instead of $without"
  has 'Symbol: RBL_BLOCKLISTDE ' scan rspamd passed
  has 'RCVD_IN_VALIDITY_RPBL ' scan spamassassin passed
}

check "scores: SpamAssassin and rspamd start" raise_scanners
check "scores: lists that are well are heeded" heeded
check "scores: lists whose refusals are known change nothing, and passed on they show" known_refusals
check "scores: the lines of rspamd about refusals are judged" rspamd_lines
check "scores: lists that refuse change nothing behind the gate; passed on they would" other_refusals
check "scores: parked lists change nothing" changes_nothing parked
check "scores: lists that list the world change nothing" changes_nothing world
check "scores: lists that say REFUSED change nothing" changes_nothing closed
check "scores: silent lists change nothing, and soon cost no time" silence
end rspamd-guarded
end rspamd-passed
end rspamd-without
end spamassassin-guarded
end spamassassin-passed
end spamassassin-without
unset STATE_DIRECTORY
restart

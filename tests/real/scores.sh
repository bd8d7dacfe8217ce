# SpamAssassin and rspamd as Debian ships them, with the lists of their default rules: with any fault of all of these, a
# message has the same score as without lists; and working lists count. Sourced by `run`.

# The server of all these lists.
shipped_server=198.18.0.60

# Each list; its subject in the message below; its answer, and its answer to all queries if it refuses; whether it has test
# points that show a list that lists everything.
shipped() {
  cat <<'END'
zen.spamhaus.org            address 127.0.0.2  127.255.255.254 tested
dbl.spamhaus.org            domain  127.0.1.2  127.255.255.254 tested
bl.spamcop.net              address 127.0.0.2  127.255.255.254 tested
psbl.surriel.com            address 127.0.0.2  127.255.255.254 tested
bl.mailspike.net            address 127.0.0.10 127.255.255.254 tested
wl.mailspike.net            nothing 127.0.0.18 127.255.255.254 untested
rep.mailspike.net           address 127.0.0.10 127.255.255.254 untested
bl.score.senderscore.com    address 127.0.0.2  127.255.255.255 tested
sa-trusted.bondedsender.org nothing 127.0.0.10 127.255.255.255 untested
sa-accredit.habeas.com      nothing 127.0.0.10 127.255.255.255 untested
iadb.isipp.com              nothing 127.0.0.1  127.255.255.255 untested
list.dnswl.org              nothing 127.0.5.2  127.0.0.255     tested
bl.spameatingmonkey.net     address 127.0.0.2  127.255.255.254 tested
uribl.spameatingmonkey.net  domain  127.0.0.2  127.255.255.254 tested
fresh15.spameatingmonkey.net domain 127.0.0.2  127.255.255.254 tested
bl.blocklist.de             address 127.0.0.2  127.255.255.254 tested
bip.virusfree.cz            address 127.0.0.2  127.255.255.254 tested
multi.surbl.org             domain  127.0.0.64 127.0.0.1       tested
multi.uribl.com             domain  127.0.0.2  127.0.0.1       tested
END
}

# The lists whose refusals both programs know, with weight 0. (SURBL_BLOCKED costs 1.0 with SpamAssassin of Debian 12.)
known="zen.spamhaus.org dbl.spamhaus.org list.dnswl.org multi.uribl.com"

# A message from 11.22.33.66 that names listed-in-lists.com.
message() {
  cat <<END
Received: from mail.listed-in-lists.com (mail.listed-in-lists.com [11.22.33.66]) by mx.domain.example with ESMTP id x1; $(date -R)
From: Some One <someone@listed-in-lists.com>
To: someone@partner.example
Subject: the minutes of the meeting
Message-ID: <1.2@listed-in-lists.com>
Date: $(date -R)
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii

Dear all, please find the minutes of the meeting at http://www.listed-in-lists.com/minutes
and tell me whether anything is missing there. With kind regards.
END
}

# Both programs three times: behind the gate, at the listener that passes on lists' own answers, and without lists.
raise_scanners() {
  local which port=11500 without address
  internet ip address add $shipped_server/16 dev peer
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
logging { type = "console"; }
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

# lists_are HOW [LIST]...: all lists behave like this, or these do and the others list nothing; the resolver forgets their state.
lists_are() {
  local how=$1 list kind listed refused tested says condemned=()
  shift
  if [ -e "$work/shipped.pid" ]; then end shipped; fi
  unset STATE_DIRECTORY
  # SpamAssassin itself does not query a refusing list for a while.
  rm -rf "$work/spamassassin/.spamassassin"
  case $how in
    silent) begin shipped internet /usr/bin/python3 "$here/faulty.py" $shipped_server drop ;;
    closed) begin shipped internet /usr/bin/python3 "$here/faulty.py" $shipped_server refused ;;
    well) begin shipped internet rbldnsd -n -r "$work/zones" -b $shipped_server $(well_lists) ;;
    *)
      while read -r list kind listed refused tested; do
        case $how in refusing) says=$refused ;; parked) says=203.0.113.7 ;; world) says=$listed ;; esac
        if [ "$how $tested" = "world untested" ] || { [ $# -gt 0 ] && [[ " $* " != *" $list "* ]]; }; then says=; fi
        if [ "$how" = world ] && [ -n "$says" ]; then condemned+=("$list"); fi
        {
          printf '$TTL 60\n@ SOA ns.shipped.lists.example. hostmaster.lists.example. 1 1800 900 604800 60\n'
          printf '@ NS ns.shipped.lists.example.\n'
          [ -z "$says" ] || printf '* A %s\n* TXT "see https://lists.example/"\n' "$says"
        } >"$work/zones/$list.zone"
      done < <(shipped)
      serve shipped $shipped_server "$(shipped | cut -d' ' -f1 | tr '\n' ' ')"
      ;;
  esac
  if [ ${#condemned[@]} -gt 0 ]; then kept "${condemned[@]}"; fi
  restart '[[listener]]
addresses = ["127.0.0.2:53"]
dnsbl = "pass"'
}

# The lists as rbldnsd serves them: their test entries, and the message's address and domain.
well_lists() {
  local list kind listed _
  while read -r list kind listed _; do
    {
      printf '$SOA 60 ns.shipped.lists.example. hostmaster.lists.example. 1 1800 900 604800 60\n$TTL 60\n:%s:listed\n' "$listed"
      case $kind in
        address) printf '127.0.0.2\n11.22.33.66\n' ;;
        domain) printf '.test\n.dbltest.com\n.2.0.0.127\n.listed-in-lists.com\n' ;;
        nothing) printf '127.0.0.2\n' ;;
      esac
    } >"$work/zones/$list.list"
    if [ "$kind" = domain ]; then echo "$list:dnset:$list.list"; else echo "$list:ip4set:$list.list"; fi
  done < <(shipped)
}

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

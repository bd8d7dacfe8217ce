# The lists that SpamAssassin and rspamd of Debian ask as they are shipped, and each way in which all of these behave. Sourced by the
# themes of scanners.

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

# The filters of Postfix that look up SPF, DKIM and DMARC, in two gateways: one asks resolverd, the other Unbound. Sender domains
# with faults must end the same way with both. Sourced by `run`.

. "$here/measure.sh"
filters=$work/filters

# Each sender domain below filters.example: the disposition by policyd-spf in Python, by that in Perl, and by OpenDKIM and OpenDMARC
# with their results of DKIM and DMARC. "250" is accepted, "-" no result. Without a lookup, policyd-spf defers, and OpenDKIM and
# OpenDMARC accept as if there were neither key nor policy.
dispositions() {
  grep -v '^#' <<'END'
# Everything is there and right.
well 250 250 250 pass pass
# Texts of four and two thousand octets, which come over TCP. OpenDKIM takes no key of this size.
long 250 250 250 temperror pass
# By way of another name.
alias 250 250 250 pass pass
# One of its servers refuses.
half 250 250 250 pass pass
# By the name of the client, and by a name made of its address.
ptr 250 250 250 pass pass
exists 250 250 250 pass pass
# Another network sends for it, and it has no key.
fails 550 550 550 - -
# It does not exist.
nothing 250 250 250 fail none
# Its server is silent, or refuses; its keys are wrong.
silent 450 450 250 - none
refuses 450 450 250 - none
bogus 450 450 250 - none
# Only its SPF record refers to a silent name.
far 450 450 250 pass pass
# It takes more than ten lookups.
eleven 250 250 250 pass pass
END
}

# filtered_zone: the sender domains.
filtered_zone() {
  local key name number
  key=$(openssl rsa -in "$filters/key" -pubout 2>/dev/null | sed '/-----/d' | tr -d '\n')
  cat <<END
\$ORIGIN filters.example.
\$TTL 3600
@ SOA ns hostmaster 1 1800 900 604800 300
@ NS ns
ns A 198.18.0.70
well TXT "v=spf1 ip4:198.18.77.77 -all"
long TXT $(text 16)
long TXT "v=spf1 ip4:198.18.77.77 -all"
alias TXT "v=spf1 include:_spf.alias.filters.example -all"
_spf.alias CNAME well
half NS ns
half NS ns.lame.example.
ptr TXT "v=spf1 ptr:sender.example -all"
exists TXT "v=spf1 exists:%{ir}.%{v}._spf.exists.filters.example -all"
77.77.18.198.in-addr._spf.exists A 127.0.0.2
fails TXT "v=spf1 ip4:192.0.2.1 -all"
silent NS ns.silent.example.
refuses NS ns.lame.example.
bogus NS ns
far TXT "v=spf1 include:silent.filters.example -all"
eleven TXT "v=spf1" $(printf '" include:_%s.eleven.filters.example" ' 1 2 3 4 5 6 7 8 9 10 11) " -all"
END
  for number in 1 2 3 4 5 6 7 8 9 10 11; do echo "_$number.eleven TXT \"v=spf1 ip4:192.0.2.$number ?all\""; done
  for name in well ptr exists far eleven; do echo "s._domainkey.$name TXT \"v=DKIM1; k=rsa; p=${key:0:200}\" \"${key:200}\""; done
  echo "s._domainkey.long TXT \"v=DKIM1; k=rsa; n=\" $(text 8) \"; p=\" \"${key:0:200}\" \"${key:200}\""
  echo "s._domainkey.alias CNAME s._domainkey.well"
  for name in well long alias ptr exists fails far eleven; do echo "_dmarc.$name TXT \"v=DMARC1; p=reject\""; done
  echo "_dmarc TXT \"v=DMARC1; p=none\""
}

# A zone of its own, with its key and policy.
filtered_part() {
  printf '$ORIGIN %s.filters.example.\n$TTL 3600\n@ SOA ns.filters.example. hostmaster 1 1800 900 604800 300\n@ NS ns.filters.example.\n' "$1"
  printf '@ TXT "v=spf1 ip4:198.18.77.77 -all"\n_dmarc TXT "v=DMARC1; p=reject"\n'
  sed -n 's/^s\._domainkey\.well /s._domainkey /p' "$work/zones/filters.example.zone"
}

filtered_internet() {
  local part
  mkdir -p "$filters/mails"
  chmod 755 "$filters"
  openssl genrsa -out "$filters/key" 2048
  filtered_zone >"$work/zones/filters.example.zone"
  for part in half bogus; do filtered_part $part >"$work/zones/$part.filters.example.zone"; done
  serve filtered 198.18.0.70 "filters.example half.filters.example bogus.filters.example"
  soon has 'NOERROR' dig @198.18.0.70 bogus.filters.example SOA
  while read -r part _; do
    printf '%s\r\n' "From: <someone@$part.filters.example>" "To: <someone@partner.example>" "Subject: a test" \
      "Date: $(date -R)" "Message-ID: <1@$part.filters.example>" '' 'Hello.' |
      "$here/sign.pl" "$filters/key" "$part.filters.example" >"$filters/mails/$part.filters.example"
  done < <(dispositions)
}

# Both resolvers: DNSSEC begins at `bogus`, with a key that it does not have.
filtered_resolvers() {
  local anchor='bogus.filters.example. DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'
  raise_measure "  trust-anchor: \"$anchor\""
  echo "$anchor" >"$filters/anchor"
  end resolverd
  configure
  sed -i "s#^validate = false#trust_anchor = \"$filters/anchor\"\nnegative_trust_anchors = [\"example\", \"com\", \"org\", \"net\", \"de\", \"cz\", \"arpa\"]#" "$work/resolverd.toml"
  begin resolverd resolverd --config "$work/resolverd.toml"
  watched=resolverd soon ctl stats
  has 'EDE: 9|EDE: 6|status: SERVFAIL' dig @127.0.0.1 bogus.filters.example TXT
  has 'status: NOERROR' dig @127.0.0.1 well.filters.example TXT
}

# filtering NAME RESOLVER ADDRESS: a gateway whose Postfix and filters listen at ADDRESS.
filtering() {
  local name=$1 address=$3 sink=$filters/$1
  gateway "$name" "$2" /var/spool/postfix /var/lib/postfix
  mkdir -p "$sink"
  chmod 777 "$sink"
  awk '/^[a-z]/ && NF > 7 { $5 = "n" } { print }' /usr/share/postfix/master.cf.dist >"$work/$name/etc/postfix/master.cf"
  cat >>"$work/$name/etc/postfix/master.cf" <<END
spf-python unix - n n - 0 spawn user=nobody argv=/usr/bin/policyd-spf $filters/policyd-spf.conf
spf-perl unix - n n - 0 spawn user=nobody argv=/usr/sbin/postfix-policyd-spf-perl
END
  cat >"$work/$name/etc/postfix/main.cf" <<END
compatibility_level = 3.6
myhostname = mx.domain.example
mydestination =
local_recipient_maps =
mynetworks = 127.0.0.1
inet_interfaces = $address
inet_protocols = ipv4
relay_domains = partner.example
relay_transport = smtp:[$address]:2525
maillog_file = $work/mail-$name.log
maillog_file_prefixes = $work
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_restriction_classes = python, perl
python = check_policy_service unix:private/spf-python
perl = check_policy_service unix:private/spf-perl
smtpd_recipient_restrictions = check_recipient_access inline:{python@partner.example=python, perl@partner.example=perl}
smtpd_client_connection_count_limit = 0
spf-python_time_limit = 3600
spf-perl_time_limit = 3600
smtpd_milters = inet:$address:8891, inet:$address:8893
END
  printf 'Mode v\nSocket inet:8891@%s\nNameservers %s\nAuthservID mx.domain.example\nSyslog no\n' "$address" "$2" >"$filters/opendkim-$name.conf"
  printf 'Socket inet:8893@%s\nAuthservID mx.domain.example\nTrustedAuthservIDs mx.domain.example\nRejectFailures true\n' "$address" \
    >"$filters/opendmarc-$name.conf"
  printf 'SPFSelfValidate true\nSPFIgnoreResults true\nPublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat\nSyslog false\n' \
    >>"$filters/opendmarc-$name.conf"
  begin_at "$name" opendkim opendkim -f -x "$filters/opendkim-$name.conf"
  begin_at "$name" opendmarc opendmarc -f -c "$filters/opendmarc-$name.conf"
  begin "sink-$name" smtp-sink -u postfix -h mail.partner.example -d "$sink/%M." "$address:2525" 100
  at "$name" newaliases
  # The theme of Postfix leaves mails in the queue.
  find "$work/$name"/var/spool/postfix/{incoming,active,deferred} -type f -delete
  at "$name" postfix start
  listening "$address" 25
}

raise_filters() {
  filtered_internet
  filtered_resolvers
  printf 'debugLevel = 1\nTestOnly = 1\nHELO_reject = Fail\nMail_From_reject = Fail\nPermError_reject = False\nTempError_Defer = True\n' \
    >"$filters/policyd-spf.conf"
  filtering resolverd 127.0.0.1 198.18.100.25
  ip address replace 198.18.100.26/16 dev wan
  filtering unbound $measure_address 198.18.100.26
}
check "filters: two gateways start" raise_filters

# filtered NAME ADDRESS: sends all mails to that gateway; its dispositions go to $filters/NAME.ended, in the form of the table above.
filtered() {
  local name=$1 case python perl milter file
  internet /usr/bin/python3 "$here/mails.py" 198.18.77.77 "$2" 25 "$filters/mails" \
    python@partner.example perl@partner.example milter@partner.example >"$filters/$name.replies"
  # Accepted mails arrive at the sink with the results of the milters.
  soon arrived "$name"
  while read -r case _; do
    python=$(replied "$name" "$case" python)
    perl=$(replied "$name" "$case" perl)
    milter=$(replied "$name" "$case" milter)
    file=$(grep -lE "^X-Mail-Args: .*@$case\.filters" $(grep -lE '^X-Rcpt-Args: .*milter@' "$filters/$name"/*) </dev/null || true)
    echo "$case $python $perl $milter $(milter_said dkim "$file") $(milter_said dmarc "$file")"
  done < <(dispositions) >"$filters/$name.ended"
}

# replied NAME CASE RECIPIENT: the code; milter_said METHOD FILE: the result of a method in Authentication-Results, or -.
replied() { sed -nE "s/^$2 $3 [0-9.]+ ([0-9]+).*/\1/p" "$filters/$1.replies"; }
milter_said() { sed -nE "s/^(.*[[:space:]])?$1=([a-z]+)( .*)?$/\2/p" ${2:+"$2"} </dev/null | head -n 1 | grep . || echo -; }

arrived() { [ "$(ls "$filters/$1" | wc -l)" -eq "$(grep -cE '^[^ ]+ [^ ]+ [0-9.]+ 250' "$filters/$1.replies")" ]; }

# The two at the same time: what each waits for is the same.
all_filtered() {
  local beside
  filtered unbound 198.18.100.26 &
  beside=$!
  filtered resolverd 198.18.100.25
  wait $beside
  cat "$filters"/*.replies
  diff "$filters/unbound.ended" "$filters/resolverd.ended"
  diff <(dispositions) "$filters/resolverd.ended"
}

# The longest wait of each filter.
not_slower() {
  local filter ours theirs
  for filter in python perl milter; do
    ours=$(longest resolverd $filter)
    theirs=$(longest unbound $filter)
    echo "figure: the longest mail of $filter takes $ours s, with Unbound $theirs s"
    at_most "$(awk "BEGIN { print $theirs + 2 }")" "$ours" "seconds of the longest mail of $filter"
  done
}
longest() { awk "\$2 == \"$2\" { print \$3 }" "$filters/$1.replies" | sort -n | tail -n 1; }

check "filters: each mail ends as with Unbound: policyd-spf in Python and Perl, OpenDKIM, OpenDMARC" all_filtered
# With Debian's libunbound it queries servers itself, and here it reaches none that it knows.
opendkim_alone() {
  local name before
  for name in with without; do
    printf 'Mode v\nSyslog no\nAuthservID mx.domain.example\n' >"$filters/alone.conf"
    [ $name = without ] || printf 'Nameservers 127.0.0.1\n' >>"$filters/alone.conf"
    forget
    before=$(asked TXT)
    timeout 60 opendkim -x "$filters/alone.conf" -t "$filters/mails/alias.filters.example"
    echo "asked $(($(asked TXT) - before)) times $name Nameservers"
    [ "$(($(asked TXT) > before))" = "$([ $name = with ] && echo 1 || echo 0)" ]
  done
}

check "filters: OpenDKIM queries resolverd only with Nameservers" opendkim_alone
check "filters: no mail takes longer than with Unbound" not_slower
for name in resolverd unbound; do at "$name" postfix stop >/dev/null 2>&1 || true; done
leave_gateways
restart

# Exim on the gateway, in a simulated session (-bh): the results of its dnslists with broken lists, and its wait for a row of
# lists. Sourced by `run`.

exim_configured() {
  printf '[[listener]]\naddresses = ["127.0.0.2:53"]\ndnsbl = "pass"\n'
  list_configured bl block ip4
  # Here it is asked for addresses.
  list_configured refuse-dbl block ip4
  list_configured parked block ip4
  list_configured world block ip4
  list_configured dead block ip4
  list_configured closed block ip4
  # A list for which this Exim gets "not listed" after any failure.
  list_configured closed-dbl block ip4
  printf 'on_refusal = "nxdomain"\nwhen_silent = "nxdomain"\n'
}

raise_exim() {
  mkdir -p "$work/exim"
  grep -q '^Debian-exim:' /etc/passwd || printf 'Debian-exim:x:19999:19999::/nonexistent:/usr/sbin/nologin\n' >>/etc/passwd
  grep -q '^Debian-exim:' /etc/group || printf 'Debian-exim:x:19999:\n' >>/etc/group
  kept world.lists.example
  restart "$(exim_configured)"
}

# rehearse ADDRESS DNSLISTS: the reply to a client at that address.
rehearse() {
  cat >"$work/exim/conf" <<END
primary_hostname = mx.domain.example
domainlist relay_to_domains = partner.example
acl_smtp_rcpt = rcpt
rfc1413_query_timeout = 0s
spool_directory = $work/exim
log_file_path = $work/exim/%slog
begin acl
rcpt:
  deny dnslists = $2
       message = listed in \$dnslist_domain
  accept
END
  printf 'HELO helo.sender.example\r\nMAIL FROM:<someone@sender.example>\r\nRCPT TO:<someone@partner.example>\r\nQUIT\r\n' |
    "$EXIM/usr/sbin/exim4" -C "$work/exim/conf" -bh "$1"
}

exim_says_the_same() {
  local list row=
  for list in refuse-dbl parked world dead closed; do
    has '^250 Accepted' rehearse 198.18.77.77 "$list.lists.example"
    row+="$list.lists.example : "
  done
  has '^250 Accepted' rehearse 198.18.77.77 "${row}dnsbl.sorbs.net : bl.lists.example"
  has '^550 listed in bl\.lists\.example' rehearse 198.18.77.66 "${row}dnsbl.sorbs.net : bl.lists.example"
  has 'assumed not in list' rehearse 198.18.77.77 refuse-dbl.lists.example
}

# +defer_unknown and +include_unknown work, except for lists whose failures are "not listed".
exim_hears_of_failures() {
  has '^451 ' rehearse 198.18.77.77 "+defer_unknown : refuse-dbl.lists.example"
  has '^550 ' rehearse 198.18.77.77 "+include_unknown : closed.lists.example"
  has '^250 Accepted' rehearse 198.18.77.77 "+include_unknown : closed-dbl.lists.example"
}

# The own answers of lists.
exim_without_the_gate() {
  printf 'nameserver 127.0.0.2\n' >/etc/resolv.conf
  has '^550 listed in refuse-dbl\.lists\.example' rehearse 198.18.77.77 refuse-dbl.lists.example
  has '^250 Accepted' rehearse 198.18.77.77 refuse-dbl.lists.example=127.0.0.2
  has 'not in 127\.0' rehearse 198.18.77.77 parked.lists.example
  printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
}

# Three lists in a row, each of which takes 300 ms.
row_of_lists() {
  local way list began took number=0
  for list in a b c; do
    number=$((number + 1))
    internet ip address add 198.18.0.6$number/16 dev peer
    begin "slow-$list" internet /usr/bin/python3 "$here/faulty.py" 198.18.0.6$number missing-300
    soon grep -q serving "$work/slow-$list.log"
  done
  for way in off configured; do
    restart "$(
      for list in a b c; do list_configured slow-$list block ip4; done
      printf '[dnsbl]\nbatch = "%s"\nbatch_groups = [["slow-a.lists.example", "slow-b.lists.example", "slow-c.lists.example"]]\n' $way
    )"
    # A first query, so that the lists' servers are known.
    has '^250 Accepted' rehearse 198.18.77.1 "slow-a.lists.example : slow-b.lists.example : slow-c.lists.example"
    began=$EPOCHREALTIME
    has '^250 Accepted' rehearse 198.18.77.2 "slow-a.lists.example : slow-b.lists.example : slow-c.lists.example"
    took=$(awk "BEGIN { printf \"%.2f\", $EPOCHREALTIME - $began }")
    echo "figure: three lists of 300 ms take Exim $took s with batch = \"$way\""
    case $way in
      off) at_most "$took" 0.9 "seconds without asking ahead" ;;
      configured) at_most 0.6 "$took" "seconds asking ahead" ;;
    esac
  done
}

check "exim: starts" raise_exim
check "exim: dnslists ends as without lists of which something is wrong" exim_says_the_same
check "exim: +defer_unknown and +include_unknown hear of failures, but where they are \"not listed\"" exim_hears_of_failures
check "exim: without the gate a refusal would count" exim_without_the_gate
check "exim: a row of lists takes as long as one of them" row_of_lists
unset STATE_DIRECTORY
restart

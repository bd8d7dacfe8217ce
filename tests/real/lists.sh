# rbldnsd for lists, as an authoritative server under a delegation. Sourced by `run`.

listed() {
  has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.bl.lists.example A
  has 'listed, see https://lists\.example/198\.18\.77\.66' dig @127.0.0.1 +short 66.77.18.198.bl.lists.example TXT
  has '127\.0\.0\.4' dig @127.0.0.1 +short 9.200.18.198.bl.lists.example A
  has '127\.0\.1\.2' dig @127.0.0.1 +short spammer.example.dbl.lists.example A
  has '127\.0\.1\.2' dig @127.0.0.1 +short www.spammer.example.dbl.lists.example A
}
check "lists: what is listed" listed

not_listed() {
  has 'status: NXDOMAIN' dig @127.0.0.1 77.77.18.198.bl.lists.example A
  # postscreen caches "not listed" for the time of this SOA.
  has '^bl\.lists\.example\.[[:space:]]+([1-5]?[0-9]|60)[[:space:]]+IN[[:space:]]+SOA' dig @127.0.0.1 +noall +authority 77.77.18.198.bl.lists.example A
  has 'status: NXDOMAIN' dig @127.0.0.1 innocent.example.dbl.lists.example A
  has '127\.0\.0\.2' dig @127.0.0.1 +short 2.0.0.127.bl.lists.example A
  has 'status: NXDOMAIN' dig @127.0.0.1 1.0.0.127.bl.lists.example A
}
check "lists: what is not, and for how long" not_listed

# rbldnsd answers NXDOMAIN for a name in the middle, though there are names below.
in_the_middle() {
  forget
  has 'status: NXDOMAIN' dig @198.18.0.30 +norec 77.18.198.bl.lists.example A
  has 'status: NXDOMAIN' dig @127.0.0.1 77.18.198.bl.lists.example A
  has 'status: NXDOMAIN' dig @127.0.0.1 18.198.bl.lists.example A
  has '127\.0\.0\.2' dig @127.0.0.1 +short 66.77.18.198.bl.lists.example A
}
check "lists: NXDOMAIN in the middle hides nothing below" in_the_middle

broken() {
  has 'status: SERVFAIL' dig @127.0.0.1 +tries=1 +timeout=6 66.77.18.198.dead.lists.example A
  has 'status: SERVFAIL' dig @127.0.0.1 +tries=1 66.77.18.198.closed.lists.example A
}
check "lists: one that is dead or refuses is SERVFAIL, never a listing" broken

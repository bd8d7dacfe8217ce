//! The terms of the screens, explained below the long help of each command and in the manual.

/// Terms of `status`.
pub(super) const STATUS: &str = "\
Keys of the root (RFC 5011): configured (built in or configured, not yet seen), new (not trusted yet; pending in
JSON), valid, missing (trusted, no longer in the root zone), revoked and removed (not trusted).
Performance data of --plugin, over five minutes unless they are states:
  uptime            seconds since the start
  queries           queries, and of these from_cache, failed (SERVFAIL) and overload (SERVFAIL, too many in progress)
  latency_p50, _p99 seconds until the reply, for half and for 99 percent
  in_progress       queries in progress, with their maximum
  cache_memory      bytes of the cache, with their maximum
Command of Icinga and Nagios, for a user of the group `resolverd`:
  /usr/bin/resolverctl status --plugin";

/// Terms of `stats`.
pub(super) const STATS: &str = "\
Outcomes of queries:
  from cache      answered from the cache
  shared query    got the answer to the same query of another client
  from servers    answered after queries to servers
  stale answer    answered from an expired entry, because no server answered
  failed          SERVFAIL: no usable answer was found
  cached failure  SERVFAIL: the same query failed a moment ago
  timeout         SERVFAIL: no answer within resolve.deadline
  overload        SERVFAIL: too many queries are in progress (shed in JSON)
  internal error  SERVFAIL: resolverd crashed; the log has the error
Replies of servers:
  truncated       too large for UDP; repeated over TCP
  lame            the server does not serve the zone
  invalid         unreadable, or not a reply to the query
  unauthorized    records that the server has no authority for (scrubbed in JSON)
  unexpected      reply to no query in progress: late or forged (strays in JSON)
Other terms:
  p50, p90, p99   half, 90 and 99 percent took at most this time
  indeterminate   the DNSSEC keys could not be fetched; clients get SERVFAIL
  resolution      all work for one query that is not in the cache
  total time      of all resolutions of a zone; total wait: for replies of servers
  message         an email: queries that belong together (`resolverctl why`)
Windows of tables by zone, server and client cover up to a minute more. With overload, queries of the busiest zone
and client fail first. --watch --json prints the time (`at`) before each report.";

/// Terms of `top`.
pub(super) const TOP: &str = "\
Keys: ? shows all keys, Tab the next table, Enter the messages (emails) that waited for the selected row, q quits.
The first lines are rates between the last two updates. The table of lists counts since the start. If the output is
not a terminal, the table is printed once.";

/// Terms of `query`.
pub(super) const QUERY: &str = "\
Last line of an answer:
  secure          signed with DNSSEC, with correct signatures
  insecure        not signed, or excluded from validation
  stale           an expired entry of the cache, because no server answered
  extended error  the reason (RFC 8914)";

/// Terms of `compare`.
pub(super) const COMPARE: &str = "\
Results, in JSON `verdict`. The name servers with the newest serial are right:
  same             the answer of the name servers
  in_turn          the zone gives several addresses in turn
  not_transferred  a name server has an older serial: it has not yet transferred the zone
  different        a name server differs from most with the same serial, or from the zone above
  old              a resolver has an older answer in its cache, until the time shown at the latest
  stale            this resolver gives an expired answer, because no name server answered it
  elsewhere        other addresses: in turn, by place, old or changed
  filtered         a resolver denies the name, removes private addresses, or gives one like 0.0.0.0
  changed          a resolver gives an alias or address that the zone does not have
  local            the configuration of this host answers
  bogus            wrong or missing signatures: see `resolverctl check NAME`
  failed           an error, a name server without authority, or a DNS list that refuses this host
  refused          REFUSED, or a DNS list that refuses another resolver
  no_answer        no reply, or the port is closed
  unknown          could not tell, for example without a name server to compare with
JSON: an object a line for each answer, then one for the name.
Exit codes: 0 the same or in turn, 1 an answer differs, 4 could not tell or incomplete.";

/// Terms of `shadow`.
pub(super) const SHADOW: &str = "\
Causes of differences, in JSON `cause`:
  bogus        one of the resolvers finds wrong or missing signatures
  broken_zone  name servers of the zone fail, or give different answers
  policy       an answer of a resolver's own: its configuration, a filter, DNS64, REFUSED
  list         a DNS list refuses one of them, or resolverd does not believe the list
  old          one of them has an older answer
  unknown      could not tell
  ad_only      only the AD bit differs
  geography    the zone gives both addresses, in turn or by place
  timing       one failed, or they differed, once
  rotation     the same records in another order or in turn
  ttl          only TTLs differ
JSON: an object a line for each difference, then a summary.
Exit codes: 0 safe to switch, 1 look at some differences first, 4 could not tell: fewer than 20 questions, too many
without a reply, or an unknown cause.";

/// Terms of `trace`.
pub(super) const TRACE: &str = "\
Steps, with the time since the start; lookups of server addresses and keys are indented:
  cache, note     an entry of the cache, or a note about a server
  zone cut        the closest zone above the name whose servers are known
  minimised       the server gets only this part of the name (RFC 9156)
  →               a query to a server, and why; _key is the key of a DNS list
  ←               the reply, or a timeout
  referral        the server names the servers of a zone further down
  alias           a CNAME or DNAME leads to another name
  removed         records that the server has no authority for
  ds, dnskey      the keys of a zone as its parent names them, and from its own servers
  checked         result of DNSSEC validation
  outdated        the known servers of a zone no longer serve it
  ended           the result
Reasons of queries in JSON: first, race (the speed of no server is known), retry (after a timeout), next, address,
without_edns, truncated, other_case (the reply changed upper and lower case), own_case, alone, again, parent.
--fresh resolves with an empty cache, which is dropped at the end. At most two run at once.";

/// Terms of `servers`.
pub(super) const SERVERS: &str = "\
Columns:
  round trip        average time from a query to its reply
  missing features  EDNS, TCP, or mixed case in names (0x20)
  does not serve    zones that are delegated to the server (lame in JSON)
States:
  answering         replied to its last query
  recent timeout    did not reply to its last query
  dead              only probed until it replies again. If most are dead: `resolverctl check system`
  no answer yet     queried, without a reply so far
  not queried yet   known by its address only";

/// Terms of `zones`.
pub(super) const ZONES: &str = "\
Types are those of [[zone]] in resolverd.toml(5), and host. States are those of `resolverctl servers --help`; lame:
replied with REFUSED or SERVFAIL, or does not serve the zone.";

/// Terms of `inflight`.
pub(super) const INFLIGHT: &str = "\
Columns:
  clients waiting            0 if they already got SERVFAIL, or if resolverd sent the query itself
  queries sent               to servers for this query so far
  waiting for server (zone)  the server that was queried last";

/// Terms of `monitor`.
pub(super) const MONITOR: &str = "\
Outcomes are those of `resolverctl stats --help`. If the output is read too slowly, queries are left out, and a line
says how many. At most four monitors run at once.";

/// Terms of `why`.
pub(super) const WHY: &str = "\
A message is an email: queries of one client that belong together, with pauses of at most two seconds. The screen shows
the worst message: each query with its start, a bar of time, its duration and outcome, and below it the queries to
servers. Queries of less than a millisecond are left out.
Causes:
  server silent, slow, refused, lame, failed
                  the servers of a zone did not answer, answered late, refused, do not serve the zone, or sent errors
  list silent, slow, refused
                  the same of a DNS list
  truncated       answers need TCP, and TCP fails
  unreachable     the port is closed, or this host has no route to the servers
  bogus           DNSSEC validation failed
  packet loss     queries or replies get lost on the way
  network         the network of this host: no server answered
  overload        too many queries were in progress, or CPU time was short
  client          the client waited between its queries
  nothing slow    DNS was not the cause
  not DNS         the delay of a pasted line is not in DNS
  unknown         could not tell, or the query history has no such query
If several causes cost about the same time, all are shown. A failed query counts as four seconds: it defers mail.
`-` reads at most 30 lines of Postfix, Exim, Sendmail, rspamd, SpamAssassin or mailq, or a bounce, and shows the message of
each line by its time, addresses and domains.
The query history has recent queries in memory, and failed, bogus and slow ones also on disk.
Example: resolverctl why --at 03:12 example.com";

/// Terms of `failed`.
pub(super) const FAILED: &str = "\
Whether a zone still fails:
  still failing   a query has failed in the last ten minutes, and was not answered since
  works again     the query that failed last was answered since
  not known       no client has queried the zone since, or the query is on disk only
resolverd (overload) stands for queries that resolverd answered with SERVFAIL to limit its load.
The log has the first failure of a zone in an hour: `journalctl -t resolverd INCIDENT=query_failed ZONE=example.`";

/// Terms of `cache`.
pub(super) const CACHE: &str = "\
Entries: answer (a complete reply to clients), record set (rrset in JSON), negative answer (NXDOMAIN or NODATA),
delegation (the name servers of the zone), trust (whether the zone is signed), cached failure.
Source: authoritative, non-authoritative (answer in JSON) or glue (never given to clients). DO: with signatures; CD:
without validation. group 0, group 1: clients that see the same zones (view in JSON).";

/// Terms of `flush`.
pub(super) const FLUSH: &str = "\
Example: resolverctl flush --tree example.com
The saved cache is written again within 30 s.";

/// Terms of `dnsbl`.
pub(super) const DNSBL: &str = "\
Columns:
  sent today        queries to the list today (UTC), including batch queries and tests
  limit per day     of the configuration, or of the terms of the list
States:
  ok                the list works
  slow              it answers slowly
  not tested yet    it is tested while clients query it, with entries that are always or never listed (RFC 5782)
  refuses queries   it refuses this host or your key
  parked            its domain may have a new owner
  lists everything  also the test entry that must not be listed; its listings are ignored
  lists nothing     not even the test entry that must be listed
  tests differ      a test entry has the wrong answer, but the list works for clients
  does not answer   (silent in JSON)
  shut down         the list ended; resolverd answers \"not listed\" itself
  unknown list      clients query this zone like a list";

/// Terms of `lookahead`.
pub(super) const LOOKAHEAD: &str = "\
Rules, by the queries that they send, with their words in JSON:
  PTR of an address        (ptr) that a client looked up in a DNS list
  A, AAAA of a PTR name    (ptr_a, ptr_aaaa)
  A, AAAA of mail hosts    (mx_a, mx_aaaa)
  A, AAAA for DANE         (dane_a, dane_aaaa) of mail hosts, if the client asked for the MX with DO
  TLSA of mail hosts       (tlsa) if all is signed and the client asked with DO
  SPF record, includes     (spf, spf_chain)
  hosts in SPF records     (spf_hosts)
  DMARC record             (dmarc) of a domain, (dmarc_walk) of the domains above it
  DKIM keys                (dkim) that clients looked up for the domain before
States: active (queries are sent), inactive (clients use too few), learning (too few were counted).
Columns:
  used by clients   percent of the last 100 to 200 queries that clients used before the end of the TTL
  sent ahead, used  (asked, used) queries sent, and queries whose answer a client used
  time saved        time that clients did not wait
  would be sent, would be used
                    (observed, sent_later) with lookahead.mode = \"observe\"";

/// Terms of `nta`.
pub(super) const NTA: &str = "\
Example: deliver mail to a domain with wrong signatures (RFC 7646):
  resolverctl nta add --for 1d example.com";

/// Terms of `check watched`.
pub(super) const WATCHED: &str = "\
Terms:
  unconfirmed            one check has found it; a second one follows within about ten minutes (coming in JSON)
  not found              the last check did not find it; it ends after three checks in a row (going in JSON)
  gave no result         no finding appears or ends
Lines of the log: `journalctl -t resolverd WATCHED=came` (or went, left_out, unknown, known), DOMAIN=, CODE=.
Exit codes: 0 no failures, 1 a domain has a failure, 4 a check was not complete or a failure is unconfirmed.";

/// Terms of `check`. The codes are in the manual only.
pub(super) const CHECK: &str = "\
Levels: failure (mail is lost, delayed or rejected), warning (at some hosts, or after another fault), unknown (could not
be found out; could_not_tell in JSON), note (could be better), ok. The codes are in resolverctl(1).
JSON: an object a line for each finding: level, topic, code, evidence, effect, remedy, source, subject.
Exit codes: 0 no failures and no unknown results, 1 a failure, 4 an unknown result. If this network blocks other resolvers,
use --local.";

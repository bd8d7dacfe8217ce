//! The terms of the screens, explained below the long help of each command and in the manual.

use doctor::codes::Code;

/// Terms of `status`.
pub(super) const STATUS: &str = "\
States of the keys of the root, which are trust anchors (RFC 5011):
  configured      built in or in the file of trust_anchor, and not yet seen in the root zone; trusted
  new             in the root zone, and not trusted yet; pending in JSON
  valid           trusted
  missing         trusted, but no longer in the root zone
  revoked         the root zone has revoked it; not trusted
  removed         revoked more than 30 days ago
Output of --plugin: the state, the worst problem and the number of the others; after `|` the performance data. The line of a
healthy daemon:
  RESOLVERD OK - resolverd 0.2.0, up 3 d 4 h, 385 207 queries in 5 min|uptime=273600s;;;0 queries=385207;;;0 ...
Performance data of --plugin:
  uptime          seconds since the start
  queries         queries of the last five minutes; of these:
  from_cache      answered from the cache
  failed          answered with SERVFAIL for another reason than overload
  overload        answered with SERVFAIL at once, because too many queries were in progress
  latency_p50, latency_p99
                  seconds until the reply: half, and 99 percent, of these queries took at most this time
  in_progress     queries in progress, with their maximum
  cache_memory    bytes of the cache, with their maximum
Command of Icinga and Nagios; the user of the monitoring must be in the group `resolverd`:
  /usr/bin/resolverctl status --plugin";

/// Terms of `stats`.
pub(super) const STATS: &str = "\
Outcomes of queries:
  from cache      answered from the cache
  shared query    the same query was in progress already; this client got the same answer
  from servers    answered after queries to servers on the internet
  stale answer    answered from an expired entry, because no server answered
  failed          SERVFAIL: no usable answer was found
  cached failure  SERVFAIL: the same query failed a moment ago
  timeout         SERVFAIL: no answer within resolve.deadline
  overload        SERVFAIL at once, because too many queries were in progress (shed in JSON)
  internal error  SERVFAIL: resolverd crashed while it resolved the query; its log has the error; please send it to the makers of resolverd
  FORMERR, NOTIMP, BADVERS, REFUSED
                  the query was malformed, not supported, or not permitted
DNS messages to resolverd that are not counted as queries (discarded):
  too short       shorter than a DNS header
  response        a response instead of a query
  denied          from an address that `allow` does not permit
  repeated        a client's second copy of a query that is in progress
  reply lost      the client did not take the reply
  accept failed   a TCP connection that was not accepted
Replies of servers, and timeouts (servers):
  truncated       too large for UDP; the query is repeated over TCP
  timeout         the server did not reply
  lame            the server does not serve the zone that is delegated to it
  other error     another error code than SERVFAIL and REFUSED
  invalid         the reply cannot be read or does not match the query
  unauthorized    records in a reply that the server has no authority for (scrubbed in JSON)
  unexpected      replies to no query in progress: late or forged (strays in JSON)
  prefetched      answers, delegations (NS records) and server addresses renewed before their TTL ends
Validation of answers (DNSSEC):
  secure          the signatures are correct
  insecure        the zone is not signed
  bogus           a signature is wrong or missing; clients get SERVFAIL
  indeterminate   the keys could not be fetched; clients get SERVFAIL
Other terms:
  p50, p90, p99   half, 90 and 99 percent of the queries took at most this time; max: the longest
  failures        failed resolutions of the three zones with most of them; `resolverctl failed` shows why
  resolution      all work for one query that is not in the cache
  failed          in tables: resolutions without a usable answer
  total time      the sum of the times of all resolutions of a zone
  total wait      the sum of the times that resolverd waited for replies of servers
  record set      the records of one name and type (RRset)

When something is counted:
  query           when its reply is sent, at the latest after resolve.deadline
  resolution      when it ends, at the latest 10 s after its first query; the client may have got SERVFAIL before
  query to a server
                  when its reply comes, or resolverd no longer waits for it
Windows of the overview and of --by type move every 10 s. Tables by zone, server and client cover whole minutes and the current
minute: up to a minute more than the window.
The tables of --by stage and --by minute come from the query history in memory, all other tables from counters. The last line of
a table names the time that its figures cover. Terms of these two tables:
  message         an email: queries of one client that belong together, as `resolverctl why` joins them. If its parts
                  may be of two emails, `why --slowest` shows each part, and this table counts them together
  DNS time        the time in which queries of a message were in progress
  own work        resolverd reads the cache, chooses servers and checks signatures (walk in JSON)
With --watch and --json, an object with the time (at, in seconds since 1970) comes before each report.

Load is limited as follows. If more than half of the maximum number of queries is in progress, queries of the busiest zone
and of the busiest client are answered with SERVFAIL first. A zone whose servers do not answer may have only a small part
of the maximum number in progress. The maximum is 2000, and smaller if cache.size is below 256MiB.";

/// Terms of `top`.
pub(super) const TOP: &str = "\
Keys:
  1 to 5, Tab     another table: zones, servers, lists, clients, failures
  s               sort by the next column
  r               sort in the other direction
  w               the next period: 1m, 5m, 1h, start
  up, down, page up, page down, home
                  select a row
  Enter           the messages (emails) that waited for the selected row, as `resolverctl why` shows them
  Esc             back to the table; in the table: quit
  ?               the keys
  q, Ctrl-C       quit
The first lines are rates, measured between the last two updates of the screen. The table of lists counts since the start of resolverd. A narrow terminal has fewer columns. If
the daemon does not reply, the last numbers stay, a line says so, and resolverctl tries again. If the output is not a terminal,
the table is printed once.";

/// Terms of `query`.
pub(super) const QUERY: &str = "\
Last line of an answer:
  secure          the answer is signed with DNSSEC and the signatures are correct
  insecure        the zone is not signed, or is excluded from validation
  stale           an expired entry of the cache, because no server answered
  extended error  the code of the reason (RFC 8914)";

/// Terms of `compare`.
pub(super) const COMPARE: &str = "\
Results, in JSON `verdict`. The name servers with the newest serial say what is right:
  same            the answer of the name servers
  in_turn         the zone answers in turn: a name server gave other addresses when it was asked again, all name servers told one serial
                  each time, and no answer is of one name server alone that always gives it
  not_transferred a name server has an older serial and another answer: it has not yet transferred the zone
  different       a name server has another answer than most with the same serial, two serials, or another answer over TCP or when it
                  is asked again; only the zone or only the zone above names it; or it does not delegate the zone. If no answer has more
                  than half of the name servers, all are different
  old             a resolver has another answer in its cache, until the time shown at the latest, and this is shown: it has an older
                  serial; its signature has ended; or it is in the cache of this resolver, which has no forwarder for it, and all name
                  servers gave the other answer twice. Or it is the answer of name servers that have not yet transferred the zone, or
                  that only the cache of this resolver has
  stale           this resolver gives an expired answer, because no name server answered it
  elsewhere       other addresses: in turn, by place, old or changed; at name servers of one serial and with a TTL of at most 300 s
                  perhaps a change without a new serial; it cannot be told which
  filtered        a resolver denies the name without the SOA of the zone, removes private addresses, or gives an address like 0.0.0.0
  changed         a resolver gives an alias, a private address, or an address, where the zone has none
  local           the configuration of this host answers; name servers of the internet do not count for it
  bogus           the signatures are wrong or missing: see `resolverctl check NAME`
  failed          SERVFAIL or another error, a name server without authority or without an address, or a DNS list that refuses this
                  resolver
  refused         REFUSED, or a DNS list that refuses another resolver
  no_answer       no reply, or the port is closed
  unknown         could not tell: a truncated reply, no route, a certificate that is not accepted, no name server to compare with,
                  name servers that differ and whose serials are not all known, or an answer that no name server gave and that
                  is not shown to be old: time in a cache alone does not show it, nor does the serial of a forwarder, which may
                  have a zone of its own
JSON: an object a line for each answer: name, type, source (this_resolver, resolver, name_server, former_server), server, verdict, why,
rcode, records, ttl, serial, elapsed (seconds). Then one for the name: name, type, verdict (the worst), sentence, zone, groups (answer,
name_servers, sources), servers_left_out, resolvers_left_out, aliases_left_out. The same follows for the target of an alias.
Exit codes: 0 all are the same or in turn, 1 an answer differs, 4 could not tell, or name servers or aliases were left out. Not counted:
other resolvers that refuse, do not answer or cannot be asked (no address, another HTTP status than 200), servers of a family (IPv6)
that this host does not reach, and the local configuration. A resolver whose certificate is not accepted counts: 4.";

/// Terms of `shadow`.
pub(super) const SHADOW: &str = "\
Causes, in JSON `cause`. \"in place\" is the resolver of --against:
  bogus        one of them finds the signatures wrong or missing: with CD it has an answer, or it says so
  broken_zone  both fail, or one of them does, and so do name servers of the zone; or the name servers give different answers
  policy       the answer is of a resolver's own: its configuration, authority (AA), an extended error Blocked, Filtered, Censored or
               Forged Answer, REFUSED for this name alone, DNS64, or a filter that denies names or removes or gives private
               addresses
  list         a DNS list refuses one of them (127.255.255.x is no listing), or resolverd does not believe the list
  old          one has an older answer: a name server with an older version of the zone still gives it, it was replaced when its TTL
               ended, only the cache of resolverd has it, or the resolver says that it is expired
  unknown      could not tell, also where an answer of the resolver in place may be old or from a zone or a forwarder of its own
  ad_only      only AD differs
  geography    name servers of the zone give both addresses, so the zone answers in turn or by place
  timing       one failed, or they differed, once
  rotation     the same records in another order or in turn, seen from both, or the zone is proven to answer in turn
  ttl          only TTLs differ
  none         equal
Weights: look (before a switch), unknown, harmless.
JSON: an object a line for each difference but ttl: name, type, dnssec_ok, checking_disabled, queries, cause, weight, side (in_place,
resolverd), in_place, resolverd, why, advice. Then the summary: verdict (safe, look_first, could_not_tell), sentence, against, compared,
queries, causes, not_compared, in_place and resolverd (answered, failed, silent, elapsed), interrupted, skipped, left_out.
Live: --from live --listen ADDRESS:PORT. Queries of clients that [listen] of resolverd does not allow are dropped. Of the queries of a
question the first is compared. If too many wait, queries are answered and not compared (overload).
Exit codes: 0 safe to switch, 1 look at some differences first, 4 could not tell: fewer than 20 questions, a resolver that answers nothing
or leaves a tenth of the questions without a reply, more than a tenth not reached before the end, or a difference whose cause is unknown.";

/// Terms of `trace`.
pub(super) const TRACE: &str = "\
Steps, each with the time since the start. Steps that look up the address of a server or the keys of a zone are indented:
  query           a resolution starts
  cache           an entry of the cache, or a note about a server
  note            with --fresh: data that this trace knows already, or a note about a server
  zone cut        the closest zone above the name whose servers are known
  minimised       the server gets only this part of the name (RFC 9156)
  →               a query to a server, with name and type if they are not those of the query; in parentheses why it
                  goes to this server. _key stands for the key of a DNS list
  ←               the reply, or a timeout, or that there is no reply when the resolution ends
  referral        the server names the servers of a zone further down
  alias           a CNAME or DNAME leads to another name
  removed         records that the server has no authority for
  ds              the keys of a zone as its parent, or a trust anchor, names them
  dnskey          the keys of a zone from its own servers; one of the named keys must sign them
  checked         result of DNSSEC validation: of a zone's keys, or of the answer
  outdated        the known servers of a zone no longer serve it
  ended           the result
Reasons of queries to servers, with their words in JSON:
  first choice            (first) to the server that was chosen first
  second server in parallel (race) because the speed of no server is known yet
  after a timeout         (retry) to another server
  next server             (next) after a reply that is of no use
  new address             (address) to a server whose address has just been found
  without EDNS            (without_edns) the server does not support EDNS (RFC 6891)
  reply was truncated     (truncated) over TCP, because the reply is too large for UDP
  reply changed the case  (other_case) over TCP, because upper and lower case of the name differ from the query
  in the server's case    (own_case) over UDP, with the name as the server writes it
  no other server left    (alone) to a server whose last answer was of no use
  again after errors of all servers (again) to the server that is most likely to answer
  server in the parent's referral (parent) because the servers that the zone itself names do not answer
The trace ends with the resolution, which may be later than the answer: a client gets SERVFAIL after resolve.deadline.
--fresh resolves as if nothing were known, with an empty cache that is dropped at the end. At most two traces with --fresh run at
the same time. A query to a DNS list counts against the daily quota of the list. resolverd refuses it if most of the quota is used.";

/// Terms of `servers`.
pub(super) const SERVERS: &str = "\
Columns:
  round trip           average time from a query to its reply
  unanswered in a row  last queries without a reply
  missing features     features that the server lacks: EDNS (RFC 6891), TCP, and mixed case in names (0x20): that its replies
                       repeat upper and lower case of the query name
  does not serve       zones that are delegated to the server, but that it does not serve (lame in JSON)
States:
  answering        replied to its last query
  recent timeout   did not reply to its last query
  dead             did not reply for some time; only probed until it replies again. A few dead servers are usual;
                   if most are dead, run `resolverctl check system`
  no answer yet    queried, without a reply so far
  not queried yet  known by its address only";

/// Terms of `zones`.
pub(super) const ZONES: &str = "\
Types:
  stub     queries go to the authoritative servers of the zone
  forward  queries go to other resolvers
  recurse  resolved from the root servers, although a zone around it is not
  file     the zone is read from a file
  records  the records are in the configuration file
  host     local addresses of one name
States:
  answering        replied to its last query
  recent timeout   did not reply to its last query
  lame             replied with REFUSED or SERVFAIL, or does not serve the zone
  dead             did not reply for some time; only probed until it replies again
  not queried yet  no query so far";

/// Terms of `inflight`.
pub(super) const INFLIGHT: &str = "\
Columns:
  clients waiting            clients that wait for the answer; 0 if all of them already got SERVFAIL after resolve.deadline,
                             or if resolverd sent the query itself
  queries sent               queries sent to servers for this query so far
  waiting for server (zone)  the server that was queried last, and its zone";

/// Terms of `monitor`.
pub(super) const MONITOR: &str = "\
Queries that the cache answers are not shown, except cached failures: queries that failed a moment ago and get SERVFAIL again. The
outcomes are those of `resolverctl stats --help`. If the output is read too slowly, queries are left out, and a line says how many.
At most four monitors run at the same time. They do not delay queries.";

/// Terms of `why`.
pub(super) const WHY: &str = "\
A message is an email: queries of one client with pauses of at most two seconds, whose names belong together. The screen
shows the worst message: each query with its start, a bar of time, its duration and its outcome. A query that waited for the end of
another query is indented below it. Below a query that was slow or failed are those to servers. They may take longer than the query:
resolverd goes on after its reply. Queries that took less than a millisecond are left out. If the client has a loopback address, the
user of its program is shown too (user in JSON), if a query was slow or failed and its socket was still open: resolverd looks up the user
of a waiting query after history.slow.
Causes:
  server silent, server slow, server refused, server lame, server failed
                  the servers of a zone did not answer, answered late, refused, do not serve the zone, or sent errors
  truncated       answers need TCP, and TCP fails
  unreachable     the port of the servers is closed, or this host has no route to them, or does not use their address family;
                  the evidence says which
  list silent, list slow, list refused
                  a DNS list did not answer, answered late, or refused; also a zone above it that has the same owner
  bogus           DNSSEC validation failed
  packet loss     queries to a server, or its replies, get lost on the way
  network         the network of this host: no server answered
  overload        too many queries were in progress, or this host was short of CPU time
  client          the client waited between its queries; a pause of more than two seconds ends a message, and is not shown
  nothing slow    DNS was not the cause
  not DNS         the delay of a pasted line is not in DNS
  unknown         could not tell, or the query history has no such query

resolverctl does not guess: if several causes cost about the same time, it shows all of them. A failed query counts as four
seconds, because it defers mail.

`resolverctl why -` reads pasted lines of Postfix, Exim, Sendmail, rspamd or SpamAssassin, a bounce, or entries of mailq. It finds
their time, addresses and domains, and shows the message of each line: one of the time that the line tells, with its delay. If the
query history has none of that time, the result is unknown, and another message of the same domain in the two minutes before is shown with
its own time. In a line, a domain stands for itself: names below it are those of other mail. They count only if the query history has no
query for the domain, and the zone at fault contains it. A time that is not understood is told on stderr (note in JSON), as is one with a
word for a time zone that is not UTC, GMT or that of this host. Lines with the same result are counted (more_lines), and in JSON all lines
of one message: the other causes that they have are in also. At most 30 lines with an address or a domain are read. Of an entry of mailq
and of a bounce, the lines about a failed lookup come first.

A message at the time of a line is its message rather than an older one with more of its names. A line without a delay is explained by
messages on disk (of_disk in JSON) only if they came just before it. They may lack queries that were quick, and then they never show that
DNS was quick; some have all queries of their time (until whole_until in JSON).

The query history has in memory the queries that were answered from the cache, and the others, each as far back as they fit; on disk it
has failed, bogus and slow queries only. If no query is found, the result tells how far back each goes (history in JSON: cache, resolved,
disk; slow has the seconds from which on a query is slow, and cut the time before the start of resolverd of which a crash may have lost
queries, as is_cut of a message). Around an email that took long or had a failed query, the disk has all queries of its client, as far as
there is room. A restart keeps all of it, unless `redact` of [history] is set. After a crash there is the disk only.

A pasted line with a delay of some seconds is not_dns if no email of its time, in memory or on disk, waited for most of that delay.";

/// Terms of `failed`.
pub(super) const FAILED: &str = "\
Whether a zone still fails:
  still failing      a query has failed in the last ten minutes, and was not answered since
  works again        the query that failed last was answered since; after a timeout, any correct answer of a server of this zone
                     is enough, but not one of a child zone
  not known          no client has queried the zone since, or the query is on disk only: the disk has no query that was answered soon
Servers are shown with their last behaviour; still waited for: the server had not replied when the client got SERVFAIL.
resolverd (overload) stands for queries that resolverd answered with SERVFAIL to limit its load.

The first failure of a zone in an hour is also a line of the log, with fields: `journalctl -t resolverd INCIDENT=query_failed`,
`ZONE=example.`, `CLIENT=192.0.2.1`, `USER=postfix` for a client with a loopback address. The first query in an hour that resolverd answered
with SERVFAIL to limit its load is a warning without `ZONE=`. `resolverctl why NAME` shows the message of a query.";

/// Terms of `cache`.
pub(super) const CACHE: &str = "\
Entries:
  answer           a complete reply to clients
  record set       the records of this name and one type (RRset; rrset in JSON)
  negative answer  the name does not exist (NXDOMAIN), or has no record of this type (NODATA)
  delegation       the name servers of the zone with this name
  trust            whether the zone is signed
  cached failure   the query failed a moment ago, and is not repeated yet
Source of an entry (source in JSON):
  authoritative      from a server of the zone
  non-authoritative  from another server, or behind an alias (answer in JSON)
  glue               address of a name server from a referral, never given to clients
Words after an entry:
  to queries with DO CD  DO: with signatures; CD: without validation
  group 0, group 1       clients that see the same zones, by their [[view]] or by `zones` of their listener (view in JSON); an
                         entry is used only for queries of these clients";

/// Terms of `flush`.
pub(super) const FLUSH: &str = "\
Removed entries:
  answer           a complete reply to clients
  record set       the records of one name and type (RRset)
  negative answer  a name or type that does not exist
  delegation       the name servers of a zone
  cached failure   a query that failed a moment ago
  server           round trip, timeouts and features of a server

The saved cache is written again within 30 s. If resolverd is killed before that, its next start restores the removed entries.";

/// Terms of `dnsbl`.
pub(super) const DNSBL: &str = "\
Columns:
  queries        queries of clients since start
  from cache     queries answered from the cache
  listed         answers that were a listing
  median time    half of the answers took at most this time
  sent today     queries sent to the list today (UTC), including batch queries and tests
  limit per day  the quota of the configuration, or the queries per day that the terms of the list permit for free use
States:
  ok                  the list works
  slow                the list works, but answers slowly
  not tested yet      resolverd tests a list while clients query it. Test entries are names that a list always lists or never lists (RFC 5782)
  refuses queries     the list refuses this host or your key
  parked              answers with addresses that no list uses; its domain may have a new owner
  lists everything    it lists even the test entry that must not be listed; its listings are ignored
  lists nothing       it does not list even the test entry that must be listed
  tests differ        a test entry has the wrong answer, but clients' queries show that the list works
  does not answer     its servers do not answer (silent in JSON)
  shut down           the list ended; resolverd answers \"not listed\" itself
  unknown list        clients query this zone like a list, but resolverd does not know it as one";

/// Terms of `lookahead`.
pub(super) const LOOKAHEAD: &str = "\
Rules, by the queries that they send, with their words in JSON:
  PTR of an address        (ptr) of an address that a client looked up in a DNS list
  A of a PTR name          (ptr_a) of the name in such a PTR
  AAAA of a PTR name       (ptr_aaaa) of that name
  A of mail hosts          (mx_a) of the mail hosts of a domain, or of the domain if it has no MX
  AAAA of mail hosts       (mx_aaaa) of them
  A for DANE               (dane_a) of the mail hosts of a domain whose MX a client looked up with the flag DO, as mail
                           software that sends mail with DANE does; mx_a and mx_aaaa are only for other clients
  AAAA for DANE            (dane_aaaa) of them
  TLSA of mail hosts       (tlsa) certificates (DANE), if MX and addresses are signed and the client asked with DO
  SPF record               (spf) of a domain whose MX a client looked up
  SPF includes             (spf_chain) SPF records that an SPF record includes
  hosts in SPF records     (spf_hosts) addresses and MX that an SPF record names
  DMARC record             (dmarc) of a domain
  DMARC of higher domains  (dmarc_walk) of the domains above it
  DKIM keys                (dkim) that clients looked up for the domain before
States:
  active    its queries are sent ahead of clients
  inactive  clients send too few of its queries; resolverd sends none and counts which ones clients send
  learning  inactive, because too few queries have been counted
Columns, with their words in JSON if they differ:
  used by clients (share) percent of its last 100 to 200 queries that clients used, or would have used: within 30 s, or
                  later before the end of the TTL
  sent ahead      (asked) queries sent ahead of clients
  used            of these, queries whose answer a client used before the end of its TTL
  time saved      time that clients did not wait because of look-ahead
  would be sent   (observed) with lookahead.mode = \"observe\": queries that clients were expected to send
  would be used   (sent_later) of these, queries that a client sent within 30 s";

/// Terms of `nta`.
pub(super) const NTA: &str = "\
A negative trust anchor (RFC 7646) turns off DNSSEC validation for a name and all names below it. Use it to deliver mail to
a domain whose signatures are wrong, until its owner repairs them.";

/// Terms of `check watched`.
pub(super) const WATCHED: &str = "\
Findings have the levels and codes of `resolverctl check --help`.
  since        the time of the first check that found it. The history of findings is kept over a restart
  unconfirmed  one check has found it. A second check follows within about ten minutes. The finding counts, and has a
               line in the log, if that check or the next one finds it too (coming in JSON; present and going for the others)
  the last check did not find it
               the finding ends when three checks in a row have not found it
  gave no result
               no server answered the check, or checks are put off because too many queries of clients are in progress:
               no finding appears or ends
  no longer checked for
               `as` of the domain has changed, or its [[watch]] was removed
All watched domains together need at most 3 600 queries an hour. If they would need more, checks come later.
Lines of the log have fields: `journalctl -t resolverd WATCHED=came`, `WATCHED=went`, `DOMAIN=example.com`, `CODE=ns_lame`;
`WATCHED=left_out` when the checks no longer look for a finding, because its [[watch]] was changed or removed;
`WATCHED=unknown` when the checks of a domain have given no result for an hour, `WATCHED=known` when they do again.
Exit codes: 0 no failures; 1 a domain has a failure; 4 none has a failure, but a domain could not be checked completely, or one check
has found a failure that a second one must confirm.";

/// Terms of `check`: the levels, and the codes from their table.
pub(super) fn check() -> String {
    let mut text = String::from(
        "\
Levels:
  failure   mail is lost, delayed or rejected
  warning   mail suffers at some hosts, or after another fault
  unknown   it could not be found out (could_not_tell in JSON)
  note      it works, and could be better
  ok        all is well
Codes, each with its usual level:
",
    );
    for code in Code::ALL {
        let entry = code.entry();
        text.push_str(&format!("  {:<22} {:<8} {}\n", entry.word, entry.level.word(), entry.title));
    }
    text.push_str(
        "\
A PTR fault (ptr_missing, ptr_differs, ptr_unanswered) of a mail host is a failure if SPF lets no other host send, and a warning if
some of these hosts have none, or if SPF names this one beside others (`a:`, `ip4:`, `ip6:`). Otherwise it is a note, also with `mx`
beside `include:`. It is not told of a host that SPF does not allow to send.
configured_differs is a note if the mail hosts have only private addresses here: an inside view that somebody has set up on purpose.
records_differ is milder for addresses: a warning if name servers keep to different ones of a mail host, and a note where addresses
are answered in turn, or where each of two servers gives one of its own network. With an old serial of the
same primary server it is a failure.
parent_differs and delegation_ok: the first 6 name servers of the zone above, by name, are asked; the evidence says how many of how many, if
not all were asked or have told it. parent_differs is a failure if one of them denies the domain, delegates it to servers that do not serve
the zone, or has DS records that name no key of it; otherwise a warning. The faults of servers that only some of them name are told there.
ptr_dynamic of a mail host is a warning if SPF lets no other host send, or only hosts with PTR faults or such names; otherwise a note.
mx_private_address is a warning if a mail host also has a public address: senders try this too, and mail is late.
mx_name_invalid is a failure if all mail hosts have such names.
listed is a warning for a mail host that SPF names as a sender beside others that are not listed, and a note for one that only receives.
dkim_revoked is a warning in `check mail` if the message is signed with this key, and a failure if nothing else passes DMARC for the domain
in From: no other signature, and not SPF.
JSON: an object a line for each finding: level (failure, warning, could_not_tell, note, ok), topic (delegation, dnssec, mail, pointer,
policy, lists, others), code, evidence (what was seen, and which server said it), effect (on mail), remedy (the change that helps against
the cause), source (the RFC), subject (the domain or address that was checked). effect, remedy and source may be empty.
Exit codes, also of `check mail` and `check system`: 0 neither failures nor unknown results; there may be warnings and notes. 1 a failure,
also beside unknown results. 4 no failure, and an unknown result, or the daemon has not replied in time. Other resolvers that cannot be
asked are unknown too: if this network blocks them, use --local. 2 the command line is wrong, or the file has nothing to check. 3 the daemon
does not run. 5 permission denied.",
    );
    text
}

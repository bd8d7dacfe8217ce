//! Bounds of the questions of a check: how many, how often, for how long.

use std::time::Duration;

/// Questions of one check at the same time: as many as servers (`MAX_CHECKED_SERVERS`), because all of them may be silent for
/// `CHECK_TRIES` times `CHECK_TRY_TIME`.
pub(crate) const CHECK_QUESTIONS_AT_ONCE: usize = 24;

/// Questions of one check at the same time to one server, through the daemon for names of the domain, or through it for other names:
/// the servers of one domain are often one host.
pub(crate) const CHECK_QUESTIONS_AT_ONE_SERVER: usize = 8;

/// The time of one check of a domain or an address.
pub const CHECK_DOMAIN_TIME: Duration = Duration::from_secs(10);

/// The time of one check during which queries to one server are under way: a little less than `CHECK_DOMAIN_TIME`, so that the check
/// names the server that was too slow, and `CONNECTION_TIME` stays for the mail hosts.
pub(crate) const CHECK_SERVER_TIME: Duration = Duration::from_millis(9_500);

/// Rounds of questions of one check: each needs answers of the one before. The deepest way is that of nested SPF
/// includes, of which ten are allowed (RFC 7208 section 4.6.4).
pub(crate) const MAX_CHECK_ROUNDS: usize = 32;

/// After this time the next round of questions begins, while some of the last one still wait: a datagram was lost, or a server is slow.
/// Most servers answer within 0.1 s.
pub(crate) const CHECK_ROUND_TIME: Duration = Duration::from_secs(1);

/// How long a mail host is waited for at each step, and how much longer a check with connections may last: Postfix lets
/// unknown clients wait 6 s for the greeting.
pub const CONNECTION_TIME: Duration = Duration::from_secs(10);

/// Datagrams to a resolver of others: most answer, or are closed to this host.
pub(crate) const CHECK_RESOLVER_TRIES: usize = 2;

/// Queries in mixed case and in lower case, in turn, before a server is said not to answer mixed case. Five lost queries next to four
/// answered ones are rare even on a path that loses half of all datagrams.
pub(crate) const CHECK_CASE_TURNS: usize = 4;

/// Queries with EDNS and without, in turn, after `CHECK_TRIES` queries with EDNS were silent, before a server is said not to answer EDNS.
pub(crate) const CHECK_EDNS_TURNS: usize = 2;

/// Further queries to a server that answers an error for the SOA, before it is said not to serve the zone. One that fails every other query
/// answers one of six in 63 checks of 64.
pub(crate) const CHECK_ERROR_TURNS: usize = 5;

/// Queries in lower case and in mixed case, in turn, before a server is said to fail mixed case. One that fails every other query, whatever
/// the case is, does so in one check of 128.
pub(crate) const CHECK_FAILED_CASE_TURNS: usize = 3;

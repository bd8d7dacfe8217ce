//! Limits of the questions of a check: how many are asked, how often, and for how long.

use std::time::Duration;

/// The maximum number of questions of one check at the same time. It equals the maximum number of servers (`MAX_CHECKED_SERVERS`), because
/// all of them may be silent for `CHECK_TRIES` times `CHECK_TRY_TIME`.
pub(crate) const CHECK_QUESTIONS_AT_ONCE: usize = 24;

/// The maximum number of questions of one check at the same time to one destination: to one server, to the daemon for names of the domain, or to the
/// daemon for other names. The servers of one domain are often one host.
pub(crate) const CHECK_QUESTIONS_AT_ONE_SERVER: usize = 8;

/// The maximum time of one check of a domain or an address.
pub const CHECK_DOMAIN_TIME: Duration = Duration::from_secs(10);

/// The maximum time of one check during which queries to the same server are in progress. It is a little less than `CHECK_DOMAIN_TIME`, so
/// that the check can name the server that was too slow, and so that `CONNECTION_TIME` remains for the mail hosts.
pub(crate) const CHECK_SERVER_TIME: Duration = Duration::from_millis(9_500);

/// The maximum number of rounds of questions in one check. Each round needs answers of the round before. The longest chain comes from nested
/// SPF includes, of which ten are allowed (RFC 7208 section 4.6.4).
pub(crate) const MAX_CHECK_ROUNDS: usize = 32;

/// After this time, the next round of questions begins even if some questions of the last round still wait, because a datagram was lost or a
/// server is slow. Most servers answer within 0.1 s.
pub(crate) const CHECK_ROUND_TIME: Duration = Duration::from_secs(1);

/// The time for which the check waits for a mail host at each step of a connection. A check with connections also gets this time in addition.
/// Postfix lets unknown clients wait 6 s for the greeting.
pub const CONNECTION_TIME: Duration = Duration::from_secs(10);

/// The maximum number of datagrams for one question to another resolver. Most resolvers answer the first one, or do not serve this host at all.
pub(crate) const CHECK_RESOLVER_TRIES: usize = 2;

/// The number of queries in mixed case, alternating with queries in lower case, before the report says that a server does not answer mixed case.
/// Even on a path that loses half of all datagrams, it is rare that all five in mixed case are lost and the four in lower case are answered.
pub(crate) const CHECK_CASE_TURNS: usize = 4;

/// The number of queries without EDNS, alternating with queries with EDNS, before the report says that a server does not answer EDNS. They
/// follow `CHECK_TRIES` unanswered queries with EDNS.
pub(crate) const CHECK_EDNS_TURNS: usize = 2;

/// The number of further queries to a server that answers with an error for the SOA, before the report says that it does not serve the zone. A
/// server that fails every other query answers one of six queries in 63 checks of 64.
pub(crate) const CHECK_ERROR_TURNS: usize = 5;

/// The number of queries in lower case and in mixed case, in turn, before the report says that a server fails for mixed case. A server that fails
/// every other query, whatever the case is, gives this impression in one check of 128.
pub(crate) const CHECK_FAILED_CASE_TURNS: usize = 3;

//! The limits of the questions of one check of a domain: how many are asked, how often, and for how long.

use std::time::Duration;

/// The largest number of questions that one check asks at the same time. It equals the largest number of servers (`MAX_CHECKED_SERVERS`), so that
/// silent servers, each of which takes `CHECK_TRIES` times `CHECK_TRY_TIME`, wait at the same time.
pub(crate) const CHECK_QUESTIONS_AT_ONCE: usize = 24;

/// The largest number of questions that one check asks at the same time at one destination: one server, the daemon for names of the domain, or the
/// daemon for other names. The limit is low, because several servers of a domain are often one host.
pub(crate) const CHECK_QUESTIONS_AT_ONE_SERVER: usize = 8;

/// The maximum time of one check of a domain or an address.
pub const CHECK_DOMAIN_TIME: Duration = Duration::from_secs(10);

/// The maximum total time of one check in which queries to the same server are in progress. It is a little less than `CHECK_DOMAIN_TIME`, so that the
/// check can name the server that was too slow, and so that the mail hosts still get `CONNECTION_TIME`.
pub(crate) const CHECK_SERVER_TIME: Duration = Duration::from_millis(9_500);

/// The largest number of rounds of questions in one check. Each round needs the answers of the round before it. The longest chain of rounds comes
/// from nested SPF includes, of which ten are allowed (RFC 7208 section 4.6.4).
pub(crate) const MAX_CHECK_ROUNDS: usize = 32;

/// After this time, the next round of questions begins even if some questions of this round have no answer yet, because a datagram was lost or a
/// server is slow. Most servers answer within 0.1 s.
pub(crate) const CHECK_ROUND_TIME: Duration = Duration::from_secs(1);

/// How long a check waits for a mail host at each step of an SMTP connection. A check with connections may take this time longer than
/// `CHECK_DOMAIN_TIME`. Postfix lets unknown clients wait 6 s for the greeting.
pub const CONNECTION_TIME: Duration = Duration::from_secs(10);

/// The largest number of datagrams for one question to another resolver. Most resolvers answer the first one, or do not serve this host at all.
pub(crate) const CHECK_RESOLVER_TRIES: usize = 2;

/// The number of further queries in mixed case, alternating with queries in lower case, before the report says that a server does not answer mixed
/// case. Even on a path that loses half of all datagrams, it is rare that all five queries in mixed case are lost while the four in lower case are
/// answered.
pub(crate) const CHECK_CASE_TURNS: usize = 4;

/// The number of further queries without EDNS, alternating with queries with EDNS, before the report says that a server does not answer EDNS. At that
/// time, `CHECK_TRIES` queries with EDNS have already had no answer.
pub(crate) const CHECK_EDNS_TURNS: usize = 2;

/// The number of further queries to a server that answers with an error for the SOA, before the report says that it does not serve the zone. If a
/// server fails at random for half of the queries, it answers at least one of six queries in 63 checks of 64.
pub(crate) const CHECK_ERROR_TURNS: usize = 5;

/// Before the report says that a server fails for mixed case, this number of queries in lower case and in mixed case are sent in turn. If a server
/// fails at random for half of the queries, in lower and in mixed case, the report is wrong in one check of 128.
pub(crate) const CHECK_FAILED_CASE_TURNS: usize = 3;

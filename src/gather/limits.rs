//! The limits of the questions of one check: how many are asked, how often, and for how long.

use std::time::Duration;

/// The maximum number of questions that one check asks at the same time. It equals `MAX_CHECKED_SERVERS`, so that silent servers, each of
/// which takes `CHECK_TRIES` times `CHECK_TRY_TIME`, are waited for at the same time.
pub(crate) const CHECK_QUESTIONS_AT_ONCE: usize = 24;

/// The maximum number of questions at the same time at one destination: one server, the daemon for names of the domain, or the daemon for
/// other names. The limit is low, because several servers of a domain are often one host.
pub(crate) const CHECK_QUESTIONS_AT_ONE_SERVER: usize = 8;

/// The maximum time of one check.
pub const CHECK_DOMAIN_TIME: Duration = Duration::from_secs(10);

/// The maximum total time of queries to one server. It is a little less than `CHECK_DOMAIN_TIME`, so that the check can name the slow
/// server, and the mail hosts still get `CONNECTION_TIME`.
pub(crate) const CHECK_SERVER_TIME: Duration = Duration::from_millis(9_500);

/// The maximum number of rounds of questions. The longest chain of rounds comes from nested SPF includes, of which ten are allowed (RFC
/// 7208 section 4.6.4).
pub(crate) const MAX_CHECK_ROUNDS: usize = 32;

/// After this time, the next round begins even if questions of the last round have no answer yet: a datagram may be lost, or a server slow. Most
/// servers answer within 0.1 s.
pub(crate) const CHECK_ROUND_TIME: Duration = Duration::from_secs(1);

/// The maximum time for each step of an SMTP connection. If a check connects to mail hosts, this time is added to `CHECK_DOMAIN_TIME`, the maximum
/// time of the check. Postfix lets unknown clients wait 6 s for the greeting.
pub const CONNECTION_TIME: Duration = Duration::from_secs(10);

/// The maximum number of datagrams for one question to another resolver. Most resolvers answer the first one, or do not serve this host at
/// all.
pub(crate) const CHECK_RESOLVER_TRIES: usize = 2;

/// The number of further queries in mixed case, alternating with queries in lower case, before the report says that a server does not
/// answer mixed case. Even on a path that loses half of all datagrams, it is rare that all five queries in mixed case are lost while the
/// four in lower case are answered.
pub(crate) const CHECK_CASE_TURNS: usize = 4;

/// The number of further queries without EDNS, alternating with queries with EDNS, before the report says that a server does not answer
/// EDNS. Before them, `CHECK_TRIES` queries with EDNS have had no answer.
pub(crate) const CHECK_EDNS_TURNS: usize = 2;

/// The number of further queries after an error for the SOA, before the report says that a server does not serve the zone. A server that
/// fails at random for half of the queries answers at least one of six in 63 checks of 64.
pub(crate) const CHECK_ERROR_TURNS: usize = 5;

/// The number of queries in lower case and in mixed case, in turn, before the report says that a server fails for mixed case. If a server
/// fails at random for half of the queries, the report is wrong in one check of 128.
pub(crate) const CHECK_FAILED_CASE_TURNS: usize = 3;

/// The largest number of extended errors (RFC 8914) that are read from one reply. Resolvers send two or three: the cause and its consequences.
pub(crate) const MAX_EXTENDED_ERRORS: usize = 4;

/// Maximum size of a reply of a mail host, in octets. The longest replies to EHLO have 1 KiB.
pub(crate) const MAX_MAIL_HOST_REPLY: u64 = 8 << 10;

/// Maximum number of certificates that are read from the chain of a server. Usual chains have two or three.
pub(crate) const MAX_PEER_CERTIFICATES: usize = 8;

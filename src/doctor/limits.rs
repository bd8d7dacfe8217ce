//! Bounds of `resolverctl check`.

use std::time::Duration;

/// The maximum of questions in one check of a domain or an address: queries to servers and lookups together. A domain with four servers and two
/// mail hosts needs about 110, and comparisons of its servers use some of the rest. A lookup counts once. If its answer is not in the cache, the
/// daemon sends the same queries as for the question of any client: one or two for a zone that it knows, and at most `MAX_PACKETS_PER_QUESTION`.
pub const MAX_CHECK_QUESTIONS: usize = 200;

/// The time after which a server that has not answered is asked again. The earlier queries may still be answered until `DIRECT_TIME`. Even the
/// most distant servers answer within 0.4 s.
pub const CHECK_TRY_TIME: Duration = Duration::from_millis(1_200);

/// The maximum of addresses of mail hosts to which the check connects: one of each of `MAX_CHECKED_HOSTS`, and some others. The check says how
/// many it has left out.
pub(crate) const MAX_CONNECTIONS: usize = 10;

/// Like `MAX_CONNECTIONS`, but including the addresses to which this host has no route, because these fail immediately.
pub(crate) const MAX_CONNECTION_TRIES: usize = 2 * MAX_CONNECTIONS;

/// The maximum of other resolvers that are asked: three public resolvers and the resolvers of resolv.conf.
pub const MAX_OTHER_RESOLVERS: usize = 6;

/// The maximum of failed lookups of mail hosts, policies and PTR records for which the servers of their zones are asked. A zone that fails for
/// all TXT records has six policies.
pub(crate) const MAX_FAILED_LOOKUPS: usize = 6;

/// The maximum of zones above the name of an IPv6 address that are looked up at the same time. All 32 labels take four rounds.
pub(crate) const MAX_REVERSE_LABELS_AT_ONCE: usize = 8;

/// Servers of a zone that are asked about a failed lookup, each over UDP and TCP. If the zone has more, it is not said that all fail.
pub(crate) const MAX_FAILED_LOOKUP_SERVERS: usize = 8;

/// The maximum of servers of the parent that are asked for the delegation before everything else, because the check needs one of them.
pub(crate) const MAX_CHECKED_PARENTS: usize = 2;

/// The maximum of servers of the parent that are asked for the delegation in total, the first by name. The last of them are asked when nothing
/// else waits for an answer. Top-level domains have 4 to 13 servers, and one with an old copy is rare. The check says how many it has asked.
pub(crate) const MAX_COMPARED_PARENTS: usize = 6;

/// The maximum of servers of the parent if this host has a different delegation from the one that `MAX_COMPARED_PARENTS` servers give, because
/// one of the others may have given it. A zone has at most 13 in practice.
pub(crate) const MAX_FURTHER_PARENTS: usize = 13;

/// Questions for which the SPF and DMARC records of the servers of a zone are compared: `MAX_CHECKED_SERVERS` with three names.
pub(crate) const MAX_COMPARED_POLICIES: usize = 72;

/// Questions for which other records are compared: eight servers with eight lookups. The check says which lookups it has left out.
pub(crate) const MAX_COMPARED_QUESTIONS: usize = 64;

/// The maximum of questions to servers that are repeated over TCP because they failed over UDP: enough for a server that drops two types of eight
/// lookups. Each of them may take seconds.
pub(crate) const MAX_REPEATED_OVER_TCP: usize = 16;

/// Questions to servers that are repeated three times, because they give different addresses of a mail host: two lookups at eight
/// servers.
pub(crate) const MAX_REPEATED_ANSWERS: usize = 48;

/// The maximum of names and servers that the evidence about unanswered lookups lists. The evidence gives only the number of the others.
pub(crate) const MAX_UNANSWERED_SHOWN: usize = 3;

/// The number of questions that a comparison of records leaves for the questions to silent servers, which come last.
pub(crate) const QUESTIONS_AFTER_COMPARISON: usize = 10;

/// Mail hosts in the zone whose addresses each resolver of others is asked for: those with the best preference.
pub(crate) const MAX_HOSTS_AT_OTHERS: usize = 2;

/// The maximum of questions to name servers for records whose lookups fail validation. They show the servers that send no proof, for some
/// policies at four servers. The same maximum applies to questions for TLSA records that do not exist.
pub(crate) const MAX_UNPROVEN_ASKED: usize = 24;

/// Questions to each other resolver: five about the domain, its DMARC record, its SOA record, and two about each of these hosts.
pub(crate) const QUESTIONS_TO_RESOLVER: usize = 7 + 2 * MAX_HOSTS_AT_OTHERS;

/// Servers of a zone that are asked for the records that the configuration of this host answers in their place: `delegation` compares
/// all servers with each other.
pub(crate) const MAX_CONFIGURED_SERVERS: usize = 2;

/// Addresses of servers of a zone that are asked for its keys, and compared with the DS records: one for each of `MAX_CHECKED_NAMES`.
/// The check says which it has left out.
pub(crate) const MAX_CHECKED_KEY_SERVERS: usize = 13;

/// Names of servers of a zone that are looked up: a delegation has at most 13 in practice.
pub(crate) const MAX_CHECKED_NAMES: usize = 13;

/// Addresses of servers of a zone that are asked: each costs four queries or more. The check says which it has left out.
pub const MAX_CHECKED_SERVERS: usize = 24;

/// Addresses of servers of a zone that are all asked over TCP and in mixed case. If there are more, one address of each name is
/// asked so, so that the records at all of them can be compared within `MAX_CHECK_QUESTIONS`.
pub(crate) const MAX_SERVERS_ASKED_IN_ALL_WAYS: usize = 16;

/// The maximum of servers that are asked in mixed case if there are more than `MAX_SERVERS_ASKED_IN_ALL_WAYS`. SPF and DMARC records at all
/// servers are more important.
pub(crate) const MAX_SERVERS_ASKED_IN_MIXED_CASE: usize = 4;

/// Silent servers that are asked without EDNS and over TCP too: each of these questions lasts seconds.
pub(crate) const MAX_SILENT_SERVERS_ASKED: usize = 8;

/// Questions to each of these, with their repeats: `CHECK_TRIES` without EDNS, two over TCP, and `CHECK_TRIES` for the MX records.
pub(crate) const QUESTIONS_TO_SILENT_SERVER: usize = 2 * CHECK_TRIES + 2;

/// MX hosts that are looked up.
pub(crate) const MAX_CHECKED_HOSTS: usize = 8;

/// Mail hosts whose TLSA records are asked of servers. Hosts of one zone mostly have the same servers.
pub(crate) const MAX_ASKED_TLSA: usize = 3;

/// Addresses whose PTR records are looked up.
pub(crate) const MAX_CHECKED_ADDRESSES: usize = 12;

/// PTR names of an address that are looked up, as in RFC 7208 section 4.6.4.
pub(crate) const MAX_CHECKED_POINTERS: usize = 10;

/// Aliases of a name that are followed to see whether they lead in a circle: the resolver itself follows no more than a dozen.
pub(crate) const MAX_CHECKED_ALIASES: usize = 12;

/// Referrals that `compare` follows to the zone of a name: names of the reverse tree of IPv6 need seven.
pub(crate) const MAX_COMPARED_CUTS: usize = 10;

/// Differences that the first line of `compare` names: as many as can be read at a glance.
pub(crate) const MAX_COMPARED_IN_HEAD: usize = 3;

/// The time in milliseconds from which a server counts as slow. The most distant servers answer within 400.
pub(crate) const SLOW_SERVER_MILLIS: u64 = 500;

/// The time in milliseconds within which a server must answer without EDNS before its silence to EDNS counts as more than lateness: three
/// quarters of `CHECK_TRY_TIME`, so that the times of replies of one server may differ by a quarter.
pub(crate) const MOST_MILLIS_WITHOUT_EDNS: u64 = 900;

/// Addresses of mail hosts that the DNS lists are asked about: lists count queries.
pub(crate) const MAX_LISTED_ADDRESSES: usize = 3;

/// Names in the reply of a receiver that may be DNS lists, and lists with these names that are asked: a receiver names one or two.
pub const MAX_NAMED_LISTS: usize = 8;

/// The minimum of octets of a label that may be a customer's key for a DNS list. The shortest keys have 26, and no label in the name of a list is
/// that long.
pub(crate) const LEAST_KEY_LABEL: usize = 20;

/// Octets of a HELO name of a message: the length of a domain name (RFC 5321 section 4.5.3.1.2).
pub const MAX_HELO: usize = 255;

/// Domains of other organizations that get the reports of a DMARC record, as in RFC 7489 section 6.2: receivers serve two
/// at least.
pub(crate) const MAX_CHECKED_REPORT_TARGETS: usize = 4;

/// Domains of a message that `check mail` checks, one after the other.
pub const MAX_MESSAGE_DOMAINS: usize = 4;

/// DKIM selectors of one domain of a message: a signer has one or two, an attacker any number.
pub(crate) const MAX_MESSAGE_SELECTORS: usize = 4;

/// Questions for the addresses of name servers that have glue, to the servers of their zone: three servers with both families in two
/// networks have 24. More would leave too few of `MAX_CHECK_QUESTIONS` for other checks.
pub(crate) const MAX_GLUE_QUESTIONS: usize = 24;

/// Octets of a DKIM selector of a message: the length of a label.
pub(crate) const MAX_SELECTOR: usize = 63;

/// Characters of the evidence of a finding: strangers write the records, and the longest sound SPF records have half of it.
pub(crate) const MAX_EVIDENCE: usize = 2_000;

/// Terms of SPF that cause lookups (RFC 7208 section 4.6.4).
pub(crate) const MAX_CHECKED_SPF_LOOKUPS: usize = 10;

/// Lookups of SPF that find nothing (RFC 7208 section 4.6.4).
pub(crate) const MAX_CHECKED_SPF_VOID: usize = 2;

/// Hosts of an `mx` term of SPF whose addresses are looked up (RFC 7208 section 4.6.4).
pub(crate) const MAX_CHECKED_SPF_HOSTS: usize = 10;

/// Mail hosts of a term `mx` whose addresses are looked up, to know whether the lookup fails: most domains have one or two.
pub(crate) const MAX_CHECKED_SPF_MX: usize = 4;

/// The maximum up to which SPF terms are counted. A record with so many is far beyond the limit, and may include itself.
pub(crate) const MAX_CHECKED_SPF_COUNTED: usize = 30;

/// The shortest prefixes of IPv4 and IPv6 networks that an SPF record may allow. No sender has a wider network than those that were once assigned
/// to single organizations.
pub(crate) const WIDEST_SPF_NETWORKS: (u8, u8) = (8, 16);

/// The maximum of lines in a bounce after the line that introduces its recipients. Each recipient has two or three lines.
pub(crate) const MAX_RECIPIENT_LINES: usize = 40;

/// The maximum of names from a domain upward whose failed lookups are taken for failures of one zone. Names of mail domains have at most five
/// labels, and each name costs a lookup that may wait for silent servers.
pub(crate) const MAX_FAILING_NAMES: usize = 6;

/// The number of datagrams without an answer after which a server counts as silent. One datagram in a hundred is lost on the internet.
pub const CHECK_TRIES: usize = 3;

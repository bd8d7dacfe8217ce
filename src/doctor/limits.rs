//! Limits of `resolverctl check`, each with the reason for its value.

use std::time::Duration;

/// The maximum number of queries and lookups in one check. A domain with four servers and two mail hosts needs about 110; the rest is for
/// comparisons and for servers that do not answer. A lookup through the daemon counts once, even if the daemon sends several queries for
/// it.
pub const MAX_CHECK_QUESTIONS: usize = 200;

/// After this time, an unanswered query over UDP is repeated. Replies to the earlier queries are accepted until `DIRECT_TIME`. Even the
/// most distant servers answer within 0.4 s, so a later reply shows a slow server or a lost datagram.
pub const CHECK_TRY_TIME: Duration = Duration::from_millis(1_200);

/// The maximum number of addresses of mail hosts to which the check connects: one address of each of `MAX_CHECKED_HOSTS` hosts, and two
/// more.
pub(crate) const MAX_CONNECTIONS: usize = 10;

/// The maximum number of connection attempts. It is higher than `MAX_CONNECTIONS`, because attempts to addresses without a route fail
/// immediately.
pub(crate) const MAX_CONNECTION_TRIES: usize = 2 * MAX_CONNECTIONS;

/// The maximum number of other resolvers: three public ones and those of resolv.conf.
pub const MAX_OTHER_RESOLVERS: usize = 6;

/// The maximum number of failed lookups for which the servers of their zones are asked. If a zone fails for all TXT records, the lookups of
/// six policies fail (such as SPF and DMARC).
pub(crate) const MAX_FAILED_LOOKUPS: usize = 6;

/// The maximum number of names above an IPv6 reverse name that are looked up at the same time. A reverse name has 32 labels before `ip6.arpa`, so
/// the lookups take four rounds.
pub(crate) const MAX_REVERSE_LABELS_AT_ONCE: usize = 8;

/// The maximum number of servers of a zone that are asked about a failed lookup. If the zone has more servers, no finding says that all of
/// them fail.
pub(crate) const MAX_FAILED_LOOKUP_SERVERS: usize = 8;

/// The maximum number of servers of the parent zone that are asked for the delegation at the start of the check. One answer is enough.
pub(crate) const MAX_CHECKED_PARENTS: usize = 2;

/// The maximum number of servers of the parent zone that are asked for the delegation in total. The servers after the first `MAX_CHECKED_PARENTS` are
/// asked when all other questions have a result. Top-level domains have 4 to 13 servers, and a server with an old copy is rare.
pub(crate) const MAX_COMPARED_PARENTS: usize = 6;

/// The maximum number of servers of the parent zone that are asked if this host has another delegation than the first
/// `MAX_COMPARED_PARENTS` servers give. A zone has at most 13 servers in practice.
pub(crate) const MAX_FURTHER_PARENTS: usize = 13;

/// The maximum number of questions that compare SPF and DMARC records: three names at `MAX_CHECKED_SERVERS` servers.
pub(crate) const MAX_COMPARED_POLICIES: usize = 72;

/// The maximum number of questions that compare records other than SPF and DMARC: eight lookups at eight servers.
pub(crate) const MAX_COMPARED_QUESTIONS: usize = 64;

/// The maximum number of questions that are repeated over TCP because they failed over UDP: eight servers that drop queries for two types.
/// Each question may take seconds.
pub(crate) const MAX_REPEATED_OVER_TCP: usize = 16;

/// The maximum number of repeated questions about addresses of a mail host: three repetitions of two lookups at eight servers.
pub(crate) const MAX_REPEATED_ANSWERS: usize = 48;

/// The evidence about unanswered lookups lists at most this number of names and servers.
pub(crate) const MAX_UNANSWERED_SHOWN: usize = 3;

/// The comparison of records leaves this number of questions for silent servers, which are asked last.
pub(crate) const QUESTIONS_AFTER_COMPARISON: usize = 10;

/// Each other resolver is asked for the addresses of at most this number of mail hosts.
pub(crate) const MAX_HOSTS_AT_OTHERS: usize = 2;

/// The maximum number of questions to name servers about lookups that fail DNSSEC validation, for example six lookups at four servers. The same
/// maximum applies to questions about TLSA records, which are counted separately.
pub(crate) const MAX_UNPROVEN_ASKED: usize = 24;

/// The number of questions to each other resolver: seven about the domain (such as its MX, DMARC and SOA records), and two for each mail
/// host.
pub(crate) const QUESTIONS_TO_RESOLVER: usize = 7 + 2 * MAX_HOSTS_AT_OTHERS;

/// The maximum number of servers that are asked for records which the configuration of this host replaces. Two are enough, because the
/// module `delegation` compares all servers.
pub(crate) const MAX_CONFIGURED_SERVERS: usize = 2;

/// The maximum number of servers that are asked for DNSSEC keys: one address for each of `MAX_CHECKED_NAMES` names.
pub(crate) const MAX_CHECKED_KEY_SERVERS: usize = 13;

/// The maximum number of server names of a zone that the check looks up. A delegation has at most 13 in practice.
pub(crate) const MAX_CHECKED_NAMES: usize = 13;

/// The maximum number of server addresses of a zone that the check asks. Each address needs four queries or more.
pub const MAX_CHECKED_SERVERS: usize = 24;

/// The maximum number of server addresses that are all asked over TCP and with names in mixed case. If there are more, only one address of
/// each name is asked in these forms, so that `MAX_CHECK_QUESTIONS` suffices to compare the records at all addresses.
pub(crate) const MAX_SERVERS_ASKED_IN_ALL_WAYS: usize = 16;

/// The maximum number of servers that are asked with names in mixed case if there are more than `MAX_SERVERS_ASKED_IN_ALL_WAYS`. The
/// remaining questions are for the SPF and DMARC records at all servers, which are more important.
pub(crate) const MAX_SERVERS_ASKED_IN_MIXED_CASE: usize = 4;

/// The maximum number of silent servers that are also asked without EDNS and over TCP. Each of these questions takes seconds.
pub(crate) const MAX_SILENT_SERVERS_ASKED: usize = 8;

/// The number of queries to each silent server: `CHECK_TRIES` without EDNS, two over TCP, `CHECK_TRIES` for the MX records.
pub(crate) const QUESTIONS_TO_SILENT_SERVER: usize = 2 * CHECK_TRIES + 2;

/// The maximum number of mail hosts that are looked up.
pub(crate) const MAX_CHECKED_HOSTS: usize = 8;

/// The maximum number of mail hosts for whose TLSA records the name servers are asked. Mail hosts in one zone have the same name servers,
/// so the answers for one host are mostly enough.
pub(crate) const MAX_ASKED_TLSA: usize = 3;

pub(crate) const MAX_CHECKED_ADDRESSES: usize = 12;

/// The maximum number of names in PTR records that are looked up, as in RFC 7208 section 4.6.4.
pub(crate) const MAX_CHECKED_POINTERS: usize = 10;

/// The maximum number of aliases of a name that are followed. The resolver itself follows no more than a dozen.
pub(crate) const MAX_CHECKED_ALIASES: usize = 12;

/// The maximum number of referrals that `compare` follows. Reverse names of IPv6 need seven.
pub(crate) const MAX_COMPARED_CUTS: usize = 10;

/// The first line of `compare` names at most this number of differences, which can be read at a glance.
pub(crate) const MAX_COMPARED_IN_HEAD: usize = 3;

/// A server that takes at least this many milliseconds for a reply is slow. The most distant servers answer within 400.
pub(crate) const SLOW_SERVER_MILLIS: u64 = 500;

/// If a server answers queries without EDNS within this many milliseconds, its missing replies with EDNS are not only late: a reply that
/// takes a third longer still arrives within `CHECK_TRY_TIME`.
pub(crate) const MOST_MILLIS_WITHOUT_EDNS: u64 = 900;

/// The maximum number of addresses of mail hosts that are looked up in DNS lists. Lists limit the number of queries.
pub(crate) const MAX_LISTED_ADDRESSES: usize = 3;

/// The maximum number of names in a receiver's reply that are taken for DNS lists, and of lists that are asked. A reply usually names one
/// or two.
pub const MAX_NAMED_LISTS: usize = 8;

/// A label of at least this many octets may be a customer key. The shortest keys have 26 octets, and no label in the name of a list is that
/// long.
pub(crate) const LEAST_KEY_LABEL: usize = 20;

/// The maximum length of a HELO name, in octets (RFC 5321 section 4.5.3.1.2).
pub const MAX_HELO: usize = 255;

/// The maximum number of other organizations' domains that are checked because they get DMARC reports. Receivers support at least two
/// addresses for reports (RFC 7489 section 6.2).
pub(crate) const MAX_CHECKED_REPORT_TARGETS: usize = 4;

/// The maximum number of domains in an email that `check mail` checks.
pub const MAX_MESSAGE_DOMAINS: usize = 4;

/// The maximum number of DKIM selectors of one domain in an email. A signer uses one or two; an attacker may write any number.
pub(crate) const MAX_MESSAGE_SELECTORS: usize = 4;

/// The maximum number of questions for addresses of name servers with glue. Each server address is asked for each name and address type: two
/// names with three addresses each, of both types, need 24. More would leave too few of `MAX_CHECK_QUESTIONS` for other checks.
pub(crate) const MAX_GLUE_QUESTIONS: usize = 24;

/// The maximum length of a DKIM selector, in octets: the length of a DNS label.
pub(crate) const MAX_SELECTOR: usize = 63;

/// The maximum number of characters in the evidence of a finding. The longest correct SPF records have half as many.
pub(crate) const MAX_EVIDENCE: usize = 2_000;

/// The maximum number of SPF terms that cause lookups (RFC 7208 section 4.6.4).
pub(crate) const MAX_CHECKED_SPF_LOOKUPS: usize = 10;

/// The maximum number of SPF lookups that find no records (RFC 7208 section 4.6.4).
pub(crate) const MAX_CHECKED_SPF_VOID: usize = 2;

/// The maximum number of mail hosts of an SPF term `mx` whose addresses a receiver looks up (RFC 7208 section 4.6.4).
pub(crate) const MAX_CHECKED_SPF_HOSTS: usize = 10;

/// The maximum number of mail hosts of an SPF term `mx` whose addresses this check looks up. Most domains have one or two.
pub(crate) const MAX_CHECKED_SPF_MX: usize = 4;

/// SPF terms that cause lookups are counted up to this number. A record with so many terms is far beyond the limit of receivers, and may
/// include itself in a loop.
pub(crate) const MAX_CHECKED_SPF_COUNTED: usize = 30;

/// The shortest prefixes (IPv4, IPv6) that an SPF record may allow without a warning. No organization has a larger network.
pub(crate) const WIDEST_SPF_NETWORKS: (u8, u8) = (8, 16);

/// The maximum number of lines in a bounce that are read as recipients. Each recipient has two or three lines.
pub(crate) const MAX_RECIPIENT_LINES: usize = 40;

/// The maximum number of names, from a domain upward, that are looked up to find the highest name that fails. Mail domains have at most
/// five labels, and each lookup may wait for silent servers.
pub(crate) const MAX_FAILING_NAMES: usize = 6;

/// After this number of unanswered datagrams, a server counts as silent. On the internet, one datagram in a hundred is lost.
pub const CHECK_TRIES: usize = 3;

//! Bounds of recursion: messages, walks, servers that are asked.

use std::time::Duration;

use super::{MAX_DEAD_TIME, MAX_EXCHANGES};

/// Messages to servers for one client question, its sub-questions included. A cold name behind unglued servers in
/// cold zones takes about 30; Unbound stops at 32 referrals and 64 targets. Bounds NXNSAttack (CVE-2020-12662).
pub const MAX_PACKETS_PER_QUESTION: u32 = 100;

/// Depth of sub-questions: a server's name whose servers' names need servers' names. Unbound's default target fetch
/// policy stops at depth 4; deeper chains are loops or attacks.
pub const MAX_DEPTH: u8 = 5;

/// Referrals followed for one name: a name of 34 labels in ip6.arpa has at most that many cuts.
pub const MAX_REFERRALS: usize = 40;

/// Probes of query name minimisation for one question. RFC 9156 section 2.3 allows 10; below root and TLD, which alone are
/// probed, nobody has more than four cuts.
pub const MAX_PROBES: u8 = 4;

/// From a cut of so many labels on, servers are those of whom the name belongs to: they are told the whole of it. Above are
/// the servers of the root and of TLDs, which are everybody's.
pub const PRIVATE_LABELS: usize = 2;

/// Root hints serve for this long where priming failed or brought nothing; then it is tried again.
pub const PRIME_RETRY: Duration = Duration::from_secs(60);

/// Messages with an OPT to a server of an unsigned zone before one goes without: some firewalls drop what they do not know, and
/// two losses in a row are rarer than these where the path is good.
pub const EDNS_TRIES: u8 = 2;

/// And so many at once: a server of a large hoster stops while a queue of mail is worked off.
pub const HEDGE_BURST: u32 = 100;

/// Probes of dead servers under way at once: each is one message on the side. More wait for the end of one.
pub const MAX_DEAD_PROBES: usize = 32;

/// Dead servers that are probed: with `MAX_DEAD_PROBES` of `MAX_TIMER` each, all of them have had their turn in 16 s, before
/// the first is due again. A gateway's mail meets a few dozen; a question for the zone of another brings that back.
pub const MAX_DEAD_SERVERS: usize = 256;

/// A dead server that no question has wanted for this long is not probed any more: twenty messages for nothing. A domain
/// whose mail comes more rarely is as well served by the probe that its next question brings.
pub const DEAD_WANTED_TIME: Duration = Duration::from_secs(10 * 60);

/// Silences that wait for proof that our own network works: a few for each of the dead servers of a mail. Those beyond are
/// not counted, and the next silence of the same server is.
pub const MAX_UNPROVEN: usize = 64;

/// Before a message that only shows whether our own network works: a busy gateway has heard somebody by then, and a quiet one
/// sends at most five of them a second.
pub const WITNESS_DELAY: Duration = Duration::from_millis(200);

/// The delegation of a zone whose servers are known to be silent is asked of its parent again where it is older than this:
/// the zone may have moved. As often as its servers are tried.
pub const SILENT_DELEGATION_TIME: Duration = MAX_DEAD_TIME;

/// Copies of a message whose answer is still listened for when its flight has ended: the first, and one where that was lost.
pub const LATE_COPIES: u8 = 2;

/// Answers that came after their flight's end and wait to be kept; those beyond are lost, as all of them were before.
pub const MAX_LATE_ANSWERS: usize = 64;

/// What is validated waits this long: the zone's keys were asked for at the same time, and come as late.
pub const LATE_KEYS_TIME: Duration = Duration::from_secs(1);

/// And those that are being validated at once, each with messages of its own where the zone's keys are not known.
pub const MAX_LATE_JUDGED: usize = 16;

/// The longest timer for a first try: beyond it a server is as good as silent.
pub const MAX_TIMER: Duration = Duration::from_secs(2);

/// Late messages of one server that are listened for: a slow zone's questions of a few seconds. A dead one's end when their
/// patience does, or thirty questions a second to it would take all of `MAX_EXCHANGES`.
pub const MAX_LATE_PER_SERVER: usize = 64;

/// And of all servers together: half of what may be under way, so that the other half serves those that answer.
pub const MAX_LATE: usize = MAX_EXCHANGES / 2;

/// A server has at most this part (one sixteenth) of what is free of `MAX_LATE`: two hundred silent ones then leave room for
/// a slow one.
pub const LATE_SHARE: usize = 16;

/// With so many late, a dead server gets one message of a question instead of `MAX_TRIES`: two questions' worth.
pub const CROWDED_SERVER: usize = 2 * MAX_TRIES as usize;

/// Servers of a zone that are considered. The root and .com have 13; no zone in use has more than 26.
pub const MAX_SERVERS: usize = 26;

/// Addresses of a zone's servers that are considered: two families for each.
pub const MAX_ADDRESSES: usize = 2 * MAX_SERVERS;

/// Server names without address sought for one zone of one question, a few at a time (NXNSAttack, CVE-2020-12662:
/// a referral may name hundreds).
pub const MAX_UNGLUED: usize = 6;

/// Server names without address sought for one client question, all its zones and sub-questions together. A cold name below
/// three cuts whose servers are named in each other's zones needs nine; each costs its attacker's victim two messages.
pub const MAX_SOUGHT: u32 = 24;

/// Server names sought at the same time.
pub const UNGLUED_AT_ONCE: usize = 2;

/// Messages to one server for one step of a walk: at 30 % loss one step in 15 000 is still missed by its only server, and
/// the growing timers of a near one cover a client's patience.
pub const MAX_TRIES: u8 = 8;

/// Messages of one step of a walk that are listened for at once.
pub const MAX_UNDER_WAY: usize = 16;

/// Messages over IPv6 that were not answered, with an answer over IPv4 between any two and none over IPv6, after which IPv6 is
/// taken to be broken: half of them lost by chance is one in 64.
pub const MAX_IPV6_SILENCES: u32 = 6;

/// How long a broken IPv6 is left alone. The servers are reached over IPv4 meanwhile, so there is no hurry.
pub const BROKEN_IPV6_TIME: Duration = Duration::from_secs(600);

/// How long a family without a route is left alone before it is tried again.
pub const NO_ROUTE_TIME: Duration = Duration::from_secs(60);

/// How long a server that answered SERVFAIL for a zone is asked after all others: its next answer may be a good one.
pub const FAILING_TIME: Duration = Duration::from_secs(10);

/// A delegation older than this is looked up anew where all its servers deny something in doubt: a domain that has moved leaves
/// such servers behind. Where its parent has the same servers, they are believed for as long again.
pub const SUSPECT_AGE: Duration = Duration::from_secs(600);

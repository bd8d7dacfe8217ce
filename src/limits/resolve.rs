//! Bounds of flights, and of keys and cuts that are sought for them.

use std::time::Duration;

/// Aliases (CNAME or DNAME) in one answer. Postfix follows 10, Unbound 11, BIND 16.
pub const MAX_ALIASES: usize = 12;

/// A flight ends after this, whatever it still waits for. glibc gives up 10 s after its first copy (two tries of
/// 5 s, measured), so an answer later than that helps nobody now.
pub const FLIGHT_TIME: Duration = Duration::from_secs(10);

/// Flights at once. Beyond it a new miss gets SERVFAIL at once. Each may hold a few sockets and about 16 KiB.
pub const MAX_FLIGHTS: usize = 2_000;

/// Clients that wait for flights at once; each costs a task of about 1 KiB.
pub const MAX_WAITERS: usize = 10_000;

/// Signatures over one RRset that are looked at: two algorithms in the middle of a rollover are four.
pub const MAX_SIGNATURES: usize = 8;

/// Negative trust anchors that may be set at once; more zones than that are not broken at the same time.
pub const MAX_NEGATIVE_ANCHORS: usize = 256;

/// Servers whose bogus answer is borne before it is taken for the zone's own.
pub const MAX_BOGUS_TRIES: usize = 3;

/// How long a zone whose keys are bogus is left alone, and a server asked last that gave a bogus answer: whoever has
/// mended his zone should not wait for us longer than a minute.
pub const BOGUS_TIME: Duration = Duration::from_secs(30);

/// Seconds that it is believed that a zone below an insecure one is insecure, where nothing else says how long.
pub const INSECURE_TTL: u32 = 3_600;

/// Labels of a name at which it is looked for an unsigned zone, where a forwarder gives no referrals: deeper than any
/// cut in use, a reverse name of IPv6 has them at every fourth label.
pub const MAX_CUT_PROBES: u32 = 24;

/// DS and keys that are sought at once for all questions together: as many as flights, as each has one cut at a time.
pub const MAX_FETCHES: usize = MAX_FLIGHTS;

/// The keys of a zone in use are sought anew when this fraction (one tenth) of their time is left.
pub const REFRESH_SHARE: u32 = 10;

/// Keys older than this are sought anew where a signature does not fit them: a zone may have changed them without notice. A
/// bogus zone, or one for which somebody forges, costs one message in this time.
pub const KEY_RENEWAL: Duration = Duration::from_secs(10);

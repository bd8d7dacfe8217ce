//! The limits of the crate, each with the reason for its value.

use std::time::Duration;

/// The maximum number of clients that are connected at the same time. Each smtp(8) process of Postfix has one connection, and
/// `default_process_limit` is 100. Ten busy instances fit.
pub const MAX_CONNECTIONS: usize = 1_024;

/// The longest request, in octets: a name of 255 octets with brackets and a port, after the name of the map.
pub const MAX_REQUEST: usize = 400;

/// A connection without a request for this time is closed. Postfix opens another one when it needs it.
pub const IDLE_TIME: Duration = Duration::from_secs(300);

/// How long a client may take to send the rest of a request, or to take a reply. Both fit into the buffers of the kernel.
pub const TRANSFER_TIME: Duration = Duration::from_secs(10);

/// The maximum number of verdicts that are looked up at the same time. Each asks at most `3 * MAX_MAIL_HOSTS` questions at once.
pub const MAX_VERDICTS: usize = 128;

/// The longest time of a verdict. Postfix waits 100 s for a socketmap; DNS takes at most 16 s, and an HTTPS fetch `FETCH_TIME`.
pub const VERDICT_TIME: Duration = Duration::from_secs(90);

/// The maximum number of mail hosts of a domain that are looked up. Large providers have at most ten; Postfix tries five
/// (`smtp_mx_session_limit` and `smtp_mx_address_limit`). The further ones count as hosts about which nothing is known.
pub const MAX_MAIL_HOSTS: usize = 20;

/// The largest policy, in octets (RFC 8461 section 3.2).
pub const MAX_POLICY: usize = 64 << 10;

/// The largest header of an HTTPS reply, in octets. Usual ones have less than 2 KiB.
pub const MAX_HTTP_HEADER: usize = 16 << 10;

/// The longest time of an HTTPS fetch (RFC 8461 section 3.3 suggests a minute).
pub const FETCH_TIME: Duration = Duration::from_secs(60);

/// The longest time of the attempt to connect to one address of a policy host, so that the next address has its turn.
pub const CONNECT_TIME: Duration = Duration::from_secs(10);

/// The maximum number of addresses of a policy host to which a fetch connects.
pub const MAX_ADDRESSES: usize = 4;

/// The maximum number of HTTPS fetches at the same time. Most take less than a second.
pub const MAX_FETCHES: usize = 64;

/// After a failed fetch, the policy of the domain is not fetched again for this time (RFC 8461 section 3.3).
pub const FETCH_PAUSE: Duration = Duration::from_secs(300);

/// The maximum number of mail hosts in a policy. Usual ones name two to five. With each host named three times, a reply stays
/// below the 100 000 octets that Postfix reads (`socketmap_max_reply_size`).
pub const MAX_POLICY_HOSTS: usize = 100;

/// The maximum memory of the kept policies, in octets: some 20 000 usual ones.
pub const MAX_KEPT: usize = 8 << 20;

/// The octets of a kept policy beside its texts: its numbers, and its places in the tables.
pub const KEPT_OVERHEAD: usize = 200;

/// The largest file of kept policies, in octets. As JSON, a policy takes at most twice its memory.
pub const MAX_KEPT_FILE: u64 = 2 * MAX_KEPT as u64;

/// The maximum number of domains whose fetches have failed within `FETCH_PAUSE`.
pub const MAX_FAILED: usize = 10_000;

/// A policy is fetched again when it has this age, or half of its `max_age` if that is shorter. RFC 8461 section 10.2 suggests a
/// day: a domain that an attacker cut off from its policy is protected as long as possible.
pub const RENEWAL_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// A policy that no mail has needed for this time is not renewed. Mail to the same domain within a month is common.
pub const UNUSED_TIME: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// The time between two searches for policies to renew.
pub const RENEWAL_INTERVAL: Duration = Duration::from_secs(60);

/// The maximum number of policies that one search renews, so that they are spread over the day: 144 000 a day.
pub const MAX_RENEWED: usize = 100;

/// The time between two writes of the file of kept policies. A crash loses the first use of the policies of this time.
pub const KEEP_PAUSE: Duration = Duration::from_secs(5);

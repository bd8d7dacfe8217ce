//! Limits of requests over the control socket, each with the reason for its value.

use std::time::Duration;

/// Maximum size of a request on the control socket, in octets. A name has at most 1 004 octets in escaped form, and the rest of a
/// request is a few words. One request may ask about several lines of a mail log, with about 150 octets each.
pub const MAX_CONTROL_REQUEST: usize = 16_384;

/// Maximum lifetime of a negative trust anchor that is set on the running daemon (RFC 7646 section 2: a week).
pub const MAX_NTA_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The longest time for which a connection to the control socket may stay open. This is enough for the slowest resolution and for a slow terminal.
pub const CONTROL_TIME: Duration = Duration::from_secs(15);

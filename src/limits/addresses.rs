//! Bounds of missing addresses, and of the warnings about certificates.

use std::time::Duration;

/// The first interval at which a missing address is tried: an interface may come up seconds after resolverd.
pub const ADDRESS_RETRY: Duration = Duration::from_secs(1);

/// The longest such interval, doubled each time: a try is two system calls, and this is the longest delay for an
/// address that has appeared.
pub const MAX_ADDRESS_RETRY: Duration = Duration::from_secs(30);

/// How often the problems of certificates are logged while they last, so that a reader of today's journal finds them.
pub const CERTIFICATES_TOLD: Duration = Duration::from_secs(24 * 60 * 60);

/// How often the files of certificates are looked at: a system call for each. A renewal is written weeks before the old certificate
/// ends.
pub const CERTIFICATE_INTERVAL: Duration = Duration::from_secs(10);

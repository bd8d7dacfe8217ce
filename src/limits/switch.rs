//! Bounds of `resolverctl switch`.

use std::time::Duration;

/// How long a resolver that has been stopped may keep port 53: NetworkManager ends its dnsmasq a moment after its reload.
pub const SWITCH_PORT_TIME: Duration = Duration::from_secs(10);

/// How long a signal that has come may take to be seen. Its pipe is readable at once.
pub const SWITCH_SIGNAL_TIME: Duration = Duration::from_millis(1);

/// Octets of a file that is changed, and of the record of all changes.
pub const MAX_SWITCHED_FILE: u64 = 1 << 20;

//! Limits of `resolverctl switch` and `check system`, each with the reason for its value.

use std::time::Duration;

/// How long the switch waits until a stopped resolver has released port 53. NetworkManager ends its dnsmasq a moment after NetworkManager was
/// reloaded.
pub(crate) const SWITCH_PORT_TIME: Duration = Duration::from_secs(10);

/// Maximum size of a file that a switch changes, and of the record of all changes, in octets.
pub(crate) const MAX_SWITCHED_FILE: u64 = 1 << 20;

/// Maximum number of octets that `check system` reads of a file. Configuration files have a few KiB, and tables of /proc have more.
pub const MAX_CHECKED_FILE: u64 = 4 << 20;

/// Maximum number of drop-in files of one program that `check system` reads.
pub(crate) const MAX_CHECKED_DROP_INS: usize = 100;

/// Maximum number of root servers that `check system` queries. They are queried one after the other, until one answers.
pub(crate) const CHECK_SERVERS: usize = 3;

/// How long `check system` waits for the reply of each root server. The most distant one answers within 0.3 s.
pub(crate) const CHECK_TIME: Duration = Duration::from_secs(2);

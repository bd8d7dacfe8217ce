//! Every hard bound of the resolver, each with its reason. Work beyond it is shed early and counted.
//!
//! An operator changes the keys of `config`; these bounds are fixed. Those of work in progress follow from `cache.size`
//! (`WorkBounds`). There is one file for each module that uses them; all are named as `limits::NAME`.
//!
//! # Decisions
//!
//! - Bounds stand here and not in the modules, so that a reviewer reads all of them with their reasons.
//! - A reason is a measurement, an RFC, or the value that Unbound, BIND or Knot Resolver use.
//! - Bounds on work per question count queries to servers, depth, server names and signature checks separately. Each is aimed
//!   at a known attack: NXNSAttack (CVE-2020-12662), KeyTrap (CVE-2023-50387), NSEC3 hashes (CVE-2023-50868).
//! - Shared bounds are divided by zone and by client (see `resolve`), because with a global bound alone one client or
//!   zone could take all of it.

mod cache;
mod config;
mod dnsbl;
mod dnstap;
mod exchange;
mod iterate;
mod listener;
mod lookahead;
mod resolve;
mod work;

pub use cache::*;
pub use config::*;
pub use dnsbl::*;
pub(crate) use dnstap::*;
pub use exchange::*;
pub use iterate::*;
pub use listener::*;
pub use lookahead::*;
pub use resolve::*;
pub use work::*;

use std::time::Duration;

/// The time between two questions to root servers during a silence.
pub(crate) const NETWORK_WITNESS_PAUSE: Duration = Duration::from_secs(1);

/// Panics of one task or thread within `RESTART_WINDOW` after which it is not restarted: a fault that returns at once
/// needs a new process.
pub const MAX_RESTARTS: usize = 5;

/// The time in which they are counted.
pub(crate) const RESTART_WINDOW: Duration = Duration::from_secs(600);

/// The pause between a panic and the restart: long enough to avoid a busy loop, and short for waiting questions.
pub(crate) const RESTART_PAUSE: Duration = Duration::from_millis(100);

/// Aliases followed within a zone. BIND stops at 16; a loop in the zone's text must end.
pub const MAX_ALIASES_IN_ZONE: usize = 16;

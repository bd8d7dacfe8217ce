//! All fixed bounds of the resolver, each with its reason. Work that exceeds a bound is refused early and counted.
//!
//! The configuration cannot change these bounds. The bounds of work in progress depend on `cache.size` (`WorkBounds`). The bounds of
//! modules with few bounds are at the bottom of this page. The name of every bound is `limits::NAME`.
//!
//! # Decisions
//!
//! - The bounds are collected here and not in the modules that use them, so that a reviewer can read all of them with
//!   their reasons.
//! - The reason for a bound is a measurement, an RFC, or the value that Unbound, BIND or Knot Resolver uses.
//! - The work for one question has separate bounds for the queries to servers, the depth, the server names and the signature checks. Each
//!   prevents a known attack: NXNSAttack (CVE-2020-12662), KeyTrap (CVE-2023-50387), NSEC3 hashes (CVE-2023-50868).
//! - Each bound that all questions share is divided among zones and among clients (see `resolve`). Otherwise one client or zone could use
//!   all of it.

mod cache;
mod config;
mod dnsbl;
mod dnstap;
mod exchange;
mod fleet;
mod iterate;
mod listener;
mod lookahead;
mod resolve;
mod work;

use std::time::Duration;

pub use cache::*;
pub use config::*;
pub use dnsbl::*;
pub(crate) use dnstap::*;
pub use exchange::*;
pub use fleet::*;
pub use iterate::*;
pub use listener::*;
pub use lookahead::*;
pub use resolve::*;
pub use work::*;

/// The least time between two queries to root servers that find out, while no server answers, whether the network of this host works.
pub(crate) const NETWORK_WITNESS_PAUSE: Duration = Duration::from_secs(1);

/// A task or thread that panics more than this number of times within `RESTART_WINDOW` is not restarted, because such a fault needs a new
/// process.
pub const MAX_RESTARTS: usize = 5;

/// The period in which the panics of one task or thread are counted, for `MAX_RESTARTS`.
pub(crate) const RESTART_WINDOW: Duration = Duration::from_secs(600);

/// The pause between the panic of a task or thread and its restart. It avoids a busy loop, and is short for the clients that wait for an
/// answer.
pub(crate) const RESTART_PAUSE: Duration = Duration::from_millis(100);

/// The greatest number of aliases (CNAME) that are followed within a configured zone. BIND stops at 16. The bound ends loops.
pub const MAX_ALIASES_IN_ZONE: usize = 16;

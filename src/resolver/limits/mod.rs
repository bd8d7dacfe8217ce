//! All fixed bounds of the resolver, each with its reason. Work that exceeds a bound is refused early and counted.
//!
//! An operator can change the keys of `config`, but these bounds are fixed. The bounds of work in progress depend on `cache.size`
//! (`WorkBounds`). There is one file for each module that uses bounds. The bounds of modules with few bounds are at the bottom of this
//! page. The name of every bound is `limits::NAME`.
//!
//! # Decisions
//!
//! - Bounds are collected here and not in the modules, so that a reviewer can read all of them with their reasons.
//! - The reason for a bound is a measurement, an RFC, or the value that Unbound, BIND or Knot Resolver uses.
//! - The bounds on the work for one question limit queries to servers, depth, server names and signature checks separately. Each
//!   prevents a known attack: NXNSAttack (CVE-2020-12662), KeyTrap (CVE-2023-50387), NSEC3 hashes (CVE-2023-50868).
//! - Bounds that all questions share are divided by zone and by client (see `resolve`). With a global bound alone, one client or zone
//!   could use all of it.

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

use std::time::Duration;

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

/// The time between two questions that are sent to root servers while no server answers, to find out whether our own network works.
pub(crate) const NETWORK_WITNESS_PAUSE: Duration = Duration::from_secs(1);

/// The number of panics of one task or thread within `RESTART_WINDOW` after which it is not restarted. A fault that immediately occurs
/// again needs a new process.
pub const MAX_RESTARTS: usize = 5;

/// The time in which the panics are counted for `MAX_RESTARTS`.
pub(crate) const RESTART_WINDOW: Duration = Duration::from_secs(600);

/// The pause between a panic and the restart. It is long enough to avoid a busy loop, and short enough for the questions that wait.
pub(crate) const RESTART_PAUSE: Duration = Duration::from_millis(100);

/// The number of aliases that are followed within a zone. BIND stops at 16. The bound ends loops in the text of a zone.
pub const MAX_ALIASES_IN_ZONE: usize = 16;

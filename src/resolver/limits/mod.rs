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

mod background;
mod cache;
mod fleet;
mod iterate;
mod learned;
mod listener;
mod lookahead;
mod resolve;
mod work;

use std::time::Duration;

pub(crate) use background::*;
pub use cache::*;
pub use fleet::*;
pub use iterate::*;
pub(crate) use learned::*;
pub use listener::*;
pub use lookahead::*;
pub use resolve::*;
pub use work::*;

/// The least time between two queries to root servers that find out, while no server answers, whether the network of this host works.
pub(crate) const NETWORK_WITNESS_PAUSE: Duration = Duration::from_secs(1);

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

mod background;
mod cache;
mod config;
mod dnsbl;
mod dnstap;
mod exchange;
mod iterate;
mod listener;
mod lookahead;
mod resolve;
mod supervise;
mod work;
mod zones;

pub(crate) use background::*;
pub use cache::*;
pub use config::*;
pub use dnsbl::*;
pub(crate) use dnstap::*;
pub use exchange::*;
pub use iterate::*;
pub use listener::*;
pub use lookahead::*;
pub use resolve::*;
pub use supervise::*;
pub use work::*;
pub use zones::*;

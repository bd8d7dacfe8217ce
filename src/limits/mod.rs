//! Every hard bound, each with its reason. Work beyond a bound is shed early and counted.
//!
//! An operator changes the keys of `config`; these bounds are fixed. Those of work in progress follow from `cache.size`
//! (`WorkBounds`). There is one file for each module that uses them; all are named as `limits::NAME`.
//!
//! # Decisions
//!
//! - Bounds stand here and not in the modules, so that a reviewer reads all of them with their reasons. One file of
//!   599 lines became a folder by module.
//! - A reason is a measurement, an RFC, or the value that Unbound, BIND or Knot Resolver use.
//! - Bounds on work per question count queries to servers, depth, server names and signature checks separately. Each is aimed
//!   at a known attack: NXNSAttack (CVE-2020-12662), KeyTrap (CVE-2023-50387), NSEC3 hashes (CVE-2023-50868).
//! - Shared bounds are divided by zone and by client (see `resolve`), because with a global bound alone one client or
//!   zone could take all of it.

mod cache;
mod check;
mod clock;
mod config;
mod control;
mod daemon;
mod dnsbl;
mod dnstap;
mod exchange;
mod import;
mod iterate;
mod listener;
mod lookahead;
mod metrics;
mod record;
mod resolve;
mod shadow;
mod supervise;
mod switch;
mod validate;
mod watched;
mod wire;
mod work;
mod zones;

pub use cache::*;
pub use check::*;
pub use clock::*;
pub use config::*;
pub use control::*;
pub use daemon::*;
pub use dnsbl::*;
pub use dnstap::*;
pub use exchange::*;
pub use import::*;
pub use iterate::*;
pub use listener::*;
pub use lookahead::*;
pub use metrics::*;
pub use record::*;
pub use resolve::*;
pub use shadow::*;
pub use supervise::*;
pub use switch::*;
pub use validate::*;
pub use watched::*;
pub use wire::*;
pub use work::*;
pub use zones::*;

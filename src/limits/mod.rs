//! Every hard bound, each with its reason. Work beyond a bound is shed early and counted.
//!
//! What an operator may change stands in `config`; these may not be changed. One file for each module that holds to them;
//! all are named as `limits::NAME`.

mod cache;
mod check;
mod clock;
mod config;
mod control;
mod daemon;
mod dnsbl;
mod exchange;
mod iterate;
mod listener;
mod record;
mod resolve;
mod supervise;
mod validate;
mod wire;

pub use cache::*;
pub use check::*;
pub use clock::*;
pub use config::*;
pub use control::*;
pub use daemon::*;
pub use dnsbl::*;
pub use exchange::*;
pub use iterate::*;
pub use listener::*;
pub use record::*;
pub use resolve::*;
pub use supervise::*;
pub use validate::*;
pub use wire::*;

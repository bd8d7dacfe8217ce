//! Bounds of the daemon, each with its reason.

mod addresses;
mod cache;
mod daemon;
mod history;
mod metrics;

pub use addresses::*;
pub use cache::*;
pub use daemon::*;
pub use history::*;
pub use metrics::*;

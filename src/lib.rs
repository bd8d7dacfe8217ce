//! resolverd
mod allocator;
pub mod arguments;
pub mod daemon;
pub mod limits;
pub mod log;
pub mod metrics;
pub mod notify;

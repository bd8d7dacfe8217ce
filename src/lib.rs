//! resolverd: a caching, recursing DNS resolver for mail gateways.

pub mod cache;
pub mod clock;
pub mod config;
pub mod control;
pub mod ctl;
pub mod daemon;
pub mod exchange;
pub mod iterate;
#[cfg(feature = "lab")]
pub mod lab;
pub mod limits;
pub mod listener;
pub mod question;
pub mod random;
pub mod record;
pub mod resolve;
pub mod wire;

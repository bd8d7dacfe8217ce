//! resolverd: a caching, recursing DNS resolver for mail gateways.

pub mod cache;
pub mod clock;
pub mod config;
pub mod control;
pub mod ctl;
pub mod exchange;
pub mod limits;
pub mod question;
pub mod random;
pub mod record;
pub mod wire;

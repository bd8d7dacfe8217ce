//! resolver
pub mod background;
pub mod cache;
pub mod config;
pub mod dnsbl;
pub mod dnstap;
pub mod exchange;
pub mod iterate;
pub mod limits;
pub mod listener;
pub mod lookahead;
pub mod resolve;
pub mod supervise;
pub mod zones;

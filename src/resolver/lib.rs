//! The resolver: from a client's question to the servers, and back.
//!
//! This crate calls the crates `zones`, `config`, `dnsbl`, `exchange`, `dnstap`, `supervise`, `record`, `validate` and `dns`. The front page of the crate `resolverd` has a picture of the modules. The resolver
//! contains neither the control socket nor any screen, so that these can change without it. It reads only its configuration, zone files, keys and
//! certificates. Only `exchange` uses the network, through a trait, so that tests and the demo can run the resolver on a simulated internet. The
//! feature `simulated` makes the resolver deterministic.

// The future of a resolution contains all futures for which it waits, so its type is nested more deeply than the default limit of 128 allows.
#![recursion_limit = "256"]

pub mod background;
pub mod cache;
pub(crate) mod extended_error;
pub mod fleet;
pub mod iterate;
pub mod learned;
pub mod limits;
pub mod listener;
pub mod lookahead;
pub mod resolve;
